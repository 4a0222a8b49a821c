"""Dependency files as people write them: what is read, from which line, and how tightly it binds."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodcheck.extract import manifest
from prodcheck.extract.dependency import Manifest, Requirement, bound_of, inside, name_of_url, normalise, url_bound

COMMIT = "0f6b163cdbe3918a2c65ab57ad9fefda93976d9e"


def read(path: str, text: str | bytes) -> Manifest:
    found = manifest.extract(path, text if isinstance(text, bytes) else text.encode())
    assert found, f"nothing read from {path}"
    return found[0]


def by_name(one: Manifest) -> dict[str, Requirement]:
    return {r.name: r for r in one.requirements}


@pytest.mark.parametrize(
    "path",
    [
        "requirements.txt",
        "requirements-dev.txt",
        "dev_requirements.txt",
        "requirements/base.txt",
        "docs/requirements.in",
        "requirements.lock",
        "req.txt",
        "constraints.txt",
        "pyproject.toml",
        "setup.py",
        "setup.cfg",
        "Pipfile",
        "Pipfile.lock",
        "environment.yml",
        "envs/environment-gpu.yaml",
        "conda.yaml",
        "train-env.yml",
        "pixi.toml",
        "pixi.lock",
        "uv.lock",
        "poetry.lock",
        "pdm.lock",
        "pylock.toml",
        "pylock.dev.toml",
        "conda-lock.yml",
        "gpu.conda-lock.yml",
        "MLproject",
        "cog.yaml",
        "bentofile.yaml",
        "databricks.yml",
        "recipe/meta.yaml",
    ],
)
def test_dependency_files_are_recognised_by_name(path: str) -> None:
    assert manifest.wants(path)


@pytest.mark.parametrize(
    "path",
    ["package-lock.json", "yarn.lock", "docs/notes.txt", "data.yaml", "environment.json", "requests.md", "a.toml"],
)
def test_other_files_are_left_alone(path: str) -> None:
    assert not manifest.wants(path)


@pytest.mark.parametrize(
    ("specifier", "bound"),
    [
        ("==1.2", "exact"),
        ("===1.2+local", "exact"),
        ("==2.3.0+cu121", "exact"),
        ("== 1.2", "exact"),
        ("==1.*", "range"),
        (">=1,<2", "range"),
        ("~=1.4", "range"),
        ("^1.2", "range"),
        ("~1.2", "range"),
        (">=1", "lower"),
        (">1", "lower"),
        (">=1,!=1.3", "lower"),
        ("<2", "other"),
        ("!=1.3", "other"),
        ("", "none"),
        ("*", "none"),
        (">=*", "none"),
    ],
)
def test_how_tightly_a_specifier_binds(specifier: str, bound: str) -> None:
    assert bound_of(specifier) == bound


@pytest.mark.parametrize(
    ("url", "bound"),
    [
        (f"git+https://github.com/acme/tools@{COMMIT}", "exact"),
        (f"git+https://github.com/acme/tools.git@{COMMIT}#egg=tools", "exact"),
        ("git+https://github.com/acme/tools@v1.2.0", "range"),
        ("git+https://github.com/acme/tools@main", "none"),
        ("git+https://github.com/acme/tools.git@feature/x", "none"),
        ("git+https://github.com/acme/tools", "none"),
        ("git+ssh://git@github.com/acme/tools.git", "none"),
        ("git://github.com/acme/tools@0123abc", "none"),
        ("https://example.org/wheels/tools-1.0-py3-none-any.whl", "exact"),
        ("https://github.com/acme/tools/archive/master.zip", "none"),
        ("https://github.com/acme/tools/archive/refs/tags/v1.0.zip", "range"),
        (f"https://github.com/acme/tools/archive/{COMMIT}.tar.gz", "exact"),
    ],
)
def test_how_tightly_a_direct_reference_binds(url: str, bound: str) -> None:
    assert url_bound(url) == bound


def test_the_distribution_behind_an_address() -> None:
    assert name_of_url("git+https://github.com/acme/My_Tools.git@main") == "my-tools"
    assert name_of_url("git+ssh://git@github.com/acme/tools.git") == "tools"
    assert name_of_url("git+https://x/y@main#egg=Other&subdirectory=a") == "other"
    assert name_of_url("https://example.org/tools-1.0-py3-none-any.whl") == "tools"
    assert name_of_url("https://example.org/") == ""


def test_awkward_lines_of_a_requirements_file() -> None:
    text = f"""\
