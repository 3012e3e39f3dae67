// Batch normalization in two readings of memory: one for the sums of each channel, one to apply
// them. With channels last, rows are cut into chunks whose sums are joined in order; otherwise each
// channel is on its own, and its planes are still in the cache when they are read again.
#include "cpu/isa/normalization.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cpu/families.h"
#include "cpu/isa/isa.h"
#include "cpu/ref/normalization.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

constexpr int64_t kChunk = 1 << 14;         // elements of a chunk of rows, when there are enough
constexpr int64_t kMaxChunks = 64;          // partial sums are kept for each
constexpr double kBytesPerNanosecond = 25;  // of one thread, for the cost of the whole

const NormalizationLoops<float>& loops_of(float) { return table().normalization.f32; }
const NormalizationLoops<double>& loops_of(double) { return table().normalization.f64; }

template <class T>
class BatchNorm : public Kernel {
 public:
  explicit BatchNorm(const KernelRequest& r, int arrays)
      : l_(r),
        loops_(loops_of(T{})),
        by_rows_(l_.inner == 1),
        chunks_(by_rows_
                    ? std::clamp<int64_t>(std::min(l_.outer, l_.size() / kChunk), 1, kMaxChunks)
                    : 1),
        cost_(static_cast<int64_t>(static_cast<double>(l_.size()) * sizeof(T) * arrays /
                                   kBytesPerNanosecond)) {}

  // Two sums per chunk and channel, then three vectors of channels.
  size_t workspace_bytes() const override {
    return static_cast<size_t>((2 * chunks_ + 3) * l_.channels) * sizeof(T);
  }

 protected:
  T* partial(const RunArgs& a, int64_t chunk, int which) const {
    return static_cast<T*>(a.workspace) + (2 * chunk + which) * l_.channels;
  }
  T* vector(const RunArgs& a, int i) const {
    return static_cast<T*>(a.workspace) + (2 * chunks_ + i) * l_.channels;
  }
  int64_t first_row(int64_t chunk) const { return chunk * l_.outer / chunks_; }
  int64_t rows(int64_t chunk) const { return first_row(chunk + 1) - first_row(chunk); }

  // body(chunk, first element, rows)
  template <class F>
  void over_rows(const RunArgs& a, F&& body) const {
    a.pool->run_chunks(chunks_, cost_,
                       [&](int64_t i) { body(i, first_row(i) * l_.channels, rows(i)); });
  }
  // body(channel)
  template <class F>
  void over_channels(const RunArgs& a, F&& body) const {
    a.pool->parallel_for(l_.channels, 1, cost_, [&](int64_t from, int64_t to) {
      for (int64_t c = from; c < to; ++c) body(c);
    });
  }
  // body(first element) for each plane of a channel
  template <class F>
  void over_planes(int64_t c, F&& body) const {
    for (int64_t o = 0; o < l_.outer; ++o) body((o * l_.channels + c) * l_.inner);
  }

  const ChannelLayout l_;
  const NormalizationLoops<T>& loops_;
  const bool by_rows_;
  const int64_t chunks_;
  const int64_t cost_;
};

// Adds moments (mean_b, m2_b) of n_b elements to (mean, m2) of n_a.
template <class T>
void join_moments(T& mean, T& m2, int64_t n_a, T mean_b, T m2_b, int64_t n_b) {
  if (n_b == 0) return;
  const T a = static_cast<T>(n_a), b = static_cast<T>(n_b), delta = mean_b - mean;
  mean += delta * (b / (a + b));
  m2 += m2_b + delta * delta * (a * b / (a + b));
}

template <class T>
class Train : public BatchNorm<T> {
 public:
  explicit Train(const KernelRequest& r) : BatchNorm<T>(r, 3) {}
  bool in_place(int output, int input) const override { return output == 0 && input == 0; }

