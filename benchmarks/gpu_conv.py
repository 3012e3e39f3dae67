"""Convolution on the GPU, all three passes, against cuDNN through PyTorch, channels last.

python benchmarks/gpu_conv.py [--seconds 100] [tf32 bf16 fp32 fp16]
"""

import itertools
import math

import gpu_common as common

CASES = [  # (where it comes from, batch, height, width, channels, filters, kernel, stride)
    ("wide", 64, 28, 28, 128, 128, 3, 1),
    ("vgg 4", 32, 46, 46, 64, 64, 3, 1),
    ("cnn_mnist 2", 128, 26, 26, 32, 64, 3, 1),
    ("late", 64, 7, 7, 512, 512, 3, 1),
    ("resnet 16", 32, 32, 32, 16, 16, 3, 1),
    ("resnet 64", 32, 8, 8, 64, 64, 3, 1),
    ("bottleneck", 32, 28, 28, 128, 128, 1, 1),
    ("resnet down", 32, 32, 32, 16, 32, 3, 2),
    ("vgg 1", 32, 100, 100, 3, 32, 3, 1),
    ("cnn_mnist 1", 128, 28, 28, 1, 32, 3, 1),
    ("5 x 5", 32, 28, 28, 32, 64, 5, 1),
]
TINY = [("tiny", 2, 6, 6, 8, 8, 3, 1), ("tiny", 2, 6, 6, 3, 4, 3, 2)]
KINDS = {"tf32": "float32", "bf16": "bfloat16", "fp32": "float32", "fp16": "float16"}
PEAK_OF = {"fp32": "float32", "tf32": "tf32", "bf16": "half", "fp16": "half"}


def shapes(case):
    """x, w and y, channels last, without padding."""
    _, batch, height, width, channels, filters, kernel, stride = case
    out = [(n - kernel) // stride + 1 for n in (height, width)]
    x, w = [batch, height, width, channels], [kernel, kernel, channels, filters]
    return x, w, [batch, *out, filters]


def cudnn(case, kind):
    """Seconds of PyTorch's three passes."""
    torch = common.torch()
    if torch is None:
        return {}
    torch.backends.cudnn.allow_tf32 = kind == "tf32"
    torch.backends.cudnn.benchmark = True
    (n, h, width, c), (k, _, _, f), y = shapes(case)
    stride, dtype, last = case[-1], getattr(torch, KINDS[kind]), torch.channels_last

    def tensor(*shape):
        return torch.rand(*shape, device="cuda", dtype=dtype).to(memory_format=last)

    x, w, dy = tensor(n, c, h, width), tensor(f, c, k, k), tensor(n, f, *y[1:3])

    def backward(inputs, weights):
        return torch.ops.aten.convolution_backward(
            dy, x, w, None, [stride] * 2, [0, 0], [1, 1], False, [0, 0], 1, [inputs, weights, False]
        )

    return {
        "y": common.theirs(lambda: torch.nn.functional.conv2d(x, w, stride=stride)),
        "dx": common.theirs(lambda: backward(True, False)),
        "dw": common.theirs(lambda: backward(False, True)),
    }


def compare(case, kind):
    """One row for each pass."""
    x, w, y = shapes(case)
    attrs, dtype = {"strides": [case[-1]] * 2}, KINDS[kind]
    passes = {
        "y": ("conv", [x, w], attrs),
        "dx": ("conv_data", [y, w], {**attrs, "size": x[1:3]}),
        "dw": ("conv_weights", [x, y], {**attrs, "window": w[:2]}),
    }
    flop = 2.0 * math.prod(y[:3]) * math.prod(w)
    moved = sum(map(math.prod, (x, w, y))) * (4 if dtype == "float32" else 2)
    peers = cudnn(case, kind)
    for name, (op, inputs, attributes) in passes.items():
        by = "implicit" if kind == "fp32" else ""
        seconds, kernel = common.ours(op, [(dtype, s) for s in inputs], attributes, by)
        size = f"{'x'.join(map(str, x))} -> {w[3]}, {w[0]}x{w[1]}/{case[-1]}"
        what = f"{case[0]} {name} {kind}"
        common.row(what, size, seconds, peers.get(name), flop, PEAK_OF[kind], moved, kernel)


def main():
    """Print the rows, or say why there are none."""
    parser = common.arguments(__doc__)
    parser.add_argument("kinds", nargs="*", help=f"of {', '.join(KINDS)}")
    options = parser.parse_args()
    if unknown := set(options.kinds) - set(KINDS):
        parser.error(f"no such numbers: {', '.join(sorted(unknown))}")
    common.need_a_gpu()
    budget = common.Budget(options.seconds)
    common.heading("Convolution")
    cases = TINY if common.on_stand_in() else CASES
    for kind, case in itertools.product(options.kinds or KINDS, cases):
        if not budget.is_over(f"{case[0]} {kind}"):
            compare(case, kind)


if __name__ == "__main__":
    main()
