"""H5Dict over files, groups and plain dicts."""

import io

import h5py
import numpy as np
import pytest
from keras_native.utils import H5Dict, io_utils


@pytest.fixture(params=["file", "dict", "stream", "group"])
def made(request, tmp_path):
    """(place, function that opens it)."""
    stream, plain = io.BytesIO(), {}
    if request.param == "group":
        with h5py.File(tmp_path / "g.h5", "w") as f:
            yield lambda mode="a": H5Dict(f.require_group("inside"), mode)
        return
    place = {"file": str(tmp_path / "x.h5"), "dict": plain, "stream": stream}[request.param]
    yield lambda mode="a": H5Dict(place, mode)


def test_what_is_written_is_read(made):
    array = np.arange(6.0).reshape(2, 3)
    with made() as d:
        d["array"] = array
        d["scalar"] = np.float32(2.5)
        d["text"] = "Sequential"
        d["names"] = ["kernel:0", "bias:0"]
        d["bytes"] = [b"a", b"bcd"]
        d["inner"]["deep"]["x"] = np.zeros(2)
        d.update({"number": 3}, [("other", 4)])
        array[:] = 0  # a copy was taken
    with made("r") as d:
        np.testing.assert_array_equal(d["array"], np.arange(6.0).reshape(2, 3))
        assert (d["scalar"], d["number"], d["text"]) == (2.5, 3, "Sequential")
        found = [n.decode() if isinstance(n, bytes) else n for n in d["names"]]
        assert found == ["kernel:0", "bias:0"]
        assert d["bytes"] == [b"a", b"bcd"]
        assert d["inner"]["deep"]["x"].tolist() == [0, 0]
        assert "array" in d and "text" in d and "none" not in d and "_is_group" not in d
        assert {"array", "inner"} <= set(d) == set(d.iter())
        assert d.get("none") is None and d.get("none", 5) == 5
        with pytest.raises(ValueError, match="read-only mode.*'none'"):
            d["none"]
        with pytest.raises(ValueError, match="set item in read-only"):
            d["new"] = 1


def test_names_are_not_overwritten_in_files(tmp_path):
    with H5Dict(tmp_path / "x.h5", "w") as d:
        d["x"] = np.zeros(2)
        with pytest.raises(KeyError, match='"x" exists'):
            d["x"] = np.ones(2)
        del d["x"]
        d["x"] = np.ones(2)
        d["t"] = "text"
        del d["t"]
        assert list(d) == ["x"] and len(d) == 1


def test_long_lists_are_cut(tmp_path):
    names = [f"layer_{i}_{'x' * 60}" for i in range(2000)]
    with H5Dict(tmp_path / "x.h5", "w") as d:
        d["names"] = names
        with pytest.raises(RuntimeError, match="items of at most 64512 bytes"):
            d["long"] = ["x" * 70000]
    with h5py.File(tmp_path / "x.h5") as f:
        assert "names" not in f.attrs and "names0" in f.attrs
    with H5Dict(tmp_path / "x.h5", "r") as d:
        assert [n.decode() for n in d["names"]] == names


def test_kinds_of_places(tmp_path):
    assert H5Dict.is_supported_type("x") and H5Dict.is_supported_type({})
    assert not H5Dict.is_supported_type(5)
    with pytest.raises(TypeError, match="received int"):
        H5Dict(5)
    assert io_utils.h5dict is H5Dict


def test_binary_streams():
    stream = io.BytesIO()

    def save(f):
        f["x"] = np.arange(3)

    io_utils.save_to_binary_h5py(save, stream)
    stream.seek(0)
    assert io_utils.load_from_binary_h5py(lambda f: f["x"][()].tolist(), stream) == [0, 1, 2]
