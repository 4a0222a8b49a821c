"""Task tables in configuration files: pyproject.toml and its relatives, package.json, Taskfile, Compose, pre-commit."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping

from prodcheck.extract import document, tasks_tox
from prodcheck.extract.ci_model import Node, root
from prodcheck.extract.tasks_model import Target, TaskFile
from prodcheck.extract.yaml import load_all


def toml(path: str, data: bytes) -> tuple[TaskFile, ...]:
    """Every task table of a TOML file: hatch, pdm, poe, taskipy, rye, pixi, tox, Pipfile and console scripts."""
    read = document.extract(path, data)
    if read is None or not isinstance(read.root, dict):
        return ()
    name = path.rpartition("/")[2].lower()
    lines = read.lines
    found: list[TaskFile | None] = []
    if name == "pipfile":
        found.append(_simple(path, "pipenv", read.get("scripts"), lines, "scripts"))
    elif name == "tox.toml":
        found.append(tasks_tox.toml(path, read.root, lines, ""))
    elif name == "pixi.toml":
        found.append(_pixi(path, read.root, lines, ""))
    elif name in ("mise.toml", ".mise.toml"):
        found.append(_mise(path, read.get("tasks"), lines))
    elif name == "hatch.toml":
        found.append(_hatch(path, read.get("envs"), lines, "envs"))
    elif name == "pyproject.toml":
        found.append(_hatch(path, read.get("tool.hatch.envs"), lines, "tool.hatch.envs"))
        found.append(_pixi(path, read.get("tool.pixi"), lines, "tool.pixi."))
        found.append(tasks_tox.toml(path, read.get("tool.tox"), lines, "tool.tox."))
        found.append(_simple(path, "pdm", read.get("tool.pdm.scripts"), lines, "tool.pdm.scripts"))
        found.append(_simple(path, "poe", read.get("tool.poe.tasks"), lines, "tool.poe.tasks"))
        found.append(_simple(path, "rye", read.get("tool.rye.scripts"), lines, "tool.rye.scripts"))
        found.append(_simple(path, "taskipy", read.get("tool.taskipy.tasks"), lines, "tool.taskipy.tasks"))
        for table in ("project.scripts", "tool.poetry.scripts"):
            found.append(_entry_points(path, read.get(table), lines, table))
    return tuple(file for file in found if file is not None)


def _entry_points(path: str, table: object, lines: Mapping[str, int], prefix: str) -> TaskFile | None:
    """Console scripts: a command of the project's own."""
    if not isinstance(table, dict):
        return None
    targets = []
    for name, value in table.items():
        if isinstance(value, str):
            line = lines.get(f"{prefix}.{name}", 1)
            targets.append(Target(str(name), line, ((line, f"python -m {value.partition(':')[0]}"),)))
    return TaskFile(path, "entry-point", tuple(targets)) if targets else None


def _simple(path: str, runner: str, table: object, lines: Mapping[str, int], prefix: str) -> TaskFile | None:
    """Tables of name to command, command list or table with `cmd`, `shell`, `composite`, `sequence`, `deps` ..."""
    if not isinstance(table, dict):
        return None
    targets = []
    for name, value in table.items():
        line = lines.get(f"{prefix}.{name}") or lines.get(prefix, 1)
        targets.append(_task(str(name), line, value, sequence=runner in ("poe", "rye", "pdm")))
    if runner == "taskipy":
        names = {target.name for target in targets}
        targets = [
            Target(t.name, t.line, t.commands, tuple(n for n in (f"pre_{t.name}", f"post_{t.name}") if n in names))
            for t in targets
        ]
    return TaskFile(path, runner, tuple(targets))


def _task(name: str, line: int, value: object, sequence: bool) -> Target:
    """One task. A list is a sequence of other tasks or commands for poe, pdm and rye, an argument list otherwise."""
    if isinstance(value, str):
        return Target(name, line, ((line, value),))
    if isinstance(value, list):
        if sequence and not all(isinstance(item, str) and " " not in item and item.startswith("-") for item in value):
            return _sequence(name, line, value)
        return Target(name, line, ((line, shlex.join(str(item) for item in value)),))
    if not isinstance(value, dict):
        return Target(name, line)
    needs = tuple(_names(value.get("deps")) + _names(value.get("depends-on", value.get("depends_on"))))
    for key in ("composite", "chain", "sequence"):
        if isinstance(value.get(key), list):
            made = _sequence(name, line, value[key])
            return Target(name, line, made.commands, needs + made.needs)
    directory = value.get("cwd", value.get("working_dir", ""))
    for key in ("cmd", "shell", "interpreter", "command"):
        body = value.get(key)
        if isinstance(body, list):
            body = shlex.join(str(item) for item in body)
        if isinstance(body, str):
            return Target(name, line, ((line, body),), needs, directory if isinstance(directory, str) else "")
    for key in ("call", "script"):
        if isinstance(value.get(key), str):
            return Target(name, line, ((line, f"python -m {value[key].partition(':')[0]}"),), needs)
    if isinstance(value.get("ref"), str):
        needs += (value["ref"].split()[0],)
    return Target(name, line, (), needs)


