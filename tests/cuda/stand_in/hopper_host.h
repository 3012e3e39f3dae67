// What hopper.h asks of the hardware: barriers in shared memory, copies of boxes that come when
// somebody waits for them, and products whose sums are there when they have been waited for.
#pragma once

#include <source_location>

#include "cuda_runtime.h"

namespace stand_in {

using Where = std::source_location;

void begin_barrier(uint64_t* barrier, unsigned arrivals);
void arrive(uint64_t* barrier, Where where = Where::current());
void arrive_with_bytes(uint64_t* barrier, unsigned bytes, Where where = Where::current());
void wait_phase(uint64_t* barrier, unsigned parity, Where where = Where::current());

// What this thread's asynchronous copies brought to shared memory may be multiplied from now on;
// to multiply it before is an error.
void publish_writes();

// `map` is what the stand-in's driver made. The box holds garbage until its barrier's phase is
// over.
void copy_box(void* to, const void* map, int column, int row, int matrix, uint64_t* barrier);

enum class Kind { tf32, float16, bfloat16 };

// Where a factor lies in shared memory: in rows of 128 bytes whose 16-byte runs change places by
// bits 7 to 9 of their address. Along k: eight lines in rows, eight more `stride` bytes on. Else:
// eight steps of k in rows of 64 lines, eight more `stride` bytes, 64 more lines `leap` bytes on.
struct FactorAt {
  const void* data;
  int leap, stride;
  bool along_k;
};
struct ProductOf {
  Kind kind;
  int columns;
  FactorAt a, b;
};

// Registers per thread from now on. A block begins with as many for each as one alone may have; who
// takes more waits until others have given them back.
void give_registers(int registers);
void take_registers(int registers, Where where);

// d (64, columns) += a (64, 32 bytes of k) · b by four warps. Sums are NaN until waited for; those
// that were written otherwise are opened before.
void open_products(const float* d);
void begin_product(float* d, const ProductOf& product, Where where);
void close_products();
// By all lanes of a warp together.
void wait_products(int open_groups, Where where);

}  // namespace stand_in
