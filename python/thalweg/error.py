"""What is raised when a file is no ring, or no ring any more."""

from __future__ import annotations

from typing import Union


class RingError(Exception):
    """The contents of a ring's file make no sense: "ring corrupt: field=... value=... ..."."""


def corrupt(field: str, value: Union[int, str], expected: str) -> RingError:
    return RingError(f"ring corrupt: field={field} value={value} expected={expected}")
