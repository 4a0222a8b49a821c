"""Which files there are, and their bytes: from a work tree, from a commit, or from memory (`repository.memory`)."""

from prodcheck.repository.base import Entry, Repository
from prodcheck.repository.exclude import without
from prodcheck.repository.open import open_repository

__all__ = ["Entry", "Repository", "open_repository", "without"]
