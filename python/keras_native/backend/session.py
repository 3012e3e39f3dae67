"""Sessions as old code runs them: tensors computed from what is fed, updates made."""

import contextlib

from .. import registry
from .functions import Function
from .tensor import Tensor

_KEPT = 64  # compiled calls that a session remembers


class Action:
    """What a session does without giving a value: updates made together, as a training step.

    Args:
        updates: list of `K.update` results.
        name: text.
        call: function called without arguments, before anything is computed.
    """

    def __init__(self, updates=(), name="group_deps", call=None):
        self.updates, self.name, self.call = list(updates), name, call

    def run(self, feed_dict=None, session=None):
        """Performs the updates."""
        get_session().run(self, feed_dict)


class Session:
    """Computes tensors from values for placeholders or any other tensors.

    There is one graph and one set of variables, which have their values as soon as they are made.
    """

    def __init__(self):
        self._calls = {}

    @property
    def graph(self):
        """The one graph, which holds nothing."""
        get_default_graph = registry.find("legacy.tensorflow", "get_default_graph")

        return get_default_graph()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        return None

    def as_default(self):
        """A context that changes nothing."""
        return contextlib.nullcontext(self)

    def close(self):
        """Forgets what was compiled."""
        self._calls.clear()

    def run(self, fetches, feed_dict=None, options=None, run_metadata=None):
        """Values of `fetches` in their form; None for what has none, as groups of updates.

        Args:
            fetches: tensors, updates and groups of updates, in lists, tuples and dictionaries.
            feed_dict: {tensor: value}; the learning phase may be among the tensors.

        Raises:
            TypeError: for what is neither.
            ValueError: where a placeholder is needed that is not fed.
        """
        leaves = list(_leaves(fetches))
        fed = {k: v for k, v in (feed_dict or {}).items() if isinstance(k, Tensor)}
        key = (*map(id, leaves), None, *map(id, fed))
        call = self._calls.pop(key, None) or _Call(leaves, list(fed))
        self._calls[key] = call
        if len(self._calls) > _KEPT:
            del self._calls[next(iter(self._calls))]
        return _packed(fetches, iter(call(list(fed.values()))))

    def partial_run(self, *args, **kwargs):
        """Not there.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError("Sessions here compute all fetches at once; use run().")


class _Call:
    """A compiled `run`; keeps what it was asked for, whose ids are its key."""

    def __init__(self, leaves, fed):
        self.leaves, self.fed = leaves, fed
        updates = [u for leaf in leaves if isinstance(leaf, Action) for u in leaf.updates]
        self.places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, Tensor)]
        for leaf in leaves:
            if not isinstance(leaf, (Tensor, Action)):
                raise TypeError(
                    "Session.run expected tensors, updates or operations made here. Received: "
                    f"{leaf!r} of type {type(leaf).__name__}"
                )
        outputs = [leaves[i] for i in self.places]
        self.function = Function(fed, outputs, updates, name="run") if outputs or updates else None

    def __call__(self, values):
        for leaf in self.leaves:
            if isinstance(leaf, Action) and leaf.call is not None:
                leaf.call()
        found = [None] * len(self.leaves)
        if self.function is not None:
            for place, value in zip(self.places, self.function(values), strict=True):
                found[place] = value
        return found


def _leaves(nest):
    if isinstance(nest, dict):
        nest = list(nest.values())
    if isinstance(nest, (list, tuple)):
        for item in nest:
            yield from _leaves(item)
    else:
        yield nest


def _packed(nest, leaves):
    if isinstance(nest, dict):
        return type(nest)((key, _packed(item, leaves)) for key, item in nest.items())
    if isinstance(nest, (list, tuple)):
        items = [_packed(item, leaves) for item in nest]
        return type(nest)(*items) if hasattr(nest, "_fields") else type(nest)(items)
    return next(leaves)


_current = Session()


def get_session():
    """The session in which everything is computed."""
    return _current


def set_session(session):
    """Takes a session of this package; options of one were applied when it was made.

    Raises:
        RuntimeError: for one of TensorFlow.
    """
    global _current
    if not isinstance(session, Session):
        raise RuntimeError(
            "There is no TensorFlow session underneath, so none can be set. GPU memory is "
            "configured by keras_native.config.set_memory_limit and set_memory_growth, threads by "
            "the environment variable KERAS_NATIVE_NUM_THREADS."
        )
    _current = session
