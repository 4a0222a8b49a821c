"""Python files that run commands: nox sessions, invoke tasks, and scripts that call subprocess or a test runner."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from prodcheck.extract.python import parse
from prodcheck.extract.python_expressions import nodes_of
from prodcheck.extract.python_words import RUNNING
from prodcheck.extract.tasks_model import Target, TaskFile

_RUNNING = tuple(word.encode() for word in RUNNING)
"""Plain words: a pattern of them takes ten times as long."""
_RUNNERS = {
    "pytest.main": "pytest",
    "pytest.console_main": "pytest",
    "unittest.main": "python -m unittest",
    "unittest.TextTestRunner": "python -m unittest",
    "nose.main": "nosetests",
    "nose.run": "nosetests",
    "nose.runmodule": "nosetests",
    "doctest.testmod": "python -m doctest",
}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
MAX_DEPTH = 50
"""Expressions inside expressions that are looked into for the text of a command."""
_ALWAYS_FATAL = ("check_call", "check_output", "unittest.main", "nose.main", "nose.runmodule", "pytest.console_main")


def extract(path: str, data: bytes, tree: ast.Module | None = None) -> TaskFile | None:
    """What a module runs, one target for each function and one named "" for the module itself.

    `tree` is its syntax tree, where somebody has parsed it before.
    """
    if not any(word in data for word in _RUNNING):
        return None
    if tree is None:
        try:
            tree = parse(data)
        except (SyntaxError, ValueError, LookupError, RecursionError, MemoryError):
            return None
    name = path.rpartition("/")[2]
    nodes = nodes_of(tree)
    if name == "noxfile.py":
        return _nox(path, tree, _functions(nodes))
    invoke = name == "tasks.py"
    if not invoke and not any(isinstance(node, ast.Call) and _runs(_dotted(node.func), "") for node in nodes):
        return None
    targets = list(_targets(tree, nodes, invoke))
    if not any(target.commands for target in targets):
        return None
    return TaskFile(path, "invoke" if invoke else "python", tuple(targets), ("",))


def _functions(nodes: Iterable[ast.AST]) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in nodes if isinstance(node, _FUNCTIONS)]


def _targets(tree: ast.Module, everything: list[ast.AST], invoke: bool) -> Iterator[Target]:
    functions = _functions(everything)
    names = {function.name for function in functions}
    module = [node for node in nodes_of(tree, into=False) if not isinstance(node, _FUNCTIONS)]
    yield Target("", 1, *_body(module, names, ""), errexit=True)
    for function in functions:
        nodes = nodes_of(function)
        runner = function.args.args[0].arg if invoke and function.args.args else ""
        commands, needs = _body(nodes, names - {function.name}, runner)
        yield Target(function.name, function.lineno, commands, needs + _pre(function), errexit=True)


def _pre(function: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[str, ...]:
    """Tasks that invoke runs before this one: `@task(lint)` or `@task(pre=[lint])`."""
    needs = []
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and _dotted(decorator.func).rpartition(".")[2] == "task":
            lists = [k.value for k in decorator.keywords if k.arg == "pre"]
            needs += [
                node.id for value in [*decorator.args, *lists] for node in nodes_of(value) if isinstance(node, ast.Name)
            ]
    return tuple(needs)


def _body(nodes: list[ast.AST], names: set[str], runner: str) -> tuple[tuple[tuple[int, str], ...], tuple[str, ...]]:
    """Commands in the order of lines, and the names of the module's functions that are called."""
    bare = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    bound = _bound(nodes)
    commands, needs = [], []
    for node in nodes:
        if not isinstance(node, ast.Call):
            continue
        name = _dotted(node.func)
        if name in names:
            needs.append(name)
        text = _command(node, name, runner, bound)
        if text:
            checked = any(k.arg == "check" and _is_true(k.value) for k in node.keywords)
            ignored = id(node) in bare and not checked and not name.endswith(_ALWAYS_FATAL) and not runner
            commands.append((node.lineno, f"{text} || true" if ignored else text))
    return tuple(sorted(commands)), tuple(dict.fromkeys(needs))


