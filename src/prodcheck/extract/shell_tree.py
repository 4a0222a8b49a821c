"""Shell tokens to a small syntax tree: lists, pipes, `if`, loops, `case`, groups and functions."""

from __future__ import annotations

import re
from dataclasses import field

from prodcheck.extract.shell_words import Token
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

MAX_DEPTH = 40
_STATUS = lazy_regex(r"\$\{?(?:\?|PIPESTATUS)|LASTEXITCODE|errorlevel", re.IGNORECASE)


@dataclass(slots=True)
class Node:
    """A piece of the syntax tree. `kind`: simple, pipe, andor, list, if, loop, case, group, subshell, function."""

    kind: str
    children: list[Node] = field(default_factory=list)
    words: list[Token] = field(default_factory=list)
    operators: list[str] = field(default_factory=list)
    bodies: list[Node] = field(default_factory=list)
    name: str = ""
    line: int = 0
    text: str = ""
    negated: bool = False
    background: bool = False
    stdin: str = ""
    stdin_line: int = 0
    patterns: list[list[str]] = field(default_factory=list)
    asks_status: bool = False
    """Whether it looks at how the command before it ended."""
    gives_up: bool | None = None
    mentions: dict[str, int] | None = None
    """Answers to questions about the whole of it, kept from the first time on: loops ask again and again."""


