"""Connectionist temporal classification: the cost as a graph, greedy and beam-search decoding.

The last class is the blank.
"""

import numpy as np

from .common import epsilon
from .linalg import batch_dot
from .loops import _loop, _placeholder_like, _slice_of
from .math import cast, equal, greater, greater_equal, less, log, logical_and, not_equal, where
from .movement import arange, concatenate, one_hot, permute_dimensions, repeat_elements, stack
from .reduce import argmax, cumsum, logsumexp, sum
from .reduce import max as largest
from .shapes import expand_dims, flatten, shape
from .tensor import as_tensor, constant_tensor, emit

_NEVER = -1e30  # logarithm of a probability of 0, small enough to add up safely


def ctc_batch_cost(y_true, y_pred, input_length, label_length):
    """CTC cost of each sample.

    Arguments:
        y_true: (batch, labels), class numbers; what is beyond `label_length` does not count.
        y_pred: (batch, steps, classes), probabilities.
        input_length: (batch, 1), number of steps of each sample.
        label_length: (batch, 1), number of labels of each sample.

    Returns:
        tensor (batch, 1), minus the logarithm of the probability of the labels.
    """
    y_pred = as_tensor(y_pred)
    classes, labels = y_pred.shape[-1], as_tensor(y_true).shape[-1]
    if classes is None or labels is None:
        raise ValueError(
            "Expected known numbers of classes and of labels. Received shapes: y_pred "
            f"{y_pred.shape}, y_true {as_tensor(y_true).shape}"
        )
    # States alternate blank, label, blank, …: (batch, 2 labels + 1).
    symbols = repeat_elements(cast(y_true, "int32"), 2, axis=1)
    odd = constant_tensor(np.arange(2 * labels + 1) % 2 == 1)
    symbols = concatenate([symbols, symbols[:, :1]], axis=1)
    symbols = where(odd, symbols, constant_tensor(np.int32(classes - 1)))
    # The state two before may be left directly for another label, over the blank between them.
    skips = logical_and(odd[2:], not_equal(symbols[:, 2:], symbols[:, :-2]))
    skips = concatenate([_first_columns(skips, 2), cast(skips, "int32")], axis=1)
    skips = greater(skips, 0)
    scores = emit("log_softmax", (log(y_pred + epsilon()),), axis=-1)
    emissions = batch_dot(scores, one_hot(symbols, classes), axes=(2, 2))
    emissions = permute_dimensions(emissions, (1, 0, 2))  # (steps, batch, states)
    start = where(equal(arange(2 * labels + 1), 0), 0.0, _NEVER) + emissions[0] * 0.0
    final = _forward(emissions, start, skips, cast(input_length, "int32"))
    last = 2 * cast(label_length, "int32")
    states = arange(2 * labels + 1)
    ends = logical_and(greater_equal(states, last - 1), less(states, last + 1))
    return -logsumexp(where(ends, final, _NEVER), axis=1, keepdims=True)


def _first_columns(x, count):
    """`count` columns of zeros for a tensor (batch, …) of booleans."""
    column = cast(x[:, :1], "int32") * 0
    return concatenate([column] * count, axis=1)


def _shifted(alpha, by):
    """Log probabilities of the states `by` before; there are none before the first."""
    none = alpha[:, :by] * 0.0 + _NEVER
    return concatenate([none, alpha[:, :-by]], axis=1)


def _forward(emissions, start, skips, lengths):
    """Log probabilities of the states after the last step of each sample."""
    times = expand_dims(expand_dims(_steps_of(emissions), -1), -1)  # (steps, 1, 1)
    emitted, time = _slice_of(emissions, "emitted"), _slice_of(times, "time")
    alpha = _placeholder_like(start, "alpha")
    paths = [alpha, _shifted(alpha, 1)]
    if start.shape[1] > 2:
        paths.append(where(skips, _shifted(alpha, 2), _NEVER))
    moved = logsumexp(stack(paths, axis=-1), axis=-1) + emitted
    after = where(less(time, lengths), moved, alpha)
    _, final = _loop([emissions, times], [start], [emitted, time], [alpha], [], [after])
    return final[0]


def _steps_of(sequence):
    """0, 1, … along the first axis."""
    return arange(shape(sequence)[0])


