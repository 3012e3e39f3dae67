// The functions of the driver that are found at run time.
#include <cstring>
#include <string_view>

#include "cuda_runtime.h"
#include "tensor_map_host.h"

namespace {

// What cuTensorMapEncodeTiled would refuse, and besides what the stand-in does not know.
int encode(void* map, int type, uint32_t rank, void* data, const uint64_t* extents,
           const uint64_t* strides, const uint32_t* box, const uint32_t* steps, int interleave,
           int swizzle, int, int fill) {
  constexpr int kInvalid = 1, kFloat16 = 6, kBFloat16 = 9, kTf32 = 11, kSwizzle128 = 3;
  if (type != kFloat16 && type != kBFloat16 && type != kTf32) return kInvalid;
  const uint32_t element = type == kTf32 ? 4 : 2;
  if (rank != 3 || strides[0] != extents[0] * element || strides[1] != strides[0] * extents[1])
    return kInvalid;
  if (reinterpret_cast<uintptr_t>(data) % 16 || reinterpret_cast<uintptr_t>(map) % 64)
    return kInvalid;
  for (int i = 0; i < 3; ++i)
    if (extents[i] == 0 || extents[i] >> 32 || steps[i] != 1) return kInvalid;
  for (int i = 0; i < 2; ++i)
    if (strides[i] % 16 || strides[i] >> 40) return kInvalid;
  if (box[0] * element != 128 || box[1] == 0 || box[1] > 256 || box[2] != 1) return kInvalid;
  if (interleave != 0 || swizzle != kSwizzle128 || fill != 0) return kInvalid;
  const stand_in::MapOnHost made{data,
                                 static_cast<int64_t>(extents[2]),
                                 static_cast<int64_t>(extents[1]),
                                 static_cast<int64_t>(extents[0]),
                                 static_cast<int32_t>(element),
                                 static_cast<int32_t>(box[1])};
  std::memcpy(map, &made, sizeof made);
  return 0;
}

}  // namespace

cudaError_t cudaGetDriverEntryPointByVersion(const char* symbol, void** function, unsigned,
                                             unsigned long long,
                                             cudaDriverEntryPointQueryResult* result) {
  const bool known = std::string_view(symbol) == "cuTensorMapEncodeTiled";
  *function = known ? reinterpret_cast<void*>(&encode) : nullptr;
  *result = known ? cudaDriverEntryPointSuccess : cudaDriverEntryPointSymbolNotFound;
  return cudaSuccess;
}
