"""What exporters write as ONNX, and onnxruntime, as oracles of Gannet's ONNX files.

    python oracles/onnx_models.py make FOLDER    networks of PyTorch by both of its exporters,
                                                 of Keras by its own, of TensorFlow by tf2onnx
                                                 and of scikit-learn by skl2onnx, each with an
                                                 input and the framework's output in a .json
    python oracles/onnx_models.py check FOLDER   opens every .onnx of Gannet in FOLDER with
                                                 onnx's checker and onnxruntime and compares
                                                 with the output in the .json beside it

The files in crates/gannet-formats/tests/fixtures/onnx were made by `make`.
"""

import json
import logging
import os
import sys
import tempfile
import warnings
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
warnings.filterwarnings("ignore")

import numpy as np
import onnx

TOLERANCE = 1e-5


def save(folder, name, model, image, output):
    """Writes a model with an input and what the framework gives for it."""
    for extra in (model.graph.value_info, model.metadata_props):
        del extra[:]
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    (folder / f"{name}.onnx").write_bytes(model.SerializeToString())
    answer = {
        "input_dims": list(image.shape),
        "input": [float(x) for x in image.reshape(-1)],
        "output": [float(x) for x in np.asarray(output).reshape(-1)],
    }
    (folder / f"{name}.json").write_text(json.dumps(answer))
    print(name, (folder / f"{name}.onnx").stat().st_size, "bytes")


