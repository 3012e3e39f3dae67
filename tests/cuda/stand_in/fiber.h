// A stack of its own and the place where its work goes on: one for each thread of a CUDA block.
#pragma once

#include <cstddef>
#include <memory>

namespace stand_in {

class Fiber {
 public:
  using Entry = void (*)(void* argument);

  Fiber();
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Begins anew with entry(argument) at the next resume. The work before must be over or given up.
  void start(Entry entry, void* argument);
  // Goes on with this fiber until it pauses or its entry returns; false where it has returned.
  bool resume();
  // Called within the fiber that runs: goes back to where it was resumed.
  void pause();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stand_in
