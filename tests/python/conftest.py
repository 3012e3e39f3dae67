"""Shared by all Python tests."""

import sys
from pathlib import Path

import numpy as np
import pytest
from keras_native import backend as K
from keras_native import config, dialect, mixed_precision

sys.path.insert(0, str(Path(__file__).parent))


if config.why_no_gpu() is None:
    config.allow_tf32(False)  # expected numbers are those of float32


@pytest.fixture(autouse=True)
def clean_state():
    """Each test starts from the default settings and one seed."""
    np.random.seed(1)
    yield
    dialect.set_default("2")
    mixed_precision.set_global_policy(None)
    K.set_floatx("float32")
    K.set_epsilon(1e-7)
    K.set_image_data_format("channels_last")
    K.clear_session()


@pytest.fixture
def float64():
    """Everything in double precision, for finite differences."""
    K.set_floatx("float64")
