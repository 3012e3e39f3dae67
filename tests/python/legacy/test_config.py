"""Layer configurations of Keras 1 files."""

from keras_native.legacy.config import modern_config


def test_dense():
    name, config = modern_config(
        "Dense",
        {
            "name": "dense_1",
            "trainable": True,
            "batch_input_shape": [None, 4],
            "input_dtype": "float32",
            "output_dim": 3,
            "init": "glorot_uniform",
            "activation": "linear",
            "W_regularizer": {"name": "L1L2Regularizer", "l1": 0.0, "l2": 0.5},
            "b_regularizer": None,
            "bias": True,
            "input_dim": 4,
        },
    )
    assert name == "Dense"
    assert config == {
        "name": "dense_1",
        "trainable": True,
        "batch_input_shape": [None, 4],
        "dtype": "float32",
        "units": 3,
        "kernel_initializer": "glorot_uniform",
        "activation": "linear",
        "kernel_regularizer": {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.5}},
        "bias_regularizer": None,
        "use_bias": True,
    }


def test_renamed_class_with_joined_arguments():
    name, config = modern_config(
        "Convolution2D", {"nb_filter": 8, "nb_row": 3, "nb_col": 2, "dim_ordering": "th"}
    )
    assert name == "Conv2D"
    assert config == {"filters": 8, "kernel_size": (3, 2), "data_format": "channels_first"}


def test_todays_config_stays():
    config = {"name": "d", "units": 3, "kernel_regularizer": None}
    assert modern_config("Dense", config) == ("Dense", config)
    assert modern_config("MyLayer", {"output_dim": 1}) == ("MyLayer", {"output_dim": 1})


def test_embedding_keeps_its_input_dim():
    _, config = modern_config("Embedding", {"input_dim": 9, "output_dim": 4, "input_length": 6})
    assert config == {"input_dim": 9, "output_dim": 4, "input_length": 6}
