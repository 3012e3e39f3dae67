#include "cpu/isa/movement.h"

#include "cpu/isa/kernel_table.h"
#include "cpu/isa/vec_pieces.h"

namespace kn::cpu {
namespace {

// A vector is P pieces of 16 bytes. A square tile of L = 4 P (2 P) elements of 4 (8) bytes is
// transposed piece by piece: vector k of a group holds, in piece p, elements of row k + 4 p, so
// that transposing 4x4 (2x2) within the pieces leaves whole rows of the result. The pieces find
// their places as they are loaded.
// Four columns of 4 P rows, or two columns of 2 P rows (elements of 8 bytes).
KN_INLINE void transpose_columns(const uint32_t* from, int64_t s, uint32_t* to, int64_t t) {
  const VecU a = joined(from, 4 * s), b = joined(from + s, 4 * s);
  const VecU c = joined(from + 2 * s, 4 * s), d = joined(from + 3 * s, 4 * s);
  const VecU ac = low_4(a, c), bd = low_4(b, d), ac2 = high_4(a, c), bd2 = high_4(b, d);
  *(VecUu*)to = low_4(ac, bd);
  *(VecUu*)(to + t) = high_4(ac, bd);
  *(VecUu*)(to + 2 * t) = low_4(ac2, bd2);
  *(VecUu*)(to + 3 * t) = high_4(ac2, bd2);
}

KN_INLINE void transpose_columns(const uint64_t* from, int64_t s, uint64_t* to, int64_t t) {
  // Pieces of two 8-byte elements are joined as four 4-byte ones, rows 2 apart.
  const VecQ a = (VecQ)joined((const uint32_t*)from, 4 * s);
  const VecQ b = (VecQ)joined((const uint32_t*)(from + s), 4 * s);
  *(VecQu*)to = low_8(a, b);
  *(VecQu*)(to + t) = high_8(a, b);
}

template <class T>
void transpose(const void* source, int64_t s, void* target, int64_t t, int64_t rows,
               int64_t columns) {
  constexpr int kStep = 16 / sizeof(T), kRows = kPieces * kStep;
  constexpr int64_t kStrip = 64;  // columns whose result lines stay in the cache and the TLB
  const T* from = static_cast<const T*>(source);
  T* to = static_cast<T*>(target);
  for (int64_t strip = 0; strip < columns; strip += kStrip) {
    const int64_t end = strip + kStrip < columns ? strip + kStrip : columns;
    int64_t i = 0;
    for (; i + kRows <= rows; i += kRows) {
      int64_t j = strip;
      for (; j + kStep <= end; j += kStep)
        transpose_columns(from + i * s + j, s, to + j * t + i, t);
      for (; j < end; ++j)
        for (int64_t k = i; k < i + kRows; ++k) to[j * t + k] = from[k * s + j];
    }
    for (; i < rows; ++i)
      for (int64_t j = strip; j < end; ++j) to[j * t + i] = from[i * s + j];
  }
}

template <class T>
void add(const T* from, T* to, int64_t n) {
  for (int64_t i = 0; i < n; ++i) to[i] += from[i];
}

void add_weighted(const float* from, float weight, float* to, int64_t n) {
  for (int64_t i = 0; i < n; ++i) to[i] += weight * from[i];
}

}  // namespace

KN_FILL(movement) {
  table.movement.transpose_4 = transpose<uint32_t>;
  table.movement.transpose_8 = transpose<uint64_t>;
  table.movement.add_f32 = add<float>;
  table.movement.add_f64 = add<double>;
  table.movement.add_weighted_f32 = add_weighted;
}

}  // namespace kn::cpu
