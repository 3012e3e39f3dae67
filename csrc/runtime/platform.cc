#include "runtime/platform.h"

#if !defined(_WIN32)
#include <pthread.h>
#include <sys/mman.h>
#endif
#if defined(__linux__)
#include <sched.h>
#endif

#include <algorithm>
#include <cmath>
#include <thread>

#include "runtime/cpu_quota.h"

namespace kn {

int available_cpus() {
  int cpus = static_cast<int>(std::thread::hardware_concurrency());
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) cpus = CPU_COUNT(&set);
  cpus = static_cast<int>(std::min<double>(cpus, std::ceil(cpu_quota())));
#endif
  return std::max(1, cpus);
}

void prefer_large_pages([[maybe_unused]] void* memory, [[maybe_unused]] size_t bytes) {
#if defined(MADV_HUGEPAGE)
  madvise(memory, bytes, MADV_HUGEPAGE);
#endif
}

bool at_fork([[maybe_unused]] void (*before)(), [[maybe_unused]] void (*in_parent)(),
             [[maybe_unused]] void (*in_child)()) {
#if defined(_WIN32)
  return false;
#else
  return pthread_atfork(before, in_parent, in_child) == 0;
#endif
}

}  // namespace kn
