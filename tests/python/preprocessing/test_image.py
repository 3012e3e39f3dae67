"""Image transformations, generators, files."""

import os

import numpy as np
import pytest
from keras_native.preprocessing import image as I

IM = np.random.RandomState(0).uniform(0, 255, (7, 6, 3)).astype("float32")


# ------------------------------------------------------------ transformations


@pytest.mark.parametrize("mode", ["nearest", "constant", "reflect", "wrap"])
@pytest.mark.parametrize("order", [0, 1])
def test_affine_against_scipy(mode, order):
    ndimage = pytest.importorskip("scipy.ndimage")
    from keras_native.preprocessing.image.transforms import _matrix

    rng = np.random.RandomState(1)
    for _ in range(20):
        h, w = rng.randint(1, 12, 2)
        im = rng.normal(size=(h, w, 2)).astype("float32")
        p = {"theta": rng.uniform(-90, 90), "tx": rng.choice([0, 1.5, -20]), "ty": 2, "shear": 9,
             "zx": 1.2, "zy": rng.uniform(0.4, 2)}  # fmt: skip
        m = I.transform_matrix_offset_center(_matrix(**p), h, w)
        expected = [
            ndimage.affine_transform(
                im[..., c], m[:2, :2], m[:2, 2], order=order, mode=mode, cval=7.0
            )
            for c in range(2)
        ]
        got = I.apply_affine_transform(im, fill_mode=mode, cval=7.0, order=order, **p)
        np.testing.assert_allclose(got, np.stack(expected, 2), rtol=1e-5, atol=1e-5)


def test_identity_and_whole_shifts():
    assert I.apply_affine_transform(IM) is IM
    got = I.apply_affine_transform(IM, tx=2, fill_mode="constant", cval=-1)
    np.testing.assert_array_equal(got[:-2], IM[2:])
    assert (got[-2:] == -1).all()


def test_layouts_agree():
    first = IM.transpose(2, 0, 1)
    a = I.apply_affine_transform(IM, theta=20, zx=0.8)
    b = I.apply_affine_transform(first, theta=20, zx=0.8, row_axis=1, col_axis=2, channel_axis=0)
    np.testing.assert_array_equal(a, b.transpose(1, 2, 0))


def test_unknown_fill_mode():
    with pytest.raises(ValueError, match="fill_mode"):
        I.apply_affine_transform(IM, theta=1, fill_mode="mirror")


def test_flip_and_channel_shift():
    np.testing.assert_array_equal(I.flip_axis(IM, 1), IM[:, ::-1])
    shifted = I.apply_channel_shift(IM, 300.0, 2)
    assert (shifted == IM.max()).all()


@pytest.mark.parametrize(
    "change",
    [
        lambda x: I.random_rotation(x, 30, 0, 1, 2),
        lambda x: I.random_shift(x, 0.3, 0.3, 0, 1, 2),
        lambda x: I.random_shear(x, 20, 0, 1, 2),
        lambda x: I.random_zoom(x, (0.5, 1.5), 0, 1, 2),
        lambda x: I.random_channel_shift(x, 20, 2),
    ],
)
def test_random_functions(change):
    np.random.seed(0)
    first = change(IM)
    assert first.shape == IM.shape and (first != IM).any()
    np.random.seed(0)
    np.testing.assert_array_equal(change(IM), first)


def test_pairs_are_checked():
    with pytest.raises(ValueError, match="zoom_range as two numbers"):
        I.random_zoom(IM, (1,))
    with pytest.raises(ValueError, match="brightness_range as two numbers"):
        I.ImageDataGenerator(brightness_range=2)
    with pytest.raises(ValueError, match="validation_split"):
        I.ImageDataGenerator(validation_split=2)


# ------------------------------------------------------------ generator

X = np.random.RandomState(1).uniform(0, 255, (10, 8, 8, 3)).astype("float32")
Y = np.arange(10)


def test_statistics():
    generator = I.ImageDataGenerator(featurewise_std_normalization=True)
    generator.fit(X)
    batch = next(generator.flow(X, batch_size=10, shuffle=False))
    np.testing.assert_allclose(batch.mean((0, 1, 2)), 0, atol=1e-3)
    np.testing.assert_allclose(batch.std((0, 1, 2)), 1, atol=1e-3)
    generator = I.ImageDataGenerator(samplewise_std_normalization=True)
    batch = next(generator.flow(X, batch_size=10, shuffle=False))
    np.testing.assert_allclose(batch.std((1, 2, 3)), 1, atol=1e-3)
    generator = I.ImageDataGenerator(rescale=0.1, featurewise_center=True)
    generator.fit(X)
    np.testing.assert_allclose(generator.mean[0, 0], 0.1 * X.mean((0, 1, 2)), rtol=1e-5)
    with pytest.warns(UserWarning, match="hasn't been fit"):
        I.ImageDataGenerator(featurewise_center=True).standardize(IM.copy())


