// Kinds of recurrent cells and of activations that the fused ops know. Free of std types, so that
// inner loops compiled for one instruction set may include it.
#pragma once

namespace kn {

enum class RecurrentCell { simple, gru, gru_reset_after, lstm };
// relu6_sigmoid is relu6(x + 3) / 6, hard_sigmoid clip(0.2 x + 0.5, 0, 1).
enum class RecurrentActivation { linear, tanh, sigmoid, hard_sigmoid, relu6_sigmoid, relu };

}  // namespace kn
