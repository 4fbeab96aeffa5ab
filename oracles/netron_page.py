"""Netron's page as an oracle of the files that Gannet writes: opened in Chromium without a
window, it has to show every layer of a file with its name and the shapes of its weights.

    python oracles/netron_page.py FOLDER                opens every model file in FOLDER
    python oracles/netron_page.py FOLDER NAME PICTURE   only FOLDER/NAME, and takes a picture

What a file of Keras holds is in the .json beside it; what one of ONNX or TFLite holds is asked of
the packages onnx and ai_edge_litert. An operator of TFLite has a kind and no name.

Needs the packages in oracles/requirements.txt and a Chromium.
"""

import base64
import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import netron
import onnx
import websocket
from ai_edge_litert.interpreter import Interpreter

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
EXTENSIONS = (".h5", ".keras", ".onnx", ".tflite")
HOST = "127.0.0.1"
DEVTOOLS = 8420
PATIENCE_SECONDS = 60

# The name of each node that the page shows, and its texts; inputs are nodes too, outputs are not.
# A node without a name has a number.
NODES = """
Array.from(document.querySelectorAll('[id^="node-"], [id^="input-name-"]')).map((node) => ({
    name: node.id.replace(/^(node|input)-name-/, ''),
    texts: Array.from(node.querySelectorAll('text')).map((text) => text.textContent),
}))
"""
# What is longer is drawn shortened.
LONGEST_NAME = 20


class Page:
    """A page of a browser, spoken to by its debugging protocol."""

    def __init__(self, url):
        self.socket = websocket.create_connection(url, timeout=PATIENCE_SECONDS)
        self.last = 0

    def ask(self, method, **parameters):
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters}
        self.socket.send(json.dumps(message))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == self.last:
                return answer["result"]

    def value(self, expression):
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    def wait(self, expression):
        return patiently(lambda: self.value(expression), expression)


def patiently(attempt, what):
    """What `attempt` gives once it gives something."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if result := attempt():
            return result
        time.sleep(0.2)
    sys.exit(f"nothing came of {what} in {PATIENCE_SECONDS} seconds")


def first_page():
    try:
        with urllib.request.urlopen(f"http://{HOST}:{DEVTOOLS}/json") as answer:
            pages = [page for page in json.load(answer) if page["type"] == "page"]
            return pages and pages[0]["webSocketDebuggerUrl"]
    except OSError:
        return None


def show(page, path, server):
    """Opens a file in Netron's page, with the names of its nodes if they have any."""
    netron.start(str(path), address=server, browse=False)
    address = "http://{}:{}".format(*server)
    # Netron asks whether it may use cookies before it shows anything.
    page.ask("Network.setCookie", name="consent", value="1", url=address)
    page.ask("Page.navigate", url=address)
    page.wait("document.body?.classList.contains('default') && window.__view__ !== undefined")
    if path.suffix != ".tflite":
        page.value("window.__view__.toggle('names')")
    # The names come with a second layout; the page is ready when it no longer changes.
    before = None
    while (nodes := page.value(NODES)) != before or not nodes:
        before = nodes
        time.sleep(0.5)
    return nodes


def layers_of(path):
    """The layers of a file, with the shapes of their weights."""
    if path.suffix == ".onnx":
        graph = onnx.load(path).graph
        shapes = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
        ends = [{"name": end.name, "weights": []} for end in graph.input]
        return ends + [
            {"name": node.name, "weights": [shapes[i] for i in node.input if shapes.get(i)]}
            for node in graph.node
        ]
    if path.suffix == ".tflite":
        return operators_of(path)
    return json.loads(path.with_suffix(".json").read_text())["layers"]


def operators_of(path):
    """The operators of a TFLite file in order, by their kinds."""
    interpreter = Interpreter(str(path), experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    operators = interpreter._get_ops_details()
    shapes = {t["index"]: t["shape"].tolist() for t in interpreter.get_tensor_details()}
    computed = {i for operator in operators for i in operator["outputs"]}
    computed |= {end["index"] for end in interpreter.get_input_details()}
    weights = lambda operator: [
        shapes[i] for i in operator["inputs"] if i >= 0 and i not in computed
    ]
    return [
        {"kind": operator["op_name"], "weights": weights(operator)}
        for operator in operators
        if operator["op_name"] != "DELEGATE"
    ]


def missing_shapes(name, layer, texts):
    """The weights of a layer whose shapes are not among the texts."""
    return [
        f"{name} does not show {shape}"
        for shape in layer["weights"]
        if "×".join(map(str, shape)) not in " ".join(texts)
    ]


def check_kinds(nodes, layers):
    """All that the page does not show of operators without names, which it has in order."""
    nodes = [node["texts"] for node in nodes if node["name"].startswith("node-id-")]
    if len(nodes) != len(layers):
        return [f"{len(nodes)} nodes are shown for {len(layers)} operators"]
    missing = []
    for layer, texts in zip(layers, nodes):
        kind = layer["kind"].replace("_", "").lower()
        if not any(text.lower() == kind for text in texts):
            missing.append(f"{texts} is shown for a {layer['kind']}")
        missing += missing_shapes(layer["kind"], layer, texts)
    return missing


def check(nodes, layers):
    """All that the page does not show of the layers."""
    missing = []
    for layer in layers:
        name = layer["name"]
        shown = [node["texts"] for node in nodes if node["name"] == name]
        if len(shown) != 1:
            missing.append(f"{name} is shown {len(shown)} times")
            continue
        (texts,) = shown
        if len(name) <= LONGEST_NAME and name not in texts:
            missing.append(f"{name} is shown without its name")
        missing += missing_shapes(name, layer, texts)
    return missing


def main(folder, only=None, picture=None):
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit("Chromium is not there, so Netron's page was not asked; apt-get install chromium")
    files = [path for path in sorted(folder.iterdir()) if path.suffix in EXTENSIONS]
    files = [path for path in files if only in (None, path.name)]
    faults = 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--window-size=480,1180"]
        process = subprocess.Popen(
            [
                browser,
                *options,
                f"--remote-debugging-port={DEVTOOLS}",
                "--remote-allow-origins=*",
                f"--user-data-dir={profile}",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            page = Page(patiently(first_page, "the browser"))
            for i, path in enumerate(files):
                # A port stays taken for a while.
                server = (HOST, DEVTOOLS + 1 + i)
                nodes = show(page, path, server)
                layers = layers_of(path)
                named = path.suffix != ".tflite"
                missing = check(nodes, layers) if named else check_kinds(nodes, layers)
                faults += len(missing)
                print(f"{path.name:20} page: {len(nodes)} nodes for {len(layers)} layers")
                for fault in missing[:10]:
                    print(f"    {fault}")
                if picture is not None:
                    shot = page.ask("Page.captureScreenshot")
                    picture.write_bytes(base64.b64decode(shot["data"]))
                netron.stop(server)
        finally:
            process.terminate()
            process.wait()
    if not files:
        sys.exit(f"{folder} has no such model file")
    if faults:
        sys.exit(f"Netron's page does not show {faults} layers or weights")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 4):
        sys.exit(__doc__)
    main(*(kind(word) for kind, word in zip((Path, str, Path), sys.argv[1:])))
