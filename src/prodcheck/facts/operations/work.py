"""What running a file or a command would do to a model: fetch data, train, score, register, monitor.

A schedule is worth nothing by itself: nearly every `cron` in a repository lints, closes stale issues or builds docs. So
rules about automation ask what a trigger's target does in the end, through scripts, task runners and imports.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from prodcheck.extract.ci import Step
from prodcheck.extract.python_model import Call, Import, PythonFacts
from prodcheck.facts.ci_jobs import Placed
from prodcheck.facts.ci_model import CiCommand
from prodcheck.facts.ci_resolve import Resolver
from prodcheck.facts.paths import Role, folders_around
from prodcheck.patterns import lazy_regex

if TYPE_CHECKING:
    from prodcheck.facts.facts import Facts

TRAIN, SCORE, DATA, REGISTER, MONITOR = "train", "score", "data", "register", "monitor"
Works = frozenset[str]
NOTHING: Works = frozenset()
JOBS = frozenset([TRAIN, SCORE, DATA])
"""Work that somebody would want to start without typing a command."""
MAX_DEPTH = 3
"""Imports that are followed from a script into the project's own modules."""

_STORES = lazy_regex(
    r"(?:.*\.)?(?:to_(?:csv|parquet|sql|feather|pickle|json|gbq|hdf|excel|delta)|save_to_disk|"
    r"write_(?:parquet|csv|delta|table|database)|saveAsTable|insert_rows(?:_json)?|load_table_from_\w+|put_object|upload_file(?:obj)?|upload_from_\w+|"
    r"upload_blob|insert_many|write\.(?:parquet|csv|save|json|mode|format)|sink_parquet|writerows?|write_to_online_store|"
    r"materialize(?:_incremental)?)"
)
_REGISTERS = lazy_regex(
    r"mlflow\.register_model|mlflow\..*\.(?:create_model_version|set_registered_model_alias|"
    r"transition_model_version_stage)|(?:.*\.)?(?:push_to_hub|link_artifact|link_model|register_model|log_model|"
    r"models\.create_or_update|create_model_package)|azureml\.core(?:\.model)?\.Model\.register|"
    r"(?:google\.cloud\.)?aiplatform\.Model\.upload|bentoml\..*\.save_model|bentoml\.models\.create|"
    r"huggingface_hub\..*upload_\w+|sagemaker\.workflow\..*(?:RegisterModel|ModelStep)|"
    r"(?:.*\.)?(?:upload_file|upload_blob|upload_from_filename|put_object)|clearml\.OutputModel"
)
_FETCHES = lazy_regex(
    r"(?:requests|httpx)\.(?:get|post)|urllib\.request\.url\w+|.*\.download_(?:file|blob|to_filename)|wget\.download|"
    r"gdown\.\w+|kaggle\..*|kagglehub\..*|yfinance\..*|bs4\.BeautifulSoup|scrapy\..*|selenium\..*"
)
_TRAIN_WORDS = (
    r"(?:re)?-?train(?:s|ing|er|_model|model)?|fit(?:ting)?|fine-?_? ?tun(?:e|ing)|hyper-?_? ?param\w*|automl"
)
_SCORE_WORDS = (
    r"predict(?:s|ions?|ing)?|scor(?:e|es|ing)|infer(?:ence)?|forecast(?:s|ing)?|recommend\w*|batch[-_ ]?transform"
)
_DATA_WORDS = (
    r"etl|elt|ingest\w*|extract\w*|fetch\w*|download(?:s|ing)?|scrap(?:e|er|ing|y)|crawl\w*|collect(?:s|ion|or|_data)?|"
    r"pre[-_ ]?process\w*|prepare?(?:_data)?|prep|featur(?:e|es|ize|ization|isation)|materiali[sz]e\w*|dbt|"
    r"(?:make|build|create|update|refresh|load|sync|process|clean|get|pull)[-_ ]?"
    r"(?:data(?:set|base)?s?|features?|tables?)|"
    r"data[-_ ]?(?:pipeline|ingestion|load(?:er|ing)?|prep\w*|update|sync|refresh|processing|collection)"
)
_MONITOR_WORDS = r"monitor\w*|drift\w*|evidently|nannyml|data[-_ ]?quality"
_WORDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (work, lazy_regex(rf"(?<![a-z])(?:{pattern})(?![a-z])", re.IGNORECASE))
    for work, pattern in (
        (TRAIN, _TRAIN_WORDS),
        (SCORE, _SCORE_WORDS),
        (DATA, _DATA_WORDS),
        (MONITOR, _MONITOR_WORDS),
    )
)
_MODULE = lazy_regex(r"[A-Za-z_]\w*(?:\.\w+)*")
_CAMEL = lazy_regex(r"(?<=[a-z0-9])(?=[A-Z])")
_RUNNERS = lazy_regex(r"(?:dvc (?:repro|exp(?:eriments)? run)|kedro run|mlflow run|snakemake|nextflow run)\b")
_DATA_COMMANDS = lazy_regex(
    r"(?:dbt (?:run|build|seed|snapshot)|feast materialize\S*|dvc (?:import-url|update)|"
    r"kaggle (?:datasets|competitions) download|(?:airbyte|meltano|dlt|sling|singer)\b.*|scrapy crawl|spark-submit)\b"
)
_SUBMITS = lazy_regex(
    r"anyscale jobs? submit|az ml (?:job create|batch-endpoint invoke)|(?:kubectl|oc) (?:apply|create)|argo submit|"
    r"ray job submit|sky (?:launch|exec|jobs)|databricks (?:jobs|bundle) run|pyflyte run|vh (?:exec|pipeline)|kfp run|"
    r"gcloud (?:\S+ )*(?:custom-jobs|jobs|batch|workflows) \S+|polyaxon run|dstack (?:apply|run)|"
    r"prefect deployment run|aws (?:batch|sagemaker) \S+"
)
"""Programs that are given a file which says what to run."""
_TINY = lazy_regex(
    r"--?(?:n_?|num_?|num-|max_?|max-)?(?:train_?-?)?(?:epochs?|trials)[ =]['\"]?[0-3]\b|"
    r"--?(?:max_?-?|num_?-?|n_?-?)?(?:train_?-?)?(?:steps|iters?|iterations|batches|samples|rounds)[ =]['\"]?\d{1,2}\b|"
    r"\b(?:epochs|max_steps|max_epochs|trainer\.max_epochs|imgsz)=[0-3]\b|"
    r"--?(?:smoke|smoke[-_]test|fast[-_]dev[-_]run|dry[-_]run|debug|test[-_]run|sanity\w*|tiny|toy|dummy|mock|ci)\b|"
    r"\bfast_dev_run=(?:true|1)|\$\{?\w*FIXTURE|(?:^|[ /'\"])tests?/",
    re.IGNORECASE,
)
"""Options that make a training a mere test of whether the code runs."""


