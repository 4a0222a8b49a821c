"""Annotations of GitHub Actions and of Azure Pipelines: the ten that count, and nothing that injects a command."""

from __future__ import annotations

import re

import pytest

from golden import Golden
from hostile_report import NAMES, hostile
from prodcheck.model import Location, Report, Severity, Status
from prodcheck.report import Options, render
from prodcheck.report.annotations import inert
from reports import finding, report, result, rich, rule

COMMAND = re.compile(r"::(error|warning|notice) (?P<properties>[^:]*)::(?P<message>.*)")
AZURE = re.compile(r"##vso\[task\.logissue (?P<properties>[^\]]*)\](?P<message>.*)")


def commands(made: Report) -> list[tuple[str, dict[str, str], str]]:
    """Level, properties and message of each annotation, decoded as the runner decodes them."""
    found = []
    for line in render(made, "github", Options()).splitlines():
        match = COMMAND.fullmatch(line)
        assert match, line
        pairs = dict(pair.split("=", 1) for pair in match["properties"].split(","))
        found.append((match[1], {k: decode(v) for k, v in pairs.items()}, decode(match["message"])))
    return found


def decode(text: str) -> str:
    for code, char in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(code, char)
    return text


def many(*severities: tuple[Severity, int]) -> Report:
    made = []
    for number, (severity, findings) in enumerate(severities):
        of = rule(f"rule-{number}", severity=severity)
        made.append(result(of, Status.FAIL, *(finding(of, f"m{i}", Location("a.py", i + 1)) for i in range(findings))))
    return report(*made)


def test_the_whole_report(golden: Golden) -> None:
    golden("github.txt", render(rich(), "github", Options()))
    golden("azure.txt", render(rich(), "azure", Options()))


def test_ten_of_each_level_at_most_and_the_last_says_how_many_are_missing() -> None:
    made = commands(many((Severity.CRITICAL, 12), (Severity.MAJOR, 10), (Severity.MINOR, 8), (Severity.INFO, 5)))
    for level, number in (("error", 10), ("warning", 10), ("notice", 10)):
        assert sum(found == level for found, _, _ in made) == number
    last = [message for level, _, message in made if level == "error"][-1]
    assert last.startswith("… and 3 more")
    last = [message for level, _, message in made if level == "notice"][-1]
    assert last.startswith("… and 4 more")
    assert not any("more;" in message for level, _, message in made if level == "warning")


def test_the_most_severe_come_first_and_every_rule_gets_a_place() -> None:
    made = commands(many((Severity.INFO, 3), (Severity.MINOR, 30), (Severity.MINOR, 1)))
    titles = [properties.get("title") for _, properties, _ in made]
    assert titles.count("prodcheck rule-2") == 1  # the one finding of a rule is not crowded out by thirty of another
    assert "prodcheck rule-0" not in titles  # info waits for minor
    assert len(made) == 10


def test_known_findings_are_not_annotated() -> None:
    of = rule("bad-thing")
    old = finding(of, "old", baseline_state="unchanged")
    made = commands(report(result(of, Status.FAIL, old, finding(of, "new"))))
    assert [message.split(".")[0] for _, _, message in made] == ["new"]


def test_suppressed_findings_are_not_annotated() -> None:
    assert not any("no-lockfile" in properties.get("title", "") for _, properties, _ in commands(rich()))


def test_a_notebook_is_annotated_on_the_line_of_the_file() -> None:
    level, properties, message = next(c for c in commands(rich()) if c[1]["title"].endswith("secret-in-notebook"))
    assert (level, properties["file"], properties["line"]) == ("error", "notebooks/model.ipynb", "88")
    assert "(cell 2, line 6)" in message


def test_hostile_names_stay_inside_of_their_command() -> None:
    made = commands(hostile())
    found = {properties["file"] for _, properties, _ in made if properties.get("line") == "3"}
    assert {"a&b;c]d,e:f%25\"g'h.py", "::error file=x,line=1::pwned", "caf%E9 100%25.py"} & found
    assert all(level in ("error", "warning", "notice") for level, _, _ in made)
    assert all(len(message) <= 4096 for _, _, message in made)


@pytest.mark.parametrize("number", range(len(NAMES)))
def test_each_hostile_name_is_one_line_of_one_command(number: int) -> None:
    of = rule("bad-thing", severity=Severity.CRITICAL)
    made = report(result(of, Status.FAIL, finding(of, NAMES[number], Location(NAMES[number], 1))))
    [(level, properties, _)] = commands(made)
    assert (level, properties["title"], properties["line"]) == ("error", "prodcheck bad-thing", "1")
    [line] = render(made, "azure", Options()).splitlines()
    match = AZURE.fullmatch(line)
    assert match
    pairs = [pair.split("=", 1) for pair in match["properties"].rstrip(";").split(";")]
    assert [key for key, _ in pairs] == ["type", "sourcepath", "linenumber", "columnnumber", "code"]
    assert "##" not in match["message"].replace("##vso[task.setvariable variable=x]y", "").replace("##[error]", "")


def test_azure_gets_ten_errors_and_ten_warnings() -> None:
    lines = render(
        many((Severity.CRITICAL, 12), (Severity.MAJOR, 9), (Severity.INFO, 9)), "azure", Options()
    ).splitlines()
    assert sum("type=error" in line for line in lines) == 10
    assert sum("type=warning" in line for line in lines) == 10
    assert "… and 9 more" in lines[-1]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_in_a_log_is_taken_for_a_command(name: str) -> None:
    for line in inert(f"    {name}\n{name}\nfound {name}").splitlines():
        assert not line.lstrip().startswith("::")
        assert "##[" not in line and "##vso[" not in line.lower()


def test_other_text_of_a_log_is_left_alone() -> None:
    told = "structure  ███  3\n  a::b\n## heading\n: one\n"
    assert inert(told) == told
