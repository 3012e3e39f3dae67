#include "conformance/case.h"

namespace kn::test {

namespace {

struct Input {
  Shape shape;
  int64_t axis;
};

void add_rows(Cases& list, const Input& input, bool scale, bool center) {
  const Shape& x = input.shape;
  const Shape channels{x[input.axis < 0 ? x.rank() + input.axis : input.axis]};
  const Attrs attrs{{"axis", input.axis}, {"epsilon", 1e-3}, {"scale", scale}, {"center", center}};

  Case& train = list.op("batch_norm_train", attrs).in(x);
  if (scale) train.in(channels, 0.5, 1.5);
  if (center) train.in(channels);
  train.by("loops").tolerance(2e-4, 1e-5);

  Case& infer = list.op("batch_norm_infer", attrs).in(x).in(channels).in(channels, 0.5, 1.5);
  if (scale) infer.in(channels, 0.5, 1.5);
  if (center) infer.in(channels);
  infer.by("loops");

  Case& grad = list.op("batch_norm_grad", {{"axis", input.axis}, {"scale", scale}});
  grad.in(x).in(x).in(channels).in(channels, 0.5, 1.5);
  if (scale) grad.in(channels, 0.5, 1.5);
  grad.by("loops").tolerance(2e-4, 2e-5);
}

}  // namespace

void normalization_cases(Cases& list) {
  for (const Input& input : {Input{{6, 5}, -1}, {{4, 3, 2}, -1}, {{3, 4, 2, 2}, 1}})
    for (bool scale : {true, false})
      for (bool center : {true, false}) add_rows(list, input, scale, center);
  // Many blocks and chunks, strips and rests of channels, planes beyond one block.
  for (const Input& input : {Input{{700, 71}, -1},
                             {{90, 13, 200}, -1},
                             {{3, 5, 4500}, 1},
                             {{400, 3}, -1},
                             {{331, 10}, -1},
                             {{130, 8}, -1},
                             {{60, 2, 1}, -1}}) {
    const size_t first = list.rows().size();
    add_rows(list, input, true, true);
    for (size_t i = first; i < list.rows().size(); ++i) list.row(i).no_gradient_here();
  }
  add_rows(list, {{1, 4}, -1}, true, true);
  const size_t first = list.rows().size();
  add_rows(list, {{0, 4}, -1}, true, true);
  for (size_t i = first; i < list.rows().size(); ++i) list.row(i).no_gradient_here();
}

}  // namespace kn::test
