"""Folders into which package managers and tools install: nobody here wrote what is in them, so it is not parsed.

An environment that was committed holds a hundred times the code of the project around it. Other people's code that
somebody copied into the tree is parsed: own tests may derive from its classes.
"""

from __future__ import annotations

INSTALLED_PARTS = frozenset(
    "node_modules site-packages dist-packages .venv venv virtualenv .tox .nox .eggs bower_components".split()
)


def is_installed(path: str) -> bool:
    """True for a file below a folder of installed packages."""
    return not INSTALLED_PARTS.isdisjoint(part.strip() for part in path.lower().split("/")[:-1])