# a comment
--extra-index-url https://download.pytorch.org/whl/cu121

pandas==2.2.1  # via -r requirements.in
torch==2.3.0+cu121
scikit_learn >= 1.0, < 2
numpy ; python_version >= "3.10"
uvicorn[standard]>=0.29
requests (>=2.0)
tools @ git+https://github.com/acme/tools@{COMMIT}
-e git+https://github.com/acme/other.git@main#egg=other
-e .
-rrequirements/base.txt
--constraint=constraints.txt
cryptography==42.0 \\
    --hash=sha256:00 \\
    --hash=sha256:11
pytz==2004d
./wheels/local_pkg-1.0-py3-none-any.whl
please install torch as well
"""
    one = read("requirements.txt", text)
    found = by_name(one)
    assert found["pandas"].bound == "exact" and found["pandas"].line == 4
    assert found["torch"].bound == "exact"
    assert found["scikit-learn"].bound == "range"
    assert found["numpy"].bound == "none" and found["numpy"].marker == 'python_version >= "3.10"'
    assert found["uvicorn"].bound == "lower"
    assert found["requests"].bound == "lower"
    assert found["tools"].bound == "exact"
    assert found["other"].editable and found["other"].bound == "none"
    assert found["cryptography"].hashed and found["cryptography"].line == 15
    assert found["pytz"].bound == "exact"
    assert found["local-pkg"].url == "./wheels/local_pkg-1.0-py3-none-any.whl"
    assert one.local == (".",)
    assert one.includes == ("requirements/base.txt", "constraints.txt")
    assert one.constraints == ("constraints.txt",)
    assert one.options == ((2, "--extra-index-url https://download.pytorch.org/whl/cu121"),)
    assert one.invalid == ((20, "please install torch as well"),)
    assert one.role == "both", "hashes make it a lock"


def test_credentials_in_addresses_are_never_kept() -> None:
    text = (
        "--index-url https://bob:hunter2@pypi.acme.org/simple\n"
        "tools @ git+https://tok3n@github.com/acme/tools\n"
        "-e git+https://u:p4ss@h/x#egg=x\n"
    )
    one = read("requirements.txt", text)
    for secret in ("hunter2", "tok3n", "p4ss"):
        assert secret not in repr(one)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_encodings_of_windows(encoding: str) -> None:
    text = "pandas==2.2.1\r\nnumpy==1.26.4\r\n"
    one = read("requirements.txt", text.encode(encoding))
    assert [(r.name, r.line, r.bound) for r in one.requirements] == [("pandas", 1, "exact"), ("numpy", 2, "exact")]
    assert one.encoding.startswith("utf-16") is encoding.startswith("utf-16")


def test_includes_never_leave_the_repository() -> None:
    one = read(
        "a/requirements.txt", "-r ../base.txt\n-r ../../outside.txt\n-r /etc/passwd\n-r https://x.org/r.txt\nnumpy\n"
    )
    assert one.includes == ("base.txt",)
    assert inside("requirements.txt", "C:\\work\\r.txt") is None


def test_conda_habits_in_requirements_files() -> None:
    assert by_name(read("requirements.txt", "numpy=1.21\npandas\n"))["numpy"].bound == "exact"
    exported = "# platform: linux-64\n" + "".join(f"p{i}=1.{i}=py39_0\n" for i in range(12))
    one = read("requirements.txt", exported)
    assert (one.format, one.role, one.generated_by) == ("conda-export", "both", "conda list")
    explicit = "@EXPLICIT\nhttps://conda.anaconda.org/conda-forge/linux-64/numpy-1.26.4-py311_0.conda#abc\n"
    one = read("conda-linux-64.lock", explicit)
    assert one.role == "lock" and by_name(one)["numpy"].specifier == "=1.26.4"


@pytest.mark.parametrize(
    ("header", "tool"),
    [
        ("# This file is autogenerated by pip-compile with Python 3.11", "pip-compile"),
        ("# This file was autogenerated by uv via the following command:", "uv"),
        ("# This file is @generated by PDM.", "pdm"),
    ],
)
def test_compiled_requirements_are_locks(header: str, tool: str) -> None:
    one = read("requirements.txt", f"{header}\nnumpy==1.26.4\n    # via pandas\npandas==2.2.1\n")
    assert (one.role, one.generated_by, len(one.requirements)) == ("both", tool, 2)


def test_prose_in_a_file_with_the_right_name_is_no_manifest() -> None:
    text = "You need a GPU with 8 GB.\nInstall the driver first, then CUDA.\nAsk Bob for the data.\n"
    assert manifest.extract("requirements.txt", text.encode()) is None


def test_templates_are_not_read_as_requirements() -> None:
    one = read("requirements.txt", "{% if gpu %}\ntorch=={{ torch }}\n{% endif %}\n")
    assert not one.requirements and "template" in one.problem


PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "Acme_Churn"
requires-python = ">=3.11"
dependencies = [
  "numpy>=1.24",
  'pandas[performance]==2.2.1',
  "tools @ git+https://github.com/acme/tools@main",
]

[project.optional-dependencies]
plot = ["matplotlib>=3"]

[dependency-groups]
dev = ["pytest>=8", {include-group = "lint"}]
lint = ["ruff"]
"""


