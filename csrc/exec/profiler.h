// Time per op and kernel, when asked for: KERAS_NATIVE_PROFILE=1 prints a table when the process
// ends. Costs one branch per run otherwise.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>

#include "base/function_ref.h"
#include "plan/plan.h"

namespace kn {

class Profiler {
 public:
  // nullptr when profiling is off.
  static Profiler* active();
  void time(const Step& step, FunctionRef<void()> run);
  std::string table() const;
  ~Profiler();

 private:
  struct Entry {
    int64_t calls = 0;
    double nanoseconds = 0;
  };
  mutable std::mutex lock_;
  std::map<std::string, Entry> entries_;
};

}  // namespace kn
