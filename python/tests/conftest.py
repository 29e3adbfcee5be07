"""What the tests share: a ring of one writer and one reader, in a folder of its own."""

import time

import pytest
import thalweg
from ring_writer import RingWriter

# A test waits for a condition at most so long; none asserts on how long it took.
DEADLINE_SECONDS = 60


def wait_until(condition, what):
    end = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < end, f"waited {DEADLINE_SECONDS} s for {what}"
        time.sleep(0.001)


def some(ask, what):
    """What `ask` answers when it is not None any more."""
    answers = [ask()]

    def has_answered():
        if answers[-1] is None:
            answers.append(ask())
        return answers[-1] is not None

    wait_until(has_answered, what)
    return answers[-1]


@pytest.fixture
def writer(tmp_path):
    """A ring of 8 records, none of them written yet."""
    return RingWriter(tmp_path / "thalweg.test")


@pytest.fixture
def ring(writer, tmp_path):
    """The same, read from the first record on."""
    with thalweg.open("test", folder=str(tmp_path)) as opened:
        yield opened