@lru_cache(maxsize=10_000)
def _roots(folder: str) -> tuple[str, ...]:
    """Folders from which a module in a folder may import: that one, those above it, and what is called src in each."""
    folders = (folder, *folders_around(folder))
    return tuple(base for one in folders for base in (one, f"{one}/src" if one else "src"))


class Work:
    """Answers what files and commands do; remembers what it has looked at."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.resolver = Resolver(facts.files, facts.paths)
        self._names = {
            part.removesuffix(".py") for path in facts.files if path.endswith(".py") for part in path.split("/")
        }
        self._direct: dict[str, Works] = {}
        self._whole: dict[str, Works] = {}
        self._imports: dict[str, tuple[str, ...]] = {}
        self.stages = {**facts.code.stages_by_file, **{b.path: b.stages for b in facts.code.per_notebook}}

    # Files

    def of_file(self, path: str) -> Works:
        """What a Python file or notebook does, the modules of the project included that it imports."""
        if path not in self._whole:
            found: set[str] = set()
            for reached in self.reaches([path], MAX_DEPTH):
                found |= self.direct(reached)
            self._whole[path] = frozenset(found)
        return self._whole[path]

    def reaches(self, paths: Iterable[str], depth: int = 100) -> tuple[str, ...]:
        """Files of the tree that these files import, directly or not, themselves included."""
        seen = dict.fromkeys(paths)
        level = list(seen)
        for _ in range(depth):
            level = [t for path in level for t in self.imports(path) if t not in seen]
            seen.update(dict.fromkeys(level))
            if not level:
                break
        return tuple(seen)

    def imports(self, path: str) -> tuple[str, ...]:
        """Files of the tree that one file imports."""
        if path not in self._imports:
            python = self._python(path)
            found = [t for item in (python.imports if python else ()) for t in self.imported(path, item)]
            self._imports[path] = tuple(dict.fromkeys(found))
        return self._imports[path]

    def direct(self, path: str) -> Works:
        """What one file does by itself."""
        if path not in self._direct:
            self._direct[path] = NOTHING  # a script that starts itself
            self._direct[path] = self._look(path)
        return self._direct[path]

    def _look(self, path: str) -> Works:
        python = self._python(path)
        if python is None or self.facts.role(path) in (Role.TEST, Role.VENDORED, Role.GENERATED):
            return NOTHING
        stages = self.stages.get(path, {})
        traits = frozenset(trait for name in python.calls.names for trait in _traits(name))
        found = set()
        if stages.get("train"):
            found.add(TRAIN)
        elif stages.get("predict"):
            found.add(SCORE)
        if "stores" in traits and (stages.get("load") or "fetches" in traits):
            found.add(DATA)
        if "registers" in traits or path in self.facts.calls.giving(["registered_model_name"]):
            found.add(REGISTER)
        if {"updates", "starts"} <= traits and "pipeline" in path.lower():
            found.add(TRAIN)  # a pipeline of SageMaker is updated and started
        for call in python.calls if traits & {"commands", "task"} else ():
            for text in _command_texts(call):
                found |= self.of_text(text, path, call.line)
            if _TASK.search(call.name):
                found |= words(call.name.rpartition(".")[2]) & JOBS
        return frozenset(found)

    def _python(self, path: str) -> PythonFacts | None:
        file = self.facts.files.get(path)
        if file is None:
            return None
        return file.source

    def imported(self, path: str, item: Import) -> Iterator[str]:
        """Files of the tree that an import may mean, those of names imported from a package included."""
        relative = item.module.replace(".", "/")
        if not item.level and relative.partition("/")[0] not in self._names:
            return  # somebody else's module
        above = tuple(folders_around(path))
        bases = [above[item.level - 1] if item.level <= len(above) else ""] if item.level else _roots(above[0])
        files = self.facts.files
        for base in bases:
            place = "/".join(part for part in (base, relative) if part)
            found = [p for p in (f"{place}.py", f"{place}/__init__.py") if p in files]
            inside = f"{place}/" if place else ""
            found += [p for p in (f"{inside}{name}.py" for name in item.names) if p in files]
            if found:
                yield from (files[p].path for p in found)  # the text that is there already: these are kept
                return

    # Commands

    def of_text(self, text: str, path: str = "", line: int = 1, directory: str = "") -> Works:
        """What shell text does, through scripts, task runners and own modules."""
        found: set[str] = set()
        for command in self.commands(text, path, line, directory):
            found |= self.of_command(command)
        return frozenset(found)

    def commands(self, text: str, path: str = "", line: int = 1, directory: str = "") -> tuple[CiCommand, ...]:
        """The leaf commands that shell text reaches."""
        self.resolver.commands = []
        step = Step(line, run=text, directory=directory)
        self.resolver.step(Placed(step, path, path, "", "", frozenset(), True))
        return tuple(self.resolver.commands)

    def of_command(self, command: CiCommand) -> Works:
        """What one leaf command does. A training of a single epoch only tests that the code runs."""
        line = " ".join(command.argv)
        if "test" in command.verbs or _TINY.search(line) or _TINY.search(command.text):
            return NOTHING
        found = {verb for verb in command.verbs if verb in (TRAIN, SCORE, MONITOR)}
        if _DATA_COMMANDS.match(line):
            found.add(DATA)
        if _RUNNERS.match(line):
            found |= self.of_runner(line)
        for script in self.scripts(command.argv):
            found |= self.of_script(script)
            asked = words(" ".join(command.argv[2:]))
            if TRAIN in found and asked and TRAIN not in asked and TRAIN not in self.direct(script):
                found = (found - {TRAIN}) | asked  # `run.py --pipeline inference`: one program for several jobs
        if _SUBMITS.match(line):
            for word in command.argv[1:]:
                if re.search(r"\.(?:ya?ml|json|toml)$", word):
                    for path in self.find(word.rpartition("=")[2].removeprefix("@")):
                        found |= self.of_document(path)
        if command.argv[:1] == ("python",) and not found:
            target = "".join(command.argv[2:3] if command.argv[1:2] == ("-m",) else command.argv[1:2])
            if not self.scripts(command.argv):  # a script that is not in the tree: its name is all there is
                found |= words(posixpath.basename(target)) & {TRAIN, SCORE, MONITOR}
        return frozenset(found)

    def of_script(self, path: str) -> Works:
        """What a script does: by its calls, and by its name where its calls tell nothing."""
        found = set(self.of_file(path))
        name = posixpath.basename(path).rpartition(".")[0]
        if self.facts.role(path) is Role.TEST or re.search(r"(?i)(?<![a-z])(?:smoke|tests?|check)(?![a-z])", name):
            return NOTHING
        named = words(name)
        if not found & JOBS or named & {MONITOR}:
            found |= named
        if TRAIN in found and named and TRAIN not in named and TRAIN not in self.direct(path):
            found = (found - {TRAIN}) | named  # it imports the module that trains, and does something else
        return frozenset(found)

    def of_runner(self, line: str) -> Works:
        """What a pipeline runner runs: everything its files name; training when they name nothing we know."""
        found: set[str] = set()
        if line.startswith("dvc"):
            for path, file in self.facts.files.items():
                if posixpath.basename(path) == "dvc.yaml" and file.document and self.facts.role(path) is Role.CODE:
                    for value, at in file.document.find_all("stages.*.cmd"):
                        for text in value if isinstance(value, list) else [value]:
                            found |= self.of_text(str(text), path, at or 1, posixpath.dirname(path))
        return frozenset(found) or frozenset([TRAIN])

    def of_document(self, path: str) -> Works:
        """What the commands in a YAML or JSON file do, and the files that it names beside or below itself."""
        file = self.facts.files.get(path)
        found: set[str] = set()
        if file is not None and file.document is not None:
            for text in leaves(file.document.root):
                for script in self.scripts(text.split()):
                    found |= self.of_script(script)
                if " " in text:
                    found |= self.of_text(text, path)
        return frozenset(found)

    def scripts(self, argv: Iterable[str]) -> list[str]:
        """Python files and notebooks of the tree that words of a command name."""
        argv = list(argv)
        found: list[str] = []
        for index, word in enumerate(argv):
            if re.search(r"\.(?:py|ipynb|R|r)$", word):
                found += self.find(word)
            elif index and (
                argv[index - 1] == "-m" or (index == 1 and argv[0] == "python" and _MODULE.fullmatch(word))
            ):
                relative = word.replace(".", "/")
                found += self.find(f"{relative}.py") or self.find(f"{relative}/__main__.py")
        return found

    @cached_property
    def _called(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in self.facts.files:
            found.setdefault(path.rpartition("/")[2], []).append(path)
        return found

    def find(self, word: str) -> list[str]:
        """Files that a relative path may mean, seen from any folder; none when too many fit."""
        word = posixpath.normpath(word.replace("\\", "/").lstrip("/"))
        if word in self.facts.files:
            return [word]
        name = word.removeprefix("../").removeprefix("./")
        called = self._called.get(posixpath.basename(name), ())
        found = [p for p in called if p.endswith(f"/{name}") and self.facts.role(p) is not Role.VENDORED]
        return found if len(found) <= 2 else []


@lru_cache(maxsize=50_000)
def _traits(name: str) -> tuple[str, ...]:
    """What the name of a call tells about the file that it is in."""
    found = [trait for trait, pattern in _TRAITS if pattern.fullmatch(name)]
    if _STARTS.search(name):
        found.append("commands")
    if _TASK.search(name):
        found.append("task")
    return tuple(found)


def _command_texts(call: Call) -> Iterator[str]:
    """Shell text that a call starts: a task of an orchestrator, or a subprocess."""
    for key in ("bash_command", "cmd", "cmds", "command", "commands", "arguments", "args", "entrypoint"):
        value = call.keywords.get(key)
        if isinstance(value, str) and _STARTS.search(call.name):
            yield value
        elif isinstance(value, tuple) and _STARTS.search(call.name):
            yield " ".join(str(part) for part in value)
    if call.text and re.fullmatch(r"os\.(?:system|popen)|subprocess\.\w+", call.name):
        yield call.text


_STARTS = lazy_regex(r"(?:Operator|Step|Job|ContainerOp|subprocess\.\w+|container_component|command)$|\.command$")
_TASK = lazy_regex(r"(?:Operator|Sensor|Step)$")
_TRAITS = (
    ("stores", _STORES),
    ("fetches", _FETCHES),
    ("registers", _REGISTERS),
    ("updates", lazy_regex(r".*\.upsert")),
    ("starts", lazy_regex(r".*\.start")),
    ("commands", lazy_regex(r"os\.(?:system|popen)|subprocess\.\w+")),
)


def leaves(value: object, depth: int = 0) -> Iterator[str]:
    """All scalars below a value, as text."""
    if depth > 12:
        return
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, depth + 1)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)


def words(text: str) -> Works:
    """What a name promises: `retrain_model` trains. The weakest evidence there is, for targets that are not here."""
    text = _CAMEL.sub(" ", text)
    return frozenset(work for work, pattern in _WORDS if pattern.search(text))
