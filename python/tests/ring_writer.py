"""Writes ring files from docs/RING.md, for tests: slow, but by the same steps as the real writer.

A field of the file is given as a change to what a good writer would write, so that a test can make
any of them wrong. Nothing of the package is used here: this is the other side of the contract.
"""

import dataclasses
import json
import mmap
import os
import struct
import time
import typing

HEADER_BYTES = 320
STATISTICS_BYTES = 128 + 8 * 256
STAGE_BYTES = 64 + 8 * 256
ENTRY_BYTES = 192
RECORD_HEADER = "<QQqqqQQIHH"
MAGIC = 0x0067_6577_6C61_6874

# Name, offset and format of each field of the file's header.
HEADER_FIELDS = {
    "magic": (0, "<Q"),
    "version": (8, "<I"),
    "header_bytes": (12, "<I"),
    "file_bytes": (16, "<Q"),
    "record_bytes": (24, "<I"),
    "slot_bytes": (28, "<I"),
    "schema_offset": (32, "<Q"),
    "schema_bytes": (40, "<Q"),
    "table_offset": (48, "<Q"),
    "table_bytes": (56, "<Q"),
    "entry_bytes": (64, "<I"),
    "entry_capacity": (68, "<I"),
    "statistics_offset": (72, "<Q"),
    "statistics_bytes": (80, "<Q"),
    "ring_offset": (88, "<Q"),
    "ring_bytes": (96, "<Q"),
    "capacity": (104, "<Q"),
    "schema_hash": (112, "<Q"),
    "generation": (120, "<Q"),
    "pid": (128, "<Q"),
    "start_ns": (136, "<q"),
    "flags": (144, "<Q"),
    "stages_offset": (152, "<Q"),
    "stage_count": (160, "<I"),
    "stage_bytes": (164, "<I"),
    "writer_state": (192, "<I"),
    "entry_count": (196, "<I"),
    "heartbeat_ns": (200, "<q"),
    "newest": (256, "<Q"),
}

HEADER_OF_A_RECORD = [
    ("schema_hash", "u64", 0),
    ("seq", "u64", 8),
    ("recv_ns", "i64", 16),
    ("event_ns", "i64", 24),
    ("publish_ns", "i64", 32),
    ("update_id", "u64", 40),
    ("flags", "u64", 48),
    ("symbol_id", "u32", 56),
    ("trigger", "u16", 60),
    ("live_flags", "u16", 62),
]
FEATURES = ["mid", "imbalance_l1", "imbalance_l10", "weighted_mid_adj_bps", "imbalance_10bps"]
SCHEMA_HASH = 0x0123456789ABCDEF


def round_up(number: int, unit: int) -> int:
    return (number + unit - 1) // unit * unit


def schema_text(features: typing.Sequence[typing.Union[str, dict]] = FEATURES, **changes) -> bytes:
    """A schema block; a feature is a name, or a dict of what differs from an f64."""
    fields = [
        {"name": name, "type": kind, "offset": offset, "count": 1, "unit": "1", "group": "header"}
        for name, kind, offset in HEADER_OF_A_RECORD
    ]
    offset = 64
    for feature in features:
        field = {"type": "f64", "offset": offset, "count": 1, "unit": "1", "group": "test"}
        field.update({"name": feature} if isinstance(feature, str) else feature)
        fields.append(field)
        offset = field["offset"] + 8 * field["count"]
    text = {"record": "features", "schema_hash": f"{SCHEMA_HASH:016x}", "fields": fields}
    text.update(changes)
    return json.dumps(text).encode()


@dataclasses.dataclass
class Shape:
    capacity: int = 8
    record_bytes: int = 128
    schema: bytes = dataclasses.field(default_factory=schema_text)
    symbols_max: int = 4
    first_seq: int = 1
    generation: int = 1
    stages: int = 0


