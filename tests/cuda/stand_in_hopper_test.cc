// What the stand-in says of kernels that use wgmma's registers and sums as hardware does not allow.
#include <gtest/gtest.h>

#include "hopper.h"

namespace kn::cuda {
namespace {

constexpr unsigned kThreads = 384;      // 168 registers each
constexpr size_t kFactorBytes = 16384;  // 128 rows of 128 bytes, which both factors read

template <int kGiven, int kTaken>
__global__ void trade_kernel() {
  auto* barrier = dynamic_shared<uint64_t>();
  if (threadIdx.x == 0) begin_barrier(barrier, 1);
  __syncthreads();
  if (threadIdx.x < 128) give_registers<kGiven>();
  else take_registers<kTaken>();
}

template <bool kOpened>
__global__ void multiply_kernel() {
  unsigned char* shared = dynamic_shared_in_rows();
  // As all such kernels do: what blocks before this one copied counts no longer.
  if (threadIdx.x == 0) begin_barrier(reinterpret_cast<uint64_t*>(shared + kFactorBytes), 1);
  __syncthreads();
  float d[64] = {};
  if (kOpened) open_products(d);
  const FactorPlace place{shared, 16, 1024};
  begin_product<BFloat16, true, true, 128>(d, place, place);
  close_products();
  wait_products<0>(d);
}

template <class Kernel>
void run(Kernel kernel, unsigned threads) {
  launch(kernel, dim3(1), dim3(threads), kFactorBytes + sizeof(uint64_t), nullptr);
}

TEST(StandInHopper, RegistersAreTraded) {
  run(trade_kernel<40, 232>, kThreads);
  run(trade_kernel<104, 200>, kThreads);
  EXPECT_THROW(run((trade_kernel<96, 208>), kThreads), stand_in::ExecutionError)
      << "168 are not enough for a third of the threads";
}

TEST(StandInHopper, SumsAreOpenedBeforeTheyAreAddedTo) {
  run(multiply_kernel<true>, 128);
  EXPECT_DEATH(run(multiply_kernel<false>, 128), "not opened");
}

}  // namespace
}  // namespace kn::cuda
