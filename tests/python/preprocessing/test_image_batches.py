"""Batches of images, transformed together, against the same images one by one."""

import numpy as np
import pytest
from keras_native.preprocessing import image as I

SETTINGS = [
    {"width_shift_range": 0.2, "height_shift_range": [-1, 0, 2], "horizontal_flip": True},
    {"rotation_range": 40, "shear_range": 10, "zoom_range": 0.3, "vertical_flip": True},
    {"rotation_range": 90, "channel_shift_range": 0.5, "rescale": 0.5},
    {"zoom_range": (0.5, 2), "samplewise_center": True, "samplewise_std_normalization": True},
    {"width_shift_range": 3, "featurewise_center": True, "featurewise_std_normalization": True},
    {"rotation_range": 20, "zca_whitening": True},
    {"rotation_range": 20, "preprocessing_function": lambda x: np.sqrt(x)},
    {"rotation_range": 20, "interpolation_order": 0},
    {"rotation_range": 20, "interpolation_order": 2},
    {"rotation_range": 20, "brightness_range": (0.5, 1.5)},
    {"horizontal_flip": True, "vertical_flip": True},
    {},
]


@pytest.mark.parametrize("fill_mode", ["nearest", "constant", "reflect", "wrap"])
@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: "+".join(s))
def test_batches_are_images_one_by_one(settings, fill_mode):
    if settings.get("interpolation_order") == 2:
        pytest.importorskip("scipy")
    if "brightness_range" in settings:
        pytest.importorskip("PIL")
    x = np.random.RandomState(3).rand(7, 6, 5, 3).astype("float32")
    kept = x.copy()
    made = I.ImageDataGenerator(fill_mode=fill_mode, cval=0.25, **settings)
    made.fit(x)
    batch = made.flow(x, shuffle=False, seed=5, batch_size=7)[0]
    np.random.seed(5)
    singles = [made.standardize(made.random_transform(one.copy())) for one in x]
    largest = max(1.0, np.abs(singles).max())
    np.testing.assert_allclose(batch, singles, rtol=2e-5, atol=2e-6 * largest)
    np.testing.assert_array_equal(x, kept)
    assert batch.dtype == np.float32


def test_batches_with_channels_first():
    x = np.random.RandomState(3).rand(4, 6, 5, 3).astype("float32")
    found = []
    layouts = (("channels_last", x), ("channels_first", x.transpose(0, 3, 1, 2)))
    for data_format, data in layouts:
        made = I.ImageDataGenerator(
            rotation_range=30, width_shift_range=0.2, horizontal_flip=True, data_format=data_format
        )
        found.append(made.flow(data, shuffle=False, seed=2, batch_size=4)[0])
    np.testing.assert_allclose(found[1].transpose(0, 2, 3, 1), found[0], rtol=1e-6)


def test_transformations_of_the_user_are_kept():
    class Own(I.ImageDataGenerator):
        def apply_transform(self, x, transform_parameters):
            return x + 1

        def standardize(self, x):
            return x * 2 if x.ndim == 3 else None

    x = np.zeros((3, 2, 2, 1))
    assert (Own(horizontal_flip=True).flow(x, shuffle=False)[0] == 2).all()


def test_whitening_overrides_deviations():
    made = I.ImageDataGenerator(zca_whitening=True, featurewise_std_normalization=True)
    assert made.featurewise_center and not made.featurewise_std_normalization


@pytest.mark.parametrize("workers", [1, 4])
def test_seeded_batches_do_not_depend_on_threads(workers):
    """Order, augmentation and the order of the next pass, as without threads."""
    from keras_native.utils import OrderedEnqueuer

    x = np.random.RandomState(0).rand(45, 4, 4, 1)
    made = I.ImageDataGenerator(rotation_range=40, horizontal_flip=True)

    def flow():
        return made.flow(x, np.arange(45), batch_size=4, seed=11)

    alone, expected = flow(), []
    for _ in range(2):
        expected += [alone[i] for i in range(len(alone))]
        alone.on_epoch_end()
    enqueuer = OrderedEnqueuer(flow())
    enqueuer.start(workers=workers)
    batches = enqueuer.get()
    for images, numbers in expected:
        got, found = next(batches)
        np.testing.assert_array_equal(found, numbers)
        np.testing.assert_array_equal(got, images)
    enqueuer.stop()
    assert (expected[0][1] != expected[len(expected) // 2][1]).any()


def test_batches_of_several_inputs_alone_are_lists():
    images, more = np.random.rand(6, 4, 4, 1), np.random.rand(6, 2)
    batches = I.ImageDataGenerator().flow((images, more), None, batch_size=3, shuffle=False)
    first = next(batches)
    assert type(first) is list and [a.shape for a in first] == [(3, 4, 4, 1), (3, 2)]
    np.testing.assert_array_equal(first[1], more[:3])
