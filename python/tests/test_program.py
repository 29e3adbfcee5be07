"""Rings of the real program: what a reader reads is what the same replay writes to its files.

$THALWEG_PROGRAM is the program; without it these tests are skipped.
"""

import csv
import io
import itertools
import os
import pathlib
import signal
import subprocess

import numpy as np
import pytest
import thalweg
from conftest import DEADLINE_SECONDS, wait_until
from test_hostile import TOLD
from ring_writer import HEADER_FIELDS

SOURCE = pathlib.Path(__file__).resolve().parents[2]
DEMO = SOURCE / "tests" / "data" / "demo.txt"
DATA = pathlib.Path(os.environ.get("THALWEG_DATA", SOURCE / ".." / "shared" / "data"))
RECORDED = sorted((DATA / "spot-btcusdt-2024-08-08").glob("btcusdt_2024080?.gz"))
PROGRAM = os.environ.get("THALWEG_PROGRAM")
TRIGGERS = ["", "depth", "ticker", "trade", "timer"]

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="THALWEG_PROGRAM names no program")

numbers = itertools.count()


@pytest.fixture
def name():
    """Of a ring in /dev/shm that nobody else uses; its files go after the test."""
    unique = f"pytest-{os.getpid()}-{next(numbers)}"
    yield unique
    for path in pathlib.Path("/dev/shm").glob(f"thalweg.{unique}*"):
        path.unlink()