def test_whitening():
    x = np.random.RandomState(0).normal(size=(200, 3, 3, 1)) @ np.ones((1, 1))
    generator = I.ImageDataGenerator(zca_whitening=True)
    generator.fit(x)
    flat = next(generator.flow(x, batch_size=200, shuffle=False)).reshape(200, 9)
    np.testing.assert_allclose(flat.T @ flat / 200, np.eye(9), atol=1e-2)


def test_flow_keeps_images_and_targets_together():
    generator = I.ImageDataGenerator(rescale=0.5)
    x = np.broadcast_to(Y[:, None, None, None], (10, 4, 4, 1)).astype("float32")
    flow = generator.flow(x, Y, batch_size=4, sample_weight=Y * 2, seed=3)
    assert len(flow) == 3
    seen = []
    for _ in range(3):
        images, targets, weights = next(flow)
        np.testing.assert_array_equal(images[:, 0, 0, 0], targets * 0.5)
        np.testing.assert_array_equal(weights, targets * 2)
        seen += targets.tolist()
    assert sorted(seen) == Y.tolist()
    a = [next(generator.flow(x, Y, seed=5))[1].tolist() for _ in range(2)]
    assert a[0] == a[1]


def test_flow_leaves_the_data_alone():
    x = X.copy()
    generator = I.ImageDataGenerator(rescale=0.1, samplewise_center=True, rotation_range=10)
    next(generator.flow(x, Y))
    np.testing.assert_array_equal(x, X)


def test_flow_of_several_inputs_and_subsets():
    generator = I.ImageDataGenerator(validation_split=0.3)
    (images, extra), targets = next(generator.flow((X, Y * 10), Y, batch_size=3, shuffle=False))
    np.testing.assert_array_equal(extra, targets * 10)
    validation = generator.flow(X, np.zeros(10), subset="validation")
    training = generator.flow(X, np.zeros(10), subset="training")
    assert (validation.n, training.n) == (3, 7)
    with pytest.raises(ValueError, match="different classes"):
        generator.flow(X, Y, subset="training")
    with pytest.raises(ValueError, match="as many samples as images, 10; received 9"):
        generator.flow(X, Y[:9])
    with pytest.raises(ValueError, match="four axes"):
        generator.flow(X[0])


