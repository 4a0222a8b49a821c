"""Whether prediction trains: handlers that reach a training call, and models that nobody keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from prodcheck.extract.python_model import Call, Definition, PythonFacts
from prodcheck.facts import Facts
from prodcheck.facts.paths import Role
from prodcheck.facts.stages import FileStages, Seen, stages_of
from prodcheck.model import Confidence, Evidence, Hit, Location, Outcome, Severity
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

MAX_HOPS = 2
"""First-party calls that are followed from a handler."""
_HANDLER_DECORATOR = lazy_regex(
    r".*\.(?:get|post|put|patch|route|websocket|api_route|api|task|endpoint|on_message|method|predict)|bentoml\.\w+|ray\.serve\.\w+|"
    r"modal\.\w+|functions_framework\.\w+|gradio\.\w+|chainlit\.\w+|litserve\.\w+"
)
_APPLICATION = lazy_regex(
    r"(?:fastapi|flask|quart|litestar|sanic|starlette|falcon|bottle|robyn|aiohttp|bentoml|modal|azure\.functions|\.).*|app\..*|router\..*|"
    r"ray\.serve\..*|functions_framework\..*|chainlit\..*|\?\..*"
)
_CONTRACT = frozenset("model_fn predict_fn transform_fn input_fn output_fn lambda_handler".split())
_LOAD = lazy_regex(
    r"(?:joblib|pickle|cPickle|dill|cloudpickle|skops\.io)\.load|torch\.(?:load|jit\.load)|(?:.*\.)?load_(?:model|state_dict|weights|checkpoint|learner)|"
    r"(?!.*(?:Tokenizer|Processor|Config)).*\.from_pretrained|mlflow(?:\.\w+)*\.load_model|onnxruntime\.InferenceSession|tensorflow\.(?:saved_model\.load|lite\.Interpreter)|"
    r".*\.load_from_checkpoint|spacy\.load|TabularPredictor\.load|.*Predictor\.load|transformers\.pipeline|bentoml\..*\.(?:get|load_model)|"
    r".*\.restore|fasttext\.load_model|h2o\.load_model"
)
_REFITS_BY_DESIGN = lazy_regex(
    r"(?:prophet|fbprophet|neuralprophet|statsmodels|statsforecast|pmdarima|river|arch|lifelines|filterpy|sktime|darts|tbats)\b"
)
_LAZY = lazy_regex(r"sklearn\.neighbors\..*|faiss\..*|annoy\..*")
_SERVING_NAME = lazy_regex(
    r"(?i)(?:^|/)(?:predict\w*|infer\w*|serve\w*|scor(?:e|ing)\w*|app|api|main_api|server|web\w*app)\.(?:py|ipynb)$"
)
_DELIVERS = frozenset(
    "to_csv to_parquet to_sql to_excel to_json to_gbq insert_many put_object writerow writerows".split()
)

_ANSWER = lazy_regex(r"(?i)submi|pred|result|output|score|forecast")
"""Names under which predictions are written."""


@dataclass(frozen=True)
class _Module:
    path: str
    python: PythonFacts
    found: FileStages


def retrain_on_predict(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Prediction loads a saved model and never triggers training."""
    modules = _modules(facts)
    training = [(m, seen) for m in modules.values() for seen in m.found.stages.get("train", ())]
    if training and all(_by_design(m, seen) for m, seen in training):
        return Outcome.not_applicable("these models are refitted by design")
    serving = [hit for module in modules.values() for hit in _serving_trains(facts, module, modules)]
    if serving:
        soft = all(hit.confidence is not Confidence.HIGH for hit in serving)
        score = 0.5 if soft else 0.0
        confidence = Confidence.MEDIUM if soft else Confidence.HIGH
        return Outcome(score, (), tuple(serving), f"{serving[0].detail} ({serving[0].location})", confidence)
    kept = list(facts.code.persists_model)
    loads = [(m, call) for m in modules.values() for call in m.python.calls.named(_LOAD.fullmatch)]
    if not kept and not loads:
        return _never_kept(facts, modules)
    refits = [hit for module in modules.values() for hit in _refits(facts, module)]
    evidence = [*kept[:2]]
    evidence.extend(Evidence(f"calls {call.name}()", _place(facts, m.path, call.line)) for m, call in loads[:2])
    if refits:
        reason = f"{refits[0].location.path if refits[0].location else ''} trains again before it predicts"
        return Outcome(0.5, tuple(evidence), tuple(refits), reason, Confidence.MEDIUM)
    reason = "models are saved, and prediction loads them" if loads else "trained models are saved"
    return Outcome(1.0, tuple(evidence), reason=reason, confidence=Confidence.MEDIUM)


