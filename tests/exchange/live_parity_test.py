"""The whole chain over loopback TLS, through faults: a loopback exchange, `thalweg live` that records,
`thalweg verify`. The live books are the exchange's own, no record with clear flags is wrong, and a
replay of what was recorded is the live run bit for bit.

  live_parity_test.py --thalweg PROGRAM --source CHECKOUT --case NAME [--short]

Exit status 77: skipped, because the real recordings are not there.
"""

import argparse
import concurrent.futures
import csv
import itertools
import math
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

from exchange_process import Truth, exchange, read_truth
from fault_storm import storm

SKIPPED = 77
RING_NUMBERS = itertools.count(1)
# Bits of the quality word that speak of the book; a record without them promises it.
BOOK_DOUBTS = 1 << 0 | 1 << 1 | 1 << 12 | 1 << 15


def run(command, seconds, expected=0, log=None):
    result = subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=seconds,
        check=False,
    )
    if log is not None:
        log.write_text(result.stderr)
    assert result.returncode == expected, f"{command}: {result.returncode}\n{result.stderr}"
    return result


def imbalance(bids, asks, levels):
    bid = sum(qty for _, qty in bids[:levels])
    ask = sum(qty for _, qty in asks[:levels])
    return (bid - ask) / (bid + ask)


def truth_of(book):
    """Features that docs/FEATURES.md defines by the best levels, computed from the exchange's book."""
    bids, asks = book["b"], book["a"]
    (bid, bid_qty), (ask, ask_qty) = bids[0], asks[0]
    mid = (bid + ask) / 2
    return {
        "best_bid": bid,
        "best_bid_qty": bid_qty,
        "best_ask": ask,
        "best_ask_qty": ask_qty,
        "mid": mid,
        "spread_bps": 1e4 * (ask - bid) / mid,
        "weighted_mid": (bid_qty * ask + ask_qty * bid) / (bid_qty + ask_qty),
        "imbalance_l1": imbalance(bids, asks, 1),
        "imbalance_l5": imbalance(bids, asks, 5),
        "imbalance_l10": imbalance(bids, asks, 10),
        "imbalance_l20": imbalance(bids, asks, 20),
    }


def check_records(path, truth):
    """Every record that promises its book, against the exchange's. Answers how many of how many."""
    promised = rows = 0
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            rows += 1
            if int(row["flags"]) & BOOK_DOUBTS:
                continue
            promised += 1
            key = row["symbol"], row["update_id"]
            for name, wanted in truth_of(truth[key]).items():
                told = float(row[name])
                assert math.isclose(told, wanted, rel_tol=1e-9, abs_tol=1e-9), (
                    f"record {rows}, {key[0]} at {key[1]}: {name} is {told}, "
                    f"and the exchange's book says {wanted}"
                )
    return promised, rows


def live_tables(folder):
    """The records of a live run, one file a shard."""
    return sorted(folder.glob("live*.csv"))


def check_books(folder, log, truth):
    """The books at the end, level for level."""
    states = re.findall(r"^(\S+): (\w[\w ]*) at (\d+);", log, re.MULTILINE)
    for symbol, state, update_id in states:
        assert state == "live", f"{symbol} is {state} at the end"
        told = (folder / f"book-{symbol}.txt").read_text()
        assert told == truth.text(symbol, update_id), f"the book of {symbol} at {update_id}"
    return len(states)


