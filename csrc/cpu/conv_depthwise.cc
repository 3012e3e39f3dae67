// Convolutions in which every channel has one filter of its own: nothing to multiply as matrices,
// so vectors run along channels and a few pixels share what is read of the kernel. The walk over
// lines is that of cpu/conv_direct.cc.
#include "cpu/conv.h"
#include "cpu/conv_epilogue.h"
#include "cpu/conv_lines.h"
#include "cpu/isa/conv_args.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

template <class T>
class Depthwise : public Kernel {
 public:
  Depthwise(const ConvGeometry& g, bool adjoint, const ConvEpilogue<T>& epilogue, bool masks)
      : g_(g),
        lines_(g, adjoint, true),
        epilogue_(epilogue),
        masks_(masks),
        kernels_(conv_kernels_of<T>()),
        height_(lines_.band_height(g.batch, g.channels * static_cast<Dim>(sizeof(T)))),
        bands_((lines_.out(1) + height_ - 1) / height_),
        band_(lines_, g.channels, height_),
        band_bytes_(aligned(sizeof(T) * band_.elements())),
        slot_bytes_(band_bytes_ + aligned(sizeof(ConvRun) * g.window.taps())),
        slots_(global_pool().threads()) {}

  size_t workspace_bytes() const override { return slots_ * slot_bytes_; }

  void run(const RunArgs& args) const override {
    const Dim units = g_.batch * lines_.out(0) * bands_;
    const int64_t work =
        units * height_ * lines_.out(2) * g_.window.taps() * (g_.channels / kernels_.lanes + 1);
    args.pool->run_chunks_in_slots(units, work / 2, slots_, [&](int64_t unit, int slot) {
      compute(args, unit, static_cast<char*>(args.workspace) + slot * slot_bytes_);
    });
  }

 private:
  void compute(const RunArgs& args, Dim unit, char* slot) const {
    const Dim plane_index = unit / bands_, image = plane_index / lines_.out(0);
    const Dim from = unit % bands_ * height_, to = std::min(from + height_, lines_.out(1));
    LineBand band = band_;
    const Dim image_size = lines_.in(0) * lines_.in(1) * lines_.in(2) * g_.channels;
    band.fetch(args.input<T>(0) + image * image_size, plane_index % lines_.out(0), from, to,
               reinterpret_cast<T*>(slot));
    auto* runs = reinterpret_cast<ConvRun*>(slot + band_bytes_);
    const Dim line_size = lines_.out(2) * g_.channels;
    T* out = args.output<T>(0) + (plane_index * lines_.out(1) + from) * line_size;
    DepthwiseLine d;
    d.runs = runs;
    d.channels = g_.channels;
    d.a_step = lines_.pixel_step() * g_.channels;
    d.bias = epilogue_.bias(args);
    d.relu = epilogue_.relu();
    for (Dim line = from; line < to; ++line)
      for (const Comb& comb : lines_.combs()) {
        d.run_count = find_runs(band, comb, line, args.input<T>(1), runs);
        d.pixels = comb.count;
        d.c_step = comb.step * g_.channels;
        d.c = out + (line - from) * line_size + comb.first * g_.channels;
        kernels_.depthwise(d);
      }
    epilogue_.activate(out, (to - from) * line_size);
    if (masks_)
      mask_by_relu(out, args.input<T>(2) + (out - args.output<T>(0)), (to - from) * line_size);
  }

  Dim find_runs(const LineBand& band, const Comb& comb, Dim line, const T* w, ConvRun* runs) const {
    Dim count = 0, row = 0;
    for (Dim td = 0; td < lines_.taps(0); ++td)
      for (Dim th = 0; th < lines_.taps(1); ++th, row += lines_.taps(2)) {
        const T* source = band.template line<T>(line, td, th);
        if (!source) continue;
        for (const TapRun& run : comb.runs)
          runs[count++] = {source + run.at * g_.channels,
                           w + (row + lines_.tap_at(run.tap)) * g_.channels, 1};
      }
    return count;
  }

  ConvGeometry g_;
  ConvLines lines_;
  ConvEpilogue<T> epilogue_;
  bool masks_;  // of a gradient: the input was the result of a relu, which is input 2
  const ConvKernels<T>& kernels_;
  Dim height_, bands_;
  LineBand band_;
  size_t band_bytes_, slot_bytes_;
  int slots_;
};

template <class T>
std::unique_ptr<Kernel> make_of(const KernelRequest& r, const ConvGeometry& g, bool adjoint,
                                std::string& refusal) {
  ConvEpilogue<T> epilogue;
  if (!adjoint && !parse_epilogue(r, epilogue, refusal)) return nullptr;
  return std::make_unique<Depthwise<T>>(g, adjoint, epilogue, adjoint && masks_by_relu(r));
}

std::unique_ptr<Kernel> make(const KernelRequest& r, const ConvGeometry& g, bool adjoint,
                             std::string& refusal) {
  if (!is_depthwise(g)) {
    refusal = "not one filter per channel";
    return nullptr;
  }
  if (!fits_lines(g, adjoint, r.in[0].dtype, refusal)) return nullptr;
  if (r.in[0].dtype == DType::f32) return make_of<float>(r, g, adjoint, refusal);
  if (r.in[0].dtype == DType::f64) return make_of<double>(r, g, adjoint, refusal);
  refusal = "computes float32 and float64 only";
  return nullptr;
}

}  // namespace

std::unique_ptr<Kernel> make_conv_depthwise(const KernelRequest& r, std::string& refusal) {
  return make(r, geometry_of<ConvPass::forward>(r), false, refusal);
}

std::unique_ptr<Kernel> make_conv_data_depthwise(const KernelRequest& r, std::string& refusal) {
  return make(r, geometry_of<ConvPass::data>(r), true, refusal);
}

}  // namespace kn::cpu
