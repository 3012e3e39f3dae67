#include "base/error.h"
#include "bind/bind.h"

PYBIND11_MODULE(_core, m) {
  m.doc() = "The compiled core of keras_native.";
  pybind11::register_exception_translator([](std::exception_ptr p) {
    try {
      if (p) std::rethrow_exception(p);
    } catch (const kn::ValueError& e) {
      pybind11::set_error(PyExc_ValueError, e.what());
    } catch (const kn::TypeError& e) {
      pybind11::set_error(PyExc_TypeError, e.what());
    } catch (const kn::RuntimeError& e) {
      pybind11::set_error(PyExc_RuntimeError, e.what());
    }
  });
  kn::bind::bind_graph(m);
  kn::bind::bind_executable(m);
  kn::bind::bind_runtime(m);
  kn::bind::bind_devices(m);
  kn::bind::bind_kernels(m);
}
