"""onnxruntime as oracle of the quantized networks that Gannet writes as .onnx.

    python oracles/onnx_quantized.py FOLDER    runs every .onnx in FOLDER, and compares with what
                                               LiteRT gave, which is in the .json beside it

onnxruntime computes between the pairs in real numbers, or in integers whose sums it multiplies by
one number of single precision; LiteRT rounds twice. So a value is now and then one step away, and
what is computed from it some steps more. The largest distance is printed, with how many outputs
are the same.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

# Of int8, at the end of networks of some ten layers: the most that was found.
STEPS = 2


def channels_first(image):
    """An image of Gannet, [height, width, channels], in ONNX's order."""
    return image.transpose(0, 3, 1, 2)


def compare(path):
    """The distances of all outputs from what is expected, in steps of the output."""
    onnx.checker.check_model(str(path), full_check=True)
    answer = json.loads(path.with_suffix(".json").read_text())
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (taken,), (given,) = session.get_inputs(), session.get_outputs()
    is_integer = "int8" in taken.type
    step = 1.0
    if "int8" not in given.type:
        tensors = {t.name: t for t in onnx.load(path).graph.initializer}
        last = onnx.load(path).graph.node[-1]
        step = onnx.numpy_helper.to_array(tensors[last.input[1]]).item()
    distances = []
    for values, expected in zip(answer["inputs"], answer["outputs"]):
        image = np.array(values, dtype=np.int8 if is_integer else np.float32)
        channels, height, width = taken.shape[1:]
        image = channels_first(image.reshape(1, height, width, channels))
        (found,) = session.run(None, {taken.name: image})
        if found.ndim == 4:
            found = found.transpose(0, 2, 3, 1)
        difference = found.reshape(-1).astype(np.float64) - np.array(expected)
        distances.extend(np.abs(difference / step).round().astype(int))
    return np.array(distances)


def main(folder):
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
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
