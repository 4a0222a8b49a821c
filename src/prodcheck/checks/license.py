"""Whether others may use the project, and under which terms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from prodcheck.checks import readme
from prodcheck.facts import Facts
from prodcheck.model import Evidence, Hit, Location, Outcome, Strength
from prodcheck.patterns import lazy_regex

_TERMS = r"(?:mit|apache|bsd|[al]?gpl|cc|mpl|isc|epl|code|data|docs?|models?|weights|content|software)[-_.\w]*"
_FILE = lazy_regex(
    rf"(?:{_TERMS}?[-_.])?licen[cs]es?(?:[-_.]{_TERMS})?(?:\.(?:md|txt|rst|markdown|adoc|org))?"
    r"|copying(?:[-_.].*)?|unlicense(?:\.\w+)?|copyright(?:\.(?:md|txt))?",
    re.IGNORECASE,
)
_SIGNS = ("licen", "copy")
"""One of these is in every name that the pattern matches."""
_NOT_TEXT = lazy_regex(
    r"\.(?:py|pyc|json|ya?ml|toml|js|ts|go|java|ipynb|png|svg|csv|html?|tmpl|template|header|sh)$", re.IGNORECASE
)
_PLACEHOLDER = lazy_regex(
    r"\[(?:year|fullname|full name|name|yyyy)\]|<(?:year|copyright holders?|name of author|owner)>"
    r"|\{\{ ?(?:year|organization|author)[^}]*\}\}",
    re.IGNORECASE,
)
_PUBLIC = lazy_regex(
    r"(?:^|[/@.])(?:github\.com|gitlab\.com|bitbucket\.org|codeberg\.org|huggingface\.co|hf\.co|sr\.ht|gitee\.com)[/:]",
    re.IGNORECASE,
)
_HEADING = lazy_regex(
    r"^(?:#+[ \t]*.*\blicen[cs]e|.*\blicen[cs]e\w*[^\n]*\n[=~^-]{3,}|\*\*licen[cs]e)", re.IGNORECASE | re.MULTILINE
)
_NAMED = lazy_regex(
    r"\b(?:MIT|Apache(?:[- ]?(?:License|2))|(?:L|A)?GPL|BSD|MPL|CC[- ]BY|CC0|Unlicense|ISC|EUPL|"
    r"Creative Commons|Mozilla Public)\b"
)

_GRANT = lazy_regex(
    r"Permission\s+is\s+hereby\s+granted|Redistribution\s+and\s+use\s+in\s+source|Permission\s+to\s+use,\s+copy"
)
"""How the short licences begin, whose whole text fits into a README."""


def no_license(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """A licence file, a licence in a manifest, or at least one named in the README."""
    found = list(_files(facts))
    good = sorted((path for path, whole in found if whole), key=lambda p: "licen" not in p.lower())
    if good:
        return Outcome(1.0, tuple(Evidence("licence", Location(path)) for path in good), reason=f"licence in {good[0]}")
    declared = list(_declared(facts))
    if declared:
        return Outcome(1.0, tuple(declared), reason=declared[0].detail)
    if found:
        path = found[0][0]
        hit = Hit(Location(path), f"{path} is empty or still has its placeholders", identity="placeholder")
        return Outcome(0.5, hits=(hit,), reason=f"{path} is empty or still has its placeholders")
    if facts.git.prefix:
        return Outcome.unknown("no licence in this folder; one may be at the top of the repository")
    if not any(_PUBLIC.search(url) for _, url in facts.git.remotes):
        return Outcome.not_applicable("no remote on a public hosting service")
    named = _named_in_readme(facts)
    if named and named.location and _GRANT.search(facts.text(named.location.path)):
        return Outcome(1.0, (named,), reason=f"the text of the licence is in {named.location.path}")
    if named:
        return Outcome(0.5, (named,), (Hit(named.location, "the licence is named without its text", identity="text"),),
                       "a licence is named in the README but its text is not here")  # fmt: skip
    return Outcome(0.0, reason="no licence: by default nobody else may use the code")


def _files(facts: Facts) -> Iterator[tuple[str, bool]]:
    """(path, whether it is filled in) of licence files at the top, in `LICENSES/`, `docs/` or `.github/`."""
    for path in (*facts.files, *facts.repository.links):
        folder, _, name = path.rpartition("/")
        if folder.lower() not in ("", "licenses", "license", "docs", ".github"):
            continue
        in_folder = folder.lower() in ("licenses", "license")
        named = any(sign in name.lower() for sign in _SIGNS) and _FILE.fullmatch(name)
        if (in_folder or named) and not _NOT_TEXT.search(name):
            text = facts.text(path) if path in facts.files else "a link"
            # Long licences show in an appendix how to apply them, placeholders and all.
            yield path, bool(text.strip()) and not (len(text) < 4000 and _PLACEHOLDER.search(text))


def _declared(facts: Facts) -> Iterator[Evidence]:
    """Licences that manifests declare."""
    for path, key in (
        ("pyproject.toml", ("project", "license")), ("pyproject.toml", ("tool", "poetry", "license")),
        ("pyproject.toml", ("project", "license-files")), ("setup.cfg", ("metadata", "license")),
        ("package.json", ("license",)), ("CITATION.cff", ("license",)), ("Cargo.toml", ("package", "license")),
    ):  # fmt: skip
        file = facts.files.get(path)
        value: object = file.document.root if file and file.document else None
        for part in key:
            value = value.get(part) if isinstance(value, Mapping) else None
        if value and (not isinstance(value, str) or value.strip()):
            shown = value if isinstance(value, str) and len(value) < 40 else "declared"
            yield Evidence(f"licence {shown} in {path}", Location(path), Strength.DECLARED)
    setup = facts.files.get("setup.py")
    for call in setup.python.calls if setup and setup.python else ():
        value = call.keywords.get("license")
        if call.method == "setup" and isinstance(value, str) and value.strip():
            yield Evidence(f"licence {value[:40]} in setup.py", Location("setup.py", line=call.line), Strength.DECLARED)
    top = readme.find(facts)
    front = re.match(r"---\n(.*?)\n---\n", facts.text(top.path), re.DOTALL) if top and top.shift else None
    stated = re.search(r"^license:[ \t]*(\S.*)$", front[1], re.MULTILINE) if front else None
    if top and stated:
        yield Evidence(f"licence {stated[1].strip()[:40]} in {top.path}", Location(top.path), Strength.DECLARED)


def _named_in_readme(facts: Facts) -> Evidence | None:
    top = readme.find(facts)
    if top is None:
        return None
    heading = _HEADING.search(top.text)
    section = top.text[heading.start() : heading.start() + 600] if heading else ""
    badge = re.search(r"license[-/](?:MIT|Apache|BSD|GPL|MPL|CC)", top.text, re.IGNORECASE)
    named = _NAMED.search(section) or badge
    if not named:
        return None
    start = named.start() + (heading.start() if heading and not badge else 0)
    return Evidence(f"names {named[0]}", Location(top.path, line=top.shift + top.text.count("\n", 0, start) + 1))
