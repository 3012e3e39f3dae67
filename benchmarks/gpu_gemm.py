"""Products of matrices on the GPU against cuBLAS through PyTorch, in FP32, TF32, BF16 and FP16.

python benchmarks/gpu_gemm.py [--tiles | --first] [--seconds 100] [tf32 bf16 fp32 fp16]

`--tiles` tries every tile and number of parts at the shapes of cuda/tile_table.cc and prints its
rows as measured here. Squares come first, and TF32. With KERAS_NATIVE_HOPPER=1 ours is by wgmma
where it is thought to be faster, and so are the tiles; the last column says by which kernel.
`--first` computes one product by wgmma, to see whether that ends at all.
"""

import itertools
import os

import gpu_common as common

# (where it comes from, rows, inner, columns): the dense layers of the workloads, and squares.
LAYERS = [
    ("mlp_mnist", 64, 784, 1000),
    ("mlp_mnist output", 64, 1000, 10),
    ("mlp_wide", 256, 784, 2048),
    ("mlp_wide", 256, 2048, 2048),
    ("cnn_mnist dense", 128, 9216, 128),
    ("vgg dense", 32, 30976, 256),
    ("lstm inputs", 2560, 128, 512),
]
SQUARES = [("square", n, n, n) for n in (4096, 8192, 2048, 1024)]
TINY = [("tiny", 24, 72, 40)]
# (products, rows, inner, columns): scores and values of attention, small squares.
BATCHES = [(64, 512, 64, 512), (64, 512, 512, 64), (256, 128, 128, 128)]
TINY_BATCHES = [(3, 24, 72, 40)]
KINDS = {"tf32": "float32", "bf16": "bfloat16", "fp32": "float32", "fp16": "float16"}
PEAK_OF = {"fp32": "float32", "tf32": "tf32", "bf16": "half", "fp16": "half"}
BASIC, HOPPER = ("small", "tall", "large"), ("hopper_square", "hopper_wide")
# Units of cuda/tile_table.h: the kernel by which they multiply, numbers, tiles, bytes of a stretch.
UNITS = {
    "tf32": ("tf32", "float32", (BASIC, HOPPER), 128),
    "halves": ("halves", "bfloat16", (BASIC, HOPPER), 128),
    "plain": ("tiles", "float32", (BASIC,), 64),
}
PARTS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64)


def passes(m, k, n):
    """The product of a layer and those of its gradients: name, shapes of factors, transposed."""
    yield "y", (m, k), (k, n), False, False
    yield "dx", (m, n), (k, n), False, True
    yield "dw", (m, k), (m, n), True, False


def cublas(kind, a, b, transpose_a, transpose_b, repeats):
    """Seconds of PyTorch's product."""
    torch = common.torch()
    if torch is None:
        return None
    torch.backends.cuda.matmul.allow_tf32 = kind == "tf32"
    dtype = getattr(torch, KINDS[kind])
    x, y = (torch.rand(shape, device="cuda", dtype=dtype) * 2 - 1 for shape in (a, b))
    left, right = (x.mT if transpose_a else x), (y.mT if transpose_b else y)
    out = torch.empty((*left.shape[:-1], right.shape[-1]), device="cuda", dtype=dtype)
    return common.theirs(lambda: torch.matmul(left, right, out=out), repeats)


def compare(kinds, budget):
    """One row for each kind of numbers, shape and pass."""
    common.heading("GEMM")
    shapes = TINY if common.on_stand_in() else SQUARES + LAYERS
    for kind, (where, m, k, n) in itertools.product(kinds, shapes):
        if budget.is_over(f"{where} {m}x{k}x{n} {kind}"):
            continue
        dtype, flop = KINDS[kind], 2.0 * m * k * n
        moved = (m * k + k * n + m * n) * (4 if dtype == "float32" else 2)
        for name, a, b, ta, tb in passes(m, k, n):
            attrs = {"transpose_a": ta, "transpose_b": tb}
            inputs, by = [(dtype, list(a)), (dtype, list(b))], "tiles" if kind == "fp32" else ""
            repeats = 20 if flop < 2e11 else 5
            seconds, kernel = common.ours("matmul", inputs, attrs, by, repeats)
            peer = cublas(kind, a, b, ta, tb, repeats)
            what = f"{where} {name} {kind}"
            size = f"{m}x{k}x{n}"
            common.row(what, size, seconds, peer, flop, PEAK_OF[kind], moved, kernel)


