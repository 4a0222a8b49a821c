"""The closed vocabulary of rule files: each word turns facts into places.

A word finds places; `require` is content when there are any, `forbid` when there are none. What these words cannot
say is a named Python check (`python`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase

from prodcheck.checks import load_check
from prodcheck.extract.text import split_lines
from prodcheck.facts import Facts
from prodcheck.facts.paths import Glob, Role
from prodcheck.model import Evidence, Hit, Location, Matcher, Outcome, Polarity, Strength
from prodcheck.records import dataclass

Places = tuple[Evidence, ...]
MAX_PLACES = 200
"""Places per word: enough for any report, and a bound on what a careless pattern can cost."""


@dataclass(frozen=True)
class Word:
    """One word of the language: the function behind it, the keys it takes, and the key a bare value stands for."""

    find: Callable[[Facts, Mapping[str, object]], Places]
    needed: list[str]
    optional: list[str]
    short: str = ""


def judge(matcher: Matcher, facts: Facts, polarity: Polarity) -> Outcome:
    """The outcome of a rule's matcher tree."""
    if matcher.word == "python":
        params = {key: value for key, value in matcher.args.items() if key != "check"}
        return load_check(str(matcher.args["check"]))(facts, params)
    if matcher.word in ("any", "all"):
        return _combine(matcher, [judge(child, facts, polarity) for child in matcher.children], polarity)
    places = WORDS[matcher.word].find(facts, matcher.args)[:MAX_PLACES]
    if polarity is Polarity.DEFECT:
        hits = tuple(Hit(p.location, p.detail) for p in places)
        return Outcome(score=0.0 if places else 1.0, hits=hits, reason=_count(places))
    return Outcome(score=1.0 if places else 0.0, evidence=places, reason=_count(places))


def _count(places: Places) -> str:
    return f"{len(places)} place{'s' * (len(places) != 1)}" if places else "nothing found"


def _combine(matcher: Matcher, outcomes: list[Outcome], polarity: Polarity) -> Outcome:
    """`any` of a practice is as good as its best child, `all` as its worst; for a defect it is the other way round."""
    best = (matcher.word == "any") == (polarity is Polarity.PRACTICE)
    known = [o for o in outcomes if o.score is not None]
    if not known:
        return outcomes[0]
    chosen = (max if best else min)(known, key=lambda o: o.score or 0.0)
    unknown = [o for o in outcomes if o.score is None and o.applicable]
    decided = chosen.score == (1.0 if best else 0.0)
    if unknown and not decided:
        return unknown[0]
    hits = tuple(h for o in known for h in o.hits) if chosen.score != 1.0 else ()
    return Outcome(chosen.score, chosen.evidence, hits, chosen.reason, chosen.confidence)


def _patterns(value: object) -> list[Glob]:
    return [Glob(str(item)) for item in (value if isinstance(value, list) else [value])]


def _files(facts: Facts, value: object) -> list[str]:
    patterns = _patterns(value)
    return [path for path in facts.paths.own if any(p.match(path) for p in patterns)]


def find_file(facts: Facts, args: Mapping[str, object]) -> Places:
    """`file`: own files whose path matches one of the patterns."""
    return tuple(Evidence("is there", Location(p), Strength.CONFIGURED) for p in _files(facts, args["path"]))


def find_text(facts: Facts, args: Mapping[str, object]) -> Places:
    """`text`: lines of the matching files in which the regular expression is found."""
    pattern = re.compile(str(args["pattern"]), re.MULTILINE)
    found: list[Evidence] = []
    for path in _files(facts, args["files"]):
        for number, line in enumerate(split_lines(facts.text(path)), start=1):
            # A bound on the line keeps a pattern from running away on minified text. The line itself is never
            # quoted: it may hold a credential.
            if pattern.search(line[:2000]):
                found.append(Evidence("matches the pattern", Location(path, number)))
                if len(found) >= MAX_PLACES:
                    return tuple(found)
    return tuple(found)


def find_key(facts: Facts, args: Mapping[str, object]) -> Places:
    """`key`: a dotted key in the matching TOML, INI, YAML or JSON files, optionally with a certain value."""
    key, found = str(args["key"]), []
    for path in _files(facts, args["files"]):
        document = facts.files[path].document
        value = document.get(key) if document else None
        if document and value is not None and ("equals" not in args or str(value) == str(args["equals"])):
            found.append(Evidence(f"has {key}", Location(path, document.lines.get(key)), Strength.CONFIGURED))
    return tuple(found)


