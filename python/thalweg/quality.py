"""The quality word: 64 bits that name every doubt about a record (docs/FLAGS.md)."""

from __future__ import annotations

from typing import SupportsInt, Tuple

import numpy as np


class Quality:
    """Masks for the field `flags` of records and for SymbolState.quality.

    record["flags"] & Quality.BOOK_INVALID works for one record, an array and a pandas column: the
    masks are numpy's unsigned numbers, since numpy before 2.0 combines those with no others.
    """

    BOOK_INVALID = np.uint64(1 << 0)
    RESYNCING = np.uint64(1 << 1)
    FIRST_AFTER_RESYNC = np.uint64(1 << 2)
    CROSSED = np.uint64(1 << 3)
    ONE_SIDED = np.uint64(1 << 4)
    SHORT_BOOK = np.uint64(1 << 5)
    HORIZON = np.uint64(1 << 6)
    SWEEP_THIN = np.uint64(1 << 7)
    STALE_DEPTH = np.uint64(1 << 8)
    STALE_TICKER = np.uint64(1 << 9)
    STALE_TRADE = np.uint64(1 << 10)
    TRADE_GAP = np.uint64(1 << 11)
    DROPPED_INPUT = np.uint64(1 << 12)
    HALTED = np.uint64(1 << 13)
    INSTRUMENT_INFERRED = np.uint64(1 << 14)
    AUDIT_DIVERGED = np.uint64(1 << 15)
    QTY_CAPPED = np.uint64(1 << 16)
    HORIZON_B1 = np.uint64(1 << 24)
    HORIZON_B2 = np.uint64(1 << 25)
    HORIZON_B3 = np.uint64(1 << 26)
    HORIZON_B4 = np.uint64(1 << 27)
    HORIZON_B5 = np.uint64(1 << 28)
    HORIZON_B6 = np.uint64(1 << 29)
    HORIZON_B7 = np.uint64(1 << 30)
    HORIZON_B8 = np.uint64(1 << 31)
    WARMUP_100ms = np.uint64(1 << 32)
    WARMUP_1s = np.uint64(1 << 33)
    WARMUP_5s = np.uint64(1 << 34)
    WARMUP_10s = np.uint64(1 << 35)
    WARMUP_60s = np.uint64(1 << 36)
    WARMUP_300s = np.uint64(1 << 37)
    WARMUP_VPIN = np.uint64(1 << 38)
    WARMUP_INTENSITY = np.uint64(1 << 39)


_NAMES = {int(mask): name for name, mask in vars(Quality).items() if isinstance(mask, np.uint64)}


def flag_names(word: SupportsInt) -> Tuple[str, ...]:
    """The names of the bits that are set, lowest first: ("BOOK_INVALID", "RESYNCING").

    A bit without a name, of a newer writer, is "bit<n>".
    """
    bits = int(word)
    return tuple(
        _NAMES.get(1 << bit, f"bit{bit}") for bit in range(64) if bits >> bit & 1
    )
