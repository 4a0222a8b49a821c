"""The nouns of the secret scanner: what it reports, and what its parts hand to each other."""

from __future__ import annotations

from prodcheck.model import Confidence, Location
from prodcheck.records import dataclass


@dataclass(frozen=True, slots=True)
class Secret:
    """One credential. The value itself is never kept.

    `kind` is what a person calls it ("Hugging Face token"); `masked` shows at most 4 characters and the length, such
    as `hf_A… (37 characters)`; `where` is source, output, metadata or file (the whole file exists to hold
    credentials).
    """

    location: Location
    kind: str
    masked: str
    confidence: Confidence
    name: str = ""
    """The variable or key it is bound to."""
    where: str = "source"
    identity: str = ""
    """Kind, name and ordinal within the file: the same when lines move, and no hash that could be guessed back."""
    allowed: str = ""
    """The inline comment by which a person has allowed it, such as `pragma: allowlist secret`; empty without one."""


@dataclass(frozen=True)
class Match:
    """A credential found in a piece of text. `start` and `end` are byte offsets of the value in that piece."""

    start: int
    end: int
    value: str
    kind: str
    confidence: Confidence
    name: str = ""


def mask(value: str) -> str:
    """At most four characters and the length; of a short value less, so that the rest cannot be guessed."""
    if "\n" in value or "\\n" in value:
        return f"a block of {len(value)} characters or more"  # of a private key, which begins like all others
    shown = value[: min(4, len(value) // 4)]
    shown = "".join(c if c.isprintable() else "?" for c in shown)
    return f"{shown}… ({len(value)} characters)"
