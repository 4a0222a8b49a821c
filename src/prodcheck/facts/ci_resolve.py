"""From one CI step to the leaf commands it reaches, through task runners, scripts, hooks and images."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import replace

from prodcheck.extract import shell, tasks_python
from prodcheck.extract.ci_model import Step
from prodcheck.extract.run import FileFacts
from prodcheck.extract.tasks import Target, TaskFile
from prodcheck.facts import verbs
from prodcheck.facts.ci_actions import command_for, script_for
from prodcheck.facts.ci_jobs import Placed, hop
from prodcheck.facts.ci_model import CiCommand
from prodcheck.facts.ci_runners import find
from prodcheck.facts.ci_submit import submitted
from prodcheck.facts.ci_targets import Call, Found, Rewritten, Tasks, applies, join, path_of
from prodcheck.facts.own_python import is_test_script, module_path
from prodcheck.facts.paths import Paths, Role
from prodcheck.facts.unwrap import Argv, options, program, unwrap
from prodcheck.model import Evidence
from prodcheck.records import dataclass

MAX_DEPTH = 8
MAX_COMMANDS = 20_000
MAX_VISITS = 20_000
"""Targets looked at: prerequisites may multiply each other."""
_SHELLS = frozenset("bash sh zsh dash ksh ash pwsh powershell source .".split())
_ACTION_KINDS = {"github": "uses", "azure": "task", "circleci": "orb", "drone": "plugin", "woodpecker": "plugin"}
_LAUNCHERS = frozenset(
    "torch.distributed.launch torch.distributed.run accelerate.commands.launch cProfile trace".split()
)


@dataclass(frozen=True)
class _Place:
    """Where and under which conditions a command runs."""

    path: str
    directory: str
    chain: tuple[Evidence, ...]
    blocking: bool
    placed: Placed
    env: Mapping[str, str]
    stack: tuple[str, ...] = ()
    sourced: tuple[str, ...] = ()
    """Scripts read with `source`, whose functions are known."""


class Resolver:
    """Collects the leaf commands of steps."""

    def __init__(self, files: Mapping[str, FileFacts], paths: Paths) -> None:
        self.files = files
        self.paths = paths
        self.tasks = Tasks(files)
        self.commands: list[CiCommand] = []
        self.unresolved: list[Evidence] = []
        self.visits = 0

    def step(self, placed: Placed) -> None:
        """Follow one step."""
        step = placed.step
        env = dict(step.env)
        place = _Place(placed.path, self.into("", step.directory), placed.chain, placed.blocking, placed, env)
        if step.run and step.shell == "python":
            self.python_code(step.run, step.line, place)
        elif step.run:
            self.script(step.run, step.line, place, step.errexit, step.pipefail, step.shell)
        elif step.uses:
            self.action(step.uses, dict(step.inputs), step.line, place)

    def script(
        self,
        text: str,
        line: int,
        place: _Place,
        errexit: bool = True,
        pipefail: bool = False,
        kind: str = "bash",
        variables: Mapping[str, str] | None = None,
        here: str = "",
        call: Argv = (),
    ) -> None:
        known = {**place.env, **(variables or {})}
        commands = shell.parse(
            text, line, errexit=errexit, pipefail=pipefail, shell=kind, variables=known, here=here, call=call
        )
        sourced = list(place.sourced)
        for command in commands:
            env = {**place.env, **dict(command.variables)}
            inner = replace(
                place,
                directory=self.into(place.directory, command.directory),
                blocking=place.blocking and command.blocking,
                env=env,
                sourced=tuple(sourced),
            )
            if command.argv[0] in ("source", ".") and len(command.argv) > 1:
                sourced.append(self.script_file(command.argv[1], inner, anywhere=True))
            self.command(command.argv, command.text, command.line, inner, command.stdin, command.stdin_line)

    def into(self, directory: str, target: str) -> str:
        """The directory after `cd target`: absolute ones start at the root, unknown ones fall back to it."""
        if target == shell.UNKNOWN or "$" in target:
            return directory
        return join("", target.lstrip("/")) if target.startswith("/") else join(directory, target)

    def command(
        self, argv: Argv, text: str, line: int, place: _Place, stdin: str = "", stdin_line: int = 0, depth: int = 0
    ) -> None:
        argv = unwrap(argv)
        if not argv or depth > MAX_DEPTH or len(self.commands) >= MAX_COMMANDS:
            return
        name = program(argv[0])
        here = hop(text, place.path, line)
        chain = (*place.chain, here)
        if name in _SHELLS:
            self.shell(argv, text, line, place, stdin, stdin_line, depth)
            return
        if name == "python":
            self.python(argv, text, line, place, stdin, stdin_line, depth)
            return
        script = self.script_file(argv[0], place)
        if script:
            if script.endswith(".py"):
                self.python(("python", *argv), text, line, place, stdin, stdin_line, depth)
            else:
                self.run_script(script, argv[1:], replace(place, chain=chain))
            return
        if self.function(argv, replace(place, chain=chain)):
            return
        found = find(self.tasks, argv, place.directory, place.env)
        if found is not None:
            if not found:
                self.unresolved.append(here)
            self.calls(found, text, line, place, depth)
            if name not in ("docker", "podman", "buildah", "docker-compose"):
                return
        if name in self.tasks.entry_points and found is None:
            self.emit(argv, text, place, chain, verbs.classify(" ".join(argv)) | {"smoke"})
            return
        self.leaf((name, *argv[1:]), text, place, chain)
        job = submitted((name, *argv[1:]), self.files, place.directory)
        if job:
            self.script(job[2], job[1], replace(place, path=job[0], chain=chain), errexit=True)

    def calls(self, found: Found, text: str, line: int, place: _Place, depth: int) -> None:
        for call in found:
            if isinstance(call, Rewritten):
                inner = replace(place, directory=call.directory)
                self.command(call.argv, text, line, inner, depth=depth + 1)
            else:
                blocking = place.blocking and not call.ignored
                self.target(call, replace(place, chain=(*place.chain, hop(text, place.path, line)), blocking=blocking))

    def target(self, call: Call, place: _Place) -> None:
        """Prerequisites and commands of one target."""
        file, target = call.file, call.target
        key = f"{file.path}:{file.runner}:{target.name}:{call.environment}"
        self.visits += 1
        if key in place.stack or len(place.stack) > MAX_DEPTH or self.visits > MAX_VISITS:
            return
        path = path_of(call)
        inner = replace(place, path=path, directory=call.directory, stack=(*place.stack, key))
        for need in target.needs:
            self.need(file, need, call, inner)
        if file.runner == "pre-commit" and not target.errexit:
            for line, text in target.commands:
                chain = (*inner.chain, hop(text, path, line))
                self.emit(tuple(text.split()), text, inner, chain, verbs.hook_verbs(target.name))
            return
        factors = target.factors or ("",) * len(target.commands)
        for (line, text), factor in zip(target.commands, factors, strict=False):
            if file.runner == "tox" and not applies(factor, call.environment):
                continue
            sibling = self.sibling(file, text, target.name)
            if sibling:
                self.target(replace(call, target=sibling), inner)
                continue
            here = posixpath.relpath(posixpath.dirname(path) or ".", call.directory or ".")
            self.script(text, line, inner, target.errexit, kind=target.shell, here=here)

    def sibling(self, file: TaskFile, text: str, name: str) -> Target | None:
        """Another target of the same table that a command names: `poe` sequences, `hatch` scripts, `pdm` composites."""
        words = text.split()
        if not words or file.runner not in ("poe", "hatch", "pdm", "rye", "pixi"):
            return None
        prefix = name.partition(":")[0] + ":" if file.runner == "hatch" else ""
        target = file.target(prefix + words[0])
        return target if target and target.name != name else None

    def need(self, file: TaskFile, need: str, call: Call, place: _Place) -> None:
        if need.startswith("image:"):
            image, _, stage = need.removeprefix("image:").partition("#")
            folder = posixpath.dirname(file.path)
            docker = self.tasks.by_path.get(("docker", join(folder, image)))
            chain = (*place.chain, hop(f"build {image}", file.path, call.target.line))
            for inner in self.tasks.image(docker, stage) if docker else ():
                if isinstance(inner, Call):
                    self.target(inner, replace(place, chain=chain))
            return
        target = file.target(need)
        if target:
            self.target(replace(call, target=target), place)

    # Shells and scripts ---------------------------------------------------------------------------------------------

    def shell(self, argv: Argv, text: str, line: int, place: _Place, stdin: str, stdin_line: int, depth: int) -> None:
        rest, errexit, pipefail = list(argv[1:]), False, False
        while rest and rest[0].startswith(("-", "+")):
            flag = rest.pop(0)
            if flag.lower() in ("-c", "-command") or re.fullmatch(r"-[a-z]*c", flag):
                errexit = errexit or "e" in flag.strip("-")
                self.script(rest[0] if rest else "", line, place, errexit)
                return
            errexit = errexit or (re.fullmatch(r"-\w*e\w*", flag) is not None and not flag.lower().startswith("-exec"))
            if flag in ("-o", "+o", "-eo", "-exo", "-euo", "-euxo") and rest:
                pipefail = rest.pop(0) == "pipefail" or pipefail
            elif flag.lower() in ("-executionpolicy", "--rcfile", "--init-file", "-ep") and rest:
                rest.pop(0)
        if rest:
            script = self.script_file(rest[0], place, anywhere=True)
            if script:
                inner = replace(place, chain=(*place.chain, hop(text, place.path, line)))
                self.run_script(script, tuple(rest[1:]), inner, errexit)
            else:
                self.unresolved.append(hop(text, place.path, line))
        elif stdin:
            self.script(stdin, stdin_line, place, errexit)

    def script_file(self, word: str, place: _Place, anywhere: bool = False) -> str:
        """Path of a script of this tree that a word names, or an empty string."""
        if not anywhere and "/" not in word and "\\" not in word:
            return ""
        word = word.replace("\\", "/")
        for path in (join("", word.removeprefix("__root__")), join(place.directory, word)):
            if path in self.files and (word.startswith("__root__") or path == join(place.directory, word)):
                return path
        return ""

    def run_script(self, path: str, arguments: Argv, place: _Place, errexit: bool = False) -> None:
        file = self.tasks.by_path.get(("script", path))
        key = f"script:{path}:{' '.join(arguments)}"
        if file is None or key in place.stack or len(place.stack) > MAX_DEPTH:
            return
        target = file.targets[0]
        here = posixpath.relpath(posixpath.dirname(path) or ".", place.directory or ".")
        inner = replace(place, path=path, stack=(*place.stack, key))
        for line, text in target.commands:
            self.script(
                text,
                line,
                inner,
                errexit or target.errexit,
                kind=target.shell,
                variables=shell.arguments(arguments),
                here=here,
            )

    def function(self, argv: Argv, place: _Place) -> bool:
        """Run a function that a sourced script defines."""
        for path in reversed(place.sourced):
            file = self.tasks.by_path.get(("script", path))
            text = file.targets[0].commands[0][1] if file else ""
            if shell.defines(text, argv[0]):
                key = f"function:{path}:{argv[0]}"
                if key not in place.stack and len(place.stack) <= MAX_DEPTH:
                    inner = replace(place, path=path, stack=(*place.stack, key))
                    self.script(text, 1, inner, call=argv)
                return True
        return False

    # Python -----------------------------------------------------------------------------------------------------------

    def python(self, argv: Argv, text: str, line: int, place: _Place, stdin: str, stdin_line: int, depth: int) -> None:
        rest = list(argv[1:])
        chain = (*place.chain, hop(text, place.path, line))
        while rest and rest[0].startswith("-"):
            flag = rest.pop(0)
            if flag in ("-W", "-X", "-Q") and rest:
                rest.pop(0)
            elif flag == "-c" or (flag.endswith("c") and re.fullmatch(r"-[a-zA-Z]+", flag)):
                self.python_code(rest[0] if rest else "", line, place, (text, chain))
                return
            elif flag == "-m" or (flag.endswith("m") and re.fullmatch(r"-[a-zA-Z]+", flag)):
                self.module(rest, text, line, place, depth)
                return
        if not rest or rest[0] == "-":
            if stdin:
                self.python_code(stdin, stdin_line, place, (text, chain))
            return
        script = self.script_file(rest[0], place, anywhere=True)
        command = " ".join(["python", *rest])
        if not script or script.endswith(("setup.py", "manage.py")):
            self.leaf(("python", *rest), text, place, chain)
            return
        self.own_script(script, tuple(rest), command, text, place, chain)

    def module(self, rest: list[str], text: str, line: int, place: _Place, depth: int) -> None:
        """`python -m name`: a tool, or a module of the project's own."""
        if not rest:
            return
        chain = (*place.chain, hop(text, place.path, line))
        path = module_path(self.files, rest[0], place.directory)
        if path:
            self.own_script(path, tuple(rest), "python -m " + " ".join(rest), text, place, chain)
            return
        if rest[0] in _LAUNCHERS:
            start = 1 + options(rest[1:], "-o -s --sort")
            self.command(("python", *rest[start:]), text, line, place, depth=depth + 1)
            return
        self.command((rest[0].removesuffix(".__main__"), *rest[1:]), text, line, place, depth=depth + 1)

    def own_script(
        self, path: str, argv: Argv, command: str, text: str, place: _Place, chain: tuple[Evidence, ...]
    ) -> None:
        """A Python file of the project: what it is by itself, and what it starts."""
        found = verbs.classify(command)
        if is_test_script(path, self.files[path].python):
            found = (found - {"train", "score"}) | {"test"}
        elif self.paths.role(path) is Role.CODE and not path.startswith("."):
            found |= {"smoke"}  # a helper of the CI itself, in `.github/`, tries nothing of the project out
        self.emit(("python", *argv), text, place, chain, found)
        if "--" in argv:  # a wrapper of the project's own: `python docker_run.py --image x -- bash test.sh`
            inner = argv[argv.index("--") + 1 :]
            self.command(inner, " ".join(inner), _line(chain), place)
        file = self.tasks.by_path.get(("python", path)) or self.tasks.by_path.get(("invoke", path))
        if file is None or "test" in found:
            return
        wanted = [""] + [w.replace("-", "_") for w in argv[1:]]
        for name in wanted:
            target = file.target(name)
            if target:
                self.target(Call(file, target, place.directory), replace(place, chain=chain))

    def python_code(
        self, code: str, line: int, place: _Place, command: tuple[str, tuple[Evidence, ...]] | None = None
    ) -> None:
        """Python given as text: `python -c`, a here-document, a step with `shell: python`."""
        text, chain = command or ("python", (*place.chain, hop("python", place.path, line)))
        file = tasks_python.extract("inline.py", code.encode("utf-8", "replace"))
        for target in file.targets if file else ():
            for _, inner in target.commands:
                self.script(inner, line, replace(place, chain=chain))
        found: set[str] = set()
        if re.search(r"\b\w+\.test\(\s*(?:\w+=|['\"]|\))", code) and "import" in code:
            found.add("test")  # numpy's and scipy's way: `import package; package.test()`
        modules = re.findall(r"(?:^|[;\n])\s*(?:import|from)\s+(\w+)", code)
        if any(module_path(self.files, name, place.directory) for name in modules):
            found.add("smoke")
        self.emit(("python", "-c", code[:200]), text, place, chain, frozenset(found))

    # Leaves -----------------------------------------------------------------------------------------------------------

    def action(self, uses: str, inputs: Mapping[str, str], line: int, place: _Place) -> None:
        """An action, task, orb or plugin."""
        text = f"uses: {uses}"
        chain = (*place.chain, hop(text, place.path, line))
        command = command_for(_ACTION_KINDS.get(place.placed.provider, "uses"), uses, inputs)
        if command is None:
            script = script_for(inputs)
            if script:
                self.script(script, line, replace(place, chain=chain))
            elif uses.startswith("docker://") and inputs.get("args"):
                self.script(inputs["args"], line, replace(place, chain=chain))
            return
        if command:
            self.command(tuple(command.split()), text, line, place)
        if command == "cibuildwheel":
            self.wheel_tests(place, chain)

    def wheel_tests(self, place: _Place, chain: tuple[Evidence, ...]) -> None:
        """cibuildwheel runs a test command against every wheel it has built."""
        configured = self.files.get(join(place.directory, "pyproject.toml"))
        document = configured.document if configured else None
        key = "tool.cibuildwheel.test-command"
        text: object = place.env.get("CIBW_TEST_COMMAND") or (document.get(key) if document else None)
        if isinstance(text, list):
            text = " && ".join(str(part) for part in text)
        if isinstance(text, str) and text:
            text = re.sub(r"\{(?:project|package)\}/?", "", text)
            self.script(text, _line(chain), replace(place, chain=chain))

    def leaf(self, argv: Argv, text: str, place: _Place, chain: tuple[Evidence, ...]) -> None:
        self.emit(argv, text, place, chain, verbs.classify(" ".join(argv)))

    def emit(
        self, argv: Argv, text: str, place: _Place, chain: tuple[Evidence, ...], found: frozenset[str] | set[str]
    ) -> None:
        placed = place.placed
        blocking = place.blocking and not verbs.LENIENT.search(" ".join(argv))
        self.commands.append(
            CiCommand(text, argv, frozenset(found), chain, placed.triggers, blocking, placed.pipeline, placed.job)
        )


def _line(chain: tuple[Evidence, ...]) -> int:
    """Line of the last hop."""
    place = chain[-1].location
    return (place.line or 1) if place else 1


def hooked(files: Mapping[str, FileFacts], paths: Paths, hooks: TaskFile) -> list[CiCommand]:
    """What the local hooks of a pre-commit file run, followed like the commands of CI; manual ones are left out."""
    resolver = Resolver(files, paths)
    for target in hooks.targets:
        if target.labels and set(target.labels) <= {"manual"}:
            continue
        for line, text in target.commands if target.errexit else ():
            step = Step(line, text)
            resolver.step(Placed(step, hooks.path, hooks.path, hooks.runner, target.name, frozenset(), True))
    return resolver.commands
