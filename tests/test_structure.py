"""Checks of the category `structure`, where their rule files' examples do not reach."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from prodcheck.checks import CHECKS, load_check
from prodcheck.checks.paths import is_machine_path
from prodcheck.config import Config, Thresholds
from prodcheck.extract.run import extract_all
from prodcheck.facts import Facts
from prodcheck.model import Confidence, Outcome
from prodcheck.testing import repository


def judge(check: str, files: dict[str, Any], config: Config | None = None) -> Outcome:
    made = repository({path: textwrap.dedent(c) if isinstance(c, str) else c for path, c in files.items()})
    return load_check(check)(Facts(made, extract_all(made), config or Config(), ()), {})


PREPARE = "import pandas as pd\ndf = pd.read_csv('a.csv').dropna()\ndf = df.fillna(0)\n"
TRAIN = "from sklearn.svm import SVC\nm = SVC()\nm.fit(df, df.y)\n"
PAD = "".join(f"x_{i} = {i}\n" for i in range(40))
MONOLITH = {"notebook": [PREPARE, TRAIN, "m.predict(df)\n" + PAD]}


@pytest.mark.parametrize("names", [["a.ipynb", "b.ipynb"], ["b.ipynb", "a.ipynb"]])
def test_each_notebook_that_does_everything_is_reported(names: list[str]) -> None:
    outcome = judge("single-notebook-architecture", dict.fromkeys(names, MONOLITH))
    assert outcome.score == 0.0
    assert sorted(str(hit.location) for hit in outcome.hits) == ["a.ipynb cell 2:3", "b.ipynb cell 2:3"]
    assert "loads data (cell 1), prepares it (cell 1), trains (cell 2), predicts (cell 3)" in outcome.hits[0].detail


@pytest.mark.parametrize(
    "cells",
    [
        [TRAIN, PREPARE, "m.predict(df)\n" + PAD],
        [PREPARE, TRAIN, PAD],
        [PREPARE, "from sklearn.cluster import KMeans\nm = KMeans()\nm.fit(df)\nm.predict(df)\n" + PAD],
        ["import pandas as pd\ndf = pd.read_csv('a.csv')\n", TRAIN, "m.predict(df)\n" + PAD],
        [PREPARE, "from sklearn.preprocessing import StandardScaler\nm = StandardScaler()\nm.fit(df, 1)\n" + PAD],
    ],
    ids=["a tour: trains before it loads", "never predicts", "only clusters", "prepares nothing", "fits a scaler"],
)
def test_notebooks_that_do_not_do_everything(cells: list[str]) -> None:
    files = {"a.ipynb": {"notebook": cells}, "b.py": "from sklearn.svm import SVC\nSVC().fit(x, y)\n"}
    assert judge("single-notebook-architecture", files).score == 1.0


def test_the_share_of_notebooks_can_be_set() -> None:
    files = {"a.ipynb": MONOLITH, "lib/core.py": {"lines": 60}}
    assert judge("single-notebook-architecture", files).score == 0.5
    strict = Config(thresholds=Thresholds(notebook_share=0.3))
    assert judge("single-notebook-architecture", files, strict).score == 0.0


@pytest.mark.parametrize(("modules", "score"), [(187, 1.0), (80, 0.6), (40, 0.27), (20, 0.0)])
def test_share_of_logic_in_notebooks_is_linear(modules: int, score: float) -> None:
    outcome = judge("logic-only-in-notebooks", {"a.ipynb": {"notebook": ["y = 1\n" * 80]}, "m.py": {"lines": modules}})
    assert outcome.score == pytest.approx(score, abs=0.01)
    assert f"80 of {80 + modules} lines" in outcome.reason


def output(size: int, **parts: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "data": {"image/png": "A" * size}, "metadata": {}, **parts}


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ({"code": "x = 1\n" * 501}, "501 lines of code"),
        ({"code": "x", "outputs": [output(250_000)]}, "an output of 250 KB"),
        ({"code": "x", "outputs": [output(180_000)] * 3}, "540 KB of outputs"),
        ({"code": "x", "outputs": [output(1_100_000)]}, "a file of 1.1 MB, 100% of it outputs"),
        ({"markdown": "text\n" * 5_100}, "lines of JSON"),
    ],
)
def test_what_makes_a_notebook_too_large(cell: dict[str, Any], told: str) -> None:
    outcome = judge("bloated-notebook", {"a.ipynb": {"notebook": [cell]}})
    assert outcome.score == 0.0
    assert told in outcome.hits[0].detail


def test_what_an_error_says_is_never_shown() -> None:
    error = {"output_type": "error", "ename": "AuthError", "evalue": "token abc-123 is invalid", "traceback": []}
    files = {"a.ipynb": {"notebook": [{"code": "import pandas as pd\npd.read_csv('a')", "outputs": [error]}]}}
    outcome = judge("bloated-notebook", files)
    assert outcome.hits[0].detail == "a committed AuthError"
    assert "abc-123" not in repr(outcome)


def test_a_documentation_site_wants_outputs() -> None:
    files = {"docs/a.ipynb": {"notebook": [{"code": "x", "outputs": [output(1_100_000)]}]}}
    assert judge("bloated-notebook", files).score == 0.0
    assert judge("bloated-notebook", {**files, "docs/conf.py": "extensions = ['nbsphinx']\n"}).score == 1.0


def test_one_finding_per_notebook_names_the_first_sign() -> None:
    cells = [{"code": "a = 1", "count": 3}, {"code": "b = c", "count": 3}, {"code": "d = 1", "count": 1}]
    outcome = judge("notebook-hidden-state", {"a.ipynb": {"notebook": cells}})
    assert [str(hit.location) for hit in outcome.hits] == ["a.ipynb cell 2"]
    assert "execution count 3 of an earlier cell" in outcome.hits[0].detail


def test_a_run_that_ended_with_an_error() -> None:
    error = {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []}
    cells: list[Any] = [{"code": "a = 1", "count": 1}, {"code": "b = 2", "count": 2, "outputs": [error]}]
    assert judge("notebook-hidden-state", {"a.ipynb": {"notebook": cells}}).score == 0.0
    cells[1]["tags"] = ["raises-exception"]
    assert judge("notebook-hidden-state", {"a.ipynb": {"notebook": cells}}).score == 1.0


FUNCTION = "def f(df):\n" + "".join(f"    a_{i} = {i}\n" for i in range(20)) + "    return df\n"


def test_large_functions_weigh_less_in_large_projects() -> None:
    large = "def g(x):\n" + "".join(f"    x = h(x, {i})\n" for i in range(90)) + "    return x\n"
    small = judge("unmodular-code", {"a.py": FUNCTION, "b.py": large, "c.py": large})
    assert small.score is not None
    assert small.score < 0.9
    assert any("g() has 91 statements" in hit.detail for hit in small.hits)
    many = {f"m_{i}.py": FUNCTION.replace("a_", f"v{i}_") for i in range(400)}
    assert judge("unmodular-code", {**many, "b.py": large}).score == 1.0


def test_copied_blocks_are_found() -> None:
    block = "".join(f"    value_{i} = compute(value_{i - 1}, {i})\n" for i in range(1, 60))
    files = {f"{name}.py": f"def {name}(x):\n    value_0 = x\n{block}    return x\n" for name in "abc"}
    outcome = judge("unmodular-code", files)
    assert any("shares" in hit.detail and "with 2 files" in hit.detail for hit in outcome.hits)
    assert outcome.score is not None
    assert outcome.score < 0.9
    assert judge("unmodular-code", {name: files[name] for name in ("a.py", "b.py")}).score == 1.0


@pytest.mark.parametrize(
    "text",
    [
        "/home/ada/data.csv",
        "/Users/ada/x",
        "C:\\Users\\ada\\x.csv",
        "D:/data/x.csv",
        "/mnt/c/Users/ada/x",
        "/scratch/ada/run",
        "file:///home/ada/x",
        "/content/drive/My Drive/x.csv",
        "/data/train/images/a.png",
        "\\\\server\\share\\x",
        "/root/project/a.csv",
    ],
)
def test_paths_of_one_machine(text: str) -> None:
    assert is_machine_path(text)


@pytest.mark.parametrize(
    "text",
    [
        "/tmp/x",
        "/etc/hosts",
        "/dev/null",
        "/opt/ml/model",
        "/home/jovyan/work",
        "/home/runner/work",
        "/kaggle/working/",
        "/mnt/data/x.csv",
        "/mnt/azure",
        "/data/latest",
        "/data",
        "/home/",
        "/home/{user}/x",
        "/home/<user>/x",
        "/home/path/to/x",
        "/home/your_name/x",
        "/api/v1/predict",
        "//div[@class='a']",
        "C:",
        "\\\\n",
        "a:/",
        "/home/ada/(\\d+)",
        "/users/list",
        "C:\\Program Files\\nodejs\\node.exe",
        "/home/jupyter/work",
        "/data/plugin/manager/",
        "file:///usr/lib/x.jar",
        "C:\\Users\\username\\Downloads",
        "A:\\n\\nAssistant:",
    ],
)
def test_paths_that_everybody_has(text: str) -> None:
    assert not is_machine_path(text)


def test_data_folders_of_containers() -> None:
    files = {"a.py": 'P = "/data/train.csv"\n'}
    assert judge("hardcoded-absolute-path", files).hits
    assert not judge("hardcoded-absolute-path", {**files, "docker/Dockerfile": "FROM python\n"}).hits


def test_findings_of_paths_do_not_depend_on_the_order_of_files() -> None:
    files = dict.fromkeys(("b.py", "a.py", "c.py"), 'P = "/home/ada/x/y"\n')
    one = judge("hardcoded-absolute-path", files)
    two = judge("hardcoded-absolute-path", dict(reversed(files.items())))
    assert one == two
    assert one.score == pytest.approx(0.5**1.5)


@pytest.mark.parametrize(
    "reader",
    [
        "import hydra\n@hydra.main()\ndef main(cfg):\n    ...\n",
        "from omegaconf import OmegaConf\ncfg = OmegaConf.load('a.yaml')\n",
        "import click\n@click.command()\ndef main():\n    ...\n",
        "import typer\napp = typer.Typer()\n",
        "from absl import flags\nflags.DEFINE_float('lr', 0.1, '')\n",
        "from pydantic_settings import BaseSettings\nclass S(BaseSettings):\n    lr: float = 0.1\n",
        "import os\na = os.environ['DATA']\nb = os.getenv('MODEL')\n",
        "from transformers import HfArgumentParser\nHfArgumentParser(x)\n",
        "import yaml\nyaml.safe_load(open('params.yaml'))\n",
        "exec(open('configurator.py').read())\n",
    ],
)
def test_ways_to_read_settings(reader: str) -> None:
    train = (
        "from xgboost import XGBClassifier\nXGBClassifier(n_estimators=9, max_depth=3, learning_rate=0.1).fit(x, y)\n"
    )
    assert judge("config-in-code", {"train.py": train}).score == 0.0
    outcome = judge("config-in-code", {"train.py": reader + train})
    assert outcome.score == 1.0
    assert outcome.evidence[0].location is not None


def test_settings_read_elsewhere_do_not_excuse_literals() -> None:
    train = (
        "from xgboost import XGBClassifier\nXGBClassifier(n_estimators=9, max_depth=3, learning_rate=0.1).fit(x, y)\n"
    )
    files = {"model/train.py": train, "tools/clean.py": "import argparse\nargparse.ArgumentParser()\n"}
    assert judge("config-in-code", files).score == 0.0


def test_notebooks_count_only_where_no_module_trains() -> None:
    literal = "from xgboost import XGBClassifier\nXGBClassifier(n_estimators=9, max_depth=3, eta=0.1, lr=1).fit(x, y)\n"
    book = {"notebook": [literal]}
    assert judge("config-in-code", {"a.ipynb": book}).score == 0.0
    assert (
        judge("config-in-code", {"a.ipynb": book, "train.py": "from xgboost import train\ntrain(p, d)\n"}).score == 1.0
    )


def test_an_address_is_shown_without_what_follows_the_host() -> None:
    app = "from fastapi import FastAPI\napp = FastAPI()\nA = 'postgresql://admin:pw1@db/x'\nB = 's3://bucket/secret-path'\n"
    outcome = judge("config-in-code", {"app.py": app})
    assert outcome.score == 0.0
    assert all("pw1" not in hit.detail and "secret-path" not in hit.detail for hit in outcome.hits)


SAVED = {
    "train.py": "import joblib\nfrom sklearn.svm import SVC\n"
    "def train():\n    m = SVC().fit(x, y)\n    joblib.dump(m, 'm')\n"
}


@pytest.mark.parametrize(
    "app",
    [
        "from flask import Flask\nfrom train import train\napp = Flask(__name__)\n"
        "@app.route('/p')\ndef p():\n    return train().predict(x)\n",
        "from fastapi import APIRouter\nimport train\nrouter = APIRouter()\n"
        "@router.post('/p')\nasync def p(row):\n    train.train()\n",
        "from train import train\ndef model_fn(d):\n    return train()\n"
        "def predict_fn(a, m):\n    return m.predict(a)\n",
        "from train import train\ndef lambda_handler(event, context):\n    return train().predict(event)\n",
        "from train import train\ndef init():\n    global m\n    m = train()\n"
        "def run(data):\n    return m.predict(data)\n",
        "from cog import BasePredictor\nfrom train import train\nclass P(BasePredictor):\n"
        "    def predict(self, x):\n        return self.model().predict(x)\n"
        "    def model(self):\n        return train()\n",
    ],
)
def test_handlers_that_reach_training(app: str) -> None:
    outcome = judge("retrain-on-predict", {**SAVED, "app.py": app})
    assert outcome.score == 0.0
    assert outcome.confidence is Confidence.HIGH
    assert outcome.hits[0].location is not None
    assert outcome.hits[0].location.path == "app.py"
    assert "train.py" in outcome.hits[0].detail


def test_a_route_that_starts_training_on_purpose_is_not_judged_by_its_neighbours() -> None:
    app = (
        "import joblib\nfrom fastapi import FastAPI\napp = FastAPI()\nm = joblib.load('m')\n"
        "def helper():\n    from sklearn.svm import SVC\n    SVC().fit(x, y)\n"
        "@app.post('/p')\ndef p(row):\n    return m.predict(row)\n"
    )
    assert judge("retrain-on-predict", {**SAVED, "app.py": app}).score == 1.0


def test_calls_that_go_round_in_circles_end() -> None:
    app = (
        "from flask import Flask\napp = Flask(__name__)\nm = load_model()\n"
        "@app.route('/p')\ndef p():\n    return q()\ndef q():\n    return p()\n"
    )
    assert judge("retrain-on-predict", {**SAVED, "app.py": app}).score == 1.0


@pytest.mark.parametrize("name", sorted(CHECKS))
@pytest.mark.parametrize(
    "files",
    [
        {},
        {"a.ipynb": "{ broken", "b.py": "def f(:\n", "c.py": ""},
        {"a.ipynb": {"notebook": []}, "b.ipynb": {"notebook": [{"markdown": "text"}]}},
        {
            "a.py": b"\xff\xfe\x00".decode("latin-1"),
            "b.yaml": "a: [",
            "settings.ini": "lib_name",
            "pyproject.toml": "x =",
        },
    ],
)
def test_no_check_trips_over_empty_or_broken_repositories(name: str, files: dict[str, Any]) -> None:
    outcome = judge(name, files)
    assert outcome.reason
