"""Records, one after another and in blocks: what is given is whole, what is not is counted."""

import pathlib

import numpy as np
import pytest
import thalweg
from ring_writer import RingWriter, Shape
from thalweg import ring as ring_module


def numbers(records):
    return [int(record["seq"]) for record in records]


def test_records_are_bit_equal_to_what_was_written(writer, ring):
    writer.publish(5)
    records = ring.read(100)
    assert records.tobytes() == b"".join(writer.record(n) for n in range(1, 6))
    ring.seek(1)
    given = [record.tobytes() for record in ring.records(timeout=0)]
    assert given == [writer.record(n) for n in range(1, 6)]


def test_field_names_are_those_of_the_schema(writer, ring):
    writer.publish()
    record = ring.read(1)[0]
    assert record.dtype.names[:2] == ("schema_hash", "seq")
    assert record.dtype.names[-1] == "imbalance_10bps"
    assert record["event_ns"] == 1_700_000_000_000_001_000
    assert record["imbalance_l1"] == 1 + 1 / 1024


def test_reading_goes_on_where_it_was(writer, ring):
    writer.publish(6)
    assert numbers(ring.read(4)) == [1, 2, 3, 4]
    assert numbers(ring.records(timeout=0)) == [5, 6]
    assert len(ring.read(4)) == 0
    writer.publish(2)
    assert numbers(ring.read(4)) == [7, 8]
    assert ring.position == 9
    assert ring.lost == 0


@pytest.mark.parametrize(
    "start, first",
    [("newest", 20), ("oldest", 13), (15, 15), (-1, 20), (-3, 18), (-8, 13), (-1000, 13)],
)
def test_where_reading_starts(writer, tmp_path, start, first):
    writer.publish(20)
    expected = list(range(first, 21))
    with thalweg.open(str(tmp_path / "thalweg.test"), start=start) as opened:
        assert numbers(opened.read(100)) == expected
        assert numbers(opened.read(100, start=start)) == expected
        assert opened.lost == 0


@pytest.mark.parametrize("start", ["newest", "oldest", -5])
def test_an_empty_ring_starts_at_its_first_record(writer, ring, start):
    assert ring.newest == 0
    assert len(ring.read(10, start=start)) == 0
    writer.publish(3)
    assert numbers(ring.read(10)) == [1, 2, 3]


def test_a_number_to_come_is_waited_for(writer, ring):
    writer.publish(3)
    assert len(ring.read(10, start=5)) == 0
    writer.publish(3)
    assert numbers(ring.read(10)) == [5, 6]


@pytest.mark.parametrize("start", [0, "first", 1.5, None])
def test_a_start_that_means_nothing_is_refused(ring, start):
    with pytest.raises(ValueError, match="start="):
        ring.seek(start)


def test_a_negative_count_is_refused(ring):
    with pytest.raises(ValueError, match="n=-1"):
        ring.read(-1)


def test_a_block_may_wrap_around_the_end_of_the_ring(writer, ring):
    writer.publish(5)
    ring.read(100)
    writer.publish(8)
    assert ring.read(100).tobytes() == b"".join(writer.record(n) for n in range(6, 14))


def test_a_block_is_memory_of_its_own(writer, ring):
    writer.publish(8)
    block = ring.read(8)
    ring.seek(8)
    record = next(ring.records())
    writer.publish(8)
    ring.close()
    assert block.tobytes() == b"".join(writer.record(n) for n in range(1, 9))
    assert record.tobytes() == writer.record(8)
    block["mid"] = 0  # And writable.


# --- lapped -----------------------------------------------------------------------------------


def test_a_slow_reader_is_lapped_and_goes_on_at_the_newest(writer, ring):
    writer.publish(2)
    assert numbers(ring.read(1)) == [1]
    writer.publish(18)  # 2 to 20 were to be read; 13 to 20 are held.
    assert numbers(ring.read(100)) == [20]
    assert (ring.lost, ring.last_lost) == (18, 18)
    writer.publish(9)
    assert numbers(ring.records(timeout=0)) == [29]
    assert (ring.lost, ring.last_lost) == (26, 8)


