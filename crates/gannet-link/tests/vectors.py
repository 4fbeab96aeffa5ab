"""Writes vectors.txt: frames and exchanges to the byte, for every implementation of the link.

Needs Python's standard library alone and shares nothing with the Rust code:
    python3 vectors.py > vectors.txt
"""

import struct
import zlib

HEAD = """\
# Test vectors of Gannet's link, version 1. Written by vectors.py.
#
# frame NAME: `plain` is header and body, `wire` what it becomes on the wire.
# damaged NAME: `wire` is not a frame.
# announcement NAME: what a device says unasked when it has started.
# exchange NAME: a device that is sent `wire` answers with `reply`. The exchanges happen one
#   after another, beginning at power-up, with this device: board "bench"; network "sum", hash
#   0102030405060708; 4 u8 in; 1 f32 out, their sum; 1,000,000 ticks a second, 250 ticks a run;
#   peak stack 300 bytes, static RAM unknown. It has two stages of 200 and 50 ticks. Its working
#   memory is the input and then the output; the first stage writes the sum, the second spoils the
#   input to aaaaaaaa. Its self-test passes.
# rows-announcement, rows-exchange: the same of a device that takes its 4 u8 as two rows of two, 125
#   ticks each, two requests at a time, and cannot be looked into. It too begins at power-up."""


def cobs(message):
    encoded, run = bytearray(), bytearray()
    for at, byte in enumerate(message):
        if byte == 0:
            encoded += bytes([len(run) + 1]) + run
            run = bytearray()
            continue
        run.append(byte)
        if len(run) == 254 and at + 1 < len(message):
            encoded += bytes([255]) + run
            run = bytearray()
    return bytes(encoded + bytes([len(run) + 1]) + run)


def wire(plain):
    return b"\0" + cobs(plain + struct.pack("<I", zlib.crc32(plain))) + b"\0"


def plain(kind, tag, body=b"", version=1):
    return struct.pack("<BBH", version, kind, tag) + body


def refusal(reason, kind, expected=0, got=0):
    return struct.pack("<BBHII", reason, kind, 0, expected, got)


def show(title, **fields):
    print(f"\n{title}")
    for name, value in fields.items():
        print(f"{name} {value.hex()}")


def frame(name, message):
    show(f"frame {name}", plain=message, wire=wire(message))


def exchange(name, request, reply, device=""):
    show(f"{device}exchange {name}", wire=request, reply=wire(reply))


def with_crc_ending(tail, length):
    """A message of `length` bytes without a zero whose CRC ends with the byte `tail`."""
    for salt in range(1, 1 << 24):
        message = struct.pack("<I", 0x01010101 + salt) + b"\x55" * (length - 4)
        crc = struct.pack("<I", zlib.crc32(message))
        if crc[3] == tail and 0 not in crc[:3] and 0 not in message:
            return message
    raise ValueError("no such message")


HELLO, RUN, STATISTICS, IDENTITY, OUTPUT, COUNTED, REFUSED = 1, 2, 3, 0x81, 0x82, 0x83, 0xFF
PART, RUN_PARTS, KEPT, PARTS_OUTPUT = 4, 5, 0x84, 0x85
RUN_UNTIL, TIME_STAGES, SELF_TEST, MEMORY_BEHIND, STAGE_TICKS, SELF_TESTED = 6, 7, 8, 0x86, 0x87, 0x88
DAMAGED, OTHER_VERSION, OTHER_KIND, OTHER_LENGTH, OTHER_INPUT = 1, 2, 3, 4, 5
IMAGE = bytes([10, 0, 20, 3])

print(HEAD)

frame("hello", plain(HELLO, 1))
frame("run", plain(RUN, 2, struct.pack("<I", 7) + IMAGE))
frame("run-of-zeros", plain(RUN, 0x1234, bytes(4 + 784)))
frame("run-of-784", plain(RUN, 0xFFFF, struct.pack("<I", 9999) + bytes(i % 256 for i in range(784))))
# The COBS run is full (254 bytes with the CRC) and ends with the message.
frame("one-full-run", with_crc_ending(0x77, 250))
frame("one-byte-beyond-a-full-run", with_crc_ending(0x77, 251))
frame("zero-behind-a-full-run", with_crc_ending(0x00, 251))

