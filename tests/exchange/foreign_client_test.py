"""ccxt, a client that nobody here wrote, follows a book and trades on the loopback exchange; its
book is the exchange's own, level for level.

  foreign_client_test.py --thalweg PROGRAM --environment DIR --requirements FILE

Exit status 77: skipped, because the package index cannot be reached.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import venv

from exchange_process import Truth, exchange

SKIPPED = 77
INSTALL_SECONDS = 240
CLIENT_SECONDS = 60


def install(environment, requirements):
    """The environment's Python; nothing when the packages are not to be had."""
    python = environment / "bin" / "python"
    done = environment / "installed"
    if done.exists() and done.read_text() == requirements.read_text():
        return python
    venv.create(environment, clear=True, with_pip=True)
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--retries", "1", "--timeout", "15", "--requirement", requirements]
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        print("SKIPPED: the package index does not answer")
        return None
    if result.returncode != 0:
        print("SKIPPED: ccxt could not be installed from the package index:\n" + result.stderr)
        return None
    done.write_text(requirements.read_text())
    return python


def follow(program, client, python, *options):
    with tempfile.TemporaryDirectory() as name, exchange(
        program, pathlib.Path(name), *options
    ) as port:
        result = subprocess.run(
            [python, "-B", client, str(port)],
            capture_output=True,
            text=True,
            timeout=CLIENT_SECONDS,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        lines = [line.split() for line in result.stdout.splitlines()]
        compared = 0
        truth = Truth(f"http://127.0.0.1:{port}")
        for symbol, update_id, *levels in (line[1:] for line in lines if line[0] == "book"):
            told = {"b": [], "a": []}
            for level in levels:
                side, price, qty = level.split("|")
                told[side].append((float(price), float(qty)))
            assert told == truth.book(symbol, update_id), f"{symbol} differs at {update_id}"
            assert len(told["b"]) > 50 and len(told["a"]) > 50
            compared += 1
        trades = [line for line in lines if line[0] == "trade"]
    assert compared >= 4, f"{compared} books"
    assert len(trades) >= 5, f"{len(trades)} trades"
    print(f"{' '.join(options)}: {compared} books are equal, {len(trades)} trades came")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--thalweg", required=True)
    parser.add_argument("--environment", type=pathlib.Path, required=True)
    parser.add_argument("--requirements", type=pathlib.Path, required=True)
    args = parser.parse_args()
    python = install(args.environment, args.requirements)
    if python is None:
        return SKIPPED
    client = pathlib.Path(__file__).with_name("ccxt_client.py")
    # Whole books fit into a snapshot, so that both must be equal down to the last level.
    market = ("--symbols", "BTCUSDT,ETHUSDT:50", "--levels", "1000", "--seed", "11")
    follow(args.thalweg, client, python, *market)
    return 0


if __name__ == "__main__":
    sys.exit(main())
