// The three passes of convolution as operands of a product; groups are its batch.
#pragma once

#include "conv_geometry.h"
#include "epilogue.h"

namespace kn::cuda {

template <class T>
struct ConvOperands {
  using Factor = T;
  using Sum = SumOf<T>;
  using BLine = const T*;
  static constexpr bool kLooksUp = true;

  ConvPlaces g;

  __device__ Element<T> b(const T* line, int64_t deep) const { return {line + deep}; }
  // Whether channels, or filters, come in whole runs of 16 bytes.
  static constexpr int kRun = 16 / sizeof(T);
  bool channels_in_runs(const void* x) const { return g.group_channels % kRun == 0 && at_run(x); }
  bool filters_in_runs(const void* y) const { return g.group_filters % kRun == 0 && at_run(y); }
};

// y (N cells, F) = image elements (N cells, taps C) · w (taps C, F)
template <class T>
struct ConvForward : ConvOperands<T> {
  using typename ConvOperands<T>::Sum;
  using ALine = ConvCell<T>;
  static constexpr bool kAAlongK = true, kBAlongK = false;
  const T *x, *w;
  T* y;
  Epilogue<T> epilogue;

  __device__ const T* a_base(int64_t z) const { return x + z * this->g.group_channels; }
  __device__ ConvCell<T> a_line(const T* base, int64_t i) const {
    return this->g.under(base, static_cast<int>(i));
  }
  __device__ ConvStep a_deep(int64_t k) const {
    return this->g.step(static_cast<int>(k), this->g.by_channels);
  }
  __device__ Element<T> a(const ConvCell<T>& line, const ConvStep& deep) const {
    return this->g.element(line, deep);
  }
  __device__ const T* b_base(int64_t z) const { return w + z * this->g.group_filters; }
  __device__ const T* b_line(const T* base, int64_t j) const { return base + j; }
  __device__ int64_t b_deep(int64_t k) const { return k * this->g.filters; }
  bool a_in_runs() const { return this->channels_in_runs(x); }
  bool b_in_runs() const { return this->filters_in_runs(w); }
  bool c_in_fours() const { return this->g.group_filters % 4 == 0 && at_run(y); }

  __device__ void store(int64_t z, int64_t i, int64_t j, Sum sum) const {
    const int64_t filter = z * this->g.group_filters + j;
    y[i * this->g.filters + filter] = narrow<T>(epilogue(sum, filter));
  }
  __device__ void store_four(int64_t z, int64_t i, int64_t j, const Sum (&sum)[4]) const {
    const int64_t filter = z * this->g.group_filters + j;
    FourOf<T> four;
#pragma unroll
    for (int e = 0; e < 4; ++e) four.of[e] = narrow<T>(epilogue(sum[e], filter + e));
    *reinterpret_cast<FourOf<T>*>(y + i * this->g.filters + filter) = four;
  }
};

// dx (N positions, C) = dy elements (N positions, taps F) · wᵀ (taps F, C)
template <class T>
struct ConvData : ConvOperands<T> {
  using typename ConvOperands<T>::Sum;
  using ALine = ConvCell<T>;
  static constexpr bool kAAlongK = true, kBAlongK = true;
  const T *dy, *w, *relu;  // relu: x, where it is a relu's result, through which dx goes back
  T* dx;

  __device__ const T* a_base(int64_t z) const { return dy + z * this->g.group_filters; }
  __device__ ConvCell<T> a_line(const T* base, int64_t i) const {
    return this->g.above(base, static_cast<int>(i));
  }
  __device__ ConvStep a_deep(int64_t k) const {
    return this->g.step(static_cast<int>(k), this->g.by_filters);
  }
  __device__ Element<T> a(const ConvCell<T>& line, const ConvStep& deep) const {
    return this->g.reaching(line, deep);
  }
  __device__ const T* b_base(int64_t z) const { return w + z * this->g.group_filters; }
  __device__ const T* b_line(const T* base, int64_t j) const { return base + j * this->g.filters; }
  __device__ int64_t b_deep(int64_t k) const {
    int filter = static_cast<int>(k);
    const int tap = this->g.by_filters.split(filter);
    return int64_t{tap} * this->g.group_channels * this->g.filters + filter;
  }
  bool a_in_runs() const { return this->filters_in_runs(dy); }
  bool b_in_runs() const { return this->filters_in_runs(w); }
  bool c_in_fours() const { return this->g.group_channels % 4 == 0 && at_run(dx) && at_run(relu); }

