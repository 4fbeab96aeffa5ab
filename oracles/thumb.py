"""Writes the machine code of every line of crates/gannet-target/tests/thumb.txt.

A line is: code | assembly | kind | reads | writes | address | what else. What an instruction
reads and writes was written by hand from the architecture's manual; the code is GNU as's, one
halfword after the other, in hexadecimal.
"""

import pathlib
import subprocess
import tempfile

FILE = pathlib.Path(__file__).parent.parent / "crates/gannet-target/tests/thumb.txt"


def assemble(line):
    source = f".syntax unified\n.thumb\n{line}\n"
    with tempfile.TemporaryDirectory() as folder:
        built, raw = f"{folder}/a.o", f"{folder}/a.bin"
        arguments = ["-march=armv7e-m", "-mfpu=fpv5-d16", "-o", built]
        subprocess.run(["arm-none-eabi-as", *arguments], input=source.encode(), check=True)
        subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", built, raw], check=True)
        code = pathlib.Path(raw).read_bytes()
    return " ".join(f"{int.from_bytes(code[i:i + 2], 'little'):04x}" for i in range(0, len(code), 2))


def main():
    lines = []
    for line in FILE.read_text().splitlines():
        fields = [field.strip() for field in line.split("|")]
        fields[0] = assemble(fields[1])
        lines.append(" | ".join(fields).strip() + "\n")
    FILE.write_text("".join(lines))


if __name__ == "__main__":
    main()
