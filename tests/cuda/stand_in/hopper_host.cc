#include "hopper_host.h"

#include <cstring>
#include <deque>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "base/half.h"
#include "tensor_core_host.h"
#include "tensor_map_host.h"
#include "unpublished.h"

namespace stand_in {

namespace {

// In the eight bytes of a barrier.
struct Barrier {
  uint16_t arrivals, left;
  int32_t bytes : 31;  // announced and not yet there
  uint32_t phase : 1;
};
static_assert(sizeof(Barrier) == 8);

Barrier& of(uint64_t* barrier) { return *reinterpret_cast<Barrier*>(barrier); }

void finish_phase(Barrier& b) {
  if (b.left != 0 || b.bytes != 0) return;
  b.left = b.arrivals;
  b.phase ^= 1;
}

struct Box {
  unsigned char* to;
  const MapOnHost* map;
  int column, row, matrix;
};
std::map<uint64_t*, std::vector<Box>> under_way;

// By the distance from the start of the block's shared memory, which lies at a multiple of 1024.
size_t turned(size_t at) { return at ^ (at >> 7 & 7) << 4; }

unsigned char* shared_begin() { return static_cast<unsigned char*>(place->dynamic_shared); }

void bring(const Box& box) {
  const MapOnHost& m = *box.map;
  const int run = 16 / m.element;
  const auto start = static_cast<size_t>(box.to - shared_begin());
  for (int r = 0; r < m.box_rows; ++r)
    for (int c = 0; c < 128 / m.element; ++c) {
      const int64_t row = box.row + r, column = box.column + c;
      const size_t at = turned(start + static_cast<size_t>(r * 128 + c / run * 16)) +
                        static_cast<size_t>(c % run * m.element);
      unsigned char* to = shared_begin() + at;
      std::memset(to, 0, static_cast<size_t>(m.element));
      if (row < 0 || column < 0 || row >= m.rows || column >= m.columns) continue;
      const int64_t place = (box.matrix * m.rows + row) * m.columns + column;
      std::memcpy(to, static_cast<const char*>(m.data) + place * m.element,
                  static_cast<size_t>(m.element));
      if (m.element != 4) continue;
      float x;
      std::memcpy(&x, to, 4);
      const uint32_t bits = to_tf32(x);
      std::memcpy(to, &bits, 4);
    }
}

struct Sums {
  std::vector<float> real;
  int open = 0;
};
struct Begun {
  float* d;
  ProductOf product;
};
struct Products {
  std::vector<Begun> open;
  std::deque<std::vector<Begun>> groups;
  std::map<float*, Sums> sums;
  const float* opened = nullptr;
};

Products& products() {
  static Products of_threads[kSlots];
  return of_threads[place->slot];
}

float element(Kind kind, const FactorAt& f, int line, int k) {
  const int size = kind == Kind::tf32 ? 4 : 2, lines_in_row = 128 / size;
  auto at = static_cast<size_t>(static_cast<const unsigned char*>(f.data) - shared_begin());
  at += static_cast<size_t>(f.along_k ? line / 8 * f.stride + line % 8 * 128 + k * size
                                      : line / lines_in_row * f.leap + line % lines_in_row * size +
                                            k / 8 * f.stride + k % 8 * 128);
  const unsigned char* from = shared_begin() + turned(at);
  if (unpublished().writer(turned(at)))
    throw ExecutionError("a product of what its writer has not published");
  if (kind == Kind::tf32) {
    uint32_t bits;
    std::memcpy(&bits, from, 4);
    return std::bit_cast<float>(bits & 0xFFFFE000u);
  }
  uint16_t bits;
  std::memcpy(&bits, from, 2);
  return kind == Kind::float16 ? kn::f16_to_float(bits) : kn::bf16_to_float(bits);
}

void multiply(const ProductOf& p, std::vector<float>& d) {
  const unsigned warp = place->thread.x / 32 % 4, lane = place->thread.x % 32;
  const int g = static_cast<int>(16 * warp + lane / 4), t = static_cast<int>(lane % 4);
  const int steps = p.kind == Kind::tf32 ? 8 : 16;
  for (int k = 0; k < steps; ++k) {
    const float left[2] = {element(p.kind, p.a, g, k), element(p.kind, p.a, g + 8, k)};
    for (int j = 0; j < p.columns / 8; ++j)
      for (int i = 0; i < 2; ++i) {
        const float right = element(p.kind, p.b, 8 * j + 2 * t + i, k);
        for (int half = 0; half < 2; ++half)
          d[static_cast<size_t>(4 * j + 2 * half + i)] += left[half] * right;
      }
  }
}

// Registers that threads of the block have given back, and nobody has taken.
int given_back = 0;

int registers_at_first() {
  constexpr unsigned kOfMultiprocessor = 65536, kUnit = 8;
  return static_cast<int>(kOfMultiprocessor / place->block_size.x / kUnit * kUnit);
}

}  // namespace

void give_registers(int registers) {
  progress();
  given_back += registers_at_first() - registers;
}

void take_registers(int registers, Where where) {
  const int more = registers - registers_at_first();
  while (given_back < more) poll(where);
  progress();
  given_back -= more;
}

// Blocks that make barriers do so before their threads trade registers.
void begin_barrier(uint64_t* barrier, unsigned arrivals) {
  under_way.erase(barrier);
  unpublished().forget();
  given_back = 0;
  of(barrier) = {static_cast<uint16_t>(arrivals), static_cast<uint16_t>(arrivals), 0, 0};
}

void arrive_with_bytes(uint64_t* barrier, unsigned bytes, Where where) {
  Barrier& b = of(barrier);
  if (b.left == 0)
    throw ExecutionError("more threads arrive at a barrier than it expects, at line " +
                         std::to_string(where.line()));
  progress();
  --b.left;
  b.bytes += static_cast<int>(bytes);
  finish_phase(b);
}

void arrive(uint64_t* barrier, Where where) { arrive_with_bytes(barrier, 0, where); }

void wait_phase(uint64_t* barrier, unsigned parity, Where where) {
  for (;;) {
    Barrier& b = of(barrier);
    std::vector<Box> boxes;
    std::swap(boxes, under_way[barrier]);
    for (const Box& box : boxes) {
      bring(box);
      b.bytes -= box.map->box_rows * 128;
    }
    if (!boxes.empty()) finish_phase(b);
    if (b.phase != parity) return;
    poll(where);
  }
}

void publish_writes() { unpublished().publish(place->slot); }

void copy_box(void* to, const void* map, int column, int row, int matrix, uint64_t* barrier) {
  const auto* m = static_cast<const MapOnHost*>(map);
  auto* at = static_cast<unsigned char*>(to);
  if ((at - shared_begin()) % 1024)
    throw ExecutionError("a box does not begin at a multiple of 1024 bytes");
  if (matrix < 0 || matrix >= m->matrices)
    throw ExecutionError("a box of a matrix that is not there");
  std::memset(to, 0xFF, static_cast<size_t>(m->box_rows) * 128);
  under_way[barrier].push_back({at, m, column, row, matrix});
}

void open_products(const float* d) { products().opened = d; }

void begin_product(float* d, const ProductOf& product, Where where) {
  meet(Exchange::sync, ~0u, 0, 0, where);
  Products& p = products();
  if (p.opened != d)
    throw ExecutionError("a product on sums that were not opened, at line " +
                         std::to_string(where.line()));
  Sums& sums = p.sums[d];
  if (sums.open++ == 0) {
    sums.real.assign(d, d + product.columns / 2);
    std::fill_n(d, product.columns / 2, std::numeric_limits<float>::quiet_NaN());
  }
  p.open.push_back({d, product});
}

void close_products() {
  Products& p = products();
  p.groups.push_back(std::move(p.open));
  p.open.clear();
}

void wait_products(int open_groups, Where where) {
  Products& p = products();
  for (; p.groups.size() > static_cast<size_t>(open_groups); p.groups.pop_front())
    for (const Begun& begun : p.groups.front()) {
      Sums& sums = p.sums[begun.d];
      multiply(begun.product, sums.real);
      if (--sums.open > 0) continue;
      std::copy(sums.real.begin(), sums.real.end(), begun.d);
      p.sums.erase(begun.d);
      p.opened = nullptr;
    }
  meet(Exchange::sync, ~0u, 0, 0, where);
}

}  // namespace stand_in
