"""Settings: what is read, and how mistakes are told."""

from __future__ import annotations

import pytest

from prodcheck.config import Config, parse
from prodcheck.errors import ConfigError
from prodcheck.model import Kind, Severity, Stage

EVERYTHING = """
kind = "service"
stage = "production"
standalone = true
exclude = ["legacy/"]
select = ["no-tests"]
rules = ["house-rules"]
fail-under = 70
fail-on = "major"
baseline = "known.txt"
new-only = true
ignore = [{ rule = "no-lockfile", reason = "conda image is the lock", paths = ["a/*"] }]
[thresholds]
small-data-mb = 2.5
"""


def test_every_setting_is_read() -> None:
    config = parse(EVERYTHING, "prodcheck.toml")
    assert (config.kind, config.stage, config.standalone) == (Kind.SERVICE, Stage.PRODUCTION, True)
    assert (config.fail_under, config.fail_on) == (70.0, Severity.MAJOR)
    assert (config.baseline, config.new_only) == ("known.txt", True)
    assert config.ignore[0].reason == "conda image is the lock"
    assert config.thresholds.small_data_mb == 2.5
    assert config.path == "prodcheck.toml"
    assert len(config.digest) == 12


def test_pyproject_settings_live_under_tool_prodcheck() -> None:
    assert parse('[tool.prodcheck]\nkind = "library"\n', "pyproject.toml").kind is Kind.LIBRARY
    assert parse("[tool.black]\n", "pyproject.toml") == Config()


def test_min_score_is_the_same_as_fail_under() -> None:
    assert parse("min-score = 60", "prodcheck.toml").fail_under == 60


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("fail-undr = 70", "fail-undr: unknown setting", "Did you mean `fail-under`?"),
        ('kind = "libary"', "kind: 'libary' is not allowed", "Did you mean `library`?"),
        ("fail-under = 170", "fail-under: 170 is not a score", "0 to 100"),
        ("fail-under = true", "fail-under: True is not a score", "0 to 100"),
        ('exclude = "legacy"', "exclude: must be a list of strings", "exclude = ["),
        ("baseline = true", "baseline: True is not allowed", 'baseline = "..."'),
        ('new-only = "yes"', "new-only: 'yes' is not allowed", "true or false"),
        ('standalone = "yes"', "standalone: 'yes' is not allowed", "true or false"),
        ('ignore = ["no-lockfile"]', "ignore[1]: must be a table", "reason"),
        ('ignore = [{ rule = "no-lockfile" }]', "ignore[1]: lacks a reason", "why"),
        ('ignore = [{ rule = "a", reason = "b", path = "c" }]', "ignore[1].path: unknown key", "Did you mean `paths`?"),
        ("[thresholds]\nsmall-data = 1", "thresholds.small-data: unknown threshold", "Did you mean `small-data-mb`?"),
        ("kind = ", "not valid TOML", "Fix the syntax"),
        ("[[[[", "not valid TOML", "Fix the syntax"),
    ],
)
def test_mistakes_name_the_file_the_key_and_the_nearest_right_word(text: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, "prodcheck.toml")
    assert caught.value.message.startswith("prodcheck.toml: ")
    assert message in caught.value.message
    assert hint in caught.value.hint