def _sequence(name: str, line: int, items: list[object]) -> Target:
    """Steps in order. What is a task's name is told apart when it is run: a command of one word may be either."""
    commands = []
    for item in items:
        if isinstance(item, str):
            commands.append((line, item))
        elif isinstance(item, dict):
            inner = _task("", line, item, sequence=True)
            commands += [*inner.commands, *((line, need) for need in inner.needs)]
    return Target(name, line, tuple(commands))


def _names(value: object) -> list[str]:
    items = value if isinstance(value, list) else [value]
    names = [item.get("task") if isinstance(item, dict) else item for item in items]
    return [name for name in names if isinstance(name, str)]


def _hatch(path: str, environments: object, lines: Mapping[str, int], prefix: str) -> TaskFile | None:
    """Scripts of hatch environments, named `environment:script`."""
    if not isinstance(environments, dict):
        return None
    targets = []
    for environment, table in environments.items():
        scripts = table.get("scripts") if isinstance(table, dict) else None
        for name, value in scripts.items() if isinstance(scripts, dict) else ():
            line = lines.get(f"{prefix}.{environment}.scripts.{name}", lines.get(f"{prefix}.{environment}", 1))
            rows = value if isinstance(value, list) else [value]
            commands = tuple(
                (line, f"{row[1:].strip()} || true" if row.startswith("-") else row)
                for row in rows
                if isinstance(row, str)
            )
            targets.append(Target(f"{environment}:{name}", line, commands))
    return TaskFile(path, "hatch", tuple(targets))


def _mise(path: str, table: object, lines: Mapping[str, int]) -> TaskFile | None:
    """Tasks of mise; a list in `run` is a list of commands, not of arguments."""
    if not isinstance(table, dict):
        return None
    targets = []
    for name, value in table.items():
        line = lines.get(f"tasks.{name}", 1)
        task = value if isinstance(value, dict) else {"run": value}
        rows = task.get("run", [])
        commands = tuple((lines.get(f"tasks.{name}.run", line), row) for row in _names(rows))
        needs = tuple(_names(task.get("depends")))
        targets.append(Target(str(name), line, commands, needs, str(task.get("dir") or ""), errexit=True))
        targets += [Target(alias, line, (), (str(name),)) for alias in _names(task.get("alias"))]
    return TaskFile(path, "mise", tuple(targets), ("default",))


def _pixi(path: str, table: object, lines: Mapping[str, int], prefix: str) -> TaskFile | None:
    if not isinstance(table, dict):
        return None
    features = table.get("feature")
    tables = {f"{prefix}tasks": table.get("tasks")}
    for name, feature in features.items() if isinstance(features, dict) else ():
        if isinstance(feature, dict):
            tables[f"{prefix}feature.{name}.tasks"] = feature.get("tasks")
    targets = [
        _task(str(name), lines.get(f"{key}.{name}", 1), value, sequence=False)
        for key, tasks in tables.items()
        if isinstance(tasks, dict)
        for name, value in tasks.items()
    ]
    return TaskFile(path, "pixi", tuple(targets)) if targets else None


def package_json(path: str, data: bytes) -> TaskFile | None:
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return None
    scripts = content.get("scripts") if isinstance(content, dict) else None
    if not isinstance(scripts, dict):
        return None
    text = data.decode("utf-8", "replace")
    targets = []
    for name, value in scripts.items():
        if isinstance(value, str):
            place = text.find(json.dumps(str(name)), max(text.find('"scripts"'), 0))
            line = text.count("\n", 0, max(place, 0)) + 1
            hooks = tuple(h for h in (f"pre{name}", f"post{name}") if h in scripts)
            targets.append(Target(str(name), line, ((line, value),), hooks))
    return TaskFile(path, "npm", tuple(targets))


def taskfile(path: str, data: bytes) -> TaskFile | None:
    """Taskfile.yml of go-task."""
    top = root(load_all(data))
    targets = []
    for name, node in top.get("tasks").items():
        commands: list[tuple[int, str]] = []
        needs = [n.text or n.get("task").text for n in node.get("deps")] if node.is_map else []
        body = node if not node.is_map else node.get("cmds") if node.has("cmds") else node.get("cmd")
        for item in body:
            text = item.text or item.get("cmd").text
            if item.get("task").text:
                commands.append((item.line, f"task {item.get('task').text}"))
            elif text:
                ignored = item.get("ignore_error").value is True
                line = item.text_line if item.text else item.get("cmd").text_line
                commands.append((line, f"{text} || true" if ignored else text))
        targets.append(Target(name, node.line, tuple(commands), tuple(n for n in needs if n), node.get("dir").text))
    return TaskFile(path, "task", tuple(targets), ("default",)) if targets else None


