#include <cmath>
#include <limits>
#include <utility>

#include "base/program.h"
#include "conformance/case.h"

namespace kn::test {

namespace {

struct Range {
  double low = -2, high = 2;
};

// Where a function is defined, and for integers far from a division by zero.
Range range_of(std::string_view op, int operand) {
  if (op == "sqrt" || op == "rsqrt" || op == "reciprocal" || op == "log") return {0.2, 3};
  if (op == "log1p") return {-0.8, 3};
  if (op == "asin" || op == "acos") return {-0.9, 0.9};
  if (op == "tan") return {-1.2, 1.2};
  if (op == "hard_sigmoid") return {-4, 4};
  if (op == "elu_grad" && operand == 1) return {-0.6, 2};
  if (op == "selu_grad" && operand == 1) return {-1.6, 2};
  if (op == "sigmoid_grad" && operand == 1) return {0.1, 0.9};
  if (op == "tanh_grad" && operand == 1) return {-0.9, 0.9};
  if (op == "pow") return operand == 0 ? Range{0.2, 3} : Range{0, 3};
  if ((op == "div" || op == "floordiv" || op == "mod") && operand == 1) return {1, 4};
  if (op == "floordiv" || op == "mod") return {-9, 9};
  return {};
}

Attrs attrs_of(std::string_view op) {
  if (op == "elu" || op == "elu_grad") return {{"alpha", 0.7}};
  if (op == "leaky_relu" || op == "leaky_relu_grad") return {{"alpha", 0.2}};
  if (op == "clip" || op == "clip_grad") return {{"min", -1.0}, {"max", 1.0}};
  return {};
}

std::vector<DType> types_of(Accepts accepted) {
  using enum DType;
  switch (accepted) {
    case Accepts::Float: return {f32, f64};
    case Accepts::Number: return {f32, f64, i32, i64, u8};
    case Accepts::Any: return {f32, f64, i32, i64, u8, b8};
    default: return {b8};
  }
}

void add_row(Cases& list, const OpcodeInfo& op, const std::vector<Shape>& shapes) {
  Case& row = list.op(std::string(op.name), attrs_of(op.name)).types(types_of(op.accepts));
  for (int i = 0; i < static_cast<int>(shapes.size()); ++i) {
    const Range r = range_of(op.name, i);
    if (op.name == "where" && i == 0) row.in_as(DType::b8, shapes[i]);
    else row.in(shapes[i], r.low, r.high);
  }
}

void add_rows(Cases& list, const OpcodeInfo& op) {
  const int n = op.arity;
  for (const Shape& s : {Shape{7, 5}, Shape{}, Shape{0, 3}})
    add_row(list, op, std::vector<Shape>(n, s));
  if (n >= 2) {
    std::vector<Shape> shapes(n, Shape{4, 1, 3});
    shapes.back() = {2, 1};
    add_row(list, op, shapes);
    shapes.assign(n, Shape{3});
    shapes.back() = {2, 3};
    add_row(list, op, shapes);
    shapes.assign(n, Shape{6, 2});
    shapes.front() = {};
    add_row(list, op, shapes);
  }
  // Longer than any tile, and no multiple of any vector.
  add_row(list, op, std::vector<Shape>(n, Shape{17, 1031}));
  list.row(list.rows().size() - 1).no_gradient_here();
}

void add_casts(Cases& list) {
  using enum DType;
  for (DType to : {f32, f64, i32, i64, u8, b8, f16, bf16}) {
    const Attrs attrs{{"dtype", std::string(name_of(to))}};
    const double low = to == u8 ? 0 : -3;  // negative floats have no unsigned value
    Case& row = list.op("cast", attrs).in({5, 7}, low, 3).types({f32, f64, i32, i64, b8});
    // Differences of rounding are no gradients.
    if (to != f64) row.no_gradient_here();
  }
}

// sum over axis 0 of tanh(x * b), and tanh(x * b) itself.
std::shared_ptr<const Payload> sample_program() {
  auto p = std::make_shared<Program>();
  const TensorType x{DType::f32, {70, 33}}, b{DType::f32, {33}};
  p->domain = x.shape;
  p->inputs = {x, b};
  p->code = {{Opcode::mul, DType::f32, DType::f32, {0, 1, -1}},
             {Opcode::tanh, DType::f32, DType::f32, {2, -1, -1}}};
  p->outputs = {{3, Closing::none, {}, x.shape}, {3, Closing::sum, {1, 33}, {33}}};
  return p;
}

// A product that is stored and reduced in front, at the end, and as a whole.
std::shared_ptr<const Payload> reduced_program(DType dtype, Dim rows, Dim columns) {
  auto p = std::make_shared<Program>();
  p->domain = {rows, columns};
  p->inputs = {{dtype, p->domain}, {dtype, {columns}}};
  p->code = {{Opcode::mul, dtype, dtype, {0, 1, -1}}};
  p->outputs = {{2, Closing::none, {}, p->domain},
                {2, Closing::sum, {1, columns}, {columns}},
                {2, Closing::mean, {rows, 1}, {rows}},
                {2, Closing::max, {1, columns}, {1, columns}},
                {2, Closing::min, {1, 1}, {}}};
  return p;
}

}  // namespace

void elementwise_cases(Cases& list) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
#define KN_OP(name, arity, accepts, result) add_rows(list, info_of(Opcode::name));
#include "base/elementwise_ops.inc"
#undef KN_OP
  for (const char* name :
       {"is_nan", "is_inf", "relu", "sigmoid", "tanh", "exp", "abs", "sign", "floor"})
    for (DType t : {DType::f32, DType::f64})
      list.op(name)
          .in_values(t, {5}, {nan, inf, -inf, 0, -0.0})
          .named("special")
          .no_gradient_here();
  for (const char* name : {"maximum", "minimum", "equal", "less"})
    list.op(name)
        .in_values(DType::f32, {6}, {nan, 1, nan, inf, -inf, 0})
        .in_values(DType::f32, {6}, {1, nan, nan, inf, inf, -0.0})
        .named("special")
        .no_gradient_here();
  add_casts(list);
  for (const char* name : {"zeros_like", "ones_like"}) {
    list.op(name).in({3, 4}).types(types_of(Accepts::Any)).no_gradient_here();
    list.op(name, {{"dtype", std::string("int32")}}).in({3, 4});
  }
  list.op("full_like", {{"value", 1.5}}).in({3, 4});
  list.op("full_like", {{"value", 3.0}}).in({0, 4}).types(types_of(Accepts::Any));
  list.op("broadcast_like").in({3, 1}).in({2, 3, 4}).types(types_of(Accepts::Any));
  list.op("broadcast_like").in({}).in({3, 4});
  list.op("broadcast_like").in({1, 4}).in({0, 4});
  list.op("broadcast_to", {{"shape", Ints{5, 3, 4}}}).in({3, 1}).closed();
  list.op("broadcast_to").in({1, 4}).in_values(DType::i64, {2}, {3, 4}).constant().closed();
  for (const DType dtype : {DType::f32, DType::f64})
    for (const auto& [rows, columns] : {std::pair<Dim, Dim>{37, 6}, {20, 50}, {1, 5}, {90, 70}})
      list.op("fused")
          .with(reduced_program(dtype, rows, columns))
          .in({rows, columns})
          .in({columns})
          .types({dtype})
          .tolerance(2e-5, 1e-5)
          .closed();
  list.op("fused").with(sample_program()).in({70, 33}).in({33}).types({DType::f32}).closed();
}

}  // namespace kn::test
