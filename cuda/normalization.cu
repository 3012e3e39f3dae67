// Batch normalization over all axes but one. Blocks of 32 channels by 8 rows sum a part of the
// positions each; the parts of a channel are joined by a warp; then every element is normalized, 16
// bytes at a time.
#include <algorithm>
#include <cmath>

#include "channels.h"
#include "families.h"

namespace kn::cuda {

namespace {

constexpr int kRows = 8;

template <class T>
struct Pair {
  T first, second;
};

// Sums of two numbers per element over a part of each channel's positions.
template <class T, class Terms>
__global__ void __launch_bounds__(kColumns* kRows)
    sum_kernel(Layout l, Terms terms, Pair<T>* partial) {
  __shared__ Pair<T> shared[kRows][kColumns];
  const int64_t channel = static_cast<int64_t>(blockIdx.x) * kColumns + threadIdx.x;
  const int64_t n = l.positions();
  const int64_t from = n * blockIdx.y / l.parts, to = n * (blockIdx.y + 1) / l.parts;
  Pair<T> sum{0, 0};
  if (channel < l.channels) {
    for (int64_t p = from + threadIdx.y; p < to; p += kRows) {
      const Pair<T> term = terms(l, p, channel);
      sum.first += term.first;
      sum.second += term.second;
    }
  }
  shared[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y != 0 || channel >= l.channels) return;
  for (int row = 1; row < kRows; ++row) {
    sum.first += shared[row][threadIdx.x].first;
    sum.second += shared[row][threadIdx.x].second;
  }
  partial[blockIdx.y * l.channels + channel] = sum;
}

// By a warp, in a fixed order.
template <class T>
__device__ Pair<T> joined(const Layout& l, const Pair<T>* partial, int64_t channel, int lane) {
  Pair<T> sum{0, 0};
  for (int64_t part = lane; part < l.parts; part += kWarp) {
    sum.first += partial[part * l.channels + channel].first;
    sum.second += partial[part * l.channels + channel].second;
  }
  return {join_lanes(sum.first, Add()), join_lanes(sum.second, Add())};
}

// x - shift and its square, where the shift is the channel's first element: near enough to the mean
// for the difference of the sums to keep its digits.
template <class T>
struct MomentTerms {
  const T* x;
  __device__ Pair<T> operator()(const Layout& l, int64_t position, int64_t channel) const {
    const T d = x[l.at(position, channel)] - x[l.at(0, channel)];
    return {d, d * d};
  }
};

template <class T>
struct FinishMoments {
  Layout l;
  const T* x;
  const Pair<T>* partial;
  T *mean, *variance, *inv_std;
  __device__ void operator()(int64_t channel, int lane) const {
    const Pair<T> sum = joined(l, partial, channel, lane);
    if (lane != 0) return;
    const T n = static_cast<T>(l.positions()), d = sum.first / n;
    const T difference = sum.second / n - d * d;
    const T spread = difference < 0 ? T(0) : difference;  // NaN stays
    mean[channel] = (l.positions() ? x[l.at(0, channel)] : T(0)) + d;
    variance[channel] = spread;
    inv_std[channel] = 1 / std::sqrt(spread + static_cast<T>(l.epsilon));
  }
};

// Of mean, 1 / standard deviation or variance, gamma, beta.
template <class T, bool kVariance>
struct Normalize {
  static constexpr int kTables = 4;
  __device__ static T absent(int table) { return table == 1 || table == 2 ? T(1) : T(0); }
  const T* table[kTables];
  T epsilon;
  __device__ T operator()(T x, T, const T (&c)[kTables]) const {
    const T factor = kVariance ? 1 / std::sqrt(c[1] + epsilon) : c[1];
    return (x - c[0]) * factor * c[2] + c[3];
  }
};

template <class T>
struct GradTerms {
  const T *x, *dy, *mean;
  __device__ Pair<T> operator()(const Layout& l, int64_t position, int64_t channel) const {
    const int64_t i = l.at(position, channel);
    return {dy[i], dy[i] * (x[i] - mean[channel])};
  }
};

template <class T>
struct FinishGrad {
  Layout l;
  const Pair<T>* partial;
  const T* inv_std;
  T *d_gamma, *d_beta;
  __device__ void operator()(int64_t channel, int lane) const {
    const Pair<T> sum = joined(l, partial, channel, lane);
    if (lane != 0) return;
    d_beta[channel] = sum.first;
    d_gamma[channel] = sum.second * inv_std[channel];
  }
};

// Of mean, 1 / standard deviation, gamma, d gamma, d beta.
template <class T>
struct InputGrad {
  static constexpr int kTables = 5;
  __device__ static T absent(int table) { return table == 1 || table == 2 ? T(1) : T(0); }
  const T* table[kTables];
  T n;  // positions
  __device__ T operator()(T x, T dy, const T (&c)[kTables]) const {
    const T normal = (x - c[0]) * c[1];
    return c[1] * c[2] * (dy - c[4] / n - normal * (c[3] / n));
  }
};

template <class T>
class ChannelKernel : public Kernel {
 public:
  explicit ChannelKernel(const KernelRequest& r) : l_(r) {}

