#!/bin/sh
# Measures this build on a machine with an NVIDIA GPU, in one call and within LIMIT seconds (570),
# beside PyTorch and JAX where they are installed. Prints markdown rows as they are measured, with
# date and device, for benchmarks/RESULTS.md; beside each number its share of the chip's peak.
#
#   tools/gpu_bench.sh [part...]    all of these without any, the most telling first:
#
#   steps      training steps of all workloads: eager PyTorch, as CUDA graphs, JAX
#   gemm       products in TF32, BF16, FP32 and FP16: cuBLAS
#   conv       convolutions, all passes: cuDNN
#   recurrent  LSTM and GRU layers: cuDNN
#   memory     elementwise, reductions, normalization, optimizers: PyTorch
#   tiles      which tiles of products are fastest, as rows for cuda/tile_table.cc
#   compiled   training steps beside torch.compile, which takes its time
#   hopper     gemm, conv and tiles once more with KERAS_NATIVE_HOPPER=1: may hang, so it comes last
#
# Each part gets its share of what is left of LIMIT and leaves out what it has no time for.
# TORCH_PYTHON and JAX_PYTHON say which Python has a peer, for steps, if it is another.
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
ALL="steps gemm conv recurrent memory tiles compiled hopper"
[ $# -gt 0 ] || set -- $ALL
for part; do
  case " $ALL " in
    *" $part "*) ;;
    *) echo "gpu-bench: no such part: $part; there are: $ALL" >&2 && exit 2 ;;
  esac
done
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

# measure <seconds> <script and arguments…>: rows come as they are measured.
measure() {
  limit=$1
  shift
  if [ "$limit" -lt 10 ]; then say "$*: NOT RUN, no time is left" && return; fi
  { timeout -k 5 "$limit" "$PYTHON" -u "$@" --seconds $((limit * 9 / 10)) 2>>"$OUT/log.txt" ||
    echo "$*: FAILED or cut short"; } | tee -a "$OUT/results.md"
}

run_part() {
  case $1 in
    steps) measure "$2" benchmarks/gpu_steps.py --peers eager graph JAX \
      ${TORCH_PYTHON:+--torch "$TORCH_PYTHON"} ${JAX_PYTHON:+--jax "$JAX_PYTHON"} ;;
    compiled) measure "$2" benchmarks/gpu_steps.py --peers compile \
      ${TORCH_PYTHON:+--torch "$TORCH_PYTHON"} ;;
    tiles) measure "$2" benchmarks/gpu_gemm.py --tiles ;;
    hopper)
      say && say "With KERAS_NATIVE_HOPPER=1:"
      export KERAS_NATIVE_HOPPER=1
      # One small product first: where that hangs, no more time is lost.
      if timeout -k 5 45 "$PYTHON" benchmarks/gpu_gemm.py --first >>"$OUT/log.txt" 2>&1; then
        measure $(($2 / 3)) benchmarks/gpu_gemm.py tf32 bf16
        measure $(($2 / 3)) benchmarks/gpu_conv.py tf32 bf16
        measure $(($2 / 3)) benchmarks/gpu_gemm.py --tiles
      else
        say "hopper: FAILED or hung in its first product, not measured"
      fi
      unset KERAS_NATIVE_HOPPER
      ;;
    *) measure "$2" "benchmarks/gpu_$1.py" ;;
  esac
}

# Of the time that is left.
weight() {
  case $1 in
    steps) echo 30 ;;
    gemm | compiled) echo 20 ;;
    conv | tiles | hopper) echo 12 ;;
    *) echo 8 ;;
  esac
}

say "$(date -u), $(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null |
  head -n 1)"
while [ $# -gt 0 ]; do
  rest=0
  for part; do rest=$((rest + $(weight "$part"))); done
  run_part "$1" $(((END - $(date +%s)) * $(weight "$1") / rest))
  shift
done
grep -qE 'NOT RUN|FAILED' "$OUT/results.md" || exit 0
tail -n 15 "$OUT/log.txt"
exit 1
