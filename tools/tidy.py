#!/usr/bin/env python3
"""clang-tidy over every source of the library and the program, with the rules of .clang-tidy.

  python3 tools/tidy.py              all of them; not again what passed, while no header has changed
  python3 tools/tidy.py FILE.cc...   these

Tests and benchmarks are not read: they are compiled with -Wall -Wextra -Wconversion -Werror by two
compilers, and clang-tidy spends most of its time on what GoogleTest's macros become. Sources that
include Boost are read when they are named: each takes minutes, and Boost's concepts want names of
Boost's style.

Most of the time goes into what a source includes. So sources that are compiled alike are read several
at a time, one behind the other as if they were one. A batch that does not compile like that, because
two of its sources have a name in common, is halved; of one that is complained of, each source is read
by itself, so that the complaint names the place. The static analyzer follows calls as far as its
shallow mode does; into sources that are named it looks deep, which takes five times as long.

$JOBS: how many at once (else one for each core).
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build-tidy"
BATCH = 12
FOLDERS = ("core", "feeds", "book", "features", "pipeline", "replay", "tools", "include")
SHALLOW = ("-Xclang", "-analyzer-config", "-Xclang", "mode=shallow")
NOISE = re.compile(r"^\d+ warnings? (generated|treated)")


def run(*command, **options):
    return subprocess.run(command, cwd=ROOT, text=True, capture_output=True, **options)


def sources():
    listed = run("bash", "tools/list_sources.sh", check=True).stdout.split("\0")
    return [name for name in listed
            if name.startswith(FOLDERS) and name.endswith(".cc") and "#include <boost/" not in (ROOT / name).read_text()]


def flags_by_source():
    """How each is compiled with clang++: a source with no headers read for it in advance."""
    made = run("cmake", "--preset", "dev-clang", "-B", str(BUILD), "-DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON")
    if made.returncode != 0:
        sys.exit(made.stdout + made.stderr)
    flags = {}
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        name = os.path.relpath(entry["file"], ROOT)
        if name.endswith(".cc"):
            words = shlex.split(entry["command"])
            compiler = next(i for i, word in enumerate(words) if word.endswith("clang++"))
            flags[name] = tuple(words[compiler + 1:words.index("-o")])
    return flags


def batches(names, flags):
    alike = {}
    for name in names:
        alike.setdefault(flags[name], []).append(name)
    for group in alike.values():
        for i in range(0, len(group), BATCH):
            yield group[i:i + BATCH]


class Tidy:
    def __init__(self, flags, analyzer):
        self.flags = flags
        self.analyzer = analyzer
        self.passed = BUILD / "passed"
        self.passed.mkdir(exist_ok=True)
        headers = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.h"))
        self.rules = [path.read_text() for path in [ROOT / ".clang-tidy", *headers]]

    def read(self, names):
        """Whether there is nothing to complain of in these, which are compiled alike."""
        flags = self.flags[names[0]]
        text = "".join((ROOT / name).read_text() for name in names)
        parts = [*self.rules, *self.analyzer, *flags, text]
        key = hashlib.sha256("\0".join(parts).encode()).hexdigest()
        if (self.passed / key).exists():
            return True
        if len(names) == 1:
            is_good = self.complain(names[0], flags)
        else:
            whole = BUILD / f"{key}.cc"
            whole.write_text(text)
            command = ("clang-tidy", "--quiet", str(whole), "--", *flags, *self.analyzer)
            is_good = run(*command).returncode == 0
            is_compiled = is_good or run("clang++", *flags, "-w", "-fsyntax-only", str(whole)).returncode == 0
            whole.unlink()
            if not is_compiled:
                half = len(names) // 2
                return all([self.read(names[:half]), self.read(names[half:])])
            if not is_good:
                return all([self.read([name]) for name in names])
            print("\n".join(names), flush=True)
        if is_good:
            (self.passed / key).touch()
        return is_good

    def complain(self, name, flags):
        read = run("clang-tidy", "--quiet", name, "--", *flags, *self.analyzer)
        lines = [line for line in (read.stdout + read.stderr).splitlines() if not NOISE.match(line)]
        print("\n".join([name, *lines]), flush=True)
        return read.returncode == 0


def main():
    flags = flags_by_source()
    named = [os.path.relpath(name, ROOT) for name in sys.argv[1:]]
    for name in named:
        if name not in flags:
            sys.exit(f"tidy: {name} is no source of this build")
    work = [[name] for name in named] or list(batches(sources(), flags))
    tidy = Tidy(flags, () if named else SHALLOW)
    jobs = int(os.environ.get("JOBS") or os.cpu_count())
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        good = all(list(pool.map(tidy.read, work)))
    if not good:
        sys.exit(1)
    print("clang-tidy: nothing to complain of")


if __name__ == "__main__":
    main()