def test_pyproject_of_the_standard() -> None:
    one = read("pyproject.toml", PYPROJECT)
    found = by_name(one)
    assert (one.project_name, one.python, one.build_backend) == ("acme-churn", ">=3.11", "hatchling.build")
    assert one.python_line == 7
    assert (found["numpy"].line, found["pandas"].line, found["pytest"].line) == (9, 10, 18)
    assert [found[n].group for n in ("numpy", "matplotlib", "pytest", "ruff")] == ["", "plot", "dev", "lint"]
    assert found["matplotlib"].optional and not found["pytest"].optional
    assert "hatchling" not in found, "what builds the package is not what it needs"


def test_pyproject_of_poetry() -> None:
    text = f"""\
[tool.poetry]
name = "acme"
[tool.poetry.dependencies]
python = "^3.11"
pandas = "^2.2"
numpy = "1.26.4"
scipy = "1.*"
requests = "*"
torch = {{ version = ">=2", source = "pytorch" }}
tools = {{ git = "https://github.com/acme/tools", rev = "{COMMIT}" }}
local = {{ path = "../local", develop = true }}
many = [{{ version = "1.0", python = "<3.12" }}, {{ version = "2.0", python = ">=3.12" }}]
[tool.poetry.group.dev.dependencies]
pytest = "^8"
"""
    one = read("pyproject.toml", text)
    found = by_name(one)
    bounds = {name: r.bound for name, r in found.items()}
    assert bounds == {
        "pandas": "range",
        "numpy": "exact",
        "scipy": "range",
        "requests": "none",
        "torch": "lower",
        "tools": "exact",
        "local": "exact",
        "many": "exact",
        "pytest": "range",
    }
    assert (one.format, one.python, one.python_line) == ("poetry", "^3.11", 4)
    assert found["pytest"].group == "dev" and found["numpy"].line == 6


def test_pyproject_that_only_configures_tools_declares_nothing() -> None:
    one = read("pyproject.toml", "[tool.black]\nline-length = 100\n[build-system]\nrequires = ['setuptools']\n")
    assert not one.requirements and not one.dynamic


def test_dynamic_dependencies_point_at_their_file() -> None:
    text = (
        "[project]\n"
        'name = "a"\n'
        'dynamic = ["dependencies"]\n'
        "[tool.setuptools.dynamic]\n"
        'dependencies = {file = ["requirements.txt"]}\n'
    )
    one = read("pyproject.toml", text)
    assert one.dynamic and one.includes == ("requirements.txt",)


def test_environments_of_hatch_and_pixi() -> None:
    text = (
        "[project]\n"
        'name = "a"\n'
        "[tool.hatch.envs.default]\n"
        'dependencies = ["numpy==1.26"]\n'
        "[tool.pixi.dependencies]\n"
        'python = "3.11.*"\n'
        'scipy = ">=1"\n'
    )
    found = manifest.extract("pyproject.toml", text.encode())
    assert found and [(m.format, [r.name for r in m.requirements]) for m in found] == [
        ("hatch", ["numpy"]),
        ("pixi", ["scipy"]),
    ]


