"""The exception tree. Every error a user can cause carries a message that says what to do next."""

from __future__ import annotations

REPORT_IT = "Please report this, with what `prodcheck --version` prints: https://github.com/prodcheck/prodcheck/issues"
"""What a person can do about a failure of ours."""


class ProdcheckError(Exception):
    """Something the user can put right. The command line prints it as one line and exits with 2.

    `hint` is the help line: what to do next, as a full sentence, or empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(ProdcheckError):
    """A wrong argument: a path that does not exist, an unknown rule id, a revision git does not know."""


class ConfigError(ProdcheckError):
    """A configuration file that cannot be read, or a key or value that is not allowed in it."""


class RuleError(ProdcheckError):
    """A rule file or tool signature that does not load. The message names file, line and key."""


class RepositoryError(ProdcheckError):
    """A folder that cannot be audited at all, such as a bare repository without a revision."""


class UnreadableFile(Exception):
    """A file of the audited repository could not be read; `reason` is shown in the report's list of skipped files."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
