"""Rule files and tool signatures from YAML; whatever is not exactly right is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from prodcheck.checks import CHECKS
from prodcheck.config import nearest
from prodcheck.errors import RuleError
from prodcheck.facts.facts import NAMED_FACTS
from prodcheck.facts.signatures import Mark, Signature
from prodcheck.matchers import WORDS
from prodcheck.model import (
    Cap,
    Category,
    Example,
    Kind,
    Matcher,
    Polarity,
    Rule,
    Severity,
    Stage,
    Status,
    Strength,
)
from prodcheck.rules.reader import Reader

EFFORTS = {"10m": 10, "30m": 30, "2h": 120, "1d": 480}
"""Words for the effort of a fix, in minutes of one person who knows the project."""
REQUIRED = (
    "id title category severity polarity effort applies_to message rationale remediation references examples".split()
)
OPTIONAL = "applies_when requires require forbid cap info_in_prototype scope".split()
MARK_WORDS = "file key text dependency import call command remote define lfs-pointer flavour".split()
TOOLS_FOLDER = "tools"


def load_rules(folder: Path) -> list[Rule]:
    """All rules of a folder and its sub-folders. Raises `RuleError` for a folder without any."""
    if not folder.is_dir():
        raise RuleError(f"{folder}: no such folder of rules", "Name a folder that holds rule files (*.yaml).")
    return [load_rule(path, folder) for path in sorted(folder.rglob("*.yaml")) if TOOLS_FOLDER not in path.parts[-2:-1]]


def load_file_rules(folder: Path) -> list[Rule]:
    """The rules of a folder with `scope: file`; no other file is parsed."""
    found = [
        load_rule(path, folder)
        for path in sorted(folder.rglob("*.yaml"))
        if TOOLS_FOLDER not in path.parts[-2:-1] and re.search(rb"^scope:\s*[\"']?file", path.read_bytes(), re.M)
    ]
    return [rule for rule in found if rule.scope == "file"]


def load_signatures(folder: Path) -> list[Signature]:
    """All tool signatures under `tools/` of a folder; none when it has no such sub-folder."""
    found: list[Signature] = []
    for path in sorted((folder / TOOLS_FOLDER).glob("*.yaml")):
        found.extend(read_signatures(_display(path, folder), path.read_bytes()))
    return found


def _display(path: Path, folder: Path) -> str:
    return (Path(folder.name.lstrip("_")) / path.relative_to(folder)).as_posix()


def load_rule(path: Path, folder: Path) -> Rule:
    """One rule file. Raises `RuleError` naming file, line and key."""
    rule = read_rule(_display(path, folder), path.read_bytes())
    if rule.id != path.stem:
        raise RuleError(f"{rule.source}: id: `{rule.id}` differs from the file name", f"Call the file {rule.id}.yaml.")
    return rule


def read_rule(name: str, data: bytes) -> Rule:
    """A rule from the bytes of its file; `name` is the file's name in messages. Raises `RuleError`."""
    r = Reader(name, data)
    r.check_keys(r.root, "", REQUIRED + OPTIONAL, REQUIRED)
    root = r.root
    rule_id = r.text(root["id"], "id")
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", rule_id):
        r.fail("id", f"{rule_id!r} is not kebab-case", "Use lower-case words joined by hyphens, such as no-tests.")
    effort = root["effort"]
    if effort not in EFFORTS:
        r.fail("effort", f"{effort!r} is not allowed", f"Allowed: {', '.join(EFFORTS)}.")
    remediation = r.text(root["remediation"], "remediation")
    if not remediation.split("```")[0].split("\n\n")[0].strip().endswith("."):
        r.fail("remediation", "must begin with a sentence that ends with a full stop")
    verbs = [key for key in ("require", "forbid") if key in root]
    if len(verbs) != 1:
        r.fail(verbs[0] if verbs else "id", "a rule has exactly one of `require` and `forbid`")
    polarity = r.enum(root["polarity"], "polarity", Polarity)
    if (verbs[0] == "forbid") != (polarity is Polarity.DEFECT):
        r.fail(verbs[0], f"a {polarity.value} rule says `{'forbid' if polarity is Polarity.DEFECT else 'require'}`")
    scope = root.get("scope", "repository")
    if scope not in ("repository", "file"):
        r.fail("scope", f"{scope!r} is not allowed", "Allowed: repository, file.")
    examples = _examples(r, root["examples"])
    return Rule(
        id=rule_id,
        title=r.text(root["title"], "title"),
        category=r.enum(root["category"], "category", Category),
        severity=r.enum(root["severity"], "severity", Severity),
        polarity=polarity,
        effort_minutes=EFFORTS[str(effort)],
        applies_to=frozenset(
            r.enum(k, f"applies_to.{i}", Kind) for i, k in enumerate(r.items(root["applies_to"], "applies_to"))
        ),
        applies_when=_applies_when(r, root.get("applies_when", {})),
        requires=r.texts(root["requires"], "requires") if "requires" in root else (),
        message=r.text(root["message"], "message"),
        rationale=r.text(root["rationale"], "rationale"),
        remediation=remediation,
        references=r.texts(root["references"], "references"),
        matcher=_matcher(r, root[verbs[0]], verbs[0]),
        examples=examples,
        cap=_cap(r, root["cap"]) if "cap" in root else None,
        info_in_prototype=r.boolean(root.get("info_in_prototype", False), "info_in_prototype"),
        scope=str(scope),
        source=name,
    )


