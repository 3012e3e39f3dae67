#include "conformance/row.h"

#include <algorithm>
#include <cctype>
#include <sstream>

#include "base/error.h"

namespace kn::test {

std::string text_of(const Case& c, DType dtype) {
  std::ostringstream text;
  text << c.op << " " << c.attrs << " as " << name_of(dtype);
  for (const Arg& a : c.args) text << " " << a.shape;
  if (!c.note.empty()) text << " (" << c.note << ")";
  return text.str();
}

std::vector<HostTensorPtr> draw_inputs(const Case& c, DType dtype) {
  std::vector<HostTensorPtr> inputs;
  for (const Arg& a : c.args) {
    const DType type = a.follows_type ? dtype : a.dtype;
    const double low = type == DType::u8 ? std::max(0.0, a.low) : a.low;
    inputs.push_back(std::make_shared<HostTensor>(
        a.values.empty() ? uniform(type, a.shape, low, a.high, 17 + inputs.size())
                         : tensor(type, a.shape, a.values)));
  }
  return inputs;
}

NodePtr exact_node(const Case& c, const std::vector<HostTensorPtr>& inputs) {
  std::vector<Value> values;
  for (const auto& t : inputs) values.push_back(constant(t));
  return apply_all(c.op, values, c.attrs, c.payload)[0].node;
}

KernelCall call_of(const Case& c, const NodePtr& exact, const std::vector<HostTensorPtr>& inputs) {
  KernelCall call{c.op, exact->attrs, {}, exact->outputs, c.payload.get(), {}};
  for (size_t i = 0; i < inputs.size(); ++i) {
    call.in.push_back(inputs[i].get());
    call.is_constant.push_back(c.args[i].constant);
  }
  return call;
}

std::string row_name(const Case& c, size_t index) {
  std::string name = concat_text(c.op, "_", index, "_", c.note);
  for (char& ch : name)
    if (!std::isalnum(static_cast<unsigned char>(ch))) ch = '_';
  return name;
}

// How GoogleTest names a row in its messages.
void PrintTo(const Case* c, std::ostream* os) { *os << text_of(*c, c->dtypes[0]); }

}  // namespace kn::test
