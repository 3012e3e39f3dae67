#include "measure.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/half.h"
#include "graph/builder.h"
#include "runtime/device.h"
#include "status.h"
#include "stream_queue.h"

namespace kn::cuda {

namespace {

constexpr int kStretches = 3;
constexpr size_t kChunk = size_t{1} << 18;  // numbers that are drawn; longer tensors repeat them

// Floats within [-1, 1), zeros of every other type.
std::vector<char> chunk_of(DType dtype) {
  std::vector<char> bytes(kChunk * size_of(dtype));
  uint32_t state = 1;
  for (size_t i = 0; i < kChunk; ++i) {
    state = state * 1664525u + 1013904223u;
    const float x = static_cast<float>(state >> 8) * 0x1p-23f - 1;
    const uint16_t half = dtype == DType::f16 ? float_to_f16(x) : float_to_bf16(x);
    const auto wide = static_cast<double>(x);
    char* to = bytes.data() + i * size_of(dtype);
    if (dtype == DType::f32) std::memcpy(to, &x, sizeof x);
    if (dtype == DType::f64) std::memcpy(to, &wide, sizeof wide);
    if (is_half(dtype)) std::memcpy(to, &half, sizeof half);
  }
  return bytes;
}

Buffer filled_buffer(Device& device, const TensorType& type) {
  Buffer buffer(device, std::max<size_t>(type.bytes(), 1));
  const std::vector<char> chunk = chunk_of(type.dtype);
  for (size_t at = 0; at < type.bytes(); at += chunk.size())
    device.copy_in(static_cast<char*>(buffer.data()) + at, chunk.data(),
                   std::min(chunk.size(), type.bytes() - at));
  return buffer;
}

std::unique_ptr<Kernel> choose(const KernelSource& source, const Node& node, std::string_view by,
                               std::string& name) {
  std::vector<TensorType> in;
  for (const Value& v : node.inputs) in.push_back(v.type());
  const std::vector<const HostTensor*> constants(in.size(), nullptr);
  const KernelRequest request{node.op->name, node.attrs, in,     node.outputs,
                              nullptr,       constants,  &source};
  const bool halves = std::any_of(in.begin(), in.end(), [](auto& t) { return is_half(t.dtype); });
  std::string refusals;
  for (const Candidate& c : source.candidates(node.op->name)) {
    if ((!by.empty() && c.name != by) || (halves && !c.halves)) continue;
    std::string reason;
    name = c.name;
    if (auto kernel = c.make(request, reason)) return kernel;
    refusals += concat_text(refusals.empty() ? "" : "; ", c.name, ": ", reason);
  }
  fail<ValueError>("[", node.op->name, "] no kernel ", by, " takes it: ", refusals);
}

// What a run needs, and the runs as one graph.
class Runs {
 public:
  Runs(Device& device, const Node& node, const Kernel& kernel)
      : kernel_(kernel), workspace_(device, std::max<size_t>(kernel.workspace_bytes(), 1)) {
    for (const Value& v : node.inputs) buffers_.push_back(filled_buffer(device, v.type()));
    for (const Buffer& b : buffers_) in_.push_back(b.data());
    for (const TensorType& type : node.outputs) buffers_.push_back(filled_buffer(device, type));
    for (size_t i = in_.size(); i < buffers_.size(); ++i) out_.push_back(buffers_[i].data());
    queue_ = device.make_queue();
    stream_ = static_cast<StreamQueue&>(*queue_).stream;
    for (cudaEvent_t& e : events_) check(cudaEventCreateWithFlags(&e, 0), "making an event");
  }
  ~Runs() {
    for (cudaEvent_t e : events_) (void)cudaEventDestroy(e);
    if (graph_) (void)cudaGraphExecDestroy(graph_);
  }
  Runs(const Runs&) = delete;
  Runs& operator=(const Runs&) = delete;

  void record(int repeats) {
    queue_->begin(0);
    run();  // what is done once only is not recorded
    check(cudaStreamSynchronize(stream_), "running a kernel");
    check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeRelaxed), "recording");
    for (int i = 0; i < repeats; ++i) run();
    cudaGraph_t graph = nullptr;
    check(cudaStreamEndCapture(stream_, &graph), "recording");
    const cudaError_t status = cudaGraphInstantiate(&graph_, graph, 0);
    (void)cudaGraphDestroy(graph);
    check(status, "making a record ready");
  }

  // Seconds of all runs.
  double launch() {
    check(cudaEventRecord(events_[0], stream_), "measuring");
    check(cudaGraphLaunch(graph_, stream_), "launching");
    check(cudaEventRecord(events_[1], stream_), "measuring");
    check(cudaStreamSynchronize(stream_), "running kernels");
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, events_[0], events_[1]), "measuring");
    return 1e-3 * static_cast<double>(milliseconds);
  }

 private:
  void run() {
    Queued queued{queue_.get()};
    RunArgs args{in_.data(), out_.data(), workspace_.data(), nullptr, 0};
    args.queued = &queued;
    kernel_.run(args);
    check(cudaGetLastError(), "launching a kernel");
  }

  const Kernel& kernel_;
  Buffer workspace_;
  std::vector<Buffer> buffers_;
  std::vector<const void*> in_;
  std::vector<void*> out_;
  std::unique_ptr<Queue> queue_;
  cudaStream_t stream_ = nullptr;
  cudaEvent_t events_[2] = {};
  cudaGraphExec_t graph_ = nullptr;
};

}  // namespace

Timing time_op(const KernelSource& source, std::string_view op, const Attrs& attrs,
               const std::vector<TensorType>& inputs, std::string_view by, int repeats) {
  std::vector<Value> values;
  for (const TensorType& type : inputs) values.push_back(placeholder(type, "x"));
  const std::vector<Value> outputs = apply_all(op, std::move(values), attrs);
  const Node& node = *outputs[0].node;
  Timing timing;
  const std::unique_ptr<Kernel> kernel = choose(source, node, by, timing.kernel);
  Runs runs(source.device(), node, *kernel);
  runs.record(repeats);
  (void)runs.launch();  // warms up
  timing.seconds = runs.launch();
  for (int i = 1; i < kStretches; ++i) timing.seconds = std::min(timing.seconds, runs.launch());
  timing.seconds /= repeats;
  return timing;
}

}  // namespace kn::cuda
