#!/bin/sh
# isa_symbols.sh NM ISA OBJECT…
# Objects of one instruction set may define only fill_<family>_<isa>. Anything else that other
# objects can see (an inline function, an instance of a template) might be chosen by the linker for
# all of them and carry wide instructions into code that runs on every machine.
set -eu
nm=$1
isa=$2
shift 2
symbols=$("$nm" --defined-only --extern-only --demangle "$@") || exit 1
symbols=$(printf '%s\n' "$symbols" | grep -E '^[0-9a-f]+ ')
fill="kn::cpu::fill_[a-z0-9_]+_$isa\("
if printf '%s\n' "$symbols" | grep -vE "$fill"; then
  echo "expected nothing but fill_*_$isa; the symbols above are visible too"
  exit 1
fi
filled=$(printf '%s\n' "$symbols" | grep -cE "$fill")
if [ "$filled" -ne $# ]; then
  echo "expected one fill_*_$isa in each of $# objects, found $filled"
  exit 1
fi
