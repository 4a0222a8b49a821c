"""Credentials in one file: a byte-level prefilter, then detect-secrets' plugins and our own on candidate lines only."""

from __future__ import annotations

from dataclasses import dataclass

from prodcheck.extract.notebook import NotebookFacts
from prodcheck.model import Confidence, Location


@dataclass(frozen=True)
class Secret:
    """One credential. The value itself is never kept.

    `kind` is what a person calls it ("Hugging Face token"); `masked` shows at most 4 characters and the length, such
    as `hf_A… (37 characters)`; `where` is source, output or metadata.
    """

    location: Location
    kind: str
    masked: str
    confidence: Confidence
    name: str = ""
    """The variable or key it is bound to."""
    where: str = "source"
    identity: str = ""


def extract(path: str, data: bytes, notebook: NotebookFacts | None) -> tuple[Secret, ...]:
    raise NotImplementedError
