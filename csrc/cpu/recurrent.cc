// Recurrent layers over whole sequences: the order of the ways. What they share is in
// recurrent_sequence.h, what a step does in isa/recurrent_steps.inc.
#include "cpu/ref/recurrent.h"
#include "cpu/families.h"
#include "cpu/recurrent_kernels.h"

namespace kn::cpu {

namespace {

const Candidate kForward[] = {
    {"tiles", make_sequence_in_tiles}, {"steps", make_sequence}, {"ref", ref::make_sequence}};
const Candidate kBack[] = {{"tiles", make_sequence_grad_in_tiles},
                           {"steps", make_sequence_grad},
                           {"ref", ref::make_sequence_grad}};

const OpKernels kKernels[] = {
    {"simple_rnn_sequence", kForward}, {"gru_sequence", kForward},
    {"lstm_sequence", kForward},       {"simple_rnn_sequence_grad", kBack},
    {"gru_sequence_grad", kBack},      {"lstm_sequence_grad", kBack},
};

}  // namespace

std::span<const OpKernels> recurrent_kernels() { return kKernels; }

}  // namespace kn::cpu
