"""Names in one module: which import, constructor or definition stands behind a variable.

`np.load` is `numpy.load` only because of an import, and `scaler.fit` is no training because `scaler` was made by
`StandardScaler()`. A variable's value is described by one string: a dotted name for an alias (`numpy`), a dotted name
with `()` for an instance (`sklearn.svm.SVC()`), the same after `[]` for a container of them, and empty for unknown.
"""

from __future__ import annotations

import ast

FLUENT = frozenset(
    "fit set_params to cuda cpu eval train double float half share_memory requires_grad_ set_output setParams "
    "best_estimator_ best_model_".split()
)
"""Methods and attributes that give back what they were called on, as far as rules are concerned."""
_VIEWS = frozenset("items values copy".split())
_WRAPPERS = frozenset("enumerate zip list tuple sorted reversed iter tqdm tqdm.tqdm tqdm.auto.tqdm".split())
_FIELDS = frozenset("field attr.ib attrs.field dataclasses.field pydantic.Field pydantic.PrivateAttr".split())
"""Calls in a class body that describe an attribute rather than make its value."""
_TUPLES = (ast.Tuple, ast.List)
_SEQUENCES = (ast.List, ast.Tuple, ast.Set)
_CONTAINERS = (*_SEQUENCES, ast.Dict)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp)
_WRAPPED = (ast.Await, ast.NamedExpr, ast.Starred)
_UNKNOWN = (ast.Constant, ast.BinOp, ast.Compare, ast.JoinedStr, ast.UnaryOp)
"""Common expressions whose value is never an instance that matters."""
_PIPELINES = ("sklearn.pipeline.", "imblearn.pipeline.")


class Scope:
    """Names bound in one module, class or function."""

    __slots__ = ("attributes", "kind", "name", "names")

    def __init__(self, kind: str, name: str = "", attributes: dict[str, str] | None = None) -> None:
        self.kind = kind
        self.name = name
        self.names: dict[str, str] = {}
        self.attributes = attributes
        """What is known of `self.x` in the class that the scope belongs to."""


