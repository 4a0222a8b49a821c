"""Install prodcheck with what its tests need into a virtual environment, and run every check.

    python3 scripts/test.py [PYTEST ARGUMENTS]

Needs Python 3.10 or newer and git, nothing else. The environment is `.venv` beside this repository's files.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
BIN = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports",),
    ("python", "scripts/generate.py", "--check"),
)


def main() -> int:
    """0 when everything passed, else 1."""
    if not (BIN / ("python.exe" if os.name == "nt" else "python")).exists():
        venv.create(ENVIRONMENT, with_pip=True)
    install = [BIN / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-e", ".[dev]"]
    if subprocess.run([str(part) for part in install], cwd=ROOT).returncode:
        return 1
    failed = []
    for check in (*CHECKS, ("pytest", "-q", "-n", "auto", *sys.argv[1:])):
        print(f"\n$ {' '.join(check)}", flush=True)
        if subprocess.run([str(BIN / check[0]), *check[1:]], cwd=ROOT).returncode:
            failed.append(check[0])
    if failed:
        print(f"\nfailed: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