class Parser:
    """Recursive descent over tokens; what does not fit is skipped rather than refused."""

    ENDS = frozenset("then elif else fi do done esac } ;;".split())

    def __init__(self, stream: list[Token], source: str) -> None:
        self.stream = stream
        self.source = source
        self.pos = 0

    def peek(self) -> Token | None:
        return self.stream[self.pos] if self.pos < len(self.stream) else None

    def at(self, *values: str) -> bool:
        token = self.peek()
        return token is not None and (token.value if token.kind == "op" else token.bare) in values

    def skip(self, *values: str) -> None:
        while self.at(*values):
            self.pos += 1

    def sequence(self, depth: int, *ends: str) -> Node:
        """Commands up to one of the reserved words in `ends`, or a closing parenthesis that is not ours."""
        node = Node("list")
        while (token := self.peek()) is not None:
            if token.kind == "heredoc" or (token.kind == "op" and token.value in (";", "\n", "&")):
                self.pos += 1
                continue
            if self.at(*ends):
                break
            if (token.kind == "op" and token.value != "(") or token.bare in self.ENDS:  # unbalanced: nothing of ours
                if ends and token.bare in self.ENDS:
                    break
                self.pos += 1
                continue
            before = self.pos
            child = self.and_or(depth)
            if self.at("&"):
                child.background = True
            node.children.append(child)
            if self.pos == before:
                self.pos += 1
        return node

    def and_or(self, depth: int) -> Node:
        first = self.peek()
        node = Node("andor", [self.pipe(depth)], line=first.line if first else 0)
        while self.at("&&", "||"):
            token = self.stream[self.pos]
            self.pos += 1
            self.skip("\n")
            if self.peek() is None:
                break
            node.operators.append(token.value)
            node.children.append(self.pipe(depth))
        node.text = self.slice(first)
        node.asks_status = bool(_STATUS.search(node.text))
        return node

    def pipe(self, depth: int) -> Node:
        node = Node("pipe")
        while self.at("!"):
            node.negated = not node.negated
            self.pos += 1
        node.children.append(self.command(depth))
        while self.at("|", "|&"):
            self.pos += 1
            self.skip("\n")
            if self.peek() is None:
                break
            node.children.append(self.command(depth))
        return node

    def slice(self, first: Token | None) -> str:
        if first is None or self.pos == 0:
            return ""
        return self.source[first.start : self.stream[self.pos - 1].end]

    def command(self, depth: int) -> Node:
        token = self.peek()
        if token is None or depth > MAX_DEPTH:
            self.pos = len(self.stream) if depth > MAX_DEPTH else self.pos
            return Node("list")
        if token.kind == "op" and token.value == "(":
            return self.parenthesis(depth)
        word = token.bare
        if word == "if":
            return self.condition(depth)
        if word in ("for", "while", "until", "select"):
            return self.loop(depth, word)
        if word == "case":
            return self.case(depth)
        if word == "{":
            self.pos += 1
            body = self.sequence(depth + 1, "}")
            self.skip_one("}")
            return Node("group", [body])
        if word == "function" or self.is_definition():
            return self.function(depth)
        return self.simple()

    def skip_one(self, value: str) -> None:
        if self.at(value):
            self.pos += 1

    def parenthesis(self, depth: int) -> Node:
        self.pos += 1
        if self.at("("):  # arithmetic
            while self.peek() is not None and not self.at(")"):
                self.pos += 1
            self.skip_one(")")
            self.skip_one(")")
            return Node("list")
        body = self.sequence(depth + 1, ")")
        self.skip_one(")")
        return Node("subshell", [body])

    def condition(self, depth: int) -> Node:
        node = Node("if")
        while self.at("if", "elif"):
            self.pos += 1
            node.children.append(self.sequence(depth + 1, "then"))
            self.skip_one("then")
            node.bodies.append(self.sequence(depth + 1, "elif", "else", "fi"))
        if self.at("else"):
            self.pos += 1
            node.bodies.append(self.sequence(depth + 1, "fi"))
        self.skip_one("fi")
        return node

    def loop(self, depth: int, word: str) -> Node:
        self.pos += 1
        node = Node("loop", name=word)
        if word in ("while", "until"):
            node.children.append(self.sequence(depth + 1, "do"))
        else:
            words: list[Token] = []
            while (token := self.peek()) is not None and not self.at("do", "{"):
                if token.kind == "word":
                    words.append(token)
                self.pos += 1
            if len(words) > 2 and words[1].bare == "in":
                node.words = [words[0], *words[2:]]
        self.skip_one("do")
        node.bodies.append(self.sequence(depth + 1, "done"))
        self.skip_one("done")
        return node

    def case(self, depth: int) -> Node:
        node = Node("case")
        self.pos += 1
        while (token := self.peek()) is not None and not self.at("in"):
            node.words.append(token)
            self.pos += 1
        self.skip_one("in")
        while self.peek() is not None:
            self.skip("\n", ";;", ";")
            if self.at("esac"):
                break
            patterns = []
            while (token := self.peek()) is not None and not self.at(")", "esac"):
                if token.kind == "word":
                    patterns.append("".join(part.text for part in token.parts))
                self.pos += 1
            if not self.at(")"):
                break
            self.pos += 1
            node.patterns.append(patterns)
            node.bodies.append(self.sequence(depth + 1, ";;", "esac"))
        self.skip_one("esac")
        return node

    def is_definition(self) -> bool:
        following = self.stream[self.pos + 1 : self.pos + 3]
        return [t.value for t in following if t.kind == "op"] == ["(", ")"] and following[0].start == self.stream[
            self.pos
        ].end + (following[0].start - self.stream[self.pos].end)

    def function(self, depth: int) -> Node:
        if self.at("function"):
            self.pos += 1
        token = self.peek()
        if token is None:  # the script ends here
            return Node("list")
        self.pos += 1
        self.skip("(", ")", "\n")
        return Node("function", [self.command(depth + 1)], name=token.bare)

    def simple(self) -> Node:
        first = self.stream[self.pos]
        node = Node("simple", line=first.line)
        double_bracket = first.bare == "[["
        while (token := self.peek()) is not None:
            if token.kind == "op" and not double_bracket:
                break
            if token.kind == "word":
                if not node.words:
                    node.line = token.line
                node.words.append(token)
            elif token.kind == "heredoc":
                node.stdin, node.stdin_line = token.value, token.line
            self.pos += 1
            if double_bracket and (token.bare == "]]" or token.value == "\n"):
                break
        node.text = " ".join(self.slice(first).replace("\\\n", " ").split())
        return node
