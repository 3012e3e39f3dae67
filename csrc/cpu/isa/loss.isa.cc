// Each cross-entropy is written once, over a row and a target that is either dense or one class;
// rows of up to three vectors stay in registers.
#include "cpu/isa/loss.h"

#include "cpu/isa/kernel_table.h"
#include "cpu/isa/softmax_row.inc"

namespace kn::cpu {
namespace {

// ---- Targets ----

template <class T, int N>
struct Dense {
  const T* t;
  static constexpr bool kSparse = false;
  Dense(const LossRows<T>& a, int64_t r) : t(a.target + r * a.n) {}
  KN_INLINE bool valid() const { return true; }
  KN_INLINE Vec<T> get(const Row<T, N>& row, int64_t k) const { return row.get(t, k); }
  KN_INLINE T sum(const Row<T, N>& row) const {
    return row.sum([&](int64_t k) { return get(row, k); });
  }
};

template <class T, int N>
struct Sparse {
  int64_t c;
  static constexpr bool kSparse = true;
  Sparse(const LossRows<T>& a, int64_t r) : c(a.classes[r]) {}
  KN_INLINE bool valid() const { return c >= 0; }
  KN_INLINE Vec<T> get(const Row<T, N>&, int64_t k) const {
    typedef typename IndexOf<T>::element Index;
    const auto hit = lane_numbers<T>() == static_cast<Index>(c - k * kLanes<T>);
    return hit ? splat(T{1}) : Vec<T>{};
  }
  KN_INLINE T sum(const Row<T, N>&) const { return 1; }
};

// ---- The clip ----

template <class T>
struct Bounds {
  T low, high;
  KN_INLINE Vec<T> clip(Vec<T> p) const {
    p = p < low ? splat(low) : p;
    return p > high ? splat(high) : p;
  }
  KN_INLINE T clip(T p) const { return p < low ? low : p > high ? high : p; }
  KN_INLINE bool inside(T p) const { return p >= low && p <= high; }
  // v where p is inside, else 0.
  KN_INLINE Vec<T> inside(Vec<T> p, Vec<T> v) const {
    return (p >= low) & (p <= high) ? v : Vec<T>{};
  }
};

// ---- Losses: forward returns the loss of a row, backward writes g times its gradient ----

template <class T, int N, template <class, int> class Target>
struct Softmax {
  typedef Target<T, N> Goal;

  static KN_INLINE T forward(const Row<T, N>& row, const T* x, const Goal& goal, Bounds<T>, T*) {
    const LogSumExp<T> lse = log_sum_exp(row, x);
    if constexpr (Goal::kSparse) return lse.log - (x[goal.c] - lse.top);
    else
      return row.sum([&](int64_t k) { return goal.get(row, k) * (lse.log - (row.get(x, k) - lse.top)); });
  }
  static KN_INLINE void backward(const Row<T, N>& row, const T* x, const Goal& goal, Bounds<T>, T g,
                                 T* dx) {
    Kept<T, N> e(dx);
    const T scale = goal.sum(row) * g / exps(row, x, e).sum;
    row.each([&](int64_t k) { row.put(dx, k, e.get(row, k) * scale - goal.get(row, k) * g); });
  }
};

template <class T, int N>
KN_INLINE T clip_sum(const Row<T, N>& row, const T* p, Bounds<T> b) {
  return row.sum([&](int64_t k) { return b.clip(row.get(p, k)); });
}

template <class T, int N, template <class, int> class Target>
struct Categorical {
  typedef Target<T, N> Goal;

  static KN_INLINE T forward(const Row<T, N>& row, const T* p, const Goal& goal, Bounds<T> b, T*) {
    if constexpr (Goal::kSparse) return log_of(clip_sum(row, p, b) / b.clip(p[goal.c]));
    else {
      const T s = row.sum([&](int64_t k) { return row.get(p, k); });
      return -row.sum([&](int64_t k) { return goal.get(row, k) * vlog(b.clip(row.get(p, k) / s)); });
    }
  }
  static KN_INLINE void backward(const Row<T, N>& row, const T* p, const Goal& goal, Bounds<T> b,
                                 T g, T* dp) {
    if constexpr (Goal::kSparse) {
      const T share = 1 / clip_sum(row, p, b);
      row.each([&](int64_t k) {
        const Vec<T> at = row.get(p, k);
        row.put(dp, k, b.inside(at, (share - goal.get(row, k) / b.clip(at)) * g));
      });
    } else {
      const T s = row.sum([&](int64_t k) { return row.get(p, k); });
      const T kept = row.sum([&](int64_t k) { return b.inside(row.get(p, k) / s, goal.get(row, k)); });
      row.each([&](int64_t k) {
        const Vec<T> q = row.get(p, k) / s;
        row.put(dp, k, (kept - b.inside(q, goal.get(row, k)) / b.clip(q)) * (g / s));
      });
    }
  }
};

// x are logits in forward, which writes the probabilities, and those in backward, which yields the
// gradient of the logits.
template <class T, int N, template <class, int> class Target>
struct Fused {
  typedef Target<T, N> Goal;

