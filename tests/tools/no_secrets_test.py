"""There are no secrets that could leak: market data is public, and nothing here takes, sends or reads a
credential.

  no_secrets_test.py PROGRAM SOURCE_DIR
"""

import pathlib
import re
import subprocess
import sys

FOLDERS = ("core", "feeds", "book", "features", "pipeline", "replay", "tools", "include", "python")
# How Binance signs requests, and how HTTP carries credentials.
SIGNED = re.compile(r"X-MBX-APIKEY|[?&]signature=|listenKey|userDataStream|field::authorization|HMAC\(", re.I)
# What is read of the environment: systemd's socket and watchdog, and what a terminal can do.
ENVIRONMENT = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "NO_COLOR", "TERM"}
# `exchange --key`: the TLS key of the exchange on the loopback, a file that `--make-ca` makes.
KEY_COMMANDS = {"exchange"}


def help_of(program, *command):
    return subprocess.run([program, *command, "--help"], check=True, capture_output=True, text=True).stdout


def main():
    program, source = sys.argv[1], pathlib.Path(sys.argv[2])
    commands = re.findall(r"^  ([a-z]+)  ", help_of(program), re.M)
    assert len(commands) > 5, commands
    for command in commands:
        for option in re.findall(r"^  (--[a-z-]+)", help_of(program, command), re.M):
            is_secret = re.search(r"key|secret|token|password|credential", option)
            assert not is_secret or command in KEY_COMMANDS, f"{command} {option}"
    read = set()
    for folder in FOLDERS:
        for path in (source / folder).rglob("*"):
            if path.suffix not in (".cc", ".h", ".c", ".py"):
                continue
            text = path.read_text(encoding="utf-8")
            assert not SIGNED.search(text), f"{path}: {SIGNED.search(text).group()}"
            if folder != "python":
                read |= set(re.findall(r'getenv\(\s*"(\w+)"', text))
    assert read == ENVIRONMENT, read


if __name__ == "__main__":
    main()
