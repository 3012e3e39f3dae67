// Few of many are kept sorted while passing once over the row; many are found by selection in a
// row of indices.
#include "cpu/top_k.h"

#include <algorithm>

#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

constexpr Dim kFew = 16;
constexpr Dim kChunks = 16;  // parts of the rows, each with its workspace

// The order of results: larger first, NaN before numbers, then the lower index.
template <class T>
struct Before {
  const T* x;
  bool operator()(int32_t a, int32_t b) const {
    const bool nan_a = x[a] != x[a], nan_b = x[b] != x[b];
    if (nan_a || nan_b) return nan_a && (!nan_b || a < b);
    return x[a] > x[b] || (x[a] == x[b] && a < b);
  }
};

template <class T>
class TopK : public Kernel {
 public:
  explicit TopK(const KernelRequest& r)
      : n_(r.in[0].shape.back()),
        k_(r.out[0].shape.back()),
        rows_(r.in[0].shape.elements(0, r.in[0].shape.rank() - 1)) {}

  size_t workspace_bytes() const override {
    return k_ <= kFew ? 0 : static_cast<size_t>(kChunks * n_) * sizeof(int32_t);
  }

  void run(const RunArgs& args) const override {
    const Dim chunks = std::clamp<Dim>(rows_ * n_ / 16384, 1, std::min(kChunks, rows_));
    if (k_ == 0 || rows_ == 0) return;
    const auto body = [&](int64_t chunk) {
      auto* order = static_cast<int32_t*>(args.workspace) + (k_ <= kFew ? 0 : chunk * n_);
      for (Dim row = chunk * rows_ / chunks; row < (chunk + 1) * rows_ / chunks; ++row) {
        const T* x = args.input<T>(0) + row * n_;
        int32_t* best = args.output<int32_t>(1) + row * k_;
        if (k_ <= kFew) keep_few(x, best);
        else select_many(x, order, best);
        T* values = args.output<T>(0) + row * k_;
        for (Dim i = 0; i < k_; ++i) values[i] = x[best[i]];
      }
    };
    args.pool->run_chunks(chunks, rows_ * n_ * 2, body);
  }

 private:
  void keep_few(const T* x, int32_t* best) const {
    const Before<T> before{x};
    Dim kept = 0;
    for (int32_t i = 0; i < static_cast<int32_t>(n_); ++i) {
      if (kept == k_ && !before(i, best[k_ - 1])) continue;
      Dim at = kept < k_ ? kept++ : k_ - 1;
      for (; at > 0 && before(i, best[at - 1]); --at) best[at] = best[at - 1];
      best[at] = i;
    }
  }

  void select_many(const T* x, int32_t* order, int32_t* best) const {
    const Before<T> before{x};
    for (Dim i = 0; i < n_; ++i) order[i] = static_cast<int32_t>(i);
    if (k_ < n_) std::nth_element(order, order + k_, order + n_, before);
    std::sort(order, order + k_, before);
    std::copy(order, order + k_, best);
  }

  Dim n_, k_, rows_;
};

}  // namespace

std::unique_ptr<Kernel> make_top_k(const KernelRequest& r, std::string& refusal) {
  switch (r.in[0].dtype) {
    case DType::f32: return std::make_unique<TopK<float>>(r);
    case DType::f64: return std::make_unique<TopK<double>>(r);
    case DType::i32: return std::make_unique<TopK<int32_t>>(r);
    case DType::i64: return std::make_unique<TopK<int64_t>>(r);
    default: break;
  }
  refusal = std::string(name_of(r.in[0].dtype)) + " is not hot";
  return nullptr;
}

}  // namespace kn::cpu
