"""Which facts may lie on disk: those that certainly hold no credential, and not all those in which none was found.

Facts of notebooks, settings, CI files and scripts hold text as somebody wrote it, and are not kept: no scanner knows
every password. Facts of Python modules, nearly all the work, hold names, numbers and short literals, from which
`python_literals` has already left out what is bound to a telling name or looks like a token; a module with a literal
that could still be one is not kept either.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prodcheck.patterns import lazy_regex

if TYPE_CHECKING:
    from prodcheck.extract.python import PythonFacts
    from prodcheck.extract.run import FileFacts

_PASSWORD = lazy_regex(r"(?=\S*[A-Za-z])(?=\S*\d)(?=\S*[!@#$%^&*?~])[^\s/]{8,}")
"""Letters, digits and signs that names and paths have not, in one word."""
_ROLLED = lazy_regex(r"[A-Za-z][0-9]+(?=[A-Za-z])")
_RUN = lazy_regex(r"[A-Za-z0-9+/=]{16,}")
_WORD = lazy_regex(r"[A-Za-z0-9+=]{8,}")


def may_keep(file: FileFacts) -> bool:
    """True when the facts of a file certainly hold no credential, and the next run would find the same."""
    if file.python is not None and file.python.problem_kind == "too-deep":
        return False  # depends on the memory and the stack that there are
    texts = file.notebook or file.manifests or file.pipeline or file.tasks or file.document or file.container
    if file.secrets or texts or file.ignores or file.out_of_time:
        return False
    return file.python is None or not any(map(_could_be_one, _literals(file.python)))


def _could_be_one(text: str) -> bool:
    if len(text) < 8 or text.isalpha():
        return False
    if _PASSWORD.match(text) or ("://" in text and "@" in text):
        return True
    if any(len(_ROLLED.findall(word)) > 1 for word in _WORD.findall(text)):
        return True
    return any(_is_mixed(run) for run in _RUN.findall(text))


def _is_mixed(run: str) -> bool:
    """True for a run that has lower case, capitals and digits, as base64 has, and for one as long as keys are."""
    kinds = (any(map(is_one, run)) for is_one in (str.isdigit, str.isupper, str.islower))
    return len(run) >= 40 or all(kinds)


def _literals(facts: PythonFacts) -> Iterator[str]:
    """Every text of the facts that was a literal, or part of one."""
    yield facts.problem
    for text, _ in (*facts.paths, *facts.environment):
        yield text
    for value, _ in facts.constants.values():
        yield from _texts(value)
    yield from filter(None, facts.calls.column("text"))
    for keywords in facts.calls.column("keywords"):
        if keywords:
            yield from _texts(keywords)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(key)
            yield from _texts(item)
