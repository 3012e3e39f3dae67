// Kernels called on arrays, without a graph: for benchmarks and tests. A small product takes about
// a microsecond, so its call takes no detours: positional arguments without signature matching, and
// the decisions about the last shape are kept.
#include <memory>

#include "base/error.h"
#include "bind/bind.h"
#include "bind/numpy.h"
#include "cpu/gemm.h"
#include "cpu/isa/isa.h"
#include "runtime/device.h"
#include "runtime/thread_pool.h"

namespace kn::bind {

namespace {

// Work shorter than this, in nanoseconds, is over before another thread could use the lock.
constexpr int64_t kWorthReleasing = 20'000;

struct Matrix {
  void* data;
  DType dtype;
  int64_t rows, columns;
};

Matrix matrix_of(PyObject* object, const char* name) {
  if (!py::isinstance<py::array>(object))
    fail<TypeError>("[gemm] expected ", name, " to be a numpy array; got ",
                    Py_TYPE(object)->tp_name);
  const auto a = py::reinterpret_borrow<py::array>(object);
  const bool dense = (a.flags() & py::array::c_style) != 0;
  if (a.ndim() != 2 || !dense)
    fail<ValueError>("[gemm] expected ", name, " to be a C-contiguous matrix; got ", a.ndim(),
                     dense ? " axes" : " axes, not C-contiguous");
  const PyObject* descriptor = py::detail::array_proxy(object)->descr;
  const int type = py::detail::array_descriptor_proxy(descriptor)->type_num;
  const bool f32 = type == py::detail::npy_api::NPY_FLOAT_;
  if (!f32 && type != py::detail::npy_api::NPY_DOUBLE_)
    fail<TypeError>("[gemm] expected ", name, " of float32 or float64; got ",
                    py::str(a.dtype()).cast<std::string>());
  return {const_cast<void*>(a.data()), f32 ? DType::f32 : DType::f64, a.shape(0), a.shape(1)};
}

cpu::GemmShape shape_of(const Matrix& a, const Matrix& b, const Matrix& out, bool ta, bool tb) {
  cpu::GemmShape s;
  s.dtype = a.dtype;
  s.m = ta ? a.columns : a.rows;
  s.k = ta ? a.rows : a.columns;
  s.n = tb ? b.rows : b.columns;
  s.transpose_a = ta;
  s.transpose_b = tb;
  if (b.dtype != a.dtype || out.dtype != a.dtype)
    fail<TypeError>("[gemm] expected arrays of one dtype; got ", name_of(a.dtype), ", ",
                    name_of(b.dtype), " and ", name_of(out.dtype));
  if (s.k != (tb ? b.columns : b.rows) || out.rows != s.m || out.columns != s.n)
    fail<ValueError>("[gemm] expected operands whose inner extents agree and an out of ",
                     Shape{s.m, s.n}, "; got ", Shape{a.rows, a.columns},
                     ta ? " transposed, " : ", ", Shape{b.rows, b.columns},
                     tb ? " transposed and " : " and ", Shape{out.rows, out.columns});
  return s;
}

// The last product of a thread: most calls repeat it.
struct Prepared {
  explicit Prepared(const cpu::GemmShape& s)
      : gemm(s),
        isa(cpu::current_isa()),
        threads(global_pool().threads()),
        workspace(cpu_device(), gemm.workspace_bytes()) {}
  bool fits(const cpu::GemmShape& s) const {
    return gemm.shape() == s && isa == cpu::current_isa() && threads == global_pool().threads();
  }

  cpu::Gemm gemm;
  cpu::Isa isa;
  int threads;
  Buffer workspace;
};

void multiply(PyObject* const* args) {
  const Matrix a = matrix_of(args[0], "a"), b = matrix_of(args[1], "b");
  const Matrix out = matrix_of(args[2], "out");
  if (!py::reinterpret_borrow<py::array>(args[2]).writeable())
    fail<ValueError>("[gemm] expected a writeable out");
  const int ta = PyObject_IsTrue(args[3]), tb = PyObject_IsTrue(args[4]);
  if (ta < 0 || tb < 0) throw py::error_already_set();
  const cpu::GemmShape shape = shape_of(a, b, out, ta, tb);
  thread_local std::unique_ptr<Prepared> last;
  if (!last || !last->fits(shape)) last = std::make_unique<Prepared>(shape);
  const auto run = [&] {
    last->gemm.run(a.data, b.data, out.data, {}, &global_pool(), last->workspace.data());
  };
  if (last->gemm.cost() < kWorthReleasing) return run();
  py::gil_scoped_release release;
  run();
}

PyObject* gemm(PyObject*, PyObject* const* args, Py_ssize_t count) {
  try {
    if (count != 5) fail<TypeError>("[gemm] expected 5 arguments; got ", count);
    multiply(args);
    Py_RETURN_NONE;
  } catch (py::error_already_set& error) {
    error.restore();
  } catch (const TypeError& error) {
    PyErr_SetString(PyExc_TypeError, error.what());
  } catch (const ValueError& error) {
    PyErr_SetString(PyExc_ValueError, error.what());
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
  return nullptr;
}

PyMethodDef kMethods[] = {
    {"gemm", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(gemm)), METH_FASTCALL,
     "gemm(a, b, out, transpose_a, transpose_b): out = op(a) @ op(b) on C-contiguous matrices."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

void bind_kernels(py::module_& m) {
  if (PyModule_AddFunctions(m.ptr(), kMethods) < 0) throw py::error_already_set();
  bind_conv_kernels(m);
}

}  // namespace kn::bind
