#include "cpu/families.h"
#include "cpu/ref/loss.h"

namespace kn::cpu {

namespace {

const Candidate kLoss[] = {{"ref", ref::make_loss}};
const Candidate kBinary[] = {{"ref", ref::make_binary_loss}};

const OpKernels kKernels[] = {
    {"softmax_cross_entropy", kLoss},
    {"softmax_cross_entropy_grad", kLoss},
    {"sparse_softmax_cross_entropy", kLoss},
    {"sparse_softmax_cross_entropy_grad", kLoss},
    {"categorical_crossentropy", kLoss},
    {"categorical_crossentropy_grad", kLoss},
    {"sparse_categorical_crossentropy", kLoss},
    {"sparse_categorical_crossentropy_grad", kLoss},
    {"binary_crossentropy_logits", kBinary},
    {"binary_crossentropy", kBinary},
    {"softmax_categorical_crossentropy", kLoss},
    {"softmax_categorical_crossentropy_grad", kLoss},
    {"softmax_sparse_categorical_crossentropy", kLoss},
    {"softmax_sparse_categorical_crossentropy_grad", kLoss},
};

}  // namespace

std::span<const OpKernels> loss_kernels() { return kKernels; }

}  // namespace kn::cpu
