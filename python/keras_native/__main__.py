"""`python -m keras_native script.py [args]`: a script's `import keras` means this package."""

import os
import runpy
import sys

_USAGE = """usage: python -m keras_native [--keras VERSION] script.py [arguments of the script]

Runs a script as `python script.py …` would, with `import keras` meaning this package and with
the names that NumPy had then (np.float, np.int, …).

  --keras VERSION   the Keras that the script was written for: 1, 2.2 or 2 (2 unless given).
                    Spellings of all are understood; 1 means the arithmetic of Keras 1.2.2 too,
                    2.2 products of more than three axes (K.batch_dot) as before 2.3."""


def main(arguments):
    """Run the script named first, as `python script.py …` would."""
    arguments = list(arguments)
    version = "2"
    if arguments and arguments[0].partition("=")[0] == "--keras":
        option, given, version = arguments.pop(0).partition("=")
        if not given and arguments:
            version = arguments.pop(0)
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_USAGE)
        return 0 if arguments else 2
    from . import as_keras  # opens the door
    from .legacy import numpy_names

    numpy_names.restore()
    try:
        as_keras.use_keras(version)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    sys.argv[:] = arguments
    sys.path[0] = os.path.dirname(os.path.abspath(arguments[0]))
    runpy.run_path(arguments[0], run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
