"""Every check on the repositories of all rule examples, changed a little: `python fuzz/checks.py SECONDS [SEED]`.

The readers keep their contract file by file; what checks make of the facts of several odd files together is tried here.
No coverage guides it, so it needs no more than prodcheck itself. Each crash is printed once, with the files.
"""

from __future__ import annotations

import random
import sys
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "src"), str(HERE.parent / "tests"), str(HERE)]

import mutate  # noqa: E402
import readers  # noqa: E402
import seeds  # noqa: E402
from prodcheck.checks import CHECKS, load_check  # noqa: E402
from prodcheck.config import Config  # noqa: E402
from prodcheck.extract.run import extract_all  # noqa: E402
from prodcheck.facts import Facts  # noqa: E402
from prodcheck.repository.memory import MemoryRepository  # noqa: E402
from prodcheck.rules import load_ruleset  # noqa: E402


def main() -> None:
    seconds = float(sys.argv[1])
    dice = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    signatures = load_ruleset().signatures
    examples = [one for one in seeds.repositories() if one and sum(map(len, one.values())) < 20_000]
    words = sorted({word for reader in readers.READERS.values() for word in seeds.words(reader)})
    texts = [data for one in examples for data in one.values() if 0 < len(data) < 3_000]
    mutator = mutate.Mutator(words, texts, lambda data, longest: data[:longest])
    seen: set[str] = set()
    tried, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        tried += 1
        files = dict(dice.choice(examples))
        for _ in range(dice.choice((1, 2, 5))):
            path = dice.choice(list(files))
            files[path] = mutator(b"\0" + files[path], 5_000, dice.randrange(2**32))[1:]
        extraction = extract_all(MemoryRepository(files))
        crashes = [f"{error.where}: {error.message}" for error in extraction.errors]
        facts = Facts(MemoryRepository(files), extraction, Config(), signatures)
        for name in CHECKS:
            try:
                load_check(name)(facts, {})
            except Exception as problem:
                last = traceback.extract_tb(problem.__traceback__)[-1]
                crashes.append(f"{name}: {type(problem).__name__} in {Path(last.filename).name}:{last.lineno}")
        for crash in crashes:
            if crash not in seen:
                seen.add(crash)
                print(crash, files, flush=True)
    print(f"{tried:,} repositories, {len(seen)} crashes")


if __name__ == "__main__":
    main()
