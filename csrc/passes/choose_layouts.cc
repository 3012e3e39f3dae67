// Which order of axes tensors lie in. Convolutions and pooling work on channels last; a model with
// channels first has transposes around each of them. Ops that do not care about the order (chains
// of elementwise ops, batch normalization, concatenation, padding …) tie tensors into groups that
// must lie alike. A group is reordered as a whole where that takes more bytes of transposes away at
// its borders than it adds. The same goes for any other order: time first around recurrent layers.
#include <algorithm>
#include <map>
#include <unordered_map>

#include "graph/builder.h"
#include "passes/axis_order.h"
#include "passes/pipeline.h"

namespace kn {

namespace {

using Mapping = std::unordered_map<Value, Value, ValueHash>;

bool is_transpose(const Node& node) { return node.op->name == "transpose"; }
const Ints& order_of(const Node& transpose) { return transpose.attrs.ints("perm"); }

Dim bytes_of(const Value& v) { return v.shape().elements() * static_cast<Dim>(size_of(v.dtype())); }

// Groups of values of one rank that lie alike.
class Groups {
 public:
  explicit Groups(const std::vector<NodePtr>& order) {
    // Masks of dropout go by position: all of a seed are turned, or none.
    std::map<std::pair<int64_t, Ints>, int> masks;
    for (const NodePtr& node : order) {
      const TurningParts parts = turning_parts(*node);
      if (!parts) continue;
      int group = -1;
      const auto join = [&](const Value& v) {
        const int g = find_or_add(v);
        if (group >= 0) parent_[root(g)] = root(group);
        group = g;
      };
      for (size_t i = 0; i < node->inputs.size(); ++i)
        if (TurningParts::has(parts.inputs, static_cast<int>(i))) join(node->inputs[i]);
      for (size_t i = 0; i < node->outputs.size(); ++i)
        if (TurningParts::has(parts.outputs, static_cast<int>(i)))
          join(Value{node, static_cast<int>(i)});
      if (node->op->name != "dropout") continue;
      const auto [at, fresh] =
          masks.try_emplace({node->attrs.integer("seed", 0), node->outputs[0].shape.vec()}, group);
      if (!fresh) parent_[root(group)] = root(at->second);
    }
  }

  // The number of v's group, or -1.
  int of(const Value& v) const {
    const auto found = numbers_.find(v);
    return found == numbers_.end() ? -1 : root(found->second);
  }

 private:
  int find_or_add(const Value& v) {
    const auto [at, fresh] = numbers_.try_emplace(v, static_cast<int>(parent_.size()));
    if (fresh) parent_.push_back(at->second);
    return at->second;
  }
  int root(int g) const {
    while (parent_[g] != g) g = parent_[g];
    return g;
  }

  std::unordered_map<Value, int, ValueHash> numbers_;
  std::vector<int> parent_;
};

// What lies at the border of a group: transposes, with the order that makes them vanish, and values
// that come or are wanted as they are.
struct Border {
  struct Turn {
    Ints perm;
    Dim bytes;
    int other;  // group at its other side, or -1
  };
  std::vector<Turn> turns;
  Dim fixed_bytes = 0;
  Ints perm;  // chosen; empty: as it is
};

class Layouts {
 public:
  explicit Layouts(const Graph& graph)
      : graph_(graph), order_(topological_order(graph.roots())), groups_(order_) {
    for (const NodePtr& node : order_) note_borders(node);
    for (const Value& v : graph.roots()) note_fixed(v);
    choose();
  }

  bool nothing_chosen() const { return !chosen_; }

  Graph run() {
    for (const NodePtr& node : order_) rewrite(node);
    Graph result;
    result.inputs = graph_.inputs;
    for (const Value& v : graph_.outputs) result.outputs.push_back(natural(v));
    for (const Update& u : graph_.updates) result.updates.push_back({u.variable, natural(u.value)});
    return result;
  }

 private:
  // Each tensor that has to be brought into another order counts once.
  void note_fixed(const Value& v) {
    const int group = groups_.of(v);
    if (group < 0 || !fixed_.emplace(v, v).second) return;
    borders_[group].fixed_bytes += bytes_of(v);
  }

  void note_borders(const NodePtr& node) {
    const TurningParts parts = turning_parts(*node);
    if (!parts && is_transpose(*node)) {
      const Value &from = node->inputs[0], to{node, 0};
      const int before = groups_.of(from), after = groups_.of(to);
      if (before >= 0) borders_[before].turns.push_back({order_of(*node), bytes_of(to), after});
      if (after >= 0)
        borders_[after].turns.push_back({inverse_order(order_of(*node)), bytes_of(to), before});
      return;
    }
    for (size_t i = 0; i < node->inputs.size(); ++i)
      if (!TurningParts::has(parts.inputs, static_cast<int>(i)) &&
          !node->op->looks_at_shape_only(i))
        note_fixed(node->inputs[i]);
    for (size_t i = 0; i < node->outputs.size(); ++i)
      if (!TurningParts::has(parts.outputs, static_cast<int>(i)))
        note_fixed(Value{node, static_cast<int>(i)});
  }

