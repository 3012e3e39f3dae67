// Recurrent layers whose recurrent kernel stays on chip for the whole sequence: in the registers of
// a cluster of blocks (recurrent_share.h), which hand each other states through shared memory.
//
// The arithmetic. A block of 16 warps holds 16 shares of at most 16 rows by 128 columns, 64
// registers of each thread: 32768 floats, half of its multiprocessor's registers. An LSTM of 128
// units has 128 x 512 = 65536 weights, two blocks; of 256 units, eight, which is what a cluster may
// have everywhere. A GRU has 3/4 of that, a simple layer 1/4.
//
// Units are cut among the blocks, with all gates of a unit in the same one. Forward, a block
// multiplies all of h by its columns, and gives its units of the next h to all: 8 rows x U floats
// arrive per step. Back, it multiplies the gates' gradients of its units by the same columns, and
// sends parts of dh to the block that has the unit: 8 rows x U floats again, where all gradients to
// all blocks would be G times as much. One barrier of the cluster per step either way (two for a
// GRU whose reset gate acts before the product).
//
// A step of 8 rows is 16 fragments deep in two chains, 8 x 33 cycles, its loads about as long, two
// barriers and the activations: about 1000 cycles, 0.6 us at 1.75 GHz. Reading the kernel from L2
// instead would take 256 KB per block and step for 128 units, 6 us where 132 blocks share 5.5 TB/s.
#pragma once

#include "cluster.h"
#include "device.h"
#include "recurrent_cell.h"
#include "recurrent_share.h"

namespace kn::cuda {

inline constexpr int kChipWarps = 16, kMostFragments = 16;  // of a block; of a share
inline constexpr int kMostTiles = 4;                        // of 8 rows, of a cluster
inline constexpr size_t kMostChipBytes = 200 << 10;         // of shared memory, where there is more

// How a product is shared out among the warps of a block.
struct Shares {
  int rows = 0, columns = 0;  // in shares of 16 rows; in fragments of 8 columns
  int parts = 0;              // of the columns, each for another warp
  int fragments = 0;          // of a share: 8 or 16

  __host__ __device__ int warps() const { return rows * parts; }
  __host__ __device__ int padded_columns() const { return parts * fragments * kFragment; }
};

// False where a block cannot hold them.
inline bool share_out(int rows, int columns, Shares& s) {
  s.rows = (rows + kShareRows - 1) / kShareRows;
  s.columns = (columns + kFragment - 1) / kFragment;
  for (s.fragments = kMostFragments / 2; s.fragments <= kMostFragments; s.fragments *= 2) {
    s.parts = (s.columns + s.fragments - 1) / s.fragments;
    if (s.warps() <= kChipWarps) return true;
  }
  return false;
}

// How a layer lies on a cluster, and a batch on the clusters.
struct Split {
  int units = 0, gates = 0;
  int cluster = 0;  // blocks
  int own = 0;      // units of a block, the last ones may have fewer
  int padded = 0;   // to shares
  int tiles = 0;    // of 8 rows, of a cluster
  Shares shares;

  int64_t clusters(int64_t rows) const {
    return (rows + tiles * kBatchTile - 1) / (tiles * kBatchTile);
  }
};

// The fewest blocks that hold the layer.
inline bool split_units(int64_t units, int gates, bool back, int most_of_cluster, Split& s) {
  if (units < 1 || units > 1024) return false;
  s.units = static_cast<int>(units);
  s.gates = gates;
  for (s.cluster = 1; s.cluster <= most_of_cluster; s.cluster *= 2) {
    s.own = (s.units + s.cluster - 1) / s.cluster;
    s.padded = (s.own + kShareRows - 1) / kShareRows * kShareRows;
    const int columns = gates * s.padded;
    if (back ? share_out(s.units, columns, s.shares) : share_out(columns, s.units, s.shares))
      return true;
  }
  return false;
}

// Where an element of the block's units lies, and which one it is.
struct OwnElement {
  int place;      // within (tiles, padded, 8)
  int tile, row;  // row of the tile
  int unit;       // of the block
  int64_t n, u;   // of all
};

// What both directions do alike, within a kernel.
struct ChipBlock {
  const Split& s;
  int64_t rows;
  int rank, warp, lane, first_unit;
  int64_t first_row;

  __device__ ChipBlock(const Split& split, int64_t all_rows)
      : s(split),
        rows(all_rows),
        rank(split.cluster > 1 ? static_cast<int>(cluster_rank()) : 0),
        warp(static_cast<int>(threadIdx.x) / kWarp),
        lane(static_cast<int>(threadIdx.x) % kWarp),
        first_unit(rank * split.own),
        first_row(static_cast<int64_t>(blockIdx.x) / split.cluster * split.tiles * kBatchTile) {}

  __device__ int state_size() const { return s.tiles * s.padded * kBatchTile; }
  __device__ int warps() const { return static_cast<int>(blockDim.x) / kWarp; }
  __device__ bool has(int unit) const { return unit < s.own && first_unit + unit < s.units; }

