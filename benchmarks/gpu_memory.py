"""Kernels that memory binds, on the GPU: elementwise, reductions, normalization, optimizers.

python benchmarks/gpu_memory.py [--seconds 60]

The share of the peak is that of the bytes that must be moved.
"""

import gpu_common as common


def cases(n, rows, columns):
    """Op, inputs, attributes, tensors of n floats moved, the same in PyTorch."""
    flat, matrix, scalar = [n], [rows, columns], []
    yield "relu", [flat], {}, 2, lambda t, x: t.relu(x[0])
    yield "tanh", [flat], {}, 2, lambda t, x: t.tanh(x[0])
    yield "add", [flat, flat], {}, 3, lambda t, x: t.add(x[0], x[1])
    yield "sum", [matrix], {}, 1, lambda t, x: t.sum(x[0])
    yield "sum", [matrix], {"axes": [0]}, 1, lambda t, x: t.sum(x[0], 0)
    yield "sum", [matrix], {"axes": [1]}, 1, lambda t, x: t.sum(x[0], 1)
    yield "softmax", [matrix], {"axis": -1}, 2, lambda t, x: t.softmax(x[0], -1)
    yield "transpose", [matrix], {"perm": [1, 0]}, 2, lambda t, x: x[0].t().contiguous()
    yield "sgd_update", [flat] * 2 + [scalar], {}, 3, None
    yield "adam_update", [flat] * 4 + [scalar] * 3, {}, 7, fused_adam


def fused_adam(torch, x):
    """PyTorch's optimizer step in one kernel."""
    step = torch.ones((), device="cuda")
    options = {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "weight_decay": 0.0, "eps": 1e-8}
    torch._fused_adam_(
        [x[0]], [x[1]], [x[2]], [x[3]], [], [step], amsgrad=False, maximize=False, **options
    )


def peer(function, inputs):
    """Seconds of PyTorch's, or None."""
    torch = common.torch()
    if torch is None or function is None:
        return None
    tensors = [torch.rand(shape, device="cuda") for shape in inputs if shape]
    try:
        return common.theirs(lambda: function(torch, tensors))
    except (AttributeError, RuntimeError, TypeError) as error:
        print(f"PyTorch did not run it: {str(error).splitlines()[0]}")
        return None


def main():
    """Print one row for each kernel and size."""
    options = common.arguments(__doc__).parse_args()
    common.need_a_gpu()
    budget = common.Budget(options.seconds)
    common.heading("Memory-bound kernels, float32")
    sizes = [(64, 8, 8)] if common.on_stand_in() else [(1 << 26, 8192, 8192), (1 << 20, 1024, 1024)]
    for n, rows, columns in sizes:
        for op, inputs, attrs, moved, function in cases(n, rows, columns):
            if budget.is_over(f"{op} of {n}"):
                continue
            seconds, kernel = common.ours(op, [("float32", s) for s in inputs], attrs)
            what = f"{op} {attrs}" if attrs else op
            size = f"{rows}x{columns}" if len(inputs[0]) == 2 else str(n)
            theirs = peer(function, inputs)
            common.row(what, size, seconds, theirs, 0, "float32", 4.0 * n * moved, kernel)


if __name__ == "__main__":
    main()
