"""The VGG networks: blocks of 3x3 convolutions, then three dense layers."""

from ..layers import Conv2D, Dense, Flatten, MaxPooling2D
from .common import file_names, finished, image_input, pooled


def vgg(name, depths, include_top, weights, input_tensor, input_shape, pooling, classes):
    """A network of five blocks with `depths[i]` convolutions each."""
    start = image_input(input_tensor, input_shape, 224, 32, include_top, weights)
    x = start
    for i, (depth, filters) in enumerate(zip(depths, (64, 128, 256, 512, 512), strict=True), 1):
        for j in range(1, depth + 1):
            x = Conv2D(
                filters, (3, 3), activation="relu", padding="same", name=f"block{i}_conv{j}"
            )(x)
        x = MaxPooling2D((2, 2), strides=(2, 2), name=f"block{i}_pool")(x)
    if include_top:
        x = Flatten(name="flatten")(x)
        x = Dense(4096, activation="relu", name="fc1")(x)
        x = Dense(4096, activation="relu", name="fc2")(x)
        x = Dense(classes, activation="softmax", name="predictions")(x)
    else:
        x = pooled(x, pooling)
    files = file_names(name)
    return finished(name, start, x, input_tensor, weights, include_top, classes, files)
