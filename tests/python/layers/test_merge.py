"""Layers that join tensors, and Keras 1's Merge."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native import layers as L
from keras_native.engine.training import Model
from keras_native.models import Sequential, model_from_json
from layer_test import layer_test

SHAPES = [(3, 4, 5), (3, 4, 5), (3, 4, 5)]


@pytest.mark.parametrize(
    ("cls", "expected", "n"),
    [
        (L.Add, lambda *xs: sum(xs), 3),
        (L.Subtract, lambda a, b: a - b, 2),
        (L.Multiply, lambda *xs: xs[0] * xs[1] * xs[2], 3),
        (L.Average, lambda *xs: sum(xs) / 3, 3),
        (L.Maximum, lambda *xs: np.maximum.reduce(xs), 3),
        (L.Minimum, lambda *xs: np.minimum.reduce(xs), 3),
        (L.Concatenate, lambda *xs: np.concatenate(xs, -1), 3),
    ],
)
def test_merge(cls, expected, n):
    layer_test(cls, {}, SHAPES[:n], expected=expected)
    function = getattr(L, cls.__name__.lower())
    tensors = [L.Input(s[1:]) for s in SHAPES[:n]]
    assert function(tensors)._keras_history[0].__class__ is cls


def test_broadcasting():
    layer_test(L.Add, {}, [(3, 4, 5), (3, 1, 5)], expected=lambda a, b: a + b)
    layer_test(L.Multiply, {}, [(3, 4, 5), (3, 5)], expected=lambda a, b: a * b[:, None])
    layer_test(L.Add, {}, [(3, 4, 5), (3, 4, 5)], unknown_axes=(1,), expected=lambda a, b: a + b)


@pytest.mark.parametrize("axis", [1, 2, -1, -2])
def test_concatenate(axis):
    shapes = [[3, 4, 5], [3, 4, 5]]
    shapes[1][axis] = 2
    layer_test(
        L.Concatenate,
        {"axis": axis},
        [tuple(s) for s in shapes],
        expected=lambda a, b: np.concatenate([a, b], axis),
    )


def unit(x, axis):
    return x / np.sqrt((x**2).sum(axis, keepdims=True))


@pytest.mark.parametrize(
    ("axes", "shapes", "equation"),
    [
        (1, [(3, 4), (3, 4)], "bi,bi->b"),
        (-1, [(3, 4), (3, 4)], "bi,bi->b"),
        ((2, 1), [(3, 4, 5), (3, 5, 6)], "bij,bjk->bik"),
        ((1, 2), [(3, 4, 5), (3, 6, 4)], "bij,bki->bjk"),
        (2, [(3, 4, 5), (3, 6, 5)], "bij,bkj->bik"),
        ((2, 1), [(3, 4, 5), (3, 5)], "bij,bj->bi"),
    ],
)
@pytest.mark.parametrize("normalize", [False, True])
def test_dot(axes, shapes, equation, normalize):
    def expected(a, b):
        if normalize:
            first, second = (axes, axes) if isinstance(axes, int) else axes
            a, b = unit(a, first), unit(b, second)
        result = np.einsum(equation, a, b)
        return result[:, None] if result.ndim == 1 else result

    layer_test(L.Dot, {"axes": axes, "normalize": normalize}, shapes, expected=expected, rtol=1e-4)


def test_errors_say_what_was_expected():
    a, b = L.Input((4,)), L.Input((5,))
    with pytest.raises(ValueError, match="could not be broadcast.*4.*5"):
        L.add([a, b])
    with pytest.raises(ValueError, match="list of at least 2 inputs"):
        L.add([a])
    with pytest.raises(ValueError, match="list of exactly 2 inputs"):
        L.subtract([a, a, a])
    with pytest.raises(ValueError, match="list of at least 2 inputs"):
        L.Add()(a)
    called = L.Subtract()
    called([a, a])
    with pytest.raises(ValueError, match="list of exactly 2 inputs"):
        called([a, a, a])
    joined = L.Concatenate()
    joined([a, b])
    with pytest.raises(ValueError, match="list of at least 2 inputs"):
        joined([a])
    with pytest.raises(ValueError, match="different batch sizes"):
        L.add([L.Input(batch_shape=(2, 4)), L.Input(batch_shape=(3, 4))])
    with pytest.raises(ValueError, match="matching shapes except for the concat axis"):
        L.concatenate([L.Input((4, 3)), L.Input((5, 2))])
    with pytest.raises(ValueError, match="dimension incompatibility 4 != 5"):
        L.dot([a, b], axes=1)
    with pytest.raises(TypeError, match="axes"):
        L.Dot("a")
    with pytest.raises(ValueError, match="two ints"):
        L.Dot((1, 2, 3))


def masks_of(output, tensors, arrays):
    return K.function(tensors, [output._keras_mask])(arrays)[0].tolist()


def test_masks_are_joined():
    a, b, c = L.Input((3, 1)), L.Input((3, 1)), L.Input((3, 1))
    arrays = [np.reshape(v, (1, 3, 1)).astype("float32") for v in ([1, 0, 1], [1, 1, 0], [1, 1, 1])]
    masked = [L.Masking()(x) for x in (a, b)]
    assert masks_of(L.add(masked), [a, b], arrays[:2]) == [[True, False, False]]
    assert masks_of(L.concatenate([*masked, c]), [a, b, c], arrays) == [[True, False, False]]
    joined = L.concatenate([masked[0], c, masked[1]], axis=1)
    assert masks_of(joined, [a, b, c], arrays) == [
        [True, False, True, True, True, True, True, True, False]
    ]
    assert L.dot(masked, axes=1)._keras_mask is None
    assert L.add([c, c])._keras_mask is None


# ------------------------------------------------------------ Keras 1


@pytest.mark.parametrize(
    ("mode", "options", "expected"),
    [
        ("sum", {}, lambda a, b: a + b),
        ("mul", {}, lambda a, b: a * b),
        ("ave", {}, lambda a, b: (a + b) / 2),
        ("max", {}, np.maximum),
        ("concat", {}, lambda a, b: np.concatenate([a, b], -1)),
        ("concat", {"concat_axis": 1}, lambda a, b: np.concatenate([a, b], 1)),
        ("dot", {"dot_axes": [2, 2]}, lambda a, b: np.einsum("bij,bkj->bik", a, b)),
        (lambda xs: xs[0] - xs[1], {}, lambda a, b: a - b),
    ],
)
def test_merge_function_of_keras1(mode, options, expected):
    x, y = L.Input((4, 5)), L.Input((4, 5))
    model = Model([x, y], L.merge([x, y], mode=mode, **options))
    a, b = np.random.RandomState(0).normal(size=(2, 3, 4, 5)).astype("float32")
    np.testing.assert_allclose(model.predict([a, b]), expected(a, b), rtol=1e-5, atol=1e-6)
    again = model_from_json(model.to_json())
    np.testing.assert_array_equal(again.predict([a, b]), model.predict([a, b]))


def test_cosine_of_keras1():
    x, y = L.Input((4,)), L.Input((4,))
    model = Model([x, y], L.merge([x, y], mode="cos", dot_axes=1))
    a, b = np.random.RandomState(0).normal(size=(2, 3, 4)).astype("float32")
    expected = (unit(a, 1) * unit(b, 1)).sum(1)[:, None, None]
    np.testing.assert_allclose(model.predict([a, b]), expected, rtol=1e-5)


def branches():
    left = Sequential([L.Dense(3, input_dim=4), L.BatchNormalization()])
    right = Sequential([L.Dense(3, input_dim=5)])
    return left, right


def test_merge_layer_joins_stacks():
    left, right = branches()
    model = Sequential()
    model.add(L.Merge([left, right], mode="concat"))
    model.add(L.Dense(2))
    rng = np.random.RandomState(0)
    a, b, y = rng.normal(size=(8, 4)), rng.normal(size=(8, 5)), rng.normal(size=(8, 2))
    assert len(model.get_weights()) == 10
    model.compile("sgd", "mse")
    before = model.get_weights()
    first = model.fit([a, b], y, verbose=0).history["loss"][0]
    assert model.fit([a, b], y, epochs=20, verbose=0).history["loss"][-1] < first
    assert all((x != z).any() for x, z in zip(before, model.get_weights(), strict=True))
    expected = np.concatenate([left.predict(a), right.predict(b)], 1)
    kernel, bias = model.get_weights()[-2:]
    np.testing.assert_allclose(
        model.predict([a, b]), expected @ kernel + bias, rtol=1e-4, atol=1e-5
    )
    again = model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict([a, b]), model.predict([a, b]))


def test_a_stack_may_be_joined_with_itself(tmp_path):
    left = Sequential([L.Dense(3, input_dim=4)])
    model = Sequential([L.Merge([left, left], mode="sum"), L.Dense(2)])
    model.compile("sgd", "mse")
    x, y = np.random.RandomState(0).normal(size=(2, 6, 4)).astype("float32")
    model.fit(x, y[:, :2], verbose=0)
    kernel, bias = model.layers[-1].get_weights()
    found = model.predict(x)
    np.testing.assert_allclose(found, 2 * left.predict(x) @ kernel + bias, rtol=1e-4, atol=1e-5)
    again = Sequential.from_config(model.get_config())
    model.save_weights(tmp_path / "w.h5")
    again.load_weights(tmp_path / "w.h5")
    np.testing.assert_array_equal(again.predict(x), found)


def test_merge_of_unknown_mode():
    with pytest.raises(ValueError, match="expected mode to be one of sum"):
        L.Merge(mode="plus")
