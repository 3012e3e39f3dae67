// Ways to convolve that only large shapes take: kernels that exceed the second cache go by in
// parts, or meet the columns of several images at once.
#include <algorithm>

#include "graph/builder.h"
#include "support/kernels.h"

namespace kn::test {
namespace {

// The three passes of one convolution.
class Passes {
 public:
  Passes(Shape x, Shape w, Attrs attrs) : x_(x), w_(w), forward_(std::move(attrs)) {
    const Value y = apply(
        "conv", {placeholder({DType::f32, x}, "x"), placeholder({DType::f32, w}, "w")}, forward_);
    y_ = y.shape();
    data_ = weights_ = forward_;
    data_.set("size", Ints(x.begin() + 1, x.end() - 1));
    weights_.set("window", Ints(w.begin(), w.end() - 2));
    for (const Shape& s : {x_, w_, y_})
      tensors_.push_back(uniform(DType::f32, s, -1, 1, tensors_.size()));
  }

  void set(const char* attribute, AttrValue value) {
    for (Attrs* attrs : {&forward_, &data_, &weights_}) attrs->set(attribute, value);
  }

  KernelCall call(std::string_view op) const {
    const HostTensor &x = tensors_[0], &w = tensors_[1], &y = tensors_[2];
    if (op == "conv") return {op, forward_, {&x, &w}, {{DType::f32, y_}}};
    if (op == "conv_weights") {
      KernelCall weights{op, weights_, {&x, &y}, {{DType::f32, w_}}};
      if (weights_.flag("bias", false)) weights.out.push_back({DType::f32, {w_.back()}});
      return weights;
    }
    KernelCall data{op, data_, {&y, &w}, {{DType::f32, x_}}};
    if (data_.flag("relu", false)) data.in.push_back(&x);
    return data;
  }

 private:
  Shape x_, w_, y_;
  Attrs forward_, data_, weights_;
  std::vector<HostTensor> tensors_;
};

std::vector<HostTensor> run_by(std::string_view candidate, const KernelCall& call, int threads) {
  for (const Candidate& c : cpu::kernels().candidates(call.op)) {
    if (c.name != candidate) continue;
    std::string refusal;
    const auto kernel = make_kernel(c, call, refusal);
    EXPECT_TRUE(kernel) << call.op << ": " << refusal;
    if (kernel) return run_kernel(*kernel, call, {.threads = threads});
  }
  return {};
}

void expect_like_reference(std::string_view candidate, const KernelCall& call) {
  const auto want = run_reference(call), got = run_by(candidate, call, 1);
  const auto shared = run_by(candidate, call, 3);
  ASSERT_EQ(got.size(), want.size()) << call.op;
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_TRUE(close(got[i], want[i], {1e-4, 1e-3})) << call.op << " " << i;
    EXPECT_TRUE(same_bits(got[i], shared[i])) << call.op << " " << i;
  }
}

TEST(Conv, KernelsBeyondTheSecondCacheGoByInParts) {
  Passes p({1, 4, 5, 256}, {3, 3, 256, 150}, {{"padding", std::string("same")}});
  p.set("activation", std::string("sigmoid"));
  p.set("relu", true);
  for (const char* op : {"conv", "conv_data", "conv_weights"})
    expect_like_reference("direct", p.call(op));
}

TEST(Conv, PartsOfGroups) {
  Passes p({1, 5, 4, 256}, {3, 3, 128, 300}, {{"groups", int64_t{2}}});
  p.set("activation", std::string("tanh"));
  for (const char* op : {"conv", "conv_data", "conv_weights"})
    expect_like_reference("direct", p.call(op));
}

void expect_sheets(const Shape& x, const Shape& w, Attrs attrs) {
  Passes p(x, w, std::move(attrs));
  p.set("activation", std::string("tanh"));
  p.set("relu", true);
  p.set("bias", true);
  for (const char* op : {"conv", "conv_data", "conv_weights"})
    expect_like_reference("sheets", p.call(op));
}

TEST(Conv, LargeKernelsMeetASheetOfColumns) {
  expect_sheets({2, 4, 5, 300}, {3, 3, 300, 401}, {{"padding", std::string("same")}});
  expect_sheets({1, 1, 1, 1100}, {1, 3, 1100, 330}, {{"padding", std::string("same")}});
}

TEST(Conv, SheetsOnTileMultipliers) {
  if (!cpu::table().gemm.thirds) GTEST_SKIP() << "no tile multipliers here";
  const Ints two{2, 2};
  expect_sheets({9, 40, 41, 64}, {3, 3, 64, 97},  // five images at a time, then four
                {{"strides", two}, {"padding", std::string("same")}});
  expect_sheets({3, 40, 41, 64}, {3, 3, 64, 100}, {{"dilations", two}});  // one at a time
  expect_sheets({2, 3, 4, 5, 64}, {2, 2, 3, 64, 96}, {});
}

}  // namespace
}  // namespace kn::test