def ctc_decode(
    y_pred, input_length, greedy=True, beam_width=100, top_paths=1, merge_repeated=False
):
    """Most probable labels.

    Arguments:
        y_pred: (batch, steps, classes), probabilities.
        input_length: (batch,), number of steps of each sample.
        greedy: takes the best class of each step, as a graph; else a beam search, for which
            `y_pred` must not depend on placeholders.
        beam_width, top_paths: width of the beam, and how many labellings to return.
        merge_repeated: merges equal neighbours of the labels that the beam search found.

    Returns:
        A list of tensors (batch, steps) of labels, -1 behind the last one, and the scores; as
        output of a function a tensor of labels is only as wide as the longest labelling. Scores:
        (batch, 1) minus the logarithm of the best path, or (batch, top_paths) logarithms.
    """
    if greedy:
        labels, scores = _best_path(as_tensor(y_pred), flatten(cast(input_length, "int32")))
        labels._finish = _without_padding
        return [labels], scores
    from .functions import eval as evaluate

    arrays = [np.asarray(evaluate(as_tensor(t))) for t in (y_pred, input_length)]
    paths, scores = _beam_search(*arrays, beam_width, top_paths, merge_repeated)
    return [constant_tensor(_without_padding(p)) for p in paths], constant_tensor(
        scores.astype("float32")
    )


def _without_padding(labels):
    """(batch, steps) labels without the last columns where no sample has one."""
    used = np.flatnonzero((labels != -1).any(axis=0))
    return labels[:, : used[-1] + 1 if used.size else 0]


def _best_path(y_pred, lengths):
    if y_pred.shape[-1] is None or y_pred.shape[1] is None:
        raise ValueError(f"Expected known steps and classes. Received shape: {y_pred.shape}")
    steps, classes = y_pred.shape[1:]
    inside = less(arange(steps), expand_dims(lengths, -1))  # (batch, steps)
    best = cast(argmax(y_pred, axis=-1), "int32")
    previous = concatenate([best[:, :1] * 0 - 1, best[:, :-1]], axis=1)
    kept = logical_and(inside, logical_and(not_equal(best, classes - 1), not_equal(best, previous)))
    # Each kept label goes to the place that counts those before it.
    place = where(kept, cumsum(cast(kept, "int32"), axis=1) - 1, -1)
    labels = cast(best + 1, "float32")
    packed = batch_dot(emit("one_hot", (place,), depth=steps, dtype="float32"), labels, axes=(1, 1))
    score = log(largest(y_pred, axis=-1) + epsilon())
    score = sum(where(inside, score, 0.0), axis=1, keepdims=True)
    return cast(packed, "int64") - 1, -score


def _beam_search(probabilities, lengths, width, top_paths, merge_repeated):
    """Prefix search of Graves: probabilities of labellings, ending in a blank or not."""
    steps, classes = probabilities.shape[1:]
    paths = np.full((top_paths, len(probabilities), steps), -1, "int64")
    scores = np.full((len(probabilities), top_paths), -np.inf)
    for n, (rows, length) in enumerate(zip(probabilities, lengths.reshape(-1), strict=True)):
        rows = rows.astype("float64") + epsilon()
        rows /= rows.sum(-1, keepdims=True)
        for k, (labels, score) in enumerate(_search(rows[: int(length)], width, top_paths)):
            if merge_repeated:
                labels = [v for i, v in enumerate(labels) if i == 0 or v != labels[i - 1]]
            paths[k, n, : len(labels)] = labels
            scores[n, k] = np.log(score)
    return paths, scores


def _search(rows, width, top_paths):
    blank = rows.shape[1] - 1
    beam = {(): (1.0, 0.0)}  # labels: probability of ending in a blank, and in a label
    for row in rows:
        grown = {}
        for labels, (in_blank, in_label) in beam.items():
            total = in_blank + in_label
            stay = in_label * row[labels[-1]] if labels else 0.0
            _add(grown, labels, total * row[blank], stay)
            for c in range(blank):
                source = in_blank if labels and labels[-1] == c else total
                _add(grown, (*labels, c), 0.0, source * row[c])
        best = sorted(grown, key=lambda key: -grown[key][0] - grown[key][1])[:width]
        beam = {key: grown[key] for key in best}
    best = sorted(beam, key=lambda key: -beam[key][0] - beam[key][1])[:top_paths]
    return [(list(key), beam[key][0] + beam[key][1]) for key in best]


def _add(table, key, in_blank, in_label):
    a, b = table.get(key, (0.0, 0.0))
    table[key] = (a + in_blank, b + in_label)


def ctc_label_dense_to_sparse(labels, label_lengths):
    """Labels with -1 where they are beyond a sample's length; there are no sparse tensors here.

    Arguments:
        labels: (batch, labels).
        label_lengths: (batch,).
    """
    labels = as_tensor(labels)
    positions = arange(labels.shape[1])
    counts = less(positions, expand_dims(flatten(cast(label_lengths, "int32")), -1))
    return where(counts, labels, constant_tensor(np.asarray(-1, labels.dtype)))
