include(CheckCXXCompilerFlag)
include(CheckCXXSymbolExists)

# By what the compiler says it makes: CMAKE_SYSTEM_PROCESSOR is that of the machine at hand on macOS.
check_cxx_symbol_exists(__x86_64__ cstddef KN_X86_64)
check_cxx_symbol_exists(__aarch64__ cstddef KN_AARCH64)

# kn_isa_library(TARGET isa "flags" sources...): adds the sources compiled for one instruction set.
function(kn_isa_library target isa flags)
  set(objects ${target}_isa_${isa})
  add_library(${objects} OBJECT ${ARGN})
  target_include_directories(${objects} PRIVATE ${PROJECT_SOURCE_DIR}/csrc)
  target_compile_features(${objects} PRIVATE cxx_std_20)
  target_compile_definitions(${objects} PRIVATE KN_ISA=${isa})
  # Sanitizers instrument nothing here: the one exported symbol must stay the only one.
  kn_clang_options(flags ${flags})
  kn_clang_options(arithmetic -ffp-contract=fast -fno-math-errno -fno-trapping-math)
  set(lean -fno-exceptions -fno-rtti)
  if(MSVC)
    set(lean /GR-)
  endif()
  target_compile_options(${objects} PRIVATE ${flags} ${KN_WARNINGS} ${lean} ${arithmetic}
                         $<$<CONFIG:Debug>:-O1>)
  set_target_properties(${objects} PROPERTIES POSITION_INDEPENDENT_CODE ON
                        CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_sources(${target} PRIVATE $<TARGET_OBJECTS:${objects}>)
endfunction()

# kn_isa_objects(TARGET sources...): adds each <family>.isa.cc to TARGET once per instruction set.
# The baseline objects come first on the link line.
function(kn_isa_objects target)
  set(isas baseline)
  if(KN_X86_64)
    list(APPEND isas avx2 avx512)
    target_compile_definitions(${target} PRIVATE KN_HAVE_X86_ISAS)
  endif()
  set(flags_baseline "")
  set(flags_avx2 -mavx2 -mfma -mf16c)
  set(flags_avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx2 -mfma -mf16c
                   -mprefer-vector-width=512)
  # On ARM compilers move loads ahead before they give out registers, which pushes sums to memory.
  if(KN_AARCH64 AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    set(flags_baseline -fno-schedule-insns)
  elseif(KN_AARCH64 AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    kn_clang_options(flags_baseline -mllvm -enable-misched=false)
  endif()
  foreach(isa IN LISTS isas)
    kn_isa_library(${target} ${isa} "${flags_${isa}}" ${ARGN})
  endforeach()
  if(NOT KN_X86_64 OR NOT CMAKE_SYSTEM_NAME STREQUAL "Linux")
    return()
  endif()
  # Tile multipliers: <family>.amx.cc, on top of avx512, where the compiler knows them.
  check_cxx_compiler_flag("-mamx-tile -mamx-bf16" KN_COMPILER_HAS_AMX)
  if(KN_COMPILER_HAS_AMX)
    file(GLOB amx_sources CONFIGURE_DEPENDS cpu/isa/*.amx.cc)
    kn_isa_library(${target} amx "${flags_avx512};-mamx-tile;-mamx-bf16" ${amx_sources})
    target_compile_definitions(${target} PRIVATE KN_HAVE_AMX)
  endif()
endfunction()
