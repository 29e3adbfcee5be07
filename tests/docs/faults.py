"""docs/FAULTS.md: which tests make each fault happen. A test says so by its name: FaultN3ACutInMidFrame...

  faults.py SOURCE_DIR            fails where a row has no test, or a test names no row
  faults.py SOURCE_DIR --update   writes the column of tests
"""

import collections
import pathlib
import re
import sys

PAGE = "docs/FAULTS.md"
ROW = re.compile(r"^\| ([A-Z]\d+) \|(.*)\| ([^|]*?) ?\|$")
NAME = re.compile(r"\bFault([A-Z]\d+)(?=[A-Z_])")


def tests_by_fault(source):
    """{id: {file: how many tests}}"""
    found = collections.defaultdict(collections.Counter)
    for path in sorted(source.glob("tests/**/*_test.cc")):
        for declared in re.findall(r"^TEST(?:_F|_P)?\(\s*\w+,\s*(\w+)", path.read_text(encoding="utf-8"), re.M):
            match = NAME.match(declared)
            if match:
                found[match.group(1)][path.stem] += 1
    for path in sorted(source.glob("tests/**/CMakeLists.txt")):
        for fault in re.findall(r"\bfault_([a-z]\d+)_\w+", path.read_text(encoding="utf-8")):
            found[fault.upper()][path.parent.name] = 1
    return found


def column(files):
    return ", ".join(f"`{name}` {count}" for name, count in sorted(files.items()))


def written(source):
    """The page with its column as it should be, and what is wrong with it."""
    tests = tests_by_fault(source)
    lines, problems, rows = [], [], set()
    for line in (source / PAGE).read_text(encoding="utf-8").splitlines():
        row = ROW.match(line)
        if row:
            fault, text, _ = row.groups()
            rows.add(fault)
            if fault not in tests:
                problems.append(f"{fault} has no test")
            line = f"| {fault} |{text}| {column(tests[fault])} |"
        lines.append(line)
    problems += [f"{fault} has tests and no row" for fault in sorted(set(tests) - rows)]
    return "\n".join(lines) + "\n", problems


def main():
    source = pathlib.Path(sys.argv[1])
    text, problems = written(source)
    if sys.argv[2:] == ["--update"]:
        (source / PAGE).write_text(text, encoding="utf-8")
    elif text != (source / PAGE).read_text(encoding="utf-8"):
        problems.append(f"{PAGE} is not up to date: python3 tests/docs/faults.py . --update")
    if problems:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
