"""How work starts, in which order it runs, and who watches the result - beyond the examples in the rule files."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prodcheck.checks import load_check
from prodcheck.config import Config
from prodcheck.extract.run import extract_all
from prodcheck.facts import Facts
from prodcheck.facts.operations import DATA, EVENT, MONITOR, REGISTER, SCHEDULE, SCORE, TRAIN, Trigger
from prodcheck.facts.operations.crontabs import CRON
from prodcheck.facts.operations.work import words
from prodcheck.model import Kind, Outcome, Stage
from prodcheck.repository.memory import MemoryRepository

TRAINING = """\
import pandas as pd
from sklearn.linear_model import LogisticRegression

frame = pd.read_csv("data/train.csv")
model = LogisticRegression()
model.fit(frame[["x"]], frame["y"])
"""
SCORING = """\
import joblib
import pandas as pd

model = joblib.load("model.joblib")
frame = pd.read_csv("today.csv")
frame["y"] = model.predict(frame)
frame.to_csv("scores.csv")
"""


def facts_of(files: Mapping[str, str], kind: Kind = Kind.TRAINING, stage: Stage = Stage.PRODUCTION) -> Facts:
    repository = MemoryRepository(files)
    return Facts(repository, extract_all(repository), Config(kind=kind, stage=stage), ())


def triggers_of(files: Mapping[str, str]) -> tuple[Trigger, ...]:
    return facts_of({"train.py": TRAINING, "score.py": SCORING, **files}).operations.triggers


def outcome(rule: str, files: Mapping[str, str], kind: Kind = Kind.TRAINING) -> Outcome:
    return load_check(rule)(facts_of({"train.py": TRAINING, **files}, kind), {})


# What names promise


@pytest.mark.parametrize(
    ("text", "works"),
    [
        ("retrain_model", {TRAIN}),
        ("SageMakerTrainingOperator", {TRAIN}),
        ("batch-predict", {SCORE}),
        ("ingest", {DATA}),
        ("refresh_features", {DATA}),
        ("drift_report", {MONITOR}),
        ("constraint outfit strainer", set()),
        ("rotate logs", set()),
    ],
)
def test_names_tell_work(text: str, works: set[str]) -> None:
    assert words(text) == works


@pytest.mark.parametrize("text", ["0 3 * * 1", "*/15 * * * *", "0 4 1,15 * MON-FRI", "@daily"])
def test_cron_expressions(text: str) -> None:
    assert CRON.fullmatch(text)


@pytest.mark.parametrize("text", ["0 3 * *", "every day", "* * * * * extra words"])
def test_what_is_no_cron_expression(text: str) -> None:
    assert CRON.fullmatch(text) is None


# Commands are followed


def test_a_schedule_is_followed_through_make_and_a_script_to_the_module_that_trains() -> None:
    files = {
        ".github/workflows/weekly.yml": (
            "on: {schedule: [{cron: '0 3 * * 1'}]}\n"
            "jobs:\n  weekly:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make weekly\n"
        ),
        "Makefile": "weekly:\n\tbash scripts/weekly.sh\n",
        "scripts/weekly.sh": "python -m churn.job\n",
        "churn/__init__.py": "",
        "churn/job.py": "from churn.model import fit\nfit()\n",
        "churn/model.py": "def fit():\n    from sklearn.svm import SVC\n    SVC().fit([[1]], [1])\n",
    }
    (found,) = facts_of(files).operations.triggers
    assert found.how == SCHEDULE
    assert found.work == {TRAIN}
    assert str(found.evidence.location) == "scripts/weekly.sh:1"


def test_a_workflow_that_hands_a_job_file_to_a_platform_is_followed_into_it() -> None:
    files = {
        ".github/workflows/train.yml": (
            "on: {workflow_dispatch: {}}\n"
            "jobs:\n  train:\n    runs-on: ubuntu-latest\n    steps:\n      - run: az ml job create -f jobs/train.yml\n"
        ),
        "jobs/train.yml": "command: python train.py\n",
        "train.py": TRAINING,
    }
    assert {t.work for t in facts_of(files).operations.triggers} == {frozenset({TRAIN})}


def test_registering_a_component_is_no_training() -> None:
    files = {
        ".github/workflows/assets.yml": (
            "on: {schedule: [{cron: '0 3 * * 1'}]}\n"
            "jobs:\n  assets:\n    runs-on: ubuntu-latest\n    steps:\n"
            "      - run: az ml component create --file component.yml\n"
        ),
        "component.yml": "command: python train.py\n",
    }
    assert triggers_of(files) == ()


def test_a_smoke_test_of_a_service_scores_nothing() -> None:
    files = {
        ".github/workflows/smoke.yml": (
            "on: {schedule: [{cron: '0 3 * * 1'}]}\n"
            "jobs:\n  probe:\n    runs-on: ubuntu-latest\n    steps:\n      - run: python -m acme.smoke_test_scoring\n"
        ),
        "acme/smoke_test_scoring.py": "import requests\nrequests.post('http://x')\n",
    }
    assert triggers_of(files) == ()


def test_a_script_that_starts_itself_is_no_endless_loop() -> None:
    files = {
        "crontab": "0 3 * * 1 python loop.py\n",
        "loop.py": "import subprocess\nsubprocess.run('python loop.py')\n" + TRAINING,
    }
    (found,) = facts_of(files).operations.triggers
    assert found.work == {TRAIN}


def test_manifests_that_name_each_other_are_no_endless_loop() -> None:
    schedule = (
        "$schema: https://azuremlschemas.azureedge.net/latest/schedule.schema.json\n"
        "trigger: {{type: cron, expression: '0 3 * * 1'}}\ncreate_job: ./{other}\n"
    )
    files = {"a.yml": schedule.format(other="b.yml"), "b.yml": schedule.format(other="a.yml")}
    assert {t.how for t in triggers_of(files)} == {SCHEDULE}


def test_scoring_that_imports_the_training_module_does_not_train() -> None:
    files = {
        "crontab": "0 3 * * * python score.py\n",
        "score.py": "from train import model\n" + SCORING,
        "train.py": TRAINING,
    }
    (found,) = facts_of(files).operations.triggers
    assert SCORE in found.work
    assert TRAIN not in found.work


def test_one_program_for_several_jobs_does_what_it_is_asked_to() -> None:
    def workflow(job: str) -> str:
        return (
            "on: {schedule: [{cron: '0 3 * * 1'}]}\njobs:\n  job:\n    runs-on: ubuntu-latest\n    steps:\n"
            f"      - run: python run.py --pipeline {job}\n"
        )

    program = {"run.py": "import train\nimport score\n", "train.py": TRAINING, "score.py": SCORING}
    (asked,) = facts_of({**program, ".github/workflows/a.yml": workflow("batch_inference")}).operations.triggers
    (trains,) = facts_of({**program, ".github/workflows/a.yml": workflow("training")}).operations.triggers
    assert TRAIN not in asked.work
    assert SCORE in asked.work
    assert TRAIN in trains.work


def test_a_pipeline_of_a_fixture_is_a_test() -> None:
    workflow = (
        "on: push\njobs:\n  job:\n    runs-on: ubuntu-latest\n    steps:\n"
        '      - run: dvc repro "$FIXTURE/dvc.yaml"\n      - run: python train.py tests/data.csv\n'
    )
    assert triggers_of({".github/workflows/a.yml": workflow}) == ()


# Schedulers


@pytest.mark.parametrize(
    ("path", "text", "how"),
    [
        ("beat.py", "from celery.schedules import crontab\nimport train\nSCHEDULE = crontab(hour=3)\n", SCHEDULE),
        ("jobs.py", "import schedule\nfrom train import main\nschedule.every().day.at('03:00').do(main)\n", SCHEDULE),
        (
            "flow.py",
            "from metaflow import FlowSpec, schedule, step\nimport train\n\n\n@schedule(daily=True)\n"
            "class F(FlowSpec):\n    @step\n    def start(self):\n        pass\n",
            SCHEDULE,
        ),
        (
            "app.py",
            "import modal\nimport train\napp = modal.App('x')\n\n\n@app.function(schedule=modal.Period(days=1))\n"
            "def job():\n    train.main()\n",
            SCHEDULE,
        ),
        (
            "function_app.py",
            "import azure.functions as func\nimport train\napp = func.FunctionApp()\n\n\n"
            "@app.timer_trigger(schedule='0 0 3 * * *', arg_name='t')\ndef job(t):\n    train.main()\n",
            SCHEDULE,
        ),
        (
            "serverless.yml",
            "service: churn\nfunctions:\n  retrain:\n    handler: train.main\n"
            "    events:\n      - schedule: rate(1 day)\n",
            SCHEDULE,
        ),
        (
            "template.yaml",
            "Transform: AWS::Serverless-2016-10-31\nResources:\n  Retrain:\n    Type: AWS::Serverless::Function\n"
            "    Properties:\n      Handler: train.main\n      Events:\n        Nightly: {Type: Schedule, Properties: "
            "{Schedule: rate(1 day)}}\n",
            SCHEDULE,
        ),
        (
            "template.yaml",
            "Transform: AWS::Serverless-2016-10-31\nResources:\n  Retrain:\n    Type: AWS::Serverless::Function\n"
            "    Properties:\n      Handler: train.main\n"
            "      Events:\n        Upload: {Type: S3, Properties: {Bucket: b}}\n",
            EVENT,
        ),
        (
            "infra/main.tf",
            'resource "google_cloud_scheduler_job" "retrain" {\n  schedule = "0 3 * * 1"\n}\n',
            SCHEDULE,
        ),
        (
            "render.yaml",
            "services:\n  - {type: cron, schedule: '0 3 * * *', startCommand: python train.py}\n",
            SCHEDULE,
        ),
        ("run.sh", "(crontab -l; echo '0 3 * * 1 python train.py') | crontab -\n", SCHEDULE),
        ("Dockerfile", "FROM python:3.11\nRUN echo '0 3 * * 1 root python train.py' > /etc/cron.d/train\n", SCHEDULE),
        (
            "argo.yaml",
            "apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nmetadata: {name: train}\n"
            "spec: {schedule: '0 3 * * 1', workflowSpec: {entrypoint: train}}\n",
            SCHEDULE,
        ),
        (
            "chart/templates/cron.yaml",
            "apiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: {{ .Release.Name }}-retrain\nspec:\n"
            '  schedule: "{{ .Values.schedule }}"\n{{- if .Values.x }}\n  x: 1\n{{- end }}\n',
            SCHEDULE,
        ),
    ],
)
def test_a_schedule_of_each_kind_is_found(path: str, text: str, how: str) -> None:
    found = [t for t in triggers_of({path: text}) if t.active and t.work & {TRAIN}]
    assert [t.how for t in found] == [how]


@pytest.mark.parametrize(
    "text",
    [
        "from torch.optim.lr_scheduler import StepLR\nimport train\nscheduler = StepLR(None, 1)\nscheduler.step()\n",
        "import train\n\n\ndef schedule(x):\n    return x\n\n\nschedule(1)\n",
        "import sched\nimport train\nscheduler = sched.scheduler()\nscheduler.add_job = 1\n",
        "from diffusers import DDPMScheduler\nimport train\nDDPMScheduler(num_train_timesteps=10)\n",
    ],
)
def test_other_things_that_are_called_schedule(text: str) -> None:
    assert triggers_of({"x.py": text}) == ()


@pytest.mark.parametrize(
    "text",
    [
        "from airflow import DAG\nimport train\ndag = DAG('x', schedule_interval=None)\n",
        "from airflow import DAG\nimport train\ndag = DAG('x', schedule='@daily', is_paused_upon_creation=True)\n",
        "from apscheduler.schedulers.background import BackgroundScheduler\nimport train\n"
        "BackgroundScheduler().add_job(train.main, 'cron', hour=3, paused=True)\n",
    ],
)
def test_paused_schedules_are_kept_as_paused(text: str) -> None:
    assert [t.active for t in triggers_of({"dag.py": text})] == [False]


def test_a_dag_without_a_schedule_runs_daily_before_airflow_3_only() -> None:
    dag = "from airflow import DAG\nimport train\ndag = DAG('x')\n"
    (old,) = triggers_of({"dag.py": dag})
    (new,) = triggers_of({"dag.py": dag, "requirements.txt": "apache-airflow==3.0.1\n"})
    assert (old.how, new.how) == (SCHEDULE, "demand")


def test_a_dag_that_cleans_up_is_no_data_job() -> None:
    dag = "from airflow import DAG\ndag = DAG('log_cleanup', schedule='@daily')\n"
    assert triggers_of({"dags/log_cleanup.py": dag}) == ()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("outputs.tf", 'output "a" {\n  value = 1\n}\n'),
        ("empty.tf", ""),
        ("empty.timer", ""),
        ("empty.yml", ""),
        ("crontab", ""),
    ],
)
def test_files_without_any_schedule(path: str, text: str) -> None:
    assert triggers_of({path: text}) == ()


def test_a_target_that_only_compiles_the_pipeline_does_not_train() -> None:
    files = {"Makefile": "compile-kfp:\n\tpython train.py --compile\n"}
    assert facts_of({"train.py": TRAINING, **files}).operations.entries == ()


# Verdicts


def test_the_first_makefile_never_lowers_the_verdict() -> None:
    rule = "manual-runs-only"
    before = outcome(rule, {}).score
    after = outcome(rule, {"Makefile": "train:\n\tpython train.py\n"}).score
    assert before is not None
    assert after is not None
    assert after > before


def test_a_schedule_that_trains_and_pushes_the_model_is_retraining() -> None:
    workflow = (
        "on: {schedule: [{cron: '0 3 * * 1'}]}\njobs:\n  retrain:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - run: python train.py\n      - run: git push\n"
    )
    found = outcome("no-retraining-automation", {".github/workflows/retrain.yml": workflow})
    assert found.score == 1.0
    assert (
        REGISTER
        in facts_of({"train.py": TRAINING, ".github/workflows/retrain.yml": workflow}).operations.triggers[0].work
    )


def test_a_web_application_without_a_model_is_not_asked_for_drift() -> None:
    app = "from flask import Flask\n\napp = Flask(__name__)\n\n\n@app.get('/')\ndef home():\n    return 'hello'\n"
    facts = facts_of({"app.py": app}, Kind.SERVICE)
    assert load_check("no-drift-monitoring")(facts, {}).applicable is False


def test_a_submission_to_a_competition_is_no_batch_scoring() -> None:
    text = SCORING.replace("scores.csv", "submission.csv")
    assert facts_of({"kaggle.py": text}).operations.batch_scoring == ()
    assert facts_of({"kaggle.py": SCORING}).operations.batch_scoring != ()


def test_steps_of_one_target_are_counted_once_each() -> None:
    files = {
        "prepare.py": "import pandas as pd\npd.read_csv('a.csv').dropna().drop_duplicates().to_csv('b.csv')\n",
        "Makefile": "all:\n\tpython prepare.py\n\tpython train.py\n\tpython train.py\n",
    }
    found = outcome("no-pipeline-definition", files)
    assert found.score == 0.5
    assert "2 steps" in found.reason


# Whatever a repository holds

_KEYS = st.sampled_from(
    "apiVersion kind spec schedule schedules suspend resources jobs tasks deployments entrypoint triggers trigger "
    "create_job $schema Resources Type Properties Events functions events bindings services labels stages deps outs "
    "States StartAt templates dag steps workflows commands blocks cron crons namespace id".split()
)
_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from(["python train.py", "CronJob", "0 3 * * 1", "", "x.yml"]),
)
_TREES = st.recursive(
    _VALUES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=4)),
    max_leaves=12,
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    tree=st.dictionaries(_KEYS, _TREES, max_size=6),
    name=st.sampled_from(
        "x.yml prefect.yaml databricks.yml serverless.yml function.json dvc.yaml render.yaml cron.yaml triggers.yaml "
        "metadata.yaml project.yml template.yaml".split()
    ),
)
def test_no_manifest_however_odd_breaks_a_check(tree: dict[str, object], name: str) -> None:
    import json

    facts = facts_of({"train.py": TRAINING, name: json.dumps(tree), f"sub/{name}": json.dumps(tree)})
    for rule in ("manual-runs-only", "no-pipeline-definition", "no-retraining-automation", "no-drift-monitoring"):
        found = load_check(rule)(facts, {})
        assert found.score is None or 0.0 <= found.score <= 1.0


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("Makefile", "x:\n\t" + "cron 0 3 * * * '" * 20_000),
        ("crontab", "* " * 200_000),
        ("main.tf", 'resource "aws_cloudwatch_event_rule" "train" {\n' * 5_000),
        ("a.timer", "OnCalendar=" * 50_000),
    ],
)
def test_long_lines_take_no_long_time(path: str, line: str) -> None:
    facts = facts_of({path: line})
    started = time.perf_counter()
    assert isinstance(facts.operations.triggers, tuple)
    assert time.perf_counter() - started < 20


def test_labels_that_are_neither_a_list_nor_a_mapping_say_nothing() -> None:
    repo = MemoryRepository({"train.py": "x = 1\n", "compose.yml": "services:\n  a:\n    labels: true\n"})
    facts = Facts(repo, extract_all(repo), Config(), ())
    assert facts.operations.triggers == ()
