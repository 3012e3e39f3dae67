#!/bin/sh
# GoogleTest for the C++ tests: a system copy is used where there is one. On Debian and its kin it is
# installed where that is allowed; elsewhere CMake downloads it.
set -u
for dir in /usr /usr/local; do
  if [ -e "$dir/include/gtest/gtest.h" ]; then exit 0; fi
done
if command -v apt-get >/dev/null 2>&1; then
  as_root=""
  if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as_root="sudo -n"
    else
      echo "GoogleTest is missing and may not be installed from here: apt-get install libgtest-dev" >&2
      echo "(without it, the build downloads it)" >&2
      exit 0
    fi
  fi
  $as_root apt-get install -y -q libgtest-dev && exit 0
  $as_root apt-get update -q && $as_root apt-get install -y -q libgtest-dev && exit 0
fi
echo "no system GoogleTest: the build downloads it" >&2
exit 0
