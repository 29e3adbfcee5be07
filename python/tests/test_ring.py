"""Symbols, the writer's life, files: everything of a ring but its records."""

import pathlib
import re

import numpy as np
import pytest
import thalweg
from ring_writer import FEATURES, RingWriter, Shape, schema_text
from thalweg import Quality, flag_names, ring_format
from thalweg import ring as ring_module

SOURCE = pathlib.Path(__file__).resolve().parents[2]


# --- symbols ----------------------------------------------------------------------------------


def test_a_symbols_newest_record_is_there_for_who_comes_late(writer, tmp_path):
    writer.add_symbol(0, "BTCUSDT")
    writer.add_symbol(1, "ETHUSDT")
    writer.publish(1, symbol=1)
    writer.publish(20, symbol=0)
    with thalweg.open("test", folder=str(tmp_path)) as ring:
        assert ring.latest("BTCUSDT").tobytes() == writer.record(21)
        assert ring.latest("ETHUSDT").tobytes() == writer.record(1, symbol=1)
        assert ring.position == 21


def test_there_is_no_newest_record_before_the_first_or_of_an_unknown_symbol(writer, ring):
    writer.add_symbol(0, "BTCUSDT")
    assert ring.latest("BTCUSDT") is None
    assert ring.latest("ETHUSDT") is None
    assert ring.latest("") is None
    assert ring.state("ETHUSDT") is None


def test_symbols_may_come_later(writer, ring):
    assert ring.symbols == ()
    writer.add_symbol(0, "BTCUSDT")
    assert ring.symbols == ("BTCUSDT",)
    writer.add_symbol(1, "ETHUSDT")
    writer.publish(symbol=1)
    assert ring.latest("ETHUSDT")["symbol_id"] == 1
    assert ring.symbols == ("BTCUSDT", "ETHUSDT")


def test_a_record_tells_its_symbol(writer, ring):
    writer.add_symbol(0, "BTCUSDT")
    writer.add_symbol(1, "")  # Too long for its place.
    writer.publish(symbol=0)
    assert ring.symbol_name(ring.read(1)[0]["symbol_id"]) == "BTCUSDT"
    assert ring.symbol_name(1) is None
    assert ring.symbol_name(2) is None
    writer.add_symbol(2, "ETHUSDT")
    assert ring.symbol_name(np.uint32(2)) == "ETHUSDT"


def test_a_state_is_told_in_words(writer, ring):
    writer.add_symbol(0, "BTCUSDT")
    assert ring.state("BTCUSDT").state == "down"
    writer.set_status(
        0, change=2, changed_ns=77, quality=0b11, update_id=9, event_ns=88, state=3
    )
    writer.set_counts(0, 1, 2, 3, 4, 5, 6, 7)
    state = ring.state("BTCUSDT")
    assert (state.symbol, state.symbol_id, state.state) == ("BTCUSDT", 0, "resync")
    assert (state.quality, state.flags) == (3, ("BOOK_INVALID", "RESYNCING"))
    assert (state.changed_ns, state.update_id, state.event_ns) == (77, 9, 88)
    assert state.counts == {
        "depth_frames": 1,
        "ticker_frames": 2,
        "trade_frames": 3,
        "malformed_frames": 4,
        "gaps": 5,
        "synchronisations": 6,
        "lost_inputs": 7,
    }


def test_every_state_has_its_word(writer, ring):
    writer.add_symbol(0, "BTCUSDT")
    words = []
    for number in range(5):
        writer.set_status(0, change=number + 2, state=number)
        words.append(ring.state("BTCUSDT").state)
    assert words == ["down", "buffering", "live", "resync", "halted"]


def test_a_newest_record_that_is_replaced_while_it_is_copied_is_copied_again(
    writer, ring, monkeypatch
):
    copied = []

    def copy_then_publish(view):
        data = bytes(view)
        copied.append(data)
        if len(copied) == 1:
            writer.publish()
        return data

    writer.add_symbol(0, "BTCUSDT")
    writer.publish()
    assert ring.symbols == ("BTCUSDT",)
    monkeypatch.setattr(ring_module, "bytes", copy_then_publish, raising=False)
    assert ring.latest("BTCUSDT").tobytes() == writer.record(2)
    assert copied == [writer.record(1), writer.record(2)]


def test_what_a_writer_died_over_is_told_as_nothing(writer, ring):
    writer.add_symbol(0, "BTCUSDT")
    writer.publish()
    entry = writer.entry_word(0)
    writer.words[entry + 8 + 1] = 0  # The lock of the status.
    writer.words[entry + 24 + 1] = 0  # And that of the record's copy.
    assert ring.state("BTCUSDT") is None
    assert ring.latest("BTCUSDT") is None


