"""Ten kinds of repository that everybody knows, in the order in which a person would rank them.

Each is a small repository in memory. What is asserted is the order and the letter, not a number: numbers move with the
rules, the order must not.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from prodcheck._audit import audit_repository
from prodcheck.config import Config, parse
from prodcheck.model import Kind, Report
from prodcheck.rules import Ruleset, load_ruleset
from prodcheck.testing import repository

EXAMPLE = Path(__file__).parent.parent / "examples" / "churn-service"
Files = Mapping[str, object]

EVERYTHING = """\
import pandas as pd
import numpy as np
from sklearn.preprocessing import StandardScaler
from sklearn.model_selection import train_test_split
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score

df = pd.read_csv("/home/me/churn.csv")
df = df.fillna(0)
df["tenure"] = df["tenure"].astype(float)
X = StandardScaler().fit_transform(df.drop(columns="churned"))
y = df["churned"]
X_train, X_test, y_train, y_test = train_test_split(X, y)
n_estimators = 300
max_depth = 7
model = RandomForestClassifier(n_estimators=n_estimators, max_depth=max_depth)
model.fit(X_train, y_train)
print(accuracy_score(y_test, model.predict(X_test)))
new = pd.read_csv("new_customers.csv")
print(model.predict(new))
"""
PADDING = "\n".join(f"df['ratio_{i}'] = df['calls'] / (df['minutes'] + {i})" for i in range(120))


def notebook(*extra: str) -> Files:
    return {"notebook": [{"code": code} for code in (*extra, EVERYTHING, PADDING)]}


TRAIN_PY = """\
import argparse

import joblib
import pandas as pd
from sklearn.ensemble import RandomForestClassifier


def train(data: str, model_path: str, trees: int) -> None:
    frame = pd.read_csv(data)
    model = RandomForestClassifier(n_estimators=trees, random_state=0)
    model.fit(frame.drop(columns="y"), frame["y"])
    joblib.dump(model, model_path)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="data/raw/train.csv")
    parser.add_argument("--model", default="models/model.joblib")
    parser.add_argument("--trees", type=int, default=100)
    arguments = parser.parse_args()
    train(arguments.data, arguments.model, arguments.trees)


if __name__ == "__main__":
    main()
"""
MODULE = "".join(
    f"def feature_{i}(frame):\n    column = frame['c{i}']\n    return column.fillna({i})\n\n\n" for i in range(60)
)
README = """\
# Churn

This project predicts which customers leave, from the usage of the last ninety days. The data comes from the billing
warehouse and belongs to the sales team; ask there for access. The model is a random forest, retrained by hand.

## Setup

    pip install -r requirements.txt

## Train

    python -m churn.train --data data/raw/train.csv
