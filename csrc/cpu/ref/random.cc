#include "cpu/ref/random.h"

#include "cpu/ref/moves.h"
#include "runtime/draw.h"

namespace kn::cpu::ref {

namespace {

// Element p is draw(key, p).
template <class T, class DrawAt>
class Drawn : public Kernel {
 public:
  Drawn(const KernelRequest& r, DrawAt draw)
      : size_(r.out[0].shape.elements()), seed_(seed_of(r.attrs)), draw_(draw) {}
  void run(const RunArgs& args) const override {
    const PhiloxKey key{seed_, args.step};
    for (Dim p = 0; p < size_; ++p) args.output<T>(0)[p] = draw_(key, p);
  }

 private:
  Dim size_;
  uint64_t seed_;
  DrawAt draw_;
};

// One word decides an element of up to 32 bits, a long word one of 64.
template <class T, class Draw>
std::unique_ptr<Kernel> make_drawn(const KernelRequest& r, Draw draw) {
  const auto draw_at = [draw](const PhiloxKey& key, Dim p) {
    if constexpr (sizeof(T) == 8) return static_cast<T>(drawn_from(draw, key.long_word(p)));
    else return static_cast<T>(drawn_from(draw, key.word(p)));
  };
  return std::make_unique<Drawn<T, decltype(draw_at)>>(r, draw_at);
}

std::unique_ptr<Kernel> make_normal(const KernelRequest& r, bool truncated) {
  if (r.out[0].dtype == DType::f32)
    return make_drawn<float>(r, normal_draw<float>(r.attrs, truncated));
  return make_drawn<double>(r, normal_draw<double>(r.attrs, truncated));
}

// Positions of the mask are those of the noise shape.
template <class T>
class Dropout : public Kernel {
 public:
  explicit Dropout(const KernelRequest& r)
      : shape_(r.in[0].shape),
        noise_(noise_shape(r)),
        seed_(seed_of(r.attrs)),
        draw_(dropout_draw(r.attrs)) {}

  void run(const RunArgs& args) const override {
    const PhiloxKey key{seed_, args.step};
    for_each_index(shape_, [&](Index index, Dim position) {
      for (int i = 0; i < shape_.rank(); ++i)
        if (noise_[i] == 1) index[i] = 0;
      const bool kept = key.word(offset_of(noise_, index)) >= draw_.first;
      const T x = args.input<T>(0)[position];
      args.output<T>(0)[position] = kept ? x * static_cast<T>(draw_.scale) : T{};
    });
  }

  bool in_place(int, int) const override { return true; }

 private:
  Shape shape_, noise_;
  uint64_t seed_;
  DropoutDraw draw_;
};

}  // namespace

std::unique_ptr<Kernel> make_random_uniform(const KernelRequest& r, std::string& refusal) {
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

std::unique_ptr<Kernel> make_random_normal(const KernelRequest& r, std::string&) {
  return make_normal(r, false);
}
std::unique_ptr<Kernel> make_truncated_normal(const KernelRequest& r, std::string&) {
  return make_normal(r, true);
}

std::unique_ptr<Kernel> make_random_bernoulli(const KernelRequest& r, std::string& refusal) {
  const DType dtype = r.out[0].dtype;
  if (dtype == DType::f16 || dtype == DType::bf16) {
    refusal = "float16 and bfloat16 are not computed on";
    return nullptr;
  }
  return dispatch(dtype, [&](auto zero) -> std::unique_ptr<Kernel> {
    using T = decltype(zero);
    const auto draw_at = [draw = bernoulli_draw(r.attrs)](const PhiloxKey& key, Dim p) {
      return static_cast<T>(!draw.never && key.word(p) <= draw.last);
    };
    return std::make_unique<Drawn<T, decltype(draw_at)>>(r, draw_at);
  });
}

std::unique_ptr<Kernel> make_dropout(const KernelRequest& r, std::string&) {
  if (r.in[0].dtype == DType::f32) return std::make_unique<Dropout<float>>(r);
  return std::make_unique<Dropout<double>>(r);
}

}  // namespace kn::cpu::ref