hello = wire(plain(HELLO, 1))
flipped = bytearray(hello)
flipped[3] ^= 0x10
show("damaged flipped-bit", wire=bytes(flipped))
show("damaged cut", wire=hello[:-3] + b"\0")
show("damaged too-short-for-a-crc", wire=b"\0" + cobs(b"\x01\x01\x01") + b"\0")
show("damaged crc-of-nothing", wire=b"\0" + cobs(bytes(4)) + b"\0")

identity = struct.pack("<BBBB8sIIII", 1, 1, 3, 0, bytes(range(1, 9)), 4, 4, 1_000_000, 7)
identity += b"\x03sum\x05bench"
output = struct.pack("<IQf", 7, 250, 33.0)
show("announcement after-power-up", reply=wire(plain(IDENTITY, 0, identity)))
exchange("hello", hello, plain(IDENTITY, 1, identity))
run = wire(plain(RUN, 2, struct.pack("<I", 7) + IMAGE))
exchange("run", run, plain(OUTPUT, 2, output))
exchange("run-again", run, plain(OUTPUT, 2, output))
exchange("flipped-bit", bytes(flipped), plain(REFUSED, 0, refusal(DAMAGED, 0)))
exchange("other-version", wire(plain(HELLO, 3, version=2)),
         plain(REFUSED, 3, refusal(OTHER_VERSION, HELLO, 1, 2)))
exchange("unknown-kind", wire(plain(0x42, 4)), plain(REFUSED, 4, refusal(OTHER_KIND, 0x42)))
exchange("input-too-short", wire(plain(RUN, 5, struct.pack("<I", 8) + IMAGE[:3])),
         plain(REFUSED, 5, refusal(OTHER_LENGTH, RUN, 8, 7)))
exchange("input-too-long", wire(plain(RUN, 6, struct.pack("<I", 8) + IMAGE + b"\x01")),
         plain(REFUSED, 6, refusal(OTHER_LENGTH, RUN, 8, 9)))
# The same image in two parts, the second one first. The network has overwritten its input when
# the request comes again, so that the parts are needed again.
run_parts = plain(RUN_PARTS, 10, struct.pack("<II", 7, zlib.crc32(IMAGE)))
exchange("second-part", wire(plain(PART, 8, struct.pack("<I", 3) + IMAGE[3:])), plain(KEPT, 8))
exchange("first-part", wire(plain(PART, 9, struct.pack("<I", 0) + IMAGE[:3])), plain(KEPT, 9))
exchange("run-parts", wire(run_parts), plain(PARTS_OUTPUT, 10, output))
exchange("run-parts-again", wire(run_parts), plain(REFUSED, 10, refusal(OTHER_INPUT, RUN_PARTS)))
exchange("part-beyond-the-input", wire(plain(PART, 11, struct.pack("<I", 2) + IMAGE[:3])),
         plain(REFUSED, 11, refusal(OTHER_LENGTH, PART, 4, 5)))
exchange("part-too-long", wire(plain(PART, 12, struct.pack("<I", 0) + bytes(33))),
         plain(REFUSED, 12, refusal(OTHER_LENGTH, PART, 36, 37)))
exchange("part-of-nothing", wire(plain(PART, 13, struct.pack("<I", 0))),
         plain(REFUSED, 13, refusal(OTHER_LENGTH, PART, 36, 4)))
# Looking into the device: each request needs the parts again, as the network spoils them.
def with_parts(name, tag, message, answer):
    for place in (0, 2):
        part = plain(PART, tag, struct.pack("<I", place) + IMAGE[place:place + 2])
        exchange(f"{name}-part-{place}", wire(part), plain(KEPT, tag))
        tag += 1
    exchange(name, wire(message(tag)), answer(tag))


def run_until(runs, place, length):
    return lambda tag: plain(RUN_UNTIL, tag, struct.pack("<IIII", runs, zlib.crc32(IMAGE), place, length))


def memory_behind(memory, stretch):
    return lambda tag: plain(MEMORY_BEHIND, tag, struct.pack("<II", zlib.crc32(memory), len(memory)) + stretch)


