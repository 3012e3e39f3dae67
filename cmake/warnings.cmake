# kn_clang_options(OUT options...): the options as the compiler takes them. clang-cl wants a word before
# those of Clang.
function(kn_clang_options out)
  set(options ${ARGN})
  if(MSVC)
    list(TRANSFORM options PREPEND /clang:)
  endif()
  set(${out} ${options} PARENT_SCOPE)
endfunction()

kn_clang_options(KN_WARNINGS -Wall -Wextra -Wpedantic -Wno-psabi)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND KN_WARNINGS -Wno-restrict)
endif()
