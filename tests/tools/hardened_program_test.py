"""What stands in the program's file: it is loaded anywhere, nothing of it is writable and executable, what
the loader wrote stays as it is, and functions of C check their buffers.

  hardened_program_test.py PROGRAM
"""

import re
import subprocess
import sys


def readelf(*arguments):
    command = ["readelf", "--wide", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main():
    program = sys.argv[1]
    assert re.search(r"Type:\s+DYN \(Position-Independent Executable", readelf("--file-header", program)), "no PIE"
    segments = readelf("--program-headers", program)
    assert "GNU_RELRO" in segments, segments
    stack = re.search(r"GNU_STACK.* (R\S*) +0x\d+$", segments, re.MULTILINE)
    assert stack and "E" not in stack.group(1), segments
    loaded = re.findall(r"^ +LOAD .* 0x\w+ 0x\w+ (R[W ][E ]) 0x\w+$", segments, re.MULTILINE)
    assert len(loaded) > 1 and not any("WE" in flags for flags in loaded), segments
    # Addresses of functions are looked up before the program begins, and then cannot be changed.
    assert re.search(r"\(FLAGS(_1)?\).*\b(BIND_NOW|NOW)\b", readelf("--dynamic", program)), "lazy binding"
    symbols = readelf("--dyn-syms", program)
    for name in ("__stack_chk_fail", r"__\w+_chk@"):
        assert re.search(name, symbols), f"nothing of {name} is called"


if __name__ == "__main__":
    main()
