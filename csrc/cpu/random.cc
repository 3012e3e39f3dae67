// Random numbers in blocks: words from the vectorised Philox into a small buffer that stays in the
// cache, then from words to numbers.
#include <algorithm>

#include "cpu/families.h"
#include "cpu/isa/isa.h"
#include "cpu/ref/random.h"
#include "runtime/draw.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

constexpr Dim kBuffer = 512;  // words at a time: a whole number of vectors of blocks
constexpr Dim kGrain = 16;    // buffers per thread at least
constexpr double kNanosecondsPerWord = 0.7;

// Calls f(words, position, n) for the words of positions [0, size), n of them at a time.
template <class F>
void for_each_buffer(const RunArgs& args, const RandomTable& loops, uint64_t seed, Dim size, F f) {
  const Dim buffers = (size + kBuffer - 1) / kBuffer;
  const auto cost = static_cast<int64_t>(static_cast<double>(size) * kNanosecondsPerWord);
  args.pool->parallel_for(buffers, kGrain, cost, [&](Dim from, Dim to) {
    alignas(64) uint32_t words[kBuffer];
    for (Dim b = from; b < to; ++b) {
      const Dim position = b * kBuffer, n = std::min(kBuffer, size - position);
      loops.words(seed, args.step, static_cast<uint64_t>(position) / 4, words, n);
      f(words, position, n);
    }
  });
}

// Output element p is made of word p: f(loops, words, out, n).
template <class T, class F>
class FromWords : public Kernel {
 public:
  FromWords(const KernelRequest& r, F f)
      : size_(r.out[0].shape.elements()), seed_(seed_of(r.attrs)), loops_(table().random), f_(f) {}

  void run(const RunArgs& args) const override {
    T* out = args.output<T>(0);
    for_each_buffer(args, loops_, seed_, size_, [&](const uint32_t* words, Dim position, Dim n) {
      f_(loops_, words, out + position, n);
    });
  }

 private:
  Dim size_;
  uint64_t seed_;
  const RandomTable& loops_;
  F f_;
};

// Output element p is made of words 2 p and 2 p + 1: value(long word).
template <class T, class F>
class FromLongWords : public Kernel {
 public:
  FromLongWords(const KernelRequest& r, F value)
      : size_(r.out[0].shape.elements()),
        seed_(seed_of(r.attrs)),
        loops_(table().random),
        value_(value) {}

  void run(const RunArgs& args) const override {
    T* out = args.output<T>(0);
    for_each_buffer(args, loops_, seed_, 2 * size_,
                    [&](const uint32_t* words, Dim position, Dim n) {
                      for (Dim i = 0; i < n; i += 2)
                        out[(position + i) / 2] = value_(uint64_t{words[i]} << 32 | words[i + 1]);
                    });
  }

 private:
  Dim size_;
  uint64_t seed_;
  const RandomTable& loops_;
  F value_;
};

template <class T, class F>
std::unique_ptr<Kernel> from_words(const KernelRequest& r, F f) {
  return std::make_unique<FromWords<T, F>>(r, f);
}

template <class T, class F>
std::unique_ptr<Kernel> from_long_words(const KernelRequest& r, F value) {
  return std::make_unique<FromLongWords<T, F>>(r, value);
}

template <class T>
std::unique_ptr<Kernel> make_integers(const KernelRequest& r) {
  const IntegerDraw draw = integer_draw(r.attrs);
  if constexpr (sizeof(T) == 8) {
    return from_long_words<T>(r, [draw](uint64_t word) { return drawn_from(draw, word); });
  } else {
    return from_words<T>(r, [draw](const RandomTable&, const uint32_t* words, T* out, Dim n) {
      for (Dim i = 0; i < n; ++i) out[i] = static_cast<T>(drawn_from(draw, words[i]));
    });
  }
}

std::unique_ptr<Kernel> make_uniform(const KernelRequest& r, std::string& refusal) {
  switch (r.out[0].dtype) {
    case DType::f32:
      return from_words<float>(
          r, [draw = uniform_draw<float>(r.attrs)](const RandomTable& loops, const uint32_t* words,
                                                   float* out, Dim n) {
            loops.uniform(words, draw.low, draw.span, draw.most, out, n);
          });
    case DType::f64:
      return from_long_words<double>(r, [draw = uniform_draw<double>(r.attrs)](uint64_t word) {
        return drawn_from(draw, word);
      });
    case DType::i32: return make_integers<int32_t>(r);
    case DType::i64: return make_integers<int64_t>(r);
    case DType::u8: return make_integers<uint8_t>(r);
    default: break;
  }
  refusal = "expected numbers";
  return nullptr;
}

std::unique_ptr<Kernel> make_normals(const KernelRequest& r, bool truncated) {
  if (r.out[0].dtype == DType::f32)
    return from_words<float>(
        r, [draw = normal_draw<float>(r.attrs, truncated)](
               const RandomTable& loops, const uint32_t* words, float* out, Dim n) {
          loops.normal(words, draw.mean, draw.stddev, draw.factor, draw.limit, out, n);
        });
  return from_long_words<double>(r, [draw = normal_draw<double>(r.attrs, truncated)](
                                        uint64_t word) { return drawn_from(draw, word); });
}

std::unique_ptr<Kernel> make_normal(const KernelRequest& r, std::string&) {
  return make_normals(r, false);
}
std::unique_ptr<Kernel> make_truncated_normal(const KernelRequest& r, std::string&) {
  return make_normals(r, true);
}

std::unique_ptr<Kernel> make_bernoulli(const KernelRequest& r, std::string& refusal) {
  const BernoulliDraw draw = bernoulli_draw(r.attrs);
  if (draw.never || r.out[0].dtype != DType::f32) {
    refusal = draw.never ? "nothing is drawn" : "only float32 is vectorised";
    return nullptr;
  }
  return from_words<float>(r, [draw](const RandomTable& loops, const uint32_t* words, float* out,
                                     Dim n) { loops.bernoulli(words, draw.last, out, n); });
}

