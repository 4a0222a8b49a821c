"""What should come from outside the code: hyper-parameters, addresses, paths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from prodcheck.extract.python_model import PythonFacts
from prodcheck.facts import Facts
from prodcheck.facts.apis import PREDICT_METHODS
from prodcheck.facts.facts import once
from prodcheck.facts.paths import Role
from prodcheck.model import Confidence, Evidence, Hit, Location, Outcome, Strength
from prodcheck.patterns import lazy_regex

_READERS = lazy_regex(
    r"(?:argparse\.ArgumentParser|jsonargparse\.\w+|simple_parsing\.\w+|tyro\.(?:cli|extras\.\w+)|fire\.Fire|docopt\.docopt|"
    r"typer\.(?:Typer|run|Option|Argument)|click\.(?:command|group|option|argument)|absl\.(?:flags|app)\.\w+|plac\.call|"
    r"(?:tensorflow\.(?:compat\.v1\.)?(?:app\.)?)?flags\.DEFINE_\w+|tensorflow\.(?:compat\.v1\.)?(?:app\.)?flags\.DEFINE_\w+|"
    r"hydra\.(?:main|initialize\w*|compose)|omegaconf\.OmegaConf\.(?:load|from_\w+|create|structured)|gin\.\w+|"
    r"ml_collections\.\w+(?:\.\w+)*|(?:pytorch_lightning|lightning)(?:\.\w+)*\.LightningCLI|transformers\.(?:\w+\.)*HfArgumentParser|"
    r"mmengine\.(?:config\.)?Config\.fromfile|mmcv\.Config\.fromfile|detectron2\.config\.get_cfg|yacs\.config\.\w+|"
    r"pydantic_settings\.\w+|pydantic\.BaseSettings|dynaconf\.\w+|environs\.Env|decouple\.\w+|dotenv\.\w+|configparser\.\w+|"
    r"(?:ruamel\.yaml\.|yaml\.)(?:safe_load|load|full_load|YAML)|(?:tomllib|tomli|toml|rtoml)\.loads?|confuse\.\w+|confection\.\w+|"
    r"dvc\.api\.params_show|metaflow\.(?:Parameter|IncludeFile|Config)|luigi\.(?:\w*Parameter)|airflow\.models\.(?:Variable\.get|Param)|"
    r"airflow\.models\.param\.Param|prefect\.variables\.\w+(?:\.\w+)*|kedro\.config\.\w+|box\.(?:Box|ConfigBox)(?:\.\w+)*|envparse\.\w+|"
    r"spacy\.util\.load_config|parlai\.core\.params\.\w+|allennlp\.common\.Params\.\w+|configargparse\.\w+|everett\.\w+|konfig\.\w+)"
)
"""Calls that read settings from a file, the command line or the environment."""
_READER_BASES = lazy_regex(r"(?:pydantic_settings|pydantic)\.BaseSettings|metaflow\.FlowSpec|luigi\.Task|cog\.\w+")
_HYPERPARAMETER = lazy_regex(
    r"lr|learning_rate|lr0|eta|n_estimators|num_boost_round|num_round|max_depth|num_leaves|batch_size|per_device_train_batch_size|epochs|"
    r"n_epochs|num_epochs|num_train_epochs|max_epochs|iterations|dropout|dropout_rate|hidden_\w+|num_layers|n_layers|num_heads|"
    r"weight_decay|min_samples_\w+|subsample|colsample_\w+|reg_alpha|reg_lambda|max_iter|n_neighbors|n_components|"
    r"max_features|C|gamma|alpha|embedding_dim|embed_dim"
)
_AMBIGUOUS = frozenset("C gamma alpha max_features n_components iterations".split())
"""Names that plotting and other libraries use too; they count only for calls of learning libraries."""
_LEARNING = lazy_regex(
    r"(?:sklearn|xgboost|lightgbm|catboost|torch|tensorflow|keras|transformers|pytorch_lightning|lightning|fastai|imblearn)\."
)
_CONSTANT = lazy_regex(
    r"(?i)(?:lr|learning_rate|n_?estimators|max_depth|(?:train_)?batch_?size|bs|n?_?epochs?|num_(?:train_)?epochs|dropout(?:_rate)?|"
    r"hidden_(?:size|dim|units)|num_layers|n_layers|weight_decay|embedding_dim|n_hidden|max_iter)"
)
_ADDRESS = lazy_regex(
    r"(?:s3|gs|gcs|abfss?|wasbs?|hdfs|dbfs|postgres(?:ql)?(?:\+\w+)?|mysql(?:\+\w+)?|mongodb(?:\+srv)?|redis|amqps?|clickhouse|snowflake|"
    r"bigquery)://[\w.-]|https?://(?:localhost|127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)"
)
_LAUNCHER = lazy_regex(
    r"(?:LOCAL_|NODE_|GLOBAL_)?RANK$|(?:LOCAL_)?WORLD_SIZE$|MASTER_|CUDA_|HOROVOD|TF_|OMP_|MKL_|NCCL_|KERAS_BACKEND$|PYTHON|HOME$|PATH$|"
    r"USER$|SLURM_|DISPLAY$|TOKENIZERS_|XLA_|SM_(?!HPS?(?:$|_))|AIP_|AZUREML_"
)
"""Environment variables that set up the process, or say where a platform put things, rather than set the project."""
_CENTRAL = lazy_regex(
    r"(?i)(?:^|/)(?:\w+_)?(?:config\w*|constants|settings|params|parameters|hparams|hyperparameters|cfg)\.py$"
)


def config_in_code(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Hyper-parameters, paths and addresses come from configuration, not from literals in training or serving code."""
    entries = dict(_entries(facts))
    if not entries:
        return Outcome.not_applicable("nothing is trained or served outside tests and examples")
    readers = {path: found for path, python in _own(facts) if (found := _reads_settings(facts, path, python))}
    direct = [readers[path] for path in entries if path in readers]
    if direct:
        return Outcome(1.0, tuple(direct[:3]), reason="training or serving code reads its settings from outside")
    outside = _outside(facts)
    if outside is not None:
        return Outcome(1.0, (outside,), reason=outside.detail)
    literals = [hit for path, python in entries.items() for hit in _literals(facts, path, python)]
    addresses = [hit for path, python in entries.items() for hit in _addresses(facts, path, python)]
    folders = {path.partition("/")[0] for path in entries}
    near = [
        found
        for path, found in readers.items()
        if "/" not in path or path.partition("/")[0] in folders or len(literals) < 3
    ]
    if near and len(literals) < 3:
        return Outcome(
            1.0,
            tuple(near[:3]),
            reason="few settings are written in the code, and others are read from outside",
            confidence=Confidence.MEDIUM,
        )
    if len(literals) < 3 and len(addresses) < 2:
        return Outcome(1.0, reason="few settings are written in the code", confidence=Confidence.MEDIUM)
    count = f"{len(literals)} hyper-parameters" if len(literals) >= 3 else f"{len(addresses)} addresses"
    if near:  # something is configured, and not what is trained
        return Outcome(
            0.5,
            tuple(near[:3]),
            _by_file(literals + addresses),
            f"settings are read in {near[0].location}, and {count} are literals in the code",
            Confidence.MEDIUM,
        )
    central = _central_module(facts)
    if central is not None:
        return Outcome(
            0.5,
            (central,),
            _by_file(literals + addresses),
            f"constants are collected in {central.location}, and {count} are literals in the code",
            Confidence.MEDIUM,
        )
    return Outcome(
        0.0, (), _by_file(literals + addresses), f"{count} are literals in the code, and no configuration is read"
    )


