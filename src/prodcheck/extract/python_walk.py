"""One walk over a module's syntax tree, in the order in which Python would run it.

Module code comes first and the bodies of functions after it, because that is when they see the module's names; within
a class `__init__` comes first, because that is where `self.model` gets its type. The walk keeps its own stacks:
recursion would be both slower and the first thing to break on generated code.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from prodcheck.extract.python_bodies import Body
from prodcheck.extract.python_expressions import CHILDREN, Block, Expressions, Function
from prodcheck.extract.python_literals import literal
from prodcheck.extract.python_model import Call, Calls, Definition, Import, PythonFacts
from prodcheck.extract.python_names import Scope
from prodcheck.extract.python_text import blocks, code_flags, digest
from prodcheck.extract.python_words import CALLED, SHARED, all_of_it_matters
from prodcheck.patterns import lazy_regex

_NOTHING: Mapping[int, Body] = {}
_IMPORTS = (ast.Import, ast.ImportFrom)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEFINITIONS = (*_FUNCTIONS, ast.ClassDef)
_FOR = (ast.For, ast.AsyncFor)
_WITH = (ast.With, ast.AsyncWith)
_TRIES = frozenset((ast.Try, getattr(ast, "TryStar", ast.Try)))
_BLOCKS = _TRIES | {ast.If, ast.With, ast.For, ast.While, ast.ExceptHandler}
_DOTTED = (ast.Name, ast.Attribute)
_BASES = (*_DOTTED, ast.Call)
_BRANCHES = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case)
_GUARDS = frozenset("TYPE_CHECKING typing.TYPE_CHECKING".split())
_PLATFORM = lazy_regex(r"sys\.(version|platform|implementation)|platform\.|os\.name")
_AVAILABLE = lazy_regex(
    r"(?:^|\.)(?:is_\w*(?:available|installed)|find_spec|_?HAS_\w+|_?HAVE_\w+|_?CAN_USE_\w+|"
    r"\w+_(?:AVAILABLE|INSTALLED|available|installed))(?:\(\))?$"
)
"""Names of tests for a package that may be missing: `is_torch_xla_available()`, `HAS_CUPY`."""
_CAUGHT = frozenset("ImportError ModuleNotFoundError Exception BaseException".split())
_VAGUE = (".", "?", "typing.", "typing_extensions.", "collections.", "numpy.typing.")
"""Annotations that say little about what a parameter can do."""
_FIRST = frozenset("__init__ __post_init__ setup setUp".split())


def _tested(test: ast.expr) -> list[ast.expr]:
    """The names and called names that a condition is made of, `not`, `and` and `or` looked through."""
    found: list[ast.expr] = []
    waiting = [test]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.BoolOp):
            waiting.extend(node.values)
        elif isinstance(node, ast.UnaryOp):
            waiting.append(node.operand)
        elif isinstance(node, ast.Compare):
            waiting.append(node.left)
        elif isinstance(node, ast.Call):
            waiting.append(node.func)
        elif isinstance(node, _DOTTED):
            found.append(node)
    return found


def _is_case(orelse: list[ast.stmt]) -> bool:
    """Whether the rest of an `if` is one more case: an `elif` whose body is a single simple statement."""
    if len(orelse) != 1 or type(orelse[0]) is not ast.If:
        return False
    body = orelse[0].body
    return len(body) == 1 and isinstance(body[0], ast.Assign | ast.Return | ast.Raise | ast.Expr | ast.Pass)


class Walk(Expressions):
    """The state of one walk; `facts` is its result."""

    def __init__(
        self,
        lines: Sequence[str],
        left_out: Mapping[int, Body] = _NOTHING,
        looked_for: frozenset[str] = frozenset(),
        *,
        digests: bool = False,
    ) -> None:
        """`left_out` has what is known of bodies that were left out of the tree, by the line of `def`; no body that
        mentions a name of `looked_for` is among them. `digests` says whether anybody asks for those of definitions."""
        super().__init__()
        self.digests = digests
        self.left_out = left_out
        self.looked_for = looked_for
        self.left_names: set[str] = set()
        self.renames = False
        self.lines = [line.strip() for line in lines]
        self.imports: list[Import] = []
        self.definitions: list[Definition] = []
        self.constants: dict[str, tuple[object, int]] = {}
        self.returns: dict[str, str] = {}
        self.main_guard = False
        self.main_lines: list[tuple[int, int]] = []
        self.waiting: deque[Block] = deque()
        self.optional = 0

    def run(self, tree: ast.Module) -> None:
        self.body(tree.body)
        while self.waiting:
            block = self.waiting.popleft()
            self.function_body(block)

    def is_enough(self) -> bool:
        """Whether what was left out can be missed: nothing that matters has another name here, or comes from there."""
        return not (
            self.renames
            or any("()" in call.name and call.name.partition("()")[0] in self.left_names for _, _, call in self.calls)
        )

    def facts(self, tree: ast.Module) -> PythonFacts:
        flags = code_flags(self.lines)
        self.calls.sort(key=lambda item: item[:2])
        return PythonFacts(
            imports=tuple(self._main(item) for item in sorted(self.imports, key=lambda item: item.line)),
            calls=Calls(self._returned(call) if "()" in call.name else call for _, _, call in self.calls),
            definitions=tuple(sorted(self.definitions, key=lambda item: item.line)),
            code_lines=sum(flags),
            lines_in_definitions=sum(sum(flags[a - 1 : b]) for a, b in _outer_definitions(tree)),
            has_main_guard=self.main_guard,
            constants=self.constants,
            paths=tuple(sorted(self.paths, key=lambda item: item[1])),
            environment=tuple(sorted(self.environment, key=lambda item: item[1])),
            blocks=blocks(self.lines),
            left_out=len(self.left_out),
        )

    def _main(self, item: Import) -> Import:
        """The import, marked when it stands in the part that runs when the module is a script."""
        inside = not item.scope and any(first <= item.line <= last for first, last in self.main_lines)
        return replace(item, main=True) if inside else item

    def _returned(self, call: Call) -> Call:
        """The call, with `build_model()` replaced by what the local function `build_model` returns."""
        head, mark, rest = call.name.partition("()")
        if mark and rest and head in self.returns:
            return call._replace(name=self.returns[head] + rest)
        return call

    # Statements

    def body(self, statements: Iterable[ast.stmt]) -> None:
        """Walk statements in order. `None` on the stack ends a block in which imports are optional."""
        stack: list[ast.stmt | None] = list(statements)
        stack.reverse()
        while stack:
            node = stack.pop()
            if node is None:
                self.optional -= 1
                continue
            if self.block is not None:
                self.block.statements += 1
            inner = self.statement(node)
            if inner:
                stack.extend(reversed(inner))

    def statement(self, node: ast.stmt) -> list[ast.stmt | None]:
        """Take one statement in and give back the statements nested in it; the commonest kinds first."""
        if isinstance(node, ast.Expr):
            if type(node.value) is not ast.Constant:
                self.expression(node.value)
            return []
        if isinstance(node, ast.Assign):
            self.assigned = (node.value, node.targets)
            self.expression(node.value)
            known = self.names.type_of(node.value)
            for target in node.targets:
                self.target(target)
                self.names.bind(target, known, node.value)
            self.constant(node.targets[0], node.value, node.lineno)
            return []
        if isinstance(node, ast.Return):
            if node.value is not None:
                self.expression(node.value)
                known = self.names.type_of(node.value)
                if "()" in known and not known.startswith("[]"):
                    self.returns.setdefault(self.scope, known)
            return []
        if isinstance(node, ast.AnnAssign):
            self.target(node.target)
            if node.value is not None:
                self.assigned = (node.value, [node.target])
                self.expression(node.value)
                self.names.bind(node.target, self.names.type_of(node.value), node.value)
                self.constant(node.target, node.value, node.lineno)
            return []
        if isinstance(node, _IMPORTS):
            self.import_(node)
            return []
        if isinstance(node, _FUNCTIONS):
            self.function(node)
            return []
        if isinstance(node, ast.ClassDef):
            self.class_(node)
            return []
        return self.compound(node)

    def compound(self, node: ast.stmt) -> list[ast.stmt | None]:
        if self.block is not None and isinstance(node, _BRANCHES):
            self.block.complexity += 1
        inner: list[ast.stmt | None] = []
        if isinstance(node, ast.If):
            if self.block is not None and _is_case(node.orelse):
                self.block.complexity -= 1  # a table of cases, written as `elif x == 1: y = 2`, is one decision
            self.expression(node.test)
            inner.extend(self.guarded(node))
            inner.extend(node.orelse)
        elif isinstance(node, _FOR):
            self.expression(node.iter)
            self.names.bind_loop(node.target, node.iter)
            inner.extend([*node.body, *node.orelse])
        elif isinstance(node, ast.While):
            self.expression(node.test)
            inner.extend([*node.body, *node.orelse])
        elif isinstance(node, _WITH):
            for item in node.items:
                self.expression(item.context_expr)
                if item.optional_vars is not None:
                    self.names.bind(item.optional_vars, self.names.type_of(item.context_expr))
            inner.extend(node.body)
        elif type(node) in _TRIES:
            inner.extend(self.tried(node))
        elif isinstance(node, ast.Match):
            self.expression(node.subject)
            for case in node.cases:
                if self.block is not None:
                    self.block.complexity += 1
                if case.guard is not None:
                    self.expression(case.guard)
                inner.extend(case.body)
        else:
            if isinstance(node, ast.Assert) and self.block is not None:
                self.block.asserts += 1
            for field in CHILDREN[type(node)]:
                value = getattr(node, field)
                for child in value if isinstance(value, list) else (value,):
                    if isinstance(child, ast.expr):
                        self.expression(child)
        return inner

    def guarded(self, node: ast.If) -> list[ast.stmt | None]:
        """Body of an `if`; imports under a test of the type checker or the platform may never run."""
        test = node.test
        if isinstance(test, ast.Compare):
            left = test.left
            if isinstance(left, ast.Name) and left.id == "__name__" and not self.scope:
                self.main_guard = True
                self.main_lines.append((node.lineno, node.body[-1].end_lineno or node.lineno))
        name = test if isinstance(test, _DOTTED) else None
        if name is not None and self.names.dotted(name) in _GUARDS:
            return self.optionally(node.body)
        if any(_AVAILABLE.search(self.names.dotted(part)) for part in _tested(test)):
            return self.optionally(node.body)
        left_name = test.left if isinstance(test, ast.Compare) else None
        while isinstance(left_name, ast.Subscript):
            left_name = left_name.value
        if isinstance(left_name, ast.Attribute) and _PLATFORM.match(self.names.dotted(left_name)):
            return self.optionally(node.body)
        return list(node.body)

    def tried(self, node: ast.stmt) -> list[ast.stmt | None]:
        handlers: list[ast.ExceptHandler] = node.handlers  # type: ignore[attr-defined]
        caught: set[str] = set()
        for handler in handlers:
            kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
            caught.update(k.id for k in kinds if isinstance(k, ast.Name))
            if handler.type is None:
                caught.add("Exception")
        if self.block is not None:
            self.block.complexity += len(handlers)
        failing = bool(caught & _CAUGHT)
        body = node.body  # type: ignore[attr-defined]
        inner = self.optionally(body) if failing else list(body)
        for handler in handlers:
            if handler.name:
                self.names.here.names[handler.name] = ""
            inner.extend(self.optionally(handler.body) if failing else handler.body)
        inner.extend(node.orelse)  # type: ignore[attr-defined]
        inner.extend(node.finalbody)  # type: ignore[attr-defined]
        return inner

    def optionally(self, statements: list[ast.stmt]) -> list[ast.stmt | None]:
        self.optional += 1
        return [*statements, None]

    def import_(self, node: ast.Import | ast.ImportFrom) -> None:
        names = self.names.here.names
        optional = self.optional > 0
        if isinstance(node, ast.Import):
            for alias in node.names:
                self.imports.append(Import(alias.name, node.lineno, optional=optional, scope=self.scope))
                if alias.asname:
                    names[alias.asname] = alias.name
                    self.renames |= alias.name in SHARED
                else:
                    top = alias.name.partition(".")[0]
                    names[top] = top
                self.note_everything(alias.name, alias.asname or alias.name.partition(".")[0])
            return
        module = node.module or ""
        found = tuple(alias.name for alias in node.names)
        self.imports.append(Import(module, node.lineno, found, node.level, optional, self.scope))
        if module == "__future__":
            return
        prefix = "." * node.level + module
        for alias in node.names:
            self.renames |= module in SHARED or (alias.asname is not None and alias.name in CALLED)
            if alias.name != "*":
                joint = "" if prefix.endswith(".") or not prefix else "."
                names[alias.asname or alias.name] = f"{prefix}{joint}{alias.name}"
            if not node.level:
                self.note_everything(module, alias.asname or alias.name)

    def note_everything(self, module: str, name: str) -> None:
        """See whether bodies that mention the name were left out although everything of the module matters."""
        if self.left_out and not self.scope and name not in self.looked_for and all_of_it_matters(module):
            self.renames = True

    def constant(self, target: ast.expr, value: ast.expr, line: int) -> None:
        """Note `NAME = literal` at module level."""
        if self.scope or not isinstance(target, ast.Name) or len(self.constants) >= 500:
            return
        if isinstance(value, ast.Attribute):
            self.renames |= value.attr in CALLED
        known = literal(value, target.id)
        if known is not ...:
            self.constants[target.id] = (known, line)

    # Definitions

    def function(self, node: Function) -> None:
        self.names.here.names[node.name] = node.name
        block = Block(node, f"{self.scope}.{node.name}" if self.scope else node.name, list(self.names.scopes))
        block.decorators = self.decorators(node.decorator_list)
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None:
                self.expression(default)
        if self.names.here.kind == "class" and node.name in _FIRST:
            self.waiting.appendleft(block)
        else:
            self.waiting.append(block)

    def decorators(self, nodes: list[ast.expr]) -> tuple[str, ...]:
        self.in_decorator = True
        found = []
        for node in nodes:
            self.expression(node)
            found.append(self.names.dotted(node.func if isinstance(node, ast.Call) else node))
        self.in_decorator = False
        return tuple(found)

    def function_body(self, block: Block) -> None:
        node, outer = block.node, block.scopes[-1]
        left = self.left_out.get(node.lineno)
        if left is not None:
            self.left_names.add(block.name)
            if type(node.body[0]) is ast.Pass:
                block.asserts, block.statements, block.complexity = left
                self.defined(block, _parameters(node))
                return
        in_class = outer.kind == "class"
        self.names.scopes = [*block.scopes, Scope("function", block.name, outer.attributes)]
        names = self.names.here.names
        arguments, parameters = node.args, _parameters(node)
        for parameter in parameters:
            annotation = parameter.annotation
            known = self.names.dotted(annotation) if isinstance(annotation, _DOTTED) else ""
            names[parameter.arg] = f"{known}()" if "." in known and not known.startswith(_VAGUE) else ""
        for extra in (arguments.vararg, arguments.kwarg):
            if extra is not None:
                names[extra.arg] = ""
        if in_class and parameters and "staticmethod" not in block.decorators:
            names[parameters[0].arg] = "self"
        self.block, self.scope, self.optional = block, block.name, 0
        self.body(node.body)
        self.block, self.scope = None, ""
        if left is not None:
            block.asserts, block.statements, block.complexity = left
        self.defined(block, parameters, trivial=left is None and _is_trivial(node.body))

    def defined(self, block: Block, parameters: list[ast.arg], trivial: bool = False) -> None:
        """Note a function of which everything is known."""
        start, end = block.node.lineno, block.node.end_lineno or block.node.lineno
        self.definitions.append(
            Definition(
                block.name,
                "function",
                start,
                end,
                block.decorators,
                (),
                block.asserts,
                trivial,
                block.statements,
                block.complexity,
                tuple(parameter.arg for parameter in parameters),
                digest(self.lines[start:end]) if self.digests else 0,
            )
        )

    def class_(self, node: ast.ClassDef) -> None:
        self.names.here.names[node.name] = node.name
        decorators = self.decorators(node.decorator_list)
        bases = tuple(self.names.dotted(b) for b in node.bases if isinstance(b, _BASES))
        for base in node.bases:
            self.expression(base)
        outer_scope, outer_block = self.scope, self.block
        self.scope = f"{outer_scope}.{node.name}" if outer_scope else node.name
        self.block = None
        self.names.scopes.append(Scope("class", self.scope, {}))
        self.body(node.body)
        self.names.scopes.pop()
        self.definitions.append(
            Definition(
                self.scope,
                "class",
                node.lineno,
                node.end_lineno or node.lineno,
                decorators,
                bases,
                trivial=_is_trivial(node.body),
            )
        )
        self.scope, self.block = outer_scope, outer_block


def _parameters(node: Function) -> list[ast.arg]:
    return [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]


def _is_trivial(body: list[ast.stmt]) -> bool:
    return all(
        isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in body
    )


def _outer_definitions(tree: ast.Module) -> Iterable[tuple[int, int]]:
    """First and last line of the functions and classes that are not inside another one."""
    stack: list[ast.AST] = list(tree.body)
    while stack:
        node = stack.pop()
        if isinstance(node, _DEFINITIONS):
            start = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            yield start, node.end_lineno or node.lineno
        elif type(node) in _BLOCKS:
            for field in ("body", "orelse", "handlers", "finalbody"):
                stack.extend(getattr(node, field, ()))