def test_setup_py_is_read_as_literals() -> None:
    text = """\
from setuptools import setup, find_packages
BASE = ["numpy>=1.24", "scipy"]
EXTRA = {"plot": ["matplotlib"], "dev:python_version<'3.11'": ["pytest"]}
setup(
    name="acme",
    python_requires=">=3.8",
    install_requires=BASE + ["pandas==2.2.1"],
    extras_require=EXTRA,
    tests_require=["mock"],
)
"""
    one = read("setup.py", text)
    found = by_name(one)
    assert {n: r.bound for n, r in found.items() if not r.group} == {
        "numpy": "lower",
        "scipy": "none",
        "pandas": "exact",
    }
    assert found["matplotlib"].group == "plot" and found["pytest"].group == "dev" and found["mock"].group == "test"
    assert (one.python, one.project_name, one.dynamic, found["pandas"].line) == (">=3.8", "acme", False, 7)


def test_setup_py_that_reads_requirements() -> None:
    text = (
        "from setuptools import setup\n"
        "import os\n"
        "req = open(os.path.join('requirements', 'base.txt')).read()\n"
        "setup(install_requires=open('requirements.txt').readlines())\n"
    )
    one = read("pkg/setup.py", text)
    assert one.dynamic and one.includes == ("pkg/requirements.txt",)


def test_setup_py_with_options_in_a_dictionary() -> None:
    text = "from setuptools import setup\nargs = dict(name='a', install_requires=['numpy'])\nsetup(**args)\n"
    assert list(by_name(read("setup.py", text))) == ["numpy"]


def test_setup_py_that_looks_versions_up_in_a_table_of_its_own() -> None:
    text = """\
import re
from setuptools import setup
_deps = ["numpy>=1.17", "torch>=1.4", "filelock"]
deps = {b: a for a, b in (re.findall(r"^(([^!=<>~]+).*)$", x)[0] for x in _deps)}
def deps_list(*names):
    return [deps[name] for name in names]
install_requires = [deps["numpy"], deps["filelock"]]
setup(name="acme", install_requires=install_requires, extras_require={"torch": deps_list("torch")})
"""
    one = read("setup.py", text)
    assert {r.name: (r.bound, r.line, r.group) for r in one.requirements} == {
        "numpy": ("lower", 3, ""),
        "filelock": ("none", 3, ""),
        "torch": ("lower", 3, "torch"),
    }
    assert not one.dynamic


def test_setup_py_of_python_2_and_broken_ones() -> None:
    one = read("setup.py", "from setuptools import setup\nprint 'hello'\nsetup(install_requires=['numpy'])\n")
    assert list(by_name(one)) == ["numpy"]
    assert "not valid Python" in read("setup.py", "from setuptools import setup\nsetup(((\n").problem


def test_setup_py_that_does_not_set_up() -> None:
    assert manifest.extract("setup.py", b"x = 1\n") is None


def test_setup_cfg() -> None:
    text = (
        "[metadata]\n"
        "name = acme\n"
        "[options]\n"
        "python_requires = >=3.9\n"
        "install_requires =\n"
        "    numpy>=1.24\n"
        "    scipy  # fast\n"
        "[options.extras_require]\n"
        "dev = pytest\n"
    )
    one = read("setup.cfg", text)
    found = by_name(one)
    assert (found["numpy"].line, found["scipy"].bound, found["pytest"].group, one.python) == (6, "none", "dev", ">=3.9")
    assert manifest.extract("setup.cfg", b"[flake8]\nmax-line-length = 100\n") is None
    assert read("setup.cfg", "[options]\ninstall_requires = file: requirements.txt\n").includes == ("requirements.txt",)


def test_pipfile_and_its_lock() -> None:
    one = read(
        "Pipfile",
        (
            "[packages]\n"
            'pandas = "==2.2.1"\n'
            'numpy = "*"\n'
            "[dev-packages]\n"
            'pytest = "*"\n'
            "[requires]\n"
            'python_version = "3.11"\n'
        ),
    )
    found = by_name(one)
    assert (found["pandas"].bound, found["numpy"].bound, found["pytest"].group) == ("exact", "none", "dev")
    assert (one.python, one.python_line) == ("3.11", 7)
    lock = read("Pipfile.lock", '{"default": {"pandas": {"version": "==2.2.1", "hashes": ["x"]}}, "develop": {}}')
    assert lock.role == "lock" and by_name(lock)["pandas"].hashed


CONDA = """\
name: acme
channels: [conda-forge, defaults]
dependencies:
  - python=3.10
  - numpy=1.21
  - scipy==1.7.3=py39hc147768_0
  - pandas >=1.3,<2
  - conda-forge::matplotlib
  - pytorch::pytorch=1.10.*
  - pip
  - pip:
      - transformers==4.40.0
      - -r requirements.txt
      - "git+https://github.com/acme/tools"
prefix: /home/bob/envs/acme
"""


