"""What one file does, stage by stage: load, prepare, train, evaluate, predict, persist, configure, serve.

Stages are read off resolved names, so that `scaler.fit` is no training and `model.fit` is. The names are in `apis`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import field
from functools import lru_cache

from prodcheck.extract.python_model import Call, PythonFacts
from prodcheck.extract.python_words import uses_a_model
from prodcheck.facts import apis
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

STAGES = ("load", "prepare", "train", "evaluate", "predict", "persist", "configure")


@dataclass(frozen=True, slots=True)
class Seen:
    """One place where a stage was seen. `note` is empty, `toy` (bundled data), `cluster` (unsupervised) or `weak`."""

    line: int
    detail: str
    note: str = ""
    scope: str = ""


@dataclass(slots=True)
class FileStages:
    """Places by stage, in order of lines."""

    stages: dict[str, list[Seen]] = field(default_factory=dict)
    serves: list[Seen] = field(default_factory=list)

    def add(self, stage: str, seen: Seen) -> None:
        self.stages.setdefault(stage, []).append(seen)

    def has(self, stage: str) -> bool:
        return bool(self.stages.get(stage))


_CALLS = apis.Tables(
    {
        "load": apis.LOAD + apis.FETCH,
        "toy": apis.TOY,
        "prepare": apis.PREPARE,
        "weak": apis.PREPARE_WEAK,
        "train": apis.TRAIN,
        "evaluate": apis.EVALUATE,
        "evaluate by name": apis.EVALUATE_NAMES,
        "predict": apis.PREDICT,
        "persist": apis.PERSIST,
        "serve": apis.SERVE,
        "interface": apis.SERVE_UI,
    }
)
_CLASSES = apis.Tables({"transformer": apis.TRANSFORMER, "estimator": apis.ESTIMATOR, "cluster": apis.CLUSTER})
_BASES = apis.Tables({"serve": apis.SERVE_BASES})
_DATA_FILE = lazy_regex(
    r"\.(?:csv|tsv|parquet|jsonl|ndjson|arff|npy|npz|h5|hdf5|feather|xlsx?|mat|libsvm|svm|tfrecords?|wav|conll\w*)(?:\.\w+)?$"
)
_MODEL_FILE = lazy_regex(
    r"\.(?:pkl|pickle|joblib|pt|pth|ckpt|h5|hdf5|keras|onnx|pb|safetensors|bin|model|txt|json|cbm|ubj)$"
)
_SCORING_FILE = lazy_regex(r"(?i)(?:scor|infer|serv|predict|deploy|entry|endpoint)[^/]*$|(?:^|/)(?:app|main|run)\.py$")
"""Names of files in which `init` and `run` are the contract of a service; batch jobs of Azure ML have them too."""
_HYPERPARAMETER = lazy_regex(
    r"(?i)(?:lr|learning_rate|n?_?epochs?|num_epochs|batch_size|n_estimators|max_depth|test_size|alpha|gamma|dropout\w*|"
    r"hidden_\w+|n_layers|num_layers|weight_decay|momentum|seed|random_state|n_splits|max_len\w*|vocab_size|img_size)"
)
_CONFIG_NAME = lazy_regex(r"(?i)(?:\w*_)?(?:config|cfg|params|hyperparams|hyperparameters|hparams|settings)")
TORCH = frozenset("torch pytorch_lightning lightning accelerate apex fairseq paddle oneflow mindspore jittor".split())


@dataclass(frozen=True)
class _Meaning:
    """What the name of a call may say about its file, so that most calls cost no more than looking up their name."""

    top: str
    """What the file has to import for the name to be taken as it stands; empty when it is taken in any case."""
    stages: tuple[tuple[str, str], ...]
    unbound: tuple[tuple[str, str], ...]
    """The stages of the same method of something unknown."""
    shaped: bool
    """The arguments have to be looked at as well."""
    loop: bool
    """A step of what is written by hand."""
    serves: str
    """`yes`, `interface`, or empty."""


def stages_of(facts: PythonFacts, path: str = "") -> FileStages:
    """What one file does, read off its facts."""
    found = FileStages()
    modules = {item.module.partition(".")[0] for item in facts.imports if not item.level}
    steps: dict[str, Call] = {}
    serves: list[Seen] = []
    interface: list[Seen] = []
    for call in facts.calls.named(_meaning):
        name = call.name
        meaning = _meaning(name)
        assert meaning is not None
        bound = not meaning.top or meaning.top in modules
        seen = call if bound else call._replace(name=f"?.{call.method}")
        for stage, note in (meaning.stages if bound else meaning.unbound) + (_by_shape(seen) if meaning.shaped else ()):
            found.add(stage, Seen(call.line, describe(seen.name), note, call.scope))
        if meaning.loop:
            steps.setdefault(call.method, call)
        if meaning.serves:
            (serves if meaning.serves == "yes" else interface).append(Seen(call.line, describe(name)))
    _loops(steps, modules, found, path)
    _prepared(found)
    _configured(facts, found)
    found.serves.extend((*serves, *(interface[:1] if len(interface) >= 3 else ()), *_served(facts, path)))
    return found


@lru_cache(maxsize=50_000)
def _meaning(name: str) -> _Meaning | None:
    """The meaning of a name; None for one that says nothing at all, as nearly all of them."""
    method = name.rpartition(".")[2]
    top = _binding(name)
    tables = _CALLS.of(name)
    found = _Meaning(
        top,
        tuple(_by_name(name, tables)),
        _by_method(method) if top else (),
        name == "open" or method in _SHAPED or method.endswith("Trainer"),
        method in _STEPS,
        "yes" if "serve" in tables else "interface" if "interface" in tables else "",
    )
    says = found.stages or found.unbound or found.shaped or found.loop or found.serves
    return found if says else None


@lru_cache(maxsize=10_000)
def _by_method(method: str) -> tuple[tuple[str, str], ...]:
    """Stages that the method of something unknown tells."""
    name = f"?.{method}"
    return tuple(_by_name(name, _CALLS.of(name)))


_SHAPED = frozenset("fit partial_fit score generate train save".split())
"""Methods whose arguments tell whether they belong to a stage."""
_STEPS = frozenset("backward step eval no_grad inference_mode apply_gradients minimize".split())


def _binding(name: str) -> str:
    """The module that binds the receiver of a method when a file imports it; empty where that does not matter.

    Without the import it comes from `import *` or from another file.
    """
    top = name.partition(".")[0]
    matters = "." in name and "()" not in name and top not in ("", "?", "self", "spark")
    return top if matters else ""


def describe(name: str) -> str:
    """A call as a person would write it: `.fit()` for a method of something unknown."""
    return f"calls {name.removeprefix('?')}" + ("" if name.endswith("()") else "()")


def _by_name(name: str, tables: Collection[str]) -> Iterable[tuple[str, str]]:
    """Stages that the name alone tells, given the tables that it is in."""
    root, instance, _ = name.partition("()")
    method = name.rpartition(".")[2]
    if name.startswith(("self.", "super().")):
        return
    unknown = name.startswith("?.") or (instance and "." not in root)
    if "toy" in tables:
        yield "load", "toy"
    elif "load" in tables and not (instance and "prepare" in _CALLS.begun(name)):
        yield "load", ""
    if method in apis.PREPARE_METHODS or (not instance and "prepare" in tables):
        yield "prepare", ""
    elif (method in apis.PREPARE_WEAK_METHODS and (instance or unknown)) or "weak" in tables:
        yield "prepare", f"weak:{method}"
    classes = _CLASSES.of(root) if instance else ()
    transformer = "transformer" in classes
    if instance and method in ("fit", "fit_resample") and not transformer:
        if "cluster" in classes:
            yield "train", "cluster"
        elif "estimator" in classes and method == "fit":
            yield "train", ""
    elif method == "partial_fit" and instance and "estimator" in classes:
        yield "train", ""
    if "train" in tables:
        yield "train", ""
    elif method in apis.TRAIN_METHODS and (instance or unknown) and not transformer:
        yield "train", "cluster" if method == "fit_predict" or "cluster" in classes else ""
    plain = "()" not in name and not name.startswith("?.")
    if (
        "evaluate" in tables
        or (method in apis.EVALUATE_METHODS and (unknown or (instance and not transformer)))
        or (plain and "evaluate by name" in tables)
        or (method == "score" and instance and "estimator" in classes)
    ):
        yield "evaluate", ""
    if (method in apis.PREDICT_METHODS and (unknown or instance) and not transformer) or "predict" in tables:
        yield "predict", ""
    if "persist" in tables or (method in apis.PERSIST_METHODS and (unknown or instance)):
        yield "persist", ""


def _by_shape(call: Call) -> tuple[tuple[str, str], ...]:
    """Stages that the arguments tell as well."""
    name, method = call.name, call.method
    if method in ("fit", "partial_fit"):
        root, instance, _ = name.partition("()")
        found: list[tuple[str, str]] = []
        if name.startswith("?.") or (instance and not name.startswith("super()")):
            known = bool(instance) and bool(_CLASSES.of(root))
            if not known and (call.positional >= 2 or apis.FIT_KEYWORDS & call.keywords.keys()):
                found.append(("train", ""))
        if call.keywords.keys() & {"validation_data", "eval_set", "validation_split"}:
            found.append(("evaluate", ""))
        return tuple(found)
    if method == "score" and name.startswith("?.") and call.positional >= 2:
        return (("evaluate", ""),)
    if (
        method == "generate"
        and ("()" in name or name.startswith("?."))
        and apis.GENERATE_KEYWORDS & call.keywords.keys()
    ):
        return (("predict", ""),)
    if method == "train" and name.startswith("?.") and "input_fn" in call.keywords:
        return (("train", ""),)
    if method.endswith("Trainer") and call.keywords.keys() & {"eval_dataset", "compute_metrics"}:
        return (("evaluate", ""),)
    if (
        name == "open"
        and call.text
        and _DATA_FILE.search(call.text)
        and not str(call.keywords.get("mode", "")).startswith("w")
    ):
        return (("load", ""),)
    if method == "save" and ("()" in name or name.startswith("?.")):
        root = name.partition("()")[0]
        if "estimator" in _CLASSES.of(root) or (call.text and _MODEL_FILE.search(call.text)):
            return (("persist", ""),)
    return ()


def _loops(by_method: Mapping[str, Call], modules: set[str], found: FileStages, path: str) -> None:
    """What is written by hand: training as a backward pass with an optimiser step, inference without gradients."""
    backward, step = by_method.get("backward"), by_method.get("step")
    if backward and step and (modules & TORCH or "?" in backward.name):
        found.add("train", Seen(backward.line, "calls .backward() and .step()", scope=backward.scope))
        if "eval" in by_method:
            call = by_method["eval"]
            found.add("evaluate", Seen(call.line, "calls .eval()", scope=call.scope))
    frozen = by_method.get("no_grad") or by_method.get("inference_mode") or by_method.get("eval")
    if frozen and modules & TORCH and not found.has("train") and uses_a_model(path):
        found.add("predict", Seen(frozen.line, describe(frozen.name), scope=frozen.scope))
    applied = by_method.get("apply_gradients") or by_method.get("minimize")
    if (
        applied
        and modules & {"tensorflow", "keras", "tf_keras", "flax"}
        and (applied.name.startswith("?") or (_binding(applied.name) and _binding(applied.name) not in modules))
    ):
        found.add("train", Seen(applied.line, describe(applied.name), scope=applied.scope))
    for places in found.stages.values():
        places.sort(key=lambda seen: seen.line)


def _prepared(found: FileStages) -> None:
    """One weak sign of preparation is none; two different ones are."""
    places = found.stages.get("prepare")
    if places and all(p.note for p in places) and len({p.note for p in places}) < 2:
        del found.stages["prepare"]


def _configured(facts: PythonFacts, found: FileStages) -> None:
    """Configuration in code: five constants or hyper-parameters, or a table that calls itself configuration."""
    constants = [
        (name, line)
        for name, (value, line) in facts.constants.items()
        if value is not None and ((name.isupper() and len(name) > 1) or _HYPERPARAMETER.fullmatch(name))
    ]
    tables = [
        (name, line)
        for name, (value, line) in facts.constants.items()
        if isinstance(value, dict) and value and _CONFIG_NAME.fullmatch(name)
    ]
    if len(constants) >= 5 or tables:
        for name, line in sorted(constants + tables, key=lambda item: item[1]):
            found.add("configure", Seen(line, f"sets {name}"))


@lru_cache(maxsize=10_000)
def _serves(name: str) -> bool:
    return "serve" in _CALLS.of(name)


@lru_cache(maxsize=10_000)
def _is_serving_base(name: str) -> bool:
    return "serve" in _BASES.of(name)


def _served(facts: PythonFacts, path: str) -> Iterable[Seen]:
    """Definitions that serve: an endpoint, a contract of a platform."""
    functions = {d.name: d for d in facts.definitions if d.kind == "function"}
    for definition in facts.definitions:
        if any(map(_serves, definition.decorators)):
            yield Seen(definition.line, f"defines {definition.name} as an endpoint")
        if definition.kind == "class" and any(map(_is_serving_base, definition.bases)):
            yield Seen(definition.line, f"defines {definition.name}({definition.bases[0]})")
        if definition.kind == "class" and definition.name in ("EndpointHandler", "TritonPythonModel"):
            yield Seen(definition.line, f"defines {definition.name}")
    if "lambda_handler" in functions and len(functions["lambda_handler"].parameters) == 2:
        yield Seen(functions["lambda_handler"].line, "defines lambda_handler")
    if "model_fn" in functions and {"predict_fn", "input_fn", "output_fn", "transform_fn"} & functions.keys():
        yield Seen(functions["model_fn"].line, "defines model_fn")
    if (
        {"init", "run"} <= functions.keys()
        and _SCORING_FILE.search(path)
        and len(functions["run"].parameters) == 1
        and not functions["init"].parameters
    ):
        yield Seen(functions["run"].line, "defines init and run, the scoring contract of Azure ML")
