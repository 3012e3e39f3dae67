"""A network described: as a table, as data, in files."""

from __future__ import annotations

from ..utils.layer_utils import print_summary
from . import network_config


class Description:
    """Mixin of `Network`."""

    def get_config(self):
        """The graph as nested dicts and lists."""
        if not self._is_graph_network:
            raise NotImplementedError(
                f"Model {self.name!r} is subclassed: its structure is Python code, which has no "
                f"config. Save its weights instead (`save_weights`)."
            )
        return network_config.network_config(self)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """A new network from the result of `get_config`."""
        inputs, outputs = network_config.rebuild(config, custom_objects)
        return cls(inputs=inputs, outputs=outputs, name=config.get("name"))

    def summary(self, line_length=None, positions=None, print_fn=None):
        """Prints a table of the layers.

        Args:
            line_length: width of the table.
            positions: where the columns end, as widths or as shares of the line.
            print_fn: called with each line instead of `print`.

        Raises:
            ValueError: the model has not been built.
        """
        if not self.built:
            raise ValueError(
                "This model has not yet been built. Build the model first by calling build() or "
                "calling fit() with some data. Or specify input_shape or batch_input_shape in the "
                "first layer for automatic build."
            )
        print_summary(self, line_length=line_length, positions=positions, print_fn=print_fn)

    def save(self, filepath, overwrite=True, include_optimizer=True):
        """Writes architecture, weights, compile arguments and optimizer state to a file."""
        from ..saving import save_model

        save_model(self, filepath, overwrite, include_optimizer)

    def save_weights(self, filepath, overwrite=True):
        """Writes the weights to an HDF5 file."""
        from ..saving import save_weights

        save_weights(self, filepath, overwrite)

    def load_weights(self, filepath, by_name=False, skip_mismatch=False, reshape=False):
        """Reads weights that `save_weights` or `save` wrote.

        Args:
            filepath: the file.
            by_name: match layers by name instead of by order.
            skip_mismatch: leave out layers whose shapes differ (with `by_name`).
            reshape: allow arrays of another shape with as many elements.
        """
        from ..saving import load_weights

        load_weights(self, filepath, by_name, skip_mismatch, reshape)

    def __reduce__(self):
        """Pickled as the bytes of a saved model (a copy with `copy.deepcopy` goes the same way).

        Unpickling runs what the pickle says, as always: only from sources that you trust.
        """
        from ..saving import pickled

        if not self._is_graph_network:
            return super().__reduce__()
        return pickled.restore, pickled.dump(self)

    def to_json(self, **kwargs):
        """The architecture as JSON; arguments go to `json.dumps`."""
        from ..saving import to_json

        return to_json(self, **kwargs)

    def to_yaml(self, **kwargs):
        """The architecture as YAML; arguments go to `yaml.dump`."""
        from ..saving import to_yaml

        return to_yaml(self, **kwargs)
