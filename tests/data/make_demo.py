#!/usr/bin/env python3
"""Writes demo.txt: 60 seconds of a market that does not exist, in the shape of a recorded spot feed.

Every change of the book takes one update id. A depth frame tells every 100 ms the changes since the
one before; a bookTicker frame tells a change of the touch when it happens, under the same ids; a
trade takes its quantity from the touch. The snapshot lies behind the depth frame that bridges it,
as in real recordings. The random numbers are of this file, so that every Python 3 writes the same
bytes.

    python3 tests/data/make_demo.py > tests/data/demo.txt
"""

import sys

SYMBOL = "DEMOUSDT"
START_MS = 1732154400000  # 2024-11-21 02:00:00 UTC.
STEPS = 601               # Of 100 ms: 60 seconds from the first depth frame to the last.
LEVELS = 80               # A side, at the start.
MID = 2500000             # In cents.
FIRST_ID = 700001
SNAPSHOT_STEP = 2         # The step within which the snapshot is taken.


class Random:
    """Numerical Recipes' generator, its upper half."""

    def __init__(self, seed):
        self.state = seed

    def below(self, bound):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        return (self.state >> 33) % bound


def price_text(cents):
    return "%d.%02d000000" % divmod(cents, 100)


def qty_text(units):  # Of 0.00001.
    return "%d.%05d000" % divmod(units, 100000)


def levels_text(levels):
    return ",".join('["%s","%s"]' % (price_text(p), qty_text(q)) for p, q in levels)


class Market:
    def __init__(self, out):
        self.out = out
        self.random = Random(20241121)
        self.bids = {MID - 1 - i * (1 + i // 20): self.new_qty() for i in range(LEVELS)}
        self.asks = {MID + 1 + i * (1 + i // 20): self.new_qty() for i in range(LEVELS)}
        self.id = FIRST_ID
        self.trade_id = 31000
        self.changed = {"b": {}, "a": {}}  # Since the last depth frame.
        self.told = None                   # The touch of the last bookTicker.

    def new_qty(self):
        return 1000 + self.random.below(300000)

    def best_bid(self):
        return max(self.bids)

    def best_ask(self):
        return min(self.asks)

    def set(self, side, price, qty):
        levels = self.bids if side == "b" else self.asks
        if qty == 0:
            levels.pop(price, None)
        else:
            levels[price] = qty
        self.changed[side][price] = qty
        self.id += 1

    def write(self, event_ms, delay_us, text):
        self.out.write("%d %s\n" % ((event_ms * 1000 + delay_us) * 1000, text))

    def write_frame(self, event_ms, delay_us, stream, data):
        self.write(event_ms, delay_us, '{"stream":"%s@%s","data":{%s}}' % (SYMBOL.lower(), stream, data))

    def ticker(self, now):
        bid, ask = self.best_bid(), self.best_ask()
        touch = (bid, self.bids[bid], ask, self.asks[ask])
        if touch == self.told:
            return
        self.told = touch
        self.write_frame(now, 2100, "bookTicker", '"u":%d,"s":"%s","b":"%s","B":"%s","a":"%s","A":"%s"' % (
            self.id, SYMBOL, price_text(bid), qty_text(touch[1]), price_text(ask), qty_text(touch[3])))

    def trade(self, now):
        sell = self.random.below(2) == 1  # The buyer is the maker.
        side, price = ("b", self.best_bid()) if sell else ("a", self.best_ask())
        there = (self.bids if sell else self.asks)[price]
        qty = there if self.random.below(4) == 0 else 1 + self.random.below(there)
        self.set(side, price, there - qty)
        self.trade_id += 1
        self.write_frame(now, 2000, "trade", '"e":"trade","E":%d,"s":"%s","t":%d,"p":"%s","q":"%s","T":%d,"m":%s,"M":true' % (
            now, SYMBOL, self.trade_id, price_text(price), qty_text(qty), now, "true" if sell else "false"))

    def order(self):
        """A quantity comes, changes or goes, near the touch more often than far from it."""
        side = "ba"[self.random.below(2)]
        distance = self.random.below(1 + self.random.below(60)) - 1  # -1: inside the spread.
        if side == "b":
            price = min(self.best_bid() - distance, self.best_ask() - 1)
        else:
            price = max(self.best_ask() + distance, self.best_bid() + 1)
        levels = self.bids if side == "b" else self.asks
        goes = price in levels and len(levels) > LEVELS - 15 and self.random.below(2) == 0
        self.set(side, price, 0 if goes else self.new_qty())

    def depth(self, now, first):
        bids = sorted(self.changed["b"].items(), reverse=True)
        asks = sorted(self.changed["a"].items())
        self.changed = {"b": {}, "a": {}}
        self.write_frame(now, 2500, "depth@100ms", '"e":"depthUpdate","E":%d,"s":"%s","U":%d,"u":%d,"b":[%s],"a":[%s]' % (
            now, SYMBOL, first, self.id, levels_text(bids), levels_text(asks)))

    def snapshot_text(self):
        return '{"lastUpdateId":%d,"bids":[%s],"asks":[%s]}' % (
            self.id, levels_text(sorted(self.bids.items(), reverse=True)), levels_text(sorted(self.asks.items())))

    def step(self, index):
        now = START_MS + 100 * index
        first = self.id + 1
        snapshot = None
        for change in range(2 + self.random.below(3)):
            at = now - 90 + 20 * change
            if self.random.below(7) == 0 and min(len(self.bids), len(self.asks)) > LEVELS - 15:
                self.trade(at)
            else:
                self.order()
            if self.random.below(2) == 0:
                self.ticker(at)
            if index == SNAPSHOT_STEP and change == 0:
                snapshot = self.snapshot_text()
        self.depth(now, first)
        if snapshot is not None:
            self.write(now, 9000, snapshot)


def main():
    market = Market(sys.stdout)
    for index in range(STEPS):
        market.step(index)


main()
