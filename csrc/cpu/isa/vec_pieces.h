// Interleaving within each 16-byte piece of vectors, and putting such pieces together: what
// transposes are made of. Include only from *.isa.cc.
#pragma once

#include "cpu/isa/vec.h"

namespace kn::cpu {
namespace {

constexpr int kPieces = kVecBytes / 16;

typedef uint32_t Four __attribute__((vector_size(16), aligned(4), may_alias));
typedef uint64_t VecQ __attribute__((vector_size(kVecBytes)));
typedef uint32_t VecUu __attribute__((vector_size(kVecBytes), aligned(4), may_alias));
typedef uint64_t VecQu __attribute__((vector_size(kVecBytes), aligned(8), may_alias));

// joined(p, s): the pieces at p, p + s, …. low_4(a, b): a0 b0 a1 b1 of each piece; high_4: a2 b2 a3
// b3. low_8, high_8: the same for pieces of two.
#if defined(__AVX512F__)
KN_INLINE VecU joined(const uint32_t* p, int64_t s) {
  typedef uint32_t Eight __attribute__((vector_size(32)));
  const Four a = *(const Four*)p, b = *(const Four*)(p + s);
  const Four c = *(const Four*)(p + 2 * s), d = *(const Four*)(p + 3 * s);
  const Eight ab = __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7);
  const Eight cd = __builtin_shufflevector(c, d, 0, 1, 2, 3, 4, 5, 6, 7);
  return __builtin_shufflevector(ab, cd, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}
KN_INLINE VecU low_4(VecU a, VecU b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
}
KN_INLINE VecU high_4(VecU a, VecU b) {
  return __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
}
KN_INLINE VecQ low_8(VecQ a, VecQ b) {
  return __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14);
}
KN_INLINE VecQ high_8(VecQ a, VecQ b) {
  return __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15);
}
#elif defined(__AVX__)
KN_INLINE VecU joined(const uint32_t* p, int64_t s) {
  const Four a = *(const Four*)p, b = *(const Four*)(p + s);
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7);
}
KN_INLINE VecU low_4(VecU a, VecU b) {
  return __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13);
}
KN_INLINE VecU high_4(VecU a, VecU b) {
  return __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15);
}
KN_INLINE VecQ low_8(VecQ a, VecQ b) { return __builtin_shufflevector(a, b, 0, 4, 2, 6); }
KN_INLINE VecQ high_8(VecQ a, VecQ b) { return __builtin_shufflevector(a, b, 1, 5, 3, 7); }
#else
KN_INLINE VecU joined(const uint32_t* p, int64_t) { return *(const Four*)p; }
KN_INLINE VecU low_4(VecU a, VecU b) { return __builtin_shufflevector(a, b, 0, 4, 1, 5); }
KN_INLINE VecU high_4(VecU a, VecU b) { return __builtin_shufflevector(a, b, 2, 6, 3, 7); }
KN_INLINE VecQ low_8(VecQ a, VecQ b) { return __builtin_shufflevector(a, b, 0, 2); }
KN_INLINE VecQ high_8(VecQ a, VecQ b) { return __builtin_shufflevector(a, b, 1, 3); }
#endif

}  // namespace
}  // namespace kn::cpu