  __device__ int64_t place(int64_t z, int64_t i, int64_t j) const {
    return i * this->g.channels + z * this->g.group_channels + j;
  }
  __device__ void store(int64_t z, int64_t i, int64_t j, Sum sum) const {
    const int64_t at = place(z, i, j);
    dx[at] = relu && !(widen(relu[at]) > 0) ? T{} : narrow<T>(sum);
  }
  __device__ void store_four(int64_t z, int64_t i, int64_t j, const Sum (&sum)[4]) const {
    const int64_t at = place(z, i, j);
    FourOf<T> four;
#pragma unroll
    for (int e = 0; e < 4; ++e) four.of[e] = narrow<T>(sum[e]);
    if (relu) {
      const FourOf<T> gate = *reinterpret_cast<const FourOf<T>*>(relu + at);
#pragma unroll
      for (int e = 0; e < 4; ++e)
        if (!(widen(gate.of[e]) > 0)) four.of[e] = T{};
    }
    *reinterpret_cast<FourOf<T>*>(dx + at) = four;
  }
};

// dw (taps C, F) = image elementsᵀ (taps C, N cells) · dy (N cells, F); where db is wanted, a last
// row of ones on the left gives it.
template <class T>
struct ConvWeights : ConvOperands<T> {
  using typename ConvOperands<T>::Sum;
  using ALine = ConvStep;
  static constexpr bool kAAlongK = false, kBAlongK = false;
  static constexpr int kOnes = -1;
  const T *x, *dy;
  T *dw, *db;

  __device__ int64_t inner() const { return this->g.taps * this->g.group_channels; }
  __device__ int a_base(int64_t z) const { return static_cast<int>(z) * this->g.group_channels; }
  __device__ ConvStep a_line(int base, int64_t i) const {
    if (i >= inner()) return {0, 0, 0, kOnes};
    ConvStep step = this->g.step(static_cast<int>(i), this->g.by_channels);
    step.along += base;
    return step;
  }
  __device__ ConvCell<T> a_deep(int64_t k) const { return this->g.under(x, static_cast<int>(k)); }
  __device__ Element<T> a(const ConvStep& line, const ConvCell<T>& deep) const {
    if (line.along == kOnes) return {nullptr, true};
    return this->g.element(deep, line);
  }
  __device__ const T* b_base(int64_t z) const { return dy + z * this->g.group_filters; }
  __device__ const T* b_line(const T* base, int64_t j) const { return base + j; }
  __device__ int64_t b_deep(int64_t k) const { return k * this->g.filters; }
  bool a_in_runs() const { return this->channels_in_runs(x); }
  bool b_in_runs() const { return this->filters_in_runs(dy); }
  bool c_in_fours() const { return this->g.group_filters % 4 == 0 && at_run(dw) && at_run(db); }

  __device__ T* place(int64_t z, int64_t i, int64_t j) const {
    return (i < inner() ? dw + i * this->g.filters : db) + z * this->g.group_filters + j;
  }
  __device__ void store(int64_t z, int64_t i, int64_t j, Sum sum) const {
    *place(z, i, j) = narrow<T>(sum);
  }
  __device__ void store_four(int64_t z, int64_t i, int64_t j, const Sum (&sum)[4]) const {
    FourOf<T> four;
#pragma unroll
    for (int e = 0; e < 4; ++e) four.of[e] = narrow<T>(sum[e]);
    *reinterpret_cast<FourOf<T>*>(place(z, i, j)) = four;
  }
};

}  // namespace kn::cuda
