// Random numbers, bit for bit the CPU's: the formulas of runtime/draw.h, compiled without fused
// products. A thread takes the elements of one Philox block.
#include "each.h"
#include "families.h"
#include "runtime/draw.h"
#include "strided.h"

namespace kn::cuda {

namespace {

// Element p is draw(word p), a word of 64 bits where the element has as many.
template <class T, class Draw>
struct DrawBlocks {
  uint64_t seed;
  Step step;
  Draw draw;
  T* out;
  int64_t n;

  static constexpr int kPerBlock = sizeof(T) == 8 ? 2 : 4;

  __device__ void operator()(int64_t block) const {
    const Philox words = philox(seed, step.number(), static_cast<uint64_t>(block));
    for (int i = 0; i < kPerBlock; ++i) {
      const int64_t p = block * kPerBlock + i;
      if (p >= n) return;
      if constexpr (sizeof(T) == 8)
        out[p] = static_cast<T>(draw(uint64_t{words.v[2 * i]} << 32 | words.v[2 * i + 1]));
      else out[p] = static_cast<T>(draw(words.v[i]));
    }
  }
};

template <class Numbers>
struct Drawn {
  Numbers numbers;
  template <class Word>
  __device__ auto operator()(Word word) const {
    return drawn_from(numbers, word);
  }
};

struct Bernoulli {
  BernoulliDraw numbers;
  __device__ bool operator()(uint32_t word) const { return !numbers.never && word <= numbers.last; }
};

template <class T, class Draw>
class Random : public Kernel {
 public:
  Random(const KernelRequest& r, const Draw& draw)
      : count_(r.out[0].shape.elements()), seed_(seed_of(r.attrs)), draw_(draw) {}
  void run(const RunArgs& args) const override {
    using Body = DrawBlocks<T, Draw>;
    each(args, (count_ + Body::kPerBlock - 1) / Body::kPerBlock,
         Body{seed_, Step(args), draw_, args.output<T>(0), count_});
  }

 private:
  int64_t count_;
  uint64_t seed_;
  Draw draw_;
};

// A Bernoulli draw takes a word of 32 bits whatever its dtype.
template <class T>
struct BernoulliBlocks {
  uint64_t seed;
  Step step;
  Bernoulli draw;
  T* out;
  int64_t n;
  __device__ void operator()(int64_t block) const {
    const Philox words = philox(seed, step.number(), static_cast<uint64_t>(block));
    for (int i = 0; i < 4 && block * 4 + i < n; ++i)
      out[block * 4 + i] = static_cast<T>(draw(words.v[i]));
  }
};

template <class T>
class RandomBernoulli : public Kernel {
 public:
  explicit RandomBernoulli(const KernelRequest& r)
      : count_(r.out[0].shape.elements()),
        seed_(seed_of(r.attrs)),
        draw_{bernoulli_draw(r.attrs)} {}
  void run(const RunArgs& args) const override {
    each(args, (count_ + 3) / 4,
         BernoulliBlocks<T>{seed_, Step(args), draw_, args.output<T>(0), count_});
  }

 private:
  int64_t count_;
  uint64_t seed_;
  Bernoulli draw_;
};

// The mask's element for each element of x: itself, unless the noise is shared along some axes.
template <class T>
struct DropElements {
  Strided noise;
  uint64_t seed;
  Step step;
  uint32_t first;
  T scale;
  const T* x;
  T* y;
  __device__ void operator()(int64_t i) const {
    const PhiloxKey key{seed, step.number()};
    y[i] = key.word(noise(i)) >= first ? x[i] * scale : T{};
  }
};

// A block of four neighbouring elements, where the noise is not shared.
template <class T>
struct DropBlocks {
  uint64_t seed;
  Step step;
  uint32_t first;
  T scale;
  const T* x;
  T* y;
  int64_t n;
  __device__ void operator()(int64_t block) const {
    const Philox words = philox(seed, step.number(), static_cast<uint64_t>(block));
    for (int i = 0; i < 4 && block * 4 + i < n; ++i)
      y[block * 4 + i] = words.v[i] >= first ? x[block * 4 + i] * scale : T{};
  }
};

template <class T>
class Dropout : public Kernel {
 public:
  explicit Dropout(const KernelRequest& r)
      : count_(r.in[0].shape.elements()),
        seed_(seed_of(r.attrs)),
        draw_(dropout_draw(r.attrs)),
        shared_(shared_noise(r)),
        noise_(broadcast_to(noise_shape(r), r.in[0].shape)) {}
  bool in_place(int, int) const override { return true; }

