// The extension _cuda: importing it plugs the GPUs of this machine into libkeras_native. It needs
// no driver to be imported; without one there is nothing to plug in.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <map>

#include "base/error.h"
#include "device.h"
#include "measure.h"
#include "runtime/device.h"
#include "runtime/devices.h"
#include "tile_table.h"

namespace {

namespace py = pybind11;
using kn::cuda::Tile;
using kn::cuda::Unit;

// For `make gpu-bench`: op times and tiles of products.
std::pair<double, std::string> time_op(
    const std::string& op, const std::vector<std::pair<std::string, std::vector<int64_t>>>& inputs,
    const std::map<std::string, kn::AttrValue>& items, const std::string& by, int repeats) {
  if (kn::cuda::sources().empty()) kn::fail<kn::RuntimeError>("no GPU: ", kn::cuda::absence());
  kn::Attrs attrs;
  for (const auto& [name, value] : items) attrs.set(name, value);
  std::vector<kn::TensorType> types;
  for (const auto& [dtype, shape] : inputs)
    types.push_back({kn::parse_dtype(dtype), kn::Shape(shape)});
  const auto timing = kn::cuda::time_op(*kn::cuda::sources()[0], op, attrs, types, by, repeats);
  return {timing.seconds, timing.kernel};
}

void force_tile(const std::string& name, int64_t parts) {
  if (name.empty()) return kn::cuda::force_tile({});
  for (int i = 0; i < kn::cuda::kTiles; ++i)
    if (kn::cuda::name_of(static_cast<Tile>(i)) == name)
      return kn::cuda::force_tile(kn::cuda::TileChoice{static_cast<Tile>(i), parts});
  kn::fail<kn::ValueError>("expected the name of a tile; got '", name, "'");
}

Unit parse_unit(const std::string& name) {
  for (int i = 0; i < kn::cuda::kUnits; ++i)
    if (kn::cuda::name_of(static_cast<Unit>(i)) == name) return static_cast<Unit>(i);
  kn::fail<kn::ValueError>("expected the name of a unit; got '", name, "'");
}

// (tile, parts, seconds by the model)
std::tuple<std::string, int64_t, double> tile_choice(int64_t m, int64_t n, int64_t k,
                                                     const std::string& unit, bool hopper) {
  const kn::cuda::ProductSize size{1, m, n, k};
  const Unit by = parse_unit(unit);
  const auto choice = kn::cuda::choose_tile(size, by, hopper);
  return {kn::cuda::name_of(choice.tile), choice.parts, kn::cuda::model_seconds(size, by, choice)};
}

}  // namespace

PYBIND11_MODULE(_cuda, m) {
  m.doc() = "CUDA devices and kernels of keras_native.";
  std::vector<std::string> names;
  for (const kn::KernelSource* source : kn::cuda::sources()) {
    kn::plug_in(*source);
    names.push_back(source->device().name());
  }
  m.attr("devices") = names;
  // Why there are none, in the driver's words.
  m.attr("absence") = kn::cuda::absence();
  m.def("time_op", &time_op, py::arg("op"), py::arg("inputs"), py::arg("attrs"), py::arg("by") = "",
        py::arg("repeats") = 20);
  m.def("force_tile", &force_tile, py::arg("name"), py::arg("parts") = 1);
  m.def("tile_choice", &tile_choice);
}
