"""Every check against an oracle; exits non-zero at the first difference.

    python oracles/run.py              makes the oracles' networks anew and has Gannet read
                                       them, has Gannet write networks and the oracles read them
    python oracles/run.py --fixtures   makes the committed fixtures anew
    python oracles/run.py --serial     talks the tutorial's serial protocol to emulated firmware

Needs the packages in oracles/requirements.txt, cargo and Chromium; Netron's own reader is asked
where node is. The
fixtures need GNU's assembler for Arm, too.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KERAS = ROOT / "oracles" / "keras_files.py"
THUMB = ROOT / "oracles" / "thumb.py"
KERAS_1 = ROOT / "oracles" / "keras_1_files.py"
KERAS_FIRST = ROOT / "oracles" / "keras_first.py"
TUTORIAL_SERIAL = ROOT / "oracles" / "tutorial_serial.py"
ZOO = ROOT / "oracles" / "zoo.py"
TFLITE = ROOT / "oracles" / "tflite.py"
PYTORCH_STATE = ROOT / "oracles" / "pytorch_state.py"
ONNX_MODELS = ROOT / "oracles" / "onnx_models.py"
ONNX_BACKEND = ROOT / "oracles" / "onnx_backend.py"
ONNX_QUANTIZED = ROOT / "oracles" / "onnx_quantized.py"
NETRON = ROOT / "oracles" / "netron.mjs"
NETRON_PAGE = ROOT / "oracles" / "netron_page.py"
FIXTURES = ROOT / "crates" / "gannet-formats" / "tests" / "fixtures"


def run(*command, **environment):
    """Runs a command and ends as it does if it fails."""
    print("$", *command, flush=True)
    done = subprocess.run(
        [str(part) for part in command], cwd=ROOT, env={**os.environ, **environment}
    )
    if done.returncode != 0:
        sys.exit(done.returncode)


def main():
    if sys.argv[1:] == ["--fixtures"]:
        run(sys.executable, KERAS, "make", FIXTURES)
        run(sys.executable, KERAS_1, FIXTURES)
        run(sys.executable, KERAS_FIRST, FIXTURES)
        run(sys.executable, PYTORCH_STATE, FIXTURES)
        run(sys.executable, TFLITE, "make", FIXTURES / "tflite")
        run(sys.executable, ONNX_MODELS, "make", FIXTURES / "onnx")
        run(sys.executable, ONNX_QUANTIZED, "make", FIXTURES / "onnx-quantized")
        run(sys.executable, THUMB)
        return
    if sys.argv[1:] == ["--serial"]:
        run(sys.executable, TUTORIAL_SERIAL)
        return
    if sys.argv[1:]:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        theirs, ours, zoo = (Path(folder) / name for name in ("theirs", "ours", "zoo"))
        cargo = os.environ.get("CARGO", "cargo")
        run(sys.executable, KERAS, "make", theirs)
        run(sys.executable, KERAS_1, theirs)
        run(sys.executable, KERAS_FIRST, theirs)
        test = [cargo, "test", "--package", "gannet-formats", "--test", "keras_fixtures"]
        run(*test, GANNET_FIXTURES=str(theirs))
        run(sys.executable, ZOO, zoo)
        compare = [cargo, "run", "--package", "gannet-formats", "--example", "compare_models"]
        run(*compare, "--", zoo)
        example = [cargo, "run", "--package", "gannet-formats", "--example", "write_models"]
        run(*example, "--", ours)
        run(sys.executable, KERAS, "check", ours)
        run(sys.executable, NETRON_PAGE, ours)
        litert, tflite = Path(folder) / "litert", Path(folder) / "tflite"
        run(sys.executable, TFLITE, "make", litert)
        test = [cargo, "test", "--package", "gannet-formats", "--test", "tflite_fixtures"]
        run(*test, GANNET_TFLITE_FIXTURES=str(litert))
        example = [cargo, "run", "--package", "gannet-formats", "--example", "rewrite_tflite"]
        run(*example, "--", litert, tflite)
        run(sys.executable, TFLITE, "check", tflite)
        run(sys.executable, ONNX_QUANTIZED, "check", tflite)
        run(sys.executable, NETRON_PAGE, tflite)
        tiny, rewritten = Path(folder) / "tiny", Path(folder) / "rewritten"
        run(sys.executable, TFLITE, "tiny", tiny)
        test = [cargo, "test", "--package", "gannet-formats", "--test", "tflite_fixtures"]
        run(*test, GANNET_TFLITE_FIXTURES=str(tiny))
        run(*example, "--", tiny, rewritten)
        run(sys.executable, TFLITE, "check", rewritten)
        run(sys.executable, ONNX_QUANTIZED, "make", theirs / "onnx-quantized")
        test = [cargo, "test", "--package", "gannet-formats", "--test", "onnx_quantized"]
        run(*test, GANNET_ONNX_QUANTIZED=str(theirs / "onnx-quantized"))
        run(sys.executable, ONNX_MODELS, "make", theirs / "onnx")
        test = [cargo, "test", "--package", "gannet-formats", "--test", "onnx_fixtures"]
        run(*test, GANNET_ONNX_FIXTURES=str(theirs / "onnx"))
        run(sys.executable, ONNX_MODELS, "check", ours)
        run(sys.executable, ONNX_BACKEND)
        quantized = Path(folder) / "quantized"
        example = [cargo, "run", "--package", "gannet-quantize", "--example", "write_quantized"]
        run(*example, "--", quantized)
        run(sys.executable, TFLITE, "check", quantized)
        node = shutil.which("node")
        if node is None:
            print("node is not there, so Netron's own reader was not asked")
            return
        package = importlib.util.find_spec("netron").submodule_search_locations[0]
        run(node, NETRON, package, ours)


if __name__ == "__main__":
    main()