# --- statistics -------------------------------------------------------------------------------


def cell_of(nanos):
    """The cell of a time, by its definition: 8 cells an octave, exact below 8."""
    if nanos < 8:
        return nanos
    octave = nanos.bit_length() - 4
    return 8 * (octave + 1) + (nanos >> octave) - 8


def test_statistics_are_those_of_the_writer(writer, ring):
    times = [3, 900, 1000, 1100, 5000, 70000]
    cells = {}
    for nanos in times:
        cells[cell_of(nanos)] = cells.get(cell_of(nanos), 0) + 1
    assert ring.statistics.latency_ns(0.5) is None
    writer.set_statistics([10, 1, 2, 6, 123, 1000, 70000], cells)
    statistics = ring.statistics
    assert (statistics.frames, statistics.unnamed_frames, statistics.unlisted_symbols) == (10, 1, 2)
    assert (statistics.records, statistics.receive_ns, statistics.speed_milli) == (6, 123, 1000)
    for share in (0.01, 0.5, 0.6, 0.9, 1.0):
        true = sorted(times)[max(1, int(np.ceil(share * len(times)))) - 1]
        assert true <= statistics.latency_ns(share) <= true * 9 / 8
    assert statistics.latency_ns(1.0) == 70000


def test_stages_are_those_of_the_writer(tmp_path):
    writer = RingWriter(tmp_path / "thalweg.test", Shape(stages=6))
    with thalweg.open("test", folder=str(tmp_path)) as ring:
        names = ["socket", "queue", "decode", "book", "features", "publish"]
        assert list(ring.statistics.stages) == names
        assert ring.statistics.stages["book"].time_ns(0.5) is None
        writer.set_stage(3, [2, 90, 80], {cell_of(10): 1, cell_of(80): 1})
        book = ring.statistics.stages["book"]
        assert (book.count, book.sum_ns, book.max_ns) == (2, 90, 80)
        assert book.time_ns(0.5) == 10
        assert book.time_ns(1.0) == 80
        assert ring.statistics.stages["decode"].count == 0


@pytest.mark.parametrize("stages", [0, 2, 8])
def test_a_ring_of_another_build_has_the_stages_that_it_has(tmp_path, stages):
    RingWriter(tmp_path / "thalweg.test", Shape(stages=stages)).publish(3)
    with thalweg.open("test", folder=str(tmp_path), start="oldest") as ring:
        assert len(ring.statistics.stages) == min(stages, 6)
        assert ring.read(3, start="oldest").size == 3


def test_the_stages_are_those_of_the_header_file_in_their_order():
    text = (SOURCE / "core" / "stage.h").read_text()
    names = re.findall(r'StageEntry\{Stage::k\w+, "(\w+)"', text)
    assert ring_format.STAGE_NAMES == tuple(names)


# --- the writer's life, and files that follow each other ----------------------------------------


def test_a_writer_without_a_sign_of_life_is_silent(writer, ring):
    writer.beat()
    assert ring.writer == "writing"
    for beat in (1, -1, -(2**63)):
        writer.set_header("heartbeat_ns", beat)
        assert ring.writer == "silent"
    writer.close()
    assert ring.writer == "closed"


def test_a_reader_follows_the_name_to_the_next_writers_file(writer, ring, tmp_path):
    writer.add_symbol(0, "BTCUSDT")
    writer.publish(5)
    assert [r["seq"] for r in ring.read(2)] == [1, 2]
    assert ring.symbols == ("BTCUSDT",)
    assert ring.reopen() is False
    next_writer = RingWriter(tmp_path / "thalweg.test", Shape(generation=2))
    next_writer.add_symbol(0, "ETHUSDT")
    next_writer.publish(20)
    writer.supersede()
    assert ring.generation == 1
    assert ring.reopen() is True
    assert ring.generation == 2
    assert ring.symbols == ("ETHUSDT",)
    # 3 to 5 of the old file were not read, 1 to 12 of the new one are held no more.
    assert (ring.lost, ring.last_lost) == (15, 15)
    assert [r["seq"] for r in ring.read(100)] == list(range(13, 21))


def test_the_old_file_stays_open_when_there_is_none_to_follow(writer, ring, tmp_path):
    writer.publish(2)
    (tmp_path / "thalweg.test").unlink()
    with pytest.raises(FileNotFoundError):
        ring.reopen()
    assert len(ring.read(5)) == 2


def test_a_closed_ring_says_so(ring):
    ring.close()
    ring.close()
    for use in (lambda: ring.read(1), lambda: ring.newest, lambda: next(iter(ring)), ring.view):
        with pytest.raises(ValueError, match="the ring is closed"):
            use()
    assert "closed" in repr(ring)


