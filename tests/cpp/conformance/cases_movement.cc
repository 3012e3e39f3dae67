#include "conformance/case.h"

namespace kn::test {

void movement_cases(Cases&) {}

}  // namespace kn::test