def follow(program, folder, symbols, exchange_options, live_options, seconds, faults, shards=1):
    """Answers what the live run said. "{port}" in a live option is the exchange's."""
    ring = f"parity-{os.getpid()}-{next(RING_NUMBERS)}"
    run([program, "exchange", "--make-ca", folder / "ca"], 60)
    (folder / "faults.txt").write_text("\n".join(faults) + "\n")
    options = ["--tls", "--cert", folder / "ca/server.pem", "--key", folder / "ca/server.key"]
    options += ["--faults", folder / "faults.txt", "--truth", folder / "truth.txt"]
    options += exchange_options
    with (folder / "exchange.log").open("w") as exchange_log, exchange(
        program, folder, *options, log=exchange_log, seconds=seconds + 300
    ) as port:
        live = run(
            [program, "live", "--symbols", ",".join(symbols), "--for", seconds]
            + ["--rest", f"https://localhost:{port}", "--ws", f"wss://localhost:{port}"]
            + ["--ca", folder / "ca/ca.pem", "--ring", ring, "--shards", shards]
            + ["--record", folder / "recording"]
            + ["--out", folder / ("live.csv" if shards == 1 else "live-{shard}.csv")]
            + ["--final-book", folder / "book-{symbol}.txt"]
            + [word.replace("{port}", str(port)) for word in live_options],
            seconds + 120,
            log=folder / "live.log",
        )
        truth = Truth(f"https://localhost:{port}", folder / "ca/ca.pem")
        books = check_books(folder, live.stderr, truth)
        assert books == len(symbols), f"{books} of {len(symbols)} symbols"
    true_books = read_truth(folder / "truth.txt")
    counted = [check_records(table, true_books) for table in live_tables(folder)]
    assert len(counted) == shards
    promised, rows = (sum(numbers) for numbers in zip(*counted))
    for name in [ring] if shards == 1 else [f"{ring}-{shard}" for shard in range(shards)]:
        run([program, "top", "--clean", name], 60)
    assert promised > rows / 2 > 0, f"{promised} of {rows} records promise a book"
    print(f"{rows} records, {promised} promise a book and are right; {books} books are equal")
    return live.stderr


def check_parity(program, folder, symbols, market="spot"):
    """The recording's replay is the live run."""
    recording = folder / "recording"
    receipt = run(
        [program, "verify", recording, "--records", folder / "live.csv"], 300
    )
    print(receipt.stdout, end="")
    assert "bit-identical" in receipt.stdout, receipt.stdout + receipt.stderr
    segments = sorted(recording.iterdir())
    run(
        [program, "replay", *segments, "--symbols", ",".join(symbols), "--market", market]
        + ["--out", folder / "replay.csv"],
        300,
    )
    live, replayed = (folder / "live.csv").read_bytes(), (folder / "replay.csv").read_bytes()
    assert live == replayed, "the replay's rows differ from the live run's"


def told(log, pattern):
    """The sum of a number in what the live run said at its end."""
    return sum(int(number) for number in re.findall(pattern, log))


def market_case(args, folder):
    count, seconds = (6, 30) if args.short else (20, 60)
    symbols = [f"SYM{i:02}USDT" for i in range(count)]
    streams = [symbol.lower() for symbol in symbols]
    # Whole books fit into a snapshot, so that they must be equal down to the last level.
    market = ["--symbols", ",".join(symbols), "--levels", "900", "--seed", "7"]
    scale = seconds / 60
    faults = [
        "# While the symbols come up.",
        "rest-error:status=429@request=3",
        "snapshot-late:for=1.5@request=5",
        "# While they are live.",
        f"drop:stream={streams[0]}@depth@100ms@time={8 * scale}",
        f"duplicate:stream={streams[1]}@depth@100ms,times=2,count=3@time={10 * scale}",
        f"reorder:stream={streams[2]}@depth@100ms,by=2@time={12 * scale}",
        f"malformed:stream={streams[3]}@depth@100ms,how=truncated@time={14 * scale}",
        f"drop:stream={streams[4]}@trade,count=2@time={15 * scale}",
        f"snapshot-old:by=4000@request={count + 3}",
        f"stall:stream={streams[5]}@depth@100ms,for={9 * scale},lose=yes@time={18 * scale}",
        f"cut:bytes=100,connection=1@time={30 * scale}",
        f"shutdown:for=2@time={38 * scale}",
    ]
    log = follow(args.thalweg, folder, symbols, market, [], seconds, faults)
    check_parity(args.thalweg, folder, symbols)
    # The faults did happen, and cost what they should and no more.
    assert told(log, r"429: (\d+)") == 1
    assert "refuses this address: nothing is asked or connected for" in log, log
    assert told(log, r"418: (\d+)") == 0
    # A drop, a reorder, a malformed frame and a lost stretch; the cut is a gap to every symbol.
    assert 4 <= told(log, r", (\d+) gaps;") <= 4 + len(symbols) + 2
    assert told(log, r"(\d+) ended,") == 1
    assert told(log, r"(\d+) replaced,") == 1
    return log


