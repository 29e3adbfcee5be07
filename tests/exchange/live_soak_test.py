"""A quiet run at the real pace: what it costs, and that it costs no more at its end.

  live_soak_test.py --thalweg PROGRAM --python FOLDER [--seconds N] [--symbols N]

Prints a table: share of a core, resident memory, open files, latency from a frame read to its record
visible in the ring. Fails when a frame was lost, a symbol is not live, or memory or files grow
beyond a bound that does not depend on the time. The times themselves fail nothing.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from exchange_process import exchange

WARM_UP_SHARE = 0.3
RSS_GROWTH_MAX = 16 << 20
FILES_GROWTH_MAX = 2
SHARES = ((0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9"))


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

    def rss(self):
        return int((self.folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def files(self):
        return len(list((self.folder / "fd").iterdir()))


def soak(args, folder):
    import thalweg

    symbols = [f"SYM{i:02}USDT" for i in range(args.symbols)]
    ring_name = f"soak-{os.getpid()}"
    market = ["--symbols", ",".join(symbols), "--seed", "3"]
    with (folder / "exchange.log").open("w") as log, exchange(
        args.thalweg, folder, *market, log=log, seconds=args.seconds + 120
    ) as port:
        command = [args.thalweg, "live", "--symbols", ",".join(symbols), "--ring", ring_name]
        command += ["--rest", f"http://127.0.0.1:{port}", "--ws", f"ws://127.0.0.1:{port}"]
        command += ["--record", str(folder / "recording"), "--for", str(args.seconds)]
        with (folder / "live.log").open("w") as live_log, subprocess.Popen(
            command, stderr=live_log
        ) as live:
            process = Process(live.pid)
            started = time.monotonic()
            time.sleep(WARM_UP_SHARE * args.seconds)
            begin = (time.monotonic(), process.cpu_seconds(), process.threads())
            rss = [process.rss()]
            files = [process.files()]
            while time.monotonic() - started < args.seconds - 1:
                time.sleep(min(1.0, args.seconds / 20))
                rss.append(process.rss())
                files.append(process.files())
            wall = time.monotonic() - begin[0]
            cpu = process.cpu_seconds() - begin[1]
            threads = process.threads()
            status = live.wait(timeout=120)
        assert status == 0, (folder / "live.log").read_text()
    with thalweg.open(ring_name) as ring:
        statistics = ring.statistics
        records = ring.newest
        states = {symbol: ring.state(symbol) for symbol in symbols}
    subprocess.run([args.thalweg, "top", "--clean", ring_name], check=True, capture_output=True)

    print(f"{args.symbols} symbols, {args.seconds} s, {statistics.frames} frames, {records} records")
    print(f"CPU {100 * cpu / wall:.1f} % of a core; of it", end="")
    for name in sorted(threads, key=threads.get, reverse=True):
        print(f" {name} {100 * (threads[name] - begin[2].get(name, 0)) / wall:.1f} %", end="")
    print(f"\nresident {rss[0] / 2**20:.1f} MiB after the warm-up, {rss[-1] / 2**20:.1f} at the end")
    print(f"open files {files[0]} after the warm-up, {files[-1]} at the end")
    print("a frame read -> its record in the ring:", end="")
    for share, name in SHARES:
        print(f" {name} {(statistics.latency_ns(share) or 0) / 1e3:.1f} us", end="")
    print(f" max {statistics.latency_max_ns / 1e3:.1f} us")

    assert records > 0
    for symbol, state in states.items():
        assert state is not None and state.update_id > 0, f"{symbol}: {state}"
    assert rss[-1] - rss[0] < RSS_GROWTH_MAX, f"memory grew: {rss}"
    assert files[-1] - files[0] <= FILES_GROWTH_MAX, f"files grew: {files}"
    receipt = subprocess.run(
        [args.thalweg, "verify", folder / "recording", "--strict"],
        capture_output=True,
        text=True,
        check=False,
    )
    print(receipt.stdout.splitlines()[0])
    assert receipt.returncode == 0, receipt.stdout + receipt.stderr


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--thalweg", required=True)
    parser.add_argument("--python", required=True, help="where the package thalweg is")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--symbols", type=int, default=20)
    args = parser.parse_args()
    sys.path.insert(0, args.python)
    with tempfile.TemporaryDirectory() as folder:
        soak(args, pathlib.Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
