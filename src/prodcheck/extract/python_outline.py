"""Leave out the bodies of functions that no rule asks about, before the parser sees them.

Parsing takes five times as long as all other looks at a module together, and most of what is parsed is bodies in which
nothing stands that a rule could ask for. Where functions begin and end, and which words stand in them, one pass over
the bytes tells; see `python_words` for the words. A body that is left out becomes one `pass` on its last line, so that
every line keeps its number, and what the syntax tree would have said of it is counted here: its assertions, and at most
how many statements and branches it has. A body that is long, or of which anything is in doubt, is not left out; and a
module that then does not parse is parsed as it is.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from prodcheck.extract import python_words as names
from prodcheck.extract.python_bodies import Body, measured
from prodcheck.extract.python_mentions import PART, Import, Spans, binds_nothing, import_at, name_at, places
from prodcheck.extract.words import Words
from prodcheck.patterns import lazy_regex

MANY_NAMES = 50
"""A module that imports or hands on more of what everything matters of is parsed as it is."""
WIDE, DEEP = 500, 40
"""Columns up to which a line, and the indentation of a function, is looked at: what no person writes takes no time
here, and is parsed as it is."""


class Skeleton(NamedTuple):
    """A module without some of its bodies, line for line."""

    source: bytes
    left_out: Mapping[int, Body]
    """By the line of `def`."""
    looked_for: frozenset[str] = frozenset()
    """Names of which no body that mentions one is left out."""


class _Function(NamedTuple):
    """Offsets of one function: `def`, its body, and the docstring in it."""

    at: int
    indent: int
    start: int
    end: int
    text: int
    code: int
    """Where the docstring ends; the same as `text` when there is none."""


class _Cut(NamedTuple):
    """A body to leave out, and the import statements in it, which stay."""

    function: _Function
    body: Body
    imports: tuple[tuple[int, int], ...]


_DEF, _CLASS, _QUOTES, _IMPORT, _ASSERT, _RAISES, _OLD = range(7)
"""Kinds of words: those that say how a module is built ..."""
_CALL, _BEGIN, _SAID, _STEP, _EVAL, _TRAIN, _ALL = range(7, 14)
"""... and those that a rule may ask for."""


@cache
def _words() -> tuple[Words, tuple[int, ...], tuple[int, ...]]:
    """The words to look for, the kind of each, and how far its last byte is from its first."""
    kinds: dict[str, int] = {"def ": _DEF, "class ": _CLASS, "assert": _ASSERT}
    kinds |= dict.fromkeys(("import ", "import("), _IMPORT)
    kinds |= dict.fromkeys(("raises(", "warns("), _RAISES)
    kinds |= dict.fromkeys(('"""', "'''"), _QUOTES)
    kinds |= dict.fromkeys(("print ", "raise ", "except ", "exec "), _OLD)
    called = ((_TRAIN, names.TRAINING), (_STEP, names.STEPS), (_CALL, (*names.CALLED, *names.ENDINGS)))
    for kind, several in called:
        kinds |= dict.fromkeys([f"{word}{space}(" for word in several for space in ("", " ")], kind)
    kinds |= dict.fromkeys(("eval(", "eval ("), _EVAL)
    kinds |= dict.fromkeys(names.BEGINNINGS, _BEGIN)
    kinds |= dict.fromkeys((*names.SAID, *_paths(), *_DOUBTFUL), _SAID)
    kinds |= dict.fromkeys(names.EVERYTHING, _ALL)
    words = Words(word.encode() for word in kinds)
    return words, tuple(kinds.values()), tuple(len(word) - 1 for word in words.words)


_DOUBTFUL = ("{{", "{%", "<>", "<<<", "  !", "  %", "  ?", ", 0777", ", 0755", "(0777", "(0755", ", 0644", "(0644")
"""What stands in templates, notebooks, conflicts of a merge and Python 2, and seldom in anything that parses."""