def replay(*arguments):
    done = subprocess.run(
        [PROGRAM, "replay", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def writers():
    """Starts replays that last, and ends them after the test."""
    started = []

    def start(*arguments):
        process = subprocess.Popen(
            [PROGRAM, "replay", *map(str, arguments)], stderr=subprocess.DEVNULL
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def open_when_there(name, generation=1, **options):
    def there():
        try:
            with thalweg.open(name) as ring:
                return ring.generation == generation
        except FileNotFoundError:
            return False

    wait_until(there, f"generation {generation} of the ring")
    return thalweg.open(name, **options)


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def check_equal(records, rows, ring):
    """Records against rows of features.csv, bit for bit."""
    assert len(records) == len(rows)
    assert rows
    header = {"event_ns", "recv_ns", "update_id", "flags"}
    for column in rows[0]:
        texts = [row[column] for row in rows]
        if column in header:
            assert records[column].tolist() == [int(text) for text in texts], column
        elif column == "trigger":
            assert [TRIGGERS[trigger] for trigger in records[column]] == texts
        elif column == "symbol":
            assert [ring.symbol_name(symbol) for symbol in records["symbol_id"]] == texts
        else:
            # The one NaN of records is Python's too, so bits may be compared.
            expected = np.array([float(text) for text in texts]).view(np.uint64)
            assert np.array_equal(records[column].copy().view(np.uint64), expected), column


def test_every_record_of_the_demo_is_that_of_the_csv(name):
    rows = rows_of(replay(DEMO, "--emit", "all", "--out", "-", "--ring", name))
    with thalweg.open(name, start="oldest") as ring:
        assert ring.writer == "closed"
        records = ring.read(1_000_000)
        assert records["seq"].tolist() == list(range(1, len(rows) + 1))
        check_equal(records, rows, ring)
        assert ring.ended and ring.lost == 0
        one_by_one = [record.tobytes() for record in ring.records()]
        assert one_by_one == []
        ring.seek(1)
        assert [record.tobytes() for record in ring] == [record.tobytes() for record in records]
        assert list(rows[0])[6:] == [f.name for f in ring.fields if f.group != "header"]


@pytest.mark.skipif(not RECORDED, reason=f"no real recording in {DATA}")
def test_every_record_of_a_real_recording_is_that_of_the_csv(name):
    rows = rows_of(replay(*RECORDED, "--out", "-", "--ring", name))
    assert len(rows) > 6000
    with thalweg.open(name, start="oldest") as ring:
        check_equal(ring.read(1_000_000), rows, ring)
        assert ring.lost == 0


def test_a_reader_beside_the_writer_gets_records_of_the_csv_and_counts_the_others(name, writers):
    rows = rows_of(replay(DEMO, "--emit", "all", "--out", "-"))
    writers(DEMO, "--emit", "all", "--ring", name, "--ring-capacity", 64, "--speed", 50)
    with open_when_there(name, start=1) as ring:
        given = []
        while not ring.ended:
            block = ring.read(1000)
            if len(block) != 0:
                given.append(block)
        records = np.concatenate(given)
        assert len(records) + ring.lost == len(rows)
        check_equal(records, [rows[int(seq) - 1] for seq in records["seq"]], ring)


def test_who_comes_late_finds_the_newest_record_and_the_state(name):
    rows = rows_of(replay(DEMO, "--out", "-", "--ring", name))
    with thalweg.open(name) as ring:
        assert ring.symbols == ("DEMOUSDT",)
        last = ring.latest("DEMOUSDT")
        check_equal(np.array([last]), rows[-1:], ring)
        state = ring.state("DEMOUSDT")
        assert state.state == "live"
        assert state.update_id == int(rows[-1]["update_id"])
        assert state.counts["synchronisations"] == 1
        assert state.counts["gaps"] == 0
        assert ring.read(5)["seq"].tolist() == [len(rows)]
        assert ring.statistics.records == len(rows)


def test_a_gap_shows_in_the_state_without_a_record(name, tmp_path):
    lines = DEMO.read_text().splitlines(keepends=True)
    depth = [at for at, line in enumerate(lines) if "@depth" in line]
    cut = tmp_path / "cut.txt"
    # Without the depth frame before the last one, the last one does not continue the book.
    cut.write_text("".join(lines[: depth[-2]] + lines[depth[-2] + 1 : depth[-1] + 1]))
    rows = rows_of(replay(cut, "--out", "-", "--ring", name))
    with thalweg.open(name) as ring:
        last, state = ring.latest("DEMOUSDT"), ring.state("DEMOUSDT")
        check_equal(np.array([last]), rows[-1:], ring)
        assert not last["flags"] & thalweg.Quality.BOOK_INVALID
        assert state.quality & thalweg.Quality.BOOK_INVALID
        assert state.flags[:2] == ("BOOK_INVALID", "RESYNCING")
        assert state.state == "resync"
        assert state.counts["gaps"] == 1


def test_a_slow_reader_learns_how_many_it_lost_and_reads_what_an_ended_ring_holds(name, writers):
    rows = rows_of(replay(DEMO, "--out", "-"))
    writer = writers(DEMO, "--ring", name, "--ring-capacity", 16, "--speed", 30)
    with open_when_there(name, start=1) as ring:
        wait_until(lambda: ring.newest >= 1, "a first record")
        first = ring.read(1)
        assert writer.wait(timeout=DEADLINE_SECONDS) == 0
        last = ring.read(100)
        assert last["seq"].tolist() == list(range(len(rows) - 15, len(rows) + 1))
        assert len(first) + len(last) + ring.lost == len(rows)
        check_equal(last, rows[-16:], ring)


def test_a_killed_writer_is_silent_and_its_successor_is_followed(name, writers):
    rows = rows_of(replay(DEMO, "--out", "-"))
    writer = writers(DEMO, "--ring", name, "--speed", 10)
    with open_when_there(name, start=1) as ring:
        wait_until(lambda: ring.newest >= 20, "records")
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        wait_until(lambda: ring.writer == "silent", "silence")
        left = ring.read(1000)
        check_equal(left, rows[: len(left)], ring)
        assert len(left) >= 20 and not ring.ended
        assert ring.reopen() is False

        replay(DEMO, "--ring", name)
        assert ring.writer == "superseded" and ring.ended
        assert ring.reopen() is True
        assert ring.generation == 2
        check_equal(ring.read(10_000), rows, ring)
        assert ring.writer == "closed" and ring.lost == 0


def test_a_stopped_writer_is_silent_and_goes_on(name, writers):
    writer = writers(DEMO, "--ring", name, "--speed", 20)
    with open_when_there(name, start=1) as ring:
        wait_until(lambda: ring.newest >= 5, "records")
        writer.send_signal(signal.SIGSTOP)
        wait_until(lambda: ring.writer == "silent", "silence")
        before = ring.newest
        writer.send_signal(signal.SIGCONT)
        wait_until(lambda: ring.newest > before, "records")
        assert len([record for record in ring]) == ring.newest
        assert ring.writer == "closed" and ring.lost == 0


def test_tops_begin_with_the_touch_of_the_feature_record(name):
    replay(DEMO, "--ring", name)
    with thalweg.open(name, start="oldest") as features, thalweg.open(
        name, kind="tops", start="oldest"
    ) as tops:
        feature, top = features.read(10_000), tops.read(10_000)
        assert len(feature) == len(top) > 500
        for field in ("event_ns", "update_id", "symbol_id"):
            assert np.array_equal(feature[field], top[field])
        for side in ("bid", "ask"):
            assert np.array_equal(feature[f"best_{side}"], top[f"{side}_price_1"])
            assert np.array_equal(feature[f"best_{side}_qty"], top[f"{side}_qty_1"])


def test_ladders_sum_to_the_imbalance_of_the_feature_record(name):
    replay(DEMO, "--ring", name, "--buckets", "1,10")
    with thalweg.open(name, start="oldest") as features, thalweg.open(
        name, kind="ladders", start="oldest"
    ) as ladders:
        feature, ladder = features.read(10_000), ladders.read(10_000)
        assert np.array_equal(feature["update_id"], ladder["update_id"])
        for size in ("1", "10"):
            bid = ladder[f"bid_qty_t{size}"].sum(axis=1)
            ask = ladder[f"ask_qty_t{size}"].sum(axis=1)
            assert ladder[f"bid_qty_t{size}"].shape[1] == 15
            np.testing.assert_allclose(
                feature[f"imbalance_t{size}"], (bid - ask) / (bid + ask), rtol=1e-9, atol=1e-12
            )


def test_a_real_ring_with_a_broken_field_is_refused_or_does_no_harm(name, tmp_path):
    from test_hostile import use

    replay(DEMO, "--ring", name, "--ring-records", "features")
    whole = pathlib.Path(f"/dev/shm/thalweg.{name}").read_bytes()
    path = tmp_path / "thalweg.test"
    for field, (offset, form) in HEADER_FIELDS.items():
        width = 8 if form in ("<Q", "<q") else 4
        good = int.from_bytes(whole[offset : offset + width], "little")
        for value in {good ^ 1, 2 ** (8 * width) - 1 - good, 0} - {good}:
            data = bytearray(whole)
            data[offset : offset + width] = value.to_bytes(width, "little")
            path.write_bytes(data)
            # Without stages it is the ring of an older build.
            if field in TOLD | {"generation", "writer_state", "entry_count"} or (field, value) == ("stage_count", 0):
                try:
                    use(path)
                except thalweg.RingError:
                    pass
            else:
                with pytest.raises(thalweg.RingError, match="ring corrupt: field="):
                    thalweg.open(str(path))


def test_the_frame_of_a_replay_is_the_csv(name, tmp_path):
    pandas = pytest.importorskip("pandas")
    out = tmp_path / "features.csv"
    replay(DEMO, "--out", out, "--ring", name)
    table = pandas.read_csv(out, dtype=str, keep_default_na=False)
    with thalweg.open(name, start="oldest") as ring:
        frame = ring.frame(10_000, index="event_ns")
    assert frame.index.is_monotonic_increasing
    for column in table.columns[6:]:
        assert np.array_equal(frame[column], table[column].map(float), equal_nan=True), column
