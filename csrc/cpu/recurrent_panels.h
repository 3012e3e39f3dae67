// How the kernels of recurrent layers are packed for the products of their steps, for vectors and
// for tile multipliers; what each needs to run.
#pragma once

#include <algorithm>
#include <string>

#include "cpu/isa/isa.h"
#include "cpu/isa/recurrent.h"

namespace kn::cpu {

// `gates` gates of a recurrent kernel (units, all * units) from gate `first` on.
struct RecurrentSlice {
  enum Form {
    kGates,       // all gates of some units side by side
    kNeighbours,  // one gate, neighbouring units
    kTransposed,  // of the transpose, neighbouring units
  };
  Form form = kGates;
  int64_t units = 0;
  int all = 0, first = 0, gates = 0;

  int64_t row() const { return all * units; }
  int64_t k() const { return form == kTransposed ? gates * units : units; }
  // Where packing starts to read.
  template <class T>
  const T* start(const T* kernel) const {
    return kernel + first * units;
  }
  template <class T>
  RecurrentMatrix<T> matrix(const T* panels, const T* kernel) const {
    const bool turned = form == kTransposed;
    return {panels, start(kernel), turned ? 1 : row(), turned ? row() : 1};
  }
};

// Steps on vectors.
template <class T>
struct RecurrentVectors {
  using Number = T;
  static constexpr int64_t kMostRows =
      48;  // of a chunk: their part of a step stays in the first cache
  static constexpr int64_t kFewestRows = 4;  // that are worth a pass over the kernel

  const RecurrentSteps<T>* steps = nullptr;

  class Panels {
   public:
    Panels() = default;
    explicit Panels(const RecurrentSlice& slice);
    const RecurrentSlice& slice() const { return slice_; }
    int64_t count() const { return count_; }
    int64_t elements() const;  // of all panels
    void pack(const T* kernel, int64_t index, T* panels) const;

   private:
    RecurrentSlice slice_;
    int64_t width_ = 0, panel_units_ = 0, count_ = 0;
  };

  RecurrentVectors();
  int64_t scratch_elements(int64_t) const { return 0; }
  void begin() const {}
  void end() const {}
  bool fits(int64_t, int64_t, bool, std::string&) const { return true; }
};

// Steps on tile multipliers.
struct RecurrentTiles {
  using Number = float;
  static constexpr int64_t kMostRows = 64;
  static constexpr int64_t kFewestRows = 8;

  const RecurrentThirds* thirds = nullptr;
  const RecurrentSteps<float>* steps = nullptr;

  class Panels {
   public:
    Panels() = default;
    explicit Panels(const RecurrentSlice& slice);
    const RecurrentSlice& slice() const { return slice_; }
    int64_t count() const { return count_; }
    int64_t elements() const;
    void pack(const float* kernel, int64_t index, float* panels) const;

   private:
    int64_t blocks() const;  // of k

    RecurrentSlice slice_;
    const RecurrentThirds* thirds_ = nullptr;
    int64_t panel_units_ = 0, count_ = 0;
  };

  RecurrentTiles();
  int64_t scratch_elements(int64_t k) const;  // of a thread, for products over k
  void begin() const { thirds->begin(); }
  void end() const { thirds->end(); }
  // Whether these steps know how to, and are worth it.
  bool fits(int64_t rows, int64_t units, bool apart, std::string& why) const;
};

}  // namespace kn::cpu
