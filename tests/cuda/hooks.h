// What only the host stand-in can do; on a GPU these do nothing.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kn::test {

// Threads of a block take turns from the last to the first. A kernel that forgets a barrier then
// gives other results.
void reverse_turns(bool reversed);
// The device seems to have so much memory; false where that cannot be pretended.
bool pretend_memory(size_t bytes);
// Recorded runs that were launched so far; -1 where nobody counts.
int64_t recorded_launches();

}  // namespace kn::test
