"""The schema block of a ring: which fields a record has, as JSON text in the file.

The text is not trusted: it is bounded, and each field must lie inside a record, aligned.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Dict, List, NoReturn, Tuple, cast

import numpy as np

from thalweg.error import RingError, corrupt

# Type in the schema -> numpy's name and bytes of one value.
TYPES: Dict[str, Tuple[str, int]] = {
    "u64": ("<u8", 8),
    "i64": ("<i8", 8),
    "f64": ("<f8", 8),
    "u32": ("<u4", 4),
    "u16": ("<u2", 2),
}
# More fields than any record has room for.
FIELDS_MAX = 1 << 17
# Of an integer in the text, which takes quadratic time to read; 2^64 has 20.
_DIGITS_MAX = 20


@dataclasses.dataclass(frozen=True)
class Field:
    """`count` values of `type`, one after another, at `offset` bytes of the record."""

    name: str
    type: str
    offset: int
    count: int
    unit: str
    group: str


@dataclasses.dataclass(frozen=True)
class Schema:
    json: Dict[str, Any]  # The whole text, parsed.
    fields: List[Field]
    dtype: np.dtype[np.void]


def _refuse(what: str) -> NoReturn:
    raise RingError(f"ring corrupt: field=schema {what}")


def _bounded_int(digits: str) -> int:
    if len(digits) > _DIGITS_MAX:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def _parse_field(item: object, record_bytes: int) -> Field:
    # A bool is an int to isinstance().
    texts = ("name", "type", "unit", "group")
    sizes = ("offset", "count")
    if (
        not isinstance(item, dict)
        or any(not isinstance(item.get(key), str) for key in texts)
        or any(type(item.get(key)) is not int or item[key] < 0 for key in sizes)
    ):
        _refuse('expected=name, type, offset, count, unit and group in each of "fields"')
    field = Field(**{key: item[key] for key in texts + sizes})
    if field.type not in TYPES:
        _refuse(f"type of {field.name} value={field.type} expected=u64, i64, f64, u32 or u16")
    size = TYPES[field.type][1]
    inside = field.count >= 1 and field.offset + field.count * size <= record_bytes
    if not inside or field.offset % size != 0:
        _refuse(
            f"offset of {field.name} value={field.offset} ({field.count} of {size} bytes)"
            f" expected=aligned, inside the record of {record_bytes}"
        )
    return field


def _record_dtype(fields: List[Field], record_bytes: int) -> np.dtype[np.void]:
    formats = [
        TYPES[field.type][0] if field.count == 1 else (TYPES[field.type][0], (field.count,))
        for field in fields
    ]
    spec = {
        "names": [field.name for field in fields],
        "formats": formats,
        "offsets": [field.offset for field in fields],
        "itemsize": record_bytes,
    }
    dtype: np.dtype[np.void] = np.dtype(cast(Any, spec))  # Its stubs want a literal.
    return dtype


def parse_schema(text: bytes, record_bytes: int, schema_hash: int) -> Schema:
    """`schema_hash`: the header's, which must be the one in the text."""
    try:
        root = json.loads(text.decode("utf-8"), parse_int=_bounded_int)
    except (ValueError, RecursionError) as error:
        raise RingError(
            f"ring corrupt: field=schema value={len(text)} bytes expected=JSON: {error}"
        ) from None
    if not isinstance(root, dict) or not isinstance(root.get("fields"), list):
        _refuse('expected=an array "fields"')
    items = root["fields"]
    if not 1 <= len(items) <= FIELDS_MAX:
        _refuse(f"value={len(items)} fields expected=1 to {FIELDS_MAX}")
    fields = [_parse_field(item, record_bytes) for item in items]
    stated = f"{schema_hash:016x}"
    if root.get("schema_hash") != stated:
        raise corrupt("schema_hash", stated, f"{root.get('schema_hash')}, that of the schema's text")
    try:
        dtype = _record_dtype(fields, record_bytes)
    except ValueError as error:  # A name that comes twice, or none.
        _refuse(f"expected=fields of different names: {error}")
    return Schema(root, fields, dtype)