def recording_case(args, folder):
    data = pathlib.Path(os.environ.get("THALWEG_DATA", args.source / "../shared/data"))
    data /= "spot-btcusdt-2024-08-08"
    recordings = sorted(data.glob("btcusdt_*.gz"))
    if not recordings:
        print(f"SKIPPED: no recordings in {data}")
        return None
    seconds, speed = (30, 4) if args.short else (40, 16)
    options = [word for path in recordings for word in ("--recording", path)]
    # The windows of its limits pass faster, too: a 429 is over after some seconds.
    options += ["--speed", str(speed), "--time-scale", "10"]
    stream = "btcusdt@depth@100ms"
    faults = [
        f"drop:stream={stream}@frame=100",
        f"duplicate:stream={stream}@frame=200",
        f"reorder:stream={stream}@frame=300",
        "snapshot-old:by=20000@request=3",
        f"malformed:stream={stream}@frame=400",
        "rest-error:status=429@request=2",
        "cut:bytes=700,connection=1@time=60",
    ]
    # The recorded book has some 2,000 levels a side: all of them are asked for.
    log = follow(
        args.thalweg, folder, ["BTCUSDT"], options, ["--snapshot-limit", "5000"], seconds, faults
    )
    check_parity(args.thalweg, folder, ["BTCUSDT"])
    assert told(log, r", (\d+) gaps;") >= 4
    assert told(log, r"(\d+) ended,") == 1
    return log


def usdm_case(args, folder):
    """Futures: other paths, other continuity of ids (pu), other numbers."""
    symbols = ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
    market = ["--market", "usdm", "--symbols", ",".join(symbols), "--levels", "900", "--seed", "5"]
    faults = [
        "drop:stream=btcusdt@depth@100ms@time=4",
        "duplicate:stream=ethusdt@depth@100ms@time=5",
        "cut:bytes=60,connection=1@time=8",
        "shutdown:for=2@time=13",
    ]
    options = ["--market", "usdm"]
    log = follow(args.thalweg, folder, symbols, market, options, 20, faults)
    check_parity(args.thalweg, folder, symbols, "usdm")
    assert told(log, r", (\d+) gaps;") >= 1
    assert told(log, r"(\d+) replaced,") == 1
    return log


def check_stages(program, ring):
    """The ring tells how long frames took in each stage of their way."""
    picture = run([program, "top", ring, "--once", "--page", "stages"], 60).stdout
    rows = re.findall(r"^(\w+) .* ([\d,]+)  [a-z]", picture, re.MULTILINE)
    timed = dict(row for row in rows if row[0] != "stage")
    stages = ["socket", "queue", "decode", "book", "features", "publish", "whole"]
    assert list(timed) == stages, picture
    # Not every kernel tells when it received.
    assert all(timed[stage] != "0" for stage in stages[1:]), picture


def shards_case(args, folder):
    """Two shards, buckets of their own, every message a record; then only recorded."""
    market = ["--symbols", "AAAUSDT,BBBUSDT,CCCUSDT", "--levels", "900", "--seed", "9"]
    with (folder / "exchange.log").open("w") as log, exchange(
        args.thalweg, folder, *market, log=log, seconds=180
    ) as port:
        where = ["--rest", f"http://127.0.0.1:{port}", "--ws", f"ws://127.0.0.1:{port}"]
        where += ["--symbols", "AAAUSDT,BBBUSDT,CCCUSDT", "--for", "8"]
        ring = f"parity-{os.getpid()}"
        live = run(
            [args.thalweg, "live", *where, "--ring", ring, "--shards", "2", "--emit", "all"]
            + ["--buckets", "AAAUSDT=10,50;BBBUSDT=1,5;CCCUSDT=2,20"]
            + ["--record", folder / "recording", "--digest", "--out", folder / "live-{shard}.csv"],
            120,
            log=folder / "live.log",
        )
        for shard in "01":
            check_stages(args.thalweg, f"{ring}-{shard}")
            run([args.thalweg, "top", "--clean", f"{ring}-{shard}"], 60)
        run([args.thalweg, "record", *where, "--record", folder / "only"], 120)
    receipt = run([args.thalweg, "verify", folder / "recording"], 120).stdout
    made = re.findall(r"^digest \w+ records (\d+) shard \d$", live.stdout, re.MULTILINE)
    verified = re.findall(r"shard \d: bit-identical for (\d+) records \(", receipt)
    assert len(made) == 2 and made == verified, f"{made}, {receipt}"
    assert "cannot be claimed" not in receipt, receipt
    for shard, records in enumerate(made):
        rows = (folder / f"live-{shard}.csv").read_text().count("\n") - 1
        assert rows == int(records) > 100, f"{rows} rows, {records} records"
    only = run([args.thalweg, "verify", folder / "only"], 120).stdout
    assert "verified: good" in only, only
    print(f"{made} records of two shards; a recording without records is good")
    return live.stderr


