"""Sparse tensors do not exist here: SciPy matrices become dense where they enter."""

from .tensor import as_tensor


def is_sparse(tensor):
    """Always False: tensors are dense."""
    return False


def to_dense(tensor):
    """The tensor itself; a SciPy matrix becomes a constant."""
    return as_tensor(tensor.toarray() if hasattr(tensor, "tocoo") else tensor)
