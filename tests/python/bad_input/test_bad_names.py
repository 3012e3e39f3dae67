"""Names of activations, losses, optimizers and so on that nobody knows."""

import pytest
from keras_native import activations, constraints, initializers, losses, metrics, optimizers
from keras_native import regularizers as R
from keras_native.utils import to_categorical
from mistakes import case, refused


@pytest.mark.parametrize(
    ("module", "kind"),
    [
        (activations, "activation"),
        (constraints, "constraint"),
        (initializers, "initializer"),
        (losses, "loss"),
        (metrics, "metric"),
        (optimizers, "optimizer"),
        (R, "regularizer"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("bad", ["nope", 3, {"class_name": "Nope", "config": {}}], ids=str)
def test_unknown_names(module, kind, bad):
    says = f"{kind}|" + str(bad["class_name"] if isinstance(bad, dict) else bad)
    refused(lambda: module.get(bad), ValueError, says)


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        case("rate text", lambda: optimizers.SGD(lr="a"), ValueError, "numbers|'a'"),
        case("rate None", lambda: optimizers.SGD(lr=None), ValueError, "numbers|None"),
        case("unknown", lambda: optimizers.SGD(colour=1), TypeError, "SGD|'colour'"),
        case("clip below 0", lambda: optimizers.SGD(clipnorm=-1), ValueError, "clipnorm >= 0|-1"),
        case("clip text", lambda: optimizers.SGD(clipvalue="a"), TypeError, "clipvalue|'a'"),
        case("scale", lambda: initializers.VarianceScaling(-1), ValueError, "positive|-1"),
        case("mode", lambda: initializers.VarianceScaling(mode="x"), ValueError, "fan_in|'x'"),
        case("identity", lambda: initializers.Identity()((3,)), ValueError, "2D|(3,)"),
        case("orthogonal", lambda: initializers.Orthogonal()((3,)), ValueError, "two axes|(3,)"),
        case("class", lambda: to_categorical([0, 5], 3), ValueError, "0 to 2|5"),
        case("class below 0", lambda: to_categorical([-1, 1]), ValueError, "-1"),
        case("no classes", lambda: to_categorical([]), ValueError, "num_classes"),
    ],
)
def test_things_that_make_no_sense(make, error, says):
    refused(make, error, says)
