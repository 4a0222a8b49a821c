"""`-o` and `--format`: which report goes where."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from prodcheck.cli.output import Target, plan, save
from prodcheck.report import FORMATS, Options, format_of, render, reporter
from prodcheck.testing import notebook_bytes
from reports import rich
from test_cli import prodcheck


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "train.py").write_text("import pandas as pd\n\nprint(pd.read_csv('x.csv'))\n")
    return tmp_path / "repo"


@pytest.mark.parametrize(
    ("name", "format_"),
    [
        ("report.json", "json"),
        ("r.txt", "text"),
        ("out.sarif", "sarif"),
        ("out.sarif.json", "sarif"),
        ("SUMMARY.MD", "markdown"),
        ("x/y.html", "html"),
        ("y.htm", "html"),
        ("junit.xml", "junit"),
        ("prodcheck.prom", "openmetrics"),
        ("history.jsonl", "history"),
        ("report.docx", None),
        ("report", None),
    ],
)
def test_the_ending_means_the_format(name: str, format_: str | None) -> None:
    assert format_of(name) == format_


@pytest.mark.parametrize(
    ("outputs", "wish", "files", "stdout"),
    [
        (["r.json"], None, [("json", "r.json")], "text"),
        (["r.json", "r.html"], None, [("json", "r.json"), ("html", "r.html")], "text"),
        (["gitlab:r.json"], None, [("gitlab", "r.json")], "text"),
        (["markdown:/tmp/summary"], None, [("markdown", "/tmp/summary")], "text"),
        ([], "json", [], "json"),
        # `--format` is the format of the file that can hold it, as in other linters; stdout then keeps the text.
        (["r.json"], "gitlab", [("gitlab", "r.json")], "text"),
        (["report"], "sarif", [("sarif", "report")], "text"),
        (["r.json"], "json", [("json", "r.json")], "text"),
        # A file that means something else gets what it means, and stdout what was asked for.
        (["r.html"], "json", [("html", "r.html")], "json"),
        (["r.html", "q.json"], "gitlab", [("html", "r.html"), ("gitlab", "q.json")], "text"),
        (["gitlab:r.json"], "github", [("gitlab", "r.json")], "github"),
        (["gitlab:r.json"], "gitlab", [("gitlab", "r.json")], "gitlab"),
        (["C:\\reports\\r.json"], None, [("json", "C:\\reports\\r.json")], "text"),
        (["./a:b.json"], None, [("json", "./a:b.json")], "text"),
        (["github:-"], None, [("github", "-")], "text"),
    ],
)
def test_what_goes_where(outputs: list[str], wish: str | None, files: list[tuple[str, str]], stdout: str) -> None:
    made = plan(outputs, wish)
    assert [(t.format, t.path) for t in made.files] == files
    assert made.stdout == stdout


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gitlb:x.json", "Did you mean `gitlab`?"),
        ("report.docx", "cannot tell the format. Write FORMAT:report.docx"),
        ("json:", "no file is named"),
    ],
)
def test_a_format_that_cannot_be_told(name: str, said: str) -> None:
    with pytest.raises(click.UsageError) as caught:
        plan([name], None)
    assert said in caught.value.message


def test_every_format_has_a_reporter_and_no_two_share_an_ending() -> None:
    endings = [suffix for f in FORMATS.values() for suffix in f.suffixes]
    assert len(endings) == len(set(endings))
    for name in FORMATS:
        shown = reporter(name)(rich(), Options())
        assert shown == render(rich(), name, Options())
        assert shown.endswith("\n")
        shown.encode("utf-8")


def test_one_scan_writes_every_format(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "reports"
    targets = [f"{name}:{folder / name}" for name in FORMATS]
    done = prodcheck(str(project), *(word for target in targets for word in ("-o", target)))
    assert done.returncode == 0, done.stderr
    assert "/ 100" in done.stdout
    assert {p.name for p in folder.iterdir()} == set(FORMATS)
    assert json.loads((folder / "sarif").read_text(encoding="utf-8"))["version"] == "2.1.0"
    page = (folder / "html").read_text(encoding="utf-8")
    assert "pd.read_csv(&#39;x.csv&#39;)" in page  # the code around a finding
    assert len({json.loads((folder / n).read_text())["score"] for n in ("history",)}) == 1


def test_reports_for_programs_are_utf8_whatever_the_terminal_can_show(project: Path) -> None:
    command = [sys.executable, "-m", "prodcheck", str(project), "--format", "markdown"]
    done = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}, check=False)
    assert done.returncode == 0, done.stderr
    assert "█" in done.stdout.decode("utf-8") or "░" in done.stdout.decode("utf-8")


def test_quiet_leaves_stdout_to_others(project: Path, tmp_path: Path) -> None:
    done = prodcheck(str(project), "-q", "-o", str(tmp_path / "r.json"))
    assert (done.stdout, done.stderr) == ("", "")
    done = prodcheck(str(project), "-q", "-o", "badge:-")
    assert json.loads(done.stdout)["schemaVersion"] == 1


def test_text_and_annotations_go_to_one_log(project: Path) -> None:
    done = prodcheck(str(project), "-o", "github:-")
    text, _, annotations = done.stdout.partition("\n::")
    assert "/ 100" in text
    assert "title=prodcheck" in annotations


def test_the_history_grows_and_reports_are_replaced(tmp_path: Path) -> None:
    history, page = tmp_path / "history.jsonl", tmp_path / "r.html"
    for text in ("1\n", "2\n"):
        save(Target("history", str(history)), text)
        save(Target("html", str(page)), text)
    assert history.read_text() == "1\n2\n"
    assert page.read_text() == "2\n"


def test_the_summary_of_a_job_step_is_added_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = tmp_path / "summary"
    summary.write_text("# Build\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    save(Target("markdown", str(summary)), "# Score\n")
    assert summary.read_text() == "# Build\n# Score\n"


def test_a_file_that_cannot_be_written_is_wrong_usage(project: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = prodcheck(str(project), "-o", str(tmp_path / "file" / "r.json"))
    assert done.returncode == 2
    assert "cannot write" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_format_is_checked_before_the_scan(tmp_path: Path) -> None:
    done = prodcheck(str(tmp_path / "no-such-folder-at-all"), "-o", "report.docx")
    assert done.returncode == 2
    assert "cannot tell the format" in done.stderr


def test_other_formats_cost_the_text_report_nothing() -> None:
    code = (
        "import sys\nfrom prodcheck.cli import main\n"
        "try:\n    main(['check', 'examples/notebook-only', '-q'])\nexcept SystemExit:\n    pass\n"
        "loaded = [m for m in ('jinja2', 'xml.etree.ElementTree', 'prodcheck.report.sarif') if m in sys.modules]\n"
        "assert not loaded, loaded\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_page_about_reports_lists_every_format_with_its_ending() -> None:
    page = (Path(__file__).parent.parent / "docs" / "reports.md").read_text(encoding="utf-8")
    for name, format_ in FORMATS.items():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
        assert (f"`{format_.suffixes[0]}`" if format_.suffixes else f"`{name}:FILE`") in row


def test_a_repository_with_hostile_names_on_disk(tmp_path: Path) -> None:
    from xml.etree import ElementTree

    from hostile_report import NAMES

    book = notebook_bytes([{"code": "import pandas as pd\npd.read_csv('/home/anna/x.csv')", "count": 7}, "1/0"])
    made = 0
    for name in NAMES:
        path = tmp_path / "repo" / (name.replace("\0", "")[:200] + ".ipynb")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(book)
            made += 1
        except (OSError, UnicodeError):
            continue  # not every system can have every name
    assert made > 5
    targets = [f"{name}:{tmp_path / name}" for name in FORMATS]
    done = prodcheck(str(tmp_path / "repo"), "-q", *(word for target in targets for word in ("-o", target)))
    assert done.returncode == 0, done.stderr
    texts = {name: (tmp_path / name).read_text(encoding="utf-8") for name in FORMATS}
    assert len(json.loads(texts["sarif"])["runs"][0]["results"]) > made
    assert ElementTree.fromstring(texts["junit"]).findall(".//failure")
    assert "<script>" not in texts["html"] and "&lt;script&gt;" in texts["html"]
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in texts["github"].splitlines())
    assert all(line.startswith("##vso[task.logissue ") for line in texts["azure"].splitlines())
