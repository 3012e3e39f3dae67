"""Reporting as it was written for Keras 2.2 and before: two lists of the model are appended to."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native.layers import Dense, Input, Lambda
from keras_native.models import Model

X = np.random.RandomState(0).rand(8, 4)


def test_names_and_tensors_appended_after_compile():
    x = Input((4,))
    code = Dense(2)(x)
    model = Model(x, Dense(4)(code))
    size = K.mean(K.square(code), keepdims=True)
    model.add_loss(size)
    model.compile("sgd", "mse", metrics=["mae"])
    model.metrics_names.append("size_of_code")
    model.metrics_tensors.append(size)
    model.metrics_tensors.append(K.max(code))
    model.metrics_names.append("largest")
    assert model.metrics_names == ["loss", "mae", "size_of_code", "largest"]
    assert len(model.metrics_tensors) == 3
    codes = Model(x, code).predict(X)
    values = dict(zip(model.metrics_names, model.test_on_batch(X, X), strict=True))
    assert values["size_of_code"] == pytest.approx((codes**2).mean(), rel=1e-5)
    assert values["largest"] == pytest.approx(codes.max(), rel=1e-5)
    logs = model.fit(X, X, epochs=2, verbose=0).history
    assert logs["size_of_code"][1] < logs["size_of_code"][0]


def test_lists_are_there_only_after_compile():
    x = Input((4,))
    assert not hasattr(Model(x, Lambda(lambda t: t * 2)(x)), "metrics_tensors")
