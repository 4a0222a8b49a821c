"""Work spread over processes: whatever happens to one of them, every item gets its result or is told to have none.

Syntax trees are made by the interpreter, which threads share; only processes run at the same time. They cost a tenth of
a second to start and the way back for every result, so that few files are read quicker by one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

T = TypeVar("T")
R = TypeVar("R")
Work = Callable[[list[Any]], list[Any]]
"""What runs in a process: a module's function, from items to as many results."""

MOST_JOBS = 8
"""Processes that `auto` starts at most: what follows the reading is done by one, and more would wait for it."""
AHEAD = 3
"""Pieces of work per process that are handed out: one at work, the others so that it never waits."""
LIGHTEST, HEAVIEST = 64_000, 1_000_000
"""Weight of a piece of work; small enough that all processes end together, large enough for few ways back."""


def usable_cpus() -> int:
    """Processors that this process may use, by its affinity and the limits of its container."""
    try:
        number = len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        number = os.cpu_count() or 1
    with suppress(OSError, ValueError):
        quota, _, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").partition(" ")
        number = min(number, max(1, round(int(quota) / int(period))))
    return number


def start_method() -> str:
    """How processes are started: a fork where that is safe, which is without other threads, and not on macOS."""
    import multiprocessing
    import threading

    if sys.platform == "linux" and threading.active_count() == 1:
        return "fork"
    known = multiprocessing.get_all_start_methods()
    return "forkserver" if sys.platform == "linux" and "forkserver" in known else "spawn"


def spread(
    work: Work, items: Sequence[T], weigh: Callable[[T], int], jobs: int, prepare: Callable[[T], T] | None = None
) -> Iterator[tuple[T, Any]]:
    """(item, its result) for every item, in any order; the result is None where a process ended over it.

    `prepare` is called here for each item just before it is handed out, for what a process cannot get by itself.
    """
    with _safe_path():
        yield from _spread(work, items, weigh, jobs, prepare)


def _spread(
    work: Work, items: Sequence[T], weigh: Callable[[T], int], jobs: int, prepare: Callable[[T], T] | None
) -> Iterator[tuple[T, Any]]:
    waiting = _pieces(items, weigh, jobs)
    made = prepare or (lambda item: item)
    while waiting:
        try:
            executor = _start(min(jobs, len(waiting)))
        except (OSError, ImportError, ValueError, RuntimeError):
            # No processes or no semaphores here, as in some sandboxes.
            for item in (item for piece in waiting for item in piece):
                yield item, work([made(item)])[0]
            return
        suspects: list[T] = []
        try:
            yield from _run(executor, work, waiting, jobs, made, suspects)
        finally:
            executor.shutdown(wait=True, cancel_futures=True)
        yield from _alone(work, suspects, made)


def _pieces(items: Sequence[T], weigh: Callable[[T], int], jobs: int) -> list[list[T]]:
    """Neighbours together, up to about the same weight; the heaviest piece is handed out first, so it is last here."""
    weights = [weigh(item) for item in items]
    target = max(LIGHTEST, min(HEAVIEST, sum(weights) // (jobs * 16 or 1)))
    pieces: list[tuple[int, list[T]]] = []
    piece: list[T] = []
    total = 0
    for item, weight in zip(items, weights, strict=True):
        if piece and total + weight > target:
            pieces.append((total, piece))
            piece, total = [], 0
        piece.append(item)
        total += weight
    if piece:
        pieces.append((total, piece))
    return [piece for _, piece in sorted(pieces, key=lambda one: one[0])]


def _run(
    executor: ProcessPoolExecutor,
    work: Work,
    waiting: list[list[T]],
    jobs: int,
    made: Callable[[T], T],
    suspects: list[T],
) -> Iterator[tuple[T, Any]]:
    """Results until nothing is waiting or a process has ended; then what was under way is among the suspects."""
    from concurrent.futures import FIRST_COMPLETED, wait

    pending: dict[Future[list[Any]], list[T]] = {}
    broken = False
    while pending or (waiting and not broken):
        while waiting and not broken and len(pending) < jobs * AHEAD:
            piece = waiting.pop()
            try:
                pending[executor.submit(work, [made(item) for item in piece])] = piece
            except RuntimeError:  # the kind that a broken pool raises, and one that was shut down
                suspects += piece
                broken = True
        for future in wait(pending, return_when=FIRST_COMPLETED).done:
            piece = pending.pop(future)
            try:
                results = future.result()
            except Exception:
                suspects += piece
                broken = True
            else:
                yield from zip(piece, results, strict=True)


def _alone(work: Work, suspects: list[T], made: Callable[[T], T]) -> Iterator[tuple[T, Any]]:
    """One item at a time in one process: the one that ends it is known then, and the others have their results."""
    executor: ProcessPoolExecutor | None = None
    try:
        for item in suspects:
            try:
                executor = executor or _start(1)
                result = executor.submit(work, [made(item)]).result()[0]
            except Exception:
                result = None
                if executor is not None:
                    executor.shutdown(wait=True, cancel_futures=True)
                    executor = None
            yield item, result
    finally:
        if executor is not None:
            executor.shutdown(wait=True, cancel_futures=True)


def _start(jobs: int) -> ProcessPoolExecutor:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    method = start_method()
    if method != "fork" and sys.version_info < (3, 11):
        raise RuntimeError("a new interpreter would import from the current folder")
    return ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context(method), initializer=_begin)


@contextmanager
def _safe_path() -> Iterator[None]:
    """Interpreters that are started do not import from the current folder, which may be a stranger's repository."""
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before


def _begin() -> None:
    """In a new process: Ctrl-C is the parent's matter, and no process outlives a parent that was killed."""
    import gc
    import signal
    import threading
    from multiprocessing import parent_process
    from multiprocessing.connection import wait

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()  # see `extract.run`: nothing here holds cycles
    parent = parent_process()
    if parent is not None:
        sentinel = parent.sentinel

        def watch() -> None:
            wait([sentinel])
            os._exit(1)

        threading.Thread(target=watch, daemon=True).start()
