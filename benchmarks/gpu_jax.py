"""The models of `gpu_models.py` in JAX, on the layers of `gpu_jax_layers.py`: a training step, or a
prediction, compiled as one.
"""

import gpu_jax_layers
import jax
import jax.numpy as jnp
import numpy as np
from gpu_common import all_of
from gpu_models import LOSS_WEIGHTS, RATE


def symbols_of(build):
    """Inputs and outputs of a model, from its layers or its symbols."""
    built = build(gpu_jax_layers)
    if not isinstance(built, list):
        return all_of(built[0]), all_of(built[1])
    symbol = first = gpu_jax_layers.Symbol(built[0].begins)
    for layer in built:
        symbol = layer(symbol)
    return [first], [symbol]


def forward_of(inputs, outputs):
    """All weights, and the function (weights, key, fed) -> results; without a key it predicts."""
    order = []

    def visit(symbol):
        if symbol in order or symbol in inputs:
            return
        for source in symbol.inputs:
            visit(source)
        order.append(symbol)

    for symbol in outputs:
        visit(symbol)

    def forward(weights, key, fed):
        values = dict(zip(map(id, inputs), fed, strict=True))
        for i, symbol in enumerate(order):
            given = [values[id(s)] for s in symbol.inputs]
            own = None if key is None else jax.random.fold_in(key, i)
            values[id(symbol)] = symbol.layer.apply(weights[i], own, *given)
        return [values[id(s)] for s in outputs]

    return [s.layer.weights for s in order], forward


def updated(optimizer, weights, slots, gradients, step):
    """Weights and slots (first, second) after a step."""
    tree = jax.tree_util.tree_map
    first, second = slots
    if optimizer == "SGD":
        first = tree(lambda m, g: 0.9 * m - RATE * g, first, gradients)
        new = tree(lambda w, m, g: w + 0.9 * m - RATE * g, weights, first, gradients)
        return new, (first, None)
    kept = 0.9 if optimizer == "RMSprop" else 0.999
    second = tree(lambda v, g: kept * v + (1 - kept) * g * g, second, gradients)
    if optimizer == "RMSprop":
        new = tree(lambda w, g, v: w - RATE * g / (jnp.sqrt(v) + 1e-7), weights, gradients, second)
        return new, (None, second)
    first = tree(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
    rate = RATE * jnp.sqrt(1 - 0.999**step) / (1 - 0.9**step)
    new = tree(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + 1e-7), weights, first, second)
    return new, (first, second)


def loss_of_one(z, target):
    """The mean loss of one output."""
    if target.shape[1] == 1:
        return jnp.mean(jnp.logaddexp(0, z) - target * z)
    return -jnp.mean(jnp.sum(target * jax.nn.log_softmax(z), axis=-1))


def place_of(device):
    """JAX's device; float32 is multiplied in TF32 there, where the chip has it."""
    jax.config.update("jax_default_matmul_precision", "tensorfloat32")
    return jax.devices("gpu" if device == "cuda" else device)[0]


def trainer(workload, device):
    """A function that trains one batch that lies on the device, and one that waits for it."""
    with jax.default_device(place_of(device)):
        data = workload.data(np.random.default_rng(1), workload.batch)
        x, y = (list(map(jnp.asarray, all_of(v))) for v in data)
        weights, forward = forward_of(*symbols_of(workload.build))
        used = {"SGD": (True, False), "RMSprop": (False, True), "Adam": (True, True)}
        slots = tuple(
            jax.tree_util.tree_map(jnp.zeros_like, weights) if has else None
            for has in used[workload.optimizer]
        )
        state = [(weights, slots, jnp.zeros((), "float32")), None]
        key = jax.random.key(1)

    def loss_of(weights, key, x, y):
        losses = map(loss_of_one, forward(weights, key, x), y)
        return sum(w * loss for w, loss in zip(LOSS_WEIGHTS, losses, strict=False))

    def train(state, x, y):
        weights, slots, count = state
        count += 1
        drawn = jax.random.fold_in(key, count.astype("int32"))
        loss, gradients = jax.value_and_grad(loss_of)(weights, drawn, x, y)
        return (*updated(workload.optimizer, weights, slots, gradients, count), count), loss

    compiled = jax.jit(train, donate_argnums=0)

    def step():
        state[0], state[1] = compiled(state[0], x, y)

    return step, lambda: float(state[1])


def predictor(workload, device):
    """A function that predicts for rows in the host's memory, and one that has all results there.

    Latency is that of a call: its result is waited for.
    """
    with jax.default_device(place_of(device)):
        weights, forward = forward_of(*symbols_of(workload.build))
    x, _ = workload.data(np.random.default_rng(1), workload.batch)
    compiled = jax.jit(lambda weights, x: forward(weights, None, x))
    results = []

    def step():
        with jax.default_device(place_of(device)):
            results.append(compiled(weights, all_of(x))[0])
        if workload.kind == "latency":
            results[:] = [np.asarray(results[-1])]

    def wait():
        total = float(sum(np.asarray(r).sum() for r in results))
        results.clear()
        return total

    return step, wait


def stepper(workload, device):
    """What a workload does again and again, and how it is waited for."""
    return (trainer if workload.kind == "train" else predictor)(workload, device)
