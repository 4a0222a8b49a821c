"""Files that programs keep credentials in, each in a format of its own, judged by what they hold.

In these files nobody writes prose or examples, so that even a weak password counts; only blanks and placeholders do
not. A file's name alone is never a finding: of real `.env` files in public repositories most hold nothing secret.
"""

from __future__ import annotations

import binascii
import re
from functools import cache

from prodcheck.extract.secrets import filters, keywords
from prodcheck.extract.secrets.base import Match
from prodcheck.model import Confidence
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

MAX_SIZE = 200_000
"""Bytes. Whatever keeps credentials is small."""


@dataclass(frozen=True)
class Store:
    """One format: the files it occurs in, and a pattern whose group `v` is the value, matched line by line."""

    kind: str
    path: str
    pattern: str
    confidence: Confidence = Confidence.MEDIUM


_SETTING = r"(?m)^[ \t]*(?:export[ \t]+)?(?P<name>[\w.-]*(?:{words}))[ \t]*[=:][ \t]*[\"']?(?P<v>[^\s\"'#]{{3,200}})"

STORES: tuple[Store, ...] = (
    Store("Password in .netrc", r"(?:^|/)[._]?netrc$", r"\bpassword\s+(?P<v>\S{3,128})"),
    Store("PostgreSQL password", r"(?:^|/)\.pgpass$", r"(?m)^(?:[^:#\n]+:){4}(?P<v>\S{3,128})$"),
    Store(
        "Password hash",
        r"passwd$|(?:^|/)(?:etc/)?shadow$",
        r"(?m)^[\w.-]+:(?P<v>\$[\w.]{1,8}\$[^\s:]{8,200}|\{SHA\}[^\s:]+)",
    ),
    Store("Git credentials", r"(?:^|/)\.git-credentials$", r"(?m)^https?://[^:/\s]+:(?P<v>\S{3,200})@[\w.-]+$"),
    Store(
        "Registry credentials",
        r"(?:^|/)(?:\.dockercfg|\.dockerconfigjson|\.?docker/config\.json)$",
        r"\"auth\"\s*:\s*\"(?P<v>[A-Za-z0-9+/]{8,2000}={0,2})\"",
        Confidence.HIGH,
    ),
    Store(
        "npm token",
        r"(?:^|/)\.npmrc$",
        r"(?m)^[^#;\n]{0,200}:?_(?:authToken|auth|password)[ \t]*=[ \t]*(?P<v>[^\s$]{8,200})",
        Confidence.HIGH,
    ),
    Store("PyPI password", r"(?:^|/)\.pypirc$", r"(?m)^[ \t]*password[ \t]*[=:][ \t]*(?P<v>\S{3,300})"),
    Store(
        "Cloud credentials",
        r"(?:^|/)(?:\.aws/credentials|\.?credentials|\.s3cfg|\.databrickscfg|\.boto|\.tugboat)$",
        _SETTING.format(words="secret_access_key|secret_key|access_token|token|api_key|password"),
        Confidence.HIGH,
    ),
    Store("Kaggle API key", r"(?:^|/)kaggle\.json$", r"\"key\"\s*:\s*\"(?P<v>[0-9a-f]{32})\"", Confidence.HIGH),
    Store(
        "Password of a file transfer",
        r"(?i)(?:^|/)(?:\.?ftpconfig|(?:\.?sftp(?:-config)?|\.remote-sync|deployment-config|robomongo)\.json)$",
        r"(?i)\"(?:user)?(?:ssh)?(?:user)?(?:pass(?:word|phrase)?)\"\s*:\s*\"(?P<v>[^\"\n]{3,128})\"",
    ),
    Store(
        "Password of a file transfer",
        r"(?i)(?:filezilla|recentservers|sitemanager|webservers|data-?sources)[\w.-]*\.xml$",
        r"<Pass(?: [^>]{0,80})?>(?P<v>[^<\n]{3,128})</Pass>|\bpassword=\"(?P<w>[^\"\n]{3,128})\"",
    ),
    Store(
        "WordPress secret",
        r"(?:^|/)wp-config\.php$",
        r"define\(\s*'(?:DB_PASSWORD|[A-Z_]+_(?:KEY|SALT))',\s*'(?P<v>[^'\n]{3,128})'\s*\)",
    ),
    Store(
        "Saved login",
        r"(?:^|/)logins\.json$",
        r"\"encrypted(?:Username|Password)\"\s*:\s*\"(?P<v>[A-Za-z0-9+/=]{16,})\"",
        Confidence.LOW,
    ),
    Store("Rails master key", r"(?:^|/)master\.key$", r"\A(?P<v>[0-9a-f]{32})\s*\Z", Confidence.HIGH),
    Store(
        "Private key",
        r"\.ppk$",
        r"\APuTTY-User-Key-File-\d: \S+\s+Encryption: none[\s\S]{0,4000}?"
        r"Private-Lines: \d+\s+(?P<v>[A-Za-z0-9+/=]{40,})",
        Confidence.HIGH,
    ),
    Store(
        "Password of a mail server",
        r"(?:^|/)\.?(?:esmtprc|msmtprc|fetchmailrc|muttrc)$",
        r"(?m)^[ \t]*(?:set[ \t]+\w+_)?pass(?:word)?[ \t=]+\"?(?P<v>[^\s\"]{3,128})",
    ),
    Store(
        "Setting of an environment file",
        r"(?:^|/)\.env(?:\.(?!example|sample|template|dist|defaults?|tpl|tmpl)[\w-]+)*$",
        r"(?m)^[ \t]*(?:export[ \t]+)?"
        r"(?P<name>\w*(?:PASS|PASSWORD|PASSWD|PWD|SECRET|SECRET_KEY|API_KEY|APP_KEY|ACCESS_KEY|PRIVATE_KEY|TOKEN))"
        r"[ \t]*=[ \t]*[\"']?(?P<v>[^\s\"'#]{6,200})",
        Confidence.LOW,
    ),
)
_SIGNS = (
    "netrc pgpass passwd shadow credentials docker npmrc pypirc s3cfg databrickscfg boto tugboat kaggle ftp "
    "remote-sync deployment-config robomongo filezilla recentservers sitemanager webservers sources wp-config logins "
    "master.key .ppk smtprc fetchmailrc muttrc .env"
).split()
"""One of these is in the path of every store, in lower case: quicker to see than what their patterns say."""
_KUBERNETES = lazy_regex(r"(?m)^kind:[ \t]*Secret[ \t]*$")
_KUBERNETES_PART = lazy_regex(r"(?m)^(?P<kind>data|stringData):[ \t]*\n(?P<body>(?:[ \t]+\S[^\n]*\n?)+)")
_KUBERNETES_VALUE = lazy_regex(
    r"(?m)^[ \t]+(?P<name>[\w.-]+):[ \t]*[\"']?(?P<v>[^\s\"'#|>][^\s\"'#]{3,2000})[\"']?[ \t]*$"
)
_BLANK = lazy_regex(
    r"(?i)^(?:change[_-]?(?:me|it|this)\S*|your\S*|x{3,}|\*+|\.{3}|<.*>?|\$.*|\{\{.*|%.*|none|null|true|false|todo|"
    r"example\S*|placeholder|password|passwd|secret|token|test|foo|bar|base64:?)$|example|_here$|replace"
)


