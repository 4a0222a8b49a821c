"""Programs that run other programs: what is left without `sudo`, `xvfb-run`, `poetry run`, `docker run image`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from prodcheck.patterns import lazy_regex

Argv = tuple[str, ...]

# Program words -> options that take a value, and how many words come before the command.
_PREFIXES: dict[str, tuple[str, int]] = {
    "sudo": ("-u -g -h -p -C", 0),
    "doas": ("-u", 0),
    "time": ("-f -o", 0),
    "nice": ("-n", 0),
    "ionice": ("-c -n", 0),
    "timeout": ("-k -s --signal --kill-after", 1),
    "gtimeout": ("-k -s", 1),
    "xvfb-run": ("-n -s -e -f -w -p --server-args --server-num --auth-file", 0),
    "stdbuf": ("-o -e -i", 0),
    "exec": ("-a", 0),
    "command": ("", 0),
    "builtin": ("", 0),
    "nohup": ("", 0),
    "setsid": ("", 0),
    "catchsegv": ("", 0),
    "unbuffer": ("", 0),
    "winpty": ("", 0),
    "chronic": ("", 0),
    "travis_retry": ("", 0),
    "retry": ("-t -n -d -s --times --delay", 0),
    "dbus-run-session": ("", 0),
    "xargs": ("-n -P -I -L -d -a -s -E --max-args --max-procs", 0),
    "flock": ("-w", 1),
    "gosu": ("", 1),
    "mpirun": ("-n -np -c -H --host --hostfile -x", 0),
    "mpiexec": ("-n -np -c -H --host --hostfile", 0),
    "srun": ("-n -N -p -c -t -A --gres --mem --time --partition", 0),
    "horovodrun": ("-np -H", 0),
    "poetry run": ("-C --directory -P --project", 0),
    "conda run": ("-n --name -p --prefix --cwd", 0),
    "mamba run": ("-n --name -p --prefix --cwd", 0),
    "micromamba run": ("-n --name -p --prefix --cwd -r", 0),
    "uv run": (
        "--with --extra --group --python -p --package --env-file --project --with-requirements --only-group --no-group "
        "--index-url --with-editable --index --no-extra --resolution --cache-dir --refresh-package",
        0,
    ),
    "uv tool run": ("--with --from --python -p", 0),
    "uvx": ("--with --from --python -p", 0),
    "pipx run": ("--spec --python --pip-args", 0),
    "pipx": ("", 0),
    "nix develop": ("-f -I", 0),
    "direnv exec": ("", 1),
    "dotenv": ("-f -e --file", 0),
    "dotenv run": ("-f", 0),
    "op run": ("--env-file", 0),
    "doppler run": ("-p -c --project --config", 0),
    "aws-vault exec": ("-d", 1),
    "chamber exec": ("", 1),
    "bundle exec": ("", 0),
    "npx": ("-p --package", 0),
    "bunx": ("", 0),
    "yarn exec": ("", 0),
    "yarn dlx": ("", 0),
    "pnpm exec": ("", 0),
    "pnpm dlx": ("", 0),
    "npm exec": ("", 0),
    "singularity exec": ("-B --bind -H --home --pwd --env", 1),
    "apptainer exec": ("-B --bind -H --home --pwd --env", 1),
    "cross-env": ("", 0),
    "memray run": ("-o", 0),
    "wsl": ("-d -u -e", 0),
    "xvfb-run-safe": ("", 0),
    "nox-poetry": ("", 0),
}
_DOCKER_VALUES = frozenset(
    "-v --volume -e --env --env-file -w --workdir -u --user --name --network --net -p --publish --entrypoint --gpus "
    "--ipc --shm-size --mount --platform --memory -m --cpus -l --label --add-host --hostname -h --pid --device "
    "--ulimit --cap-add --security-opt --runtime --link --pull --index -f --file --project-name --profile "
    "--project-directory --volumes-from --cidfile --restart --tmpfs".split()
)
_ASSIGNMENT = lazy_regex(r"[A-Za-z_]\w*=")
_PROGRAM_VARIABLE = lazy_regex(r"\$\{?\{?\s*(?:env\.)?([A-Za-z_]\w*)\}?\}?")
_COVERAGE = "--source --omit --include --rcfile --data-file --context --concurrency --source-pkgs"


@lru_cache(maxsize=4096)
def program(word: str) -> str:
    """Name of a program without folder, suffix and Python version: `.venv/bin/python3.11` is `python`."""
    match = _PROGRAM_VARIABLE.fullmatch(word)
    if match:  # `$PYTHON -m pytest`, `$(TOX)`: a variable mostly carries the name of what it holds
        word = match.group(1).lower()
        for known in ("python", "pytest", "poetry", "pip", "tox", "nox", "make", "conda", "docker", "uv"):
            if known in word:
                return known
        return word
    name = re.split(r"[\\/]", word)[-1]
    name = re.sub(r"\.(?:exe|cmd|bat)$", "", name, flags=re.IGNORECASE) if not name.startswith(".") else name
    if re.fullmatch(r"(?:python|pypy|py)[\d.]*[wt]?|ipython3?", name):
        return "python"
    return "pip" if re.fullmatch(r"pip[\d.]*", name) else name


def options(argv: Sequence[str], valued: str | frozenset[str]) -> int:
    """Index of the first word that is neither an option nor the value of one."""
    takes = frozenset(valued.split()) if isinstance(valued, str) else valued
    index = 0
    while index < len(argv) and argv[index].startswith(("-", "+")) and argv[index] != "-":
        if argv[index] == "--":
            return index + 1
        index += 2 if argv[index] in takes else 1
    return index


def unwrap(argv: Argv) -> Argv:
    """The command inside, however many wrappers there are. Shells, interpreters and task runners are not unwrapped."""
    for _ in range(12):
        inner = _once(argv)
        if inner == argv or not inner:
            return inner
        argv = inner
    return argv


def _once(argv: Argv) -> Argv:
    while argv and _ASSIGNMENT.match(argv[0]):
        argv = argv[1:]
    if not argv:
        return ()
    name = program(argv[0])
    if name == "env":
        return _env(argv[1:])
    if name in ("docker", "podman", "nerdctl"):
        return _docker(argv)
    if name == "coverage" and argv[1:2] == ("run",):
        return _python(argv[2:], _COVERAGE, argv)
    if name in ("torchrun", "kernprof", "scalene") and "-m" in argv:
        return ("python", *argv[argv.index("-m") :])
    if name == "accelerate" and argv[1:2] == ("launch",) and "-m" in argv:
        return ("python", *argv[argv.index("-m") :])
    if name == "travis_wait":
        return argv[2:] if argv[1:2] and argv[1].isdigit() else argv[1:]
    if name == "nix" and "-c" in argv:
        return argv[argv.index("-c") + 1 :]
    if name == "nix" and "--command" in argv:
        return argv[argv.index("--command") + 1 :]
    if (name, argv[1:2]) in (("kubectl", ("exec",)), ("ray", ("job",))) and "--" in argv:
        return argv[argv.index("--") + 1 :]
    for words in (3, 2, 1):
        entry = _PREFIXES.get(" ".join([name, *argv[1:words]])) if len(argv) >= words else None
        if entry is not None:
            return _strip(argv, words, *entry)
    return argv


def _strip(argv: Argv, words: int, valued: str, positional: int) -> Argv:
    rest = argv[words:]
    if words > 1 and "-m" in rest[: options(rest, valued)]:  # `uv run -m pytest`
        return ("python", *rest[rest.index("-m") :])
    start = options(rest, valued) + positional
    inner = rest[start:]
    if inner and inner[0].endswith(".py") and program(argv[0]) in ("uv", "pipx", "mpirun", "srun"):
        return ("python", *inner)
    return inner


def _env(rest: Argv) -> Argv:
    index = options(rest, "-u -C --unset --chdir")
    if rest[:1] == ("-S",):
        return tuple(rest[1].split()) + rest[2:] if len(rest) > 1 else ()
    return rest[index:]


def _python(rest: Argv, valued: str, argv: Argv) -> Argv:
    """`coverage run -m pytest`, `coverage run tests/run.py`."""
    index = 0
    takes = valued.split()
    while index < len(rest) and rest[index].startswith("-"):
        if rest[index] in ("-m", "--module"):
            return ("python", "-m", *rest[index + 1 :])
        index += 2 if rest[index] in takes else 1
    return ("python", *rest[index:]) if index < len(rest) else argv


def _docker(argv: Argv) -> Argv:
    """`docker run image pytest` is `pytest`; without a command it stays as it is."""
    if argv[1:2] in (("run",), ("exec",)):
        rest = argv[2:]
        start = options(rest, _DOCKER_VALUES)
        inner = rest[start + 1 :]
        entry = next((rest[i + 1] for i in range(start - 1) if rest[i] == "--entrypoint"), "")
        entry = entry or next((w.partition("=")[2] for w in rest[:start] if w.startswith("--entrypoint=")), "")
        if entry:
            return (entry, *inner)
        return inner or argv
    return argv


def compose(argv: Argv) -> tuple[str, list[str], str, Argv] | None:
    """(verb, files, service, command) of `docker compose run|exec|up|build`; None for anything else."""
    if program(argv[0]) in ("docker-compose", "podman-compose"):
        rest = argv[1:]
    elif program(argv[0]) in ("docker", "podman") and argv[1:2] == ("compose",):
        rest = argv[2:]
    else:
        return None
    start = options(rest, _DOCKER_VALUES)
    files = [rest[i + 1] for i in range(start - 1) if rest[i] in ("-f", "--file")]
    files += [w.partition("=")[2] for w in rest[:start] if w.startswith(("--file=", "-f="))]
    verb, rest = (rest[start], rest[start + 1 :]) if start < len(rest) else ("", ())
    start = options(rest, _DOCKER_VALUES | {"--exit-code-from", "--scale"})
    after = next((rest[i + 1] for i in range(start - 1) if rest[i] == "--exit-code-from"), "")
    return verb, files, (rest[start] if start < len(rest) else after), rest[start + 1 :]
