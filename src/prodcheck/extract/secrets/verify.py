"""Second looks: whether what has the shape of a credential is one."""

from __future__ import annotations

import binascii
import json
import re

from prodcheck.extract.secrets import filters
from prodcheck.extract.secrets.contexts import BASIC_HEADER, JWT, PRIVATE_KEY, URL_CREDENTIALS
from prodcheck.extract.secrets.formats import Format
from prodcheck.model import Confidence
from prodcheck.patterns import lazy_regex


def judge(form: Format, hit: re.Match[bytes], value: str) -> Confidence | None:
    """How sure a match of a format is a live credential; None when it is none."""
    if form is PRIVATE_KEY:
        return form.confidence if _is_private_key(value, hit) else None
    if form is JWT:
        return form.confidence if _is_private_jwt(value) else None
    if form is BASIC_HEADER:
        return _basic(value)
    if form is URL_CREDENTIALS:
        return _url(hit)
    if form.graded:
        return filters.grade(value, form.graded)
    if form.kind == "Google API key" and _in_browser(hit):
        return Confidence.LOW
    if filters.is_public(value) or filters.is_fake_token(value) or filters.entropy(value) < form.entropy:
        return None
    return form.confidence


def _is_private_key(body: str, hit: re.Match[bytes]) -> bool:
    """A whole key, not encrypted: an ellipsis, a placeholder or prose ends the body of an example early."""
    if b"ENCRYPTED" in hit["gap"]:
        return False
    if (
        len(body) < 780
        and hit["after"]
        and not hit["after"].startswith((b"-----", b"\\", b"<", b"`", b"}", b"]", b")", b";"))
    ):
        return False
    letters = re.sub(r"\\+[nr]|[^A-Za-z0-9+/=]", "", body)
    return len(letters) >= 60 and filters.entropy(letters) >= 4.0


def _decoded(part: str) -> object:
    from base64 import urlsafe_b64decode

    try:
        return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None


def _is_private_jwt(token: str) -> bool:
    """False for what does not decode, for the example of jwt.io, and for tokens made for browsers."""
    head, payload = (_decoded(part) for part in token.split(".")[:2])
    if not isinstance(head, dict) or not isinstance(payload, dict) or not ("alg" in head or "typ" in head):
        return False
    return payload.get("name") != "John Doe" and payload.get("role") != "anon"


def _basic(value: str) -> Confidence | None:
    """`user:password` in base64."""
    try:
        user, colon, password = binascii.a2b_base64(value + "=" * (-len(value) % 4)).decode("ascii").partition(":")
    except (ValueError, binascii.Error):
        return None
    if not colon or not (user + password).isprintable():
        return None
    return filters.grade(password, "password")


_BROWSER = lazy_regex(rb"(?i)authDomain|firebase|storageBucket|maps/api/js|recaptcha")


def _in_browser(hit: re.Match[bytes]) -> bool:
    """True for keys that web pages are made to carry: of Firebase, of maps."""
    return bool(_BROWSER.search(hit.string, max(0, hit.start() - 300), hit.end() + 300))


_LOCAL_HOST = lazy_regex(r"(?i)^(?:localhost|127\.|0\.0\.0\.0|\[?::1|host\.docker)")
_EXAMPLE_HOST = lazy_regex(r"(?i)example|^(?:host|hostname|server|ip|your|my)(?:[\W_]|name$|$)|<")


def _url(hit: re.Match[bytes]) -> Confidence | None:
    user, value, host = (hit.group(g).decode("utf-8", "replace") for g in ("user", "v", "host"))
    if _EXAMPLE_HOST.search(host) or re.search(r"[{}$<>%*]", user) or value.lower() == user.lower():
        return None
    confidence = filters.grade(value, "password")
    if "." not in host or _LOCAL_HOST.search(host):
        return confidence and Confidence.LOW
    if confidence is None and len(value) >= 6 and any(c.isdigit() for c in value) and not filters.is_other(value, user):
        return Confidence.LOW  # weak, but of a server that can be reached
    return confidence
