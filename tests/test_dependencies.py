"""What a project depends on: imported, declared, locked - and which module belongs to whom."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from prodcheck.checks import load_check
from prodcheck.config import Config
from prodcheck.extract.run import extract_all
from prodcheck.facts import Facts, import_names, install_prose
from prodcheck.facts.dependencies import Dependencies, group_of
from prodcheck.model import GitState, Kind, Outcome, Severity, Stage
from prodcheck.repository.memory import CLONED, MemoryRepository


def facts_of(files: Mapping[str, str | bytes], kind: Kind = Kind.TRAINING, git: GitState = CLONED) -> Facts:
    repository = MemoryRepository(files, git)
    extraction = extract_all(repository)
    assert not extraction.errors
    return Facts(repository, extraction, Config(kind=kind, stage=Stage.PROTOTYPE), ())


def deps_of(files: Mapping[str, str | bytes]) -> Dependencies:
    return facts_of(files).dependencies


def judge(rule: str, files: Mapping[str, str | bytes], kind: Kind = Kind.TRAINING) -> Outcome:
    return load_check(rule)(facts_of(files, kind), {})


def third_party(files: Mapping[str, str | bytes]) -> list[str]:
    return [p.module for p in deps_of(files).third_party]


def notebook(*cells: str) -> str:
    rows = [{"cell_type": "code", "source": c, "metadata": {}, "outputs": [], "execution_count": None} for c in cells]
    return json.dumps({"cells": rows, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


# Modules and distributions


@pytest.mark.parametrize(
    ("module", "distribution"),
    [
        ("cv2", "opencv-python"),
        ("sklearn", "scikit-learn"),
        ("skimage", "scikit-image"),
        ("PIL", "pillow"),
        ("yaml", "pyyaml"),
        ("bs4", "beautifulsoup4"),
        ("dotenv", "python-dotenv"),
        ("dateutil", "python-dateutil"),
        ("jwt", "pyjwt"),
        ("OpenSSL", "pyopenssl"),
        ("Crypto", "pycryptodome"),
        ("git", "gitpython"),
        ("github", "pygithub"),
        ("serial", "pyserial"),
        ("zmq", "pyzmq"),
        ("attr", "attrs"),
        ("fitz", "pymupdf"),
        ("docx", "python-docx"),
        ("pptx", "python-pptx"),
        ("faiss", "faiss-cpu"),
        ("umap", "umap-learn"),
        ("imblearn", "imbalanced-learn"),
        ("pytorch_lightning", "pytorch-lightning"),
        ("magic", "python-magic"),
        ("slugify", "python-slugify"),
        ("pkg_resources", "setuptools"),
        ("google.cloud.storage", "google-cloud-storage"),
        ("google.protobuf.text_format", "protobuf"),
        ("google.oauth2.service_account", "google-auth"),
        ("azure.storage.blob", "azure-storage-blob"),
        ("ruamel.yaml", "ruamel-yaml"),
        ("airflow", "apache-airflow"),
        ("torch", "torch"),
        ("my_own_thing", "my-own-thing"),
    ],
)
def test_the_likeliest_distribution_of_a_module(module: str, distribution: str) -> None:
    assert import_names.distributions(module)[0] == distribution


@pytest.mark.parametrize(
    ("distribution", "module"),
    [
        ("opencv-contrib-python-headless", "cv2"),
        ("tensorflow-gpu", "tensorflow"),
        ("tensorflow-macos", "tensorflow"),
        ("lightning", "pytorch_lightning"),
        ("google-cloud-aiplatform", "google.cloud.aiplatform"),
        ("apache-airflow-providers-amazon", "airflow.providers.amazon.aws"),
        ("flufl-lock", "flufl.lock"),
        ("pillow-simd", "PIL"),
        ("psycopg2-binary", "psycopg2"),
    ],
)
def test_alternatives_provide_a_module_too(distribution: str, module: str) -> None:
    assert import_names.provides(distribution, module)


@pytest.mark.parametrize(
    ("distribution", "module"), [("tensorflow-datasets", "tensorflow"), ("pandas", "numpy"), ("yaml", "sklearn")]
)
def test_relatives_do_not(distribution: str, module: str) -> None:
    assert not import_names.provides(distribution, module)


def test_the_data_is_whole_and_normalised() -> None:
    for module in ("numpy", "pandas", "transformers", "datasets", "mlflow", "xgboost"):
        assert import_names.is_known(module)
    for junk in ("utils", "tests", "models", "config", "src"):
        assert not import_names.is_known(junk)
    assert import_names.from_conda("pytorch") == "torch"
    assert import_names.from_conda("numpy") == "numpy"


def test_the_standard_library_does_not_depend_on_the_running_python() -> None:
    code = "import distutils, imp, tomllib, telnetlib, asyncio, cPickle, annotationlib, __future__"
    assert third_party({"a.py": code}) == []


# What belongs to the project


def test_local_modules_are_found_where_python_looks() -> None:
    files = {
        "src/acme/__init__.py": "",
        "src/acme/core.py": "import helpers_x\n",
        "helpers_x.py": "",
        "scripts/run.py": "import acme.core\nimport tools_beside\nimport scripts.run\n",
        "scripts/tools_beside.py": "",
        "deep/a/b/main.py": "import shared_stuff\nimport far_away\n",
        "deep/shared_stuff.py": "",
        "elsewhere/lib/far_away.py": "",
        "nb/x.ipynb": notebook("import acme\nimport nb_helper"),
        "nb/nb_helper.py": "",
    }
    assert third_party(files) == []


def test_a_local_folder_does_not_hide_the_distribution_of_the_same_name() -> None:
    files = {
        "tensorflow/train.py": "import tensorflow as tf\n",
        "pytorch/xgboost/train.py": "from xgboost import XGBClassifier\n",
        "datasets/download.py": "from datasets import load_dataset\n",
    }
    assert third_party(files) == ["datasets", "tensorflow", "xgboost"]


def test_a_local_module_that_holds_what_is_imported_wins() -> None:
    files = {
        "train.py": "from datasets import Churn\nfrom evaluate.metrics import f1\nimport wandb\n",
        "datasets/__init__.py": "class Churn: ...\n",
        "evaluate/metrics.py": "def f1(): ...\n",
        "code/lib/wandb.py": "def init(): ...\n",
    }
    assert third_party(files) == ["wandb"]


def test_names_that_are_always_ones_own_are_no_dependency() -> None:
    assert third_party({"train.py": "import utils\nfrom models import Net\nimport config\n"}) == []


def test_vendored_code_neither_needs_nor_hides_anything() -> None:
    files = {"third_party/lib/a.py": "import numpy\n", "main.py": "import pandas\n"}
    assert third_party(files) == ["pandas"]


def test_submodules_projects_and_written_files_are_local() -> None:
    files = {
        ".gitmodules": '[submodule "x"]\n\tpath = external/fancy_lib\n\turl = https://example.org/x\n',
        "setup.py": "from setuptools import setup\nsetup(name='own-project', install_requires=['numpy'])\n",
        "nb.ipynb": notebook(
            "%%writefile scripts/engine_x.py\nx = 1", "import engine_x\nimport fancy_lib\nimport own_project"
        ),
        "a.py": "import person_pb2\n",
    }
    assert third_party(files) == []


def test_platform_modules_are_no_dependency() -> None:
    files = {
        "a.ipynb": notebook(
            "from google.colab import drive\nfrom IPython.display import display\nimport kaggle_secrets"
        ),
        "b.py": "# Databricks notebook source\nfrom pyspark.sql import functions\n",
        "c.py": "from awsglue.context import GlueContext\nfrom pyspark import SparkContext\n",
        "d.py": "from google import colab\n",
    }
    assert third_party(files) == []
    assert third_party({"e.py": "from pyspark.sql import SparkSession\n"}) == ["pyspark"]


def test_an_import_is_optional_only_when_every_import_of_it_is() -> None:
    files = {
        "a.py": "try:\n    import cupy\nexcept ImportError:\n    cupy = None\n",
        "b.py": "try:\n    import numba\nexcept ImportError:\n    numba = None\n",
        "c.py": "import numba\n",
    }
    optional = {p.module: p.optional for p in deps_of(files).third_party}
    assert optional == {"cupy": True, "numba": False}


def test_where_a_package_is_imported() -> None:
    files = {"tests/test_a.py": "import pandas\n", "train.py": "\nimport pandas as pd\n", "z.py": "import pandas\n"}
    (package,) = deps_of(files).third_party
    assert (str(package.location), package.count, package.role.value) == ("train.py:2", 3, "code")
    assert [str(p) for p in package.places] == ["train.py:2", "z.py:1", "tests/test_a.py:1"]


# Manifests, their groups and projects


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("requirements.txt", ""),
        ("requirements-dev.txt", "dev"),
        ("dev_requirements.txt", "dev"),
        ("requirements/test.txt", "test"),
        ("docs/requirements.txt", "docs"),
        ("tests/requirements.txt", "test"),
        ("requirements-gpu.txt", ""),
        ("backend/requirements.txt", ""),
    ],
)
def test_the_group_a_name_tells(path: str, group: str) -> None:
    assert group_of(path) == group


def test_a_manifest_describes_the_project_it_lies_in() -> None:
    files = {
        "train.py": "import numpy\n",
        "docker/requirements.txt": "numpy\n",
        "conda/environment.yml": "dependencies: [numpy]\n",
        "service/app.py": "import fastapi\n",
        "service/requirements.txt": "fastapi\n",
        "service/deploy/requirements.txt": "uvicorn\n",
    }
    assert deps_of(files).homes == {
        "docker/requirements.txt": "",
        "conda/environment.yml": "",
        "service/requirements.txt": "service",
        "service/deploy/requirements.txt": "service",
    }


def test_includes_that_have_unusual_names_are_read() -> None:
    deps = deps_of(
        {"a.py": "import numpy\n", "requirements.txt": "-r deps/core.list\n", "deps/core.list": "numpy==1.26\n"}
    )
    assert list(deps.declared) == ["numpy"]


def test_templates_and_vendored_manifests_are_not_the_projects() -> None:
    files = {
        "{{cookiecutter.name}}/requirements.txt": "numpy\n",
        "node_modules/x/requirements.txt": "numpy\n",
        "venv/lib/site-packages/y/setup.py": "from setuptools import setup\nsetup(install_requires=['numpy'])\n",
    }
    deps = deps_of(files)
    assert deps.manifests == () and deps.locks == ()


@pytest.mark.parametrize(
    ("command", "names"),
    [
        (" torch torchvision --index-url https://x.org", ["torch", "torchvision"]),
        (" -r requirements.txt", []),
        (" -e .", []),
        (" .", []),
        (" --upgrade pip", []),
        (" -q pandas==2.2 'scipy>=1'", ["pandas", "scipy"]),
        (" -c conda-forge xgboost", ["xgboost"]),
        (" git+https://github.com/acme/tools", ["tools"]),
        (" numpy # fast", ["numpy"]),
    ],
)
def test_what_an_install_command_asks_for(command: str, names: list[str]) -> None:
    assert list(install_prose.packages(command)) == names


def test_prose_of_the_project_itself_is_no_dependency() -> None:
    files = {
        "acme/__init__.py": "import numpy\n",
        "setup.py": "from setuptools import setup\nsetup(name='acme')\n",
        "README.md": "Run `pip install acme` or `pip install .`\n",
    }
    assert deps_of(files).prose == ()


# Judgement


def test_a_library_that_needs_packages_in_tests_only_needs_no_manifest() -> None:
    outcome = judge("no-dependency-manifest", {"acme.py": "import json\n", "tests/test_a.py": "import pytest\n"})
    assert not outcome.applicable


def test_a_manifest_that_covers_part_of_the_code_earns_its_share() -> None:
    files = {f"svc{n}/app.py": "import fastapi\n" for n in range(4)} | {"svc0/requirements.txt": "fastapi\n"}
    outcome = judge("no-dependency-manifest", files)
    assert outcome.score == 0.25
    assert [str(h.location) for h in outcome.hits] == ["svc1/app.py:1"]


def test_images_described_in_code_are_manifests() -> None:
    code = "import modal\nimport torch\nimage = modal.Image.debian_slim().pip_install('torch==2.3')\n"
    assert judge("no-dependency-manifest", {"app.py": code}).score == 1
    assert judge("unpinned-dependencies", {"app.py": code}).score == 1
    code = code.replace("'torch==2.3'", "'torch==2.3', 'numpy'")
    assert judge("undeclared-import", {"app.py": code}).score is None, "not all of the list is known"


def test_nix_declares_and_locks() -> None:
    files = {"train.py": "import torch\n", "flake.nix": "{ p = python3.withPackages (ps: [ps.torch]); }\n"}
    assert judge("no-dependency-manifest", files).score == 1
    assert judge("no-lockfile", files).score == 0
    files["flake.lock"] = '{"nodes": {}}'
    assert judge("no-lockfile", files).score == 1
    del files["flake.nix"]
    assert judge("no-lockfile", {**files, "requirements.txt": "torch\n"}).score == 0, "a lock of something else"


def test_build_files_of_pants_and_bazel() -> None:
    files = {"train.py": "import torch\n", "BUILD": 'python_requirement(name="t", requirements=["torch==2.3.0"])\n'}
    assert judge("no-dependency-manifest", files).score == 1
    assert judge("unpinned-dependencies", files).score == 1


def test_pinned_share_counts_each_distribution_once() -> None:
    files = {
        "train.py": "import pandas\n",
        "setup.py": "from setuptools import setup\nsetup(name='acme', install_requires=['pandas', 'numpy'])\n",
        "requirements.txt": "pandas==2.2.1\n",
    }
    outcome = judge("unpinned-dependencies", files)
    assert outcome.score == 0.5
    assert outcome.reason.startswith("1 of 2 requirements are pinned exactly")


def test_the_lock_of_another_project_covers_nothing() -> None:
    files = {
        "train.py": "import pandas\n",
        "pyproject.toml": '[tool.poetry]\nname = "a"\n[tool.poetry.dependencies]\npandas = "*"\n',
        "poetry.lock": '[[package]]\nname = "pandas"\nversion = "2.2.1"\n',
        "svc/app.py": "import pandas\n",
        "svc/pyproject.toml": '[tool.poetry]\nname = "b"\n[tool.poetry.dependencies]\npandas = "*"\n',
    }
    outcome = judge("no-lockfile", files)
    assert outcome.score == 0.5
    assert [str(h.location) for h in outcome.hits] == ["svc/pyproject.toml"]


def test_a_file_that_lists_developer_tools_declares_nothing_the_code_needs() -> None:
    files = {"train.py": "import pandas\n", "requirements.txt": "black\nflake8\npre-commit\n"}
    assert judge("no-dependency-manifest", files).score == 0.5


def test_pinned_pip_packages_do_not_make_a_conda_environment_a_lock() -> None:
    rows = "".join(f"      - package-{n}==1.{n}\n" for n in range(12))
    files = {"train.py": "import pandas\n", "environment.yml": "dependencies:\n  - pandas\n  - pip:\n" + rows}
    assert judge("no-lockfile", files).score == 0


def test_an_untracked_lock_is_worth_nothing() -> None:
    from dataclasses import replace

    files = {
        "train.py": "import pandas\n",
        "pyproject.toml": '[project]\nname = "a"\ndependencies = ["pandas"]\n',
        "uv.lock": '[[package]]\nname = "pandas"\nversion = "2.2.1"\n',
    }
    facts = facts_of(files)
    extraction = facts.extraction
    untracked = {**extraction.files, "uv.lock": replace(extraction.files["uv.lock"], tracked=False)}
    facts = Facts(facts.repository, replace(extraction, files=untracked), facts.config, ())
    outcome = load_check("no-lockfile")(facts, {})
    assert outcome.score == 0 and outcome.reason == "uv.lock is not committed"
    assert load_check("unpinned-dependencies")(facts, {}).score == 0


def test_gitignore_of_a_manager_that_is_not_used_says_nothing() -> None:
    files = {"train.py": "import pandas\n", "requirements.txt": "pandas\n", ".gitignore": "Pipfile.lock\npoetry.lock\n"}
    outcome = judge("no-lockfile", files)
    assert "gitignore" not in outcome.reason


def test_what_a_framework_tells_its_users_to_import_comes_with_it() -> None:
    files = {
        "app.py": "import fastapi\nimport pydantic\nfrom omegaconf import DictConfig\nimport botocore\n",
        "requirements.txt": "fastapi\nhydra-core\nboto3\n",
    }
    assert judge("undeclared-import", files).score == 1


def test_an_unknown_distribution_gets_the_benefit_of_the_doubt() -> None:
    files = {
        "train.py": "import collector_x\nimport other_thing\n",
        "requirements.txt": "acme-collector_x-client\ngit+https://github.com/acme/suite#subdirectory=other_thing\n",
    }
    assert judge("undeclared-import", files).score == 1


def test_lazy_and_unknown_imports_are_told_with_less_certainty() -> None:
    files = {
        "train.py": "import numpy\nimport zqx_internal\ndef plot():\n    import seaborn\n",
        "requirements.txt": "click\n",
    }
    hits = judge("undeclared-import", files).hits
    levels = {h.identity: h.confidence.value for h in hits}
    assert levels == {"numpy": "medium", "seaborn": "low", "zqx_internal": "low"}
    assert any("neither declared nor in the tree" in h.detail for h in hits)
    assert [h.identity for h in hits if h.severity is Severity.MINOR] == ["seaborn"]


def test_what_only_documents_a_library_is_told_more_quietly() -> None:
    files = {
        "acme/__init__.py": "import numpy\n",
        "requirements.txt": "numpy\n",
        "docs/requirements.txt": "sphinx\nfuro==2024.5.6\n",
    }
    hits = judge("unpinned-dependencies", files, Kind.LIBRARY).hits
    assert {h.identity: h.severity for h in hits} == {"requirements.txt": None, "docs/requirements.txt": Severity.MINOR}
    assert "furo" not in " ".join(h.detail for h in hits)


def test_benchmarks_and_a_librarys_notebooks_are_not_judged() -> None:
    files = {
        "acme/__init__.py": "import numpy\n",
        "benchmarks/run.py": "import xgboost\n",
        "notebooks/demo.ipynb": notebook("import seaborn"),
        "requirements.txt": "numpy\n",
    }
    assert judge("undeclared-import", files, Kind.LIBRARY).score == 1
    assert judge("undeclared-import", files, Kind.TRAINING).score == 0.5


@pytest.mark.parametrize(
    ("line", "kind_of_trouble"),
    [
        ("numpy @ file:///croot/numpy", "path"),
        ("-e /home/bob/tools", "path"),
        ("C:\\work\\tools-1.0-py3-none-any.whl", "path"),
        ("tools @ git+ssh://git@github.com/acme/tools@v1.0", "SSH"),
        ("sklearn", "scikit-learn"),
        ("pkg-resources==0.0.0", "artefact"),
        ("tensorflow-gpu==2.15.0", "withdrawn"),
        ("pypiwin32==223", "Windows"),
        ("pandas==1.0\npandas==2.0", "contradicts"),
    ],
)
def test_lines_that_do_not_travel(line: str, kind_of_trouble: str) -> None:
    outcome = judge("non-portable-requirements", {"a.py": "import numpy\n", "requirements.txt": line + "\n"})
    assert outcome.score is not None and outcome.score < 1
    assert any(kind_of_trouble in h.detail for h in outcome.hits), [h.detail for h in outcome.hits]


@pytest.mark.parametrize(
    "line",
    ["tensorflow-gpu==1.15", "appnope==0.1.4", "a==1; python_version<'3.8'\na==2; python_version>='3.8'"],
)
def test_lines_that_do_travel(line: str) -> None:
    assert judge("non-portable-requirements", {"a.py": "import numpy\n", "requirements.txt": line + "\n"}).score == 1


def test_trouble_in_development_files_is_minor() -> None:
    files = {"a.py": "import numpy\n", "requirements.txt": "numpy\n", "requirements-dev.txt": "sklearn\n"}
    outcome = judge("non-portable-requirements", files)
    assert outcome.score == 0.9
    assert [h.severity for h in outcome.hits] == [Severity.MINOR]


def test_a_whole_anaconda_installation() -> None:
    rows = [f"pkg{n}==1.{n}" for n in range(150)] + ["anaconda-client==1.7", "spyder==4.0", "conda==4.8"]
    outcome = judge("non-portable-requirements", {"a.py": "import numpy\n", "requirements.txt": "\n".join(rows)})
    assert any("Anaconda" in h.detail for h in outcome.hits)


def test_an_old_python_is_told() -> None:
    outcome = judge("runtime-unspecified", {"a.py": "x = 1\n", ".python-version": "3.7.5\n"})
    assert outcome.score == 1 and "2023-06" in outcome.reason


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("runtime.txt", "python-3.11.4\n"),
        (".tool-versions", "nodejs 20.1\npython 3.11.4\n"),
        ("mise.toml", '[tools]\npython = "3.11"\n'),
        ("Pipfile", '[packages]\nnumpy = "*"\n[requires]\npython_version = "3.11"\n'),
        ("python_env.yaml", "python: 3.11.4\ndependencies: [numpy]\n"),
        (
            "databricks.yml",
            "resources:\n  jobs:\n    a:\n      new_cluster:\n        spark_version: 15.4.x-scala2.12\n",
        ),
        (".devcontainer/devcontainer.json", '{"image": "mcr.microsoft.com/devcontainers/python:3.11"}'),
    ],
)
def test_files_that_state_the_python_version(path: str, text: str) -> None:
    assert judge("runtime-unspecified", {"a.py": "x = 1\n", path: text}).score == 1


def test_system_is_asked_of_projects_with_native_imports_but_not_of_libraries() -> None:
    files = {"a.py": "import torch\n", ".python-version": "3.11\n"}
    assert judge("runtime-unspecified", files).score == 0.7
    assert judge("runtime-unspecified", files, Kind.LIBRARY).score == 1
    assert judge("runtime-unspecified", {**files, "README.md": "Tested with CUDA 12.1 on Ubuntu 22.04.\n"}).score == 1


def test_adding_a_first_manifest_never_lowers_any_of_the_scores() -> None:
    before = {"train.py": "import pandas\n", "README.md": "pip install pandas\n"}
    after = {**before, "requirements.txt": "pandas\n"}
    rules = "no-dependency-manifest unpinned-dependencies no-lockfile undeclared-import runtime-unspecified"
    for rule in rules.split():
        old, new = judge(rule, before).score, judge(rule, after).score
        assert (new or 0) >= (old or 0), rule


def test_imports_behind_a_test_of_availability_are_optional() -> None:
    code = """\
import importlib.util
from acme_utils import is_cupy_available
if is_cupy_available():
    import cupy
if importlib.util.find_spec("numba") is not None:
    import numba
HAS_FAISS = False
if HAS_FAISS and cupy:
    import faiss
if len("x"):
    import pandas
"""
    files = {"train.py": code, "acme_utils.py": "def is_cupy_available(): ...\n"}
    assert {p.module: p.optional for p in deps_of(files).third_party} == {
        "cupy": True,
        "faiss": True,
        "numba": True,
        "pandas": False,
    }
