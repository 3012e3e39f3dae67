// The gradient of recurrent layers with the recurrent kernel on chip: the steps back.
#include "recurrent_chip.h"

namespace kn::cuda {

namespace {

constexpr int kFetched = 6;  // per unit and step: gates (4), what was before, d out

// Shared memory of a block, in floats.
struct BackRoom {
  int x;         // (tiles, columns, 8): gradients of the gates' products, (gates, padded) columns
  int received;  // (2, slots, sources, tiles, padded, 8): parts of d h before the step
  int inner;     // (sources, tiles, padded, 8): parts of d (r * seen)
  int state;     // (tiles, padded, 8)

  __host__ __device__ BackRoom(const Split& s, int slots, bool has_inner)
      : x(s.tiles * s.shares.padded_columns() * kBatchTile),
        received(slots * s.cluster * s.shares.parts * s.tiles * s.padded * kBatchTile),
        inner(has_inner ? received / slots : 0),
        state(s.tiles * s.padded * kBatchTile) {}
  int total() const { return x + 2 * received + inner + (2 * kFetched + 2) * state; }
};

__host__ __device__ inline int gates_back(RecurrentCell kind, int gates) {
  return kind == RecurrentCell::gru ? 2 : gates;
}

template <class Share>
struct BackBlock : ChipBlock {
  const BackTask<float>& t;
  const Cell<float>& cell;
  bool inner_product;
  int many, slots, sources, columns;  // many: gates whose products see h itself
  BackRoom room;
  float *x, *received, *inner, *fetched, *dh, *dc;
  Share share;

  __device__ explicit BackBlock(const Split& split, const BackTask<float>& task)
      : ChipBlock(split, task.cell.rows),
        t(task),
        cell(task.cell),
        inner_product(cell.kind == RecurrentCell::gru),
        many(gates_back(cell.kind, split.gates)),
        slots(cell.apart ? many : 1),
        sources(split.cluster * split.shares.parts),
        columns(split.shares.padded_columns()),
        room(split, slots, inner_product) {
    x = dynamic_shared<float>();
    received = x + room.x;
    inner = received + 2 * room.received;
    fetched = inner + room.inner;
    dh = fetched + 2 * kFetched * room.state;
    dc = dh + room.state;
  }

  __device__ int share_row() const { return warp % s.shares.rows * kShareRows; }
  __device__ int first_column() const {
    return warp / s.shares.rows * s.shares.fragments * kFragment;
  }

  // A row per unit of the whole layer, a column per gate and unit of the block.
  __device__ void load_share() {
    share.load([&](int row, int column) {
      const int k = first_column() + column, gate = k / s.padded, unit = k % s.padded;
      const int u = share_row() + row;
      if (warp >= s.shares.warps() || gate >= s.gates || !has(unit) || u >= s.units) return 0.0f;
      return cell.kernel[(static_cast<int64_t>(u) * s.gates + gate) * s.units + first_unit + unit];
    });
  }

  __device__ void start() {
    clear(x, room.x);
    each_own([&](const OwnElement& e) {
      dh[e.place] = t.h_grad[e.n * s.units + e.u];
      dc[e.place] = cell.lstm() ? t.c_grad[e.n * s.units + e.u] : 0.0f;
    });
    barrier();
  }

  // Begins to fetch what a step needs: whoever fetches an element is the one that reads it.
  __device__ void fetch(int64_t step) const {
    if (step >= 0) {
      const int64_t at = cell.index_of(step);
      float* to = fetched + step % 2 * kFetched * room.state;
      each_own([&](const OwnElement& e) {
        const int64_t place = (at * cell.rows + e.n) * s.units + e.u;
        if (cell.simple()) {
          copy_later<4>(to + e.place, t.gates + place);
        } else {
          const float* gates = t.gates + (at * cell.rows + e.n) * 4 * s.units + e.u;
          for (int k = 0; k < 4; ++k)
            copy_later<4>(to + k * room.state + e.place, gates + k * s.units);
          copy_later<4>(to + 4 * room.state + e.place, t.before + place);
        }
        if (t.out_grad) copy_later<4>(to + 5 * room.state + e.place, t.out_grad + place);
      });
    }
    close_copies();
  }

  // Sends the products of gates [from, to) to the blocks whose units they belong to.
  __device__ void multiply(float* target, int from, int to) const {
    if (warp < s.shares.warps()) {
      const int source = rank * s.shares.parts + warp / s.shares.rows;
      const int first = first_column() / kFragment, step = s.padded / kFragment;
      const bool all = from == 0 && to == s.gates;
      for (int tile = 0; tile < s.tiles; ++tile) {
        const float* at = x + (tile * columns + first_column()) * kBatchTile;
        const auto line = [&](int row) -> float* {
          const int u = share_row() + row;
          if (u >= s.units) return nullptr;
          float* mine = target + ((source * s.tiles + tile) * s.padded + u % s.own) * kBatchTile;
          return s.cluster == 1 ? mine : map_shared(mine, static_cast<unsigned>(u / s.own));
        };
        if (all) share.template multiply<true>(at, 0, 0, line);
        else share.template multiply<false>(at, from * step - first, to * step - first, line);
      }
    }
  }

  __device__ float sum_of(const OwnElement& e, const float* parts) const {
    float sum = 0;
    for (int i = 0; i < sources; ++i) sum += parts[i * room.state + e.place];
    return sum;
  }