behind_one = IMAGE + struct.pack("<f", 33.0)
behind_all = b"\xaa" * 4 + struct.pack("<f", 33.0)
with_parts("run-until-0", 14, run_until(0, 0, 0), memory_behind(behind_one, b""))
with_parts("run-until-1", 17, run_until(1, 2, 6), memory_behind(behind_one, behind_one[2:]))
with_parts("run-until-beyond-the-end", 20, run_until(99, 4, 100), memory_behind(behind_all, behind_all[4:]))
exchange("run-until-without-parts", wire(run_until(1, 0, 8)(23)),
         plain(REFUSED, 23, refusal(OTHER_INPUT, RUN_UNTIL)))
exchange("run-until-too-short", wire(run_until(1, 0, 8)(24)[:-1]),
         plain(REFUSED, 24, refusal(OTHER_LENGTH, RUN_UNTIL, 16, 15)))
with_parts("time-stages", 25, lambda tag: plain(TIME_STAGES, tag, struct.pack("<I", zlib.crc32(IMAGE))),
           lambda tag: plain(STAGE_TICKS, tag, struct.pack("<II", 200, 50)))
exchange("self-test", wire(plain(SELF_TEST, 28)), plain(SELF_TESTED, 28, b"\x01"))
# Frames so far, this one included: hello, run twice, version, kind, short, long, seven with
# parts, fifteen that look into it, statistics. Images: run twice, parts once.
exchange("statistics", wire(plain(STATISTICS, 7)),
         plain(COUNTED, 7, struct.pack("<IIIII", 30, 1, 3, 300, 0xFFFFFFFF)))

# The device of rows. Each exchange is told by what it asks, and all with the tag of its place.
of_rows = []


def with_rows(name, kind, body, answer):
    tag = len(of_rows) + 1
    of_rows.append(name)
    reply_kind, reply_body = answer
    exchange(name, wire(plain(kind, tag, body)), plain(reply_kind, tag, reply_body), "rows-")


def part_of_rows(name, place, pixels, answer=(KEPT, b"")):
    with_rows(name, PART, struct.pack("<I", place) + pixels, answer)


def run_rows(name, answer):
    with_rows(name, RUN_PARTS, struct.pack("<II", 7, zlib.crc32(IMAGE)), answer)


def not_that_input(kind):
    return REFUSED, refusal(OTHER_INPUT, kind)


rows_identity = struct.pack("<BBBB8sIIII", 2, 1, 3, 0, bytes(range(1, 9)), 4, 4, 1_000_000, 11)
rows_identity += b"\x03sum\x05bench"
show("rows-announcement after-power-up", reply=wire(plain(IDENTITY, 0, rows_identity)))
with_rows("hello", HELLO, b"", (IDENTITY, rows_identity))
with_rows("whole-input", RUN, struct.pack("<I", 7) + IMAGE, (REFUSED, refusal(OTHER_KIND, RUN)))
part_of_rows("part-before-the-first", 3, IMAGE[3:], not_that_input(PART))
part_of_rows("row-and-a-half", 0, IMAGE[:3])
part_of_rows("part-of-nothing", 4, b"", (REFUSED, refusal(OTHER_LENGTH, PART, 36, 4)))
run_rows("run-of-three-pixels", not_that_input(RUN_PARTS))
part_of_rows("half-of-it-known", 2, IMAGE[2:])
run_rows("run", (PARTS_OUTPUT, output))
run_rows("run-again", (PARTS_OUTPUT, output))
part_of_rows("part-again", 2, IMAGE[2:])
run_rows("run-after-part-again", (PARTS_OUTPUT, output))
part_of_rows("beyond-the-input", 2, IMAGE[:3], (REFUSED, refusal(OTHER_LENGTH, PART, 4, 5)))
# What was taken is forgotten when an input begins.
part_of_rows("first-row", 0, IMAGE[:2])
run_rows("run-of-one-row", not_that_input(RUN_PARTS))
part_of_rows("gap-of-one-pixel", 3, IMAGE[3:], not_that_input(PART))
part_of_rows("first-row-again", 0, IMAGE[:2])
part_of_rows("second-row", 2, IMAGE[2:])
run_rows("run-of-both-rows", (PARTS_OUTPUT, output))
with_rows("self-test", SELF_TEST, b"", (REFUSED, refusal(OTHER_KIND, SELF_TEST)))
with_rows("statistics", STATISTICS, b"",
          (COUNTED, struct.pack("<IIIII", len(of_rows) + 1, 0, 4, 300, 0xFFFFFFFF)))
