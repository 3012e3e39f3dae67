"""What the engine's tests share."""

import numpy as np
import pytest
from keras_native import backend as K


@pytest.fixture(autouse=True)
def fresh_names():
    """Every test starts with the same random numbers and the first layer names."""
    K.clear_session()
    np.random.seed(0)
