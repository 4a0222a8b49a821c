"""The strict loader: what is wrong in a rule file is told with file, line and key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from prodcheck.errors import RuleError
from prodcheck.model import Kind, Polarity, Severity
from prodcheck.rules import compiled, load_ruleset
from prodcheck.rules.read import load_rules, read_rule, read_signatures

GOOD = (Path(__file__).parent / "data" / "no-changelog.yaml").read_text()


def test_a_good_rule_loads() -> None:
    rule = read_rule("rules/quality/no-changelog.yaml", GOOD.encode())
    assert rule.id == "no-changelog"
    assert (rule.severity, rule.polarity) == (Severity.MINOR, Polarity.PRACTICE)
    assert rule.applies_to == {Kind.LIBRARY, Kind.SERVICE}


@pytest.mark.parametrize(
    ("old", "new", "where", "hint"),
    [
        ("severity: minor", "severty: minor", ":4: severty: unknown key", "Did you mean `severity`?"),
        ("severity: minor", "severity: small", ":4: severity: 'small' is not allowed", "Allowed"),
        ("severity: minor", "severity: minor\nseverity: major", ":5: severity: this key is there twice", "Remove"),
        ("effort: 10m\n", "", "lacks the key `effort`", ""),
        ("effort: 10m", "effort: 11m", ":6: effort: '11m' is not allowed", "10m"),
        ("id: no-changelog", "id: No_Changelog", ":1: id: 'No_Changelog' is not kebab-case", "lower-case"),
        ("applies_to: [library, service]", "applies_to: [libary]", ":7: applies_to.0: 'libary'", "library"),
        ("polarity: practice", "polarity: defect", ":14: require: a defect rule says `forbid`", ""),
        ("  file: CHANGELOG*", "  fiel: CHANGELOG*", ":15: require.fiel: unknown word", "Did you mean `file`?"),
        ("  file: CHANGELOG*", "  file: {pth: x}", ":15: require.file.pth: unknown key", "Did you mean `path`?"),
        ("  file: CHANGELOG*", "  python: {check: no-tset}", "there is no check `no-tset`", "Did you mean `no-tests`?"),
        ("  file: CHANGELOG*", '  text: {files: "*.md", pattern: "("}', "not a regular expression", ""),
        ("  file: CHANGELOG*", "  any: []", "must not be empty", ""),
        ("  Write a changelog.", "  Write a changelog", ":11: remediation: must begin with a sentence", ""),
        ("    expect: fail", "    expect: pass", ":16: examples: a rule needs at least one passing and one", ""),
        (
            "    expect: fail",
            "    expect: failure",
            "examples.1.expect: 'failure' is not allowed",
            "Did you mean `fail`?",
        ),
        ("there is none", "there is one", "two examples are called 'there is one'", ""),
    ],
)
def test_mistakes_are_told_with_file_line_and_key(old: str, new: str, where: str, hint: str) -> None:
    assert old in GOOD
    with pytest.raises(RuleError) as caught:
        read_rule("house/no-changelog.yaml", GOOD.replace(old, new, 1).encode())
    assert caught.value.message.startswith("house/no-changelog.yaml")
    assert where in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize("text", ["", "- a", "a: [", "a: &a [*a]", "[" * 50_000, "\0", "a: b\n---\nc: d"])
def test_broken_yaml_is_an_error_not_a_crash(text: str) -> None:
    with pytest.raises(RuleError) as caught:
        read_rule("x.yaml", text.encode())
    assert caught.value.message.startswith("x.yaml")


def test_the_file_name_is_the_id(tmp_path: Path) -> None:
    (tmp_path / "other-name.yaml").write_text(GOOD)
    with pytest.raises(RuleError, match="differs from the file name"):
        load_rules(tmp_path)


def test_own_rules_join_the_bundled_ones_and_may_not_shadow_them(tmp_path: Path) -> None:
    (tmp_path / "no-changelog.yaml").write_text(GOOD)
    assert load_ruleset([tmp_path]).rule("no-changelog") is not None
    (tmp_path / "no-tests.yaml").write_text(GOOD.replace("no-changelog", "no-tests"))
    with pytest.raises(RuleError, match="already defined"):
        load_ruleset([tmp_path])


def test_a_missing_folder_of_rules_is_told() -> None:
    with pytest.raises(RuleError, match="no such folder"):
        load_ruleset([Path("nowhere-at-all")])


SIGNATURE = """\
topic: data-versioning
tools:
  - id: dvc
    name: DVC
    marks:
      - {file: .dvc/config, strength: configured}
"""


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("strength: configured", "strength: sure", "strength: 'sure' is not allowed"),
        ("file: .dvc/config", "fil: .dvc/config", "unknown key"),
        ("file: .dvc/config", "file: a, import: b", "must have exactly one of"),
        ("file: .dvc/config", "text: a", "a text mark needs `files`"),
        ("    name: DVC\n", "", "lacks the key `name`"),
    ],
)
def test_mistakes_in_signatures_are_told(old: str, new: str, where: str) -> None:
    assert read_signatures("tools/x.yaml", SIGNATURE.encode())[0].tool == "dvc"
    with pytest.raises(RuleError) as caught:
        read_signatures("tools/x.yaml", SIGNATURE.replace(old, new).encode())
    assert where in caught.value.message


def test_compiled_rules_equal_those_of_the_yaml_but_for_their_examples(tmp_path: Path) -> None:
    yaml = load_ruleset(examples=True)
    assert compiled.read(tmp_path) is None
    (tmp_path / compiled.FILE_NAME).write_text(compiled.dump(yaml.rules, yaml.signatures), encoding="utf-8")
    content = compiled.read(tmp_path)
    assert content is not None
    assert compiled.rules(content) == [replace(rule, examples=()) for rule in yaml.rules]
    assert compiled.signatures(content) == [replace(signature, examples=()) for signature in yaml.signatures]
    assert [r.id for r in compiled.rules(content, "file")] == [r.id for r in yaml.rules if r.scope == "file"]
