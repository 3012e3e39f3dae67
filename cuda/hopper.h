// What compute capability 9.0 adds: barriers in shared memory that count bytes, copies of boxes out
// of matrices (TMA), and products by four warps out of shared memory (wgmma). Compiled for sm_90a
// alone, or against the host stand-in; KN_HOPPER says where kernels have a body.
#pragma once

#include "halves.h"
#include "tensor_map.h"

#if !defined(__CUDACC__)
#include "hopper_host.h"
#define KN_HOPPER 1
#elif defined(__CUDA_ARCH_FEAT_SM90_ALL)
#include "wgmma.inc.h"
#define KN_HOPPER 1
#else
#define KN_HOPPER 0
#endif

namespace kn::cuda {

// How a factor of a product lies in shared memory, from `data` on, in rows of 128 bytes whose runs
// change places: along k, eight rows of lines after each other, the next eight `stride` bytes
// behind; else eight steps of k after each other, of 64 lines, the next eight `stride` bytes behind
// and the next 64 lines `leap` bytes.
struct FactorPlace {
  const void* data;
  int leap, stride;
};

#if KN_HOPPER && defined(__CUDACC__)

__device__ inline unsigned shared_address(const void* at) {
  return static_cast<unsigned>(__cvta_generic_to_shared(at));
}

// A barrier whose phase is over when `arrivals` have arrived and all bytes they announced are
// there.
__device__ inline void begin_barrier(uint64_t* barrier, unsigned arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(barrier)),
               "r"(arrivals)
               : "memory");
}
// Before others, and the copy engine, use what begin_barrier made.
__device__ inline void publish_barriers() {
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}
// Before others multiply what this thread wrote to shared memory.
__device__ inline void publish_writes() {
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}
__device__ inline void arrive(uint64_t* barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared_address(barrier))
               : "memory");
}
__device__ inline void arrive_with_bytes(uint64_t* barrier, unsigned bytes) {
  asm volatile(
      "mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(barrier)),
      "r"(bytes)
      : "memory");
}
// Until the phase of this parity is over; that before the first counts as one of parity 1.
__device__ inline void wait_phase(uint64_t* barrier, unsigned parity) {
  asm volatile(
      "{ .reg .pred over;\n"
      "again: mbarrier.try_wait.parity.shared::cta.b64 over, [%0], %1;\n"
      "@over bra done;\n"
      "bra again;\n"
      "done: }" ::"r"(shared_address(barrier)),
      "r"(parity)
      : "memory");
}

// Begins to copy the box at (column, row) of a matrix; the barrier counts its bytes.
__device__ inline void copy_box(void* to, const TensorMap* map, int column, int row, int matrix,
                                uint64_t* barrier) {
  asm volatile(
      "cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes "
      "[%0], [%1, {%3, %4, %5}], [%2];" ::"r"(shared_address(to)),
      "l"(map), "r"(shared_address(barrier)), "r"(column), "r"(row), "r"(matrix)
      : "memory");
}
__device__ inline void prefetch_map(const TensorMap* map) {
  asm volatile("prefetch.tensormap [%0];" ::"l"(map) : "memory");
}

__device__ inline uint64_t describe(const FactorPlace& p) {
  constexpr uint64_t kSwizzle128 = 1;
  const auto field = [](unsigned bytes) { return static_cast<uint64_t>((bytes & 0x3FFFF) >> 4); };
  return field(shared_address(p.data)) | field(static_cast<unsigned>(p.leap)) << 16 |
         field(static_cast<unsigned>(p.stride)) << 32 | kSwizzle128 << 62;
}

