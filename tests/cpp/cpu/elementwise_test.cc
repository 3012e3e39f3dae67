// Random elementwise programs on every instruction set against the reference: all kinds of
// broadcasting, several outputs, closing reductions, in place, with any number of threads. (Single
// opcodes are rows of the conformance list.)
#include <random>

#include "base/program.h"
#include "cpu/isa/isa.h"
#include "support/kernels.h"

namespace kn::test {
namespace {

using Random = std::mt19937;

int below(Random& random, int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); }

Shape random_domain(Random& random) {
  static const Shape shapes[] = {{},         {1},          {7},       {1031},       {0, 5},
                                 {4, 0},     {3, 5},       {33, 10},  {10, 33},     {200, 1},
                                 {1, 300},   {9, 64},      {2, 1500}, {5, 7, 3},    {4, 1, 130},
                                 {70, 4, 9}, {2, 3, 4, 5}, {65, 600}, {16, 33, 40}, {70000}};
  return shapes[random() % std::size(shapes)];
}

// A shape that broadcasts to `domain`.
Shape random_operand(Random& random, const Shape& domain) {
  Shape shape = domain;
  switch (below(random, 5)) {
    case 0: return {};
    case 1:
      for (int i = 0; i < shape.rank(); ++i)
        if (below(random, 2)) shape[i] = 1;
      break;
    case 2:
      for (int drop = below(random, domain.rank() + 1); drop > 0; --drop) shape.erase(0);
      break;
    default: break;
  }
  return shape;
}

class RandomProgram {
 public:
  explicit RandomProgram(unsigned seed, DType type) : random_(seed), type_(type) {
    program_->domain = random_domain(random_);
    const int inputs = 1 + below(random_, 4);
    for (int i = 0; i < inputs; ++i)
      program_->inputs.push_back({type, random_operand(random_, program_->domain)});
    const size_t steps = 1 + random_() % 12;
    while (program_->code.size() < steps) add_instruction();
    add_outputs();
  }

  std::shared_ptr<const Program> program() const { return program_; }

 private:
  // A value of the program's float type; comparisons have bool results and are used at once.
  int16_t value() {
    for (;;) {
      const int v = below(random_, program_->value_count());
      if (program_->dtype_of_value(v) == type_) return static_cast<int16_t>(v);
    }
  }

  void add(Opcode op, DType from, DType to, std::array<int16_t, 3> operands, double p0 = 0,
           double p1 = 0) {
    program_->code.push_back({op, from, to, operands, p0, p1});
  }

  void add_instruction() {
    static const Opcode unary[] = {Opcode::neg,  Opcode::abs, Opcode::tanh,    Opcode::sigmoid,
                                   Opcode::relu, Opcode::sin, Opcode::softplus};
    static const Opcode binary[] = {Opcode::add,     Opcode::sub,     Opcode::mul,
                                    Opcode::maximum, Opcode::minimum, Opcode::tanh_grad};
    const int16_t a = value(), b = value();
    switch (below(random_, 7)) {
      case 6:
        if (a < program_->input_count() && !(program_->inputs[a].shape == program_->domain)) break;
        add(Opcode::dropout, type_, type_, {a, -1, -1}, 0.3);
        program_->code.back().seed = below(random_, 1000);
        break;
      case 0:
      case 1: add(unary[random_() % std::size(unary)], type_, type_, {a, -1, -1}); break;
      case 2: add(Opcode::clip, type_, type_, {a, -1, -1}, -0.75, 1.25); break;
      case 3: {
        // Inputs are compared: rounding must not decide.
        const auto x = static_cast<int16_t>(below(random_, program_->input_count()));
        const auto y = static_cast<int16_t>(below(random_, program_->input_count()));
        const auto mask = static_cast<int16_t>(program_->value_count());
        add(Opcode::less, type_, DType::b8, {x, y, -1});
        add(Opcode::where, type_, type_, {mask, a, b});
        break;
      }
      default: add(binary[random_() % std::size(binary)], type_, type_, {a, b, -1});
    }
  }

  void add_outputs() {
    const Shape& domain = program_->domain;
    const int last = program_->value_count() - 1;
    program_->outputs.push_back({last, Closing::none, {}, domain});
    if (program_->code.size() > 3 && below(random_, 2)) {
      const int middle =
          program_->input_count() + below(random_, static_cast<int>(program_->code.size()) - 1);
      program_->outputs.push_back({middle, Closing::none, {}, domain});
    }
    for (int n = below(random_, 3); n > 0; --n) add_closing(below(random_, 2) ? last : value());
    if (below(random_, 3) == 0 && program_->outputs.size() > 1)
      program_->outputs.erase(program_->outputs.begin());
  }

  void add_closing(int v) {
    const Shape& domain = program_->domain;
    if (v < program_->input_count() && !(program_->inputs[v].shape == domain)) return;
    static const Closing kinds[] = {Closing::sum, Closing::mean, Closing::max, Closing::min};
    Shape kept = domain;
    const int split = below(random_, domain.rank() + 1);
    const bool front = below(random_, 2);
    for (int i = 0; i < domain.rank(); ++i)
      if (front ? i < split : i >= split) kept[i] = 1;
    program_->outputs.push_back({v, kinds[random_() % 4], kept, kept});
  }