def test_whether_records_are_read_one_by_one_or_in_blocks_the_same_are_lost(tmp_path):
    writer = RingWriter(tmp_path / "thalweg.test")
    path = str(tmp_path / "thalweg.test")
    with thalweg.open(path) as one, thalweg.open(path) as block:
        for count in (1, 7, 8, 9, 30, 2):
            writer.publish(count)
            assert numbers(one.records(timeout=0)) == numbers(block.read(100))
            assert (one.lost, one.last_lost) == (block.lost, block.last_lost)


def test_given_and_lost_are_together_all_that_was_published(tmp_path):
    random = np.random.default_rng(7)
    writer = RingWriter(tmp_path / "thalweg.test")
    with thalweg.open(str(tmp_path / "thalweg.test")) as ring:
        given = []
        for _ in range(2000):
            writer.publish(int(random.integers(0, 7)))
            given += numbers(ring.read(int(random.integers(0, 6))))
            assert len(given) + ring.lost == ring.position - 1
        assert given == sorted(set(given))
        assert 0 < ring.lost < writer.seq


def test_a_record_that_is_gone_is_lapped(writer, ring):
    writer.publish(20)
    assert numbers(ring.read(100, start=12)) == [20]
    assert ring.last_lost == 8


def test_a_record_that_is_being_overwritten_is_gone(writer, ring):
    writer.publish(8)
    writer.begin_next()  # In the slot of record 1.
    assert numbers(ring.read(100)) == [2, 3, 4, 5, 6, 7, 8]
    assert ring.lost == 1
    ring.seek(1)
    assert numbers(ring.records(timeout=0)) == [8]
    assert ring.last_lost == 7


def test_records_overwritten_while_a_block_is_copied_are_cut_off(writer, ring, monkeypatch):
    concatenate = np.concatenate
    calls = []

    def copy_then_be_lapped(parts):
        block = concatenate(parts)
        calls.append(block)
        if len(calls) == 2:  # The records; their numbers come before and after.
            writer.publish(3)
        return block

    writer.publish(8)
    monkeypatch.setattr(np, "concatenate", copy_then_be_lapped)
    records = ring.read(100)
    assert len(calls) == 3
    assert records.tobytes() == b"".join(writer.record(n) for n in range(4, 9))
    assert (ring.lost, ring.last_lost, ring.position) == (3, 3, 9)


def test_a_block_that_is_overwritten_as_a_whole_goes_on_at_the_newest(writer, ring, monkeypatch):
    concatenate = np.concatenate
    calls = []

    def copy_then_be_lapped(parts):
        block = concatenate(parts)
        calls.append(block)
        if len(calls) == 2:
            writer.publish(12)
        return block

    writer.publish(8)
    monkeypatch.setattr(np, "concatenate", copy_then_be_lapped)
    assert ring.read(100).tobytes() == writer.record(20)
    assert (ring.lost, ring.position) == (19, 21)


def test_a_record_overwritten_while_it_is_copied_is_not_given(writer, ring, monkeypatch):
    copied = []

    def copy_then_be_lapped(view):
        data = bytes(view)
        copied.append(data)
        if len(copied) == 1:
            writer.publish(8)
        return data

    writer.publish(8)
    monkeypatch.setattr(ring_module, "bytes", copy_then_be_lapped, raising=False)
    assert numbers(ring.records(timeout=0)) == [16]
    assert len(copied) == 2
    assert ring.lost == 15


def test_a_reader_that_is_lapped_in_every_look_comes_back_with_nothing(tmp_path, monkeypatch):
    writer = RingWriter(tmp_path / "thalweg.test", Shape(capacity=1))
    writer.publish()
    concatenate = np.concatenate

    def copy_then_be_lapped(parts):
        block = concatenate(parts)
        writer.publish()
        return block

    with thalweg.open(str(tmp_path / "thalweg.test")) as ring:
        monkeypatch.setattr(np, "concatenate", copy_then_be_lapped)
        assert len(ring.read(1)) == 0
        assert ring.lost == ring.position - 1 > 0


