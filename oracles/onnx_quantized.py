"""onnxruntime as oracle of quantized networks as .onnx, those of others and those of Gannet.

    python oracles/onnx_quantized.py make FOLDER    networks that onnxruntime's quantizer wrote, in
                                                    pairs of roundings and in operators of
                                                    integers, and one that PyTorch trained with
                                                    rounding, each with inputs and onnxruntime's
                                                    outputs in a .json
    python oracles/onnx_quantized.py check FOLDER   runs every quantized .onnx of Gannet in FOLDER,
                                                    and compares with what LiteRT gave, which is in
                                                    the .json beside it

onnxruntime computes between the pairs in real numbers, or in integers whose sums it multiplies by
one number of single precision; LiteRT rounds twice. So a value is now and then one step away, and
what is computed from it some steps more. The largest distance is printed, with how many outputs
are the same.

The files in crates/gannet-formats/tests/fixtures/onnx-quantized were made by `make`.
"""

import json
import logging
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

# Of int8, at the end of networks of some ten layers: the most that was found.
STEPS = 2
# Images of each network.
IMAGES = 4
SHAPE = (1, 2, 8, 8)


def torch_network():
    """A network with what quantizers treat differently: functions behind convolutions, a sum, a
    product, branches side by side, means and dense layers."""
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Conv2d(2, 4, 3, padding=1)
            self.depthwise = nn.Conv2d(4, 4, 3, padding=1, groups=4)
            self.pointwise = nn.Conv2d(4, 4, 1)
            self.side = nn.Conv2d(4, 2, 3, padding=1, stride=2)
            self.hidden, self.head = nn.Linear(6 * 4, 8), nn.Linear(8, 3)

        def forward(self, x):
            x = nn.functional.max_pool2d(torch.relu(self.stem(x)), 2)
            x = torch.relu(x + self.pointwise(torch.relu(self.depthwise(x))))
            x = x * torch.sigmoid(self.pointwise(x))
            x = torch.cat([nn.functional.avg_pool2d(x, 2), self.side(x)], dim=1)
            x = nn.functional.leaky_relu(self.hidden(x.flatten(1)), 0.125)
            return self.head(x)

    torch.manual_seed(3)
    return Network().eval()


def images(count):
    generator = np.random.default_rng(7)
    return [generator.uniform(-1, 1, SHAPE).astype(np.float32) for _ in range(count)]


def quantized_by_onnxruntime(folder):
    """Networks of onnxruntime's quantizer: name and path."""
    import torch
    from onnxruntime import quantization as q

    class Reader(q.CalibrationDataReader):
        def __init__(self, name):
            self.inputs = iter([{name: image} for image in images(16)])

        def get_next(self):
            return next(self.inputs, None)

    real = folder / "real.onnx"
    torch.onnx.export(torch_network(), torch.zeros(SHAPE), real, dynamo=False, opset_version=17)
    name = onnx.load(real).graph.input[0].name
    for form in ("QDQ", "QOperator"):
        for activation in ("QInt8", "QUInt8"):
            for per_channel in (False, True):
                words = [form, activation[1:]] + ["per-channel"] * per_channel
                path = folder / f"{'-'.join(words).lower()}.onnx"
                q.quantize_static(
                    real,
                    path,
                    Reader(name),
                    quant_format=q.QuantFormat[form],
                    activation_type=q.QuantType[activation],
                    weight_type=q.QuantType.QInt8,
                    per_channel=per_channel,
                    # What onnxruntime's own documentation advises against saturation.
                    reduce_range=form == "QOperator",
                )
                yield path.stem, onnx.load(path)


def trained_by_pytorch(folder):
    """A network of PyTorch with rounding in its training: the weights in the file are real
    numbers, which are rounded when it runs."""
    import torch
    from torch import nn
    from torch.ao import quantization as q

    network = nn.Sequential(
        q.QuantStub(),
        nn.Conv2d(2, 4, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64, 5),
        nn.ReLU(),
        nn.Linear(5, 3),
    )
    torch.manual_seed(1)
    network = q.fuse_modules_qat(network.train(), [["1", "2"], ["5", "6"]])
    network.qconfig = q.QConfig(
        activation=q.FakeQuantize.with_args(
            observer=q.MovingAverageMinMaxObserver, quant_min=0, quant_max=255, dtype=torch.quint8
        ),
        weight=q.FakeQuantize.with_args(
            observer=q.PerChannelMinMaxObserver,
            quant_min=-128,
            quant_max=127,
            dtype=torch.qint8,
            qscheme=torch.per_channel_symmetric,
            ch_axis=0,
        ),
    )
    network = q.prepare_qat(network)
    for image in images(16):
        network(torch.from_numpy(image))
    network.eval().apply(q.disable_observer)
    path = folder / "pytorch.onnx"
    torch.onnx.export(network, torch.zeros(SHAPE), path, dynamo=False, opset_version=17)
    yield "pytorch", onnx.load(path)


