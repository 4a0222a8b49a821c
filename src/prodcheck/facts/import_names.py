"""Which distribution an imported module comes from: data made by `scripts/import_names.py` from measured names."""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path

from prodcheck.extract.dependency import normalise
from prodcheck.records import dataclass

STDLIB = sys.stdlib_module_names | frozenset(
    # removed by the Python that runs prodcheck, or not in it yet: the answer must not depend on that
    "asynchat asyncore audioop binhex cgi cgitb chunk crypt distutils formatter imghdr imp lib2to3 mailcap msilib nis "
    "nntplib ossaudiodev parser pipes smtpd sndhdr spwd sunau symbol telnetlib uu xdrlib asyncio macpath tomllib "
    "zoneinfo graphlib annotationlib compression _typeshed "
    # Python 2
    "BaseHTTPServer ConfigParser Cookie HTMLParser Queue SimpleHTTPServer SocketServer StringIO Tkinter UserDict "
    "__builtin__ anydbm cPickle cStringIO commands cookielib copy_reg dummy_thread dummy_threading exceptions "
    "htmlentitydefs httplib md5 mimetools new popen2 sets sha thread tkFileDialog tkMessageBox urllib2 urlparse "
    "xmlrpclib tkFont ttk robotparser SimpleXMLRPCServer DocXMLRPCServer CGIHTTPServer whichdb dumbdbm gdbm".split()
)

PLATFORM = frozenset(
    "dbutils google.colab awsglue smdistributed sagemaker_containers sagemaker_training "
    "PyInstaller triton_python_backend_utils kaggle_secrets kaggle_datasets "
    "kaggle_web_client kaggle_evaluation pyodide pyodide_js js micropip bpy bpy_extras bmesh mathutils arcpy qgis "
    "unreal maya hou nuke gdb lldb sublime sublime_plugin idaapi idc FreeCAD "
    "notebookutils mssparkutils synapse jetbrains snowflake.snowpark.context _snowflake".split()
)
"""Modules that the machine a file is meant for brings along, and no index has."""

PLATFORM_TOPS = frozenset(name.partition(".")[0] for name in PLATFORM)

