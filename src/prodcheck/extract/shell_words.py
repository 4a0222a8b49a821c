"""Shell text to tokens: words with their quoting, operators, here-documents. Nothing is expanded or executed."""

from __future__ import annotations

from dataclasses import replace

from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

OPERATORS = ("&&", "||", ";;", "|&", ";", "&", "|", "(", ")", "\n")
_REDIRECT = lazy_regex(r"(?:\d*|&)(?:>>|>\||>&|<>|<&|>|<)(?:\d+|-)?")
_HEREDOC = lazy_regex(r"\d*<<(-?)[ \t]*(['\"\\]?)([\w.!-]+)['\"]?")
_ORDINARY = lazy_regex(r"[^\s\\'\"`$<>{}();&|]+")
_OPAQUE = (("${{", "}}"), ("{{", "}}"))


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a word. `kind` is plain, double, single (literal) or command (the inside of `$(...)`)."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Token:
    """A word, an operator or a here-document (`value` and `line` are those of its body), with its place in the text."""

    kind: str
    line: int
    start: int
    end: int
    value: str = ""
    parts: tuple[Part, ...] = ()

    @property
    def bare(self) -> str:
        """The word as written when nothing in it is quoted or computed, else an empty string."""
        return self.value if self.kind == "word" and all(p.kind == "plain" for p in self.parts) else ""


def tokens(text: str, line: int = 1, backslash: bool = True) -> list[Token]:
    """All tokens of a script; its first line is `line`. Unterminated quotes reach to the end of the text.

    `backslash` False is for shells of Windows, where it is a path separator.
    """
    return _Lexer(text, line, backslash).run()


