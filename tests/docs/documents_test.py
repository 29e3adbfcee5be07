"""What the pages say is true: commands run, programs print what the page shows, tables are the
program's own, names and links exist.

  documents_test.py --source DIR --thalweg PROGRAM --programs DIR [--python PYTHON]
                    [unittest's arguments]

PYTHON has numpy; without it blocks that need it are skipped.
"""

import argparse
import gzip
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import documents

ARGS = argparse.Namespace()
DEMO = "tests/data/demo.txt"
DEMO_RING = f"documents-{os.getpid()}"

# Lines that make what the tests already have.
MADE_BEFORE = ("bash tools/setup.sh", "cmake ")


def run(command, folder, **more):
    environment = dict(
        os.environ,
        PATH=f"{folder / 'bin'}:{os.environ['PATH']}",
        LC_ALL="C",
        PYTHONPATH="python",
        PYTHONDONTWRITEBYTECODE="1",
    )
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, **more
    )


def write_gzip(path, lines):
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(lines)


class Checkout:
    """A folder in which the pages' commands work: the program as `thalweg` and as
    build/tools/thalweg, the demo recording, and recordings cut from it under the pages' names."""

    def __init__(self):
        self.holder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.holder.name)
        (self.path / "bin").mkdir()
        (self.path / "build" / "tools").mkdir(parents=True)
        for link in ("bin/thalweg", "build/tools/thalweg"):
            (self.path / link).symlink_to(ARGS.thalweg)
        if ARGS.python:
            (self.path / "bin" / "python3").symlink_to(ARGS.python)
        for name in ("tests", "python", "examples"):
            (self.path / name).symlink_to(ARGS.source / name)
        lines = (ARGS.source / DEMO).read_text(encoding="utf-8").splitlines(keepends=True)
        half = len(lines) // 2
        write_gzip(self.path / "monday.gz", lines[:half])
        write_gzip(self.path / "tuesday.gz", lines[half:])
        write_gzip(self.path / "depth.gz", [line for line in lines if "@trade" not in line])
        write_gzip(self.path / "trades.gz", [line for line in lines if "@trade" in line])

    def __enter__(self):
        return self.path

    def __exit__(self, *_):
        self.holder.cleanup()


class PageRings:
    """Rings lie in one place for all processes: here each page's have names of their own, and are
    removed at the end."""

    def __init__(self, page):
        self.names = documents.ring_names(page)
        self.suffix = f"-{os.getpid()}"

    def __enter__(self):
        return lambda text: documents.with_rings_renamed(text, self.names, self.suffix)

    def __exit__(self, *_):
        for name in self.names:
            for path in pathlib.Path("/dev/shm").glob(f"thalweg.{name}{self.suffix}*"):
                path.unlink()


def command_of(block):
    """What runs a block of a page."""
    if block.language == "python":
        return ["python3", "-c", block.text]
    lines = [line for line in block.text.splitlines() if not line.startswith(MADE_BEFORE)]
    return ["bash", "-c", "set -eu\n" + "\n".join(lines)]


