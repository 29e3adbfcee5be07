# The newest record of a ring, read with nothing but mmap and numpy. It trusts the file and shows
# one record; the package in python/ checks everything, waits, and counts what is lost.
import json
import mmap
import sys

import numpy as np

with open(sys.argv[1], "rb") as file:  # /dev/shm/thalweg.demo
    memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
assert memory[:12] == b"thalweg\0\1\0\0\0", "not a ring of format version 1"
words = np.frombuffer(memory, np.uint64, 40)  # The header; docs/RING.md has the offsets.
fields = json.loads(memory[int(words[4]) : int(words[4] + words[5])])["fields"]
codes = {"u64": "<u8", "i64": "<i8", "f64": "<f8", "u32": "<u4", "u16": "<u2"}
layout = {
    "names": [f["name"] for f in fields],
    "formats": [(codes[f["type"]], (f["count"],) * (f["count"] > 1)) for f in fields],
    "offsets": [f["offset"] for f in fields],
    "itemsize": int(words[3]) & 0xFFFFFFFF,
}
ring = np.frombuffer(memory, np.dtype(layout), int(words[13]), int(words[11]))

newest = int(words[32])  # Record n, counted from 1, lies in slot (n - 1) modulo the capacity.
slot = ring[(newest - 1) % len(ring)]
before, record, after = int(slot["seq"]), slot.copy(), int(slot["seq"])
if 0 < newest == before == after:  # Else there is none, or it was overwritten: look again.
    print(newest, record["event_ns"], record["mid"])
