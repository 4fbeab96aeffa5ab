"""Keras on PyTorch as an oracle of networks whose channels are first, which TensorFlow does not
compute on a processor.

    python oracles/keras_first.py FOLDER    a network as Keras 3 writes it, and an input and its
                                            output in a .json

The files in crates/gannet-formats/tests/fixtures were made by this.
"""

import json
import os
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
from keras import layers
from keras_archive import pack

FIRST = {"data_format": "channels_first"}


def network():
    """Most kinds of layers, and an image that is flattened both ways."""
    x = image = layers.Input((2, 9, 8), name="image")
    x = layers.ZeroPadding2D(((1, 0), (0, 2)), **FIRST)(x)
    x = layers.Conv2D(4, (3, 2), strides=(2, 1), **FIRST)(x)
    x = layers.BatchNormalization(axis=1)(x)
    x = trunk = layers.ReLU()(x)
    x = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, **FIRST)(x)
    x = layers.Concatenate(axis=1)([x, trunk])
    x = layers.SeparableConv2D(5, 2, activation="relu", **FIRST)(x)
    x = layers.MaxPooling2D(2, strides=1, **FIRST)(x)
    x = layers.AveragePooling2D((1, 2), padding="same", **FIRST)(x)
    means = layers.GlobalAveragePooling2D(**FIRST)(x)
    # Keras turns the image here, so that its pixels come one after another ...
    turned = layers.Dense(3, activation="softmax")(layers.Flatten(**FIRST)(x))
    # ... and here its channels do.
    x = layers.BatchNormalization()(layers.Flatten(data_format="channels_last")(x))
    x = layers.Dropout(0.1)(layers.Activation("tanh")(x))
    x = layers.Dense(3, activation="softmax")(x)
    x = layers.Concatenate()([means, turned, x])
    return keras.Model(image, layers.Dense(2)(x), name="first-net")


def main(folder):
    keras.utils.set_random_seed(1)
    random = np.random.default_rng(1)
    model = network()
    for weight in model.weights:
        values = random.normal(0, 1 / np.sqrt(weight.shape[0]), weight.shape)
        if "moving_variance" in weight.path:
            values = 0.5 + np.abs(values)
        weight.assign(values.astype("float32"))
    image = random.random((1, *model.input_shape[1:]), dtype="float32")
    output = keras.ops.convert_to_numpy(model(image, training=False))
    path = folder / "keras3-first.keras"
    model.save(path)
    pack(path)
    # Gannet's images have their channels last.
    answer = {
        "input": image[0].transpose(1, 2, 0).ravel().tolist(),
        "output": output.ravel().tolist(),
    }
    path.with_suffix(".json").write_text(json.dumps(answer) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
