#!/usr/bin/env python3
"""Inference in another process: a linear model on the records of a ring, a prediction a record.

    thalweg replay RECORDING --ring demo --speed 10 &
    PYTHONPATH=python python3 examples/ring_inference.py demo

The model is a JSON file: {"bias": b, "weights": {"imbalance_l1": w, ...}}, features by their names.
Ends when the writer does. A record without a book is skipped, and so said; a feature that is not
known (NaN) makes the prediction unknown, never zero.
"""

import argparse
import json
import pathlib
import sys

import numpy as np
import thalweg

MODEL = pathlib.Path(__file__).with_name("linear_model.json")


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number


def parse_arguments():
    parser = argparse.ArgumentParser(description="Predictions of a linear model from a ring.")
    parser.add_argument("ring", help="name of the ring, or, with a '/', path of its file")
    parser.add_argument("--model", type=pathlib.Path, default=MODEL)
    parser.add_argument("--start", choices=["newest", "oldest"], default="newest")
    parser.add_argument("--every", type=positive, default=1, help="print each N-th prediction")
    parser.add_argument("--limit", type=positive, help="end after N records")
    return parser.parse_args()


class LinearModel:
    def __init__(self, path):
        model = json.loads(path.read_text(encoding="utf-8"))
        self.bias = model["bias"]
        self.weights = model["weights"]

    def predict(self, record):
        return self.bias + sum(weight * record[name] for name, weight in self.weights.items())


def follow(ring):
    """Records until the writer ends, well or by falling silent."""
    while not ring.ended:
        yield from ring.records(timeout=1)
        if ring.writer == "silent":
            return


def main():
    arguments = parse_arguments()
    try:
        model = LinearModel(arguments.model)
        ring = thalweg.open(arguments.ring, start=arguments.start)
    except (OSError, ValueError, thalweg.RingError) as error:
        return f"ring_inference: {error}"
    unknown = [name for name in model.weights if name not in ring.dtype.names]
    if unknown:
        return f"ring_inference: {ring.path}: its records have no {', '.join(unknown)}"

    count = predictions = skipped = 0
    for count, record in enumerate(follow(ring), start=1):
        time = np.datetime_as_string(np.datetime64(int(record["event_ns"]), "ns"), unit="ms")
        symbol = ring.symbol_name(record["symbol_id"])
        if record["flags"] & thalweg.Quality.BOOK_INVALID:
            # Its book features are NaN, and what it would tell is not the market.
            skipped += 1
            print(f"{time} {symbol} skipped: {'|'.join(thalweg.flag_names(record['flags']))}")
        else:
            predictions += 1
            if predictions % arguments.every == 0:
                prediction = model.predict(record)
                print(f"{time} {symbol} mid {record['mid']:.10g} prediction {prediction:+.6f}"
                      f" lost {ring.lost}", flush=True)
        if count == arguments.limit:
            break
    print(f"{count} records, {predictions} predictions, {skipped} without a book,"
          f" {ring.lost} lost; the writer is {ring.writer}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(1)
