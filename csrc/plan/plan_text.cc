#include <sstream>

#include "graph/op_def.h"
#include "plan/plan.h"

namespace kn {

namespace {

void write(std::ostream& os, const Place& p) {
  switch (p.kind) {
    case Place::kArena: os << '@' << p.offset; break;
    case Place::kVariable: os << "var" << p.index; break;
    case Place::kConstant: os << "const" << p.index; break;
    case Place::kInput: os << "in" << p.index; break;
    case Place::kOutput: os << "out" << p.index; break;
    case Place::kNone: os << '-'; break;
  }
}

}  // namespace

std::string Plan::text() const {
  std::ostringstream os;
  for (size_t i = 0; i < variables.size(); ++i)
    os << "var" << i << " = " << variables[i]->name() << ' ' << variables[i]->type() << '\n';
  for (const Step& step : steps) {
    for (size_t i = 0; i < step.out.size(); ++i) write(os << (i ? ", " : ""), step.out[i]);
    os << " = " << step.node->op->name << '[' << step.candidate << "](";
    for (size_t i = 0; i < step.in.size(); ++i) write(os << (i ? ", " : ""), step.in[i]);
    os << ')';
    for (const TensorType& t : step.node->outputs) os << ' ' << t;
    if (!step.node->attrs.empty()) os << " {" << step.node->attrs << '}';
    if (!step.node->layer.empty()) os << "  ; " << step.node->layer;
    if (!step.refusals.empty()) os << "  (" << step.refusals << ')';
    os << '\n';
  }
  for (const Copy& c : copies) {
    write(os, c.to);
    write(os << " <- ", c.from);
    os << " (" << c.bytes << " bytes)\n";
  }
  os << "arena " << arena_bytes << " bytes\n";
  return os.str();
}

}  // namespace kn
