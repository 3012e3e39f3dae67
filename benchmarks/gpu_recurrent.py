"""Whole recurrent layers on the GPU against cuDNN's through PyTorch: forward, and forward with
backward.

python benchmarks/gpu_recurrent.py [--seconds 60]

Ours is the sum of the ops of a layer (products of the inputs, the sequence, their gradients), each
measured by itself; time is the first axis on both sides, and GRU resets after the product, as
cuDNN's does.
"""

import gpu_common as common

CASES = [  # (where it comes from, layer, steps, batch, features, units)
    ("imdb", "lstm", 80, 32, 128, 128),
    ("imdb", "gru", 80, 32, 128, 128),
    ("stacked", "lstm", 8, 64, 16, 32),
    ("headlines", "lstm", 100, 32, 512, 32),
    ("on chip", "lstm", 100, 64, 256, 256),
    ("on chip", "gru", 100, 64, 256, 256),
    ("large", "lstm", 80, 64, 512, 512),
    ("large", "gru", 80, 64, 512, 512),
    ("large", "lstm", 80, 128, 1024, 1024),
]
TINY = [("tiny", "lstm", 3, 2, 4, 8), ("tiny", "gru", 3, 2, 4, 8)]
GATES = {"lstm": 4, "gru": 3}


def ops(kind, steps, batch, features, units):
    """(op, shapes, attributes) of a layer forward, and of its training step."""
    wide, rows, state = GATES[kind] * units, steps * batch, [batch, units]
    attrs = {"reset_after": True} if kind == "gru" else {}
    project = ("matmul", [[rows, features], [features, wide], [wide]], {})
    extra = [state] if kind == "lstm" else [[wide]]
    sequence = [[steps, batch, wide], [units, wide], state, *extra]
    seen, of_gates = [steps, batch, units], [steps, batch, 4 * units]
    ends = [state, state] if kind == "lstm" else [state]
    back = [of_gates, seen, [units, wide], seen, *ends]
    forward = [project, (f"{kind}_sequence", sequence, attrs)]
    training = [
        project,
        (f"{kind}_sequence", sequence, {**attrs, "trace": True}),
        (f"{kind}_sequence_grad", back, {**attrs, "out_grad": True}),
        ("matmul", [[rows, units], [rows, wide]], {"transpose_a": True}),
        ("matmul", [[rows, features], [rows, wide]], {"transpose_a": True}),
        ("matmul", [[rows, wide], [features, wide]], {"transpose_b": True}),
        ("sum", [[rows, wide]], {"axes": [0]}),
    ]
    return forward, training


def ours(list_of_ops):
    """Seconds of all, and the kernel of the sequence; None where one has no kernel."""
    total, by = 0.0, ""
    for op, shapes, attrs in list_of_ops:
        seconds, kernel = common.ours(op, [("float32", s) for s in shapes], attrs)
        if seconds is None:
            return None, "none"
        total += seconds
        by = kernel if "sequence" in op else by
    return total, by


def cudnn(kind, steps, batch, features, units, device="cuda"):
    """A layer, and functions that run it forward, and forward and backward."""
    import torch

    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    layer = getattr(torch.nn, kind.upper())(features, units).to(device)
    x = torch.rand(steps, batch, features, device=device, requires_grad=True)
    gradient = torch.rand(steps, batch, units, device=device)

    def forward():
        with torch.no_grad():
            return layer(x)[0]

    def training():
        x.grad = None
        layer.zero_grad(set_to_none=True)
        layer(x)[0].backward(gradient)

    return forward, training


def peer(function):
    """Seconds of a call: recorded as a graph, else launched one by one; None without PyTorch."""
    torch = common.torch()
    if torch is None:
        return None
    try:
        return common.theirs(function)
    except RuntimeError as error:
        print(f"not recorded: {str(error).splitlines()[0]}  ", flush=True)
    try:
        torch.cuda.synchronize()
        return common.timed_by_events(torch, lambda: [function() for _ in range(10)]) / 10
    except RuntimeError as error:
        print(f"PyTorch did not run it: {str(error).splitlines()[0]}  ", flush=True)
        return None


def least(steps, batch, features, units, kind):
    """FLOP and bytes of a layer forward: products; inputs, weights and outputs once."""
    wide = GATES[kind] * units
    weights = (features + units) * wide
    return 2.0 * steps * batch * weights, 4.0 * (weights + steps * batch * (features + units))


def main():
    """Print two rows for each layer."""
    options = common.arguments(__doc__).parse_args()
    common.need_a_gpu()
    budget = common.Budget(options.seconds)
    common.heading("Recurrent layers, float32 with TF32")
    for where, kind, *size in TINY if common.on_stand_in() else CASES:
        if budget.is_over(f"{where} {kind}"):
            continue
        functions = cudnn(kind, *size) if common.torch() else (None, None)
        flop, moved = least(*size, kind)
        text = "{}x{}x{} -> {}".format(*size)
        for name, times, own, function in zip(
            ("forward", "and backward"), (1, 3), ops(kind, *size), functions, strict=True
        ):
            seconds, kernel = ours(own)
            theirs = peer(function)
            what = f"{where} {kind} {name}"
            common.row(what, text, seconds, theirs, times * flop, "tf32", times * moved, kernel)


if __name__ == "__main__":
    main()
