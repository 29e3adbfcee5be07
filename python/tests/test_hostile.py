"""Files that are no rings, or no good ones: refused by name and value, never a crash or a hang.

Whatever a file holds, a reader answers with records, with RingError, or with OSError.
"""

import json
import os
import random

import numpy as np
import pytest
import thalweg
from ring_writer import HEADER_FIELDS, RingWriter, Shape, schema_text

# Larger than any part of the test's file.
FAR = 1 << 20
# For each field: values that a reader must refuse. `pid`, times and `flags` are told, not relied on;
# nor is `newest`, whose slots are looked at.
REFUSED = {
    "magic": [0, 1],
    "version": [0, 2],
    "header_bytes": [0, 256, 384],
    "file_bytes": [0, 64, FAR, 2**64 - 1],
    "record_bytes": [0, 64, 72, 192, 1 << 21, 2**32 - 64],
    "slot_bytes": [0, 64, 192],
    "schema_offset": [0, 1, 2369, 64, FAR, 2**64 - 64],
    "schema_bytes": [0, 1, FAR, (1 << 24) + 1, 2**64 - 1],
    "table_offset": [0, 64, 4097, FAR, 2**64 - 64],
    "table_bytes": [0, 64, FAR, 2**64 - 1],
    "entry_bytes": [0, 192, 2**32 - 1],
    "entry_capacity": [0, 3, 5, 8193, 2**32 - 1],
    "statistics_offset": [0, 64, 384, FAR, 2**64 - 64],
    "statistics_bytes": [0, 64, FAR],
    "stages_offset": [0, 64, 2497, FAR, 2**64 - 64],
    "stage_count": [7, 65, 2**32 - 1],
    "stage_bytes": [0, 64, 2176, 2**32 - 64],
    "ring_offset": [0, 64, 8193, 8192 + 64, FAR, 2**64 - 64],
    "ring_bytes": [0, 64, 2048, 2**64 - 1],
    "capacity": [0, 3, 4, 16, 1 << 31, 1 << 63],
    "schema_hash": [0, 1],
    "generation": [0],
    "writer_state": [0, 4, 2**32 - 1],
    "entry_count": [5, 2**32 - 1],
}
TOLD = {"pid", "start_ns", "flags", "heartbeat_ns", "newest"}


def use(path):
    """Everything that a reader can do with a file."""
    with thalweg.open(str(path), start="oldest") as ring:
        uses = [
            lambda: ring.read(100, start="oldest"),
            lambda: ring.read(100, start="newest"),
            lambda: ring.seek(1),
            lambda: list(ring.records(timeout=0, poll=0)),
            lambda: [(ring.latest(name), ring.state(name)) for name in ring.symbols],
            lambda: ring.latest("BTCUSDT"),
            lambda: ring.statistics.latency_ns(0.99),
            lambda: (ring.writer, ring.ended, ring.view(), repr(ring), ring.reopen()),
        ]
        for each in uses:
            try:
                each()
            except thalweg.RingError as error:
                assert "ring corrupt: field=" in str(error)


def good_ring(path, stages=0, **changes):
    writer = RingWriter(path, Shape(stages=stages), **changes)
    writer.add_symbol(0, "BTCUSDT")
    writer.publish(12)
    return writer


def test_every_field_of_the_header_is_in_one_of_the_lists():
    assert set(REFUSED) | TOLD == set(HEADER_FIELDS)


@pytest.mark.parametrize(
    "field, value", [(field, value) for field, values in REFUSED.items() for value in values]
)
def test_a_wrong_field_is_refused_by_name_and_value(tmp_path, field, value):
    path = tmp_path / "thalweg.test"
    good_ring(path, stages=6 if field.startswith("stage") else 0).set_header(field, value)
    with pytest.raises(thalweg.RingError) as refusal:
        thalweg.open(str(path))
    text = str(refusal.value)
    assert text.startswith(f"{path}: ring corrupt: field=")
    # A size that lies is told where it was found not to fit: at itself, or at what follows from it.
    name, told = text.split("field=")[1].split(" ")[:2]
    follows = {
        "record_bytes": {"slot_bytes"},
        "schema_bytes": {"schema", "table_offset", "schema_offset"},
        "schema_offset": {"schema", "table_offset"},
        "entry_capacity": {"table_bytes"},
        "capacity": {"ring_bytes"},
        "statistics_offset": {"schema_offset", "stages_offset"},
        "stages_offset": {"schema_offset"},
        "stage_count": {"schema_offset"},
        "table_offset": {"ring_offset"},
    }
    assert name == field or name in follows.get(field, set())
    if name == field and field != "schema_hash":
        assert told == f"value={value}"


@pytest.mark.parametrize("field", sorted(TOLD))
@pytest.mark.parametrize("value", [0, 1, 1 << 40, 2**63 - 1])
def test_a_field_that_is_only_told_does_no_harm(tmp_path, field, value):
    path = tmp_path / "thalweg.test"
    good_ring(path).set_header(field, value)
    use(path)


