"""Schedules of the machine itself: crontabs, scripts and images that install one, systemd timers."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from prodcheck.extract.text import split_lines
from prodcheck.facts.operations.triggers import SCHEDULE, Trigger, trigger
from prodcheck.facts.operations.work import Work, words
from prodcheck.model import Location
from prodcheck.patterns import lazy_regex

CRON = lazy_regex(
    r"(?:@(?:hourly|daily|weekly|monthly|yearly|annually|midnight|reboot)|(?:[\d*][\d*/,\-]*\s+){2}"
    r"(?:[\d*][\w*/,\-?#]*\s+)(?:[\d*a-zA-Z][\w*/,\-?]*\s+)(?:[\d*a-zA-Z?][\w*/,\-#?]*))"
)
"""A cron expression of five fields, or a nickname."""
MAX_LINE = 2_000
"""Characters. Longer lines were not written by a person."""
_CRON_LINE = lazy_regex(rf"\s*(?P<when>{CRON.pattern})\s+(?P<command>\S.*)$")
_CRONTAB_NAME = lazy_regex(
    r"(?:^|/)(?:[\w.-]*crontab[\w.-]*|[\w.-]+\.cron(?:tab)?|cron\.d/[^/]+|cron(?:jobs?)?(?:\.txt)?)$", re.I
)
_SCRIPT_NAME = lazy_regex(r"(?:^|/)(?:dockerfile[^/]*|[^/]+\.(?:dockerfile|sh|bash)|makefile|entrypoint[^/]*)$", re.I)


def wants(path: str) -> bool:
    """Whether a file's name says that it may hold such a schedule."""
    return path.endswith(".timer") or _is_crontab(path) or _SCRIPT_NAME.search(path) is not None


def _is_crontab(path: str) -> bool:
    return _CRONTAB_NAME.search(path) is not None and not path.endswith((".py", ".yml", ".yaml", ".md", ".json"))


def find(path: str, text: str, work: Work) -> Iterator[Trigger]:
    """Schedules in one file that `wants` has chosen."""
    if path.endswith(".timer"):
        yield from _systemd(path, text, work)
    elif _is_crontab(path):
        yield from _crontab(path, text, work)
    else:
        yield from _installs_crontab(path, text, work)


def _command(
    system: str, when: str, command: str, path: str, line: int, work: Work, *, active: bool = True
) -> Iterator[Trigger]:
    """A trigger for a command, when the command does what these rules are about."""
    done = work.of_text(command, path, line)
    certain = bool(done)
    if not done:
        done = words(command)
    if done:
        files = tuple(f for c in work.commands(command, path, line) for f in work.scripts(c.argv))
        state = "" if active else ", paused"
        detail = f"{system} ({when}){state} runs `{command.strip()[:60]}`"
        yield trigger(system, SCHEDULE, done, detail, Location(path, line), active=active, certain=certain, files=files)


def _crontab(path: str, text: str, work: Work) -> Iterator[Trigger]:
    user_column = "/cron.d/" in f"/{path}"
    for number, line in enumerate(split_lines(text), start=1):
        commented = re.match(r"\s*#+\s*", line)
        match = _CRON_LINE.match(line[commented.end() :] if commented else line) if len(line) <= MAX_LINE else None
        if match:
            command = re.sub(r"^(?:root|\w+)\s+(?=\S*[/ ])", "", match["command"]) if user_column else match["command"]
            yield from _command("cron", match["when"].strip(), command, path, number, work, active=not commented)


def _installs_crontab(path: str, text: str, work: Work) -> Iterator[Trigger]:
    """`echo "0 3 * * * python train.py" | crontab -` in scripts and images."""
    if "cron" not in text:
        return
    for number, line in enumerate(split_lines(text), start=1):
        if "cron" not in line or line.lstrip().startswith("#") or len(line) > MAX_LINE:
            continue
        match = re.search(rf"[\"']\s*(?P<when>{CRON.pattern})\s+(?P<command>[^\"']+?)(?:\\n)?[\"']", line)
        if match:
            command = re.sub(r"^root\s+", "", match["command"])
            yield from _command("cron", match["when"].strip(), command, path, number, work)


def _systemd(path: str, text: str, work: Work) -> Iterator[Trigger]:
    timer = re.search(r"^\s*(OnCalendar|OnUnitActiveSec|OnBootSec)\s*=\s*(.+)$", text, re.MULTILINE)
    if not timer:
        return
    unit = re.search(r"^\s*Unit\s*=\s*(\S+)", text, re.MULTILINE)
    service = posixpath.join(
        posixpath.dirname(path), unit[1] if unit else posixpath.basename(path).replace(".timer", ".service")
    )
    line = text.count("\n", 0, timer.start(1)) + 1
    start = re.search(r"^\s*ExecStart\s*=\s*(.+)$", work.facts.text(service), re.MULTILINE)
    command = start[1] if start else posixpath.basename(service)
    yield from _command("systemd timer", f"{timer[1]}={timer[2].strip()}", command, path, line, work)
