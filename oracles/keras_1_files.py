"""Networks as Keras 1.2.2 leaves them in .h5 files. That version runs on nothing that can be
installed today, so its descriptions are written here by what its `get_config` gives; the answers are
those of the same networks of Keras 2 (`tf_keras`).

    python oracles/keras_1_files.py FOLDER    each network, and an input and its output in a .json

The files in crates/gannet-formats/tests/fixtures were made by this.
"""

import json
import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import h5py
import numpy as np
import tf_keras
from keras_files import randomize, write_answer
from tf_keras import layers

# What training or nothing needs.
KERNEL = {
    "init": "glorot_uniform",
    "activation": "linear",
    "W_regularizer": None,
    "b_regularizer": None,
    "activity_regularizer": None,
    "W_constraint": None,
    "b_constraint": None,
    "bias": True,
}
TF = {"dim_ordering": "tf"}


def layer(kind, name, inputs=(), /, **config):
    """A layer in the list of a network."""
    config = {"name": name, "trainable": True, **config}
    wires = [[[source, 0, 0] for source in inputs]] if inputs else []
    return {"class_name": kind, "config": config, "name": name, "inbound_nodes": wires}


def convolution(kind, name, inputs, filters, rows, columns, **others):
    window = {"nb_filter": filters, "nb_row": rows, "nb_col": columns}
    default = {"border_mode": "valid", "subsample": [1, 1]}
    return layer(kind, name, inputs, **(window | default | TF | KERNEL | others))


def dense(name, inputs, units, **others):
    return layer("Dense", name, inputs, **(KERNEL | {"output_dim": units, "input_dim": None} | others))


def merge(name, inputs, mode):
    shape = {"output_shape": None, "output_shape_type": "raw", "arguments": {}}
    axes = {"concat_axis": -1, "dot_axes": -1, "output_mask": None, "output_mask_type": "raw"}
    return layer("Merge", name, inputs, mode=mode, mode_type="raw", **shape, **axes)


def functional():
    """A network with branches: its description, and the same of Keras 2."""
    image = {"batch_input_shape": [None, 9, 8, 2], "input_dtype": "float32", "sparse": False}
    pooling = {"pool_size": [2, 2], "strides": [2, 1]} | TF
    listed = [
        layer("InputLayer", "image", **image),
        convolution(
            "Convolution2D", "first", ["image"], 4, 3, 2, border_mode="same", subsample=[2, 1]
        ),
        layer("BatchNormalization", "norm", ["first"], mode=0, axis=-1, epsilon=0.01, momentum=0.9),
        layer("Activation", "rectified", ["norm"], activation="relu"),
        convolution(
            "AtrousConvolution2D",
            "spaced",
            ["rectified"],
            4,
            2,
            2,
            border_mode="same",
            atrous_rate=[2, 2],
            activation="tanh",
        ),
        merge("sum", ["rectified", "spaced"], "sum"),
        convolution(
            "SeparableConvolution2D",
            "apart",
            ["sum"],
            3,
            2,
            3,
            depth_multiplier=2,
            border_mode="same",
        ),
        merge("product", ["sum", "rectified"], "mul"),
        merge("joined", ["product", "apart"], "concat"),
        layer("ZeroPadding2D", "border", ["joined"], padding=[1, 0, 2, 1], **TF),
        layer("MaxPooling2D", "largest", ["border"], border_mode="same", **pooling),
        layer("AveragePooling2D", "mean", ["largest"], border_mode="valid", **pooling),
        layer("LeakyReLU", "leaky", ["mean"], alpha=0.25),
        layer("Dropout", "dropout", ["leaky"], p=0.5),
        layer("Flatten", "flatten", ["dropout"]),
        dense(
            "hidden",
            ["flatten"],
            5,
            activation="hard_sigmoid",
            W_regularizer={"name": "L1L2Regularizer", "l1": 0.0, "l2": 0.5},
        ),
        dense("scores", ["hidden"], 3, bias=False, activation="softmax"),
    ]
    config = {
        "name": "old-net",
        "layers": listed,
        "input_layers": [["image", 0, 0]],
        "output_layers": [["scores", 0, 0]],
    }

    x = image = layers.Input((9, 8, 2), name="image")
    x = layers.Conv2D(4, (3, 2), strides=(2, 1), padding="same", name="first")(x)
    x = layers.BatchNormalization(epsilon=0.01, momentum=0.9, name="norm")(x)
    x = rectified = layers.Activation("relu", name="rectified")(x)
    x = layers.Conv2D(
        4, 2, padding="same", dilation_rate=2, activation="tanh", name="spaced"
    )(x)
    total = layers.Add(name="sum")([rectified, x])
    apart = layers.SeparableConv2D(3, (2, 3), depth_multiplier=2, padding="same", name="apart")(total)
    x = layers.Multiply(name="product")([total, rectified])
    x = layers.Concatenate(name="joined")([x, apart])
    x = layers.ZeroPadding2D(((1, 0), (2, 1)), name="border")(x)
    x = layers.MaxPooling2D(2, strides=(2, 1), padding="same", name="largest")(x)
    x = layers.AveragePooling2D(2, strides=(2, 1), name="mean")(x)
    x = layers.LeakyReLU(0.25, name="leaky")(x)
    x = layers.Flatten(name="flatten")(layers.Dropout(0.5, name="dropout")(x))
    x = layers.Dense(5, activation="hard_sigmoid", name="hidden")(x)
    x = layers.Dense(3, use_bias=False, activation="softmax", name="scores")(x)
    return {"class_name": "Model", "config": config}, tf_keras.Model(image, x)


