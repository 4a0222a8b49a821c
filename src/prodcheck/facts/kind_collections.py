"""Signals for repositories that hold many things side by side: notebooks, courses, templates."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from prodcheck.facts.kind_model import MANY, Signal, evidence
from prodcheck.facts.paths import Role
from prodcheck.model import Evidence, Kind
from prodcheck.patterns import lazy_regex

if TYPE_CHECKING:
    from prodcheck.facts.facts import Facts


# Notebooks


def notebooks(facts: Facts) -> Iterator[Signal]:
    books = facts.code.per_notebook
    if len(books) < MANY:
        return
    yield Signal(Kind.NOTEBOOKS, 2, "many", Evidence(f"{len(books)} notebooks"))
    if facts.code.notebook_share > 0.8:
        yield Signal(
            Kind.NOTEBOOKS, 1, "share", Evidence(f"{facts.code.notebook_share:.0%} of the code is in notebooks")
        )
        if not facts.code.persists_model and not facts.code.serves and not any(b.imports_own_modules for b in books):
            yield Signal(Kind.NOTEBOOKS, 2, "independent", None)
        if sum(bool(b.stages.get("load")) for b in books) > len(books) / 2:
            yield Signal(Kind.NOTEBOOKS, 1, "own-data", None)


# Course

_COURSE = lazy_regex(
    r"(?i)\b(?:courses?|coursera|lectures?|lessons?|tutorials?|handbook|workshops?|bootcamp|book|chapters?|exercises?|homeworks?|"
    r"assignments?|cookbook|zoomcamp|nanodegree|edition|o'reilly|packt|students|examples? gallery|curriculum)\b"
)
_NUMBERED = lazy_regex(
    r"(?i)(?:chapter|chap|lesson|week|lecture|module|session|day|part|ch|s|unit|homework|hw|lab|assignment)[-_ ]?\d+.*|"
    r"\d{1,2}[-_. ].+|cohorts?|exercises?|solutions?|homeworks?|assignments?|lectures?|slides|tutorials?"
)
_MARKUP = lazy_regex(r"<[^>]*>|!\[[^\]]*\]\([^)]*\)|\]\([^)]*\)")
"""HTML tags, images and the targets of links: addresses are full of words that say nothing."""
_BADGE = lazy_regex(r"colab\.research\.google\.com|mybinder\.org/")


def course(facts: Facts, readme: tuple[str, str]) -> Iterator[Signal]:
    places = []
    head = _MARKUP.sub(lambda m: " " * len(m[0]), readme[1][:4000])[:2500]
    match = _COURSE.search(head)
    if match:
        line = head.count("\n", 0, match.start()) + 1
        places.append(evidence(f'says "{match[0]}"', readme[0], line))
    match = _COURSE.search(re.sub(r"[-_/]", " ", facts.repository.name))
    if match:
        places.append(Evidence(f'is called "{facts.repository.name}"'))
    tops = sorted({p.split("/")[0] for p in facts.files if "/" in p})
    usual = ("examples", "tutorial", "tutorials")  # any library has these
    named = [t for t in tops if _COURSE.search(re.sub(r"[-_]", " ", t)) and t.lower() not in usual]
    if named:
        places.append(Evidence(f"has a folder {named[0]}/"))
    if places:
        yield Signal(Kind.COURSE, 3 if len(places) > 1 else 1, "words", places[0])
    units = [p for p in _units(facts) if _NUMBERED.fullmatch(p)]
    if len(units) < 3:
        units = _numbered_notebooks(facts) or _chapters_below(facts)
    if len(units) >= 3:
        detail = f"is divided into {units[0]}, {units[1]} and {len(units) - 2} more"
        many = len(units) >= MANY
        yield Signal(Kind.COURSE, 4 if many else 3, "chapters" if many else "units", Evidence(detail))
    badges = _BADGE.findall(readme[1])
    if len(badges) >= 3:
        yield Signal(Kind.COURSE, 1, "badges", evidence(f"{len(badges)} links to Colab or Binder", readme[0]))
    shelves = {b.path.rpartition("/")[0] for b in facts.code.per_notebook if b.path.count("/") >= 2}
    if len(shelves) >= MANY and not any("/" not in b.path for b in facts.code.per_notebook):
        yield Signal(Kind.COURSE, 3, "gallery", Evidence(f"notebooks in {len(shelves)} folders, each on its own"))
    folders = {m.path.rpartition("/")[0] for m in facts.dependencies.manifests if "/" in m.path}
    if len(folders) >= MANY:
        yield Signal(Kind.COURSE, 3, "projects", Evidence(f"{len(folders)} folders with dependencies of their own"))


def _numbered_notebooks(facts: Facts) -> list[str]:
    """Numbered notebooks that lie side by side in one folder, when there are as many as a book has chapters."""
    folders = Counter(
        b.path.rpartition("/")[0] for b in facts.code.per_notebook if re.match(r"\d\d", b.path.rpartition("/")[2])
    )
    folder, number = folders.most_common(1)[0] if folders else ("", 0)
    if number < 2 * MANY:
        return []
    return [b.path for b in facts.code.per_notebook if b.path.rpartition("/")[0] == folder]


_CHAPTER = lazy_regex(r"(?i)(?:chapter|chap|lesson|week|lecture)[-_ ]?\d+.*")


def _chapters_below(facts: Facts) -> list[str]:
    """Folders called chapters, lessons or weeks that lie side by side further down, such as `listings/chap2`."""
    found: dict[str, dict[str, None]] = {}
    for path, file in facts.files.items():
        parts = path.split("/")[:-1] if file.python or file.notebook else []
        for depth, part in enumerate(parts[1:4], start=1):
            if _CHAPTER.fullmatch(part):
                found.setdefault("/".join(parts[:depth]), {})["/".join(parts[: depth + 1])] = None
    most = max(found.values(), key=len, default={})
    return sorted(most) if len(most) >= MANY else []


def _units(facts: Facts) -> list[str]:
    """Names of top-level folders, and of scripts and notebooks at the top, each once."""
    found: dict[str, None] = {}
    for path, file in facts.files.items():
        if "/" in path:
            found[path.split("/")[0]] = None
        elif file.python or file.notebook:
            found[path] = None
    return list(found)


# Template


_TEMPLATES = frozenset(["cookiecutter.json", "copier.yml", "copier.yaml", "databricks_template_schema.json"])
_TEMPLATE_WORDS = lazy_regex(r"(?i)\b(?:templates?|starters?|cookiecutter|boilerplate|scaffold|skeleton)\b")
_IS_TEMPLATE = lazy_regex(
    r"(?i)\b(?:an?|this|project|repository) (?:[\w-]+ ){0,3}(?:template|starter|boilerplate|scaffold)\b"
)


def template(facts: Facts, readme: tuple[str, str]) -> Iterator[Signal]:
    rendered = facts.paths.of(Role.TEMPLATE)
    braces = [p for p in rendered if "{{" in p]
    makers = [p for p in facts.files if p.rpartition("/")[2] in _TEMPLATES and facts.role(p) is Role.CODE]
    if makers:
        yield Signal(Kind.TEMPLATE, 5, "template", evidence("makes this a template", makers[0]))
    if braces:
        yield Signal(Kind.TEMPLATE, 5, "braces", evidence("still has to be rendered", braces[0]))
    elif len(rendered) >= 5 and len(rendered) > len(facts.files) / 5:
        yield Signal(Kind.TEMPLATE, 5, "jinja", evidence(f"is one of {len(rendered)} templates", rendered[0]))
    paragraphs = [p for p in re.split(r"\n\s*\n", _MARKUP.sub(" ", readme[1])) if p.strip()]
    if _TEMPLATE_WORDS.search(re.sub(r"[-_/]", " ", facts.repository.name.rpartition("/")[2])):
        yield Signal(Kind.TEMPLATE, 3, "name", Evidence(f'is called "{facts.repository.name}"'))
    elif any(_IS_TEMPLATE.search(paragraph) for paragraph in paragraphs[:3]):
        yield Signal(Kind.TEMPLATE, 3, "readme", evidence("calls itself a template", readme[0]))