class Names:
    """Looks names up in a chain of scopes and remembers what assignments tell."""

    def __init__(self) -> None:
        self.scopes = [Scope("module")]
        self._types: dict[ast.Call, str] = {}

    @property
    def here(self) -> Scope:
        return self.scopes[-1]

    def lookup(self, name: str) -> str | None:
        """What is known of a name: None when nothing binds it, empty when its value is unknown."""
        first = True
        for scope in reversed(self.scopes):
            if (first or scope.kind != "class") and name in scope.names:
                return scope.names[name]
            first = False
        return None

    def dotted(self, node: ast.expr) -> str:
        """The dotted name of an expression, as described for `Call.name`."""
        parts: list[str] = []
        while type(node) is ast.Attribute:
            parts.append(node.attr)
            node = node.value
        parts.reverse()
        head = ""
        if type(node) is not ast.Name:
            head = self.type_of(node)
        else:
            known = self.lookup(node.id)
            if known is None or (not known and not parts):
                head = node.id
            elif known != "self" or not parts:
                head = known
            elif len(parts) > 1 and self.here.attributes and parts[0] in self.here.attributes:
                head = self.here.attributes[parts.pop(0)]
            elif len(parts) == 1:
                head = "self"
        if head.startswith("[]"):
            head = ""
        if not parts:
            return head or "?"
        return f"{head}.{'.'.join(parts)}" if head else f"?.{parts[-1]}"

    def type_of(self, node: ast.expr | None) -> str:
        """What is known of an expression's value."""
        if isinstance(node, ast.Call):
            return self._types.get(node) or self._call(node)
        if isinstance(node, ast.Name):
            return self.lookup(node.id) or ""
        if isinstance(node, ast.Attribute):
            return self._attribute(node)
        if isinstance(node, _UNKNOWN):
            return ""
        if isinstance(node, ast.Subscript):
            container = self.type_of(node.value)
            return container[2:] if container.startswith("[]") else ""
        if isinstance(node, _CONTAINERS):
            element = self.element(node)
            return f"[]{element}" if element else ""
        if isinstance(node, _COMPREHENSIONS):
            element = self.type_of(node.elt)
            return f"[]{element}" if "()" in element and not element.startswith("[]") else ""
        if isinstance(node, ast.IfExp):
            return self.type_of(node.body) or self.type_of(node.orelse)
        if isinstance(node, ast.BoolOp):
            return next((known for known in map(self.type_of, node.values) if known), "")
        if isinstance(node, _WRAPPED):
            return self.type_of(node.value)
        return ""

    def _call(self, node: ast.Call) -> str:
        """Type of a call; a chain of calls is taken from its inner end, so that a long one needs no deep recursion."""
        chain: list[ast.Call] = []
        inner: ast.expr = node
        while isinstance(inner, ast.Call) and inner not in self._types:
            chain.append(inner)
            inner = inner.func
            while isinstance(inner, ast.Attribute):
                inner = inner.value
        for call in reversed(chain):
            self._types[call] = self._result(call)
        return self._types[node]

    def _attribute(self, node: ast.Attribute) -> str:
        name = self.dotted(node)
        if name.startswith(("?", "self.")):
            return (self.here.attributes or {}).get(node.attr, "") if name.startswith("self.") else ""
        if "()" in name:
            return _root(name) if node.attr in FLUENT else ""
        return name

    def element(self, node: ast.expr) -> str:
        """The first instance inside nested containers, such as the models in `[("lr", LogisticRegression())]`."""
        todo = [node]
        for _ in range(200):  # a bound for tables of data
            if not todo:
                break
            item = todo.pop(0)
            if isinstance(item, _SEQUENCES):
                todo.extend(item.elts[:20])
            elif isinstance(item, ast.Dict):
                todo.extend(item.values[:20])
            elif not isinstance(item, ast.Constant):
                known = self.type_of(item)
                if "()" in known:
                    return known.removeprefix("[]")
        return ""

    def _result(self, node: ast.Call) -> str:
        func = node.func
        if isinstance(func, ast.Attribute) and func.attr in _VIEWS:
            container = self.type_of(func.value)
            if container.startswith("[]"):
                return container
        callee = self.dotted(func)
        if callee in _WRAPPERS:
            return next((known for known in map(self.type_of, node.args) if known.startswith("[]")), "")
        if callee.startswith(_PIPELINES):
            return self._last_step(node) or f"{callee}()"
        if callee.startswith(("?", "self.")) or callee.endswith("()") or callee in _FIELDS:
            return ""
        if "()" in callee:
            root, method = _root(callee), callee.rpartition(".")[2]
            return root if method in FLUENT else f"{root}.{method}()"
        return f"{callee}()"

    def _last_step(self, node: ast.Call) -> str:
        """A pipeline is what its last step is: a model trains, a scaler does not."""
        steps = node.args or [k.value for k in node.keywords if k.arg == "steps"]
        last = steps[-1] if steps else None
        if isinstance(last, _TUPLES) and last.elts:
            last = last.elts[-1]
        if isinstance(last, ast.Tuple) and last.elts:
            last = last.elts[-1]
        known = self.type_of(last) if last is not None else ""
        return known if "()" in known and not known.startswith("[]") else ""

    def bind(self, target: ast.expr, known: str, value: ast.expr | None = None) -> None:
        """Note an assignment. `value` lets `a, b = X(), Y()` be taken apart."""
        if isinstance(target, ast.Name):
            names = self.here.names
            if known or not (target.id in names and _is_none(value)):
                names[target.id] = known
            if self.here.kind == "class" and self.here.attributes is not None and "()" in known:
                self.here.attributes.setdefault(target.id, known)
        elif isinstance(target, ast.Attribute):
            attributes = self.here.attributes
            of_self = isinstance(target.value, ast.Name) and self.lookup(target.value.id) == "self"
            if attributes is not None and of_self and "()" in known:
                attributes[target.attr] = known
        elif isinstance(target, _TUPLES):
            pairs = isinstance(value, _TUPLES) and len(value.elts) == len(target.elts)
            for position, item in enumerate(target.elts):
                if pairs and isinstance(value, _TUPLES):
                    part = value.elts[position]
                    self.bind(item, self.type_of(part), part)
                else:
                    self.bind(item, "")
        elif isinstance(target, ast.Starred):
            self.bind(target.value, "")

    def bind_loop(self, target: ast.expr, iterable: ast.expr) -> None:
        """Note a loop's variables: each may be an element of the container."""
        container = self.type_of(iterable)
        known = container[2:] if container.startswith("[]") else ""
        todo = [target]
        while todo:
            item = todo.pop()
            if isinstance(item, _TUPLES):
                todo.extend(item.elts)
            else:
                self.bind(item, known)


def _root(name: str) -> str:
    return name[: name.index("()") + 2]


def _is_none(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
