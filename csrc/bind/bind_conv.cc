// The three passes of a convolution on arrays, without a graph: for benchmarks and tests.
#include <pybind11/stl.h>

#include <array>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/window.h"
#include "bind/bind.h"
#include "bind/numpy.h"
#include "cpu/families.h"
#include "cpu/isa/isa.h"
#include "runtime/device.h"
#include "runtime/thread_pool.h"

namespace kn::bind {

namespace {

using Pads = std::array<std::array<int64_t, 2>, 2>;

struct Call {
  std::string op;
  std::array<TensorType, 2> in;
  TensorType out;
  Attrs attrs;
  std::string by;  // the candidate, or empty: the first that does not refuse
  cpu::Isa isa = cpu::current_isa();
  int threads = global_pool().threads();

  bool operator==(const Call&) const = default;
};

std::unique_ptr<Kernel> choose(const Call& call) {
  const std::array<const HostTensor*, 2> constants{};
  const KernelRequest request{call.op, call.attrs, call.in, {&call.out, 1}, nullptr, constants};
  std::string refusals;
  for (const Candidate& candidate : cpu::kernels().candidates(call.op)) {
    if (!call.by.empty() && candidate.name != call.by) continue;
    std::string refusal;
    if (auto kernel = candidate.make(request, refusal)) return kernel;
    refusals += concat_text("; ", candidate.name, ": ", refusal);
  }
  fail<ValueError>("[", call.op, "] expected a kernel '", call.by, "'; got ", call.in[0], " and ",
                   call.in[1], refusals);
}

// The last call of a thread: most repeat it.
struct Prepared {
  Call call;
  std::unique_ptr<Kernel> kernel;
  Buffer workspace;
};

void check(const py::array& a, const char* name, const std::string& op, bool writes) {
  if (a.ndim() != 4 || !(a.flags() & py::array::c_style))
    fail<ValueError>("[", op, "] expected ", name, " to be a C-contiguous array of 4 axes; got ",
                     a.ndim(), " axes");
  if (writes && !a.writeable()) fail<ValueError>("[", op, "] expected a writeable out");
}

void run(std::string op, const py::array& a, const py::array& b, py::array& out, Attrs attrs,
         const std::string& by) {
  check(a, "its first operand", op, false);
  check(b, "its second operand", op, false);
  check(out, "out", op, true);
  Call call{std::move(op),
            {type_of_array(a), type_of_array(b)},
            type_of_array(out),
            std::move(attrs),
            by};
  thread_local std::unique_ptr<Prepared> last;
  if (!last || !(last->call == call)) {
    auto kernel = choose(call);
    Buffer workspace(cpu_device(), kernel->workspace_bytes());
    last = std::make_unique<Prepared>(
        Prepared{std::move(call), std::move(kernel), std::move(workspace)});
  }
  const void* in[] = {a.data(), b.data()};
  void* to[] = {out.mutable_data()};
  const Prepared& p = *last;
  py::gil_scoped_release release;
  p.kernel->run({in, to, p.workspace.data(), &global_pool(), 0});
}

Attrs attrs_of(int64_t stride, const Pads& pads) {
  return {{"strides", Ints{stride, stride}},
          {"padding", std::string("explicit")},
          {"pads", Ints{pads[0][0], pads[0][1], pads[1][0], pads[1][1]}}};
}

// The shapes of x, w and y must belong together; op inference checks the same for graphs.
void check_shapes(const std::string& op, const Shape& x, const Shape& w, const Shape& y,
                  const Attrs& attrs) {
  const ConvGeometry g = conv_geometry(x, w, attrs, op);
  const Shape want{g.batch, g.window[1].out, g.window[2].out, g.filters};
  if (y != want)
    fail<ValueError>("[", op, "] expected an output of ", want, " for input ", x, " and kernel ", w,
                     "; got ", y);
}

}  // namespace

void bind_conv_kernels(py::module_& m) {
  const auto shape = [](const py::array& a) { return type_of_array(a).shape; };
  m.def(
      "conv2d_forward",
      [shape](py::array x, py::array w, py::array out, int64_t stride, Pads pads, std::string by) {
        const Attrs attrs = attrs_of(stride, pads);
        check_shapes("conv", shape(x), shape(w), shape(out), attrs);
        run("conv", x, w, out, attrs, by);
      },
      py::arg("x"), py::arg("w"), py::arg("out"), py::arg("stride"), py::arg("pads"),
      py::arg("by") = "");
  m.def(
      "conv2d_backward_input",
      [shape](py::array dy, py::array w, py::array out, int64_t stride, Pads pads, std::string by) {
        Attrs attrs = attrs_of(stride, pads);
        check_shapes("conv_data", shape(out), shape(w), shape(dy), attrs);
        attrs.set("size", Ints{out.shape(1), out.shape(2)});
        run("conv_data", dy, w, out, std::move(attrs), by);
      },
      py::arg("dy"), py::arg("w"), py::arg("out"), py::arg("stride"), py::arg("pads"),
      py::arg("by") = "");
  m.def(
      "conv2d_backward_weights",
      [shape](py::array x, py::array dy, py::array out, int64_t stride, Pads pads, std::string by) {
        Attrs attrs = attrs_of(stride, pads);
        check_shapes("conv_weights", shape(x), shape(out), shape(dy), attrs);
        attrs.set("window", Ints{out.shape(0), out.shape(1)});
        run("conv_weights", x, dy, out, std::move(attrs), by);
      },
      py::arg("x"), py::arg("dy"), py::arg("out"), py::arg("stride"), py::arg("pads"),
      py::arg("by") = "");
}

}  // namespace kn::bind
