// Convolution of bfloat16 on tile multipliers against the reference in float64: forward and both
// gradients, odd sizes, strides, dilations, groups, one to three axes; the same bits for any number
// of threads.
#include "graph/builder.h"
#include "support/halves.h"

namespace kn::test {
namespace {

struct Case {
  Shape x, w;
  Attrs attrs = {};
};

Shape output_of(const Case& c) {
  return apply("conv", {placeholder({DType::f32, c.x}, "x"), placeholder({DType::f32, c.w}, "w")},
               c.attrs)
      .shape();
}

double terms_of(const Case& c) {
  return static_cast<double>(c.w.elements()) / static_cast<double>(c.w.back());
}

void check_forward(const Case& c, const char* activation, bool bias) {
  Attrs attrs = c.attrs;
  attrs.set("activation", std::string(activation));
  std::vector<HostTensor> in = {halves(c.x, 1), halves(c.w, 2)};
  if (bias) in.push_back(halves({c.w.back()}, 3));
  HalvesCall("conv", attrs, std::move(in), {output_of(c)}).check(terms_of(c));
}

void check_data(const Case& c, bool relu) {
  Attrs attrs = c.attrs;
  attrs.set("size", Ints(c.x.begin() + 1, c.x.end() - 1));
  attrs.set("relu", relu);
  std::vector<HostTensor> in = {halves(output_of(c), 4), halves(c.w, 2)};
  if (relu) in.push_back(halves(c.x, 1));
  HalvesCall("conv_data", attrs, std::move(in), {c.x}).check(terms_of(c));
}

void check_weights(const Case& c, bool bias, DType result = DType::bf16) {
  Attrs attrs = c.attrs;
  attrs.set("window", Ints(c.w.begin(), c.w.end() - 2));
  attrs.set("bias", bias);
  if (result == DType::f32) attrs.set("dtype", std::string("float32"));
  const Shape y = output_of(c);
  std::vector<Shape> out = {c.w};
  if (bias) out.push_back({c.w.back()});
  HalvesCall("conv_weights", attrs, {halves(c.x, 1), halves(y, 4)}, out, result)
      .check(static_cast<double>(y.elements()) / static_cast<double>(y.back()));
}

void check_all(const Case& c) {
  check_forward(c, "relu", true);
  check_data(c, false);
  check_weights(c, true);
}

const std::string kSame = "same", kValid = "valid";

TEST(ConvHalves, OddSizes) {
  check_all({{3, 17, 23, 32}, {3, 3, 32, 40}, {{"padding", kSame}}});
  check_all({{2, 19, 37, 48}, {3, 3, 48, 17}, {{"padding", kValid}}});
  check_all({{2, 40, 70, 5}, {3, 3, 5, 33}, {{"padding", kSame}}});
  check_all({{9, 7, 5, 70}, {3, 3, 70, 65}, {{"padding", kSame}}});
  check_all({{1, 64, 67, 16}, {5, 5, 16, 16}, {{"padding", kSame}}});
  check_all({{2, 21, 20, 1}, {7, 7, 1, 40}, {{"padding", kValid}}});
  check_all({{3, 15, 14, 33}, {1, 1, 33, 31}, {{"padding", kSame}}});
  check_all({{5, 6, 7, 32}, {6, 7, 32, 20}, {{"padding", kValid}}});
}

TEST(ConvHalves, StridesAndDilations) {
  for (const std::string& padding : {kSame, kValid}) {
    const Case down{{3, 18, 23, 32}, {3, 3, 32, 48}, {{"padding", padding}}};
    const std::pair<Ints, Ints> windows[] = {
        {{2, 2}, {1, 1}}, {{3, 2}, {1, 1}}, {{1, 1}, {2, 3}}, {{1, 4}, {1, 1}}};
    for (const auto& [strides, dilations] : windows) {
      Case c = down;
      c.attrs.set("strides", strides);
      c.attrs.set("dilations", dilations);
      check_all(c);
    }
  }
  check_all({{3, 16, 15, 64}, {1, 1, 64, 40}, {{"padding", kSame}, {"strides", Ints{2, 2}}}});
  check_all({{2, 30, 31, 3}, {7, 7, 3, 32}, {{"padding", kSame}, {"strides", Ints{2, 2}}}});
}

TEST(ConvHalves, OneAndThreeAxes) {
  check_all({{4, 61, 50}, {3, 50, 64}, {{"padding", std::string("causal")}}});
  check_all({{4, 61, 40}, {5, 40, 24}, {{"padding", kValid}, {"strides", Ints{2}}}});
  check_all({{2, 7, 9, 10, 24}, {3, 3, 3, 24, 40}, {{"padding", kSame}}});
  check_all(
      {{2, 8, 9, 10, 16}, {3, 2, 3, 16, 20}, {{"padding", kSame}, {"strides", Ints{2, 1, 2}}}});
}

TEST(ConvHalves, Groups) {
  check_all({{3, 12, 13, 64}, {3, 3, 32, 96}, {{"padding", kSame}, {"groups", Dim{2}}}});
  check_all({{3, 12, 13, 60}, {3, 3, 20, 54}, {{"padding", kSame}, {"groups", Dim{3}}}});
}

TEST(ConvHalves, ManyChannelsInParts) {
  check_all({{4, 7, 7, 200}, {3, 3, 200, 160}, {{"padding", kSame}}});
  check_all({{20, 4, 4, 96}, {3, 3, 96, 96}, {{"padding", kSame}}});
}

TEST(ConvHalves, Epilogues) {
  const Case c{{2, 20, 21, 40}, {3, 3, 40, 50}, {{"padding", kSame}}};
  for (const char* activation : {"", "tanh", "sigmoid"}) check_forward(c, activation, true);
  check_forward(c, "relu", false);
  check_data(c, true);
  check_weights(c, false);
}

TEST(ConvHalves, GradientsToKernelsInFloat32) {
  check_weights({{3, 17, 23, 32}, {3, 3, 32, 40}, {{"padding", kSame}}}, true, DType::f32);
}

}  // namespace
}  // namespace kn::test
