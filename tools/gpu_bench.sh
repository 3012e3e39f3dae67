#!/bin/sh
# Measures this build on a machine with an NVIDIA GPU, in one call and within LIMIT seconds (570):
# products, convolutions, kernels that memory binds, and training steps, beside PyTorch where it is
# installed; then which tiles of products are fastest. Prints markdown rows with date and device for
# benchmarks/RESULTS.md, the share of the chip's peak beside each number.
#
#   tools/gpu_bench.sh
#
# Builds as tools/gpu_check.sh does, unless the extension is there already (in build/gpu, installed,
# or beside the sources); what a bare machine lacks can be carried (gpu_check.sh --prepare). Without
# a GPU it says so and exits with 3. With STAND_IN=1 and a build with KERAS_NATIVE_CUDA=STAND_IN it
# goes through the same steps at tiny sizes.
#
# $OUT (default build/gpu-bench) gets results.md and log.txt.
set -u
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}
OUT=${OUT:-$PWD/build/gpu-bench}
CARRY=$PWD/build/gpu-carry
mkdir -p "$OUT"
END=$(($(date +%s) + ${LIMIT:-570}))
: >"$OUT/results.md"
: >"$OUT/log.txt"

say() { echo "$*" | tee -a "$OUT/results.md"; }

if [ -z "${STAND_IN:-}" ] && ! nvidia-smi -L >/dev/null 2>&1; then
  say "gpu-bench: no GPU on this machine (nvidia-smi shows none): nothing was measured"
  exit 3
fi
export KERAS_NATIVE_DEVICE=cuda:0

# Python's packages: those of the machine, else those that were carried.
if ! "$PYTHON" -c "import numpy, h5py" 2>/dev/null || ! command -v cmake >/dev/null; then
  from=""
  [ -d "$CARRY/wheels" ] && from="--no-index --find-links $CARRY/wheels"
  for package in numpy h5py pybind11 cmake ninja; do
    # shellcheck disable=SC2086
    "$PYTHON" -c "import $package" 2>/dev/null || "$PYTHON" -m pip install -q $from \
      --target build/gpu-site "$package" >>"$OUT/log.txt" 2>&1
  done
  PATH=$PWD/build/gpu-site/bin:$PATH
  PYTHONPATH=$PWD/build/gpu-site${PYTHONPATH:+:$PYTHONPATH}
  export PYTHONPATH
fi

ready() { "$PYTHON" -c "from keras_native import _cuda; assert _cuda.devices, _cuda.absence"; }
if ! ready 2>/dev/null; then
  PYTHONPATH=$PWD/python${PYTHONPATH:+:$PYTHONPATH}
  export PYTHONPATH
fi
if ! ready 2>/dev/null; then
  case $(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -n 1) in
    9.0) own=90a-real ;;
    *) own=native ;;
  esac
  generator=""
  command -v ninja >/dev/null && generator="-G Ninja"
  # shellcheck disable=SC2086
  { cmake -S . -B build/gpu $generator -DKERAS_NATIVE_CUDA=ON -DKERAS_NATIVE_IN_PLACE=ON \
    "-DKERAS_NATIVE_CUDA_ARCHITECTURES=${ARCHITECTURES:-$own}" \
    "-DPython_EXECUTABLE=$(command -v "$PYTHON")" \
    "-Dpybind11_DIR=$("$PYTHON" -m pybind11 --cmakedir)" &&
    timeout 400 cmake --build build/gpu -j "$(nproc)" --target _core _cuda; } >>"$OUT/log.txt" 2>&1
fi
if ! why=$(ready 2>&1); then
  say "gpu-bench: keras_native has no GPU here: $(echo "$why" | tail -n 1)"
  tail -n 5 "$OUT/log.txt"
  exit 3
fi

# measure <seconds at most> <script and arguments…>
failed=0
measure() {
  limit=$1
  shift
  left=$((END - $(date +%s)))
  if [ $left -lt 10 ]; then say "$*: NOT RUN, no time is left" && failed=1 && return; fi
  [ "$limit" -gt $left ] && limit=$left
  timeout -k 5 "$limit" "$PYTHON" "$@" >"$OUT/part" 2>>"$OUT/log.txt" || {
    failed=1
    echo "$*: FAILED or cut short" >>"$OUT/part"
  }
  tee -a "$OUT/results.md" <"$OUT/part"
  rm -f "$OUT/part"
}

say "$(date -u), $(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null |
  head -n 1)"
measure 120 benchmarks/gpu_gemm.py
measure 90 benchmarks/gpu_conv.py
measure 60 benchmarks/gpu_memory.py
measure 200 benchmarks/gpu_steps.py --seconds 180
measure 150 benchmarks/gpu_gemm.py --tiles
[ $failed = 0 ] || tail -n 15 "$OUT/log.txt"
exit $failed
