"""The examples, on rings whose records are known."""

import json
import os
import pathlib
import signal
import subprocess
import sys

import pytest
from conftest import DEADLINE_SECONDS, wait_until
from ring_writer import RingWriter, Shape, schema_text

SOURCE = pathlib.Path(__file__).resolve().parents[2]
MODEL = json.loads((SOURCE / "examples" / "linear_model.json").read_text())


def command(example, *arguments):
    return [sys.executable, "-B", str(SOURCE / "examples" / example), *map(str, arguments)]


def run(example, *arguments):
    environment = dict(os.environ, PYTHONPATH=str(SOURCE / "python"))
    return subprocess.run(
        command(example, *arguments),
        env=environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
    )


def prediction(n):
    """Of record n as the test's writer makes it: feature k is n + k / 1024."""
    names = ["mid", "imbalance_l1", "imbalance_l10", "weighted_mid_adj_bps", "imbalance_10bps"]
    values = {name: n + k / 1024 for k, name in enumerate(names)}
    return MODEL["bias"] + sum(w * values[name] for name, w in MODEL["weights"].items())


def line(n):
    return f"2023-11-14T22:13:20.000 BTCUSDT mid {n} prediction {prediction(n):+.6f} lost 0"


@pytest.fixture
def closed_ring(writer, tmp_path):
    writer.add_symbol(0, "BTCUSDT")
    writer.publish(6)
    writer.publish(2, flags=3)
    writer.close()
    return tmp_path / "thalweg.test"


def test_inference_prints_a_prediction_a_record_and_skips_what_has_no_book(closed_ring):
    done = run("ring_inference.py", closed_ring, "--start", "oldest")
    assert done.returncode == 0, done.stderr
    skipped = "2023-11-14T22:13:20.000 BTCUSDT skipped: BOOK_INVALID|RESYNCING"
    assert done.stdout.splitlines() == [line(n) for n in range(1, 7)] + [skipped] * 2
    assert done.stderr == (
        "8 records, 6 predictions, 2 without a book, 0 lost; the writer is closed\n"
    )


def test_inference_takes_each_nth_and_ends_at_a_limit(closed_ring):
    done = run("ring_inference.py", closed_ring, "--start", "oldest", "--every", 2, "--limit", 5)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [line(2), line(4)]


def test_inference_tells_what_it_cannot_do(tmp_path):
    done = run("ring_inference.py", tmp_path / "thalweg.absent")
    assert done.returncode == 1
    assert "there is no such ring" in done.stderr
    RingWriter(tmp_path / "thalweg.other", Shape(schema=schema_text(["mid"])))
    done = run("ring_inference.py", tmp_path / "thalweg.other")
    assert done.returncode == 1
    assert "its records have no imbalance_l1, " in done.stderr


def test_inference_that_was_stopped_tells_exactly_what_it_lost(writer, tmp_path):
    writer.add_symbol(0, "BTCUSDT")
    writer.publish(3)
    environment = dict(os.environ, PYTHONPATH=str(SOURCE / "python"))
    reader = subprocess.Popen(
        command("ring_inference.py", tmp_path / "thalweg.test", "--start", "oldest"),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for n in (1, 2, 3):
            assert reader.stdout.readline() == line(n) + "\n"
        reader.send_signal(signal.SIGSTOP)
        wait_until(lambda: process_state(reader.pid) == "T", "the reader to stop")
        writer.publish(40)  # The ring holds 8.
        writer.close()
        reader.send_signal(signal.SIGCONT)
        out, err = reader.communicate(timeout=DEADLINE_SECONDS)
    finally:
        reader.kill()
        reader.wait()
    # Its writer has ended: what the ring holds is read.
    held = [line(n).replace("lost 0", "lost 32") for n in range(36, 44)]
    assert out.splitlines() == held
    assert err.startswith("11 records, 11 predictions, 0 without a book, 32 lost;")


def process_state(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_inference_ends_when_its_writer_falls_silent(writer, tmp_path):
    writer.add_symbol(0, "BTCUSDT")
    writer.publish(3)
    writer.set_header("heartbeat_ns", 1)
    done = run("ring_inference.py", tmp_path / "thalweg.test", "--start", "oldest")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 3
    assert done.stderr.endswith("the writer is silent\n")


def test_a_ring_is_read_with_nothing_but_mmap_and_numpy(closed_ring):
    done = subprocess.run(
        command("ring_numpy.py", closed_ring), capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
    assert done.stdout == "8 1700000000000008000 8.0\n"


def test_the_short_reader_says_what_is_no_ring(tmp_path):
    (tmp_path / "thalweg.test").write_bytes(b"x" * 4096)
    done = subprocess.run(
        command("ring_numpy.py", tmp_path / "thalweg.test"), capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "not a ring of format version 1" in done.stderr


def test_the_short_reader_shows_no_record_that_is_not_whole(writer, tmp_path):
    path = tmp_path / "thalweg.test"
    assert run("ring_numpy.py", path).stdout == ""
    writer.publish(8)
    writer.words[writer.slot_word(8) + 1] = 0
    assert run("ring_numpy.py", path).stdout == ""


def test_the_short_reader_reads_fields_of_several_values(tmp_path):
    schema = schema_text(["mid", {"name": "bid_qty_t10", "count": 15}])
    RingWriter(tmp_path / "thalweg.test", Shape(record_bytes=192, schema=schema)).publish()
    assert run("ring_numpy.py", tmp_path / "thalweg.test").stdout.startswith("1 17")


def test_the_model_names_features_of_the_catalogue():
    features = (SOURCE / "docs" / "FEATURES.md").read_text()
    for name in MODEL["weights"]:
        assert f"| `{name}` |" in features
