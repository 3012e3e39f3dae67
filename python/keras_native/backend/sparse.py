"""Sparse tensors do not exist here: SciPy matrices become dense where they enter."""

from .tensor import as_tensor


def is_sparse(tensor):
    """Always False: tensors are dense."""
    return False


def is_sparse_matrix(value):
    """Whether `value` is a sparse matrix or array of SciPy."""
    return hasattr(value, "tocoo")


def dense(value):
    """A SciPy matrix as an array; anything else as it is."""
    return value.toarray() if is_sparse_matrix(value) else value


def to_dense(tensor):
    """The tensor itself; a SciPy matrix becomes a constant."""
    return as_tensor(dense(tensor))
