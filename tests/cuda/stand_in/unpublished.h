// What asynchronous copies of threads wrote to dynamic shared memory and nobody may multiply by
// wgmma yet, since its writer has not published it: by runs of 16 bytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace stand_in {

class Unpublished {
 public:
  void forget() { std::fill_n(writers_, kRuns, uint16_t{0}); }
  void wrote(unsigned slot, std::ptrdiff_t at) {
    if (at >= 0 && at < kRuns * 16) writers_[at / 16] = static_cast<uint16_t>(slot + 1);
  }
  void publish(unsigned slot) {
    std::replace(writers_, writers_ + kRuns, static_cast<uint16_t>(slot + 1), uint16_t{0});
  }
  bool writer(size_t at) const { return writers_[at / 16] != 0; }

 private:
  static constexpr std::ptrdiff_t kRuns = (228 << 10) / 16;
  uint16_t writers_[kRuns] = {};
};

// Of the block that runs; copies begin anew with every kernel that makes barriers.
Unpublished& unpublished();

}  // namespace stand_in
