"""The shared library of the C reader, loaded by another language: its functions have their names, and
read a ring.

  ring_library_test.py --library libthalweg_ring.so --writer PROGRAM [unittest's arguments]
"""

import argparse
import ctypes
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import unittest

ARGS = argparse.Namespace()
HEADER = pathlib.Path(__file__).resolve().parents[2] / "include" / "thalweg" / "ring.h"
RECORD, ENDED = 0, 3  # thalweg_ring_read
CLOSED = 2  # thalweg_ring_life
OLDEST = 1  # thalweg_ring_start


class Field(ctypes.Structure):
    _fields_ = [("type", ctypes.c_char * 4), ("offset", ctypes.c_uint32), ("count", ctypes.c_uint32)]


def load():
    library = ctypes.CDLL(str(ARGS.shared_object))
    library.thalweg_ring_open.restype = ctypes.c_void_p
    library.thalweg_ring_record_bytes.restype = ctypes.c_size_t
    library.thalweg_ring_find_field.restype = ctypes.c_bool
    library.thalweg_ring_symbol_id.restype = ctypes.c_int64
    return library


class RingLibraryTest(unittest.TestCase):
    def test_every_function_of_the_header_is_exported_and_nothing_else(self):
        text = HEADER.read_text(encoding="utf-8")
        declared = set(re.findall(r"^THALWEG_RING_API[^(]*?\b(thalweg_ring_\w+)\(", text, re.M))
        self.assertGreater(len(declared), 20)
        listing = subprocess.run(
            ["nm", "--dynamic", "--defined-only", ARGS.shared_object],
            check=True,
            capture_output=True,
            text=True,
        )
        self.assertEqual({line.split()[-1] for line in listing.stdout.splitlines()}, declared)

    def test_a_ring_is_read(self):
        library = load()
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([ARGS.writer, folder], check=True)
            path = os.fsencode(pathlib.Path(folder) / "thalweg.demo")
            error = ctypes.create_string_buffer(512)
            ring = ctypes.c_void_p(library.thalweg_ring_open(path, None, error, ctypes.c_size_t(len(error))))
            self.assertTrue(ring, error.value)
            mid = Field()
            self.assertTrue(library.thalweg_ring_find_field(ring, b"mid", ctypes.byref(mid)))
            self.assertEqual(library.thalweg_ring_symbol_id(ring, b"DEMOUSDT"), 0)
            record = ctypes.create_string_buffer(library.thalweg_ring_record_bytes(ring))
            library.thalweg_ring_seek_to(ring, OLDEST)
            mids = []
            while library.thalweg_ring_next(ring, record, ctypes.c_size_t(len(record))) == RECORD:
                mids += struct.unpack_from("<d", record, mid.offset)
            self.assertEqual(mids, [61837.5, 61838.0, 61838.5, 61839.0])
            self.assertEqual(
                library.thalweg_ring_next(ring, record, ctypes.c_size_t(len(record))), ENDED
            )
            self.assertEqual(library.thalweg_ring_writer(ring), CLOSED)
            library.thalweg_ring_close(ring)

    def test_a_refusal_has_words(self):
        library = load()
        error = ctypes.create_string_buffer(512)
        path = b"/nonexistent/thalweg.demo"
        self.assertIsNone(library.thalweg_ring_open(path, None, error, ctypes.c_size_t(len(error))))
        self.assertIn(path, error.value)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--library", dest="shared_object", type=pathlib.Path, required=True)
    parser.add_argument("--writer", type=pathlib.Path, required=True)
    _, rest = parser.parse_known_args(namespace=ARGS)
    unittest.main(argv=sys.argv[:1] + rest)
