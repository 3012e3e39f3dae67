"""Models from configurations, JSON and YAML. Names are looked up in tables; nothing is imported."""

import contextlib
import json

import numpy as np

from .. import dialect
from ..engine.serialization import deserialize
from . import foreign, generation, keras1

_MAX_TEXT = 256 << 20  # bytes of JSON; the largest networks of Keras's applications need 1 MB
_MAX_DEPTH = 200  # nesting; a model inside a model inside … adds about six levels each


def model_from_config(config, custom_objects=None, version=None):
    """The model of a configuration {'class_name', 'config'}, not compiled, with new weights.

    It keeps the arithmetic of the Keras that wrote it; `model.keras_generation` tells which.

    Args:
        custom_objects: {name: class or function} for what is not of this package.
        version: of the Keras that wrote it, where the configuration does not say.
    Raises:
        ValueError: if the configuration is not one of a model, or names something unknown.
    """
    if isinstance(config, list):
        raise TypeError(
            "model_from_config: expected a dict, not a list; a list is the configuration of a "
            "Sequential: use Sequential.from_config(config)."
        )
    if not isinstance(config, dict) or "class_name" not in config or "config" not in config:
        raise ValueError(
            f"Improper config of a model: expected a dict with 'class_name' and 'config'; received "
            f"{str(config)[:200]}."
        )
    with malformed("configuration of the model"):
        writer = generation.generation_of(config, version)
        if writer in ("tf_keras", "3"):
            config = foreign.keras_2_config(config, writer)
        elif writer == "1":
            keras1.tell_dim_ordering(config)
    with dialect.use(dialect.BY_GENERATION[writer]), malformed("configuration of the model"):
        return deserialize(config, custom_objects=custom_objects)


@contextlib.contextmanager
def malformed(what):
    """Turns the errors that come of reading what is not there into ValueErrors that say so."""
    try:
        yield
    except (AttributeError, LookupError, ArithmeticError, RecursionError, MemoryError,
            RuntimeError, AssertionError) as error:  # fmt: skip
        raise ValueError(
            f"The {what} is malformed: {type(error).__name__}: {str(error)[:300]}"
        ) from error


def model_from_json(json_string, custom_objects=None):
    """The model that `to_json` wrote, not compiled, with new weights."""
    return model_from_config(parse_json(json_string), custom_objects)


def model_from_yaml(yaml_string, custom_objects=None):
    """The model that `to_yaml` wrote, not compiled, with new weights. Needs PyYAML."""
    return model_from_config(parse_yaml(yaml_string), custom_objects)


def parse_json(text):
    """JSON of bounded size and depth.

    Raises:
        ValueError: if it is malformed, too large or too deep.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8")
    if len(text) > _MAX_TEXT:
        raise ValueError(f"Expected at most {_MAX_TEXT} characters of JSON; received {len(text)}.")
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ValueError("The JSON is nested too deeply.") from error
    _check_depth(value)
    return value


def _check_depth(value, most=None):
    """Raise ValueError for a value that is nested too deeply, or unfolds to more than `most`."""
    level, count = [value], 0
    for _ in range(_MAX_DEPTH):
        level = [outer for outer in level if isinstance(outer, (dict, list, tuple))]
        count += sum(map(len, level))
        if most is not None and count > most:
            raise ValueError(f"The configuration unfolds to more than {most} values; refused.")
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return
    raise ValueError(f"Expected at most {_MAX_DEPTH} levels of nesting in a configuration.")


def parse_yaml(text):
    """YAML as Keras wrote it: plain data, and the tag of tuples.

    Raises:
        ImportError: if PyYAML is not installed.
        ValueError: if the text is not such YAML.
    """
    try:
        import yaml
    except ImportError as error:
        raise ImportError("Models as YAML need PyYAML: pip install pyyaml.") from error

    class Loader(yaml.SafeLoader):
        """The safe loader that also knows tuples and NumPy numbers, which Keras 1 and 2 wrote."""

    python = "tag:yaml.org,2002:python/"
    Loader.add_constructor(
        f"{python}tuple", lambda loader, node: tuple(loader.construct_sequence(node, deep=True))
    )
    Loader.add_constructor(
        f"{python}object/apply:numpy.dtype",
        lambda loader, node: loader.construct_mapping(node, deep=True)["args"][0],
    )
    Loader.add_constructor(
        f"{python}object/apply:numpy.core.multiarray.scalar",
        lambda loader, node: _number(*loader.construct_sequence(node, deep=True)),
    )
    try:
        value = yaml.load(text, Loader)
    except (yaml.YAMLError, RecursionError, KeyError, TypeError, LookupError) as error:
        raise ValueError(f"Not the YAML of a model: {error}") from error
    _check_depth(value, 1000 + len(text))  # aliases can name one part many times over
    return value


def _number(dtype, data):
    """A NumPy scalar from its dtype's code and its bytes."""
    if dtype not in ("i4", "i8", "f4", "f8", "b1"):
        raise ValueError(f"Expected a number in the YAML of a model; received dtype {dtype!r}.")
    return np.frombuffer(data, dtype)[0].item()


def to_yaml(value, **kwargs):
    """YAML text of plain data, tuples as lists."""
    try:
        import yaml
    except ImportError as error:
        raise ImportError("Models as YAML need PyYAML: pip install pyyaml.") from error

    return yaml.safe_dump(json.loads(json.dumps(value)), **kwargs)
