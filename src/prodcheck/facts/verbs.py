"""What a command is for: from a normalised command line to verbs, by the table in `verbs.tsv`.

A name in an argument proves nothing (`pip install pytest` is not a test); a program at the head of a command does.
Besides the verbs of `CiCommand` there are `format-write` (a formatter that changes files, which proves nothing unless
somebody looks at the change) and `docs`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from prodcheck.patterns import FirstWords, lazy_regex

LENIENT = lazy_regex(r"(?:^| )(?:--exit-zero(?:-even-if-changed)?|--soft-fail)(?: |$)")
"""Options that make a checker succeed whatever it finds."""

_FORMATTERS = lazy_regex(
    r"(?:nbqa )?(?:black|yapf|autopep8|isort|blue|darker|pyink|docformatter|autoflake|usort)\b|"
    r"ruff format\b|(?:rye|hatch) fmt\b"
)
_CHECKING = lazy_regex(r"(?:^| )(?:--check(?:-only)?|--exit-code|-c|--error-on-changes)(?: |$)")
_SHOWING = lazy_regex(r"(?:yapf|autopep8|ruff format)\b.* (?:--diff|-d)(?: |$)")
_DRY_TEST = lazy_regex(r"(?:^| )(?:--collect-only|--co|--fixtures|--markers|--setup-(?:only|plan)|--cache-show)(?: |$)")
_INFORMATION = lazy_regex(r"\S+(?: \S+)? (?:--version|--help|-h|-V)$|\S+ --version\b")

_HOOKS = {
    "test": r"pytest|unittest|run-tests|nbmake|nbdev-test",
    "lint": r"^(?:ruff|ruff-check|flake8|pylint|pycodestyle|pydocstyle|pylama|prospector|pyupgrade|eslint|flakeheaven|"
    r"nbqa-(?:ruff|flake8|pylint))$",
    "format": r"^(?:black|black-jupyter|ruff-format|yapf|autopep8|isort|blue|docformatter|darker|pyink|"
    r"nbqa-(?:black|isort|ruff-format))$",
    "type": r"^(?:mypy|pyright|basedpyright|pyre|pytype|ty|pyrefly\w*|mypy-.*)$",
    "secret-scan": r"^(?:detect-secrets|gitleaks|trufflehog|ggshield|bandit|detect-private-key|detect-aws-credentials|"
    r"semgrep|zizmor)",
}


@lru_cache(maxsize=1)
def _table() -> FirstWords[tuple[str, re.Pattern[str]]]:
    rows = []
    for line in Path(__file__).with_name("verbs.tsv").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            verb, _, pattern = line.partition("\t")
            pattern = pattern.replace(";;", r"(?:\S+ )*?")
            rows.append((pattern, (verb, lazy_regex(pattern))))
    return FirstWords(rows)


@lru_cache(maxsize=4096)
def classify(command: str) -> frozenset[str]:
    """Verbs of one normalised command line: `python -m x` written as `x`, programs without folder and version."""
    command = command[:2_000]
    asks = "--" in command or command.endswith((" -h", " -V"))
    if asks and (_INFORMATION.match(command) or _DRY_TEST.search(command)):
        return frozenset()
    verbs = {verb for verb, pattern in _table().of(command) if pattern.match(command)}
    if "--dry-run" in command.split():
        verbs -= {"publish", "deploy"}
    if _FORMATTERS.match(command):
        checks = _CHECKING.search(command) or _SHOWING.match(command)
        verbs.add("format" if checks else "format-write")
    if "docs" in verbs:
        verbs -= {"build", "deploy", "publish"}
    return frozenset(verbs)


def hook_verbs(identifier: str) -> frozenset[str]:
    """Verbs of a pre-commit hook by its id. A hook that changes a file fails, so a formatter there is a check."""
    return frozenset(verb for verb, pattern in _HOOKS.items() if re.search(pattern, identifier))
