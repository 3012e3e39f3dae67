"""The layers that `layers.py` measures, as both engines make them."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Case:
    """A layer: `ours` makes it from `keras_native.layers`, `theirs` from `torch.nn`."""

    batch: int
    shape: tuple  # of a sample, channels last
    ours: Callable
    theirs: Callable
    vocabulary: int = 0  # of integers to feed, where it is not 0
    images: bool = False


def convolutions():
    """(name, case) of convolutions: sizes of small image models, of ResNet and of sound."""
    rows = [  # (batch, spatial extents, channels, filters, kernel, stride, dilation)
        (32, (512,), 64, 64, 3, 1, 1),
        (32, (512,), 64, 64, 7, 1, 2),
        (32, (256,), 128, 128, 1, 1, 1),
        (32, (64, 64), 3, 32, 5, 1, 1),
        (64, (28, 28), 1, 8, 3, 1, 1),
        (32, (32, 32), 12, 12, 3, 1, 1),
        (32, (64, 64), 32, 1, 3, 1, 1),
        (16, (64, 64), 64, 3, 3, 1, 1),
        (16, (28, 28), 256, 64, 1, 1, 1),
        (16, (56, 56), 64, 64, 3, 1, 1),
        (8, (7, 7), 512, 512, 3, 1, 1),
        (16, (56, 56), 32, 32, 3, 1, 2),
        (16, (56, 56), 64, 128, 3, 2, 1),
        (4, (16, 16, 16), 16, 32, 3, 1, 1),
        (4, (32, 32, 32), 1, 8, 3, 1, 1),
    ]
    for batch, extents, channels, filters, kernel, stride, dilation in rows:
        rank = len(extents)

        def ours(layers, r=rank, f=filters, k=kernel, s=stride, d=dilation):
            kind = getattr(layers, f"Conv{r}D")
            return [kind(f, k, strides=s, dilation_rate=d, padding="same")]

        def theirs(nn, r=rank, c=channels, f=filters, k=kernel, s=stride, d=dilation):
            pad = (k - 1) // 2 * d
            return [getattr(nn, f"Conv{r}d")(c, f, k, stride=s, dilation=d, padding=pad)]

        size = "x".join(map(str, extents))
        name = f"conv {batch}x{size}x{channels}->{filters} k{kernel} s{stride} d{dilation}"
        yield name, Case(batch, (*extents, channels), ours, theirs, images=True)
    for batch, extent, channels, kernel, stride in ((16, 56, 64, 3, 1), (16, 56, 96, 3, 2)):

        def ours(layers, k=kernel, s=stride):
            return [layers.DepthwiseConv2D(k, strides=s, padding="same")]

        def theirs(nn, c=channels, k=kernel, s=stride):
            return [nn.Conv2d(c, c, k, stride=s, padding=(k - 1) // 2, groups=c)]

        name = f"depthwise {batch}x{extent}x{extent}x{channels} k{kernel} s{stride}"
        yield name, Case(batch, (extent, extent, channels), ours, theirs, images=True)
    for batch, extent, channels, filters in ((16, 16, 64, 32), (16, 32, 16, 3)):

        def ours(layers, f=filters):
            return [layers.Conv2DTranspose(f, 4, strides=2, padding="same")]

        def theirs(nn, c=channels, f=filters):
            return [nn.ConvTranspose2d(c, f, 4, 2, 1)]

        name = f"transposed {batch}x{extent}x{extent}x{channels}->{filters} k4 s2"
        yield name, Case(batch, (extent, extent, channels), ours, theirs, images=True)


def dense_layers():
    """(name, case) of products."""
    for batch, inputs, units in (
        (4096, 1024, 1),
        (256, 100, 1),
        (4096, 512, 3),
        (4096, 784, 10),
        (1, 4096, 4096),
        (8, 1024, 1024),
    ):
        yield (
            f"dense {batch}x{inputs}->{units}",
            Case(
                batch,
                (inputs,),
                lambda layers, u=units: [layers.Dense(u)],
                lambda nn, i=inputs, u=units: [nn.Linear(i, u)],
            ),
        )


def around_images():
    """(name, case) of pooling, normalization and resizing, behind a 1x1 convolution."""
    shape, small = (56, 56, 64), (28, 28, 64)
    kinds = {
        "max pooling 2": (
            shape,
            lambda layers: layers.MaxPooling2D(2),
            lambda nn: nn.MaxPool2d(2),
        ),
        "max pooling 3 s2": (
            shape,
            lambda layers: layers.MaxPooling2D(3, 2),
            lambda nn: nn.MaxPool2d(3, 2),
        ),
        "average pooling 2": (
            shape,
            lambda layers: layers.AveragePooling2D(2),
            lambda nn: nn.AvgPool2d(2),
        ),
        "global average": (
            shape,
            lambda layers: layers.GlobalAveragePooling2D(),
            lambda nn: nn.AdaptiveAvgPool2d(1),
        ),
        "batch normalization": (
            shape,
            lambda layers: layers.BatchNormalization(),
            lambda nn: nn.BatchNorm2d(64),
        ),
        "PReLU": (
            shape,
            lambda layers: layers.PReLU(shared_axes=[1, 2]),
            lambda nn: nn.PReLU(64),
        ),
        "upsampling": (
            small,
            lambda layers: layers.UpSampling2D(2),
            lambda nn: nn.Upsample(scale_factor=2),
        ),
    }
    for name, (extents, ours, theirs) in kinds.items():
        yield (
            f"{name} 32x{'x'.join(map(str, extents))}",
            Case(
                32,
                extents,
                lambda layers, o=ours: [layers.Conv2D(64, 1), o(layers)],
                lambda nn, t=theirs: [nn.Conv2d(64, 64, 1), t(nn)],
                images=True,
            ),
        )


def activations():
    """(name, case) of activations, behind a batch normalization."""
    for ours, theirs in (
        ("relu", "ReLU"),
        ("elu", "ELU"),
        ("tanh", "Tanh"),
        ("sigmoid", "Sigmoid"),
        ("softplus", "Softplus"),
        ("softmax", "Softmax"),
    ):
        arguments = {"dim": 1} if ours == "softmax" else {}
        yield (
            f"{ours} 512x4096",
            Case(
                512,
                (4096,),
                lambda layers, o=ours: [layers.BatchNormalization(), layers.Activation(o)],
                lambda nn, t=theirs, a=arguments: [nn.BatchNorm1d(4096), getattr(nn, t)(**a)],
            ),
        )


def sequences():
    """(name, case) of embeddings and recurrent layers."""
    yield (
        "embedding 64x256 of 50000x128",
        Case(
            64,
            (256,),
            lambda layers: [layers.Embedding(50000, 128)],
            lambda nn: [nn.Embedding(50000, 128)],
            vocabulary=50000,
        ),
    )
    for kind, batch, steps, features, units in (
        ("LSTM", 32, 50, 128, 256),
        ("LSTM", 1, 200, 64, 128),
        ("GRU", 16, 30, 256, 512),
        ("SimpleRNN", 32, 100, 64, 128),
    ):
        options = {"reset_after": True} if kind == "GRU" else {}

        def ours(layers, k=kind, u=units, o=options):
            return [getattr(layers, k)(u, **o)]

        def theirs(nn, k=kind, f=features, u=units):
            return [getattr(nn, k.removeprefix("Simple"))(f, u, batch_first=True)]

        yield (
            f"{kind} {batch}x{steps}x{features}->{units}",
            Case(batch, (steps, features), ours, theirs),
        )


def all_cases():
    """{name: case}, in the order in which they are measured."""
    families = (dense_layers, convolutions, around_images, activations, sequences)
    return {name: case for family in families for name, case in family()}
