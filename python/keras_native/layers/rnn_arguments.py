"""How a recurrent layer is given its states and constants: in keywords, or in a list of inputs."""

from .. import backend as K
from ..engine.base_layer import InputSpec
from ..utils.generic_utils import to_list


def standardize_args(inputs, initial_state, constants, num_constants):
    """(x, initial states, constants) of a call; the last two are lists or None.

    In a list of inputs the states come after x and the `num_constants` constants at the end.

    Raises:
        ValueError: states or constants come both ways.
    """
    if isinstance(inputs, (list, tuple)):
        if initial_state is not None or constants is not None:
            raise ValueError(
                "Expected `initial_state` and `constants` either in the list of inputs or as "
                "keywords; received both."
            )
        inputs = list(inputs)
        if num_constants:
            constants = inputs[-num_constants:]
            inputs = inputs[:-num_constants]
        initial_state = inputs[1:]
        inputs = inputs[0]
    return inputs, _listed(initial_state), _listed(constants)


def _listed(tensors):
    return (to_list(tensors, allow_tuple=True) or None) if tensors is not None else None


def call_with_states(layer, call, inputs, initial_state, constants, kwargs):
    """Calls a recurrent layer on x with states or constants.

    Where they are tensors that layers made they count as inputs of the call, so that they become
    part of the graph of layers; other tensors stay keywords.

    Args:
        layer: the layer, whose `_num_constants` is set.
        call: `Layer.__call__` bound to it.

    Raises:
        ValueError: some of them come from layers and some do not.
    """
    more = list(initial_state or ()) + list(constants or ())
    if constants:
        layer._num_constants = len(constants)
    from_layers = [K.is_keras_tensor(x) for x in more]
    if all(from_layers):
        return call([inputs, *more], **kwargs)
    if any(from_layers):
        raise ValueError(
            f"Layer {layer.name!r}: the initial state or constants of a recurrent layer have to be "
            f"outputs of layers all of them or none of them; received {more}."
        )
    if initial_state is not None:
        kwargs["initial_state"] = initial_state
    if constants is not None:
        kwargs["constants"] = constants
    return call(inputs, **kwargs)


def state_specs(states):
    """What calls with these initial states show of their shapes."""
    return [InputSpec(shape=K.int_shape(state)) for state in states]
