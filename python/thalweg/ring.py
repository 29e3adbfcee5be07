"""Reads a ring of records that another process publishes in shared memory.

    with thalweg.open("live") as ring:
        for record in ring:
            print(record["event_ns"], record["mid"], ring.lost)

A reader maps the file for reading alone, is known to nobody and costs the writer nothing. What it
gives away are copies (but for view()), each with its number compared before and after the copy: a
record is whole. A reader that is too slow is lapped, never waited for: it then knows exactly how
many records it lost and goes on at the newest. No field of the file is trusted: one that makes no
sense raises RingError with its name and value.

Memory order. A copy is whole only if the loads of the first number, of the record and of the second
number happen in that order. On x86-64 they do: that hardware does not reorder loads with loads, and
CPython and numpy make each of the three steps in a call of its own, so no compiler moves them. An
aligned 8-byte number is read by one load. On CPUs with weaker order (aarch64) nothing in pure
Python can ask for it, and a torn copy could pass; there, read through the C or C++ reader
(include/thalweg/). This package does not refuse to run there.

Threads: one at a time uses a Ring. Format: docs/RING.md.
"""

from __future__ import annotations

import dataclasses
import operator
import time
from types import TracebackType
from typing import (
    TYPE_CHECKING,
    Any,
    Dict,
    Iterator,
    List,
    Optional,
    SupportsIndex,
    Tuple,
    Type,
    Union,
)

import numpy as np

from thalweg import ring_format
from thalweg.error import corrupt
from thalweg.quality import flag_names
from thalweg.ring_file import FOLDER, RingFile, identity_of, ring_path
from thalweg.ring_format import SEQ_WORD, WORD_BYTES, Header
from thalweg.schema import Field

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray

# Without a sign of life for so long a writer counts as silent.
SILENT_AFTER_NS = 1_000_000_000
# Looks at a slot that is being written before it counts as left by a dead writer. Then the writer
# may need our core.
_LOOKS_MAX = 200
_LOOKS_BEFORE_YIELD = 100
# How often one reading may be lapped; then there is nothing this time.
_LAPS_MAX = 100
# The part of a full ring that "oldest" leaves out while it is being written.
_OLDEST_MARGIN = 16

# Words of the header that the writer changes.
_STATE_HALF = 192 // 4
_COUNT_HALF = 196 // 4
_HEARTBEAT_WORD = 200 // WORD_BYTES
_NEWEST_WORD = 256 // WORD_BYTES

Start = Union[str, int]


@dataclasses.dataclass(frozen=True)
class SymbolState:
    """A symbol as the table has it now, records or not."""

    symbol: str
    symbol_id: int
    state: str  # "down", "buffering", "live", "resync", "halted"
    quality: np.uint64  # The quality word as of now: like the field `flags` of a record.
    changed_ns: int  # Wall clock of the last change of state or quality.
    update_id: int  # The last update id applied to the book.
    event_ns: int  # The symbol's event clock; 0 before it has one.
    counts: Dict[str, int]  # depth_frames, gaps, ...: RingSymbolCounts in core/ring_format.h

    @property
    def flags(self) -> Tuple[str, ...]:
        """The names of the quality word's bits."""
        return flag_names(self.quality)


@dataclasses.dataclass(frozen=True)
class Stage:
    """Times of one stage of the frames' way; one frame of some is timed (docs/RING.md)."""

    count: int
    sum_ns: int
    max_ns: int
    cells: NDArray[np.uint64]

    def time_ns(self, share: float) -> Optional[int]:
        """The time that this share of the timed frames did not exceed, at most 1/8 too high.

        None before the first. `share` is above 0 and at most 1, else ValueError.
        """
        return _percentile(self.cells, share, self.max_ns)


