"""A ring's file: where it lies, who may have written it, and its bytes, mapped for reading alone.

A file is opened by name, not through a link, and only if nobody but its owner may change it: whoever
may write to it may also truncate it, and reading what was mapped and is gone stops a process
(SIGBUS).
"""

from __future__ import annotations

import errno
import mmap
import os
import re
import stat
from typing import TYPE_CHECKING, Optional, Tuple

import numpy as np

from thalweg import ring_format
from thalweg.error import RingError, corrupt
from thalweg.ring_format import Header
from thalweg.schema import Schema, parse_schema

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDER = "/dev/shm"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def is_ring_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def ring_path(name: str, kind: str, folder: str) -> str:
    """`name` of a ring, or, with a '/', the path of its file. ValueError for no name."""
    if "/" in name:
        return name
    if not is_ring_name(name):
        raise ValueError(
            f"{name!r} is no name for a ring: 1 to 64 letters, digits, '-' and '_'"
        )
    if kind not in ring_format.KIND_SUFFIXES:
        kinds = ", ".join(ring_format.KIND_SUFFIXES)
        raise ValueError(f"{kind!r} is no kind of ring: these are {kinds}")
    return os.path.join(folder, f"thalweg.{name}{ring_format.KIND_SUFFIXES[kind]}")


def _open(path: str) -> int:
    try:
        # O_NONBLOCK: what lies there may be a pipe, which would wait for somebody.
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise PermissionError(
                errno.EPERM, "is a link, which is never followed", path
            ) from None
        if error.errno == errno.ENOENT:
            raise FileNotFoundError(
                errno.ENOENT, "there is no such ring (thalweg.rings() lists those there are)", path
            ) from None
        raise


def _check_owner(status: os.stat_result, path: str, owner: Optional[int]) -> None:
    def refuse(why: str) -> PermissionError:
        return PermissionError(errno.EPERM, why, path)

    if not stat.S_ISREG(status.st_mode):
        raise refuse("is not a regular file")
    owners = (os.geteuid(), 0) if owner is None else (owner,)
    if status.st_uid not in owners:
        wanted = " or ".join(str(user) for user in owners)
        raise refuse(f"belongs to user {status.st_uid}, and only files of user {wanted} are read")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        mode = stat.S_IMODE(status.st_mode)
        raise refuse(
            f"others may write it (mode {mode:04o}): remove it, or chmod it to 0600 or 0640"
        )


class RingFile:
    """A mapped file whose header and schema were checked.

    Its arrays show shared memory that changes while one looks: only ring.py reads them, and it
    gives away copies.
    """

    def __init__(self, path: str, owner: Optional[int]) -> None:
        self.path = path
        descriptor = _open(path)
        try:
            status = os.fstat(descriptor)
            _check_owner(status, path, owner)
            self.identity = (status.st_dev, status.st_ino)
            smallest = ring_format.HEADER.itemsize
            if status.st_size < smallest:
                raise _of_file(path, corrupt("file", status.st_size, f"at least {smallest} bytes"))
            self._map = mmap.mmap(descriptor, status.st_size, mmap.MAP_SHARED, mmap.PROT_READ)
        finally:
            os.close(descriptor)
        try:
            # Copied once: what is checked is what is used.
            self.header: Header = ring_format.parse_header(self._map[:smallest])
            ring_format.check_header(self.header, status.st_size)
            at, size = self.header.schema_offset, self.header.schema_bytes
            self.schema: Schema = parse_schema(
                self._map[at : at + size], self.header.record_bytes, self.header.schema_hash
            )
        except RingError as error:
            self._map.close()
            raise _of_file(path, error) from None

        # One number at a time: an aligned word is read whole. (Native format: the struct module's
        # "<Q" reads byte by byte.)
        whole = self.header.file_bytes // ring_format.WORD_BYTES * ring_format.WORD_BYTES
        self.bytes = memoryview(self._map)
        self.words = self.bytes[:whole].cast("Q")
        self.halves = self.bytes[:whole].cast("I")
        # The slots as words, a row each: copies of rows are plain copies of memory.
        words_a_record = self.header.record_bytes // ring_format.WORD_BYTES
        slots: NDArray[np.uint64] = np.frombuffer(
            self._map, np.uint64, self.header.capacity * words_a_record, self.header.ring_offset
        )
        self.slots = slots.reshape(self.header.capacity, words_a_record)

    def view(self) -> NDArray[np.void]:
        """The slots themselves, read-only."""
        view: NDArray[np.void] = np.frombuffer(
            self._map, self.schema.dtype, self.header.capacity, self.header.ring_offset
        )
        return view

    def close(self) -> None:
        """Unmaps the file; while somebody still has a view(), it stays until that is gone.

        The map ends with the last reference to it, never by its close(): arrays of older numpy
        (1.20) do not hold a map open, and would show what is there no more.
        """
        for view in (self.words, self.halves, self.bytes):
            view.release()
        del self.slots, self._map


def _of_file(path: str, error: RingError) -> RingError:
    return RingError(f"{path}: {error}")


def identity_of(path: str) -> Tuple[int, int]:
    """Which file has this path now."""
    status = os.lstat(path)
    return status.st_dev, status.st_ino