def test_a_ring_of_one_record(tmp_path):
    writer = RingWriter(tmp_path / "thalweg.test", Shape(capacity=1))
    with thalweg.open(str(tmp_path / "thalweg.test")) as ring:
        writer.publish()
        assert numbers(ring.read(9)) == [1]
        writer.publish(3)
        assert numbers(ring.read(9)) == [4]
        assert ring.lost == 2
        # Its only record is being replaced: gone, and the next one not there yet.
        ring.seek("newest")
        writer.begin_next()
        assert len(ring.read(9)) == 0
        assert (ring.last_lost, ring.position) == (1, 5)


def test_numbers_are_good_to_the_last_one(tmp_path):
    last = 2**64 - 1
    writer = RingWriter(tmp_path / "thalweg.test", Shape(first_seq=last - 9))
    with thalweg.open(str(tmp_path / "thalweg.test"), start=last - 9) as ring:
        writer.publish(3)
        assert numbers(ring.read(2)) == [last - 9, last - 8]
        writer.publish(7)
        assert numbers(ring.records(timeout=0)) == list(range(last - 7, last + 1))
        assert numbers(ring.read(100, start="oldest")) == list(range(last - 7, last + 1))
        assert len(ring.read(100)) == 0
        assert ring.lost == 0
        writer.close()
        assert ring.ended


# --- the end ----------------------------------------------------------------------------------


def test_iteration_gives_what_is_there_and_ends_when_the_writer_closed(writer, ring):
    writer.publish(5)
    writer.close()
    assert not ring.ended
    assert numbers(ring) == [1, 2, 3, 4, 5]
    assert ring.ended
    assert ring.writer == "closed"
    # What is there may be read again.
    assert numbers(ring.read(3, start="oldest")) == [1, 2, 3]


def test_iteration_ends_when_another_file_took_the_name(writer, ring):
    writer.publish(2)
    writer.supersede()
    assert numbers(ring) == [1, 2]
    assert ring.writer == "superseded"


def test_a_record_that_comes_while_one_waits_is_given(writer, ring, monkeypatch):
    def sleep(_):
        writer.publish()
        if writer.seq == 4:
            writer.close()

    monkeypatch.setattr(ring_module.time, "sleep", sleep)
    assert numbers(ring) == [1, 2, 3]


def test_with_a_timeout_iteration_ends_without_a_writers_end(writer, ring):
    writer.publish(2)
    assert numbers(ring.records(timeout=0.01)) == [1, 2]
    assert not ring.ended


# --- the raw view -----------------------------------------------------------------------------


def test_the_view_shows_shared_memory_for_reading_alone(writer, ring):
    view = ring.view()
    assert view.shape == (8,)
    writer.publish(9)
    assert view["seq"].tolist() == [9, 2, 3, 4, 5, 6, 7, 8]
    with pytest.raises(ValueError):
        view["seq"][0] = 1


def test_a_view_stays_good_after_the_ring_was_closed(writer, ring):
    view = ring.view()
    ring.close()
    writer.publish(2)
    assert view["seq"].tolist()[:2] == [1, 2]


def maps_of(path):
    """How often this process has a file mapped."""
    return pathlib.Path("/proc/self/maps").read_text().count(str(path))


def test_a_closed_ring_is_unmapped_once_nobody_has_a_view(writer, tmp_path):
    path = tmp_path / "thalweg.test"
    before = maps_of(path)  # The writer's.
    ring = thalweg.open(str(path))
    view = ring.view()
    writer.publish()
    kept = ring.read(1), next(ring.records(timeout=0), None), ring.latest("BTCUSDT")
    assert maps_of(path) == before + 1
    ring.close()
    assert maps_of(path) == before + 1
    del view
    assert maps_of(path) == before
    assert len(kept) == 3
