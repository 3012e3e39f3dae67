// Recurrent layers that are kept on chip by clusters of blocks: sizes at which the blocks hand each
// other states, in both precisions.
#include "base/half.h"
#include "base/recurrence.h"
#include "hooks.h"
#include "models.h"

namespace kn::test {
namespace {

struct Layer {
  std::string cell;
  Dim steps, rows, units;
  bool reset_after = false;
};

std::string text_of(const Layer& l, const std::string& kernel, bool back) {
  return concat_text(l.cell, back ? " back, " : ", ", l.rows, " rows, ", l.units, " units, by ",
                     kernel);
}

Attrs attrs_of(const Layer& l) {
  return {{"masked", true}, {"dropped", true}, {"reset_after", l.reset_after}};
}

// Inputs of the op or of its gradient, in the order of base/recurrence.h.
std::vector<HostTensor> inputs_of(const Layer& l, const Recurrence& r, bool back) {
  std::vector<HostTensor> all;
  const auto draw = [&](const Shape& shape, double from, double to) {
    all.push_back(uniform(DType::f32, shape, from, to, 7 + all.size()));
  };
  const double spread = 2 / std::sqrt(static_cast<double>(l.units));
  const Shape states{l.steps, l.rows, l.units}, state{l.rows, l.units};
  if (back) {
    draw({l.steps, l.rows, r.simple() ? l.units : 4 * l.units}, 0.1, 0.9);
    if (!r.simple()) draw(states, -1, 1);
  } else {
    draw({l.steps, l.rows, r.gates() * l.units}, -1, 1);
  }
  draw({l.units, r.gates() * l.units}, -spread, spread);
  if (!back) {
    draw(state, -1, 1);
    if (r.lstm()) draw(state, -1, 1);
    if (r.reset_after()) draw({3 * l.units}, -1, 1);
  }
  HostTensor mask = filled(DType::b8, {l.steps, l.rows}, 1);
  for (int64_t i = 0; i < l.steps * l.rows; i += 3) set_number(mask, i, 0);
  all.push_back(std::move(mask));
  draw(state, 0, 2);
  if (back) {
    draw(states, -1, 1);
    draw(state, -1, 1);
    if (r.lstm()) draw(state, -1, 1);
  }
  return all;
}

std::vector<TensorType> outputs_of(const Layer& l, const Recurrence& r, bool back) {
  const TensorType state{DType::f32, {l.rows, l.units}};
  const TensorType states{DType::f32, {l.steps, l.rows, l.units}};
  const TensorType wide{DType::f32, {l.steps, l.rows, r.gates() * l.units}};
  if (!back) return r.lstm() ? std::vector{states, state, state} : std::vector{states, state};
  if (r.reset_after()) return {wide, state, wide};
  return r.lstm() ? std::vector{wide, state, state} : std::vector{wide, state};
}

void check_layer(const Layer& l, bool back) {
  const std::string op = l.cell + (back ? "_sequence_grad" : "_sequence");
  Attrs attrs = attrs_of(l);
  if (back) attrs.set("out_grad", true);
  const Recurrence r(op, attrs);
  const auto inputs = inputs_of(l, r, back);
  KernelCall call{op, attrs, {}, outputs_of(l, r, back)};
  for (const HostTensor& t : inputs) call.in.push_back(&t);
  const auto want = run_reference(call);
  for (const Candidate& c : device_source().candidates(op)) {
    if (!c.name.starts_with("chip")) continue;
    std::string why;
    const auto kernel = make_kernel(c, call, why);
    ASSERT_TRUE(kernel) << text_of(l, std::string(c.name), back) << ": " << why;
    const DeviceResults got = run_on_device(*kernel, call);
    const Tolerance most = c.name == "chip" ? Tolerance{1e-4, 2e-5} : Tolerance{3e-2, 2e-2};
    for (size_t o = 0; o < want.size(); ++o)
      EXPECT_TRUE(close(got.tensors[o], want[o], most))
          << text_of(l, std::string(c.name), back) << ", output " << o;
    reverse_turns(true);
    const DeviceResults again = run_on_device(*kernel, call);
    reverse_turns(false);
    for (size_t o = 0; o < want.size(); ++o)
      EXPECT_TRUE(same_bits(again.tensors[o], got.tensors[o]))
          << text_of(l, std::string(c.name), back) << ", output " << o << ", in another order";
  }
}

class OnChip : public ::testing::TestWithParam<Layer> {};

TEST_P(OnChip, ForwardAgreesWithTheReference) { check_layer(GetParam(), false); }
TEST_P(OnChip, BackAgreesWithTheReference) {
  if (GetParam().units > 256) GTEST_SKIP() << "the way back is on chip up to 256 units";
  check_layer(GetParam(), true);
}

INSTANTIATE_TEST_SUITE_P(Sizes, OnChip,
                         ::testing::Values(Layer{"lstm", 3, 3, 128}, Layer{"lstm", 2, 5, 256},
                                           Layer{"gru", 3, 3, 100}, Layer{"gru", 2, 2, 256, true},
                                           Layer{"gru", 2, 9, 130}, Layer{"simple_rnn", 3, 4, 300},
                                           Layer{"simple_rnn", 2, 3, 512}));

// Whole numbers that TF32 holds: states as they are handed on come out to the bit.
TEST(RecurrentOnChip, WholeNumbersComeOutExactly) {
  for (const Dim units : {24, 256}) {
    const Dim steps = 3, rows = 11;
    const auto draw = [](const Shape& shape, double most, uint64_t seed) {
      const HostTensor drawn = uniform(DType::i32, shape, -most, most + 1, seed);
      HostTensor x = filled(DType::f32, shape, 0);
      for (int64_t i = 0; i < shape.elements(); ++i) set_number(x, i, drawn.number_at(i));
      return x;
    };
    const HostTensor x = draw({steps, rows, units}, 3, 1), h = draw({rows, units}, 2, 3);
    HostTensor kernel = draw({units, units}, 1, 2);
    for (int64_t i = 0; i < units * units; ++i)  // few, so that states stay small
      if (i % 17) set_number(kernel, i, 0);
    const Attrs linear{{"activation", std::string("linear")}};
    const KernelCall call{"simple_rnn_sequence",
                          linear,
                          {&x, &kernel, &h},
                          {{DType::f32, {steps, rows, units}}, {DType::f32, {rows, units}}}};
    const auto want = run_reference(call);
    for (const Candidate& c : device_source().candidates(call.op)) {
      std::string why;
      const auto made = make_kernel(c, call, why);
      ASSERT_TRUE(made) << why;
      const DeviceResults got = run_on_device(*made, call);
      EXPECT_TRUE(same_bits(got.tensors[0], want[0])) << c.name << ", " << units;
      EXPECT_TRUE(same_bits(got.tensors[1], want[1])) << c.name << ", " << units;
    }
  }
}

// Of mixed precision: halves are widened before the layer, which loses nothing in TF32, and rounded
// behind it.
TEST(RecurrentOnChip, HalvesAreComputedThereToo) {
  constexpr Dim kSteps = 3, kRows = 4, kUnits = 64;
  Device& device = device_source().device();
  device.allow_tf32(true);
  for (const DType dtype : {DType::bf16, DType::f16}) {
    const auto in = [&](const Shape& shape) { return placeholder({dtype, shape}, "x"); };
    const std::vector<Value> halves = {in({kSteps, kRows, 4 * kUnits}), in({kUnits, 4 * kUnits}),
                                       in({kRows, kUnits}), in({kRows, kUnits})};
    std::vector<Value> floats;
    std::vector<HostTensor> feeds;
    for (const Value& v : halves) {
      floats.push_back(apply("cast", {v}, {{"dtype", std::string("float32")}}));
      const HostTensor drawn = uniform(DType::i32, v.shape(), -2, 3, 5 + feeds.size());
      std::vector<uint16_t> bits;
      for (int64_t i = 0; i < v.shape().elements(); ++i) {
        const auto x = static_cast<float>(drawn.number_at(i)) / 8;
        bits.push_back(dtype == DType::f16 ? float_to_f16(x) : float_to_bf16(x));
      }
      feeds.emplace_back(v.type(), bits.data());
    }
    const Value y = apply_all("lstm_sequence", halves, {})[0];
    const Value in_floats = apply_all("lstm_sequence", floats, {})[0];
    const Value wanted = apply("cast", {in_floats}, {{"dtype", std::string(name_of(dtype))}});
    Executable e(Graph{halves, {y, wanted}, {}}, device_source(), Phase::test, "layers");
    const std::vector<HostTensor> got = call(e, feeds);
    EXPECT_NE(e.text().find("chip_tf32"), std::string::npos) << e.text();
    EXPECT_EQ(e.text().find("[rows]"), std::string::npos) << e.text();
    EXPECT_TRUE(same_bits(got[0], got[1])) << name_of(dtype);
  }
  device.allow_tf32(false);
}

TEST(RecurrentOnChip, TooLargeLayersSaySo) {
  constexpr Dim kUnits = 260;
  const HostTensor x = filled(DType::f32, {1, 2, 4 * kUnits}, 0);
  const HostTensor k = filled(DType::f32, {kUnits, 4 * kUnits}, 0);
  const HostTensor h = filled(DType::f32, {2, kUnits}, 0);
  const TensorType state{DType::f32, {2, kUnits}}, states{DType::f32, {1, 2, kUnits}};
  const Attrs none;
  const KernelCall call{"lstm_sequence", none, {&x, &k, &h, &h}, {states, state, state}};
  std::string why;
  EXPECT_FALSE(make_kernel(device_source().candidates("lstm_sequence")[0], call, why));
  EXPECT_NE(why.find("too large for the chip"), std::string::npos) << why;
}

}  // namespace
}  // namespace kn::test