def _modules(facts: Facts) -> dict[str, _Module]:
    """The project's own modules and notebooks with their stages."""
    found = {}
    for path, file in facts.files.items():
        if facts.role(path) is not Role.CODE or path in facts.code.twins:
            continue
        python = file.python or (file.notebook.python if file.notebook and not file.notebook.problem else None)
        if python is not None:
            found[path] = _Module(path, python, stages_of(python, path))
    return found


def _place(facts: Facts, path: str, line: int) -> Location:
    book = facts.files[path].notebook
    return book.locate(path, line) if book else Location(path, line)


def _by_design(module: _Module, seen: Seen) -> bool:
    """Forecasting, online and lazy learners fit on the spot because that is how they work."""
    name = seen.detail.removeprefix("calls ")
    return bool(_REFITS_BY_DESIGN.match(name) or _LAZY.match(name)) or (
        name.startswith(".") and any(_REFITS_BY_DESIGN.match(item.module) for item in module.python.imports)
    )


def _serving_trains(facts: Facts, module: _Module, modules: Mapping[str, _Module]) -> Iterable[Hit]:
    """Handlers of a serving module, and its code at import, that reach a training call."""
    if not module.found.serves:
        return
    interface = any("streamlit" in item.module for item in module.python.imports)
    for handler in module.python.definitions:
        if handler.kind == "function" and _is_handler(handler, module):
            chain = _reaches_training(facts, module, handler.name, modules, MAX_HOPS)
            if chain is not None:
                path, seen = chain
                told = f"{handler.name}() answers requests and trains: it {seen.detail}"
                if path != module.path:
                    told += f" in {path}"
                yield Hit(_place(facts, module.path, handler.line), told, identity=f"handler {handler.name}")
    if any(map(_LOAD.fullmatch, module.python.calls.names)):
        return
    at_import = _reaches_training(facts, module, "", modules, 1)
    if at_import is not None and facts.files[module.path].notebook is None:
        path, seen = at_import
        told = f"the serving module trains when it starts: it {seen.detail}"
        sure = Confidence.HIGH if not interface and not module.python.has_main_guard else Confidence.MEDIUM
        yield Hit(_place(facts, path, seen.line), told, sure, identity="at import")


def _is_handler(definition: Definition, module: _Module) -> bool:
    name = definition.name.rpartition(".")[2]
    if any(_HANDLER_DECORATOR.fullmatch(d) and _APPLICATION.fullmatch(d) for d in definition.decorators):
        return True
    if definition.name in _CONTRACT:
        return True
    functions = {d.name for d in module.python.definitions}
    if name in ("init", "run") and "." not in definition.name and {"init", "run"} <= functions:
        return any("Azure ML" in seen.detail for seen in module.found.serves)
    if name in ("predict", "__call__", "handle", "inference", "run") and "." in definition.name:
        owner = definition.name.rpartition(".")[0]
        bases = next((d.bases for d in module.python.definitions if d.kind == "class" and d.name == owner), ())
        return owner == "EndpointHandler" or any(
            b.startswith(("cog.", "bentoml.", "kserve.", "ts.", "litserve.")) for b in bases
        )
    return False


