"""Check that each room of the core includes only the rooms it may (csrc/README.md), that only
keras_native.backend imports the extension, and that no Python files import each other in a circle,
imports inside functions counted (what is above is found by name: keras_native/registry.py)."""

import ast
import graphlib
import importlib.util
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


def modules():
    """{name: path} of the Python modules of the package."""
    root = ROOT / "python"
    found = {}
    for path in sorted((root / "keras_native").rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(name, path, known):
    """The modules that one imports, as far as they are of this package."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            source = importlib.util.resolve_name(source, package) if node.level else source
            inner = [f"{source}.{alias.name}" for alias in node.names]
            yield from ((m if m in known else source) for m in inner)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def circles():
    """A message for the first circle of imports, if there is one."""
    known = modules()
    graph = {m: {i for i in imported(m, p, known) if i in known} - {m} for m, p in known.items()}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        yield "a circle of imports: " + " <- ".join(error.args[1])


def main():
    """Print what is wrong; the exit status says whether anything is."""
    wrong = [*wrong_includes(), *wrong_imports(), *circles()]
    for message in wrong:
        print(message)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
