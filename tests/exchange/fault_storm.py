"""Faults for a loopback exchange, drawn by dice: the same seed draws the same ones."""

GARBAGE = ["truncated", "html", "empty", "ascending", "crossed", "duplicate"]


def stream_fault(dice, stream, speed=1):
    """One of a symbol's frames. Spans are in seconds of the feed, which passes `speed` times as fast."""
    depth = f"stream={stream}@depth@100ms"
    return dice.choice(
        [
            f"drop:{depth},count={dice.randint(1, 3)}",
            f"drop:stream={stream}@trade,count={dice.randint(1, 5)}",
            f"duplicate:{depth},times={dice.randint(1, 3)}",
            f"reorder:{depth},by={dice.randint(1, 4)}",
            f"delay:{depth},for={dice.uniform(0.1, 2) * speed:.2f}",
            f"malformed:{depth},how={dice.choice(['truncated', 'garbage', 'utf8', 'binary'])}",
            f"unknown-field:{depth}",
            f"unknown-event:{depth}",
            f"stall:{depth},for={dice.uniform(1, 9) * speed:.2f}",
            f"stall:{depth},for={dice.uniform(1, 9) * speed:.2f},lose=yes",
        ]
    )


def connection_fault(dice):
    """One of all connections."""
    return dice.choice(
        [
            f"cut:bytes={dice.randint(0, 400)},how={dice.choice(['fin', 'reset'])}",
            f"dribble:bytes={dice.randint(20, 2000)},every=0.01,for=1",
            f"shutdown:for={dice.uniform(0.2, 3):.2f}",
            "close:code=1001",
            f"pings:count={dice.randint(2, 20)}",
        ]
    )


def request_fault(dice):
    """One of a depth request."""
    late = f"snapshot-late:for={dice.uniform(0.1, 5):.2f}"
    old = f"snapshot-old:by={dice.randint(100, 5000)}"
    how = f"snapshot-garbage:how={dice.choice(GARBAGE)}"
    error = f"rest-error:status={dice.choice([429, 500, 503])}"
    return dice.choice([late, old, how, error])


def storm(dice, streams, seconds, requests):
    """A fault every few seconds, each of a random kind and place, none in the last fifth; and bad answers
    to one of five of the first depth requests."""
    faults = []
    time = 5.0
    while time < 0.8 * seconds:
        is_of_stream = dice.random() < 2 / 3
        fault = stream_fault(dice, dice.choice(streams)) if is_of_stream else connection_fault(dice)
        faults.append(f"{fault}@time={time:.2f}")
        time += dice.expovariate(1 / 2.5)
    for request in range(2, requests):
        if dice.random() < 0.2:
            faults.append(f"{request_fault(dice)}@request={request}")
    return faults