def find_import(facts: Facts, args: Mapping[str, object]) -> Places:
    """`import`: imports of a module or of anything below it, in own code and notebooks."""
    module, found = str(args["module"]), []
    for path, file in facts.files.items():
        python = file.source
        if python is None or facts.role(path) in (Role.VENDORED, Role.GENERATED, Role.TEMPLATE):
            continue
        for item in python.imports:
            names = [item.module, *(f"{item.module}.{name}" for name in item.names)]
            if item.level == 0 and any(n == module or n.startswith(module + ".") for n in names):
                found.append(Evidence(f"imports {item.module}", file.locate(item.line)))
    return tuple(found)


def find_call(facts: Facts, args: Mapping[str, object]) -> Places:
    """`call`: calls by resolved name; `*` stands for any part."""
    pattern, found = str(args["name"]), []

    def wanted(name: str) -> bool:
        return name == pattern or ("*" in pattern and fnmatchcase(name, pattern))

    for path, file in facts.files.items():
        python = facts.calling(path, pattern)
        if python is None or facts.role(path) in (Role.VENDORED, Role.GENERATED, Role.TEMPLATE):
            continue
        for call in python.calls.named(wanted):
            found.append(Evidence(f"calls {call.name}", file.locate(call.line)))
    return tuple(found)


def find_dependency(facts: Facts, args: Mapping[str, object]) -> Places:
    """`dependency`: places that declare a distribution."""
    name = re.sub(r"[-_.]+", "-", str(args["name"])).lower()
    places = facts.dependencies.declared.get(name, ())
    return tuple(Evidence(f"declares {name}", place, Strength.DECLARED) for place in places)


def find_command(facts: Facts, args: Mapping[str, object]) -> Places:
    """`command-in-CI`: leaf commands that CI reaches, by verb (`test`, `lint` ...) or by how they begin."""
    found = []
    for command in facts.ci.commands:
        verb, start = args.get("verb"), args.get("command")
        if (verb is None or verb in command.verbs) and (start is None or command.text.startswith(str(start))):
            place = command.chain[0].location if command.chain else Location(command.pipeline)
            found.append(Evidence(f"runs {command.text}", place, Strength.ENFORCED))
    return tuple(found)


def find_tool(facts: Facts, args: Mapping[str, object]) -> Places:
    """`tool`: tools of a topic that are recognised at least that strongly."""
    least = Strength[str(args.get("at_least", "declared")).upper()]
    found: list[Evidence] = []
    for use in facts.stack:
        wanted = args.get("topic") in (None, use.topic) and args.get("tool") in (None, use.tool)
        if wanted and use.strength >= least:
            found.extend(e for e in use.evidence if e.strength >= least)
    return tuple(found)


def find_fact(facts: Facts, args: Mapping[str, object]) -> Places:
    """`fact`: named facts of the repository, all of which must hold."""
    return (Evidence(", ".join(args)),) if holds(facts, args) is None else ()


def find_nothing(facts: Facts, args: Mapping[str, object]) -> Places:
    """`python` is judged by its check, never as places."""
    raise AssertionError("python is judged by `judge`")


def holds(facts: Facts, conditions: Mapping[str, object]) -> str | None:
    """None when all named facts are as wanted, else the name of the first that is not."""
    for name, wanted in conditions.items():
        value = facts.named(name)
        if isinstance(wanted, dict):
            if int(value) < int(wanted["min"]):
                return name
        elif bool(value) is not wanted:
            return name
    return None


WORDS: Mapping[str, Word] = {
    "file": Word(find_file, ["path"], [], "path"),
    "text": Word(find_text, ["files", "pattern"], []),
    "key": Word(find_key, ["files", "key"], ["equals"]),
    "import": Word(find_import, ["module"], [], "module"),
    "call": Word(find_call, ["name"], [], "name"),
    "dependency": Word(find_dependency, ["name"], [], "name"),
    "command-in-CI": Word(find_command, [], ["verb", "command"], "verb"),
    "tool": Word(find_tool, [], ["topic", "tool", "at_least"], "topic"),
    "fact": Word(find_fact, [], []),
    "python": Word(find_nothing, ["check"], []),
}