def _by_file(hits: list[Hit]) -> tuple[Hit, ...]:
    """One finding a file: whoever moves one setting out of it moves those beside it too."""
    files: dict[str, list[Hit]] = {}
    for hit in hits:
        files.setdefault(hit.location.path if hit.location else "", []).append(hit)
    ranked = sorted(files.values(), key=len, reverse=True)[:5]
    found = []
    for several in ranked:
        details = list(dict.fromkeys(hit.detail for hit in several))
        told = ", ".join(details[:3]) + (f" and {len(details) - 3} more" if len(details) > 3 else "")
        found.append(Hit(several[0].location, told, Confidence.MEDIUM, identity="settings"))
    return tuple(found)


def _own(facts: Facts) -> Iterable[tuple[str, PythonFacts]]:
    for path, file in facts.files.items():
        if facts.role(path) is not Role.CODE or path in facts.code.twins:
            continue
        if file.python is not None:
            yield path, file.python
        elif file.notebook is not None and not file.notebook.problem:
            yield path, file.notebook.python


def _entries(facts: Facts) -> Iterable[tuple[str, PythonFacts]]:
    """The project's own files that train or serve: modules, and notebooks only where no module does."""
    wanted = {e.location.path for e in (*facts.code.trains, *facts.code.serves) if e.location}
    found = [(path, facts.whole(path) or python) for path, python in _own(facts) if path in wanted]
    return [item for item in found if item[0].endswith(".py")] or found