def test_a_ring_introduces_itself(writer, ring, tmp_path):
    writer.publish(3)
    assert ring.path == str(tmp_path / "thalweg.test")
    assert (ring.generation, ring.capacity, ring.newest) == (1, 8, 3)
    assert ring.schema["record"] == "features"
    assert [field.name for field in ring.fields[10:]] == FEATURES
    assert ring.dtype.itemsize == 128
    assert ring.header.pid > 0
    assert f"{ring!r}" == f"<thalweg.Ring {ring.path} writing newest=3 lost=0>"


def test_a_name_finds_each_kind_of_ring(tmp_path):
    for suffix in ("", ".ladders", ".tops"):
        RingWriter(tmp_path / ("thalweg.a-B_9" + suffix)).publish()
    for kind in ("features", "ladders", "tops"):
        with thalweg.open("a-B_9", kind=kind, folder=str(tmp_path)) as ring:
            assert ring.newest == 1


@pytest.mark.parametrize("name", ["", "a b", "a.b", "ä", "x" * 65, "name\n"])
def test_what_is_no_name_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="is no name for a ring"):
        thalweg.open(name, folder=str(tmp_path))


def test_what_is_no_kind_is_refused(tmp_path):
    with pytest.raises(ValueError, match="'candles' is no kind of ring"):
        thalweg.open("test", kind="candles", folder=str(tmp_path))


def test_the_rings_of_a_folder_are_listed(writer, tmp_path):
    writer.publish(4)
    RingWriter(tmp_path / "thalweg.test.ladders", Shape(generation=3)).close()
    (tmp_path / "thalweg.bad").write_bytes(b"no ring")
    for other in ("thalweg.test.lock", "thalweg.test.new", "thalweg.", "thalweg.x y", "else"):
        (tmp_path / other).write_bytes(b"")
    bad, features, ladders = thalweg.rings(str(tmp_path))
    assert (bad.name, bad.kind) == ("bad", "features")
    assert "ring corrupt: field=file value=7 expected=at least 320 bytes" in bad.error
    assert (features.name, features.kind, features.error) == ("test", "features", None)
    assert (features.writer, features.generation, features.newest) == ("writing", 1, 4)
    assert features.path == str(tmp_path / "thalweg.test")
    assert (ladders.kind, ladders.writer, ladders.generation) == ("ladders", "closed", 3)
    assert thalweg.rings(str(tmp_path / "absent")) == []


# --- fields of several values, pandas -----------------------------------------------------------


def ladder_writer(path):
    schema = schema_text(["size_t10", {"name": "bid_qty_t10", "count": 15}])
    return RingWriter(path, Shape(record_bytes=192, schema=schema))


def test_a_field_may_have_several_values(tmp_path):
    writer = ladder_writer(tmp_path / "thalweg.test.ladders")
    writer.publish(2)
    with thalweg.open("test", kind="ladders", start="oldest", folder=str(tmp_path)) as ring:
        records = ring.read(2)
        assert records["bid_qty_t10"].shape == (2, 15)
        assert records["bid_qty_t10"][1].tolist() == [2 + k / 1024 for k in range(1, 16)]


def test_a_frame_has_the_fields_as_columns(writer, ring):
    pandas = pytest.importorskip("pandas")
    writer.add_symbol(0, "BTCUSDT")
    writer.add_symbol(1, "")  # Too long for its place.
    writer.add_symbol(2, "ETHUSDT")
    for symbol in (0, 2, 1, 3):
        writer.publish(symbol=symbol)
    frame = ring.frame(10)
    assert list(frame.columns) == ["symbol", *ring.dtype.names]
    assert frame["symbol"].astype(object).fillna("?").tolist() == ["BTCUSDT", "ETHUSDT", "?", "?"]
    assert frame["mid"].tolist() == [1.0, 2.0, 3.0, 4.0]
    again = ring.frame(10, start=2, index="event_ns")
    assert again.index[0] == pandas.Timestamp(1_700_000_000_000_002_000, tz="UTC")
    assert again.index.name == "event_ns"
    assert len(ring.frame(10)) == 0


def test_a_frame_gives_each_of_several_values_a_column(tmp_path):
    pytest.importorskip("pandas")
    writer = ladder_writer(tmp_path / "thalweg.test")
    writer.publish(2)
    with thalweg.open("test", start="oldest", folder=str(tmp_path)) as ring:
        frame = ring.frame(2)
        assert list(frame.columns)[-2:] == ["bid_qty_t10_14", "bid_qty_t10_15"]
        assert frame["bid_qty_t10_15"].tolist() == [1 + 15 / 1024, 2 + 15 / 1024]


