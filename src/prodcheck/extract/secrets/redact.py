"""The last net before a text leaves prodcheck: a message may quote the repository, and the quote may hold a credential.

The checks of secrets mask what they find. This is for all the others: an installer's line, a literal, a setting.
"""

from __future__ import annotations

from prodcheck.extract.secrets.base import mask
from prodcheck.extract.secrets.scan import scan
from prodcheck.patterns import lazy_regex

_WORTH = lazy_regex(r"[A-Za-z0-9+/=_-]{16}|://[^\s/]*@")
_RUN = lazy_regex(r"[A-Za-z0-9+/=_-]{40,}")
_INTERLEAVED = lazy_regex(r"[A-Za-z][0-9]+[A-Za-z]")
_CLASSES = tuple(map(lazy_regex, ("[a-z]", "[A-Z]", "[0-9]")))
ROLLED = 3
"""Digits between letters from which on a long run was rolled, and is no path or name."""


def redact(text: str) -> str:
    """The text with every credential masked, and every long run of rolled characters, which may be part of one."""
    if not _WORTH.search(text):
        return text
    data = text.encode("utf-8", "surrogatepass")
    for match in sorted(scan(data, "message.txt", names=False), key=lambda m: -m.start):
        data = data[: match.start] + mask(match.value).encode() + data[match.end :]
    return _RUN.sub(lambda run: mask(run[0]) if _is_rolled(run[0]) else run[0], data.decode("utf-8", "surrogatepass"))


def _is_rolled(run: str) -> bool:
    return all(c.search(run) for c in _CLASSES) and len(_INTERLEAVED.findall(run)) >= ROLLED
