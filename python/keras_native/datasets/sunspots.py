"""Monthly mean sunspot numbers, January 1749 to December 1983, bundled with the package.

2820 observations, made at the Swiss Federal Observatory, Zurich, until 1960 and at the Tokyo
Astronomical Observatory since: the series of D. F. Andrews and A. M. Herzberg, "Data" (1985), that
comes with R as `datasets::sunspots`. Facts, in the public domain.
"""

import os

import numpy as np

_PATH = os.path.join(os.path.dirname(__file__), "sunspots.csv")
_MONTHS = 12


def load_data():
    """The series.

    Returns:
        (time, numbers): float64 (2820,) each; the time in years, 1749.0 for January 1749.
    """
    table = np.loadtxt(_PATH, delimiter=",")  # (years, 1 + months)
    time = table[:, :1] + np.arange(_MONTHS) / _MONTHS
    return time.ravel(), table[:, 1:].ravel()
