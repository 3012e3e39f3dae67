"""_core.pyi says what the compiled module has."""

import ast
import inspect
import pathlib
import re

import keras_native
import pytest
from keras_native import _core

STUB = ast.parse((pathlib.Path(keras_native.__file__).parent / "_core.pyi").read_text())
GIVEN_BY_PYTHON = {"__doc__", "__module__", "__repr__"}


def functions(body):
    return {node.name: node for node in body if isinstance(node, ast.FunctionDef)}


def classes():
    return {node.name: node for node in STUB.body if isinstance(node, ast.ClassDef)}


def members(node):
    """Names a class of the stub declares."""
    attributes = {n.target.id for n in node.body if isinstance(n, ast.AnnAssign)}
    return attributes | set(functions(node.body))


def stub_arguments(node):
    """(name, has a default) of each argument, without self."""
    given = node.args.args
    first_default = len(given) - len(node.args.defaults)
    pairs = [(a.arg, i >= first_default) for i, a in enumerate(given)]
    return [pair for pair in pairs if pair[0] != "self"]


def real_arguments(function):
    """The same as pybind writes it into the first line of the docstring."""
    line = inspect.getdoc(function).split("\n")[0]
    parts, depth, part = [], 0, ""
    for c in line[line.index("(") + 1 :]:
        if c == ")" and depth == 0:
            break
        depth += c in "[(<{"
        depth -= c in "])}" or (c == ">" and not part.endswith("-"))
        if c == "," and depth == 0:
            parts.append(part)
            part = ""
        else:
            part += c
    parts = [p.strip() for p in [*parts, part] if p.strip()]
    pairs = [(re.split(r"[:=]", p)[0].strip(), "=" in p) for p in parts]
    return [pair for pair in pairs if pair[0] != "self"]


def agree(stub, real):
    """Arguments without a name in the binding are only counted."""
    assert len(stub) == len(real), (stub, real)
    for (name, default), (real_name, real_default) in zip(stub, real, strict=True):
        assert default == real_default, name
        assert re.fullmatch(r"arg\d+", real_name) or name == real_name


def test_names():
    real = {name for name in dir(_core) if not name.startswith("__")}
    assert real == set(functions(STUB.body)) | set(classes())


@pytest.mark.parametrize("name", functions(STUB.body))
def test_function(name):
    agree(stub_arguments(functions(STUB.body)[name]), real_arguments(getattr(_core, name)))


@pytest.mark.parametrize("name", classes())
def test_class(name):
    node, real = classes()[name], getattr(_core, name)
    found = {m for m in vars(real) if not m.startswith("_pybind")} - GIVEN_BY_PYTHON
    # Without a constructor of its own, pybind gives the class one that refuses.
    assert found - members(node) <= {"__init__"}
    assert members(node) <= found
    for method, declared in functions(node.body).items():
        if declared.decorator_list:
            assert isinstance(inspect.getattr_static(real, method), property), method
        elif not method.startswith("__") or method == "__init__":
            agree(stub_arguments(declared), real_arguments(getattr(real, method)))
