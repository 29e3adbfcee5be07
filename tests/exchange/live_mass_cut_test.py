"""Every connection of many symbols is cut at once, at an exchange that enforces its limits: nobody is
refused, half of the weight is used at most in any window, and all books are back as soon as the budget
lets them.

  live_mass_cut_test.py --thalweg PROGRAM [--scale N] [--symbols N] [--alone]

The exchange's windows are N times shorter than the real ones, which it says itself; with 1 they are the
real ones, and it takes some eight minutes: four to come up and four to come back.
"""

import argparse
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

from exchange_process import Truth, exchange

SNAPSHOT_WEIGHT = 50  # Of 1000 levels.
# Of the exchange's time: to connect again, and for what the first events take.
RECONNECT_SECONDS = 10
# So long every stream has had an event.
LOST_SECONDS = 1
PATIENCE_SECONDS = 60  # That a program needs to begin or end.


class LiveCount(threading.Thread):
    """How many symbols of a ring are live, from `thalweg top`, until the writer closes it."""

    def __init__(self, program, ring, interval):
        super().__init__(daemon=True)
        command = [program, "top", ring, "--interval", str(interval), "--width", "100"]
        self.top = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.seen = []  # (monotonic time, how many)

    def run(self):
        for line in self.top.stdout:
            found = re.search(r"(\d+) of \d+ live$", line.rstrip())
            if found:
                self.seen.append((time.monotonic(), int(found.group(1))))

    def end(self):
        self.top.terminate()
        self.top.wait(timeout=PATIENCE_SECONDS)
        self.join(timeout=PATIENCE_SECONDS)

    def await_first(self, since, wanted, until):
        """When the first picture behind `since` was seen that `wanted` accepts."""
        while True:
            for moment, count in list(self.seen):
                if moment > since and wanted(count):
                    return moment
            assert time.monotonic() < until, f"the last counts of live symbols: {self.seen[-5:]}"
            assert self.top.poll() is None, "the ring is not written any more"
            time.sleep(0.02)


def begin(command, log, ring):
    """The live program, once its ring is there."""
    live = subprocess.Popen([str(word) for word in command], stderr=log)
    until = time.monotonic() + PATIENCE_SECONDS
    while not pathlib.Path(f"/dev/shm/thalweg.{ring}").exists():
        assert live.poll() is None and time.monotonic() < until, "it does not begin"
        time.sleep(0.02)
    return live


def mass_cut(args, folder):
    symbols = [f"SYM{i:03}USDT" for i in range(args.symbols)]
    ring = f"mass-cut-{os.getpid()}"
    market = ["--symbols", ",".join(f"{symbol}:5" for symbol in symbols), "--levels", "1000"]
    market += ["--time-scale", str(args.scale)]
    with (folder / "exchange.log").open("w") as exchange_log, (folder / "live.log").open(
        "w"
    ) as live_log, exchange(
        args.thalweg, folder, *market, log=exchange_log, seconds=3600 // args.scale + 600
    ) as port:
        truth = Truth(f"http://127.0.0.1:{port}")
        limits = truth.limits()
        window = limits["weight"]["windowMs"] / 1000
        half = limits["weight"]["limit"] // 2
        bound = math.ceil(len(symbols) * SNAPSHOT_WEIGHT / half) * window + RECONNECT_SECONDS / args.scale
        command = [args.thalweg, "live", "--symbols", ",".join(symbols), "--ring", ring]
        command += ["--rest", f"http://127.0.0.1:{port}", "--ws", f"ws://127.0.0.1:{port}"]
        command += ["--legs", "2", "--second-ws", f"ws://localhost:{port}"]
        if args.alone:
            command += ["--record", folder / "recording"]
        started = time.monotonic()
        live = begin(command, live_log, ring)
        count = None
        try:
            count = LiveCount(args.thalweg, ring, 1 if args.scale == 1 else 0.1)
            count.start()
            everybody = len(symbols).__eq__
            patience = 2 * bound + PATIENCE_SECONDS
            up = count.await_first(0, everybody, time.monotonic() + patience)
            time.sleep(window)
            # What is lost before the end makes a gap for everybody.
            truth.add_fault(f"stall:for={2 * LOST_SECONDS},lose=yes@time=0")
            time.sleep(LOST_SECONDS)
            cut = time.monotonic()
            truth.add_fault("close:code=1006@time=0")
            down = count.await_first(cut, lambda live: live < len(symbols), cut + PATIENCE_SECONDS)
            back = count.await_first(down, everybody, down + patience)
            limits = truth.limits()
        finally:
            live.terminate()
            status = live.wait(timeout=PATIENCE_SECONDS)
            if count is not None:
                count.end()
            subprocess.run([args.thalweg, "top", "--clean", ring], check=True, capture_output=True)
    log = (folder / "live.log").read_text()
    assert status == 0, log
    print(f"{len(symbols)} symbols, windows of {window:g} s: up after {up - started:.1f} s; "
          f"all cut, live again after {back - cut:.1f} s of {bound:.1f} s that the budget implies")
    print(f"at most in any window: weight {limits['weight']['most']} of {limits['weight']['limit']}, "
          f"{limits['attempts']['most']} attempts to connect of {limits['attempts']['limit']}; "
          f"429: {limits['refused']}, 418: {limits['banned']}")
    assert limits["refused"] == limits["banned"] == 0, limits
    assert limits["weight"]["most"] <= half, limits
    assert limits["attempts"]["most"] <= limits["attempts"]["limit"] / 3, limits
    asked = int(re.search(r"^snapshots: (\d+) asked", log, re.MULTILINE).group(1))
    assert asked >= 2 * len(symbols), f"{asked} snapshots: not everybody lost its book"
    if not args.alone:
        return
    assert back - cut <= bound, f"{back - cut:.1f} s, and the budget implies {bound:.1f} s"
    receipt = subprocess.run(
        [args.thalweg, "verify", folder / "recording"],
        capture_output=True, text=True, check=False, timeout=600,
    )
    assert receipt.returncode == 0 and "bit-identical" in receipt.stdout, receipt.stdout + receipt.stderr
    print(next(line for line in receipt.stdout.splitlines() if "bit-identical" in line))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--thalweg", required=True)
    parser.add_argument("--scale", type=int, default=20, help="a divisor of 60: windows in whole seconds")
    parser.add_argument("--symbols", type=int, default=200)
    parser.add_argument("--alone", action="store_true",
                        help="on a machine that does nothing else: it is recorded and verified too, and fails when "
                             "recovery takes longer than the budget implies")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        try:
            mass_cut(args, folder)
        except BaseException:
            for log in ("live.log", "exchange.log"):
                if (folder / log).exists():
                    lines = (line[:200] for line in (folder / log).read_text().splitlines()[-60:])
                print(f"--- {log}", *lines, sep="\n", file=sys.stderr)
            raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
