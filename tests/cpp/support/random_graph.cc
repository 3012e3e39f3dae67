#include "support/random_graph.h"

namespace kn::test {

namespace {

constexpr Dim kWidth = 6;

const Value& pick(const std::vector<Value>& from, std::mt19937& random) {
  return from[random() % from.size()];
}

}  // namespace

Value value_of(const std::shared_ptr<Variable>& variable) {
  return apply("variable", {},
               {{"dtype", std::string(name_of(variable->type().dtype))},
                {"name", variable->name()},
                {"shape", variable->type().shape.vec()}},
               variable);
}

RandomGraph::RandomGraph(uint32_t seed, int operations) {
  std::mt19937 random(seed);
  for (const char* name : {"x", "y"}) {
    graph.inputs.push_back(placeholder({DType::f64, {kUnknown, kWidth}}, name));
    rows_.push_back(graph.inputs.back());
  }
  std::vector<Value> nodes;
  for (const Shape& shape :
       {Shape{kWidth, kWidth}, Shape{kWidth, kWidth}, Shape{kWidth}, Shape{kWidth}}) {
    variables.push_back(std::make_shared<Variable>(
        uniform(DType::f64, shape, -0.5, 0.5, seed + variables.size()), "v"));
    nodes.push_back(value_of(variables.back()));
    (shape.rank() == 2 ? squares_ : vectors_).push_back(nodes.back());
  }
  for (int i = 0; i < operations; ++i) grow(random);

  for (int i = 0; i < 4; ++i)
    graph.outputs.push_back(pick(i % 3 == 0 ? rows_ : i % 3 == 1 ? squares_ : vectors_, random));
  const Value rate = constant(0.1, DType::f64);
  for (const Value& v : nodes) {
    const std::vector<Value>& same = v.shape().rank() == 2 ? squares_ : vectors_;
    switch (random() % 4) {
      case 0: break;
      case 1: graph.updates.push_back({v, pick(same, random)}); break;
      default: graph.updates.push_back({v, apply("sgd_update", {v, pick(same, random), rate})});
    }
  }
}

void RandomGraph::grow(std::mt19937& random) {
  const Value &a = pick(rows_, random), &b = pick(rows_, random);
  const Value &s = pick(squares_, random), &t = pick(squares_, random);
  const Value& v = pick(vectors_, random);
  const Attrs first_axis{{"axes", Ints{0}}};
  switch (random() % 14) {
    case 0: rows_.push_back(apply("tanh", {apply("add", {a, b})})); break;
    case 1: rows_.push_back(apply("tanh", {apply("sub", {a, v})})); break;
    case 2: rows_.push_back(apply("sigmoid", {apply("mul", {a, v})})); break;
    case 3: rows_.push_back(apply("tanh", {apply("matmul", {a, s})})); break;
    case 4: rows_.push_back(apply("relu", {apply("add", {apply("matmul", {a, s}), v})})); break;
    case 5: {
      const Value flat = apply("reshape", {a}, {{"shape", Ints{-1}}});
      rows_.push_back(apply("reshape", {flat}, {{"shape", Ints{-1, kWidth}}}));
      break;
    }
    case 6: {
      const Value wide = apply("concat", {a, b}, {{"axis", int64_t{1}}});
      rows_.push_back(
          apply("split", {wide}, {{"axis", int64_t{1}}, {"sizes", Ints{kWidth, kWidth}}}));
      break;
    }
    case 7: rows_.push_back(apply("softmax", {a}, {{"axis", int64_t{-1}}})); break;
    case 8: squares_.push_back(apply("transpose", {s}, {{"perm", Ints{1, 0}}})); break;
    case 9: squares_.push_back(apply("tanh", {apply("matmul", {s, t})})); break;
    case 10: squares_.push_back(apply("neg", {apply("mul", {s, v})})); break;
    case 11: vectors_.push_back(apply("tanh", {apply("sum", {a}, first_axis)})); break;
    case 12: vectors_.push_back(apply("sum", {s}, first_axis)); break;
    default: {
      const Value tall = apply("expand_dims", {v}, {{"axis", int64_t{0}}});
      vectors_.push_back(apply("squeeze", {tall}, {{"axis", int64_t{0}}}));
    }
  }
}

std::vector<HostTensor> RandomGraph::draw_inputs(Dim rows, uint64_t seed) const {
  std::vector<HostTensor> inputs;
  for (size_t i = 0; i < graph.inputs.size(); ++i)
    inputs.push_back(uniform(DType::f64, {rows, kWidth}, -1, 1, seed + i));
  return inputs;
}

}  // namespace kn::test
