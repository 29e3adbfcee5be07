"""thalweg: features of market data, read from a shared-memory ring.

    import thalweg

    with thalweg.open("live") as ring:
        print(ring.latest("BTCUSDT")["mid"])
        print(ring.state("BTCUSDT"))
        last = ring.read(1000, start=-1000)

Pure Python and numpy; docs/PYTHON.md tells the whole of it, thalweg.ring the rules.
"""

from thalweg.error import RingError
from thalweg.listing import RingListing, rings
from thalweg.quality import Quality, flag_names
from thalweg.ring import Ring, Stage, Statistics, SymbolState, open
from thalweg.schema import Field

__version__ = "0.1.0"

__all__ = [
    "Field",
    "Quality",
    "Ring",
    "RingError",
    "RingListing",
    "Stage",
    "Statistics",
    "SymbolState",
    "flag_names",
    "open",
    "rings",
]
