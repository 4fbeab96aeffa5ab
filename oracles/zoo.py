"""Networks as people build them, made by Keras with random weights.

    python oracles/zoo.py FOLDER    each as .h5 and .keras, with an input and Keras' output for it
                                    in a .json beside it

The first four have the shapes of MLPerf Tiny's (https://github.com/mlcommons/tiny).
"""

import json
import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np
from keras import Input, Model, Sequential, layers


def conv(x, filters, size=3, strides=1, relu=True):
    """A convolution, its normalization and ReLU."""
    x = layers.Conv2D(filters, size, strides=strides, padding="same")(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU()(x) if relu else x


def depthwise(x, filters, size=3, strides=1):
    """A convolution of each channel, one across the channels, each with its normalization."""
    x = layers.DepthwiseConv2D(size, strides=strides, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    return conv(x, filters, 1)


def resnet_8():
    image = x = Input((32, 32, 3))
    x = conv(x, 16)
    for filters, strides in (16, 1), (32, 2), (64, 2):
        y = conv(conv(x, filters, strides=strides), filters, relu=False)
        if strides > 1:
            x = layers.Conv2D(filters, 1, strides=strides, padding="same")(x)
        x = layers.Activation("relu")(layers.add([x, y]))
    x = layers.AveragePooling2D(8)(x)
    return Model(image, layers.Dense(10, activation="softmax")(layers.Flatten()(x)))


def ds_cnn():
    image = x = Input((49, 10, 1))
    x = layers.Dropout(0.2)(conv(x, 64, (10, 4), (2, 2)))
    for _ in range(4):
        x = depthwise(x, 64)
    x = layers.AveragePooling2D((25, 5))(layers.Dropout(0.4)(x))
    return Model(image, layers.Dense(12, activation="softmax")(layers.Flatten()(x)))


def mobilenet_v1():
    image = x = Input((96, 96, 3))
    x = conv(x, 8, strides=2)
    steps = [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2)]
    for filters, strides in steps + [(128, 1)] * 5 + [(256, 2), (256, 1)]:
        x = depthwise(x, filters, strides=strides)
    x = layers.Flatten()(layers.AveragePooling2D(3)(x))
    return Model(image, layers.Dense(2, activation="softmax")(x))


def autoencoder():
    features = x = Input((640,))
    for units in (128, 128, 128, 128, 8, 128, 128, 128, 128):
        x = layers.Activation("relu")(layers.BatchNormalization()(layers.Dense(units)(x)))
    return Model(features, layers.Dense(640)(x))


def lenet_5():
    return Sequential(
        [
            Input((28, 28, 1)),
            layers.Conv2D(6, 5, padding="same", activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Conv2D(16, 5, activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(120, activation="tanh"),
            layers.Dense(84, activation="tanh"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def digits():
    """The network of the French tutorial."""
    relu, pool = "relu", {"pool_size": 3, "strides": 2}
    return Sequential(
        [
            Input((28, 28, 1)),
            layers.Conv2D(8, 5, padding="same", use_bias=False, kernel_regularizer="l2"),
            layers.Activation(relu),
            layers.MaxPooling2D(**pool),
            layers.Conv2D(4, 5, padding="same", use_bias=False, kernel_regularizer="l2"),
            layers.Activation(relu),
            layers.MaxPooling2D(**pool),
            layers.Flatten(),
            layers.Dense(64, activation=relu),
            layers.Dense(10, activation="sigmoid"),
        ]
    )


def vgg():
    image = x = Input((32, 32, 3))
    for filters in 8, 16:
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Dense(32, activation="relu")(layers.Flatten()(x))
    return Model(image, layers.Dense(10)(layers.Dropout(0.5)(x)))


def squeeze_net():
    image = x = Input((32, 32, 3))
    x = layers.MaxPooling2D(3, strides=2)(layers.Conv2D(16, 3, activation="relu")(x))
    for squeezed, expanded in (4, 16), (8, 32):
        x = layers.Conv2D(squeezed, 1, activation="relu")(x)
        x = layers.concatenate(
            [
                layers.Conv2D(expanded, 1, activation="relu")(x),
                layers.Conv2D(expanded, 3, padding="same", activation="relu")(x),
            ]
        )
    return Model(image, layers.GlobalAveragePooling2D()(layers.Conv2D(10, 1)(x)))


def inception():
    image = x = Input((16, 16, 4))
    branches = [
        conv(x, 4, 1),
        conv(conv(x, 3, 1), 6, 3),
        conv(conv(x, 2, 1), 4, 5),
        conv(layers.MaxPooling2D(3, strides=1, padding="same")(x), 3, 1),
    ]
    x = layers.Concatenate()(branches)
    return Model(image, layers.GlobalAveragePooling2D()(x))


def dense_net():
    image = x = Input((16, 16, 3))
    for _ in range(3):
        y = layers.Activation("relu")(layers.BatchNormalization()(x))
        x = layers.Concatenate()([x, layers.Conv2D(4, 3, padding="same", use_bias=False)(y)])
    x = layers.AveragePooling2D(2)(layers.Conv2D(8, 1, use_bias=False)(x))
    return Model(image, layers.Dense(10)(layers.GlobalAveragePooling2D()(x)))


def mobilenet_v2():
    """Inverted residuals with linear bottlenecks."""
    image = x = Input((24, 24, 3))
    x = conv(x, 8, strides=2)
    for strides, filters in (1, 8), (2, 12), (1, 12):
        y = layers.ReLU(6.0)(layers.BatchNormalization()(layers.Conv2D(48, 1, use_bias=False)(x)))
        if strides > 1:
            y = layers.ZeroPadding2D(((0, 1), (0, 1)))(y)
        padding = "same" if strides == 1 else "valid"
        y = layers.DepthwiseConv2D(3, strides=strides, padding=padding, use_bias=False)(y)
        y = layers.ReLU(6.0)(layers.BatchNormalization()(y))
        y = layers.BatchNormalization()(layers.Conv2D(filters, 1, use_bias=False)(y))
        x = layers.Add()([x, y]) if strides == 1 else y
    return Model(image, layers.Dense(5, activation="softmax")(layers.GlobalAveragePooling2D()(x)))


def xception():
    image = x = Input((20, 20, 3))
    x = layers.SeparableConv2D(8, 3, padding="same", activation="relu")(x)
    x = layers.SeparableConv2D(8, 3, strides=2, padding="same", depth_multiplier=2)(x)
    x = layers.SeparableConv2D(8, (3, 2), use_bias=False)(x)
    return Model(image, layers.GlobalAveragePooling2D()(x))


def keywords_1d():
    """A network of sequences."""
    samples = x = Input((120, 3))
    x = layers.Conv1D(8, 9, strides=3, padding="same", activation="relu")(x)
    x = layers.MaxPooling1D(2)(layers.BatchNormalization()(x))
    x = layers.SeparableConv1D(12, 5, activation="relu")(x)
    x = layers.DepthwiseConv1D(3, depth_multiplier=2)(layers.ZeroPadding1D(1)(x))
    x = layers.AveragePooling1D(2)(x)
    return Model(samples, layers.Dense(4)(layers.GlobalAveragePooling1D()(x)))


def perceptron():
    return Sequential(
        [
            Input((12,)),
            layers.Dense(20, activation="relu", kernel_regularizer="l1"),
            layers.GaussianNoise(0.1),
            layers.Dense(20, use_bias=False),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Dense(3, activation="softmax"),
        ]
    )


def strides_and_paddings():
    image = x = Input((23, 17, 2))
    for size, strides, padding in (
        ((3, 2), (2, 1), "same"),
        ((2, 5), (1, 3), "valid"),
        ((4, 1), (3, 1), "same"),
        (1, (1, 2), "same"),
    ):
        x = layers.Conv2D(3, size, strides=strides, padding=padding)(x)
    return Model(image, layers.Flatten()(x))


def poolings():
    image = x = Input((23, 19, 2))
    for kind in layers.MaxPooling2D, layers.AveragePooling2D:
        x = kind(3, strides=1, padding="same")(x)
        x = kind((2, 3), strides=(1, 2), padding="valid")(x)
        x = kind((3, 2), padding="same")(x)
    return Model(image, layers.GlobalAveragePooling2D(name="mean")(x))


def normalizations():
    image = x = Input((6, 5, 4))
    for scale in True, False:
        for center in True, False:
            x = layers.BatchNormalization(scale=scale, center=center, epsilon=0.01)(x)
    x = layers.BatchNormalization()(layers.Flatten()(x))
    return Model(image, layers.Dense(3)(x))


def functions():
    """Every function that has a name of its own, of a layer and as a layer."""
    features = x = Input((8,))
    names = "linear relu relu6 leaky_relu elu selu sigmoid tanh softplus silu hard_silu gelu"
    for name in names.split():
        x = layers.Activation(name)(layers.Dense(8, activation=name)(x))
    return Model(features, layers.Softmax()(x))


def depth_multipliers():
    image = x = Input((11, 9, 3))
    x = layers.DepthwiseConv2D(3, depth_multiplier=3, activation="relu")(x)
    x = layers.DepthwiseConv2D((2, 3), strides=2, padding="same", use_bias=False)(x)
    x = layers.SpatialDropout2D(0.3)(x)
    return Model(image, layers.Conv2D(2, 1)(x))


def shared_trunk():
    """Branches of several lengths from one place, joined more than once."""
    image = x = Input((10, 10, 2))
    x = trunk = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    long = layers.Conv2D(4, 3, padding="same")(layers.Conv2D(4, 1)(trunk))
    x = layers.Add()([long, trunk, layers.AveragePooling2D(3, strides=1, padding="same")(trunk)])
    x = layers.Concatenate()([x, trunk, long])
    return Model(image, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)))


def models_in_models():
    block = Sequential([Input((8, 8, 4)), layers.Conv2D(4, 3, padding="same"), layers.ReLU()])
    image = x = Input((8, 8, 2))
    x = block(layers.Conv2D(4, 1)(x))
    head = Sequential([Input((256,)), layers.Dense(6), layers.BatchNormalization()])
    return Model(image, head(layers.Flatten()(x)))


def mixed_precision():
    """The weights are single precision, and so is the output's layer."""
    policy = keras.DTypePolicy("mixed_bfloat16")
    layer = layers.Dense(4, activation="relu", dtype=policy)
    # Numbers that bfloat16 holds exactly, so that rounding changes nothing.
    features = Input((4,))
    model = Model(features, layers.Dense(2, dtype="float32")(layer(features)))
    layer.set_weights([np.eye(4, dtype="float32"), np.zeros(4, "float32")])
    return model


ZOO = [
    resnet_8,
    ds_cnn,
    mobilenet_v1,
    autoencoder,
    lenet_5,
    digits,
    vgg,
    squeeze_net,
    inception,
    dense_net,
    mobilenet_v2,
    xception,
    keywords_1d,
    perceptron,
    strides_and_paddings,
    poolings,
    normalizations,
    functions,
    depth_multipliers,
    shared_trunk,
    models_in_models,
    mixed_precision,
]


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for seed, build in enumerate(ZOO):
        keras.backend.clear_session()
        keras.utils.set_random_seed(seed)
        model = build()
        random = np.random.default_rng(seed)
        if build is not mixed_precision:
            randomize(model, random)
        values = random.integers(0, 16, (1, *model.input_shape[1:])) / np.float32(16)
        output = np.asarray(model(values.astype("float32"), training=False))
        path = folder / build.__name__.replace("_", "-")
        for extension in ".h5", ".keras":
            model.save(path.with_suffix(extension))
        answer = {"input": values.ravel().tolist(), "output": output.ravel().tolist()}
        path.with_suffix(".json").write_text(json.dumps(answer) + "\n")


def randomize(model, random):
    """Changes what begins as zeros and ones, so that biases and normalizations count."""
    for weight in model.weights:
        if weight.path.endswith("kernel"):
            continue
        noise = random.normal(0, 0.1, weight.shape)
        weight.assign(np.asarray(weight) + (np.abs(noise) if "variance" in weight.path else noise))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
