"""Shell scripts to the simple commands they run: with lines, working directory, and whether a failure counts.

Understood are quoting, lists, pipes, `if`, loops, `case`, groups, functions, here-documents, `cd`, known variables and
`set -e`. What only prints or prepares (`echo`, assignments) is left out: `echo "running tests"` is not a test.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from prodcheck.extract.shell_tree import Node, Parser
from prodcheck.extract.shell_words import Part, Token, tokens
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

MAX_COMMANDS = 5_000
MAX_STEPS = 50_000
"""Commands looked at in one script, loops and functions repeated: they may multiply each other."""
MAX_NESTING = 80
"""Lists in lists, functions that call each other and texts for `eval`, which would end Python's stack otherwise."""
MAX_VALUE = 4_000
"""Characters of a variable, and of the working directory."""
MAX_EXPANDED = 2_000_000
"""Characters that all words may have more than the script: loops, variables and commands multiply each other."""
UNKNOWN = "?"
"""The working directory after `cd` to something computed."""

HARMLESS = frozenset(
    "echo printf : true false set export cat cd pushd popd [ [[ test read local declare readonly typeset shift trap "
    "ulimit umask pwd sleep wait unset return exit break continue alias unalias shopt let getopts hash history dirs "
    "setlocal endlocal rem title write-host write-output tee date ls which whoami hostname uname printenv id df free "
    "nproc clear".split()
)
_ASSIGNMENT = lazy_regex(r"([A-Za-z_]\w*)(\[[^]]*\])?\+?=")
_VARIABLE = lazy_regex(r"\$(?:\{([A-Za-z_]\w*|[0-9@*])(?::?[-=]([^{}]*))?\}|([A-Za-z_]\w*|[0-9@*]))")
_ROOT = lazy_regex(
    r"\$(?:\{\{\s*github\.workspace\s*\}\}|\((?:Build\.SourcesDirectory|System\.DefaultWorkingDirectory|Build\.Repository\.LocalPath)\)|"
    r"\{?(?:GITHUB_WORKSPACE|CI_PROJECT_DIR|TRAVIS_BUILD_DIR|BUILD_SOURCESDIRECTORY|SYSTEM_DEFAULTWORKINGDIRECTORY|WORKSPACE|"
    r"BITBUCKET_CLONE_DIR|BUILDKITE_BUILD_CHECKOUT_PATH|DRONE_WORKSPACE|CI_WORKSPACE|CODEBUILD_SRC_DIR|CIRCLE_WORKING_DIRECTORY|"
    r"APPVEYOR_BUILD_FOLDER|CIRRUS_WORKING_DIR)\}?|\(git rev-parse --show-toplevel\))",
    re.IGNORECASE,
)
_HERE = lazy_regex(r"dirname\s+(?:--\s+)?\"?(?:\$0|\$\{0\}|\$\{?BASH_SOURCE(?:\[0\](?::-\$0)?)?\}?)\"?")
_NAME = lazy_regex(r"\w+|[@*]")
_MENTION = lazy_regex(r"\$\{?(\w+)")


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command. `argv` has quotes removed and known variables put in.

    `blocking` is False when the script goes on to success after its failure. `directory` is relative to where the
    script started, or `?`; `line` is counted like the script's first line was.
    """

    argv: tuple[str, ...]
    line: int
    text: str
    blocking: bool = True
    directory: str = ""
    stdin: str = ""
    """The here-document given to it, whose first line is `stdin_line`."""
    stdin_line: int = 0
    variables: tuple[tuple[str, str], ...] = ()
    """Variables in upper case that are set when it runs: environments such as TOXENV."""


def parse(
    text: str,
    line: int = 1,
    *,
    errexit: bool = True,
    pipefail: bool = False,
    shell: str = "bash",
    variables: Mapping[str, str] | None = None,
    here: str = "",
    call: tuple[str, ...] = (),
) -> tuple[Command, ...]:
    """The commands of a script, in order. Never raises.

    `errexit` and `pipefail` are the options that the caller starts the shell with; `shell` is bash, pwsh, powershell
    or cmd; `variables` are known before the start; `here` is the folder the script lies in, seen from where it starts.
    With `call` the script is only read for its functions, and one of them is run.
    """
    named = set(_NAME.findall(text))
    known = tuple(sorted((name, value) for name, value in (variables or {}).items() if name in named))
    return _parse(text, line, errexit, pipefail, shell, known, here, call)


@lru_cache(maxsize=2048)
def _parse(
    text: str,
    line: int,
    errexit: bool,
    pipefail: bool,
    shell: str,
    variables: tuple[tuple[str, str], ...],
    here: str,
    call: tuple[str, ...],
) -> tuple[Command, ...]:
    """The work of `parse`; a script that many jobs run is read once."""
    windows = shell in ("pwsh", "powershell", "cmd")
    if windows:
        text = _from_windows(text, shell)
    if "dirname" in text:
        text = _HERE.sub(lambda m: m.group().split()[0] + " __here__", text)
    tree = _tree(text, line, not windows)
    run = _Run(dict(variables), errexit, pipefail, here, "wait" in text, MAX_EXPANDED + len(text))
    if call:
        run.functions.update(_definitions(tree))
        if call[0] in run.functions:
            run.call(call, True)
    else:
        run.sequence(tree, True)
    return tuple(run.out[:MAX_COMMANDS])


def _definitions(tree: Node) -> dict[str, Node]:
    """Functions that a script defines at its top level."""
    inner = [node.children[0].children[0] for node in tree.children if node.kind == "andor"]
    return {node.name: node.children[0] for node in inner if node.kind == "function"}


def defines(text: str, name: str) -> bool:
    """True when a script defines a function of that name."""
    return re.search(rf"(?m)^\s*(?:function\s+{re.escape(name)}\b|{re.escape(name)}\s*\(\s*\))", text) is not None


@lru_cache(maxsize=512)
def _tree(text: str, line: int, backslash: bool) -> Node:
    return Parser(tokens(text, line, backslash), text).sequence(0)


def arguments(argv: Sequence[str]) -> dict[str, str]:
    """Variables of a script or function that is called with these arguments; the missing ones are empty."""
    values = {str(index): "" for index in range(1, 10)}
    values.update({str(index): value for index, value in enumerate(argv[:9], 1)})
    return {**values, "@": " ".join(argv), "*": " ".join(argv)}


def sets_errexit(text: str) -> bool:
    """True when a script's interpreter line starts the shell with `-e`."""
    first = text.split("\n", 1)[0]
    return first.startswith("#!") and bool(re.search(r"\s-\w*e", first))


