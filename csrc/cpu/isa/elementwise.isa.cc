// Tile functions of plain arithmetic, comparisons, logic, conversions and broadcasting.
#include "cpu/isa/elementwise.h"

#include "cpu/isa/half_tiles.inc"
#include "cpu/isa/kernel_table.h"
#include "cpu/isa/tile_loop.inc"
#include "cpu/isa/vec_math.inc"

namespace kn::cpu {
namespace {

using Ops = TileFn (*)[kTileTypes];
TileFn* row(Ops ops, Opcode op) { return ops[static_cast<int>(op)]; }

// ---- what all numbers can do ----

template <class T>
void set_arithmetic(Ops t) {
  set_unary<T>(row(t, Opcode::neg), [](auto x, auto) { return -x; });
  set_unary<T>(row(t, Opcode::square), [](auto x, auto) { return x * x; });
  set_unary<T>(row(t, Opcode::sign), [](auto x, auto) {
    return x > 0 ? decltype(x){} + T(1) : x < 0 ? decltype(x){} - T(1) : x;
  });
  set_unary<T>(row(t, Opcode::relu), [](auto x, auto) { return x < 0 ? decltype(x){} : x; });
  set_unary<T>(row(t, Opcode::clip), [](auto x, auto p) {
    const auto low = x < p.p0 ? p.p0 : x;
    return low > p.p1 ? p.p1 : low;
  });
  set_binary<T>(row(t, Opcode::add), [](auto a, auto b, auto) { return a + b; });
  set_binary<T>(row(t, Opcode::sub), [](auto a, auto b, auto) { return a - b; });
  set_binary<T>(row(t, Opcode::mul), [](auto a, auto b, auto) { return a * b; });
  set_binary<T>(row(t, Opcode::squared_difference), [](auto a, auto b, auto) {
    const auto d = a - b;
    return d * d;
  });
  set_binary<T>(row(t, Opcode::maximum), [](auto a, auto b, auto) {
    const auto r = a > b ? a : b;
    return a != a ? a : r;
  });
  set_binary<T>(row(t, Opcode::minimum), [](auto a, auto b, auto) {
    const auto r = a < b ? a : b;
    return a != a ? a : r;
  });
  set_binary<T>(row(t, Opcode::relu_grad),
                [](auto g, auto y, auto) { return y > 0 ? g : decltype(g){}; });
  set_binary<T>(row(t, Opcode::clip_grad), [](auto g, auto x, auto p) {
    return ((x < p.p0) | (x > p.p1)) ? decltype(g){} : g;
  });
  row(t, Opcode::muladd)[TypeIndex<T>::value] =
      tile_loop<T, T, T, T, 3, kLanes<T>,
                decltype([](auto a, auto b, auto c, auto) { return a * b + c; })>;
}

template <class T>
void set_whole(Ops t) {  // for types that are whole numbers already
  constexpr Opcode kNothingToDo[] = {Opcode::round, Opcode::floor, Opcode::ceil};
  for (Opcode op : kNothingToDo) set_unary<T>(row(t, op), [](auto x, auto) { return x; });
  set_elements<T, 2>(row(t, Opcode::floordiv), [](T a, T b) -> T {
    if (b == 0) return 0;
    if constexpr (T(-1) < 0)
      if (b == -1) return static_cast<T>(0 - static_cast<uint64_t>(a));
    return static_cast<T>(a / b - (a % b != 0 && (a < 0) != (b < 0)));
  });
  set_elements<T, 2>(row(t, Opcode::mod), [](T a, T b) -> T {
    if (b == 0 || b == static_cast<T>(-1)) {
      if constexpr (T(-1) < 0) return 0;
      else return b == 0 ? 0 : static_cast<T>(a % b);
    }
    const T r = static_cast<T>(a % b);
    return static_cast<T>(r != 0 && (r < 0) != (b < 0) ? r + b : r);
  });
  set_elements<T, 2>(row(t, Opcode::pow), [](T a, T b) -> T {
    if constexpr (T(-1) < 0)
      if (b < 0) return a == 1 ? 1 : a == -1 ? (b % 2 ? -1 : 1) : 0;
    uint64_t result = 1, base = static_cast<uint64_t>(a);
    for (uint64_t e = static_cast<uint64_t>(b); e > 0; e >>= 1, base *= base)
      if (e & 1) result *= base;
    return static_cast<T>(result);
  });
}

// ---- what needs real numbers but no series ----

constexpr double kSeluSlope = 1.7580993408473766;  // at 0 from below: scale times alpha
constexpr double kSeluScale = 1.0507009873554805;

template <class T>
T root(T x) {
  return sizeof(T) == 4 ? static_cast<T>(__builtin_sqrtf(static_cast<float>(x)))
                        : static_cast<T>(__builtin_sqrt(x));
}

template <class T>
void set_real(Ops t) {
  set_unary<T>(row(t, Opcode::abs), [](auto x, auto) { return vabs(x); });
  set_unary<T>(row(t, Opcode::round), [](auto x, auto) { return vround(x); });
  set_unary<T>(row(t, Opcode::floor), [](auto x, auto) { return vfloor(x); });
  set_unary<T>(row(t, Opcode::ceil), [](auto x, auto) { return vceil(x); });
  set_unary<T>(row(t, Opcode::reciprocal), [](auto x, auto) { return T(1) / x; });
  set_elements<T, 1>(row(t, Opcode::sqrt), [](T x) { return root(x); });
  set_elements<T, 1>(row(t, Opcode::rsqrt), [](T x) { return T(1) / root(x); });
  set_unary<T>(row(t, Opcode::hard_sigmoid), [](auto x, auto) {
    const auto y = x * T(0.2) + T(0.5);
    const auto low = y < 0 ? decltype(y){} : y;
    return low > 1 ? decltype(y){} + T(1) : low;
  });
  set_unary<T>(row(t, Opcode::leaky_relu), [](auto x, auto p) { return x < 0 ? x * p.p0 : x; });
  set_unary<T>(row(t, Opcode::softsign), [](auto x, auto) {
    const auto a = vabs(x);
    const auto y = x / (a + T(1));
    return a == T(__builtin_inf()) ? with_sign(decltype(x){} + T(1), x) : y;
  });
  set_binary<T>(row(t, Opcode::div), [](auto a, auto b, auto) { return a / b; });
  set_binary<T>(row(t, Opcode::floordiv), [](auto a, auto b, auto) { return vfloor(a / b); });
  set_elements<T, 2>(row(t, Opcode::mod), [](T a, T b) {
    const T r = sizeof(T) == 4
                    ? static_cast<T>(__builtin_fmodf(static_cast<float>(a), static_cast<float>(b)))
                    : static_cast<T>(__builtin_fmod(a, b));
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
  });
  set_binary<T>(row(t, Opcode::leaky_relu_grad),
                [](auto g, auto x, auto p) { return x <= 0 ? g * p.p0 : g; });
  set_binary<T>(row(t, Opcode::elu_grad),
                [](auto g, auto y, auto p) { return y <= 0 ? g * (y + p.p0) : g; });
  set_binary<T>(row(t, Opcode::selu_grad), [](auto g, auto y, auto) {
    return g * (y <= 0 ? y + T(kSeluSlope) : decltype(y){} + T(kSeluScale));
  });
  set_binary<T>(row(t, Opcode::sigmoid_grad),
                [](auto g, auto y, auto) { return g * y * (T(1) - y); });
  set_binary<T>(row(t, Opcode::tanh_grad), [](auto g, auto y, auto) { return g * (T(1) - y * y); });
}

// ---- truth values ----

// A mask of wide lanes as bytes 0 and 1.
template <int count>
struct Truth {
  using Bytes = typename Pack<uint8_t, count>::type;
  template <class Mask>
  static KN_INLINE Bytes of(Mask mask) {
    typedef int8_t Signed __attribute__((vector_size(count)));
    return (Bytes) __builtin_convertvector(mask, Signed) & 1;
  }
};

template <class T, class F>
void set_comparison(TileFn* to, int index, F) {
  using Compare = decltype([](auto a, auto b, auto) { return Truth<kLanes<T>>::of(F{}(a, b)); });
  to[index] = tile_loop<uint8_t, T, T, T, 2, kLanes<T>, Compare>;
}

// Steps are template arguments here: the compiler widens bytes to masks better than a vector cast.
template <class T, int kStepA, int kStepB>
void select_loop(T* out, const uint8_t* mask, int64_t step, const T* a, const T* b, int64_t n) {
  if (step == 0) {
    const bool first = *mask != 0;
    KN_INDEPENDENT for (int64_t i = 0; i < n; ++i) out[i] = first ? a[i * kStepA] : b[i * kStepB];
    return;
  }
  KN_INDEPENDENT for (int64_t i = 0; i < n; ++i) {
    const T x = a[i * kStepA], y = b[i * kStepB];
    out[i] = mask[i] ? x : y;
  }
}

template <class T>
void select(void* out, const TileOperands& in, int64_t n) {
  const auto loop = in.varies[1] ? (in.varies[2] ? select_loop<T, 1, 1> : select_loop<T, 1, 0>)
                                 : (in.varies[2] ? select_loop<T, 0, 1> : select_loop<T, 0, 0>);
  loop(static_cast<T*>(out), static_cast<const uint8_t*>(in.source[0]), in.varies[0],
       static_cast<const T*>(in.source[1]), static_cast<const T*>(in.source[2]), n);
}

template <class T>
void set_comparisons(Ops t, int i = TypeIndex<T>::value) {
  set_comparison<T>(row(t, Opcode::equal), i, [](auto a, auto b) { return a == b; });
  set_comparison<T>(row(t, Opcode::not_equal), i, [](auto a, auto b) { return a != b; });
  set_comparison<T>(row(t, Opcode::less), i, [](auto a, auto b) { return a < b; });
  set_comparison<T>(row(t, Opcode::less_equal), i, [](auto a, auto b) { return a <= b; });
  set_comparison<T>(row(t, Opcode::greater), i, [](auto a, auto b) { return a > b; });
  set_comparison<T>(row(t, Opcode::greater_equal), i, [](auto a, auto b) { return a >= b; });
  row(t, Opcode::where)[i] = select<T>;
  row(t, Opcode::copy)[i] =
      tile_loop<T, T, T, T, 1, kLanes<T>, decltype([](auto x, auto) { return x; })>;
  row(t, Opcode::fill)[i] = [](void* out, const TileOperands& in, int64_t n) {
    const T value = static_cast<T>(in.p0);
    for (int64_t k = 0; k < n; ++k) static_cast<T*>(out)[k] = value;
  };
}

template <class T>
void set_classes(Ops t) {
  using IsNan = decltype([](auto x, auto) { return Truth<kLanes<T>>::of(x != x); });
  using IsInf =
      decltype([](auto x, auto) { return Truth<kLanes<T>>::of(vabs(x) == T(__builtin_inf())); });
  row(t, Opcode::is_nan)[TypeIndex<T>::value] = tile_loop<uint8_t, T, T, T, 1, kLanes<T>, IsNan>;
  row(t, Opcode::is_inf)[TypeIndex<T>::value] = tile_loop<uint8_t, T, T, T, 1, kLanes<T>, IsInf>;
}

template <class F>
void set_logic(TileFn* to, F) {
  to[kBoolIndex] = tile_loop<uint8_t, uint8_t, uint8_t, uint8_t, 2, kVecBytes, F>;
}

void set_logics(Ops t) {
  set_logic(row(t, Opcode::logical_and), [](auto a, auto b, auto) { return a & b; });
  set_logic(row(t, Opcode::logical_or), [](auto a, auto b, auto) { return a | b; });
  set_logic(row(t, Opcode::logical_xor), [](auto a, auto b, auto) { return a ^ b; });
  using Not = decltype([](auto x, auto) { return x ^ 1; });
  row(t, Opcode::logical_not)[kBoolIndex] =
      tile_loop<uint8_t, uint8_t, uint8_t, uint8_t, 1, kVecBytes, Not>;
}

// ---- conversions ----

template <class From, class To, bool kToBool>
void convert(void* out, const TileOperands& in, int64_t n) {
  using Convert = decltype([](From x) -> To {
    if constexpr (kToBool) return x != 0;
    else if constexpr (sizeof(To) == 1 && From(0.5) != 0)
      return static_cast<To>(static_cast<int32_t>(x));
    else return static_cast<To>(x);
  });
  element_loop<To, From, 1, Convert>(out, in, n);
}

template <class From>
void set_casts(TileFn* to) {
  to[0] = convert<From, float, false>;
  to[1] = convert<From, double, false>;
  to[2] = convert<From, int32_t, false>;
  to[3] = convert<From, int64_t, false>;
  to[4] = convert<From, uint8_t, false>;
  to[5] = convert<From, uint8_t, true>;
}

// ---- operands of another shape ----

// Whole vectors are stored even where a row is shorter: the next row is written over the excess.
template <class T>
void spread(const void* data, int64_t step, void* to, int64_t rows, int64_t n) {
  typedef typename Pack<T>::type V;
  const T* x = static_cast<const T*>(data);
  T* out = static_cast<T*>(to);
  for (int64_t r = 0; r < rows; ++r, x += step, out += n) {
    const V value = *x - V{};
    for (int64_t i = 0; i < n; i += kLanes<T>) store_as(out + i, value);
  }
}

}  // namespace

KN_FILL(elementwise) {
  ElementwiseTable& t = table.elementwise;
  set_arithmetic<float>(t.op);
  set_arithmetic<double>(t.op);
  set_arithmetic<int32_t>(t.op);
  set_arithmetic<int64_t>(t.op);
  set_arithmetic<uint8_t>(t.op);
  set_real<float>(t.op);
  set_real<double>(t.op);
  set_whole<int32_t>(t.op);
  set_whole<int64_t>(t.op);
  set_whole<uint8_t>(t.op);
  set_unary<int32_t>(row(t.op, Opcode::abs), [](auto x, auto) { return x < 0 ? -x : x; });
  set_unary<int64_t>(row(t.op, Opcode::abs), [](auto x, auto) { return x < 0 ? -x : x; });
  set_unary<uint8_t>(row(t.op, Opcode::abs), [](auto x, auto) { return x; });
  set_comparisons<float>(t.op);
  set_comparisons<double>(t.op);
  set_comparisons<int32_t>(t.op);
  set_comparisons<int64_t>(t.op);
  set_comparisons<uint8_t>(t.op);
  set_comparisons<uint8_t>(t.op, kBoolIndex);
  set_classes<float>(t.op);
  set_classes<double>(t.op);
  set_logics(t.op);
  set_casts<float>(t.cast[0]);
  set_casts<double>(t.cast[1]);
  set_casts<int32_t>(t.cast[2]);
  set_casts<int64_t>(t.cast[3]);
  set_casts<uint8_t>(t.cast[4]);
  set_casts<uint8_t>(t.cast[5]);
  set_half_casts(t);
  t.spread[0] = spread<uint8_t>;
  t.spread[1] = spread<uint16_t>;
  t.spread[2] = spread<uint32_t>;
  t.spread[3] = spread<uint64_t>;
}

}  // namespace kn::cpu
