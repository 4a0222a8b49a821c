"""The real source archives that the benchmarks measure on: pinned by version and digest, unpacked into git.

They are source distributions of large machine-learning packages, taken from the index that pip is set to use. A
repository made of one has a single commit, so that files carry blob ids as they do in a user's clone.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin


@dataclass(frozen=True)
class Archive:
    """One pinned source distribution; `holds` says why it is here."""

    name: str
    version: str
    sha256: str
    holds: str


ARCHIVES = (
    Archive(
        "anndata",
        "0.13.4",
        "fadee3955b4b826dd23d9c0aa296147d8624f8222210b6c8abc3c115a111dce4",
        "a small library with tests, notebooks and CI",
    ),
    Archive(
        "dvc",
        "3.67.1",
        "0a941016a10ac8c99b5342e5a964c9bff29c191f7b3539ff3e04910d828f82ab",
        "a tool with tests and CI",
    ),
    Archive(
        "scikit-learn",
        "1.9.1",
        "629cada3e33e2b9bf376cdc7614a47a4140b8aedc1d836579e359736fbd82977",
        "a large library with tests, examples and documentation",
    ),
    Archive(
        "transformers",
        "5.9.0",
        "25997cb8fa6053533171634b6162d7df54346530ec2aa9b42bb834e63668c842",
        "as many Python files as the largest repositories of the field",
    ),
)


def repository(archive: Archive, folder: Path) -> Path:
    """The git repository made of an archive under `folder`, made on the first call."""
    root = folder / f"{archive.name}-{archive.version}"
    if not (root / ".git" / "HEAD").exists():
        _unpack(_download(archive, folder), root)
        commit(root)
    return root


def commit(root: Path) -> None:
    """Make `root` a git repository whose files are all committed."""
    settings = ("-c", "user.name=benchmark", "-c", "user.email=benchmark@example.invalid", "-c", "commit.gpgsign=false")
    for words in (("init", "-q"), ("add", "-A", "-f"), (*settings, "commit", "-q", "-m", "as published")):
        subprocess.run(["git", "-C", str(root), *words], check=True)


def _unpack(data: bytes, root: Path) -> None:
    """Unpack without the archive's own top folder, and nothing outside `root`."""
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for member in tar:
            inside = member.name.partition("/")[2]
            place = (root / inside).resolve()
            if not inside or not member.isfile() or not place.is_relative_to(root.resolve()):
                continue
            content = tar.extractfile(member)
            if content is not None:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content.read())


def _download(archive: Archive, folder: Path) -> bytes:
    """The archive's bytes, from `folder` when they are there. Raises SystemExit when the digest is another."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / f"{archive.name}-{archive.version}.tar.gz"
    if not kept.exists():
        with urllib.request.urlopen(_address(archive), timeout=300) as answer:
            kept.write_bytes(answer.read())
    data = kept.read_bytes()
    if hashlib.sha256(data).hexdigest() != archive.sha256:
        kept.unlink()
        raise SystemExit(f"{kept.name} is not the file that is pinned here; it was removed")
    return data


def _address(archive: Archive) -> str:
    """Where the index keeps the archive."""
    page = f"{_index()}/{archive.name}/"
    request = urllib.request.Request(page, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        files = json.load(answer)["files"]
    for file in files:
        if file["hashes"].get("sha256") == archive.sha256:
            return urljoin(page, file["url"])
    raise SystemExit(f"the index no longer has {archive.name} {archive.version}")


def _index() -> str:
    """The package index that pip uses here."""
    if os.environ.get("PIP_INDEX_URL"):
        return os.environ["PIP_INDEX_URL"].rstrip("/")
    asked = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True
    )
    if asked.returncode == 0 and asked.stdout.strip():
        return asked.stdout.strip().rstrip("/")
    from pip._internal.models.index import PyPI

    return str(PyPI.simple_url).rstrip("/")
