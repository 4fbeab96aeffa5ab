"""LiteRT as oracle of Gannet's .tflite files and of its integer arithmetic.

    python oracles/tflite.py make FOLDER    networks as TensorFlow's converter writes them, each
                                            with inputs and outputs in a .json beside it
    python oracles/tflite.py tiny FOLDER    the same of integers, for networks of the shapes of
                                            MLPerf Tiny's (oracles/zoo.py)
    python oracles/tflite.py check FOLDER   runs every .tflite in FOLDER that has a .json beside
                                            it, and compares with the outputs there

Outputs come from LiteRT's reference kernels (BUILTIN_REF), whose integers Gannet has to give to
the bit. The files in crates/gannet-formats/tests/fixtures/tflite were made by `make`.
"""

import json
import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import flatbuffers
import numpy as np
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

# Single precision is summed in another order than Gannet's double precision.
TOLERANCE = 1e-5
INPUTS = 3

layers = tf.keras.layers


def image_layers():
    """Convolutions with every padding and stride, pooling, and the ends of a classifier."""
    x = image = layers.Input((9, 8, 2), batch_size=1, name="image")
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D(2, padding="same")(x)
    x = layers.Conv2D(6, (2, 3), strides=(2, 1), use_bias=False)(x)
    x = layers.ReLU(6.0)(x)
    x = layers.AveragePooling2D((1, 2), padding="same")(x)
    x = layers.Flatten()(x)
    x = layers.Dense(5, activation="relu")(x)
    x = layers.Dense(4)(x)
    x = layers.Softmax()(x)
    return tf.keras.Model(image, x)


def branches():
    """Depthwise convolutions, a residual sum, concatenation, padding and a global mean."""
    x = image = layers.Input((8, 7, 3), batch_size=1, name="image")
    x = layers.ZeroPadding2D(((1, 0), (0, 2)))(x)
    x = layers.Conv2D(4, 3, strides=2, padding="same")(x)
    x = trunk = layers.ReLU(max_value=6.0)(x)
    x = layers.DepthwiseConv2D(3, padding="same", activation="relu")(x)
    x = layers.Conv2D(4, 1)(x)
    x = layers.Add()([trunk, x])
    y = layers.DepthwiseConv2D((3, 2), depth_multiplier=2)(x)
    z = layers.AveragePooling2D((3, 2), strides=1)(x)
    x = layers.Concatenate()([y, z])
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(3, activation="sigmoid")(x)
    return tf.keras.Model(image, x)


