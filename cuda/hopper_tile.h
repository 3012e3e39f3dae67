// Products on compute capability 9.0: tiles of 128 rows, by three groups of four warps. The first
// brings stretches of 128 bytes of k of both factors to shared memory, as many ahead as there is
// room for; the others multiply 64 rows each straight out of it. Blocks stay and take one tile
// after the other, so that copies for the next begin while the sums of this one are stored. Of
// dense products one thread has the copy engine bring both factors (matmul_hopper.cu);
// hopper_images.h brings those of convolutions.
#pragma once

#include <algorithm>

#include "hopper.h"
#include "product.h"

namespace kn::cuda {

template <int kN_>
struct HopperTile {
  static constexpr int kM = 128, kN = kN_, kGroup = 128, kConsumers = 2;
  static constexpr int kThreads = kGroup * (1 + kConsumers);
  static constexpr int kBytesA = kM * 128, kBytesB = kN * 128, kStage = kBytesA + kBytesB;
  static constexpr int kStages = (192 << 10) / kStage;
  // Of sums on their way out: in steps that put what a half warp stores at once into all banks.
  static constexpr int kChunk = 32, kStep = kChunk + 8;
  static constexpr int kChunkBytes = 16 * kStep * 4;  // of a warp
  static constexpr int kWarps = kConsumers * kGroup / kWarp;
  static constexpr int kShared = kStages * kStage + kWarps * kChunkBytes + kStages * 16;
};

// m and n of both maps are lines; where a factor does not lie along k, k are the rows of its map.
// A factor of all products of a batch is the one matrix of its map.
template <class Operands_>
struct alignas(64) HopperTask {
  using Operands = Operands_;
  // Who arrives when a stage is full; registers per thread of those who bring and who multiply.
  static constexpr int kBringers = 1, kToBring = 40, kToMultiply = 232;
  TensorMap a, b;
  Product<Operands> product;
  bool one_a, one_b, c_in_fours;
};

// Registers that each of so many threads begins with, where one block is to find room.
template <int kThreads>
inline constexpr int kRegistersOf = 65536 / kThreads / 8 * 8;

#if KN_HOPPER

// What all threads of a block go through in the same order: tiles of all products of the batch, and
// parts of k of each.
template <class Tile, int kDeep, class Operands>
struct HopperWork {
  const Product<Operands>& p;
  int64_t tiles, of_part, all, item;

