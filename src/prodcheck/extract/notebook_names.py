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
from typing import Any

from prodcheck.extract.python_expressions import CHILDREN
from prodcheck.patterns import lazy_regex

_KNOWN = frozenset(dir(builtins)) | frozenset(
    "display get_ipython In Out exit quit spark sc sqlContext sqlc dbutils displayHTML sql table __file__ __name__ "
    "mssparkutils notebookutils session".split()
)
_OUT_OF_SIGHT = frozenset("exec eval globals locals execfile reload".split())
_OPAQUE_MAGIC = lazy_regex(
    r"^\s*%{1,2}(?:run|load|loadpy|pylab|store|sql|R|Rpush|Rpull|env|macro|cython|julia|spark\w*|bigquery|pastebin|"
    r"load_?ext|reload_ext|capture|timeit|skip|fsql|with_pandas|local)\b|^\s*%\w+\s+-o\b",
    re.MULTILINE,
)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_TRY = (ast.Try, *((ast.TryStar,) if hasattr(ast, "TryStar") else ()))
_NAMING = (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)
Use = tuple[str, int]


class _Scope:
    """What running some code in one scope binds and reads. `later` is read when functions are called."""

    def __init__(self) -> None:
        self.bound: set[str] = set()
        self.read: list[Use] = []
        self.later: list[Use] = []
        self.shared: set[str] = set()
        """Names declared `global`."""
        self.opaque = False

    def take(self, nodes: Iterable[Any]) -> _Scope:
        """Read nodes in; each node once."""
        todo = list(nodes)
        while todo:
            node = todo.pop()
            kind = type(node)
            if kind is ast.Name:
                if type(node.ctx) is ast.Load:
                    self.read.append((node.id, node.lineno))
                    self.opaque |= node.id in _OUT_OF_SIGHT
                else:
                    self.bound.add(node.id)
            elif kind is ast.Constant or node is None:
                continue
            elif kind is ast.Attribute:
                todo.append(node.value)
            elif isinstance(node, _FUNCTIONS):
                todo.extend(self.function(node))
            elif kind is ast.ClassDef:
                self.bound.add(node.name)
                self.merge(_Scope().take(node.body), frozenset())
                todo.extend((*node.bases, *(k.value for k in node.keywords), *node.decorator_list))
            elif isinstance(node, _COMPREHENSIONS):
                # Its variables are its own; the rest runs at once.
                self.merge(_Scope().take(getattr(node, field) for field in CHILDREN[kind]), frozenset())
            elif isinstance(node, _TRY):
                # `try: x except NameError:` asks whether a name exists, so nothing read in a `try` counts.
                tried = _Scope().take(node.body)
                self.bound |= tried.bound
                self.shared |= tried.shared
                self.opaque |= tried.opaque
                todo.extend((*node.handlers, *node.orelse, *node.finalbody))
            elif kind is ast.Import or kind is ast.ImportFrom:
                for alias in node.names:
                    self.opaque |= alias.name == "*"
                    self.bound.add(alias.asname or alias.name.partition(".")[0])
            elif kind is ast.NamedExpr:
                # Binds outside of a comprehension it stands in.
                self.shared.add(node.target.id)
                todo.append(node.value)
            elif kind is ast.Global:
                self.shared.update(node.names)
            elif kind is list:
                todo.extend(node)
            elif kind in CHILDREN:
                if isinstance(node, _NAMING) and node.name:
                    self.bound.add(node.name)
                elif kind is ast.MatchMapping and node.rest:
                    self.bound.add(node.rest)
                todo.extend([getattr(node, field) for field in CHILDREN[kind]])
        return self

    def function(self, node: Any) -> list[Any]:
        """Take in a function; gives back what runs when it is defined: defaults and decorators."""
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        parameters = frozenset(argument.arg for argument in every if argument is not None)
        inner = _Scope().take([node.body])
        inner.later, inner.read = inner.later + inner.read, []
        self.merge(inner, parameters)
        outside = [*arguments.defaults, *arguments.kw_defaults]
        if not isinstance(node, ast.Lambda):
            self.bound.add(node.name)
            outside.extend(node.decorator_list)
        return outside

    def merge(self, inner: _Scope, parameters: frozenset[str]) -> None:
        """Add what an inner scope reads from outside of itself."""
        own = (inner.bound | parameters) - inner.shared
        self.read.extend(use for use in inner.read if use[0] not in own)
        self.later.extend(use for use in inner.later if use[0] not in own)
        self.shared |= inner.shared
        self.opaque |= inner.opaque


def unbound(tree: ast.Module, sources: Iterable[str]) -> tuple[Use, ...]:
    """(name, line) of names used at the top of a notebook and never bound above, each name once.

    `sources` are the cells as written, to see magics that may bind names.
    """
    if any("%" in source and _OPAQUE_MAGIC.search(source) for source in sources):
        return ()
    scopes = [_Scope().take([statement]) for statement in tree.body]
    if any(scope.opaque for scope in scopes):
        return ()
    everywhere = set[str]().union(*(scope.bound | scope.shared for scope in scopes))
    above: set[str] = set()
    found: dict[str, int] = {}
    for scope in scopes:
        # Within one statement the order of reading and binding does not matter enough to follow it.
        above |= scope.bound | scope.shared
        for uses, known in ((scope.read, above), (scope.later, everywhere)):
            for name, line in uses:
                if name not in known and name not in _KNOWN and not name.startswith("_"):
                    found[name] = min(line, found.get(name, line))
    return tuple(sorted(found.items(), key=lambda item: item[1]))
