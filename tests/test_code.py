"""What code does, by resolved names: stages, serving, shares, twins."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from prodcheck.config import Config
from prodcheck.extract.run import extract_all
from prodcheck.facts import Facts
from prodcheck.facts.code import Code
from prodcheck.testing import repository


def code(files: dict[str, Any]) -> Code:
    made = repository({path: textwrap.dedent(c) if isinstance(c, str) else c for path, c in files.items()})
    return Facts(made, extract_all(made), Config(), ()).code


def stages(source: str, path: str = "a.py") -> set[str]:
    return set(code({path: source}).stages_by_file.get(path, {}))


TRAINING = [
    "from sklearn.svm import SVC\nm = SVC()\nm.fit(x, y)",
    "from sklearn.model_selection import GridSearchCV\nGridSearchCV(a, b).fit(x)",
    "from sklearn.model_selection import cross_val_score\ncross_val_score(m, x, y)",
    "from sklearn.pipeline import make_pipeline\nfrom sklearn.svm import SVC\nmake_pipeline(s, SVC()).fit(x)",
    "import xgboost as xgb\nxgb.train(p, d)",
    "from xgboost import XGBClassifier\nXGBClassifier().fit(x)",
    "import lightgbm as lgb\nlgb.cv(p, d)",
    "from catboost import CatBoostClassifier\nCatBoostClassifier().fit(x)",
    "from tensorflow import keras\nm = keras.Sequential([])\nm.fit(ds)",
    "import tensorflow as tf\nm = tf.keras.applications.ResNet50()\nm.fit(ds)",
    "from keras.models import Model\nm = Model(a, b)\nm.fit_generator(g)",
    "model.fit(x_train, y_train)",
    "model.fit(ds, epochs=3)",
    "model.fit(X=a, y=b)",
    "from transformers import Trainer\nt = Trainer(model=m)\nt.train()",
    "from trl import SFTTrainer\nSFTTrainer(m).train()",
    "import pytorch_lightning as pl\npl.Trainer().fit(m)",
    "import torch\nloss.backward()\noptimizer.step()",
    "import torch\nfrom accelerate import Accelerator\na = Accelerator()\na.backward(loss)\noptimizer.step()",
    "import tensorflow as tf\nwith tf.GradientTape() as t:\n    pass\nopt.apply_gradients(z)",
    "import tensorflow as tf\nop = tf.train.AdamOptimizer(1).minimize(loss)",
    "import optax\np = optax.apply_updates(p, u)",
    "from ultralytics import YOLO\nYOLO('a').train(data='b')",
    "from prophet import Prophet\nm = Prophet()\nm.fit(df)",
    "import statsmodels.api as sm\nr = sm.OLS(y, x).fit()",
    "import statsmodels.formula.api as smf\nsmf.ols('y ~ x', d).fit()",
    "from autogluon.tabular import TabularPredictor\nTabularPredictor(label='y').fit(d)",
    "from pyspark.ml import Pipeline\nPipeline(stages=[]).fit(df)",
    "from fastai.vision.all import *\nlearn = vision_learner(d, r)\nlearn.fine_tune(3)",
    "from stable_baselines3 import PPO\nPPO('p', e).learn(9)",
    "from sagemaker.pytorch import PyTorch\nPyTorch(entry_point='a').fit('s3')",
    "import fasttext\nfasttext.train_supervised('a')",
    "from pycaret.classification import compare_models\ncompare_models()",
    "from sklearn.linear_model import SGDClassifier\nSGDClassifier().partial_fit(x)",
]


@pytest.mark.parametrize("source", TRAINING)
def test_training(source: str) -> None:
    assert "train" in stages(source)


@pytest.mark.parametrize(
    "source",
    [
        "from sklearn.preprocessing import StandardScaler\ns = StandardScaler()\ns.fit(x, y)",
        "from sklearn.feature_extraction.text import TfidfVectorizer\nTfidfVectorizer().fit(x)",
        "from sklearn.decomposition import PCA\np = PCA()\np.fit(x)\np.partial_fit(x)",
        "from sklearn.neighbors import NearestNeighbors\nNearestNeighbors().fit(x)",
        "from scipy.stats import norm\nnorm.fit(x, y)",
        "import scipy.optimize as so\nso.curve_fit(f, x, y)",
        "scaler.fit(x)",
        "scaler.fit_transform(x, y)",
        "class M:\n    def fit(self, x, y):\n        return self\n    def go(self):\n        self.fit(1, 2)",
        "class M(B):\n    def fit(self, x, y):\n        super().fit(x, y)",
        "env.step(a)",
        "import torch\nloss.backward()",
        "import torch\nmodel.train()",
        "from trl import SFTTrainer",
        "import shap\nshap.Explainer(m)",
        "# model.fit(x, y)\n'''model.fit(x, y)'''",
    ],
)
def test_what_is_no_training(source: str) -> None:
    assert "train" not in stages(source)


@pytest.mark.parametrize(
    ("stage", "source"),
    [
        ("load", "import pandas as pd\npd.read_parquet('a')"),
        ("load", "import polars as pl\npl.scan_csv('a')"),
        ("load", "from datasets import load_dataset\nload_dataset('imdb')"),
        ("load", "df = spark.read.csv('a')"),
        ("load", "from pyspark.sql import SparkSession\ns = SparkSession.builder.getOrCreate()\ns.read.parquet('a')"),
        ("load", "from torchvision import datasets\ndatasets.ImageFolder('a')"),
        ("load", "open('data/train.csv')"),
        ("load", "import h5py\nh5py.File('a.h5')"),
        ("prepare", "df = df.fillna(0)"),
        ("prepare", "from sklearn.impute import SimpleImputer\nSimpleImputer()"),
        ("prepare", "df.merge(a)\ndf.astype(int)"),
        ("evaluate", "from sklearn.metrics import f1_score\nf1_score(a, b)"),
        ("evaluate", "model.evaluate(x)"),
        ("evaluate", "model.fit(x, y, validation_data=v)"),
        ("evaluate", "import torchmetrics\ntorchmetrics.Accuracy()"),
        ("predict", "model.predict_proba(x)"),
        ("predict", "from transformers import pipeline\np = pipeline('ner')\np('text')"),
        ("predict", "model.generate(x, max_new_tokens=9)"),
        ("predict", "from openai import OpenAI\nc = OpenAI()\nc.chat.completions.create(model='m')"),
        ("persist", "import joblib\njoblib.dump(m, 'm.joblib')"),
        ("persist", "import torch\ntorch.save(m, 'm.pt')"),
        ("persist", "import mlflow.sklearn\nmlflow.sklearn.log_model(m, 'm')"),
        ("persist", "model.save_pretrained('m')"),
        ("persist", "model.save('model.keras')"),
        ("configure", "LR = 1\nEPOCHS = 2\nBATCH = 3\nDROP = 4\nSEED = 5"),
        ("configure", "config = {'lr': 0.1}"),
    ],
)
def test_stages(stage: str, source: str) -> None:
    assert stage in stages(source)


@pytest.mark.parametrize(
    ("stage", "source"),
    [
        ("load", "open('README.md')"),
        ("prepare", "df.merge(a)\ndf.merge(b)"),
        ("predict", "self.predict(x)"),
        ("predict", "random.generate(9)"),
        ("persist", "figure.save('plot.png')"),
        ("persist", "import json\njson.dump(a, f)"),
        ("configure", "A = 1\nB = 2"),
    ],
)
def test_what_is_no_such_stage(stage: str, source: str) -> None:
    assert stage not in stages(source)


def test_inference_written_by_hand_is_told_by_the_name_of_the_file() -> None:
    source = "import torch\nwith torch.no_grad():\n    y = model(x)\n"
    assert "predict" in stages(source, "detect.py")
    assert "predict" not in stages(source, "model.py")


SERVING = [
    "from fastapi import FastAPI\napp = FastAPI()",
    "import flask\napp = flask.Flask(__name__)",
    "import gradio as gr\ngr.Interface(f, 'a', 'b').launch()",
    "import streamlit as st\nst.title('a')\nst.write('b')\nst.slider('c')",
    "import bentoml\n@bentoml.service\nclass S:\n    pass",
    "from ray import serve\n@serve.deployment\nclass S:\n    pass",
    "import litserve as ls\nls.LitServer(a)",
    "def model_fn(d):\n    pass\ndef predict_fn(a, m):\n    pass",
    "def init():\n    pass\ndef run(data):\n    pass",
    "def lambda_handler(event, context):\n    pass",
    "class EndpointHandler:\n    def __call__(self, d):\n        pass",
    "from cog import BasePredictor\nclass Predictor(BasePredictor):\n    pass",
    "import functions_framework\n@functions_framework.http\ndef f(r):\n    pass",
    "from ts.torch_handler.base_handler import BaseHandler\nclass H(BaseHandler):\n    pass",
]


@pytest.mark.parametrize("source", SERVING)
def test_serving(source: str) -> None:
    assert code({"app.py": source}).serves


@pytest.mark.parametrize(
    "source",
    [
        "import fastapi",
        "from starlette.requests import Request",
        "import streamlit as st\nst.cache_data()",
        "def run(data):\n    pass",
        "def init(a):\n    pass\ndef run(data, b):\n    pass",
        "import mlflow.pyfunc\nclass M(mlflow.pyfunc.PythonModel):\n    pass",
        "import panel as pn\npn.extension()",
    ],
)
def test_what_is_no_serving(source: str) -> None:
    assert not code({"app.py": source}).serves


def test_tests_docs_and_vendored_files_do_not_count() -> None:
    train = "from sklearn.svm import SVC\nSVC().fit(x, y)\n"
    others = ["tests/test_a.py", "docs/a.py", "examples/a.py", "third_party/a.py", "{{cookiecutter.x}}/a.py"]
    found = code(dict.fromkeys(others, train))
    assert found.trains == ()
    assert code({"src/a.py": train, **dict.fromkeys(others, train)}).trains[0].location.path == "src/a.py"  # type: ignore[union-attr]


def test_bundled_data_is_not_data_that_is_read() -> None:
    assert not code({"a.py": "from sklearn.datasets import load_iris\nload_iris()"}).reads_data
    assert code(
        {"a.py": "from sklearn.datasets import fetch_california_housing\nfetch_california_housing()"}
    ).reads_data


def test_lines_and_share() -> None:
    found = code(
        {
            "src/a.py": {"lines": 30},
            "tests/test_a.py": {"lines": 20},
            "docs/conf.py": {"lines": 10},
            "a.ipynb": {"notebook": ["x = 1\n# no\n%magic\ny = 2", {"markdown": "text"}]},
            "docs/b.ipynb": {"notebook": ["x = 1"]},
            "R.ipynb": {"notebook": ["x = 1"]},
        }
    )
    assert (found.python_files, found.notebooks) == (3, 3)
    assert (found.python_lines, found.test_lines, found.notebook_lines) == (30, 20, 3)
    assert found.notebook_share == pytest.approx(3 / 33)
    assert code({}).notebook_share == 0.0


def test_evidence_in_a_notebook_names_cell_and_line() -> None:
    found = code({"a.ipynb": {"notebook": ["from sklearn.svm import SVC", "m = SVC()\nm.fit(x, y)"]}})
    assert str(found.trains[0].location) == "a.ipynb cell 2:2"
    assert found.trains[0].detail == "calls sklearn.svm.SVC().fit()"


@pytest.mark.parametrize("header", ["# In[1]:\n", "# ---\n# jupyter:\n#   jupytext: {}\n# ---\n", "# %%\n# %%\n"])
def test_an_exported_copy_counts_once(header: str) -> None:
    found = code({"nb/Model.ipynb": {"notebook": ["x = 1"]}, "scripts/model.py": header + "x = 1\ny = 2\n"})
    assert found.twins == {"scripts/model.py": "nb/Model.ipynb"}
    assert (found.notebooks, found.python_lines, found.notebook_lines) == (1, 0, 1)


def test_notebooks_written_as_modules() -> None:
    found = code(
        {
            "bricks.py": "# Databricks notebook source\nx = 1\n",
            "cells.py": "# %%\nx = 1\n# %%\ny = 2\n",
            "structured.py": "# %% Imports\nimport a\n# %% Functions\ndef f():\n    x = 1\n    return x\n",
            "pkg/__init__.py": "",
            "pkg/marked.py": "# %%\nx = 1\n# %%\ny = 2\n",
            "marimo_app.py": "import marimo\n# cells\napp = marimo.App()\n",
        }
    )
    assert [book.path for book in found.per_notebook] == ["bricks.py", "cells.py"]


def notebook(*cells: Any, **others: Any) -> Any:
    (book,) = code({"a.ipynb": {"notebook": list(cells)}, **others}).per_notebook
    return book


def test_what_a_notebook_does() -> None:
    load = "import pandas as pd\ndf = pd.read_csv('a.csv')"
    train = "from sklearn.svm import SVC\nm = SVC().fit(df, y)"
    assert notebook(load, train, "m.predict(df)").in_order
    assert not notebook(train, load, "m.predict(df)").in_order
    assert not notebook(load, train).in_order
    assert notebook("from sklearn.datasets import load_iris\nload_iris()", train).toy_data
    assert notebook(load, "from sklearn.cluster import KMeans\nKMeans().fit(df)").clusters_only
    assert not notebook(load, train).clusters_only
    assert notebook({"code": "x = 1", "tags": ["parameters"]}).parameterised


def test_imports_of_own_modules() -> None:
    own = {"src/churn/features.py": "x = 1\n", "helpers.py": "y = 2\n"}
    assert notebook("from churn.features import x", **own).imports_own_modules
    assert notebook("import helpers\nhelpers.f()", **own).own_calls == 1.0
    assert not notebook("import pandas\npandas.f()", **own).imports_own_modules


def test_a_notebook_that_cannot_be_read_is_no_notebook() -> None:
    assert code({"a.ipynb": "{ no"}).notebooks == 0
