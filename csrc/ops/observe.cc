// observe: its input, shown to the payload, an Observer, whenever a plan computes it.
#include "base/observer.h"
#include "ops/families.h"

namespace kn::ops {

namespace {

std::vector<TensorType> infer_observe(const InferContext& c) {
  if (!dynamic_cast<const Observer*>(c.payload)) c.fail("expected an observer as payload");
  return {c.in(0)};
}

std::vector<Value> gradient_observe(const GradContext& g) { return {g.grad()}; }

const OpDef kOps[] = {{"observe", 1, 1, infer_observe, gradient_observe, {}, kEffect}};

}  // namespace

std::span<const OpDef> observe() { return kOps; }

}  // namespace kn::ops
