"""The CI command graph: what every provider's pipeline really runs, when, and through which files."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodcheck.extract import ci
from prodcheck.extract.run import extract_all
from prodcheck.facts import ci as graph_of
from prodcheck.facts import paths
from prodcheck.facts.ci import CiCommand, CiGraph
from prodcheck.facts.unwrap import unwrap
from prodcheck.facts.verbs import classify
from prodcheck.repository.memory import MemoryRepository


def graph(files: Mapping[str, str]) -> CiGraph:
    repository = MemoryRepository({path: textwrap.dedent(text) for path, text in files.items()})
    extraction = extract_all(repository)
    assert extraction.errors == ()
    return graph_of.build(extraction.files, paths.build(extraction.files))


def test_command(files: Mapping[str, str]) -> CiCommand:
    """The one test command that CI reaches."""
    found = graph(files).having("test")
    assert len(found) == 1, [(c.text, c.job) for c in found]
    return found[0]


test_command.__test__ = False  # type: ignore[attr-defined]


def chain(command: CiCommand) -> list[str]:
    return [f"{e.location} {e.detail}" for e in command.chain]


def github(run: str, more: str = "") -> str:
    body = textwrap.indent(textwrap.dedent(run), " " * 10)
    head = "on: [push, pull_request]\njobs:\n  test:\n    runs-on: ubuntu-latest\n"
    return f"{head}{more}    steps:\n      - run: |\n{body}"


def through(run: str, **files: str) -> list[str]:
    """Commands with the verb `test` that a GitHub step reaches."""
    named = {name.replace("__", "/").replace("_DOT_", "."): text for name, text in files.items()}
    return [" ".join(c.argv) for c in graph({".github/workflows/ci.yml": github(run), **named}).having("test")]


# GitHub -----------------------------------------------------------------------------------------------------------


def test_make_to_tox_to_pytest_with_every_hop() -> None:
    command = test_command(
        {
            ".github/workflows/ci.yml": github("pip install tox\nmake check\n"),
            "Makefile": "all:\ncheck: lint\n\ttox -e py\nlint:\n\truff check .\n",
            "tox.ini": "[tox]\nenvlist = py\n[testenv]\ncommands =\n    pytest {posargs}\n",
        }
    )
    assert chain(command) == [
        ".github/workflows/ci.yml:8 make check",
        "Makefile:3 tox -e py",
        "tox.ini:5 pytest",
    ]
    assert command.triggers == {"push", "pull_request"}
    assert command.blocking


@pytest.mark.parametrize(
    ("on", "triggers"),
    [
        ("push", {"push"}),
        ("[push, workflow_dispatch]", {"push", "manual"}),
        ("{push: {tags: ['v*']}}", {"tag"}),
        ("{push: {branches: [main], tags: ['v*']}}", {"push", "tag"}),
        ("{release: {types: [published]}}", {"tag"}),
        ("{schedule: [{cron: '0 0 * * *'}]}", {"schedule"}),
        ("{pull_request: {types: [labeled]}}", {"other"}),
        ("{pull_request: {types: [opened, synchronize]}}", {"pull_request"}),
        ("merge_group", {"pull_request"}),
    ],
)
def test_github_triggers(on: str, triggers: set[str]) -> None:
    command = test_command({".github/workflows/x.yml": f"on: {on}\njobs: {{a: {{steps: [{{run: pytest}}]}}}}\n"})
    assert command.triggers == triggers


@pytest.mark.parametrize(
    ("condition", "triggers"),
    [
        ("github.event_name == 'schedule'", {"schedule"}),
        ("${{ github.event_name != 'pull_request' }}", {"push", "schedule"}),
        ("github.event_name == 'push' || github.event_name == 'pull_request'", {"push", "pull_request"}),
        ("startsWith(github.ref, 'refs/tags/v')", {"tag"}),
        ("github.event_name == 'push' && startsWith(github.ref, 'refs/tags')", {"tag"}),
        ("github.ref == 'refs/heads/main'", {"push", "schedule"}),
        ("always()", {"push", "pull_request", "schedule"}),
        ("matrix.os == 'x' && success()", {"push", "pull_request", "schedule"}),
    ],
)
def test_conditions_restrict_triggers(condition: str, triggers: set[str]) -> None:
    workflow = f"""\
        on: {{push: , pull_request: , schedule: [{{cron: x}}]}}
        jobs:
          a:
            if: {condition}
            steps: [{{run: pytest}}]
        """
    assert test_command({".github/workflows/x.yml": workflow}).triggers - {"tag"} | ({"tag"} & triggers) == triggers


def test_a_job_or_step_that_is_switched_off_runs_nothing() -> None:
    assert through("pytest") == ["pytest"]
    assert graph({".github/workflows/x.yml": github("pytest", "    if: ${{ false }}\n")}).commands == ()


def test_matrix_values_are_put_in() -> None:
    workflow = """\
        on: push
        jobs:
          a:
            strategy:
              matrix:
                env: [lint, "3.10"]
                include: [{env: docs, extra: x}]
            steps:
              - run: tox -e ${{ matrix.env }}
        """
    tox = "[testenv]\ncommands = pytest\n[testenv:lint]\ncommands = flake8\n[testenv:docs]\ncommands = mkdocs build\n"
    found = graph({".github/workflows/x.yml": workflow, "tox.ini": tox})
    assert [" ".join(c.argv) for c in found.commands] == ["flake8", "pytest", "mkdocs build"]


def test_environment_of_workflow_job_and_step_selects_tox_environments() -> None:
    workflow = "on: push\nenv: {TOXENV: lint}\njobs: {a: {steps: [{run: tox}, {run: tox, env: {TOXENV: py}}]}}\n"
    tox = "[testenv]\ncommands = pytest\n[testenv:lint]\ncommands = flake8\n"
    found = graph({".github/workflows/x.yml": workflow, "tox.ini": tox})
    assert [c.argv[0] for c in found.commands] == ["flake8", "pytest"]


def test_reusable_workflow_and_composite_action_of_the_same_repository() -> None:
    command = test_command(
        {
            ".github/workflows/ci.yml": "on: pull_request\njobs:\n  call:\n    uses: ./.github/workflows/t.yml\n"
            "    with: {command: pytest -x}\n",
            ".github/workflows/t.yml": "on: {workflow_call: {inputs: {command: {default: echo}}}}\n"
            "jobs: {unit: {steps: [{uses: ./.github/actions/run, with: {what: '${{ inputs.command }}'}}]}}\n",
            ".github/actions/run/action.yml": "inputs: {what: {default: 'true'}}\nruns:\n  using: composite\n"
            "  steps:\n    - run: ${{ inputs.what }}\n      shell: bash\n",
        }
    )
    assert [e.detail for e in command.chain] == [
        "uses ./.github/workflows/t.yml",
        "uses ./.github/actions/run",
        "pytest -x",
    ]
    assert (command.job, command.triggers, command.argv) == ("call/unit", {"pull_request"}, ("pytest", "-x"))


def test_workflows_that_call_each_other_end() -> None:
    found = graph(
        {
            ".github/workflows/a.yml": "on: [push, workflow_call]\njobs: {x: {uses: ./.github/workflows/b.yml}}\n",
            ".github/workflows/b.yml": "on: workflow_call\njobs: {y: {uses: ./.github/workflows/a.yml}}\n",
        }
    )
    assert found.commands == ()


def test_remote_workflows_are_unknown_not_absent() -> None:
    found = graph({".github/workflows/a.yml": "on: push\njobs: {x: {uses: a/b/.github/workflows/t.yml@v1}}\n"})
    assert [str(e.location) for e in found.unknown] == [".github/workflows/a.yml:2"]


def test_an_action_of_others_that_is_named_like_tests_is_unknown() -> None:
    steps = "[{uses: acme/run-python-tests@v1}, {uses: dorny/test-reporter@v1}, {uses: actions/checkout@v4}]"
    found = graph({".github/workflows/a.yml": f"on: push\njobs: {{x: {{steps: {steps}}}}}\n"})
    assert [e.detail for e in found.unknown] == ["uses acme/run-python-tests@v1"]


@pytest.mark.parametrize(
    ("step", "verbs"),
    [
        ("{uses: pypa/gh-action-pypi-publish@release/v1}", {"publish"}),
        ("{uses: docker/build-push-action@v6, with: {push: true}}", {"build", "publish"}),
        ("{uses: docker/build-push-action@v6}", {"build"}),
        ("{uses: nick-fields/retry@v3, with: {command: pytest}}", {"test"}),
        ("{uses: psf/black@stable}", {"format"}),
        ("{uses: chartboost/ruff-action@v1, with: {args: format --check}}", {"format"}),
        ("{uses: azure/webapps-deploy@v3}", {"deploy"}),
        ("{uses: actions/stale@v9}", set()),
    ],
)
def test_ready_made_actions(step: str, verbs: set[str]) -> None:
    found = graph({".github/workflows/a.yml": f"on: push\njobs: {{x: {{steps: [{step}]}}}}\n"})
    assert set().union(*(c.verbs for c in found.commands)) == verbs


def test_cibuildwheel_runs_its_test_command() -> None:
    steps = "[{uses: pypa/cibuildwheel@v2, env: {CIBW_TEST_COMMAND: 'pytest {project}/tests'}}]"
    assert test_command({".github/workflows/a.yml": f"on: push\njobs: {{x: {{steps: {steps}}}}}\n"}).argv == (
        "pytest",
        "tests",
    )


@pytest.mark.parametrize(
    ("more", "blocking"),
    [("", True), ("        continue-on-error: true\n", False), ("        continue-on-error: ${{ matrix.x }}\n", True)],
)
def test_failures_that_the_provider_ignores(more: str, blocking: bool) -> None:
    assert test_command({".github/workflows/a.yml": github("pytest\n") + more}).blocking is blocking


@pytest.mark.parametrize(
    ("shell", "blocking"),
    [("", True), ("bash", True), ("bash -l {0}", False), ("bash -el {0}", True), ("pwsh", False)],
)
def test_shells_without_errexit_only_fail_by_their_last_command(shell: str, blocking: bool) -> None:
    more = f"        shell: {shell}\n" if shell else ""
    command = test_command({".github/workflows/a.yml": github("pytest\necho done\nls x\nfind .\n") + more})
    assert command.blocking is blocking


def test_workflow_run_takes_the_triggers_of_what_starts_it() -> None:
    found = graph(
        {
            ".github/workflows/a.yml": "name: Build\non: pull_request\njobs: {x: {steps: [{run: make}]}}\n",
            ".github/workflows/b.yml": "on: {workflow_run: {workflows: [Build]}}\n"
            "jobs: {x: {steps: [{run: pytest}]}}\n",
        }
    )
    assert found.having("test")[0].triggers == {"pull_request"}
    assert found.upstream[".github/workflows/b.yml"] == {".github/workflows/a.yml"}


def test_needs_are_closed_over_jobs_and_called_workflows() -> None:
    found = graph(
        {
            ".github/workflows/a.yml": "on: push\njobs:\n  t: {uses: ./.github/workflows/t.yml}\n"
            "  b: {needs: t, steps: [{run: make}]}\n  d: {needs: [b], steps: [{run: twine upload x}]}\n",
            ".github/workflows/t.yml": "on: workflow_call\njobs: {unit: {steps: [{run: pytest}]}}\n",
        }
    )
    assert found.needs[".github/workflows/a.yml#d"] == {"b", "t", "t/unit"}


@pytest.mark.parametrize(
    "path",
    [
        "examples/x/.github/workflows/ci.yml",
        "{{cookiecutter.name}}/.github/workflows/ci.yml",
        "sub/.gitlab-ci.yml",
        "vendor/azure-pipelines.yml",
        "examples/azure-pipelines.yml",
    ],
)
def test_files_where_no_provider_reads_them(path: str) -> None:
    text = "on: push\njobs: {a: {steps: [{run: pytest}]}}\n"
    text = "a: {script: [pytest]}\n" if "gitlab" in path else text
    text = "trigger: [main]\nsteps: [{script: pytest}]\n" if "azure" in path else text
    found = graph({path: text})
    assert (found.pipelines, found.commands) == ((), ())
    assert [e.location.path for e in found.elsewhere if e.location] == [path]


# Azure ------------------------------------------------------------------------------------------------------------


def test_azure_templates_parameters_and_stages() -> None:
    found = graph(
        {
            "devops/main.yml": """\
                trigger: {branches: {include: [main]}}
                pr: none
                stages:
                  - stage: Test
                    jobs:
                      - template: templates/jobs.yml
                        parameters: {command: pytest}
                  - stage: Deploy
                    condition: and(succeeded(), eq(variables['Build.SourceBranch'], 'refs/heads/main'))
                    jobs:
                      - deployment: web
                        environment: production
                        strategy:
                          runOnce:
                            deploy:
                              steps:
                                - task: AzureWebApp@1
                """,
            "devops/templates/jobs.yml": """\
                parameters:
                  - {name: command, default: echo}
                jobs:
                  - job: unit
                    steps:
                      - ${{ if eq(1, 1) }}:
                          - script: ${{ parameters.command }} -x
                """,
        }
    )
    test, deploy = found.commands
    assert (test.argv, test.triggers, test.job) == (("pytest", "-x"), {"push"}, "Test/templates/jobs.yml/unit")
    assert "deploy" in deploy.verbs
    assert test.job in found.needs["devops/main.yml#Deploy/web"]


def test_azure_scripts_fail_only_by_their_last_command() -> None:
    text = "trigger: [main]\nsteps:\n- script: |\n    pip install .\n    {}\n"
    assert test_command({"azure-pipelines.yml": text.format("pytest")}).blocking
    assert not test_command({"azure-pipelines.yml": text.format("pytest\n    echo done\n    ls")}).blocking


@pytest.mark.parametrize(
    ("head", "triggers"),
    [
        ("", {"push"}),
        ("pr: [main]\n", {"push", "pull_request"}),
        ("trigger: none\n", {"manual"}),
        ("trigger: none\npr: [main]\n", {"pull_request"}),
        ("trigger: {tags: {include: ['*']}}\npr: none\n", {"tag"}),
        ("trigger: none\nschedules: [{cron: '0 0 * * *'}]\n", {"schedule"}),
    ],
)
def test_azure_triggers(head: str, triggers: set[str]) -> None:
    assert test_command({"azure-pipelines.yml": head + "steps: [{script: pytest}]\n"}).triggers == triggers


def test_azure_tasks_with_scripts_and_files() -> None:
    found = graph(
        {
            "azure-pipelines.yml": """\
                steps:
                  - task: Bash@3
                    inputs: {targetType: inline, script: "pytest unit"}
                  - task: Bash@3
                    inputs: {filePath: ci/test.sh, arguments: it}
                  - task: PythonScript@0
                    inputs: {scriptPath: tests/run_tests.py}
                  - bash: tox
                    enabled: false
                """,
            "ci/test.sh": "pytest $1\n",
            "tests/run_tests.py": "import unittest\n\nif __name__ == '__main__':\n    unittest.main()\n",
        }
    )
    assert [" ".join(c.argv) for c in found.having("test")] == [
        "pytest unit",
        "pytest it",
        "python tests/run_tests.py",
    ]


def test_machine_learning_pipelines_are_no_azure_pipelines() -> None:
    for text in (
        "$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json\ntype: pipeline\njobs: {a: {}}\n",
        "steps:\n  - name: train\n    script: train.py\n    environment: x\nname: p\nnodes: 3\n",
        "stages:\n  train:\n    cmd: python train.py\n",
    ):
        assert ci.extract("pipelines/train.yml", text.encode()) is None


# GitLab -----------------------------------------------------------------------------------------------------------


def test_gitlab_inheritance_references_and_includes() -> None:
    found = graph(
        {
            ".gitlab-ci.yml": """\
                include:
                  - local: /ci/*.yml
                  - {project: acme/ci, file: x.yml}
                stages: [check, test]
                default:
                  before_script: [echo hello]
                unit:
                  extends: [.python, .slow]
                  stage: test
                  variables: {TOXENV: py}
                lint:
                  stage: check
                  script:
                    - !reference [.python, before_script]
                    - ruff check .
                  rules:
                    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
                """,
            "ci/base.yml": """\
                .python:
                  before_script: [pip install tox]
                  script: [echo never]
                .slow:
                  script:
                    - cd sub
                    - tox
                """,
            "sub/tox.ini": "[testenv]\ncommands = pytest\n[testenv:lint]\ncommands = flake8\n",
        }
    )
    (unit,) = found.having("test")
    assert chain(unit) == ["ci/base.yml:7 tox", "sub/tox.ini:2 pytest"]
    assert (unit.job, unit.triggers) == ("unit", {"push"})
    lint = found.having("lint")[0]
    assert lint.triggers == {"pull_request"}
    assert found.needs[".gitlab-ci.yml#unit"] == {"lint"}
    assert [e.detail for e in found.unknown] == ["include of acme/ci x.yml"]
    assert [" ".join(c.argv) for c in found.having("install")] == ["pip install tox", "pip install tox"]


@pytest.mark.parametrize(
    ("job", "triggers", "blocking"),
    [
        ("", {"push"}, True),
        ("  allow_failure: true\n", {"push"}, False),
        ("  when: manual\n", {"manual"}, False),
        ("  only: [merge_requests]\n", {"pull_request"}, True),
        ("  only: [tags]\n", {"tag"}, True),
        ("  only: [schedules]\n", {"schedule"}, True),
        ("  rules: [{if: '$CI_COMMIT_TAG'}]\n", {"tag"}, True),
        ("  rules: [{if: '$CI_COMMIT_BRANCH == \"main\"'}, {when: never}]\n", {"push"}, True),
        ("  rules: [{when: manual}]\n", {"manual"}, False),
    ],
)
def test_gitlab_rules(job: str, triggers: set[str], blocking: bool) -> None:
    command = test_command({".gitlab-ci.yml": f"t:\n  script: pytest\n{job}"})
    assert (command.triggers, command.blocking) == (triggers, blocking)


def test_gitlab_child_pipeline() -> None:
    files = {
        ".gitlab-ci.yml": "child:\n  trigger: {include: ci/child.yml}\n",
        "ci/child.yml": "t:\n  script: pytest\n",
    }
    assert test_command(files).chain[0].detail == "trigger ci/child.yml"


# The others -------------------------------------------------------------------------------------------------------

JENKINS = """\
pipeline {
  agent any
  // sh 'pytest commented'
  stages {
    stage('Test') { steps {
      sh '''
        pip install .
        pytest -q
      '''
    } }
    stage('Deploy') { when { branch 'main' } steps { sh "kubectl apply -f k8s" } }
  }
}
"""
CIRCLE = """\
version: 2.1
commands:
  run-tests:
    parameters: {suite: {type: string, default: all}}
    steps: [{run: {name: t, command: "pytest << parameters.suite >>"}}]
jobs:
  unit:
    parameters: {suite: {type: string}}
    steps: [checkout, {run-tests: {suite: << parameters.suite >>}}]
workflows:
  main:
    jobs: [{unit: {suite: fast}}]
"""
DRONE = """\
kind: pipeline
name: x
steps:
- name: t
  image: python
  commands:
  - pytest -q
trigger: {event: [push]}
"""
CLOUD = """\
steps:
  - name: python
    entrypoint: bash
    args: ["-c", "pip install . && pytest -q"]
  - {name: gcr.io/cloud-builders/docker, args: [build, -t, x, .]}
"""


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("Jenkinsfile", JENKINS, "pytest -q"),
        (".circleci/config.yml", CIRCLE, "pytest fast"),
        (".travis.yml", "language: python\ninstall: pip install .\nscript:\n  - pytest -q\n", "pytest -q"),
        ("bitbucket-pipelines.yml", "pipelines: {default: [{step: {script: [pytest -q]}}]}\n", "pytest -q"),
        (".buildkite/pipeline.yml", "steps:\n  - label: t\n    command: pytest -q\n", "pytest -q"),
        (".drone.yml", DRONE, "pytest -q"),
        (".woodpecker.yml", "steps:\n  t:\n    image: python\n    commands: [pytest -q]\n", "pytest -q"),
        (".woodpecker/t.yml", "steps:\n  - {name: t, image: python, commands: [pytest -q]}\n", "pytest -q"),
        ("cloudbuild.yaml", CLOUD, "pytest -q"),
        ("build/deploy.yaml", CLOUD, "pytest -q"),
        ("buildspec.yml", "version: 0.2\nphases: {build: {commands: [pytest -q]}}\n", "pytest -q"),
        ("appveyor.yml", "build: off\ntest_script:\n  - cmd: pytest -q\n", "pytest -q"),
        (".cirrus.yml", "test_task:\n  container: {image: python}\n  test_script: pytest -q\n", "pytest -q"),
        (
            ".semaphore/semaphore.yml",
            "version: v1.0\nblocks: [{name: t, task: {jobs: [{name: u, commands: [pytest -q]}]}}]\n",
            "pytest -q",
        ),
        (
            ".codecatalyst/workflows/a.yml",
            "Triggers: [{Type: PUSH}]\nActions: {T: {Configuration: {Steps: [{Run: pytest -q}]}}}\n",
            "pytest -q",
        ),
        (".gitea/workflows/a.yml", "on: push\njobs: {t: {steps: [{run: pytest -q}]}}\n", "pytest -q"),
    ],
)
def test_every_provider(path: str, text: str, expected: str) -> None:
    command = test_command({path: text})
    assert " ".join(command.argv) == expected
    assert command.triggers & {"push", "pull_request"}
    assert command.blocking
    place = command.chain[-1].location
    assert place is not None and place.line is not None
    assert "pytest" in text.split("\n")[place.line - 1]


def test_jenkins_stages_are_an_order_and_have_conditions() -> None:
    found = graph({"Jenkinsfile": JENKINS})
    assert found.needs["Jenkinsfile#Deploy"] == {"Test"}
    assert found.having("deploy")[0].triggers == {"push"}


def test_travis_lines_all_run_and_all_count() -> None:
    found = graph({".travis.yml": "script:\n  - pytest\n  - flake8\nafter_success:\n  - pytest slow\n"})
    assert [(c.text, c.blocking) for c in found.commands] == [
        ("pytest", True),
        ("flake8", True),
        ("pytest slow", False),
    ]


def test_travis_matrix_selects_tox_environments() -> None:
    travis = "matrix:\n  include:\n    - env: TOXENV=lint\n    - env: TOXENV=py36\nscript: tox\n"
    tox = "[testenv]\ncommands = pytest\n[testenv:lint]\ncommands = flake8\n"
    found = graph({".travis.yml": travis, "tox.ini": tox})
    assert sorted({c.argv[0] for c in found.commands}) == ["flake8", "pytest"]


def test_pre_commit_ci_runs_the_hooks_it_does_not_skip() -> None:
    config = "ci: {skip: [mypy]}\nrepos:\n  - repo: x\n    hooks: [{id: black}, {id: mypy}, {id: ruff}]\n"
    found = graph({".pre-commit-config.yaml": config})
    assert [sorted(c.verbs) for c in found.commands] == [["format"], ["lint"]]
    assert graph({".pre-commit-config.yaml": config.partition("\n")[2]}).pipelines == ()


# Indirection ------------------------------------------------------------------------------------------------------

TOX = "[tox]\nenvlist = py, lint\n[testenv]\ncommands = pytest\n[testenv:lint]\ncommands = flake8\n"
NOX = """\
import nox

@nox.session
def tests(session):
    session.run('pytest')

@nox.session
def lint(session):
    session.run('flake8')
"""
DEV = "import os\ndef lint():\n    os.system('flake8')\ndef test():\n    os.system('pytest')\n"
LIBRARY = 'run_tests() {\n  eval "pytest $1"\n}\nnever() { tox; }\n'
HATCH = "[tool.hatch.envs.default.scripts]\ncov = 'pytest --cov'\n"
HATCH_ENV = "[envs.t.scripts]\nrun = 'pytest -x'\nall = ['run', 'mypy']\n"
PIXI = "[tasks]\nt = {cmd = 'pytest', depends-on = ['b']}\nb = 'make'\n"
HOOKS = "repos: [{repo: local, hooks: [{id: t, entry: pytest}]}]\n"
UNITTEST = "import unittest\nunittest.main()\n"


@pytest.mark.parametrize(
    ("run", "files", "expected"),
    [
        ("tox", {"tox.ini": TOX}, ["pytest"]),
        ("tox -e lint", {"tox.ini": TOX}, []),
        ("python -m tox -e py311,lint", {"tox.ini": TOX}, ["pytest"]),
        ("tox run -e py -- -x", {"tox.ini": TOX}, ["pytest"]),
        ("TOXENV=lint tox", {"tox.ini": TOX}, []),
        ("tox --notest", {"tox.ini": TOX}, []),
        ("tox", {}, []),
        ("nox", {"noxfile.py": NOX}, ["pytest"]),
        ("nox -s lint", {"noxfile.py": NOX}, []),
        ("pipx run nox --session=tests-3.11", {"noxfile.py": NOX}, ["pytest"]),
        ("nox --list", {"noxfile.py": NOX}, []),
        ("hatch test", {}, ["pytest"]),
        ("hatch run cov", {"pyproject.toml": HATCH}, ["pytest --cov"]),
        ("hatch -e t run run", {"hatch.toml": HATCH_ENV}, ["pytest -x"]),
        ("hatch run t:all", {"hatch.toml": HATCH_ENV}, ["pytest -x"]),
        ("hatch run pytest tests", {}, ["pytest tests"]),
        ("pdm run test", {"pyproject.toml": "[tool.pdm.scripts]\ntest = 'pytest'\n"}, ["pytest"]),
        ("pdm run pytest", {}, ["pytest"]),
        ("poetry run poe all", {"pyproject.toml": "[tool.poe.tasks]\nt = 'pytest'\nall = ['t']\n"}, ["pytest"]),
        ("poetry run task test", {"pyproject.toml": "[tool.taskipy.tasks]\ntest = 'pytest'\n"}, ["pytest"]),
        ("pixi run -e dev t", {"pixi.toml": PIXI}, ["pytest"]),
        ("rye run t", {"pyproject.toml": "[tool.rye.scripts]\nt = {cmd = ['pytest', '-x']}\n"}, ["pytest -x"]),
        ("pipenv run t", {"Pipfile": "[scripts]\nt = 'pytest'\n"}, ["pytest"]),
        ("uv run --extra dev --python 3.12 pytest -x", {}, ["pytest -x"]),
        ("uv run -m pytest", {}, ["pytest"]),
        ("uvx --with tox-uv tox", {"tox.ini": TOX}, ["pytest"]),
        ("just ci", {"justfile": "ci: t\nt:\n    pytest\n"}, ["pytest"]),
        ("task t", {"Taskfile.yml": "tasks: {t: {cmds: [pytest]}}\n"}, ["pytest"]),
        ("mise run t", {"mise.toml": "[tasks.t]\ndepends = ['u']\n[tasks.u]\nrun = ['true', 'pytest']\n"}, ["pytest"]),
        ("npm test", {"package.json": '{"scripts": {"test": "jest"}}'}, ["jest"]),
        ("npm test", {}, []),
        ("inv test", {"tasks.py": "from invoke import task\n@task\ndef test(c):\n    c.run('pytest')\n"}, ["pytest"]),
        ("make -C sub test", {"sub/Makefile": "test:\n\tcd deep && pytest\n"}, ["pytest"]),
        ("cd sub && make", {"sub/Makefile": "test:\n\tpytest\n"}, ["pytest"]),
        ("make test", {"sub/Makefile": "test:\n\tpytest\n"}, []),
        ("make -n test", {"Makefile": "test:\n\tpytest\n"}, []),
        ("make test-unit", {"Makefile": "test-%:\n\tpytest $*\n"}, ["pytest ${*}"]),
        ("make test", {"Makefile": "include mk/*.mk\n", "mk/t.mk": "test:\n\tpytest\n"}, ["pytest"]),
        ("make a", {"Makefile": "a: b\nb: a\n\tpytest\n"}, ["pytest"]),
        ("bash ci.sh unit", {"ci.sh": "case $1 in\nunit) pytest;;\nlint) flake8;;\nesac\n"}, ["pytest"]),
        ("bash ci.sh lint", {"ci.sh": "case $1 in\nunit) pytest;;\nlint) flake8;;\nesac\n"}, []),
        ("./ci/a.sh", {"ci/a.sh": "cd \"$(dirname \"$0\")\"\n. ./b.sh\n", "ci/b.sh": "pytest\n"}, ["pytest"]),
        ("bash -c 'pytest -q'", {}, ["pytest -q"]),
        ("bash a.sh", {"a.sh": ". ./b.sh\nrun_tests -x\n", "b.sh": LIBRARY}, ["pytest -x"]),
        ("if ! command -v pytest; then exit 1; fi", {}, []),
        ("bash <<EOF\npytest\nEOF\n", {}, ["pytest"]),
        ("python -c 'import pytest; pytest.main()'", {}, ["pytest"]),
        ("python run.py", {"run.py": "import subprocess\nsubprocess.check_call(['pytest', '-x'])\n"}, ["pytest -x"]),
        ("python dev.py lint", {"dev.py": DEV}, []),
        ("docker build .", {"Dockerfile": "FROM a AS t\nRUN pytest\nFROM b\nCOPY --from=t /x /x\n"}, ["pytest"]),
        ("docker build --target b .", {"Dockerfile": "FROM a AS b\nFROM b AS t\nRUN pytest\n"}, []),
        ("docker build -t x:y . && docker run --rm x:y", {"Dockerfile": "FROM a\nCMD [\"pytest\"]\n"}, ["pytest"]),
        ("docker run --rm -v .:/a -w /a x:y python -m pytest", {}, ["pytest"]),
        ("docker compose run --rm web pytest -x", {}, ["pytest -x"]),
        ("docker-compose -f c.yml up t", {"c.yml": ""}, []),
        ("docker compose up t", {"compose.yml": "services: {t: {command: pytest}, u: {command: tox}}\n"}, ["pytest"]),
        ("pre-commit run --all-files", {".pre-commit-config.yaml": HOOKS}, ["pytest"]),
        ("pre-commit run --color always -a $(hook)", {".pre-commit-config.yaml": HOOKS}, ["pytest"]),
        ("pre-commit run other", {".pre-commit-config.yaml": HOOKS}, []),
        ("SKIP=t pre-commit run", {".pre-commit-config.yaml": HOOKS}, []),
        ("sudo -E env X=1 xvfb-run -a time coverage run --source x -m pytest -q", {}, ["pytest -q"]),
        ("conda run -n dev python -m pytest", {}, ["pytest"]),
        ("$PYTHON -m pytest", {}, ["pytest"]),
        (".venv/bin/python3.11 -W error -m unittest discover", {}, ["unittest discover"]),
        ("torchrun --nproc_per_node=2 -m pytest", {}, ["pytest"]),
        ("python setup.py test", {}, ["python setup.py test"]),
        ("anyscale jobs submit j.yaml --wait", {"j.yaml": "entrypoint: bash t.sh\n", "t.sh": "pytest\n"}, ["pytest"]),
        ("ray job submit --no-wait -- python -m pytest", {}, ["pytest"]),
        ("python test.py", {"test.py": "import torch\nmodel.eval()\n"}, []),
        ("python tests/test_a.py", {"tests/test_a.py": UNITTEST}, ["python tests/test_a.py"]),
    ],
)  # fmt: skip
def test_indirection(run: str, files: dict[str, str], expected: list[str]) -> None:
    found = graph({".github/workflows/ci.yml": github(run), **files})
    assert [" ".join(c.argv) for c in found.having("test")] == expected


def test_own_scripts_are_smoke_and_helpers_of_the_ci_are_not() -> None:
    files = {
        ".github/workflows/ci.yml": github("python -m pkg.cli --help\npython .github/x.py\npkg --version\n"),
        "pkg/cli.py": "x = 1\n",
        ".github/x.py": "x = 1\n",
        "pyproject.toml": "[project]\nname = 'pkg'\n[project.scripts]\npkg = 'pkg.cli:main'\n",
    }
    assert [c.text for c in graph(files).having("smoke")] == ["python -m pkg.cli --help", "pkg --version"]


def test_what_leads_to_nothing_is_told() -> None:
    found = graph({".github/workflows/ci.yml": github("make test\nbash missing.sh\n")})
    assert [e.detail for e in found.unresolved] == ["make test", "bash missing.sh"]


# Words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "verbs"),
    [
        ("pytest --version", set()),
        ("pytest --collect-only", set()),
        ("pip install pytest", {"install"}),
        ("ruff check .", {"lint"}),
        ("ruff format .", {"format-write"}),
        ("ruff format --check .", {"format"}),
        ("black .", {"format-write"}),
        ("isort --check-only .", {"format"}),
        ("black --diff .", {"format-write"}),  # shows the change and succeeds
        ("yapf -rd .", {"format-write"}),
        ("yapf -r -d .", {"format"}),
        ("mypy src", {"type"}),
        ("twine check dist/*", set()),
        ("twine upload dist/*", {"publish"}),
        ("mkdocs gh-deploy", {"docs"}),
        ("terraform plan", {"provision"}),
        ("terraform -chdir=infra apply", {"provision", "deploy"}),
        ("python train.py", {"train"}),
        ("python -m churn.train", {"train"}),
        ("python setup_training_env.py", set()),
        ("dvc repro", {"train"}),
        ("dbt test", {"test", "validate-data"}),
        ("docker build -t x --push .", {"build", "publish"}),
        ("pytest --flake8 tests", {"test", "lint"}),
        ("testing-tool", set()),
    ],
)
def test_verbs(command: str, verbs: set[str]) -> None:
    assert classify(command) == verbs


def test_unwrap_leaves_interpreters_alone() -> None:
    assert unwrap(("sudo", "-u", "x", "nice", "-n", "5", "python", "-m", "pytest")) == ("python", "-m", "pytest")
    assert unwrap(("xargs", "-n", "1", "python")) == ("python",)
    assert unwrap(("docker", "run", "--rm", "image")) == ("docker", "run", "--rm", "image")
    assert unwrap(("sudo",)) == ()


# Broken input -----------------------------------------------------------------------------------------------------

NAMES = (
    ".github/workflows/a.yml .github/actions/x/action.yml .gitlab-ci.yml azure-pipelines.yml Jenkinsfile "
    ".circleci/config.yml .travis.yml bitbucket-pipelines.yml .buildkite/pipeline.yml .drone.yml .woodpecker.yml "
    "cloudbuild.yaml buildspec.yml appveyor.yml .cirrus.yml .semaphore/semaphore.yml .codecatalyst/workflows/a.yml "
    ".pre-commit-config.yaml"
).split()
KEYS = (
    "on jobs steps run uses with if needs strategy matrix include script stages stage extends before_script rules only "
    "trigger pr pool template parameters job deployment workflows commands orbs pipelines default step command kind "
    "name phases build blocks task test_script test_task repos hooks ci push branches env environment runs services"
).split()
WORDS = ["pytest", "${{ matrix.a }}", "", "x/y@v1", "./a", "push"]
TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from(["pytest", "${{ matrix.a }}", "", "x/y@v1", "./a", "push"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=25,
)


@given(st.sampled_from(NAMES), st.dictionaries(st.sampled_from(KEYS), TREES, max_size=6))
@settings(max_examples=400, deadline=None)
def test_any_tree_is_survived(path: str, tree: object) -> None:
    import json

    graph({path: json.dumps(tree)})


@pytest.mark.parametrize("path", NAMES)
@pytest.mark.parametrize("text", ["", "[", "a: [1, 2", "- 1\n", "just text", "\x00", "on: {{ x }}\njobs: {% y %}"])
def test_broken_files_are_survived(path: str, text: str) -> None:
    pipeline = ci.extract(path, text.encode())
    assert pipeline is None or pipeline.jobs == ()


def _templates() -> dict[str, str]:
    body = "runs:\n  using: composite\n  steps:\n"
    files = {
        f".github/actions/a{i}/action.yml": body + f"    - uses: ./.github/actions/a{i + 1}\n" * 10 for i in range(9)
    }
    return {**files, ".github/workflows/a.yml": "on: push\njobs: {a: {steps: [{uses: ./.github/actions/a0}]}}\n"}


def _targets() -> dict[str, str]:
    rules = [f"a{i}_{j}: " + " ".join(f"a{i + 1}_{k}" for k in range(12)) for i in range(9) for j in range(12)]
    return {".github/workflows/a.yml": github("make a0_0"), "Makefile": "\n".join(rules) + "\n"}


def _references() -> dict[str, str]:
    jobs = [f"j{i}:\n  script:\n" + f"    - !reference [j{i + 1}, script]\n" * 20 for i in range(9)]
    return {".gitlab-ci.yml": "".join(jobs) + "j9: {script: pytest}\n"}


def _commands() -> dict[str, str]:
    commands = [f"  c{i}:\n    steps:\n" + f"      - c{i + 1}\n" * 15 for i in range(7)]
    text = "commands:\n" + "".join(commands) + "  c7: {steps: [{run: pytest}]}\njobs: {a: {steps: [c0]}}\n"
    return {".circleci/config.yml": text}


@pytest.mark.parametrize("make", [_templates, _targets, _references, _commands])
def test_parts_that_multiply_each_other_end_soon(make: Callable[[], dict[str, str]]) -> None:
    started = time.process_time()
    graph(make())
    assert time.process_time() - started < 10


@pytest.mark.parametrize("text", ["node { /* " * 50_000, "node { '''" * 50_000, "stage('a') { sh 'x' }\n" * 5_000])
def test_long_jenkinsfiles_are_read_in_linear_time(text: str) -> None:
    started = time.process_time()
    ci.extract("Jenkinsfile", text.encode())
    assert time.process_time() - started < 10


def test_jenkins_comments_are_left_out_line_for_line() -> None:
    text = "node {\n/* sh 'pytest a'\n*/ // sh 'pytest b'\n  sh 'echo \"// no comment\" && pytest c'\n}\n"
    command = test_command({"Jenkinsfile": text})
    assert (command.argv, str(command.chain[-1].location)) == (("pytest", "c"), "Jenkinsfile:4")
