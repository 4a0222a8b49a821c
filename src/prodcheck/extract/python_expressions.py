"""The half of the walk over a module that deals with expressions: calls, paths, environment variables."""

from __future__ import annotations

import ast
from ast import Attribute, Constant, Name
from collections.abc import Iterable, Mapping
from sys import intern
from typing import Any

from prodcheck.extract.python_literals import LITERALS, literal, safe_text
from prodcheck.extract.python_model import Call
from prodcheck.extract.python_names import Names, Scope
from prodcheck.patterns import lazy_regex

Function = ast.FunctionDef | ast.AsyncFunctionDef

_LEAF_FIELDS = frozenset(
    "ctx op ops id attr arg name names level kind type_comment lineno simple is_async conversion str kwd_attrs".split()
)
CHILDREN: dict[type[ast.AST], tuple[str, ...]] = {
    node: tuple(f for f in node._fields if f not in _LEAF_FIELDS or (node.__name__, f) == ("TypeAlias", "name"))
    for node in vars(ast).values()
    if isinstance(node, type) and issubclass(node, ast.AST)
}
"""Per type of node, the fields that can hold expressions."""
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SPECIAL = frozenset((ast.comprehension, ast.JoinedStr, ast.BinOp, ast.Subscript, ast.NamedExpr, ast.BoolOp, ast.IfExp))
_PREFIXED = frozenset((ast.Attribute, ast.Subscript, ast.Starred))
_TUPLES = (ast.Tuple, ast.List)
_TEXT_METHODS = frozenset(
    "startswith endswith replace split rsplit strip lstrip rstrip removeprefix removesuffix".split()
)
"""Methods of text: a path given to them is compared or cut off, not used."""
_NO_KEYWORDS: Mapping[str, object] = {}
_ABSOLUTE = lazy_regex(r"/[A-Za-z]|\\\\\w|[A-Za-z]:[\\/]|file:///")


def nodes_of(root: ast.AST, into: bool = True) -> list[ast.AST]:
    """The nodes of a tree that can hold expressions, in the order of `ast.walk`, which takes three times as long.

    With `into` False, functions are among them but not what is inside them.
    """
    found = [root]
    for node in found:
        if not into and isinstance(node, _FUNCTIONS):
            continue
        for field in CHILDREN[type(node)]:
            child = getattr(node, field)
            if child.__class__ is list:
                found.extend(item for item in child if item is not None)
            elif isinstance(child, ast.AST):
                found.append(child)
    return found


class Block:
    """A function body that waits for its turn, and what is counted in it."""

    def __init__(self, node: Function, name: str, scopes: list[Scope]) -> None:
        self.node = node
        self.name = name
        self.scopes = scopes
        self.decorators: tuple[str, ...] = ()
        self.statements = 0
        self.complexity = 1
        self.asserts = 0


