"""Which modules the requirements of one manifest bring, asked for one module after the other."""

from __future__ import annotations

import re
from functools import cached_property

from prodcheck.extract.dependency import Manifest, normalise
from prodcheck.facts import import_names


class Brought:
    """The distributions of one manifest or lock, read once for all the questions about it."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        conda = manifest.format.startswith(("conda", "pixi", "anaconda"))
        self._spelled = [import_names.from_conda(r.name) if conda else r.name for r in manifest.requirements]
        self._names = frozenset(self._spelled)

    @cached_property
    def _unknown(self) -> frozenset[tuple[str, str]]:
        """Names that no index of widely used distributions has, with the words they are written in."""
        return frozenset(
            (name, re.sub(r"[^a-z0-9]+", "-", f"-{name} {r.raw} {r.url}-".lower()))
            for name, r in zip(self._spelled, self.manifest.requirements, strict=True)
            if not import_names.is_known_distribution(name)
        )

    def provides(self, module: str) -> bool:
        """True when one of the distributions provides a module, or nobody knows it and its words hold the module's."""
        source = import_names.source_of(module)
        if not self._names.isdisjoint(source.names):
            return True
        if source.prefixes and any(name.startswith(source.prefixes) for name in self._names):
            return True
        top = normalise(module.partition(".")[0].lower())
        return any(f"-{top}-" in words or top in name for name, words in self._unknown)
