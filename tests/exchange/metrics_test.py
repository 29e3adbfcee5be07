"""What a live run serves of itself, of a loopback exchange: `/metrics` and `/health`.

  metrics_test.py --thalweg PROGRAM --source CHECKOUT --case page|health|hostile|prometheus
                  [--folder FOLDER]

  page        every metric that is served stands in docs/METRICS.md, and none else; the dashboard asks for
              nothing that is not served
  health      /health says that a symbol is not live while it is not, and which, and that it is again
  hostile     a crowd that idles, hammers and sends nonsense takes nothing from the run
  prometheus  a real Prometheus server, of Debian, scrapes the run; promtool has no complaint

Exit status 77: skipped, because there is no Prometheus and it could not be fetched.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from exchange_process import Truth, exchange

SKIPPED = 77
SYMBOLS = ["AAAUSDT", "BBBUSDT", "CCCUSDT"]
# How long something may take that is to happen: no test waits so long unless it fails.
PATIENCE_SECONDS = 60


def fetch(url):
    """Status and body."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def wait_for(what, seconds=PATIENCE_SECONDS):
    """The first answer of `what` that is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = what()
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"it did not come to that within {seconds} s: {what}")


@contextlib.contextmanager
def running(args, folder, faults=(), command="live", options=(), seconds=60, after=None):
    """The address of the pages of a live run, of an exchange with faults. `after` is called with the
    exchange's address when the run has ended well."""
    (folder / "faults.txt").write_text("\n".join(faults) + "\n")
    market = ["--symbols", ",".join(SYMBOLS), "--levels", "900", "--seed", "3"]
    market += ["--faults", folder / "faults.txt"]
    with (folder / "exchange.log").open("w") as log, exchange(
        args.thalweg, folder, *market, log=log, seconds=seconds + 120
    ) as port:
        here = f"127.0.0.1:{port}"
        words = [args.thalweg, command, "--symbols", ",".join(SYMBOLS), "--for", str(seconds)]
        words += ["--rest", f"http://{here}", "--ws", f"ws://{here}", "--metrics", "0"]
        words += [word.replace("{port}", str(port)) for word in options]
        run_log = folder / "live.log"
        with run_log.open("w") as output, subprocess.Popen(
            [str(word) for word in words], stdout=subprocess.DEVNULL, stderr=output
        ) as live:
            try:
                found = wait_for(lambda: re.search(r"(http://127\.0\.0\.1:\d+)/metrics", run_log.read_text()))
                yield found.group(1)
            finally:
                live.terminate()
                status = live.wait(timeout=PATIENCE_SECONDS)
        assert status == 0, f"{command} ended with {status}\n{run_log.read_text()}"
        if after is not None:
            after(f"http://{here}")


def ring_options():
    return ["--ring", f"metrics-{os.getpid()}"]


def clean_rings(args):
    subprocess.run([args.thalweg, "top", "--clean", f"metrics-{os.getpid()}"], check=True, stdout=subprocess.DEVNULL)


def health(pages):
    status, body = fetch(f"{pages}/health")
    told = json.loads(body)
    assert (status == 503) == (told["status"] == "down"), f"{status} {body}"
    return told


def wait_until_live(pages):
    return wait_for(lambda: (told := health(pages))["status"] != "down" and told)


def families(page):
    """{name: (type, labels, help)} of a page of metrics."""
    found = {}
    for line in page.splitlines():
        word = line.split(" ", 3)
        if line.startswith("# HELP "):
            family = word[2]
            found[family] = ["", set(), word[3]]
        elif line.startswith("# TYPE "):
            found[word[2]][0] = word[3]
        else:
            found[family][1].update(re.findall(r'[{,](\w+)="', line))
    return {name: (kind, labels - {"le"}, text) for name, (kind, labels, text) in found.items()}


def page_case(args, folder):
    legs = ["--legs", "2", "--second-ws", "ws://localhost:{port}", "--record", str(folder / "recording")]
    with running(args, folder, options=legs + ring_options()) as pages:
        wait_until_live(pages)
        status, page = fetch(f"{pages}/metrics")
        assert status == 200
        nothing = {fetch(f"{pages}{target}")[0] for target in ("/", "/metrics/", "/metrics?x", "/../etc/passwd")}
        assert nothing == {404}, nothing
    clean_rings(args)
    served = families(page)
    told = (args.source / "docs" / "METRICS.md").read_text(encoding="utf-8")
    rows = {}
    for row in re.findall(r"^\| `(?:thalweg|process)_.*\|$", told, re.M):
        name, kind, labels, meaning, _ = [cell.strip() for cell in row.strip("|").split("|")]
        name = name.strip("`")
        assert name not in rows, f"{name} stands twice in docs/METRICS.md"
        rows[name] = (kind, set(re.findall(r"`(\w+)`", labels)), meaning)
    assert set(rows) == set(served), (
        f"only in docs/METRICS.md: {sorted(set(rows) - set(served))}; "
        f"only served: {sorted(set(served) - set(rows))}"
    )
    for name, row in rows.items():
        assert row == served[name], f"{name}: the page says {row}, the program {served[name]}"
    dashboard = json.loads((args.source / "docs" / "grafana.json").read_text(encoding="utf-8"))
    asked = 0
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            for name in re.findall(r"\b(?:thalweg|process)_\w+", target["expr"]):
                asked += 1
                family = re.sub(r"_(bucket|sum|count)$", "", name)
                is_known = name in served or served.get(family, ("",))[0] == "histogram"
                assert is_known, f"docs/grafana.json, {panel['title']}: {name} is not served"
    assert asked > 15, asked
    only = ["--record", str(folder / "only"), "--required", "AAAUSDT"]
    with running(args, folder, command="record", options=only) as pages:
        wait_until_live(pages)
        status, page = fetch(f"{pages}/metrics")
        assert set(families(page)) == set(served)
        assert "thalweg_symbols_required 1\n" in page
        assert 'thalweg_symbol_live{symbol="AAAUSDT"} 1\n' in page
    print(f"{len(served)} metrics are served and explained; the dashboard asks {asked} times for one")


