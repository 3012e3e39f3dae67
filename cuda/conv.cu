// Convolution and its gradients as products whose first matrix is never written down (implicit
// GEMM): element (position, tap and channel) is looked up in the images when a tile is loaded.
// Groups are the batch of the product. On tensor cores where TF32 is allowed.
#include "epilogue.h"
#include "families.h"
#include "gemm_tile.h"
#include "runtime/device.h"
#include "tensor_tile.h"
#include "window.h"

namespace kn::cuda {

namespace {

struct Geometry {
  DeviceWindow window;
  int64_t batch, channels, filters, groups;
  explicit Geometry(const ConvGeometry& g)
      : window(g.window),
        batch(g.batch),
        channels(g.channels),
        filters(g.filters),
        groups(g.groups) {}
  __host__ __device__ int64_t group_channels() const { return channels / groups; }
  __host__ __device__ int64_t group_filters() const { return filters / groups; }

  // The image's element under (tap, channel of group z) of output row `row`, 0 in the padding.
  template <class T>
  __device__ Element<T> image_element(const T* x, int64_t z, int64_t row, int64_t inner) const {
    const int64_t n = row / window.out_positions, channel = inner % group_channels();
    const int64_t at = window.under(window.out_cell(row % window.out_positions),
                                    window.tap(inner / group_channels()));
    if (at < 0) return {nullptr};
    return {x + (n * window.in_positions + at) * channels + z * group_channels() + channel};
  }
  // Whether channels, or filters, come in fours at multiples of four.
  bool channels_in_fours(const void* x) const { return group_channels() % 4 == 0 && in_fours(x); }
  bool filters_in_fours(const void* y) const { return group_filters() % 4 == 0 && in_fours(y); }
};

// y (N cells, F) = image elements (N cells, taps C) · w (taps C, F)
template <class T>
struct Forward {
  Geometry g;
  const T *x, *w;
  T* y;
  Epilogue<T> epilogue;
  __device__ Element<T> a(int64_t z, int64_t i, int64_t k) const {
    return g.image_element(x, z, i, k);
  }
  __device__ Element<T> b(int64_t z, int64_t k, int64_t j) const {
    return {w + k * g.filters + z * g.group_filters() + j};
  }
  static constexpr bool kAAlongK = true, kBAlongK = false;
  __device__ bool a_along_k() const { return kAAlongK; }
  __device__ bool b_along_k() const { return kBAlongK; }
  bool a_in_fours() const { return g.channels_in_fours(x); }
  bool b_in_fours() const { return g.filters_in_fours(w); }
  __device__ void store(int64_t z, int64_t i, int64_t j, T sum) const {
    const int64_t filter = z * g.group_filters() + j;
    y[i * g.filters + filter] = epilogue(sum, filter);
  }
};

// dx (N positions, C) = dy elements (N positions, taps F) · wᵀ (taps F, C)
template <class T>
struct Data {
  Geometry g;
  const T *dy, *w, *relu;  // relu: x, where it is a relu's result, through which dx goes back
  T* dx;
  __device__ Element<T> a(int64_t z, int64_t i, int64_t k) const {
    const int64_t n = i / g.window.in_positions, filter = k % g.group_filters();
    const int64_t at = g.window.reached(g.window.in_cell(i % g.window.in_positions),
                                        g.window.tap(k / g.group_filters()));
    if (at < 0) return {nullptr};
    return {dy + (n * g.window.out_positions + at) * g.filters + z * g.group_filters() + filter};
  }
  __device__ Element<T> b(int64_t z, int64_t k, int64_t j) const {
    const int64_t tap = k / g.group_filters(), filter = k % g.group_filters();
    return {w + (tap * g.group_channels() + j) * g.filters + z * g.group_filters() + filter};
  }
  static constexpr bool kAAlongK = true, kBAlongK = true;
  __device__ bool a_along_k() const { return kAAlongK; }
  __device__ bool b_along_k() const { return kBAlongK; }
  bool a_in_fours() const { return g.filters_in_fours(dy); }
  bool b_in_fours() const { return g.filters_in_fours(w); }
  __device__ void store(int64_t z, int64_t i, int64_t j, T sum) const {
    const int64_t at = i * g.channels + z * g.group_channels() + j;
    dx[at] = relu && !(relu[at] > 0) ? T(0) : sum;
  }
};

// dw (taps C, F) = image elementsᵀ (taps C, N cells) · dy (N cells, F); where db is wanted, a last
// row of ones on the left gives it.
template <class T>
struct Weights {
  Geometry g;
  const T *x, *dy;
  T *dw, *db;
  __device__ int64_t inner() const { return g.window.taps * g.group_channels(); }
  __device__ Element<T> a(int64_t z, int64_t i, int64_t k) const {
    if (i < inner()) return g.image_element(x, z, k, i);
    return {nullptr, T(1)};
  }
  __device__ Element<T> b(int64_t z, int64_t k, int64_t j) const {
    return {dy + k * g.filters + z * g.group_filters() + j};
  }
  static constexpr bool kAAlongK = false, kBAlongK = false;
  __device__ bool a_along_k() const { return kAAlongK; }
  __device__ bool b_along_k() const { return kBAlongK; }
  bool a_in_fours() const { return g.channels_in_fours(x); }
  bool b_in_fours() const { return g.filters_in_fours(dy); }
  __device__ void store(int64_t z, int64_t i, int64_t j, T sum) const {
    (i < inner() ? dw + i * g.filters : db)[z * g.group_filters() + j] = sum;
  }
};

enum class Pass { forward, data, weights };

template <class T, Pass pass, bool kTensor>
class Conv : public Kernel {
 public:
  Conv(const KernelRequest& r, const ConvGeometry& g, Opcode activation)
      : g_(g),
        bias_(pass == Pass::weights ? r.attrs.flag("bias", false)
                                    : pass == Pass::forward && r.in.size() == 3),
        relu_(pass == Pass::data && r.attrs.flag("relu", false)),
        activation_(activation) {
    const int64_t in = g_.batch * g_.window.in_positions;
    const int64_t out = g_.batch * g_.window.out_positions, taps = g_.window.taps;
    const int64_t channels = g_.group_channels(), filters = g_.group_filters();
    if constexpr (pass == Pass::forward) size_ = {g_.groups, out, filters, taps * channels};
    if constexpr (pass == Pass::data) size_ = {g_.groups, in, channels, taps * filters};
    if constexpr (pass == Pass::weights) size_ = {g_.groups, taps * channels + bias_, filters, out};
  }

