"""Recall on planted credentials: every kind in every context where people leave them, made up at run time.

    python benchmarks/secrets_planted.py [--each 12] [--peers]

`--peers` scans the same files with detect-secrets' own scanner, in the same run.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from pathlib import Path

from prodcheck.extract import notebook, secrets
from prodcheck.extract.secrets.samples import KINDS, SHAPES, sample


def book(code: str, output: str = "") -> str:
    cell = {"cell_type": "code", "execution_count": 1, "metadata": {}, "source": code.splitlines(True), "outputs": []}
    if output:
        cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": output.splitlines(True)}]
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def contexts(name: str, value: str) -> dict[str, tuple[str, str]]:
    """Context to (path, text) for one credential and the name that people give it."""
    lower = name.lower()
    return {
        "call argument": ("client.py", f'import sdk\n\nclient = sdk.Client({lower}="{value}")\n'),
        "bare argument": ("client.py", f'import sdk\n\nclient = sdk.Client("{value}")\n'),
        "assignment": ("settings.py", f'import os\n\n{name} = "{value}"\n'),
        ".env": (".env", f"LOG_LEVEL=info\n{name}={value}\n"),
        "YAML": ("conf/base.yaml", f"service:\n  {lower}: {value}\n"),
        "shell": ("run.sh", f"#!/bin/sh\nexport {name}={value}\npython train.py\n"),
        "Markdown": ("README.md", f"# Run\n\n```bash\nexport {name}={value}\npython train.py\n```\n"),
        "notebook source": ("model.ipynb", book(f'import os\nos.environ["{name}"] = "{value}"\n')),
        "notebook output": ("model.ipynb", book("print(config)\n", f"{{'{lower}': '{value}'}}\n")),
        "Dockerfile": ("Dockerfile", f"FROM python:3.12\nENV {name}={value}\n"),
    }


def ours(path: str, text: str) -> bool:
    data = text.encode()
    return bool(secrets.extract(path, data, notebook.extract(path, data) if path.endswith(".ipynb") else None))


def detect_secrets(path: str, text: str) -> bool:
    from detect_secrets.core.scan import scan_file
    from detect_secrets.settings import default_settings

    with tempfile.TemporaryDirectory() as folder, default_settings():
        file = Path(folder, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return any(True for _ in scan_file(str(file)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, default=12, help="credentials of each kind")
    parser.add_argument("--peers", action="store_true")
    options = parser.parse_args()
    scanners = {"prodcheck": ours} | ({"detect-secrets": detect_secrets} if options.peers else {})
    found: Counter[tuple[str, str]] = Counter()
    missed: Counter[tuple[str, str]] = Counter()
    places = list(contexts("x", "y"))
    for kind in KINDS:
        name = SHAPES[kind].name if kind in SHAPES else "PRIVATE_KEY" if kind == "pem" else "ACCESS_TOKEN"
        for number in range(options.each):
            for place, (path, text) in contexts(name, sample(kind, str(number))).items():
                for scanner, scan in scanners.items():
                    hit = scan(path, text)
                    found[scanner, place] += hit
                    if scanner == "prodcheck" and not hit:
                        missed[kind, place] += 1
    total = len(KINDS) * options.each
    print(f"{len(KINDS)} kinds, {options.each} of each, {len(places)} contexts")
    print(f"{'':18}" + "".join(f"{scanner:>16}" for scanner in scanners))
    for place in places:
        print(f"{place:18}" + "".join(f"{found[scanner, place] / total:16.3f}" for scanner in scanners))
    print(f"{'all':18}" + "".join(f"{sum(found[s, p] for p in places) / total / len(places):16.3f}" for s in scanners))
    for (kind, place), number in missed.most_common():
        print(f"  missed {number:3} of {options.each}  {kind} in {place}")


if __name__ == "__main__":
    main()
