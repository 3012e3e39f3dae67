// Small programs that end in reductions in one launch: a block runs the program, its values pass
// through the workspace, and the same block joins them. A launch within a recorded step takes about
// as long as a block takes for the 4096 elements that it may have.
#pragma once

#include <limits>

#include "each.h"
#include "program.h"
#include "reduce_rules.h"

namespace kn::cuda {

inline constexpr int kBlockThreads = 512;
inline constexpr int64_t kBlockElements = 4096;
inline constexpr int kBlockValues = 20, kBlockClosings = 8;

// Result r is of the elements at r * result_step + k * element_step.
struct ClosingTask {
  const void* from;
  void* to;
  DType dtype;
  Closing closing;
  int64_t results, elements, result_step, element_step;
};

struct BlockImage {
  ProgramImage<kBlockValues, kBlockValues, kBlockValues> program;
  int closings;
  ClosingTask closing[kBlockClosings];
};
static_assert(sizeof(BlockImage) <= 4096);  // what the parameters of any kernel may take

template <class T, class Rule>
__device__ void join_by(const ClosingTask& task, Rule rule) {
  const T* from = static_cast<const T*>(task.from);
  T* to = static_cast<T*>(task.to);
  if (task.element_step >= kWarp) {  // results lie side by side: a thread takes one
    for (int64_t r = threadIdx.x; r < task.results; r += blockDim.x) {
      typename Rule::Acc acc = rule.none();
#pragma unroll 8
      for (int64_t k = 0; k < task.elements; ++k)
        acc = rule.with(acc, from[r * task.result_step + k * task.element_step]);
      to[r] = rule.result(acc, task.elements);
    }
    return;
  }
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  for (int64_t r = threadIdx.x / kWarp; r < task.results; r += blockDim.x / kWarp) {
    typename Rule::Acc acc = rule.none();
    for (int64_t k = lane; k < task.elements; k += kWarp)
      acc = rule.with(acc, from[r * task.result_step + k * task.element_step]);
    acc = join_lanes(acc, [&](auto a, auto b) { return rule.join(a, b); });
    if (lane == 0) to[r] = rule.result(acc, task.elements);
  }
}

template <class T>
__device__ void join_values(const ClosingTask& task) {
  constexpr T kMost = std::numeric_limits<T>::infinity();
  switch (task.closing) {
    case Closing::max: return join_by<T>(task, ExtremeRule<T>{true, -kMost});
    case Closing::min: return join_by<T>(task, ExtremeRule<T>{false, kMost});
    default: return join_by<T>(task, SumRule<T>{task.closing == Closing::mean});
  }
}

template <class Image>
__global__ void __launch_bounds__(kBlockThreads) block_kernel(const __grid_constant__ Image p) {
  Slot* slots = dynamic_shared<Slot>() + threadIdx.x;
  for (int64_t i = threadIdx.x; i < p.program.count; i += blockDim.x)
    run_program(p.program, i, slots, static_cast<int>(blockDim.x));
  __syncthreads();
  for (int c = 0; c < p.closings; ++c) {
    if (p.closing[c].dtype == DType::f64) join_values<double>(p.closing[c]);
    else join_values<float>(p.closing[c]);
  }
}

}  // namespace kn::cuda
