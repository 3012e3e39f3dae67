"""Pictures of models."""

import shutil
import sys

import pytest
from keras_native.layers import LSTM, Bidirectional, Dense, Input, TimeDistributed, concatenate
from keras_native.models import Model, Sequential
from keras_native.utils import model_to_dot, plot_model, vis_utils

pydot = pytest.importorskip("pydot")


def nested():
    a, b = Input((4,), name="a"), Input((4,), name="b")
    inner = Sequential([Dense(3, input_dim=4, name="deep"), Dense(2, name="last")], name="inner")
    both = concatenate([inner(a), b], name="both")
    return Model([a, b], Dense(1, name="top")(both), name="outer")


def labels(dot):
    return {node.get_name(): node.get_label().strip('"') for node in dot.get_nodes()
            if node.get_label()}  # fmt: skip


def edges(dot, names):
    return {(names[e.get_source()], names[e.get_destination()]) for e in dot.get_edges()}


def test_layers_and_edges():
    dot = model_to_dot(nested(), rankdir="LR", dpi=70)
    names = labels(dot)
    assert sorted(names.values()) == [
        "a: InputLayer", "b: InputLayer", "both: Concatenate", "inner: Sequential", "top: Dense",
    ]  # fmt: skip
    assert edges(dot, names) == {
        ("a: InputLayer", "inner: Sequential"), ("inner: Sequential", "both: Concatenate"),
        ("b: InputLayer", "both: Concatenate"), ("both: Concatenate", "top: Dense"),
    }  # fmt: skip
    assert (dot.get_rankdir(), dot.get_dpi()) == ("LR", 70)
    assert "Dense" in labels(model_to_dot(nested(), show_layer_names=False)).values()


def test_shapes():
    names = labels(model_to_dot(nested(), show_shapes=True)).values()
    assert "top: Dense\n|{input:|output:}|{{(None, 6)}|{(None, 1)}}" in names
    assert "both: Concatenate\n|{input:|output:}|{{(None, 2), (None, 4)}|{(None, 6)}}" in names


def test_models_inside_are_expanded():
    dot = model_to_dot(nested(), expand_nested=True)
    (cluster,) = dot.get_subgraphs()
    assert cluster.get_label() == '"inner"'
    names = {**labels(dot), **labels(cluster)}
    assert "inner: Sequential" not in names.values()
    inside = [name for name in labels(cluster).values() if "Input" not in name]
    assert inside == ["deep: Dense", "last: Dense"]
    assert ("last: Dense", "both: Concatenate") in edges(dot, names)
    assert edges(cluster, names) >= {("deep: Dense", "last: Dense")}


def test_wrappers():
    model = Sequential(
        [TimeDistributed(Dense(3), input_shape=(2, 4), name="each"), Bidirectional(LSTM(2))]
    )
    found = list(labels(model_to_dot(model)).values())
    assert any(label.startswith("each(dense_") for label in found)
    assert any(label.endswith("Bidirectional(LSTM)") for label in found)
    wrapped = TimeDistributed(Sequential([Dense(1, input_dim=4)]), input_shape=(2, 4))
    assert vis_utils.is_wrapped_model(wrapped) and not vis_utils.is_model(wrapped)
    model = Sequential([wrapped])
    assert len(model_to_dot(model, expand_nested=True).get_subgraphs()) == 1


def test_files(tmp_path):
    path = tmp_path / "m.dot"
    assert plot_model(nested(), path, show_shapes=True) is None
    assert path.read_text().startswith("digraph")
    if shutil.which("dot"):
        plot_model(nested(), str(tmp_path / "m.png"))
        assert (tmp_path / "m.png").read_bytes()[:4] == b"\x89PNG"
    else:
        with pytest.raises(OSError, match="install graphviz"):
            plot_model(nested(), str(tmp_path / "m.png"))


def test_without_pydot(monkeypatch):
    for name in ("pydot", "pydotplus", "pydot_ng"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"pip install keras-native\[graph\]"):
        model_to_dot(nested())


def test_path_of_keras_1(tmp_path):
    from keras_native.utils.visualize_util import plot

    plot(nested(), to_file=tmp_path / "m.dot", show_shapes=True)
    assert "Concatenate" in (tmp_path / "m.dot").read_text()
