// One element of each cell, forward and back: what becomes of the gates once the product with the
// recurrent kernel is known (base/recurrence.h).
#pragma once

#include "recurrent.h"

namespace kn::cuda {

namespace {

// x, p: what each gate gets from the input and from the recurrent product. g: i, f, a, o.
template <class T>
__device__ void lstm_element(const Cell<T>& cell, const T (&x)[4], const T (&p)[4], bool on, T& h,
                             T& c, T (&g)[4]) {
  for (int k = 0; k < 4; ++k) g[k] = activate(k == 2 ? cell.activation : cell.gate, x[k] + p[k]);
  if (!on) return;
  c = g[1] * c + g[0] * g[2];
  h = g[3] * activate(cell.activation, c);
}

// g: z, r, a and the product of the candidate, or r * seen, which is in g[3] already and whose
// product is p[2]. `carried`: what z lets through.
template <class T>
__device__ void gru_element(const Cell<T>& cell, const T (&x)[4], const T (&p)[4], T carried,
                            bool on, T& h, T (&g)[4]) {
  T product = p[2];
  if (cell.reset_after()) {
    g[0] = activate(cell.gate, x[0] + p[0]);
    g[1] = activate(cell.gate, x[1] + p[1]);
    g[3] = p[2];
    product = g[1] * p[2];
  }
  g[2] = activate(cell.activation, x[2] + product);
  if (on) h = g[0] * carried + (1 - g[0]) * g[2];
}

// dh: of the output. dx: of what the activations see. dc: of c after, then of c before the step.
template <class T>
__device__ void lstm_element_back(const Cell<T>& cell, const T (&g)[4], T c_before, T dh, T& dc,
                                  T (&dx)[4]) {
  const T shown = activate(cell.activation, g[1] * c_before + g[0] * g[2]);
  const T total = dc + dh * g[3] * slope(cell.activation, shown);
  dx[0] = total * g[2] * slope(cell.gate, g[0]);
  dx[1] = total * c_before * slope(cell.gate, g[1]);
  dx[2] = total * g[0] * slope(cell.activation, g[2]);
  dx[3] = dh * shown * slope(cell.gate, g[3]);
  dc = total * g[1];
}

// All of z and of the candidate; of r where it acts after the product. dp: of the products. Returns
// what goes straight to h before the step.
template <class T>
__device__ T gru_element_back(const Cell<T>& cell, const T (&g)[4], T seen, T drop, T dh,
                              T (&dx)[4], T (&dp)[4]) {
  dx[0] = dp[0] = dh * (seen - g[2]) * slope(cell.gate, g[0]);
  dx[2] = dh * (1 - g[0]) * slope(cell.activation, g[2]);
  if (cell.reset_after()) {
    dx[1] = dp[1] = dx[2] * g[3] * slope(cell.gate, g[1]);
    dp[2] = dx[2] * g[1];
  }
  return dh * g[0] * (cell.apart ? T(1) : drop);
}

}  // namespace

}  // namespace kn::cuda