def _paths() -> list[str]:
    """How string literals begin that hold an absolute path."""
    letters = [chr(code) for code in (*range(65, 91), *range(97, 123))]
    begins = [f"/{letter}" for letter in letters] + [f"{letter}:{slash}" for letter in letters for slash in "\\/"]
    return [quote + begin for quote in "\"'" for begin in (*begins, "\\\\", "file:///")]


_HEAD = lazy_regex(rb"def[ ]+\w+[ ]*\([^()]*(?:\([^()]*\)[^()]*)*\)[ ]*(?:->[^:\n]+)?:[ ]*(?:#[^\n]*)?\n")
_TEXT = lazy_regex(rb"(?:[ ]*(?:#[^\n]*)?\n)*[ ]*[rRuU]?(\"\"\"|''')")
_FIRST = lazy_regex(rb"(?:[ ]*(?:#[^\n]*)?\n)*([ ]*)")
_CALLED = lazy_regex(rb"\w*[ ]?\(")
_ASSERTS = lazy_regex(rb"assert\w*[ ]?\(|assert[ ]")
_PYTHON_2 = lazy_regex(rb"(?:print|exec)[ ]+[^\s=(.,)\]:]|raise[ ]+[\w.]+[ ]*,|except[ ]+[^(:\n]{0,200},")
"""Statements of Python 2: a module that has them must be seen to be old."""
_ATTRIBUTE = lazy_regex(rb"\bself\.\w+[ ]*(?:[:,][^=\n]{1,200})?=(?!=|[ ]*(?:None|True|False|[-\d\"'])[^\n,]{0,200}\n)")
"""An attribute that is given anything but a plain value."""
_MODULES = lazy_regex(rb"[ ]*(?:from[ ]+([\w.]+)[ ]+import\b|import[ ]+([^\n#]+))")
_CODING = lazy_regex(rb"[^\n]*coding[:=][ \t]*(?!utf-?8|ascii)", re.IGNORECASE)
_NONE: frozenset[int] = frozenset()


@cache
def _dedent(indent: int) -> re.Pattern[bytes]:
    """The beginning of a line of code that is indented no deeper."""
    return re.compile(rb"\n[ ]{0,%d}[^ \n#]" % indent)


def skeleton(path: str, data: bytes) -> Skeleton | None:
    """The module without bodies of which no rule asks anything; None when it has to be parsed as it is."""
    if b"def " not in data or b"\r" in data or b"\f" in data or b"\n\t" in data or b"\0" in data:
        return None
    if b"from\t" in data or b"import\t" in data or b"import\\" in data:  # as nobody writes them
        return None
    if any(map(_CODING.match, data[:200].split(b"\n", 2)[:2])):
        return None
    return _Module(path, data).skeleton()


@lru_cache(maxsize=10_000)
def _everything(line: bytes) -> frozenset[str]:
    """The modules of which everything matters that a line imports; modules of a project import the same ones."""
    found = _MODULES.match(line)
    modules = [] if found is None else [found[1]] if found[1] else found[2].split(b",")
    tops = [module.strip().partition(b".")[0].partition(b" ")[0].decode("latin-1") for module in modules]
    return frozenset(filter(names.all_of_it_matters, tops))


