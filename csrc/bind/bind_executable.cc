#include <pybind11/stl.h>

#include "bind/bind.h"
#include "bind/numpy.h"
#include "exec/batches.h"
#include "exec/runnable_plan.h"
#include "graph/builder.h"
#include "runtime/devices.h"

namespace kn::bind {

namespace {

// A variable and the one graph node that stands for its value.
struct PyVariable {
  std::shared_ptr<Variable> variable;
  Value value;
};

PyVariable make_variable(const TensorType& type, const void* initial, std::string name) {
  auto variable = std::make_shared<Variable>(type, initial, name, current_device().device());
  Value value = apply("variable", {},
                      {{"dtype", std::string(name_of(type.dtype))},
                       {"name", std::move(name)},
                       {"shape", type.shape.vec()}},
                      variable);
  return {std::move(variable), std::move(value)};
}

PyVariable variable_of_array(const py::array& initial, std::string name) {
  const py::array dense = contiguous(initial);
  return make_variable(type_of_array(dense), dense.data(), std::move(name));
}

PyVariable unwritten_variable(const py::sequence& shape, const std::string& dtype,
                              std::string name) {
  return make_variable({parse_dtype(dtype), to_shape(shape)}, nullptr, std::move(name));
}

py::array read_variable(const PyVariable& v) {
  py::array out = empty_array(v.variable->type());
  v.variable->read(out.mutable_data());
  return out;
}

void write_variable(const PyVariable& v, const py::array& value) {
  const py::array dense = contiguous(value);
  v.variable->write(type_of_array(dense), dense.data());
}

void write_part(const PyVariable& v, Dim first, const py::array& values) {
  const py::array dense = contiguous(values);
  const TensorType type = type_of_array(dense);
  const void* data = dense.data();
  const py::gil_scoped_release unlocked;
  v.variable->write_part(first, type, data);
}

std::shared_ptr<Executable> make_executable(
    std::vector<Value> inputs, std::vector<Value> outputs,
    const std::vector<std::pair<PyVariable, Value>>& updates, int phase, std::string name) {
  Graph graph{std::move(inputs), std::move(outputs), {}};
  for (const auto& [variable, value] : updates) {
    if (value.type() != variable.value.type() && value.shape().known())
      fail<ValueError>("expected an update of type ", variable.value.type(), " for variable '",
                       variable.variable->name(), "'; got ", value.type());
    graph.updates.push_back({variable.value, value});
  }
  return std::make_shared<Executable>(std::move(graph), current_device(), static_cast<Phase>(phase),
                                      std::move(name));
}

// Arguments of a call as dense arrays that are kept alive for its duration.
struct Arguments {
  std::vector<py::array> arrays;
  std::vector<ArrayRef> refs;
  explicit Arguments(const py::sequence& items) {
    arrays.reserve(items.size());
    refs.reserve(items.size());
    for (const py::object item : items) {
      arrays.push_back(contiguous(item));
      refs.push_back(ref(arrays.back()));
    }
  }
};

py::list run(Executable& e, const py::sequence& inputs, int phase) {
  const Arguments args(inputs);
  std::shared_ptr<const RunnablePlan> plan;
  std::vector<const void*> in;
  for (const ArrayRef& r : args.refs) in.push_back(r.data);
  plan = e.find_plan(args.refs, static_cast<Phase>(phase));
  if (!plan) {
    // Planning waits for runs in flight, and one of those may want to call Python.
    py::gil_scoped_release unlocked;
    plan = e.plan_for(args.refs, static_cast<Phase>(phase));
  }
  py::list results;
  std::vector<void*> out;
  for (const TensorType& t : plan->plan().outputs) {
    py::array a = empty_array(t);
    out.push_back(a.mutable_data());
    results.append(std::move(a));
  }
  {
    py::gil_scoped_release unlocked;
    e.run(*plan, in, out);
  }
  return results;
}

// A data set on a device, and the arrays it was made of, which say that it is the right one.
struct PyDeviceData {
  std::unique_ptr<DeviceData> data;
  Arguments arrays;
};

std::unique_ptr<PyDeviceData> keep_on_device(const Executable& e, const py::sequence& arrays) {
  Arguments a(arrays);
  std::unique_ptr<DeviceData> data;
  {
    py::gil_scoped_release unlocked;
    data = DeviceData::make(e, a.refs);
  }
  if (!data) return nullptr;
  return std::unique_ptr<PyDeviceData>(new PyDeviceData{std::move(data), std::move(a)});
}

// Ctrl-C during a long run: the batch ends, then KeyboardInterrupt is raised.
bool interrupted() {
  py::gil_scoped_acquire locked;
  return PyErr_CheckSignals() != 0;
}

BatchJob make_job(const Arguments& arrays, const Arguments& constants, int64_t batch_size,
                  int64_t first, int64_t last) {
  return {arrays.refs, constants.refs, batch_size, first, last, nullptr, Phase::input, nullptr};
}

py::tuple py_run_batches(Executable& e, const py::sequence& arrays, int64_t batch_size,
                         int64_t first, int64_t last, const py::object& order,
                         const py::sequence& constants, PyDeviceData* data) {
  const Arguments a(arrays), c(constants);
  BatchJob job = make_job(a, c, batch_size, first, last);
  if (data) job.data = data->data.get();
  py::array index;
  if (!order.is_none()) {
    index = contiguous(order);
    if (dtype_of_array(index) != DType::i64 || index.ndim() != 1)
      fail<TypeError>("expected the order as an int64 vector; got ", type_of_array(index));
    if (!a.refs.empty() && !a.refs[0].type.shape.empty() &&
        index.shape(0) != a.refs[0].type.shape[0])
      fail<ValueError>("expected an order of ", a.refs[0].type.shape[0], " rows; got ",
                       index.shape(0));
    job.order = static_cast<const int64_t*>(index.data());
  }
  BatchResults r;
  {
    py::gil_scoped_release unlocked;
    r = run_batches(e, job, [] { return interrupted(); });
  }
  if (PyErr_Occurred()) throw py::error_already_set();
  return py::make_tuple(py::array_t<double>(r.last.size(), r.last.data()),
                        py::array_t<double>(r.sums.size(), r.sums.data()), r.samples);
}

py::list py_run_rows(Executable& e, const py::sequence& arrays, int64_t batch_size, int64_t first,
                     int64_t last, const py::object& outputs) {
  const Arguments a(arrays), none{py::list()};
  const BatchJob job = make_job(a, none, batch_size, first, last);
  py::list results;
  if (!outputs.is_none()) results = py::list(outputs);
  std::vector<TensorType> types;
  {
    py::gil_scoped_release unlocked;
    types = row_outputs(e, job);
  }
  std::vector<void*> out;
  for (size_t i = 0; i < types.size(); ++i) {
    if (outputs.is_none()) results.append(empty_array(types[i]));
    auto array = py::reinterpret_borrow<py::array>(results[i]);
    if (type_of_array(array) != types[i] || !(array.flags() & py::array::c_style))
      fail<ValueError>("expected a dense output array of ", types[i], "; got ",
                       type_of_array(array));
    out.push_back(array.mutable_data());
  }
  {
    py::gil_scoped_release unlocked;
    run_rows(e, job, out, [] { return interrupted(); });
  }
  if (PyErr_Occurred()) throw py::error_already_set();
  return results;
}

}  // namespace

void bind_executable(py::module_& m) {
  py::class_<PyVariable>(m, "Variable")
      .def(py::init(&variable_of_array), py::arg("value"), py::arg("name") = "")
      .def_property_readonly("value", [](const PyVariable& v) { return v.value; })
      .def_property_readonly("name", [](const PyVariable& v) { return v.variable->name(); })
      .def_property_readonly(
          "dtype",
          [](const PyVariable& v) { return std::string(name_of(v.variable->type().dtype)); })
      .def_property_readonly(
          "shape", [](const PyVariable& v) { return shape_tuple(v.variable->type().shape); })
      .def_property_readonly("device",
                             [](const PyVariable& v) { return v.variable->device().name(); })
      .def("read", &read_variable)
      .def("write", &write_variable, py::arg("value"))
      .def("write_part", &write_part, py::arg("first"), py::arg("values"));
  m.def("unwritten_variable", &unwritten_variable, py::arg("shape"), py::arg("dtype"),
        py::arg("name") = "");

  py::class_<PyDeviceData>(m, "DeviceData")
      .def_property_readonly("device",
                             [](const PyDeviceData& d) { return d.data->device().name(); });

  py::class_<Executable, std::shared_ptr<Executable>>(m, "Executable")
      .def(py::init(&make_executable), py::arg("inputs"), py::arg("outputs"),
           py::arg("updates") = std::vector<std::pair<PyVariable, Value>>(), py::arg("phase") = -1,
           py::arg("name") = "")
      .def_property("step", &Executable::step, &Executable::set_step)
      .def("run", &run, py::arg("inputs"), py::arg("phase") = -1)
      .def("run_batches", &py_run_batches, py::arg("arrays"), py::arg("batch_size"),
           py::arg("first_batch"), py::arg("last_batch"), py::arg("order") = py::none(),
           py::arg("constants") = py::tuple(), py::arg("data") = nullptr)
      .def("keep_on_device", &keep_on_device, py::arg("arrays"))
      .def("run_rows", &py_run_rows, py::arg("arrays"), py::arg("batch_size"),
           py::arg("first_batch"), py::arg("last_batch"), py::arg("outputs") = py::none())
      .def("text", &Executable::text);
}

}  // namespace kn::bind
