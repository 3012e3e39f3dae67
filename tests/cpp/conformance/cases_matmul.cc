#include "conformance/case.h"

namespace kn::test {

namespace {

struct Size {
  Dim m, n, k;
};

// All four forms of one product, alone and with what may follow it.
void add_products(Cases& list, Size s, bool small) {
  for (bool ta : {false, true})
    for (bool tb : {false, true}) {
      const Shape a = ta ? Shape{s.k, s.m} : Shape{s.m, s.k};
      const Shape b = tb ? Shape{s.n, s.k} : Shape{s.k, s.n};
      const Attrs attrs{{"transpose_a", ta}, {"transpose_b", tb}};
      Case& row =
          list.op("matmul", attrs).in(a).in(b).tolerance(2e-5, 1e-4).tolerance64(1e-12, 1e-11);
      if (!small) row.no_gradient_here();
    }
}

}  // namespace

void matmul_cases(Cases& list) {
  for (const Size& s : {Size{3, 4, 5}, {1, 1, 1}, {1, 7, 3}, {6, 1, 4}})
    add_products(list, s, true);
  for (const Size& s : {Size{0, 3, 4},
                        {3, 0, 4},
                        {3, 4, 0},
                        {1, 300, 257},
                        {65, 33, 300},
                        {130, 259, 70},
                        {7, 1025, 64},
                        {513, 17, 31}})
    add_products(list, s, false);
  for (const char* activation : {"", "relu", "sigmoid", "tanh"}) {
    const Attrs attrs{{"activation", std::string(activation)}};
    list.op("matmul", attrs).in({5, 4}).in({4, 3}).in({3}).named(activation);
    list.op("matmul", attrs)
        .in({67, 40})
        .in({40, 35})
        .in({35})
        .named(activation)
        .tolerance(2e-5, 1e-4)
        .no_gradient_here();
  }
  // Batches: equal, shared on one side, broadcast, leading axes folded into rows.
  list.op("matmul").in({2, 3, 4}).in({2, 4, 5});
  list.op("matmul", {{"transpose_b", true}}).in({2, 3, 4}).in({2, 5, 4});
  list.op("matmul", {{"transpose_a", true}}).in({2, 4, 3}).in({2, 4, 5});
  list.op("matmul").in({2, 3, 3, 4}).in({4, 5});
  list.op("matmul").in({2, 1, 3, 4}).in({1, 3, 4, 2});
}

}  // namespace kn::test
