"""Data files, and what really gives data a version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from prodcheck.checks import load_check
from prodcheck.checks.data import data_not_versioned
from prodcheck.config import Config, Thresholds
from prodcheck.extract.python import Call
from prodcheck.extract.run import extract_all
from prodcheck.facts import Facts
from prodcheck.facts.data import kind_of
from prodcheck.facts.data_calls import judge
from prodcheck.model import Confidence, GitState, Severity
from prodcheck.repository.memory import CLONED, MemoryRepository

TRAIN = """\
import pandas as pd
from sklearn.linear_model import LogisticRegression

frame = pd.read_csv("data/train.csv")
model = LogisticRegression()
model.fit(frame[["x"]], frame["y"])
"""
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345678\n"


def facts_of(files: Mapping[str, str | bytes], links: Mapping[str, str] | None = None, git: GitState = CLONED) -> Facts:
    repository = MemoryRepository(files, git, links=links)
    return Facts(repository, extract_all(repository), Config(), ())


@pytest.mark.parametrize(
    ("path", "size", "kind"),
    [
        ("data/train.csv", 10, "data"),
        ("data/train.csv.gz", 10, "data"),
        ("models/model.pkl", 10, "model"),
        ("data/processed/rows.pkl", 10, "data"),
        ("weights.h5", 10, "model"),
        ("frames.h5", 10, "data"),
        ("net.onnx", 10, "model"),
        ("firmware.bin", 100, None),
        ("pytorch_model.bin", 400_000, "model"),
        ("package.json", 2_000, None),
        ("data/records.json", 2_000, "data"),
        ("download.zip", 5_000, None),
        ("README.md", 5_000_000, None),
        ("train.py", 100, None),
    ],
)
def test_names_and_sizes_tell_data_from_models(path: str, size: int, kind: str | None) -> None:
    assert kind_of(path, size) == kind


def test_pointers_and_links_stand_for_files_kept_elsewhere() -> None:
    facts = facts_of(
        {
            "data/a.csv": POINTER,
            "data/b.csv": b"x,y\n" * 100,
            "data/c.parquet.dvc": "outs:\n- md5: " + "a" * 32 + "\n  size: 5000\n  path: c.parquet\n",
        },
        links={"data/d.nii.gz": "../.git/annex/objects/Xx/Yy/SHA256E-s7000--abc.nii.gz/SHA256E-s7000--abc.nii.gz"},
    )
    found = {f.path: (f.size, f.pointer) for f in facts.data.data_files}
    assert found["data/b.csv"] == (400, False)
    assert found["data/c.parquet"] == (5000, True)
    assert found["data/d.nii.gz"] == (7000, True)
    assert found["data/a.csv"][1] is True
    assert facts.data.bytes_in_git == 400
    assert [str(e.location) for e in facts.data.versioned] == ["data/c.parquet.dvc:2", "data/a.csv", "data/d.nii.gz"]


def test_dvc_without_a_hash_or_with_outputs_kept_in_git_tracks_nothing() -> None:
    facts = facts_of(
        {
            "raw.csv.dvc": "outs:\n- path: raw.csv\n",
            "other.dvc": "title: somebody else's suffix\n",
            "broken.dvc": "outs: [\n",
            "dvc.yaml": "stages:\n  e:\n    cmd: x\n    metrics:\n    - m.json:\n        cache: false\n",
            "dvc.lock": "schema: '2.0'\nstages:\n  e:\n    cmd: x\n    outs:\n    - path: m.json\n      md5: abc\n",
        }
    )
    assert facts.data.versioned == ()
    assert [e.detail for e in facts.data.initialised] == ["DVC runs a pipeline"]


@pytest.mark.parametrize(
    ("call", "verdict"),
    [
        (Call("pandas.read_csv", 1, text="x.csv"), None),
        (Call("wandb.init().use_artifact", 1, text="acme/churn/train:v3"), "versioned"),
        (Call("wandb.init().use_artifact", 1, text="train:latest"), "initialised"),
        (Call("wandb.Artifact", 1, {"type": "dataset"}), "versioned"),
        (Call("wandb.Artifact", 1, {"type": "model"}), None),
        (Call("?.option", 1, text="versionAsOf"), "versioned"),
        (Call("?.option", 1, text="header"), None),
        (Call("?.sql", 1, text="SELECT * FROM t VERSION AS OF 3"), "versioned"),
        (Call("dvc.api.open", 1, {"rev": "v1"}), "versioned"),
        (Call("dvc.api.open", 1), "initialised"),
        (Call("mlflow.log_input", 1), "versioned"),
        (Call("pooch.retrieve", 1, {"known_hash": "sha256:x"}), "versioned"),
        (Call("pooch.retrieve", 1, {"known_hash": None}), None),
        (Call("datasets.load_dataset", 1, {"revision": "abc"}, text="imdb"), "versioned"),
        (Call("datasets.load_dataset", 1, text="imdb"), "initialised"),
        (Call("datasets.load_dataset", 1, text="csv"), None),
        (Call("sklearn.datasets.load_iris", 1), "public"),
        (Call("torchvision.datasets.MNIST", 1), "public"),
        (Call("torchvision.datasets.ImageFolder", 1), None),
        (Call("tensorflow.keras.datasets.mnist.load_data", 1), "public"),
    ],
)
def test_what_calls_say_about_versions(call: Call, verdict: str | None) -> None:
    found = judge(call)
    assert (found[0] if found else None) == verdict


def test_kedro_and_azure_catalogues() -> None:
    facts = facts_of(
        {
            "conf/base/catalog.yml": "raw:\n  type: pandas.CSVDataset\nmodel_input:\n  versioned: true\n",
            "job.yml": "inputs:\n  train:\n    path: azureml:taxi:3\n  other:\n    path: azureml:x@latest\n",
        }
    )
    assert [e.detail for e in facts.data.versioned] == [
        "model_input is a versioned dataset",
        "reads the data asset azureml:taxi:3",
    ]


def test_small_data_in_git_passes_and_the_limit_is_a_setting() -> None:
    files = {"train.py": TRAIN, "data/train.csv": b"a,b\n" * 50_000}
    outcome = data_not_versioned(facts_of(files), {})
    assert outcome.score == 1
    assert outcome.confidence is Confidence.HIGH
    repository = MemoryRepository(files)
    strict = Facts(repository, extract_all(repository), Config(thresholds=Thresholds(small_data_mb=0.1)), ())
    assert data_not_versioned(strict, {}).score == 0


def test_data_in_git_is_spoken_of_softly_until_git_cannot_bear_it() -> None:
    def severity(size: int) -> Severity | None:
        files = {"train.py": TRAIN, "data/train.csv": b"a,b\n" * (size // 4)}
        return data_not_versioned(facts_of(files), {}).hits[0].severity

    assert severity(3_000_000) is Severity.MINOR
    assert severity(12_000_000) is None


def test_small_data_outside_git_has_no_version() -> None:
    files = {"train.py": TRAIN, "data/train.csv": b"a,b\n" * 100}
    assert data_not_versioned(facts_of(files, git=GitState(state="none")), {}).score == 0


def test_a_file_that_the_project_writes_is_not_its_data() -> None:
    source = TRAIN + 'frame.to_csv("clean.csv")\nagain = pd.read_csv("clean.csv")\n'
    outcome = data_not_versioned(facts_of({"train.py": source, "data/train.csv": b"a,b\n"}), {})
    assert outcome.score == 1


def test_the_unversioned_input_is_named() -> None:
    source = TRAIN.replace("data/train.csv", "s3://bucket/train.csv")
    outcome = data_not_versioned(facts_of({"train.py": source}), {})
    assert outcome.score == 0
    assert str(outcome.hits[0].location) == "train.py:4"
    assert "s3://bucket/train.csv" in outcome.reason


def test_only_a_model_is_tracked() -> None:
    outcome = data_not_versioned(facts_of({"train.py": TRAIN, "model.pkl": POINTER}), {})
    assert outcome.score == 0.6


def test_a_dependency_alone_earns_little() -> None:
    outcome = data_not_versioned(facts_of({"train.py": TRAIN, "requirements.txt": "pandas\nscikit-learn\ndvc\n"}), {})
    assert outcome.score == 0.3
    assert outcome.reason == "dvc is installed, not used"


FIT = """\
import os
import joblib
from sklearn.linear_model import LogisticRegression

