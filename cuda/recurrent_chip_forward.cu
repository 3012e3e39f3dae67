// Recurrent layers over whole sequences with the recurrent kernel on chip: the steps forward.
#include "recurrent_chip.h"

namespace kn::cuda {

namespace {

// Shared memory of a block, in floats.
struct ForwardRoom {
  int seen;     // (2, slots, tiles, columns, 8): what the products of a step see, and of the next
  int inner;    // (tiles, columns, 8): r * seen
  int product;  // (parts, tiles, lines, 8)
  int x;        // (2, gates, tiles, padded, 8): this step's and the next one's, then what is kept
                // of the gates: four of a GRU
  int state;    // (tiles, padded, 8)

  __host__ __device__ ForwardRoom(const Split& s, int slots, bool has_inner)
      : seen(slots * s.tiles * s.shares.padded_columns() * kBatchTile),
        inner(has_inner ? seen / slots : 0),
        product(s.shares.parts * s.tiles * s.gates * s.padded * kBatchTile),
        x((s.gates == 3 ? 4 : s.gates) * s.tiles * s.padded * kBatchTile),
        state(s.tiles * s.padded * kBatchTile) {}
  int total() const { return 2 * seen + inner + product + 2 * x + 2 * state; }
};

template <class Share>
struct ForwardBlock : ChipBlock {
  const ForwardTask<float>& t;
  const Cell<float>& cell;
  int slots, lines, columns;
  ForwardRoom room;
  float *seen, *inner, *product, *x, *h, *c;
  Share share;

  __device__ explicit ForwardBlock(const Split& split, const ForwardTask<float>& task)
      : ChipBlock(split, task.cell.rows),
        t(task),
        cell(task.cell),
        slots(cell.apart ? split.gates : 1),
        lines(split.gates * split.padded),
        columns(split.shares.padded_columns()),
        room(split, slots, cell.kind == RecurrentCell::gru) {
    seen = dynamic_shared<float>();
    inner = seen + 2 * room.seen;
    product = inner + room.inner;
    x = product + room.product;
    h = x + 2 * room.x;
    c = h + room.state;
  }

  __device__ int share_row() const { return warp % s.shares.rows * kShareRows; }
  __device__ int share_gate() const { return share_row() / s.padded; }

  __device__ void load_share() {
    const int first = warp / s.shares.rows * s.shares.fragments * kFragment;
    const int gate = share_gate(), unit = share_row() - gate * s.padded;
    share.load([&](int row, int column) {
      const int k = first + column;
      if (warp >= s.shares.warps() || !has(unit + row) || k >= s.units) return 0.0f;
      return cell
          .kernel[(static_cast<int64_t>(k) * s.gates + gate) * s.units + first_unit + unit + row];
    });
  }

  // What the first step sees, of all units; zeros in what is there to fill fragments.
  __device__ void start() {
    clear(seen, 2 * room.seen + room.inner);
    __syncthreads();
    const int all = s.tiles * kBatchTile * s.units;
    for (int i = static_cast<int>(threadIdx.x); i < all; i += static_cast<int>(blockDim.x)) {
      const int k = i % s.units, row = i / s.units;
      const int64_t n = first_row + row;
      if (n >= rows) continue;
      for (int slot = 0; slot < slots; ++slot)
        *seen_at(0, slot, row / kBatchTile, k, row % kBatchTile) =
            Share::rounded(t.h0[n * s.units + k] * cell.dropped(n, k, slot));
    }
    each_own([&](const OwnElement& e) {
      h[e.place] = t.h0[e.n * s.units + e.u];
      c[e.place] = t.c0 ? t.c0[e.n * s.units + e.u] : 0.0f;
    });
    barrier();
  }

  __device__ float* seen_at(int buffer, int slot, int tile, int k, int row) const {
    return seen + buffer * room.seen + ((slot * s.tiles + tile) * columns + k) * kBatchTile + row;
  }

