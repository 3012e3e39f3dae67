"""`tensorflow.metrics` and the like, alone and as metrics of Keras; values of TensorFlow 1.15."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native.layers import Dense
from keras_native.legacy import tensorflow, tensorflow_tables
from keras_native.models import Sequential

RNG = np.random.RandomState(0)
X, Y = RNG.rand(40, 4), RNG.rand(40) > 0.5
PARTS = [slice(i, i + 10) for i in (0, 10, 20, 30)]
metrics = tensorflow.metrics


def score():
    model = Sequential([Dense(1, activation="sigmoid", input_shape=(4,))])
    model.set_weights([np.array([[1.0], [-1], [0.5], [0]]), np.zeros(1)])
    return model


@pytest.mark.parametrize(
    "name,options,wanted",
    [
        ("auc", {}, [0.5, 0.57, 0.581448, 0.56015]),
        ("auc", {"curve": "PR", "num_thresholds": 50}, [0.646627, 0.639115, 0.691949, 0.60304]),
        ("precision", {}, [0.666667, 0.714286, 0.75, 0.5625]),
        ("recall", {}, [0.333333, 0.5, 0.529412, 0.473684]),
        ("accuracy", {}, [0.5, 0.65, 0.633333, 0.575]),
    ],
)
def test_over_batches(name, options, wanted):
    true, found = K.placeholder((None, 1)), K.placeholder((None, 1))
    seen = found if name == "auc" else K.cast(K.greater(found, 0.6), "int32")
    value, update = getattr(metrics, name)(true, seen, **options)
    session, scores = K.get_session(), score().predict(X)
    for _ in range(2):
        session.run(tensorflow.local_variables_initializer())
        feeds = [{true: Y[part, None], found: scores[part]} for part in PARTS]
        values = [session.run(update, feed) for feed in feeds]
        np.testing.assert_allclose(values, wanted, atol=1e-5)
        assert session.run(value, feeds[0]) == pytest.approx(wanted[-1], abs=1e-5)


def test_mean_iou():
    true, found = K.placeholder((None,)), K.placeholder((None,))
    value, update = metrics.mean_iou(true, found, 3)
    session = K.get_session()
    counts = session.run(update, {true: [0, 0, 1, 1], found: [0, 1, 1, 1]})
    assert counts.tolist() == [[1, 1, 0], [0, 2, 0], [0, 0, 0]]
    assert session.run(value) == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_as_metrics_of_keras():
    """Each batch reports what was seen up to it, as kernels of competitions had it."""

    def auc(y_true, y_pred):
        value = metrics.auc(y_true, y_pred)[1]
        K.get_session().run(tensorflow.local_variables_initializer())
        return value

    model = score()
    model.compile("adam", "binary_crossentropy", metrics=[auc, "accuracy"])
    found = [model.test_on_batch(X[part], Y[part])[1] for part in PARTS]
    np.testing.assert_allclose(found, [0.5, 0.57, 0.581448, 0.56015], atol=1e-5)
    K.get_session().run(tensorflow.local_variables_initializer())
    assert model.test_on_batch(X[:10], Y[:10])[1] == pytest.approx(0.5, abs=1e-5)


def test_printing(capfd):
    tf = tensorflow_tables.OPERATIONS
    x, w = K.placeholder((None, 2)), K.variable(3.0)
    shown = tf["Print"](x * w, [K.sum(x), K.shape(x), x], message="sum: ", summarize=2)
    run = K.function([x], [shown, K.gradients(K.sum(shown), w)[0]])
    value, grad = run([np.ones((2, 2))])
    assert value.tolist() == [[3, 3], [3, 3]] and grad == 4
    assert capfd.readouterr().err == "sum: [4.0][2 2][1.0 1.0...]\n"
