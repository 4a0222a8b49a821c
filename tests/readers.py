"""Every reader of prodcheck as one function from bytes, and what holds for whatever it answers.

The tests (hypothesis, regression cases) and the coverage-guided fuzzer in `fuzz/` share this table, so that a reader
which is added here is covered by all of them. A reader may raise nothing but the errors that it documents.
"""

from __future__ import annotations

import dataclasses
import functools
import io
import re
import subprocess
import unicodedata
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, cast

from prodcheck import baseline, config
from prodcheck.errors import ProdcheckError, UnreadableFile
from prodcheck.extract import (
    ci,
    codec,
    container,
    document,
    ignores,
    manifest,
    notebook,
    python,
    python_words,
    requirements,
    run,
    secrets,
    shell,
    tasks,
    yaml,
)
from prodcheck.extract.python_calls import Calls
from prodcheck.extract.secrets.redact import redact
from prodcheck.extract.secrets.scan import scan
from prodcheck.extract.text import decode, split_lines
from prodcheck.report.sanitize import plain
from prodcheck.repository import commit, history, listing, state, worktree
from prodcheck.repository import plain as plain_git
from prodcheck.repository.git import Batch, Fields, Git, Reply
from prodcheck.rules.read import read_rule, read_signatures

MASK = re.compile(r".{0,4}… \(\d+ characters\)|a block of \d+ characters or more")


@dataclasses.dataclass(frozen=True)
class Reader:
    """`paths` are names under which `read` is asked: each leads to another part of the reader.

    `key` tells which of them stands for the path of a real file: the first with the same key.
    """

    name: str
    read: Callable[[str, bytes], object]
    paths: tuple[str, ...]
    key: Callable[[str], object] = lambda path: path.rpartition("/")[2].lower()
    allowed: tuple[type[Exception], ...] = ()

    def stands_for(self, path: str) -> int | None:
        """Index of the path that leads to the same part of the reader as `path`, or None."""
        wanted = self.key(path)
        keys = [self.key(one) for one in self.paths]
        return keys.index(wanted) if wanted and wanted in keys else None