class SnippetsTest(unittest.TestCase):
    def test_every_shell_and_python_block_runs_and_prints_what_the_page_shows(self):
        ran = {"sh": 0, "python": 0}
        for page in documents.pages(ARGS.source):
            with Checkout() as folder, PageRings(page) as renamed:
                for block, output in documents.with_outputs(page):
                    if block.file is not None:
                        (folder / block.file).write_text(renamed(block.text), encoding="utf-8")
                    if block.language not in ran or block.remark.startswith("not run: "):
                        continue
                    ran[block.language] += 1
                    with self.subTest(block.where):
                        if not ARGS.python and re.search("python3|import (numpy|thalweg)", block.text):
                            self.skipTest("no Python with numpy")
                        done = run([renamed(word) for word in command_of(block)], folder)
                        self.assertEqual(done.returncode, 0, done.stderr)
                        if output is not None:
                            self.assertEqual(done.stdout, renamed(output))
        self.assertGreaterEqual(ran["sh"], 6)
        self.assertGreaterEqual(ran["python"], 1)

    def test_every_program_prints_what_the_page_shows(self):
        ran = 0
        for page in documents.pages(ARGS.source):
            for block, output in documents.with_outputs(page):
                if block.language not in documents.PROGRAM_SUFFIXES:
                    continue
                with self.subTest(block.where), Checkout() as folder:
                    self.assertIsNotNone(output, "a program without its output")
                    # Programs that read rings are told which.
                    ring = []
                    if block.language == "c":
                        ring = [ring_in(folder)]
                    elif "RingReader" in block.text:
                        ring = [DEMO_RING]
                        run(["thalweg", "replay", DEMO, "--ring", DEMO_RING], folder, check=True)
                        self.addCleanup(remove_ring, DEMO_RING)
                    done = run([ARGS.programs / block.program, *ring], folder)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertEqual(done.stdout, output)
                    ran += 1
        self.assertGreaterEqual(ran, 3)


def remove_ring(name):
    subprocess.run([ARGS.thalweg, "top", "--clean", name], capture_output=True, check=False)


def ring_in(folder):
    """The file of a ring of four slots whose writer published six records and ended."""
    run([ARGS.programs / "write_ring", folder], folder, check=True)
    return folder / "thalweg.demo"


