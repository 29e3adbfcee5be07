"""A writer in a process of its own:  writer_process.py PATH CAPACITY GENERATION COUNT

Publishes COUNT records as fast as it can (0: until it is killed) and closes the ring. Like the real
one it makes a new file and marks the one that was there superseded.
"""

import pathlib
import struct
import sys

from ring_writer import HEADER_FIELDS, RingWriter, Shape


def main():
    path = pathlib.Path(sys.argv[1])
    capacity, generation, count = (int(text) for text in sys.argv[2:])
    old = path.open("r+b") if path.exists() else None
    writer = RingWriter(path, Shape(capacity=capacity, generation=generation))
    writer.add_symbol(0, "BTCUSDT")
    if old is not None:
        offset, form = HEADER_FIELDS["writer_state"]
        old.seek(offset)
        old.write(struct.pack(form, 3))
        old.close()
    while count == 0 or writer.seq <= count:
        if writer.seq % 1000 == 1:
            writer.beat()
        writer.publish()
    writer.close()


main()
