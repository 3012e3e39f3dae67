#include "hopper_choice.h"

#include <cstdlib>
#include <string_view>

#include "device.h"
#include "tensor_map.h"

namespace kn::cuda {

namespace {

// Barriers that are waited for wrongly hang a device: until one has run these kernels, they are
// computed with on request alone.
bool asked_for() {
  static const char* const wish = std::getenv("KERAS_NATIVE_HOPPER");
  return (wish && std::string_view(wish) == "1") || forced_tile();
}

}  // namespace

bool may_use_hopper(const KernelRequest& r, std::string& refusal) {
  if (!asked_for()) {
    refusal = "no device has proved it so far; KERAS_NATIVE_HOPPER=1 asks for it";
    return false;
  }
  if (chip_of(r).capability != 90) {
    refusal = "needs compute capability 9.0";
    return false;
  }
  return can_map(refusal);
}

bool choose_hopper(const ProductSize& size, Unit unit, double turning, TileChoice& choice,
                   std::string& refusal) {
  constexpr double kGain = 1.05;  // less is within what the model does not know
  choice = choose_tile(size, unit, true);
  const TileChoice without = choose_tile(size, unit);
  const std::optional<TileChoice> forced = forced_tile();
  const double seconds = model_seconds(size, unit, choice) + turning;
  if (forced ? of_hopper(forced->tile) : kGain * seconds < model_seconds(size, unit, without))
    return true;
  refusal = "tiles of mma.sync are thought to be faster";
  return false;
}

}  // namespace kn::cuda
