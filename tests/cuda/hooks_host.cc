#include <cuda_runtime.h>

#include "hooks.h"

namespace kn::test {

void reverse_turns(bool reversed) {
  stand_in::set_order(reversed ? stand_in::Order::falling : stand_in::Order::rising);
}

void stir_streams(unsigned seed) {
  stand_in::set_pace(seed ? stand_in::Pace::any : stand_in::Pace::late, seed);
}

bool pretend_memory(size_t bytes) {
  stand_in::set_device_memory(bytes);
  return true;
}

int64_t recorded_launches() { return static_cast<int64_t>(stand_in::graph_launches()); }

}  // namespace kn::test