def _applies_when(r: Reader, value: object) -> Mapping[str, object]:
    conditions = r.mapping(value, "applies_when")
    for name, wanted in conditions.items():
        at = f"applies_when.{name}"
        if name not in NAMED_FACTS:
            r.fail(at, "unknown fact", nearest(name, list(NAMED_FACTS)))
        if isinstance(wanted, dict):
            r.check_keys(wanted, at, ["min"], ["min"])
            r.integer(wanted["min"], f"{at}.min")
        elif not isinstance(wanted, bool):
            r.fail(at, "must be true, false or {min: N}")
    return conditions


def _cap(r: Reader, value: object) -> Cap:
    cap = r.mapping(value, "cap")
    r.check_keys(cap, "cap", ["ceiling", "kinds"], ["ceiling"])
    kinds = r.items(cap.get("kinds", []), "cap.kinds")
    ceiling = r.integer(cap["ceiling"], "cap.ceiling")
    return Cap(ceiling, frozenset(r.enum(k, f"cap.kinds.{i}", Kind) for i, k in enumerate(kinds)))


def _matcher(r: Reader, value: object, at: str) -> Matcher:
    node = r.mapping(value, at)
    if len(node) != 1:
        r.fail(
            at, "must hold exactly one word of the rule language", f"Words: {', '.join(WORDS)}. Join with any or all."
        )
    word, args = next(iter(node.items()))
    here = f"{at}.{word}"
    if word in ("any", "all"):
        children = tuple(_matcher(r, child, f"{here}.{i}") for i, child in enumerate(r.items(args, here)))
        if not children:
            r.fail(here, "must not be empty")
        return Matcher(word, {}, children, r.line(here))
    if word not in WORDS:
        r.fail(here, "unknown word", nearest(word, [*WORDS, "any", "all"]))
    spec = WORDS[word]
    if not isinstance(args, dict):
        args = {spec.short: args} if spec.short else args
    params = r.mapping(args, here)
    if word == "python":
        check = params.get("check")
        if check not in CHECKS:
            r.fail(f"{here}.check", f"there is no check `{check}`", nearest(str(check), list(CHECKS)))
    elif word == "fact":
        _applies_when(r, params)
    else:
        r.check_keys(params, here, spec.needed + spec.optional, spec.needed)
        for key in ("pattern",):
            if key in params:
                _regex(r, params[key], f"{here}.{key}")
    return Matcher(word, params, (), r.line(here))


def _regex(r: Reader, value: object, at: str) -> None:
    try:
        re.compile(r.text(value, at))
    except re.error as problem:
        r.fail(at, f"not a regular expression: {problem}")