class Expressions:
    """What is collected from expressions, and where the walk is."""

    def __init__(self) -> None:
        self.names = Names()
        self.calls: list[tuple[int, int, Call]] = []
        self.paths: list[tuple[str, int]] = []
        self.environment: list[tuple[str, int]] = []
        self.block: Block | None = None
        self.scope = ""
        self.in_decorator = False
        self.assigned: tuple[ast.expr | None, list[ast.expr]] = (None, [])

    def expression(self, node: ast.expr) -> None:
        """Walk one expression, outermost first.

        Most nodes are names and constants, and a large repository has millions: what is asked here is asked by type,
        the commonest first.
        """
        stack: list[Any] = [node]
        while stack:
            item = stack.pop()
            kind = type(item)
            if kind is Name or item is None:  # None stands for `**more` in a dictionary
                continue
            if kind is Constant:
                value = item.value
                if type(value) is str and value[:1] and (value[0] in "/\\f" or value[1:2] == ":"):
                    self.path(value, item.lineno)
            elif kind is Attribute:
                stack.append(item.value)
            elif kind is ast.Call:
                self.call(item)
                func = item.func
                if type(func) is Attribute:
                    if func.attr in _TEXT_METHODS:
                        stack.extend(part for part in item.args if type(part) is not Constant)
                    else:
                        stack.extend(item.args)
                    for keyword in item.keywords:
                        stack.append(keyword.value)
                    stack.append(func.value)
                else:
                    stack.extend(item.args)
                    for keyword in item.keywords:
                        stack.append(keyword.value)
                    if type(func) is not Name:
                        stack.append(func)
            elif kind in _SPECIAL:
                self.special(item, stack)
            else:
                for field in CHILDREN[kind]:
                    child = getattr(item, field)
                    if child.__class__ is list:
                        stack.extend(child)
                    elif isinstance(child, ast.AST):
                        stack.append(child)

    def special(self, node: Any, stack: list[Any]) -> None:
        """Expressions that bind a name, branch, or need their parts in another way; their parts go on the stack."""
        kind = type(node)
        if kind is ast.comprehension:
            self.names.bind_loop(node.target, node.iter)
            if self.block is not None:
                self.block.complexity += len(node.ifs)  # the comprehension is an expression, its filter a branch
            stack.append(node.iter)
            stack.extend(node.ifs)
            return
        if kind is ast.JoinedStr:
            # Only what comes first can make the whole an absolute path.
            stack.extend(part for part in node.values[1:] if type(part) is not Constant)
            stack.extend(node.values[:1])
            return
        if kind is ast.BinOp:
            stack.append(node.left)
            if type(node.right) is not Constant:
                stack.append(node.right)
            return
        if kind is ast.Subscript:
            self.subscript(node)
        elif kind is ast.NamedExpr:
            self.names.bind(node.target, self.names.type_of(node.value), node.value)
        elif self.block is not None:
            self.block.complexity += len(node.values) - 1 if kind is ast.BoolOp else 1
        for field in CHILDREN[kind]:
            child = getattr(node, field)
            if child.__class__ is list:
                stack.extend(child)
            else:
                stack.append(child)

    def subscript(self, node: ast.Subscript) -> None:
        """`os.environ["NAME"]` reads a setting as much as a call does."""
        value = node.value
        if isinstance(value, ast.Attribute) and value.attr == "environ" and isinstance(node.ctx, ast.Load):
            key = node.slice
            name = key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""
            if self.names.dotted(value) == "os.environ":
                self.environment.append((name, node.lineno))

    def target(self, node: ast.expr) -> None:
        """Calls inside an assignment's target, such as `frame[key()] = 1`."""
        if not isinstance(node, ast.Name):
            self.expression(node)

    def call(self, node: ast.Call) -> None:
        func = node.func
        name = self.names.dotted(func)
        if name.endswith("()"):
            name += ".__call__"
        keywords: dict[str, object] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                keywords["**"] = ...
            else:
                value = keyword.value
                keywords[keyword.arg] = literal(value, keyword.arg) if type(value) in LITERALS else ...
        text, argument = None, ""
        if node.args:
            first = node.args[0]
            if type(first) is Constant:
                text = safe_text(first.value, "") if isinstance(first.value, str) else None
            else:
                argument = _variable(first)
        targets = _variables(self.assigned[1]) if node is self.assigned[0] else ()
        line = (func.end_lineno or node.lineno) if type(func) is Attribute else node.lineno
        end = node.end_lineno or node.lineno
        # Most calls have no keywords, and names repeat: a repository has millions of calls, so they share both.
        found = Call(intern(name), line, keywords or _NO_KEYWORDS, len(node.args), text, self.scope, argument, targets)
        self.calls.append((end, node.end_col_offset or 0, found))
        if name in ("os.getenv", "os.environ.get", "os.environ.pop"):
            self.environment.append((text or "", line))
        if self.block is not None:
            last = name.rpartition(".")[2]
            if last.startswith("assert") or name in ("pytest.raises", "pytest.warns"):
                self.block.asserts += 1

    def path(self, value: str, line: int) -> None:
        if not self.in_decorator and len(value) <= 300 and "\n" not in value and _ABSOLUTE.match(value):
            self.paths.append((safe_text(value, "path"), line))


def _variable(node: ast.expr) -> str:
    """The variable that an expression is or begins with; empty for other expressions."""
    while type(node) in _PREFIXED:
        node = node.value  # type: ignore[attr-defined]
    return node.id if type(node) is Name else ""


def _variables(targets: Iterable[ast.expr]) -> tuple[str, ...]:
    found: list[str] = []
    for target in targets:
        for item in target.elts if isinstance(target, _TUPLES) else [target]:
            name = _variable(item)
            if name:
                found.append(name)
    return tuple(found)
