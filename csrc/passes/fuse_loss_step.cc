// What training wants of a head of classes in one node: softmax with its cross-entropy, the
// gradient to the logits, and which samples are hit. It follows fuse_softmax_loss and looks for
//   p, loss = softmax_…(x, t)
//   softmax_…_grad(p, t, g)                  where g does not depend on the loss's value
//   cast(equal(argmax(p), argmax(t)))        or, for labels, cast(equal(argmax(p), cast(t)))
// The factor of g that is the same for all samples becomes an attribute; casts of labels to
// integers fall away, since the kernels read labels of any dtype in the same way.
#include <algorithm>
#include <optional>

#include "base/host_tensor.h"
#include "graph/builder.h"
#include "passes/pipeline.h"
#include "passes/rewrite.h"

namespace kn {

namespace {

using Nodes = std::vector<NodePtr>;

bool is(const Node& node, std::string_view op) { return node.op->name == op; }
bool is_sparse(const Node& node) { return node.op->name.find("sparse") != std::string_view::npos; }

bool makes_loss(const Node& node) {
  constexpr std::string_view names[] = {
      "softmax_categorical_crossentropy", "softmax_sparse_categorical_crossentropy",
      "softmax_with_cross_entropy", "softmax_with_sparse_cross_entropy"};
  return std::find(std::begin(names), std::end(names), node.op->name) != std::end(names);
}

double epsilon_of(const Node& node) {
  return node.op->name.starts_with("softmax_with") ? 0 : node.attrs.number("epsilon", 1e-7);
}

bool is_gradient_of(const Node& node, const NodePtr& loss) {
  const std::string_view op = is_sparse(*loss) ? "softmax_sparse_categorical_crossentropy_grad"
                                               : "softmax_categorical_crossentropy_grad";
  return is(node, op) && node.inputs[0] == Value{loss, 0} && node.inputs[1] == loss->inputs[1] &&
         epsilon_of(node) == epsilon_of(*loss);
}

bool keeps_elements(const Node& node) {
  constexpr std::string_view names[] = {"reshape", "reshape_like", "squeeze", "expand_dims",
                                        "identity"};
  return std::find(std::begin(names), std::end(names), node.op->name) != std::end(names);
}

// ---- Labels ----

// Whether a cast yields the same class for all numbers that stand for one.
bool keeps_classes(const Node& node) {
  if (!is(node, "cast")) return false;
  const DType to = node.outputs[0].dtype, from = node.inputs[0].dtype();
  if (to != DType::i32 && to != DType::i64) return false;
  return from == DType::f32 || from == DType::f64 || from == DType::u8 || from == DType::i32;
}

// Where labels come from, past casts and changes of shape.
Value source_of(Value v) {
  while (keeps_elements(*v.node) || keeps_classes(*v.node)) v = v.node->inputs[0];
  return v;
}

bool is_argmax_of(const Value& v, const Value& x) {
  const Node& node = *v.node;
  if (!is(node, "argmax") || !(node.inputs[0] == x)) return false;
  const int64_t axis = node.attrs.integer("axis");
  return axis == -1 || axis == x.shape().rank() - 1;
}

// Whether `v` says, for each sample, which class the target names.
bool names_target(const Value& v, const Node& loss) {
  const Value& target = loss.inputs[1];
  if (!is_sparse(loss)) return is_argmax_of(v, target);
  return is_integer(v.dtype()) && source_of(v) == source_of(target);
}

bool marks_hits(const Node& node, const NodePtr& loss) {
  const TensorType rows = loss->outputs[1];
  if (!is(node, "cast") || !(node.outputs[0] == rows)) return false;
  const Node& equal = *node.inputs[0].node;
  if (!is(equal, "equal")) return false;
  for (int i = 0; i < 2; ++i) {
    const Value &found = equal.inputs[i], &wanted = equal.inputs[1 - i];
    if (is_argmax_of(found, {loss, 0}) && wanted.shape() == rows.shape &&
        names_target(wanted, *loss))
      return true;
  }
  return false;
}

// ---- The gradient that comes to the loss ----

// The one number that all elements of `v` are, where it is a constant.
std::optional<double> same_everywhere(Value v) {
  while (keeps_elements(*v.node) || is(*v.node, "broadcast_to") || is(*v.node, "broadcast_like"))
    v = v.node->inputs[0];
  if (!is(*v.node, "constant") || v.shape().elements() == 0) return {};
  const auto& data = static_cast<const HostTensor&>(*v.node->payload);
  const double first = data.number_at(0);
  return data.filled_with(first) ? std::optional(first) : std::nullopt;
}

// g as scale * weights.
struct Weighing {
  double scale = 1;
  Value weights;  // nothing where it is `scale` for all samples