  // Products of gates [from, to) with what lies in `source`, `apart` for each gate or not.
  __device__ void multiply(const float* source, bool apart, int from, int to) const {
    const int gate = share_gate(), part = warp / s.shares.rows;
    if (warp < s.shares.warps() && gate >= from && gate < to) {
      for (int tile = 0; tile < s.tiles; ++tile) {
        const int slot = apart ? gate : 0;
        const float* at =
            source + ((slot * s.tiles + tile) * columns + part * s.shares.fragments * kFragment) *
                         kBatchTile;
        float* line = product + ((part * s.tiles + tile) * lines + share_row()) * kBatchTile;
        share.template multiply<true>(at, 0, 0, [&](int row) { return line + row * kBatchTile; });
      }
    }
    __syncthreads();
  }

  __device__ float* line_of(const OwnElement& e, int part, int gate) const {
    return product + ((part * s.tiles + e.tile) * lines + gate * s.padded + e.unit) * kBatchTile +
           e.row;
  }
  __device__ float product_of(const OwnElement& e, int gate) const {
    float sum = t.bias ? t.bias[gate * s.units + e.u] : 0.0f;
    for (int part = 0; part < s.shares.parts; ++part) sum += *line_of(e, part, gate);
    return sum;
  }

  // Begins to fetch the x of a step: whoever fetches an element is the one that reads it.
  __device__ void fetch(int64_t step) const {
    if (step < cell.steps) {
      const int64_t at = cell.index_of(step);
      float* to = x + step % 2 * room.x;
      each_own([&](const OwnElement& e) {
        const float* from = t.x + (at * cell.rows + e.n) * s.gates * s.units + e.u;
        for (int g = 0; g < s.gates; ++g)
          copy_later<4>(to + g * room.state + e.place, from + g * s.units);
      });
    }
    close_copies();
  }

  // Where gate k of a step lies until it is recorded: in the place of what it got from x.
  __device__ float* kept_gate(const OwnElement& e, int64_t step, int k) const {
    return x + step % 2 * room.x + k * room.state + e.place;
  }

  // Before `step`: writes what the one before it left, and what the gradient needs of the state.
  // Not sooner, since a barrier of the cluster waits for all that was written before it.
  __device__ void record(int64_t step) const {
    each_own([&](const OwnElement& e) {
      const float before = h[e.place];
      if (step > 0) {
        const int64_t place = cell.index_of(step - 1) * cell.rows + e.n;
        t.out[place * s.units + e.u] = before;
        if (t.gates_trace)
          for (int k = 0; k < 4; ++k)
            t.gates_trace[(place * 4 + k) * s.units + e.u] = *kept_gate(e, step - 1, k);
      }
      if (step == cell.steps) return;
      const int64_t place = (cell.index_of(step) * cell.rows + e.n) * s.units + e.u;
      if (t.seen_trace)
        t.seen_trace[place] = cell.apart ? before : before * cell.dropped(e.n, e.u, 0);
      if (t.c_trace) t.c_trace[place] = c[e.place];
    });
  }

  // Keeps the gates, hands the new h to all blocks.
  __device__ void finish_element(const OwnElement& e, int64_t step, bool on,
                                 const float (&g)[4]) const {
    if (t.gates_trace)
      for (int k = 0; k < 4; ++k) *kept_gate(e, step, k) = on ? g[k] : 0.0f;
    if (step + 1 == cell.steps) return;
    for (int slot = 0; slot < slots; ++slot) {
      const float value = Share::rounded(h[e.place] * cell.dropped(e.n, e.u, slot));
      each_block(seen_at((step + 1) % 2, slot, e.tile, static_cast<int>(e.u), e.row),
                 [&](float* to) { *to = value; });
    }
  }

  // Of a GRU whose reset gate acts before the product: z, r and r * seen, which all blocks get.
  __device__ void reset(int64_t step) const {
    const float* now = x + step % 2 * room.x;
    each_own([&](const OwnElement& e) {
      const float z = activate(cell.gate, now[e.place] + product_of(e, 0));
      const float r = activate(cell.gate, now[room.state + e.place] + product_of(e, 1));
      *line_of(e, 0, 0) = z;
      *line_of(e, 0, 1) = r;
      const float value = Share::rounded(r * (h[e.place] * cell.dropped(e.n, e.u, 2)));
      each_block(inner + (e.tile * columns + static_cast<int>(e.u)) * kBatchTile + e.row,
                 [&](float* to) { *to = value; });
    });
    barrier();
    multiply(inner, false, 2, 3);
  }

