"""ONNX's own backend tests as oracles of Gannet's import.

    python oracles/onnx_backend.py            every case of the node tests, of those converted
                                              from PyTorch and of PyTorch's operators
    python oracles/onnx_backend.py WORD ...   those alone whose names hold one of the words

A network of Gannet has one input, so a case with several is asked in several forms: with each of
them as the input and the others in the file as constants, and with all of them cut from one
input. A case of several outputs is asked for each output. It passes if it does in one form for
every output; it is refused if Gannet names what stands in the way; it fails if anything else
happens in any form.
"""

import collections
import json
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.backend.test.loader import load_model_tests

ROOT = Path(__file__).resolve().parent.parent
KINDS = ["node", "pytorch-converted", "pytorch-operator"]
CLAIMED = """
    Add AveragePool BatchNormalization Cast Clip Concat Conv ConvTranspose DequantizeLinear Div
    Dropout Elu Flatten Gather Gelu Gemm GlobalAveragePool GlobalMaxPool HardSigmoid HardSwish
    Identity LeakyRelu LogSoftmax MatMul Max MaxPool Min Mul Neg PRelu Pad QLinearConv
    QLinearMatMul QuantizeLinear ReduceMax ReduceMean Relu Reshape Resize Selu Sigmoid Slice
    Softmax Softplus Split Squeeze Sub Sum Swish Tanh Transpose Unsqueeze Upsample
""".split()
# Nodes of these may have several inputs that are computed.
SYMMETRIC = {"Add", "Sub", "Mul", "Div", "Sum", "Max", "Min", "Mean", "Concat", "Pow"}
NARROW = {TensorProto.INT8, TensorProto.UINT8, TensorProto.INT16, TensorProto.UINT16}
FLOATS = {TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.BFLOAT16}


def array(value):
    """A tensor as an array; anything else as it is."""
    return numpy_helper.to_array(value) if isinstance(value, TensorProto) else value


def load(case):
    """The model of a case, and its inputs and outputs as arrays."""
    if case.model is not None:
        return case.model, [[list(map(array, part)) for part in data] for data in case.data_sets]
    folder = Path(case.model_dir)
    model = onnx.load(folder / "model.onnx")
    sets = []
    for data in sorted(folder.glob("test_data_set_*")):
        read = lambda kind, infos: [
            numpy_helper.to_array(onnx.load_tensor(data / f"{kind}_{i}.pb"))
            for i in range(len(infos))
        ]
        sets.append((read("input", open_inputs(model)), read("output", model.graph.output)))
    return model, sets


def open_inputs(model):
    """The inputs that are no weights of the file."""
    known = {tensor.name for tensor in model.graph.initializer}
    return [info for info in model.graph.input if info.name not in known]


def element(info):
    return info.type.tensor_type.elem_type


def with_constants(model, arrays, kept):
    """The model with every input but `kept` as a constant in the file."""
    new = onnx.ModelProto()
    new.CopyFrom(model)
    del new.graph.input[:]
    for info, array in zip(open_inputs(model), arrays):
        if info.name in kept:
            new.graph.input.add().CopyFrom(info)
        elif isinstance(array, (np.ndarray, np.generic)):
            tensor = numpy_helper.from_array(np.asarray(array), info.name)
            tensor.data_type = element(info) or tensor.data_type
            new.graph.initializer.append(tensor)
    return new


def packed(model, arrays, inputs):
    """The model with the inputs cut from one vector."""
    new = with_constants(model, arrays, {info.name for info in inputs})
    del new.graph.input[:]
    opset = max(model.opset_import[0].version, 13)
    new.opset_import[0].version = opset
    nodes, start, parts = [], 0, []
    constant = lambda name, numbers: new.graph.initializer.append(
        numpy_helper.from_array(np.array(numbers, dtype=np.int64), name)
    )
    for info in inputs:
        array = arrays[[i.name for i in open_inputs(model)].index(info.name)]
        end = start + array.size
        constant(f"{info.name}/start", [start])
        constant(f"{info.name}/end", [end])
        constant(f"{info.name}/shape", list(array.shape))
        names = ["packed", f"{info.name}/start", f"{info.name}/end"]
        nodes.append(helper.make_node("Slice", names, [f"{info.name}/cut"]))
        shape = [f"{info.name}/cut", f"{info.name}/shape"]
        nodes.append(helper.make_node("Reshape", shape, [info.name]))
        parts.append(array.astype(np.float32).reshape(-1))
        start = end
    kind = element(inputs[0]) if element(inputs[0]) in NARROW else TensorProto.FLOAT
    new.graph.input.append(helper.make_tensor_value_info("packed", kind, [start]))
    nodes.extend(new.graph.node)
    del new.graph.node[:]
    new.graph.node.extend(nodes)
    return new, np.concatenate(parts)


def forms(model, arrays):
    """The forms in which a case is asked: name, model, input."""
    inputs = open_inputs(model)
    computed = [
        info
        for info, array in zip(inputs, arrays)
        if element(info) in FLOATS and np.size(array)
    ]
    kept = inputs[:1] + [info for info in computed if info is not inputs[0]]
    found = []
    for info in kept:
        place = [other.name for other in inputs].index(info.name)
        numbers = as_numbers(arrays[place])
        found.append((info.name, with_constants(model, arrays, {info.name}), numbers))
    if not inputs:
        found.append(("constants", with_constants(model, arrays, set()), np.zeros(0)))
    # Integers of one type that real numbers hold, side by side, are chosen from as well.
    types = {element(info) for info in inputs}
    together = inputs if len(types) == 1 and types <= NARROW else computed
    if len(together) > 1 and can_be_packed(model):
        new, vector = packed(model, arrays, together)
        found.append(("packed", new, vector))
    return found