def compare_batches(kinds, budget):
    """One row for each kind of numbers and batch of products."""
    common.heading("Batches of GEMM")
    shapes = TINY_BATCHES if common.on_stand_in() else BATCHES
    for kind, (many, m, k, n) in itertools.product(kinds, shapes):
        if budget.is_over(f"{many} of {m}x{k}x{n} {kind}"):
            continue
        dtype, a, b = KINDS[kind], (many, m, k), (many, k, n)
        moved = many * (m * k + k * n + m * n) * (4 if dtype == "float32" else 2)
        inputs, by = [(dtype, list(a)), (dtype, list(b))], "tiles" if kind == "fp32" else ""
        seconds, kernel = common.ours("matmul", inputs, {}, by)
        peer = cublas(kind, a, b, False, False, 20)
        flop, size = 2.0 * many * m * k * n, f"{many} of {m}x{k}x{n}"
        common.row(f"batch {kind}", size, seconds, peer, flop, PEAK_OF[kind], moved, kernel)


def fastest(unit, m, n, k, tiles):
    """The fastest of these tiles, as (seconds, tile, parts); None where none takes the shape."""
    from keras_native import _cuda

    by, dtype, _, stretch = UNITS[unit]
    by = "hopper" if tiles is HOPPER else by
    stretches = k * (4 if dtype == "float32" else 2) // stretch
    best = None
    for tile in tiles:
        for parts in PARTS:
            if parts > 1 and (2 * parts > stretches or 4.0 * parts * m * n > 256e6):
                break
            _cuda.force_tile(tile, parts)
            seconds, _ = common.ours(
                "matmul", [(dtype, [m, k]), (dtype, [k, n])], {}, by, repeats=10
            )
            if seconds and (best is None or seconds < best[0]):
                best = seconds, tile, parts
    _cuda.force_tile("")
    return best


def print_tiles(budget):
    """Rows for cuda/tile_table.cc, each with what the table said before."""
    from keras_native import _cuda

    asked = os.environ.get("KERAS_NATIVE_HOPPER") == "1"
    common.heading("Tiles", ("row", "measured", "before", "the model's time"), peers=False)
    for _, m, k, n in TINY if common.on_stand_in() else LAYERS + SQUARES:
        if budget.is_over(f"tiles of {m}x{k}x{n}"):
            continue
        for rows, columns, inner in ((m, n, k), (m, k, n), (k, n, m)):
            for unit, (_, _, kinds, _) in UNITS.items():
                for tiles in kinds:
                    if (tiles is HOPPER) != asked:
                        continue
                    best = fastest(unit, rows, columns, inner, tiles)
                    if best is None:
                        continue
                    seconds, tile, parts = best
                    old, old_parts, modelled = _cuda.tile_choice(
                        rows, columns, inner, unit, tiles is HOPPER
                    )
                    row = (
                        f"`{{{unit}, {{1, {rows}, {columns}, {inner}}}, {{{tile}, {parts}}}, "
                        "Source::measured},`"
                    )
                    times = common.time_cell(seconds), common.time_cell(modelled)
                    common.line((row, times[0], f"{old}, {old_parts}", times[1]))


def main():
    """Print the rows, or say why there are none."""
    parser = common.arguments(__doc__)
    parser.add_argument("--tiles", action="store_true")
    parser.add_argument("--first", action="store_true")
    parser.add_argument("kinds", nargs="*", help=f"of {', '.join(KINDS)}")
    options = parser.parse_args()
    if unknown := set(options.kinds) - set(KINDS):
        parser.error(f"no such numbers: {', '.join(sorted(unknown))}")
    common.need_a_gpu()
    budget = common.Budget(options.seconds)
    if options.first:
        seconds, kernel = common.ours("matmul", [("bfloat16", [1024, 1024])] * 2, {}, "hopper")
        raise SystemExit(f"by {kernel}: {seconds} s" if seconds is None else 0)
    if options.tiles:
        print_tiles(budget)
    else:
        compare(options.kinds or list(KINDS), budget)
        compare_batches(options.kinds or list(KINDS), budget)


if __name__ == "__main__":
    main()
