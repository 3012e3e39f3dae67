#include "cpu/isa/isa.h"

#if defined(KN_HAVE_X86_ISAS)
#include <cpuid.h>
#endif
#if defined(KN_HAVE_AMX)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <array>
#include <atomic>
#include <cstdlib>
#include <string>

#include "base/error.h"

namespace kn::cpu {

#define KN_FAMILY(name, Type)                \
  void fill_##name##_baseline(KernelTable&); \
  void fill_##name##_avx2(KernelTable&);     \
  void fill_##name##_avx512(KernelTable&);
KN_FAMILIES(KN_FAMILY)
#undef KN_FAMILY
void fill_gemm_halves_amx(KernelTable&);
void fill_gemm_thirds_amx(KernelTable&);
void fill_recurrent_thirds_amx(KernelTable&);

namespace {

KernelTable make_table(Isa isa) {
  KernelTable t{};
#define KN_FAMILY(name, Type) fill_##name##_baseline(t);
  KN_FAMILIES(KN_FAMILY)
#undef KN_FAMILY
#if defined(KN_HAVE_X86_ISAS)
  if (isa >= Isa::avx2) {
#define KN_FAMILY(name, Type) fill_##name##_avx2(t);
    KN_FAMILIES(KN_FAMILY)
#undef KN_FAMILY
  }
  if (isa >= Isa::avx512) {
#define KN_FAMILY(name, Type) fill_##name##_avx512(t);
    KN_FAMILIES(KN_FAMILY)
#undef KN_FAMILY
  }
#else
  (void)isa;
#endif
#if defined(KN_HAVE_AMX)
  if (isa >= Isa::amx) {
    fill_gemm_halves_amx(t);
    fill_gemm_thirds_amx(t);
    fill_recurrent_thirds_amx(t);
  }
#endif
  return t;
}

// Whether the processor has tiles of bfloat16 and the kernel lets this process use them.
[[maybe_unused]] bool amx_usable() {
#if defined(KN_HAVE_AMX)
  constexpr unsigned kTileBits = 1u << 22 | 1u << 24;
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // of arch_prctl, of XCR0
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & kTileBits) != kTileBits) return false;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

#if defined(KN_HAVE_X86_ISAS)
// The registers that the system keeps for each thread, as in XCR0. (The compilers' own questions
// about processors need a library that clang-cl does not link.)
unsigned kept_registers() {
  unsigned low, high;
  asm("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}
#endif

int count_usable() {
#if defined(KN_HAVE_X86_ISAS)
  constexpr unsigned kBasis = bit_FMA | bit_F16C | bit_OSXSAVE;
  constexpr unsigned kAvx512 = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || (c & kBasis) != kBasis) return 1;
  const unsigned kept = kept_registers();
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_AVX2) || (kept & 0x6) != 0x6) return 1;
  if ((b & kAvx512) != kAvx512 || (kept & 0xE6) != 0xE6) return 2;
  return amx_usable() ? 4 : 3;
#else
  return 1;
#endif
}

constexpr std::array<Isa, 4> kAll = {Isa::baseline, Isa::avx2, Isa::avx512, Isa::amx};

Isa initial_isa() {
  const auto usable = usable_isas();
  const char* wanted = std::getenv("KERAS_NATIVE_ISA");
  if (!wanted || !*wanted) return usable.back();
  for (Isa isa : usable)
    if (name_of(isa) == wanted) return isa;
  std::string names;
  for (Isa isa : usable) names += (names.empty() ? "" : ", ") + std::string(name_of(isa));
  fail<ValueError>("KERAS_NATIVE_ISA: expected one that this CPU can run (", names, "); got '",
                   wanted, "'");
}

std::atomic<Isa>& current() {
  static std::atomic<Isa> isa{initial_isa()};
  return isa;
}

}  // namespace

std::span<const Isa> usable_isas() {
  static const int count = count_usable();
  return {kAll.data(), static_cast<size_t>(count)};
}

std::string_view name_of(Isa isa) {
  constexpr std::string_view names[] = {"baseline", "avx2", "avx512", "amx"};
  return names[static_cast<int>(isa)];
}

const KernelTable& table_of(Isa isa) {
  static const std::array<KernelTable, 4> tables = [] {
    std::array<KernelTable, 4> made{};
    for (Isa usable : usable_isas()) made[static_cast<size_t>(usable)] = make_table(usable);
    return made;
  }();
  return tables[static_cast<int>(isa)];
}

const KernelTable& table() { return table_of(current_isa()); }
Isa current_isa() { return current().load(std::memory_order_relaxed); }
void set_isa(Isa isa) { current().store(isa, std::memory_order_relaxed); }

}  // namespace kn::cpu
