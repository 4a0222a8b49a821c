"""Credentials without a prefix of their own: keys and tokens by structure, and values by the words around them."""

from __future__ import annotations

from prodcheck.extract.secrets.formats import Format
from prodcheck.model import Confidence
from prodcheck.records import dataclass

PRIVATE_KEY = Format(
    "Private key",
    ("-----begin",),
    r"-----BEGIN (?:(?:RSA|EC|DSA|OPENSSH|PGP) )?PRIVATE KEY(?: BLOCK)?-----"
    # What may stand between the header and the body: line ends (escaped too), string quotes, PEM and PGP headers.
    r"(?P<gap>(?:\\+[nr]|[\s\"'+,|>*#/]|(?:Proc-Type|DEK-Info|Version|Comment|Charset):[^\n\\]{0,120}(?=[\n\\])){1,60})"
    r"(?P<v>[A-Za-z0-9+/=](?:[A-Za-z0-9+/=]|\\+[nr]|[\s\"'+,|>*#]){59,800})(?P<after>.{0,5})",
)
"""A header alone is no key: documentation, and code that parses keys, are full of them."""

JWT = Format(
    "JSON web token",
    ("eyj",),
    r"(?<![A-Za-z0-9_.+/-])eyJ[A-Za-z0-9_-]{14,300}\.eyJ[A-Za-z0-9_-]{10,800}\.[A-Za-z0-9_-]{20,100}(?![A-Za-z0-9_-])",
    "JwtTokenDetector",
    confidence=Confidence.MEDIUM,
)

URL_CREDENTIALS = Format(
    "Password in a URL",
    ("://",),
    r"://(?P<user>[^\s/:@'\"`<>,()\[\]\\?#=]{0,64}):(?P<v>[^\s/@'\"`<>()\[\]\\?#]{3,128})"
    r"@(?P<host>[^\s/:'\"`<>\\?#]{1,128})",
    "BasicAuthDetector",
    confidence=Confidence.MEDIUM,
    graded="password",
)

BASIC_HEADER = Format(
    "HTTP Basic credentials",
    ("basic ",),
    r"(?<![A-Za-z])[Bb]asic (?P<v>[A-Za-z0-9+/]{8,200}={0,2})(?![A-Za-z0-9+/=])",
    confidence=Confidence.MEDIUM,
)

BEARER_HEADER = Format(
    "Bearer token",
    ("bearer ",),
    r"(?<![A-Za-z])[Bb]earer (?P<v>[A-Za-z0-9._~+/-]{16,600}={0,2})(?![A-Za-z0-9._~+/=-])",
    confidence=Confidence.MEDIUM,
    graded="token",
)

ANYWHERE: tuple[Format, ...] = (PRIVATE_KEY, URL_CREDENTIALS, BASIC_HEADER, BEARER_HEADER)
"""What is a credential wherever it stands, also in the output of a program."""

CONTEXTUAL: tuple[Format, ...] = (
    Format(
        "Password in SQL",
        ("identified by",),
        r"(?i:(?:alter|create|grant)\b[^\n;]{1,120}?identified by)\s{1,4}(?P<q>['\"]?)(?P<v>[^\s'\";,]{4,64})(?P=q)",
        confidence=Confidence.MEDIUM,
        graded="password",
        before=140,
    ),
    Format(
        "Password on a command line",
        ("pass",),
        r"(?:(?<=in )pass:|(?<=out )pass:|(?<=ssh)pass -p ?)(?P<q>['\"]?)(?P<v>[^\s'\"]{4,64})(?P=q)",
        confidence=Confidence.MEDIUM,
        graded="password",
    ),
    Format(
        "Password on a command line",
        ("curl ", "docker login"),
        r"(?:curl|docker login)\s(?:[^\n]{0,200}?\s)??"
        r"(?:(?:-u|--user)[ =]?['\"]?[\w.@-]{1,64}:|-p )"
        r"['\"]?(?P<v>[^\s'\"@:]{4,64})['\"]?(?=\s|$)",
        confidence=Confidence.MEDIUM,
        graded="password",
    ),
    Format(
        "Password of a mail account",
        (".login(",),
        r"\.login\(\s{0,8}[\"'][\w.+-]{1,64}@[\w.-]{1,64}[\"']\s{0,4},\s{0,8}(?P<q>[\"'])(?P<v>[^\"'\n]{6,64})(?P=q)",
        confidence=Confidence.MEDIUM,
        graded="password",
    ),
    Format(
        "Weights & Biases API key",
        ("wandb",),
        r"wandb[ .]login\b[^\n]{0,80}?(?<![0-9A-Za-z])(?P<v>[0-9a-f]{40})(?![0-9A-Za-z])",
    ),
)
"""What is a credential only in code or configuration, given away by the words in front of it."""


@dataclass(frozen=True)
class Bound:
    """A value that means something only under a certain name, such as 40 hexadecimal digits after `WANDB_API_KEY`."""

    kind: str
    name: str
    value: str


BOUND: tuple[Bound, ...] = (
    Bound("AWS secret access key", r"(?i)aws.*secret|secret_?access_?key|aws_?secret", r"[A-Za-z0-9/+]{40}"),
    Bound("Weights & Biases API key", r"(?i)wandb|w_and_b|weights_?and_?biases", r"[0-9a-f]{40}"),
    Bound("Kaggle API key", r"(?i)kaggle|[\"']username[\"'\\]{1,3}\s*:", r"[0-9a-f]{32}"),
    Bound("Comet API key", r"(?i)comet", r"[A-Za-z0-9]{25}"),
    Bound("ClearML secret key", r"(?i)(?:clearml|trains).*secret", r"[A-Za-z0-9_-]{40,60}"),
    Bound("Cohere API key", r"(?i)cohere|co_api_key", r"[A-Za-z0-9]{40}"),
    Bound("Pinecone API key", r"(?i)pinecone", r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"),
    Bound("Mistral API key", r"(?i)mistral", r"[A-Za-z0-9]{32}"),
    Bound("Datadog API key", r"(?i)datadog|dd_api_key|dd_app_key", r"[0-9a-f]{32}|[0-9a-f]{40}"),
    Bound("Twilio auth token", r"(?i)twilio", r"[0-9a-f]{32}"),
    Bound("Azure OpenAI key", r"(?i)azure.*(?:key|secret)|ocp-apim", r"[0-9a-f]{32}|[A-Za-z0-9]{84}"),
    Bound("Heroku API key", r"(?i)heroku", r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"),
    Bound("Together AI API key", r"(?i)together", r"[0-9a-f]{64}"),
    Bound("DeepSeek API key", r"(?i)deepseek", r"sk-[0-9a-f]{32}"),
)
"""Most specific first: the first that fits names the kind."""
