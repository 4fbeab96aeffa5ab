"""The host's side of the tutorial's validation, with pyserial and Keras and nothing of ours.

    python oracles/tutorial_serial.py build/tutorial_validate.elf MODEL.h5 [IMAGES]
    python oracles/tutorial_serial.py build/tutorial_single.elf MODEL.h5 [IMAGES]

boots the image in QEMU, whose USART2 is joined to a pseudo-terminal, opens that at 115200 8N1 and
does what the tutorial describes: sends the number of images and waits for its echo; sends each
image as 784 float32, compares the float32 checksum that comes back, and compares the ten outputs
with what Keras computes. The program for a single image has neither number nor checksum.
"""

import re
import struct
import subprocess
import sys
import time

import keras
import numpy as np
import serial


def main(elf, model, count=20):
    network = keras.models.load_model(model, compile=False)
    images = random_digits(int(count))
    expected = network.predict(images[..., np.newaxis], verbose=0)
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
            validate(port, images, expected, is_single="single" in elf)
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
