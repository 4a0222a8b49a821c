"""Versions of data that code asks for: fixed revisions, artefacts, time travel, checksums; and public datasets.

One call at a time, by resolved name. What a call cannot prove from its literal arguments it does not claim.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from prodcheck.extract.python import Call
from prodcheck.extract.run import FileFacts
from prodcheck.facts.calls import Calls
from prodcheck.facts.paths import Paths, Role
from prodcheck.model import Evidence, Strength
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass


@dataclass(frozen=True, slots=True)
class CodeEvidence:
    """What calls say about data versions."""

    versioned: tuple[Evidence, ...]
    initialised: tuple[Evidence, ...]
    public: tuple[Evidence, ...]


def code_evidence(files: Mapping[str, FileFacts], paths: Paths, calls: Calls) -> CodeEvidence:
    """Evidence from the calls of own modules and notebooks, in the order of the files."""
    versioned: list[Evidence] = []
    initialised: list[Evidence] = []
    public: list[Evidence] = []
    for path in sorted({*calls.where(_is_relevant), *calls.saying(_speaks_of_versions)}):
        if paths.role(path) is not Role.CODE:
            continue
        file = files[path]
        python = file.source
        for call in python.calls if python else ():
            verdict = judge(call)
            if verdict is None:
                continue
            place = file.locate(call.line)
            what, detail = verdict
            if what == "versioned":
                versioned.append(Evidence(detail, place))
            elif what == "initialised":
                initialised.append(Evidence(detail, place, Strength.DECLARED))
            else:
                public.append(Evidence(detail, place))
    return CodeEvidence(tuple(versioned), tuple(initialised), tuple(public))


PUBLIC = lazy_regex(
    r"""(?:
      sklearn\.datasets\.(?:load_(?!files|svmlight)\w+|fetch_\w+|make_\w+)
    | (?:tensorflow\.)?keras\.datasets\.\w+\.load_data
    | torchvision\.datasets\.(?!ImageFolder|DatasetFolder|FakeData)\w+
    | torchtext\.datasets\.\w+ | torchaudio\.datasets\.\w+ | torch_geometric\.datasets\.\w+
    | seaborn\.load_dataset | statsmodels\.(?:api\.)?datasets\.[\w.]+ | vega_datasets\.data[\w.]*
    | tensorflow_datasets\.(?:load|builder) | nltk\.corpus\.[\w.]+ | openml\.datasets\.get_dataset
    | datasets\.load_dataset | shap\.datasets\.\w+ | ucimlrepo\.fetch_ucirepo | pydataset\.data
    | mxnet\.gluon\.data\.vision\.(?!ImageFolder)\w+ | dgl\.data\.\w+ | ogb\.[\w.]+Dataset
    | kagglehub\.(?:dataset_download|load_dataset|dataset_load)
    )\Z""",
    re.VERBOSE,
)
"""Calls that load a dataset which somebody else publishes under a name."""

_MUTABLE = ("datasets.", "kagglehub.", "openml.")
"""Hubs on which a dataset changes under its name; the others ship or check what they load."""
_GENERIC_BUILDERS = frozenset("csv json parquet text imagefolder audiofolder pandas arrow webdataset".split())


def judge(call: Call) -> tuple[str, str] | None:
    """(`versioned`, `initialised` or `public`, what to say about it) for one call, or None."""
    if not _may_matter(call):
        return None
    pinned = _pinned(call)
    if pinned:
        return pinned
    name, keywords, text = call.name, call.keywords, call.text or ""
    if _is_public(name):
        if name == "datasets.load_dataset":
            if text in _GENERIC_BUILDERS or text.startswith((".", "/", "~")):
                return None
            if keywords.get("revision"):
                return "versioned", "pins the dataset's revision"
        if name.startswith(_MUTABLE):
            return "initialised", f"loads the public dataset {text or 'named there'} without a fixed version"
        return "public", f"loads a public dataset ({name}{f' {text}' if text else ''})"
    return None


_TOPS = frozenset(
    "azure azureml clearml datasets dgl dvc kagglehub keras lance mlflow mxnet nltk ogb openml pooch pydataset quilt3 "
    "sagemaker seaborn shap sklearn statsmodels tensorflow tensorflow_datasets torch_geometric torchaudio torchtext "
    "torchvision trains ucimlrepo vega_datasets wandb".split()
)
_METHODS = frozenset(
    "use_artifact option DeltaTable load_as_version load_version scan get_file download_url "
    "download_and_extract_archive get_historical_features create_or_update".split()
)


def _may_matter(call: Call) -> bool:
    """A quick look at the name: most calls of a repository are about something else."""
    return _is_relevant(call.name) or (call.text is not None and _speaks_of_versions(call.text))


def _is_relevant(name: str) -> bool:
    return name.partition(".")[0] in _TOPS or name.rpartition(".")[2] in _METHODS


def _speaks_of_versions(text: str) -> bool:
    return " AS OF " in text or "VERSION" in text or "lakefs:" in text


_CHECKED = "downloads data and checks its hash"


@dataclass(frozen=True)
class _Sign:
    """One call that says something about versions. `keyword` and `text` are needed for `versioned`."""

    name: re.Pattern[str]
    detail: str
    keywords: tuple[str, ...] = ()
    text: re.Pattern[str] | None = None
    otherwise: str = ""
    """What to say when the call is there without the proof; empty for nothing."""


def _sign(name: str, detail: str, *keywords: str, text: str = "", otherwise: str = "") -> _Sign:
    return _Sign(lazy_regex(rf"(?:{name})\Z"), detail, keywords, lazy_regex(text) if text else None, otherwise)


_SIGNS = (
    _sign(
        r".*\.use_artifact", "reads a fixed version of an artefact", text=r":v\d+$|:[0-9a-f]{8,}$",
        otherwise="reads an artefact of Weights & Biases without a fixed version",
    ),
    _sign(r"mlflow\.data\.(?:from_\w+|load_delta)", "", text="(?!)", otherwise="describes the dataset to MLflow"),
    _sign(r"mlflow\.log_input", "logs the dataset's digest to MLflow"),
    _sign(
        r".*\.option", "reads a fixed version of a table",
        text="^(?:versionAsOf|timestampAsOf|snapshot-id|as-of-timestamp)$",
    ),
    _sign(r"(?:.*\.)?DeltaTable", "reads a fixed version of a Delta table", "version"),
    _sign(r".*\.(?:load_as_version|load_version)", "reads a fixed version of a Delta table"),
    _sign(r".*\.scan", "reads a fixed Iceberg snapshot", "snapshot_id"),
    _sign(r"lance\.dataset", "reads a fixed version of a Lance dataset", "version"),
    _sign(
        r".*", "reads a fixed version of a table (SQL time travel)",
        text=r"\b(?:VERSION|TIMESTAMP) AS OF\b|\bFOR (?:SYSTEM_)?VERSION\b",
    ),
    _sign(r".*", "reads data from lakeFS", text="^lakefs://"),
    _sign(
        r"dvc\.api\.\w+", "reads data through DVC at a fixed revision", "rev", otherwise="reads data through DVC"
    ),
    _sign(
        r"(?:clearml|trains)\.Dataset\.get", "reads a fixed ClearML dataset", "dataset_id", "dataset_version",
        otherwise="reads a ClearML dataset",
    ),
    _sign(r"clearml\.Dataset\.create", "makes a version of a ClearML dataset"),
    _sign(r"quilt3\..*", "reads a fixed Quilt package", "top_hash", otherwise="uses Quilt packages"),
    _sign(r"pooch\.(?:core\.)?(?:retrieve|create)", _CHECKED, "known_hash", "registry"),
    _sign(r".*\.get_file", _CHECKED, "file_hash", "md5_hash"),
    _sign(r".*\.(?:download_url|download_and_extract_archive)", _CHECKED, "md5"),
    _sign(r".*\.get_historical_features", "reads features as of a point in time"),
    _sign(r"sagemaker\..*FeatureGroup", "uses the SageMaker feature store"),
    _sign(
        r"azureml\.core(?:\.dataset)?\.Dataset\.get_by_name", "reads a fixed version of an Azure ML dataset", "version",
        otherwise="reads the newest version of an Azure ML dataset",
    ),
    _sign(r"azure\.ai\.ml\.entities\.Data|.*\.data\.create_or_update", "registers an Azure ML data asset"),
    _sign(r"kagglehub\..*", "downloads a fixed version of a Kaggle dataset", text="/versions/"),
    _sign(r"tensorflow_datasets\..*", "loads a fixed version of a dataset", text=r":\d+\.\d+\.\d+$"),
)  # fmt: skip


@lru_cache(maxsize=10_000)
def _signs(name: str) -> tuple[_Sign, ...]:
    """The signs that calls of this name may be."""
    return tuple(sign for sign in _SIGNS if sign.name.match(name))


@lru_cache(maxsize=10_000)
def _is_public(name: str) -> bool:
    return PUBLIC.match(name) is not None


def _pinned(call: Call) -> tuple[str, str] | None:
    for sign in _signs(call.name):
        proven = not sign.keywords or any(call.keywords.get(k) not in (None, "", False) for k in sign.keywords)
        if proven and (sign.text is None or sign.text.search(call.text or "")):
            return "versioned", sign.detail
        if sign.otherwise:
            return "initialised", sign.otherwise
    if call.name == "wandb.Artifact" and call.keywords.get("type") in ("dataset", "data", "raw_data"):
        return "versioned", "logs the dataset as an artefact of Weights & Biases"
    return None
