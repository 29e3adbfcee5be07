"""Follows books and trades with ccxt and prints them: `book SYMBOL ID b|price|qty ... a|...` and
`trade SYMBOL ID PRICE`.  ccxt_client.py PORT
"""

import asyncio
import sys

import ccxt.pro

SYMBOLS = {"BTC/USDT": "BTCUSDT", "ETH/USDT": "ETHUSDT"}
BOOKS = 25  # Updates of each symbol's book.


def at_loopback(urls, port):
    """Every address of the real spot exchange, turned to the loopback one."""
    if isinstance(urls, dict):
        return {name: at_loopback(value, port) for name, value in urls.items()}
    if isinstance(urls, str):
        urls = urls.replace("https://api.binance.com", f"http://127.0.0.1:{port}")
        urls = urls.replace("wss://stream.binance.com:9443", f"ws://127.0.0.1:{port}")
    return urls


async def follow_book(client, symbol, name):
    for update in range(BOOKS):
        book = await client.watch_order_book(symbol, 5000)
        if update % 12 == 0:
            levels = [f"{side}|{price!r}|{qty!r}" for side, key in (("b", "bids"), ("a", "asks"))
                      for price, qty in book[key]]
            print("book", name, book["nonce"], *levels)


async def follow_trades(client, symbol, name, last):
    while not last.is_set():
        trades = asyncio.ensure_future(client.watch_trades(symbol))
        stopped = asyncio.ensure_future(last.wait())
        await asyncio.wait((trades, stopped), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not trades.done():
            trades.cancel()
            return
        for trade in trades.result():
            print("trade", name, trade["id"], trade["price"])


async def main(port):
    client = ccxt.pro.binance({"options": {"fetchMarkets": {"types": ["spot"]}, "fetchCurrencies": False}})
    client.urls["api"] = at_loopback(client.urls["api"], port)
    last = asyncio.Event()
    try:
        await client.load_markets()
        assert set(SYMBOLS) <= set(client.markets), list(client.markets)
        trades = [asyncio.ensure_future(follow_trades(client, symbol, name, last))
                  for symbol, name in SYMBOLS.items()]
        await asyncio.gather(*(follow_book(client, *item) for item in SYMBOLS.items()))
        last.set()
        await asyncio.gather(*trades)
    finally:
        await client.close()


asyncio.run(asyncio.wait_for(main(int(sys.argv[1])), 45))