def _from_windows(text: str, shell: str) -> str:
    """PowerShell and cmd scripts, near enough to POSIX to find the commands in them."""
    if shell == "cmd":
        text = re.sub(r"\^\r?\n", "  ", text)
        text = re.sub(r"(?im)^\s*(?:@?rem\b|::).*$", "", text)
        return re.sub(r"(?im)^(\s*)@?(?:call\s+)?", r"\1", text)
    text = re.sub(r"`\r?\n", "  ", text)
    text = re.sub(r"(?s)<#.*?#>", lambda m: "\n" * m.group().count("\n"), text)
    return re.sub(r"(?m)^(\s*)[&.]\s+(?=[\w\"'./\\$])", r"\1", text)


class _Run:
    """Walks the tree in the order of execution, keeping options, variables, functions and directory."""

    def __init__(
        self, variables: dict[str, str], errexit: bool, pipefail: bool, here: str, waits: bool, room: int
    ) -> None:
        self.variables = variables
        self.errexit = errexit
        self.pipefail = pipefail
        self.here = here
        self.waits = waits
        self.directory = ""
        self.functions: dict[str, Node] = {}
        self.calling: list[str] = []
        self.out: list[Command] = []
        self.ended = False
        self.steps = 0
        self.nesting = 0
        self.room = room
        """Characters that words may still have."""
        self.examined = 0
        """Depth of conditions whose branches give up: there, a negated command counts too."""
        self.suppressed = 0
        """Depth of contexts in which `set -e` has no effect."""

    def over(self) -> bool:
        """True when the script has ended, or enough of it was seen."""
        return self.ended or len(self.out) >= MAX_COMMANDS or self.steps > MAX_STEPS or self.room < 0

    def sequence(self, node: Node, fatal: bool) -> None:
        if self.nesting >= MAX_NESTING:
            return
        self.nesting += 1
        self.items(node, fatal)
        self.nesting -= 1

    def items(self, node: Node, fatal: bool) -> None:
        end = len(node.children) - 1
        for index, item in enumerate(node.children):
            if self.over():
                return
            examined = index < end and node.children[index + 1].asks_status
            noted = _noted(item)
            if noted:
                examined = _last_mentions(node).get(noted, -1) > index
            last = index == end or examined
            counts = fatal and (last or (self.errexit and not self.suppressed))
            if item.background:
                counts = counts and self.waits
            self.and_or(item, counts, last and fatal)

    def and_or(self, node: Node, fatal: bool, last: bool) -> None:
        if len(node.children) > 1 and node.operators[0] != "||" and _is_word(node.children[0], "false"):
            return
        handlers: list[Node | None] = [None]  # what follows the next `||`, from the end
        for child, operator in zip(reversed(node.children), reversed(node.operators), strict=False):
            handlers.append(child if operator == "||" else handlers[-1])
        for index, child in enumerate(node.children):
            if self.steps > MAX_STEPS:
                return
            handler, counts = handlers[len(node.operators) - index], fatal
            if handler is not None:
                counts = fatal and (_gives_up(handler) or (last and bool(_noted(node))))
            elif index < len(node.operators):  # `a && b`: bash does not stop at `a`, its failure only shows in the list
                counts = fatal and last
            before = self.ended
            self.pipe(child, counts)
            if node.operators:
                self.ended = before

    def pipe(self, node: Node, fatal: bool) -> None:
        for index, child in enumerate(node.children):
            final = index == len(node.children) - 1
            self.node(child, fatal and (not node.negated or self.examined > 0) and (final or self.pipefail))

    def node(self, node: Node, fatal: bool) -> None:
        self.steps += 1
        if node.kind == "simple":
            self.simple(node, fatal)
        elif node.kind == "list":
            self.sequence(node, fatal)
        elif node.kind == "group":
            self.sequence(node.children[0], fatal)
        elif node.kind == "subshell":
            self.subshell(node.children[0], fatal)
        elif node.kind == "function":
            self.functions[node.name] = node.children[0]
        else:
            self.compound(node, fatal)

    def subshell(self, node: Node, fatal: bool) -> None:
        kept = (self.directory, self.errexit, self.pipefail, dict(self.variables), self.ended)
        self.sequence(node, fatal)
        self.directory, self.errexit, self.pipefail, self.variables, self.ended = kept

    def compound(self, node: Node, fatal: bool) -> None:
        bodies = self.matching(node) if node.kind == "case" else node.bodies
        never: set[int] = set()
        examined = fatal and node.kind == "if" and any(_gives_up(b) for b in node.bodies)
        for index, condition in enumerate(node.children):
            self.suppressed += 1
            self.examined += examined
            self.sequence(condition, examined)
            self.examined -= examined
            self.suppressed -= 1
            verdict = self.verdict(condition)
            if verdict is False:
                never.add(index)
            elif verdict is True and node.kind == "if":
                bodies = bodies[: index + 1]
                break
        if node.kind == "loop" and node.words:
            self.for_loop(node, fatal)
            return
        for index, body in enumerate(bodies):
            if index not in never:
                self.sequence(body, fatal)
                self.ended = False  # one branch of several

    def matching(self, node: Node) -> list[Node]:
        """Bodies of a `case` that its word can select: all of them when the word is not known."""
        subject = " ".join(value for word in node.words for value in self.expand(word))
        if "$" in subject or "`" in subject:
            return list(node.bodies)
        for patterns, body in zip(node.patterns, node.bodies, strict=False):
            if any(fnmatch.fnmatchcase(subject, pattern) for pattern in patterns):
                return [body]
        return []

    def verdict(self, condition: Node) -> bool | None:
        """Whether a condition holds, where that is plain: `false`, or a comparison of two known strings."""
        node = condition
        while node.kind in ("list", "andor", "pipe", "group"):
            if len(node.children) != 1 or node.negated:
                return None
            node = node.children[0]
        if node.kind != "simple" or not node.words:
            return None
        argv = [value for word in node.words for value in (self.expand(word) or [""])]
        if argv == ["false"]:
            return False
        if argv[0] == "test":
            argv = ["[", *argv[1:], "]"]
        if len(argv) != 5 or argv[0] not in ("[", "[[") or "$" in argv[1] + argv[3] or "`" in argv[1] + argv[3]:
            return None
        if argv[2] in ("=", "=="):
            return fnmatch.fnmatchcase(argv[1], argv[3]) if argv[0] == "[[" else argv[1] == argv[3]
        return argv[1] != argv[3] if argv[2] == "!=" else None

    def for_loop(self, node: Node, fatal: bool) -> None:
        """A loop over literal words runs once for each: `for t in unit it; do tox -e $t; done`."""
        name = node.words[0].bare
        values = [value for token in node.words[1:] for value in self.expand(token)][:20]
        for value in values or [""]:
            if value and not re.search(r"[$*?`]", value):
                self.variables[name] = value
            else:
                self.variables.pop(name, None)
            self.sequence(node.bodies[0], fatal)
            self.ended = False

    def simple(self, node: Node, fatal: bool) -> None:
        words = list(node.words)
        while words and _ASSIGNMENT.match(words[0].value) and words[0].parts[0].kind == "plain":
            self.assign(words.pop(0), keep=all(_ASSIGNMENT.match(w.value) for w in words), fatal=fatal, line=node.line)
        argv = [value for word in words for value in self.expand(word)]
        if not argv:
            return
        name = argv[0].lower()
        if name in ("cd", "pushd", "set-location") and len(argv) > 1:
            self.change_directory(next((a for a in argv[1:] if not a.startswith("-") or a == "-"), ""))
        elif name == "set":
            self.options(argv[1:])
        elif name in ("export", "local", "declare", "readonly", "typeset"):
            for word in words[1:]:
                if _ASSIGNMENT.match(word.value):
                    self.assign(word, keep=True, fatal=False, line=node.line)
        elif name == "exit":
            self.ended = True
        elif argv[0] in self.functions and argv[0] not in self.calling:
            self.call(argv, fatal)
        elif name == "eval":
            text = " ".join(argv[1:])
            self.sequence(Parser(tokens(text, node.line), text).sequence(1), fatal)
        elif name in HARMLESS or (name == "command" and argv[1:2] in (["-v"], ["-V"])):
            return
        else:
            env = tuple((name, value) for name, value in self.variables.items() if name.isupper())
            self.room -= 20 * len(env)  # in memory a pair takes as much as a short word
            stdin = (node.stdin, node.stdin_line)
            self.out.append(Command(tuple(argv), node.line, node.text[:300], fatal, self.directory, *stdin, env))

    def call(self, argv: Sequence[str], fatal: bool) -> None:
        """Run the body of a function."""
        if self.nesting >= MAX_NESTING:
            return
        self.nesting += 1
        self.calling.append(argv[0])
        self.variables.update(arguments(argv[1:]))
        self.node(self.functions[argv[0]], fatal)
        self.ended = False
        self.calling.pop()
        self.nesting -= 1

    def assign(self, word: Token, keep: bool, fatal: bool, line: int) -> None:
        """Note a variable; `x=$(pytest)` runs what is inside."""
        name, _, _ = word.value.partition("=")
        for part in word.parts:
            if part.kind == "command" and keep and not re.fullmatch(r"\w+\.[\w.]*", part.text):
                inner = Parser(tokens(part.text, line), part.text)
                self.subshell(inner.sequence(1), fatal)
        values = self.expand(word)
        value = " ".join(values).partition("=")[2] if values else ""
        name = name.rstrip("+")
        if any(part.kind == "command" for part in word.parts) and "__here__" not in word.value:
            self.variables.pop(name, None)
        elif _ASSIGNMENT.fullmatch(name + "="):
            self.variables[name] = value[:MAX_VALUE]

    def options(self, argv: list[str]) -> None:
        for index, option in enumerate(argv):
            on = option.startswith("-")
            if option.lstrip("+-") in ("errexit", "pipefail") and index:
                on = argv[index - 1].startswith("-")
                if option == "errexit":
                    self.errexit = on
                else:
                    self.pipefail = on
            elif option[:1] in "+-" and "e" in option[1:] and not option.startswith("--"):
                self.errexit = on

    def change_directory(self, target: str) -> None:
        if target.startswith("__root__"):
            self.directory = "/" + posixpath.normpath(target.removeprefix("__root__").strip("/") or ".")
        elif not target or re.search(r"[$`~]", target) or target == "-":
            self.directory = "" if target == "-" else UNKNOWN
        else:
            base = self.directory if self.directory != UNKNOWN else ""
            self.directory = posixpath.normpath(posixpath.join(base, target.replace("\\", "/")))
        if self.directory == ".":
            self.directory = ""
        elif len(self.directory) > MAX_VALUE:
            self.directory = UNKNOWN

    def expand(self, word: Token) -> list[str]:
        """The word with quotes removed and known variables put in; unquoted values split at blanks."""
        pieces = [""]
        for part in word.parts:
            text = self.value(part)
            splits = part.kind == "plain" or part.text in ("$@", "${@}")
            if splits and text != part.text and " " in text:
                first, *more = text.split() or [""]
                pieces[-1] += first
                pieces.extend(more)
            else:
                pieces[-1] += text
        self.room -= sum(map(len, pieces))
        return [p for p in pieces if p] or ([""] if any(p.kind != "plain" for p in word.parts) else [])

    def value(self, part: Part) -> str:
        if part.kind == "single":
            return part.text
        if part.kind == "command":
            if "__here__" in part.text:
                return posixpath.relpath(self.here or ".", self.directory or ".") + "/.." * part.text.count("/..")
            return "__root__" if _ROOT.fullmatch(f"$({part.text.strip()})") else f"$({part.text})"

        if "$" not in part.text:
            return part.text

        room = self.room

        def put(match: re.Match[str]) -> str:
            nonlocal room
            name = match.group(1) or match.group(3)
            default = match.group() if match.group(2) is None else match.group(2)
            value = self.variables.get(name, default) or (match.group(2) or "")
            room -= len(value)
            return value if room >= 0 else match.group()

        return _VARIABLE.sub(put, _ROOT.sub("__root__", part.text))


