// Counts allocations of the whole process, in tests that link the counting malloc
// (exec/counting_malloc.cc).
#pragma once

#include <cstdint>

namespace kn::test {

// Calls of malloc, calloc, realloc and their aligned forms so far, by any thread; -1 where the
// process runs under a sanitizer, which has its own malloc.
int64_t allocations();

}  // namespace kn::test
