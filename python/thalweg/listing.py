"""Which rings there are."""

from __future__ import annotations

import dataclasses
import os
from typing import List, Optional

from thalweg.error import RingError
from thalweg.ring import Ring
from thalweg.ring_file import FOLDER, is_ring_name, ring_path
from thalweg.ring_format import KIND_SUFFIXES


@dataclasses.dataclass(frozen=True)
class RingListing:
    name: str
    kind: str  # "features", "ladders", "tops"
    path: str
    error: Optional[str] = None  # Why it cannot be read; then the rest says nothing.
    writer: str = "closed"
    generation: int = 0
    newest: int = 0


def _list(name: str, kind: str, path: str) -> RingListing:
    try:
        with Ring(path) as ring:
            return RingListing(
                name, kind, path, None, ring.writer, ring.generation, ring.newest
            )
    except (OSError, RingError) as error:
        return RingListing(name, kind, path, str(error))


def rings(folder: str = FOLDER) -> List[RingListing]:
    """Every ring in a folder, by name and kind."""
    try:
        files = set(os.listdir(folder))
    except OSError:
        return []
    names = sorted({file.split(".")[1] for file in files if file.startswith("thalweg.")})
    found = []
    for name in filter(is_ring_name, names):
        for kind in KIND_SUFFIXES:
            path = ring_path(name, kind, folder)
            if os.path.basename(path) in files:
                found.append(_list(name, kind, path))
    return found