  explicit Weighing(const Value& g) {
    if (const auto number = same_everywhere(g)) {
      scale = *number;
      return;
    }
    weights = g;
    if (!is(*g.node, "mul")) return;
    for (int i = 0; i < 2; ++i) {
      const Value& other = g.node->inputs[1 - i];
      const auto number = same_everywhere(g.node->inputs[i]);
      if (!number || !(other.type() == g.type())) continue;
      scale = *number;
      weights = other;
      return;
    }
  }
};

// ---- The pass ----

struct LossStep {
  NodePtr loss, gradient;
  Nodes hits;
};

std::optional<LossStep> find_step(const Nodes& order) {
  for (const NodePtr& loss : order) {
    if (!makes_loss(*loss)) continue;
    LossStep found{loss, nullptr, {}};
    int gradients = 0;
    for (const NodePtr& node : order) {
      if (is_gradient_of(*node, loss)) {
        found.gradient = node;
        ++gradients;
      } else if (marks_hits(*node, loss)) {
        found.hits.push_back(node);
      }
    }
    if (gradients == 1 && !depends_on(found.gradient->inputs[2], loss)) return found;
  }
  return {};
}

std::vector<Value> make_step(const LossStep& step, bool keep) {
  const Node& loss = *step.loss;
  const Weighing g(step.gradient->inputs[2]);
  Value target = loss.inputs[1];
  if (is_sparse(loss)) {
    target = source_of(target);
    if (!(target.shape() == loss.inputs[1].shape()))
      target = apply("reshape", {target}, {{"shape", loss.inputs[1].shape().vec()}});
  }
  std::vector<Value> inputs = {loss.inputs[0], target};
  if (g.weights) inputs.push_back(g.weights);
  return apply_all(std::string(loss.op->name) + "_step", std::move(inputs),
                   {{"epsilon", epsilon_of(loss)},
                    {"scale", g.scale},
                    {"hits", !step.hits.empty()},
                    {"keep", keep}});
}

Graph with_step(const Graph& graph, const LossStep& step, const std::vector<Value>& made) {
  const Value p = made.size() > 2 + (step.hits.empty() ? 0 : 1) ? made.back() : Value{};
  return rewrite(graph, [&](const NodePtr& node, const std::vector<Value>&) -> std::vector<Value> {
    if (node == step.loss) return {p, made[1]};
    if (node == step.gradient) return {made[0]};
    const bool hits = std::find(step.hits.begin(), step.hits.end(), node) != step.hits.end();
    return hits ? std::vector<Value>{made[2]} : std::vector<Value>{};
  });
}

}  // namespace

Graph fuse_loss_step(const Graph& graph) {
  Graph result = graph;
  while (const auto step = find_step(topological_order(result.roots()))) {
    LayerScope layer(step->loss->layer);
    const std::vector<Value> kept = make_step(*step, true);
    const Graph with_p = with_step(result, *step, kept);
    const bool needed = UseCounts(with_p).of(kept.back()) > 0;
    result = needed ? with_p : with_step(result, *step, make_step(*step, false));
  }
  return result;
}

}  // namespace kn