class RingWriter:
    """One writer. `changes`: header fields that a good writer would write otherwise."""

    def __init__(self, path, shape: typing.Optional[Shape] = None, **changes) -> None:
        self.path = str(path)
        self.shape = shape = shape or Shape()
        self.seq = shape.first_seq
        header = self.layout(shape)
        self.file_bytes = header["file_bytes"]
        self.ring_offset = header["ring_offset"]
        self.table_offset = header["table_offset"]
        self.statistics_offset = header["statistics_offset"]
        header.update(changes)

        making = self.path + ".new"
        with open(os.open(making, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "r+b") as file:
            file.truncate(self.file_bytes)
            self.map = mmap.mmap(file.fileno(), self.file_bytes)
        for name, value in header.items():
            self.set_header(name, value)
        at = self.layout(shape)["schema_offset"]
        self.map[at : at + len(shape.schema)] = shape.schema
        # Native: one store for an aligned word.
        self.words = memoryview(self.map)[: self.file_bytes].cast("Q")
        os.rename(making, self.path)

    @staticmethod
    def layout(shape: Shape) -> dict:
        stages_offset = HEADER_BYTES + STATISTICS_BYTES
        schema_offset = stages_offset + shape.stages * STAGE_BYTES
        table_offset = round_up(schema_offset + len(shape.schema), 64)
        entry_bytes = ENTRY_BYTES + shape.record_bytes
        table_bytes = entry_bytes * shape.symbols_max
        ring_offset = round_up(table_offset + table_bytes, 4096)
        ring_bytes = shape.capacity * shape.record_bytes
        return {
            "magic": MAGIC,
            "version": 1,
            "header_bytes": HEADER_BYTES,
            "file_bytes": ring_offset + ring_bytes,
            "record_bytes": shape.record_bytes,
            "slot_bytes": shape.record_bytes,
            "schema_offset": schema_offset,
            "schema_bytes": len(shape.schema),
            "table_offset": table_offset,
            "table_bytes": table_bytes,
            "entry_bytes": entry_bytes,
            "entry_capacity": shape.symbols_max,
            "statistics_offset": HEADER_BYTES,
            "statistics_bytes": STATISTICS_BYTES,
            "stages_offset": stages_offset if shape.stages else 0,
            "stage_count": shape.stages,
            "stage_bytes": STAGE_BYTES if shape.stages else 0,
            "ring_offset": ring_offset,
            "ring_bytes": ring_bytes,
            "capacity": shape.capacity,
            "schema_hash": SCHEMA_HASH,
            "generation": shape.generation,
            "pid": os.getpid(),
            "start_ns": time.time_ns(),
            "writer_state": 1,
            "heartbeat_ns": time.clock_gettime_ns(time.CLOCK_MONOTONIC),
            "newest": shape.first_seq - 1,
        }

    def set_header(self, name: str, value: int) -> None:
        offset, form = HEADER_FIELDS[name]
        struct.pack_into(form, self.map, offset, value)

    # --- records ---

    def record(self, n: int, symbol: int = 0, flags: int = 0, **values: int) -> bytes:
        """Record n, whose every word follows from n, unless it is in `values`."""
        header = {
            "recv_ns": 1000 * n % 2**40,
            "event_ns": 1_700_000_000_000_000_000 + 1000 * n % 2**40,
            "update_id": n + 7,
        }
        header.update(values)
        data = struct.pack(
            RECORD_HEADER, SCHEMA_HASH, n, header["recv_ns"], header["event_ns"], 0,
            header["update_id"] % 2**64, flags, symbol, 1, 0,
        )
        count = (self.shape.record_bytes - 64) // 8
        return data + struct.pack(f"<{count}d", *(n + k / 1024 for k in range(count)))

    def slot_word(self, n: int) -> int:
        """The index of the first word of record n's slot."""
        slot = (n - 1) % self.shape.capacity
        return (self.ring_offset + slot * self.shape.record_bytes) // 8

    def write_slot(self, word: int, data: bytes, n: int) -> None:
        self.words[word + 1] = 0
        words = memoryview(data).cast("Q")
        self.words[word] = words[0]
        self.words[word + 2 : word + len(words)] = words[2:]
        self.words[word + 1] = n

    def publish(self, count: int = 1, symbol: int = 0, **values: int) -> int:
        """Publishes `count` records and returns the number of the last."""
        for _ in range(count):
            n = self.seq
            data = self.record(n, symbol, **values)
            self.write_slot(self.slot_word(n), data, n)
            self.words[256 // 8] = n
            self.write_slot(self.entry_word(symbol) + ENTRY_BYTES // 8, data, n)
            self.seq = n + 1
        return self.seq - 1

    def publish_as_is(self, data: bytes) -> None:
        """Publishes a record's bytes, but for its number."""
        self.write_slot(self.slot_word(self.seq), data, self.seq)
        self.words[256 // 8] = self.seq
        self.seq += 1

    def begin_next(self) -> None:
        """Stops in the middle of writing the next record."""
        self.words[self.slot_word(self.seq) + 1] = 0

    # --- symbols, life ---

    def entry_word(self, symbol: int) -> int:
        return (self.table_offset + symbol * (ENTRY_BYTES + self.shape.record_bytes)) // 8

    def add_symbol(self, symbol: int, name: str) -> None:
        at = self.entry_word(symbol) * 8
        self.map[at : at + 64] = name.encode().ljust(64, b"\0")
        self.set_status(symbol, change=1)
        self.set_header("entry_count", symbol + 1)

    def set_status(self, symbol: int, change: int, **values: int) -> None:
        status = {"changed_ns": 5, "quality": 0, "update_id": 0, "event_ns": 0, "state": 0}
        status.update(values)
        data = struct.pack(
            "<qQQQqIIQQ", status["changed_ns"], change, status["quality"], status["update_id"],
            status["event_ns"], symbol, status["state"], 0, 0,
        )
        self.write_slot(self.entry_word(symbol) + 8, data, change)

    def set_counts(self, symbol: int, *counts: int) -> None:
        struct.pack_into("<7Q", self.map, self.entry_word(symbol) * 8 + 128, *counts)

    def set_statistics(self, values: typing.Sequence[int], cells: typing.Dict[int, int]) -> None:
        struct.pack_into("<7Q", self.map, self.statistics_offset, *values)
        for cell, count in cells.items():
            struct.pack_into("<Q", self.map, self.statistics_offset + 128 + 8 * cell, count)

    def set_stage(
        self, stage: int, values: typing.Sequence[int], cells: typing.Dict[int, int]
    ) -> None:
        at = self.statistics_offset + STATISTICS_BYTES + stage * STAGE_BYTES
        struct.pack_into("<3Q", self.map, at, *values)
        for cell, count in cells.items():
            struct.pack_into("<Q", self.map, at + 64 + 8 * cell, count)

    def beat(self) -> None:
        self.set_header("heartbeat_ns", time.clock_gettime_ns(time.CLOCK_MONOTONIC))

    def close(self) -> None:
        self.set_header("writer_state", 2)

    def supersede(self) -> None:
        self.set_header("writer_state", 3)
