// A step of a recurrent layer is one pass over the panels of its kernel: a register tile computes
// the product for some rows and one panel, and what follows (gates, state, output, or their
// gradients) reads it from a buffer in the first cache. A panel holds the same units of all gates,
// so that nothing waits for another panel.
#include "cpu/isa/recurrent.h"

#include "cpu/isa/kernel_table.h"
#include "cpu/isa/recurrent_parts.inc"

namespace kn::cpu {
namespace {

// ---- Forward ----

template <class T, class F>
void lstm_forward(const RecurrentStep<T>& s) {
  constexpr int lanes = kLanes<T>;
  const F f(s.activation, s.gate);
  product<T, 4, 4>(s.rows, s.units, s.units, s.seen, s.units, s.panels,
                   [&](const Spot& spot, const T* z) {
                     const At<T> at{s, spot};
                     if (!at.on()) return at.stay();
                     const Vec<T> i = f.gate(load(z) + at.in(s.x, 4, 0)),
                                  forget = f.gate(load(z + lanes) + at.in(s.x, 4, 1)),
                                  a = f.act(load(z + 2 * lanes) + at.in(s.x, 4, 2)),
                                  o = f.gate(load(z + 3 * lanes) + at.in(s.x, 4, 3));
                     const Vec<T> before = at.in(s.c), c = forget * before + i * a;
                     at.out(s.c, c);
                     at.finish(o * f.act(c));
                     if (s.c_before) at.out(s.c_before, before);
                     if (!s.gates) return;
                     at.out(s.gates, i, 4, 0);
                     at.out(s.gates, forget, 4, 1);
                     at.out(s.gates, a, 4, 2);
                     at.out(s.gates, o, 4, 3);
                   });
}

template <class T, class F>
void gru_after_forward(const RecurrentStep<T>& s) {
  constexpr int lanes = kLanes<T>;
  const F f(s.activation, s.gate);
  product<T, 3, 3>(
      s.rows, s.units, s.units, s.seen, s.units, s.panels, [&](const Spot& spot, const T* product) {
        const At<T> at{s, spot};
        if (!at.on()) return at.stay();
        const auto p = [&](int gate) {
          return load(product + gate * lanes) + at.read(s.bias + gate * s.units + spot.unit);
        };
        const Vec<T> z = f.gate(at.in(s.x, 3, 0) + p(0)), r = f.gate(at.in(s.x, 3, 1) + p(1)),
                     inner = p(2), a = f.act(at.in(s.x, 3, 2) + r * inner);
        at.finish(a + z * (at.in(s.seen) - a));
        if (!s.gates) return;
        at.out(s.gates, z, 4, 0);
        at.out(s.gates, r, 4, 1);
        at.out(s.gates, a, 4, 2);
        at.out(s.gates, inner, 4, 3);
      });
}

// The candidate's product needs all of r: a second pass. Gates are always kept here.
template <class T, class F>
void gru_forward(const RecurrentStep<T>& s) {
  constexpr int lanes = kLanes<T>;
  const F f(s.activation, s.gate);
  product<T, 2, 2>(s.rows, s.units, s.units, s.seen, s.units, s.panels,
                   [&](const Spot& spot, const T* product) {
                     const At<T> at{s, spot};
                     if (!at.on()) return at.zeros(s.gates, 4);
                     const Vec<T> r = f.gate(at.in(s.x, 3, 1) + load(product + lanes));
                     at.out(s.gates, f.gate(at.in(s.x, 3, 0) + load(product)), 4, 0);
                     at.out(s.gates, r, 4, 1);
                     at.out(s.gates, r * at.in(s.seen), 4, 3);
                   });
  product<T, 2, 1>(s.rows, s.units, s.units, s.gates + 3 * s.units, 4 * s.units, s.panels_2,
                   [&](const Spot& spot, const T* product) {
                     const At<T> at{s, spot};
                     if (!at.on()) return at.stay();
                     const Vec<T> a = f.act(at.in(s.x, 3, 2) + load(product));
                     at.finish(a + at.in(s.gates, 4, 0) * (at.in(s.seen) - a));
                     at.out(s.gates, a, 4, 2);
                   });
}

template <class T, class F>
void simple_forward(const RecurrentStep<T>& s) {
  const F f(s.activation, s.gate);
  product<T, 2, 1>(s.rows, s.units, s.units, s.seen, s.units, s.panels,
                   [&](const Spot& spot, const T* product) {
                     const At<T> at{s, spot};
                     at.finish(at.on() ? f.act(at.in(s.x) + load(product)) : at.in(s.h_before));
                   });
}

// ---- Back ----

template <class T, class F>
void lstm_back(const RecurrentStep<T>& s) {
  const F f(s.activation, s.gate);
  product<T, 2, 1>(s.rows, s.units, s.k, s.later, s.later_row, s.panels,
                   [&](const Spot& spot, const T* product) {
                     const At<T> at{s, spot};
                     const Vec<T> dh = at.dh(product);
                     if (!at.on()) return at.pass(dh, 4);
                     at.out(s.direct, Vec<T>{});
                     const Vec<T> i = at.in(s.gates, 4, 0), forget = at.in(s.gates, 4, 1),
                                  a = at.in(s.gates, 4, 2), o = at.in(s.gates, 4, 3),
                                  before = at.in(s.c_before);
                     const Vec<T> shown = f.act(forget * before + i * a);
                     const Vec<T> dc = at.in(s.dc) + dh * o * f.act_slope(shown);
                     at.out(s.dc, dc * forget);
                     at.out(s.dx, dc * a * f.gate_slope(i), 4, 0);
                     at.out(s.dx, dc * before * f.gate_slope(forget), 4, 1);
                     at.out(s.dx, dc * i * f.act_slope(a), 4, 2);
                     at.out(s.dx, dh * shown * f.gate_slope(o), 4, 3);
                   });
}

template <class T, class F>
void gru_after_back(const RecurrentStep<T>& s) {
  const F f(s.activation, s.gate);
  product<T, 2, 1>(s.rows, s.units, s.k, s.later, s.later_row, s.panels,
                   [&](const Spot& spot, const T* product) {
                     const At<T> at{s, spot};
                     const Vec<T> dh = at.dh(product);
                     if (!at.on()) return at.pass(dh, 3);
                     const Vec<T> z = at.in(s.gates, 4, 0), r = at.in(s.gates, 4, 1),
                                  a = at.in(s.gates, 4, 2), inner = at.in(s.gates, 4, 3);
                     at.out(s.direct, at.dropped(dh * z));
                     const Vec<T> da = (dh - dh * z) * f.act_slope(a),
                                  dz = dh * (at.in(s.seen) - a) * f.gate_slope(z),
                                  dr = da * inner * f.gate_slope(r);
                     at.out(s.dx, dz, 3, 0);
                     at.out(s.dx, dr, 3, 1);
                     at.out(s.dx, da, 3, 2);
                     at.out(s.dp, dz, 3, 0);
                     at.out(s.dp, dr, 3, 1);
                     at.out(s.dp, da * r, 3, 2);
                   });
}

template <class T, class F>
void gru_back(const RecurrentStep<T>& s) {
  const F f(s.activation, s.gate);
  product<T, 2, 1>(s.rows, s.units, s.k, s.later, s.later_row, s.panels,
                   [&](const Spot& spot, const T* product) {
                     const At<T> at{s, spot};
                     const Vec<T> dh = at.dh(product);
                     if (!at.on()) return at.pass(dh, 3);
                     const Vec<T> z = at.in(s.gates, 4, 0), a = at.in(s.gates, 4, 2);
                     at.out(s.direct, at.dropped(dh * z));
                     at.out(s.dx, dh * (at.in(s.seen) - a) * f.gate_slope(z), 3, 0);
                     at.out(s.dx, (dh - dh * z) * f.act_slope(a), 3, 2);
                   });
  // Through the candidate's product to r * seen.
  product<T, 2, 1>(s.rows, s.units, s.units, s.dx + 2 * s.units, 3 * s.units, s.panels_2,
                   [&](const Spot& spot, const T* product) {
                     const At<T> at{s, spot};
                     if (!at.on()) return;
                     const Vec<T> d = load(product), r = at.in(s.gates, 4, 1);
                     at.out(s.dx, d * at.in(s.seen) * f.gate_slope(r), 3, 1);
                     at.out(s.direct, at.in(s.direct) + at.dropped(d * r));
                   });
}

template <class T, class F>
void simple_back(const RecurrentStep<T>& s) {
  const F f(s.activation, s.gate);
  product<T, 2, 1>(s.rows, s.units, s.k, s.later, s.later_row, s.panels,
                   [&](const Spot& spot, const T* product) {
                     const At<T> at{s, spot};
                     const Vec<T> dh = at.dh(product);
                     if (!at.on()) return at.pass(dh, 1);
                     at.out(s.direct, Vec<T>{});
                     at.out(s.dx, dh * f.act_slope(at.in(s.shown)));
                   });
}

template <class T>
void back_to_state(const RecurrentStep<T>& s) {
  product<T, 2, 1>(s.rows, s.units, s.k, s.later, s.later_row, s.panels,
                   [&](const Spot& spot, const T* product) {
                     const At<T> at{s, spot};
                     at.out(s.direct, at.dh(product));
                   });
}

// ---- The table ----

// The loops of the usual activations or those of any.
template <class T, void (*usual)(const RecurrentStep<T>&), void (*any)(const RecurrentStep<T>&)>
void choose(const RecurrentStep<T>& s) {
  if (s.activation == Activation::tanh && s.gate == Activation::sigmoid) usual(s);
  else any(s);
}

template <class T>
void fill(RecurrentLoops<T>& t) {
  t.lanes = kLanes<T>;
  const auto at = [](RecurrentCell cell) { return static_cast<int>(cell); };
  t.forward[at(RecurrentCell::simple)] =
      choose<T, simple_forward<T, Usual>, simple_forward<T, Any>>;
  t.forward[at(RecurrentCell::gru)] = choose<T, gru_forward<T, Usual>, gru_forward<T, Any>>;
  t.forward[at(RecurrentCell::gru_reset_after)] =
      choose<T, gru_after_forward<T, Usual>, gru_after_forward<T, Any>>;
  t.forward[at(RecurrentCell::lstm)] = choose<T, lstm_forward<T, Usual>, lstm_forward<T, Any>>;
  t.back[at(RecurrentCell::simple)] = choose<T, simple_back<T, Usual>, simple_back<T, Any>>;
  t.back[at(RecurrentCell::gru)] = choose<T, gru_back<T, Usual>, gru_back<T, Any>>;
  t.back[at(RecurrentCell::gru_reset_after)] =
      choose<T, gru_after_back<T, Usual>, gru_after_back<T, Any>>;
  t.back[at(RecurrentCell::lstm)] = choose<T, lstm_back<T, Usual>, lstm_back<T, Any>>;
  t.back_to_state = back_to_state<T>;
}

}  // namespace

KN_FILL(recurrent) {
  fill(table.recurrent.f32);
  fill(table.recurrent.f64);
}

}  // namespace kn::cpu
