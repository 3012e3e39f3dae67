// Hands a tensor on and shows it to its observer.
#include "base/observer.h"
#include "families.h"
#include "run.h"

namespace kn::cuda {

namespace {

class Observe : public Kernel {
 public:
  explicit Observe(const KernelRequest& r)
      : type_(r.in[0]), observer_(static_cast<const Observer*>(r.payload)) {}
  bool in_place(int, int) const override { return true; }
  void run(const RunArgs& args) const override {
    Queue& queue = queue_of(args);
    queue.copy_within(args.out[0], args.in[0], type_.bytes());
    queue.show(*observer_, type_, args.out[0]);
  }

 private:
  TensorType type_;
  const Observer* observer_;  // the step's node keeps it
};

std::unique_ptr<Kernel> make_observe(const KernelRequest& r, std::string&) {
  return std::make_unique<Observe>(r);
}

const Candidate kObserve[] = {{"host", make_observe}};
const OpKernels kKernels[] = {{"observe", kObserve}};

}  // namespace

std::span<const OpKernels> observe_kernels() { return kKernels; }

}  // namespace kn::cuda