class _Lexer:
    def __init__(self, text: str, line: int, backslash: bool) -> None:
        self.text = text
        self.line = line
        self.backslash = backslash
        self.pos = 0
        self.out: list[Token] = []
        self.pending: list[tuple[int, str, bool]] = []

    def run(self) -> list[Token]:
        text, size = self.text, len(self.text)
        while self.pos < size:
            char = text[self.pos]
            if char in " \t\r":
                self.pos += 1
            elif char == "\\" and self.backslash and text.startswith(("\\\n", "\\\r\n"), self.pos):
                self.pos = text.index("\n", self.pos) + 1
                self.line += 1
            elif char == "#":
                end = text.find("\n", self.pos)
                self.pos = size if end < 0 else end
            elif char == "\n":
                self.emit("op", self.pos, self.pos + 1, "\n")
                self.pos += 1
                self.line += 1
                self.heredocs()
            elif not self.redirect() and not self.operator():
                self.word()
        return self.out

    def emit(self, kind: str, start: int, end: int, value: str, parts: tuple[Part, ...] = (), line: int = 0) -> None:
        self.out.append(Token(kind, line or self.line, start, end, value, parts))

    def redirect(self) -> bool:
        """Skip `> file`, `2>&1`, `< file`, and note `<<EOF`. Process substitution `<(...)` is part of a word."""
        text = self.text
        if text.startswith("<<<", self.pos):
            self.pos += 3
            self.skip_blanks()
            self.drop_word()
            return True
        heredoc = _HEREDOC.match(text, self.pos)
        if heredoc:
            self.pending.append((len(self.out), heredoc.group(3), heredoc.group(1) == "-"))
            self.emit("heredoc", self.pos, heredoc.end(), "")
            self.pos = heredoc.end()
            return True
        match = _REDIRECT.match(text, self.pos)
        if not match or text.startswith("(", match.end()):
            return False
        self.pos = match.end()
        if not match.group().endswith(("&-", *[f"&{n}" for n in range(10)])):
            self.skip_blanks()
            self.drop_word()
        return True

    def skip_blanks(self) -> None:
        while self.pos < len(self.text) and self.text[self.pos] in " \t":
            self.pos += 1

    def drop_word(self) -> None:
        if self.pos < len(self.text) and not self.text.startswith(OPERATORS, self.pos):
            self.word()
            if self.out and self.out[-1].kind == "word":
                self.out.pop()

    def operator(self) -> bool:
        for operator in OPERATORS:
            if self.text.startswith(operator, self.pos):
                self.emit("op", self.pos, self.pos + len(operator), operator)
                self.pos += len(operator)
                return True
        return False

    def heredocs(self) -> None:
        """Read the bodies of the here-documents that the line before announced."""
        for index, delimiter, tabs in self.pending:
            first, body = self.line, []
            while self.pos < len(self.text):
                end = self.text.find("\n", self.pos)
                end = len(self.text) if end < 0 else end
                row = self.text[self.pos : end].rstrip("\r")
                self.pos = min(end + 1, len(self.text))
                self.line += 1
                # YAML strips indentation evenly, so an indented delimiter is one that the CI would not accept either;
                # reading it as the end is the lesser evil, because the rest of the script would vanish.
                if (row.lstrip("\t") if tabs else row).strip() == delimiter:
                    break
                body.append(row)
            self.out[index] = replace(self.out[index], value="\n".join(body), line=first)
        self.pending.clear()

    def word(self) -> None:
        text, size, start, line = self.text, len(self.text), self.pos, self.line
        parts: list[Part] = []
        plain: list[str] = []  # pieces, because a word may be a megabyte long

        def flush() -> None:
            if plain:
                parts.append(Part("plain", "".join(plain)))
                plain.clear()

        while self.pos < size:
            char = text[self.pos]
            ordinary = _ORDINARY.match(text, self.pos)
            if ordinary:
                plain.append(ordinary[0])
                self.pos = ordinary.end()
                continue
            opaque = next((pair for pair in _OPAQUE if text.startswith(pair[0], self.pos)), None)
            if opaque:
                end = text.find(opaque[1], self.pos)
                end = size if end < 0 else end + len(opaque[1])
                plain.append(text[self.pos : end])
                self.advance(end)
            elif char == "'":
                flush()
                end = text.find("'", self.pos + 1)
                end = size if end < 0 else end
                parts.append(Part("single", text[self.pos + 1 : end]))
                self.advance(min(end + 1, size))
            elif char == '"':
                flush()
                parts.extend(self.double())
            elif char == "\\" and self.backslash:
                if text.startswith(("\\\n", "\\\r\n"), self.pos):
                    self.advance(text.index("\n", self.pos) + 1)
                    continue
                flush()
                parts.append(Part("single", text[self.pos + 1 : self.pos + 2]))
                self.advance(min(self.pos + 2, size))
            elif text.startswith(("$(", "<(", ">(", "`"), self.pos):
                flush()
                parts.append(self.substitution())
            elif text.startswith("${", self.pos):
                end = self.closing(self.pos + 2, "{", "}")
                plain.append(text[self.pos : end])
                self.advance(end)
            elif char == "(" and plain and plain[-1].endswith("=") and plain != ["="]:  # an array: name=(a b c)
                end = self.closing(self.pos + 1, "(", ")")
                plain.append(text[self.pos : end])
                self.advance(end)
            elif char in " \t\r\n;&|()<>":
                break
            else:
                plain.append(char)
                self.pos += 1
        flush()
        if self.pos == start:  # a lone `<` or `>` that is no redirection
            self.pos += 1
            return
        self.emit("word", start, self.pos, text[start : self.pos], tuple(parts), line)

    def advance(self, end: int) -> None:
        self.line += self.text.count("\n", self.pos, end)
        self.pos = end

    def double(self) -> list[Part]:
        """A double-quoted string, from its opening quote."""
        text, size = self.text, len(self.text)
        self.pos += 1
        parts: list[Part] = []
        current = ""
        while self.pos < size and text[self.pos] != '"':
            if text[self.pos] == "\\" and self.backslash and self.pos + 1 < size:
                if text[self.pos + 1] == "$":
                    parts += [Part("double", current), Part("single", "$")]
                    current = ""
                elif text[self.pos + 1] in '"\\`':
                    current += text[self.pos + 1]
                elif text[self.pos + 1] != "\n":
                    current += text[self.pos : self.pos + 2]
                self.advance(self.pos + 2)
            elif text.startswith(("$(", "`"), self.pos):
                parts += [Part("double", current), self.substitution()]
                current = ""
            else:
                current += text[self.pos]
                self.advance(self.pos + 1)
        self.pos = min(self.pos + 1, size)
        return [*parts, Part("double", current)]

    def substitution(self) -> Part:
        """`$(...)`, `<(...)`, `$((...))` or backquotes: kept as text."""
        if self.text[self.pos] == "`":
            end = self.text.find("`", self.pos + 1)
            end = len(self.text) if end < 0 else end
            inner = self.text[self.pos + 1 : end]
            self.advance(min(end + 1, len(self.text)))
            return Part("command", inner)
        end = self.closing(self.pos + 2, "(", ")")
        inner = self.text[self.pos + 2 : max(end - 1, self.pos + 2)]
        self.advance(end)
        return Part("command", inner)

    def closing(self, pos: int, opening: str, closing: str) -> int:
        """Position after the bracket that closes one opened before `pos`, quotes respected."""
        depth, size, quote = 1, len(self.text), ""
        while pos < size:
            char = self.text[pos]
            if quote:
                quote = "" if char == quote else quote
            elif char in "'\"":
                quote = char
            elif char == "\\":
                pos += 1
            elif char == opening:
                depth += 1
            elif char == closing:
                depth -= 1
                if depth == 0:
                    return pos + 1
            pos += 1
        return size