def test_conda_environment() -> None:
    one = read("environment.yml", CONDA)
    found = by_name(one)
    assert {name: r.bound for name, r in found.items()} == {
        "numpy": "exact",
        "scipy": "exact",
        "pandas": "range",
        "matplotlib": "none",
        "pytorch": "range",
        "pip": "none",
        "transformers": "exact",
        "tools": "none",
    }
    assert one.python == "=3.10", "a version, never the number 3.1"
    assert (one.python_line, found["numpy"].line, found["transformers"].line, one.prefix_line) == (4, 5, 12, 15)
    assert one.includes == ("requirements.txt",) and one.channels == ("conda-forge", "defaults")


def test_yaml_that_is_no_environment() -> None:
    assert manifest.extract("env.yaml", b"apiVersion: v1\nkind: ConfigMap\n") is None
    assert manifest.extract("config.yaml", b"model:\n  layers: 3\nrequirements: 4\n") is None
    assert manifest.extract("environment.yml", b"dependencies: {a: b}\n") is None


@pytest.mark.parametrize(
    ("path", "text", "names", "python"),
    [
        ("python_env.yaml", "python: 3.10.4\ndependencies:\n  - mlflow==2.1\n", ["mlflow"], "3.10.4"),
        ("cog.yaml", "build:\n  python_version: 3.10\n  python_packages:\n    - torch==2.3.0\n", ["torch"], "3.10"),
        ("bentofile.yaml", "python:\n  packages: [scikit-learn, pandas==2]\n", ["scikit-learn", "pandas"], ""),
        ("config.yaml", "model_name: x\npython_version: py311\nrequirements: [torch]\n", ["torch"], "py311"),
        (
            "databricks.yml",
            "environments:\n  - spec: {dependencies: [pandas==2.2]}\nx:\n  libraries: [{pypi: {package: wandb}}]\n",
            ["pandas", "wandb"],
            "",
        ),
        (
            "meta.yaml",
            (
                '{% set v = "1" %}\n'
                'package: {name: acme, version: "{{ v }}"}\n'
                "requirements:\n"
                "  run:\n"
                "    - python >=3.9\n"
                "    - numpy\n"
            ),
            ["numpy"],
            ">=3.9",
        ),
        ("anaconda-project.yml", "packages:\n  - python=3.9\n  - pandas=2\n", ["pandas"], "=3.9"),
    ],
)
def test_manifests_of_platforms(path: str, text: str, names: list[str], python: str) -> None:
    one = read(path, text)
    assert sorted(r.name for r in one.requirements) == sorted(names)
    assert one.python == python


def test_mlproject_and_azure_environments_refer_to_another_file() -> None:
    one = read("jobs/MLproject", "name: acme\nconda_env: conda.yaml\n")
    assert one.dynamic and one.includes == ("jobs/conda.yaml",)
    one = read("azure/environment.yml", "$schema: x\nname: e\nimage: ubuntu\nconda_file: ../conda.yml\n")
    assert one.format == "azureml" and one.includes == ("conda.yml",)


def test_script_block() -> None:
    text = (
        "#!/usr/bin/env python\n"
        "# /// script\n"
        '# requires-python = ">=3.12"\n'
        "# dependencies = [\n"
        '#   "pandas==2.2.1",\n'
        "# ]\n"
        "# ///\n"
        "import pandas\n"
    )
    one = read("train.py", text)
    assert (one.format, one.python, [(r.name, r.line) for r in one.requirements]) == (
        "script",
        ">=3.12",
        [("pandas", 5)],
    )
    assert manifest.extract("train.py", b"import pandas\n") is None


UV_LOCK = """\
version = 1
requires-python = ">=3.11"

[[package]]
name = "acme"
version = "0.1"
source = { editable = "." }

[[package]]
name = "numpy"
version = "1.26.4"
"""
POETRY_LOCK = """\
[[package]]
name = "Numpy"
version = "1.26.4"
[metadata]
python-versions = "^3.11"
"""
PDM_LOCK = """\
[metadata]
groups = ["default"]

[[package]]
name = "numpy"
version = "1.26.4"
"""
CONDA_LOCK = """\
package:
- name: numpy
  version: 1.26.4
  manager: conda
- name: pandas
  version: 2.2.1
"""
PIXI_LOCK = """\
version: 6
packages:
- conda: https://conda.anaconda.org/conda-forge/linux-64/numpy-1.26.4-py311_0.conda
- pypi: https://x.org/ab/pandas-2.2.1-cp311-cp311-linux_x86_64.whl
  name: pandas
  version: 2.2.1
"""


