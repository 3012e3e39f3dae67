#!/bin/sh
# Everything there is to prove on a machine with an NVIDIA GPU, in one call and within LIMIT seconds
# (570): builds with CUDA, runs the conformance list and the training tests on the device, some of
# them under compute-sanitizer, and compares training on the GPU with training on the CPU. What a
# machine lacks (Python's headers, compute-sanitizer, …) costs only the steps that need it.
#
#   tools/gpu_check.sh                    build and check
#   tools/gpu_check.sh --prepare [3.12]   on a machine with a network: puts what the check needs
#       besides (GoogleTest, packages for that Python) into build/gpu-carry; and, where nvcc is
#       there, the device tests ready to run, so that they need nothing but a driver
#       (ARCHITECTURES=90a-real: for an H100 or H200 alone, in a third of the time and room)
#
# $OUT (default build/gpu-check) gets summary.txt and log.txt.
set -u
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}
CARRY=$PWD/build/gpu-carry
PACKAGES="numpy h5py pybind11 cmake ninja"
CHECK=build/gpu/tests/cuda/test_cuda_gpu
SHARDS=48

# configure <folder> <architectures> <option…>
configure() {
  folder=$1 architectures=$2
  shift 2
  set -- -S . -B "$folder" -DKERAS_NATIVE_CUDA=ON -DKERAS_NATIVE_TESTS=ON \
    "-DKERAS_NATIVE_CUDA_ARCHITECTURES=$architectures" "$@"
  command -v ninja >/dev/null && set -- "$@" -G Ninja
  [ -d "$CARRY/googletest" ] &&
    set -- "$@" "-DFETCHCONTENT_SOURCE_DIR_GOOGLETEST=$CARRY/googletest"
  rm -f "$folder/CMakeCache.txt"
  cmake "$@"
}

