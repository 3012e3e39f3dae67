// Reductions on the loops of isa/reduce.isa.cc: one pass for sums, products and extremes; two for
// what is centered on the result of the first (variance on the mean, logsumexp on the maximum).
// Where one part does the whole of a reduction, both passes follow each other tile by tile, while
// the elements are in the cache.
#include "cpu/isa/reduce.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "cpu/families.h"
#include "cpu/isa/isa.h"
#include "cpu/position.h"
#include "cpu/reduce_plan.h"
#include "cpu/ref/reduce.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

constexpr double kBytesPerNanosecond = 10;  // of one thread, for the cost of the whole

const ReduceLoops<float>& loops_of(float) { return table().reduce.f32; }
const ReduceLoops<double>& loops_of(double) { return table().reduce.f64; }
const ReduceLoops<int32_t>& loops_of(int32_t) { return table().reduce.i32; }
const ReduceLoops<int64_t>& loops_of(int64_t) { return table().reduce.i64; }
const ReduceLoops<uint8_t>& loops_of(uint8_t) { return table().reduce.u8; }

enum class Finish { cast, mean, root, log };

struct Recipe {
  std::string_view op;
  ReduceKind first;
  bool centered;  // a second pass follows
  ReduceKind second;
  Finish finish;
};

constexpr Recipe kRecipes[] = {
    {"sum", ReduceKind::sum, false, {}, Finish::cast},
    {"sum_like", ReduceKind::sum, false, {}, Finish::cast},
    {"mean", ReduceKind::sum, false, {}, Finish::mean},
    {"prod", ReduceKind::product, false, {}, Finish::cast},
    {"max", ReduceKind::largest, false, {}, Finish::cast},
    {"any", ReduceKind::largest, false, {}, Finish::cast},
    {"min", ReduceKind::smallest, false, {}, Finish::cast},
    {"all", ReduceKind::smallest, false, {}, Finish::cast},
    {"var", ReduceKind::sum, true, ReduceKind::squares, Finish::mean},
    {"std", ReduceKind::sum, true, ReduceKind::squares, Finish::root},
    {"logsumexp", ReduceKind::largest, true, ReduceKind::exps, Finish::log},
};

const Recipe& recipe_of(std::string_view op) {
  return *std::find_if(std::begin(kRecipes), std::end(kRecipes),
                       [&](const Recipe& r) { return r.op == op; });
}

// What nothing reduces to.
template <class T>
Accumulator<T> identity(ReduceKind kind, bool boolean) {
  using Limits = std::numeric_limits<T>;
  constexpr bool infinite = Limits::has_infinity;
  switch (kind) {
    case ReduceKind::product: return 1;
    case ReduceKind::largest: return infinite ? -Limits::infinity() : Limits::lowest();
    case ReduceKind::smallest:
      if (boolean) return 1;
      return infinite ? Limits::infinity() : Limits::max();
    default: return 0;
  }
}

template <class T>
class Reduce : public Kernel {
 public:
  using W = Accumulator<T>;

  Reduce(const Recipe& recipe, const ReducePlan& plan, bool boolean)
      : recipe_(recipe),
        plan_(plan),
        loops_(loops_of(T{})),
        boolean_(boolean),
        cost_(static_cast<int64_t>(static_cast<double>(plan.elements) * sizeof(T) /
                                   kBytesPerNanosecond)) {}

  // Wide results of every part, then the centers.
  size_t workspace_bytes() const override {
    if (plan_.parts == 1) return 0;
    return static_cast<size_t>(plan_.outputs) *
           (plan_.parts * sizeof(W) + (recipe_.centered ? sizeof(T) : 0));
  }

  void run(const RunArgs& args) const override {
    if (plan_.outputs == 0) return;
    if (plan_.parts == 1) run_whole(args);
    else run_parts(args);
  }

