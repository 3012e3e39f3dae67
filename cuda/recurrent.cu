// Recurrent layers over whole sequences, forward and back: one launch each. Rows do not depend on
// each other, so a block keeps a few of them for all steps; the recurrent kernel stays in the L2
// cache.
#include "recurrent.h"

#include "families.h"
#include "runtime/recurrent_pair.h"

namespace kn::cuda {

namespace {

const Candidate kForward[] = {{"rows", make_recurrent_forward}};
const Candidate kBack[] = {{"rows", make_recurrent_back}};

// Two ops that plans have joined, one after the other.
std::unique_ptr<Kernel> make_pair(const KernelRequest& r, std::string& why) {
  return make_recurrent_pair<Kernel>(r, why, [](const KernelRequest& half, std::string& reason) {
    return half.op.ends_with("_grad") ? make_recurrent_back(half, reason)
                                      : make_recurrent_forward(half, reason);
  });
}
const Candidate kPair[] = {{"rows", make_pair}};

const OpKernels kKernels[] = {
    {"simple_rnn_sequence", kForward}, {"gru_sequence", kForward},
    {"lstm_sequence", kForward},       {"simple_rnn_sequence_grad", kBack},
    {"gru_sequence_grad", kBack},      {"lstm_sequence_grad", kBack},
    {kRecurrentPair, kPair},
};

}  // namespace

std::span<const OpKernels> recurrent_kernels() { return kKernels; }

}  // namespace kn::cuda
