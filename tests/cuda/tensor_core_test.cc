// Products on tensor cores: whole numbers, whose products and sums are exact in TF32 and float32,
// must come out to the bit, whatever the size, the layout and the tile; and the switch.
#include "base/error.h"
#include "hooks.h"
#include "models.h"

namespace kn::test {
namespace {

HostTensor whole_numbers(const Shape& shape, uint64_t seed) {
  const HostTensor drawn = uniform(DType::i32, shape, -9, 9, seed);
  HostTensor x = filled(DType::f32, shape, 0);
  for (int64_t i = 0; i < shape.elements(); ++i) set_number(x, i, drawn.number_at(i));
  return x;
}

const Candidate& tf32(std::string_view op) {
  for (const Candidate& c : device_source().candidates(op))
    if (c.name == "tf32") return c;
  fail<RuntimeError>("no kernel on tensor cores for ", op);
}

void expect_exact(std::string_view op, const Attrs& attrs, const Shape& a, const Shape& b,
                  const Shape& out) {
  const HostTensor x = whole_numbers(a, 1), y = whole_numbers(b, 2);
  const KernelCall call{op, attrs, {&x, &y}, {{DType::f32, out}}};
  std::string refusal;
  const auto kernel = make_kernel(tf32(op), call, refusal);
  ASSERT_TRUE(kernel) << refusal;
  for (const bool reversed : {false, true}) {
    reverse_turns(reversed);
    EXPECT_TRUE(same_bits(run_on_device(*kernel, call).tensors[0], run_reference(call)[0]))
        << op << ' ' << TensorType{DType::f32, a} << ' ' << TensorType{DType::f32, b};
  }
  reverse_turns(false);
}

struct Size {
  Dim batch, m, n, k;
};

TEST(TensorCores, WholeNumbersComeOutExactly) {
  for (const Size& s : {Size{1, 64, 64, 64},
                        {1, 68, 36, 100},   // in fours
                        {1, 61, 37, 99},    // one by one
                        {1, 12, 20, 1000},  // k in parts
                        {2, 33, 130, 31}})
    for (const bool ta : {false, true})
      for (const bool tb : {false, true}) {
        const Attrs attrs{{"transpose_a", ta}, {"transpose_b", tb}};
        Shape a = ta ? Shape{s.k, s.m} : Shape{s.m, s.k};
        Shape b = tb ? Shape{s.n, s.k} : Shape{s.k, s.n};
        a.insert(0, s.batch);
        b.insert(0, s.batch);
        expect_exact("matmul", attrs, a, b, {s.batch, s.m, s.n});
      }
}

// As many products as it takes for large tiles to be chosen.
TEST(TensorCores, LargeTiles) {
  for (const bool t : {false, true})
    expect_exact("matmul", {{"transpose_b", t}}, {66, 70, 36},
                 t ? Shape{66, 130, 36} : Shape{66, 36, 130}, {66, 70, 130});
}

TEST(TensorCores, Convolutions) {
  const Attrs same{{"padding", std::string("same")}};
  expect_exact("conv", same, {2, 9, 9, 8}, {3, 3, 8, 12}, {2, 9, 9, 12});
  expect_exact("conv", same, {2, 9, 9, 3}, {3, 3, 3, 5}, {2, 9, 9, 5});
  expect_exact("conv", {{"groups", int64_t{2}}}, {1, 8, 8, 8}, {3, 3, 4, 8}, {1, 6, 6, 8});
}

TEST(TensorCores, TheSwitchDecidesWhenAPlanIsMade) {
  const Value x = placeholder({DType::f32, {kUnknown, 8}}, "x");
  const Value y = placeholder({DType::f32, {8, 8}}, "y");
  const std::vector<HostTensor> feeds = {filled(DType::f32, {4, 8}, 1 + 1.0 / 4096),
                                         filled(DType::f32, {8, 8}, 1)};
  Device& device = device_source().device();
  for (const bool allowed : {true, false}) {
    device.allow_tf32(allowed);
    Executable e(Graph{{x, y}, {apply("matmul", {x, y})}, {}}, device_source(), Phase::test, "dot");
    const double got = call(e, feeds)[0].number_at(0);
    EXPECT_EQ(got, allowed ? 8 : 8 + 8.0 / 4096);
    EXPECT_EQ(e.text().find("matmul[tf32]") != std::string::npos, allowed) << e.text();
  }
}

TEST(TensorCores, ModelsLearnAlike) {
  std::vector<double> losses;
  for (const KernelSource* where : {&device_source().host(), &device_source()}) {
    where->device().allow_tf32(true);
    const Model model = cnn();
    ModelBuilder b(*where);
    model.build(b);
    Executable e(b.graph, *where, Phase::training, "train");
    for (int i = 0; i < 6; ++i) losses.push_back(call(e, batch(model, 16, 50))[0].number_at(0));
  }
  device_source().device().allow_tf32(false);
  for (size_t i = 0; i < 6; ++i) EXPECT_NEAR(losses[6 + i], losses[i], 5e-3 * losses[i]);
  EXPECT_NE(losses[7], losses[1]) << "it was not on tensor cores";
}

}  // namespace
}  // namespace kn::test
