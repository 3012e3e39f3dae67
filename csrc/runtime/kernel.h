// The one interface between plans and the code that computes: a device offers, for each op, a list
// of candidates, fastest first and the plain reference last. A candidate looks at a request and
// makes a kernel or refuses with a reason that can be printed. Kernels never allocate, throw or
// print; the workspace they ask for is booked by the plan.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/attrs.h"
#include "base/host_tensor.h"
#include "base/shape.h"
#include "runtime/fault.h"

namespace kn {

class Device;
class KernelSource;
class ThreadPool;
struct Queued;

// What a kernel is wanted for: every shape is known.
struct KernelRequest {
  std::string_view op;
  const Attrs& attrs;
  std::span<const TensorType> in;
  std::span<const TensorType> out;
  const Payload* payload = nullptr;
  // Contents of inputs that are constants of the plan, nullptr otherwise.
  std::span<const HostTensor* const> constants;
  // Where kernels that run others (loops) find them.
  const KernelSource* source = nullptr;
};

// What a kernel gets when it runs. Pointers are 64-byte aligned except for inputs fed by the user
// and aliases into other buffers (8 bytes there); tensors are dense and row-major.
struct RunArgs {
  const void* const* in;
  void* const* out;
  void* workspace;
  ThreadPool* pool;
  uint64_t step;           // counter of this run, the third key of Philox
  Fault* fault = nullptr;  // where indices outside their axis are reported, if anywhere
  // Of devices with a queue (runtime/queue.h): there, kernels queue their work, and read the step
  // from the queue and report faults to it.
  const Queued* queued = nullptr;

  template <class T>
  const T* input(int i) const {
    return static_cast<const T*>(in[i]);
  }
  template <class T>
  T* output(int i) const {
    return static_cast<T*>(out[i]);
  }
};

class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual void run(const RunArgs& args) const = 0;
  virtual size_t workspace_bytes() const { return 0; }
  // True where out[output] may be the same memory as in[input] (equal bytes; every element is read
  // before it is overwritten).
  virtual bool in_place(int output, int input) const {
    (void)output;
    (void)input;
    return false;
  }
};

struct Candidate {
  std::string_view name;
  // Returns a kernel, or nullptr with the reason in `refusal`.
  std::unique_ptr<Kernel> (*make)(const KernelRequest& request, std::string& refusal);
  // Whether it is asked where an operand or a result is float16 or bfloat16. Where no candidate
  // makes a kernel of halves, the pass widen_halves puts casts around the op.
  bool halves = false;
};

// The candidates of one device, by op name.
class KernelSource {
 public:
  virtual ~KernelSource() = default;
  virtual std::span<const Candidate> candidates(std::string_view op) const = 0;
  // Whose memory the kernels work on: the CPU's unless said otherwise.
  virtual Device& device() const;
  // Kernels that work on ordinary memory, for what is computed while a plan is made.
  virtual const KernelSource& host() const { return *this; }
};

}  // namespace kn
