"""Names that a notebook's code uses and nothing in it defines: what only a long-lived kernel could have known.

Works on the notebook's joined module. Code at the top runs in order, so a name must be bound above its use; the body of
a function runs later, so its names may be bound anywhere. When anything may bind names out of sight (`from x import *`,
`%run`, `exec`), nothing is reported.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable

_KNOWN = frozenset(dir(builtins)) | frozenset(
    "display get_ipython In Out exit quit spark sc sqlContext sqlc dbutils displayHTML sql table __file__ __name__ "
    "mssparkutils notebookutils session".split()
)
_OUT_OF_SIGHT = frozenset("exec eval globals locals execfile reload".split())
_OPAQUE_MAGIC = re.compile(
    r"^\s*%{1,2}(?:run|load|loadpy|pylab|store|sql|R|Rpush|Rpull|env|macro|cython|julia|spark\w*|bigquery|pastebin|"
    r"load_?ext|reload_ext|capture|timeit|skip|fsql|with_pandas|local)\b|^\s*%\w+\s+-o\b",
    re.MULTILINE,
)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def unbound(tree: ast.Module, sources: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """(name, line) of names used at the top of a notebook and never bound above, each name once.

    `sources` are the cells as written, to see magics that may bind names.
    """
    if any(_OPAQUE_MAGIC.search(source) for source in sources):
        return ()
    everywhere: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            return ()
        if isinstance(node, ast.Name):
            if node.id in _OUT_OF_SIGHT and isinstance(node.ctx, ast.Load):
                return ()
        elif isinstance(node, ast.Global):
            everywhere.update(node.names)
    for statement in tree.body:
        everywhere.update(_bound(statement))
    found: dict[str, int] = {}
    above = set[str]()
    for statement in tree.body:
        for name, line, later in _used(statement, frozenset()):
            known = everywhere if later else above
            if name not in known and name not in _KNOWN and not name.startswith("_"):
                found.setdefault(name, line)
        above.update(_bound(statement))
        above.update(name for name in _globals(statement))
    return tuple(sorted(found.items(), key=lambda item: item[1]))


def _bound(node: ast.AST) -> set[str]:
    """Names that running a statement binds in its own scope."""
    names: set[str] = set()
    todo: list[ast.AST] = [node]
    while todo:
        item = todo.pop()
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(item.name)
            todo.extend(item.decorator_list)
            continue
        if isinstance(item, ast.Lambda):
            continue
        if isinstance(item, ast.Name):
            if isinstance(item.ctx, ast.Store | ast.Del):
                names.add(item.id)
            continue
        if isinstance(item, ast.Import | ast.ImportFrom):
            names.update(alias.asname or alias.name.partition(".")[0] for alias in item.names)
            continue
        if isinstance(item, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and item.name:
            names.add(item.name)
        elif isinstance(item, ast.MatchMapping) and item.rest:
            names.add(item.rest)
        todo.extend(ast.iter_child_nodes(item))
    return names


def _globals(node: ast.AST) -> Iterable[str]:
    for item in ast.walk(node):
        if isinstance(item, ast.Global):
            yield from item.names


def _used(node: ast.AST, local: frozenset[str], later: bool = False) -> Iterable[tuple[str, int, bool]]:
    """(name, line, whether it runs later) of names that a node reads from outside of itself."""
    bound_here = local | _bound(node) if isinstance(node, ast.stmt) else local
    todo: list[tuple[ast.AST, frozenset[str], bool]] = [(node, bound_here, later)]
    while todo:
        item, known, delayed = todo.pop()
        if isinstance(item, ast.Name):
            if isinstance(item.ctx, ast.Load) and item.id not in known:
                yield item.id, item.lineno, delayed
        elif isinstance(item, _FUNCTIONS):
            inner = known | _parameters(item.args)
            body = [item.body] if isinstance(item, ast.Lambda) else item.body
            for statement in body:
                inner |= _bound(statement)
            todo.extend((statement, inner, True) for statement in body)
            outside = [*item.args.defaults, *(d for d in item.args.kw_defaults if d is not None)]
            if not isinstance(item, ast.Lambda):
                outside.extend(item.decorator_list)
            todo.extend((part, known, delayed) for part in outside)
        elif isinstance(item, ast.ClassDef):
            inner = known
            for statement in item.body:
                inner |= _bound(statement)
            todo.extend((statement, inner, delayed) for statement in item.body)
            todo.extend((part, known, delayed) for part in (*item.bases, *item.decorator_list))
        elif isinstance(item, _COMPREHENSIONS):
            inner = known
            for generator in item.generators:
                inner |= _bound(generator.target)
            todo.extend((child, inner, delayed) for child in ast.iter_child_nodes(item))
        elif isinstance(item, ast.Try):
            # `try: x except NameError:` asks whether a name exists; what fails there is caught.
            todo.extend((child, known, delayed) for child in (*item.orelse, *item.finalbody))
            todo.extend((child, known, delayed) for handler in item.handlers for child in handler.body)
        elif isinstance(item, ast.AnnAssign):
            todo.extend((child, known, delayed) for child in (item.target, item.value) if child is not None)
        elif not isinstance(item, ast.arguments):
            todo.extend((child, known, delayed) for child in ast.iter_child_nodes(item))


def _parameters(arguments: ast.arguments) -> frozenset[str]:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return frozenset(argument.arg for argument in every if argument is not None)
