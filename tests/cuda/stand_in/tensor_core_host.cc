#include "tensor_core_host.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <vector>

#include "base/half.h"
#include "unpublished.h"

namespace stand_in {

namespace {

struct Fragments {
  uint32_t a[4], b[2];
};

// Of all threads that run, of the last product and the one before: lanes that are ahead of others
// are so by less than one. One grid runs at a time.
Fragments held[2][kSlots];
unsigned products[kSlots];

// As load_matrices was given them.
const unsigned char* rows[kSlots];

float half(uint32_t pair, unsigned which, bool brain) {
  const auto bits = static_cast<uint16_t>(which ? pair >> 16 : pair);
  return brain ? kn::bf16_to_float(bits) : kn::f16_to_float(bits);
}

float number(uint32_t bits) { return std::bit_cast<float>(bits & 0xFFFFE000u); }

struct Copy {
  void* to;
  const void* from;
  int bytes;
};

struct Copies {
  std::vector<Copy> open;
  std::deque<std::vector<Copy>> groups;
};

Copies& copies() {
  static Copies of_threads[kSlots];
  return of_threads[place->slot];
}

}  // namespace

Unpublished& unpublished() {
  static Unpublished of_block;
  return of_block;
}

void multiply_tf32(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2],
                   std::source_location where) {
  const unsigned self = place->slot, warp = self / 32 * 32;
  Fragments* now = held[products[self]++ % 2];
  std::copy_n(a, 4, now[self].a);
  std::copy_n(b, 2, now[self].b);
  meet(Exchange::sync, ~0u, 0, 0, where);
  const unsigned g = self % 32 / 4, t = self % 4;
  for (unsigned e = 0; e < 4; ++e) {
    const unsigned row = g + (e / 2) * 8, column = 2 * t + e % 2;
    for (unsigned k = 0; k < 8; ++k) {
      const uint32_t left = now[warp + row % 8 * 4 + k % 4].a[row / 8 + k / 4 * 2];
      const uint32_t right = now[warp + column * 4 + k % 4].b[k / 4];
      d[e] += number(left) * number(right);
    }
  }
}

void multiply_halves(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], bool brain,
                     std::source_location where) {
  const unsigned self = place->slot, warp = self / 32 * 32;
  Fragments* now = held[products[self]++ % 2];
  std::copy_n(a, 4, now[self].a);
  std::copy_n(b, 2, now[self].b);
  meet(Exchange::sync, ~0u, 0, 0, where);
  const unsigned g = self % 32 / 4, t = self % 4;
  for (unsigned e = 0; e < 4; ++e) {
    const unsigned row = g + (e / 2) * 8, column = 2 * t + e % 2;
    for (unsigned k = 0; k < 16; ++k) {
      const unsigned lane = k % 8 / 2;
      const uint32_t left = now[warp + row % 8 * 4 + lane].a[row / 8 + k / 8 * 2];
      const uint32_t right = now[warp + column * 4 + lane].b[k / 8];
      d[e] += half(left, k % 2, brain) * half(right, k % 2, brain);
    }
  }
}

void load_matrices(uint32_t (&to)[4], const void* row, bool turned, std::source_location where) {
  if (reinterpret_cast<uintptr_t>(row) % 16)
    throw ExecutionError("a row of a matrix is not aligned, at line " +
                         std::to_string(where.line()));
  const unsigned self = place->slot, warp = self / 32 * 32, g = self % 32 / 4, t = self % 4;
  rows[self] = static_cast<const unsigned char*>(row);
  meet(Exchange::sync, ~0u, 0, 0, where);
  for (unsigned q = 0; q < 4; ++q) {
    const unsigned char* const* matrix = rows + warp + 8 * q;
    if (!turned) {
      std::memcpy(&to[q], matrix[g] + 4 * t, 4);
      continue;
    }
    uint16_t pair[2];
    for (unsigned i = 0; i < 2; ++i) std::memcpy(&pair[i], matrix[2 * t + i] + 2 * g, 2);
    to[q] = pair[0] | static_cast<uint32_t>(pair[1]) << 16;
  }
  meet(Exchange::sync, ~0u, 0, 0, where);
}

void copy_later(void* to, const void* from, int bytes, std::source_location where) {
  if (reinterpret_cast<uintptr_t>(to) % bytes || reinterpret_cast<uintptr_t>(from) % bytes)
    throw ExecutionError("an asynchronous copy of " + std::to_string(bytes) +
                         " bytes is not aligned, at line " + std::to_string(where.line()));
  std::memset(to, 0xFF, static_cast<size_t>(bytes));  // NaN
  copies().open.push_back({to, from, bytes});
}

void close_copies() {
  Copies& c = copies();
  c.groups.push_back(std::move(c.open));
  c.open.clear();
}

void wait_copies(int open_groups) {
  Copies& c = copies();
  while (c.groups.size() > static_cast<size_t>(open_groups)) {
    for (const Copy& copy : c.groups.front()) {
      unpublished().wrote(place->slot,
                          static_cast<char*>(copy.to) - static_cast<char*>(place->dynamic_shared));
      if (copy.from) std::memcpy(copy.to, copy.from, static_cast<size_t>(copy.bytes));
      else std::memset(copy.to, 0, static_cast<size_t>(copy.bytes));
    }
    c.groups.pop_front();
  }
}

}  // namespace stand_in
