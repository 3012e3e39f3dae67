// Dense products by wgmma and TMA, where the chip has them and tiles of 128 rows pay. TF32 is
// multiplied along k only: factors that lie otherwise are turned first.
#include <cstdlib>
#include <string_view>

#include "device.h"
#include "hopper_tile.h"
#include "matmul.h"

namespace kn::cuda {

namespace {

constexpr int kSquare = 32, kSquareRows = 8;

// to (columns, rows) = from (rows, columns), by squares.
__global__ void __launch_bounds__(kSquare* kSquareRows)
    turn_kernel(const float* from, float* to, int64_t rows, int64_t columns) {
  __shared__ float square[kSquare][kSquare + 1];
  const int x = static_cast<int>(threadIdx.x) % kSquare,
            y = static_cast<int>(threadIdx.x) / kSquare;
  const int64_t across = (columns + kSquare - 1) / kSquare;
  const int64_t row = blockIdx.x / across * kSquare, column = blockIdx.x % across * kSquare;
  for (int i = y; i < kSquare; i += kSquareRows)
    if (row + i < rows && column + x < columns)
      square[i][x] = from[(row + i) * columns + column + x];
  __syncthreads();
  for (int i = y; i < kSquare; i += kSquareRows)
    if (column + i < columns && row + x < rows) to[(column + i) * rows + row + x] = square[x][i];
}

void turn(const RunArgs& args, const float* from, float* to, int64_t rows, int64_t columns) {
  const int64_t squares = (rows + kSquare - 1) / kSquare * ((columns + kSquare - 1) / kSquare);
  launch(turn_kernel, dim3(static_cast<unsigned>(squares)), dim3(kSquare * kSquareRows), 0,
         stream_of(args), from, to, rows, columns);
}

size_t matrix_bytes(int64_t elements) {
  return (static_cast<size_t>(elements) * sizeof(float) + 255) / 256 * 256;
}

template <class T>
class HopperMatmul : public Kernel {
 public:
  // `other` is for factors that the copy engine cannot read.
  HopperMatmul(const MatmulPlan& plan, const TileChoice& choice, int multiprocessors,
               std::unique_ptr<Kernel> other)
      : plan_(plan), choice_(choice), multiprocessors_(multiprocessors), other_(std::move(other)) {
    if (kTurns && plan.transpose_a) a_turned_ = matrix_bytes(plan.size.m * plan.size.k);
    if (kTurns && !plan.transpose_b) b_turned_ = matrix_bytes(plan.size.n * plan.size.k);
  }

  size_t workspace_bytes() const override {
    return std::max(a_turned_ + b_turned_ + parts_bytes(plan_.size, choice_, sizeof(float)),
                    other_->workspace_bytes());
  }

  void run(const RunArgs& args) const override {
    const bool wide = choice_.tile == Tile::hopper_wide;
    const bool done =
        kTurns ? (wide ? run_by<true, true, 256>(args) : run_by<true, true, 128>(args))
        : plan_.transpose_a
            ? (wide ? run_by<false, false, 256>(args) : run_by<false, false, 128>(args))
        : plan_.transpose_b
            ? (wide ? run_by<true, true, 256>(args) : run_by<true, true, 128>(args))
            : (wide ? run_by<true, false, 256>(args) : run_by<true, false, 128>(args));
    if (!done) other_->run(args);
  }

 private:
  static constexpr bool kTurns = std::is_same_v<T, float>;
  static constexpr MapType kType = kTurns                       ? MapType::tf32
                                   : std::is_same_v<T, Float16> ? MapType::float16
                                                                : MapType::bfloat16;

  // A factor of `lines`, as its map has it: boxes of all lines of a tile along k, else of 64.
  bool map_factor(const T* data, int64_t lines, bool along_k, int tile_lines,
                  TensorMap& map) const {
    const int64_t rows = along_k ? lines : plan_.size.k, columns = along_k ? plan_.size.k : lines;
    const int box_rows = along_k ? tile_lines : static_cast<int>(128 / sizeof(T));
    return can_map(data, rows, columns, sizeof(T)) &&
           make_map({kType, data, rows, columns, box_rows}, map);
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
          false};
      task.c_in_fours = task.product.operands.c_in_fours();
      if (!map_factor(a_read, s.m, kA, Tile::kM, task.a) ||
          !map_factor(b_read, s.n, kB, Tile::kN, task.b))
        return false;
      if constexpr (kTurns) {
        if (a_turned_) turn(args, a, reinterpret_cast<float*>(workspace), s.k, s.m);
        if (b_turned_) turn(args, b, reinterpret_cast<float*>(workspace + a_turned_), s.k, s.n);
      }
      start<Tile>(args, task);
      return true;
    }
  }

