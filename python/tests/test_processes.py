"""A writer in another process: at full speed, stopped and continued, killed and replaced."""

import pathlib
import signal
import subprocess
import sys

import numpy as np
import pytest
import thalweg
from conftest import some, wait_until

WRITER = pathlib.Path(__file__).with_name("writer_process.py")


class Writers:
    def __init__(self, path):
        self.path = path
        self.started = []

    def start(self, capacity=64, generation=1, count=0):
        command = [sys.executable, "-B", WRITER, self.path, str(capacity), str(generation), str(count)]
        process = subprocess.Popen([str(part) for part in command])
        self.started.append(process)
        wait_until(lambda: self.generation() == generation, "the writer's file")
        return process

    def generation(self):
        try:
            with thalweg.open(str(self.path)) as ring:
                return ring.generation
        except FileNotFoundError:
            return 0


@pytest.fixture
def writers(tmp_path):
    """Starts writers of one ring, and ends them after the test."""
    group = Writers(tmp_path / "thalweg.test")
    yield group
    for process in group.started:
        process.kill()
        process.wait()


def check_whole(records):
    """Every word of a record follows from its number (ring_writer.RingWriter.record)."""
    n = records["seq"].astype(np.float64)
    assert np.array_equal(records["update_id"], records["seq"] + np.uint64(7))
    for k, name in enumerate(records.dtype.names[10:]):
        assert np.array_equal(records[name], n + k / 1024)


@pytest.mark.parametrize("capacity", [2, 64])
def test_no_block_holds_a_torn_record_while_a_writer_runs(writers, capacity):
    writers.start(capacity=capacity, count=100_000)
    with thalweg.open(str(writers.path), start="oldest") as ring:
        first = ring.position
        given = 0
        last = first - 1
        while not ring.ended:
            records = ring.read(1000)
            if len(records) == 0:
                continue
            check_whole(records)
            seq = records["seq"].astype(np.int64)
            assert np.all(np.diff(seq) == 1)
            assert seq[0] > last
            last = int(seq[-1])
            given += len(records)
            assert given + ring.lost == last - first + 1
        assert ring.position == ring.newest + 1 == 100_001
        assert given > 0


def test_no_record_is_torn_when_they_are_read_one_by_one(writers):
    writers.start(capacity=4, count=50_000)
    with thalweg.open(str(writers.path), start="oldest") as ring:
        first = ring.position
        given = 0
        for record in ring.records(poll=0):
            given += 1
            assert record["update_id"] == record["seq"] + np.uint64(7)
            assert record["mid"] == float(record["seq"])
            assert record["imbalance_10bps"] == float(record["seq"]) + 4 / 1024
        assert given + ring.lost == 50_000 - first + 1
        assert given > 0


def test_the_newest_of_a_symbol_and_its_state_are_whole_while_a_writer_runs(writers):
    writers.start()
    with thalweg.open(str(writers.path)) as ring:
        wait_until(lambda: ring.latest("BTCUSDT") is not None, "a first record")
        last = 0
        for _ in range(5000):
            # None while the writer is halted in the midst of a record: it goes on.
            record = some(lambda: ring.latest("BTCUSDT"), "a record")
            assert record["mid"] == float(record["seq"])
            assert record["imbalance_10bps"] == float(record["seq"]) + 4 / 1024
            assert record["seq"] >= last
            last = int(record["seq"])
            assert some(lambda: ring.state("BTCUSDT"), "a state").state == "down"


def test_a_writer_that_is_stopped_falls_silent_and_is_waited_for(writers):
    process = writers.start()
    with thalweg.open(str(writers.path)) as ring:
        wait_until(lambda: ring.newest > 0, "a first record")
        process.send_signal(signal.SIGSTOP)
        wait_until(lambda: ring.writer == "silent", "silence")
        assert not ring.ended
        stopped_at = ring.newest
        assert len(list(ring.records(timeout=0.05))) <= 64
        process.send_signal(signal.SIGCONT)
        wait_until(lambda: ring.writer == "writing" and ring.newest > stopped_at, "life")
        assert next(ring.records())["seq"] > stopped_at


def test_a_writer_that_is_killed_is_silent_and_its_successor_is_followed(writers):
    process = writers.start(capacity=1024)
    with thalweg.open(str(writers.path), start="oldest") as ring:
        wait_until(lambda: ring.newest > 5000, "records")
        process.kill()
        process.wait()
        wait_until(lambda: ring.writer == "silent", "silence")
        # What it left is whole but for the one record it may have died over.
        block = ring.read(2000, start="oldest")
        check_whole(block)
        assert len(block) >= 1023
        assert not ring.ended
        assert ring.reopen() is False

        writers.start(capacity=1024, generation=2, count=3000)
        wait_until(lambda: ring.writer == "superseded", "the successor")
        assert ring.ended
        assert ring.reopen() is True
        assert ring.generation == 2
        for record in ring:
            assert record["mid"] == float(record["seq"])
        assert (ring.writer, ring.position) == ("closed", 3001)