  // f(element) for the block's units of all rows, by the same thread each time. A warp takes 8
  // units of 4 rows: whole sectors of memory, and banks two deep.
  template <class F>
  __device__ void each_own(F f) const {
    const int groups = s.padded / 8, all = s.tiles * groups * 2;
    for (int i = warp; i < all; i += warps()) {
      const int tile = i / 2 / groups, unit = i / 2 % groups * 8 + lane % 8;
      const int row = i % 2 * 4 + lane / 8;
      const int64_t n = first_row + tile * kBatchTile + row;
      if (!has(unit) || n >= rows) continue;
      f(OwnElement{(tile * s.padded + unit) * kBatchTile + row, tile, row, unit, n,
                   int64_t{first_unit} + unit});
    }
  }

  __device__ static void clear(float* from, int size) {
    for (int i = static_cast<int>(threadIdx.x); i < size; i += static_cast<int>(blockDim.x))
      from[i] = 0;
  }

  // f(where `mine` is in the shared memory of each block).
  template <class F>
  __device__ void each_block(float* mine, F f) const {
    if (s.cluster == 1) f(mine);
    else
      for (int other = 0; other < s.cluster; ++other)
        f(map_shared(mine, static_cast<unsigned>(other)));
  }

  __device__ void barrier() const {
    if (s.cluster == 1) __syncthreads();
    else cluster_barrier();
  }
};

template <class Task>
struct ChipLaunch {
  Split split;
  Task task[2];  // by blockIdx.y
};

namespace {

// A kernel of one op and, beside it, of another one of its kind. Derived has kernel(), shared_bytes
// and task_of(args).
template <class Task, class Derived>
class ChipKernel : public Sequence<float> {
 public:
  void run(const RunArgs& args) const override {
    start({split_, {task(args), task(args)}}, 1, args);
  }

  void run_both(const RunArgs& args, const SequenceKernel& second,
                const RunArgs& of_second) const override {
    const auto& other = static_cast<const ChipKernel&>(second);
    start({split_, {task(args), other.task(of_second)}}, 2, args);
  }

  // As few rows for a cluster as fill the device. False where the device has no room for them.
  bool choose_tiles(const KernelRequest& r) {
    const size_t most = most_bytes_ = std::min(chip_of(r).shared_bytes, kMostChipBytes);
    split_.tiles = 1;
    if (static_cast<const Derived&>(*this).shared_bytes(split_) > most) return false;
    for (; split_.tiles < kMostTiles; split_.tiles *= 2) {
      if (split_.clusters(rows_) * split_.cluster <= kEnoughBlocks) break;
      Split more = split_;
      more.tiles *= 2;
      if (static_cast<const Derived&>(*this).shared_bytes(more) > most) break;
    }
    return true;
  }

 protected:
  ChipKernel(const KernelRequest& r, int kernel, const Split& split)
      : Sequence<float>(r, kernel), split_(split) {}

 private:
  Task task(const RunArgs& args) const { return static_cast<const Derived&>(*this).task_of(args); }

  void start(const ChipLaunch<Task>& all, unsigned many, const RunArgs& args) const {
    if (rows_ == 0) return;
    const auto& self = static_cast<const Derived&>(*this);
    const auto blocks = static_cast<unsigned>(split_.clusters(rows_) * split_.cluster);
    // At least four warps for what is done to single elements.
    const int warps = std::max(split_.shares.warps(), 4);
    allow_shared(self.kernel(), most_bytes_);  // the same for all that share the kernel
    launch_clusters(self.kernel(), static_cast<unsigned>(split_.cluster), dim3(blocks, many),
                    dim3(static_cast<unsigned>(warps * kWarp)), self.shared_bytes(split_),
                    stream_of(args), all);
  }

 protected:
  Split split_;

 private:
  size_t most_bytes_ = 0;
};

}  // namespace

std::unique_ptr<SequenceKernel> make_chip_forward(const KernelRequest& r, bool tf32,
                                                  std::string& why);
std::unique_ptr<SequenceKernel> make_chip_back(const KernelRequest& r, bool tf32, std::string& why);

// Of a kernel of type Made. `kernel`: which input is the recurrent kernel.
template <class Made>
std::unique_ptr<SequenceKernel> make_on_chip(const KernelRequest& r, int kernel, bool back,
                                             bool tf32, std::string& why) {
  const Recurrence recurrence(r.op, r.attrs);
  const int most_of_cluster = chip_of(r).capability >= 90 ? kMostOfCluster : 1;
  Split split;
  if (r.in[0].dtype == DType::f32 &&
      split_units(r.in[kernel].shape[0], recurrence.gates(), back, most_of_cluster, split)) {
    auto made = std::make_unique<Made>(r, kernel, split, tf32);
    if (made->choose_tiles(r)) return made;
  }
  why = "the recurrent kernel is not of float32, or too large for the chip";
  return nullptr;
}

}  // namespace kn::cuda