@pytest.mark.parametrize(
    ("path", "text", "names"),
    [
        ("uv.lock", UV_LOCK, ["acme", "numpy"]),
        ("poetry.lock", POETRY_LOCK, ["numpy"]),
        ("pdm.lock", PDM_LOCK, ["numpy"]),
        ("pylock.toml", 'lock-version = "1.0"\n[[packages]]\nname = "numpy"\nversion = "1"\n', ["numpy"]),
        ("conda-lock.yml", CONDA_LOCK, ["numpy", "pandas"]),
        ("pixi.lock", PIXI_LOCK, ["numpy", "pandas"]),
    ],
)
def test_locks(path: str, text: str, names: list[str]) -> None:
    one = read(path, text)
    assert one.role == "lock" and not one.problem
    assert sorted(r.name for r in one.requirements) == names
    assert all(r.bound == "exact" for r in one.requirements)
    assert read(path, text.replace("\n", "\r\n")).requirements == one.requirements


def test_locks_that_are_no_good_say_so() -> None:
    conflict = '[[package]]\nname = "a"\n<<<<<<< HEAD\nversion = "1"\n=======\nversion = "2"\n>>>>>>> x\n'
    assert "merge conflicts" in read("uv.lock", conflict).problem
    assert "no package" in read("poetry.lock", "").problem
    assert "JSON" in read("Pipfile.lock", "{").problem


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("pyproject.toml", b"a = " + b"[" * 50_000),
        ("environment.yml", b"dependencies: " + b"[" * 50_000),
        ("environment.yml", b"a: &a [x]\nb: &b [*a,*a,*a]\ndependencies: [*b,*b]\n"),
        ("Pipfile.lock", b'{"default":' + b"[" * 50_000),
        ("setup.py", b"from setuptools import setup\nsetup(x=" + b"-" * 50_000 + b"1)"),
        ("setup.cfg", b"[a]\nb\n c\n"),
        ("setup.py", b"from setuptools import setup\0"),
        ("pyproject.toml", b"[project]\ndependencies = 3\noptional-dependencies = []\nname = 4\n"),
        ("Pipfile", b"packages = 1\nrequires = 'x'\n"),
        ("environment.yml", b"dependencies: [1, null, {pip: 3}, {pip: [1, null]}]\n"),
        ("cog.yaml", b"build: [1]\n"),
        ("requirements.txt", b"\xff\xfe"),
        ("requirements.txt", b""),
    ],
)
def test_hostile_and_shapeless_files_do_not_raise(path: str, data: bytes) -> None:
    found = manifest.extract(path, data)
    assert found is None or all(isinstance(one, Manifest) for one in found)


NAMES = [
    "requirements.txt",
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "Pipfile",
    "environment.yml",
    "uv.lock",
    "meta.yaml",
]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(NAMES), st.binary(max_size=300))
def test_any_bytes_can_be_read(path: str, data: bytes) -> None:
    manifest.extract(path, data)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="abz019.-_[]<>=!~;#@:/\\ '\"\n\t-re", max_size=120))
def test_any_requirements_text_keeps_its_lines(text: str) -> None:
    for one in manifest.extract("requirements.txt", text.encode()) or ():
        last = len(text.splitlines())
        assert all(r.line is not None and 1 <= r.line <= last for r in one.requirements)
        assert all(r.name == normalise(r.name) for r in one.requirements)


def test_large_files_stay_cheap() -> None:
    package = (
        '[[package]]\nname = "pkg-%d"\nversion = "1.0"\nfiles = [\n'
        + '    {file = "x.whl", hash = "sha256:0"},\n' * 20
        + "]\n\n"
    )
    lock = "".join(package % n for n in range(2000)).encode()
    hostile = [("uv.lock", lock), ("requirements.txt", b" " * 500_000 + b"x#"), ("meta.yaml", b"{{" * 250_000)]
    start = time.process_time()
    for path, data in hostile:
        manifest.extract(path, data)
    assert time.process_time() - start < 5
