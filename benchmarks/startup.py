"""Wall and CPU time of prodcheck on a project of twenty files, beside Python itself and `import click`, in one run.

    python benchmarks/startup.py FOLDER [--rounds N]

FOLDER keeps the environment into which prodcheck's wheel is installed, and the project, which is a git repository.
Programs run one after the other in every round, ratios are taken within a round, and the median of the rounds is
printed, as a Markdown table.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
from pathlib import Path

from archives import commit
from speed import Cost, install, measure

MODULE = '''"""Part {number} of a small project."""

import logging

import numpy as np
import pandas as pd

logger = logging.getLogger(__name__)


def scale_{number}(frame: pd.DataFrame, column: str) -> pd.Series:
    """A column, with mean 0 and deviation 1."""
    values = frame[column].to_numpy()
    logger.info("scaling %s", column)
    return pd.Series((values - np.mean(values)) / np.std(values))
'''
TEST = """from churn.part_{number} import scale_{number}
import pandas as pd


def test_scale() -> None:
    assert abs(scale_{number}(pd.DataFrame({{"a": [1.0, 2.0, 3.0]}}), "a").mean()) < 1e-9
"""


def project(root: Path) -> Path:
    """A repository of twenty files: modules, tests, a manifest, CI and what belongs to them."""
    shutil.rmtree(root, ignore_errors=True)
    files = {
        "pyproject.toml": '[project]\nname = "churn"\nversion = "0.1"\nrequires-python = ">=3.11"\n'
        'dependencies = ["numpy>=2", "pandas>=2"]\n[tool.ruff]\nline-length = 100\n[tool.pytest.ini_options]\n',
        "requirements.txt": "numpy==2.3.4\npandas==2.3.3\n",
        "README.md": "# Churn\n\nInstall with `pip install -r requirements.txt`, run `pytest`.\n",
        ".gitignore": "__pycache__/\n.env\n",
        ".github/workflows/ci.yml": "on: [push, pull_request]\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - uses: actions/checkout@v5\n      - run: pip install -r requirements.txt\n      - run: pytest\n",
        "src/churn/__init__.py": "",
        "params.yaml": "train:\n  depth: 4\n",
    }
    for number in range(7):
        files[f"src/churn/part_{number}.py"] = MODULE.format(number=number)
    for number in range(6):
        files[f"tests/test_part_{number}.py"] = TEST.format(number=number)
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    commit(root)
    return root


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    folder = options.folder.resolve()
    binaries = install(folder, peers=False)
    root = project(folder / "churn")
    python, prodcheck = str(binaries / "python"), str(binaries / "prodcheck")
    modules = [f"src/churn/part_{number}.py" for number in range(7)]
    tests = [f"tests/test_part_{number}.py" for number in range(3)]
    cache = ("--cache-dir", str(folder / "scratch" / "startup"))
    commands = {
        "python -c pass": (python, "-c", "pass"),
        'python -c "import click"': (python, "-c", "import click"),
        "prodcheck --version": (prodcheck, "--version"),
        "prodcheck --hook, one file": (prodcheck, "check", "--hook", modules[0]),
        "prodcheck --hook, ten files": (prodcheck, "check", "--hook", *modules, *tests),
        "prodcheck, twenty files, no cache": (prodcheck, "check", ".", "--no-cache"),
        "prodcheck, twenty files, warm": (prodcheck, "check", ".", *cache),
    }
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for number in range(options.rounds + 1):
        for name, command in commands.items():
            cost = measure(command, root)
            if number:  # the first round fills caches, ours and the system's
                costs[name].append(cost)
    bare, click = costs["python -c pass"], costs['python -c "import click"']
    print("| program | wall ms | CPU ms | wall, of `pass` | wall, of `import click` |")
    print("|---|--:|--:|--:|--:|")
    for name, mine in costs.items():
        wall, cpu, _ = (statistics.median(values) * 1000 for values in zip(*mine, strict=True))
        ratios = (
            statistics.median(a.wall / b.wall for a, b in zip(mine, other, strict=True)) for other in (bare, click)
        )
        print(f"| `{name}` | {wall:.0f} | {cpu:.0f} | " + " | ".join(f"{ratio:.1f}" for ratio in ratios) + " |")


if __name__ == "__main__":
    main()
