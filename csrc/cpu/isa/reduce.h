// Inner loops of reductions over a matrix of rows, `stride` elements apart, into wide accumulators
// that the caller has set to the identity of the kind.
#pragma once

#include <cstdint>

namespace kn::cpu {

enum class ReduceKind { sum, product, largest, smallest, squares, exps };
inline constexpr int kReduceKinds = 6;

// Sums of floats are in float over short blocks, then in double; integers are modulo 2^64.
template <class T>
struct AccumulatorOf {
  using type = int64_t;
};
template <>
struct AccumulatorOf<float> {
  using type = double;
};
template <>
struct AccumulatorOf<double> {
  using type = double;
};
template <class T>
using Accumulator = typename AccumulatorOf<T>::type;

template <class T>
struct ReduceLoops {
  // rows: wide[r] takes in the n elements of row r; columns: wide[c] those of column c < n.
  // `center`, per row or column, is subtracted first by squares (of the differences) and exps.
  using Loop = void (*)(const T* x, int64_t rows, int64_t n, int64_t stride, const T* center,
                        Accumulator<T>* wide);
  Loop rows[kReduceKinds];  // nullptr for squares and exps of integers
  Loop columns[kReduceKinds];
  // Position of the largest or smallest element of each row, the first of equal ones, the first
  // NaN where there is one. nullptr for integers. n < 2^31.
  using Find = void (*)(const T* x, int64_t rows, int64_t n, int64_t* position);
  Find find_largest, find_smallest;
};

struct ReduceTable {
  ReduceLoops<float> f32;
  ReduceLoops<double> f64;
  ReduceLoops<int32_t> i32;
  ReduceLoops<int64_t> i64;
  ReduceLoops<uint8_t> u8;  // and bool
};

}  // namespace kn::cpu
