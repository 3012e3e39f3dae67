#include "conformance/case.h"

namespace kn::test {

void source_cases(Cases&) {}

}  // namespace kn::test