// d (64, kN) += a (64, 32 bytes of k) · b, begun by four warps; lane 4 g + t of warp w holds of
// every eight columns j: row 16 w + g of 8 j + 2 t and the next, and the same of row g + 8.
template <class Factor, bool kAAlongK, bool kBAlongK, int kN>
__device__ void begin_product(float (&d)[kN / 2], const FactorPlace& a_place,
                              const FactorPlace& b_place) {
  static_assert(kN == 128 || kN == 256);
  const uint64_t a = describe(a_place), b = describe(b_place);
  constexpr int kTurnA = !kAAlongK, kTurnB = !kBAlongK;
  if constexpr (std::is_same_v<Factor, float>) {
    static_assert(kAAlongK && kBAlongK, "TF32 is multiplied along k only");
    if constexpr (kN == 128) KN_WGMMA_128("m64n128k8.f32.tf32.tf32", "", );
    else KN_WGMMA_256("m64n256k8.f32.tf32.tf32", "", );
  } else if constexpr (std::is_same_v<Factor, Float16>) {
    if constexpr (kN == 128)
      KN_WGMMA_128("m64n128k16.f32.f16.f16", ", %66, %67", , "n"(kTurnA), "n"(kTurnB));
    else KN_WGMMA_256("m64n256k16.f32.f16.f16", ", %130, %131", , "n"(kTurnA), "n"(kTurnB));
  } else {
    if constexpr (kN == 128)
      KN_WGMMA_128("m64n128k16.f32.bf16.bf16", ", %66, %67", , "n"(kTurnA), "n"(kTurnB));
    else KN_WGMMA_256("m64n256k16.f32.bf16.bf16", ", %130, %131", , "n"(kTurnA), "n"(kTurnB));
  }
}
// The compiler may move nothing that reads or writes the sums across.
template <int kSums>
__device__ void hold(float (&d)[kSums]) {
#pragma unroll
  for (float& sum : d) asm volatile("" : "+f"(sum)::"memory");
}
// Before products on sums, which may have been written otherwise.
template <int kSums>
__device__ void open_products(float (&d)[kSums]) {
  hold(d);
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}
// The products since the last call are a group.
__device__ inline void close_products() {
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}
// Waits for all but the last `kOpen` groups; the sums of those that are open may not be touched.
template <int kOpen, int kSums>
__device__ void wait_products(float (&d)[kSums]) {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(kOpen) : "memory");
  if constexpr (kOpen == 0) hold(d);
}

// Registers per thread from here on, for all warps of the four.
template <int kRegisters>
__device__ void give_registers() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(kRegisters));
}
template <int kRegisters>
__device__ void take_registers() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kRegisters));
}

#elif KN_HOPPER

using stand_in::arrive;
using stand_in::arrive_with_bytes;
using stand_in::begin_barrier;
using stand_in::close_products;
using stand_in::publish_writes;
using stand_in::wait_phase;

inline void publish_barriers() {}
inline void copy_box(void* to, const TensorMap* map, int column, int row, int matrix,
                     uint64_t* barrier) {
  stand_in::copy_box(to, map, column, row, matrix, barrier);
}
inline void prefetch_map(const TensorMap*) {}
template <class Factor, bool kAAlongK, bool kBAlongK, int kN>
void begin_product(float (&d)[kN / 2], const FactorPlace& a, const FactorPlace& b,
                   std::source_location where = std::source_location::current()) {
  constexpr stand_in::Kind kKind = std::is_same_v<Factor, float>     ? stand_in::Kind::tf32
                                   : std::is_same_v<Factor, Float16> ? stand_in::Kind::float16
                                                                     : stand_in::Kind::bfloat16;
  stand_in::begin_product(
      d, {kKind, kN, {a.data, a.leap, a.stride, kAAlongK}, {b.data, b.leap, b.stride, kBAlongK}},
      where);
}
template <int kSums>
void open_products(float (&d)[kSums]) {
  stand_in::open_products(d);
}
template <int kOpen, int kSums>
void wait_products(float (&)[kSums], std::source_location where = std::source_location::current()) {
  stand_in::wait_products(kOpen, where);
}
template <int kRegisters>
void give_registers() {
  stand_in::give_registers(kRegisters);
}
template <int kRegisters>
void take_registers(std::source_location where = std::source_location::current()) {
  stand_in::take_registers(kRegisters, where);
}

#endif

}  // namespace kn::cuda