def _is_word(node: Node, word: str) -> bool:
    """True when a node is nothing but one bare word."""
    while node.kind in ("andor", "pipe", "list") and len(node.children) == 1:
        node = node.children[0]
    return node.kind == "simple" and [t.bare for t in node.words] == [word]


def _gives_up(node: Node) -> bool:
    """True when a branch ends the script, or at least itself, with failure."""
    if node.gives_up is None:
        node.gives_up = _fails(node)
    return node.gives_up


def _fails(node: Node) -> bool:
    """The work of `_gives_up`, which loops would ask for again and again."""
    if node.kind == "simple":
        words = [t.value.strip("\"'") for t in node.words]
        if not words:
            return False
        if words[0] in ("exit", "return"):
            return words[1:2] != ["0"]
        return (
            words[0] in ("false", "die", "fail", "fatal", "abort", "error") or words[:1] == ["["] or words[:1] == ["[["]
        )
    return any(_gives_up(child) for child in [*node.children, *node.bodies])


def _last_mentions(node: Node) -> dict[str, int]:
    """For each variable the last command of a list that mentions it."""
    if node.mentions is None:
        node.mentions = {name: index for index, one in enumerate(node.children) for name in _MENTION.findall(one.text)}
    return node.mentions


def _noted(node: Node) -> str:
    """The variable in which `command || status=1` keeps the failure, for a later `exit $status`."""
    if node.kind != "andor" or "||" not in node.operators:
        return ""
    handler = node.children[node.operators.index("||") + 1]
    while handler.kind in ("andor", "pipe", "list", "group") and handler.children:
        handler = handler.children[0]
    match = _ASSIGNMENT.match(handler.words[0].value) if handler.kind == "simple" and handler.words else None
    return match.group(1) if match else ""
