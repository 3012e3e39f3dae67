// Each cross-entropy is written once, over a row and a target that is either dense or one class;
// rows of up to three vectors stay in registers. What a row leaves is factor * log(argument) -
// minus, so that the logarithms of many rows are taken in one vector.
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
  // Of target and x - top.
  KN_INLINE T dot(const Row<T, N>& row, const T* x, T top) const {
    return row.sum([&](int64_t k) { return get(row, k) * (row.get(x, k) - top); });
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
  KN_INLINE T dot(const Row<T, N>&, const T* x, T top) const { return x[c] - top; }
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
    return ((p >= low) & (p <= high)) ? v : Vec<T>{};
  }
};

// ---- Losses: forward returns the terms of a row's loss, backward writes g times its gradient ----

template <class T>
struct Terms {
  T argument, factor, minus;
};

template <class T, int N, template <class, int> class Target>
struct Softmax {
  typedef Target<T, N> Goal;

  static KN_INLINE Terms<T> forward(const Row<T, N>& row, const T* x, const Goal& goal, Bounds<T>,
                                    T*) {
    const T top = largest(row, x);
    const T sum = row.sum([&](int64_t k) { return vexp(row.get(x, k) - top); });
    return {sum, goal.sum(row), goal.dot(row, x, top)};
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

  static KN_INLINE Terms<T> forward(const Row<T, N>& row, const T* p, const Goal& goal, Bounds<T> b,
                                    T*) {
    if constexpr (Goal::kSparse) {
      return {clip_sum(row, p, b) / b.clip(p[goal.c]), 1, 0};
    } else {
      const T s = row.sum([&](int64_t k) { return row.get(p, k); });
      return {1, 0, row.sum([&](int64_t k) {
                return goal.get(row, k) * vlog(b.clip(row.get(p, k) / s));
              })};
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
      const T kept =
          row.sum([&](int64_t k) { return b.inside(row.get(p, k) / s, goal.get(row, k)); });
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

  static KN_INLINE Terms<T> forward(const Row<T, N>& row, const T* x, const Goal& goal, Bounds<T> b,
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
    if constexpr (Goal::kSparse) return {total / b.clip(fold<Add>(hit)), 1, 0};
    else return {1, 0, total};
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

  static KN_INLINE Terms<T> forward(const Row<T, N>& row, const T* x, const Goal& goal, Bounds<T>,
                                    T* p) {
    Kept<T, N> e(p);
    const TopAndSum<T> sums = exps(row, x, e);
    const T factor = 1 / sums.sum;
    const Terms<T> terms{sums.sum, goal.sum(row), goal.dot(row, x, sums.top)};
    row.each([&](int64_t k) { row.put(p, k, e.get(row, k) * factor); });
    return terms;
  }
};

// ---- Over the rows ----

constexpr int kRows = 64;  // whose logarithms are taken together

template <class T>
KN_INLINE void finish(const T* argument, const T* factor, const T* minus, int count, T* loss) {
  const Row<T, 0> row(count);
  row.each([&](int64_t k) {
    row.put(loss, k, row.get(factor, k) * vlog(row.get(argument, k)) - row.get(minus, k));
  });
}

template <class T, template <class, int, template <class, int> class> class Loss,
          template <class, int> class Target>
struct Forward {
  const LossRows<T>& a;

  template <int N>
  KN_INLINE void run() const {
    T argument[kRows], factor[kRows], minus[kRows];
    const Row<T, N> row(a.n);
    for (int64_t from = 0; from < a.rows; from += kRows) {
      const int count = a.rows - from < kRows ? static_cast<int>(a.rows - from) : kRows;
      for (int i = 0; i < count; ++i) {
        const Terms<T> terms = terms_of(row, from + i);
        argument[i] = terms.argument;
        factor[i] = terms.factor;
        minus[i] = terms.minus;
      }
      finish(argument, factor, minus, count, a.loss + from);
    }
  }

  template <int N>
  KN_INLINE Terms<T> terms_of(const Row<T, N>& row, int64_t r) const {
    const Target<T, N> goal(a, r);
    const T* x = a.x + r * a.n;
    T* out = a.out ? a.out + r * a.n : nullptr;
    if (goal.valid())
      return Loss<T, N, Target>::forward(row, x, goal, Bounds<T>{a.low, a.high}, out);
    if (out) {  // the probabilities are good all the same
      Kept<T, N> e(out);
      const T scale = 1 / exps(row, x, e).sum;
      row.each([&](int64_t k) { row.put(out, k, e.get(row, k) * scale); });
    }
    return {static_cast<T>(__builtin_nan("")), 1, 0};
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
  l = {pair<T, Softmax, Dense>(),  pair<T, Categorical, Dense>(),
       pair<T, Fused, Dense>(),    {forward<T, WithSoftmax, Dense>, nullptr},
       pair<T, Softmax, Sparse>(), pair<T, Categorical, Sparse>(),
       pair<T, Fused, Sparse>(),   {forward<T, WithSoftmax, Sparse>, nullptr}};
}

}  // namespace

KN_FILL(loss) {
  fill(table.loss.f32);
  fill(table.loss.f64);
}

}  // namespace kn::cpu
