"""A ring file, byte by byte: format version 1, the same as core/ring_format.h and docs/RING.md.

A header that passes check_header() keeps every access that is made with it inside the file,
whatever else the file holds. Everything is little endian.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Tuple, cast

import numpy as np

from thalweg.error import corrupt

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAGIC = 0x0067_6577_6C61_6874  # "thalweg" and a zero.
VERSION = 1
WORD_BYTES = 8
CACHE_LINE_BYTES = 64

# Bounds that a header is held against; no writer makes more.
RECORD_BYTES_MAX = 1 << 20
CAPACITY_MAX = 1 << 30
SCHEMA_BYTES_MAX = 1 << 24
ENTRIES_MAX = 8192
STAGES_MAX = 64
SEQ_MAX = (1 << 64) - 1

# RingHeader::writer_state
WRITING, CLOSED, SUPERSEDED = 1, 2, 3

# RingStatus::state by number.
STATE_NAMES = ("down", "buffering", "live", "resync", "halted")

# What a ring holds, and the end of its file's name.
KIND_SUFFIXES = {"features": "", "ladders": ".ladders", "tops": ".tops"}

# Word 1 of a record and of a RingStatus is its number and its lock: 0 while it is being written.
SEQ_WORD = 1


def _layout(itemsize: int, fields: Tuple[Tuple[str, str, int], ...]) -> np.dtype[np.void]:
    names, formats, offsets = zip(*fields)
    spec = {"names": names, "formats": formats, "offsets": offsets, "itemsize": itemsize}
    dtype: np.dtype[np.void] = np.dtype(cast(Any, spec))  # Its stubs want a literal.
    return dtype


HEADER = _layout(
    320,
    (
        ("magic", "<u8", 0),
        ("version", "<u4", 8),
        ("header_bytes", "<u4", 12),
        ("file_bytes", "<u8", 16),
        ("record_bytes", "<u4", 24),
        ("slot_bytes", "<u4", 28),
        ("schema_offset", "<u8", 32),
        ("schema_bytes", "<u8", 40),
        ("table_offset", "<u8", 48),
        ("table_bytes", "<u8", 56),
        ("entry_bytes", "<u4", 64),
        ("entry_capacity", "<u4", 68),
        ("statistics_offset", "<u8", 72),
        ("statistics_bytes", "<u8", 80),
        ("ring_offset", "<u8", 88),
        ("ring_bytes", "<u8", 96),
        ("capacity", "<u8", 104),
        ("schema_hash", "<u8", 112),
        ("generation", "<u8", 120),
        ("pid", "<u8", 128),
        ("start_ns", "<i8", 136),
        ("flags", "<u8", 144),
        ("stages_offset", "<u8", 152),
        ("stage_count", "<u4", 160),
        ("stage_bytes", "<u4", 164),
        # Atomic from here on: the writer changes them.
        ("writer_state", "<u4", 192),
        ("entry_count", "<u4", 196),
        ("heartbeat_ns", "<i8", 200),
        ("newest", "<u8", 256),
    ),
)

LATENCY_BITS = 3
LATENCY_CELLS = 256

STATISTICS = _layout(
    128 + 8 * LATENCY_CELLS,
    (
        ("frames", "<u8", 0),
        ("unnamed_frames", "<u8", 8),
        ("unlisted_symbols", "<u8", 16),
        ("records", "<u8", 24),
        ("receive_ns", "<i8", 32),
        ("speed_milli", "<u8", 40),
        ("latency_max_ns", "<u8", 48),
    ),
)
STATISTICS_CELLS_OFFSET = 128

# The stages of a frame's way, in the order of the file.
STAGE_NAMES = ("socket", "queue", "decode", "book", "features", "publish")

STAGE = _layout(
    64 + 8 * LATENCY_CELLS,
    (
        ("count", "<u8", 0),
        ("sum_ns", "<u8", 8),
        ("max_ns", "<u8", 16),
    ),
)
STAGE_CELLS_OFFSET = 64

STATUS = _layout(
    64,
    (
        ("changed_ns", "<i8", 0),
        ("change", "<u8", 8),
        ("quality", "<u8", 16),
        ("update_id", "<u8", 24),
        ("event_ns", "<i8", 32),
        ("symbol_id", "<u4", 40),
        ("state", "<u4", 44),
    ),
)

COUNTS = _layout(
    64,
    (
        ("depth_frames", "<u8", 0),
        ("ticker_frames", "<u8", 8),
        ("trade_frames", "<u8", 16),
        ("malformed_frames", "<u8", 24),
        ("gaps", "<u8", 32),
        ("synchronisations", "<u8", 40),
        ("lost_inputs", "<u8", 48),
    ),
)

# RingEntry: the name, its status and counts, then a copy of the symbol's newest record.
NAME_BYTES = 64
ENTRY_STATUS_OFFSET = 64
ENTRY_COUNTS_OFFSET = 128
ENTRY_BYTES = 192


@dataclasses.dataclass(frozen=True)
class Header:
    """A copy of the fields of RingHeader that never change, and of the others as they were."""

    magic: int
    version: int
    header_bytes: int
    file_bytes: int
    record_bytes: int
    slot_bytes: int
    schema_offset: int
    schema_bytes: int
    table_offset: int
    table_bytes: int
    entry_bytes: int
    entry_capacity: int
    statistics_offset: int
    statistics_bytes: int
    ring_offset: int
    ring_bytes: int
    capacity: int
    schema_hash: int
    generation: int
    pid: int
    start_ns: int
    flags: int
    stages_offset: int
    stage_count: int
    stage_bytes: int
    writer_state: int
    entry_count: int
    heartbeat_ns: int
    newest: int

    @property
    def stages_bytes(self) -> int:
        return self.stage_count * self.stage_bytes


def parse_header(data: bytes) -> Header:
    """REQUIRES: at least HEADER.itemsize bytes. Checks nothing."""
    row: NDArray[np.void] = np.frombuffer(data, HEADER, 1)
    return Header(**{name: int(row[name][0]) for name in HEADER.names or ()})


def _require(holds: bool, field: str, value: int, expected: str) -> None:
    if not holds:
        raise corrupt(field, value, expected)


def _require_equal(field: str, value: int, expected: int) -> None:
    _require(value == expected, field, value, str(expected))


def check_header(header: Header, file_bytes: int) -> None:
    """Holds everything a reader relies on against the size of the file.

    Raises RingError: "ring corrupt: field=capacity value=3 expected=a power of two in ...", the
    first thing found.
    """
    size = header.record_bytes
    capacity = header.capacity
    _require_equal("magic", header.magic, MAGIC)
    _require_equal("version", header.version, VERSION)
    _require_equal("header_bytes", header.header_bytes, HEADER.itemsize)
    _require_equal("file_bytes", header.file_bytes, file_bytes)
    _require(
        CACHE_LINE_BYTES <= size <= RECORD_BYTES_MAX and size % CACHE_LINE_BYTES == 0,
        "record_bytes",
        size,
        f"a multiple of 64 in [64, {RECORD_BYTES_MAX}]",
    )
    _require_equal("slot_bytes", header.slot_bytes, size)
    _require(
        1 <= capacity <= CAPACITY_MAX and capacity & (capacity - 1) == 0,
        "capacity",
        capacity,
        f"a power of two in [1, {CAPACITY_MAX}]",
    )
    if header.stage_count != 0:
        _require_equal("stage_bytes", header.stage_bytes, STAGE.itemsize)
        _require(
            header.stage_count <= STAGES_MAX,
            "stage_count",
            header.stage_count,
            f"at most {STAGES_MAX}",
        )
    _require_equal("statistics_bytes", header.statistics_bytes, STATISTICS.itemsize)
    _require(
        header.schema_bytes <= SCHEMA_BYTES_MAX,
        "schema_bytes",
        header.schema_bytes,
        f"at most {SCHEMA_BYTES_MAX}",
    )
    _require_equal("entry_bytes", header.entry_bytes, ENTRY_BYTES + size)
    _require(
        header.entry_capacity <= ENTRIES_MAX,
        "entry_capacity",
        header.entry_capacity,
        f"at most {ENTRIES_MAX}",
    )
    _require_equal("table_bytes", header.table_bytes, header.entry_bytes * header.entry_capacity)
    _require_equal("ring_bytes", header.ring_bytes, capacity * header.slot_bytes)

    # The parts in their order, each behind the one before, all inside the file.
    begin = HEADER.itemsize
    for part in ("statistics", "stages", "schema", "table", "ring"):
        if part == "stages" and header.stage_count == 0:
            continue
        offset: int = getattr(header, part + "_offset")
        part_bytes: int = getattr(header, part + "_bytes")
        _require(
            offset % CACHE_LINE_BYTES == 0
            and begin <= offset
            and offset + part_bytes <= file_bytes,
            part + "_offset",
            offset,
            f"a multiple of 64 from {begin} on with {part_bytes} bytes behind it in the file",
        )
        begin = offset + part_bytes

    _require(header.generation != 0, "generation", header.generation, "1 or more")
    _require(
        WRITING <= header.writer_state <= SUPERSEDED,
        "writer_state",
        header.writer_state,
        "1, 2 or 3",
    )
    _require(
        header.entry_count <= header.entry_capacity,
        "entry_count",
        header.entry_count,
        f"at most {header.entry_capacity}",
    )
