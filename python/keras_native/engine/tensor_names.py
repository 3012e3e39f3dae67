"""What tensors that layers give are called: scripts list and look them up by these names."""

# Our ops whose results had another name with TensorFlow underneath; `mul`, `concat` and the like
# had the same one.
_THEIRS = {
    "average_pool": "AvgPool",
    "elu": "Elu",
    "identity": "Identity",
    "leaky_relu": "LeakyRelu",
    "matmul": "MatMul",
    "max": "Max",
    "max_pool": "MaxPool",
    "mean": "Mean",
    "pad": "Pad",
    "relu": "Relu",
    "reshape": "Reshape",
    "select_phase": "cond/Merge",
    "selu": "Selu",
    "sigmoid": "Sigmoid",
    "softmax": "Softmax",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "squeeze": "Squeeze",
    "tanh": "Tanh",
    "tile": "Tile",
}


def output_name(layer, call, number, op):
    """`dense_1/BiasAdd:0`, with numbers for what later calls and other outputs give.

    Arguments:
        call: the number of the layer's call, from 0 on.
        number: that of the output, from 0 on.
        op: what made the tensor.
    """
    adds_bias = op == "add" and getattr(layer, "use_bias", False)
    kind = "BiasAdd" if adds_bias else _THEIRS.get(op, op)
    return f"{_numbered(layer.name, call)}/{_numbered(kind, number)}:0"


def _numbered(name, number):
    return f"{name}_{number}" if number else name
