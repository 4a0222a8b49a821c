"""Data and model files in the tree, and what gives them a version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prodcheck.extract.run import FileFacts
from prodcheck.facts.paths import Paths
from prodcheck.model import Evidence


@dataclass(frozen=True)
class DataFile:
    """One data or model file kept in the tree. `size` in bytes; a pointer stands for a file kept elsewhere."""

    path: str
    size: int
    model: bool
    pointer: bool


@dataclass(frozen=True)
class Data:
    data_files: tuple[DataFile, ...]
    versioned: tuple[Evidence, ...]
    """Objects that really have a version: DVC outs with hashes, LFS pointers, annex links, pinned revisions."""
    initialised: tuple[Evidence, ...]
    """A tool that is set up, whether or not it tracks anything yet."""

    @property
    def bytes_in_git(self) -> int:
        """Bytes of data and model files stored directly in the tree."""
        return sum(f.size for f in self.data_files if not f.pointer)


def build(files: Mapping[str, FileFacts], paths: Paths, links: Mapping[str, str]) -> Data:
    raise NotImplementedError