@cache
def _compiled() -> tuple[tuple[Store, re.Pattern[str], re.Pattern[str]], ...]:
    return tuple((store, lazy_regex(store.path), lazy_regex(store.pattern)) for store in STORES)


def credentials(path: str, data: bytes) -> list[Match]:
    """What a file of a known format keeps."""
    if len(data) > MAX_SIZE:
        return []
    found: list[Match] = []
    lower = path.lower()
    for store, where, pattern in _compiled() if any(sign in lower for sign in _SIGNS) else ():
        if where.search(path):
            text = data.decode("utf-8", "replace")
            for hit in pattern.finditer(text):
                group = "v" if hit["v"] is not None else "w"
                match = _kept(store, hit, group, text)
                if match is not None:
                    found.append(match)
    if path.endswith((".yaml", ".yml")) and b"Secret" in data and b"kind:" in data:
        found += _kubernetes(data.decode("utf-8", "replace"))
    return found


def _kept(store: Store, hit: re.Match[str], group: str, text: str) -> Match | None:
    value = hit[group]
    if _BLANK.search(value) and store.kind != "Password hash":
        return None
    name = hit["name"] if "name" in hit.re.groupindex else ""
    confidence = store.confidence
    if store.kind == "Registry credentials" and ":" not in _base64(value):
        return None
    if store.kind == "Setting of an environment file":
        if filters.is_other(value, name) and not filters.PASSWORD_NAME.search(name):
            return None
        if not any(c.isdigit() for c in value) and not filters.is_random(value):
            return None
    return Match(_offset(text, hit.start(group)), _offset(text, hit.end(group)), value, store.kind, confidence, name)


def _kubernetes(text: str) -> list[Match]:
    """Values of Kubernetes Secret manifests; sealed and external secrets hold none."""
    if not _KUBERNETES.search(text) or "{{" in text:
        return []
    found = []
    for part in _KUBERNETES_PART.finditer(text):
        for hit in _KUBERNETES_VALUE.finditer(part["body"]):
            value = hit["v"]
            plain = _base64(value) if part["kind"] == "data" else value
            if not plain or _BLANK.search(plain) or filters.grade(plain, "password") is None:
                continue
            if not keywords.is_strong(hit["name"]) and not (len(plain) >= 16 and filters.is_random(plain)):
                continue
            start = part.start("body") + hit.start("v")
            found.append(
                Match(
                    _offset(text, start),
                    _offset(text, start + len(value)),
                    value,
                    "Value of a Kubernetes secret",
                    Confidence.MEDIUM,
                    hit["name"],
                )
            )
    return found


def _base64(value: str) -> str:
    """The text in base64, or an empty string."""
    try:
        return binascii.a2b_base64(value + "=" * (-len(value) % 4)).decode("utf-8").strip()
    except (ValueError, binascii.Error):
        return ""


def _offset(text: str, index: int) -> int:
    """Byte offset in UTF-8 of a character."""
    return len(text[:index].encode("utf-8", "replace"))
