// What tensor_core.h asks of the hardware, done lane by lane: products of fragments by plain loops
// over what the lanes of a warp hold, and copies to shared memory that come late.
#pragma once

#include "cuda_runtime.h"

namespace stand_in {

// Rounds to the nearest number of 10 bits of fraction, ties away from zero.
inline uint32_t to_tf32(float x) {
  uint32_t bits = std::bit_cast<uint32_t>(x);
  if ((bits & 0x7F800000u) != 0x7F800000u) bits += 0x1000u;
  return bits & 0xFFFFE000u;
}

// d (16, 8) += a (16, 8) · b (8, 8). Lane 4 g + t holds of a: (g, t), (g + 8, t), (g, t + 4),
// (g + 8, t + 4); of b: (t, g), (t + 4, g); of d: (g, 2 t), (g, 2 t + 1), and both in row g + 8.
// Bits of a and b beyond TF32's are not looked at.
void multiply_tf32(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2],
                   std::source_location where);

// d (16, 8) += a (16, 16) · b (16, 8) of bfloat16 or float16. A register holds two neighbours along
// k; lane 4 g + t holds of a, from 2 t on: row g, row g + 8, and both from 2 t + 8 on; of b: column
// g from 2 t and from 2 t + 8 on.
void multiply_halves(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], bool brain,
                     std::source_location where);

// Four matrices of 8 rows of 16 bytes: lane 8 q + r brings row r of matrix q. Lane 4 g + t gets of
// each the 4 bytes from 4 t on of row g; turned: elements 2 t and 2 t + 1, of 2 bytes, of column g.
void load_matrices(uint32_t (&to)[4], const void* row, bool turned, std::source_location where);

// Copies by a thread in groups, of zeros where `from` is null. `to` holds garbage until the group
// has been waited for.
void copy_later(void* to, const void* from, int bytes, std::source_location where);
void close_copies();
void wait_copies(int open_groups);

}  // namespace stand_in
