"""A long run: what it costs, and that it costs no more at its end.

  live_soak_test.py --thalweg PROGRAM --python FOLDER [--seconds N] [--symbols N] [--activity PERCENT]
      [--speed N] [--fault-every SECONDS] [--allocation-watch LIBRARY]

Quiet and at the real pace, or the market N times as fast and a fault every few seconds: frames lost,
doubled, delayed, damaged, connections cut, silent or replaced, snapshots late, old or none.

Prints a table: share of a core, resident memory, open files, latency from a frame read to its record
visible in the ring. Fails when a symbol is not live at the end, or memory or files grow beyond a bound
that does not depend on the time; where it is long enough also when memory has a slope; with a library
that counts them (allocation_watch.c), when an engine's thread allocates after the warm-up more than a few
containers that double need; when the recording's replay is not the live run. Without faults also when a
frame was lost. The times themselves fail nothing.
"""

import argparse
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import threading
import time

from exchange_process import Truth, exchange
from fault_storm import connection_fault, request_fault, stream_fault

WARM_UP_SHARE = 0.3
RSS_GROWTH_MAX = 16 << 20
# That a symbol has at most: in a short storm books, and those that wait beside them, are touched for the
# first time.
BOOK_BYTES = 8 << 20
FILES_GROWTH_MAX = 2
# A line through the resident memory of the second half rises or falls by no more from its beginning to
# its end. Shorter runs than this see pages that are touched for the first time.
RSS_DRIFT_MAX = 1 << 20
DRIFT_SECONDS_MIN = 1800
# Without faults before the end: what failed several times is asked for again after up to 30 s.
CALM_SHARE, CALM_SECONDS_MAX = 0.3, 60
# Of an engine's thread, for all symbols: containers double when there is more in them than ever before. No
# frame allocates by itself, and no connection.
ALLOCATIONS_DOUBLING = 200
SHARES = ((0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9"))
# The exchange's windows and bans are that much shorter with faults: they cost many snapshots.
TIME_SCALE = 10
# Of a side. Left alone the market has some 12000, of which a snapshot tells 1000: a book then takes hours to
# have seen them all, and its memory with it.
STORM_LEVELS = 2000


class Process:
    """What /proc says of a process."""

    def __init__(self, pid):
        self.folder = pathlib.Path(f"/proc/{pid}")

    def cpu_seconds(self):
        fields = (self.folder / "stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def threads(self):
        """Seconds of each thread by its name."""
        seconds = {}
        for task in (self.folder / "task").iterdir():
            name, rest = (task / "stat").read_text().split("(", 1)[1].rsplit(")", 1)
            fields = rest.split()
            used = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            seconds[name] = seconds.get(name, 0) + used
        return seconds

    def names(self):
        """Of its threads, by their ids."""
        return {int(task.name): (task / "comm").read_text().strip() for task in (self.folder / "task").iterdir()}

    def rss(self):
        return int((self.folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def files(self):
        return len(list((self.folder / "fd").iterdir()))


class Allocations:
    """How often each thread of a program has allocated, as allocation_watch.c writes it."""

    def __init__(self, path):
        self.path = path

    def by_thread(self, names):
        """{name of a thread: count}, of threads that live."""
        counts = dict.fromkeys(names.values(), 0)
        for thread, count in struct.iter_unpack("<QQ", self.path.read_bytes()):
            if thread in names:
                counts[names[thread]] += count
        return counts


class FaultStorm(threading.Thread):
    """Adds a fault to the exchange every few seconds, until it is ended."""

    def __init__(self, port, symbols, every, speed):
        super().__init__(daemon=True)
        self.truth = Truth(f"http://127.0.0.1:{port}")
        self.streams = [symbol.lower() for symbol in symbols]
        self.every, self.speed = every, speed
        self.dice = random.Random(1)
        self.over = threading.Event()
        self.count = 0

    def run(self):
        while not self.over.wait(self.dice.uniform(0.5, 1.5) * self.every):
            if self.count % 10 == 9:
                self.truth.add_fault(f"{connection_fault(self.dice)}@time=0")
            elif self.count % 10 == 4:
                self.truth.add_fault(f"{request_fault(self.dice)}@request=1")
            else:
                fault = stream_fault(self.dice, self.dice.choice(self.streams), self.speed)
                self.truth.add_fault(f"{fault}@time=0")
            self.count += 1

    def end(self):
        self.over.set()
        self.join()


def drift(samples):
    """What a line of least squares through (time, value) rises by from the first time to the last."""
    times = [moment for moment, _ in samples]
    middle = sum(times) / len(times)
    spread = sum((moment - middle) ** 2 for moment in times)
    slope = sum((moment - middle) * value for moment, value in samples) / spread if spread else 0
    return slope * (times[-1] - times[0])


def soak(args, folder):
    import thalweg

    symbols = [f"SYM{i:02}USDT" for i in range(args.symbols)]
    ring_name = f"soak-{os.getpid()}"
    names = ",".join(f"{symbol}:{args.activity}" for symbol in symbols)
    market = ["--symbols", names, "--seed", "3", "--speed", str(args.speed)]
    if args.fault_every:
        market += ["--time-scale", str(TIME_SCALE), "--levels", str(STORM_LEVELS)]
    with (folder / "exchange.log").open("w") as log, exchange(
        args.thalweg, folder, *market, log=log, seconds=args.seconds + 120
    ) as port:
        command = [args.thalweg, "live", "--symbols", ",".join(symbols), "--ring", ring_name]
        command += ["--rest", f"http://127.0.0.1:{port}", "--ws", f"ws://127.0.0.1:{port}"]
        command += ["--record", str(folder / "recording"), "--for", str(args.seconds)]
        surroundings = dict(os.environ)
        if args.allocation_watch:
            surroundings["LD_PRELOAD"] = str(args.allocation_watch.absolute())
            surroundings["THALWEG_ALLOCATIONS"] = str(folder / "allocations")
        allocations = Allocations(folder / "allocations")
        storm = FaultStorm(port, symbols, args.fault_every, args.speed) if args.fault_every else None
        calm = min(CALM_SHARE * args.seconds, CALM_SECONDS_MAX)
        with (folder / "live.log").open("w") as live_log, subprocess.Popen(
            command, stderr=live_log, env=surroundings
        ) as live:
            process = Process(live.pid)
            started = time.monotonic()
            if storm:
                time.sleep(args.seconds / 10)
                storm.start()
            time.sleep(max(0, WARM_UP_SHARE * args.seconds - (time.monotonic() - started)))
            begin = (time.monotonic(), process.cpu_seconds(), process.threads())
            allocated = allocations.by_thread(process.names()) if args.allocation_watch else {}
            rss = [(begin[0], process.rss())]
            files = [process.files()]
            while time.monotonic() - started < args.seconds - 1:
                if storm and time.monotonic() - started > args.seconds - calm:
                    storm.end()
                time.sleep(min(1.0, args.seconds / 20))
                rss.append((time.monotonic(), process.rss()))
                files.append(process.files())
            wall = time.monotonic() - begin[0]
            cpu = process.cpu_seconds() - begin[1]
            threads = process.threads()
            if args.allocation_watch:
                now = allocations.by_thread(process.names())
                allocated = {name: count - allocated.get(name, 0) for name, count in now.items()}
            status = live.wait(timeout=120)
        assert status == 0, (folder / "live.log").read_text()
        limits = Truth(f"http://127.0.0.1:{port}").limits()
    with thalweg.open(ring_name) as ring:
        statistics = ring.statistics
        records = ring.newest
        states = {symbol: ring.state(symbol) for symbol in symbols}
    subprocess.run([args.thalweg, "top", "--clean", ring_name], check=True, capture_output=True)

    faults = f", {storm.count} faults" if storm else ""
    print(f"{args.symbols} symbols, {args.seconds} s, {statistics.frames} frames, {records} records{faults}")
    print(f"CPU {100 * cpu / wall:.1f} % of a core; of it", end="")
    for name in sorted(threads, key=threads.get, reverse=True):
        print(f" {name} {100 * (threads[name] - begin[2].get(name, 0)) / wall:.1f} %", end="")
    first, last = rss[0][1], rss[-1][1]
    half = drift(rss[len(rss) // 2:])
    print(f"\nresident {first / 2**20:.1f} MiB after the warm-up, {last / 2**20:.1f} at the end", end="")
    print(f"; a line through the second half rises by {half / 2**20:+.2f} MiB")
    tenths = [rss[i * (len(rss) - 1) // 10][1] for i in range(11)]
    print("from tenth to tenth:", " ".join(f"{value / 2**20:.1f}" for value in tenths))
    quarter = max(1, len(files) // 4)
    print(f"open files at least {min(files[:quarter])} after the warm-up, {min(files[-quarter:])} at the end")
    if args.allocation_watch:
        print("allocations after the warm-up:", ", ".join(f"{name} {allocated[name]}" for name in sorted(allocated)))
    print("a frame read -> its record in the ring:", end="")
    for share, name in SHARES:
        print(f" {name} {(statistics.latency_ns(share) or 0) / 1e3:.1f} us", end="")
    print(f" max {statistics.latency_max_ns / 1e3:.1f} us")
    log = (folder / "live.log").read_text()
    ends = [line for line in log.splitlines() if " closed " in line]
    print("\n".join(ends[-20:] + log.splitlines()[-args.symbols - 6:]), file=sys.stderr)

    assert records > 0
    for symbol, state in states.items():
        assert state is not None and state.update_id > 0, f"{symbol}: {state}"
        assert state.state == "live", f"{symbol}: {state}"
    is_short = storm and args.seconds < DRIFT_SECONDS_MIN
    growth_max = args.symbols * BOOK_BYTES if is_short else RSS_GROWTH_MAX
    assert last - first < growth_max, f"memory grew: {rss}"
    if args.seconds >= DRIFT_SECONDS_MIN:
        assert abs(half) <= RSS_DRIFT_MAX, f"memory has a slope: {half} bytes in the second half"
    if storm:
        assert min(files[-quarter:]) <= min(files[:quarter]), f"files grew: {files}"
    else:
        assert files[-1] - files[0] <= FILES_GROWTH_MAX, f"files grew: {files}"
    for name, count in allocated.items():
        assert count <= ALLOCATIONS_DOUBLING or not name.startswith("engine"), f"{name}: {count} allocations"
    assert limits["refused"] == limits["banned"] == 0, limits
    receipt = subprocess.run(
        [args.thalweg, "verify", folder / "recording", *([] if storm else ["--strict"])],
        capture_output=True,
        text=True,
        check=False,
    )
    print(receipt.stdout.splitlines()[0])
    assert receipt.returncode == 0, receipt.stdout + receipt.stderr
    assert "bit-identical" in receipt.stdout, receipt.stdout


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--thalweg", required=True)
    parser.add_argument("--python", required=True, help="where the package thalweg is")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--symbols", type=int, default=20)
    parser.add_argument("--activity", type=int, default=100, help="of each, in percent of BTCUSDT's")
    parser.add_argument("--speed", type=int, default=1, help="of the market, times the real one")
    parser.add_argument("--fault-every", type=float, default=0, help="seconds in the mean; 0: none")
    parser.add_argument("--allocation-watch", type=pathlib.Path, help="allocation_watch.c as a library")
    args = parser.parse_args()
    sys.path.insert(0, args.python)
    with tempfile.TemporaryDirectory() as folder:
        soak(args, pathlib.Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
