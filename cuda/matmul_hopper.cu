// Dense products and batches of them by wgmma and TMA, where the chip has them and tiles of 128
// rows pay. TF32 is multiplied along k only: factors that lie otherwise are turned first.
#include "device.h"
#include "hopper_choice.h"
#include "hopper_tile.h"
#include "matmul.h"
#include "turn.h"

namespace kn::cuda {

namespace {

template <class T>
class HopperMatmul : public Kernel {
 public:
  // `other` is for factors that the copy engine cannot read.
  HopperMatmul(const MatmulPlan& plan, const TileChoice& choice, int multiprocessors,
               std::unique_ptr<Kernel> other)
      : plan_(plan), choice_(choice), multiprocessors_(multiprocessors), other_(std::move(other)) {
    const ProductSize& s = plan.size;
    if (kTurns && plan.transpose_a) a_turned_ = turned_bytes(plan.a_matrices * s.m * s.k);
    if (kTurns && !plan.transpose_b) b_turned_ = turned_bytes(plan.b_matrices * s.n * s.k);
  }

  size_t workspace_bytes() const override {
    return std::max(a_turned_ + b_turned_ + parts_bytes(plan_.size, choice_, sizeof(float)),
                    other_->workspace_bytes());
  }

  void run(const RunArgs& args) const override {
    const bool done = kTurns              ? run_wide<true, true>(args)
                      : plan_.transpose_a ? plan_.transpose_b ? run_wide<false, true>(args)
                                                              : run_wide<false, false>(args)
                      : plan_.transpose_b ? run_wide<true, true>(args)
                                          : run_wide<true, false>(args);
    if (!done) other_->run(args);
  }

 private:
  static constexpr bool kTurns = std::is_same_v<T, float>;

  template <bool kA, bool kB>
  bool run_wide(const RunArgs& args) const {
    return choice_.tile == Tile::hopper_wide ? run_by<kA, kB, 256>(args)
                                             : run_by<kA, kB, 128>(args);
  }

  // A factor of `lines`, as its map has it: boxes of all lines of a tile along k, else of 64.
  bool map_factor(const T* data, int64_t matrices, int64_t lines, bool along_k, int tile_lines,
                  TensorMap& map) const {
    const int64_t rows = along_k ? lines : plan_.size.k, columns = along_k ? plan_.size.k : lines;
    const int box_rows = along_k ? tile_lines : static_cast<int>(128 / sizeof(T));
    return map_rows(data, matrices, rows, columns, box_rows, map);
  }

  template <bool kA, bool kB, int kN>
  bool run_by(const RunArgs& args) const {
    if constexpr (kTurns && !(kA && kB)) {
      return false;
    } else {
      using Tile = HopperTile<kN>;
      const ProductSize& s = plan_.size;
      auto* workspace = static_cast<char*>(args.workspace);
      const T *a = args.input<T>(0), *b = args.input<T>(1);
      const T* a_read = a_turned_ ? reinterpret_cast<T*>(workspace) : a;
      const T* b_read = b_turned_ ? reinterpret_cast<T*>(workspace + a_turned_) : b;
      HopperTask<Matrices<T, kA, kB>> task{
          {},
          {},
          {s, choice_.parts, reinterpret_cast<float*>(workspace + a_turned_ + b_turned_),
           plan_.matrices<T, kA, kB>(args)},
          plan_.a_matrices == 1,
          plan_.b_matrices == 1,
          false};
      task.c_in_fours = task.product.operands.c_in_fours();
      if (!map_factor(a_read, plan_.a_matrices, s.m, kA, Tile::kM, task.a) ||
          !map_factor(b_read, plan_.b_matrices, s.n, kB, Tile::kN, task.b))
        return false;
      if constexpr (kTurns) {
        auto* turned = reinterpret_cast<float*>(workspace);
        if (a_turned_) turn(args, a, turned, s.k, s.m, plan_.a_matrices);
        turned = reinterpret_cast<float*>(workspace + a_turned_);
        if (b_turned_) turn(args, b, turned, s.k, s.n, plan_.b_matrices);
      }
      multiply_by_hopper<Tile>(args, task, multiprocessors_);
      return true;
    }
  }

  MatmulPlan plan_;
  TileChoice choice_;
  int multiprocessors_;
  std::unique_ptr<Kernel> other_;
  size_t a_turned_ = 0, b_turned_ = 0;
};

// What turning the factors takes.
double turning_of(const MatmulPlan& plan) {
  double seconds = 0;
  const ProductSize& s = plan.size;
  if (plan.transpose_a) seconds += turning_seconds(plan.a_matrices * s.m * s.k);
  if (!plan.transpose_b) seconds += turning_seconds(plan.b_matrices * s.n * s.k);
  return seconds;
}

template <class T>
std::unique_ptr<Kernel> make_hopper(const MatmulPlan& plan, const Chip& chip,
                                    std::unique_ptr<Kernel> other, std::string& refusal) {
  constexpr int kBytes = sizeof(T);
  constexpr bool kTurns = std::is_same_v<T, float>;
  const ProductSize& s = plan.size;
  constexpr int64_t kMostBatch = 65535;  // of what turns them
  const auto whole = [&](int64_t matrices) { return matrices == 1 || matrices == s.batch; };
  if (!whole(plan.a_matrices) || !whole(plan.b_matrices) || s.batch > kMostBatch) {
    refusal = "computes batches whose factors are one matrix, or one for each product";
    return nullptr;
  }
  const auto in_rows = [](int64_t columns) { return columns * kBytes % 16 == 0; };
  if (!(kTurns ? in_rows(s.k) : in_rows(plan.a_columns) && in_rows(plan.b_columns)) ||
      s.m * s.n * s.k * s.batch == 0) {
    refusal = "rows of factors do not begin at multiples of 16 bytes";
    return nullptr;
  }
  TileChoice choice;
  if (!choose_hopper(s, unit_of<T, true>(), kTurns ? turning_of(plan) : 0, choice, refusal))
    return nullptr;
  return std::make_unique<HopperMatmul<T>>(plan, choice, chip.multiprocessors, std::move(other));
}

}  // namespace

std::unique_ptr<Kernel> make_matmul_hopper(const KernelRequest& r, std::string& refusal) {
  Opcode activation;
  if (!find_activation(r, activation, refusal) || !may_use_hopper(r, refusal)) return nullptr;
  const DType dtype = r.in[0].dtype;
  std::unique_ptr<Kernel> other =
      dtype == DType::f32 ? make_matmul_tf32(r, refusal) : make_matmul_halves(r, refusal);
  if (!other) return nullptr;
  const Chip chip = chip_of(r);
  const MatmulPlan plan(r, activation);
  if (dtype == DType::f32) return make_hopper<float>(plan, chip, std::move(other), refusal);
  if (dtype == DType::f16) return make_hopper<Float16>(plan, chip, std::move(other), refusal);
  return make_hopper<BFloat16>(plan, chip, std::move(other), refusal);
}

}  // namespace kn::cuda