def check(reader: Reader, path: str, data: bytes, *, twice: bool = True) -> object:
    """Read, and hold the answer against what holds for every input. Returns it."""
    try:
        found = reader.read(path, data)
    except reader.allowed as error:
        if isinstance(error, ProdcheckError):
            assert error.message
            for text in (plain(error.message), plain(error.hint)):
                assert not [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")], "would move"
        return error
    well_formed(found, lines_of(data))
    if twice:
        again = reader.read(path, data)
        assert again == found or repr(again) == repr(found), "another answer at the second time"
    return found


def lines_of(data: bytes) -> int:
    """Lines of a file as an editor counts them."""
    if b"\0" in data:
        data = decode(data).encode("utf-8", "surrogatepass")
    return data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n") + 1


def one_line(text: object, what: str) -> None:
    assert isinstance(text, str), f"{what} is no text"
    assert text.isprintable(), f"{what} is not one printable line: {text!r}"
    text.encode()


_LINES = frozenset("line end_line problem_line python_line prefix_line".split())
_TEXTS = frozenset("problem problem_kind format runner provider reason".split())
_LISTS = frozenset("lines text_lines".split())
_PAIRS_WITH_LINE_FIRST = frozenset("remote local_includes commands invalid options".split())
_PAIRS_WITH_LINE_LAST = frozenset("paths environment duplicates unbound".split())
_SCALARS = (str, bytes, int, float, type(None), Enum, type(...))


@functools.cache
def _plan(kind: type) -> tuple[tuple[str, str], ...]:
    """What has to be looked at in an object of this class: (field, how)."""
    steps = []
    for one in dataclasses.fields(cast("Any", kind)):
        if one.name in _LINES:
            steps.append((one.name, "line"))
        elif one.name in _TEXTS:
            steps.append((one.name, "text"))
        elif one.name in _LISTS:
            steps.append((one.name, "lines"))
        elif one.name == "masked":
            steps.append((one.name, "mask"))
        elif one.name in _PAIRS_WITH_LINE_FIRST | _PAIRS_WITH_LINE_LAST:
            steps.append((one.name, "first" if one.name in _PAIRS_WITH_LINE_FIRST else "last"))
        elif one.type not in ("str", "bool", "int", "str | None", "int | None"):
            steps.append((one.name, "deep"))
    return tuple(steps)


def well_formed(found: object, lines: int) -> None:
    """Assert what holds for every answer: problems are one line, lines are lines of the file, nothing is endless."""
    todo: list[tuple[object, int]] = [(found, 0)]
    shared: set[int] = set()  # aliases of YAML: the same part in many places
    while todo:
        value, depth = todo.pop()
        if isinstance(value, dict | list):
            if id(value) in shared:
                continue
            shared.add(id(value))
        assert depth < 3_000, "an answer without bottom"
        if isinstance(value, _SCALARS):
            continue
        if isinstance(value, Mapping):
            todo.extend([(item, depth + 1) for item in value.values() if not isinstance(item, _SCALARS)])
        elif isinstance(value, tuple | list | frozenset | set | Calls):
            todo.extend([(item, depth + 1) for item in value if not isinstance(item, _SCALARS)])
        elif isinstance(value, notebook.NotebookFacts):
            well_formed(value.python, max(1, len(value.origins)))
            assert all(1 <= line <= len(value.origins) for _, line in value.unbound), "a name outside of the code"
            one_line(value.problem, "problem")
            todo.append((value.cells, depth + 1))
        elif isinstance(value, shell.Command):
            continue  # its lines are those of the text that the caller cut out
        else:
            assert dataclasses.is_dataclass(value), f"{type(value).__name__} is no fact"
            for name, how in _plan(type(value)):
                part: Any = getattr(value, name)
                if not part and part != 0:
                    continue
                if how == "line":
                    assert type(part) is int and 0 <= part <= lines, f"{name} {part} of {lines}"
                elif how == "text":
                    one_line(part, name)
                elif how == "mask":
                    assert MASK.fullmatch(part), "not a mask"
                elif how == "deep":
                    todo.append((part, depth + 1))
                else:
                    all_ = part.values() if isinstance(part, Mapping) else part
                    if how != "lines" and isinstance(part, tuple) and isinstance(part[0], tuple):
                        all_ = [pair[0 if how == "first" else 1] for pair in part]
                    elif how != "lines":
                        continue
                    assert min(all_) >= 1 and max(all_) <= lines, f"{name} {max(all_)} of {lines}"


# The readers --------------------------------------------------------------------------------------------------------


def _suffix(path: str) -> str:
    name = path.rpartition("/")[2].lower()
    return name.rpartition(".")[2] if "." in name else name


def _notebook(path: str, data: bytes) -> object:
    found = notebook.extract(path, data)
    assert found is not None
    for line in range(1, len(found.origins) + 1):
        assert found.locate(path, line).cell
    return found, ignores.extract(path, data, found), secrets.extract(path, data, found)


def _keys_are_there(lines: Mapping[str, int], data: bytes) -> None:
    """Plain keys stand on the line that is told."""
    rows = split_lines(decode(data))
    for path in list(lines)[-8:]:
        key, line = path.rpartition(".")[2], lines[path]
        if _PLAIN.fullmatch(key) and " " not in path and line <= len(rows):
            assert key in rows[line - 1] or "\\" in rows[line - 1], f"not in line {line}: {key!r}"


_PLAIN = re.compile(r"[A-Za-z][A-Za-z-]*")


def _document(path: str, data: bytes) -> object:
    found = document.extract(path, data)
    if found is not None:
        found.get("tool.*.name")
        found.get("*")
        _keys_are_there(found.lines, data)
    return found


def _yaml(path: str, data: bytes) -> object:
    stream = yaml.load_all(data)
    for at in list(stream.lines)[-5:]:
        assert stream.line(at) >= 1 and stream.text_line(at) >= 1
        stream.tag(at)
    _keys_are_there(stream.lines, data)
    return stream


def _requirements(path: str, data: bytes) -> object:
    return requirements.extract(path, data, "constraints" if "constraints" in path else "requirements")


def _manifest(path: str, data: bytes) -> object:
    return manifest.extract(path, data)


def _container(path: str, data: bytes) -> object:
    found = container.extract(path, data)
    words = [one.arguments for one in found.instructions] if found else []
    return found, found.images if found else (), words, tasks.extract(path, data)


def _tasks(path: str, data: bytes) -> object:
    return tasks.extract(path, data)


def _ci(path: str, data: bytes) -> object:
    return ci.extract(path, data)


def _python(path: str, data: bytes) -> object:
    return python.extract(path, data)


def _outline(path: str, data: bytes) -> object:
    """A module without the bodies that no rule asks about tells the same as the whole one, but for their calls.

    An error in a body that is left out is not seen; of the rest of such a module nothing is held here.
    """
    part, whole = python.extract(path, data), python.read(path, data, whole=True)[0]
    if not part.left_out:
        assert part == whole or repr(part) == repr(whole), "another answer for a whole module"
        return part
    if whole.problem:
        return part

    def plain(facts: python.PythonFacts) -> python.PythonFacts:
        about = tuple(dataclasses.replace(one, statements=0, complexity=0) for one in facts.definitions)
        return dataclasses.replace(facts, definitions=about, calls=(), left_out=0)

    for one in dataclasses.fields(python.PythonFacts):
        given, wanted = getattr(plain(part), one.name), getattr(plain(whole), one.name)
        assert given == wanted or repr(given) == repr(wanted), f"{one.name} of a part differs"
    every = {(call.line, call.name) for call in whole.calls}
    assert all((call.line, call.name) in every for call in part.calls), "a call that is not there"
    missed = {call.name for call in whole.calls} - {call.name for call in part.calls}
    tops = {one.module.partition(".")[0] for one in whole.imports}
    assert not [name for name in missed if _asked_for(name, tops)], "a call that rules ask for is not told"
    return part


def _asked_for(name: str, tops: set[str]) -> bool:
    """Whether a rule may ask for a call of this name in a module that imports these packages."""
    method = name.rpartition(".")[2]
    return (
        method in python_words.CALLED
        or method.endswith(python_words.ENDINGS)
        or method.startswith(python_words.BEGINNINGS)
        or (python_words.all_of_it_matters(name) and name.partition(".")[0] in tops)
    )


def _shell(path: str, data: bytes) -> object:
    text = decode(data)
    kind = {"sh": "bash", "ps1": "pwsh", "bat": "cmd"}[_suffix(path)]
    found = shell.parse(text, shell=kind, errexit=shell.sets_errexit(text))
    for command in found:
        assert command.argv and 1 <= command.line <= text.count("\n") + 1
    return found


def _ignores(path: str, data: bytes) -> object:
    return ignores.extract(path, ignores.MARK + b"*]\n" + data, None), ignores.extract(path, data, None)


def _secrets(path: str, data: bytes) -> object:
    found = secrets.extract(path, data, None)
    assert len(secrets.hashes(path, data, None)) == len(found)
    return found


def _redact(path: str, data: bytes) -> object:
    text = redact(data.decode("utf-8", "surrogateescape" if path == "name" else "replace"))
    assert not scan(text.encode("utf-8", "surrogatepass"), "message.txt", names=False), "still a credential"
    return text


def _file(path: str, data: bytes) -> object:
    found = run.extract_file(path, data)
    one_line(redact(run.problem_of(found)), "problem")
    again = codec.unpack(codec.pack(found, run.FileFacts), run.FileFacts)
    assert again == found or repr(again) == repr(found), "the cache makes something else of it"
    return found


def _cached(path: str, data: bytes) -> object:
    """Bytes of the cache, which anybody may have written: whatever they are, nothing else is raised."""
    return repr(codec.unpack(data, run.FileFacts))


def _config(path: str, data: bytes) -> object:
    return config.parse(decode(data), path)


def _baseline(path: str, data: bytes) -> object:
    found = baseline.parse(decode(data), path)
    assert baseline.parse(found.text(), path).entries == found.entries, "written and read it is another baseline"
    return found.entries


def _rule(path: str, data: bytes) -> object:
    return repr(read_rule(path, data) if path == "rule.yaml" else read_signatures(path, data))


# Git's plumbing, with a git that answers what the fuzzer wants -------------------------------------------------------


class _Process:
    """A process that has already printed everything."""

    def __init__(self, out: bytes) -> None:
        self.stdin, self.stdout = io.BytesIO(), io.BytesIO(out)

    def wait(self, timeout: float | None = None) -> int:
        return 0


class _Git(Git):
    """Answers with the given texts in turn; when they are used up, with the last one again."""

    def __init__(self, answers: list[bytes]) -> None:
        super().__init__("git", ".")
        self._answers = answers

    def _next(self) -> bytes:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def run(self, *args: str, feed: bytes | None = None) -> Reply:
        return Reply(0, self._next())

    def stream(self, *args: str, stdin: object, seconds: float) -> Fields:
        return Fields(cast("subprocess.Popen[bytes]", _Process(self._next())), seconds)

    def batch(self) -> Batch:
        return Batch(cast("subprocess.Popen[bytes]", _Process(self._next())))


TURN = b"\n%%\n"
"""Between the answers of git, where a reader asks several questions."""


def _git(path: str, data: bytes) -> object:
    reply = Reply(0, data)
    if path == "ls-files":
        return listing.parse(data)
    if path == "rev-parse":
        return state.locate(reply)
    if path == "config":
        found = state.remotes_of(reply)
        return found, state.name_from(found.urls)
    if path == "cat-file":
        return state.commit_of(reply)
    if path == "stderr":
        text = data.decode("utf-8", "replace")
        return state.why_not(Reply(128, b"", text)), [one.path for one in worktree._unlistable(text)]
    if path == "settings":
        settings = plain_git._settings(data)
        return settings, state.remotes_of_pairs(settings or ())
    if path == "index":
        return plain_git.noted_tree(data)
    git = _Git(data.split(TURN))
    if path == "ls-tree":
        tree = commit.read_tree(git, "HEAD", "", partial=True)
        return dataclasses.astuple(tree), [commit._link_problem(p, tree, frozenset(["."])) for p in tree.links]
    past = history.History(git, state.Place(".git", "", False, False, False))
    return list(past.read(frozenset(), lambda _: True, lambda _: 10_000)), past.notes.reasons


_GITHUB = (".github/workflows/ci.yml", "action.yml")
_CI: Mapping[str, tuple[str, ...]] = {
    "ci-github": _GITHUB,
    "ci-azure": ("azure-pipelines.yml",),
    "ci-gitlab": (".gitlab-ci.yml", ".gitlab/ci/test.gitlab-ci.yml"),
    "ci-circleci": (".circleci/config.yml",),
    "ci-jenkins": ("Jenkinsfile",),
    "ci-cloud": ("cloudbuild.yaml", "buildspec.yml", ".codecatalyst/workflows/a.yaml"),
    "ci-others": (
        ".travis.yml",
        "bitbucket-pipelines.yml",
        ".buildkite/pipeline.yml",
        ".drone.yml",
        ".woodpecker.yml",
        "appveyor.yml",
        ".cirrus.yml",
        ".semaphore/semaphore.yml",
        ".pre-commit-config.yaml",
    ),
}


_CONDA = tuple(
    "environment.yml MLproject python_env.yaml cog.yaml bentofile.yaml config.yaml databricks.yml meta.yaml "
    "anaconda-project.yml conda-spec.txt BUILD flake.nix".split()
)
_LOCKS = tuple("uv.lock poetry.lock pdm.lock pylock.toml Pipfile.lock pixi.lock conda-lock.yml flake.lock".split())


def _provider(path: str) -> str:
    return ci.provider_of(path) or ("azure" if "azure-pipelines" in path else "")


READERS = {
    reader.name: reader
    for reader in (
        Reader("notebook", _notebook, ("a.ipynb",), _suffix),
        Reader("yaml", _yaml, ("a.yaml",), document.format_of),
        Reader("toml", _document, ("a.toml",), document.format_of),
        Reader("ini-json", _document, ("a.ini", "a.json"), document.format_of),
        Reader("requirements", _requirements, ("requirements.txt", "constraints.txt"), manifest.format_of),
        Reader("pyproject", _manifest, ("pyproject.toml", "pixi.toml", "Pipfile"), manifest.format_of),
        Reader("setup", _manifest, ("setup.py", "setup.cfg", "a.py"), manifest.format_of),
        Reader(
            "conda",
            _manifest,
            _CONDA,
        ),
        Reader(
            "locks",
            _manifest,
            _LOCKS,
        ),
        Reader("dockerfile", _container, ("Dockerfile",)),
        Reader("compose", _tasks, ("docker-compose.yml", "Taskfile.yml", ".pre-commit-config.yaml", "package.json")),
        Reader("make", _tasks, ("Makefile", "justfile")),
        Reader("tox", _tasks, ("tox.ini", "setup.cfg", "pyproject.toml", "hatch.toml", "mise.toml", "tox.toml")),
        Reader("tasks-python", _tasks, ("noxfile.py", "tasks.py", "run.sh")),
        *(Reader(name, _ci, paths, _provider) for name, paths in _CI.items()),
        Reader("python", _python, ("a.py",), _suffix),
        Reader("outline", _outline, ("a.py",), _suffix),
        Reader("shell", _shell, ("a.sh", "a.ps1", "a.bat"), _suffix),
        Reader("ignores", _ignores, ("a.py", "a.yaml"), _suffix),
        Reader("secrets", _secrets, ("a.py", ".env", "a.yaml", "a.md", "a.json", ".netrc", "a.tf"), _suffix),
        Reader("redact", _redact, ("text", "name"), lambda path: path),
        Reader(
            "file",
            _file,
            ("a.ipynb", "a.py", "a.yaml", "Dockerfile", "setup.cfg", "pyproject.toml", "Makefile", "a.csv"),
        ),
        Reader("cache", _cached, ("facts",), lambda path: path, allowed=(codec.NotPlain,)),
        Reader(
            "config",
            _config,
            ("prodcheck.toml", "pyproject.toml"),
            allowed=(ProdcheckError,),
        ),
        Reader("baseline", _baseline, ("prodcheck-baseline.txt",), allowed=(ProdcheckError,)),
        Reader("rules", _rule, ("rule.yaml", "tools.yaml"), allowed=(ProdcheckError,)),
        Reader(
            "git",
            _git,
            ("ls-files", "rev-parse", "config", "cat-file", "stderr", "ls-tree", "diff-tree", "settings", "index"),
            lambda path: path,
            allowed=(ProdcheckError, UnreadableFile),
        ),
    )
}


def read(name: str, path: str, data: bytes) -> Any:
    """The answer of one reader, checked."""
    return check(READERS[name], path, data)