  __device__ void advance(int64_t step, int64_t at) const {
    const float* now = x + step % 2 * room.x;
    each_own([&](const OwnElement& e) {
      const bool on = cell.on(at, e.n);
      float in[4] = {}, p[4] = {}, g[4] = {};
      for (int k = 0; k < 4; ++k)
        if (k < s.gates) in[k] = now[k * room.state + e.place];
      const float before = h[e.place], c_before = c[e.place];
      const float carried = cell.apart ? before : before * cell.dropped(e.n, e.u, 0);
      if (cell.kind == RecurrentCell::gru) {
        g[0] = *line_of(e, 0, 0), g[1] = *line_of(e, 0, 1);
        g[3] = g[1] * (before * cell.dropped(e.n, e.u, 2));
        p[2] = product_of(e, 2);
      } else {
        for (int k = 0; k < 4; ++k)
          if (k < s.gates) p[k] = product_of(e, k);
      }
      float new_h = before, new_c = c_before;
      if (cell.lstm()) lstm_element(cell, in, p, on, new_h, new_c, g);
      else if (!cell.simple()) gru_element(cell, in, p, carried, on, new_h, g);
      else if (on) new_h = activate(cell.activation, in[0] + p[0]);
      h[e.place] = new_h;
      c[e.place] = new_c;
      finish_element(e, step, on, g);
    });
    if (step + 1 < cell.steps) barrier();
  }
};

template <class Share>
__global__ void __launch_bounds__(kChipWarps* kWarp, 1)
    chip_forward_kernel(const __grid_constant__ ChipLaunch<ForwardTask<float>> all) {
  ForwardBlock<Share> b(all.split, all.task[blockIdx.y]);
  b.load_share();
  b.fetch(0);
  b.start();
  const bool two = b.cell.kind == RecurrentCell::gru;
  for (int64_t step = 0; step < b.cell.steps; ++step) {
    const int64_t at = b.cell.index_of(step);
    b.record(step);
    b.fetch(step + 1);
    b.multiply(b.seen + step % 2 * b.room.seen, b.cell.apart, 0, two ? 2 : b.s.gates);
    wait_copies<1>();
    if (two) b.reset(step);
    b.advance(step, at);
  }
  b.record(b.cell.steps);
  b.each_own([&](const OwnElement& e) {
    b.t.last_h[e.n * b.s.units + e.u] = b.h[e.place];
    if (b.t.last_c) b.t.last_c[e.n * b.s.units + e.u] = b.c[e.place];
  });
}

class ChipForward : public ChipKernel<ForwardTask<float>, ChipForward> {
 public:
  ChipForward(const KernelRequest& r, int kernel, const Split& split, bool tf32)
      : ChipKernel(r, kernel, split), tf32_(tf32) {}

  auto kernel() const -> void (*)(ChipLaunch<ForwardTask<float>>) {
    const bool deep = split_.shares.fragments == kMostFragments;
    constexpr int kHalf = kMostFragments / 2;
    if (tf32_)
      return deep ? chip_forward_kernel<TensorShare<kMostFragments>>
                  : chip_forward_kernel<TensorShare<kHalf>>;
    return deep ? chip_forward_kernel<ScalarShare<kMostFragments>>
                : chip_forward_kernel<ScalarShare<kHalf>>;
  }
  size_t shared_bytes(const Split& s) const {
    const int slots = r_.apart ? s.gates : 1;
    return static_cast<size_t>(ForwardRoom(s, slots, r_.cell == RecurrentCell::gru).total()) *
           sizeof(float);
  }
  ForwardTask<float> task_of(const RunArgs& args) const { return forward_task(args); }

 private:
  bool tf32_;
};

}  // namespace

std::unique_ptr<SequenceKernel> make_chip_forward(const KernelRequest& r, bool tf32,
                                                  std::string& why) {
  return make_on_chip<ChipForward>(r, Recurrence::kKernel, false, tf32, why);
}

}  // namespace kn::cuda