  void run(const RunArgs& a) const override {
    const T* x = a.input<T>(0);
    T *y = a.output<T>(0), *mean = a.output<T>(1), *variance = a.output<T>(2);
    T *factor = this->vector(a, 0), *shift = this->vector(a, 1);
    const auto& loops = this->loops_;
    const int64_t c = this->l_.channels, inner = this->l_.inner;
    if (this->by_rows_) {
      this->over_rows(a, [&](int64_t chunk, int64_t at, int64_t rows) {
        loops.row_moments(x + at, rows, c, this->partial(a, chunk, 0), this->partial(a, chunk, 1));
      });
      join_chunks(a, mean, variance);
      for (int64_t i = 0; i < c; ++i) finish(a, i, factor, shift);
      this->over_rows(a, [&](int64_t, int64_t at, int64_t rows) {
        loops.rows_apply(x + at, rows, c, mean, factor, shift, y + at);
      });
      return;
    }
    this->over_channels(a, [&](int64_t i) {
      int64_t before = 0;
      mean[i] = variance[i] = 0;
      this->over_planes(i, [&](int64_t at) {
        T plane_mean, plane_m2;
        loops.plane_moments(x + at, inner, &plane_mean, &plane_m2);
        join_moments(mean[i], variance[i], before, plane_mean, plane_m2, inner);
        before += inner;
      });
      finish(a, i, factor, shift);
      this->over_planes(i, [&](int64_t at) {
        loops.plane_apply(x + at, inner, mean[i], factor[i], shift[i], y + at);
      });
    });
  }

 private:
  void join_chunks(const RunArgs& a, T* mean, T* m2) const {
    const int64_t c = this->l_.channels;
    std::fill(mean, mean + c, T{0});
    std::fill(m2, m2 + c, T{0});
    for (int64_t chunk = 0; chunk < this->chunks_; ++chunk) {
      const T *means = this->partial(a, chunk, 0), *m2s = this->partial(a, chunk, 1);
      for (int64_t i = 0; i < c; ++i)
        join_moments(mean[i], m2[i], this->first_row(chunk), means[i], m2s[i], this->rows(chunk));
    }
  }

  // From the sum of squares in variance[i]: the statistics of channel i and how to apply them.
  void finish(const RunArgs& a, int64_t i, T* factor, T* shift) const {
    const ChannelLayout& l = this->l_;
    T &mean = a.output<T>(1)[i], &variance = a.output<T>(2)[i];
    const int64_t n = l.per_channel();
    if (n == 0) mean = variance = std::numeric_limits<T>::quiet_NaN();
    else variance /= static_cast<T>(n);
    const T inv_std = 1 / std::sqrt(variance + static_cast<T>(l.epsilon));
    a.output<T>(3)[i] = inv_std;
    factor[i] = l.scale ? inv_std * a.input<T>(1)[i] : inv_std;
    shift[i] = l.center ? a.input<T>(l.scale ? 2 : 1)[i] : T{0};
  }
};

template <class T>
class Infer : public BatchNorm<T> {
 public:
  explicit Infer(const KernelRequest& r) : BatchNorm<T>(r, 2) {}
  bool in_place(int output, int input) const override { return output == 0 && input == 0; }

  void run(const RunArgs& a) const override {
    const ChannelLayout& l = this->l_;
    const T *x = a.input<T>(0), *mean = a.input<T>(1), *variance = a.input<T>(2);
    T *y = a.output<T>(0), *factor = this->vector(a, 0), *shift = this->vector(a, 1);
    for (int64_t i = 0; i < l.channels; ++i) {
      const T inv_std = 1 / std::sqrt(variance[i] + static_cast<T>(l.epsilon));
      factor[i] = l.scale ? inv_std * a.input<T>(3)[i] : inv_std;
      shift[i] = l.center ? a.input<T>(l.scale ? 4 : 3)[i] : T{0};
    }
    if (this->by_rows_) {
      this->over_rows(a, [&](int64_t, int64_t at, int64_t rows) {
        this->loops_.rows_apply(x + at, rows, l.channels, mean, factor, shift, y + at);
      });
      return;
    }
    this->over_channels(a, [&](int64_t i) {
      this->over_planes(i, [&](int64_t at) {
        this->loops_.plane_apply(x + at, l.inner, mean[i], factor[i], shift[i], y + at);
      });
    });
  }
};

