// The stand-in itself: barriers, exchanges between lanes, shared memory, and that it finds what
// hardware leaves undefined. On a GPU there is nothing to test here.
#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "launch.h"

namespace kn::cuda {
namespace {

// Host memory stands in for the device's: these kernels are run without the runtime API.
template <class... P, class... A>
void run(void (*kernel)(P...), dim3 grid, dim3 block, size_t shared, const A&... arguments) {
  stand_in::run_grid(grid, block, shared, [&] { kernel(arguments...); });
}

struct Orders : ::testing::TestWithParam<stand_in::Order> {
  void SetUp() override { stand_in::set_order(GetParam()); }
  void TearDown() override { stand_in::set_order(stand_in::Order::rising); }
};

__global__ void number_kernel(int* out) {
  const unsigned block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  const unsigned thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  out[block * blockDim.x * blockDim.y * blockDim.z + thread] += static_cast<int>(thread);
}

TEST_P(Orders, EveryThreadRunsOnce) {
  std::vector<int> out(2 * 3 * 2 * 4 * 3 * 2, 0);
  run(number_kernel, dim3(2, 3, 2), dim3(4, 3, 2), 0, out.data());
  for (size_t i = 0; i < out.size(); ++i) EXPECT_EQ(out[i], static_cast<int>(i % 24));
}

__global__ void turn_around_kernel(int* data) {
  __shared__ int shared[256];
  const int i = static_cast<int>(threadIdx.x), n = static_cast<int>(blockDim.x);
  for (int round = 0; round < 3; ++round) {
    shared[i] = data[i];
    __syncthreads();
    data[i] = shared[n - 1 - i];
    __syncthreads();
  }
}

TEST_P(Orders, BarriersSeparateWritesFromReads) {
  std::vector<int> data(256);
  std::iota(data.begin(), data.end(), 0);
  run(turn_around_kernel, dim3(1), dim3(256), 0, data.data());
  for (int i = 0; i < 256; ++i) EXPECT_EQ(data[i], 255 - i);
}

__global__ void warp_sum_kernel(const int* in, int* out) {
  int sum = in[blockIdx.x * blockDim.x + threadIdx.x];
  for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_xor_sync(~0u, sum, offset);
  if (threadIdx.x % 32 == 0) out[(blockIdx.x * blockDim.x + threadIdx.x) / 32] = sum;
}

TEST_P(Orders, LanesExchangeValues) {
  std::vector<int> in(256), out(8, 0);
  std::iota(in.begin(), in.end(), 0);
  run(warp_sum_kernel, dim3(2), dim3(128), 0, in.data(), out.data());
  for (int w = 0; w < 8; ++w) EXPECT_EQ(out[w], 32 * (32 * w) + 31 * 16);
}

__global__ void shift_kernel(double* up, double* down, unsigned* votes, int* first) {
  const int lane = static_cast<int>(threadIdx.x);
  up[lane] = __shfl_up_sync(~0u, lane + 0.5, 1);
  down[lane] = __shfl_down_sync(~0u, lane + 0.5, 3);
  votes[lane] = __ballot_sync(~0u, lane % 3 == 0);
  first[lane] = __shfl_sync(~0u, lane * 7, 5);
}

TEST_P(Orders, ShufflesOfAllKinds) {
  std::vector<double> up(32), down(32);
  std::vector<unsigned> votes(32);
  std::vector<int> fifth(32);
  run(shift_kernel, dim3(1), dim3(32), 0, up.data(), down.data(), votes.data(), fifth.data());
  unsigned want = 0;
  for (unsigned lane = 0; lane < 32; lane += 3) want |= 1u << lane;
  for (int lane = 0; lane < 32; ++lane) {
    EXPECT_EQ(up[lane], (lane ? lane - 1 : 0) + 0.5);
    EXPECT_EQ(down[lane], (lane < 29 ? lane + 3 : lane) + 0.5);
    EXPECT_EQ(votes[lane], want);
    EXPECT_EQ(fifth[lane], 35);
  }
}

__global__ void half_warp_kernel(int* out) {
  const int lane = static_cast<int>(threadIdx.x);
  const unsigned mask = lane < 16 ? 0xFFFFu : 0xFFFF0000u;
  int sum = lane;
  if (lane < 16) {
    for (int offset = 8; offset > 0; offset /= 2) sum += __shfl_xor_sync(mask, sum, offset);
  } else {
    for (int offset = 8; offset > 0; offset /= 2) sum *= __shfl_xor_sync(mask, 1, offset);
  }
  out[lane] = sum;
}

TEST_P(Orders, PartsOfAWarpGoTheirOwnWays) {
  std::vector<int> out(32);
  run(half_warp_kernel, dim3(1), dim3(32), 0, out.data());
  for (int lane = 0; lane < 32; ++lane) EXPECT_EQ(out[lane], lane < 16 ? 120 : lane);
}

__global__ void dynamic_kernel(float* out, int n) {
  float* shared = dynamic_shared<float>();
  for (int i = static_cast<int>(threadIdx.x); i < n; i += static_cast<int>(blockDim.x))
    shared[i] = static_cast<float>(i);
  __syncthreads();
  if (threadIdx.x != 0) return;
  float sum = 0;
  for (int i = 0; i < n; ++i) sum += shared[i];
  out[blockIdx.x] = sum;
}

TEST_P(Orders, DynamicSharedMemory) {
  std::vector<float> out(3);
  run(dynamic_kernel, dim3(3), dim3(64), 1000 * sizeof(float), out.data(), 1000);
  for (float sum : out) EXPECT_EQ(sum, 499500.0f);
}

__global__ void count_kernel(int* count) { atomicAdd(count, 2); }

TEST_P(Orders, Atomics) {
  int count = 0;
  run(count_kernel, dim3(5), dim3(100), 0, &count);
  EXPECT_EQ(count, 1000);
}

INSTANTIATE_TEST_SUITE_P(Both, Orders,
                         ::testing::Values(stand_in::Order::rising, stand_in::Order::falling));

// ---- What is wrong is found ----

__global__ void forgotten_barrier_kernel(const int* in, int* out) {
  __shared__ int shared[64];
  shared[threadIdx.x] = in[threadIdx.x];
  out[threadIdx.x] = shared[63 - threadIdx.x];
}

TEST(Wrong, AForgottenBarrierGivesOtherResultsInTheOtherOrder) {
  std::vector<int> in(64), rising(64), falling(64);
  std::iota(in.begin(), in.end(), 1);
  run(forgotten_barrier_kernel, dim3(1), dim3(64), 0, in.data(), rising.data());
  stand_in::set_order(stand_in::Order::falling);
  for (int& x : in) x += 1000;
  run(forgotten_barrier_kernel, dim3(1), dim3(64), 0, in.data(), falling.data());
  stand_in::set_order(stand_in::Order::rising);
  for (int& x : falling) x -= 1000;
  EXPECT_NE(rising, falling);
}

__global__ void different_barriers_kernel() {
  if (threadIdx.x < 16) {
    __syncthreads();
  } else {
    __syncthreads();
  }
}

__global__ void missed_barrier_kernel() {
  if (threadIdx.x < 16) return;
  __syncthreads();
}

__global__ void missing_lane_kernel(int* out) {
  if (threadIdx.x < 31) out[threadIdx.x] = __shfl_xor_sync(~0u, 1, 1);
}

__global__ void different_masks_kernel(int* out) {
  out[threadIdx.x] = __shfl_sync(threadIdx.x < 16 ? ~0u : 0xFFFF0000u, 1, 20);
}

__global__ void other_half_kernel(int* out) {
  if (threadIdx.x < 16) out[threadIdx.x] = __shfl_sync(0xFFFFu, 1, 20);
}

TEST(Wrong, WhatHardwareLeavesUndefined) {
  std::vector<int> out(32);
  const dim3 one(1), warp(32);
  EXPECT_THROW(run(different_barriers_kernel, one, warp, 0), stand_in::ExecutionError);
  EXPECT_THROW(run(missed_barrier_kernel, one, warp, 0), stand_in::ExecutionError);
  EXPECT_THROW(run(missing_lane_kernel, one, warp, 0, out.data()), stand_in::ExecutionError);
  EXPECT_THROW(run(different_masks_kernel, one, warp, 0, out.data()), stand_in::ExecutionError);
  EXPECT_THROW(run(other_half_kernel, one, warp, 0, out.data()), stand_in::ExecutionError);
  EXPECT_THROW(run(count_kernel, one, dim3(1025), 0, out.data()), stand_in::ExecutionError);
  EXPECT_THROW(run(count_kernel, dim3(0), warp, 0, out.data()), stand_in::ExecutionError);
  run(warp_sum_kernel, one, warp, 0, std::vector<int>(32).data(), out.data());  // goes on after
}

TEST(DeviceMemory, TheHostCannotTouchIt) {
  int* memory = nullptr;
  ASSERT_EQ(cudaMalloc(reinterpret_cast<void**>(&memory), 64), cudaSuccess);
  EXPECT_DEATH(*memory = 1, "");
  EXPECT_EQ(cudaFree(memory), cudaSuccess);
}

TEST(DeviceMemory, CopiesAreCheckedAgainstTheirBlocks) {
  void* memory = nullptr;
  ASSERT_EQ(cudaMalloc(&memory, 64), cudaSuccess);
  char host[128] = {};
  EXPECT_EQ(cudaMemcpyAsync(memory, host, 64, cudaMemcpyHostToDevice, nullptr), cudaSuccess);
  EXPECT_NE(cudaMemcpyAsync(memory, host, 65, cudaMemcpyHostToDevice, nullptr), cudaSuccess);
  EXPECT_NE(cudaMemcpyAsync(host, memory, 64, cudaMemcpyHostToDevice, nullptr), cudaSuccess);
  EXPECT_EQ(cudaFree(memory), cudaSuccess);
  EXPECT_NE(cudaFree(memory), cudaSuccess);
  (void)cudaGetLastError();
}

// ---- Streams ----

struct Two {
  Two() {
    for (cudaStream_t& s : stream) EXPECT_EQ(cudaStreamCreateWithFlags(&s, 1), cudaSuccess);
    EXPECT_EQ(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), cudaSuccess);
  }
  ~Two() {
    stand_in::finish_all();
    stand_in::set_pace(stand_in::Pace::late);
    for (cudaStream_t s : stream) EXPECT_EQ(cudaStreamDestroy(s), cudaSuccess);
    EXPECT_EQ(cudaEventDestroy(event), cudaSuccess);
  }
  cudaStream_t stream[2];
  cudaEvent_t event;
};

TEST(Streams, NothingIsDoneBeforeSomebodyWaits) {
  Two two;
  int done = 0;
  stand_in::put(two.stream[0], [&] { done = 1; });
  EXPECT_EQ(done, 0);
  EXPECT_EQ(cudaStreamSynchronize(two.stream[0]), cudaSuccess);
  EXPECT_EQ(done, 1);
}

TEST(Streams, AnEventIsWaitedForAndNoMore) {
  std::vector<int> order;
  Two two;
  const auto put = [&](int stream, int what) {
    stand_in::put(two.stream[stream], [&order, what] { order.push_back(what); });
  };
  put(0, 1);
  EXPECT_EQ(cudaEventRecord(two.event, two.stream[0]), cudaSuccess);
  put(0, 2);
  EXPECT_EQ(cudaStreamWaitEvent(two.stream[1], two.event), cudaSuccess);
  put(1, 3);
  EXPECT_EQ(cudaStreamSynchronize(two.stream[1]), cudaSuccess);
  EXPECT_EQ(order, (std::vector<int>{1, 3}));
  EXPECT_EQ(cudaEventSynchronize(two.event), cudaSuccess);
  EXPECT_EQ(order.size(), 2u);
}

// Without events, some seed lets either stream be first; with one, none does.
TEST(Streams, ChanceFindsAForgottenEvent) {
  const auto first_wins = [](bool with_event, unsigned seed) {
    Two two;
    stand_in::set_pace(stand_in::Pace::any, seed);
    int winner = -1;
    const auto put = [&](int stream) {
      stand_in::put(two.stream[stream], [&winner, stream] {
        if (winner < 0) winner = stream;
      });
    };
    put(0);
    if (with_event) {
      EXPECT_EQ(cudaEventRecord(two.event, two.stream[0]), cudaSuccess);
      EXPECT_EQ(cudaStreamWaitEvent(two.stream[1], two.event), cudaSuccess);
    }
    put(1);
    stand_in::finish_all();
    return winner == 0;
  };
  int wins = 0;
  for (unsigned seed = 1; seed <= 40; ++seed) {
    wins += first_wins(false, seed);
    EXPECT_TRUE(first_wins(true, seed));
  }
  EXPECT_GT(wins, 0);
  EXPECT_LT(wins, 40);
}

TEST(Streams, PinnedMemoryIsReadWhenTheCopysTurnComes) {
  Two two;
  void *pinned = nullptr, *memory = nullptr;
  ASSERT_EQ(cudaHostAlloc(&pinned, 4, cudaHostAllocDefault), cudaSuccess);
  ASSERT_EQ(cudaMalloc(&memory, 8), cudaSuccess);
  int own = 1, &shared = *static_cast<int*>(pinned) = 1;
  const auto send = [&](int place, const int* from) {
    EXPECT_EQ(cudaMemcpyAsync(static_cast<char*>(memory) + place, from, 4, cudaMemcpyHostToDevice,
                              two.stream[0]),
              cudaSuccess);
  };
  send(0, &own);
  send(4, &shared);
  own = shared = 2;
  int got[2];
  EXPECT_EQ(cudaMemcpyAsync(got, memory, 8, cudaMemcpyDeviceToHost, two.stream[0]), cudaSuccess);
  EXPECT_EQ(got[0], 1);
  EXPECT_EQ(got[1], 2);
  EXPECT_EQ(cudaFree(memory), cudaSuccess);
  EXPECT_EQ(cudaFreeHost(pinned), cudaSuccess);
}

}  // namespace
}  // namespace kn::cuda
