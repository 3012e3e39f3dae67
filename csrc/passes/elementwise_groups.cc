// Groups form as the nodes of the graph are listed in an order of execution, so a group can never
// depend on itself. Other nodes go first, as early as they can; an elementwise node whose users are
// all elementwise over the same domain waits for them (it is `deferred`); any other starts a group,
// takes in what was deferred for it, and grows by whatever becomes ready, has the same domain, and
// uses a member or reads a tensor of the domain's size that the group reads anyway. Single numbers
// (counters, totals of metrics, rates) join in any case: a kernel costs more than they do. So do
// reductions of few elements where kernels are launched.
#include "passes/elementwise_groups.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "base/reduce_axes.h"
#include "graph/op_def.h"

namespace kn {

namespace {

constexpr Dim kFewElements = 4096;
constexpr int kMostParts = 40, kMostDeferred = 20, kMostInputs = 14, kMostOutputs = 8;

Closing closing_of(std::string_view op) {
  if (op == "sum") return Closing::sum;
  if (op == "mean") return Closing::mean;
  if (op == "max") return Closing::max;
  return op == "min" ? Closing::min : Closing::none;
}

// Whether axes of more than one element are reduced all at the front or all at the end, and enough
// of them to be worth a loop.
bool closes_in_order(const Shape& x, const AxisSet& axes) {
  int changes = 0, last = -1;
  Dim reduced = 1;
  bool first = false;
  for (int i = 0; i < x.rank(); ++i) {
    if (x[i] == 1) continue;
    if (last < 0) first = axes[i];
    else changes += axes[i] != (last == 1);
    last = axes[i];
    if (axes[i]) reduced *= x[i];
  }
  // Sums down few rows of great length split badly over threads.
  const bool leading = first && changes == 1;
  return last >= 0 && changes <= 1 && (first || last == 1) && !(leading && reduced < 4);
}

}  // namespace

FusionPart fusion_part(const Node& node) {
  FusionPart part;
  if (node.outputs.size() != 1 || node.inputs.empty()) return part;
  const std::string_view op = node.op->name;
  const TensorType& out = node.outputs[0];
  bool halves = is_half(out.dtype), known = out.shape.known();
  for (const Value& v : node.inputs) {
    halves = halves || is_half(v.dtype());
    known = known && v.shape().known();
  }
  const bool moves = op == "cast" || op == "broadcast_to" || op == "broadcast_like";
  if (!known || (halves && !moves)) return part;
  part.domain = out.shape;
  if (op == "broadcast_to" || op == "broadcast_like") {
    part.kind = FusionPart::Kind::broadcast;
  } else if (node.op->is(kElementwise) || op == "dropout") {
    std::vector<TensorType> in;
    for (const Value& v : node.inputs) in.push_back(v.type());
    if (lower(op, node.attrs, in, out, part.instruction)) part.kind = FusionPart::Kind::instruction;
  } else if (closing_of(op) != Closing::none && is_float(out.dtype)) {
    const Shape& x = node.inputs[0].shape();
    const AxisSet axes = reduced_axes(node.attrs, x.rank(), op);
    if (!closes_in_order(x, axes)) return part;
    part.kind = FusionPart::Kind::closing;
    part.closing = closing_of(op);
    part.domain = part.kept = x;
    for (int i = 0; i < x.rank(); ++i)
      if (axes[i]) part.kept[i] = 1;
  }
  return part;
}

std::vector<Value> fusion_operands(const Node& node, const FusionPart& part) {
  if (part.kind == FusionPart::Kind::closing || part.instruction.op == Opcode::dropout)
    return {node.inputs[0]};
  std::vector<Value> operands = node.inputs;
  for (Value& v : operands)
    while (fusion_part(*v.node).kind == FusionPart::Kind::broadcast) v = v.node->inputs[0];
  return operands;
}

namespace {

struct Item {
  NodePtr node;
  FusionPart part;
  std::vector<int> inputs;      // items that must come first, each once
  std::vector<int> users;       // items that read this one, each once
  std::vector<Value> operands;  // of a fusing part: what the program reads for it
  int waiting = 0;              // inputs that are not done
  int weight = 1;               // itself and what is deferred for it
  bool is_root = false, deferred = false, done = false;
  int group = -1;
};

class Grouping {
 public:
  Grouping(const Graph& graph, bool queued) : queued_(queued) {
    std::unordered_map<const Node*, int> index;
    for (const NodePtr& node : topological_order(graph.roots())) {
      const int at = static_cast<int>(items_.size());
      index[node.get()] = at;
      Item& item = items_.emplace_back();
      item.node = node;
      item.part = fusion_part(*node);
      for (const Value& v : node->inputs) item.inputs.push_back(index.at(v.node.get()));
      std::sort(item.inputs.begin(), item.inputs.end());
      item.inputs.erase(std::unique(item.inputs.begin(), item.inputs.end()), item.inputs.end());
      item.waiting = static_cast<int>(item.inputs.size());
      if (item.part.fuses()) item.operands = fusion_operands(*node, item.part);
    }
    for (int i = 0; i < static_cast<int>(items_.size()); ++i)
      for (int from : items_[i].inputs) items_[from].users.push_back(i);
    for (const Value& v : graph.roots()) items_[index.at(v.node.get())].is_root = true;
    index_ = std::move(index);
  }