  __device__ explicit HopperWork(const Product<Operands>& product)
      : p(product),
        tiles((p.size.m + Tile::kM - 1) / Tile::kM * ((p.size.n + Tile::kN - 1) / Tile::kN)),
        of_part(tiles * p.size.batch),
        all((p.size.k + kDeep - 1) / kDeep),
        item(blockIdx.x) {}
  __device__ bool more() const { return item < of_part * p.parts; }
  __device__ void next() { item += gridDim.x; }
  __device__ int64_t part() const { return item / of_part; }
  __device__ int matrix() const { return static_cast<int>(item % of_part / tiles); }
  __device__ Corner corner() const {
    return corner_of<Tile::kM, Tile::kN>(static_cast<unsigned>(item % tiles), p.size);
  }
  __device__ int first() const { return static_cast<int>(all * part() / p.parts); }
  __device__ int last() const { return static_cast<int>(all * (part() + 1) / p.parts); }
};

// Which stage comes next, and in which phase its barriers are.
template <int kStages>
struct Turn {
  int stage = 0;
  unsigned phase = 0;
  __device__ void next() {
    if (++stage < kStages) return;
    stage = 0;
    phase ^= 1;
  }
};

template <class Tile>
struct HopperShared {
  unsigned char* data;
  __device__ unsigned char* a(int stage) const { return data + stage * Tile::kStage; }
  __device__ unsigned char* b(int stage) const { return a(stage) + Tile::kBytesA; }
  __device__ float* chunk(int warp) const {
    return reinterpret_cast<float*>(data + Tile::kStages * Tile::kStage + warp * Tile::kChunkBytes);
  }
  __device__ uint64_t* full(int stage) const {
    return reinterpret_cast<uint64_t*>(data + Tile::kStages * Tile::kStage +
                                       Tile::kWarps * Tile::kChunkBytes) +
           stage;
  }
  __device__ uint64_t* empty(int stage) const { return full(stage) + Tile::kStages; }
};

// `kLines` lines of a factor from `line` on, 128 bytes of k from `k` on.
template <bool kAlongK, int kLines>
__device__ void bring(unsigned char* to, const TensorMap* map, int line, int k, int matrix,
                      int steps, uint64_t* barrier) {
  if constexpr (kAlongK) {
    copy_box(to, map, k, line, matrix, barrier);
  } else {
    for (int i = 0; i < kLines / 64; ++i)
      copy_box(to + i * steps * 128, map, line + 64 * i, k, matrix, barrier);
  }
}

template <class Tile, class Operands>
__device__ void produce(const HopperTask<Operands>& task, const HopperShared<Tile>& shared) {
  constexpr int kDeep = 128 / sizeof(typename Operands::Factor);
  if (threadIdx.x > 0) return;
  prefetch_map(&task.a);
  prefetch_map(&task.b);
  Turn<Tile::kStages> turn;
  for (HopperWork<Tile, kDeep, Operands> work(task.product); work.more(); work.next()) {
    const Corner corner = work.corner();
    const int row = static_cast<int>(corner.row), column = static_cast<int>(corner.column);
    const int of_a = task.one_a ? 0 : work.matrix(), of_b = task.one_b ? 0 : work.matrix();
    for (int s = work.first(), last = work.last(); s < last; ++s, turn.next()) {
      uint64_t* full = shared.full(turn.stage);
      wait_phase(shared.empty(turn.stage), turn.phase ^ 1);
      arrive_with_bytes(full, Tile::kStage);
      bring<Operands::kAAlongK, Tile::kM>(shared.a(turn.stage), &task.a, row, s * kDeep, of_a,
                                          kDeep, full);
      bring<Operands::kBAlongK, Tile::kN>(shared.b(turn.stage), &task.b, column, s * kDeep, of_b,
                                          kDeep, full);
    }
  }
}

// The 16 rows of a warp, through its own shared memory, so that neighbours are stored by
// neighbours.
template <class Tile, class Task>
__device__ void store_rows(const Task& task, int64_t z, int64_t part, int64_t row, int64_t column,
                           float* chunk, const float (&d)[Tile::kN / 2]) {
  const int lane = static_cast<int>(threadIdx.x) % kWarp, g = lane / 4, t = lane % 4;
#pragma unroll
  for (int from = 0; from < Tile::kN; from += Tile::kChunk) {
#pragma unroll
    for (int j = 0; j < Tile::kChunk / 8; ++j)
#pragma unroll
      for (int half = 0; half < 2; ++half)
        *reinterpret_cast<float2*>(chunk + (g + 8 * half) * Tile::kStep + 8 * j + 2 * t) = {
            d[(from / 8 + j) * 4 + 2 * half], d[(from / 8 + j) * 4 + 2 * half + 1]};
    __syncwarp();
    store_tile<16, Tile::kChunk, Tile::kStep, kWarp>(task.product, task.c_in_fours, z, part, row,
                                                     column + from, lane, chunk);
    __syncwarp();
  }
}

template <class Tile, class Task>
__device__ void consume(const Task& task, const HopperShared<Tile>& shared) {
  using Operands = typename Task::Operands;
  using Factor = typename Operands::Factor;
  constexpr bool kA = Operands::kAAlongK, kB = Operands::kBAlongK;
  constexpr int kDeep = 128 / sizeof(Factor), kSteps = 4;  // of 32 bytes of k
  // Bytes of 64 lines across k; along it the hardware wants no leap, as one run of 16 bytes.
  constexpr int kBlock = kDeep * 128, kStride = 1024;
  constexpr int kALeap = kA ? 16 : kBlock, kBLeap = kB ? 16 : kBlock;
  constexpr int kAStep = kA ? 32 : kBlock / kSteps, kBStep = kB ? 32 : kBlock / kSteps;
  const int warp = static_cast<int>(threadIdx.x) / kWarp - Tile::kGroup / kWarp;
  const int group = warp / (Tile::kGroup / kWarp), lane = static_cast<int>(threadIdx.x) % kWarp;
  Turn<Tile::kStages> turn;
  for (HopperWork<Tile, kDeep, Operands> work(task.product); work.more(); work.next()) {
    float d[Tile::kN / 2] = {};
    int before = -1;  // the stage whose products may still be under way
    for (int s = work.first(), last = work.last(); s < last; ++s, turn.next()) {
      wait_phase(shared.full(turn.stage), turn.phase);
      // The group's 64 rows are 8 KB on, however they lie.
      const unsigned char* a = shared.a(turn.stage) + group * 64 * 128;
      const unsigned char* b = shared.b(turn.stage);
      open_products(d);
#pragma unroll
      for (int i = 0; i < kSteps; ++i)
        begin_product<Factor, kA, kB, Tile::kN>(d, {a + i * kAStep, kALeap, kStride},
                                                {b + i * kBStep, kBLeap, kStride});
      close_products();
      wait_products<1>(d);
      if (before >= 0 && lane == 0) arrive(shared.empty(before));
      before = turn.stage;
    }
    wait_products<0>(d);
    if (before >= 0 && lane == 0) arrive(shared.empty(before));
    const Corner corner = work.corner();
    store_rows<Tile>(task, work.matrix(), work.part(), corner.row + warp * 16, corner.column,
                     shared.chunk(warp), d);
  }
}

#endif

template <class Tile, class Task>
__global__ void __launch_bounds__(Tile::kThreads, 1)
    hopper_kernel(const __grid_constant__ Task task) {
  // Who multiplies waits until so many registers have been given back: what a block begins with is
  // all there ever is.
  static_assert(Task::kToBring + Tile::kConsumers * Task::kToMultiply <=
                (1 + Tile::kConsumers) * kRegistersOf<Tile::kThreads>);
#if KN_HOPPER
  const HopperShared<Tile> shared{dynamic_shared_in_rows()};
  if (threadIdx.x == 0) {
    for (int stage = 0; stage < Tile::kStages; ++stage) {
      begin_barrier(shared.full(stage), Task::kBringers);
      begin_barrier(shared.empty(stage), Tile::kWarps);
    }
    publish_barriers();
  }
  __syncthreads();
  if (threadIdx.x < Tile::kGroup) {
    give_registers<Task::kToBring>();
    produce<Tile>(task, shared);
  } else {
    take_registers<Task::kToMultiply>();
    consume<Tile>(task, shared);
  }
#elif defined(__CUDA_ARCH__)
  __trap();  // compiled for another architecture than 9.0a: better no result than a wrong one
#endif
}

// No more blocks than multiprocessors; then parts of k are joined.
template <class Tile, class Task>
void multiply_by_hopper(const RunArgs& args, const Task& task, int multiprocessors) {
  const ProductSize& s = task.product.size;
  const int64_t tiles = (s.m + Tile::kM - 1) / Tile::kM * ((s.n + Tile::kN - 1) / Tile::kN);
  const int64_t items = tiles * s.batch * task.product.parts;
  const auto kernel = hopper_kernel<Tile, Task>;
  allow_shared(kernel, Tile::kShared);
  launch(kernel, dim3(static_cast<unsigned>(std::min<int64_t>(items, multiprocessors))),
         dim3(Tile::kThreads), Tile::kShared, stream_of(args), task);
  join_parts(args, task.product, task.c_in_fours);
}

template <class T>
inline constexpr MapType kMapType = std::is_same_v<T, float>     ? MapType::tf32
                                    : std::is_same_v<T, Float16> ? MapType::float16
                                                                 : MapType::bfloat16;

// A map of matrices of rows of `columns` elements; false where the copy engine cannot read them.
template <class T>
bool map_rows(const T* data, int64_t matrices, int64_t rows, int64_t columns, int box_rows,
              TensorMap& map) {
  const MapRequest request{kMapType<T>, data, matrices, rows, columns, box_rows};
  return can_map(request) && make_map(request, map);
}

}  // namespace kn::cuda
