"""What the project depends on: declared, locked, and imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from prodcheck.extract.manifest import Manifest
from prodcheck.extract.run import FileFacts
from prodcheck.facts.paths import Paths
from prodcheck.model import Evidence, Location


@dataclass(frozen=True)
class ImportedPackage:
    """One third-party top-level module that own code imports.

    `distributions` are the normalised distribution names that provide it (`cv2` has several); the module's own name
    when none is known.
    """

    module: str
    distributions: tuple[str, ...]
    location: Location
    optional: bool
    count: int


@dataclass(frozen=True)
class Dependencies:
    """All of it. `manifests` hold at least one requirement or say that they compute them."""

    manifests: tuple[Manifest, ...]
    locks: tuple[Manifest, ...]
    third_party: tuple[ImportedPackage, ...]
    first_party: frozenset[str]
    declared: Mapping[str, tuple[Location, ...]]
    """Normalised distribution name to the places that declare it, locks left out."""
    prose: tuple[Evidence, ...]
    """`pip install x` in README, Dockerfile or notebook cells: half a declaration."""


def build(files: Mapping[str, FileFacts], paths: Paths, text: Callable[[str], str]) -> Dependencies:
    raise NotImplementedError
