"""Zero padding as Keras 1 wrote it, side by side."""

_SIDES = {
    2: ("left_pad", "right_pad"),
    4: ("top_pad", "bottom_pad", "left_pad", "right_pad"),
}


def modern_padding(value, sides):
    """Four numbers, or {'top_pad': 1, …}, as pairs (before, after); all else as it is.

    Args:
        value: argument `padding` of a layer.
        sides: 2 for steps, 4 for images.
    """
    if isinstance(value, dict) and set(value) <= set(_SIDES[sides]):
        value = tuple(value.get(side, 0) for side in _SIDES[sides])
        return value if sides == 2 else (value[:2], value[2:])
    if sides == 4 and isinstance(value, (tuple, list)) and len(value) == 4:
        return (tuple(value[:2]), tuple(value[2:]))
    return value
