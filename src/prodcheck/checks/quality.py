"""Checks of the category `quality`."""

from __future__ import annotations

from collections.abc import Mapping

from prodcheck.facts import Facts
from prodcheck.model import Evidence, Outcome, Strength


def not_version_controlled(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """How far the folder is under version control: not at all, only locally, or with a remote."""
    git = facts.git
    if git.state == "unknown":
        return Outcome.unknown(git.reason or "what version control there is cannot be told")
    if git.state == "none":
        return Outcome(0.0, reason=git.reason or "no version control")
    if git.state == "other":
        return Outcome(1.0, (Evidence(f"versioned with {git.reason}"),), reason=f"versioned with {git.reason}")
    if git.state == "unborn":
        return Outcome(0.5, reason="a git repository without a single commit")
    commit = Evidence(f"commit {(git.commit or '')[:10]} of {(git.commit_time or '')[:10]}", strength=Strength.USED)
    code = [file for file in facts.files.values() if file.path.endswith((".py", ".ipynb", ".R", ".r", ".jl", ".scala"))]
    if git.tracked == 0:
        return Outcome(0.5, (commit,), reason="git tracks no file of this folder")
    if code and not any(file.tracked for file in code):
        return Outcome(0.5, (commit,), reason=f"git tracks none of the {len(code)} code files here")
    if not git.remotes:
        return Outcome(0.6, (commit,), reason="a git repository without a remote, so there is no second copy")
    remotes = tuple(Evidence(f"remote {name} is {url}") for name, url in git.remotes)
    return Outcome(1.0, (*remotes, commit), reason=f"git, with the remote {git.remotes[0][1]}")
