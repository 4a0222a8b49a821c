"""Everything about operation, each part worked out when first asked for."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from prodcheck.facts.code import prominence
from prodcheck.facts.operations import ci, crontabs, infrastructure, manifests, pipelines, schedules
from prodcheck.facts.operations.pipelines import Flow
from prodcheck.facts.operations.triggers import Trigger
from prodcheck.facts.operations.work import JOBS, SCORE, TRAIN, Work, Works, words
from prodcheck.facts.paths import Role
from prodcheck.model import Evidence, Location, Strength
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

if TYPE_CHECKING:
    from prodcheck.facts.facts import Facts

_ENTRY_RUNNERS = frozenset("make just task nox hatch pdm poe taskipy rye pixi npm pipenv invoke compose mise".split())
_SERVER = lazy_regex(
    r"\b(?:uvicorn|gunicorn|hypercorn|flask|streamlit|waitress|tritonserver|bentoml|torchserve|tensorflow_model_server|"
    r"vllm|mlflow models serve|litserve|serve run|gradio)\b"
)
_STAGES = ("load", "prepare", "train", "evaluate", "predict")
_WRITES = lazy_regex(
    r"(?:.*\.)?(?:to_(?:csv|parquet|sql|feather|json|gbq|excel|delta)|write_(?:parquet|csv|delta|table|database)|saveAsTable|"
    r"insert_rows(?:_json)?|load_table_from_\w+|put_object|upload_file|insert_many|write\.\w+|savetxt|writerows?)"
)
_ASIDE = lazy_regex(
    r"(?i)(?<![a-z])(?:eval\w*|tests?|bench\w*|demo|install|setup|download|plot|gcp|gcloud|aws|ec2|notes?|cheat\w*)(?![a-z])"
)
"""Words in names of scripts that do not do the work itself."""
_BESIDE = lazy_regex(
    r"(?i)compile|build|lint|test|format|install|setup|docs|clean|upload|push|image|check|help|notebook"
)
"""Words in names of targets that prepare or check the work."""
_TABLES = lazy_regex(r"(?:.*\.)?to_(?:csv|parquet|sql|excel|gbq)")
_BATCH_NAME = lazy_regex(
    r"(?i)(?:^|[/_-])(?:batch[_-]?)?(?:predict(?:ions?)?|scor(?:e|ing)|infer(?:ence)?|batch|forecast)[\w-]*\.(?:py|ipynb)$"
)


@dataclass(frozen=True)
class Entry:
    """One command that starts a whole piece of work, such as `make train`. `stages` are the files it runs, in order."""

    command: str
    work: Works
    stages: tuple[str, ...]
    evidence: Evidence


class Operations:
    """How work starts, in which order it runs, and what it does."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.work = Work(facts)

    @cached_property
    def triggers(self) -> tuple[Trigger, ...]:
        """Everything that starts work without a person, or could; sorted by path and line."""
        found = [t for path in self._own for t in self._triggers_in(path)]
        found += ci.find(self.facts, self.work)
        unique = dict.fromkeys(found)
        return tuple(
            sorted(unique, key=lambda t: t.evidence.location.sort_key if t.evidence.location else ("", 0, 0, 0))
        )

    @cached_property
    def flows(self) -> tuple[Flow, ...]:
        """Pipeline definitions of the repository's own."""
        parts: list[pipelines.Part] = []
        found: list[Flow] = []
        for path in self._own:
            file = self.facts.files[path]
            python = file.source
            if python is not None and pipelines.imports_any(python):
                parts.extend(pipelines.in_python(path, file, python, self._source(path)))
            if pipelines.wants_text(path):
                found.extend(pipelines.in_text(path, self.facts.text(path)))
            elif file.document is not None and not file.document.problem and file.pipeline is None:
                found.extend(pipelines.in_document(path, file.document))
        return (*pipelines.join(parts), *found)

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """Targets of task runners that train or score: one command for a person to type."""
        return tuple(entry for path in self._own for entry in self._entries_in(path, _ENTRY_RUNNERS))

    @cached_property
    def scripts(self) -> tuple[Entry, ...]:
        """Shell scripts that train or score."""
        return tuple(entry for path in self._own for entry in self._entries_in(path, frozenset(["script"])))

    @cached_property
    def sequences(self) -> tuple[Evidence, ...]:
        """Shell scripts that run two programs of the project or more, one after the other."""
        found = []
        for path in self._own:
            if _ASIDE.search(posixpath.basename(path)):
                continue
            for task in self.facts.files[path].tasks:
                for target in task.targets if task.runner == "script" else ():
                    programs = [
                        program
                        for line, text in target.commands
                        for command in self.work.commands(text, path, line, posixpath.dirname(path))
                        if not command.verbs & {"test", "lint", "format", "install"}
                        for program in self.work.scripts(command.argv)
                    ]
                    steps = len(set(programs))
                    if steps >= 2:
                        found.append(Evidence(f"runs {steps} programs one after the other", Location(path)))
        return tuple(found)

    @cached_property
    def stage_files(self) -> tuple[str, ...]:
        """Scripts and notebooks, outside packages that are only imported, that hold a stage of the way to a model."""
        found = []
        for path, stages in self.work.stages.items():
            if self.facts.role(path) is not Role.CODE or not any(stages.get(stage) for stage in _STAGES):
                continue
            file = self.facts.files[path]
            runs = file.notebook is not None or (
                file.python is not None and (file.python.has_main_guard or path not in self._imported)
            )
            if runs:
                found.append(path)
        return tuple(sorted(found))

    @cached_property
    def batch_scoring(self) -> tuple[Evidence, ...]:
        """Files that predict on data and write the predictions down, outside of what serves."""
        serving = {e.location.path for e in self.facts.code.serves if e.location}
        found = []
        for path, stages in self.work.stages.items():
            if self.facts.role(path) is not Role.CODE or path in serving or not stages.get("predict"):
                continue
            file = self.facts.files[path]
            python = file.source
            tables = _TABLES if stages.get("train") else _WRITES  # what training writes down is mostly about training
            writes = python is not None and any(
                "submission" not in (call.text or "").lower() for call in python.calls.named(tables.fullmatch)
            )
            named = _BATCH_NAME.search(path) is not None and not stages.get("train")
            if (writes and stages.get("load")) or (named and stages.get("load")):
                found.append(Evidence("predicts on data in batches", stages["predict"][0].location))
        return tuple(found)

    @cached_property
    def scored_for_others(self) -> tuple[Evidence, ...]:
        """Batches scored by a file that does not train: what a training writes down besides is mostly an experiment."""
        training = {e.location.path for e in self.facts.code.trains if e.location}
        return tuple(e for e in self.batch_scoring if e.location and e.location.path not in training)

    @cached_property
    def hands_data_over(self) -> bool:
        """Whether a file that neither trains nor uses a model writes data down for those that do."""
        training = {e.location.path for e in self.facts.code.trains if e.location}
        for path in self.stage_files:
            stages = self.work.stages[path]
            python = self.facts.files[path].source
            later = path in training or any(stages.get(stage) for stage in ("predict", "evaluate"))
            names = python.calls.names if python is not None and not later else ()
            if any(_WRITES.fullmatch(name) or _TABLES.fullmatch(name) for name in names):
                return True
        return not training

    @cached_property
    def hands_over(self) -> bool:
        """Whether some step leaves its result for another file: data for a training, or a model for what uses it."""
        training = {e.location.path for e in self.facts.code.trains if e.location}
        uses = (
            any(self.work.stages[path].get(stage) for stage in ("predict", "evaluate"))
            for path in self.stage_files
            if path not in training
        )
        return self.hands_data_over or any(uses)

    @cached_property
    def serving(self) -> tuple[Evidence, ...]:
        """Code that serves predictions, or an image that starts a server."""
        found = list(self.facts.code.serves)
        for path in self._own:
            container = self.facts.files[path].container
            for item in container.instructions if container else ():
                if item.word in ("CMD", "ENTRYPOINT") and _SERVER.search(item.text):
                    found.append(Evidence("starts a server", Location(path, item.line)))
        return tuple(found)

    @cached_property
    def training_place(self) -> Location | None:
        """Where a person would look for the training: a file called so before any other."""
        places = [e.location for e in self.facts.code.trains if e.location is not None]
        names = (r"train(?:er|ing)?[.]", r"train", r".*train", r"")

        def rank(place: Location) -> tuple[object, ...]:
            name = posixpath.basename(place.path).lower()
            called = next(i for i, n in enumerate(names) if re.match(n, name))
            return prominence(place, ()), called, place.path.count("/"), place.sort_key

        return min(places, key=rank, default=None)

    @cached_property
    def triggered(self) -> frozenset[str]:
        """Own files that run when a live trigger starts something, modules that these import included."""
        return frozenset(self.work.reaches(f for t in self.triggers if t.active for f in t.files))

    @cached_property
    def _cdk(self) -> bool:
        """Whether TypeScript may be infrastructure here: most of it is a web page."""
        return any(posixpath.basename(path) in ("cdk.json", "cdktf.json") for path in self.facts.files)

    @cached_property
    def _own(self) -> tuple[str, ...]:
        return tuple(path for path in self.facts.files if self.facts.role(path) is Role.CODE)

    @cached_property
    def _imported(self) -> frozenset[str]:
        return frozenset(target for path in self.facts.files for target in self.work.imports(path))

    def _source(self, path: str) -> str:
        file = self.facts.files[path]
        if file.notebook is not None:
            return "\n".join(cell.source for cell in file.notebook.cells if cell.kind == "code")
        return self.facts.text(path)

    def _triggers_in(self, path: str) -> Iterator[Trigger]:
        file = self.facts.files[path]
        python = file.source
        if python is not None:
            yield from schedules.find(path, file, python, self.work)
        if file.pipeline is not None or file.binary:
            return
        if crontabs.wants(path):
            yield from crontabs.find(path, self.facts.text(path), self.work)
        elif infrastructure.wants(path) and (self._cdk or not path.endswith(".ts")):
            yield from infrastructure.find(path, self.facts.text(path))
        elif file.document is not None:
            if file.document.problem != "template":
                yield from manifests.find(path, file.document, self.work)
            elif re.search(r"(?i)cron", posixpath.basename(path)) or "/templates/" in path:
                yield from manifests.chart(path, self.facts.text(path))

    def _entries_in(self, path: str, runners: frozenset[str]) -> Iterator[Entry]:
        directory = posixpath.dirname(path)
        for task in self.facts.files[path].tasks:
            if task.runner not in runners or (task.runner == "script" and _ASIDE.search(posixpath.basename(path))):
                continue
            for target in task.targets:
                if _BESIDE.search(target.name) and not words(target.name) & JOBS:
                    continue
                work: set[str] = set()
                stages: list[str] = []
                commands = [(line, text) for name in target.needs for line, text in _commands_of(task.target(name))]
                for line, text in (*commands, *target.commands):
                    for command in self.work.commands(text, path, line, target.directory or directory):
                        done = self.work.of_command(command)
                        if done & JOBS:
                            work |= done
                            way = " > ".join(hop.detail for hop in command.chain)
                            stages.extend(self.work.scripts(command.argv) or [f"{line}: {way}"])
                if work & {TRAIN, SCORE}:
                    said = f"{task.runner} {target.name}".strip() if task.runner != "script" else path
                    evidence = Evidence(f"`{said}`", Location(path, target.line), Strength.CONFIGURED)
                    yield Entry(said, frozenset(work), tuple(dict.fromkeys(stages)), evidence)


def _commands_of(target: object) -> tuple[tuple[int, str], ...]:
    return getattr(target, "commands", ())