void apply_dropout(const RandomTable& loops, const uint32_t* words, const DropoutDraw& draw,
                   const float* x, float* out, Dim n) {
  loops.dropout_f32(words, draw.first, static_cast<float>(draw.scale), x, out, n);
}
void apply_dropout(const RandomTable& loops, const uint32_t* words, const DropoutDraw& draw,
                   const double* x, double* out, Dim n) {
  loops.dropout_f64(words, draw.first, draw.scale, x, out, n);
}

template <class T>
class Dropout : public Kernel {
 public:
  explicit Dropout(const KernelRequest& r)
      : size_(r.in[0].shape.elements()),
        seed_(seed_of(r.attrs)),
        draw_(dropout_draw(r.attrs)),
        loops_(table().random) {}

  void run(const RunArgs& args) const override {
    const T* x = args.input<T>(0);
    T* out = args.output<T>(0);
    for_each_buffer(args, loops_, seed_, size_, [&](const uint32_t* words, Dim position, Dim n) {
      apply_dropout(loops_, words, draw_, x + position, out + position, n);
    });
  }

  bool in_place(int, int) const override { return true; }

 private:
  Dim size_;
  uint64_t seed_;
  DropoutDraw draw_;
  const RandomTable& loops_;
};

std::unique_ptr<Kernel> make_dropout(const KernelRequest& r, std::string& refusal) {
  if (shared_noise(r)) {
    refusal = "noise_shape shares draws along an axis";
    return nullptr;
  }
  if (r.in[0].dtype == DType::f32) return std::make_unique<Dropout<float>>(r);
  return std::make_unique<Dropout<double>>(r);
}

// Dropout whose mask is smaller than x: the words of the mask first, then rows of x under them.
template <class T>
class SharedDropout : public Kernel {
 public:
  explicit SharedDropout(const KernelRequest& r)
      : seed_(seed_of(r.attrs)), draw_(dropout_draw(r.attrs)), loops_(table().random) {
    const Shape& x = r.in[0].shape;
    const Shape noise = noise_shape(r);
    const auto strides = strides_of(noise);
    words_ = noise.elements();
    inner_ = x.rank() ? x.back() : 1;
    inner_stride_ = x.rank() && noise.back() == x.back() ? 1 : 0;
    for (int i = 0; i + 1 < x.rank(); ++i) {
      rows_.push_back(x[i]);
      row_strides_[i] = noise[i] == x[i] ? strides[i] : 0;
    }
  }

  size_t workspace_bytes() const override { return static_cast<size_t>(words_) * 4; }
  bool in_place(int, int) const override { return true; }

  void run(const RunArgs& args) const override {
    auto* mask = static_cast<uint32_t*>(args.workspace);
    for_each_buffer(args, loops_, seed_, words_, [&](const uint32_t* words, Dim position, Dim n) {
      std::copy(words, words + n, mask + position);
    });
    const Dim rows = rows_.elements(), grain = std::max<Dim>(1, 8192 / std::max<Dim>(inner_, 1));
    args.pool->parallel_for(rows, grain, rows * inner_ / 2, [&](Dim from, Dim to) {
      for (Dim row = from; row < to; ++row)
        apply_row(mask + mask_offset(row), args.input<T>(0) + row * inner_,
                  args.output<T>(0) + row * inner_);
    });
  }

 private:
  Dim mask_offset(Dim row) const {
    Dim offset = 0;
    for (int i = rows_.rank() - 1; i >= 0; --i) {
      offset += row % rows_[i] * row_strides_[i];
      row /= rows_[i];
    }
    return offset;
  }

  void apply_row(const uint32_t* words, const T* x, T* out) const {
    if (inner_stride_) {
      apply_dropout(loops_, words, draw_, x, out, inner_);
    } else if (*words >= draw_.first) {
      const T scale = static_cast<T>(draw_.scale);
      for (Dim i = 0; i < inner_; ++i) out[i] = x[i] * scale;
    } else {
      std::fill(out, out + inner_, T{});
    }
  }

  uint64_t seed_;
  DropoutDraw draw_;
  const RandomTable& loops_;
  Shape rows_;  // all axes of x but the last
  Dim row_strides_[kMaxRank] = {};
  Dim words_ = 0, inner_ = 1, inner_stride_ = 1;
};

std::unique_ptr<Kernel> make_shared_dropout(const KernelRequest& r, std::string&) {
  if (r.in[0].dtype == DType::f32) return std::make_unique<SharedDropout<float>>(r);
  return std::make_unique<SharedDropout<double>>(r);
}

const Candidate kUniform[] = {{"blocks", make_uniform}, {"ref", ref::make_random_uniform}};
const Candidate kNormal[] = {{"blocks", make_normal}, {"ref", ref::make_random_normal}};
const Candidate kTruncated[] = {{"blocks", make_truncated_normal},
                                {"ref", ref::make_truncated_normal}};
const Candidate kBernoulli[] = {{"blocks", make_bernoulli}, {"ref", ref::make_random_bernoulli}};
const Candidate kDropout[] = {
    {"blocks", make_dropout}, {"shared", make_shared_dropout}, {"ref", ref::make_dropout}};

const OpKernels kKernels[] = {
    {"random_uniform", kUniform},     {"random_normal", kNormal}, {"truncated_normal", kTruncated},
    {"random_bernoulli", kBernoulli}, {"dropout", kDropout},
};

}  // namespace

std::span<const OpKernels> random_kernels() { return kKernels; }

}  // namespace kn::cpu