def as_numbers(value):
    """An input as an array of numbers; an empty one if it is none."""
    numbers = value if isinstance(value, np.ndarray) else np.zeros(0)
    if numbers.dtype.kind in "fiub":
        return numbers
    return numbers.astype(np.float32) if numbers.dtype.kind == "V" else np.zeros(0)


def can_be_packed(model):
    """Whether the nodes may have several computed inputs, and mean the same in version 13."""
    if not {node.op_type for node in model.graph.node} & SYMMETRIC:
        return False
    old = model.opset_import[0].version < 7
    return not old or not any(
        attribute.name == "broadcast"
        for node in model.graph.node
        for attribute in node.attribute
    )


def write(folder, name, model, array, output, expected, case):
    """One case in the folder."""
    alone = onnx.ModelProto()
    alone.CopyFrom(model)
    del alone.graph.output[:]
    alone.graph.output.add().CopyFrom(output)
    (folder / f"{name}.onnx").write_bytes(alone.SerializeToString())
    as_floats = lambda x: np.ascontiguousarray(x, dtype=np.float32).tobytes()
    (folder / f"{name}.in").write_bytes(as_floats(array))
    try:
        values = as_floats(np.asarray(expected))
    except (TypeError, ValueError):
        values = b""
    (folder / f"{name}.out").write_bytes(values)
    return {"name": name, "rtol": case.rtol, "atol": case.atol}


def main():
    warnings.filterwarnings("ignore")
    words = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        entries, cases = [], {}
        for kind in KINDS:
            for case in load_model_tests(kind=kind):
                if words and not any(word in case.name for word in words):
                    continue
                model, sets = load(case)
                operators = {node.op_type for node in model.graph.node}
                name = f"{kind}.{case.name}"
                asked = cases[name] = {
                    "kind": kind,
                    "claimed": operators <= set(CLAIMED),
                    "operators": operators,
                    "parts": collections.defaultdict(list),
                }
                for number, (arrays, outputs) in enumerate(sets):
                    for form, new, array in forms(model, arrays):
                        for i, output in enumerate(model.graph.output):
                            part = f"{name}.{number}.{form}.{i}"
                            asked["parts"][form].append(part)
                            entries.append(
                                write(folder, part, new, array, output, outputs[i], case)
                            )
        (folder / "cases.json").write_text(json.dumps(entries))
        cargo = os.environ.get("CARGO", "cargo")
        command = [cargo, "run", "--quiet", "--package", "gannet-formats"]
        command += ["--example", "onnx_backend", "--", str(folder)]
        print(len(entries), "networks", flush=True)
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    results = {}
    for line in done.stdout.decode().splitlines():
        result = json.loads(line)
        results[result["name"]] = result
    report(cases, results, bool(words))


# Why a case is refused: the first whose words its obstacles hold.
REASONS = [
    ("numbers of a type that no layer computes with, or casts to one",
     ["elements of float32", "tensors of numbers", "Cast: to", "a tensor of numbers",
      "a float32"]),
    ("arithmetic of whole numbers, which wraps around", ["real numbers; put a Cast"]),
    ("images of three spatial extents", ["[batch, channels, height, width] or"]),
    ("training", ["training_mode"]),
    ("scales by channel, by block or computed, or types other than int8 and uint8",
     ["QuantizeLinear", "DequantizeLinear", "QLinear", "quantization"]),
    ("several outputs", ["the first output alone"]),
    ("tensors without elements", ["extents that are fixed and not 0", "one value or more",
                                  "the shape [3, 4, 0]"]),
    ("enlargement by other than whole factors, or by interpolation", ["Resize", "Upsample"]),
]


def reason(obstacles):
    """The reason that obstacles tell of."""
    words = [f"{o['class']}: {o['attribute']} is {o['value']}, {o['supported']}" for o in obstacles]
    for name, marks in REASONS:
        if any(mark in word for mark in marks for word in words):
            return name
    return "other: " + (words[0][:100] if words else "")


def verdict(case, results):
    """Passed, refused or failed, and a result that says why."""
    forms = [[results[part] for part in parts] for parts in case["parts"].values()]
    every = [result for form in forms for result in form]
    for result in every:
        if result["result"] == "failed":
            return "failed", result
    for form in forms:
        if form and all(result["result"] == "passed" for result in form):
            return "passed", form[0]
    refused = [result for result in every if result["result"] == "refused"]
    return "refused", refused[0] if refused else {"obstacles": []}


def report(cases, results, verbose):
    """Prints what came of it; ends with an error if a case failed."""
    counts = collections.defaultdict(collections.Counter)
    reasons, operators = collections.Counter(), collections.defaultdict(collections.Counter)
    failures = []
    for name, case in sorted(cases.items()):
        what, result = verdict(case, results)
        counts[case["kind"]][what] += 1
        if case["claimed"]:
            counts["claimed operators"][what] += 1
            for operator in case["operators"]:
                operators[operator][what] += 1
        if what == "failed":
            failures.append(f"{name}: {result['why']} {result.get('layers', '')}")
        if what == "refused" and case["claimed"]:
            reasons[reason(result["obstacles"])] += 1
        if verbose:
            print(what, name, result.get("layers", result.get("obstacles", result.get("why"))))
    print("\nrefused, of claimed operators, by reason")
    for why, count in reasons.most_common():
        print(f"{count:5} {why}")
    print("\noperator              passed refused failed")
    for operator, count in sorted(operators.items()):
        print(f"{operator:21} {count['passed']:6} {count['refused']:7} {count['failed']:6}")
    print("\ncases                 passed refused failed")
    for kind, count in counts.items():
        print(f"{kind:21} {count['passed']:6} {count['refused']:7} {count['failed']:6}")
    for failure in failures:
        print("FAILED", failure)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
