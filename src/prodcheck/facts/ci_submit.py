"""Jobs that CI hands to a cluster: the command is in the file that describes the job."""

from __future__ import annotations

from collections.abc import Mapping

from prodcheck.extract.run import FileFacts
from prodcheck.facts.ci_targets import join
from prodcheck.facts.unwrap import Argv

_KEYS = {
    "anyscale job submit": "entrypoint",
    "anyscale jobs submit": "entrypoint",
    "sky launch": "run",
    "sky jobs launch": "run",
    "az ml job": "command",
}
"""Commands that submit a job, to the key of the job's file that holds its command."""


def submitted(argv: Argv, files: Mapping[str, FileFacts], directory: str) -> tuple[str, int, str] | None:
    """(path, line, shell text) of the job that a command submits, or None when it submits none that is in the tree."""
    key = _KEYS.get(" ".join(argv[:3])) or _KEYS.get(" ".join(argv[:2]))
    if key is None:
        return None
    for word in argv[2:]:
        path = join(directory, word.partition("=")[2] if word.startswith("--") else word)
        document = files[path].document if path in files else None
        text = document.get(key) if document else None
        if document and isinstance(text, str):
            return path, document.lines.get(key, 1), text
    return None
