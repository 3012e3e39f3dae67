// What each optimizer rule makes of one element (base/update_rules.inc).
#pragma once

#include <cmath>

#include "base/update_rule.h"
#include "launch.h"

namespace kn::cuda {

// New parameter from parameter p, gradient g and slots s (overwritten); k are the rule's scalars.
template <class T>
__device__ T updated(UpdateKind kind, T p, T g, T* s, const T* k, T epsilon) {
  switch (kind) {
    case UpdateKind::sgd: return p - k[0] * g;
    case UpdateKind::momentum: s[0] = k[1] * s[0] - k[0] * g; return p + s[0];
    case UpdateKind::nesterov: s[0] = k[1] * s[0] - k[0] * g; return p + k[1] * s[0] - k[0] * g;
    case UpdateKind::rmsprop:
      s[0] = k[1] * s[0] + (1 - k[1]) * g * g;
      return p - k[0] * g / (std::sqrt(s[0]) + epsilon);
    case UpdateKind::adagrad: s[0] += g * g; return p - k[0] * g / (std::sqrt(s[0]) + epsilon);
    case UpdateKind::adadelta: {
      s[0] = k[1] * s[0] + (1 - k[1]) * g * g;
      const T u = g * std::sqrt(s[1] + epsilon) / std::sqrt(s[0] + epsilon);
      s[1] = k[1] * s[1] + (1 - k[1]) * u * u;
      return p - k[0] * u;
    }
    case UpdateKind::adam:
    case UpdateKind::amsgrad: {
      s[0] = k[1] * s[0] + (1 - k[1]) * g;
      s[1] = k[2] * s[1] + (1 - k[2]) * g * g;
      T square = s[1];
      if (kind == UpdateKind::amsgrad) square = s[2] = s[2] < s[1] ? s[1] : s[2];
      return p - k[0] * s[0] / (std::sqrt(square) + epsilon);
    }
    case UpdateKind::adamax: {
      s[0] = k[1] * s[0] + (1 - k[1]) * g;
      const T decayed = k[2] * s[1], size = std::fabs(g);
      s[1] = decayed < size ? size : decayed;
      return p - k[0] * s[0] / (s[1] + epsilon);
    }
    case UpdateKind::nadam:
      s[0] = k[3] * s[0] + (1 - k[3]) * g;
      s[1] = k[4] * s[1] + (1 - k[4]) * g * g;
      return p - (k[0] * g + k[1] * s[0]) / (std::sqrt(k[2] * s[1]) + epsilon);
  }
  return p;
}

}  // namespace kn::cuda