# What a record says of its book and its trades, and nothing of when it came here.
FROM_EVENTS = ["best_bid", "best_bid_qty", "best_ask", "best_ask_qty", "mid", "imbalance_l5"]


def rows_by_event(folder):
    """{symbol: {update id: what the record of that event says}} of a live run."""
    found = {}
    for table in live_tables(folder):
        with table.open(newline="") as file:
            for row in csv.DictReader(file):
                if not int(row["flags"]) & BOOK_DOUBTS:
                    values = tuple(row[name] for name in FROM_EVENTS)
                    found.setdefault(row["symbol"], {})[int(row["update_id"])] = values
    return found


def check_same_records(symbols, disturbed, undisturbed):
    """The records of two runs, from when both have begun until one has ended: none is missing, none differs."""
    compared = 0
    for symbol in symbols:
        ours, theirs = disturbed[symbol], undisturbed[symbol]
        first, last = max(min(ours), min(theirs)), min(max(ours), max(theirs))
        for update_id in sorted(set(ours) | set(theirs)):
            if not first <= update_id <= last:
                continue
            told_here, told_there = ours.get(update_id), theirs.get(update_id)
            assert told_here == told_there, f"{symbol} {update_id}: {told_here}, {told_there}"
            compared += 1
    print(f"{compared} events have the records of an undisturbed run")
    assert compared > 100


def legs_case(args, folder):
    """Two legs, each cut, stalled or lossy in its turn: the records of an undisturbed run."""
    symbols = ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
    market = ["--symbols", ",".join(symbols), "--levels", "900", "--seed", "11"]
    # One frame in twenty of the first leg, then of the second, which then says nothing for a while.
    dice = random.Random(11)
    faults = []
    for connection, first in ((1, 1), (2, 80)):
        for symbol in symbols:
            for stream in ("depth@100ms", "trade", "bookTicker"):
                for frame in range(first, first + 70):
                    if dice.random() < 0.05:
                        name = f"{symbol.lower()}@{stream}"
                        faults.append(f"drop:stream={name},connection={connection}@frame={frame}")
    faults.append("stall:for=7,lose=yes,connection=2@time=16")
    faults.append("cut:bytes=90,connection=1@time=24")
    both = ["--legs", "2", "--second-ws", "wss://127.0.0.1:{port}"]
    seconds = 30
    log = follow(args.thalweg, folder, symbols, market, both, seconds, faults)
    check_parity(args.thalweg, folder, symbols)
    print("\n".join(re.findall(r"^leg \d: .*$", log, re.MULTILINE)))
    assert told(log, r", (\d+) gaps;") == 0, log
    assert told(log, r"(\d+) gaps of both") == 0, log
    assert told(log, r"(\d+) ended,") >= 1, log
    calm = folder / "undisturbed"
    calm.mkdir()
    follow(args.thalweg, calm, symbols, market, [], seconds, [])
    check_same_records(symbols, rows_by_event(folder), rows_by_event(calm))
    return log


HALTED = 1 << 13


def ticks_of(path, symbol):
    """The ticks that the records of a symbol are told in, one after another."""
    ticks = []
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["symbol"] != symbol or int(row["flags"]) & BOOK_DOUBTS:
                continue
            spread = float(row["best_ask"]) - float(row["best_bid"])
            count = float(row["spread_ticks"])
            tick = round(spread / count, 8)
            assert math.isclose(tick * count, spread, abs_tol=1e-9), f"{spread} is {count} ticks"
            if not ticks or ticks[-1] != tick:
                ticks.append(tick)
    return ticks


