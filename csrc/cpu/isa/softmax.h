// Inner loops of softmax, log-softmax and their gradients. Outputs may be the inputs' memory.
#pragma once

#include <cstdint>

namespace kn::cpu {

template <class T>
struct SoftmaxLoops {
  // x, y, g, dx (rows, n), n > 0: along each row.
  using Rows = void (*)(const T* x, int64_t rows, int64_t n, T* y);
  using RowsGrad = void (*)(const T* y, const T* g, int64_t rows, int64_t n, T* dx);
  Rows rows, log_rows;
  RowsGrad rows_grad, log_rows_grad;
  // (n, stride), of which `columns` from each pointer on: along each column.
  using Columns = void (*)(const T* x, int64_t n, int64_t stride, int64_t columns, T* y);
  using ColumnsGrad = void (*)(const T* y, const T* g, int64_t n, int64_t stride, int64_t columns,
                               T* dx);
  Columns columns, log_columns;
  ColumnsGrad columns_grad, log_columns_grad;
};

struct SoftmaxTable {
  SoftmaxLoops<float> f32;
  SoftmaxLoops<double> f64;
};

}  // namespace kn::cpu