def health_case(args, folder):
    faults = [
        # Three snapshots for the start; the fourth is the one of the gap.
        "drop:stream=bbbusdt@depth@100ms@time=8",
        "snapshot-late:for=2@request=4",
        "cut:bytes=60,connection=1@time=16",
        "refuse:status=503,count=2@attempt=2",
    ]
    books = ["--final-book", str(folder / "book-{symbol}.txt")]

    def compare_books(here):
        truth = Truth(here)
        states = re.findall(r"^(\S+): (\w[\w ]*) at (\d+);", (folder / "live.log").read_text(), re.M)
        assert [state for _, state, _ in states] == ["live"] * 3, states
        for symbol, _, update_id in states:
            told = (folder / f"book-{symbol}.txt").read_text()
            assert told == truth.text(symbol, update_id), f"the book of {symbol} at {update_id}"

    with running(args, folder, faults, options=books + ring_options(), after=compare_books) as pages:
        first = health(pages)
        assert first["status"] == "down" and first["symbols"]["required"] == 3, first
        wait_until_live(pages)
        # The gap of one symbol: it is named, the others are live.
        down = wait_for(lambda: (told := health(pages))["status"] == "down" and told)
        assert down["why"] == "BBBUSDT is resync", down
        assert down["symbols"]["worst"]["symbol"] == "BBBUSDT", down
        assert down["symbols"]["live"] == 2, down
        again = wait_until_live(pages)
        assert again["symbols"]["live"] == 3, again
        # The cut takes all of them, until the connection is back and every book is whole.
        cut = wait_for(lambda: (told := health(pages))["status"] == "down" and told)
        assert cut["symbols"]["live"] < 3, cut
        assert re.fullmatch(r"no connection carries \w+|\w+ is resync", cut["why"]), cut
        wait_for(lambda: health(pages)["connections"] == {"planned": 1, "open": 0})
        last = wait_until_live(pages)
        assert last["connections"] == {"planned": 1, "open": 1}, last
        assert last["symbols"]["live"] == 3, last
        page = fetch(f"{pages}/metrics")[1]
        assert 'thalweg_book_gaps_total{symbol="BBBUSDT"} 2\n' in page, page
    clean_rings(args)
    print("down, with its symbol, while a book is not whole; then live again, and the books are the exchange's")


NONSENSE = [
    b"\x00" * 1000,
    b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /metrics HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
    b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100_000,
    b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" * 500,
    b"GET /metrics HTTP/1.1\r\nHos",
]
CROWD = 500
CROWD_ROUNDS = 20
# Who say nothing, at once; there are places for 64, for five seconds each.
IDLE = 200


def hostile_case(args, folder):
    with running(args, folder, options=ring_options()) as pages:
        wait_until_live(pages)
        where = urllib.parse.urlsplit(pages)
        crowd = []
        for i in range(CROWD_ROUNDS * CROWD):
            # As many as that at a time: the oldest one goes when another comes.
            if len(crowd) == CROWD:
                crowd.pop(0).close()
            visitor = socket.create_connection((where.hostname, where.port), timeout=10)
            visitor.setblocking(False)
            with contextlib.suppress(OSError):
                visitor.send(NONSENSE[i % len(NONSENSE)])
            crowd.append(visitor)
        for visitor in crowd:
            visitor.close()
        idle = [socket.create_connection((where.hostname, where.port), timeout=10) for _ in range(IDLE)]

        def page_or_nothing():
            try:
                return fetch(f"{pages}/metrics")[1]
            except OSError:
                return ""

        page = wait_for(page_or_nothing)
        for visitor in idle:
            visitor.close()
        told = {name: float(value) for name, value in re.findall(r"^(\w+)(?:{[^}]*})? (\S+)$", page, re.M)}
        assert told["thalweg_metrics_refused_connections_total"] > 100, page
        assert told["thalweg_metrics_rejected_requests_total"] > 100, page
        # The engine and the network have lost nothing.
        lost = re.findall(r"^(\w+(?:_lost_|_gaps_)\w+(?:{[^}]*})?) (\S+)$", page, re.M)
        assert len(lost) > 8 and all(value == "0" for _, value in lost), lost
        wait_for(lambda: health(pages)["status"] == "ok")
        assert told["process_open_fds"] < 64 + 40, told["process_open_fds"]
    clean_rings(args)
    print(f"{CROWD_ROUNDS * CROWD} visitors, {told['thalweg_metrics_refused_connections_total']:.0f} of them "
          f"refused unheard; nothing is lost")