class _Module:
    """One module: the words in it, and its functions."""

    def __init__(self, path: str, data: bytes) -> None:
        words, kinds, lengths = _words()
        self.data = data
        hits = list(words.find(data))
        self.ends = [end for end, _ in hits]
        """Offset of the last byte of each word, and for each of these:"""
        self.kinds = [kinds[number] for _, number in hits]
        self.starts = [end - lengths[number] for end, number in hits]
        self.functions: list[_Function] = []
        self.classes: list[int] = []
        self.indents: list[int] = []
        self.around: list[int] = []
        """For each class the nearest one before it that is indented less, by number; -1 when there is none."""
        self.quotes: list[int] = []
        self.imports: list[Import] = []
        """Those of which what is mentioned matters."""
        self.indented: list[int] = []
        """Where `import` stands on lines that are indented."""
        self.local: list[int] = []
        """Where functions import what everything matters of."""
        self.trains = _TRAIN in self.kinds or names.uses_a_model(path)

    def read_functions(self) -> None:
        """Find the functions and classes."""
        quotes = self.quotes
        for kind, start in zip(self.kinds, self.starts, strict=True):
            if kind > _QUOTES:
                continue
            if kind == _DEF:
                found = None if len(quotes) % 2 else self.function(start)  # code in a string is no function
                if found is not None:
                    self.functions.append(found)
            elif kind == _CLASS:
                front = self.before(start)
                if not front.strip():
                    self.around.append(self.last_outside(len(self.classes), len(front)))
                    self.classes.append(start)
                    self.indents.append(len(front))
            elif kind == _QUOTES:
                quotes.append(start)

    def before(self, at: int) -> bytes:
        """What stands on the line in front of an offset, or the end of it where that is more than a line has."""
        first = max(0, at - WIDE)
        return self.data[self.data.rfind(b"\n", first, at) + 1 or first : at]

    def function(self, at: int) -> _Function | None:
        """The function whose `def` this is; None when it is none, or is not plainly written."""
        front = self.before(at)
        indent = len(front) - len(front.lstrip(b" "))
        if front[indent:].strip() not in (b"", b"async") or indent > DEEP:
            return None
        head = _HEAD.match(self.data, at)
        if head is None:
            return None
        start = head.end()
        dedent = _dedent(indent).search(self.data, start - 1)
        end = dedent.start() if dedent else len(self.data)
        if end <= start:
            return None
        text = _TEXT.match(self.data, start, end)
        if text is None:
            return _Function(at, indent, start, end, start, start)
        close = self.data.find(text[1], text.end(), end)
        return _Function(at, indent, start, end, text.start(1), close + 3) if close >= 0 else None

    def skeleton(self) -> Skeleton | None:
        if self.begins_with_everything():
            return None
        self.read_functions()
        inside = Spans((function.at, function.end) for function in self.functions)
        if not self.functions or self.matters_as_a_whole(inside):
            return None
        kept = self.mentioning(inside) if self.imports or self.local else _NONE
        if kept is None:
            return None
        cuts: list[_Cut] = []
        busy: set[int] = set()
        for function in self.functions:
            cut = None if function.at in kept else self.cut(function)
            if cut is not None:
                cuts.append(cut)
            elif function.indent:
                busy.add(self.owner(function))
        if busy:  # what a method works with, another one may have made
            search = _ATTRIBUTE.search
            cuts = [
                cut
                for cut in cuts
                if not cut.function.indent
                or self.owner(cut.function) not in busy
                or not search(self.data, cut.function.code, cut.function.end)
            ]
        return self.without(cuts) if cuts else None

    def owner(self, function: _Function) -> int:
        """Offset of the class that a method belongs to; -1 when there is none."""
        number = self.last_outside(bisect_left(self.classes, function.at), function.indent)
        return self.classes[number] if number >= 0 else -1

    def last_outside(self, number: int, indent: int) -> int:
        """The last of the first so many classes that is indented less; -1 when there is none."""
        number -= 1
        while number >= 0 and self.indents[number] >= indent:
            number = self.around[number]
        return number

    def begins_with_everything(self) -> bool:
        """Whether lines that are not indented import what makes everything matter, or what is mentioned so often that
        nothing is won by looking where."""
        for kind, at in zip(self.kinds, self.starts, strict=True):
            if kind != _IMPORT:
                continue
            front = self.before(at)
            if front and not front.startswith(b"from "):
                self.indented.append(at)
            elif self.makes_everything_matter(at):
                return True
        if not self.imports:
            return False
        names = set().union(*(found.names for found in self.imports))
        if len(names) > MANY_NAMES:
            return True
        mentions = sum(map(self.data.count, names)) - len(names)
        return mentions > self.kinds.count(_DEF) / 2

    def makes_everything_matter(self, at: int) -> bool:
        """Whether an import statement makes the whole module matter. One that makes only those functions matter that
        mention what it binds is kept for `mentioning`."""
        modules = self.everything(at)
        if not modules:
            return False
        found = import_at(self.data, at - len(self.before(at))) if modules <= names.BY_NAME else None
        if found is not None and found not in self.imports:
            self.imports.append(found)
        return found is None or len(self.imports) > MANY_NAMES

    def matters_as_a_whole(self, inside: Spans) -> bool:
        """Whether the module imports, or says, what makes everything in it matter; `inside` are its functions."""
        if _ALL in self.kinds:
            texts = Spans((function.text, function.code) for function in self.functions)
            if any(kind == _ALL and at not in texts for kind, at in zip(self.kinds, self.starts, strict=True)):
                return True
        for at in self.indented:
            if not self.is_import(at):
                continue
            if at not in inside:
                if self.makes_everything_matter(at):
                    return True
            elif self.everything(at):
                self.local.append(at)
        return False

    def mentioning(self, inside: Spans) -> frozenset[int] | None:
        """The functions that matter for what the imports of the module bring in, by the offset of `def`; None when
        all of them may."""
        data = self.data
        outer = {function.at: function for function in self.functions}
        names = set().union(*(found.names for found in self.imports))
        waiting: list[Iterable[int]] = [self.local, *(places(data, name) for name in names)]
        spans: set[int] = set()
        classes: set[int] = set()
        while waiting:
            for at in waiting.pop():
                number = inside.number(at)
                if number in spans:
                    continue
                if number < 0:
                    if self.binds_another(at):
                        return None
                    continue
                function = outer[inside.starts[number]]
                if function.text <= at < function.code:
                    continue
                spans.add(number)
                name = name_at(data, function.at)
                owner = self.owner(function)
                if owner >= 0:
                    classes.add(owner)
                    name = name_at(data, owner) + b"." + name
                if name not in names:
                    names.add(name)
                    waiting.append(places(data, name))
                if len(names) > MANY_NAMES:
                    return None
        return frozenset(
            function.at
            for function in self.functions
            if inside.number(function.at) in spans or (classes and self.owner(function) in classes)
        )

    def binds_another(self, at: int) -> bool:
        """Whether what is mentioned at an offset outside of functions may get another name there."""
        return not (
            any(found.start <= at < found.end for found in self.imports)
            or bisect_left(self.quotes, at) % 2  # in a docstring
            or binds_nothing(self.data, at)
        )

    def is_import(self, at: int) -> bool:
        """Whether the word `import` at an offset is that of a statement."""
        front = self.before(at).strip()
        return not front or front.startswith((b"from ", b"from.")) or front.endswith(b":")

    def everything(self, at: int) -> frozenset[str]:
        """The modules of which everything matters that an import statement names."""
        end = self.data.find(b"\n", at, at + WIDE)
        return _everything(self.data[at - len(self.before(at)) : end if end >= 0 else at + WIDE])

    def cut(self, function: _Function) -> _Cut | None:
        """The body of a function as one to leave out; None when it matters, or is not plainly written."""
        data, (_, _, start, end, text, code) = self.data, function
        asserts = 0
        imports: list[tuple[int, int]] = []
        for number in range(bisect_left(self.ends, start), bisect_left(self.ends, end)):
            at, kind = self.starts[number], self.kinds[number]
            if text <= at < code:
                continue
            if kind >= _CALL:
                if self.is_asked_for(at, kind):
                    return None
            elif kind in (_ASSERT, _RAISES):
                count = self.assertion(at, kind)
                if count < 0:
                    return None
                asserts += count
            elif kind == _IMPORT:
                if self.is_import(at):
                    statement = self.import_in(function, at)
                    if statement is None:
                        return None
                    if statement not in imports[-1:]:
                        imports.append(statement)
            elif kind == _OLD:
                if _PYTHON_2.match(data, at) and not self.before(at).strip():
                    return None
            elif kind == _QUOTES or self.before(at).strip() in (b"", b"async"):
                return None  # text of several lines, or a function or class inside
        body = measured(data, function.code, end, asserts)
        return None if body is None else _Cut(function, body, tuple(imports))

    def is_asked_for(self, at: int, kind: int) -> bool:
        """Whether the word at an offset is one that a rule asks for, and not the end of another."""
        data = self.data
        part = data[at - 1] in PART
        if kind == _CALL:
            return not part or data.startswith(_ENDINGS, at)
        if kind == _BEGIN:
            return not part and _CALLED.match(data, at) is not None
        if kind == _STEP or (kind == _EVAL and data[at - 1] == _DOT):
            return not part and self.trains
        return kind == _SAID or not part

    def assertion(self, at: int, kind: int) -> int:
        """1 for a word that asserts something, 0 for one that does not, -1 where that cannot be told."""
        front = self.before(at)
        if front.lstrip().startswith(b"#"):
            return 0
        if b"#" in front or b'"' in front or b"'" in front:
            return -1
        if kind == _RAISES:
            before = front[:-7][-1:]
            if front.endswith(b"pytest.") and before and (before[0] in PART or before[0] == _DOT):
                return -1
            return 1 if front.endswith(b"pytest.") else 0 if front[-1:] and front[-1] in PART else -1
        if not _ASSERTS.match(self.data, at) or (front and front[-1] in PART):
            return 0
        plain = self.data.startswith(b"assert ", at) or self.data.startswith(b"assert(", at)
        return 1 if not plain or not front.strip() else 0 if front[-1:] == b"." else -1

    def import_in(self, function: _Function, at: int) -> tuple[int, int] | None:
        """Begin and end of the lines of an import statement that can stay where it is; None for any other."""
        data, front = self.data, self.before(at)
        start = at - len(front)
        block = front.rstrip().endswith(b":")  # `try: import x`
        if block or self.everything(at) or self.margin(start) != self.margin(function.start):
            return None
        end = data.find(b"\n", at)
        bracket = data.find(b"(", at, end)
        if bracket >= 0:
            close = data.find(b")", bracket, function.end)
            end = data.find(b"\n", close) if close >= 0 else -1
        if end < 0 or end > function.end or data[end - 1] == _BACKSLASH or b" as " in data[start:end]:
            return None
        return start, end + 1

    def margin(self, start: int) -> bytes:
        """What the first line of code from an offset on is indented by: in a body, all lines that are in no block."""
        found = _FIRST.match(self.data, start)
        return found[1] if found else b""

    def without(self, cuts: Sequence[_Cut]) -> Skeleton:
        """The module with `pass` in place of some bodies."""
        data = self.data
        parts: list[bytes] = []
        left: dict[int, Body] = {}
        done = line = 0
        for function, body, imports in cuts:
            line += data.count(b"\n", done, function.at)
            left[line + 1] = body
            line += data.count(b"\n", function.at, function.start)
            parts.append(data[done : function.start])
            last, end = self.last_line(function)
            at = function.start
            for begin, after in imports:
                parts += [b"\n" * data.count(b"\n", at, begin), data[begin:after]]
                at = after
            if at <= last:
                parts += [b"\n" * data.count(b"\n", at, last), self.margin(function.start), b"pass"]
                at = end
            line += data.count(b"\n", function.start, at)
            done = at
        parts.append(data[done:])
        looked_for = frozenset(name.decode() for found in self.imports for name in found.names)
        return Skeleton(b"".join(parts), left, looked_for)

    def last_line(self, function: _Function) -> tuple[int, int]:
        """Begin and end of the last line of code in a body."""
        data, end = self.data, function.end
        while True:
            end = function.start + len(data[function.start : end].rstrip())
            begin = data.rfind(b"\n", 0, end) + 1
            if not data[begin:end].lstrip().startswith(b"#"):
                return begin, end
            end = begin


_ENDINGS = tuple(f"{word}{space}(".encode() for word in names.ENDINGS for space in ("", " "))
_DOT, _BACKSLASH = b".\\"