BRINGS: Mapping[str, tuple[str, ...]] = {
    "keras": ("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "tensorflow-macos"),
    "IPython": ("ipykernel", "ipywidgets", "jupyter", "jupyterlab", "notebook"),
    "starlette": ("fastapi",),
    "pydantic": ("fastapi",),
    "werkzeug": ("flask",),
    "pendulum": ("apache-airflow",),
    "omegaconf": ("hydra-core",),
    "botocore": ("boto3",),
    "mlflow": ("azureml-mlflow",),
}
"""Modules that the documentation of another distribution tells its users to import: declaring that one is enough."""

NAMESPACES = frozenset(
    "google azure aws_cdk nvidia zope sphinxcontrib dbt databricks backports azureml opentelemetry jaraco odoo ruamel "
    "llama_index airflow.providers snowflake tencentcloud alibabacloud autogluon "
    "livekit trame plone collective five repoze paste".split()
)
"""Packages that many distributions share. What is inside decides where it comes from."""

GENERIC = frozenset(
    "utils util utilities helpers helper common commons config configs conf cfg settings constants const model models "
    "data dataset dataloader data_loader datamodule data_utils preprocess preprocessing process train trainer training "
    "test tests testing eval evaluation evaluator predict prediction inference infer main app run api server client "
    "core lib libs src scripts script tools tool module modules layer layers net nets network networks loss losses "
    "metric metrics logger logging_utils options opts args arguments params parameters base types transforms "
    "augmentation visualization visualize plot plots plotting pipeline pipelines step steps features feature db "
    "database schema schemas routes views forms tasks task agent agents env envs environment memory policy policies "
    "solver solvers engine backbone backbones decoder encoder vocab tokenization modeling optimization optim "
    "lr_scheduler hyperparams hparams globals glob_vars misc functions func funcs my_utils custom local project "
    "package setup version _version secret secrets_ credentials keys passwords".split()
)
"""Names that are a project's own modules even when the file itself is not in the tree."""


def _providers(module: str) -> tuple[str, ...]:
    """The distributions of a top-level module in the table, found in its sorted lines; none when it is not there."""
    lines = _modules()
    place = bisect_left(lines, module)
    found, _, names = lines[place].partition("\t") if place < len(lines) else ("", "", "")
    if found != module:
        return ()
    return tuple(names.split()) if names else (normalise(module),)


@cache
def _modules() -> list[str]:
    """The lines of the table, in the order of the alphabet; the comments at its top come before every name there."""
    return _text("import_names.tsv").split("\n")


@cache
def _conda() -> Mapping[str, str]:
    return dict(line.split("\t") for line in _text("conda_names.tsv").split("\n") if not line.startswith("#"))


def _text(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8").rstrip("\n")


def is_known(module: str) -> bool:
    """True for a top-level module of a widely used distribution."""
    return bool(_providers(module))


@cache
def _distributions() -> frozenset[str]:
    lines = [line for line in _modules() if not line.startswith("#")]
    listed = " ".join(line.partition("\t")[2] for line in lines)
    like_their_modules = normalise("\n".join(line for line in lines if "\t" not in line))
    return frozenset((*listed.split(), *(name.strip("-") for name in like_their_modules.split("\n"))))


def is_known_distribution(name: str) -> bool:
    """True for a widely used distribution, whose modules are therefore known."""
    return name in _distributions()


def from_conda(name: str) -> str:
    """The name on PyPI of a distribution that conda-forge calls otherwise."""
    return _conda().get(name, name)


def package_of(module: str) -> str:
    """The part of a dotted module that tells the distribution: the top, or more below a shared namespace."""
    parts = module.split(".")
    if parts[0] in NAMESPACES:
        return ".".join(parts[:3])
    if ".".join(parts[:2]) in NAMESPACES:
        return ".".join(parts[:3])
    return parts[0]


def distributions(module: str) -> tuple[str, ...]:
    """Normalised names of the distributions that provide a dotted module, the likeliest first.

    The module's own name when nothing is known about it.
    """
    package = package_of(module)
    parts = package.split(".")
    own = normalise(parts[0])
    if package == parts[0] and package not in NAMESPACES:
        known = _providers(package)
        return known if own in known else (*known, own)
    if package.startswith("google.protobuf"):
        return ("protobuf",)
    if package.startswith(("google.auth", "google.oauth2")):
        return ("google-auth",)
    if package.startswith("airflow.providers"):
        return (normalise("apache-" + package), "apache-airflow")
    names = [normalise("-".join(parts[:size])) for size in range(len(parts), 0, -1)]
    return tuple(dict.fromkeys((*names, *_providers(parts[0]))))


@dataclass(frozen=True)
class Source:
    """The distributions that provide a module: by name, and by a prefix when they share a namespace with it."""

    names: frozenset[str]
    prefixes: tuple[str, ...] = ()


@lru_cache(maxsize=10_000)
def source_of(module: str) -> Source:
    """What has to be installed for a module."""
    parts = module.split(".")
    top = parts[0]
    below = (normalise("-".join(parts[:2])), normalise("-".join(parts[:3])))
    names = frozenset((*distributions(module), *BRINGS.get(top, ()), *below))
    prefix = normalise(top) + "-"
    return Source(names, (prefix, f"apache-{prefix}") if top in NAMESPACES else ())


def provides(distribution: str, module: str) -> bool:
    """True when a distribution provides a module, or may do so because both share a namespace."""
    source = source_of(module)
    return distribution in source.names or (bool(source.prefixes) and distribution.startswith(source.prefixes))


def is_platform(module: str) -> bool:
    """True for a module that comes with the platform, such as `dbutils` or `google.colab`."""
    parts = module.split(".")
    return any(".".join(parts[:size]) in PLATFORM for size in range(1, min(len(parts), 3) + 1))
