"""Images and infrastructure - beyond the examples in the rule files."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodcheck.checks import load_check
from prodcheck.config import Config
from prodcheck.extract import container
from prodcheck.extract.container import Container
from prodcheck.extract.run import extract_all
from prodcheck.facts import Facts
from prodcheck.model import Kind, Outcome, Severity
from prodcheck.repository.memory import MemoryRepository

APP = "from fastapi import FastAPI\n\napp = FastAPI()\n"


def read(text: str) -> Container:
    found = container.extract("Dockerfile", text.encode())
    assert found is not None
    return found


def facts_of(files: Mapping[str, str], kind: Kind = Kind.SERVICE) -> Facts:
    repository = MemoryRepository(files)
    return Facts(repository, extract_all(repository), Config(kind=kind), ())


def outcome(rule: str, files: Mapping[str, str], kind: Kind = Kind.SERVICE) -> Outcome:
    return load_check(rule)(facts_of({"app.py": APP, **files}, kind), {})


# Dockerfile


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("Dockerfile", True),
        ("docker/Dockerfile.gpu", True),
        ("train.Dockerfile", True),
        ("Containerfile", True),
        ("dockerfile", True),
        ("Dockerfile.dockerignore", False),
        ("Dockerfile.md", False),
        ("Dockerfile.j2", False),
        ("dockerfile_parser.py", False),
        ("docs/docker.md", False),
    ],
)
def test_which_files_are_dockerfiles(path: str, wanted: bool) -> None:
    assert container.wants(path) is wanted


def test_stages_names_and_lines() -> None:
    found = read(
        "ARG TAG=3.12\nFROM python:${TAG}-slim AS build\nRUN pip install uv\n\nFROM build\nUSER app\nFROM scratch\n"
        "COPY --from=build /x /x\n"
    )
    assert [(s.name, s.base, s.line) for s in found.stages] == [
        ("build", "python:3.12-slim", 2),
        ("1", "build", 5),
        ("2", "scratch", 7),
    ]
    assert found.images == (("python:3.12-slim", 2),)
    assert [s.name for s in found.lineage(found.stages[1])] == ["1", "build"]


def test_continued_lines_with_comments_and_blanks_inside() -> None:
    found = read(
        'FROM a\nRUN apt-get update \\\n  # a comment\n\n  && apt-get install -y x \\\n  y\nCMD ["a", "b c"]\n'
    )
    run, cmd = found.instructions
    assert " ".join(run.text.split()) == "apt-get update && apt-get install -y x y"
    assert (run.line, cmd.line) == (2, 7)
    assert cmd.arguments == ("a", "b c")


def test_bodies_of_here_documents_are_no_instructions() -> None:
    found = read(
        "FROM a\nRUN <<EOT\npip install x\nFROM nowhere\nEOT\nCOPY <<-'A' <<B /x/\nUSER root\nA\nENV q\nB\nUSER app\n"
    )
    assert [i.word for i in found.instructions] == ["RUN", "COPY", "USER"]
    assert found.instructions[0].body == "pip install x\nFROM nowhere"
    assert len(found.stages) == 1


def test_marks_of_a_merge_conflict_open_no_here_document() -> None:
    found = read("FROM a\nRUN echo <<<<<<< HEAD\nUSER app\n")
    assert [i.word for i in found.instructions] == ["RUN", "USER"]


def test_another_escape_character_and_windows_line_ends() -> None:
    found = read("# escape=`\r\nFROM a\r\nRUN x `\r\n  y\r\nUSER app\r\n")
    assert [" ".join(i.text.split()) for i in found.instructions] == ["x y", "app"]


def test_a_file_without_an_image_is_none() -> None:
    assert container.extract("Dockerfile", b"# nothing yet\nRUN x\n") is None


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    found = container.extract("Dockerfile", b"FROM a\n" + data)
    assert found is None or all(stage.line >= 1 for stage in found.stages)


# Images


@pytest.mark.parametrize(
    "line",
    [
        "RUN pip install -r requirements.txt",
        "RUN pip install --no-cache-dir --upgrade -r /code/requirements.txt",
        "RUN python -m pip install .",
        "RUN --mount=type=cache,target=/root/.cache pip install -e .",
        "RUN uv sync --frozen --no-dev",
        "RUN uv pip install --system -r requirements.txt",
        "RUN poetry config virtualenvs.create false && poetry install --no-root",
        "RUN conda env create -f environment.yml",
        "RUN micromamba install -y -n base -f environment.yml",
        "RUN pipenv install --system --deploy",
    ],
)
def test_ways_to_install_what_is_declared(line: str) -> None:
    files = {
        "requirements.txt": "fastapi==0.110.0\n",
        "pyproject.toml": '[project]\nname = "a"\ndependencies = ["fastapi"]\n',
        "environment.yml": "dependencies: [fastapi]\n",
        "Pipfile": '[packages]\nfastapi = "*"\n',
        "Dockerfile": f"FROM python:3.11\nCOPY . .\n{line}\nCMD uvicorn app:app\n",
    }
    assert outcome("no-container", files).score == 1.0


def test_a_list_of_exact_versions_in_the_image_is_nearly_as_good() -> None:
    dockerfile = "FROM python:3.11\nRUN pip install {} \\\n  uvicorn==0.29.0\nCMD uvicorn app:app\n"
    files = {"requirements.txt": "fastapi\n"}
    exact = outcome("no-container", {**files, "Dockerfile": dockerfile.format("fastapi==0.110.0")})
    loose = outcome("no-container", {**files, "Dockerfile": dockerfile.format("fastapi")})
    assert (exact.score, loose.score) == (0.8, 0.6)


def test_a_training_project_is_told_more_quietly_whatever_it_has() -> None:
    without = outcome("no-container", {}, Kind.TRAINING)
    image = {"Dockerfile": "FROM python:3.11\nRUN pip install .\n"}
    assert without.severity is Severity.MINOR
    assert outcome("no-container", image, Kind.TRAINING).severity is Severity.MINOR
    assert outcome("no-container", {}, Kind.SERVICE).severity is None


def test_the_entry_point_and_its_arguments_are_told_together() -> None:
    text = 'FROM python:3.11\nRUN pip install .\nENTRYPOINT ["uvicorn"]\nCMD ["app:app"]\n'
    assert "`uvicorn app:app`" in outcome("no-container", {"Dockerfile": text}).reason


# Infrastructure


def test_nothing_of_a_cloud_is_nothing_to_declare() -> None:
    assert outcome("no-infrastructure-as-code", {}).applicable is False


@pytest.mark.parametrize(
    "call",
    [
        "import boto3\nboto3.client('s3').list_buckets()\n",
        "import boto3\nboto3.resource('s3').Object('b', 'k').get()\n",
        "from google.cloud import aiplatform\naiplatform.init(project='x')\n",
        "from azure.identity import DefaultAzureCredential\nDefaultAzureCredential()\n",
        "import sagemaker\nsagemaker.Session()\n",
        "import boto3\ns3 = boto3.client('s3', endpoint_url='http://minio:9000')\ns3.create_bucket(Bucket='x')\n",
    ],
)
def test_reading_from_a_cloud_makes_nothing_in_it(call: str) -> None:
    assert outcome("no-infrastructure-as-code", {"x.py": call}).applicable is False


@pytest.mark.parametrize(
    "call",
    [
        "import boto3\nboto3.client('sagemaker').create_endpoint(EndpointName='x')\n",
        "from sagemaker.sklearn import SKLearn\nSKLearn(entry_point='t.py').fit()\n",
        "from google.cloud import aiplatform\naiplatform.Endpoint.create(display_name='x')\n",
    ],
)
def test_a_program_that_makes_resources_is_a_script_at_best(call: str) -> None:
    found = outcome("no-infrastructure-as-code", {"x.py": call})
    assert found.score == 0.3


def test_each_part_of_terraform_adds_to_the_score() -> None:
    resource = 'resource "aws_s3_bucket" "a" {\n  bucket = "a"\n}\n'
    version = 'terraform {\n  required_version = "~> 1.9"\n}\n'
    backend = 'terraform {\n  backend "s3" {}\n}\n'
    steps: list[dict[str, str]] = [
        {"main.tf": resource},
        {"main.tf": resource + version},
        {"main.tf": resource + version, ".terraform.lock.hcl": "provider x {}\n"},
        {"main.tf": resource + version + backend, ".terraform.lock.hcl": "provider x {}\n"},
        {"main.tf": resource + version + backend, ".terraform.lock.hcl": "provider x {}\n", "prod.tfvars": "a = 1\n"},
    ]
    scores = [outcome("no-infrastructure-as-code", files).score or 0.0 for files in steps]
    assert scores == sorted(scores)
    assert len(set(scores)) == len(scores)
    assert (scores[0], scores[-1]) == (0.6, 1.0)


def test_a_local_backend_is_no_remote_state() -> None:
    files = {"main.tf": 'resource "a" "b" {\n}\nterraform {\n  backend "local" {}\n}\n'}
    assert "state is not kept remotely" in outcome("no-infrastructure-as-code", files).reason


def test_variables_and_outputs_alone_are_no_infrastructure() -> None:
    assert outcome("no-infrastructure-as-code", {"variables.tf": 'variable "a" {}\n'}).applicable is False


@pytest.mark.parametrize("kind", ["[]", "{}", "3", "null"])
def test_odd_manifests_are_none(kind: str) -> None:
    files = {"x.yaml": f"apiVersion: apps/v1\nkind: {kind}\nspec: {{}}\n"}
    assert outcome("no-infrastructure-as-code", files).applicable is False


def test_long_lines_take_no_long_time() -> None:
    files = {
        "Dockerfile": "FROM python:3.11\nRUN " + "pip install x " * 20_000 + "\n",
        "main.tf": "required_providers {" * 10_000,
        "run.sh": "az x " * 40_000 + "\n" + "gcloud a b c d " * 20_000 + "\n",
        "README.md": "aws ec2 run " * 20_000,
    }
    facts = facts_of(files)
    started = time.perf_counter()
    for name in ("no-container", "no-infrastructure-as-code"):
        load_check(name)(facts, {})
    assert time.perf_counter() - started < 20
