#include "turn.h"

#include "launch.h"

namespace kn::cuda {

namespace {

constexpr int kSquare = 32, kSquareRows = 8;

// to (columns, rows) = from (rows, columns), by squares.
__global__ void __launch_bounds__(kSquare* kSquareRows)
    turn_kernel(const float* from, float* to, int64_t rows, int64_t columns) {
  __shared__ float square[kSquare][kSquare + 1];
  const int x = static_cast<int>(threadIdx.x) % kSquare,
            y = static_cast<int>(threadIdx.x) / kSquare;
  from += blockIdx.y * rows * columns;
  to += blockIdx.y * rows * columns;
  const int64_t across = (columns + kSquare - 1) / kSquare;
  const int64_t row = blockIdx.x / across * kSquare, column = blockIdx.x % across * kSquare;
  for (int i = y; i < kSquare; i += kSquareRows)
    if (row + i < rows && column + x < columns)
      square[i][x] = from[(row + i) * columns + column + x];
  __syncthreads();
  for (int i = y; i < kSquare; i += kSquareRows)
    if (column + i < columns && row + x < rows) to[(column + i) * rows + row + x] = square[x][i];
}

}  // namespace

void turn(const RunArgs& args, const float* from, float* to, int64_t rows, int64_t columns,
          int64_t many) {
  const int64_t squares = (rows + kSquare - 1) / kSquare * ((columns + kSquare - 1) / kSquare);
  launch(turn_kernel, dim3(static_cast<unsigned>(squares), static_cast<unsigned>(many)),
         dim3(kSquare * kSquareRows), 0, stream_of(args), from, to, rows, columns);
}

size_t turned_bytes(int64_t elements) {
  return (static_cast<size_t>(elements) * sizeof(float) + 255) / 256 * 256;
}

double turning_seconds(int64_t elements) {
  constexpr double kBytesPerSecond = 4e12, kLaunch = 2e-6;
  return kLaunch + 8 * static_cast<double>(elements) / kBytesPerSecond;
}

}  // namespace kn::cuda
