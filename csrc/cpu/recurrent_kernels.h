// Kernels of recurrent layers over whole sequences (candidates in cpu/recurrent.cc).
#pragma once

#include <memory>
#include <string>

#include "runtime/kernel.h"

namespace kn::cpu {

// The parts of a run, so that two kernels can share the threads.
class SequenceParts : public Kernel {
 public:
  // Panels to be packed, and what packing all of them costs.
  virtual int64_t packs() const = 0;
  virtual int64_t pack_cost() const = 0;
  virtual void pack(const RunArgs& args, int64_t index) const = 0;
  // Ranges of rows, for so many threads; what running all of them costs, in nanoseconds; the slots
  // that there is scratch for.
  virtual int64_t chunks(int64_t threads) const = 0;
  virtual int64_t cost() const = 0;
  virtual int slots() const = 0;
  virtual void run_chunk(const RunArgs& args, int64_t chunk, int64_t chunks, int slot) const = 0;

  void run(const RunArgs& args) const override;
};

// On tile multipliers, or on vectors.
std::unique_ptr<SequenceParts> make_sequence_in_tiles(const KernelRequest& r, std::string& why);
std::unique_ptr<SequenceParts> make_sequence(const KernelRequest& r, std::string& why);
std::unique_ptr<SequenceParts> make_sequence_grad_in_tiles(const KernelRequest& r,
                                                           std::string& why);
std::unique_ptr<SequenceParts> make_sequence_grad(const KernelRequest& r, std::string& why);

}  // namespace kn::cpu