  // Bytes of transposes saved by `perm`.
  static Dim gain(const Border& border, const Ints& perm) {
    Dim bytes = -border.fixed_bytes;
    for (const Border::Turn& turn : border.turns)
      if (turn.perm == perm) bytes += turn.bytes;
    return bytes;
  }

  // Largest gains first. Neighbours of a group that is reordered stay as they are: what they would
  // gain at the border between is gone.
  void choose() {
    struct Choice {
      Dim bytes;
      int group;
      Ints perm;
    };
    std::vector<Choice> choices;
    for (const auto& [group, border] : borders_) {
      Choice best{0, group, {}};
      for (const Border::Turn& turn : border.turns)
        if (const Dim bytes = gain(border, turn.perm); bytes > best.bytes)
          best = {bytes, group, turn.perm};
      if (best.bytes > 0) choices.push_back(std::move(best));
    }
    std::sort(choices.begin(), choices.end(), [](const Choice& a, const Choice& b) {
      return a.bytes != b.bytes ? a.bytes > b.bytes : a.group < b.group;
    });
    for (const Choice& choice : choices) {
      Border& border = borders_[choice.group];
      const bool beside =
          std::any_of(border.turns.begin(), border.turns.end(), [&](const Border::Turn& turn) {
            return turn.other >= 0 && !borders_[turn.other].perm.empty();
          });
      if (beside) continue;
      border.perm = choice.perm;
      chosen_ = true;
    }
  }

  // The order that v's group was given, or nullptr.
  const Ints* chosen(const Value& v) const {
    const auto found = borders_.find(groups_.of(v));
    return found == borders_.end() || found->second.perm.empty() ? nullptr : &found->second.perm;
  }

  // What stands for v in the new graph, its axes as they were.
  Value natural(const Value& v) {
    if (const auto found = natural_.find(v); found != natural_.end()) return found->second;
    const auto turned = turned_.find(v);
    if (turned == turned_.end()) return v;
    return natural_[v] = reordered(turned->second, inverse_order(*chosen(v)));
  }

  // The same in the order of its group.
  Value in_order(const Value& v, const Ints& perm) {
    if (const auto found = turned_.find(v); found != turned_.end()) return found->second;
    return turned_[v] = reordered(natural(v), perm);
  }

  void rewrite(const NodePtr& node) {
    LayerScope scope(node->layer);
    const TurningParts parts = turning_parts(*node);
    if (parts) {
      for (size_t i = 0; i < node->inputs.size(); ++i)
        if (TurningParts::has(parts.inputs, static_cast<int>(i)))
          if (const Ints* perm = chosen(node->inputs[i])) return turn(node, parts, *perm);
      for (size_t i = 0; i < node->outputs.size(); ++i)
        if (TurningParts::has(parts.outputs, static_cast<int>(i)))
          if (const Ints* perm = chosen({node, static_cast<int>(i)}))
            return turn(node, parts, *perm);
    } else if (is_transpose(*node) && (chosen(node->inputs[0]) || chosen({node, 0}))) {
      return join(node);
    }
    std::vector<Value> inputs;
    for (const Value& v : node->inputs) inputs.push_back(natural(v));
    if (inputs == node->inputs) return;
    const NodePtr fresh = rebuild(*node, std::move(inputs));
    for (int i = 0; i < static_cast<int>(node->outputs.size()); ++i)
      natural_[{node, i}] = {fresh, i};
  }

  void turn(const NodePtr& node, const TurningParts& parts, const Ints& perm) {
    std::vector<Value> inputs;
    for (size_t i = 0; i < node->inputs.size(); ++i) {
      const Value& v = node->inputs[i];
      inputs.push_back(TurningParts::has(parts.inputs, static_cast<int>(i)) ? in_order(v, perm)
                                                                            : natural(v));
    }
    const std::vector<Value> outputs = turned(*node, std::move(inputs), perm);
    for (int i = 0; i < static_cast<int>(outputs.size()); ++i)
      (TurningParts::has(parts.outputs, i) ? turned_ : natural_)[{node, i}] = outputs[i];
  }

  // A transpose between tensors of which one at least has been reordered.
  void join(const NodePtr& node) {
    const Value &from = node->inputs[0], to{node, 0};
    const Ints *before = chosen(from), *after = chosen(to);
    Ints perm = order_of(*node);
    if (before) {
      const Ints back = inverse_order(*before);
      for (int64_t& axis : perm) axis = back[axis];
    }
    if (after) {
      Ints both;
      for (int64_t axis : *after) both.push_back(perm[axis]);
      perm = std::move(both);
    }
    const Value source = before ? in_order(from, *before) : natural(from);
    (after ? turned_ : natural_)[to] = reordered(source, perm);
  }

  const Graph& graph_;
  std::vector<NodePtr> order_;
  Groups groups_;
  std::unordered_map<int, Border> borders_;
  Mapping fixed_, natural_, turned_;
  bool chosen_ = false;
};

}  // namespace

Graph choose_layouts(const Graph& graph) {
  Layouts layouts(graph);
  return layouts.nothing_chosen() ? graph : layouts.run();
}

}  // namespace kn
