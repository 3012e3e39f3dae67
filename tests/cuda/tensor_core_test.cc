// Products on tensor cores and in plain arithmetic: whole numbers, whose products and sums are
// exact in TF32 and float32, must come out to the bit, whatever the size, the layout and the tile;
// and the switch.
#include "base/error.h"
#include "base/half.h"
#include "device.h"
#include "hooks.h"
#include "models.h"
#include "tile_table.h"

namespace kn::test {
namespace {

HostTensor whole_numbers(const Shape& shape, uint64_t seed) {
  const HostTensor drawn = uniform(DType::i32, shape, -9, 9, seed);
  HostTensor x = filled(DType::f32, shape, 0);
  for (int64_t i = 0; i < shape.elements(); ++i) set_number(x, i, drawn.number_at(i));
  return x;
}

const Candidate& candidate(std::string_view op, std::string_view name) {
  for (const Candidate& c : device_source().candidates(op))
    if (c.name == name) return c;
  fail<RuntimeError>("no kernel '", name, "' for ", op);
}

// Whole numbers as `dtype`, rounded once where they do not fit.
HostTensor rounded(const HostTensor& x, DType dtype) {
  if (dtype == DType::f32) return HostTensor(x.type(), x.data());
  if (dtype == DType::f64) {
    HostTensor wide({dtype, x.shape()});
    for (int64_t i = 0; i < x.shape().elements(); ++i) set_number(wide, i, x.number_at(i));
    return wide;
  }
  std::vector<uint16_t> bits;
  for (int64_t i = 0; i < x.shape().elements(); ++i) {
    const auto number = static_cast<float>(x.number_at(i));
    bits.push_back(dtype == DType::f16 ? float_to_f16(number) : float_to_bf16(number));
  }
  return HostTensor({dtype, x.shape()}, bits.data());
}

struct Factors {
  DType dtype;
  bool plain;  // not on tensor cores
};
constexpr Factors kFactors[] = {{DType::f32, false},
                                {DType::f16, false},
                                {DType::bf16, false},
                                {DType::f32, true},
                                {DType::f64, true}};

struct Expected {
  std::string_view op;
  Attrs attrs;
  std::vector<Shape> in, out;
  bool hopper = false;
};

std::string_view name_for(const Expected& e, const Factors& f) {
  if (e.hopper) return "hopper";
  if (f.plain) return e.op == "matmul" ? "tiles" : "implicit";
  return f.dtype == DType::f32 ? "tf32" : "halves";
}

// On each kind of factors the results are those of whole numbers, rounded once, in any order of
// threads.
void expect_exact(const Expected& e) {
  std::vector<HostTensor> numbers;
  for (size_t i = 0; i < e.in.size(); ++i) numbers.push_back(whole_numbers(e.in[i], i + 1));
  KernelCall plain{e.op, e.attrs, {}, {}};
  for (const HostTensor& t : numbers) plain.in.push_back(&t);
  for (const Shape& shape : e.out) plain.out.push_back({DType::f32, shape});
  const std::vector<HostTensor> want = run_reference(plain);
  for (const Factors& kind : kFactors) {
    if (e.hopper && (kind.plain || (e.op == "conv_weights" && kind.dtype == DType::f32))) continue;
    const DType dtype = kind.dtype;
    std::vector<HostTensor> factors;
    for (const HostTensor& t : numbers) factors.push_back(rounded(t, dtype));
    KernelCall call{e.op, e.attrs, {}, {}};
    for (const HostTensor& t : factors) call.in.push_back(&t);
    for (const Shape& shape : e.out) call.out.push_back({dtype, shape});
    std::string refusal;
    const auto kernel = make_kernel(candidate(e.op, name_for(e, kind)), call, refusal);
    ASSERT_TRUE(kernel) << refusal;
    for (const bool reversed : {false, true}) {
      reverse_turns(reversed);
      const DeviceResults got = run_on_device(*kernel, call);
      for (size_t o = 0; o < want.size(); ++o)
        EXPECT_TRUE(same_bits(got.tensors[o], rounded(want[o], dtype)))
            << e.op << ' ' << name_for(e, kind) << ' ' << TensorType{dtype, e.in[0]} << ' '
            << TensorType{dtype, e.in[1]};
    }
    reverse_turns(false);
  }
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
        expect_exact({"matmul", attrs, {a, b}, {{s.batch, s.m, s.n}}});
      }
}

// Every tile, with k in one part and in some, at a size that no tile divides.
TEST(TensorCores, TilesAndParts) {
  for (const cuda::Tile tile : {cuda::Tile::large, cuda::Tile::tall, cuda::Tile::small})
    for (const int64_t parts : {1, 3}) {
      cuda::force_tile(cuda::TileChoice{tile, parts});
      for (const bool t : {false, true})
        expect_exact({"matmul",
                      {{"transpose_a", t}, {"transpose_b", !t}},
                      {t ? Shape{200, 136} : Shape{136, 200}, t ? Shape{200, 72} : Shape{72, 200}},
                      {{136, 72}}});
    }
  cuda::force_tile({});
}

cuda::Chip chip() {
  const Attrs none;
  return cuda::chip_of({"matmul", none, {}, {}, nullptr, {}, nullptr});
}

// By wgmma. A test for each: one that hangs a device hides no other.
class Hopper : public ::testing::Test {
 protected:
  void SetUp() override {
    if (chip().capability != 90) GTEST_SKIP() << "this device is not of compute capability 9.0";
  }
  void TearDown() override { cuda::force_tile({}); }
};

struct HopperProduct {
  cuda::Tile tile;
  int64_t parts;
  Size size;  // m = 0: more tiles than blocks can be at once
  bool transpose_a, transpose_b;
  bool one_a = false, one_b = false;  // for all products of the batch
};
class HopperProducts : public Hopper, public ::testing::WithParamInterface<HopperProduct> {};

TEST_P(HopperProducts, ComeOutExactly) {
  const HopperProduct& c = GetParam();
  cuda::force_tile(cuda::TileChoice{c.tile, c.parts});
  Size s = c.size;
  if (s.m == 0) s.m = 64 * chip().multiprocessors + 344;
  Shape a = c.transpose_a ? Shape{s.k, s.m} : Shape{s.m, s.k};
  Shape b = c.transpose_b ? Shape{s.n, s.k} : Shape{s.k, s.n};
  Shape y{s.m, s.n};
  if (s.batch > 1) {
    a.insert(0, c.one_a ? 1 : s.batch);
    b.insert(0, c.one_b ? 1 : s.batch);
    y.insert(0, s.batch);
  }
  const Attrs attrs{{"transpose_a", c.transpose_a}, {"transpose_b", c.transpose_b}};
  expect_exact({"matmul", attrs, {a, b}, {y}, true});
}

// Both tiles, all ways factors lie, k in parts, batches.
INSTANTIATE_TEST_SUITE_P(
    Tiles, HopperProducts,
    ::testing::Values(
        HopperProduct{cuda::Tile::hopper_square, 1, {1, 136, 72, 200}, false, false},
        HopperProduct{cuda::Tile::hopper_square, 3, {1, 136, 136, 400}, false, true},
        HopperProduct{cuda::Tile::hopper_square, 1, {1, 136, 72, 72}, true, false},
        HopperProduct{cuda::Tile::hopper_square, 2, {1, 0, 136, 264}, false, false},
        HopperProduct{cuda::Tile::hopper_wide, 1, {1, 72, 264, 400}, false, false},
        HopperProduct{cuda::Tile::hopper_wide, 2, {1, 136, 264, 264}, true, false},
        HopperProduct{cuda::Tile::hopper_wide, 1, {1, 40, 320, 72}, false, true},
        HopperProduct{cuda::Tile::hopper_square, 1, {1, 72, 136, 200}, true, true},
        HopperProduct{cuda::Tile::hopper_wide, 2, {1, 136, 264, 136}, true, true},
        HopperProduct{cuda::Tile::hopper_square, 1, {3, 40, 72, 72}, false, false},
        HopperProduct{cuda::Tile::hopper_square, 2, {2, 136, 40, 136}, true, true},
        HopperProduct{cuda::Tile::hopper_square, 1, {3, 72, 40, 72}, true, false, false, true},
        HopperProduct{cuda::Tile::hopper_wide, 1, {2, 40, 264, 72}, false, true, true}));

struct HopperLayer {
  cuda::Tile tile;
  int64_t parts;
  Ints strides, dilations;  // none: 1, without padding
  Shape x, w, y;
};
class HopperConvolutions : public Hopper, public ::testing::WithParamInterface<HopperLayer> {
 protected:
  Attrs attrs() const {
    const HopperLayer& l = GetParam();
    if (l.strides.empty()) return {};
    return {{"padding", std::string("same")}, {"strides", l.strides}, {"dilations", l.dilations}};
  }
  void expect(Expected e) {
    e.hopper = true;
    cuda::force_tile(cuda::TileChoice{GetParam().tile, GetParam().parts});
    expect_exact(e);
  }
};

TEST_P(HopperConvolutions, Forward) {
  const HopperLayer& l = GetParam();
  expect({"conv", attrs(), {l.x, l.w, {l.y.back()}}, {l.y}});
}

TEST_P(HopperConvolutions, GradientToInputs) {
  const HopperLayer& l = GetParam();
  Attrs data = attrs();
  data.set("relu", l.parts > 1);
  expect({"conv_data", data, {l.y, l.w, l.x}, {l.x}});
}

TEST_P(HopperConvolutions, GradientToWeights) {
  const HopperLayer& l = GetParam();
  Attrs weights = attrs();
  weights.set("bias", l.parts == 1);
  weights.set("window", Ints(l.w.begin(), l.w.end() - 2));
  std::vector<Shape> out{l.w};
  if (l.parts == 1) out.push_back({l.y.back()});
  expect({"conv_weights", weights, {l.x, l.y}, out});
}

// Windows that hang over, strides, dilation, 1 and 3 axes, more tiles than blocks of the stand-in,
// k in parts, gradients through a relu and to a bias.
INSTANTIATE_TEST_SUITE_P(
    Layers, HopperConvolutions,
    ::testing::Values(
        HopperLayer{cuda::Tile::hopper_square,
                    1,
                    {1, 1},
                    {1, 1},
                    {1, 9, 9, 8},
                    {3, 3, 8, 64},
                    {1, 9, 9, 64}},
        HopperLayer{cuda::Tile::hopper_wide,
                    2,
                    {2, 2},
                    {1, 1},
                    {2, 9, 10, 24},
                    {3, 3, 24, 64},
                    {2, 5, 5, 64}},
        HopperLayer{cuda::Tile::hopper_square,
                    3,
                    {1, 1},
                    {2, 2},
                    {1, 7, 8, 136},
                    {2, 3, 136, 64},
                    {1, 7, 8, 64}},
        HopperLayer{
            cuda::Tile::hopper_square, 1, {1}, {1}, {3, 100, 8}, {3, 8, 192}, {3, 100, 192}},
        HopperLayer{cuda::Tile::hopper_wide,
                    1,
                    {},
                    {},
                    {1, 4, 5, 5, 8},
                    {2, 2, 3, 8, 64},
                    {1, 3, 4, 3, 64}}));

TEST(TensorCores, HopperIsForItsChipAndForLargeProducts) {
  const HostTensor x({DType::bf16, {64, 64}});
  const KernelCall small{"matmul", {}, {&x, &x}, {{DType::bf16, {64, 64}}}};
  std::string refusal;
  EXPECT_FALSE(make_kernel(candidate("matmul", "hopper"), small, refusal));
  EXPECT_NE(refusal, "");
  const cuda::ProductSize large{1, 4096, 4096, 4096};
  EXPECT_LT(
      model_seconds(large, cuda::Unit::halves, cuda::choose_tile(large, cuda::Unit::halves, true)),
      model_seconds(large, cuda::Unit::halves, cuda::choose_tile(large, cuda::Unit::halves)));
}

TEST(TensorCores, BiasAndActivation) {
  expect_exact(
      {"matmul", {{"activation", std::string("relu")}}, {{30, 40}, {40, 16}, {16}}, {{30, 16}}});
}

TEST(TensorCores, Convolutions) {
  const Attrs same{{"padding", std::string("same")}};
  const Attrs strided{{"strides", Ints{2, 2}}, {"padding", std::string("same")}};
  const Attrs groups{{"groups", int64_t{2}}};
  struct Layer {
    Attrs attrs;
    Shape x, w, y;
  };
  for (const Layer& l : {Layer{same, {2, 9, 9, 8}, {3, 3, 8, 16}, {2, 9, 9, 16}},
                         {same, {2, 9, 9, 3}, {3, 3, 3, 5}, {2, 9, 9, 5}},
                         {strided, {2, 9, 10, 8}, {3, 3, 8, 8}, {2, 5, 5, 8}},
                         {groups, {1, 8, 8, 16}, {3, 3, 8, 32}, {1, 6, 6, 32}}}) {
    expect_exact({"conv", l.attrs, {l.x, l.w}, {l.y}});
    expect_exact({"conv", l.attrs, {l.x, l.w, {l.y.back()}}, {l.y}});
    for (const bool relu : {false, true}) {
      Attrs attrs = l.attrs;
      attrs.set("relu", relu);
      expect_exact({"conv_data", attrs, {l.y, l.w, l.x}, {l.x}});
    }
    for (const bool bias : {false, true}) {
      Attrs attrs = l.attrs;
      attrs.set("bias", bias);
      attrs.set("window", Ints(l.w.begin(), l.w.end() - 2));
      std::vector<Shape> out{l.w};
      if (bias) out.push_back({l.y.back()});
      expect_exact({"conv_weights", attrs, {l.x, l.y}, out});
    }
  }
}

TEST(TileTable, RowsAreWhatTheModelSaysUntilADeviceMeasuresThem) {
  for (const cuda::TileRow& row : cuda::tile_rows()) {
    const bool hopper = cuda::of_hopper(row.choice.tile);
    EXPECT_EQ(cuda::choose_tile(row.size, row.unit, hopper), row.choice);
    if (row.source == cuda::Source::measured) continue;
    EXPECT_EQ(cuda::model_choice(row.size, row.unit, hopper), row.choice)
        << row.size.m << ' ' << row.size.n << ' ' << row.size.k;
  }
}

TEST(TileTable, TheModelFillsTheDevice) {
  using cuda::Tile;
  EXPECT_EQ(cuda::model_choice({1, 8192, 8192, 8192}, cuda::Unit::halves),
            (cuda::TileChoice{Tile::large, 1}));
  EXPECT_GT(cuda::model_choice({1, 128, 128, 65536}, cuda::Unit::halves).parts, 16)
      << "few tiles, long inner";
  EXPECT_EQ(cuda::model_choice({1, 8192, 8192, 8192}, cuda::Unit::plain),
            (cuda::TileChoice{Tile::large, 1}));
  EXPECT_EQ(cuda::model_choice({1, 8192, 8192, 8192}, cuda::Unit::plain_wide),
            (cuda::TileChoice{Tile::small, 1}))
      << "the only one it knows";
  EXPECT_EQ(cuda::model_choice({1, 32, 64, 64}, cuda::Unit::tf32),
            (cuda::TileChoice{Tile::small, 1}));
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
