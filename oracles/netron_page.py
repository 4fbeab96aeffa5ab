"""Netron's page as an oracle of the files that Gannet writes: opened in Chromium without a
window, it has to show every layer of a file with its name and the shapes of its weights.

    python oracles/netron_page.py FOLDER                opens every model file in FOLDER; the
                                                        layers are in the .json beside it
    python oracles/netron_page.py FOLDER NAME PICTURE   only FOLDER/NAME, and takes a picture

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
import websocket

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
EXTENSIONS = (".h5", ".keras", ".onnx", ".tflite")
HOST = "127.0.0.1"
DEVTOOLS = 8420
PATIENCE_SECONDS = 60

# The name of each node that the page shows, and its texts; inputs are nodes too, outputs are not.
NODES = """
Array.from(document.querySelectorAll('[id^="node-name-"], [id^="input-name-"]')).map((node) => ({
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
    """Opens a file in Netron's page, with the names of its nodes."""
    netron.start(str(path), address=server, browse=False)
    address = "http://{}:{}".format(*server)
    # Netron asks whether it may use cookies before it shows anything.
    page.ask("Network.setCookie", name="consent", value="1", url=address)
    page.ask("Page.navigate", url=address)
    page.wait("document.body?.classList.contains('default') && window.__view__ !== undefined")
    page.value("window.__view__.toggle('names')")
    # The names come with a second layout; the page is ready when it no longer changes.
    before = None
    while (nodes := page.value(NODES)) != before or not nodes:
        before = nodes
        time.sleep(0.5)
    return nodes


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
        for shape in layer["weights"]:
            if "×".join(str(extent) for extent in shape) not in " ".join(texts):
                missing.append(f"{name} does not show {shape}")
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
                layers = json.loads(path.with_suffix(".json").read_text())["layers"]
                missing = check(nodes, layers)
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