  std::vector<FusionUnit> run() {
    for (int i = 0; i < static_cast<int>(items_.size()); ++i)
      if (items_[i].waiting == 0) ready(i);
    while (!plain_.empty() || !fusing_.empty()) {
      if (!plain_.empty()) {
        const int i = plain_.back();
        plain_.pop_back();
        units_.push_back({items_[i].node});
        finish(i);
        continue;
      }
      const int i = next_fusing();
      fusing_.erase(i);
      if (!defer(i)) start_group(i);
    }
    return std::move(units_);
  }

 private:
  void ready(int i) {
    if (items_[i].part.fuses()) fusing_.insert(i);
    else plain_.push_back(i);
  }

  // Single numbers come last, so that more of them are ready together.
  int next_fusing() const {
    for (int i : fusing_)
      if (items_[i].part.domain.elements() != 1) return i;
    return *fusing_.begin();
  }

  void finish(int i) {
    items_[i].done = true;
    for (int user : items_[i].users)
      if (--items_[user].waiting == 0) ready(user);
  }

  // Leaves a ready node to its users, if they can all take it.
  bool defer(int i) {
    Item& item = items_[i];
    if (item.is_root || item.part.kind != FusionPart::Kind::instruction || item.users.empty())
      return false;
    for (int user : item.users)
      if (!items_[user].part.fuses() || !(items_[user].part.domain == item.part.domain))
        return false;
    if (weight(i) > kMostDeferred) return false;
    item.deferred = true;
    item.weight = weight(i);
    finish(i);
    return true;
  }

  int weight(int i) const {
    int sum = 1;
    for (int from : items_[i].inputs)
      if (items_[from].deferred) sum += items_[from].weight;
    return sum;
  }

  void start_group(int i) {
    const int group = next_group_++;
    members_.clear();
    reads_.clear();
    join(i, group);
    for (bool grown = true; grown;) {
      grown = false;
      for (auto it = fusing_.begin(); it != fusing_.end();) {
        const int candidate = *it;
        if (!(items_[candidate].part.domain == items_[i].part.domain)) {
          ++it;
          continue;
        }
        if (defer(candidate) || (fits(candidate, group) && (join(candidate, group), true))) {
          fusing_.erase(candidate);
          grown = true;
          break;  // `fusing_` may have changed anywhere
        }
        ++it;
      }
    }
    FusionUnit unit;
    std::sort(members_.begin(), members_.end());
    for (int m : members_) unit.push_back(items_[m].node);
    units_.push_back(std::move(unit));
  }

  // Node i and all that waits for it, in a group.
  void join(int i, int group) {
    Item& item = items_[i];
    for (int from : item.inputs)
      if (items_[from].deferred) join(from, group);
    item.group = group;
    members_.push_back(i);
    for (const Value& v : item.operands) reads_.insert(v);
    if (item.deferred) item.deferred = false;
    else finish(i);
  }

  // Adds node i with all that waits for it to `nodes`.
  void collect(int i, std::unordered_set<int>& nodes) const {
    if (!nodes.insert(i).second) return;
    for (int from : items_[i].inputs)
      if (items_[from].deferred) collect(from, nodes);
  }

  bool joins_in_any_case(const FusionPart& part) const {
    const Dim elements = part.domain.elements();
    const bool closes = part.kind == FusionPart::Kind::closing;
    return elements == 1 || (queued_ && closes && elements <= kFewElements);
  }

  bool fits(int i, int group) const {
    std::unordered_set<int> fresh;
    collect(i, fresh);
    if (fresh.size() + members_.size() > kMostParts) return false;
    std::unordered_set<Value, ValueHash> inputs;
    bool connected = joins_in_any_case(items_[i].part);
    const auto look = [&](const Value& v) {
      const int maker = index_.at(v.node.get());
      if (items_[maker].group != group && !fresh.count(maker)) inputs.insert(v);
    };
    for (int f : fresh)
      for (const Value& v : items_[f].operands) {
        const Item& maker = items_[index_.at(v.node.get())];
        // What is reduced is known when the loop has ended.
        if (maker.group == group && maker.part.kind == FusionPart::Kind::closing) return false;
        look(v);
        const bool whole = v.shape() == items_[i].part.domain && !v.shape().empty();
        connected = connected || maker.group == group || (whole && reads_.count(v));
      }
    if (!connected) return false;
    for (const Value& v : reads_) look(v);
    return inputs.size() <= kMostInputs && outputs(group, fresh) <= kMostOutputs;
  }

  // Values that the group would leave to others with `fresh` in it.
  int outputs(int group, const std::unordered_set<int>& fresh) const {
    int count = 0;
    const auto look = [&](int m) {
      bool outside = items_[m].is_root || items_[m].part.kind == FusionPart::Kind::closing;
      for (int user : items_[m].users)
        outside = outside || (items_[user].group != group && !fresh.count(user));
      count += outside;
    };
    for (int m : members_) look(m);
    for (int f : fresh) look(f);
    return count;
  }

  bool queued_;
  std::vector<Item> items_;
  std::unordered_map<const Node*, int> index_;
  std::vector<int> plain_;
  std::set<int> fusing_;  // ready nodes that fuse
  std::vector<int> members_;
  std::unordered_set<Value, ValueHash> reads_;
  std::vector<FusionUnit> units_;
  int next_group_ = 0;
};

}  // namespace

std::vector<FusionUnit> elementwise_groups(const Graph& graph, bool queued) {
  return Grouping(graph, queued).run();
}

}  // namespace kn
