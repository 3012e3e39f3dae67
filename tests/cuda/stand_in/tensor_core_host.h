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

// Copies by a thread in groups. `to` holds garbage until the group has been waited for.
void copy_later(void* to, const void* from, int bytes, std::source_location where);
void close_copies();
void wait_copies(int open_groups);

}  // namespace stand_in