 private:
  // Outputs [tile * kTile, …) of place `kept` of the outer walk.
  struct Task {
    int64_t kept, from, lines;
  };
  Task task(int64_t i) const {
    const int64_t from = i % plan_.tiles * ReducePlan::kTile;
    return {i / plan_.tiles, from, std::min(ReducePlan::kTile, plan_.lines - from)};
  }

  void run_whole(const RunArgs& args) const {
    args.pool->parallel_for(plan_.tasks(), 1, cost_, [&](int64_t begin, int64_t end) {
      W wide[ReducePlan::kTile];
      T center[ReducePlan::kTile];
      for (int64_t i = begin; i < end; ++i) {
        const Task t = task(i);
        T* out = args.output<T>(0) + t.kept * plan_.lines + t.from;
        pass(args, recipe_.first, t, 0, nullptr, wide);
        if (recipe_.centered) {
          find_centers(wide, t.lines, center);
          pass(args, recipe_.second, t, 0, center, wide);
        }
        finish(wide, center, t.lines, out);
      }
    });
  }

  void run_parts(const RunArgs& args) const {
    W* wide = static_cast<W*>(args.workspace);
    T* center = reinterpret_cast<T*>(wide + plan_.parts * plan_.outputs);
    pass_parts(args, recipe_.first, nullptr, wide);
    if (recipe_.centered) {
      find_centers(wide, plan_.outputs, center);
      pass_parts(args, recipe_.second, center, wide);
    }
    finish(wide, center, plan_.outputs, args.output<T>(0));
  }

  void pass_parts(const RunArgs& args, ReduceKind kind, const T* center, W* wide) const {
    args.pool->run_chunks(plan_.tasks() * plan_.parts, cost_, [&](int64_t i) {
      const Task t = task(i / plan_.parts);
      const int64_t part = i % plan_.parts, at = t.kept * plan_.lines + t.from;
      pass(args, kind, t, part, center ? center + at : nullptr, wide + part * plan_.outputs + at);
    });
    for (int64_t part = 1; part < plan_.parts; ++part)
      for (int64_t i = 0; i < plan_.outputs; ++i)
        wide[i] = join(kind, wide[i], wide[part * plan_.outputs + i]);
  }

  // Reduces one part of a task's elements.
  void pass(const RunArgs& args, ReduceKind kind, const Task& t, int64_t part, const T* center,
            W* wide) const {
    std::fill_n(wide, t.lines, identity<T>(kind, boolean_));
    const bool outside = plan_.outer_reduced.count() > 1;
    const int64_t extent = outside ? plan_.outer_reduced.count() : plan_.length;
    const int64_t begin = part * extent / plan_.parts, end = (part + 1) * extent / plan_.parts;
    const T* x = args.input<T>(0) + plan_.outer_kept.offset(t.kept);
    if (!outside) return matrix(x, kind, t, begin, end, center, wide);
    for (int64_t i = begin; i < end; ++i)
      matrix(x + plan_.outer_reduced.offset(i), kind, t, 0, plan_.length, center, wide);
  }

  void matrix(const T* x, ReduceKind kind, const Task& t, int64_t begin, int64_t end,
              const T* center, W* wide) const {
    const int k = static_cast<int>(kind);
    if (plan_.by_rows)
      loops_.rows[k](x + t.from * plan_.length + begin, t.lines, end - begin, plan_.length, center,
                     wide);
    else
      loops_.columns[k](x + begin * plan_.lines + t.from, end - begin, t.lines, plan_.lines, center,
                        wide);
  }

  static W join(ReduceKind kind, W a, W b) {
    switch (kind) {
      case ReduceKind::product: return multiply(a, b);
      case ReduceKind::largest: return b > a || b != b ? b : a;
      case ReduceKind::smallest: return b < a || b != b ? b : a;
      default: return add(a, b);
    }
  }
  static W add(W a, W b) {
    if constexpr (std::is_integral_v<W>)
      return static_cast<W>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
    else return a + b;
  }
  static W multiply(W a, W b) {
    if constexpr (std::is_integral_v<W>)
      return static_cast<W>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
    else return a * b;
  }

