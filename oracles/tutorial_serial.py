"""The host's side of the tutorial's own protocol, with pyserial and Keras and nothing of ours.

    python oracles/tutorial_serial.py [IMAGES]

makes the tutorial's network with random weights in Keras, has Gannet write and build firmware in C
for it, and boots both programs that speak the tutorial's protocol in QEMU, whose USART2 is joined
to a pseudo-terminal. That it opens at 115200 8N1 and does what the tutorial describes: it sends the
number of images and waits for its echo; sends each image as 784 float32, compares the float32
checksum that comes back, and compares the ten outputs with what Keras computes. The program for a
single image has neither number nor checksum. `cargo xtask oracle -- --serial` runs it.
"""

import os
import re
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
import serial


def main(count=20):
    images = random_digits(int(count))
    with tempfile.TemporaryDirectory() as folder:
        model, firmware = Path(folder) / "model.h5", Path(folder) / "firmware"
        network = tutorials_network()
        network.save(model)
        expected = network.predict(images[..., np.newaxis], verbose=0)
        gannet("firmware", model, "--board", "nucleo-f446re", "--lang", "c", "--out", firmware)
        gannet("build", firmware)
        for program in ("tutorial_validate", "tutorial_single"):
            talk(firmware / "build" / f"{program}.elf", images, expected)


def tutorials_network():
    keras.utils.set_random_seed(1)
    return keras.Sequential([
        keras.Input((28, 28, 1)),
        keras.layers.Conv2D(8, 5, padding="same", use_bias=False, activation="relu"),
        keras.layers.MaxPooling2D(3, 2),
        keras.layers.Conv2D(4, 5, padding="same", use_bias=False, activation="relu"),
        keras.layers.MaxPooling2D(3, 2),
        keras.layers.Flatten(),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(10, activation="sigmoid"),
    ])


def gannet(*arguments):
    cargo = [os.environ.get("CARGO", "cargo"), "run", "--quiet", "--package", "gannet", "--"]
    subprocess.run([*cargo, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def talk(elf, images, expected):
    machine = subprocess.Popen(
        ["qemu-system-arm", "-machine", "netduinoplus2", "-kernel", elf, "-display", "none"]
        # The multiplexer lets QEMU take many bytes at a time; its escape character equals no byte.
        + ["-monitor", "none", "-serial", "null", "-chardev", "pty,id=uart,mux=on"]
        + ["-serial", "chardev:uart", "-echr", "256"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        terminal = re.search(r"/dev/\S+", machine.stdout.readline()).group()
        # The board is started before the script; what comes before its port is on is lost.
        time.sleep(5)
        with serial.Serial(terminal, 115200, timeout=60) as port:
            print(f"{elf.stem}: ", end="")
            validate(port, images, expected, is_single="single" in elf.stem)
    finally:
        machine.kill()


def random_digits(count):
    """Pictures with the values that pixels divided by 255 can have, half of them black."""
    random = np.random.default_rng(1)
    pixels = random.integers(0, 256, (count, 28, 28)) * random.integers(0, 2, (count, 28, 28))
    return (pixels / 255).astype(np.float32)


def validate(port, images, expected, is_single):
    started = time.monotonic()
    if not is_single:
        port.write(struct.pack("<i", len(images)))
        (echo,) = struct.unpack("<i", port.read(4))
        assert echo == len(images), f"{echo} came back for {len(images)}"
    worst = 0.0
    for image, outputs in zip(images, expected):
        port.write(image.tobytes())
        if not is_single:
            checksum = np.frombuffer(port.read(4), "<f4")[0]
            wanted = np.float32(0)
            for pixel in image.ravel():
                wanted += pixel
            assert checksum == wanted, f"checksum {checksum} instead of {wanted}"
        found = np.frombuffer(port.read(40), "<f4")
        worst = max(worst, float(np.abs(found - outputs).max()))
    assert worst < 1e-5, f"an output differs from Keras' by {worst}"
    seconds = time.monotonic() - started
    print(f"{len(images)} images: every one answered, outputs within {worst:.2g} of Keras, {seconds:.1f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