def prometheus_programs(folder):
    """Folder of `prometheus` and `promtool`: installed, or Debian's package unpacked; None: neither."""
    if shutil.which("prometheus") and shutil.which("promtool"):
        return pathlib.Path(shutil.which("prometheus")).parent
    programs = folder / "usr" / "bin"
    if not (programs / "prometheus").exists() and shutil.which("apt-get") and shutil.which("dpkg-deb"):
        folder.mkdir(parents=True, exist_ok=True)
        # It is not installed: that would start it as a service.
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(["apt-get", "--quiet", "download", "prometheus"], cwd=folder, check=False, timeout=240)
        for package in folder.glob("prometheus_*.deb"):
            subprocess.run(["dpkg-deb", "--extract", package, folder], check=False)
    return programs if (programs / "prometheus").exists() else None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


CONFIGURATION = """
global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}
scrape_configs:
  - job_name: thalweg
    static_configs: [{{targets: ["{target}"]}}]
"""


def prometheus_case(args, folder):
    programs = prometheus_programs(args.folder)
    if programs is None:
        print("SKIPPED: there is no prometheus, and apt-get could not fetch it")
        return SKIPPED
    with running(args, folder, options=ring_options()) as pages:
        wait_until_live(pages)
        page = fetch(f"{pages}/metrics")[1]
        lint = subprocess.run(
            [programs / "promtool", "check", "metrics"], input=page, capture_output=True, text=True, timeout=60
        )
        assert lint.returncode == 0 and not lint.stdout + lint.stderr, lint.stdout + lint.stderr
        (folder / "prometheus.yml").write_text(CONFIGURATION.format(target=pages.removeprefix("http://")))
        port = free_port()
        with (folder / "prometheus.log").open("w") as log, subprocess.Popen(
            [programs / "prometheus", f"--config.file={folder}/prometheus.yml"]
            + [f"--storage.tsdb.path={folder}/prometheus", f"--web.listen-address=127.0.0.1:{port}"],
            stdout=log,
            stderr=log,
        ) as server:

            def ask(query):
                """{labels: value} of a query; nothing while the server is not ready."""
                try:
                    text = urllib.parse.quote(query)
                    status, body = fetch(f"http://127.0.0.1:{port}/api/v1/query?query={text}")
                except OSError:
                    return {}
                if status != 200:
                    return {}
                result = json.loads(body)["data"]["result"]
                return {
                    tuple(sorted(item["metric"].items())): float(item["value"][1]) for item in result
                }

            try:
                wait_for(lambda: list(ask("up").values()) == [1.0])
                wait_for(lambda: list(ask("thalweg_symbols_required_live").values()) == [3.0])
                for query in (
                    "sum(rate(thalweg_engine_messages_total[5s])) > 0",
                    "histogram_quantile(0.99, sum by (le) (rate(thalweg_ring_latency_seconds_bucket[5s]))) > 0",
                    "process_resident_memory_bytes > 1e6",
                    'thalweg_symbol_state{symbol="BBBUSDT"} == 2',
                    "sum(thalweg_symbol_live) == 3",
                    "thalweg_build_info == 1",
                ):
                    wait_for(lambda query=query: ask(query))

                def is_up():
                    targets = json.loads(fetch(f"http://127.0.0.1:{port}/api/v1/targets")[1])
                    (target,) = targets["data"]["activeTargets"]
                    return target["health"] == "up" and target["lastError"] == ""

                wait_for(is_up)
                samples = list(ask("scrape_samples_scraped").values())
                assert samples[0] > 200, samples
            finally:
                server.terminate()
                server.wait(timeout=PATIENCE_SECONDS)
    clean_rings(args)
    print(f"scraped by Prometheus, {samples[0]:.0f} samples each time; promtool has no complaint")
    return 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--thalweg", required=True)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    cases = {"page": page_case, "health": health_case, "hostile": hostile_case, "prometheus": prometheus_case}
    parser.add_argument("--case", choices=cases, required=True)
    parser.add_argument("--folder", type=pathlib.Path, help="where Prometheus is unpacked, if it has to be")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            return cases[args.case](args, pathlib.Path(folder)) or 0
        except BaseException:
            for name in ("live.log", "exchange.log", "prometheus.log"):
                path = pathlib.Path(folder, name)
                if path.exists():
                    print(f"--- {name}\n{path.read_text()[-4000:]}", file=sys.stderr)
            raise


if __name__ == "__main__":
    sys.exit(main())
