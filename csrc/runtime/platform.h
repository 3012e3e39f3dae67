// What systems do differently and the C++ standard does not cover.
#pragma once

#include <cstddef>

namespace kn {

// Processors that this process may use, by affinity and by the quota of its container; at least 1.
int available_cpus();

// Asks for large pages below a block of memory, where the system gives them.
void prefer_large_pages(void* memory, size_t bytes);

// Has these called around each fork of the process: before it, after it in the parent, and after it
// in the child. False where they do not fork.
bool at_fork(void (*before)(), void (*in_parent)(), void (*in_child)());

}  // namespace kn