  size_t workspace_bytes() const override {
    return kTensor ? tensor_workspace(size_) : product_workspace<T>(size_);
  }

  void run(const RunArgs& args) const override {
    const T *first = args.input<T>(0), *second = args.input<T>(1);
    T* out = args.output<T>(0);
    if constexpr (pass == Pass::forward) {
      const Epilogue<T> epilogue{bias_ ? args.input<T>(2) : nullptr, activation_};
      run_product(args, Forward<T>{g_, first, second, out, epilogue});
    }
    if constexpr (pass == Pass::data)
      run_product(args, Data<T>{g_, first, second, relu_ ? args.input<T>(2) : nullptr, out});
    if constexpr (pass == Pass::weights)
      run_product(args, Weights<T>{g_, first, second, out, bias_ ? args.output<T>(1) : nullptr});
  }

 private:
  template <class Operands>
  void run_product(const RunArgs& args, const Operands& operands) const {
    if constexpr (kTensor)
      multiply_on_tensor_cores<Operands::kAAlongK, Operands::kBAlongK>(args, size_, operands,
                                                                       args.workspace);
    else multiply<T>(args, size_, operands, args.workspace);
  }

  Geometry g_;
  bool bias_, relu_;
  Opcode activation_;
  ProductSize size_;
};

template <Pass pass, bool kTensor>
std::unique_ptr<Kernel> make_conv(const KernelRequest& r, std::string& refusal) {
  if (kTensor && !may_use_tf32(r, refusal)) return nullptr;
  const TensorType& x = pass == Pass::data ? r.out[0] : r.in[0];
  const TensorType& w = pass == Pass::weights ? r.out[0] : r.in[1];
  Opcode activation;
  if (!parse_activation(r.attrs.text("activation", ""), activation)) {
    refusal = "activation " + r.attrs.text("activation") + " has no epilogue";
    return nullptr;
  }
  const ConvGeometry g = conv_geometry(x.shape, w.shape, r.attrs, r.op);
  if (x.dtype == DType::f32) return std::make_unique<Conv<float, pass, kTensor>>(r, g, activation);
  if constexpr (!kTensor)
    if (x.dtype == DType::f64) return std::make_unique<Conv<double, pass, false>>(r, g, activation);
  refusal = "computes float32 and float64 only";
  return nullptr;
}

const Candidate kConv[] = {{"tf32", make_conv<Pass::forward, true>},
                           {"implicit", make_conv<Pass::forward, false>}};
const Candidate kConvData[] = {{"tf32", make_conv<Pass::data, true>},
                               {"implicit", make_conv<Pass::data, false>}};
const Candidate kConvWeights[] = {{"tf32", make_conv<Pass::weights, true>},
                                  {"implicit", make_conv<Pass::weights, false>}};

const OpKernels kKernels[] = {
    {"conv", kConv}, {"conv_data", kConvData}, {"conv_weights", kConvWeights}};

}  // namespace

std::span<const OpKernels> conv_kernels() { return kKernels; }

}  // namespace kn::cuda