def instruments_case(args, folder):
    """What an exchange does to its instruments: other ticks, a halt, a listing anew, a maintenance."""
    symbols = ["AAAUSDT", "BBBUSDT", "CCCUSDT", "DDDUSDT"]
    market = ["--symbols", ",".join(symbols), "--levels", "900", "--seed", "13"]
    market += ["--time-scale", "20"]
    faults = [
        "tick-size:symbol=AAAUSDT,tick=0.001@time=3",
        "step-size:symbol=AAAUSDT,step=0.0000001@time=5",
        "relist:symbol=CCCUSDT@time=3",
        "halt:symbol=BBBUSDT,for=7@time=4",
        "tick-size:symbol=AAAUSDT,tick=0.1@time=10",
        "# Of a minute, 20 times as fast.",
        "maintenance:for=60@time=16",
    ]
    log = follow(args.thalweg, folder, symbols, market, [], 31, faults)
    check_parity(args.thalweg, folder, symbols)
    # The coarser tick counts from the next synchronisation, behind the maintenance.
    assert ticks_of(folder / "live.csv", "AAAUSDT") == [0.01, 0.001, 0.1]
    assert ticks_of(folder / "live.csv", "BBBUSDT") == [0.01]
    with (folder / "live.csv").open(newline="") as file:
        flags = [int(row["flags"]) for row in csv.DictReader(file) if row["symbol"] == "BBBUSDT"]
    halted = [bool(word & HALTED) for word in flags]
    assert not halted[0] and any(halted) and not halted[-1], "HALTED, and then not any more"
    assert "BBBUSDT: not trading by exchangeInfo: HALTED" in log
    assert "BBBUSDT: trading again by exchangeInfo" in log
    assert "CCCUSDT: update ids began anew" in log
    with (folder / "live.csv").open(newline="") as file:
        ids = [int(row["update_id"]) for row in csv.DictReader(file) if row["symbol"] == "CCCUSDT"]
    assert ids[0] > 10**9 and ids[-1] < 10**6, "ids from 1"
    # Nothing was taken for a stall, and nobody stormed.
    assert told(log, r"(\d+) stalls") == 0
    assert told(log, r"connections: (\d+) opened") == 2
    assert 1 <= told(log, r"(\d+) refused;") < 20
    assert told(log, r"429: (\d+)") == 0
    return log


def audits_case(args, folder):
    """An answer lacks a level: an audit finds it, the next one heals it, and the evidence of both is played."""
    symbols = ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
    market = ["--symbols", ",".join(symbols), "--levels", "900", "--seed", "13"]
    # Behind the first answers and an audit of each.
    faults = [f"snapshot-garbage:how=missing@request={2 * len(symbols) + 2}"]
    options = ["--audit", "5", "--evidence", str(folder / "evidence")]
    log = follow(args.thalweg, folder, symbols, market, options, 40, faults)
    receipt = run(
        [args.thalweg, "verify", folder / "recording", "--records", folder / "live.csv"], 300, expected=1
    ).stdout
    print(receipt, end="")
    assert "bit-identical" in receipt and "are equal" in receipt, receipt
    audits = re.findall(r"as audits (\d+) agreed, (\d+) diverged", receipt)
    agreed, diverged = (sum(int(pair[i]) for pair in audits) for i in (0, 1))
    # The one that is wrong, and the one that finds the wrong book, if no event has mended it.
    assert agreed >= 6 and 1 <= diverged <= 2, receipt
    evidence = sorted((folder / "evidence").iterdir())
    assert len(evidence) == diverged, evidence
    for path in evidence:
        found = re.search(r"(\S+: audit diverged at \d+: .*); evidence: .*" + re.escape(path.name), log)
        assert found, log
        replay = run([args.thalweg, "replay", path], 60).stderr
        assert found.group(1) in replay, f"{found.group(1)}\n{replay}"
        alone = run([args.thalweg, "verify", path], 60, expected=1).stdout
        assert "1 diverged" in alone, alone
    segments = sorted((folder / "recording").iterdir())
    replayed = [args.thalweg, "replay", *segments, "--symbols", ",".join(symbols), "--audit", "5"]
    run([*replayed, "--out", folder / "replay.csv"], 300)
    assert (folder / "live.csv").read_bytes() == (folder / "replay.csv").read_bytes()
    return log


# A connection that is replaced again and again waits longer each time, up to 30 s, before it is replaced
# once more: so far apart are the announcements; and so long each is before its end.
CHANGE_SECONDS = 5
# And no more attempts to connect are made than a third of what the exchange allows.
ATTEMPTS_MAX, ATTEMPTS_SECONDS = 100, 300


