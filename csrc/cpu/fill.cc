#include <algorithm>
#include <cstring>

#include "cpu/families.h"
#include "cpu/ref/movement.h"
#include "cpu/ref/moves.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

// A tensor of equal elements; T has their size.
template <class T>
class Full : public Kernel {
 public:
  explicit Full(const KernelRequest& r) : size_(r.out[0].shape.elements()) {
    const auto bytes = ref::element_bytes(r.attrs.number("value"), r.out[0].dtype);
    std::memcpy(&value_, bytes.data(), sizeof value_);
  }
  void run(const RunArgs& args) const override {
    T* out = args.output<T>(0);
    args.pool->parallel_for(size_, 65536, size_ / 8,
                            [&](Dim from, Dim to) { std::fill(out + from, out + to, value_); });
  }

 private:
  Dim size_;
  T value_;
};

std::unique_ptr<Kernel> make_full(const KernelRequest& r, std::string&) {
  switch (size_of(r.out[0].dtype)) {
    case 1: return std::make_unique<Full<uint8_t>>(r);
    case 2: return std::make_unique<Full<uint16_t>>(r);
    case 4: return std::make_unique<Full<uint32_t>>(r);
    default: return std::make_unique<Full<uint64_t>>(r);
  }
}

// The others fold to constants when a plan is made.
const Candidate kFull[] = {{"fill", make_full, true}, {"ref", ref::make_full, true}};
const Candidate kArange[] = {{"ref", ref::make_arange}};
const Candidate kEye[] = {{"ref", ref::make_eye}};

const OpKernels kKernels[] = {{"full", kFull}, {"arange", kArange}, {"eye", kEye}};

}  // namespace

std::span<const OpKernels> fill_kernels() { return kKernels; }

}  // namespace kn::cpu