def _reaches_training(
    facts: Facts, module: _Module, scope: str, modules: Mapping[str, _Module], hops: int
) -> tuple[str, Seen] | None:
    """The training call that a function (or the module itself, scope empty) reaches, and the file it is in."""
    for seen in module.found.stages.get("train", ()):
        if seen.scope == scope and not _by_design(module, seen):
            return module.path, seen
    if hops == 0:
        return None
    for call in (facts.whole(module.path) or module.python).calls:
        if call.scope == scope:
            target = _target(module, scope, call, modules)
            if target is not None:
                reached = _reaches_training(facts, target[0], target[1], modules, hops - 1)
                if reached is not None:
                    return reached
    return None


def _target(module: _Module, scope: str, call: Call, modules: Mapping[str, _Module]) -> tuple[_Module, str] | None:
    """The first-party function behind a call, when it is in this module or can be found by its import."""
    functions = {d.name for d in module.python.definitions if d.kind == "function"}
    if call.name in functions:
        return module, call.name
    if call.name.startswith("self."):
        sibling = f"{scope.rpartition('.')[0]}.{call.name[5:]}"
        return (module, sibling) if sibling in functions else None
    if "()" in call.name or "?" in call.name or "." not in call.name:
        return None
    base = PurePosixPath(module.path).parent
    dots = len(call.name) - len(call.name.lstrip("."))
    for _ in range(dots - 1):
        base = base.parent
    where, _, function = call.name.lstrip(".").rpartition(".")
    tail = where.replace(".", "/")
    for path, other in modules.items():
        stem = path.removesuffix(".py").removesuffix("/__init__")
        if dots:
            fits = stem == str(base / tail) if tail else stem == str(base)
        else:
            fits = bool(tail) and (stem == tail or stem.endswith("/" + tail))
        if fits and function in {d.name for d in other.python.definitions}:
            return other, function
    return None


def _never_kept(facts: Facts, modules: Mapping[str, _Module]) -> Outcome:
    """Nothing saves or loads a model: then whoever wants a prediction trains first. Plain evaluation is not meant."""
    hits = []
    for module in modules.values():
        predicts = module.found.stages.get("predict", ())
        if not predicts or not module.found.stages.get("train"):
            continue
        trained = module.found.stages["train"][0]
        if _by_design(module, trained):
            continue
        delivered = _delivers(module.python, predicts[0].line)
        named = _SERVING_NAME.search(module.path)
        if delivered is not None or named:
            how = f"writes its predictions with {delivered.method}()" if delivered else "is there to predict"
            told = f"it trains, {how}, and saves no model"
            sure = Confidence.HIGH if delivered and _ANSWER.search(delivered.text or "") else Confidence.MEDIUM
            hits.append(Hit(_place(facts, module.path, trained.line), told, sure, identity="not kept"))
    if hits:
        place = hits[0].location
        # What a small notebook hands in, mostly to a competition, is handed in once.
        softer = Severity.MINOR if facts.code.small_notebooks else None
        reason = f"{place.path if place else 'code'} {hits[0].detail}"
        return Outcome(0.0, (), tuple(hits), reason, hits[0].confidence, severity=softer)
    return Outcome.not_applicable("models predict only to be evaluated")


def _delivers(python: PythonFacts, after: int) -> Call | None:
    """A call that hands results on, such as `to_csv`, after the first prediction."""
    return next((call for call in python.calls if call.line >= after and call.method in _DELIVERS), None)


def _refits(facts: Facts, module: _Module) -> Iterable[Hit]:
    """A script that is there to predict and trains as well."""
    if module.found.serves or not _SERVING_NAME.search(module.path) or facts.files[module.path].notebook is not None:
        return  # what handlers reach has been followed already
    training = [seen for seen in module.found.stages.get("train", ()) if not _by_design(module, seen)]
    if training and module.found.stages.get("predict"):
        told = f"it trains again before it predicts, and {training[0].detail}"
        yield Hit(_place(facts, module.path, training[0].line), told, Confidence.MEDIUM, identity="refit")
