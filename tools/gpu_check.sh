#!/bin/sh
# Everything there is to prove on a machine with nvcc and an NVIDIA GPU, in one call: builds with
# CUDA, runs the conformance list and the training tests on the device, some of them under
# compute-sanitizer, and compares training on the GPU with training on the CPU. Prints a summary;
# logs go to $OUT (default build/gpu-check).
#
#   tools/gpu_check.sh            build and check
#   tools/gpu_check.sh --prepare  on a machine with a network: puts what the check needs besides
#                                 (GoogleTest, Python packages) into build/gpu-carry
set -u
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}
CARRY=build/gpu-carry

if [ "${1:-}" = --prepare ]; then
  mkdir -p $CARRY/wheels
  url=https://github.com/google/googletest/archive/refs/tags/v1.14.0.tar.gz
  if [ -d /usr/src/googletest ]; then cp -r /usr/src/googletest $CARRY/
  else curl -fsSL $url | tar xz -C $CARRY && mv $CARRY/googletest-1.14.0 $CARRY/googletest; fi
  exec "$PYTHON" -m pip download -q -d $CARRY/wheels numpy h5py pybind11 cmake ninja pytest
fi

OUT=${OUT:-$PWD/build/gpu-check}
mkdir -p "$OUT"
STARTED=$(date +%s)
FAILED=0

# step <name> <seconds> <command…>: runs it, keeps its output, says how it went.
step() {
  name=$1 limit=$2
  shift 2
  from=$(date +%s)
  if timeout "$limit" "$@" >"$OUT/$name.log" 2>&1; then word=ok; else word=FAILED FAILED=1; fi
  echo "$name: $word, $(($(date +%s) - from)) s" | tee -a "$OUT/summary.txt"
  [ "$word" = ok ] || tail -n 15 "$OUT/$name.log"
}

: >"$OUT/summary.txt"
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>&1 |
  tee -a "$OUT/summary.txt"

VENV=build/gpu-venv
if ! "$PYTHON" -c 'import numpy, h5py, pybind11' 2>/dev/null; then
  "$PYTHON" -m venv $VENV && PYTHON=$PWD/$VENV/bin/python
  if [ -d $CARRY/wheels ]; then
    "$PYTHON" -m pip install -q --no-index --find-links $CARRY/wheels numpy h5py pybind11 cmake ninja pytest
  else
    "$PYTHON" -m pip install -q numpy h5py pybind11 cmake ninja pytest
  fi
  PATH=$PWD/$VENV/bin:$PATH
fi

set -- -S . -B build/gpu -DKERAS_NATIVE_CUDA=ON -DKERAS_NATIVE_TESTS=ON -DKERAS_NATIVE_IN_PLACE=ON \
  "-DKERAS_NATIVE_CUDA_ARCHITECTURES=${ARCHITECTURES:-native}" \
  "-DPython_EXECUTABLE=$(command -v "$PYTHON")" "-Dpybind11_DIR=$("$PYTHON" -m pybind11 --cmakedir)"
command -v ninja >/dev/null && set -- "$@" -G Ninja
[ -d $CARRY/googletest ] && set -- "$@" "-DFETCHCONTENT_SOURCE_DIR_GOOGLETEST=$PWD/$CARRY/googletest"
step configure 60 cmake "$@"
step build 420 cmake --build build/gpu -j "$(nproc)" --target test_cuda_gpu _core _cuda
CHECK=build/gpu/tests/cuda/test_cuda_gpu
export PYTHONPATH="$PWD/python"

step device_tests 120 $CHECK --gtest_brief=1
step trajectories 120 "$PYTHON" tools/gpu_trajectories.py
SANITIZER=$(command -v compute-sanitizer || ls /usr/local/cuda/bin/compute-sanitizer 2>/dev/null)
if [ -n "$SANITIZER" ]; then
  step memcheck 90 "$SANITIZER" --error-exitcode 9 $CHECK --gtest_brief=1 \
    --gtest_filter='All/*/conv_1*:All/*/matmul_*:All/*/scatter_add*:All/*/sum_*:Training.AnMlp*'
  step racecheck 90 "$SANITIZER" --tool racecheck --error-exitcode 9 $CHECK --gtest_brief=1 \
    --gtest_filter='All/*/sum_*:All/*/matmul_1*:All/*/scatter_add*:All/*/batch_norm_train*'
fi
grep -hE '^\[ +(PASSED|FAILED)|^trajectory' "$OUT"/*.log | sort | uniq -c | head -n 40 |
  tee -a "$OUT/summary.txt"
echo "all: $([ $FAILED = 0 ] && echo ok || echo FAILED), $(($(date +%s) - STARTED)) s" |
  tee -a "$OUT/summary.txt"
exit $FAILED
