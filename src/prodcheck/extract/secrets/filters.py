"""What is not a secret although it stands where one could: placeholders, look-ups, names, paths, words.

Every filter is a plain function of the value, its name, or both. On labelled code these filters, not better patterns, are what
moves the precision of a keyword rule from a third to nine tenths.
"""

from __future__ import annotations

import math
import re
from collections import Counter

_PLACEHOLDER = re.compile(
    r"example|sample|your|change[_-]?(?:me|it|this)|dummy|fake|placeholder|redacted|insert|replace|enter|todo|fixme|"
    r"x{3,}|\*{2,}|\.{3}|…|<[^>]*>|\{\{|\$\{|%\(|\$\(|#\{|\{[a-z_.]*\}|%[sd]|not[_-]?(?:set|real|used)|undefined|hidden|"
    r"my[_-]?(?:secret|pass|token|key|api)|(?:some|super|very)[_-]?secret|123456|abcdef|qwerty|deadbeef|0{6,}|lorem|foobar|"
    r"\bfoo|\bbar\b|^test|test$|secret|passw|(?:api|access)[_-]?key|token",
    re.IGNORECASE,
)
_TOKEN_PLACEHOLDER = re.compile(
    r"example|x{6,}|(.)\1{7,}|123456789|abcdefgh|01234567|deadbeef|your|placeholder|dummy|fake|redact|sample|notareal|testtest",
    re.IGNORECASE,
)
_CODE = re.compile(r"\w\(|\)$|^\$|^@[\w.]+$|^&|->|=>|::|\[|\]|^%|==|&&|\|\|")
_PATH = re.compile(
    r"^(?:[a-z][a-z0-9+.-]{1,20}://|[./~\\]|[A-Za-z]:\\|arn:|s3:)|^(?:[\w.-]+/)+[\w.-]+$|\.(?:pem|key|json|ya?ml|txt|py|crt)$",
    re.I,
)
_UUID = re.compile(r"^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$", re.I)
_NUMBER = re.compile(r"^[\d.,:/+\-eE_ ]+$")
_DOTTED = re.compile(r"^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$")
_IDENTIFIER = re.compile(r"^[A-Za-z_]+(?:[_\-. ][A-Za-z]+)*\d{0,2}$")
_NOT_SECRET_NAME = re.compile(
    r"tokeni[sz]|tokens$|(?:^|[_\W])n_?tokens|(?:pad|eos|bos|unk|mask|sep|cls|image|stop|start|end|special|next|new|prev|sub|"
    r"continuation|page|sync|csrf|xsrf|delim\w*|audio|video|prompt|completion|vocab|input|output|max|min|num)_?-?token|"
    r"token_?-?(?:id|type|class|count|url|uri|name|path|file|len|length|limit|index|idx|endpoint|size|embed|level|kind|text|info|list|map|"
    r"set|dict|mask|pos|position|value_type|expir|ttl|usage|budget|price|cost|format|regex|pattern|header)|"
    r"(?:secret|key|password|passwd|pwd|credentials?|token|passphrase)s?_?-?(?:name|arn|id|ids|ref|path|env|scope|file|url|uri|field|policy|header|hash|"
    r"label|hint|help|description|prompt|message|error|type|format|length|len|regex|pattern|placeholder|manager|store|version|"
    r"provider|resolver|class|template|validator|reset|change|confirm|strength|required|min|max|rotation|expir\w*|algorithm|size|"
    r"title|text|var|variable|prefix|suffix|column|param|parameter|dir|location|input|selector|input_?id)|"
    r"public_?-?key|publishable|pub_?key|primary_?key|foreign_?key|sort_?key|partition_?key|site_?key|csrf|xsrf|"
    r"(?:no|has|is|use|show|need|require|reset|forgot|forget|invalid|wrong|incorrect|missing|get|set|check|verify|validate)_?(?:secret|passw|pwd|token|credential)",
    re.IGNORECASE,
)
PASSWORD_NAME = re.compile(r"passw|passwd|pwd|passphrase|(?:^|[_\-.])pass$|^pass$", re.IGNORECASE)


def entropy(value: str) -> float:
    """Shannon entropy in bits a character."""
    total = len(value)
    if not total:
        return 0.0
    return -sum(n / total * math.log2(n / total) for n in Counter(value).values())


def is_fake_token(value: str) -> bool:
    """True for tokens of the right shape that documentation makes up: EXAMPLE, runs of one character, counting."""
    return bool(_TOKEN_PLACEHOLDER.search(value))


def is_secret_name(name: str) -> bool:
    """False for names that only look as if they held a credential, above all the tokens of language models."""
    return not _NOT_SECRET_NAME.search(name)


def character_classes(value: str) -> int:
    """How many of lower case, upper case, digits and others occur, 0 to 4."""
    return sum(
        (
            any(c.islower() for c in value),
            any(c.isupper() for c in value),
            any(c.isdigit() for c in value),
            any(not c.isalnum() for c in value),
        )
    )


def is_plausible(value: str, name: str) -> bool:
    """True when a value bound to a secret-like name is a credential and not one of the many other things."""
    if len(value) < 6 or len(value) > 256 or any(c in value for c in " \t"):
        return False
    if _PLACEHOLDER.search(value) or _CODE.search(value) or _PATH.search(value):
        return False
    if _NUMBER.match(value) or _DOTTED.match(value) or _UUID.match(value):
        return False
    folded = re.sub(r"[\W_]", "", value).lower()
    if folded in re.sub(r"[\W_]", "", name).lower() or not folded:
        return False
    if _IDENTIFIER.match(value):
        return False
    if len(set(value)) < 4:
        return False
    password = bool(PASSWORD_NAME.search(name))
    if not any(c.isdigit() for c in value):
        return False
    if password:
        return character_classes(value) >= 2
    return len(value) >= 12 and entropy(value) >= 3.2
