// Nodes without inputs: constants, variables, placeholders and the learning phase.
#include "base/host_tensor.h"
#include "ops/families.h"

namespace kn::ops {

namespace {

std::vector<TensorType> infer_constant(const InferContext& c) {
  const auto* data = dynamic_cast<const HostTensor*>(c.payload);
  if (!data) c.fail("expected the data of a constant");
  return {data->type()};
}

std::vector<TensorType> infer_typed(const InferContext& c) {
  return {{parse_dtype(c.attrs.text("dtype")), Shape(c.attrs.ints("shape"))}};
}

// shape_only(; dtype, shape) stands for a tensor that nobody reads: it has no memory.
std::vector<TensorType> infer_phase(const InferContext&) { return {{DType::b8, Shape{}}}; }

constexpr std::string_view kLeaf = "it has no inputs";

const OpDef kOps[] = {
    {"constant", 0, 0, infer_constant, nullptr, kLeaf, kSource},
    {"placeholder", 0, 0, infer_typed, nullptr, kLeaf, kSource},
    {"variable", 0, 0, infer_typed, nullptr, kLeaf, kSource},
    {"shape_only", 0, 0, infer_typed, nullptr, kLeaf, kSource},
    {"learning_phase", 0, 0, infer_phase, nullptr, kLeaf, kSource},
};

}  // namespace

std::span<const OpDef> source() { return kOps; }

}  // namespace kn::ops
