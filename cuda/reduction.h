// Reductions over any axes, for the ops of reduce.cu and for fused programs that end in one.
// Deterministic: elements are shared out by size alone and joined in a fixed order.
#pragma once

#include <string_view>

#include "run.h"
#include "strided.h"

namespace kn::cuda {

enum class ReduceKind { sum, mean, max, min, prod, var, std, logsumexp };
ReduceKind reduce_kind(std::string_view op);

class Reduction {
 public:
  // Result i reduces the elements at kept(i) + over(k) for all k.
  Reduction(ReduceKind kind, DType dtype, const Strided& kept, const Strided& over);

  size_t workspace_bytes() const;
  // in, out: of the dtype. Nothing may overlap.
  void run(const RunArgs& args, const void* in, void* out, void* workspace) const;

 private:
  template <class T>
  void run_as(const RunArgs& args, const void* in, void* out, void* workspace) const;

  ReduceKind kind_;
  DType dtype_;
  Strided kept_, over_;
  int64_t results_, elements_;
  bool side_by_side_ = false;  // neighbouring results lie side by side: threads take one each
  bool in_a_row_ = false;      // the elements of a result follow one another
  int64_t parts_ = 1;          // that the elements of a result are cut into
};

}  // namespace kn::cuda