@dataclasses.dataclass(frozen=True)
class Statistics:
    """Counters of the writing engine."""

    frames: int
    unnamed_frames: int
    unlisted_symbols: int
    records: int
    receive_ns: int
    speed_milli: int  # Replay at this many thousandths of real time; 0: as fast as it can.
    latency_max_ns: int  # From a frame in memory to its record in the ring.
    latency_cells: NDArray[np.uint64]
    stages: Dict[str, Stage]  # By name: "socket", "queue", "decode", ...; those of this ring.

    def latency_ns(self, share: float) -> Optional[int]:
        """The latency that this share of records (0.99) did not exceed, at most 1/8 too high.

        None before the first record. `share` is above 0 and at most 1, else ValueError.
        """
        return _percentile(self.latency_cells, share, self.latency_max_ns)


def _percentile(cells: NDArray[np.uint64], share: float, greatest: int) -> Optional[int]:
    """The time that this share of those in the cells did not exceed; None when there is none."""
    if not 0 < share <= 1:
        raise ValueError(f"share={share}: must be above 0 and at most 1")
    ends = np.cumsum(cells)
    total = int(ends[-1])
    if total == 0:
        return None
    rank = min(total, max(1, int(np.ceil(share * total))))
    return min(_end_of_cell(int(np.searchsorted(ends, rank))), greatest)


def _end_of_cell(cell: int) -> int:
    """The greatest time that falls into a cell of the histogram (core/latency_cells.h)."""
    exact = 1 << ring_format.LATENCY_BITS
    if cell == ring_format.LATENCY_CELLS - 1:
        return ring_format.SEQ_MAX
    if cell < exact:
        return cell
    shift = cell // exact - 1
    return ((cell % exact + exact + 1) << shift) - 1


