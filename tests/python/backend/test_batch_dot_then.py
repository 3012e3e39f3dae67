"""`K.batch_dot` of more than three axes as it was before Keras 2.3, which published layers need."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native.legacy.batch_dot import Then

RNG = np.random.RandomState(0)


@pytest.fixture(autouse=True)
def before_2_3():
    Then.before_2_3 = True
    yield
    Then.before_2_3 = False


def product(x, y, axes):
    return K.eval(K.batch_dot(K.constant(x), K.constant(y), axes))


@pytest.mark.parametrize(
    "x,y,axes,sums",
    [
        ((2, 3, 4, 5), (2, 3, 6, 5), [3, 3], "bhqd,bhkd->bhqk"),  # attention of several heads
        ((2, 3, 4, 6), (2, 3, 6, 5), [3, 2], "bhqk,bhkd->bhqd"),
        ((2, 3, 7), (2, 3, 7, 5), [2, 2], "bnt,bntd->bnd"),  # capsules
        ((2, 3, 5), (2, 3, 7, 5), [2, 3], "bnd,bntd->bnt"),
        ((3, 7, 8), (3, 7, 4, 8), [2, 3], "nid,nimd->nim"),
        ((2, 3, 5), (2, 5, 4), [2, 1], "bij,bjk->bik"),
        ((2, 5), (2, 5), 1, "bi,bi->b"),
    ],
)
def test_products(x, y, axes, sums):
    x, y = RNG.rand(*x), RNG.rand(*y)
    wanted = np.einsum(sums, x, y)
    found = product(x, y, axes)
    np.testing.assert_allclose(found, wanted[:, None] if wanted.ndim == 1 else wanted, rtol=1e-5)


def test_since_2_3_all_other_axes_are_left():
    Then.before_2_3 = False
    x, y = RNG.rand(2, 3, 4, 5), RNG.rand(2, 3, 6, 5)
    assert product(x, y, [3, 3]).shape == (2, 3, 4, 3, 6)
