"""How each task runner's command line is read: `make -C sub test`, `tox -e lint`, `nox -s tests`, `npm run x`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping

from prodcheck.extract.tasks import Target, TaskFile
from prodcheck.facts.ci_targets import Call, Environment, Found, Rewritten, Tasks, join
from prodcheck.facts.unwrap import Argv, compose, options, program


def find(tasks: Tasks, argv: Argv, directory: str, env: Environment) -> Found | None:
    """What a command line starts; None when it is no task runner, empty when it starts nothing we know."""
    service = compose(argv)
    if service is not None:
        return _compose(tasks, *service, directory)
    name = program(argv[0])
    handler = _HANDLERS.get(name)
    return handler(tasks, (name, *argv[1:]), directory, env) if handler else None


def _make(tasks: Tasks, argv: Argv, directory: str, env: Environment) -> Found:
    names, file, ignored, index = [], "", False, 1
    while index < len(argv):
        word = argv[index]
        value = argv[index + 1] if index + 1 < len(argv) else ""
        if word in ("-n", "--dry-run", "--just-print", "-q", "-v", "--version", "-p", "-h", "--help"):
            return ()
        if word in ("-C", "--directory", "-f", "--file", "--makefile", "-o", "-W", "-I"):
            directory = join(directory, value) if word in ("-C", "--directory") else directory
            file = value if word in ("-f", "--file", "--makefile") else file
            index += 1
        elif word.startswith("--directory=") or (word.startswith("-C") and len(word) > 2):
            directory = join(directory, word.partition("=")[2] or word[2:])
        elif word in ("-j", "-l") and value.isdigit():
            index += 1
        elif word.startswith("-"):
            ignored = ignored or word in ("-i", "--ignore-errors")
        elif "=" not in word:
            names.append(word)
        index += 1
    found = tasks.by_path.get(("make", join(directory, file))) if file else tasks.here("make", directory)
    if found is None:
        return ()
    found = tasks.with_includes(found, directory)
    calls = []
    for wanted in names or found.default:
        target = found.target(wanted) or _pattern(found, wanted)
        if target:
            calls.append(Call(found, target, directory, ignored=ignored))
    return tuple(calls)


def _just(tasks: Tasks, argv: Argv, directory: str, env: Environment) -> Found:
    start = 1 + options(argv[1:], "-f --justfile -d --working-directory --set --dotenv-path")
    file = _value(argv[:start], "-f", "--justfile")
    found = tasks.by_path.get(("just", join(directory, file))) if file else tasks.above("just", directory)
    if found is None or any(w in ("--list", "-l", "--dry-run", "-n", "--summary") for w in argv):
        return ()
    names = [w for w in argv[start:] if "=" not in w]
    folder = posixpath.dirname(found.path)
    return tuple(Call(found, t, folder) for n in names or found.default if (t := found.target(n)))


def _task(tasks: Tasks, argv: Argv, directory: str, env: Environment) -> Found:
    """`task` of go-task, or of taskipy where its table is there."""
    start = 1 + options(argv[1:], "-t --taskfile -d --dir -o --output")
    names = argv[start:]
    taskipy = tasks.above("taskipy", directory)
    if taskipy and names and taskipy.target(names[0]):
        return _named(taskipy, names[:1], names[1:])
    directory = join(directory, _value(argv[:start], "-d", "--dir"))
    file = _value(argv[:start], "-t", "--taskfile")
    found = tasks.by_path.get(("task", join(directory, file))) if file else tasks.above("task", directory)
    return _named(found, names or (found.default if found else ()), ()) if found else ()


def _tox(tasks: Tasks, argv: Argv, directory: str, env: Environment) -> Found:
    words, named, index = argv[1:], "", 0
    if words[:1] and words[0] in ("list", "l", "config", "c", "devenv", "d", "quickstart", "depends", "de"):
        return ()
    while index < len(words) and words[index] != "--":
        word = words[index]
        if word in ("--notest", "-l", "--listenvs", "-a", "--version", "--help", "-h"):
            return ()
        if word in ("-e", "--env", "-c", "--conf", "-f", "-m", "--workdir", "--root"):
            value = words[index + 1] if index + 1 < len(words) else ""
            named = f"{named},{value}" if word in ("-e", "--env") else named
            directory = join(directory, posixpath.dirname(value)) if word in ("-c", "--conf") else directory
            index += 1
        elif (word.startswith(("-e", "--env=")) and not word.startswith("--e")) or word.startswith("--env="):
            named = f"{named},{word.partition('=')[2] if '=' in word else word[2:]}"
        index += 1
    found = tasks.here("tox", directory)
    if found is None:
        return ()
    named = named.strip(",") or env.get("TOXENV", "")
    chosen = [n.strip() for n in named.split(",") if n.strip()] or list(found.default)
    if "ALL" in chosen:
        chosen = [*found.default, *(t.name for t in found.targets)]
    calls = []
    for name in dict.fromkeys(chosen):
        target = found.target(name) or found.target("testenv")
        if target:
            calls.append(Call(found, target, join(directory, target.directory), environment=name))
    return tuple(calls)


def _nox(tasks: Tasks, argv: Argv, directory: str, env: Environment) -> Found:
    words, names, index = argv[1:], [], 0
    if any(w in ("-l", "--list", "--list-sessions", "--version", "--help", "--install-only") for w in words):
        return ()
    file = _value(words, "-f", "--noxfile")
    tags = [w for w in words if not w.startswith("-")] if _tagged(words) else []
    while index < len(words) and words[index] != "--":
        if words[index] in ("-s", "--sessions", "--session", "-e"):
            while index + 1 < len(words) and not words[index + 1].startswith("-"):
                index += 1
                names.append(words[index])
        elif words[index].startswith(("--session=", "--sessions=")):
            names.append(words[index].partition("=")[2])
        elif re.fullmatch(r"-[a-z]*s", words[index]) and index + 1 < len(words):
            index += 1
            names.append(words[index])
        elif re.match(r"-s\S", words[index]):
            names.append(words[index][2:])
        index += 1
    found = tasks.by_path.get(("nox", join(directory, file or "noxfile.py")))
    if found is None:
        return ()
    if tags:
        names += [t.name for t in found.targets if set(t.labels) & set(tags)] or ["-"]
    names = names or [n for n in env.get("NOXSESSION", "").split(",") if n] or list(found.default)
    calls = []
    for name in names:
        plain = re.sub(r"\(.*$|-(?:pypy)?[\d.]+$|-\$.*$", "", name)
        target = found.target(name) or found.target(plain)
        if target:
            calls.append(Call(found, target, posixpath.dirname(found.path)))
    return tuple(calls)


def _hatch(tasks: Tasks, argv: Argv, directory: str, env: Environment) -> Found | None:
    """`hatch run env:script`, `hatch -e env run script`; built-in commands are told by their verb."""
    environment, words, index = "default", list(argv[1:]), 0
    while index < len(words) and words[index].startswith("-"):
        if words[index] in ("-e", "--env") and index + 1 < len(words):
            environment = words[index + 1]
            index += 1
        index += 1
    words = words[index:]
    if words[:2] == ["env", "run"]:
        words = ["run", *words[2:]]
        while words[1:2] and words[1].startswith("-"):
            environment = words[2] if words[1] in ("-e", "--env") and len(words) > 2 else environment
            del words[1 : 3 if words[1] in ("-e", "--env", "-i", "-x") else 2]
    if words[:1] == ["test"]:
        return (Rewritten(("pytest", *words[1:]), directory),)
    if words[:1] != ["run"]:
        return None
    words = [w for w in words[1:] if not re.match(r"[+-](?:py|python|\w+)=", w)]
    if not words:
        return ()
    name = words[0]
    if re.match(r"^[\w.+-]+:[\w.-]+$", name):
        environment, _, name = name.partition(":")
    found = tasks.above("hatch", directory)
    for candidate in (f"{environment}:{name}", f"default:{name}"):
        target = found.target(candidate) if found else None
        if found and target:
            return (Call(found, target, posixpath.dirname(found.path), tuple(words[1:])),)
    return (Rewritten((name, *words[1:]), directory),)


def _runner(tasks: Tasks, argv: Argv, directory: str, env: Environment) -> Found | None:
    """pdm, rye, pipenv, pixi: `x run NAME ...` starts a script of the table, or else the command NAME."""
    name = argv[0]
    valued = "-p -e --environment --manifest-path -m --env-file --python --feature"
    start = 1 + options(argv[1:], valued)
    words = argv[start:]
    found = tasks.above(name, directory)
    if words[:1] == ("run",):
        words = words[1 + options(words[1:], valued) :]
        if not words:
            return ()
    elif not (name == "pdm" and found and words and found.target(words[0])):
        return None
    target = found.target(words[0]) if found else None
    if found and target:
        return (Call(found, target, join(posixpath.dirname(found.path), target.directory), words[1:]),)
    return (Rewritten(words, directory),)


def _mise(tasks: Tasks, argv: Argv, directory: str, env: Environment) -> Found | None:
    """`mise run task`, `mise exec -- command`."""
    words = argv[1 + options(argv[1:], "-C --cd -E --env") :]
    if words[:1] in (("exec",), ("x",)) and "--" in words:
        return (Rewritten(words[words.index("--") + 1 :], directory),)
    if words[:1] not in (("run",), ("r",)):
        return None
    words = words[1 + options(words[1:], "-C --cd -j --jobs -o --output") :]
    found = tasks.above("mise", directory)
    return _named(found, words[:1] or found.default, words[1:]) if found else ()


def _poe(tasks: Tasks, argv: Argv, directory: str, env: Environment) -> Found:
    start = 1 + options(argv[1:], "-C --root -e --executor")
    found = tasks.above("poe", directory)
    return _named(found, argv[start : start + 1], argv[start + 1 :]) if found else ()


def _poetry(tasks: Tasks, argv: Argv, directory: str, env: Environment) -> Found | None:
    return _poe(tasks, argv[1:], directory, env) if argv[1:2] == ("poe",) else None


def _npm(tasks: Tasks, argv: Argv, directory: str, env: Environment) -> Found | None:
    folder = _value(argv, "--prefix", "-C", "--cwd")
    directory = join(directory, folder) if folder else directory
    words = [w for w in argv[1:] if not w.startswith("-") and w != folder]
    found = tasks.here("npm", directory)
    if words[:1] in (["run"], ["run-script"]):
        words = words[1:]
    elif not words or (words[0] not in ("test", "t", "start") and argv[0] == "npm"):
        return None
    name = {"t": "test"}.get(words[0], words[0]) if words else ""
    target = found.target(name) if found else None
    if found and target:
        return (Call(found, target, directory),)
    return () if name in ("test", "start") or "run" in argv else None


def _invoke(tasks: Tasks, argv: Argv, directory: str, env: Environment) -> Found:
    start = 1 + options(argv[1:], "-c -r --collection --search-root")
    found = tasks.above("invoke", directory)
    names = [w.replace("-", "_").replace(".", "_") for w in argv[start:] if not w.startswith("-")]
    return _named(found, names, ()) if found else ()


def _pre_commit(tasks: Tasks, argv: Argv, directory: str, env: Environment) -> Found | None:
    words = list(argv[1:])
    if words[:1] != ["run"]:
        return ()
    rest = words[1:]
    config = _value(rest, "-c", "--config")
    found = (
        tasks.by_path.get(("pre-commit", join(directory, config))) if config else tasks.above("pre-commit", directory)
    )
    if found is None:
        return ()
    start = options(
        rest, "-c --config --hook-stage --stage --color --files --from-ref --to-ref -s -o --source --origin --skip"
    )
    only = [w for w in rest[start : start + 1] if not w.startswith("-") and "$" not in w]
    skipped = {*env.get("SKIP", "").split(","), _value(rest, "--skip")}
    stage = _value(rest, "--hook-stage", "--stage")
    stage = {"": "pre-commit", "commit": "pre-commit", "push": "pre-push"}.get(stage, stage)
    hooks = [t for t in found.targets if not t.labels or stage in t.labels]
    hooks = [t for t in hooks if t.name not in skipped and (not only or t.name in only)]
    return tuple(Call(found, hook, posixpath.dirname(found.path)) for hook in hooks)


def _compose(tasks: Tasks, verb: str, files: list[str], service: str, command: Argv, directory: str) -> Found | None:
    if verb in ("exec", "run") and command:
        return (Rewritten(command, directory),)
    if verb not in ("run", "up", "build"):
        return None
    candidates = [f for name in files if (f := tasks.by_path.get(("compose", join(directory, name))))]
    if not files:
        candidates = tasks.by_folder.get(("compose", directory), [])[:1]
    calls: list[Call | Rewritten] = []
    for file in candidates:
        for target in file.targets:
            if not service or target.name == service:
                bare = Target(target.name, target.line, (), target.needs) if verb == "build" else target
                calls.append(Call(file, bare, directory))
    return tuple(calls)


def _docker(tasks: Tasks, argv: Argv, directory: str, env: Environment) -> Found | None:
    """`docker build` runs the RUN commands of a Dockerfile; `docker run image` the CMD of one built before."""
    words = [w for w in argv[1:] if w not in ("buildx", "image")]
    if words[:1] == ["run"]:
        image = next((w for w in words[1:] if w in tasks.images), "")
        file = tasks.by_path.get(("docker", tasks.images.get(image, "")))
        target = file.target("cmd") if file else None
        return (Call(file, target, ""),) if file and target else None
    if words[:1] not in (["build"], ["bud"]):
        return None
    named, stage = _value(argv, "-f", "--file"), _value(argv, "--target")
    context = next((w for w in reversed(words[1:]) if not w.startswith("-") and w not in (named, stage)), ".")
    path = join(directory, named) if named else join(join(directory, context), "Dockerfile")
    file = tasks.by_path.get(("docker", path)) or tasks.by_path.get(("docker", join(directory, "Dockerfile")))
    if file is None:
        return None
    tag = _value(argv, "-t", "--tag")
    if tag:
        tasks.images[tag] = file.path
    return tasks.image(file, stage)


def _named(file: TaskFile, names: Argv | list[str], arguments: Argv) -> Found:
    folder = posixpath.dirname(file.path)
    targets = [target for name in names if (target := file.target(name))]
    return tuple(Call(file, t, join(folder, t.directory), arguments) for t in targets)


def _value(argv: Argv | list[str], *names: str) -> str:
    """Value of an option, written apart or with `=`."""
    for index, word in enumerate(argv):
        if word in names:
            return argv[index + 1] if index + 1 < len(argv) else ""
        for name in names:
            if name.startswith("--") and word.startswith(name + "="):
                return word.partition("=")[2]
    return ""


def _tagged(words: Argv) -> bool:
    """Whether nox is told to select sessions by tag."""
    return any(re.fullmatch(r"-[a-z]*t|--tags?", word) for word in words)


def _pattern(file: TaskFile, name: str) -> Target | None:
    """The pattern rule (`test-%`) that makes a target."""
    for target in file.targets:
        if "%" in target.name and len(target.name) > 1:
            head, _, tail = target.name.partition("%")
            if name.startswith(head) and name.endswith(tail) and len(name) > len(head) + len(tail):
                return target
    return None


_HANDLERS: Mapping[str, Callable[[Tasks, Argv, str, Environment], Found | None]] = {
    "make": _make,
    "gmake": _make,
    "mingw32-make": _make,
    "just": _just,
    "task": _task,
    "go-task": _task,
    "taskipy": _task,
    "tox": _tox,
    "nox": _nox,
    "hatch": _hatch,
    "pdm": _runner,
    "rye": _runner,
    "pipenv": _runner,
    "pixi": _runner,
    "mise": _mise,
    "poe": _poe,
    "poethepoet": _poe,
    "poetry": _poetry,
    "npm": _npm,
    "yarn": _npm,
    "pnpm": _npm,
    "bun": _npm,
    "inv": _invoke,
    "invoke": _invoke,
    "fab": _invoke,
    "pre-commit": _pre_commit,
    "pre_commit": _pre_commit,
    "prek": _pre_commit,
    "docker": _docker,
    "podman": _docker,
    "buildah": _docker,
}