 protected:
  size_t partial_bytes() const {
    return static_cast<size_t>(l_.parts * l_.channels) * sizeof(Pair<T>);
  }
  template <class Terms>
  const Pair<T>* sum(const RunArgs& args, const Terms& terms) const {
    auto* partial = static_cast<Pair<T>*>(args.workspace);
    const auto blocks = static_cast<unsigned>((l_.channels + kColumns - 1) / kColumns);
    if (blocks > 0)
      launch(sum_kernel<T, Terms>, dim3(blocks, static_cast<unsigned>(l_.parts)),
             dim3(kColumns, kRows), 0, stream_of(args), l_, terms, partial);
    return partial;
  }

  Layout l_;
};

template <class T>
class Train : public ChannelKernel<T> {
 public:
  using ChannelKernel<T>::ChannelKernel;
  size_t workspace_bytes() const override { return this->partial_bytes(); }
  bool in_place(int output, int input) const override { return output == 0 && input == 0; }

  // (x, [gamma], [beta]) -> y, mean, variance, 1 / sqrt(variance + epsilon)
  void run(const RunArgs& args) const override {
    const Layout& l = this->l_;
    const T* x = args.input<T>(0);
    T *mean = args.output<T>(1), *inv_std = args.output<T>(3);
    const Pair<T>* partial = this->sum(args, MomentTerms<T>{x});
    each_by_warp(args, l.channels,
                 FinishMoments<T>{l, x, partial, mean, args.output<T>(2), inv_std});
    each_element(args, l, x, static_cast<const T*>(nullptr), args.output<T>(0),
                 Normalize<T, false>{{mean, inv_std, l.scale ? args.input<T>(1) : nullptr,
                                      l.center ? args.input<T>(l.scale ? 2 : 1) : nullptr},
                                     T(0)});
  }
};

template <class T>
class Infer : public ChannelKernel<T> {
 public:
  using ChannelKernel<T>::ChannelKernel;
  bool in_place(int output, int input) const override { return output == 0 && input == 0; }

  // (x, mean, variance, [gamma], [beta]) -> y
  void run(const RunArgs& args) const override {
    const Layout& l = this->l_;
    each_element(args, l, args.input<T>(0), static_cast<const T*>(nullptr), args.output<T>(0),
                 Normalize<T, true>{
                     {args.input<T>(1), args.input<T>(2), l.scale ? args.input<T>(3) : nullptr,
                      l.center ? args.input<T>(l.scale ? 4 : 3) : nullptr},
                     static_cast<T>(l.epsilon)});
  }
};

template <class T>
class Grad : public ChannelKernel<T> {
 public:
  using ChannelKernel<T>::ChannelKernel;
  size_t workspace_bytes() const override { return this->partial_bytes(); }
  bool in_place(int output, int input) const override { return output == 0 && input <= 1; }

  // (x, dy, mean, inv_std, [gamma]) -> dx, d gamma, d beta
  void run(const RunArgs& args) const override {
    const Layout& l = this->l_;
    const T *x = args.input<T>(0), *dy = args.input<T>(1);
    const T *mean = args.input<T>(2), *inv_std = args.input<T>(3);
    T *d_gamma = args.output<T>(1), *d_beta = args.output<T>(2);
    const Pair<T>* partial = this->sum(args, GradTerms<T>{x, dy, mean});
    each_by_warp(args, l.channels, FinishGrad<T>{l, partial, inv_std, d_gamma, d_beta});
    each_element(
        args, l, x, dy, args.output<T>(0),
        InputGrad<T>{{mean, inv_std, l.scale ? args.input<T>(4) : nullptr, d_gamma, d_beta},
                     static_cast<T>(l.positions())});
  }
};

template <template <class> class K>
std::unique_ptr<Kernel> make(const KernelRequest& r, std::string&) {
  if (r.in[0].dtype == DType::f64) return std::make_unique<K<double>>(r);
  return std::make_unique<K<float>>(r);
}

const Candidate kTrain[] = {{"columns", make<Train>}};
const Candidate kInfer[] = {{"elements", make<Infer>}};
const Candidate kGrad[] = {{"columns", make<Grad>}};
const OpKernels kKernels[] = {
    {"batch_norm_train", kTrain}, {"batch_norm_infer", kInfer}, {"batch_norm_grad", kGrad}};

}  // namespace

std::span<const OpKernels> normalization_kernels() { return kKernels; }

}  // namespace kn::cuda
