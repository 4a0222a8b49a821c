"""Loads that run code, and code that is fetched - beyond the examples in the rule files."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest

from prodcheck.checks import load_check
from prodcheck.config import Config
from prodcheck.extract.run import extract_all
from prodcheck.facts import Facts
from prodcheck.model import Kind, Outcome, Severity
from prodcheck.repository.memory import MemoryRepository


def outcome(rule: str, files: Mapping[str, str]) -> Outcome:
    repository = MemoryRepository(files)
    return load_check(rule)(Facts(repository, extract_all(repository), Config(kind=Kind.TRAINING), ()), {})


def loads(code: str, **files: str) -> Outcome:
    more = {name.replace("__", "."): text for name, text in files.items()}
    return outcome("unsafe-deserialization", {"load.py": code, **more})


def trusts(path: str, text: str) -> Outcome:
    return outcome("remote-code-trust", {path: text})


# Where the bytes come from


@pytest.mark.parametrize(
    "code",
    [
        "import pickle, urllib.request\nx = pickle.load(urllib.request.urlopen('https://a/b'))\n",
        "import pickle, requests\n\n\ndef f(u):\n    r = requests.get(u)\n    return pickle.loads(r.content)\n",
        "import joblib\nfrom huggingface_hub import hf_hub_download as get\nm = joblib.load(get('a/b', 'm.pkl'))\n",
        "import pandas as pd\nx = pd.read_pickle('https://a/b.pkl')\n",
        "import pandas as pd\nx = pd.read_pickle('s3://a/b.pkl')\n",
        "import dill\nfrom smart_open import open as sopen\nwith sopen('s3://a/b') as f:\n    x = dill.load(f)\n",
        "import joblib\nimport streamlit as st\nf = st.file_uploader('model')\nm = joblib.load(f)\n",
        "import torch\nfrom torch.hub import download_url_to_file\np = download_url_to_file('https://a', 'b')\n"
        "torch.load(p, weights_only=False)\n",
    ],
)
def test_bytes_from_outside_fail(code: str) -> None:
    assert loads(code).score == 0.0


@pytest.mark.parametrize(
    "code",
    [
        "import pickle\nx = pickle.load(open('model.pkl', 'rb'))\npickle.dump(x, open('model.pkl', 'wb'))\n",
        "import joblib, os\nm = joblib.load(os.path.join(d, 'model.joblib'))\njoblib.dump(m, 'out/model.joblib')\n",
        "import torch\nstate = torch.load(args.resume, weights_only=False)\ntorch.save(state, args.out)\n",
        "import numpy as np\nx = np.load('a.npy', allow_pickle=True)\nnp.save('a.npy', x)\n",
        "import pickle\nx = pickle.load(open('http.pkl', 'rb'))\npickle.dump(x, open('http.pkl', 'wb'))\n",
    ],
)
def test_what_the_project_wrote_itself_is_told_once_and_quietly(code: str) -> None:
    found = loads(code)
    assert found.score == 0.7
    assert [hit.severity for hit in found.hits] == [Severity.INFO]


def test_a_download_in_another_function_is_not_this_one() -> None:
    code = (
        "import pickle, requests\n\n\ndef fetch(u):\n    data = requests.get(u).json()\n    return data\n\n\n"
        "def load():\n    with open('/x/y.pkl', 'rb') as data:\n        return pickle.load(data)\n"
    )
    assert loads(code).score == 0.4


def test_a_service_on_the_same_machine_is_not_outside() -> None:
    code = "import pickle, requests\nx = pickle.loads(requests.get('http://localhost:80/x').content)\n"
    assert loads(code).score != 0.0


def test_several_loads_in_one_file_are_one_finding() -> None:
    code = "import pickle\n" + "".join(f"x{i} = pickle.load(open('/x/{i}.pkl', 'rb'))\n" for i in range(5))
    (hit,) = loads(code).hits
    assert "5 such calls" in hit.detail


def test_a_scanner_in_ci_softens_the_verdict() -> None:
    code = "import pickle, requests\nx = pickle.loads(requests.get('https://a/b').content)\n"
    workflow = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: modelscan -p models/\n"
    plain = outcome("unsafe-deserialization", {"load.py": code})
    scanned = outcome("unsafe-deserialization", {"load.py": code, ".github/workflows/ci.yml": workflow})
    assert (plain.score, scanned.score) == (0.0, 0.4)


# Versions of PyTorch


@pytest.mark.parametrize(
    ("requirement", "score"),
    [
        ("torch>=2.6", 1.0),
        ("torch==2.7.1", 1.0),
        ("torch~=2.6.0", 1.0),
        ("torch==2.12.0+cpu", 1.0),
        ("torch", 0.7),
        ("torch>=1.0.0", 0.7),
        ("torch>=2.0,!=2.6.0", 0.7),
        ("torch==2.1.0", 0.4),
        ("torch>=1.8,<2.0", 0.4),
        ("torch==1.13.1", 0.4),
    ],
)
def test_the_default_of_torch_load_depends_on_the_version(requirement: str, score: float) -> None:
    files = {"load.py": "import torch\ntorch.load('/x/encoder.pt')\n", "requirements.txt": requirement + "\n"}
    assert outcome("unsafe-deserialization", files).score == score


@pytest.mark.parametrize(
    "code",
    [
        "import json\nx = json.load(open('a.json'))\n",
        "import yaml\nx = yaml.load(open('a.yml'), Loader=yaml.SafeLoader)\n",
        "import yaml\nx = yaml.load(open('a.yml'), yaml.FullLoader)\n",
        "import numpy as np\nx = np.load('a.npy')\n",
        "from tensorflow import keras\nm = keras.models.load_model('m.keras')\n",
        "class A:\n    def load(self):\n        return self.load()\n",
    ],
)
def test_loads_that_run_nothing_are_not_asked_about(code: str) -> None:
    assert loads(code).applicable is False


# Remote code


@pytest.mark.parametrize(
    "line",
    [
        "curl -s https://a.b/x | python -m json.tool",
        "curl -s https://a.b/x | python3 -c 'import sys'",
        "curl -s http://localhost:8000/health | python3",
        "curl -s https://a.b/x | jq .version",
        "curl -s https://a.b/x.tar.gz | tar xz",
        "curl -s https://a.b/x > install.sh",
        "wget -qO- https://a.b/x | tee out",
        "# curl -s https://a.b/x | sh",
        "echo 'curl -s https://a.b/x | sh'",
        "curl -s https://a.b/x | sha256sum",
    ],
)
def test_pipes_that_run_no_downloaded_code(line: str) -> None:
    assert trusts("x.sh", f"#!/bin/sh\n{line}\n").applicable is False


@pytest.mark.parametrize(
    "line",
    [
        "curl -s https://a.b/x | sh",
        "curl -fsSL https://a.b/x | sudo -E bash -",
        "wget -qO- https://a.b/x | bash -s -- -y",
        "bash <(curl -s https://a.b/x)",
        'sh -c "$(curl -fsSL https://a.b/x)"',
        "curl -s https://a.b/x | python3 -",
        "curl -s https://a.b/x | \\\n  sh",
    ],
)
def test_pipes_that_run_downloaded_code(line: str) -> None:
    found = trusts("x.sh", f"#!/bin/sh\n{line}\n")
    assert found.score == 0.3
    assert found.hits[0].location is not None
    assert found.hits[0].location.line == 2


def test_what_ci_installs_from_a_branch_is_its_own_business() -> None:
    workflow = (
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - run: pip install git+https://github.com/org/repo.git\n"
    )
    assert trusts(".github/workflows/ci.yml", workflow).applicable is False


def test_no_finding_shows_a_password_in_an_address() -> None:
    secret = "pa" + "ss" + "word"
    text = f"#!/bin/sh\npip install git+https://user:{secret}@a.b/org/repo.git\ncurl https://user:{secret}@a.b/x | sh\n"
    found = trusts("x.sh", text)
    assert found.hits
    assert all(secret not in hit.detail + hit.identity for hit in found.hits)


@pytest.mark.parametrize(
    ("argument", "score"),
    [
        ("trust_remote_code=True", 0.3),
        ("trust_remote_code=True, revision='main'", 0.3),
        ("trust_remote_code=True, revision='" + "ab12" * 10 + "'", 0.7),
        ("trust_remote_code=True, revision=settings.revision", 0.7),
        ("trust_remote_code=settings.trust", None),
    ],
)
def test_the_revision_decides(argument: str, score: float | None) -> None:
    code = f"from transformers import AutoModel\nAutoModel.from_pretrained('org/model', {argument})\n"
    assert trusts("x.py", code).score == score


def test_long_lines_take_no_long_time() -> None:
    line = "curl a " * 30_000 + "\n" + "pip install x " * 20_000 + "\n" + "echo 'x' " * 20_000 + "\n"
    started = time.perf_counter()
    trusts("x.sh", line)
    assert time.perf_counter() - started < 20
