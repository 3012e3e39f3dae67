// What only the host stand-in can do; on a GPU these do nothing.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kn::test {

// Threads of a block take turns from the last to the first. A kernel that forgets a barrier then
// gives other results.
void reverse_turns(bool reversed);
// Streams get ahead of each other as chance will have it, drawn from `seed`; 0: each does its work
// when somebody waits for it.
void stir_streams(unsigned seed);
// The device seems to have so much memory; false where that cannot be pretended.
bool pretend_memory(size_t bytes);
// Recorded runs that were launched so far; -1 where nobody counts.
int64_t recorded_launches();

}  // namespace kn::test
