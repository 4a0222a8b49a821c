"""Coverage-guided fuzzing of one reader of prodcheck, with atheris: `python fuzz/fuzz.py notebook -runs=1000000`.

What is read, and what has to hold for the answer, is in `tests/readers.py`. The first byte of an input chooses among
the names that lead to other parts of the reader, the rest is the file. An input that breaks something is kept, once for
each place in the code, and fuzzing goes on; only an endless or a huge one ends the run.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import pkgutil
import re
import sys
import tempfile
import time
import traceback
import zlib
from pathlib import Path

import atheris

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "src"), str(HERE.parent / "tests"), str(HERE)]

with atheris.instrument_imports(include=["prodcheck"]):
    import prodcheck.extract
    import prodcheck.repository
    import prodcheck.rules

    for package in (prodcheck.extract, prodcheck.repository, prodcheck.rules):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if module.name != "prodcheck.extract.secrets.detect_secrets_plugin":
                importlib.import_module(module.name)
    import readers

import mutate  # noqa: E402
import seeds  # noqa: E402

SLOW = 2.0
"""Seconds of CPU from which on an input is kept as a slow one."""
TWICE = 32
"""One input in this many is read a second time, to see whether the answer is the same."""


class Target:
    """Runs one reader on one input after the other, and keeps those that break something."""

    def __init__(self, reader: readers.Reader, crashes: Path) -> None:
        self.reader = reader
        self.crashes = crashes
        self.known: set[str] = set()
        self.runs = 0

    def run(self, data: bytes) -> None:
        self.runs += 1
        started = time.process_time()
        place = failure(self.reader, data)
        if not place and time.process_time() - started > SLOW:
            place = f"slow {time.process_time() - started:.1f} s"
            key = "slow"
        else:
            key = place
        if key and key not in self.known:
            self.known.add(key)
            name = f"{self.reader.name}-{hashlib.sha1(key.encode()).hexdigest()[:8]}"
            self.crashes.mkdir(parents=True, exist_ok=True)
            (self.crashes / name).write_bytes(data)
            print(f"\nFOUND {name} after {self.runs} runs: {place}", file=sys.stderr, flush=True)


def failure(reader: readers.Reader, data: bytes) -> str:
    """Kind and place of what an input breaks, empty when all holds."""
    path, content = split(reader, data)
    try:
        readers.check(reader, path, content, twice=zlib.crc32(content) % TWICE == 0)
    except Exception as problem:
        frames = traceback.extract_tb(problem.__traceback__)
        last = next((f for f in reversed(frames) if "/prodcheck/" in f.filename), frames[-1])
        about = re.sub(r"\d+", "N", str(problem).partition("'")[0])[:60] if isinstance(problem, AssertionError) else ""
        return f"{type(problem).__name__} {Path(last.filename).name}:{last.lineno} {frames[-1].name} {about}"
    return ""


def split(reader: readers.Reader, data: bytes) -> tuple[str, bytes]:
    """The name and the content that an input stands for."""
    return reader.paths[data[0] % len(reader.paths) if data else 0], data[1:]


def shrink(reader: readers.Reader, data: bytes) -> bytes:
    """A smaller input that fails at the same place: pieces are left out while it still does."""
    wanted = failure(reader, data)
    size = max(1, len(data) // 2)
    while size >= 1:
        at = 1
        while at < len(data):
            shorter = data[:at] + data[at + size :]
            if failure(reader, shorter) == wanted:
                data = shorter
            else:
                at += size
        size //= 2
    return data


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, epilog="Other options go to libFuzzer: -runs, -max_len ...")
    parser.add_argument("reader", choices=sorted(readers.READERS))
    parser.add_argument("--seeds", type=Path, action="append", default=[], help="a folder of real files to begin with")
    parser.add_argument("--work", type=Path, default=Path("fuzz-work"), help="where corpus and crashes are kept")
    parser.add_argument("--shrink", type=Path, help="make one failing input smaller, and show it")
    options, flags = parser.parse_known_args()
    reader = readers.READERS[options.reader]
    if options.shrink:
        small = shrink(reader, options.shrink.read_bytes())
        path, content = split(reader, small)
        print(f"{reader.name} {path} {content!r}: {failure(reader, small)}")
        return
    longest = int(next((f.partition("=")[2] for f in flags if f.startswith("-max_len=")), "4096"))
    corpus = options.work / "corpus" / reader.name
    corpus.mkdir(parents=True, exist_ok=True)
    target = Target(reader, options.work / "crashes")
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder) / "seeds"
        files = [*seeds.examples(), *seeds.real_files([HERE.parent, *options.seeds], longest)]
        texts = seeds.write(reader, first, files, longest)
        words = seeds.words(reader)
        (Path(folder) / "words").write_text("".join(f'"{seeds.escaped(word)}"\n' for word in words))
        # Looked up late: what `atheris.Mutate` is depends on `Setup`.
        mutator = mutate.Mutator(words, texts, lambda data, size: atheris.Mutate(data, size))  # noqa: PLW0108
        defaults = ["-max_len=4096", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1", "-len_control=0"]
        given = [flag for flag in defaults if not any(f.split("=")[0] == flag.split("=")[0] for f in flags)]
        print(f"{reader.name}: {len(texts)} seeds, {len(words)} words", file=sys.stderr)
        arguments = [sys.argv[0], *given, f"-dict={folder}/words", *flags, str(corpus), str(first)]
        atheris.Setup(arguments, target.run, custom_mutator=mutator)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
