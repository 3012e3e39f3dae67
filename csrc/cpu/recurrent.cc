// Recurrent layers over whole sequences: the order of the ways. What they share is in
// recurrent_sequence.h, what a step does in isa/recurrent_steps.inc.
#include "cpu/ref/recurrent.h"
#include "cpu/families.h"
#include "cpu/recurrent_kernels.h"
#include "runtime/recurrent_pair.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

void SequenceParts::run(const RunArgs& args) const {
  args.pool->run_chunks(packs(), pack_cost(), [&](int64_t i) { pack(args, i); });
  const int64_t all = chunks(args.pool->threads());
  args.pool->run_chunks_in_slots(all, cost(), slots(),
                                 [&](int64_t i, int slot) { run_chunk(args, i, all, slot); });
}

namespace {

// Two sequences side by side: the first threads take rows of the one, the last those of the other.
class Pair : public RecurrentPair<SequenceParts> {
 public:
  using RecurrentPair::RecurrentPair;

  void run(const RunArgs& args) const override {
    const RunArgs second = of_second(args);
    const int64_t packs = first_->packs();
    args.pool->run_chunks(packs + second_->packs(), first_->pack_cost() + second_->pack_cost(),
                          [&](int64_t i) {
                            if (i < packs) first_->pack(args, i);
                            else second_->pack(second, i - packs);
                          });
    const int64_t each = first_->chunks(std::max(1, args.pool->threads() / 2));
    args.pool->run_chunks_in_slots(2 * each, first_->cost() + second_->cost(), first_->slots(),
                                   [&](int64_t i, int slot) {
                                     if (i < each) first_->run_chunk(args, i, each, slot);
                                     else second_->run_chunk(second, i - each, each, slot);
                                   });
  }
};

// Of batches that are too small for tiles.
std::unique_ptr<Kernel> make_pair(const KernelRequest& r, std::string& why) {
  return make_recurrent_pair<SequenceParts, Pair>(
      r, why, [](const KernelRequest& half, std::string& reason) {
        return half.op.ends_with("_grad") ? make_sequence_grad(half, reason)
                                          : make_sequence(half, reason);
      });
}

template <auto make>
std::unique_ptr<Kernel> any(const KernelRequest& r, std::string& why) {
  return make(r, why);
}

const Candidate kForward[] = {{"tiles", any<make_sequence_in_tiles>},
                              {"steps", any<make_sequence>},
                              {"ref", ref::make_sequence}};
const Candidate kBack[] = {{"tiles", any<make_sequence_grad_in_tiles>},
                           {"steps", any<make_sequence_grad>},
                           {"ref", ref::make_sequence_grad}};
const Candidate kPair[] = {{"steps", make_pair}, {"ref", ref::make_sequence_pair}};

const OpKernels kKernels[] = {
    {"simple_rnn_sequence", kForward}, {"gru_sequence", kForward},
    {"lstm_sequence", kForward},       {"simple_rnn_sequence_grad", kBack},
    {"gru_sequence_grad", kBack},      {"lstm_sequence_grad", kBack},
    {kRecurrentPair, kPair},
};

}  // namespace

std::span<const OpKernels> recurrent_kernels() { return kKernels; }

}  // namespace kn::cpu