model = LogisticRegression()
model.fit(x, y)
"""


@pytest.mark.parametrize(
    ("saving", "fixed"),
    [
        ('joblib.dump(model, "model.joblib")', "model.joblib"),
        ('joblib.dump(\n    model,\n    "models/model.joblib",\n)', "models/model.joblib"),
        ('with open("model.pkl", "wb") as f:\n    joblib.dump(model, f)', "model.pkl"),
        ('joblib.dump(model, os.path.join("models", "model.pkl"))', "model.pkl"),
        ('joblib.dump(model, os.path.join(args.out, "model.pkl"))', ""),
        ('joblib.dump(model, out / "model.pkl")', ""),
        ('joblib.dump(model, out + "model.pkl")', ""),
        ('joblib.dump(model, f"{run}/model.pkl")', ""),
        ('joblib.dump(model, f"models/model.pkl")', "models/model.pkl"),
        ('joblib.dump(model, "model_%s.pkl" % day)', ""),
        ('joblib.dump(model, "model_{}.pkl".format(day))', ""),
        ('joblib.dump(model, path.replace(".csv", "_model.pkl"))', ""),
        ("joblib.dump(model, path)\n\ndef load(name='model.pkl'):\n    return name", ""),
    ],
)
def test_names_under_which_models_are_saved(saving: str, fixed: str) -> None:
    outcome = load_check("model-not-versioned")(facts_of({"train.py": FIT + saving + "\n"}), {})
    if fixed:
        assert outcome.score == 0
        assert outcome.hits[0].identity == fixed
    else:
        assert outcome.score == 0.5


def test_a_pickle_of_something_else_is_not_the_model() -> None:
    files = {
        "train.py": FIT + "joblib.dump(model, path)\n",
        "prepare.py": 'import joblib\njoblib.dump(meta, "meta.pkl")\n',
    }
    outcome = load_check("model-not-packaged")(facts_of(files), {})
    assert [str(h.location) for h in outcome.hits] == ["train.py:7"]


def test_large_files_in_tests_weigh_less() -> None:
    def score(path: str) -> float | None:
        return load_check("large-file-in-git")(facts_of({path: b"x" * 2_000_000}), {}).score

    assert score("data/a.csv") == 0.6
    assert score("tests/data/a.csv") == 0.8
    assert score("docs/a.png") == 1


def test_untracked_files_are_not_in_git() -> None:
    facts = facts_of({"data/a.csv": b"x" * 2_000_000})
    extraction = facts.extraction
    files = {path: replace(file, tracked=False) for path, file in extraction.files.items()}
    untracked = Facts(facts.repository, replace(extraction, files=files), Config(), ())
    assert load_check("large-file-in-git")(untracked, {}).score == 1
