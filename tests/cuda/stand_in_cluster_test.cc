// The stand-in's clusters: blocks side by side that reach into each other's shared memory, and what
// hardware would not forgive them.
#include <gtest/gtest.h>

#include <vector>

#include "cluster.h"

namespace kn::cuda {
namespace {

template <class... P, class... A>
void run(void (*kernel)(P...), unsigned cluster, unsigned blocks, size_t shared,
         const A&... arguments) {
  stand_in::run_grid(dim3(blocks), dim3(32), shared, [&] { kernel(arguments...); }, cluster);
}

struct ClusterOrders : ::testing::TestWithParam<stand_in::Order> {
  void SetUp() override { stand_in::set_order(GetParam()); }
  void TearDown() override { stand_in::set_order(stand_in::Order::rising); }
};

// Each block writes its number to the next one of its cluster.
__global__ void pass_on_kernel(int* out, unsigned cluster) {
  int* shared = dynamic_shared<int>();
  shared[threadIdx.x] = -1;
  cluster_barrier();
  map_shared(shared, (cluster_rank() + 1) % cluster)[threadIdx.x] = static_cast<int>(blockIdx.x);
  cluster_barrier();
  __syncthreads();
  out[blockIdx.x * 32 + threadIdx.x] = shared[31 - threadIdx.x];
}

TEST_P(ClusterOrders, BlocksHandEachOtherValues) {
  std::vector<int> out(6 * 32);
  run(pass_on_kernel, 3, 6, 32 * sizeof(int), out.data(), 3u);
  for (int i = 0; i < 6 * 32; ++i) {
    const int block = i / 32;
    EXPECT_EQ(out[static_cast<size_t>(i)], block / 3 * 3 + (block + 2) % 3);
  }
}

INSTANTIATE_TEST_SUITE_P(Both, ClusterOrders,
                         ::testing::Values(stand_in::Order::rising, stand_in::Order::falling));

__global__ void hasty_kernel() { *map_shared(dynamic_shared<int>(), 1) = 1; }

__global__ void gone_kernel() {
  cluster_barrier();
  if (cluster_rank() == 1) return;
  for (int i = 0; i < 3; ++i) __syncthreads();
  *map_shared(dynamic_shared<int>(), 1) = 1;
}

__global__ void missed_kernel() {
  if (cluster_rank() == 0) cluster_barrier();
}

__global__ void mixed_kernel() {
  if (threadIdx.x < 16) cluster_barrier();
  else __syncthreads();
}

__global__ void stray_kernel(int* host) {
  cluster_barrier();
  *map_shared(host, 1) = 1;
}

TEST(WrongClusters, WhatHardwareLeavesUndefined) {
  using stand_in::ExecutionError;
  int own = 0;
  EXPECT_THROW(run(hasty_kernel, 2, 2, 64), ExecutionError);
  EXPECT_THROW(run(gone_kernel, 2, 2, 64), ExecutionError);
  EXPECT_THROW(run(missed_kernel, 2, 2, 64), ExecutionError);
  EXPECT_THROW(run(mixed_kernel, 2, 2, 64), ExecutionError);
  EXPECT_THROW(run(stray_kernel, 2, 2, 64, &own), ExecutionError);
  EXPECT_THROW(run(missed_kernel, 2, 3, 64), ExecutionError) << "not a multiple of the cluster";
  EXPECT_THROW(run(missed_kernel, 16, 16, 64), ExecutionError);
}

}  // namespace
}  // namespace kn::cuda
