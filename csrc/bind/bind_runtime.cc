#include <pybind11/stl.h>

#include "base/error.h"
#include "bind/bind.h"
#include "cpu/isa/isa.h"
#include "runtime/thread_pool.h"

namespace kn::bind {

namespace py = pybind11;

void bind_runtime(py::module_& m) {
  m.def("num_threads", [] { return global_pool().threads(); });
  m.def("set_num_threads", [](int n) {
    if (n < 1) fail<ValueError>("expected 1 or more threads; got ", n);
    global_pool().set_threads(n);
  });
  m.def("cpu_info", [] {
    py::dict info;
    py::list usable;
    for (cpu::Isa isa : cpu::usable_isas()) usable.append(std::string(cpu::name_of(isa)));
    info["usable"] = usable;
    info["isa"] = std::string(cpu::name_of(cpu::current_isa()));
    info["threads"] = global_pool().threads();
    return info;
  });
  m.def("set_isa", [](const std::string& name) {
    for (cpu::Isa isa : cpu::usable_isas())
      if (cpu::name_of(isa) == name) return cpu::set_isa(isa);
    fail<ValueError>("expected an instruction set that this CPU can run; got '", name, "'");
  });
}

}  // namespace kn::bind
