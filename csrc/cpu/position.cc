#include "cpu/position.h"

#include <algorithm>

#include "cpu/isa/isa.h"
#include "cpu/isa/reduce.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

constexpr int64_t kGrain = 1 << 14;         // elements of a task, when there are enough
constexpr double kBytesPerNanosecond = 10;  // of one thread, for the cost of the whole

const ReduceLoops<float>& loops_of(float) { return table().reduce.f32; }
const ReduceLoops<double>& loops_of(double) { return table().reduce.f64; }

template <class T>
class Find : public Kernel {
 public:
  Find(int64_t rows, int64_t n, bool largest)
      : rows_(rows),
        n_(n),
        find_(largest ? loops_of(T{}).find_largest : loops_of(T{}).find_smallest) {}
  void run(const RunArgs& args) const override {
    const auto cost =
        static_cast<int64_t>(static_cast<double>(rows_ * n_) * sizeof(T) / kBytesPerNanosecond);
    const int64_t grain = std::max<int64_t>(1, kGrain / std::max<int64_t>(n_, 1));
    args.pool->parallel_for(rows_, grain, cost, [&](int64_t from, int64_t to) {
      find_(args.input<T>(0) + from * n_, to - from, n_, args.output<int64_t>(0) + from);
    });
  }

 private:
  int64_t rows_, n_;
  typename ReduceLoops<T>::Find find_;
};

}  // namespace

std::unique_ptr<Kernel> make_position(const KernelRequest& r, std::string& refusal) {
  const Shape& x = r.in[0].shape;
  const int axis = normalize_axis(r.attrs.integer("axis"), x.rank(), r.op);
  const bool largest = r.op == "argmax";
  if (x.elements(axis + 1, x.rank()) != 1) refusal = "elements are not adjacent";
  else if (x[axis] >= INT32_MAX) refusal = "longer than positions can count";
  else if (r.in[0].dtype == DType::f32)
    return std::make_unique<Find<float>>(x.elements(0, axis), x[axis], largest);
  else if (r.in[0].dtype == DType::f64)
    return std::make_unique<Find<double>>(x.elements(0, axis), x[axis], largest);
  else refusal = "float32 and float64 only";
  return nullptr;
}

}  // namespace kn::cpu
