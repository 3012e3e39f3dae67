#include <pybind11/stl.h>

#include "base/observer.h"
#include "bind/bind.h"
#include "bind/numpy.h"
#include "graph/builder.h"
#include "graph/gradient.h"
#include "ops/loop.h"

namespace kn::bind {

namespace {

AttrValue to_attr(const std::string& name, const py::handle& v) {
  if (py::isinstance<py::bool_>(v)) return v.cast<bool>();
  if (py::isinstance<py::int_>(v)) return v.cast<int64_t>();
  if (py::isinstance<py::float_>(v)) return v.cast<double>();
  if (py::isinstance<py::str>(v)) return v.cast<std::string>();
  if (py::isinstance<py::sequence>(v)) {
    Ints ints;
    for (const py::object item : py::reinterpret_borrow<py::sequence>(v)) {
      if (item.is_none()) ints.push_back(kUnknown);
      else if (PyIndex_Check(item.ptr()))
        ints.push_back(py::int_(py::reinterpret_borrow<py::object>(item)).cast<int64_t>());
      else
        fail<TypeError>("expected integers in attribute '", name, "'; got ",
                        std::string(py::str(v)));
    }
    return ints;
  }
  if (PyIndex_Check(v.ptr()))
    return py::int_(py::reinterpret_borrow<py::object>(v)).cast<int64_t>();
  if (PyNumber_Check(v.ptr()))
    return py::float_(py::reinterpret_borrow<py::object>(v)).cast<double>();
  fail<TypeError>("expected attribute '", name,
                  "' to be a bool, int, float, str or list of int; got ", std::string(py::str(v)));
}

Attrs to_attrs(const py::dict& items) {
  Attrs attrs;
  for (const auto& [key, value] : items) {
    std::string name = py::cast<std::string>(key);
    AttrValue v = to_attr(name, value);
    attrs.set(std::move(name), std::move(v));
  }
  return attrs;
}

py::dict from_attrs(const Attrs& attrs) {
  py::dict out;
  for (const auto& [name, value] : attrs) out[py::str(name)] = py::cast(value);
  return out;
}

std::vector<Value> inputs_of(const Value& v) { return v.node->inputs; }

std::vector<std::unique_ptr<LayerScope>>& layer_scopes() {
  thread_local std::vector<std::unique_ptr<LayerScope>> scopes;
  return scopes;
}

py::object py_known_ints(const Value& v) {
  const KnownInts known = known_ints(v);
  if (!known.known) return py::none();
  py::list out;
  for (int64_t x : known.values) {
    if (x == kUnknownInt) out.append(py::none());
    else out.append(x);
  }
  return out;
}

std::pair<std::vector<Value>, std::vector<Value>> py_loop(
    std::vector<Value> sequences, std::vector<Value> states, std::vector<Value> slices,
    std::vector<Value> states_in, std::vector<Value> outputs, std::vector<Value> states_out,
    bool reverse, int64_t steps) {
  ops::LoopResult result = ops::make_loop(
      {std::move(sequences), std::move(states), std::move(slices), std::move(states_in),
       std::move(outputs), std::move(states_out), reverse, steps});
  return {std::move(result.outputs), std::move(result.states)};
}

// A callable of the user's that is handed a copy of the tensor. What it raises is reported as
// unraisable: the run goes on.
class PyObserver : public Observer {
 public:
  explicit PyObserver(py::function call) : call_(call.release()) {}
  ~PyObserver() override {
    if (!Py_IsInitialized()) return;
    py::gil_scoped_acquire locked;
    call_.dec_ref();
  }

  void see(const TensorType& type, const void* data) const override {
    py::gil_scoped_acquire locked;
    try {
      py::array copy = empty_array(type);
      std::memcpy(copy.mutable_data(), data, type.bytes());
      call_(copy);
    } catch (py::error_already_set& error) {
      error.discard_as_unraisable("an observer of a tensor");
    }
  }

 private:
  py::handle call_;
};

Value py_observe(const Value& x, py::function call) {
  return apply("observe", {x}, {}, std::make_shared<PyObserver>(std::move(call)));
}

std::vector<std::optional<Value>> py_gradients(const Value& loss, const std::vector<Value>& wrt,
                                               const std::optional<Value>& initial) {
  std::vector<std::optional<Value>> out;
  for (Value& v : gradients(loss, wrt, initial.value_or(Value{})))
    out.push_back(v ? std::optional<Value>(std::move(v)) : std::nullopt);
  return out;
}

}  // namespace

void bind_graph(py::module_& m) {
  py::class_<Value>(m, "Value")
      .def_property_readonly("dtype",
                             [](const Value& v) { return std::string(name_of(v.dtype())); })
      .def_property_readonly("shape", [](const Value& v) { return shape_tuple(v.shape()); })
      .def_property_readonly("op", [](const Value& v) { return std::string(v.node->op->name); })
      .def_property_readonly("inputs", inputs_of)
      .def_property_readonly("attrs", [](const Value& v) { return from_attrs(v.node->attrs); })
      .def_property_readonly("layer", [](const Value& v) { return v.node->layer; })
      .def_property_readonly("id", [](const Value& v) { return v.node->id; })
      .def("__eq__", [](const Value& a, const Value& b) { return a == b; })
      .def("__eq__", [](const Value&, const py::object&) { return false; })
      .def("__hash__", [](const Value& v) { return ValueHash()(v); })
      .def("__repr__", [](const Value& v) {
        return concat_text("<Value ", v.node->op->name, ' ', v.type(), '>');
      });

  m.def(
      "apply",
      [](const std::string& op, std::vector<Value> inputs, const py::dict& attrs) {
        return apply_all(op, std::move(inputs), to_attrs(attrs));
      },
      py::arg("op"), py::arg("inputs"), py::arg("attrs") = py::dict());
  m.def("constant",
        [](const py::array& a) { return constant(std::make_shared<HostTensor>(to_host(a))); });
  m.def(
      "placeholder",
      [](const py::sequence& shape, const std::string& dtype, std::string name) {
        return placeholder({parse_dtype(dtype), to_shape(shape)}, std::move(name));
      },
      py::arg("shape"), py::arg("dtype"), py::arg("name") = "");
  m.def("observe", &py_observe, py::arg("x"), py::arg("call"));
  m.def("learning_phase", &learning_phase);
  m.def("gradients", &py_gradients, py::arg("loss"), py::arg("wrt"),
        py::arg("initial") = py::none());
  m.def("push_layer", [](std::string name) {
    layer_scopes().push_back(std::make_unique<LayerScope>(std::move(name)));
  });
  m.def("pop_layer", [] {
    if (layer_scopes().empty()) fail<RuntimeError>("pop_layer without push_layer");
    layer_scopes().pop_back();
  });
  m.def("known_ints", &py_known_ints);
  m.def("loop", &py_loop, py::arg("sequences"), py::arg("states"), py::arg("slices"),
        py::arg("states_in"), py::arg("outputs"), py::arg("states_out"), py::arg("reverse") = false,
        py::arg("steps") = -1);
  m.def("ops", [] {
    std::vector<std::string> names;
    for (const OpDef* op : all_ops()) names.emplace_back(op->name);
    return names;
  });
}

}  // namespace kn::bind
