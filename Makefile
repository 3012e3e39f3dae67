# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
JOBS   ?= $(shell nproc)
BUILD  ?= build/test

.PHONY: help demo test gpu-check gpu-bench bench lint format stubs clean

help:
	@echo "make demo    build, install, train a classifier on real data, save it, load it, predict"
	@echo "make test    build with the C++ tests, run ctest and pytest"
	@echo "make gpu-check  on a machine with nvcc and a GPU: build with CUDA, prove it on the device"
	@echo "make gpu-bench  the same for speed: training steps, GEMM, …, beside PyTorch and JAX if there"
	@echo "make bench   GEMM and training-step timings of this build"
	@echo "make lint    ruff, clang-format and the rules of the house (tools/)"
	@echo "make clean   remove builds and virtual environments"

$(BIN)/python:
	$(PYTHON) -c 'import ensurepip, venv' || { echo "Python's venv module is missing: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

# The installed package, rebuilt when a source changed.
$(VENV)/installed: $(BIN)/python $(shell find csrc cuda cmake python pyproject.toml CMakeLists.txt -type f -not -name '*.so' -not -name '*.pyc')
	$(BIN)/python -m pip install --quiet '.[plot]'
	touch $@

demo: $(VENV)/installed
	cd examples && ../$(BIN)/python digits_mlp.py

# One build serves both suites: ctest runs in its build tree, pytest against what pip installed. It
# has its CUDA part wherever there is a compiler for it, also without a GPU.
test: $(BIN)/python
	tools/find_gtest.sh
	$(BIN)/python -m pip install --quiet cmake
	$(BIN)/python -m pip install --quiet '.[test]' -C build-dir=$(BUILD) \
	  -C cmake.define.KERAS_NATIVE_TESTS=ON -C cmake.define.KERAS_NATIVE_CUDA=COMPILER
	rm -f $(VENV)/installed
	$(BIN)/ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS)
	$(BIN)/python -m pytest -q tests/python

gpu-check:
	tools/gpu_check.sh

gpu-bench:
	tools/gpu_bench.sh

bench: $(VENV)/installed
	$(BIN)/python benchmarks/train_step.py
	$(BIN)/python benchmarks/gemm.py

$(VENV)/lint: $(BIN)/python
	$(BIN)/python -m pip install --quiet ruff==0.17.5 clang-format==23.1.5
	touch $@

lint: $(VENV)/lint
	$(BIN)/ruff check python tests tools examples benchmarks
	$(BIN)/ruff format --check python tests tools examples benchmarks
	git ls-files '*.h' '*.cc' '*.inc' '*.cu' '*.cuh' | xargs $(BIN)/clang-format --dry-run -Werror
	$(BIN)/python tools/check_layers.py
	$(BIN)/python tools/check_sizes.py

format: $(VENV)/lint
	$(BIN)/ruff check --fix python tests tools examples benchmarks
	$(BIN)/ruff format python tests tools examples benchmarks
	git ls-files '*.h' '*.cc' '*.inc' '*.cu' '*.cuh' | xargs $(BIN)/clang-format -i

clean:
	rm -rf build $(VENV) python/keras_native/*.so
