"""Whether what an image is built from is in the tree: a Dockerfile left behind by code that moved away says nothing."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from prodcheck.facts import Facts
from prodcheck.patterns import lazy_regex

_REQUIREMENTS = lazy_regex(r"\s(?:-r\s*|--requirement[ =])[\"']?([\w./-]+\.(?:txt|in))\b")
_FETCHES = lazy_regex(
    r"\bgit\s+clone\b|\bcurl\b|\bwget\b|^\s*(?:COPY|ADD)\s+--from=|^\s*ADD\s+https?:", re.IGNORECASE | re.M
)
_COMMENT = lazy_regex(r"^\s*#.*$", re.MULTILINE)
_MAKERS = (".yml", ".yaml", ".sh", ".bash", ".toml", ".mk", ".bat", ".ps1", ".cfg", ".ini", ".py")
_MAKER_NAMES = frozenset(("makefile", "gnumakefile", "justfile", "jenkinsfile"))


def missing_requirements(facts: Facts, path: str) -> str:
    """The requirements file that a Dockerfile installs, that is nowhere in the tree and that nothing seems to make.

    Empty when there is none such: the file may be made by the build itself, by CI or by a script that names it.
    """
    text = _COMMENT.sub("", facts.text(path))
    if _FETCHES.search(text) or facts.git.prefix:  # above a part of a repository there may be more
        return ""
    for match in _REQUIREMENTS.finditer(text):
        name = PurePosixPath(match[1]).name
        if any(PurePosixPath(other).name == name for other in facts.files):
            continue
        if re.search(rf"(?:>|\s-o|\s--output(?:-file)?)[ =]*[\"']?[\w./-]*{re.escape(name)}", text):
            continue
        if re.search(
            rf"^\s*(?:COPY|ADD)\s.*\.(?:txt|in|lock)[\"',]*\s+[\w./\"-]*\b{re.escape(name)}", text, re.I | re.M
        ):
            continue  # another file, copied under this name
        if not any(name in facts.text(other) for other in facts.files if _may_make(other)):
            return name
    return ""


def _may_make(path: str) -> bool:
    return path.endswith(_MAKERS) or PurePosixPath(path).name.lower() in _MAKER_NAMES
