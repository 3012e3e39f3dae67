// One pass over memory per update: each array is read once and written once. Plain loops: the
// compiler makes vectors of them, roots and divisions included; `ivdep` tells it that outputs that
// are also inputs are only so at the same element.
#include "cpu/isa/optimizer.h"

#include "cpu/isa/kernel_table.h"
#include "cpu/isa/vec.h"

#define KN_EACH_ELEMENT KN_INDEPENDENT for (int64_t i = 0; i < s.n; ++i)

namespace kn::cpu {
namespace {

KN_INLINE float root(float x) { return __builtin_sqrtf(x); }
KN_INLINE double root(double x) { return __builtin_sqrt(x); }
KN_INLINE float magnitude(float x) { return __builtin_fabsf(x); }
KN_INLINE double magnitude(double x) { return __builtin_fabs(x); }

template <class T>
struct Rules {
  using Stretch = UpdateStretch<T>;

  static void sgd(const Stretch& s, const T* k, T) {
    const T lr = k[0];
    const T *p = s.p, *g = s.g;
    T* new_p = s.new_p;
    KN_EACH_ELEMENT new_p[i] = p[i] - lr * g[i];
  }

  static void momentum(const Stretch& s, const T* k, T) {
    const T lr = k[0], momentum = k[1];
    const T *p = s.p, *g = s.g, *m = s.slot[0];
    T *new_p = s.new_p, *new_m = s.new_slot[0];
    KN_EACH_ELEMENT {
      const T v = momentum * m[i] - lr * g[i];
      new_m[i] = v;
      new_p[i] = p[i] + v;
    }
  }

  static void nesterov(const Stretch& s, const T* k, T) {
    const T lr = k[0], momentum = k[1];
    const T *p = s.p, *g = s.g, *m = s.slot[0];
    T *new_p = s.new_p, *new_m = s.new_slot[0];
    KN_EACH_ELEMENT {
      const T step = lr * g[i];
      const T v = momentum * m[i] - step;
      new_m[i] = v;
      new_p[i] = p[i] + momentum * v - step;
    }
  }

  static void rmsprop(const Stretch& s, const T* k, T epsilon) {
    const T lr = k[0], rho = k[1], rest = 1 - rho;
    const T *p = s.p, *g = s.g, *a = s.slot[0];
    T *new_p = s.new_p, *new_a = s.new_slot[0];
    KN_EACH_ELEMENT {
      const T mean = rho * a[i] + rest * g[i] * g[i];
      new_p[i] = p[i] - lr * g[i] / (root(mean) + epsilon);
      new_a[i] = mean;
    }
  }

  static void adagrad(const Stretch& s, const T* k, T epsilon) {
    const T lr = k[0];
    const T *p = s.p, *g = s.g, *a = s.slot[0];
    T *new_p = s.new_p, *new_a = s.new_slot[0];
    KN_EACH_ELEMENT {
      const T total = a[i] + g[i] * g[i];
      new_p[i] = p[i] - lr * g[i] / (root(total) + epsilon);
      new_a[i] = total;
    }
  }

  static void adadelta(const Stretch& s, const T* k, T epsilon) {
    const T lr = k[0], rho = k[1], rest = 1 - rho;
    const T *p = s.p, *g = s.g, *a = s.slot[0], *d = s.slot[1];
    T *new_p = s.new_p, *new_a = s.new_slot[0], *new_d = s.new_slot[1];
    KN_EACH_ELEMENT {
      const T mean = rho * a[i] + rest * g[i] * g[i];
      const T step = g[i] * root((d[i] + epsilon) / (mean + epsilon));
      new_p[i] = p[i] - lr * step;
      new_a[i] = mean;
      new_d[i] = rho * d[i] + rest * step * step;
    }
  }

  static void adam(const Stretch& s, const T* k, T epsilon) {
    const T lr = k[0], b1 = k[1], b2 = k[2], rest1 = 1 - b1, rest2 = 1 - b2;
    const T *p = s.p, *g = s.g, *m = s.slot[0], *v = s.slot[1];
    T *new_p = s.new_p, *new_m = s.new_slot[0], *new_v = s.new_slot[1];
    KN_EACH_ELEMENT {
      const T mean = b1 * m[i] + rest1 * g[i];
      const T square = b2 * v[i] + rest2 * g[i] * g[i];
      new_p[i] = p[i] - lr * mean / (root(square) + epsilon);
      new_m[i] = mean;
      new_v[i] = square;
    }
  }

  static void amsgrad(const Stretch& s, const T* k, T epsilon) {
    const T lr = k[0], b1 = k[1], b2 = k[2], rest1 = 1 - b1, rest2 = 1 - b2;
    const T *p = s.p, *g = s.g, *m = s.slot[0], *v = s.slot[1], *h = s.slot[2];
    T *new_p = s.new_p, *new_m = s.new_slot[0], *new_v = s.new_slot[1], *new_h = s.new_slot[2];
    KN_EACH_ELEMENT {
      const T mean = b1 * m[i] + rest1 * g[i];
      const T square = b2 * v[i] + rest2 * g[i] * g[i];
      const T highest = h[i] > square ? h[i] : square;
      new_p[i] = p[i] - lr * mean / (root(highest) + epsilon);
      new_m[i] = mean;
      new_v[i] = square;
      new_h[i] = highest;
    }
  }

  static void adamax(const Stretch& s, const T* k, T epsilon) {
    const T lr = k[0], b1 = k[1], b2 = k[2], rest1 = 1 - b1;
    const T *p = s.p, *g = s.g, *m = s.slot[0], *u = s.slot[1];
    T *new_p = s.new_p, *new_m = s.new_slot[0], *new_u = s.new_slot[1];
    KN_EACH_ELEMENT {
      const T mean = b1 * m[i] + rest1 * g[i];
      const T decayed = b2 * u[i], size = magnitude(g[i]);
      const T highest = decayed > size ? decayed : size;
      new_p[i] = p[i] - lr * mean / (highest + epsilon);
      new_m[i] = mean;
      new_u[i] = highest;
    }
  }

  static void nadam(const Stretch& s, const T* k, T epsilon) {
    const T cg = k[0], cm = k[1], cv = k[2], b1 = k[3], b2 = k[4], rest1 = 1 - b1, rest2 = 1 - b2;
    const T *p = s.p, *g = s.g, *m = s.slot[0], *v = s.slot[1];
    T *new_p = s.new_p, *new_m = s.new_slot[0], *new_v = s.new_slot[1];
    KN_EACH_ELEMENT {
      const T mean = b1 * m[i] + rest1 * g[i];
      const T square = b2 * v[i] + rest2 * g[i] * g[i];
      new_p[i] = p[i] - (cg * g[i] + cm * mean) / (root(cv * square) + epsilon);
      new_m[i] = mean;
      new_v[i] = square;
    }
  }
};

template <class T>
void fill(UpdateLoops<T>& loops) {
#define KN_UPDATE_RULE(name, slots, scalars) loops.name = Rules<T>::name;
#include "base/update_rules.inc"
#undef KN_UPDATE_RULE
}

}  // namespace

KN_FILL(optimizer) {
  fill(table.optimizer.f32);
  fill(table.optimizer.f64);
}

}  // namespace kn::cpu