if [ "${1:-}" = --prepare ]; then
  set -e
  mkdir -p "$CARRY/wheels" "$CARRY/ready"
  url=https://github.com/google/googletest/archive/refs/tags/v1.14.0.tar.gz
  if [ -d "$CARRY/googletest" ]; then :
  elif [ -d /usr/src/googletest ]; then cp -r /usr/src/googletest "$CARRY/"
  else curl -fsSL $url | tar xz -C "$CARRY" && mv "$CARRY/googletest-1.14.0" "$CARRY/googletest"; fi
  if command -v nvcc >/dev/null; then
    configure build/gpu-ready "${ARCHITECTURES:-80-real;90a-real;90-virtual}" \
      -DKERAS_NATIVE_PYTHON=OFF >/dev/null
    cmake --build build/gpu-ready -j "${JOBS:-$(nproc)}" --target test_cuda_gpu
    cp build/gpu-ready/tests/cuda/test_cuda_gpu "$CARRY/ready/"
    cp build/gpu-ready/csrc/libkeras_native.so* "$CARRY/ready/"
    strip "$CARRY"/ready/*
  fi
  version=${2:+--python-version $2 --only-binary=:all:}
  # shellcheck disable=SC2086
  exec "$PYTHON" -m pip download -q -d "$CARRY/wheels" $version $PACKAGES
fi

OUT=${OUT:-$PWD/build/gpu-check}
mkdir -p "$OUT"
STARTED=$(date +%s)
END=$((STARTED + ${LIMIT:-570}))
FAILED=0
: >"$OUT/summary.txt"
: >"$OUT/log.txt"
TEMPORARY=$(mktemp -d)
trap 'rm -rf "$TEMPORARY"' EXIT

say() { echo "$*" | tee -a "$OUT/summary.txt"; }

# step <name> <seconds> <command…>: runs it, keeps its output, says how it went.
step() {
  name=$1 limit=$2
  shift 2
  from=$(date +%s)
  left=$((END - from))
  if [ $left -lt 5 ]; then say "$name: NOT RUN, no time is left" && FAILED=1 && return 1; fi
  [ "$limit" -gt $left ] && limit=$left
  word=ok
  timeout -k 5 "$limit" "$@" >"$TEMPORARY/log" 2>&1 || word=FAILED
  # Of shards that were cut short their own files are still there.
  cat "$TEMPORARY"/shards.[0-9]* >>"$TEMPORARY/log" 2>/dev/null && rm -f "$TEMPORARY"/shards.[0-9]*
  { echo "==== $name" && cat "$TEMPORARY/log"; } >>"$OUT/log.txt"
  say "$name: $word, $(($(date +%s) - from)) s"
  [ $word = ok ] && return 0
  FAILED=1
  grep -hE '^\[  FAILED|rror' "$TEMPORARY/log" | sort -u | head -n 40 | tee -a "$OUT/summary.txt"
  tail -n 15 "$TEMPORARY/log"
  return 1
}

# shards <name> <seconds> <tests> <processes> <filter> <shards> [tool…]: the tests in many processes,
# since after a fault in one kernel a process can run no other. None of them takes longer than
# SHARD_SECONDS: what hangs is said to, and all others run.
cat >"$TEMPORARY/shards" <<'SCRIPT'
#!/bin/sh
tests=$1 processes=$2 filter=$3 shards=$4
shift 4
export GTEST_TOTAL_SHARDS=$shards TESTS=$tests FILTER=$filter SECONDS_EACH=${SHARD_SECONDS:-60}
bad=$(seq 0 $((shards - 1)) | xargs -P "$processes" -I '{}' sh -c \
  'GTEST_SHARD_INDEX={} timeout -k 2 "$SECONDS_EACH" "$@" "$TESTS" --gtest_filter="$FILTER" \
     >"$0.{}" 2>&1 && exit
   # What had begun and did not end is what hung or broke the process.
   grep "^\[ RUN" "$0.{}" | tail -n 1 | sed "s/.*RUN *\] /error: the last to begin in shard {} was /" \
     >>"$0.{}"
   echo {}' "$0" "$@")
grep -hvE '^\[ RUN|^\[       OK|^\[---|^\[===|^Running main|^$' "$0".[0-9]*
rm -f "$0".[0-9]*
[ -z "$bad" ] || { echo "failed: shards" $bad; exit 1; }
SCRIPT
chmod +x "$TEMPORARY/shards"
shards() { name=$1 limit=$2 && shift 2 && step "$name" "$limit" "$TEMPORARY/shards" "$@"; }

# What is computed by wgmma has run on no device yet and may hang one: each of its tests has a process
# of its own, and few seconds; then it is run wherever the conformance list has products.
SAFE='-*Hopper*'
PROVED_HOPPER=""
hopper_tests() {
  name=$1 tests=$2
  shift 2
  export SHARD_SECONDS=25 KERAS_NATIVE_HOPPER=1
  shards "$name" 70 "$tests" 8 '*Hopper*' 32 "$@" &&
    shards "${name}_rows" 70 "$tests" 8 'All/*matmul*:All/*conv*' 32 "$@" && PROVED_HOPPER=1
  unset SHARD_SECONDS KERAS_NATIVE_HOPPER
}

say "$(date -u), $(uname -m), $(nproc) processors"
say "$(nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>&1 | head -n 1)"
say "$( (nvcc --version || /usr/local/cuda/bin/nvcc --version) 2>/dev/null | grep release)"

# What was built elsewhere comes first: it needs next to no time.
if [ -x "$CARRY/ready/test_cuda_gpu" ]; then
  shards ready_tests 150 "$CARRY/ready/test_cuda_gpu" 8 "$SAFE" $SHARDS \
    env LD_LIBRARY_PATH="$CARRY/ready"
  hopper_tests ready_hopper "$CARRY/ready/test_cuda_gpu" env LD_LIBRARY_PATH="$CARRY/ready"
fi

# Tools and packages: those of the machine, else those that were carried.
needs() { "$PYTHON" -c "import numpy, h5py, pybind11" 2>/dev/null; }
if ! needs || ! command -v cmake >/dev/null; then
  from=""
  [ -d "$CARRY/wheels" ] && from="--no-index --find-links $CARRY/wheels"
  for package in $PACKAGES; do
    # shellcheck disable=SC2086
    "$PYTHON" -c "import $package" 2>/dev/null || "$PYTHON" -m pip install -q $from \
      --target build/gpu-site "$package" >>"$OUT/log.txt" 2>&1
  done
  PATH=$PWD/build/gpu-site/bin:$PATH
  export PYTHONPATH="$PWD/build/gpu-site"
fi
command -v cmake >/dev/null || say "cmake: missing, nothing can be built"

# Hopper's own instructions have a target of their own, which `native` does not mean.
case $(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -n 1) in
  9.0) own=90a-real ;;
  *) own=native ;;
esac
python_options="-DKERAS_NATIVE_PYTHON=OFF"
targets=test_cuda_gpu
if needs; then
  python_options="-DKERAS_NATIVE_IN_PLACE=ON -DPython_EXECUTABLE=$(command -v "$PYTHON")
    -Dpybind11_DIR=$("$PYTHON" -m pybind11 --cmakedir)"
  targets="test_cuda_gpu _core _cuda"
else
  say "Python packages: missing, without trajectories"
fi
if command -v cmake >/dev/null; then
  # shellcheck disable=SC2086
  if ! (configure build/gpu "${ARCHITECTURES:-$own}" $python_options) >>"$OUT/log.txt" 2>&1; then
    say "configure: not with Python, or not for this GPU's own architecture; once more without"
    targets=test_cuda_gpu
    (configure build/gpu 90a-real -DKERAS_NATIVE_PYTHON=OFF) >>"$OUT/log.txt" 2>&1 ||
      say "configure: FAILED"
  fi
  # shellcheck disable=SC2086
  step build 420 cmake --build build/gpu -j "$(nproc)" --target $targets
fi

if [ -x $CHECK ]; then
  shards device_tests 150 $CHECK 8 "$SAFE" $SHARDS
  if [ "$targets" != test_cuda_gpu ]; then
    export PYTHONPATH="$PWD/python${PYTHONPATH:+:$PYTHONPATH}"
    step trajectories 90 "$PYTHON" tools/gpu_trajectories.py
    grep -h '^trajectory' "$OUT/log.txt" | tee -a "$OUT/summary.txt"
  fi
  [ -n "$PROVED_HOPPER" ] || hopper_tests hopper $CHECK
else
  CHECK=$CARRY/ready/test_cuda_gpu
  export LD_LIBRARY_PATH="$CARRY/ready"
fi

SANITIZER=$(command -v compute-sanitizer || ls /usr/local/cuda/bin/compute-sanitizer 2>/dev/null)
if [ -n "$SANITIZER" ] && [ -x "$CHECK" ]; then
  export SHARD_SECONDS=120
  shards memcheck 120 $CHECK 8 \
    'All/*conv_*:All/*matmul_*:All/*scatter_*:All/*sum_*:All/*sequence*:Batches.Every*:Training.AnMlp*' \
    16 "$SANITIZER" --error-exitcode 9
  shards synccheck 90 $CHECK 8 \
    'All/*sum_*:All/*top_k*:All/*softmax*:All/*scatter_add*:All/*matmul_*:Sizes/*' \
    16 "$SANITIZER" --tool synccheck --error-exitcode 9
  shards racecheck 120 $CHECK 8 \
    'All/*sum_*:All/*matmul_*:All/*scatter_add*:All/*batch_norm_train*:All/*sequence*' \
    16 "$SANITIZER" --tool racecheck --error-exitcode 9
else
  say "compute-sanitizer: missing, memory and races are not checked"
fi
say "all: $([ $FAILED = 0 ] && echo ok || echo FAILED), $(($(date +%s) - STARTED)) s"
exit $FAILED
