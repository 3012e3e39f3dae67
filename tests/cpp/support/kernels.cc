#include "support/kernels.h"

#include <cstring>
#include <map>

#include "base/error.h"
#include "runtime/device.h"

namespace kn::test {

namespace {

constexpr size_t kGuard = 64;
constexpr unsigned char kGarbage = 0xC9, kGuardByte = 0x5A;

// 64-byte aligned memory with guard bytes after it.
class Guarded {
 public:
  explicit Guarded(size_t bytes, size_t offset = 0)
      : buffer_(cpu_device(), bytes + offset + kGuard), bytes_(bytes), offset_(offset) {
    std::memset(buffer_.data(), kGarbage, bytes + offset);
    std::memset(static_cast<char*>(data()) + bytes, kGuardByte, kGuard);
  }
  void* data() const { return static_cast<char*>(buffer_.data()) + offset_; }
  bool intact() const {
    const auto* end = static_cast<const unsigned char*>(data()) + bytes_;
    for (size_t i = 0; i < kGuard; ++i)
      if (end[i] != kGuardByte) return false;
    return true;
  }

 private:
  Buffer buffer_;
  size_t bytes_, offset_;
};

// The input that output `o` may overwrite, each input used once; -1: none.
int in_place_input(const Kernel& kernel, const KernelCall& call, int o, std::vector<bool>& used) {
  for (size_t i = 0; i < call.in.size(); ++i) {
    if (used[i] || call.in[i]->bytes() != call.out[o].bytes()) continue;
    if (!kernel.in_place(o, static_cast<int>(i))) continue;
    used[i] = true;
    return static_cast<int>(i);
  }
  return -1;
}

}  // namespace

ThreadPool& pool_of(int threads) {
  static std::map<int, std::unique_ptr<ThreadPool>> pools;
  auto& pool = pools[threads];
  if (!pool) pool = std::make_unique<ThreadPool>(threads);
  return *pool;
}

std::unique_ptr<Kernel> make_kernel(const Candidate& candidate, const KernelCall& call,
                                    std::string& refusal) {
  std::vector<TensorType> types;
  std::vector<const HostTensor*> constants;
  for (size_t i = 0; i < call.in.size(); ++i) {
    types.push_back(call.in[i]->type());
    const bool constant = !call.is_constant.empty() && call.is_constant[i];
    constants.push_back(constant ? call.in[i] : nullptr);
  }
  return candidate.make(
      {call.op, call.attrs, types, call.out, call.payload, constants, call.source}, refusal);
}

std::vector<HostTensor> run_kernel(const Kernel& kernel, const KernelCall& call,
                                   const RunOptions& options) {
  std::vector<Guarded> inputs, outputs;
  std::vector<const void*> in;
  std::vector<void*> out;
  for (const HostTensor* t : call.in) {
    inputs.emplace_back(t->bytes(), options.misalign);
    if (t->bytes()) std::memcpy(inputs.back().data(), t->data(), t->bytes());
    in.push_back(inputs.back().data());
  }
  std::vector<bool> used(call.in.size());
  for (size_t o = 0; o < call.out.size(); ++o) {
    outputs.emplace_back(call.out[o].bytes());
    const int over =
        options.use_in_place ? in_place_input(kernel, call, static_cast<int>(o), used) : -1;
    out.push_back(over >= 0 ? inputs[over].data() : outputs.back().data());
  }
  Guarded workspace(kernel.workspace_bytes());
  kernel.run({in.data(), out.data(), workspace.data(), &pool_of(options.threads), options.step});

  std::vector<HostTensor> results;
  for (size_t o = 0; o < out.size(); ++o) results.emplace_back(call.out[o], out[o]);
  bool intact = workspace.intact();
  for (const auto& g : inputs) intact = intact && g.intact();
  for (const auto& g : outputs) intact = intact && g.intact();
  EXPECT_TRUE(intact) << call.op << " wrote past the end of a buffer";
  for (size_t i = 0; i < call.in.size(); ++i) {
    if (!used[i] && call.in[i]->bytes()) {
      EXPECT_EQ(std::memcmp(inputs[i].data(), call.in[i]->data(), call.in[i]->bytes()), 0)
          << call.op << " changed its input " << i;
    }
  }
  return results;
}

std::vector<HostTensor> run_reference(const KernelCall& call, const RunOptions& options) {
  const auto candidates = cpu::kernels(true).candidates(call.op);
  if (candidates.empty()) fail<RuntimeError>("[", call.op, "] has no kernel");
  std::string refusal;
  auto kernel = make_kernel(candidates.back(), call, refusal);
  if (!kernel) fail<RuntimeError>("[", call.op, "] reference refused: ", refusal);
  return run_kernel(*kernel, call, options);
}

}  // namespace kn::test
