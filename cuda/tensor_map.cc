#include "tensor_map.h"

#include <cuda_runtime.h>

namespace kn::cuda {

namespace {

// cuTensorMapEncodeTiled, with numbers for its enumerations.
using Encode = int (*)(TensorMap* map, int type, uint32_t rank, void* data, const uint64_t* extents,
                       const uint64_t* strides, const uint32_t* box, const uint32_t* steps,
                       int interleave, int swizzle, int promotion, int fill);

Encode find_encode() {
  constexpr unsigned kSince = 12000;
  void* found = nullptr;
  cudaDriverEntryPointQueryResult result{};
#if CUDART_VERSION >= 12050
  const cudaError_t status = cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &found,
                                                              kSince, cudaEnableDefault, &result);
#else  // of the version of the runtime, which is 12.0 at least
  static_assert(CUDART_VERSION >= kSince);
  const cudaError_t status =
      cudaGetDriverEntryPoint("cuTensorMapEncodeTiled", &found, cudaEnableDefault, &result);
#endif
  if (status == cudaSuccess && result == cudaDriverEntryPointSuccess)
    return reinterpret_cast<Encode>(found);
  (void)cudaGetLastError();
  return nullptr;
}

Encode encode() {
  static const Encode found = find_encode();
  return found;
}

int64_t element_bytes(const MapRequest& r) { return r.type == MapType::tf32 ? 4 : 2; }

}  // namespace

bool can_map(std::string& refusal) {
  if (encode()) return true;
  refusal = "the driver makes no tensor maps";
  return false;
}

bool can_map(const MapRequest& r) {
  constexpr int64_t kMost = int64_t{1} << 31;
  const auto counts = [](int64_t n) { return n > 0 && n < kMost; };
  return reinterpret_cast<uintptr_t>(r.data) % 16 == 0 && r.columns * element_bytes(r) % 16 == 0 &&
         counts(r.rows) && counts(r.columns) && counts(r.matrices);
}

bool make_map(const MapRequest& r, TensorMap& map) {
  constexpr int kTypes[] = {6, 9, 11};  // CU_TENSOR_MAP_DATA_TYPE_FLOAT16, _BFLOAT16, _TFLOAT32
  constexpr int kNoInterleave = 0, kSwizzle128 = 3, kPromote256 = 3, kZeros = 0;
  const auto extent = [](int64_t n) { return static_cast<uint64_t>(n); };
  const auto element = static_cast<uint32_t>(element_bytes(r));
  const uint64_t extents[] = {extent(r.columns), extent(r.rows), extent(r.matrices)};
  const uint64_t strides[] = {extents[0] * element, extents[0] * extents[1] * element};
  const uint32_t box[] = {128 / element, static_cast<uint32_t>(r.box_rows), 1};
  const uint32_t steps[] = {1, 1, 1};
  return encode()(&map, kTypes[static_cast<int>(r.type)], 3, const_cast<void*>(r.data), extents,
                  strides, box, steps, kNoInterleave, kSwizzle128, kPromote256, kZeros) == 0;
}

}  // namespace kn::cuda