def _examples(r: Reader, value: object) -> tuple[Example, ...]:
    found = []
    for i, item in enumerate(r.items(value, "examples")):
        at = f"examples.{i}"
        node = r.mapping(item, at)
        r.check_keys(node, at, ["name", "expect", "files", "at", "git", "kind", "stage"], ["name", "expect", "files"])
        found.append(
            Example(
                name=r.text(node["name"], f"{at}.name"),
                expect=r.enum(node["expect"], f"{at}.expect", Status),
                files=r.mapping(node["files"], f"{at}.files"),
                at=r.texts(node["at"], f"{at}.at") if "at" in node else (),
                git=r.mapping(node["git"], f"{at}.git") if "git" in node else None,
                kind=r.enum(node["kind"], f"{at}.kind", Kind) if "kind" in node else None,
                stage=r.enum(node["stage"], f"{at}.stage", Stage) if "stage" in node else None,
                line=r.line(at),
            )
        )
    wanted = {example.expect for example in found}
    if Status.PASS not in wanted or not wanted & {Status.FAIL, Status.PARTIAL}:
        r.fail("examples", "a rule needs at least one passing and one failing example")
    names = [example.name for example in found]
    for name in names:
        if names.count(name) > 1:
            r.fail("examples", f"two examples are called {name!r}")
    return tuple(found)


def read_signatures(name: str, data: bytes) -> list[Signature]:
    """Tool signatures from the bytes of one `tools/<topic>.yaml`. Raises `RuleError`."""
    r = Reader(name, data)
    r.check_keys(r.root, "", ["topic", "tools"], ["topic", "tools"])
    topic = r.text(r.root["topic"], "topic")
    found: list[Signature] = []
    for i, item in enumerate(r.items(r.root["tools"], "tools")):
        at = f"tools.{i}"
        node = r.mapping(item, at)
        r.check_keys(node, at, ["id", "name", "url", "marks", "examples"], ["id", "name", "marks"])
        tool = r.text(node["id"], f"{at}.id")
        if any(signature.tool == tool for signature in found):
            r.fail(f"{at}.id", f"`{tool}` is there twice")
        marks = tuple(_mark(r, m, f"{at}.marks.{j}") for j, m in enumerate(r.items(node["marks"], f"{at}.marks")))
        if not marks:
            r.fail(f"{at}.marks", "must not be empty")
        examples = []
        for j, example in enumerate(r.items(node.get("examples", []), f"{at}.examples")):
            spot = f"{at}.examples.{j}"
            fields = r.mapping(example, spot)
            r.check_keys(fields, spot, ["expect", "files", "git", "name"], ["expect", "files"])
            if fields["expect"] not in ("none", *(s.label for s in Strength)):
                r.fail(f"{spot}.expect", f"{fields['expect']!r} is not a strength of evidence, nor none")
            r.mapping(fields["files"], f"{spot}.files")
            examples.append(fields)
        found.append(
            Signature(
                topic=topic,
                tool=tool,
                name=r.text(node["name"], f"{at}.name"),
                marks=marks,
                url=r.text(node["url"], f"{at}.url") if "url" in node else "",
                examples=tuple(examples),
                source=name,
                line=r.line(at),
            )
        )
    return found


def _mark(r: Reader, value: object, at: str) -> Mark:
    node = r.mapping(value, at)
    words = [word for word in MARK_WORDS if word in node]
    r.check_keys(node, at, [*MARK_WORDS, "strength", "files", "also"], ["strength"])
    if len(words) != 1:
        r.fail(at, f"must have exactly one of {', '.join(MARK_WORDS)}")
    strengths = {s.label: s for s in Strength}
    strength = node["strength"]
    if strength not in strengths:
        r.fail(f"{at}.strength", f"{strength!r} is not allowed", nearest(str(strength), dict(strengths)))
    if words[0] == "text":
        _regex(r, node["text"], f"{at}.text")
        if "files" not in node:
            r.fail(at, "a text mark needs `files`, so that not every file is searched")
    if "also" in node:
        _regex(r, node["also"], f"{at}.also")
    return Mark(
        what=words[0],
        pattern=r.text(node[words[0]], f"{at}.{words[0]}"),
        strength=strengths[str(strength)],
        files=r.text(node["files"], f"{at}.files") if "files" in node else "",
        also=r.text(node["also"], f"{at}.also") if "also" in node else "",
    )