class ContractsTest(unittest.TestCase):
    """Pages against the program and the headers."""

    def page(self, name):
        return (ARGS.source / name).read_text(encoding="utf-8")

    def test_the_tables_of_features_are_those_of_the_program(self):
        self.assertEqual(
            documents.generated_part(self.page("docs/FEATURES.md")),
            documents.in_page(documents.schema_tables(ARGS.thalweg)),
            "write them anew: python3 tests/docs/documents.py --update . build/tools/thalweg",
        )

    def test_the_readme_counts_the_features(self):
        schema = subprocess.run(
            [ARGS.thalweg, "schema", "--json"], check=True, capture_output=True, text=True
        )
        fields = json.loads(schema.stdout)["fields"]
        features = [field for field in fields if field["group"] != "header"]
        counts = re.findall(r"(\d+)\s+(?:microstructure )?features\b(?!\.)", self.page("README.md"))
        self.assertGreaterEqual(len(counts), 2)
        self.assertEqual(set(counts), {str(len(features))})

    def test_flags_names_every_bit_of_the_quality_word_and_no_other(self):
        header = self.page("core/quality.h")
        bits = {
            int(bit): re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()
            for name, bit in re.findall(r"QualityWord k(\w+) = 1ULL << (\d+);", header)
        }
        rows = re.findall(r"^\| (\d+) \| `([A-Z_]+)` \|", self.page("docs/FLAGS.md"), re.M)
        self.assertGreater(len(bits), 15)
        self.assertEqual({int(bit): name for bit, name in rows}, bits)

    def test_replay_explains_every_option_of_the_program_and_no_other(self):
        page = self.page("docs/REPLAY.md")
        help_text = subprocess.run(
            [ARGS.thalweg, "replay", "--help"], check=True, capture_output=True, text=True
        ).stdout
        options = set(re.findall(r"^  (--[a-z-]+)", help_text, re.M))
        self.assertGreater(len(options), 10)
        self.assertEqual(set(re.findall(r"^\| `(--[a-z-]+)", page, re.M)), options)

    def test_live_explains_every_option_of_live_and_record_and_no_other(self):
        page = self.page("docs/LIVE.md")
        options = set()
        for command in ("live", "record"):
            help_text = subprocess.run(
                [ARGS.thalweg, command, "--help"], check=True, capture_output=True, text=True
            ).stdout
            options |= set(re.findall(r"^  (--[a-z-]+)", help_text, re.M))
        self.assertGreater(len(options), 20)
        cells = re.findall(r"^\| (`--.*?) \| ", page, re.M)
        explained = {option for cell in cells for option in re.findall(r"`(--[a-z-]+)", cell)}
        self.assertEqual(explained, options)

    def test_the_example_of_config_has_every_option_of_replay(self):
        blocks = documents.blocks(ARGS.source / "docs" / "CONFIG.md")
        example = next(block.text for block in blocks if block.file == "run.toml")
        help_text = subprocess.run(
            [ARGS.thalweg, "replay", "--help"], check=True, capture_output=True, text=True
        ).stdout
        options = set(re.findall(r"^  --([a-z-]+)", help_text, re.M)) - {"config", "check-config"}
        self.assertGreater(len(options), 10)
        # A key may stand in a comment, when the example is better off without it.
        keys = re.findall(r"^(?:# )?([a-z-]+) = |^\[([a-z-]+)\]", example, re.M)
        self.assertEqual({key or table for key, table in keys}, options)

    def test_import_explains_every_option_of_both_commands_and_no_other(self):
        page = self.page("docs/IMPORT.md")
        for command, part in zip(("import", "export"), page.split("## Export")):
            help_text = subprocess.run(
                [ARGS.thalweg, command, "--help"], check=True, capture_output=True, text=True
            ).stdout
            options = set(re.findall(r"^  (--[a-z-]+)", help_text, re.M))
            self.assertGreater(len(options), 2)
            self.assertEqual(set(re.findall(r"^\| `(--[a-z-]+)", part, re.M)), options)

    def test_verify_explains_every_option_of_the_program_and_no_other(self):
        page = self.page("docs/VERIFY.md")
        help_text = subprocess.run(
            [ARGS.thalweg, "verify", "--help"], check=True, capture_output=True, text=True
        ).stdout
        options = set(re.findall(r"^  (--[a-z-]+)", help_text, re.M))
        self.assertGreater(len(options), 10)
        self.assertEqual(set(re.findall(r"^\| `(--[a-z-]+)", page, re.M)), options)

    def test_every_page_has_its_row_in_the_readme(self):
        readme = self.page("README.md")
        for page in sorted((ARGS.source / "docs").glob("*.md")):
            self.assertIn(f"](docs/{page.name})", readme)

    def test_top_explains_every_option_and_every_column(self):
        page = self.page("docs/TOP.md")
        help_text = subprocess.run(
            [ARGS.thalweg, "top", "--help"], check=True, capture_output=True, text=True
        ).stdout
        options = set(re.findall(r"^  (--[a-z-]+)", help_text, re.M))
        self.assertGreater(len(options), 5)
        self.assertEqual(set(re.findall(r"^\| `(--[a-z-]+)", page, re.M)), options)
        headings = re.findall(r'^ +\{"([a-z][a-z 0-9/]*)", ', self.page("tools/top/symbol_table.cc"), re.M)
        self.assertGreater(len(headings), 10)
        for heading in headings:
            if heading != "symbol":
                self.assertIn(f"`{heading}`", page)

    def test_replay_names_every_column_before_the_features(self):
        page = self.page("docs/REPLAY.md")
        with Checkout() as folder:
            command = ["thalweg", "replay", DEMO, "--out", "f.csv", "--ladders", "l.csv"]
            run(command, folder, check=True)
            features = (folder / "f.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
            ladders = (folder / "l.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
        self.assertEqual(features[6], "best_bid")
        for column in features[:6] + ladders[:12] + ["bid_price_1", "ask_cum_usd_15"]:
            self.assertIn(f"`{column}`", page)


class LinksTest(unittest.TestCase):
    def test_every_link_resolves(self):
        links = 0
        for page in documents.pages(ARGS.source):
            text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
            for target in re.findall(r"\]\(([^)\s]+)\)", text):
                if re.match(r"[a-z]+:", target):
                    continue
                links += 1
                with self.subTest(f"{page}: {target}"):
                    self.assertTrue((page.parent / target.split("#")[0]).exists())
        self.assertGreater(links, 20)

    def test_every_file_that_a_page_names_exists(self):
        for page in documents.pages(ARGS.source):
            names = re.findall(
                r"`([a-z][\w-]*(?:/[\w.-]+)+\.(?:h|cc|md|sh|awk|txt|py))`",
                page.read_text(encoding="utf-8"),
            )
            for name in names:
                if name in IMAGINED or (ARGS.source / "include" / name).exists():
                    continue
                with self.subTest(f"{page}: {name}"):
                    self.assertTrue((ARGS.source / name).exists())

    def test_every_page_that_the_code_names_exists(self):
        named = 0
        for folder in ("core", "feeds", "book", "features", "pipeline", "replay", "tools", "include"):
            for file in (ARGS.source / folder).rglob("*.[hc]*"):
                for page in re.findall(r"docs/[A-Z]+\.md", file.read_text(encoding="utf-8")):
                    named += 1
                    with self.subTest(f"{file}: {page}"):
                        self.assertTrue((ARGS.source / page).exists())
        self.assertGreater(named, 5)

    def test_every_page_is_found_from_the_readme(self):
        readme = (ARGS.source / "README.md").read_text(encoding="utf-8")
        for page in documents.pages(ARGS.source):
            name = str(page.relative_to(ARGS.source))
            if name not in ("README.md", "CHANGELOG.md"):
                self.assertIn(f"({name})", readme)


# Files that a page names to say where something would go.
IMAGINED = {"bench/book/order_book_bench.cc"}


class DemoTest(unittest.TestCase):
    def show(self, folder):
        environment = dict(
            os.environ,
            THALWEG_DATA="/nonexistent",
            THALWEG_DEMO_SPEED="20",
            THALWEG_DEMO_SECONDS="10",
            LC_ALL="C.UTF-8",
        )
        return subprocess.run(
            ["bash", ARGS.source / "tools" / "demo.sh", ARGS.thalweg, folder],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
        )

    def test_the_demo_shows_a_live_run_in_a_pipe_and_its_receipt_and_may_be_repeated(self):
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(2):
                done = self.show(folder)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                ring = re.search(r"--ring (demo-\d+) --record", done.stdout).group(1)
                self.assertEqual(list(pathlib.Path("/dev/shm").glob(f"thalweg.{ring}*")), [])
                pictures = done.stdout.split("== What the ring holds")[1:]
                self.assertEqual(len(pictures), 3)
                for picture in pictures:
                    self.assertIn(ring, picture)
                    self.assertRegex(picture, r"BTCUSDT +live")
                made = int(re.search(r"bit-identical for (\d+) records", done.stdout).group(1))
                self.assertGreater(made, 500)
                if not ARGS.python:
                    continue
                predictions = pathlib.Path(folder, "predictions.txt").read_text(encoding="utf-8")
                rows = re.findall(r"^\S+ BTCUSDT mid \S+ prediction \S+ lost (\d+)$", predictions, re.M)
                records, lost = re.search(
                    r"(\d+) records, .* (\d+) lost; the writer is closed", done.stdout
                ).groups()
                self.assertEqual(len(rows), int(records))
                self.assertEqual(int(records) + int(lost), made)

    def test_the_demo_says_what_is_missing(self):
        done = subprocess.run(
            ["bash", ARGS.source / "tools" / "demo.sh", "/nonexistent/thalweg", "/tmp"],
            capture_output=True,
            text=True,
            timeout=120,
        )
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("/nonexistent/thalweg", done.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--thalweg", type=pathlib.Path, required=True)
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    parser.add_argument("--python", default="")
    _, rest = parser.parse_known_args(namespace=ARGS)
    unittest.main(argv=sys.argv[:1] + rest)
