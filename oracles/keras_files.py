"""Keras 3 and Keras 2 (tf_keras) as oracles of Gannet's .h5 and .keras files.

    python oracles/keras_files.py make FOLDER    networks as both versions write them, each with
                                              an input and its output in a .json beside it
    python oracles/keras_files.py check FOLDER   opens every file in FOLDER with both versions,
                                              compares with the output in the .json beside it

The files in crates/gannet-formats/tests/fixtures were made by `make`.
"""

import json
import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import h5py
import keras
import numpy as np
import tf_keras
from keras_archive import pack

TOLERANCE = 1e-6
VERSIONS = {"keras3": keras, "keras2": tf_keras}


def functional(k):
    """Every layer kind and most options, a regularizer of each class, dropout in between."""
    layers, regularizers = k.layers, k.regularizers
    x = image = layers.Input((12, 10, 2), name="image")
    x = layers.Conv2D(
        4, 3, padding="same", use_bias=False, kernel_regularizer=regularizers.L2(1e-4)
    )(x)
    x = layers.Activation("relu")(x)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = layers.Conv2D(
        3,
        (2, 3),
        strides=(2, 1),
        activation="sigmoid",
        kernel_regularizer=regularizers.L1(0.01),
    )(x)
    x = layers.Dropout(0.5)(x)
    x = layers.MaxPooling2D((1, 2), padding="same")(x)
    x = layers.ReLU()(x)
    x = layers.Flatten()(x)
    x = layers.Dense(
        5, activation="relu", kernel_regularizer=regularizers.L1L2(0.1, 0.2)
    )(x)
    x = layers.Dense(4, use_bias=False)(x)
    x = layers.Softmax()(x)
    return k.Model(image, x, name="functional-net")


def sequential(k):
    """Uneven `same` padding with strides, and activations fused into their layers."""
    layers = k.layers
    model = k.Sequential(name="sequential-net")
    model.add(
        layers.Conv2D(3, (4, 2), strides=(3, 2), padding="same", activation="relu")
    )
    model.add(layers.MaxPooling2D(padding="same"))
    model.add(layers.Dropout(0.25))
    model.add(layers.Flatten())
    model.add(layers.Dense(3, activation="softmax"))
    model.build((None, 7, 9, 1))
    return model