  static KN_INLINE T forward(const Row<T, N>& row, const T* x, const Goal& goal, Bounds<T> b,
                             T* p) {
    Kept<T, N> e(p);
    const T factor = 1 / exps(row, x, e).sum;
    Vec<T> hit{};
    const T total = row.sum([&](int64_t k) {
      const Vec<T> at = e.get(row, k) * factor;
      row.put(p, k, at);
      if constexpr (!Goal::kSparse) return goal.get(row, k) * vlog(b.clip(at));
      hit += goal.get(row, k) * at;  // reading it back from p would wait for the store
      return b.clip(at);
    });
    if constexpr (Goal::kSparse) return log_of(total / b.clip(fold<Add>(hit)));
    else return -total;
  }
  static KN_INLINE void backward(const Row<T, N>& row, const T* p, const Goal& goal, Bounds<T> b,
                                 T g, T* dx) {
    if constexpr (Goal::kSparse) {
      const T share = 1 / clip_sum(row, p, b);
      const T kept = row.sum([&](int64_t k) { return b.inside(row.get(p, k), row.get(p, k)); });
      const T hit = b.inside(p[goal.c]) ? T{1} : T{0};
      const T shift = hit - kept * share;
      row.each([&](int64_t k) {
        const Vec<T> at = row.get(p, k);
        const Vec<T> d = at * (b.inside(at, splat(share)) + shift) - goal.get(row, k) * hit;
        row.put(dx, k, d * g);
      });
    } else {
      const T kept = row.sum([&](int64_t k) { return b.inside(row.get(p, k), goal.get(row, k)); });
      row.each([&](int64_t k) {
        const Vec<T> at = row.get(p, k);
        row.put(dx, k, (at * kept - b.inside(at, goal.get(row, k))) * g);
      });
    }
  }
};

// Probabilities, and the loss from the logits.
template <class T, int N, template <class, int> class Target>
struct WithSoftmax {
  typedef Target<T, N> Goal;

  static KN_INLINE T forward(const Row<T, N>& row, const T* x, const Goal& goal, Bounds<T>, T* p) {
    Kept<T, N> e(p);
    const TopAndSum<T> sums = exps(row, x, e);
    const T factor = 1 / sums.sum, log = log_of(sums.sum);
    T loss;
    if constexpr (Goal::kSparse) loss = log - (x[goal.c] - sums.top);
    else
      loss = row.sum([&](int64_t k) { return goal.get(row, k) * (log - (row.get(x, k) - sums.top)); });
    row.each([&](int64_t k) { row.put(p, k, e.get(row, k) * factor); });
    return loss;
  }
};

// ---- Over the rows ----

template <class T, template <class, int, template <class, int> class> class Loss,
          template <class, int> class Target>
struct Forward {
  const LossRows<T>& a;
  template <int N>
  KN_INLINE void run() const {
    typedef Loss<T, N, Target> L;
    const Row<T, N> row(a.n);
    const Bounds<T> bounds{a.low, a.high};
    for (int64_t r = 0; r < a.rows; ++r) {
      const Target<T, N> goal(a, r);
      const T* x = a.x + r * a.n;
      T* out = a.out ? a.out + r * a.n : nullptr;
      if (goal.valid()) {
        a.loss[r] = L::forward(row, x, goal, bounds, out);
        continue;
      }
      a.loss[r] = static_cast<T>(__builtin_nan(""));
      if (out) {  // the probabilities are good all the same
        Kept<T, N> e(out);
        const T factor = 1 / exps(row, x, e).sum;
        row.each([&](int64_t k) { row.put(out, k, e.get(row, k) * factor); });
      }
    }
  }
};

template <class T, template <class, int, template <class, int> class> class Loss,
          template <class, int> class Target>
struct Backward {
  const LossRows<T>& a;
  template <int N>
  KN_INLINE void run() const {
    const Row<T, N> row(a.n);
    const Bounds<T> bounds{a.low, a.high};
    for (int64_t r = 0; r < a.rows; ++r) {
      const Target<T, N> goal(a, r);
      T* out = a.out + r * a.n;
      if (goal.valid()) Loss<T, N, Target>::backward(row, a.x + r * a.n, goal, bounds, a.g[r], out);
      else row.each([&](int64_t k) { row.put(out, k, Vec<T>{}); });
    }
  }
};

template <class T, template <class, int, template <class, int> class> class Loss,
          template <class, int> class Target>
void forward(const LossRows<T>& rows) {
  with_row_width<T>(rows.n, Forward<T, Loss, Target>{rows});
}
template <class T, template <class, int, template <class, int> class> class Loss,
          template <class, int> class Target>
void backward(const LossRows<T>& rows) {
  with_row_width<T>(rows.n, Backward<T, Loss, Target>{rows});
}

template <class T, template <class, int, template <class, int> class> class Loss,
          template <class, int> class Target>
constexpr LossPair<T> pair() {
  return {forward<T, Loss, Target>, backward<T, Loss, Target>};
}

template <class T>
void fill(LossLoops<T>& l) {
  l = {pair<T, Softmax, Dense>(),
       pair<T, Categorical, Dense>(),
       pair<T, Fused, Dense>(),
       {forward<T, WithSoftmax, Dense>, nullptr},
       pair<T, Softmax, Sparse>(),
       pair<T, Categorical, Sparse>(),
       pair<T, Fused, Sparse>(),
       {forward<T, WithSoftmax, Sparse>, nullptr}};
}

}  // namespace

KN_FILL(loss) {
  fill(table.loss.f32);
  fill(table.loss.f64);
}

}  // namespace kn::cpu
