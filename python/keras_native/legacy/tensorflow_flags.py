"""`tensorflow.app`: options of a script, `--name=value`, and its `main`."""

import argparse
import sys
import types


class _Values:
    """`FLAGS`: the options as attributes, read when one is first asked for."""

    def __init__(self):
        self.__dict__.update(_parser=argparse.ArgumentParser(), _read=None, _truths=set())

    def _parsed(self):
        if self._read is None:
            given = [f"{a}=true" if a in self._truths else a for a in sys.argv[1:]]
            self.__dict__["_read"], rest = self._parser.parse_known_args(given)
            sys.argv[1:] = rest
        return self._read

    def __getattr__(self, name):
        if name[:2] == "__":
            raise AttributeError(name)
        return getattr(self._parsed(), name)

    def __setattr__(self, name, value):
        setattr(self._parsed(), name, value)


FLAGS = _Values()


def _truth(text):
    if text.lower() not in ("true", "t", "1", "false", "f", "0"):
        raise argparse.ArgumentTypeError(f"expected true or false, got {text!r}")
    return text.lower() in ("true", "t", "1")


def _define(kind):
    def define(flag_name, default_value=None, docstring="", **options):
        FLAGS._parser.add_argument(
            f"--{flag_name}", default=default_value, type=kind, help=docstring
        )
        if kind is _truth:  # --name alone, and --noname
            FLAGS._truths.add(f"--{flag_name}")
            FLAGS._parser.add_argument(
                f"--no{flag_name}", dest=flag_name, action="store_false", default=default_value
            )

    return define


flags = types.SimpleNamespace(
    FLAGS=FLAGS,
    DEFINE_string=_define(str),
    DEFINE_integer=_define(int),
    DEFINE_float=_define(float),
    DEFINE_bool=_define(_truth),
    DEFINE_boolean=_define(_truth),
)


def run(main=None, argv=None):
    """Calls `main` of the script with what the options leave of the command line, and ends."""
    FLAGS._parsed()
    main = main or sys.modules["__main__"].main
    sys.exit(main(argv or sys.argv))


app = types.SimpleNamespace(flags=flags, run=run)