def branches(k):
    """The layers of MobileNets and residual networks; the branches have several lengths, and
    are joined in another order than they were made in."""
    layers, regularizers = k.layers, k.regularizers
    x = image = layers.Input((9, 8, 2), name="image")
    x = layers.ZeroPadding2D(((0, 1), (1, 0)))(x)
    x = layers.Conv2D(4, 3, strides=2, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(epsilon=0.01, momentum=0.9)(x)
    x = trunk = layers.ReLU(max_value=6.0)(x)
    x = layers.DepthwiseConv2D(
        3,
        padding="same",
        depth_multiplier=2,
        activation="relu6",
        depthwise_regularizer=regularizers.L2(0.1),
    )(x)
    x = layers.BatchNormalization(scale=False)(x)
    x = layers.LeakyReLU(0.25)(x)
    x = layers.Conv2D(4, 1, activation=layers.LeakyReLU(0.1))(x)
    x = layers.Add()([trunk, x])
    separable = layers.SeparableConv2D(3, 3, padding="same", activation="leaky_relu")(x)
    pooled = layers.AveragePooling2D(3, strides=1, padding="same")(x)
    pixels = layers.Conv2D(2, 1)(pooled)
    x = layers.Concatenate()([x, pixels, separable])
    x = layers.Dropout(0.3)(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.BatchNormalization(center=False)(x)
    x = layers.Dense(3, activation="softmax")(x)
    return k.Model(image, x, name="branches-net")


def sequence(k):
    """The layers of one dimension."""
    layers = k.layers
    x = samples = layers.Input((15, 3), name="samples")
    x = layers.ZeroPadding1D((1, 2))(x)
    x = layers.Conv1D(4, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.DepthwiseConv1D(3, depth_multiplier=2)(x)
    x = layers.BatchNormalization()(x)
    x = layers.MaxPooling1D(2, strides=1)(x)
    x = layers.AveragePooling1D(2, padding="same")(x)
    x = layers.SeparableConv1D(2, 2, activation="sigmoid")(x)
    x = layers.Concatenate()([layers.GlobalAveragePooling1D()(x), layers.Flatten()(x)])
    x = layers.Dense(3, activation="sigmoid")(x)
    return k.Model(samples, x, name="sequence-net")


def nested(k):
    """Models in models: one of a list, in it one with a branch; one layer is frozen, so that its
    weights come in another order."""
    layers = k.layers
    x = inner = layers.Input((6, 5, 3), name="inner")
    x = layers.Conv2D(3, 3, padding="same", name="inner_conv")(x)
    frozen = layers.BatchNormalization(name="frozen")
    frozen.trainable = False
    x = frozen(x)
    block = k.Model(inner, layers.Add(name="add")([inner, x]), name="block")
    stem = k.Sequential(name="stem")
    stem.add(layers.Input((6, 5, 2)))
    stem.add(layers.Conv2D(3, 1, use_bias=False, name="conv"))
    stem.add(layers.BatchNormalization(name="norm"))
    stem.add(layers.ReLU(name="relu"))
    stem.add(block)
    head = k.Sequential(name="head")
    head.add(layers.Input((90,)))
    head.add(layers.Dense(3, activation="relu", name="hidden"))
    head.add(layers.Dense(2, name="scores"))
    x = image = layers.Input((6, 5, 2), name="image")
    x = layers.Flatten(name="flatten")(stem(x))
    return k.Model(image, head(x), name="nested-net")


def vector(k):
    """One dense layer."""
    x = features = k.layers.Input((4,), name="features")
    x = k.layers.Dense(2, activation="sigmoid")(x)
    return k.Model(features, x, name="vector-net")


def deep(k):
    """More layers than HDF5 lists in the header of a group."""
    x = features = k.layers.Input((4,), name="features")
    for i in range(12):
        x = k.layers.Dense(4, activation="relu", name=f"dense_{i}")(x)
    return k.Model(features, x, name="deep-net")


def rarer(k):
    """Layers that mend shapes, join branches and make images larger; groups and dilation."""
    layers = k.layers
    x = image = layers.Input((6, 5, 4), name="image")
    x = layers.Rescaling(2.0, offset=-0.5)(x)
    x = layers.Conv2D(6, (3, 2), padding="same", groups=2, activation="elu")(x)
    x = trunk = layers.PReLU(shared_axes=[1, 2])(x)
    x = layers.DepthwiseConv2D(2, padding="same", dilation_rate=(2, 1), activation="swish")(x)
    x = layers.Conv2D(6, 3, padding="same", dilation_rate=2, activation="gelu")(x)
    x = layers.Multiply()([x, layers.Activation("tanh")(trunk)])
    x = layers.Subtract()([x, trunk])
    x = layers.Maximum()([x, layers.Minimum()([trunk, layers.ELU(0.5)(trunk)])])
    weights = layers.Reshape((1, 1, -1))(layers.GlobalMaxPooling2D()(x))
    x = layers.Multiply()([x, weights])
    x = layers.Conv2DTranspose(3, 3, strides=2, padding="same", activation="selu")(x)
    x = layers.Conv2DTranspose(2, (2, 3), strides=(3, 1))(x)
    x = layers.Conv2DTranspose(
        2, 3, strides=2, padding="same", output_padding=(1, 0), activation="softplus"
    )(x)
    x = layers.Cropping2D(((20, 25), (6, 8)))(x)
    x = layers.UpSampling2D((1, 2))(x)
    x = layers.Permute((2, 3, 1))(x)
    x = layers.PReLU()(layers.AveragePooling2D((4, 1), padding="same")(x))
    x = layers.Reshape((-1,))(x)
    x = layers.Dense(4, activation=layers.ReLU(max_value=3.0))(x)
    x = layers.Activation("log_softmax")(x)
    return k.Model(image, x, name="rarer-net")


def gates(k):
    """`hard_sigmoid`, which is one function in Keras 2 and another in Keras 3: as a layer, and
    within one."""
    layers = k.layers
    x = image = layers.Input((4, 3, 2), name="image")
    x = layers.Conv2D(3, 2, activation="hard_sigmoid")(x)
    gate = layers.Activation("hard_sigmoid")(layers.Conv2D(3, 1)(x))
    x = layers.Flatten()(layers.Multiply()([x, gate]))
    x = layers.Dense(4, activation="hard_sigmoid")(x)
    return k.Model(image, x, name="gates-net")


def shared(k):
    """Layers that are called several times, one behind the other and side by side."""
    layers = k.layers
    image = layers.Input((6, 5, 2), name="image")
    conv = layers.Conv2D(2, 3, padding="same", activation="tanh", name="conv")
    norm = layers.BatchNormalization(name="norm")
    x = norm(conv(norm(conv(image))))
    x = layers.Add(name="sum")([conv(x), layers.MaxPooling2D(3, 1, padding="same")(x)])
    x = layers.Dense(4, name="first")(layers.Flatten()(x))
    dense = layers.Dense(4, activation="relu", name="dense")
    x = layers.Concatenate()([dense(dense(x)), dense(x)])
    return k.Model(image, x, name="shared-net")


def repeated(k):
    """Models that are called several times: two whose lists have an input, one of them in the
    other, and one whose list has none."""
    layers = k.layers
    x = inner = layers.Input((6, 5, 2), name="inner")
    x = layers.Conv2D(2, 3, padding="same", name="conv")(x)
    frozen = layers.BatchNormalization(name="frozen")
    frozen.trainable = False
    inside = k.Model(inner, layers.Activation("tanh", name="act")(frozen(x)), name="inside")
    x = outer = layers.Input((6, 5, 2), name="outer")
    mixed = layers.Add(name="add")([inside(inside(x)), layers.Conv2D(2, 1, name="mix")(x)])
    block = k.Model(outer, mixed, name="block")
    head = k.Sequential(name="head")
    head.add(layers.Dense(4, activation="tanh", name="hidden"))
    head.add(layers.Dense(4, name="scores"))
    image = layers.Input((6, 5, 2), name="image")
    x = layers.Subtract(name="difference")([block(block(image)), image])
    x = layers.Dense(4, name="first")(layers.Flatten(name="flatten")(x))
    x = layers.Concatenate(name="both")([head(head(x)), head(x)])
    return k.Model(image, x, name="repeated-net")


def refused(k):
    """Much that Gannet does not have."""
    layers = k.layers
    x = image = layers.Input((8, 8, 4), name="image")
    x = layers.UpSampling2D(interpolation="bilinear", name="smooth")(x)
    x = layers.Concatenate(axis=1, name="rows")([x, x])
    first = layers.Flatten(name="first")(x)
    second = layers.MaxPooling2D(data_format="channels_first", name="second")(x)
    return k.Model(image, [first, second], name="refused-net")


BUILDS = {
    0: functional,
    1: sequential,
    5: branches,
    6: sequence,
    7: nested,
    8: rarer,
    9: gates,
    10: shared,
    11: repeated,
}
ARCHIVED = (branches, nested, rarer, gates, shared, repeated)


def randomize(model, seed):
    """Weights of which none, biases included, is zero; variances are positive."""
    random = np.random.default_rng(seed)
    for weight in model.weights:
        values = random.normal(0, 1 / np.sqrt(weight.shape[0]), weight.shape)
        if "moving_variance" in getattr(weight, "path", weight.name):
            values = 0.5 + np.abs(values)
        weight.assign(values.astype("float32"))


def write_answer(model, path, seed):
    """An input and the model's output for it."""
    shape = (1,) + tuple(model.input_shape[1:])
    values = np.random.default_rng(seed).random(shape, dtype="float32")
    answer = {"input": as_numbers(values), "output": as_numbers(run(model, values))}
    path.with_suffix(".json").write_text(json.dumps(answer) + "\n")


def run(model, values):
    return np.asarray(model(values, training=False))


def as_numbers(array):
    return [float(value) for value in array.ravel()]


def make(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for version, k in VERSIONS.items():
        for seed, build in BUILDS.items():
            k.backend.clear_session()
            model = build(k)
            randomize(model, seed)
            path = folder / f"{version}-{build.__name__}.h5"
            if k is tf_keras and build in (branches, sequence):
                save_in_newest_form(model, path)
            else:
                model.save(path)
            if build in ARCHIVED:
                path = path.with_suffix(".keras")
                model.save(path)
                pack(path)
            write_answer(model, path, seed)

    # With optimizer state: the file holds more than the network.
    k = keras
    k.backend.clear_session()
    k.utils.set_random_seed(1)
    model = vector(k)
    model.compile("adam", "mse")
    model.fit(np.ones((2, 4)), np.zeros((2, 2)), verbose=0)
    path = folder / "keras3-trained.h5"
    model.save(path)
    model.save(path.with_suffix(".keras"))
    write_answer(model, path, 2)

    tf_keras.backend.clear_session()
    model = vector(tf_keras)
    path = folder / "keras2-newest-hdf5.h5"
    save_in_newest_form(model, path)
    write_answer(model, path, 3)

    # With names in a heap and values in compressed chunks, as other tools leave them.
    tf_keras.backend.clear_session()
    model = deep(tf_keras)
    randomize(model, 4)
    path = folder / "keras2-repacked.h5"
    save_in_newest_form(model, path, repack)
    write_answer(model, path, 4)

    keras.backend.clear_session()
    refused(keras).save(folder / "keras3-refused.h5")
    vector(keras).save_weights(folder / "keras3-only.weights.h5")
    vector(tf_keras).save_weights(folder / "keras2-only-weights.h5")


def save_in_newest_form(model, path, change=lambda file: None):
    """In HDF5's newest form: superblock 3, object headers 2, link messages."""
    from tf_keras.src.saving.legacy import hdf5_format

    with h5py.File(path, "w", libver="latest") as file:
        hdf5_format.save_model_to_hdf5(model, file)
        change(file)


def repack(file):
    """Chunks and compresses each dataset; lists of names become lists of any length."""
    weights = file["model_weights"]
    paths = []
    weights.visititems(
        lambda path, item: paths.append(path) if isinstance(item, h5py.Dataset) else None
    )
    for path in paths:
        values = weights[path][()]
        del weights[path]
        chunks = tuple(min(3, extent) for extent in values.shape)
        weights.create_dataset(path, data=values, chunks=chunks, compression="gzip", shuffle=True)
    for group in weights.values():
        names = group.attrs["weight_names"].astype("U").tolist()
        group.attrs["weight_names"] = np.array(names, dtype=h5py.string_dtype())


def check(folder):
    differing = 0
    files = sorted(folder.glob("*.h5")) + sorted(folder.glob("*.keras"))
    for path in files:
        answer = json.loads(path.with_suffix(".json").read_text())
        for version, k in VERSIONS.items():
            model = k.models.load_model(path, compile=False)
            shape = (1,) + tuple(model.input_shape[1:])
            values = np.array(answer["input"], dtype="float32").reshape(shape)
            output = run(model, values)
            difference = np.abs(output.ravel() - np.array(answer["output"])).max()
            agrees = output.size == len(answer["output"]) and difference <= TOLERANCE
            goes_on = trains_on(model, values)
            differing += not (agrees and goes_on)
            print(
                f"{path.name:20} {version}: largest difference {difference:.1e}, "
                f"{'agrees' if agrees else 'DIFFERS'}, "
                f"{'trains on' if goes_on else 'DOES NOT TRAIN'}"
            )
    if not files:
        sys.exit(f"{folder} has no model file")
    if differing:
        sys.exit(f"{differing} of {2 * len(files)} answers differ by more than {TOLERANCE}")


def trains_on(model, values):
    """Whether one step of training changes the weights, to numbers."""
    before = [weight.numpy() for weight in model.trainable_weights]
    model.compile("sgd", "mse")
    model.fit(values, np.ones((1,) + tuple(model.output_shape[1:])), verbose=0)
    after = [weight.numpy() for weight in model.trainable_weights]
    moved = any((a != b).any() for a, b in zip(before, after))
    return moved and all(np.isfinite(a).all() for a in after)


if __name__ == "__main__":
    commands = {"make": make, "check": check}
    if len(sys.argv) != 3 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    commands[sys.argv[1]](Path(sys.argv[2]))
