#include "exec/profiler.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "graph/op_def.h"

namespace kn {

Profiler* Profiler::active() {
  static Profiler* const profiler = []() -> Profiler* {
    const char* wanted = std::getenv("KERAS_NATIVE_PROFILE");
    if (!wanted || std::string(wanted) == "0") return nullptr;
    static Profiler instance;
    return &instance;
  }();
  return profiler;
}

void Profiler::time(const Step& step, FunctionRef<void()> run) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  run();
  const std::chrono::duration<double, std::nano> took = Clock::now() - start;
  std::string key = concat_text(step.node->op->name, '[', step.candidate, ']');
  for (const Value& v : step.node->inputs) key += to_string(v.shape());
  std::lock_guard<std::mutex> hold(lock_);
  Entry& e = entries_[key];
  ++e.calls;
  e.nanoseconds += took.count();
}

std::string Profiler::table() const {
  std::lock_guard<std::mutex> hold(lock_);
  std::vector<std::pair<std::string, Entry>> rows(entries_.begin(), entries_.end());
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return a.second.nanoseconds > b.second.nanoseconds;
  });
  std::string text = "  total ms     calls   µs/call  kernel\n";
  for (const auto& [name, e] : rows) {
    char line[64];
    std::snprintf(line, sizeof line, "%10.2f %9lld %9.2f  ", e.nanoseconds / 1e6,
                  static_cast<long long>(e.calls), e.nanoseconds / 1e3 / e.calls);
    text += line + name + '\n';
  }
  return text;
}

Profiler::~Profiler() { std::fputs(table().c_str(), stderr); }

}  // namespace kn
