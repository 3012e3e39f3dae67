#include "device_run.h"

#include <cstring>

#include "base/error.h"
#include "cpu/families.h"
#include "device.h"
#include "runtime/devices.h"

namespace kn::test {

namespace {

constexpr size_t kGuard = 64;
constexpr unsigned char kGarbage = 0xC9, kGuardByte = 0x5A;

class GuardedOnDevice {
 public:
  GuardedOnDevice(size_t bytes, size_t offset)
      : buffer_(device_source().device(), bytes + offset + kGuard), bytes_(bytes), offset_(offset) {
    fill(std::vector<unsigned char>(bytes, kGarbage).data());
  }
  void fill(const void* data) {
    std::vector<unsigned char> all(bytes_ + kGuard, kGuardByte);
    if (bytes_) std::memcpy(all.data(), data, bytes_);
    buffer_.device()->copy_in(this->data(), all.data(), all.size());
  }
  void* data() const { return static_cast<char*>(buffer_.data()) + offset_; }
  // The contents; fails where a guard byte changed.
  std::vector<unsigned char> read(std::string_view op) const {
    std::vector<unsigned char> all(bytes_ + kGuard);
    buffer_.device()->copy_out(all.data(), data(), all.size());
    for (size_t i = bytes_; i < all.size(); ++i)
      if (all[i] != kGuardByte) {
        ADD_FAILURE() << op << " wrote past the end of a buffer";
        break;
      }
    all.resize(bytes_);
    return all;
  }

 private:
  Buffer buffer_;
  size_t bytes_, offset_;
};

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

const KernelSource& device_source() {
  static const KernelSource& source = []() -> const KernelSource& {
    plug_in(cpu::kernels());
    for (const KernelSource* s : cuda::sources()) plug_in(*s);
    if (cuda::sources().empty()) fail<RuntimeError>("no GPU: ", cuda::absence());
    // To be compared with the CPU; tests of tensor cores say what they want.
    cuda::sources()[0]->device().allow_tf32(false);
    return *cuda::sources()[0];
  }();
  return source;
}

DeviceResults run_on_device(const Kernel& kernel, const KernelCall& call,
                            const RunOptions& options) {
  static const std::unique_ptr<Queue> queue = device_source().device().make_queue();
  std::vector<GuardedOnDevice> inputs, outputs;
  std::vector<const void*> in;
  std::vector<void*> out;
  for (const HostTensor* t : call.in) {
    inputs.emplace_back(t->bytes(), options.misalign);
    inputs.back().fill(t->data());
  }
  for (const auto& g : inputs) in.push_back(g.data());
  std::vector<bool> used(call.in.size());
  std::vector<int> over;
  for (size_t o = 0; o < call.out.size(); ++o) {
    outputs.emplace_back(call.out[o].bytes(), 0);
    over.push_back(options.use_in_place ? in_place_input(kernel, call, static_cast<int>(o), used)
                                        : -1);
  }
  for (size_t o = 0; o < call.out.size(); ++o)
    out.push_back(over[o] >= 0 ? inputs[over[o]].data() : outputs[o].data());
  const GuardedOnDevice workspace(kernel.workspace_bytes(), 0);

  queue->begin(options.step);
  Queued queued{queue.get()};
  RunArgs args{in.data(), out.data(), workspace.data(), &pool_of(1), options.step};
  args.queued = &queued;
  queue->replay([&] { kernel.run(args); }, true);
  DeviceResults results;
  results.fault = queue->finish();

  workspace.read(call.op);
  std::vector<std::vector<unsigned char>> input_bytes;
  for (size_t i = 0; i < call.in.size(); ++i) {
    input_bytes.push_back(inputs[i].read(call.op));
    if (!used[i] && call.in[i]->bytes()) {
      EXPECT_EQ(std::memcmp(input_bytes[i].data(), call.in[i]->data(), call.in[i]->bytes()), 0)
          << call.op << " changed its input " << i;
    }
  }
  for (size_t o = 0; o < call.out.size(); ++o) {
    const auto bytes = over[o] >= 0 ? input_bytes[over[o]] : outputs[o].read(call.op);
    results.tensors.emplace_back(call.out[o], bytes.data());
  }
  return results;
}

}  // namespace kn::test
