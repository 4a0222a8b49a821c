"""The documentation says what the code does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

from prodcheck.docs import cli_reference, fill_in, rule_page, rule_table
from prodcheck.model import Rule, Severity
from prodcheck.report import FORMATS
from prodcheck.rules import load_ruleset
from prodcheck.rules.read import read_rule

ROOT = Path(__file__).parent.parent
RULES = load_ruleset(examples=True).rules
PAGES = [
    *ROOT.glob("*.md"),
    *(p for p in (ROOT / "docs").rglob("*.md")),
]


def test_everything_generated_is_up_to_date() -> None:
    done = subprocess.run([sys.executable, "scripts/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"run scripts/generate.py: {done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        linked = page if not path else page.parent / unquote(path)
        assert linked.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in _anchors(linked.read_text(encoding="utf-8")), f"{page.name} links to {target}"


def _anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in titles}


def sample(**changes: str) -> Rule:
    text = (ROOT / "tests" / "data" / "no-changelog.yaml").read_text(encoding="utf-8")
    for old, new in changes.items():
        assert f"{old}: " in text
        text = re.sub(rf"^{old}: .*$", f"{old}: {new}", text, flags=re.MULTILINE)
    return read_rule("no-changelog.yaml", text.encode())


def test_a_rules_page_says_what_why_how_and_how_to_ignore_it() -> None:
    page = rule_page(sample())
    assert page.startswith("# no-changelog\n\n**Changes are written down.**")
    for said in (
        "| severity | minor (2 points) |",
        "| asked of | library, service |",
        "Users want to know what changed.",
        "Write a changelog.",
        "<https://keepachangelog.com>",
        "### Passes: there is one",
        "### Fails: there is none",
        "`CHANGELOG.md`\n\n```markdown\n# Changes\n```",
        'ignore = [{ rule = "no-changelog", reason = "..." }]',
    ):
        assert said in page


def test_a_rules_page_shows_notebooks_cell_by_cell() -> None:
    rule = next(r for r in RULES if r.id == "secret-in-notebook")
    page = rule_page(rule)
    assert "Cell 1 (code):\n\n```python\n" in page
    assert "prints\n\n```\n" in page


def test_code_blocks_inside_examples_cannot_end_the_block_around_them() -> None:
    text = (ROOT / "tests" / "data" / "no-changelog.yaml").read_text(encoding="utf-8")
    nested = text.replace('{CHANGELOG.md: "# Changes"}', '{CHANGELOG.md: "```\\ncode\\n```"}')
    assert "````markdown\n```\ncode\n```\n````" in rule_page(read_rule("no-changelog.yaml", nested.encode()))


def test_the_table_has_every_rule_once_the_loudest_first() -> None:
    table = rule_table([sample(severity="info"), *RULES], "docs/rules/")
    linked = re.findall(r"\[([\w-]+)\]\(docs/rules/\1\.md\)", table)
    assert sorted(linked) == sorted(["no-changelog", *(r.id for r in RULES)])
    severities = [s.value for s in Severity]
    for part in table.split("\n\n"):
        found = [severities.index(s) for s in re.findall(r"\| (critical|major|minor|info) \|", part)]
        assert found == sorted(found)


def test_the_command_reference_has_every_option_of_every_command() -> None:
    @click.group(help="Do things.")
    def tool() -> None: ...

    @tool.command(help="Do one.")
    @click.argument("path")
    @click.option("--level", type=click.Choice(["low", "high"]), help="How much.")
    @click.option("-o", "--output", metavar="FILE", help="Where to.")
    @click.option("--secret", hidden=True)
    def one(path: str, level: str, output: str, secret: str) -> None: ...

    page = cli_reference(tool, "tool")
    assert "## tool one\n\n```text\ntool one PATH [OPTIONS]\n```\n\nDo one." in page
    assert "| `--level` `low`, `high` | How much. |" in page
    assert "| `-o`, `--output` FILE | Where to. |" in page
    assert "--secret" not in page


def test_text_between_marks_is_replaced_and_the_rest_stays() -> None:
    page = "a\n<!-- begin x -->\nold\n<!-- end x -->\nb\n"
    once = fill_in(page, "x", "new\n")
    assert once == "a\n<!-- begin x -->\n\nnew\n\n<!-- end x -->\nb\n"
    assert fill_in(once, "x", "new\n") == once
    with pytest.raises(ValueError, match="no marks"):
        fill_in(page, "y", "new")


def test_the_settings_page_has_every_setting() -> None:
    from dataclasses import fields

    from prodcheck.config import Config, Thresholds

    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    for field in (*fields(Config), *fields(Thresholds)):
        if field.name not in ("path", "digest"):
            assert f"| `{field.name.replace('_', '-')}` |" in page


def test_the_rule_writing_page_has_every_key_word_and_fact() -> None:
    from prodcheck.facts.facts import NAMED_FACTS
    from prodcheck.matchers import WORDS
    from prodcheck.rules.read import OPTIONAL, REQUIRED

    page = (ROOT / "docs" / "writing-rules.md").read_text(encoding="utf-8")
    for name in (*REQUIRED, *OPTIONAL, *NAMED_FACTS):
        assert f"`{name}`" in page, name
    for word in WORDS:
        assert re.search(rf"^\| `{word}: ", page, re.MULTILINE), word


def test_the_architecture_page_has_every_module() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for path in (ROOT / "src" / "prodcheck").iterdir():
        if path.suffix == ".py" or (path / "__init__.py").exists():
            name = path.stem
            if name not in ("__init__", "__main__"):
                assert f"`{name}`" in page or f"`{name}/`" in page, name


def test_the_readme_shows_only_formats_and_commands_that_exist() -> None:
    from prodcheck.cli import COMMANDS

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in re.findall(r"--format (\w+)", readme):
        assert name in FORMATS
    shell = "\n".join(re.findall(r"```bash\n(.*?)```", readme, re.DOTALL))
    for name in re.findall(r"^prodcheck ([a-z]+)\b(?!/)", shell, re.MULTILINE):
        assert name in COMMANDS, name


def test_the_example_rule_and_tool_in_contributing_load_and_pass(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL)
    rule, tool = blocks
    (tmp_path / "no-changelog.yaml").write_text(rule, encoding="utf-8")
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "data-versioning.yaml").write_text(tool, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "prodcheck", "rules", "test", str(tmp_path)], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "4 passed, 0 failed\n"), done.stdout + done.stderr