def with_integer_ends(model):
    """The network without its first and its last rounding, which takes and gives integers."""
    graph = model.graph
    first = next(n for n in graph.node if n.input and n.input[0] == graph.input[0].name)
    last = next(n for n in graph.node if n.output[0] == graph.output[0].name)
    assert (first.op_type, last.op_type) == ("QuantizeLinear", "DequantizeLinear")
    zero = next(t for t in graph.initializer if t.name == first.input[2])
    graph.input[0].name, graph.output[0].name = first.output[0], last.input[0]
    for end in (graph.input[0], graph.output[0]):
        end.type.tensor_type.elem_type = zero.data_type
    graph.node.remove(first)
    graph.node.remove(last)
    return model


def plain_options():
    """Each node computed as ONNX says: kernels that saturate sums of two products at 16 bits,
    which onnxruntime takes where a processor has no better ones, left out."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.add_session_config_entry("session.x64quantprecision", "1")
    return options


def make(folder):
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        temporary = Path(temporary)
        models = dict(quantized_by_onnxruntime(temporary)) | dict(trained_by_pytorch(temporary))
        for name in ("qdq-int8", "qoperator-uint8"):
            models[f"{name}-ends"] = with_integer_ends(onnx.load(temporary / f"{name}.onnx"))
    for name, model in models.items():
        del model.graph.value_info[:]
        for node in model.graph.node:
            node.doc_string = ""
        path = folder / f"{name}.onnx"
        path.write_bytes(model.SerializeToString())
        session = onnxruntime.InferenceSession(
            path, plain_options(), providers=["CPUExecutionProvider"]
        )
        (taken,), (given,) = session.get_inputs(), session.get_outputs()
        inputs, outputs = images(IMAGES), []
        if "int8" in taken.type:
            generator = np.random.default_rng(5)
            dtype = np.uint8 if "uint8" in taken.type else np.int8
            info = np.iinfo(dtype)
            inputs = [
                generator.integers(info.min, info.max + 1, SHAPE).astype(dtype) for _ in inputs
            ]
        for image in inputs:
            outputs.append(session.run(None, {taken.name: image})[0])
        step = 1.0 if "int8" in given.type else last_scale(model)
        answer = {
            "step": step,
            "inputs": [image.reshape(-1).tolist() for image in inputs],
            "outputs": [output.reshape(-1).tolist() for output in outputs],
        }
        path.with_suffix(".json").write_text(json.dumps(answer))
        print(name, path.stat().st_size, "bytes")


def last_scale(model):
    """What a step of the output stands for."""
    last = next(n for n in model.graph.node if n.output[0] == model.graph.output[0].name)
    tensors = {t.name: t for t in model.graph.initializer}
    return onnx.numpy_helper.to_array(tensors[last.input[1]]).item()


def channels_first(image):
    """An image of Gannet, [height, width, channels], in ONNX's order."""
    return image.transpose(0, 3, 1, 2)


def compare(path):
    """The distances of all outputs from what is expected, in steps of the output."""
    onnx.checker.check_model(str(path), full_check=True)
    answer = json.loads(path.with_suffix(".json").read_text())
    options = onnxruntime.SessionOptions()
    # Pairs as they are: kernels that fuse them may saturate sums at 16 bits.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(path, options, providers=providers)
    (taken,), (given,) = session.get_inputs(), session.get_outputs()
    kind = {"tensor(int8)": np.int8, "tensor(uint8)": np.uint8}.get(taken.type, np.float32)
    step = 1.0
    if "int8" not in given.type:
        step = last_scale(onnx.load(path))
    distances = []
    for values, expected in zip(answer["inputs"], answer["outputs"]):
        image = np.array(values, dtype=kind)
        channels, height, width = taken.shape[1:]
        image = channels_first(image.reshape(1, height, width, channels))
        (found,) = session.run(None, {taken.name: image})
        if found.ndim == 4:
            found = found.transpose(0, 2, 3, 1)
        difference = found.reshape(-1).astype(np.float64) - np.array(expected)
        distances.extend(np.abs(difference / step).round().astype(int))
    return np.array(distances)


def check(folder):
    paths = sorted(folder.glob("*.onnx"))
    # A float network is compared by onnx_models.py.
    paths = [path for path in paths if "int8" in path.stem]
    far = []
    for path in paths:
        distances = compare(path)
        same = np.mean(distances == 0)
        print(f"{path.stem:28} {same:6.1%} the same, at most {distances.max()} steps away")
        if distances.max() > STEPS:
            far.append(path.name)
    if not paths:
        sys.exit(f"no quantized .onnx in {folder}")
    if far:
        sys.exit(f"onnxruntime differs by more than {STEPS} steps: {', '.join(far)}")


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("make", "check"):
        sys.exit(__doc__)
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    {"make": make, "check": check}[sys.argv[1]](Path(sys.argv[2]))
