"""Mistakes a user can make: each is an error that says what was expected and what came.

Nothing here may crash, hang, or go on with a wrong result.
"""

import faulthandler

import pytest
from keras_native import backend as K


@pytest.fixture(autouse=True)
def no_hang():
    """A test that hangs ends the run with a traceback instead."""
    K.clear_session()
    faulthandler.dump_traceback_later(60, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()
