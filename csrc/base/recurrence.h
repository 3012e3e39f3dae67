// What the whole-sequence ops of recurrent layers compute, as their attributes tell it: shared by
// their shapes, their gradients and their kernels.
//
//   <cell>_sequence(x, kernel, h0, [c0], [bias], [mask], [drop])  -> out, h, [c], and with `trace`
//       what the gradient needs: [gates], seen, [c before each step]
//   <cell>_sequence_grad([gates | out], [seen | c before], kernel, [mask], [drop], [d out], d h,
//       [d c]) -> d x, d h0, [d c0 | d product]
//
// T steps of N rows and U units. x (T, N, G U) holds the products of the inputs for G gates, kernel
// (U, G U) is the recurrent one, h0, c0 and the dropout mask `drop` are (N, U), mask (T, N) is
// boolean. `seen` (T, N, U) is what the product with the kernel sees: drop * h before the step.
//   simple:           h' = act(x + seen·K)
//   lstm:             i, f, a, o = g(i), g(f), act(a), g(o) of x + seen·K;
//                     c' = f c + i a;  h' = o act(c');  gates: i, f, a, o
//   gru:              z, r = g(x + seen·K[:, :2U]);  a = act(x + (r seen)·K[:, 2U:]);
//                     h' = z seen + (1 - z) a;  gates: z, r, a, r seen
//   gru, reset_after: p = seen·K + bias;  z, r = g(x + p);  a = act(x + r p);
//                     h' as gru;  gates: z, r, a, p of the candidate
// `apart`: drop (G, N, U) holds a mask for each gate. The products of gate g see drop[g] * h, gru's
// z lets h itself through, and the trace `seen` is h before the step. Where the mask is 0 the
// states stay, and so does the output; gates are 0 there. Outputs, traces and gradients lie at the
// index of their step, also where `reverse` makes the last step the first.
#pragma once

#include <string_view>

#include "base/attrs.h"
#include "base/recurrence_kinds.h"

namespace kn {

// The activation of that name; false where the fused ops do not have it.
constexpr bool parse_recurrent_activation(std::string_view name, RecurrentActivation& out) {
  constexpr std::string_view names[] = {"linear",       "tanh",          "sigmoid",
                                        "hard_sigmoid", "relu6_sigmoid", "relu"};
  for (int i = 0; i < 6; ++i) {
    if (names[i] != name) continue;
    out = static_cast<RecurrentActivation>(i);
    return true;
  }
  return false;
}

struct Recurrence {
  RecurrentCell cell = RecurrentCell::simple;
  RecurrentActivation activation = RecurrentActivation::tanh;
  RecurrentActivation gate = RecurrentActivation::sigmoid;
  bool reverse = false, masked = false, dropped = false;
  bool apart = false;     // whether each gate has a dropout mask of its own
  bool trace = false;     // forward: whether traces are among the outputs
  bool out_grad = false;  // gradient: whether d out is among the inputs
  bool known = true;      // whether both activations are ones of the fused ops

  Recurrence(std::string_view op, const Attrs& attrs)
      : reverse(attrs.flag("reverse", false)),
        masked(attrs.flag("masked", false)),
        dropped(attrs.flag("dropped", false)),
        apart(dropped && attrs.flag("apart", false)),
        trace(attrs.flag("trace", false)),
        out_grad(attrs.flag("out_grad", false)) {
    if (op.starts_with("lstm")) cell = RecurrentCell::lstm;
    else if (op.starts_with("gru"))
      cell = attrs.flag("reset_after", false) ? RecurrentCell::gru_reset_after : RecurrentCell::gru;
    known = parse_recurrent_activation(attrs.text("activation", "tanh"), activation) &&
            parse_recurrent_activation(attrs.text("recurrent_activation", "sigmoid"), gate);
  }

  bool lstm() const { return cell == RecurrentCell::lstm; }
  bool simple() const { return cell == RecurrentCell::simple; }
  bool reset_after() const { return cell == RecurrentCell::gru_reset_after; }
  bool gru() const { return reset_after() || cell == RecurrentCell::gru; }
  int gates() const { return lstm() ? 4 : simple() ? 1 : 3; }
  int drops() const { return !dropped ? 0 : apart ? gates() : 1; }

  // Positions among the inputs of the forward op, in their order; -1 for what is not there.
  static constexpr int kX = 0, kKernel = 1, kH = 2;
  int c_input() const { return lstm() ? 3 : -1; }
  int bias_input() const { return reset_after() ? 3 : -1; }
  int mask_input() const { return masked ? first_option() : -1; }
  int drop_input() const { return dropped ? first_option() + masked : -1; }
  int inputs() const { return first_option() + masked + dropped; }
  // Of its outputs: out, h, [c], [gates], seen, [c before].
  int plain_outputs() const { return lstm() ? 3 : 2; }
  int gates_output() const { return simple() ? -1 : plain_outputs(); }
  int seen_output() const { return plain_outputs() + !simple(); }
  int c_before_output() const { return lstm() ? seen_output() + 1 : -1; }
  int outputs() const { return !trace ? plain_outputs() : seen_output() + 1 + lstm(); }

  // The same for the gradient op: [gates | out], [seen | c before], kernel, ….
  int grad_kernel() const { return simple() ? 1 : 2; }
  int grad_mask() const { return masked ? grad_kernel() + 1 : -1; }
  int grad_drop() const { return dropped ? grad_kernel() + masked + 1 : -1; }
  int grad_out() const { return out_grad ? grad_kernel() + masked + dropped + 1 : -1; }
  int grad_h() const { return grad_kernel() + masked + dropped + out_grad + 1; }
  int grad_c() const { return lstm() ? grad_h() + 1 : -1; }
  int grad_inputs() const { return grad_h() + 1 + lstm(); }
  int grad_outputs() const { return lstm() || reset_after() ? 3 : 2; }

 private:
  int first_option() const { return 3 + (lstm() || reset_after()); }
};

}  // namespace kn