  template <class Tile, class Operands>
  void start(const RunArgs& args, const HopperTask<Operands>& task) const {
    const ProductSize& s = plan_.size;
    const int64_t items =
        (s.m + Tile::kM - 1) / Tile::kM * ((s.n + Tile::kN - 1) / Tile::kN) * choice_.parts;
    const auto kernel = hopper_kernel<Tile, Operands>;
    allow_shared(kernel, Tile::kShared);
    launch(kernel, dim3(static_cast<unsigned>(std::min<int64_t>(items, multiprocessors_))),
           dim3(Tile::kThreads), Tile::kShared, stream_of(args), task);
    join_parts(args, task.product, task.c_in_fours);
  }

  MatmulPlan plan_;
  TileChoice choice_;
  int multiprocessors_;
  std::unique_ptr<Kernel> other_;
  size_t a_turned_ = 0, b_turned_ = 0;
};

// How long turning takes, by the memory it moves.
double turning_seconds(const MatmulPlan& plan) {
  constexpr double kBytesPerSecond = 4e12, kLaunch = 2e-6;
  double seconds = 0;
  if (plan.transpose_a)
    seconds += kLaunch + 8 * static_cast<double>(plan.size.m * plan.size.k) / kBytesPerSecond;
  if (!plan.transpose_b)
    seconds += kLaunch + 8 * static_cast<double>(plan.size.n * plan.size.k) / kBytesPerSecond;
  return seconds;
}

template <class T>
std::unique_ptr<Kernel> make_hopper(const MatmulPlan& plan, const Chip& chip,
                                    std::unique_ptr<Kernel> other, std::string& refusal) {
  constexpr int kBytes = sizeof(T);
  constexpr bool kTurns = std::is_same_v<T, float>;
  constexpr Unit kUnit = unit_of<T, true>();
  const ProductSize& s = plan.size;
  if (s.batch != 1 || (!kTurns && plan.transpose_a && plan.transpose_b)) {
    refusal = "computes one product, of which no more than one factor is transposed";
    return nullptr;
  }
  const auto in_rows = [](int64_t columns) { return columns * kBytes % 16 == 0; };
  if (!(kTurns ? in_rows(s.k) : in_rows(plan.a_columns) && in_rows(plan.b_columns)) || s.k == 0) {
    refusal = "rows of factors do not begin at multiples of 16 bytes";
    return nullptr;
  }
  constexpr double kGain = 1.05;  // less is within what the model does not know
  const TileChoice choice = choose_tile(s, kUnit, true), without = choose_tile(s, kUnit);
  const std::optional<TileChoice> forced = forced_tile();
  const double seconds = model_seconds(s, kUnit, choice) + (kTurns ? turning_seconds(plan) : 0);
  if (forced ? !of_hopper(forced->tile) : kGain * seconds >= model_seconds(s, kUnit, without)) {
    refusal = "tiles of mma.sync are thought to be faster";
    return nullptr;
  }
  return std::make_unique<HopperMatmul<T>>(plan, choice, chip.multiprocessors, std::move(other));
}

// Barriers that are waited for wrongly hang a device: until one has run these kernels, they are
// computed with on request alone.
bool asked_for() {
  static const char* const wish = std::getenv("KERAS_NATIVE_HOPPER");
  return wish && std::string_view(wish) == "1";
}

}  // namespace

std::unique_ptr<Kernel> make_matmul_hopper(const KernelRequest& r, std::string& refusal) {
  Opcode activation;
  if (!find_activation(r, activation, refusal)) return nullptr;
  if (!asked_for() && !forced_tile()) {
    refusal = "no device has proved it so far; KERAS_NATIVE_HOPPER=1 asks for it";
    return nullptr;
  }
  const Chip chip = chip_of(r);
  if (chip.capability != 90) {
    refusal = "needs compute capability 9.0";
    return nullptr;
  }
  if (!can_map(refusal)) return nullptr;
  const DType dtype = r.in[0].dtype;
  std::unique_ptr<Kernel> other =
      dtype == DType::f32 ? make_matmul_tf32(r, refusal) : make_matmul_halves(r, refusal);
  if (!other) return nullptr;
  const MatmulPlan plan(r, activation);
  if (dtype == DType::f32) return make_hopper<float>(plan, chip, std::move(other), refusal);
  if (dtype == DType::f16) return make_hopper<Float16>(plan, chip, std::move(other), refusal);
  return make_hopper<BFloat16>(plan, chip, std::move(other), refusal);
}

}  // namespace kn::cuda