template <class T>
class Grad : public BatchNorm<T> {
 public:
  explicit Grad(const KernelRequest& r) : BatchNorm<T>(r, 5) {}
  bool in_place(int output, int input) const override { return output == 0 && input <= 1; }

  void run(const RunArgs& a) const override {
    const T *x = a.input<T>(0), *dy = a.input<T>(1), *mean = a.input<T>(2);
    T *dx = a.output<T>(0), *product = a.output<T>(1), *sum = a.output<T>(2);
    T *factor = this->vector(a, 0), *shift = this->vector(a, 1), *slope = this->vector(a, 2);
    const auto& loops = this->loops_;
    const int64_t c = this->l_.channels, inner = this->l_.inner;
    if (this->by_rows_) {
      this->over_rows(a, [&](int64_t chunk, int64_t at, int64_t rows) {
        loops.row_sums(x + at, dy + at, rows, c, mean, this->partial(a, chunk, 0),
                       this->partial(a, chunk, 1));
      });
      join_chunks(a, sum, product);
      for (int64_t i = 0; i < c; ++i) finish(a, i, factor, shift, slope);
      this->over_rows(a, [&](int64_t, int64_t at, int64_t rows) {
        loops.rows_back(x + at, dy + at, rows, c, mean, factor, shift, slope, dx + at);
      });
      return;
    }
    this->over_channels(a, [&](int64_t i) {
      sum[i] = product[i] = 0;
      this->over_planes(i, [&](int64_t at) {
        T plane_sum, plane_product;
        loops.plane_sums(x + at, dy + at, inner, mean[i], &plane_sum, &plane_product);
        sum[i] += plane_sum;
        product[i] += plane_product;
      });
      finish(a, i, factor, shift, slope);
      this->over_planes(i, [&](int64_t at) {
        loops.plane_back(x + at, dy + at, inner, mean[i], factor[i], shift[i], slope[i], dx + at);
      });
    });
  }

 private:
  void join_chunks(const RunArgs& a, T* sum, T* product) const {
    const int64_t c = this->l_.channels;
    std::fill(sum, sum + c, T{0});
    std::fill(product, product + c, T{0});
    for (int64_t chunk = 0; chunk < this->chunks_; ++chunk) {
      const T *sums = this->partial(a, chunk, 0), *products = this->partial(a, chunk, 1);
      for (int64_t i = 0; i < c; ++i) sum[i] += sums[i], product[i] += products[i];
    }
  }

  // Output 1 holds the sum of dy (x - mean) and becomes the gradient of gamma.
  void finish(const RunArgs& a, int64_t i, T* factor, T* shift, T* slope) const {
    const ChannelLayout& l = this->l_;
    const T inv_std = a.input<T>(3)[i], n = static_cast<T>(l.per_channel());
    T& d_gamma = a.output<T>(1)[i];
    d_gamma *= inv_std;
    factor[i] = l.scale ? inv_std * a.input<T>(4)[i] : inv_std;
    shift[i] = a.output<T>(2)[i] / n;
    slope[i] = inv_std * d_gamma / n;
  }
};

template <template <class> class K>
std::unique_ptr<Kernel> make(const KernelRequest& r, std::string&) {
  if (r.in[0].dtype == DType::f64) return std::make_unique<K<double>>(r);
  return std::make_unique<K<float>>(r);
}

const Candidate kTrain[] = {{"loops", make<Train>}, {"ref", ref::make_batch_norm_train}};
const Candidate kInfer[] = {{"loops", make<Infer>}, {"ref", ref::make_batch_norm_infer}};
const Candidate kGrad[] = {{"loops", make<Grad>}, {"ref", ref::make_batch_norm_grad}};
const OpKernels kKernels[] = {
    {"batch_norm_train", kTrain}, {"batch_norm_infer", kInfer}, {"batch_norm_grad", kGrad}};

}  // namespace

std::span<const OpKernels> normalization_kernels() { return kKernels; }

}  // namespace kn::cpu
