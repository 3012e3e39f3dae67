"""Check that each room of the core includes only the rooms it may (csrc/README.md), and that only
keras_native.backend imports the extension."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
EVERYTHING = {"base", "graph", "runtime", "ops", "passes", "plan", "cpu", "exec", "bind"}
MAY_INCLUDE = {
    "base": set(),
    "graph": {"base"},
    "runtime": {"base"},
    "ops": {"graph", "base"},
    "passes": {"graph", "base", "ops"},
    "plan": {"graph", "runtime", "base"},
    "cpu": {"runtime", "base"},
    "exec": {"passes", "ops", "plan", "runtime", "graph", "base"},
    "bind": EVERYTHING,
}
INCLUDE = re.compile(r'^\s*#include "(\w+)/', re.M)
IMPORT = re.compile(r"^\s*(?:from|import)\s+\S*\b_core\b|import _core\b", re.M)


def wrong_includes():
    """Messages for each include of a room that is not allowed."""
    for path in sorted((ROOT / "csrc").rglob("*")):
        if path.suffix not in {".h", ".cc", ".inc"}:
            continue
        room = path.relative_to(ROOT / "csrc").parts[0]
        for other in INCLUDE.findall(path.read_text(encoding="utf8")):
            if other != room and other in EVERYTHING and other not in MAY_INCLUDE[room]:
                yield f"{path.relative_to(ROOT)}: {room}/ may not include {other}/"


def wrong_imports():
    """Messages for each Python file outside backend/ that imports the extension."""
    package = ROOT / "python" / "keras_native"
    for path in sorted(package.rglob("*.py")):
        if path.relative_to(package).parts[0] == "backend":
            continue
        if IMPORT.search(path.read_text(encoding="utf8")):
            yield f"{path.relative_to(ROOT)}: only keras_native.backend imports _core"


def main():
    """Print what is wrong; the exit status says whether anything is."""
    wrong = [*wrong_includes(), *wrong_imports()]
    for message in wrong:
        print(message)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