  // d h before step `after`, which has been sent: what went straight is there already.
  __device__ float settled(const OwnElement& e, int64_t after) const {
    float sum = dh[e.place];
    if (after >= cell.steps || !cell.on(cell.index_of(after), e.n)) return sum;
    const float* parts = received + after % 2 * room.received;
    for (int slot = 0; slot < slots; ++slot)
      sum += cell.dropped(e.n, e.u, slot) * sum_of(e, parts + slot * sources * room.state);
    return sum;
  }

  __device__ float* column_of(const OwnElement& e, int gate) const {
    return x + (e.tile * columns + gate * s.padded + e.unit) * kBatchTile + e.row;
  }
  __device__ void store(const OwnElement& e, int64_t at, int gate, bool on, float dx,
                        float dp) const {
    const int64_t to = (at * cell.rows + e.n) * s.gates * s.units + gate * s.units + e.u;
    t.x_grad[to] = on ? dx : 0.0f;
    if (cell.reset_after()) t.third[to] = on ? dp : 0.0f;
    *column_of(e, gate) = on ? Share::rounded(cell.reset_after() ? dp : dx) : 0.0f;
  }

  __device__ void element(const OwnElement& e, int64_t step, int64_t at) const {
    const float* now = fetched + step % 2 * kFetched * room.state + e.place;
    const bool on = cell.on(at, e.n);
    float g[4], dx[4] = {}, dp[4] = {};
    for (int k = 0; k < 4; ++k) g[k] = cell.simple() && k ? 0.0f : now[k * room.state];
    const float before = cell.simple() ? 0.0f : now[4 * room.state];
    float total = settled(e, step + 1), straight = 0;
    if (t.out_grad) total += now[5 * room.state];
    if (cell.lstm()) {
      float c = dc[e.place];
      lstm_element_back(cell, g, before, total, c, dx);
      if (on) dc[e.place] = c;
    } else if (cell.simple()) {
      dx[0] = total * slope(cell.activation, g[0]);
    } else {
      straight = gru_element_back(cell, g, before, cell.dropped(e.n, e.u, 0), total, dx, dp);
    }
    dh[e.place] = on ? straight : total;
    for (int k = 0; k < 4; ++k)
      if (k < s.gates && !(inner_product && k == 1)) store(e, at, k, on, dx[k], dp[k]);
  }

  // Of a GRU whose reset gate acts before the product: d r from d (r * seen).
  __device__ void reset(int64_t step, int64_t at) const {
    multiply(inner, 2, 3);
    barrier();
    const float* now = fetched + step % 2 * kFetched * room.state;
    each_own([&](const OwnElement& e) {
      const bool on = cell.on(at, e.n);
      const float r = now[room.state + e.place], before = now[4 * room.state + e.place];
      const float drop = cell.dropped(e.n, e.u, 2), sum = sum_of(e, inner);
      const float by_candidate = cell.apart ? before * drop : before;
      if (on) dh[e.place] += sum * r * drop;
      store(e, at, 1, on, sum * by_candidate * slope(cell.gate, r), 0.0f);
    });
    __syncthreads();
  }
};

template <class Share>
__global__ void __launch_bounds__(kChipWarps* kWarp, 1)
    chip_back_kernel(const __grid_constant__ ChipLaunch<BackTask<float>> all) {
  BackBlock<Share> b(all.split, all.task[blockIdx.y]);
  const int64_t steps = b.cell.steps;
  b.load_share();
  b.fetch(steps - 1);
  b.start();
  for (int64_t step = steps - 1; step >= 0; --step) {
    const int64_t at = b.cell.index_of(step);
    b.fetch(step - 1);
    wait_copies<1>();
    b.each_own([&](const OwnElement& e) { b.element(e, step, at); });
    __syncthreads();
    if (b.inner_product) b.reset(step, at);
    float* target = b.received + step % 2 * b.room.received;
    const int together = b.cell.apart ? 1 : b.many;
    for (int k = 0; k < b.many; k += together)
      b.multiply(target + k * b.sources * b.room.state, k, k + together);
    b.barrier();
  }
  b.each_own([&](const OwnElement& e) {
    b.t.h0_grad[e.n * b.s.units + e.u] = b.settled(e, 0);
    if (b.cell.lstm()) b.t.third[e.n * b.s.units + e.u] = b.dc[e.place];
  });
}

class ChipBack : public ChipKernel<BackTask<float>, ChipBack> {
 public:
  ChipBack(const KernelRequest& r, int kernel, const Split& split, bool tf32)
      : ChipKernel(r, kernel, split), tf32_(tf32) {}

  auto kernel() const -> void (*)(ChipLaunch<BackTask<float>>) {
    const bool deep = split_.shares.fragments == kMostFragments;
    constexpr int kHalf = kMostFragments / 2;
    if (tf32_)
      return deep ? chip_back_kernel<TensorShare<kMostFragments>>
                  : chip_back_kernel<TensorShare<kHalf>>;
    return deep ? chip_back_kernel<ScalarShare<kMostFragments>>
                : chip_back_kernel<ScalarShare<kHalf>>;
  }
  size_t shared_bytes(const Split& s) const {
    const int slots = r_.apart ? gates_back(r_.cell, s.gates) : 1;
    return static_cast<size_t>(BackRoom(s, slots, r_.cell == RecurrentCell::gru).total()) *
           sizeof(float);
  }
  BackTask<float> task_of(const RunArgs& args) const { return back_task(args); }

 private:
  bool tf32_;
};

}  // namespace

std::unique_ptr<SequenceKernel> make_chip_back(const KernelRequest& r, bool tf32,
                                               std::string& why) {
  return make_on_chip<ChipBack>(r, Recurrence(r.op, r.attrs).grad_kernel(), true, tf32, why);
}

}  // namespace kn::cuda
