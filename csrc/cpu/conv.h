// The candidates of convolution, a file each; cpu/conv.cc has their order.
#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/window.h"
#include "cpu/gemm.h"
#include "cpu/isa/conv.h"
#include "cpu/isa/isa.h"
#include "runtime/kernel.h"

namespace kn::cpu {

enum class ConvPass { forward, data, weights };

// forward: x, w [, bias] -> y.  data: dy, w -> dx.  weights: x, dy -> dw.
template <ConvPass pass>
ConvGeometry geometry_of(const KernelRequest& r) {
  const TensorType& x = pass == ConvPass::data ? r.out[0] : r.in[0];
  const TensorType& w = pass == ConvPass::weights ? r.out[0] : r.in[1];
  return conv_geometry(x.shape, w.shape, r.attrs, r.op);
}

template <class T>
const ConvKernels<T>& conv_kernels_of() {
  if constexpr (sizeof(T) == 4) return table().conv.f32;
  else return table().conv.f64;
}

// A pass as one product over `rows` output cells, of `inner` inputs each:
// forward: columns (rows, inner) · w = y.  data: y · wᵀ = columns.  weights: columnsᵀ · y = w.
template <ConvPass pass>
GemmShape product_of(DType dtype, Dim rows, Dim inner, Dim filters) {
  GemmShape s;
  s.dtype = dtype;
  if (pass == ConvPass::forward) s.m = rows, s.k = inner, s.n = filters;
  if (pass == ConvPass::data) s.m = rows, s.k = filters, s.n = inner, s.transpose_b = true;
  if (pass == ConvPass::weights) s.m = inner, s.k = rows, s.n = filters, s.transpose_a = true;
  return s;
}

// Sizes of pieces of a workspace are whole lines of a cache.
inline size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

// Convolutions that are one product: a window of one cell, or one that covers all of the input.
template <ConvPass pass>
std::unique_ptr<Kernel> make_conv_product(const KernelRequest& r, std::string& refusal);
// By Winograd's F(4 x 4, 3 x 3).
std::unique_ptr<Kernel> make_conv_winograd(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_conv_data_winograd(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_conv_weights_winograd(const KernelRequest& r, std::string& refusal);
// One filter per channel.
std::unique_ptr<Kernel> make_conv_depthwise(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_conv_data_depthwise(const KernelRequest& r, std::string& refusal);
// Over the taps of the window, with whole lines of pixels.
std::unique_ptr<Kernel> make_conv_direct(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_conv_data_direct(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_conv_weights_direct(const KernelRequest& r, std::string& refusal);
// As products of the columns of several images (cpu/conv_columns.h), where that is the fastest way.
bool suits_sheets(const ConvGeometry& g, ConvPass pass);
template <ConvPass pass>
std::unique_ptr<Kernel> make_conv_sheets(const KernelRequest& r, std::string& refusal);
// As products of bands of columns of an image.
template <ConvPass pass>
std::unique_ptr<Kernel> make_conv_bands(const KernelRequest& r, std::string& refusal);

// Makes K<float> or K<double> from `args`, or says why not.
template <template <class> class K, class... Args>
std::unique_ptr<Kernel> make_float_kernel(DType dtype, std::string& refusal, const Args&... args) {
  if (dtype == DType::f32) return std::make_unique<K<float>>(args...);
  if (dtype == DType::f64) return std::make_unique<K<double>>(args...);
  refusal = "computes float32 and float64 only";
  return nullptr;
}

}  // namespace kn::cpu
