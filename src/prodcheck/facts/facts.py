"""One object that answers every question a rule may ask about a repository.

What works out an answer is imported when it is asked for: rules about single files ask few.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property, wraps
from typing import TYPE_CHECKING, TypeVar, cast

from prodcheck.config import Config
from prodcheck.errors import UnreadableFile
from prodcheck.extract import python
from prodcheck.extract.python_model import PythonFacts
from prodcheck.extract.python_words import may_matter
from prodcheck.extract.run import Extraction, FileFacts
from prodcheck.extract.text import decode, is_binary
from prodcheck.facts import paths
from prodcheck.facts.signatures import Signature
from prodcheck.model import GitState, Project, ToolUse
from prodcheck.repository import Repository

if TYPE_CHECKING:
    from prodcheck.facts import calls, ci, code, data, dependencies, operations, projects, tests

T = TypeVar("T")

MOST_TEXT = 4_000_000
"""Characters of text kept in memory, not counting modules: half a dozen rules read each file of configuration."""


class Facts:
    """Facts of one repository, each computed once, when first asked for."""

    def __init__(
        self,
        repository: Repository,
        extraction: Extraction,
        config: Config,
        signatures: tuple[Signature, ...],
        project: Project | None = None,
    ) -> None:
        """`project` where it is known beforehand what it is."""
        self.repository = repository
        self.extraction = extraction
        self.config = config
        self.signatures = signatures
        self._project = project
        self._texts: dict[str, str] = {}
        self._room = MOST_TEXT
        self._answers: dict[Callable[[Facts], object], object] = {}
        self._wholes: dict[str, PythonFacts] = {}

    @cached_property
    def files(self) -> Mapping[str, FileFacts]:
        """Every file, by path, sorted. Modules in which a signature of the user may find a call are read whole."""
        calls = {mark.pattern for signature in self.signatures for mark in signature.marks if mark.what == "call"}
        unknown = sorted(pattern for pattern in calls if not may_matter(pattern))
        if not unknown:
            return self.extraction.files
        files = dict(self.extraction.files)
        for path, file in files.items():
            found = self.calling(path, *unknown)
            if found is not file.source:
                files[path] = replace(file, python=found)
        return files

    @property
    def git(self) -> GitState:
        return self.repository.git

    def text(self, path: str) -> str:
        """Decoded text of one file; empty when it is binary or cannot be read."""
        known = self._texts.get(path)
        if known is not None:
            return known
        try:
            content = self.repository.read(path)
        except UnreadableFile:
            return ""
        text = "" if is_binary(content) else decode(content)
        if len(text) <= self._room and not path.endswith(".py"):
            self._texts[path] = text
            self._room -= len(text)
        return text

    def whole(self, path: str) -> PythonFacts | None:
        """The Python of a module or notebook with everything that is called in it, also where no rule asks by name.

        For checks that follow what a certain file does. It reads the module again; do not ask for all of them.
        """
        source = self.extraction.files[path].source
        if source is None or not source.left_out:
            return source
        if path not in self._wholes:
            try:
                self._wholes[path] = python.read(path, self.repository.read(path), whole=True)[0]
            except UnreadableFile:
                self._wholes[path] = source
        return self._wholes[path]

    def calling(self, path: str, *names: str) -> PythonFacts | None:
        """The Python of a module or notebook with the calls of these names that may be in it; `*` stands for any part.

        For names that a user's rules and signatures ask for, which the readers do not know of.
        """
        source = self.extraction.files[path].source
        if source is None or not source.left_out:
            return source
        unknown = [name for name in names if not may_matter(name)]
        if not unknown:
            return source
        text = self.text(path)
        lasts = (name.partition("(")[0].rpartition(".")[2].strip("*") for name in unknown)
        return self.whole(path) if any(last in text for last in lasts) else source

    @cached_property
    def given_up(self) -> tuple[str, ...]:
        """Files whose reading took too long, those left out that nobody here wrote: what they hold is not known."""
        theirs = (paths.Role.VENDORED, paths.Role.GENERATED)
        return tuple(p for p, file in self.files.items() if file.out_of_time and self.role(p) not in theirs)

    def role(self, path: str) -> paths.Role:
        """What the file is for, judged by its path."""
        return self.paths.roles.get(path) or self.paths.role(path)

    @cached_property
    def paths(self) -> paths.Paths:
        return paths.build(self.files)

    @cached_property
    def calls(self) -> calls.Calls:
        from prodcheck.facts import calls

        return calls.Calls(self.files)

    @cached_property
    def code(self) -> code.Code:
        from prodcheck.facts import code

        return code.build(self.files, self.paths)

    @cached_property
    def dependencies(self) -> dependencies.Dependencies:
        from prodcheck.facts import dependencies

        return dependencies.build(self.files, self.paths, self.text)

    @cached_property
    def tests(self) -> tests.Tests:
        from prodcheck.facts import tests

        return tests.build(self.files, self.paths, self.text)

    @cached_property
    def ci(self) -> ci.CiGraph:
        from prodcheck.facts import ci

        return ci.build(self.files, self.paths)

    @cached_property
    def data(self) -> data.Data:
        from prodcheck.facts import data

        return data.build(self.files, self.paths, self.repository.links, self.calls, self.text)

    @cached_property
    def stack(self) -> tuple[ToolUse, ...]:
        from prodcheck.facts import stack

        return stack.build(
            self.files, self.paths, self.calls, self.dependencies, self.ci, self.git, self.signatures, self.text
        )

    @cached_property
    def operations(self) -> operations.Operations:
        from prodcheck.facts import operations

        return operations.Operations(self)

    @cached_property
    def project(self) -> Project:
        if self._project is not None:
            return self._project
        from prodcheck.facts import kind

        return kind.build(self)

    @cached_property
    def has_notebooks(self) -> bool:
        """Whether `code.notebooks` is more than 0, told without looking at what the code does."""
        if not any(file.notebook or (file.python and file.python.flavour) for file in self.files.values()):
            return False
        from prodcheck.facts import code

        return code.has_notebooks(self.files, self.paths)

    @cached_property
    def projects(self) -> projects.Projects:
        from prodcheck.facts import projects

        return projects.build(self.files, self.paths, self.dependencies, self.code.twins)

    def answer(self, question: Callable[[Facts], T]) -> T:
        """What a function says of these facts, computed when first asked."""
        if question not in self._answers:
            self._answers[question] = question(self)
        return cast(T, self._answers[question])

    def named(self, name: str) -> bool | int:
        """A fact of `applies_when`, by name. Raises KeyError for a name that is not in `NAMED_FACTS`."""
        return NAMED_FACTS[name](self)


def once(question: Callable[[Facts], T]) -> Callable[[Facts], T]:
    """A function of the facts alone, computed once for each repository however many checks ask, and how often."""

    @wraps(question)
    def ask(facts: Facts) -> T:
        return facts.answer(question)

    return ask


NAMED_FACTS: Mapping[str, Callable[[Facts], bool | int]] = {
    "has_python": lambda f: f.code.python_files > 0,
    "has_notebooks": lambda f: f.has_notebooks,
    "has_third_party_imports": lambda f: bool(f.dependencies.third_party),
    "has_manifest": lambda f: bool(f.dependencies.manifests),
    "trains": lambda f: bool(f.code.trains),
    "predicts": lambda f: bool(f.code.predicts),
    "serves": lambda f: bool(f.code.serves),
    "reads_data": lambda f: bool(f.code.reads_data),
    "persists_model": lambda f: bool(f.code.persists_model),
    "has_data_files": lambda f: bool(f.data.data_files),
    "has_ci": lambda f: bool(f.ci.pipelines),
    "code_lines": lambda f: f.code.code_lines,
    "python_lines": lambda f: f.code.python_lines,
    "code_files": lambda f: f.code.python_files + f.code.notebooks,
}
"""What `applies_when` may ask. Only what the project *is*: a practice it lacks never decides what applies."""