  // Means, or maxima where these are finite.
  void find_centers(const W* wide, int64_t n, T* center) const {
    const W count = static_cast<W>(plan_.reduced());
    for (int64_t i = 0; i < n; ++i) {
      if (recipe_.finish != Finish::log) center[i] = static_cast<T>(wide[i] / count);
      else center[i] = std::isinf(static_cast<double>(wide[i])) ? T{0} : static_cast<T>(wide[i]);
    }
  }

  void finish(const W* wide, const T* center, int64_t n, T* out) const {
    W count = static_cast<W>(plan_.reduced());
    if (std::is_integral_v<W> && count == 0) count = 1;
    switch (recipe_.finish) {
      case Finish::cast:
        for (int64_t i = 0; i < n; ++i) out[i] = static_cast<T>(wide[i]);
        return;
      case Finish::mean:
        for (int64_t i = 0; i < n; ++i) out[i] = static_cast<T>(wide[i] / count);
        return;
      case Finish::root:
        for (int64_t i = 0; i < n; ++i)
          out[i] = static_cast<T>(std::sqrt(static_cast<double>(wide[i] / count)));
        return;
      case Finish::log:
        for (int64_t i = 0; i < n; ++i)
          out[i] = static_cast<T>(std::log(static_cast<double>(wide[i])) + center[i]);
    }
  }

  const Recipe& recipe_;
  const ReducePlan plan_;
  const ReduceLoops<T>& loops_;
  const bool boolean_;
  const int64_t cost_;
};

template <class T>
std::unique_ptr<Kernel> make_as(const Recipe& recipe, const ReducePlan& plan, bool boolean,
                                std::string& refusal) {
  const auto& loops = loops_of(T{});
  const auto have = [&](ReduceKind k) { return loops.rows[static_cast<int>(k)] != nullptr; };
  if (!have(recipe.first) || (recipe.centered && !have(recipe.second))) {
    refusal = "no loops for this dtype";
    return nullptr;
  }
  return std::make_unique<Reduce<T>>(recipe, plan, boolean);
}

std::unique_ptr<Kernel> make_loops(const KernelRequest& r, std::string& refusal) {
  const Recipe& recipe = recipe_of(r.op);
  const Shape& x = r.in[0].shape;
  const ReducePlan plan(x, r.op == "sum_like" ? broadcast_axes(x, r.out[0].shape)
                                              : reduced_axes(r.attrs, x.rank(), r.op));
  switch (r.in[0].dtype) {
    case DType::f32: return make_as<float>(recipe, plan, false, refusal);
    case DType::f64: return make_as<double>(recipe, plan, false, refusal);
    case DType::i32: return make_as<int32_t>(recipe, plan, false, refusal);
    case DType::i64: return make_as<int64_t>(recipe, plan, false, refusal);
    default: return make_as<uint8_t>(recipe, plan, r.in[0].dtype == DType::b8, refusal);
  }
}

const Candidate kReduce[] = {{"loops", make_loops}, {"ref", ref::make_reduce}};
const Candidate kPosition[] = {{"loops", make_position}, {"ref", ref::make_position}};
const Candidate kRunning[] = {{"ref", ref::make_running}};
const Candidate kLinearScan[] = {{"ref", ref::make_linear_scan}};

const OpKernels kKernels[] = {
    {"sum", kReduce},      {"mean", kReduce},
    {"max", kReduce},      {"min", kReduce},
    {"prod", kReduce},     {"var", kReduce},
    {"std", kReduce},      {"any", kReduce},
    {"all", kReduce},      {"logsumexp", kReduce},
    {"sum_like", kReduce}, {"argmax", kPosition},
    {"argmin", kPosition}, {"cumsum", kRunning},
    {"cumprod", kRunning}, {"linear_scan", kLinearScan},
};

}  // namespace

std::span<const OpKernels> reduce_kernels() { return kKernels; }

}  // namespace kn::cpu