# --- the quality word ---------------------------------------------------------------------------


def test_bits_are_named_lowest_first():
    assert flag_names(0) == ()
    assert flag_names(1 << 35 | 0b1001) == ("BOOK_INVALID", "CROSSED", "WARMUP_10s")
    assert flag_names(np.uint64(1 << 63 | 1 << 17)) == ("bit17", "bit63")


def test_masks_work_on_records_and_on_arrays(writer, ring):
    for flags in (0, 1, 1 << 33 | 1, 1 << 63):
        writer.publish(flags=flags)
    records = ring.read(4)
    assert (records["flags"] & Quality.BOOK_INVALID != 0).tolist() == [False, True, True, False]
    assert (records["flags"] & Quality.WARMUP_1s != 0).tolist() == [False, False, True, False]
    assert records[2]["flags"] & Quality.WARMUP_1s
    assert not records[3]["flags"] & (Quality.WARMUP_1s | Quality.BOOK_INVALID)
    writer.add_symbol(0, "BTCUSDT")
    writer.set_status(0, change=2, quality=3)
    assert ring.state("BTCUSDT").quality & Quality.RESYNCING
    assert not ring.state("BTCUSDT").quality & Quality.CROSSED


def test_bits_have_the_names_of_the_program():
    named = dict(
        (name, 1 << int(bit))
        for bit, name in re.findall(
            r'BitName\{(\d+), "(\w+)"\}', (SOURCE / "core" / "quality.cc").read_text()
        )
    )
    assert len(named) > 30
    masks = {name: mask for name, mask in vars(Quality).items() if not name.startswith("_")}
    assert masks == named


# --- the contract -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "struct, dtype",
    [
        ("RingHeader", ring_format.HEADER),
        ("RingStatus", ring_format.STATUS),
    ],
)
def test_offsets_are_those_of_the_header_file(struct, dtype):
    text = (SOURCE / "core" / "ring_format.h").read_text()
    offsets = {
        name: int(offset)
        for name, offset in re.findall(rf"offsetof\({struct}, (\w+)\) == (\d+)", text)
    }
    assert len(offsets) > 5
    assert {name: dtype.fields[name][1] for name in offsets} == offsets
    size = re.search(rf"sizeof\({struct}\) == (\d+)", text)
    assert dtype.itemsize == int(size.group(1))


@pytest.mark.parametrize(
    "struct, dtype",
    [
        ("RingHeader", ring_format.HEADER),
        ("RingStatistics", ring_format.STATISTICS),
        ("RingStage", ring_format.STAGE),
        ("RingStatus", ring_format.STATUS),
        ("RingSymbolCounts", ring_format.COUNTS),
    ],
)
def test_members_are_those_of_the_header_file_in_their_order(struct, dtype):
    text = (SOURCE / "core" / "ring_format.h").read_text()
    body = re.search(rf"struct {struct} \{{(.*?)\n\}};", text, re.S).group(1)
    members = re.findall(r"std::(u?)int(\d\d)_t (\w+)(\[\w+\])? =", body)
    expected = []
    for unsigned, bits, name, array in members:
        if not array and not name.startswith("reserved"):
            expected.append((name, ("u" if unsigned else "i") + str(int(bits) // 8)))
    found = [(name, dtype.fields[name][0].str[1:]) for name in dtype.names]
    assert found == expected


def test_bounds_are_those_of_the_header_file():
    text = (SOURCE / "core" / "ring_format.h").read_text()
    shifts = {
        name: 1 << int(shift)
        for name, shift in re.findall(r"(kRing\w+Max) = std::\w+\{1\} << (\d+);", text)
    }
    assert shifts == {
        "kRingRecordBytesMax": ring_format.RECORD_BYTES_MAX,
        "kRingCapacityMax": ring_format.CAPACITY_MAX,
        "kRingSchemaBytesMax": ring_format.SCHEMA_BYTES_MAX,
    }
    entries = re.search(r"kRingEntriesMax = ([\d']+);", text).group(1)
    assert int(entries.replace("'", "")) == ring_format.ENTRIES_MAX
    magic = re.search(r"kRingMagic = (0x[\da-f']+);", text).group(1)
    assert int(magic.replace("'", ""), 16) == ring_format.MAGIC


def test_the_version_is_that_of_the_project():
    project = re.search(r"project\(thalweg VERSION ([\d.]+)", (SOURCE / "CMakeLists.txt").read_text())
    package = re.search(r'^version = "(.*)"', (SOURCE / "python" / "pyproject.toml").read_text(), re.M)
    assert project.group(1) == package.group(1) == thalweg.__version__
