"""`model.metrics_names.append(name)` and `model.metrics_tensors.append(tensor)` after `compile`.

Until Keras 2.2 that was how a model reported what is no function of targets and predictions. A name
and a tensor together are what `add_metric` takes today.
"""


class _Appended(list):
    """A list that tells what is appended to it."""

    def __init__(self, items, tell):
        super().__init__(items)
        self._tell = tell

    def append(self, item):
        super().append(item)
        self._tell(item)


class MetricLists:
    """What was appended to the two lists of a compiled model so far.

    Args:
        training: what `compile` made.
    """

    def __init__(self, training):
        self._training, self._names, self._tensors = training, [], []

    def names(self):
        """Names of all that is reported."""
        return _Appended(self._training.names, self._name)

    def tensors(self):
        """The values that are reported beside the loss."""
        return _Appended(self._training.graph(weighted=False).values, self._tensor)

    def _name(self, name):
        self._names.append(name)
        self._report()

    def _tensor(self, tensor):
        self._tensors.append(tensor)
        self._report()

    def _report(self):
        if self._names and self._tensors:
            self._training.report(self._names.pop(0), self._tensors.pop(0))
