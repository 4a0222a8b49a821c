"""A limit on the processor time that one piece of work may take.

Readers are written to take time in proportion to what they read, and what is known to be slower has limits of its own.
A stranger's file may still find the expression that backtracks or the loop that is quadratic, in our code or in a
library's. So the system's own timer counts, and ends the work: it interrupts Python code and regular expressions
alike, which no check inside our loops could. It counts processor time, not time on the wall: whether a file is read
must not depend on how busy the machine is.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

AGAIN = 1.0
"""Seconds until the next attempt, should somebody's clean-up code have swallowed the exception."""

T = TypeVar("T")


class OutOfTime(BaseException):
    """The time is spent. No `Exception`: a reader that survives anything a library raises must not survive this."""


def limited(seconds: float, work: Callable[[], T]) -> T:
    """What `work` returns. Raises `OutOfTime` once it has taken so many seconds of processor time.

    Only where the system has such a timer (not on Windows) and in a process's main thread; elsewhere there is no limit.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        return work()
    running = True

    def spent(number: int, frame: FrameType | None) -> None:
        if running:
            raise OutOfTime

    before = signal.signal(signal.SIGVTALRM, spent)
    started = time.process_time()
    outer = signal.setitimer(signal.ITIMER_VIRTUAL, seconds, AGAIN)
    if 0 < outer[0] < seconds:
        signal.setitimer(signal.ITIMER_VIRTUAL, outer[0], AGAIN)
    try:
        try:
            result = work()
        finally:
            running = False  # a signal that comes before this line still finds the outer `finally`
    finally:
        running = False
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.signal(signal.SIGVTALRM, before)
        left = outer[0] - (time.process_time() - started)  # what was spent here is spent there, too
        if outer[0]:
            signal.setitimer(signal.ITIMER_VIRTUAL, max(left, 0.001), AGAIN)
    if outer[0] and left <= 0:
        raise OutOfTime
    return result
