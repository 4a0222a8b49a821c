"""Make `src/prodcheck/facts/import_names.tsv` and `conda_names.tsv`: which distribution provides which module.

The names are measured, not guessed. Two well-kept tools publish them:

- pigar (BSD-3-Clause) ships a database of the top-level modules found inside every distribution of PyPI;
- grayskull (Apache-2.0), which writes conda-forge's recipes, ships the names that differ between PyPI and conda-forge.

Only facts (names) are taken, of the distributions that people use: a list of the most downloaded ones decides, one name
a line, most downloaded first, such as https://hugovk.github.io/top-pypi-packages/ gives.

    pip download --no-deps -d /tmp/names pigar grayskull
    python scripts/import_names.py /tmp/names/pigar-*.whl /tmp/names/grayskull-*.whl most-downloaded.txt

Afterwards read the difference: `git diff src/prodcheck/facts/*.tsv`.
"""

from __future__ import annotations

import re
import sqlite3
import sys
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

FACTS = Path(__file__).parent.parent / "src" / "prodcheck" / "facts"
MAX_DISTRIBUTIONS = 8
"""Per module. More would be forks that nobody installs."""

JUNK = frozenset(
    "test tests testing doc docs example examples sample samples script scripts build dist wheelhouse benchmark "
    "benchmarks bin src lib libs util utils tools helper helpers common core config conf settings data model models "
    "main app api cli setup version constants types logger logs resources static templates views tasks notebooks "
    "_binding binaries licenses LICENSE README assets experiments include share images demo demos client server base "
    "train trainer evaluation metrics losses dataset dataloader networks layers modules nets configs".split()
)
"""Top-level names that distributions install by mistake; in a project they are always its own modules."""

CORRECTIONS: Mapping[str, tuple[str, ...]] = {
    # modules whose database entry is missing or led by the wrong distribution
    "Levenshtein": ("levenshtein", "python-levenshtein"),
    "mlflow": ("mlflow", "mlflow-skinny", "mlflow-tracing"),
    "airflow": ("apache-airflow", "apache-airflow-core"),
    "cupy": ("cupy", "cupy-cuda11x", "cupy-cuda12x", "cupy-cuda13x"),
    "apex": ("apex", "nvidia-apex"),
    "cv2": (
        "opencv-python",
        "opencv-python-headless",
        "opencv-contrib-python",
        "opencv-contrib-python-headless",
        "opencv",
        "py-opencv",
    ),
    "gi": ("pygobject",),
    "graphviz": ("graphviz", "python-graphviz"),
    "keras": ("keras", "keras-nightly", "tf-keras"),
    "llama_index": ("llama-index", "llama-index-core"),
    "mpl_toolkits": ("matplotlib", "basemap"),
    "opentelemetry": ("opentelemetry-api", "opentelemetry-sdk"),
    "pkg_resources": ("setuptools",),
    "pylab": ("matplotlib",),
    "psycopg2": ("psycopg2-binary", "psycopg2"),
    # renamed or retired distributions that old manifests still name
    "faiss": ("faiss-cpu", "faiss-gpu", "faiss", "faiss-gpu-cu11", "faiss-gpu-cu12"),
    "sklearn": ("scikit-learn", "scikit-learn-intelex"),
    "tensorflow": (
        "tensorflow",
        "tensorflow-cpu",
        "tensorflow-gpu",
        "tf-nightly",
        "tf-nightly-gpu",
        "tensorflow-macos",
        "tensorflow-rocm",
        "tensorflow-intel",
        "intel-tensorflow",
        "tensorflow-directml",
        "tensorflow-aarch64",
        "tensorflow-base",
        "tensorflow-eigen",
        "tensorflow-mkl",
    ),
    "torch": ("torch", "torch-nightly", "pytorch"),
    "bs4": ("beautifulsoup4",),
    "yaml": ("pyyaml",),
    "PIL": ("pillow", "pillow-simd"),
    "lightgbm": ("lightgbm",),
    "xgboost": ("xgboost", "py-xgboost", "xgboost-cpu"),
}