def _place(facts: Facts, path: str, line: int) -> Location:
    book = facts.files[path].notebook
    return book.locate(path, line) if book else Location(path, line)


def _may_read_settings(name: str) -> bool:
    return name == "open" or _READERS.fullmatch(name) is not None


@once
def _readers(facts: Facts) -> frozenset[str]:
    return frozenset(facts.calls.where(_may_read_settings))


def _reads_settings(facts: Facts, path: str, python: PythonFacts) -> Evidence | None:
    for call in python.calls.named(_may_read_settings) if path in _readers(facts) else ():
        if call.name != "open" or "configurator" in (call.text or ""):
            return Evidence(f"reads settings with {call.name}", _place(facts, path, call.line))
    for definition in python.definitions:
        for base in definition.bases:
            if _READER_BASES.fullmatch(base):
                return Evidence(f"{definition.name} is a {base}", _place(facts, path, definition.line))
    variables = [(name, line) for name, line in python.environment if not _LAUNCHER.match(name)]
    if len(variables) >= 2:
        name, line = variables[0]
        return Evidence(f"reads {name or 'settings'} from the environment", _place(facts, path, line))
    return None


def _outside(facts: Facts) -> Evidence | None:
    """Settings that a tool hands to the code: a project file with parameters, or a notebook that is run with them."""
    for path in facts.files:
        name = path.rpartition("/")[2]
        if name == "MLproject" and re.search(r"^\s+parameters:", facts.text(path), re.MULTILINE):
            return Evidence("MLproject declares parameters", Location(path), Strength.CONFIGURED)
    for book in facts.code.per_notebook:
        if book.parameterised and not book.in_docs and (book.stages.get("train") or book.stages.get("predict")):
            return Evidence("a notebook takes parameters", Location(book.path), Strength.CONFIGURED)
    return None


def _literals(facts: Facts, path: str, python: PythonFacts) -> Iterable[Hit]:
    """Hyper-parameters written as literals, where they are used."""
    for call in python.calls:
        if call.method in PREDICT_METHODS:
            continue
        # Named for what it sets, whatever it is called on.
        learning = bool(_LEARNING.match(call.name)) or call.method == "set_hyperparameters"
        for name, value in call.keywords.items():
            if not isinstance(value, int | float) or isinstance(value, bool) or not _HYPERPARAMETER.fullmatch(name):
                continue
            if name in _AMBIGUOUS and not learning:
                continue
            yield Hit(
                _place(facts, path, call.line), f"{name}={value}", Confidence.MEDIUM, identity=f"{call.method} {name}"
            )
    for name, (value, line) in python.constants.items():
        if isinstance(value, int | float) and not isinstance(value, bool) and _CONSTANT.fullmatch(name):
            yield Hit(_place(facts, path, line), f"{name} = {value}", Confidence.MEDIUM, identity=name)


def _addresses(facts: Facts, path: str, python: PythonFacts) -> Iterable[Hit]:
    """Buckets, databases and internal hosts written as literals. What follows the host is not shown."""
    for call in python.calls:
        if call.text and (match := _ADDRESS.match(call.text)):
            yield Hit(
                _place(facts, path, call.line), f"an address, {match[0]}...", Confidence.MEDIUM, identity=match[0]
            )
    for name, (value, line) in python.constants.items():
        if isinstance(value, str) and (match := _ADDRESS.match(value)):
            yield Hit(_place(facts, path, line), f"{name} = {match[0]}...", Confidence.MEDIUM, identity=name)


def _central_module(facts: Facts) -> Evidence | None:
    for path, python in _own(facts):
        if _CENTRAL.search(path) and len(python.constants) >= 3:
            return Evidence(f"{len(python.constants)} constants in one module", Location(path), Strength.CONFIGURED)
    return None
