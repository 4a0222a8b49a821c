"""Places for formats that know only files: relative to the top of the repository, percent-encoded, never missing.

Code scanning, annotations and merge request widgets hang every finding on a line of a file, counted from the top of the
git repository. A finding about the repository as a whole goes to the closest real file, line 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from prodcheck.model import Finding, Location, Report
from prodcheck.patterns import lazy_regex
from prodcheck.report.base import Options

NOWHERE = "README.md"
"""Where findings about a repository without any file go."""

_SAFE = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/")
_REMOTE = lazy_regex(r"(?:(?:https?|ssh|git)://)?(?:[^@/]+@)?(?P<host>[\w.-]+\.[a-z]+)(?::\d+)?[:/](?P<path>[^?#]+)")
_PAGES: Mapping[str, str] = {
    "github": "https://{host}/{project}/blob/{commit}/{path}{plain}#L{line}",
    "gitlab": "https://{host}/{project}/-/blob/{commit}/{path}{plain}#L{line}",
    "bitbucket": "https://{host}/{project}/src/{commit}/{path}#lines-{line}",
}
"""Address of a line by the first word of the host's name."""


def quote(path: str) -> str:
    """A path as part of a URI: everything but letters, digits, `-._~` and `/` percent-encoded, as bytes.

    Bytes of a file name that are not UTF-8 come back when it is decoded.
    """
    data = path.encode("utf-8", "surrogateescape") if not _lone(path) else path.encode("utf-8", "replace")
    return "".join(chr(byte) if byte in _SAFE else f"%{byte:02X}" for byte in data)


def _lone(text: str) -> bool:
    return any(0xD800 <= ord(c) < 0xDC80 or 0xDCFF < ord(c) <= 0xDFFF for c in text)


def from_top(report: Report, path: str) -> str:
    """A path relative to the top of the git repository, of which the audited folder may be a part."""
    return f"{report.git.prefix}/{path}" if report.git.prefix else path


def anchor(report: Report, finding: Finding) -> Location:
    """Where a finding is, with a path from the top of the repository and always a line.

    Without a place of its own: the first file that the rule's evidence names, else the report's landmark, line 1.
    """
    place = finding.location
    if place is None:
        evidence = next((r.evidence for r in report.results if r.rule.id == finding.rule_id), ())
        near = next((e.location.path for e in evidence if e.location), report.anchor)
        place = Location(near or NOWHERE)
    return replace(place, path=from_top(report, place.path), line=place.line or 1)


def source_url(report: Report, location: Location, options: Options) -> str | None:
    """Address of a line on the host's web pages; None unless it is sure that the host knows the commit.

    That is so in CI, which got the commit from there; a commit on somebody's laptop may never have been pushed.
    """
    remotes = dict(report.git.remotes)
    remote = remotes.get("origin") or next(iter(remotes.values()), "")
    found = _REMOTE.fullmatch(remote.strip())
    if options.ci is None or report.git.commit is None or found is None:
        return None
    pattern = _PAGES.get(found["host"].split(".")[0])
    if pattern is None:
        return None
    return pattern.format(
        host=found["host"],
        project=quote(found["path"].strip("/").removesuffix(".git")),
        commit=quote(report.git.commit),
        path=quote(from_top(report, location.path)),
        plain="?plain=1" if location.path.endswith((".ipynb", ".md", ".rst")) else "",
        line=location.line or 1,
    )
