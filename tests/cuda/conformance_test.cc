// Every row of the conformance list on the device against the CPU's reference: the results, the
// same bits when run again with threads in another order, unaligned inputs, work in place.
#include <cstdlib>
#include <set>
#include <string_view>

#include "base/error.h"
#include "conformance/row.h"
#include "device_run.h"
#include "graph/op_def.h"
#include "hooks.h"
#include "tile_table.h"

namespace kn::test {
namespace {

// Ops without a CUDA kernel, and why. The list may only shrink.
struct Missing {
  std::string_view op, reason;
};
constexpr Missing kMissing[] = {
    {"shape_of", "known when a plan is made, and folded on the CPU"},
    {"size_of", "known when a plan is made, and folded on the CPU"},
    {"shape_only", "stands for a tensor whose elements nobody reads"},
};

bool is_missing(std::string_view op) {
  for (const Missing& m : kMissing)
    if (m.op == op) return true;
  return false;
}

Tolerance tolerance_of(const Case& c, DType dtype) {
  if (dtype == DType::f32) return c.f32;
  return dtype == DType::f64 ? c.f64 : Tolerance{};
}

void expect_close(const Case& c, const DeviceResults& got, const std::vector<HostTensor>& want,
                  const std::string& what, const Tolerance* instead = nullptr) {
  ASSERT_EQ(got.tensors.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    const DType t = want[i].dtype();
    const bool stored = t == DType::f16 || t == DType::bf16;  // not computed on
    EXPECT_TRUE(stored ? same_bits(got.tensors[i], want[i])
                       : close(got.tensors[i], want[i], instead ? *instead : tolerance_of(c, t)))
        << what << ", output " << i;
  }
}

// Recurrent kernels on tensor cores round the states of every step.
constexpr Tolerance kRoundedStates{2e-2, 1e-2};

void expect_same(const DeviceResults& got, const DeviceResults& want, const std::string& what) {
  for (size_t i = 0; i < want.tensors.size(); ++i)
    EXPECT_TRUE(same_bits(got.tensors[i], want.tensors[i])) << what << ", output " << i;
}

bool on_stand_in() { return recorded_launches() >= 0; }

// Kernels by wgmma may hang a device: there they are run where they are asked for.
bool runs_hopper() {
  const char* wish = std::getenv("KERAS_NATIVE_HOPPER");
  return on_stand_in() || (wish && std::string_view(wish) == "1");
}

// What tensor cores see of float32: 10 bits of fraction.
HostTensor rounded_to_tf32(const HostTensor& x) {
  HostTensor y(x.type(), x.data());
  if (x.dtype() != DType::f32) return y;
  auto* bits = static_cast<uint32_t*>(y.data());
  for (int64_t i = 0; i < y.shape().elements(); ++i) bits[i] = (bits[i] + 0x1000u) & 0xFFFFE000u;
  return y;
}

// On rounded factors the results are the reference's; and it is the kernel that rounds. How the
// copy engine of a device rounds is not known: to the nearest or down, it leaves 10 bits.
void check_tf32(const Case& c, const Kernel& kernel, const KernelCall& call, bool by_engine,
                const std::string& what) {
  std::vector<HostTensor> factors;
  for (int i = 0; i < 2; ++i) factors.push_back(rounded_to_tf32(*call.in[static_cast<size_t>(i)]));
  KernelCall exact = call;
  for (size_t i = 0; i < 2; ++i) exact.in[i] = &factors[i];
  const DeviceResults got = run_on_device(kernel, exact);
  expect_close(c, got, run_reference(exact), what);
  const DeviceResults raw = run_on_device(kernel, call);
  constexpr Tolerance kOtherwiseRounded{1e-2, 1e-2};
  const std::string from = what + ", from factors that are not rounded";
  if (by_engine && !on_stand_in()) expect_close(c, raw, got.tensors, from, &kOtherwiseRounded);
  else expect_same(raw, got, from);
}

bool works_in_place(const Kernel& kernel, const KernelCall& call) {
  for (size_t o = 0; o < call.out.size(); ++o)
    for (size_t i = 0; i < call.in.size(); ++i)
      if (kernel.in_place(static_cast<int>(o), static_cast<int>(i))) return true;
  return false;
}

void check_row(const Case& c, DType dtype) {
  const auto inputs = draw_inputs(c, dtype);
  const NodePtr exact = exact_node(c, inputs);
  if (exact->op->is(kAlias) || exact->op->is(kSource) || resolved_by_plan(c.op)) return;
  if (is_missing(c.op)) return;
  const KernelCall call = call_of(c, exact, inputs);
  const auto want = run_reference(call);
  int made = 0;
  for (const Candidate& candidate : device_source().candidates(c.op)) {
    std::string refusal;
    // Large products are what it is for; here it takes any that it can.
    const bool hopper = candidate.name == "hopper";
    if (hopper && !runs_hopper()) continue;
    if (hopper) cuda::force_tile(cuda::TileChoice{cuda::Tile::hopper_square, 1});
    const auto kernel = make_kernel(candidate, call, refusal);
    cuda::force_tile({});
    const std::string what = concat_text(text_of(c, dtype), " by ", candidate.name);
    if (!kernel) {
      EXPECT_FALSE(refusal.empty()) << what << " refused without a reason";
      continue;
    }
    ++made;
    const DeviceResults base = run_on_device(*kernel, call);
    if (candidate.name == "tf32" || (hopper && dtype == DType::f32))
      check_tf32(c, *kernel, call, hopper, what);
    else
      expect_close(c, base, want, what, candidate.name == "chip_tf32" ? &kRoundedStates : nullptr);
    reverse_turns(true);
    expect_same(run_on_device(*kernel, call), base, what + ", again in another order");
    reverse_turns(false);
    const DeviceResults unaligned = run_on_device(*kernel, call, {.misalign = 8});
    // The copy engine reads no such factors: other tensor cores add up in another order.
    if (hopper) expect_close(c, unaligned, base.tensors, what + ", unaligned");
    else expect_same(unaligned, base, what + ", unaligned");
    if (works_in_place(*kernel, call))
      expect_same(run_on_device(*kernel, call, {.use_in_place = true}), base, what + ", in place");
  }
  EXPECT_GT(made, 0) << text_of(c, dtype) << ": no CUDA kernel takes it";
}

class OnDevice : public ::testing::TestWithParam<const Case*> {};

TEST_P(OnDevice, AgreesWithTheReference) {
  for (DType dtype : GetParam()->dtypes) check_row(*GetParam(), dtype);
}

std::vector<const Case*> rows() {
  std::vector<const Case*> all;
  for (const Case& c : all_cases()) all.push_back(&c);
  return all;
}

INSTANTIATE_TEST_SUITE_P(All, OnDevice, ::testing::ValuesIn(rows()),
                         [](const ::testing::TestParamInfo<const Case*>& info) {
                           return row_name(*info.param, info.index);
                         });

TEST(OpList, EveryOpHasACudaKernelOrAReason) {
  for (const OpDef* op : all_ops()) {
    if (op->is(kSource) || op->is(kAlias) || resolved_by_plan(op->name)) continue;
    const bool has = !device_source().candidates(op->name).empty();
    EXPECT_NE(has, is_missing(op->name))
        << op->name << (has ? " has a kernel: take it off the list" : " has no CUDA kernel");
  }
}

TEST(Faults, AnIndexOutsideItsAxisIsReported) {
  const HostTensor x = uniform(DType::f32, {4, 3}, -1, 1, 1);
  const HostTensor indices = tensor(DType::i64, {3}, {1, 7, 2});
  const Attrs attrs{{"axis", int64_t{0}}};
  const KernelCall call{"gather", attrs, {&x, &indices}, {{DType::f32, {3, 3}}}};
  std::string refusal;
  const auto kernel = make_kernel(device_source().candidates("gather")[0], call, refusal);
  const DeviceResults got = run_on_device(*kernel, call);
  EXPECT_TRUE(got.fault.raised);
  EXPECT_EQ(got.fault.index, 7);
  EXPECT_EQ(got.fault.extent, 4);
  EXPECT_EQ(numbers(got.tensors[0])[3], 0) << "a row of zeros";
}

}  // namespace
}  // namespace kn::test