def sums():
    """What the converter brings to 16 bits, without the functions that use tables there."""
    x = image = layers.Input((8, 7, 3), batch_size=1, name="image")
    x = layers.ZeroPadding2D(((1, 0), (0, 2)))(x)
    x = trunk = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.DepthwiseConv2D(3, padding="same")(x)
    x = layers.LeakyReLU(0.2)(x)
    x = layers.Add()([trunk, x])
    y = layers.DepthwiseConv2D((3, 2), depth_multiplier=2)(x)
    z = layers.AveragePooling2D((3, 2), strides=1)(x)
    x = layers.Concatenate()([y, z])
    x = layers.MaxPooling2D(2, strides=1)(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(3, activation="relu")(x)
    return tf.keras.Model(image, x)


def functions():
    """Activation functions that are operators of their own, products and differences."""
    x = image = layers.Input((5, 4, 3), batch_size=1, name="image")
    x = layers.Conv2D(4, 1)(x)
    y = layers.LeakyReLU(0.2)(x)
    z = layers.Activation("tanh")(x)
    w = layers.Activation("sigmoid")(x)
    x = layers.Multiply()([y, w])
    x = layers.Subtract()([x, z])
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    return tf.keras.Model(image, x)


def hard_swish():
    """The function of MobileNetV3, which the converter does not bring to 16 bits."""
    image = layers.Input((5, 4, 3), batch_size=1, name="image")
    x = layers.Conv2D(4, 1)(image)
    x = layers.Activation(lambda t: t * tf.nn.relu6(t + 3.0) * (1.0 / 6.0))(x)
    return tf.keras.Model(image, x)


def arithmetic():
    """What Gannet has in real numbers alone: constants, extremes, slopes, and the ways to make an
    image larger or to turn it."""
    x = image = layers.Input((4, 5, 3), batch_size=1, name="image")
    x = layers.Rescaling([0.5, 2.0, -1.0], offset=[0.1, 0.0, 0.3])(x)
    x = layers.Lambda(lambda t: 1.5 - t)(x)
    x = layers.Conv2DTranspose(4, 3, strides=2, padding="same")(x)
    x = layers.PReLU(shared_axes=[1, 2])(x)
    y = layers.Conv2DTranspose(4, (1, 2), strides=(1, 1), activation="relu")(
        layers.MaxPooling2D((1, 2), strides=1)(x)
    )
    z = layers.Multiply()([x, y])
    x = layers.Subtract()([layers.Maximum()([x, y, z]), layers.Minimum()([y, z])])
    x = layers.Lambda(lambda t: tf.image.resize(t, (16, 10), method="nearest"))(x)
    mean = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Multiply()([x, mean])
    x = layers.Permute((2, 1, 3))(x)
    x = layers.Reshape((16, 10, 4))(x)
    x = layers.GlobalMaxPooling2D()(x)
    return tf.keras.Model(image, x)


def larger():
    """What makes an image larger in integers, channels in groups, slopes and extremes."""
    x = image = layers.Input((4, 5, 4), batch_size=1, name="image")
    x = layers.Conv2D(6, 3, padding="same", groups=2, activation="relu")(x)
    x = layers.Conv2DTranspose(4, 3, strides=2, padding="same")(x)
    x = layers.PReLU(shared_axes=[1, 2])(x)
    y = layers.Conv2DTranspose(4, (2, 3), strides=(1, 2), activation="relu")(
        layers.MaxPooling2D((2, 4), strides=(1, 2))(x)
    )
    z = layers.Conv2D(4, (1, 2))(x)
    x = layers.Maximum()([y, z])
    x = layers.Add()([x, layers.Minimum()([y, z])])
    x = layers.Lambda(lambda t: tf.image.resize(t, (16, 27), method="nearest"))(x)
    x = layers.AveragePooling2D((3, 2))(x)
    return tf.keras.Model(image, x)


def wide():
    """What the converter brings to 16 bits of the same."""
    x = image = layers.Input((3, 3, 4), batch_size=1, name="image")
    x = layers.Conv2D(6, 3, padding="same", groups=2, activation="relu")(x)
    x = layers.Conv2DTranspose(4, 3, strides=2, padding="same")(x)
    y = layers.Conv2D(4, 1)(x)
    x = layers.Add()([layers.Maximum()([x, y]), layers.Minimum()([x, y])])
    x = layers.Lambda(lambda t: tf.image.resize(t, (6, 12), method="nearest"))(x)
    return tf.keras.Model(image, x)


def wide_functions():
    """The functions that are tables of 16 bits, on small and on large arguments."""
    x = image = layers.Input((6, 5, 3), batch_size=1, name="image")
    x = layers.Conv2D(4, 1)(x)
    y = layers.Activation("sigmoid")(x)
    z = layers.Activation("tanh")(x)
    w = layers.Activation("tanh")(layers.Conv2D(4, 1)(y))
    x = layers.Concatenate()([y, z, w, layers.Softmax()(x)])
    return tf.keras.Model(image, x)


FLOAT = ["float", "float16"]
INT8 = ["int8", "int8-float-ends", "uint8-ends", "int8-per-tensor"]
NETWORKS = {
    "image": (image_layers, FLOAT + INT8),
    "branches": (branches, FLOAT + INT8),
    "sums": (sums, ["int8", "int16"]),
    "functions": (functions, INT8),
    "arithmetic": (arithmetic, FLOAT),
    "larger": (larger, INT8),
    "wide": (wide, ["int16"]),
    "wide-functions": (wide_functions, ["int16"]),
    "hard-swish": (hard_swish, FLOAT + INT8),
}


def converted(model, kind, generator):
    """The file of `model` in one of the kinds of arithmetic."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    shape = model.inputs[0].shape[1:]
    pictures = [
        generator.uniform(-1.0, 1.0, (1, *shape)).astype(np.float32) for _ in range(50)
    ]
    if kind == "float":
        return converter.convert()
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if kind == "float16":
        converter.target_spec.supported_types = [tf.float16]
        return converter.convert()
    converter.representative_dataset = lambda: ([picture] for picture in pictures)
    if kind == "int16":
        converter.target_spec.supported_ops = [
            tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        ]
    else:
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        if kind == "int8":
            converter.inference_input_type = tf.int8
            converter.inference_output_type = tf.int8
        if kind == "uint8-ends":
            converter.inference_input_type = tf.uint8
            converter.inference_output_type = tf.uint8
        if kind == "int8-per-tensor":
            converter._experimental_disable_per_channel = True
    return converter.convert()


def run(content, inputs):
    """What the reference kernels give for each input."""
    interpreter = Interpreter(
        model_content=content,
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
    )
    interpreter.allocate_tensors()
    taken, given = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    outputs = []
    for values in inputs:
        tensor = np.asarray(values, dtype=taken["dtype"]).reshape(taken["shape"])
        interpreter.set_tensor(taken["index"], tensor)
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(given["index"]).flatten())
    return outputs


CONV_2D = schema.BuiltinOperator.CONV_2D
FULLY_CONNECTED = schema.BuiltinOperator.FULLY_CONNECTED

# Operators whose weights LiteRT takes in so few bits.
FEW_BITS = {
    4: (schema.TensorType.INT4, [CONV_2D, FULLY_CONNECTED]),
    2: (schema.TensorType.INT2, [FULLY_CONNECTED]),
}


def of_bits(content, bits, generator):
    """The same file of int8 with random weights of so few bits, packed from the lowest on."""
    element, operators = FEW_BITS[bits]
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    (graph,) = model.subgraphs
    for node in graph.operators:
        if model.operatorCodes[node.opcodeIndex].builtinCode not in operators:
            continue
        weights = graph.tensors[node.inputs[1]]
        half, in_byte = 1 << (bits - 1), 8 // bits
        values = generator.integers(-half, half, int(np.prod(weights.shape)))
        values = np.pad(values, (0, -len(values) % in_byte)).reshape(-1, in_byte) & (2 * half - 1)
        places = bits * np.arange(in_byte)
        model.buffers[weights.buffer].data = (values << places).sum(axis=1).astype(np.uint8)
        weights.type = element
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def inputs_of(content, generator):
    """Random inputs for a file, the extremes of its type among them."""
    interpreter = Interpreter(
        model_content=content,
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
    )
    taken = interpreter.get_input_details()[0]
    size = int(np.prod(taken["shape"]))
    if taken["dtype"] == np.float32:
        return [
            generator.uniform(-1.2, 1.2, size).round(3).astype(np.float32)
            for _ in range(INPUTS)
        ]
    limits = np.iinfo(taken["dtype"])
    return [
        generator.integers(limits.min, limits.max + 1, size).astype(taken["dtype"])
        for _ in range(INPUTS)
    ]


def numbers(values):
    """As short as they can be told apart."""
    if values.dtype == np.float32:
        return [float(f"{value:.9g}") for value in values]
    return values.tolist()


def store(folder, name, content, generator):
    """Writes a file with inputs and the outputs for them."""
    inputs = inputs_of(content, generator)
    outputs = run(content, inputs)
    (folder / f"{name}.tflite").write_bytes(content)
    answer = {
        "inputs": [numbers(values) for values in inputs],
        "outputs": [numbers(values) for values in outputs],
    }
    (folder / f"{name}.json").write_text(json.dumps(answer) + "\n")
    print(name, len(content), "bytes")


def make(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, (network, kinds) in NETWORKS.items():
        generator = np.random.default_rng(7)
        tf.keras.utils.set_random_seed(7)
        model = network()
        for weight in model.weights:
            weight.assign(generator.normal(0.0, 0.5, weight.shape))
        for kind in kinds:
            content = converted(model, kind, generator)
            store(folder, f"{name}-{kind}", content, generator)
    few_bits(folder)


def few_bits(folder):
    content = (folder / "image-int8.tflite").read_bytes()
    for bits in FEW_BITS:
        generator = np.random.default_rng(7)
        store(folder, f"image-int{bits}", of_bits(content, bits, generator), generator)


def tiny(folder):
    import zoo

    folder.mkdir(parents=True, exist_ok=True)
    for network in (zoo.resnet_8, zoo.ds_cnn, zoo.mobilenet_v1, zoo.autoencoder):
        generator = np.random.default_rng(7)
        model = network()
        zoo.randomize(model, generator)
        # Of one image, or the converter leaves arithmetic on shapes in the file.
        image = layers.Input(batch_shape=(1, *model.inputs[0].shape[1:]))
        model = tf.keras.Model(image, model(image))
        content = converted(model, "int8", generator)
        store(folder, f"{network.__name__.replace('_', '-')}-int8", content, generator)


def check(folder):
    checked = 0
    for path in sorted(folder.glob("*.tflite")):
        answer = json.loads(path.with_suffix(".json").read_text())
        found = run(path.read_bytes(), answer["inputs"])
        for output, expected in zip(found, answer["outputs"]):
            expected = np.asarray(expected, dtype=output.dtype)
            if output.dtype == np.float32:
                difference = np.abs(output - expected).max()
            else:
                difference = np.abs(output.astype(np.int64) - expected.astype(np.int64)).max()
            if difference > (TOLERANCE if output.dtype == np.float32 else 0):
                sys.exit(f"{path.name}: LiteRT differs by {difference}")
        checked += 1
    if checked == 0:
        sys.exit(f"no .tflite in {folder}")
    print(f"{checked} files: LiteRT gives the same")


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("make", "tiny", "check"):
        sys.exit(__doc__)
    {"make": make, "tiny": tiny, "check": check}[sys.argv[1]](Path(sys.argv[2]))
