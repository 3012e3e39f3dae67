"""`python -m keras_native script.py [args]`: a script's `import keras` means this package."""

import os
import runpy
import sys


def main(arguments):
    """Run the script named first, as `python script.py …` would."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print("usage: python -m keras_native script.py [arguments of the script]")
        return 0 if arguments else 2
    from . import as_keras  # noqa: F401 - opens the door

    sys.argv[:] = arguments
    sys.path[0] = os.path.dirname(os.path.abspath(arguments[0]))
    runpy.run_path(arguments[0], run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