@pytest.mark.parametrize("newest", [13, 19, 20, 1 << 40, 2**64 - 1])
def test_a_newest_number_that_is_not_there_is_corrupt(tmp_path, newest):
    path = tmp_path / "thalweg.test"
    good_ring(path).set_header("newest", newest)
    with thalweg.open(str(path)) as ring:
        with pytest.raises(thalweg.RingError, match=rf"field=seq value=\d+ expected={newest}"):
            ring.read(1)
        with pytest.raises(thalweg.RingError, match=rf"field=seq value=\d+ expected={newest}"):
            next(ring.records(timeout=0))


@pytest.mark.parametrize("found", [1, 3, 5, 13, 2**63])
def test_a_slot_with_a_number_that_no_writer_leaves_is_corrupt(tmp_path, found):
    path = tmp_path / "thalweg.test"
    writer = good_ring(path)
    writer.words[writer.slot_word(12) + 1] = found
    with thalweg.open(str(path), start=12) as ring:
        with pytest.raises(thalweg.RingError, match=f"field=seq value={found} expected=12"):
            ring.read(5)
        with pytest.raises(thalweg.RingError, match=f"field=seq value={found} expected=12"):
            next(ring.records(timeout=0))


def test_a_state_that_there_is_not_is_corrupt(tmp_path):
    path = tmp_path / "thalweg.test"
    good_ring(path).set_status(0, change=2, state=5)
    with thalweg.open(str(path)) as ring:
        with pytest.raises(thalweg.RingError, match="field=state value=5 expected=at most 4"):
            ring.state("BTCUSDT")


def test_names_of_symbols_may_be_any_bytes(tmp_path):
    path = tmp_path / "thalweg.test"
    writer = good_ring(path)
    at = writer.entry_word(0) * 8
    writer.map[at : at + 64] = b"\xff" * 64
    use(path)
    with thalweg.open(str(path)) as ring:
        assert ring.symbols == ("\ufffd" * 64,)


def test_a_count_of_symbols_that_grows_beyond_the_table_is_cut_to_it(tmp_path):
    path = tmp_path / "thalweg.test"
    writer = good_ring(path)
    with thalweg.open(str(path)) as ring:
        writer.set_header("entry_count", 2**32 - 1)
        assert ring.symbols == ("BTCUSDT", "", "", "")
        assert ring.symbol_name(2**32 - 1) is None


# --- the schema -------------------------------------------------------------------------------


def text_of(**field):
    """A schema of one field."""
    good = {"name": "mid", "type": "f64", "offset": 64, "count": 1, "unit": "1", "group": "g"}
    return json.dumps({"schema_hash": "0123456789abcdef", "fields": [dict(good, **field)]}).encode()


@pytest.mark.parametrize(
    "schema, told",
    [
        (b"", "expected=JSON"),
        (b"{", "expected=JSON"),
        (b"\xff\xfe", "expected=JSON"),
        (b"[" * 100_000, "expected=JSON"),
        (b'{"fields":' + b"9" * 1_000_000 + b"}", "a number of 1000000 digits"),
        (b"[]", 'expected=an array "fields"'),
        (b"null", 'expected=an array "fields"'),
        (b'{"fields":{}}', 'expected=an array "fields"'),
        (b'{"fields":[]}', "value=0 fields"),
        (b'{"fields":[1]}', "expected=name, type, offset"),
        (text_of(name=1), "expected=name, type, offset"),
        (text_of(unit=None), "expected=name, type, offset"),
        (text_of(offset=True), "expected=name, type, offset"),
        (text_of(offset=-8), "expected=name, type, offset"),
        (text_of(offset=64.0), "expected=name, type, offset"),
        (text_of(count="1"), "expected=name, type, offset"),
        (text_of(type="O"), "type of mid value=O"),
        (text_of(type="f32"), "type of mid value=f32"),
        (text_of(offset=4), "offset of mid value=4 "),
        (text_of(offset=128), "offset of mid value=128 "),
        (text_of(offset=2**64 - 8), "offset of mid value=18446744073709551608 "),
        (text_of(count=0), "offset of mid value=64 (0 of 8 bytes)"),
        (text_of(count=9), "offset of mid value=64 (9 of 8 bytes)"),
        (text_of(count=2**61), "offset of mid value=64 (2305843009213693952 of 8 bytes)"),
        (schema_text(["mid", "mid"]), "expected=fields of different names"),
        (schema_text(["seq"]), "expected=fields of different names"),
        (schema_text(schema_hash="0123456789abcdee"), "field=schema_hash value=0123456789abcdef"),
        (schema_text(schema_hash=None), "field=schema_hash value=0123456789abcdef"),
    ],
)
def test_a_schema_that_makes_no_sense_is_refused(tmp_path, schema, told):
    path = tmp_path / "thalweg.test"
    RingWriter(path, Shape(schema=schema))
    with pytest.raises(thalweg.RingError) as refusal:
        thalweg.open(str(path))
    assert "ring corrupt: field=schema" in str(refusal.value)
    assert told in str(refusal.value)


