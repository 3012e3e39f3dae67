// Convolutions by wgmma, where the chip has it and tiles of 128 rows pay; all passes in halves, in
// TF32 all but the gradient to weights, whose factors do not lie along k.
#include <limits>

#include "conv.h"
#include "device.h"
#include "hopper_choice.h"
#include "hopper_images.h"
#include "turn.h"

namespace kn::cuda {

namespace {

template <class T, Pass pass>
class HopperConv : public Kernel {
 public:
  // `other` is for factors that do not lie at multiples of 16 bytes.
  HopperConv(const ConvPlan<T, pass>& plan, const TileChoice& choice, int multiprocessors,
             std::unique_ptr<Kernel> other)
      : plan_(plan),
        choice_(choice),
        multiprocessors_(multiprocessors),
        other_(std::move(other)),
        turned_(kTurns ? turned_bytes(plan.size.k * plan.size.n) : 0) {}

  size_t workspace_bytes() const override {
    return std::max(turned_ + parts_bytes(plan_.size, choice_, sizeof(float)),
                    other_->workspace_bytes());
  }

  void run(const RunArgs& args) const override {
    const bool wide = choice_.tile == Tile::hopper_wide;
    if (!(wide ? run_by<256>(args) : run_by<128>(args))) other_->run(args);
  }

  static constexpr bool kTurns = pass == Pass::forward && std::is_same_v<T, float>;

 private:
  // The second factor: w (taps C, F), the same turned, or dy (cells, F).
  bool map_b(const T* b, int columns_of_tile, TensorMap& map) const {
    const ProductSize& s = plan_.size;
    constexpr int kDeep = 128 / sizeof(T);
    if (kTurns) return map_rows(b, 1, s.n, s.k, columns_of_tile, map);
    if (pass == Pass::data)
      return map_rows(b, 1, plan_.g.taps * s.n, plan_.g.filters, columns_of_tile, map);
    return map_rows(b, 1, s.k, s.n, kDeep, map);
  }

  template <int kN>
  bool run_by(const RunArgs& args) const {
    const auto o = plan_.operands(args);
    using Found = std::remove_const_t<decltype(o)>;
    using Operands = std::conditional_t<kTurns, TurnedB<Found>, Found>;
    const ProductSize& s = plan_.size;
    auto* workspace = static_cast<char*>(args.workspace);
    const T *b = args.input<T>(1), *read = kTurns ? reinterpret_cast<T*>(workspace) : b;
    constexpr int kNever = std::numeric_limits<int>::max();
    HopperImages<Operands> task{
        {},
        {s, choice_.parts, reinterpret_cast<float*>(workspace + turned_), Operands{o}},
        pass == Pass::data ? plan_.g.group_filters : kNever,
        plan_.g.group_channels,
        o.c_in_fours()};
    if (!o.a_in_runs() || !map_b(read, kN, task.b)) return false;
    if constexpr (kTurns) turn(args, b, reinterpret_cast<float*>(workspace), s.k, s.n);
    multiply_by_hopper<HopperTile<kN>>(args, task, multiprocessors_);
    return true;
  }

  ConvPlan<T, pass> plan_;
  TileChoice choice_;
  int multiprocessors_;
  std::unique_ptr<Kernel> other_;
  size_t turned_;
};

// Whether the factors of a pass lie as its copies need them.
template <class T, Pass pass>
bool takes(const ConvPlan<T, pass>& plan, std::string& refusal) {
  constexpr int kRun = 16 / sizeof(T), kDeep = 128 / sizeof(T);
  const int64_t channels = plan.g.channels, filters = plan.g.filters;
  if (plan.g.groups != 1 || plan.size.k == 0) {
    refusal = "computes one group only";
    return false;
  }
  const bool fit = pass == Pass::data ? filters % kDeep == 0
                                      : channels % kRun == 0 &&
                                            (HopperConv<T, pass>::kTurns || filters % kRun == 0);
  if (!fit) {
    refusal = "channels and filters do not fill runs of 16 bytes, or stretches of 128";
    return false;
  }
  return true;
}

template <class T, Pass pass>
std::unique_ptr<Kernel> make_hopper(const KernelRequest& r, std::unique_ptr<Kernel> other,
                                    std::string& refusal) {
  using Made = HopperConv<T, pass>;
  const auto plan = plan_conv<T, pass>(r, refusal);
  if (!plan || !takes(*plan, refusal)) return nullptr;
  const double turning = Made::kTurns ? turning_seconds(plan->size.k * plan->size.n) : 0;
  TileChoice choice;
  if (!choose_hopper(plan->size, unit_of<T, true>(), turning, choice, refusal)) return nullptr;
  return std::make_unique<Made>(*plan, choice, chip_of(r).multiprocessors, std::move(other));
}

}  // namespace

template <Pass pass>
std::unique_ptr<Kernel> make_conv_hopper(const KernelRequest& r, std::string& refusal) {
  if (!may_use_hopper(r, refusal)) return nullptr;
  const DType dtype = r.in[0].dtype;
  if (dtype == DType::f32 && pass == Pass::weights) {
    refusal = "TF32 is multiplied along k only";
    return nullptr;
  }
  std::unique_ptr<Kernel> other =
      dtype == DType::f32 ? make_conv_tf32<pass>(r, refusal) : make_conv_halves<pass>(r, refusal);
  if (!other) return nullptr;
  if constexpr (pass != Pass::weights)
    if (dtype == DType::f32) return make_hopper<float, pass>(r, std::move(other), refusal);
  if (dtype == DType::f16) return make_hopper<Float16, pass>(r, std::move(other), refusal);
  return make_hopper<BFloat16, pass>(r, std::move(other), refusal);
}

template std::unique_ptr<Kernel> make_conv_hopper<Pass::forward>(const KernelRequest&,
                                                                 std::string&);
template std::unique_ptr<Kernel> make_conv_hopper<Pass::data>(const KernelRequest&, std::string&);
template std::unique_ptr<Kernel> make_conv_hopper<Pass::weights>(const KernelRequest&,
                                                                 std::string&);

}  // namespace kn::cuda