def compose(path: str, data: bytes) -> TaskFile | None:
    """Services of a Compose file with the command that each container runs."""
    top = root(load_all(data))
    targets = []
    for name, node in top.get("services").items():
        build = node.get("build")
        words = [_command_text(node.get(key)) for key in ("entrypoint", "command")]
        text = " ".join(w for w in words if w)
        line = node.get("command").line if node.has("command") else node.line
        context = build.text or build.get("context").text
        folder = (context or ".").rstrip("/")
        image = f"{folder}/{build.get('dockerfile').text or 'Dockerfile'}" if build.exists else ""
        needs = (f"image:{image}#{build.get('target').text}",) if image else ()
        targets.append(Target(name, node.line, ((line, text),) if text else (), needs))
    return TaskFile(path, "compose", tuple(targets)) if targets else None


def _command_text(node: Node) -> str:
    if not node.is_list:
        return node.text
    words = node.strings()
    return words[-1] if len(words) == 3 and words[1] in ("-c", "-lc", "-ec") else shlex.join(words)


def dockerfile(path: str, text: str) -> TaskFile | None:
    """Build stages of a Dockerfile with their RUN commands, and CMD as target `cmd`: `docker build` runs the former."""
    stages: list[tuple[str, int, list[tuple[int, str]], list[str]]] = []
    command: tuple[int, str] | None = None
    for line, body in _instructions(text):
        word, _, rest = body.partition(" ")
        rest = rest.strip()
        if word.upper() == "FROM":
            alias = re.search(r"\s[aA][sS]\s+([\w.-]+)", rest)
            base = re.sub(r"(?<!\S)--\S+\s+", "", rest).split()[:1]
            known = [s[0] for s in stages]
            stages.append((alias.group(1) if alias else str(len(stages)), line, [], [b for b in base if b in known]))
        elif word.upper() == "RUN" and stages:
            stages[-1][2].append((line, _exec_form(re.sub(r"^(?:--\S+\s+)+", "", rest))))
        elif word.upper() == "COPY" and stages and (source := re.search(r"--from=([\w.-]+)", rest)):
            stages[-1][3].extend(s[0] for s in stages[:-1] if s[0] == source.group(1))
        elif word.upper() in ("CMD", "ENTRYPOINT"):
            command = (line, _exec_form(rest)) if command is None or word.upper() == "CMD" else command
    if not stages:
        return None
    targets = [Target(name, line, tuple(runs), tuple(needs)) for name, line, runs, needs in stages]
    if command:
        targets.append(Target("cmd", command[0], (command,)))
    return TaskFile(path, "docker", tuple(targets), (stages[-1][0],))


def _exec_form(text: str) -> str:
    if text.startswith("["):
        try:
            words = json.loads(text)
        except (ValueError, RecursionError):
            return text
        if isinstance(words, list):
            return shlex.join(str(word) for word in words)
    return text


def _instructions(text: str) -> Iterator[tuple[int, str]]:
    """Instructions with continuations and here-documents, each with its first line."""
    rows = text.replace("\r\n", "\n").split("\n")
    index = 0
    while index < len(rows):
        first, line = index + 1, rows[index].strip()
        index += 1
        if not line or line.startswith("#"):
            continue
        while line.endswith("\\") and index < len(rows):
            following = rows[index]
            line = line + "\n" + ("\\" if following.strip().startswith("#") or not following.strip() else following)
            index += 1
        heredoc = re.search(r"(?<!<)<<-?['\"]?(\w+)['\"]?(?!<)", line)
        if heredoc:
            body = []
            while index < len(rows) and rows[index].strip() != heredoc.group(1):
                body.append(rows[index])
                index += 1
            index += 1
            line = line[: heredoc.start()] + "\n" + "\n".join(body)
        yield first, line


def pre_commit(path: str, data: bytes) -> TaskFile | None:
    """Hooks that `pre-commit run` executes, one target each; the command is a local entry or the hook's id."""
    top = root(load_all(data))
    default = top.get("default_stages").strings()
    targets = []
    for repo in top.get("repos"):
        for hook in repo.get("hooks"):
            stages = hook.get("stages").strings() or default
            name = hook.get("id").text
            if not name or repo.get("repo").text == "meta":
                continue
            local = repo.get("repo").text == "local" and hook.get("language").text != "pygrep"
            arguments = " ".join(hook.get("args").strings())
            text = f"{hook.get('entry').text} {arguments}" if local else f"{name} {arguments}"
            commands = ((hook.line, text.strip()),)
            targets.append(Target(name, hook.line, commands, errexit=local, labels=tuple(_stage(s) for s in stages)))
    return TaskFile(path, "pre-commit", tuple(targets)) if targets else None


def _stage(name: str) -> str:
    return {"commit": "pre-commit", "push": "pre-push", "merge-commit": "pre-merge-commit"}.get(name, name)