# --- bytes ------------------------------------------------------------------------------------


def test_a_file_cut_anywhere_is_refused(tmp_path):
    path = tmp_path / "thalweg.test"
    good_ring(path)
    whole = path.read_bytes()
    cuts = [0, 1, 7, 8, 64, 319, 320, 321, 2368, 4096, len(whole) - 128, len(whole) - 1]
    for size in cuts:
        path.write_bytes(whole[:size])
        field = "file" if size < 320 else "file_bytes"
        value = size if size < 320 else len(whole)
        with pytest.raises(thalweg.RingError, match=f"field={field} value={value} "):
            thalweg.open(str(path))


def test_a_longer_file_is_refused(tmp_path):
    path = tmp_path / "thalweg.test"
    good_ring(path)
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(thalweg.RingError, match="field=file_bytes"):
        thalweg.open(str(path))


def test_random_bytes_are_refused(tmp_path):
    path = tmp_path / "thalweg.test"
    source = random.Random(11)
    for _ in range(300):
        path.write_bytes(source.randbytes(source.choice([0, 8, 320, 4096, 10_000])))
        with pytest.raises(thalweg.RingError):
            thalweg.open(str(path))


def test_random_changes_of_a_good_file_do_no_harm(tmp_path):
    path = tmp_path / "thalweg.test"
    good_ring(path)
    whole = path.read_bytes()
    schema_end = 4096
    source = random.Random(12)
    opened = 0
    for _ in range(1500):
        data = bytearray(whole)
        for _ in range(source.randint(1, 4)):
            # The header more often than what follows it, words more often than bytes.
            end = source.choice([320, 320, schema_end, len(data)])
            if source.random() < 0.7:
                at = source.randrange(end // 8) * 8
                word = source.choice([0, 1, 2, 64, 2**31, 2**32, 2**63, 2**64 - 1, -1])
                word = source.getrandbits(64) if word == -1 else word
                data[at : at + 8] = word.to_bytes(8, "little")
            else:
                data[source.randrange(end)] ^= 1 << source.randrange(8)
        path.write_bytes(data)
        try:
            use(path)
            opened += 1
        except thalweg.RingError as error:
            assert "ring corrupt: field=" in str(error)
    assert 100 < opened < 1400


# --- who may have written it --------------------------------------------------------------------


@pytest.mark.parametrize("mode, reads", [(0o600, True), (0o640, True), (0o644, True),
                                         (0o620, False), (0o602, False), (0o666, False)])
def test_a_file_that_others_may_write_is_refused(tmp_path, mode, reads):
    path = tmp_path / "thalweg.test"
    good_ring(path)
    path.chmod(mode)
    if reads:
        thalweg.open(str(path)).close()
    else:
        with pytest.raises(PermissionError, match=f"others may write it .mode {mode:04o}.: remove"):
            thalweg.open(str(path))


def test_a_file_of_somebody_else_is_refused(tmp_path):
    path = tmp_path / "thalweg.test"
    good_ring(path)
    thalweg.open(str(path), owner=os.geteuid()).close()
    with pytest.raises(PermissionError, match=f"belongs to user {os.geteuid()}, and only files of "
                                              f"user {os.geteuid() + 1} are read"):
        thalweg.open(str(path), owner=os.geteuid() + 1)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_without_an_owner_named_a_strangers_file_is_refused(tmp_path):
    path = tmp_path / "thalweg.test"
    good_ring(path)
    os.chown(path, 12345, -1)
    with pytest.raises(PermissionError, match="belongs to user 12345"):
        thalweg.open(str(path))
    thalweg.open(str(path), owner=12345).close()


def test_a_link_is_never_followed(tmp_path):
    path = tmp_path / "thalweg.test"
    good_ring(tmp_path / "real")
    path.symlink_to(tmp_path / "real")
    with pytest.raises(PermissionError, match="is a link, which is never followed"):
        thalweg.open(str(path))


def test_what_is_no_file_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "thalweg.pipe")
    (tmp_path / "thalweg.folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(PermissionError, match="is not a regular file"):
            thalweg.open(name, folder=str(tmp_path))


def test_a_ring_that_is_not_there_is_told_with_its_path(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no such ring.*thalweg.test"):
        thalweg.open("test", folder=str(tmp_path))


def test_a_refused_file_leaves_nothing_open(tmp_path):
    path = tmp_path / "thalweg.test"
    good_ring(path).set_header("version", 2)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        with pytest.raises(thalweg.RingError):
            thalweg.open(str(path))
    assert len(os.listdir("/proc/self/fd")) == before


def test_an_array_that_was_given_away_does_not_show_what_follows(tmp_path):
    path = tmp_path / "thalweg.test"
    writer = good_ring(path)
    with thalweg.open(str(path)) as ring:
        last = ring.latest("BTCUSDT")
        block = ring.read(8, start="oldest")
        kept = block.copy()
        writer.publish(8)
        assert np.array_equal(block, kept)
        assert last.tobytes() == writer.record(12)