CONDA = {
    "faiss": "faiss-cpu",
    "faiss-gpu": "faiss-gpu",
    "pytorch-cpu": "torch",
    "pytorch-gpu": "torch",
    "py-opencv": "opencv-python",
    "opencv": "opencv-python",
    "libopencv": "opencv-python",
    "tensorflow-base": "tensorflow",
    "py-xgboost": "xgboost",
    "py-xgboost-gpu": "xgboost",
    "ruamel-yaml": "ruamel-yaml",
    "msgpack-python": "msgpack",
    "pyqt": "pyqt5",
    "dask-core": "dask",
    "matplotlib-base": "matplotlib",
    "jupyterlab": "jupyterlab",
    "pysoundfile": "soundfile",
}
"""conda names beside those of grayskull's list: variants and outputs of one recipe."""


def main(pigar: str, grayskull: str, popular: str) -> None:
    rank: dict[str, int] = {}
    for line in Path(popular).read_text(encoding="utf-8").splitlines():
        if line.strip():
            rank.setdefault(normalise(line), len(rank))
    modules = measured(pigar, rank)
    known = {name for names in modules.values() for name in names}
    for name in rank.keys() - known:  # single modules and meta packages: the database has only folders
        module = name.replace("-", "_")
        if module.isidentifier() and module not in modules:
            modules[module].add(name)
    for module in JUNK & modules.keys():
        del modules[module]
    rows = {m: sorted(found, key=lambda name: (rank[name], name))[:MAX_DISTRIBUTIONS] for m, found in modules.items()}
    rows.update({module: list(names) for module, names in CORRECTIONS.items()})
    head = [
        "# Top-level module -> distributions that provide it, most downloaded first. Made by scripts/import_names.py.",
        f"# Measured by {Path(pigar).name} (BSD-3-Clause, https://github.com/damnever/pigar) for the {len(rank)} most",
        "# downloaded distributions; a line with one column is a distribution that is called like its module,",
        "# as measured, or as taken for granted where the database knows no module of it.",
    ]
    body = [
        module if names == [normalise(module)] else f"{module}\t{' '.join(names)}" for module, names in rows.items()
    ]
    write("import_names.tsv", head, body)
    conda = conda_names(grayskull)
    head = [
        "# Name on conda-forge -> name on PyPI, where they differ. Made by scripts/import_names.py.",
        f"# From {Path(grayskull).name} (Apache-2.0, https://github.com/conda/grayskull).",
    ]
    write("conda_names.tsv", head, [f"{name}\t{pypi}" for name, pypi in conda.items() if name != pypi])


def measured(wheel: str, rank: Mapping[str, int]) -> dict[str, set[str]]:
    """Module to the popular distributions that hold it."""
    found: dict[str, set[str]] = defaultdict(set)
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(wheel) as archive:
            database = archive.extract("pigar/.db.sqlite3", folder)
        connection = sqlite3.connect(database)
        query = (
            "SELECT distributions.name, top_level_module_names.name FROM top_level_module_names "
            "JOIN distributions ON distributions.id = top_level_module_names.distribution_id"
        )
        for distribution, module in connection.execute(query):
            name = normalise(distribution)
            if name in rank and module.isidentifier() and module.isascii():
                found[module].add(name)
        connection.close()
    return found


def conda_names(wheel: str) -> dict[str, str]:
    """conda-forge's name to PyPI's, both normalised."""
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read("grayskull/strategy/config.yaml").decode()
    found: dict[str, str] = {}
    pypi = ""
    for line in text.splitlines():
        if line and not line[0].isspace() and line.endswith(":"):
            pypi = normalise(line[:-1])
        elif line.strip().startswith("conda_forge:"):
            found.setdefault(normalise(line.partition(":")[2]), pypi)
    return {**found, **CONDA}


def normalise(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def write(name: str, head: list[str], body: list[str]) -> None:
    (FACTS / name).write_text("\n".join([*head, *sorted(body)]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