def sequence():
    """A list of layers over a sequence."""
    start = {"batch_input_shape": [None, 11, 3], "input_dtype": "float32"}
    length = {"filter_length": 3, "subsample_length": 2, "input_dim": 3, "input_length": 11}
    listed = [
        layer(
            "Convolution1D",
            "first",
            nb_filter=4,
            border_mode="same",
            **(KERNEL | start | length | {"activation": "relu"}),
        ),
        layer("MaxPooling1D", "largest", pool_length=2, stride=1, border_mode="valid"),
        layer("UpSampling1D", "longer", length=2),
        layer("GlobalAveragePooling1D", "mean"),
        dense("scores", (), 3, activation="sigmoid"),
    ]
    listed = [{part: entry[part] for part in ("class_name", "config")} for entry in listed]

    model = tf_keras.Sequential(name="old-sequence")
    model.add(layers.Input((11, 3)))
    model.add(layers.Conv1D(4, 3, strides=2, padding="same", activation="relu", name="first"))
    model.add(layers.MaxPooling1D(2, strides=1, name="largest"))
    model.add(layers.UpSampling1D(2, name="longer"))
    model.add(layers.GlobalAveragePooling1D(name="mean"))
    model.add(layers.Dense(3, activation="sigmoid", name="scores"))
    return {"class_name": "Sequential", "config": listed}, model


# Keras 1's names of the weights of a layer, in their order.
WEIGHTS = {
    "BatchNormalization": ["gamma", "beta", "running_mean", "running_std"],
    "SeparableConv2D": ["depthwise_kernel", "pointwise_kernel", "b"],
}


def save(model, description, path):
    """The file with the weights of `model`."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = np.bytes_("1.2.2")
        file.attrs["model_config"] = np.bytes_(json.dumps(description))
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        for layer in model.layers:
            kind = type(layer).__name__
            names = WEIGHTS.get(kind, ["W", "b"])
            of_layer = group.create_group(layer.name)
            values = layer.get_weights()
            names = [f"{layer.name}_{name}" for name in names[: len(values)]]
            of_layer.attrs["weight_names"] = [name.encode() for name in names]
            for name, value in zip(names, values):
                # A kernel of a sequence is one of an image one column wide.
                value = value[:, None] if kind == "Conv1D" and value.ndim == 3 else value
                of_layer.create_dataset(name, data=value)


def make(folder):
    for seed, build in {0: functional, 1: sequence}.items():
        tf_keras.backend.clear_session()
        description, model = build()
        randomize(model, seed)
        path = folder / f"keras1-{build.__name__}.h5"
        save(model, description, path)
        write_answer(model, path, seed)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    make(Path(sys.argv[1]))