  Random random_;
  DType type_;
  std::shared_ptr<Program> program_ = std::make_shared<Program>();
};

class FusedPrograms : public ::testing::TestWithParam<DType> {};

TEST_P(FusedPrograms, MatchTheReference) {
  const DType type = GetParam();
  const Attrs none;
  int made = 0;
  for (unsigned seed = 0; seed < 400; ++seed) {
    const auto program = RandomProgram(seed, type).program();
    SCOPED_TRACE(to_string(*program));
    std::vector<HostTensor> in;
    for (size_t i = 0; i < program->inputs.size(); ++i)
      in.push_back(uniform(type, program->inputs[i].shape, -1.5, 1.5, seed * 10 + i));
    KernelCall call{"fused", none, {}, {}, program.get(), {}};
    for (const HostTensor& t : in) call.in.push_back(&t);
    for (size_t o = 0; o < program->outputs.size(); ++o)
      call.out.push_back(program->output_type(static_cast<int>(o)));
    if (seed % 2) call.is_constant.assign(in.size(), true);
    const auto want = run_reference(call);
    for (cpu::Isa isa : cpu::usable_isas()) {
      IsaScope scope(isa);
      std::string refusal;
      const auto kernel = make_kernel(cpu::kernels().candidates("fused")[0], call, refusal);
      if (!kernel) continue;
      ++made;
      const auto once = run_kernel(*kernel, call);
      for (size_t o = 0; o < want.size(); ++o)
        ASSERT_TRUE(close(once[o], want[o],
                          type == DType::f32 ? Tolerance{2e-4, 2e-4} : Tolerance{1e-10, 1e-10}))
            << "output " << o << " on " << cpu::name_of(isa);
      const auto again =
          run_kernel(*kernel, call, {.threads = 3, .misalign = 8, .use_in_place = true});
      for (size_t o = 0; o < want.size(); ++o) ASSERT_TRUE(same_bits(once[o], again[o]));
    }
  }
  // Refusals are for what the pass never writes: an output twice, for example.
  EXPECT_GT(made, 350 * static_cast<int>(cpu::usable_isas().size()));
}

INSTANTIATE_TEST_SUITE_P(Types, FusedPrograms, ::testing::Values(DType::f32, DType::f64),
                         [](const auto& info) { return std::string(name_of(info.param)); });

TEST(ElementwiseKernel, WritesInPlaceOnlyWhatNobodyReadsLater) {
  // %2 = x + y is stored, then x is read again.
  auto program = std::make_shared<Program>();
  const TensorType t{DType::f32, {100}};
  program->domain = t.shape;
  program->inputs = {t, t};
  program->code = {{Opcode::add, DType::f32, DType::f32, {0, 1, -1}},
                   {Opcode::sub, DType::f32, DType::f32, {2, 0, -1}}};
  program->outputs = {{2, Closing::none, {}, t.shape}, {3, Closing::none, {}, t.shape}};
  const HostTensor x = uniform(t.dtype, t.shape, -1, 1, 1), y = uniform(t.dtype, t.shape, -1, 1, 2);
  const Attrs none;
  const KernelCall call{"fused", none, {&x, &y}, {t, t}, program.get(), {}};
  std::string refusal;
  const auto kernel = make_kernel(cpu::kernels().candidates("fused")[0], call, refusal);
  ASSERT_TRUE(kernel) << refusal;
  EXPECT_FALSE(kernel->in_place(0, 0));
  EXPECT_TRUE(kernel->in_place(0, 1));
  EXPECT_TRUE(kernel->in_place(1, 0));
}

TEST(ElementwiseKernel, HandsOnNanInExtremes) {
  auto program = std::make_shared<Program>();
  const TensorType t{DType::f32, {40, 50}};
  program->domain = t.shape;
  program->inputs = {t};
  program->code = {{Opcode::neg, DType::f32, DType::f32, {0, -1, -1}}};
  program->outputs = {{1, Closing::max, {1, 50}, {50}}, {1, Closing::min, {1, 1}, {}}};
  HostTensor x = uniform(t.dtype, t.shape, -1, 1, 3);
  set_number(x, 777, std::nan(""));
  const Attrs none;
  const KernelCall call{"fused",       none, {&x}, {{DType::f32, {50}}, {DType::f32, {}}},
                        program.get(), {}};
  for (cpu::Isa isa : cpu::usable_isas()) {
    IsaScope scope(isa);
    std::string refusal;
    const auto got =
        run_kernel(*make_kernel(cpu::kernels().candidates("fused")[0], call, refusal), call);
    EXPECT_TRUE(close(got[0], run_reference(call)[0], {}));
    EXPECT_TRUE(std::isnan(got[0].number_at(27)));
    EXPECT_TRUE(std::isnan(got[1].number_at(0)));
  }
}

}  // namespace
}  // namespace kn::test