def changeovers_case(args, folder):
    """Planned change-overs, of one leg and of two: no gap, no record missing, none that differs."""
    shards = max(5, args.count // 10)
    symbols = [f"SYM{i:02}USDT" for i in range(shards)]
    market = ["--symbols", ",".join(f"{symbol}:50" for symbol in symbols), "--levels", "900", "--seed", "13"]

    def announcements(legs):
        connections = shards * legs
        times = [0.0, 4.0]  # At first they connect.
        for number in range(1, math.ceil(args.count / connections)):
            times.append(times[-1] + min(30, 0.25 * 2 ** (number - 1)) + CHANGE_SECONDS + 1)
            in_window = [time for time in times if time > times[-1] - ATTEMPTS_SECONDS]
            if connections * len(in_window) > ATTEMPTS_MAX:
                times[-1] = in_window[0] + ATTEMPTS_SECONDS + 1
        return times[1:]

    seconds = math.ceil(max(announcements(1)[-1], announcements(2)[-1])) + 2 * CHANGE_SECONDS

    def follow_changes(legs):
        place = folder / f"{legs}-legs"
        place.mkdir()
        faults = [f"shutdown:for={CHANGE_SECONDS}@time={time:.2f}" for time in announcements(max(legs, 1))]
        both = ["--legs", "2", "--second-ws", "wss://127.0.0.1:{port}"] if legs == 2 else []
        log = follow(args.thalweg, place, symbols, market, both, seconds, faults if legs else [], shards)
        return place, log

    # 0: nothing is announced.
    with concurrent.futures.ThreadPoolExecutor() as runs:
        (calm, _), *changed = runs.map(follow_changes, (0, 1, 2))
    undisturbed = rows_by_event(calm)
    for legs, (place, log) in enumerate(changed, start=1):
        replaced, gaps = told(log, r"(\d+) replaced,"), told(log, r", (\d+) gaps;")
        print(f"legs {legs}: {replaced} change-overs, {gaps} gaps")
        assert replaced == len(announcements(legs)) * shards * legs >= args.count, log
        assert gaps == told(log, r"(\d+) ended,") == 0, log
        assert told(log, r"(\d+) lost before the engine") == 0, log
        assert told(log, r"(\d+) gaps of both") == 0, log
        check_same_records(symbols, rows_by_event(place), undisturbed)
        receipt = run([args.thalweg, "verify", place / "recording"], 300).stdout
        assert len(re.findall("bit-identical", receipt)) == shards, receipt
        assert "cannot be claimed" not in receipt, receipt
    return changed[-1][1]


# Answers are bad up to this one.
STORM_REQUESTS = 60
# A snapshot that failed several times is asked for again after up to 30 s: so long at least a storm has
# to be over before every symbol must be live.
CALM_SECONDS = 45


def storm_case(args, folder):
    if args.short:
        args.symbols, args.seconds = 3, 20
    symbols = [f"SYM{i:02}USDT" for i in range(args.symbols)]
    market = ["--symbols", ",".join(symbols), "--levels", "900", "--seed", str(args.seed)]
    streams = [symbol.lower() for symbol in symbols]
    faults = storm(random.Random(args.seed), streams, args.seconds, STORM_REQUESTS)
    calm = 0 if args.short else CALM_SECONDS
    log = follow(args.thalweg, folder, symbols, market, [], args.seconds + calm, faults)
    check_parity(args.thalweg, folder, symbols)
    return log


CASES = {
    "market": market_case,
    "recording": recording_case,
    "usdm": usdm_case,
    "shards": shards_case,
    "legs": legs_case,
    "changeovers": changeovers_case,
    "instruments": instruments_case,
    "audits": audits_case,
    "storm": storm_case,
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--thalweg", required=True)
    parser.add_argument("--case", choices=list(CASES), required=True)
    parser.add_argument("--count", type=int, default=10, help="of change-overs, with each number of legs")
    parser.add_argument("--source", type=pathlib.Path, required=True, help="the checkout")
    parser.add_argument("--short", action="store_true", help="fewer symbols, less time")
    parser.add_argument("--seed", type=int, default=1, help="of a storm")
    parser.add_argument("--seconds", type=int, default=30, help="of a storm")
    parser.add_argument("--symbols", type=int, default=6, help="of a storm")
    parser.add_argument("--folder", type=pathlib.Path, help="kept; else a temporary one")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or pathlib.Path(temporary)
        try:
            log = CASES[args.case](args, folder)
        except BaseException:
            for log in (*folder.rglob("live.log"), *folder.rglob("exchange.log")):
                print(f"--- {log}\n{log.read_text()[-6000:]}", file=sys.stderr)
            raise
    return 0 if log is not None else SKIPPED


if __name__ == "__main__":
    sys.exit(main())