  void run(const RunArgs& args) const override {
    const T scale = static_cast<T>(draw_.scale);
    const T* x = args.input<T>(0);
    T* y = args.output<T>(0);
    const Step step(args);
    if (shared_) each(args, count_, DropElements<T>{noise_, seed_, step, draw_.first, scale, x, y});
    else each(args, (count_ + 3) / 4, DropBlocks<T>{seed_, step, draw_.first, scale, x, y, count_});
  }

 private:
  int64_t count_;
  uint64_t seed_;
  DropoutDraw draw_;
  bool shared_;
  Strided noise_;
};

template <class T, class Numbers>
std::unique_ptr<Kernel> make_drawn(const KernelRequest& r, const Numbers& numbers) {
  return std::make_unique<Random<T, Drawn<Numbers>>>(r, Drawn<Numbers>{numbers});
}

std::unique_ptr<Kernel> make_uniform(const KernelRequest& r, std::string& refusal) {
  switch (r.out[0].dtype) {
    case DType::f32: return make_drawn<float>(r, uniform_draw<float>(r.attrs));
    case DType::f64: return make_drawn<double>(r, uniform_draw<double>(r.attrs));
    case DType::i32: return make_drawn<int32_t>(r, integer_draw(r.attrs));
    case DType::i64: return make_drawn<int64_t>(r, integer_draw(r.attrs));
    case DType::u8: return make_drawn<uint8_t>(r, integer_draw(r.attrs));
    default: break;
  }
  refusal = "expected numbers; got " + std::string(name_of(r.out[0].dtype));
  return nullptr;
}

template <bool truncated>
std::unique_ptr<Kernel> make_normal(const KernelRequest& r, std::string&) {
  if (r.out[0].dtype == DType::f32)
    return make_drawn<float>(r, normal_draw<float>(r.attrs, truncated));
  return make_drawn<double>(r, normal_draw<double>(r.attrs, truncated));
}

std::unique_ptr<Kernel> make_bernoulli(const KernelRequest& r, std::string& refusal) {
  if (r.out[0].dtype == DType::f16 || r.out[0].dtype == DType::bf16) {
    refusal = "float16 and bfloat16 are not computed on";
    return nullptr;
  }
  return dispatch(r.out[0].dtype, [&](auto zero) -> std::unique_ptr<Kernel> {
    return std::make_unique<RandomBernoulli<decltype(zero)>>(r);
  });
}

std::unique_ptr<Kernel> make_dropout(const KernelRequest& r, std::string&) {
  if (r.in[0].dtype == DType::f32) return std::make_unique<Dropout<float>>(r);
  return std::make_unique<Dropout<double>>(r);
}

const Candidate kUniform[] = {{"blocks", make_uniform}};
const Candidate kNormal[] = {{"blocks", make_normal<false>}};
const Candidate kTruncated[] = {{"blocks", make_normal<true>}};
const Candidate kBernoulli[] = {{"blocks", make_bernoulli}};
const Candidate kDropout[] = {{"blocks", make_dropout}};

const OpKernels kKernels[] = {{"random_uniform", kUniform},
                              {"random_normal", kNormal},
                              {"truncated_normal", kTruncated},
                              {"random_bernoulli", kBernoulli},
                              {"dropout", kDropout}};

}  // namespace

std::span<const OpKernels> random_kernels() { return kKernels; }

}  // namespace kn::cuda
