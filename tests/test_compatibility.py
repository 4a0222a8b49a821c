"""What earlier versions wrote is still good: reports, history rows and baselines, kept in `tests/data/reports`.

Each set was written by the commit in its name about the notebook of the example, in a repository of its own. When a
test here fails, dashboards of users break: mark a new key with `Since`, or raise the schema version.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Annotated, Any, TypedDict

import pytest
from jsonschema import Draft202012Validator

from conftest import GitRepo
from prodcheck import audit, baseline
from prodcheck.compare import compare
from prodcheck.report import Options, render
from prodcheck.report.comparison import as_json
from prodcheck.report.diff_types import DiffJson
from prodcheck.report.json import document
from prodcheck.report.json_schema import schema
from prodcheck.report.json_types import Since
from reports import report, rich

ROOT = Path(__file__).parent.parent
KEPT = sorted((ROOT / "tests" / "data" / "reports").glob("*.json"))


def kept(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def now(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What this version says about the repository that the kept reports are about."""
    folder = tmp_path_factory.mktemp("kept") / "churn"
    folder.mkdir()
    shutil.copy(ROOT / "examples" / "notebook-only" / "churn_final_v3.ipynb", folder)
    repository = GitRepo(folder)
    repository.git("init", "--quiet", "--initial-branch=main")
    repository.commit(message="Begin")
    return document(audit(folder))


def test_there_are_reports_of_earlier_versions() -> None:
    assert KEPT


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_old_reports_satisfy_the_schema(path: Path) -> None:
    Draft202012Validator(schema()).validate(kept(path))


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_no_key_of_an_old_report_is_gone(path: Path, now: Any) -> None:
    def shape(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: shape(part) for key, part in value.items()}
        return [shape(value[0])] if isinstance(value, list) and value else None

    def missing(old: Any, new: Any, at: str) -> list[str]:
        if isinstance(old, dict) and isinstance(new, dict):
            gone = [f"{at}.{key}" for key in old.keys() - new.keys()]
            return gone + [
                path for key in old.keys() & new.keys() for path in missing(old[key], new[key], f"{at}.{key}")
            ]
        return missing(old[0], new[0], f"{at}[]") if isinstance(old, list) and isinstance(new, list) else []

    assert missing(shape(kept(path)), shape(now), "") == []


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_old_history_rows_have_the_columns_of_new_ones(path: Path) -> None:
    old = json.loads(path.with_suffix(".jsonl").read_text(encoding="utf-8"))
    new = json.loads(render(rich(), "history", Options()))
    assert old.keys() <= new.keys()
    for key in old.keys() & new.keys():
        if old[key] is not None and new[key] is not None:
            assert type(old[key]) is type(new[key]), key


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_an_old_baseline_knows_the_findings_that_still_occur(path: Path, now: Any) -> None:
    name = path.with_suffix(".txt")
    accepted = {(e.rule_id, e.fingerprint) for e in baseline.parse(name.read_text(encoding="utf-8"), name.name).entries}
    then = {(f["rule_id"], f["path"], f["message"]): f["fingerprint"] for f in kept(path)["findings"]}
    still = [f for f in now["findings"] if (f["rule_id"], f["path"], f["message"]) in then]
    assert len(still) > 10
    for finding in still:
        assert (finding["rule_id"], finding["fingerprint"]) in accepted, finding["message"]


def test_a_key_of_a_later_version_is_neither_refused_nor_asked_for() -> None:
    data: Any = document(rich())
    data["repository"]["of_tomorrow"] = 1
    Draft202012Validator(schema()).validate(data)

    class TomorrowJson(TypedDict):
        """Something."""

        old: str
        added: Annotated[str, Since("0.2.0", "New.")]

    assert schema(TomorrowJson)["required"] == ["old"]
    assert schema(TomorrowJson)["properties"]["added"] == {"type": "string", "description": "New. Since 0.2.0."}


def test_comparisons_satisfy_their_published_schema() -> None:
    published = json.loads((ROOT / "docs" / "diff.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(published)
    assert published == schema(DiffJson)
    for base, head in ((report(), rich()), (rich(), report())):
        made = json.loads(as_json(compare(base, head)))
        Draft202012Validator(published).validate(made)
        assert made.keys() == published["properties"].keys() == set(published["required"])
    for key, value in (("delta", "1"), ("base", None), ("new", [{}])):
        assert not Draft202012Validator(published).is_valid({**made, key: value})
