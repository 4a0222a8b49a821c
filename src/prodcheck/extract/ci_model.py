"""One shape for what CI files of every provider say, and the helpers that their readers share."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace

from prodcheck.extract.yaml import YamlStream
from prodcheck.records import dataclass

Pairs = tuple[tuple[str, str], ...]
MAX_COMBINATIONS = 40
"""Combinations of a build matrix that are told apart; the rest repeats the pattern."""


MAX_EXPANDED = 4_000
"""Steps times combinations of one job."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `run` is shell text (its first line is file line `line`); `uses` names an action, template or orb."""

    line: int
    run: str = ""
    uses: str = ""
    inputs: Pairs = ()
    blocking: bool = True
    """False when the CI ignores the step's failure."""
    disabled: bool = False
    shell: str = "bash"
    """bash, pwsh, powershell, cmd or python."""
    directory: str = ""
    errexit: bool = True
    """Whether the CI starts the shell so that the first failing command ends the step."""
    pipefail: bool = False
    env: Pairs = ()
    triggers: frozenset[str] | None = None
    """The step's own triggers when they differ from the job's."""
    path: str = ""
    """The file it is written in, where jobs inherit steps from other files."""
    section: str = ""
    """GitLab's before_script, script or after_script: an inherited section is replaced as a whole."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job. `uses` names a reusable workflow or remote template that holds its steps.

    `needs` names jobs, or groups of jobs: `build` also means every job whose id begins with `build/`.
    """

    id: str
    line: int
    steps: tuple[Step, ...] = ()
    needs: tuple[str, ...] = ()
    uses: str = ""
    blocking: bool = True
    disabled: bool = False
    triggers: frozenset[str] | None = None
    """The job's own triggers when they differ from the pipeline's."""
    environment: str = ""
    inputs: Pairs = ()
    extends: tuple[str, ...] = ()
    hidden: bool = False
    """Never run itself, only extended by others."""
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One CI file. `triggers` are among push, pull_request, tag, schedule, manual, call, other.

    `remote` lists (line, what) of includes that are not in the tree, so that nobody takes silence for absence.
    """

    path: str
    provider: str
    name: str = ""
    triggers: frozenset[str] = frozenset()
    jobs: tuple[Job, ...] = ()
    remote: tuple[tuple[int, str], ...] = ()
    local_includes: tuple[tuple[int, str], ...] = ()
    problem: str = ""
    helper: bool = False
    """Not started by the provider itself: a composite action, a template, an included file."""
    parameters: Pairs = ()
    """Names and default values of inputs."""
    upstream: tuple[str, ...] = ()
    """Names of the workflows whose end starts this one."""
    stages: tuple[str, ...] = ()
    """Order of the stages where jobs wait for earlier stages (GitLab)."""
    line: int = 1
    """Line of the triggers."""
    paths: tuple[str, ...] = ()
    """Patterns of the files whose change starts it, where no push or pull request does so without a filter."""


Read = tuple[list[Job], frozenset[str], list[tuple[int, str]]]
"""What a reader of one format returns: jobs, the triggers of those that name none, and (line, what) of remote parts."""


@dataclass(frozen=True)
class Node:
    """A place in a YAML file: its value, and the way to its lines."""

    stream: YamlStream
    value: object
    path: str = ""

    @property
    def line(self) -> int:
        return self.stream.line(self.path)

    @property
    def text_line(self) -> int:
        return self.stream.text_line(self.path)

    @property
    def tag(self) -> str:
        return self.stream.tag(self.path)

    @property
    def exists(self) -> bool:
        return self.value is not None

    @property
    def is_map(self) -> bool:
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        return isinstance(self.value, list)

    @property
    def text(self) -> str:
        """A scalar as text; empty for anything else."""
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        return str(self.value) if isinstance(self.value, str | int | float) else ""

    def get(self, *keys: str) -> Node:
        """The value below; a node of None when there is none."""
        node = self
        for key in keys:
            below = node.value.get(key) if isinstance(node.value, dict) else None
            node = Node(self.stream, below, f"{node.path}.{key}" if node.path else key)
        return node

    def has(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

    def items(self) -> Iterator[tuple[str, Node]]:
        if isinstance(self.value, dict):
            for key in self.value:
                yield str(key), self.get(str(key))

    def __iter__(self) -> Iterator[Node]:
        """Items of a list; a single value counts as a list of one, nothing as an empty one."""
        if isinstance(self.value, list):
            for index, value in enumerate(self.value):
                yield Node(self.stream, value, f"{self.path}.{index}" if self.path else str(index))
        elif self.value is not None:
            yield self

    def strings(self) -> tuple[str, ...]:
        return tuple(node.text for node in self if node.text)

    def pairs(self) -> Pairs:
        """Scalar entries of a mapping as text."""
        return tuple((key, node.text) for key, node in self.items() if node.exists and not node.is_map)


def root(stream: YamlStream) -> Node:
    return Node(stream, stream.root, "0" if len(stream.documents) > 1 else "")


def script_steps(items: Iterable[tuple[int, str]], template: Step) -> tuple[Step, ...]:
    """Steps for script lines that run in one shell, so that `cd` and variables carry over, each at its own line.

    Lines further down in the file become one text, with blank lines between; going up in the file begins a new step.
    """
    out: list[Step] = []
    for line, text in items:
        text = text.rstrip("\n")
        if out:
            gap = line - (out[-1].line + out[-1].run.count("\n"))
            if 0 < gap < 2_000:
                out[-1] = replace(out[-1], run=out[-1].run + "\n" * gap + text)
                continue
        out.append(replace(template, line=line, run=text))
    return tuple(out)


def combinations(axes: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """Combinations of a matrix, at most `MAX_COMBINATIONS`."""
    names = list(axes)
    product = itertools.product(*(axes[name] for name in names))
    return [dict(zip(names, values, strict=True)) for values in itertools.islice(product, MAX_COMBINATIONS)]


def expand(steps: Iterable[Step], matrix: Sequence[Mapping[str, str]], pattern: re.Pattern[str]) -> tuple[Step, ...]:
    """Steps with matrix values put in: one for each distinct outcome.

    `pattern` has one group, the name of the value; names that the matrix does not know stay as they are.
    """
    out: list[Step] = []
    steps = list(steps)
    matrix = matrix[: max(1, MAX_EXPANDED // max(1, len(steps)))]
    for step in steps:
        variants: dict[Step, None] = {}
        for values in matrix or [{}]:
            variants[_put(step, values, pattern)] = None
        out.extend(variants)
    return tuple(out)


def _put(step: Step, values: Mapping[str, str], pattern: re.Pattern[str]) -> Step:
    def put(text: str) -> str:
        return pattern.sub(lambda m: values.get(m.group(1), m.group()), text)

    return replace(
        step,
        run=put(step.run),
        uses=put(step.uses),
        directory=put(step.directory),
        inputs=tuple((key, put(value)) for key, value in step.inputs),
        env=tuple((key, put(value)) for key, value in step.env),
    )


@dataclass
class Includes:
    """What a CI file takes from elsewhere, gathered while it is read."""

    remote: list[tuple[int, str]] = field(default_factory=list)
    local: list[tuple[int, str]] = field(default_factory=list)