def _bound(nodes: list[ast.AST]) -> dict[str, ast.expr]:
    """Names that are assigned, with the expression assigned last."""
    return {
        target.id: node.value
        for node in nodes
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _command(node: ast.Call, name: str, runner: str, bound: dict[str, ast.expr]) -> str:
    if name in _RUNNERS:
        arguments = _words(node.args[0], bound) if node.args and name == "pytest.main" else ""
        return f"{_RUNNERS[name]} {arguments}".strip()
    return _words(node.args[0], bound) if node.args and _runs(name, runner) else ""


def _runs(name: str, runner: str) -> bool:
    """True for calls that run a command or a test runner; `runner` is the variable of an invoke context, if any."""
    if name in _RUNNERS or name in ("os.system", "os.popen", "check_call", "check_output"):
        return True
    if name.startswith("subprocess."):
        return name.rpartition(".")[2] in ("run", "call", "check_call", "check_output", "Popen")
    return bool(runner) and name in (f"{runner}.run", f"{runner}.sudo")


def _words(node: ast.expr, bound: dict[str, ast.expr], depth: int = 0) -> str:
    """Shell text of a command given as a string or a list, with what is computed as a variable."""
    if depth > MAX_DEPTH:
        return ""
    if isinstance(node, ast.Name) and node.id in bound and depth < 3:
        return _words(bound[node.id], bound, depth + 1)
    if isinstance(node, ast.Constant):
        return str(node.value) if isinstance(node.value, str | int) else ""
    if isinstance(node, ast.List | ast.Tuple):
        return " ".join(_word(item, bound, depth) for item in node.elts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _words(node.left, bound, depth + 1), _words(node.right, bound, depth + 1)
        return f"{left} {right}" if isinstance(node.left, ast.List) else left + right
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "$X" for v in node.values)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("split", "format"):
        return _words(node.func.value, bound, depth + 1)
    if isinstance(node, ast.Call) and _dotted(node.func) == "shlex.split" and node.args:
        return _words(node.args[0], bound, depth + 1)
    return ""


def _word(node: ast.expr, bound: dict[str, ast.expr], depth: int = 0) -> str:
    if isinstance(node, ast.Starred):
        return _words(node.value, bound, depth) or "$X"
    if _dotted(node) == "sys.executable":
        return "python"
    text = _words(node, bound, depth)
    return f"'{text}'" if " " in text else text or "$X"


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _nox(path: str, tree: ast.Module, functions: list[ast.FunctionDef | ast.AsyncFunctionDef]) -> TaskFile:
    targets: list[Target] = []
    chosen: tuple[str, ...] = ()
    off: set[str] = set()
    helpers = {f.name: f for f in functions}
    bound = _bound(list[ast.AST](tree.body))
    for node in tree.body:
        if isinstance(node, ast.Assign) and _dotted(node.targets[0]) == "nox.options.sessions":
            chosen = tuple(
                c.value for c in nodes_of(node.value) if isinstance(c, ast.Constant) and isinstance(c.value, str)
            )
    for function in helpers.values():
        for decorator in function.decorator_list:
            call = decorator if isinstance(decorator, ast.Call) else None
            if _dotted(call.func if call else decorator).rpartition(".")[2] not in ("session", "nox_session"):
                continue
            keywords = {k.arg: k.value for k in call.keywords if k.arg} if call else {}
            given = keywords.get("name")
            name = str(given.value) if isinstance(given, ast.Constant) else function.name
            tags = _strings(keywords.get("tags"))
            default = keywords.get("default")
            if isinstance(default, ast.Constant) and default.value is False:
                off.add(name)
            commands, needs = _session(function, helpers, bound)
            targets.append(Target(name, function.lineno, commands, needs, labels=tags))
    default_names = chosen or tuple(t.name for t in targets if t.name not in off)
    return TaskFile(path, "nox", tuple(targets), default_names)


def _strings(node: ast.expr | None) -> tuple[str, ...]:
    constants = [c.value for c in nodes_of(node) if isinstance(c, ast.Constant)] if node else []
    return tuple(value for value in constants if isinstance(value, str))


def _session(
    function: ast.FunctionDef | ast.AsyncFunctionDef,
    helpers: dict[str, ast.FunctionDef | ast.AsyncFunctionDef],
    bound: dict[str, ast.expr],
    depth: int = 0,
) -> tuple[tuple[tuple[int, str], ...], tuple[str, ...]]:
    """`session.run("pytest", "-q")` and `session.notify("x")`, also in helpers that are given the session."""
    session = function.args.args[0].arg if function.args.args else "session"
    known = {**bound, **_bound(nodes_of(function))}
    commands, needs = [], []
    for node in nodes_of(function):
        if not isinstance(node, ast.Call):
            continue
        name = _dotted(node.func)
        if name in (f"{session}.run", f"{session}.run_always", f"{session}._session.run"):
            lenient = any(k.arg == "success_codes" for k in node.keywords)
            text = " ".join(_word(argument, known) for argument in node.args)
            commands.append((node.lineno, f"{text} || true" if lenient else text))
        elif name == f"{session}.notify" and node.args and isinstance(node.args[0], ast.Constant):
            needs.append(str(node.args[0].value))
        elif name in helpers and name != function.name and depth < 3 and session in map(_dotted, node.args):
            inner, more = _session(helpers[name], helpers, bound, depth + 1)
            commands += inner
            needs += more
    return tuple(sorted(commands)), tuple(needs)
