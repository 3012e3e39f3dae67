// Who is shown the values of a tensor while a plan runs: the payload of the op `observe`.
#pragma once

#include "base/host_tensor.h"
#include "base/shape.h"

namespace kn {

struct Observer : Payload {
  // Called from the thread that runs the plan; must not throw. `data` is valid during the call.
  virtual void see(const TensorType& type, const void* data) const = 0;
};

}  // namespace kn
