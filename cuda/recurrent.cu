// Recurrent layers over whole sequences, forward and back. Where the recurrent kernel fits the
// chip, it stays there, and a sequence is one launch; large ones have a product per step; small
// ones of float64, or on devices without clusters, one launch in which a block keeps a few rows for
// all steps and reads the kernel from the L2 cache.
#include "families.h"
#include "recurrent_chip.h"
#include "recurrent_products.h"
#include "runtime/device.h"
#include "runtime/recurrent_pair.h"
#include "tensor_tile.h"

namespace kn::cuda {

namespace {

using Sequences = std::unique_ptr<SequenceKernel>;

Sequences make_tf32(const KernelRequest& r, std::string& why) {
  if (!may_use_tf32(r, why)) return nullptr;
  return r.op.ends_with("_grad") ? make_chip_back(r, true, why) : make_chip_forward(r, true, why);
}
Sequences make_chip(const KernelRequest& r, std::string& why) {
  return r.op.ends_with("_grad") ? make_chip_back(r, false, why) : make_chip_forward(r, false, why);
}
Sequences make_steps(const KernelRequest& r, std::string& why) {
  return r.op.ends_with("_grad") ? make_steps_back(r, why) : make_steps_forward(r, why);
}
Sequences make_rows(const KernelRequest& r, std::string& why) {
  return r.op.ends_with("_grad") ? make_rows_back(r, why) : make_rows_forward(r, why);
}

template <Sequences (*kMake)(const KernelRequest&, std::string&)>
std::unique_ptr<Kernel> make_one(const KernelRequest& r, std::string& why) {
  return kMake(r, why);
}

// Two ops that plans have joined, such as both directions of a layer.
class Pair : public RecurrentPair<SequenceKernel> {
 public:
  using RecurrentPair::RecurrentPair;
  void run(const RunArgs& args) const override {
    first_->run_both(args, *second_, of_second(args));
  }
};

template <Sequences (*kMake)(const KernelRequest&, std::string&)>
std::unique_ptr<Kernel> make_pair(const KernelRequest& r, std::string& why) {
  return make_recurrent_pair<SequenceKernel, Pair>(r, why, kMake);
}

const Candidate kSequence[] = {{"chip_tf32", make_one<make_tf32>},
                               {"chip", make_one<make_chip>},
                               {"steps", make_one<make_steps>},
                               {"rows", make_one<make_rows>}};
const Candidate kPair[] = {{"chip_tf32", make_pair<make_tf32>},
                           {"chip", make_pair<make_chip>},
                           {"steps", make_pair<make_steps>},
                           {"rows", make_pair<make_rows>}};

const OpKernels kKernels[] = {
    {"simple_rnn_sequence", kSequence},
    {"simple_rnn_sequence_grad", kSequence},
    {"gru_sequence", kSequence},
    {"gru_sequence_grad", kSequence},
    {"lstm_sequence", kSequence},
    {"lstm_sequence_grad", kSequence},
    {kRecurrentPair, kPair},
};

}  // namespace

std::span<const OpKernels> recurrent_kernels() { return kKernels; }

}  // namespace kn::cuda