class Ring:
    """A ring that is open for reading: see the module, and thalweg.open()."""

    def __init__(self, path: str, start: Start = "newest", owner: Optional[int] = None) -> None:
        self._owner = owner
        self._path = path
        self._file: Optional[RingFile] = RingFile(path, owner)
        self._names: List[str] = []
        self._ids: Dict[str, int] = {}
        self._next = 1
        self._lost = 0
        self._last_lost = 0
        self.seek(start)

    def __enter__(self) -> Ring:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        if self._file is None:
            return f"<thalweg.Ring {self._path} (closed)>"
        return f"<thalweg.Ring {self._path} {self.writer} newest={self.newest} lost={self.lost}>"

    def close(self) -> None:
        """No call after it but close() works. Records that were given away stay."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def reopen(self) -> bool:
        """Opens the file that has the name now, if it is another one, at its oldest record.

        True when there was another one: a writer took the name over. What was not read of the old
        file, and what the new one holds no more, is lost (of generations between the two nothing is
        known but `generation`). Raises what open() does; then the old file stays open.
        """
        file = self._mapped
        if identity_of(self._path) == file.identity:
            return False
        left = max(0, self.newest - self._next + 1)
        opened = RingFile(self._path, self._owner)
        file.close()
        self._file = opened
        self._names, self._ids = [], {}
        self.seek("oldest")
        self._count_lost(left + self._next - 1)
        return True

    # --- records, one after another ---

    def seek(self, start: Start) -> None:
        """What is read next: "newest" there is, "oldest" still held, or a number.

        While a full ring is being written, "oldest" leaves out a sixteenth of it: its next records
        to be overwritten, so that the first read is not lapped.

        A positive number is a record's `seq`: if that is gone, reading is lapped; if it is to come,
        there is nothing yet. A negative one counts from the newest back, as Python's indices do:
        -1000 is the first of the last thousand, or the oldest held.
        """
        newest = self.newest
        if start == "newest":
            self._next = max(newest, 1)
        elif start == "oldest":
            capacity = self._mapped.header.capacity
            margin = capacity // _OLDEST_MARGIN if self.writer == "writing" else 0
            self._next = self._oldest() + (margin if newest > capacity else 0)
        elif isinstance(start, (int, np.integer)) and start != 0:
            number = int(start)
            self._next = number if number > 0 else max(self._oldest(), newest + 1 + number)
        else:
            raise ValueError(f"start={start!r}: 'newest', 'oldest', or a number that is not 0")

    def read(self, n: int, start: Optional[Start] = None) -> NDArray[np.void]:
        """Up to `n` records that are there, as a structured array of our own; never waits.

        Goes on from the reader's place, at first that of open(); with `start` it seeks first. The
        array holds consecutive records. Those that were overwritten meanwhile are cut off its
        front and counted in `lost`. Empty when there is nothing: `ended` says whether there will be.
        """
        n = operator.index(n)
        if n < 0:
            raise ValueError(f"n={n}: cannot be negative")
        if start is not None:
            self.seek(start)
        file = self._mapped
        for _ in range(_LAPS_MAX):
            newest = self.newest
            if n == 0 or self._next > newest:
                break
            if newest - self._next >= file.header.capacity:
                self._lapped()
                continue
            block = self._read_block(min(n, newest - self._next + 1))
            if len(block) != 0:
                return block.view(file.schema.dtype)[:, 0]
        empty: NDArray[np.void] = np.empty(0, file.schema.dtype)
        return empty

    def records(self, timeout: Optional[float] = None, poll: float = 0.001) -> Iterator[np.void]:
        """Each record from the reader's place on, as a numpy scalar of our own.

        Waits for the next one by looking every `poll` seconds (0: without sleeping, on a core of
        its own). Ends when everything was read and the writer closed the ring or another one took
        its name (then reopen()); with a `timeout`, also when no record came for so many seconds. A
        writer that fell silent is waited for: it may have been stopped. Look at `lost` now and
        then: it grows before the first record behind a hole is given.
        """
        # Read where the last record was given, so that the reader's place is always the caller's.
        waits_from: Optional[float] = None
        while True:
            record = self._next_record()
            if record is not None:
                waits_from = None
                yield record
                continue
            if self.ended:
                return
            now = time.monotonic()
            if waits_from is None:
                waits_from = now
            if timeout is not None and now - waits_from >= timeout:
                return
            time.sleep(poll)

    def __iter__(self) -> Iterator[np.void]:
        return self.records()

    def frame(
        self, n: int, start: Optional[Start] = None, index: Optional[str] = None
    ) -> pandas.DataFrame:
        """read() as a pandas frame, with the name of the symbol as first column.

        `index`: "event_ns" or "recv_ns" makes a DatetimeIndex (UTC) of that field. A field of
        several values becomes columns `<name>_1`, `<name>_2`, ... Needs pandas.
        """
        import pandas

        records = self.read(n, start)
        columns: Dict[str, Any] = {}
        if "symbol_id" in (records.dtype.names or ()):
            columns["symbol"] = self._symbol_column(records["symbol_id"])
        for field in self.fields:
            values = records[field.name]
            if field.count == 1:
                columns[field.name] = values
            else:
                for k in range(field.count):
                    columns[f"{field.name}_{k + 1}"] = values[:, k]
        frame = pandas.DataFrame(columns)
        if index is not None:
            times = pandas.to_datetime(frame[index], unit="ns", utc=True)
            frame.index = pandas.DatetimeIndex(times, name=index)
        return frame

    @property
    def position(self) -> int:
        """The number of the record that is read next."""
        return self._next

    @property
    def lost(self) -> int:
        """Records that were overwritten, skipped by a lap, or left in an old file, unread."""
        return self._lost

    @property
    def last_lost(self) -> int:
        """How many the last lap cost, or the last reopen()."""
        return self._last_lost

    @property
    def newest(self) -> int:
        """The number of the newest record in the ring; 0 before the first."""
        return self._mapped.words[_NEWEST_WORD]

    @property
    def ended(self) -> bool:
        """Everything was read, and nothing follows: the ring was closed, or superseded."""
        if self._mapped.halves[_STATE_HALF] == ring_format.WRITING:
            return False
        # A record that was published before it ended counts first.
        return self._next > self.newest

    # --- symbols ---

    @property
    def symbols(self) -> Tuple[str, ...]:
        """The names in the table; a name's place is its symbol_id."""
        self._read_names()
        return tuple(self._names)

    def symbol_name(self, symbol_id: SupportsIndex) -> Optional[str]:
        """Of a record's symbol_id; None for one that found no place in the table."""
        place = symbol_id.__index__()
        if place < 0:
            return None
        if place >= len(self._names):
            self._read_names()
        return self._names[place] or None if place < len(self._names) else None

    def latest(self, symbol: str) -> Optional[np.void]:
        """The symbol's newest record, a copy; the reader's place does not change.

        None when there is none, or the symbol is unknown so far.
        """
        file = self._mapped
        symbol_id = self._find(symbol)
        if symbol_id is None:
            return None
        place = self._entry(symbol_id) + ring_format.ENTRY_BYTES
        data = self._copy_newest(place, file.header.record_bytes)
        return None if data is None else _scalar(data, file.schema.dtype)

    def state(self, symbol: str) -> Optional[SymbolState]:
        """What the symbol is now; None when it is unknown so far.

        State and quality change at once when the engine learns of a gap or a disconnect, also when
        no record is due: who acts on an old record looks here, and at `writer`: one that died
        changes nothing any more.
        """
        symbol_id = self._find(symbol)
        if symbol_id is None:
            return None
        place = self._entry(symbol_id)
        data = self._copy_newest(
            place + ring_format.ENTRY_STATUS_OFFSET, ring_format.STATUS.itemsize
        )
        if data is None:
            return None
        status = _scalar(data, ring_format.STATUS)
        number = int(status["state"])
        if number >= len(ring_format.STATE_NAMES):
            raise corrupt("state", number, f"at most {len(ring_format.STATE_NAMES) - 1}")
        at = place + ring_format.ENTRY_COUNTS_OFFSET
        counts = self._words(at, ring_format.COUNTS.itemsize).view(ring_format.COUNTS)[0]
        return SymbolState(
            symbol=symbol,
            symbol_id=symbol_id,
            state=ring_format.STATE_NAMES[number],
            quality=status["quality"],
            changed_ns=int(status["changed_ns"]),
            update_id=int(status["update_id"]),
            event_ns=int(status["event_ns"]),
            counts={name: int(counts[name]) for name in ring_format.COUNTS.names or ()},
        )

    # --- the ring itself ---

    @property
    def path(self) -> str:
        return self._path

    @property
    def schema(self) -> Dict[str, Any]:
        """The schema block, parsed: fields with units and descriptions, the configuration."""
        return self._mapped.schema.json

    @property
    def fields(self) -> List[Field]:
        """The record's fields, in order."""
        return self._mapped.schema.fields

    @property
    def dtype(self) -> np.dtype[np.void]:
        """Of read() and of a record."""
        return self._mapped.schema.dtype

    @property
    def header(self) -> Header:
        """The header as it was checked at opening; what changes in it has properties here."""
        return self._mapped.header

    @property
    def generation(self) -> int:
        """From 1; one more with each writer that took the name over."""
        return self._mapped.header.generation

    @property
    def capacity(self) -> int:
        """How many records the ring holds."""
        return self._mapped.header.capacity

    @property
    def writer(self) -> str:
        """What is known of the writer.

        "writing"; "silent" (no sign of life for a second: it died, or was stopped); "closed" (it
        ended well, the ring stays readable); "superseded" (another file has the name: reopen()).
        """
        file = self._mapped
        state = file.halves[_STATE_HALF]
        if state == ring_format.CLOSED:
            return "closed"
        if state == ring_format.SUPERSEDED:
            return "superseded"
        beat = file.words[_HEARTBEAT_WORD]
        if beat >= 1 << 63:  # It is an i64; only a hostile one is negative.
            beat -= 1 << 64
        age = time.clock_gettime_ns(time.CLOCK_MONOTONIC) - beat
        return "writing" if state == ring_format.WRITING and age <= SILENT_AFTER_NS else "silent"

    @property
    def statistics(self) -> Statistics:
        file = self._mapped
        words = self._words(file.header.statistics_offset, ring_format.STATISTICS.itemsize)
        row = words.view(ring_format.STATISTICS)[0]
        cells = words[ring_format.STATISTICS_CELLS_OFFSET // WORD_BYTES :]
        values = {name: int(row[name]) for name in ring_format.STATISTICS.names or ()}
        return Statistics(latency_cells=cells, stages=self._stages(), **values)

    def _stages(self) -> Dict[str, Stage]:
        header = self._mapped.header
        stages = {}
        for i, name in enumerate(ring_format.STAGE_NAMES[: header.stage_count]):
            words = self._words(header.stages_offset + i * header.stage_bytes, header.stage_bytes)
            row = words.view(ring_format.STAGE)[0]
            values = {name: int(row[name]) for name in ring_format.STAGE.names or ()}
            cells = words[ring_format.STAGE_CELLS_OFFSET // WORD_BYTES :]
            stages[name] = Stage(cells=cells, **values)
        return stages

    def view(self) -> NDArray[np.void]:
        """The slots themselves, without a copy: a read-only structured array of shared memory.

        Record n lies in slot (n - 1) % capacity, and everything changes while you look: what you
        compute from a slot is true only if its `seq` was n before and still is n after. The view
        stays good after close(), and keeps the file mapped.
        """
        return self._mapped.view()

    # --- inside ---

    @property
    def _mapped(self) -> RingFile:
        if self._file is None:
            raise ValueError(f"{self._path}: the ring is closed")
        return self._file

    def _oldest(self) -> int:
        return max(1, self.newest - self._mapped.header.capacity + 1)

    def _lapped(self) -> None:
        """Goes on at the newest and counts what was lost.

        Where nobody writes any more nothing is in a hurry: then it goes on at the oldest held.
        """
        next_ = self.newest if self.writer == "writing" else self._oldest()
        next_ = max(next_, self._next + 1)
        self._count_lost(next_ - self._next)
        self._next = next_

    def _count_lost(self, lost: int) -> None:
        self._last_lost = lost
        self._lost += lost

    def _next_record(self) -> Optional[np.void]:
        """The record at the reader's place, or the newest when that is gone; None: nothing."""
        file = self._mapped
        size = file.header.record_bytes
        for _ in range(_LAPS_MAX):
            newest = self.newest
            n = self._next
            if n > newest:
                break
            if newest - n >= file.header.capacity:
                self._lapped()
                continue
            at = file.header.ring_offset + ((n - 1) & (file.header.capacity - 1)) * size
            seq_word = at // WORD_BYTES + SEQ_WORD
            before = file.words[seq_word]
            data = bytes(file.bytes[at : at + size])
            after = file.words[seq_word]
            if before == n and after == n:
                self._next = n + 1
                return _scalar(data, file.schema.dtype)
            self._check_gone(after, n)
            self._lapped()
        return None

    def _read_block(self, count: int) -> NDArray[np.uint64]:
        """The next `count` records as rows of words, those that are gone cut off and counted.

        REQUIRES: their slots are different ones. Empty when all are gone.
        """
        first = self._next
        slots = self._mapped.slots
        capacity = len(slots)
        at = (first - 1) & (capacity - 1)
        spans = [(at, min(at + count, capacity)), (0, max(0, at + count - capacity))]

        def numbers() -> NDArray[np.uint64]:
            now: NDArray[np.uint64] = np.concatenate(
                [slots[begin:end, SEQ_WORD] for begin, end in spans]
            )
            return now

        before = numbers()
        block: NDArray[np.uint64] = np.concatenate([slots[begin:end] for begin, end in spans])
        after = numbers()
        expected = np.uint64(first) + np.arange(count, dtype=np.uint64)
        gone = np.flatnonzero((before != expected) | (after != expected))
        if len(gone) == 0:
            self._next = first + count
            return block
        for k in gone:
            self._check_gone(int(after[k]), first + int(k))
        # The writer takes the oldest first.
        cut = int(gone[-1]) + 1
        if cut == count:
            self._lapped()
            return block[:0]
        self._count_lost(cut)
        self._next = first + count
        return block[cut:]

    def _check_gone(self, found: int, n: int) -> None:
        """What lies in the slot of a record that is not there: nothing yet, or a later one."""
        if found == 0 or (found > n and (found - n) % self._mapped.header.capacity == 0):
            return
        raise corrupt("seq", found, f"{n}, or a later one of its slot")

    def _copy_newest(self, offset: int, size: int) -> Optional[bytes]:
        """Copies what is written again and again at one place, whatever its number.

        None when nothing was ever written, or when the writer is at it each time one looks: it
        died there.
        """
        file = self._mapped
        seq_word = offset // WORD_BYTES + SEQ_WORD
        for look in range(_LOOKS_MAX):
            before = file.words[seq_word]
            data = bytes(file.bytes[offset : offset + size])
            if before != 0 and file.words[seq_word] == before:
                return data
            if before == 0 and not any(data):
                return None
            if look >= _LOOKS_BEFORE_YIELD:
                time.sleep(0)
        return None

    def _words(self, offset: int, size: int) -> NDArray[np.uint64]:
        """A copy of words that are atomic one by one."""
        words: NDArray[np.uint64] = np.frombuffer(
            self._mapped.bytes, np.uint64, size // WORD_BYTES, offset
        ).copy()
        return words

    def _entry(self, symbol_id: int) -> int:
        header = self._mapped.header
        return header.table_offset + symbol_id * header.entry_bytes

    def _read_names(self) -> None:
        """Takes in the symbols that came since; a name never changes once it is counted."""
        file = self._mapped
        count = min(file.halves[_COUNT_HALF], file.header.entry_capacity)
        for symbol_id in range(len(self._names), count):
            at = self._entry(symbol_id)
            text = bytes(file.bytes[at : at + ring_format.NAME_BYTES]).split(b"\0", 1)[0]
            name = text.decode("utf-8", "replace")
            self._names.append(name)
            if name:  # A name that was too long for its place has none.
                self._ids.setdefault(name, symbol_id)

    def _find(self, symbol: str) -> Optional[int]:
        if symbol not in self._ids:
            self._read_names()
        return self._ids.get(symbol)

    def _symbol_column(self, symbol_ids: NDArray[np.uint32]) -> pandas.Categorical:
        import pandas

        names = self.symbols
        listed = {name: code for code, name in enumerate(self._ids)}
        # The last place is that of ids that are not in the table.
        code_of_id = np.array([listed.get(name, -1) for name in names] + [-1])
        codes = code_of_id[np.minimum(symbol_ids, len(names))]
        return pandas.Categorical.from_codes(codes, list(listed))


def _scalar(data: bytes, dtype: np.dtype[np.void]) -> np.void:
    scalar: np.void = np.frombuffer(data, dtype)[0]
    return scalar


def open(
    name: str,
    kind: str = "features",
    start: Start = "newest",
    owner: Optional[int] = None,
    folder: str = FOLDER,
) -> Ring:
    """Opens a ring for reading.

    `name`: of a ring, or, with a '/', the path of its file. `kind`: "features", "ladders", "tops".
    `start`: Ring.seek(). `owner`: files of this user are read; None: our own user's, or root's.

    Raises FileNotFoundError; PermissionError (not ours, a link, or others may write it); RingError
    "ring corrupt: field=... value=...", also for a format version that this package does not read;
    ValueError for a name or kind that cannot be.
    """
    return Ring(ring_path(name, kind, folder), start, owner)