"""
PINS = "pandas==2.2.3\nscikit-learn==1.5.2\njoblib==1.4.2\n"

ARTICLE: Files = {"Untitled3.ipynb": notebook("token = '${secret:huggingface}'")}
PUSHED: Files = {"Untitled3.ipynb": notebook(), "README.md": "# churn\n\nMy churn model.\n"}
CCDS: Files = {
    "README.md": README,
    "LICENSE": "MIT License\n\nPermission is hereby granted, free of charge, to any person\n",
    "Makefile": "requirements:\n\tpip install -r requirements.txt\n\nlint:\n\truff check churn\n",
    "pyproject.toml": "[project]\nname = 'churn'\nversion = '0.1'\nrequires-python = '~=3.12.0'\n[tool.ruff]\nline-length = 99\n",
    "requirements.txt": "pandas\nscikit-learn\njoblib\nruff\n",
    ".gitignore": "__pycache__/\n/data/\n*.pyc\n.env\n.venv\n",
    "churn/__init__.py": "",
    "churn/config.py": "from pathlib import Path\n\nROOT = Path(__file__).parents[1]\n",
    "churn/features.py": MODULE,
    "churn/modeling/__init__.py": "",
    "churn/modeling/train.py": TRAIN_PY,
    "data/raw/.gitkeep": "",
    "data/processed/.gitkeep": "",
    "models/.gitkeep": "",
    "notebooks/.gitkeep": "",
    "reports/.gitkeep": "",
}
DVC: Files = {
    "README.md": README,
    "requirements.txt": "dvc==3.55.0\n" + PINS,
    ".dvc/config": "[core]\n    remote = storage\n['remote \"storage\"']\n    url = s3://bucket/dvc\n",
    "dvc.yaml": "stages:\n  prepare:\n    cmd: python src/prepare.py\n    deps: [data/data.xml]\n    outs: [data/prepared]\n"
    "  train:\n    cmd: python src/train.py\n    deps: [data/prepared]\n    params: [train]\n    outs: [model.pkl]\n"
    "metrics: [metrics.json]\n",
    "dvc.lock": "schema: '2.0'\nstages:\n  train:\n    cmd: python src/train.py\n    outs:\n"
    "    - path: model.pkl\n      hash: md5\n      md5: 0123456789abcdef0123456789abcdef\n      size: 1000\n",
    "data/data.xml.dvc": "outs:\n- md5: 0123456789abcdef0123456789abcdef\n  size: 14445097\n  path: data.xml\n",
    "params.yaml": "train:\n  trees: 100\n",
    ".gitignore": "__pycache__/\n/model.pkl\n.venv\n",
    "src/prepare.py": "import pandas as pd\n\n\n" + MODULE,
    "src/train.py": TRAIN_PY,
}
NANOGPT: Files = {
    "README.md": "# nano\n\nThe simplest repository for training a small model.\n\n```\npython train.py\n```\n",
    "LICENSE": "MIT License\n\nPermission is hereby granted, free of charge, to any person\n",
    "train.py": "import numpy as np\nimport torch\n\nfrom model import Model\n\nbatch_size = 12\nlearning_rate = 6e-4\n"
    "max_iters = 600000\ndata = np.memmap('data/train.bin', dtype=np.uint16)\nmodel = Model()\n"
    "optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)\nfor step in range(max_iters):\n"
    "    loss = model(torch.from_numpy(data[:batch_size]))\n    loss.backward()\n    optimizer.step()\n"
    "torch.save(model.state_dict(), 'ckpt.pt')\n",
    "model.py": "import torch\n\n\nclass Model(torch.nn.Module):\n"
    + "".join(f"    def layer_{i}(self, x):\n        return x * {i}\n\n" for i in range(80)),
    "sample.py": "import torch\n\nfrom model import Model\n\nmodel = Model()\nmodel.load_state_dict(torch.load('ckpt.pt'))\n",
}
FAKE_CI: Files = {
    "README.md": README,
    "requirements.txt": "pandas\nscikit-learn\njoblib\nmlflow==2.17.0\nflask\n-e .\n",
    "setup.py": "from setuptools import find_packages, setup\n\nsetup(name='churn', version='0.1', packages=find_packages())\n",
    "Dockerfile": "FROM python:3.11-slim\nWORKDIR /app\nCOPY . /app\nRUN pip install -r requirements.txt\n"
    'CMD ["python", "app.py"]\n',
    ".github/workflows/main.yaml": "name: ci\non:\n  push:\n    branches: [main]\njobs:\n  integration:\n"
    "    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n"
    '      - run: echo "Linting repository"\n      - run: echo "Running unit tests"\n',
    "app.py": "import joblib\nfrom flask import Flask, jsonify, request\n\napp = Flask(__name__)\n"
    "model = joblib.load('models/model.joblib')\n\n\n@app.route('/predict', methods=['POST'])\ndef predict():\n"
    "    return jsonify(model.predict([request.json['features']]).tolist())\n",
    "params.yaml": "trees: 100\n",
    ".gitignore": "__pycache__/\n.venv\nmlruns/\n",
    "churn/__init__.py": "",
    "churn/features.py": MODULE,
    "churn/train.py": TRAIN_PY.replace(
        "    joblib.dump",
        "    import mlflow\n    with mlflow.start_run():\n        mlflow.log_param('trees', trees)\n"
        "        mlflow.sklearn.log_model(model, 'model')\n    joblib.dump",
    ),
}
LIBRARY: Files = {
    "README.md": "# outliers\n\nDetectors of outliers with one interface, for tables of any size. Stable since 2019.\n\n"
    "## Install\n\n```\npip install outliers\n```\n\n## Usage\n\n```python\nfrom outliers import KNN\n\nKNN().fit(X)\n```\n"
    "\nQuestions go to the maintainers on the issue tracker. The documentation has tutorials and the API of every "
    "detector, with references to the papers. Contributions are welcome: see the guide for how to set up an "
    "environment, run the tests and build the documentation before you open a pull request.\n",
    "LICENSE": "BSD 2-Clause License\n\nRedistribution and use in source and binary forms, with or without\n",
    "setup.py": "from setuptools import find_packages, setup\n\nsetup(name='outliers', version='2.0', packages=find_packages(),\n"
    "      python_requires='>=3.9', install_requires=['numpy>=1.24', 'scikit-learn>=1.2'],\n"
    "      classifiers=['Topic :: Scientific/Engineering', 'Programming Language :: Python :: 3'])\n",
    "outliers/__init__.py": "from outliers.knn import KNN\n\n__all__ = ['KNN']\n",
    "outliers/knn.py": "import numpy as np\nfrom sklearn.base import BaseEstimator\n\n\nclass KNN(BaseEstimator):\n"
    "    def fit(self, X, y=None):\n        self.mean_ = np.mean(X, axis=0)\n        return self\n\n\n" + MODULE,
    "tests/test_knn.py": "import numpy as np\n\nfrom outliers import KNN\nfrom outliers import knn\n\n\n"
    + "".join(
        f"def test_mean_{i}():\n    assert KNN().fit(np.ones((3, {i + 1}))).mean_.sum() == {i + 1}\n\n\n"
        for i in range(40)
    ),
    ".gitignore": "__pycache__/\n*.egg-info/\nbuild/\ndist/\n.venv\n.env\n",
    ".github/workflows/testing.yml": "name: testing\non: [push, pull_request]\njobs:\n  test:\n    runs-on: ubuntu-latest\n"
    "    steps:\n      - uses: actions/checkout@v4\n      - uses: actions/setup-python@v5\n        with: {python-version: '3.11'}\n"
    "      - run: pip install -e . pytest\n      - run: pytest\n",
}
COURSE: Files = {
    "README.md": "# Machine learning course\n\nNotebooks of the course, one per lecture: work through the exercises.\n",
    "requirements.txt": PINS,
    **{
        f"week{i}/lecture{i}.ipynb": {
            "notebook": [{"markdown": f"# Lecture {i}: exercises"}, {"code": EVERYTHING.replace("/home/me/", "")}]
        }
        for i in range(1, 11)
    },
    **{f"week{i}/exercises.ipynb": {"notebook": [{"markdown": "# Homework"}, "x = 1"]} for i in range(1, 11)},
}


def healthy() -> dict[str, object]:
    """The healthy example project, as it lies under `examples/`."""
    paths = sorted(path for path in EXAMPLE.rglob("*") if path.is_file())
    return {path.relative_to(EXAMPLE).as_posix(): path.read_text(encoding="utf-8") for path in paths}


@lru_cache
def ruleset() -> Ruleset:
    return load_ruleset()


def look(files: Files, git: Mapping[str, object] | None = None, config: Config | None = None) -> Report:
    report = audit_repository(repository(files, git), config or Config(), ruleset())
    assert report.errors == ()
    return report


@lru_cache
def reports() -> Mapping[str, Report]:
    settings = parse((EXAMPLE / "prodcheck.toml").read_text(encoding="utf-8"), "prodcheck.toml")
    leaking = {**healthy(), "src/churn/upload.py": "TOKEN = '${secret:huggingface}'\n"}
    return {
        "article": look(ARTICLE, git={"state": "none"}),
        "pushed notebook": look(PUSHED),
        "fresh template project": look(CCDS),
        "DVC pipeline": look(DVC),
        "research training": look(NANOGPT),
        "app with fake CI": look(FAKE_CI),
        "mature library": look(LIBRARY),
        "complete service": look(healthy(), config=settings),
        "complete service with a live token": look(leaking, config=settings),
        "course": look(COURSE),
    }


def score(name: str) -> float:
    return reports()[name].score.value


def test_each_is_taken_for_what_it_is() -> None:
    kinds = {name: report.project.kind for name, report in reports().items()}
    assert kinds["mature library"] is Kind.LIBRARY
    assert kinds["course"] is Kind.COURSE
    assert kinds["app with fake CI"] in (Kind.SERVICE, Kind.TRAINING)
    for name in ("article", "pushed notebook", "fresh template project", "DVC pipeline", "research training"):
        assert kinds[name] is Kind.TRAINING, name


def test_the_order_is_the_one_a_person_would_give() -> None:
    assert score("article") <= score("pushed notebook")
    assert score("pushed notebook") < min(score("fresh template project"), score("research training"))
    assert score("fresh template project") < score("DVC pipeline")
    assert score("research training") < score("app with fake CI")
    assert max(score("DVC pipeline"), score("app with fake CI")) < score("mature library")
    assert score("mature library") < score("complete service")


def test_the_letters_say_how_ready_each_is() -> None:
    letters = {name: report.score.grade for name, report in reports().items()}
    assert letters["article"] == letters["pushed notebook"] == "F"
    assert letters["fresh template project"] in ("F", "D")
    assert letters["research training"] == "F"
    assert letters["app with fake CI"] in ("D", "F")
    assert letters["mature library"] in ("B", "A")
    assert letters["complete service"] == "A"
    assert letters["complete service with a live token"] == "F"
    assert letters["course"] is None


def test_one_live_token_takes_a_complete_service_to_the_bottom_and_says_why() -> None:
    report = reports()["complete service with a live token"]
    assert report.score.raw > 80
    assert report.score.value == 39
    assert report.score.cap == ("hardcoded-secret", 39)


def test_a_ci_that_only_echoes_does_not_count_as_testing() -> None:
    assert reports()["app with fake CI"].result("ci-does-not-run-tests").score == 0
