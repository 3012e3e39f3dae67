#include "conformance/case.h"
#include "graph/builder.h"

namespace kn::test {

namespace {

const AttrValue same = std::string("same"), causal = std::string("causal");
const AttrValue pads = std::string("explicit");

struct Row {
  Shape x, w;
  Attrs attrs;
};

// x (N, spatial…, C), w (window…, C / groups, F)
std::vector<Row> rows() {
  return {
      {{2, 7, 3}, {3, 3, 5}, {}},
      {{2, 7, 3}, {3, 3, 5}, {{"strides", Ints{2}}, {"padding", same}}},
      {{1, 9, 2}, {3, 2, 4}, {{"dilations", Ints{2}}, {"padding", causal}}},
      {{2, 6, 5, 3}, {3, 3, 3, 4}, {}},
      {{2, 6, 5, 3}, {3, 3, 3, 4}, {{"padding", same}}},
      {{1, 9, 7, 1}, {5, 3, 1, 7}, {{"strides", Ints{2, 3}}, {"padding", same}}},
      {{2, 5, 5, 17}, {1, 1, 17, 9}, {}},
      {{2, 5, 5, 4}, {1, 1, 4, 9}, {{"strides", Ints{2, 2}}}},
      {{1, 11, 10, 16}, {3, 3, 16, 33}, {{"padding", same}}},
      {{1, 8, 19, 32}, {3, 3, 32, 32}, {}},
      {{2, 4, 15, 6}, {3, 3, 6, 37}, {}},
      {{2, 7, 9, 16}, {3, 3, 16, 16}, {{"padding", same}, {"strides", Ints{2, 2}}}},
      {{1, 6, 15, 3}, {5, 5, 3, 18}, {{"padding", same}}},
      {{2, 9, 9, 16}, {1, 1, 16, 24}, {{"strides", Ints{2, 2}}}},
      {{3, 4, 5, 6}, {4, 5, 6, 7}, {}},
      {{1, 9, 12, 6}, {3, 3, 3, 20}, {{"groups", int64_t{2}}, {"strides", Ints{2, 3}}}},
      {{2, 20, 6}, {3, 6, 35}, {{"dilations", Ints{3}}, {"padding", causal}}},
      {{1, 7, 9, 5}, {3, 4, 5, 6}, {{"strides", Ints{2, 3}}, {"padding", same}}},
      {{1, 5, 6, 7, 4}, {3, 3, 3, 4, 18}, {{"padding", same}, {"strides", Ints{1, 2, 3}}}},
      {{1, 6, 6, 0}, {3, 3, 0, 4}, {}},
      {{1, 6, 6, 2}, {3, 3, 2, 0}, {}},
      {{1, 9, 9, 2}, {2, 2, 2, 3}, {{"strides", Ints{3, 4}}}},
      {{1, 9, 9, 3}, {3, 3, 3, 3}, {{"dilations", Ints{2, 3}}, {"padding", same}}},
      {{2, 4, 6, 8}, {3, 3, 2, 12}, {{"groups", int64_t{4}}, {"padding", same}}},
      {{2, 6, 6, 5}, {3, 3, 1, 10}, {{"groups", int64_t{5}}}},
      {{2, 7, 11, 21}, {3, 3, 1, 21}, {{"groups", int64_t{21}}, {"padding", same}}},
      {{1, 9, 8, 5}, {3, 4, 1, 5}, {{"groups", int64_t{5}}, {"strides", Ints{2, 2}}}},
      {{1, 3, 5, 70}, {3, 3, 1, 70}, {{"groups", int64_t{70}}, {"padding", same}}},
      {{1, 9, 3}, {5, 1, 3}, {{"groups", int64_t{3}}, {"padding", same}, {"dilations", Ints{2}}}},
      {{1, 5, 4, 2},
       {3, 2, 2, 3},
       {{"padding", pads}, {"pads", Ints{2, 0, 1, 3}}, {"strides", Ints{2, 1}}}},
      {{1, 4, 5, 6, 2}, {2, 3, 2, 2, 3}, {{"padding", same}}},
      {{1, 5, 5, 5, 3}, {3, 3, 3, 3, 2}, {{"strides", Ints{2, 1, 2}}}},
      {{0, 5, 5, 2}, {3, 3, 2, 2}, {}},
      {{2, 1, 1, 3}, {1, 1, 3, 1}, {}},
      {{1, 3, 3, 3}, {3, 3, 3, 2}, {}},
      // One to four channels out of more, or the other way around: sums along memory.
      {{2, 5, 9, 6}, {3, 3, 6, 1}, {{"padding", same}}},
      {{1, 5, 13, 8}, {3, 5, 8, 2}, {{"padding", same}, {"strides", Ints{2, 3}}}},
      {{1, 4, 12, 20}, {2, 2, 20, 3}, {}},
      {{1, 5, 14, 17}, {2, 3, 17, 4}, {{"padding", same}, {"dilations", Ints{2, 3}}}},
      {{1, 5, 12, 3}, {3, 3, 3, 20}, {{"padding", same}}},
      {{1, 9, 8, 1}, {4, 4, 1, 18}, {{"strides", Ints{2, 2}}}},
  };
}

Shape output_of(const Row& row) {
  const auto x = placeholder({DType::f32, row.x}, "x"), w = placeholder({DType::f32, row.w}, "w");
  return apply("conv", {x, w}, row.attrs).shape();
}

}  // namespace

void conv_cases(Cases& list) {
  for (const Row& row : rows()) {
    const Shape y = output_of(row);
    Attrs data = row.attrs, weights = row.attrs;
    data.set("size", Ints(row.x.begin() + 1, row.x.end() - 1));
    weights.set("window", Ints(row.w.begin(), row.w.end() - 2));
    // The extents of a kernel are always known.
    list.op("conv", row.attrs).in(row.x).in(row.w).tolerance(1e-4, 1e-4).closed();
    list.op("conv_data", data).in(y).in(row.w).tolerance(1e-4, 1e-4).closed();
    list.op("conv_weights", weights).in(row.x).in(y).tolerance(1e-4, 1e-4).closed();
    weights.set("bias", true);
    list.op("conv_weights", weights).in(row.x).in(y).tolerance(1e-4, 1e-4).closed();
    data.set("relu", true);
    list.op("conv_data", data)
        .in(y)
        .in(row.w)
        .in(row.x)
        .tolerance(1e-4, 1e-4)
        .closed()
        .no_gradient_here()
        .no_second_here();  // kinks
  }
  // Winograd's transforms: ragged ends, any padding, more than one panel.
  const Attrs padded{{"padding", pads}, {"pads", Ints{1, 2, 0, 1}}};
  for (const auto& [x, w, attrs] :
       std::vector<Row>{{{3, 8, 8, 16}, {3, 3, 16, 16}, {{"padding", same}}},
                        {{2, 11, 16, 16}, {3, 3, 16, 48}, {}},
                        {{2, 9, 10, 32}, {3, 3, 32, 16}, padded},
                        {{3, 8, 6, 18}, {3, 3, 18, 21}, {{"padding", same}}},
                        {{2, 35, 20}, {3, 20, 50}, {{"padding", causal}}},
                        {{1, 3, 18, 16}, {1, 3, 16, 16}, {{"padding", same}}}}) {
    const Shape y = output_of({x, w, attrs});
    Attrs data = attrs, weights = attrs;
    data.set("size", Ints(x.begin() + 1, x.end() - 1));
    weights.set("window", Ints(w.begin(), w.end() - 2));
    Attrs masked = data, biased = weights;
    masked.set("relu", true);
    biased.set("bias", true);
    for (Case* c :
         {&list.op("conv", attrs).in(x).in(w), &list.op("conv_data", data).in(y).in(w),
          &list.op("conv_data", masked).in(y).in(w).in(x).no_gradient_here().no_second_here(),
          &list.op("conv_weights", weights).in(x).in(y),
          &list.op("conv_weights", biased).in(x).in(y)})
      c->types({DType::f32}).tolerance(1e-4, 5e-4).closed().by("winograd");
  }
  // What the pass fuse_conv makes.
  list.op("conv", {{"padding", same}, {"activation", std::string("relu")}})
      .in({3, 8, 7, 16})
      .in({3, 3, 16, 32}, 0.1, 1)
      .in({32})
      .types({DType::f32})
      .tolerance(1e-4, 5e-4)
      .no_gradient_here()
      .no_second_here()
      .closed()
      .by("winograd");
  const Attrs strided{{"strides", Ints{2, 1}}, {"padding", std::string("same")}};
  for (const char* activation : {"", "relu", "sigmoid", "tanh", "softplus"}) {
    Attrs attrs = strided;
    attrs.set("activation", std::string(activation));
    list.op("conv", attrs)
        .in({2, 6, 9, 3})
        .in({3, 3, 3, 21}, 0.1, 1)
        .in({21})
        .tolerance(1e-4, 1e-5)
        .no_second_here()
        .closed()
        .by("direct")
        .by("bands");
    attrs.set("strides", Ints{1, 1});
    list.op("conv", attrs)
        .in({2, 3, 5, 4})
        .in({1, 1, 4, 9}, 0.1, 1)
        .in({9})
        .tolerance(1e-4, 1e-5)
        .no_second_here()
        .closed()
        .by("product");
  }
}

void pool_cases(Cases& list) {
  struct Pool {
    Shape x;
    Attrs attrs;
  };
  const std::vector<Pool> pools = {
      {{2, 7, 3}, {{"window", Ints{2}}, {"strides", Ints{2}}}},
      {{2, 6, 6, 3}, {{"window", Ints{2, 2}}, {"strides", Ints{2, 2}}}},
      {{1, 7, 5, 17}, {{"window", Ints{3, 2}}, {"strides", Ints{2, 1}}, {"padding", same}}},
      {{1, 5, 5, 4}, {{"window", Ints{3, 3}}, {"strides", Ints{1, 1}}, {"padding", same}}},
      {{1, 9, 8, 2}, {{"window", Ints{2, 2}}, {"strides", Ints{3, 4}}}},
      {{1, 4, 5, 4, 2}, {{"window", Ints{2, 2, 2}}, {"strides", Ints{2, 2, 2}}, {"padding", same}}},
      {{0, 4, 4, 2}, {{"window", Ints{2, 2}}, {"strides", Ints{2, 2}}}},
      {{1, 1, 1, 1}, {{"window", Ints{1, 1}}, {"strides", Ints{1, 1}}}},
  };
  for (const Pool& p : pools) {
    const Shape y = apply("max_pool", {placeholder({DType::f32, p.x}, "x")}, p.attrs).shape();
    list.op("max_pool", p.attrs).in(p.x);
    list.op("max_pool_data", p.attrs).in(p.x).in(y);
    Attrs relu = p.attrs;
    relu.set("relu", true);
    list.op("max_pool_data", relu).in(p.x).in(y).no_second_here();  // kinks
    list.op("max_pool_pick", p.attrs).in(p.x).in(p.x);
    list.op("average_pool", p.attrs).in(p.x);
    list.op("average_pool_data", p.attrs).in(p.x).in(y);
  }
}

}  // namespace kn::test