def torch_models():
    """Networks of PyTorch and an input of each."""
    import torch
    from torch import nn

    class Residual(nn.Module):
        """Normalization, a depthwise convolution, a sum, a mean over the image."""

        def __init__(self):
            super().__init__()
            self.stem = nn.Sequential(
                nn.Conv2d(3, 6, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(6), nn.ReLU()
            )
            self.depthwise = nn.Conv2d(6, 6, 3, padding=1, groups=6)
            self.pointwise = nn.Conv2d(6, 6, 1)
            self.head = nn.Linear(6, 4)

        def forward(self, x):
            x = self.stem(x)
            x = x + self.pointwise(torch.relu(self.depthwise(x)))
            x = torch.nn.functional.avg_pool2d(torch.relu(x), 2)
            return self.head(x.mean(dim=(2, 3))).softmax(dim=1)

    class Viewed(nn.Module):
        """A view whose batch is computed, in front of dense layers; branches side by side."""

        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Conv2d(1, 3, 3, padding=1), nn.Conv2d(1, 2, 5, padding=2)
            self.first, self.second = nn.Linear(5 * 4 * 3, 8), nn.Linear(8, 3)

        def forward(self, x):
            x = torch.cat([self.a(x), torch.sigmoid(self.b(x))], dim=1)
            x = nn.functional.max_pool2d(x, 2)
            x = x.view(x.size(0), -1)
            return self.second(nn.functional.leaky_relu(self.first(x), 0.1))

    class Sequence(nn.Module):
        """Convolution of a sequence."""

        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(
                nn.Conv1d(3, 5, 3, padding=1),
                nn.BatchNorm1d(5),
                nn.ReLU(),
                nn.MaxPool1d(2),
                nn.Flatten(),
                nn.Linear(5 * 6, 4),
                nn.BatchNorm1d(4),
                nn.Sigmoid(),
            )

        def forward(self, x):
            return self.layers(x)

    dense = nn.Sequential(
        nn.Flatten(), nn.Linear(12, 6), nn.ReLU6(), nn.Dropout(0.3), nn.Linear(6, 2, bias=False)
    )
    yield "residual", Residual(), (3, 8, 10)
    yield "viewed", Viewed(), (1, 8, 6)
    yield "sequence", Sequence(), (3, 12)
    yield "dense", dense, (3, 2, 2)


def make_torch(folder):
    import torch

    torch.manual_seed(1)
    for name, model, shape in torch_models():
        for module in model.modules():
            if isinstance(module, (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)):
                module.running_mean.uniform_(-0.5, 0.5)
                module.running_var.uniform_(0.5, 2)
                module.weight.data.uniform_(0.5, 2)
                module.bias.data.uniform_(-0.5, 0.5)
        model.eval()
        image = torch.rand(2, *shape)
        output = model(image).detach().numpy()
        for exporter, dynamo in (("torchscript", False), ("dynamo", True)):
            path = folder / "exported.onnx"
            if dynamo:
                options = {"dynamic_shapes": ({0: torch.export.Dim("batch")},)}
            else:
                options = {
                    "input_names": ["image"],
                    "output_names": ["scores"],
                    "dynamic_axes": {"image": {0: "batch"}, "scores": {0: "batch"}},
                    "opset_version": 13,
                }
            torch.onnx.export(model, (image,), path, dynamo=dynamo, verbose=False, **options)
            exported = onnx.load(path)
            path.unlink()
            (folder / "exported.onnx.data").unlink(missing_ok=True)
            save(folder, f"torch-{exporter}-{name}", exported, image.numpy(), output)
        # A batch that is fixed, as the older exporter has it when nothing is said.
        if name == "viewed":
            path = folder / "exported.onnx"
            torch.onnx.export(model, (image[:1],), path, dynamo=False, opset_version=11)
            save(folder, f"torch-fixed-{name}", onnx.load(path), image[:1].numpy(), output[:1])
            path.unlink()


def keras_model(k):
    """Channels last, with uneven padding and everything in between."""
    layers = k.layers
    x = image = layers.Input((9, 8, 2), name="image")
    x = layers.Conv2D(4, 3, strides=2, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = trunk = layers.ReLU(max_value=6.0)(x)
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    x = layers.Add()([x, trunk])
    x = layers.Concatenate()([x, trunk])
    x = layers.MaxPooling2D(2, padding="same")(x)
    x = layers.LeakyReLU(0.2)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(6, activation="relu")(x)
    x = layers.Dropout(0.3)(x)
    x = layers.Dense(3, activation="softmax")(x)
    model = k.Model(image, x, name="keras-net")
    random = np.random.default_rng(3)
    model.set_weights([random.uniform(0.2, 0.8, w.shape) - 0.2 for w in model.get_weights()])
    return model


def make_keras(folder):
    import keras

    model = keras_model(keras)
    image = np.random.default_rng(4).random((2, 9, 8, 2), dtype=np.float32)
    output = model.predict(image, verbose=0)
    path = folder / "exported.onnx"
    model.export(path, format="onnx", verbose=False)
    save(folder, "keras-export", onnx.load(path), image, output)
    path.unlink()


def make_tf2onnx(folder):
    import tensorflow as tf
    import tf2onnx
    import tf_keras

    model = keras_model(tf_keras)
    image = np.random.default_rng(5).random((2, 9, 8, 2), dtype=np.float32)
    signature = [tf.TensorSpec((None, 9, 8, 2), tf.float32, name="image")]
    for name, options in (
        ("tf2onnx", {}),
        ("tf2onnx-nchw", {"inputs_as_nchw": ["image"]}),
    ):
        function = tf.function(lambda image: model(image), input_signature=signature)
        exported, _ = tf2onnx.convert.from_function(
            function, input_signature=signature, opset=15, **options
        )
        given = image.transpose(0, 3, 1, 2) if options else image
        save(folder, name, exported, given, model.predict(image, verbose=0))


def make_sklearn(folder):
    from skl2onnx import to_onnx
    from skl2onnx.helpers.onnx_helper import select_model_inputs_outputs
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    random = np.random.default_rng(6)
    x = random.random((40, 5)).astype(np.float32)
    networks = (
        ("classifier", MLPClassifier((6,), max_iter=30, random_state=1), x[:, 0] * 3 // 1),
        ("regressor", MLPRegressor(hidden_layer_sizes=(6, 4), activation="logistic", max_iter=30, random_state=1), x @ x[0]),
    )
    for name, network, y in networks:
        network.fit(x, y)
        if name == "classifier":
            exported = to_onnx(network, x[:1], options={"zipmap": False}, target_opset=15)
            exported = select_model_inputs_outputs(exported, "probabilities")
            output = network.predict_proba(x[:3])
        else:
            exported = to_onnx(network, x[:1], target_opset=15)
            output = network.predict(x[:3])
        save(folder, f"sklearn-{name}", exported, x[:3], output)


def make_moved(folder):
    """Parts of axes in another order, borders, and products with a matrix for each channel:
    what moves numbers when the network runs."""
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(8)
    weights = {
        "kernel": random.uniform(-1, 1, (4, 3, 2, 3)),
        "offsets": random.uniform(-1, 1, 6),
        "matrices": random.uniform(-1, 1, (5, 13, 3)),
        "summands": random.uniform(-1, 1, 3),
    }
    constants = [numpy_helper.from_array(w.astype(np.float32), n) for n, w in weights.items()]
    whole = {
        "border": [0, 0, 1, 2, 0, 0, 1, 1],
        "edges": [1, 0],
        "indices": [5, 0, -3, 1],
        "starts": [-1],
        "ends": [-100],
        "axes": [3],
        "steps": [-1],
        "channels": [1],
    }
    constants += [numpy_helper.from_array(np.array(v, np.int64), n) for n, v in whole.items()]
    constants.append(numpy_helper.from_array(np.array(1.5, np.float32), "number"))
    node = helper.make_node
    nodes = [
        node("Pad", ["image", "border"], ["a"], mode="reflect"),
        node("ConvTranspose", ["a", "kernel", "offsets"], ["b"], group=2, strides=[1, 2]),
        node("Gather", ["b", "indices"], ["c"], axis=1),
        node("Slice", ["c", "starts", "ends", "axes", "steps"], ["d"]),
        node("Pad", ["d", "edges", "number", "channels"], ["e"], mode="constant"),
        node("MatMul", ["e", "matrices"], ["f"]),
        node("Add", ["f", "summands"], ["g"]),
    ]
    of = lambda name, dims: helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
    image = random.random((2, 4, 3, 3)).astype(np.float32)
    shape = [2, 4, 3, 3]
    graph = helper.make_graph(nodes, "moved", [of("image", shape)], [of("g", None)], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    (output,) = session.run(None, {"image": image})
    save(folder, "moved-parts", model, image, output)


def make(folder):
    logging.disable(logging.WARNING)
    folder.mkdir(parents=True, exist_ok=True)
    for maker in (make_torch, make_keras, make_tf2onnx, make_sklearn, make_moved):
        maker(folder)


def check(folder):
    import onnxruntime

    checked = 0
    for path in sorted(folder.glob("*.onnx")):
        onnx.checker.check_model(str(path), full_check=True)
        answer = json.loads(path.with_suffix(".json").read_text())
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        (taken,), image = session.get_inputs(), np.array(answer["input"], dtype=np.float32)
        # Images are [height, width, channels] in Gannet.
        if len(taken.shape) == 4:
            channels, height, width = taken.shape[1:]
            image = image.reshape(1, height, width, channels).transpose(0, 3, 1, 2)
        else:
            image = image.reshape(1, *taken.shape[1:])
        (found,) = session.run(None, {taken.name: image})
        if found.ndim == 4:
            found = found.transpose(0, 2, 3, 1)
        expected = np.array(answer["output"], dtype=np.float32)
        difference = np.abs(found.reshape(-1) - expected).max()
        print(f"{path.stem:16} onnxruntime: {difference:.1e}")
        if found.size != expected.size or not difference <= TOLERANCE:
            sys.exit(f"{path.name}: onnxruntime and Gannet differ")
        checked += 1
    if not checked:
        sys.exit(f"no .onnx in {folder}")


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("make", "check"):
        sys.exit(__doc__)
    {"make": make, "check": check}[sys.argv[1]](Path(sys.argv[2]))
