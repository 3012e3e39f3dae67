#include "conformance/case.h"

namespace kn::test {

void softmax_cases(Cases& list) {
  for (const char* op : {"softmax", "log_softmax"}) {
    for (Dim n : {1, 2, 7, 10, 16, 33}) list.op(op).in({5, n}, -4, 4);
    list.op(op).in({10}).named("a vector");
    list.op(op, {{"axis", 0}}).in({4, 19});
    list.op(op, {{"axis", 1}}).in({2, 5, 3});
    list.op(op).in({2, 1000}, -20, 20).no_gradient_here().no_second_here();
    list.op(op).in({0, 4}).named("empty");
    list.op(op).in({2, 8}, -2000, 2000).no_gradient_here().no_second_here().named("large");
  }
  for (const char* op : {"softmax_grad", "log_softmax_grad"}) {
    for (Dim n : {1, 2, 7, 10, 33}) list.op(op).in({5, n}, -2, 0).in({5, n});
    list.op(op, {{"axis", 0}}).in({4, 19}, -2, 0).in({4, 19});
    list.op(op, {{"axis", 1}}).in({2, 5, 3}, -2, 0).in({2, 5, 3});
  }
}

}  // namespace kn::test