def test_generator_trains_a_model():
    from keras_native.layers import Dense, Flatten
    from keras_native.models import Sequential

    model = Sequential([Flatten(input_shape=(8, 8, 3)), Dense(1)])
    model.compile("sgd", "mse")
    flow = I.ImageDataGenerator(rescale=1 / 2550, horizontal_flip=True).flow(X, Y, batch_size=5)
    history = model.fit_generator(flow, steps_per_epoch=2, epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2


def test_keras1_spelling():
    with pytest.warns(UserWarning, match="channels_first"):
        assert I.ImageDataGenerator(dim_ordering="th").channel_axis == 1


# ------------------------------------------------------------ files


@pytest.fixture
def folder(tmp_path):
    pytest.importorskip("PIL")
    for name, value in (("cats", 50), ("dogs", 200)):
        (tmp_path / name).mkdir()
        for i in range(4):
            I.save_img(tmp_path / name / f"{i}.png", np.full((6, 5, 3), value + i), scale=False)
    (tmp_path / "cats" / "notes.txt").write_text("no image")
    return tmp_path


def test_image_round_trip(tmp_path):
    pytest.importorskip("PIL")
    x = np.round(IM)
    I.save_img(tmp_path / "x.png", x, scale=False)
    np.testing.assert_array_equal(I.img_to_array(I.load_img(tmp_path / "x.png")), x)
    resized = I.load_img(tmp_path / "x.png", target_size=(3, 4), interpolation="bilinear")
    assert I.img_to_array(resized).shape == (3, 4, 3)
    gray = I.img_to_array(I.load_img(tmp_path / "x.png", color_mode="grayscale"))
    assert gray.shape == (7, 6, 1)
    with pytest.raises(ValueError, match="interpolation among"):
        I.load_img(tmp_path / "x.png", target_size=(3, 4), interpolation="magic")
    with pytest.raises(ValueError, match="1, 3 or 4 channels; received 2"):
        I.array_to_img(np.zeros((3, 3, 2)))
    (tmp_path / "y.tif").touch()
    assert I.list_pictures(tmp_path, "jpg|png") == [str(tmp_path / "x.png")]
    assert len(I.list_pictures(tmp_path)) == 2


def test_flow_from_directory(folder, capsys):
    generator = I.ImageDataGenerator(validation_split=0.25)
    flow = generator.flow_from_directory(folder, target_size=(4, 4), batch_size=8, shuffle=False)
    assert "Found 8 images belonging to 2 classes." in capsys.readouterr().out
    assert flow.class_indices == {"cats": 0, "dogs": 1}
    images, targets = next(flow)
    assert images.shape == (8, 4, 4, 3)
    assert targets.argmax(1).tolist() == flow.classes.tolist() == [0] * 4 + [1] * 4
    assert images[:, 0, 0, 0].tolist() == [50, 51, 52, 53, 200, 201, 202, 203]
    part = generator.flow_from_directory(folder, class_mode="binary", subset="validation")
    assert part.filenames == [os.path.join("cats", "0.png"), os.path.join("dogs", "0.png")]
    assert sorted(next(part)[1].tolist()) == [0, 1]


class Column(list):
    """As much of a pandas column as is used."""

    def tolist(self):
        return list(self)

    def to_numpy(self):
        return np.array(self)

    def map(self, table):
        return Column(table[x] for x in self)


class Table:
    """As much of a pandas table as is used."""

    def __init__(self, columns):
        self.columns = columns

    def __getitem__(self, key):
        if isinstance(key, str):
            return self.columns[key]
        rows = range(len(self))[key] if isinstance(key, slice) else np.flatnonzero(key)
        return Table({k: Column(v[i] for i in rows) for k, v in self.columns.items()})

    def __len__(self):
        return len(next(iter(self.columns.values())))


@pytest.mark.filterwarnings("ignore:Found 1 invalid image filename")
def test_flow_from_dataframe(folder):
    table = Table(
        {
            "filename": Column(["cats/0.png", "dogs/1.png", "gone.png"]),
            "class": Column(["b", "a", "a"]),
            "age": Column([1.5, 2.5, 3.5]),
            "weight": Column([1.0, 2.0, 3.0]),
        }
    )
    generator = I.ImageDataGenerator()
    options = {"directory": str(folder), "shuffle": False, "target_size": (4, 4)}
    images, targets, weights = next(
        generator.flow_from_dataframe(table, weight_col="weight", **options)
    )
    assert images[:, 0, 0, 0].tolist() == [50, 201]
    assert targets.tolist() == [[0, 1], [1, 0]] and weights.tolist() == [1, 2]
    _, ages = next(generator.flow_from_dataframe(table, y_col="age", class_mode="raw", **options))
    assert ages.tolist() == [1.5, 2.5]
    with pytest.raises(TypeError, match="hold texts"):
        generator.flow_from_dataframe(table, y_col="age", **options)
    with pytest.raises(TypeError, match="'class' .*to hold numbers"):
        generator.flow_from_dataframe(table, weight_col="class", **options)
    with pytest.raises(TypeError, match="'age' .*to hold names of files"):
        generator.flow_from_dataframe(table, x_col="age", **options)


def test_rows_of_several_labels(folder, capsys):
    table = Table(
        {
            "filename": Column(["cats/0.png", "dogs/1.png", "cats/1.png", "gone.png"]),
            "class": Column([["b", "a"], "c", ("d",), "e"]),
        }
    )
    generator = I.ImageDataGenerator()
    options = {"directory": str(folder), "shuffle": False, "target_size": (4, 4)}
    with pytest.warns(UserWarning, match="Found 1 invalid image filename"):
        flow = generator.flow_from_dataframe(table, **options)
    assert "Found 3 validated image filenames belonging to 4 classes." in capsys.readouterr().out
    assert flow.labels == [[1, 0], [2], [3]]
    assert next(flow)[1].tolist() == [[1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    flow = generator.flow_from_dataframe(table[:3], classes=["d", "b"], **options)
    assert flow.class_indices == {"b": 0, "d": 1} and flow.filenames == ["cats/0.png", "cats/1.png"]
    assert flow.labels.tolist() == [0, 1]
    with pytest.raises(TypeError, match="hold texts"):
        generator.flow_from_dataframe(table[:3], class_mode="sparse", **options)
