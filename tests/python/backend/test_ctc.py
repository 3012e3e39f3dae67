"""CTC against the sum over all alignments."""

import itertools

import numpy as np
import pytest
from checks import check
from keras_native import backend as K

rng = np.random.RandomState(23)
CLASSES, STEPS = 4, 5  # class 3 is the blank


def collapse(path):
    merged = [c for i, c in enumerate(path) if i == 0 or c != path[i - 1]]
    return tuple(c for c in merged if c != CLASSES - 1)


def labellings(p):
    """{labels: probability} over all paths of the rows `p`."""
    total = {}
    for path in itertools.product(range(CLASSES), repeat=len(p)):
        key = collapse(path)
        total[key] = total.get(key, 0.0) + np.prod([row[c] for row, c in zip(p, path, strict=True)])
    return total


def distribution(size):
    e = np.exp(rng.normal(size=size))
    return e / e.sum(-1, keepdims=True)


LABELS = np.array([[0, 1, 2], [1, 1, 0], [2, 0, 0], [0, 0, 0]], "int32")
LABEL_LENGTHS = np.array([[3], [2], [1], [0]], "int32")
INPUT_LENGTHS = np.array([[5], [4], [2], [3]], "int32")


def test_cost(float64):
    def reference(y, p, n, m):
        p = p + K.epsilon()
        p = p / p.sum(-1, keepdims=True)
        return [[-np.log(labellings(p[i][: n[i, 0]])[tuple(y[i][: m[i, 0]])])] for i in range(4)]

    p = distribution((4, STEPS, CLASSES))
    check(K.ctc_batch_cost, reference, LABELS, p, INPUT_LENGTHS, LABEL_LENGTHS, rtol=1e-7)


def test_cost_of_one_label(float64):
    p = distribution((1, 3, CLASSES))
    cost = K.eval(K.ctc_batch_cost([[2]], K.constant(p), [[3]], [[1]]))
    np.testing.assert_allclose(cost, [[-np.log(labellings(p[0])[(2,)])]], rtol=1e-5)


def test_greedy():
    best = [[0, 0, 3, 0, 1], [3, 3, 2, 2, 2], [3, 3, 3, 1, 1]]
    p = 0.1 + 0.6 * np.eye(CLASSES)[best]
    labels, scores = K.ctc_decode(K.constant(p), [5, 5, 3], greedy=True)
    # as wide as the longest
    assert K.eval(labels[0]).tolist() == [[0, 0, 1], [2, -1, -1], [-1] * 3]
    np.testing.assert_allclose(K.eval(scores), -np.log(0.7) * np.array([[5], [5], [3]]), rtol=1e-5)


def test_beam_search():
    p = distribution((2, STEPS, CLASSES))
    lengths = [5, 3]
    labels, scores = K.ctc_decode(K.constant(p), lengths, greedy=False, top_paths=3)
    for n in range(2):
        wanted = labellings(p[n][: lengths[n]])
        best = sorted(wanted, key=wanted.get, reverse=True)[:3]
        for k, key in enumerate(best):
            got = K.eval(labels[k])[n]
            assert tuple(got[got >= 0]) == key
            assert K.eval(scores)[n, k] == pytest.approx(np.log(wanted[key]), rel=1e-4)


def test_dense_labels():
    dense = K.eval(K.ctc_label_dense_to_sparse(K.constant(LABELS, "int32"), LABEL_LENGTHS))
    assert dense.tolist() == [[0, 1, 2], [1, 1, -1], [2, -1, -1], [-1, -1, -1]]


def test_width_of_decoded_labels():
    """As TensorFlow: the longest labelling decides, at each call of a function."""
    x = K.placeholder((None, STEPS, CLASSES))
    lengths = K.placeholder((None,), dtype="int32")
    decode = K.function([x, lengths], [K.ctc_decode(x, lengths)[0][0]])
    p = np.full((1, STEPS, CLASSES), 0.1)
    for best, wanted in (([0, 0, 3, 1, 3], [[0, 1]]), ([3] * 5, [[]]), ([0, 1, 2, 0, 1], None)):
        rows = p.copy()
        rows[0, np.arange(STEPS), best] = 0.7
        assert decode([rows, [STEPS]])[0].tolist() == (wanted or [best])
