"""What fuzzing begins with: the files of the rules' own examples, real files of folders, and words of the format."""

from __future__ import annotations

import ast
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import readers
from prodcheck.extract import codec, run

SOURCES = {
    "notebook": "notebook notebook_lines notebook_names cells",
    "yaml": "yaml document",
    "toml": "document",
    "ini-json": "document",
    "requirements": "requirements dependency",
    "pyproject": "pyproject dependency",
    "setup": "setuptools pyproject dependency",
    "conda": "conda build_files dependency",
    "locks": "locks build_files",
    "dockerfile": "container tasks_config",
    "compose": "tasks_config",
    "make": "tasks_make",
    "tox": "tasks_tox tasks_config",
    "tasks-python": "tasks_python",
    "ci-github": "ci_github ci_model",
    "ci-azure": "ci_azure ci_model",
    "ci-gitlab": "ci_gitlab ci_model",
    "ci-circleci": "ci_circle ci_model",
    "ci-jenkins": "ci_cloud",
    "ci-cloud": "ci_cloud ci_model",
    "ci-others": "ci_others ci_model",
    "python": "python python_walk python_names python_text python_literals python_expressions python_problem past",
    "outline": "python_outline python_words python_walk",
    "shell": "shell shell_words shell_tree",
    "ignores": "ignores",
    "secrets": "secrets/scan secrets/formats secrets/contexts secrets/keywords secrets/stores secrets/filters",
    "redact": "secrets/redact secrets/formats secrets/filters",
    "file": "run document notebook python",
    "cache": "codec",
    "config": "../config ../model",
    "baseline": "../baseline",
    "rules": "../rules/read ../rules/reader ../model ../matchers",
    "git": "../repository/state ../repository/listing ../repository/commit ../repository/history",
}
"""The modules of each reader, whose string literals are the words of its format."""
_ROOT = Path(__file__).resolve().parent.parent
_BLOB, _TREE = b"1f7391f92b6a3792204e07e99f71f643cc35e7e1", b"4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_GIT_SEEDS = (
    b"\0H 100644 " + _BLOB + b" 0\ta.py\0  ctime: 1700000000:5\n  mtime: 1700000000:5\n  dev: 65024\tino: 5\n"
    b"  uid: 0\tgid: 0\n  size: 9\tflags: 0\n? new.py\0",
    b"\1false\nfalse\nfalse\n/home/a/x/.git\nsub/\n",
    b"\2remote.origin.url\nhttps://user:pw@github.com/acme/churn.git\0remote.origin.promisor\ntrue\0",
    b"\3" + _TREE + b" commit 180\ntree " + _TREE + b"\nauthor A <a@example.org> 1700000000 +0100\n"
    b"committer A <a@example.org> 1700000000 +0100\n\nx\n",
    b"\4warning: could not open directory 'locked/': Permission denied\nfatal: not a git repository\n",
    b"\x05100644 blob " + _BLOB + b"\ta.py\x00120000 blob " + _TREE + b"\tlink\x00160000 commit " + _TREE + b"\tsub\0"
    + readers.TURN + b"?deadbeef\n" + readers.TURN + _BLOB + b" 9\n" + readers.TURN + _TREE + b" blob 4\na.py\n",
    b"\6remote.origin.promisor\ntrue\0" + readers.TURN + b"?deadbeef\n" + readers.TURN + b"aaaa\nbbbb\n" + readers.TURN
    + _TREE + b"\0:000000 100644 " + b"0" * 40 + b" " + _BLOB + b" A\0a.py\0" + readers.TURN + _BLOB + b" 9\n"
    + readers.TURN + _BLOB + b" blob 9\nx = 1234\n\n",
    b"\7[core]\n\tbare = false\n[remote \"origin\"]\n\turl = https://github.com/acme/churn.git\n",
    b"\x08DIRC\0\0\0\2\0\0\0\1TREE\0\0\0\x19\x001 0\n01234567890123456789" + b"\0" * 20,
)  # fmt: skip


def write(reader: readers.Reader, folder: Path, files: Iterable[tuple[str, bytes]], longest: int) -> list[bytes]:
    """Put seeds for a reader into a folder, the index of the name before each; returns their texts."""
    folder.mkdir(parents=True)
    texts = [bytes([len(reader.paths) - 1])]
    if reader.name == "git":
        texts += _GIT_SEEDS
    if reader.name == "cache":
        facts = [run.extract_file(path, data) for path, data in files if len(data) < longest // 4]
        texts += [b"\0" + codec.pack(one, run.FileFacts) for one in facts[::10]]
    for path, data in files:
        index = reader.stands_for(path)
        if index is None and reader.name in ("redact", "shell"):
            index = 0 if path.endswith((".sh", ".yml", ".md", "Makefile")) else None
        if index is not None and len(data) < longest:
            texts.append(bytes([index]) + data)
    for text in texts:
        (folder / hashlib.sha1(text).hexdigest()).write_bytes(text)
    return [text[1:] for text in texts]


def examples() -> Iterator[tuple[str, bytes]]:
    """Every file of every example of every rule and tool, and the rule files themselves."""
    for path in sorted((_ROOT / "rules").rglob("*.yaml")):
        yield ("tools.yaml" if "tools" in path.parts else "rule.yaml"), path.read_bytes()
    for files in repositories():
        yield from files.items()


def repositories() -> Iterator[dict[str, bytes]]:
    """The files of each example of every rule and tool."""
    import yaml

    from prodcheck.testing import file_bytes

    for path in sorted((_ROOT / "rules").rglob("*.yaml")):
        todo = [yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)]
        while todo:
            node = todo.pop()
            made = {}
            for name, content in node.get("files", {}).items() if isinstance(node.get("files"), dict) else ():
                try:
                    made[str(name)] = file_bytes(content)
                except ValueError:  # a link
                    continue
            yield made
            todo += [one for part in node.values() if isinstance(part, list) for one in part if isinstance(one, dict)]


def real_files(trees: Iterable[Path], longest: int) -> Iterator[tuple[str, bytes]]:
    for tree in trees:
        for folder, _, names in os.walk(tree):
            if "/.git/" in f"{folder}/":
                continue
            for name in names:
                path = Path(folder) / name
                if path.is_file() and not path.is_symlink() and path.stat().st_size < longest:
                    yield path.relative_to(tree).as_posix(), path.read_bytes()


def words(reader: readers.Reader) -> list[bytes]:
    """Short string literals of the reader's own source: the keys, commands and marks that it knows."""
    found: set[str] = set()
    for name in SOURCES[reader.name].split():
        tree = ast.parse((_ROOT / "src/prodcheck/extract" / f"{name}.py").resolve().read_text("utf-8"))
        texts = [
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        for text in texts:
            parts = text.split() if " " in text and "\n" not in text and text.replace(" ", "").isalnum() else [text]
            found.update(part for part in parts if 0 < len(part) <= 40 and not part.endswith("."))
    return sorted(word.encode("utf-8", "surrogatepass") for word in found)


def escaped(word: bytes) -> str:
    """A word as libFuzzer's dictionaries write it."""
    return "".join(chr(b) if 32 < b < 127 and b not in b'"\\' else f"\\x{b:02x}" for b in word)
