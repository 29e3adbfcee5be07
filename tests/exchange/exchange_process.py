"""A loopback exchange as a process of its own, and what it says of its books and its limits."""

import contextlib
import http.client
import json
import ssl
import subprocess
import time
import urllib.parse

BEGIN_SECONDS = 30
END_SECONDS = 30


@contextlib.contextmanager
def exchange(program, folder, *options, log=None, seconds=120):
    """A running exchange's port. It ends by itself whatever happens here."""
    port_file = folder / "port"
    port_file.unlink(missing_ok=True)
    command = [program, "exchange", "--port-file", port_file, "--for", str(seconds), *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log) as server:
        try:
            deadline = time.monotonic() + BEGIN_SECONDS
            while not (port_file.exists() and port_file.read_text().endswith("\n")):
                assert server.poll() is None and time.monotonic() < deadline, "it does not begin"
                time.sleep(0.01)
            yield int(port_file.read_text())
        finally:
            server.terminate()
            status = server.wait(timeout=END_SECONDS)
    assert status == 0, f"the exchange ended with {status}"


def read_truth(path):
    """Of a file that `--truth` wrote: {(symbol, id): {"b": [(price, quantity), ...], "a": [...]}}."""
    books = {}
    for block in path.read_text().split("\n\n"):
        lines = block.split("\n")
        if len(lines) < 2:
            continue
        sides = {"b": [], "a": []}
        for line in lines[1:]:
            side, price, quantity = line.split()
            sides[side].append((float(price), float(quantity)))
        books[tuple(lines[0].split())] = sides
    return books


class Truth:
    """The exchange's own books, asked for over one connection that is kept."""

    def __init__(self, url, ca=None):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=ca)
            self.connection = http.client.HTTPSConnection(parts.netloc, timeout=30, context=context)
        else:
            self.connection = http.client.HTTPConnection(parts.netloc, timeout=30)

    def ask(self, target):
        try:
            self.connection.request("GET", target)
            answer = self.connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):
            self.connection.close()  # It was idle for too long.
            self.connection.request("GET", target)
            answer = self.connection.getresponse()
        body = answer.read().decode()
        assert answer.status == 200, f"{target}: {answer.status} {body}"
        return body

    def limits(self):
        """What was used of them at most, and how often somebody was refused."""
        return json.loads(self.ask("/thalweg/limits"))

    def add_fault(self, text):
        self.ask(f"/thalweg/fault?add={urllib.parse.quote(text, safe='')}")

    def text(self, symbol, update_id, limit=None):
        """As `--final-book` writes one: a line a level, from the best one down and up."""
        target = f"/thalweg/book?symbol={symbol}&id={update_id}"
        return self.ask(target if limit is None else f"{target}&limit={limit}")

    def book(self, symbol, update_id, limit=None):
        """{"b": [(price, quantity), ...], "a": [...]}, the best first."""
        sides = {"b": [], "a": []}
        for line in self.text(symbol, update_id, limit).splitlines():
            side, price, quantity = line.split()
            sides[side].append((float(price), float(quantity)))
        return sides
