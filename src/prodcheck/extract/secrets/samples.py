"""Made-up credentials of every kind, assembled at run time so that no scanner trips over this repository.

They are deterministic, have the exact shape of the real thing, and open nothing.
"""

from __future__ import annotations

import base64
import hashlib
import string
from collections.abc import Callable, Mapping

_ALNUM = string.ascii_letters + string.digits


def _random(seed: str, alphabet: str, length: int) -> str:
    """`length` characters of `alphabet` that look random and are always the same for a seed."""
    out: list[str] = []
    block = seed.encode()
    while len(out) < length:
        block = hashlib.sha256(block).digest()
        out += [alphabet[byte % len(alphabet)] for byte in block]
    return "".join(out[:length])


def _hex(seed: str, length: int) -> str:
    return _random(seed, "0123456789abcdef", length)


def _jwt() -> str:
    def part(text: str) -> str:
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    return ".".join(
        (part('{"alg":"HS256","typ":"JWT"}'), part('{"sub":"svc-42","iat":1700000000}'), _random("jwt", _ALNUM, 43))
    )


def _pem() -> str:
    body = base64.b64encode(b"".join(hashlib.sha512(bytes([i])).digest() for i in range(18))).decode()
    lines = [body[i : i + 64] for i in range(0, len(body), 64)]
    name = "RSA PRIVATE " + "KEY"
    return "\n".join((f"-----BEGIN {name}-----", *lines, f"-----END {name}-----"))


KINDS: Mapping[str, Callable[[], str]] = {
    "aws": lambda: "AK" + "IA" + _random("aws", string.ascii_uppercase + "234567", 16),
    "aws-secret": lambda: _random("aws-secret", _ALNUM + "+/", 40),
    "huggingface": lambda: "h" + "f_" + _random("huggingface", string.ascii_letters, 34),
    "openai": lambda: (
        "sk-" + "proj-" + _random("o1", _ALNUM + "_-", 73) + "a" + "T3Blbk" + "FJ" + _random("o2", _ALNUM, 74)
    ),
    "anthropic": lambda: "sk-" + "ant-" + "api03-" + _random("anthropic", _ALNUM + "_-", 93) + "AA",
    "github": lambda: "gh" + "p_" + _random("github", _ALNUM, 36),
    "github-fine-grained": lambda: "github" + "_pat_" + _random("g1", _ALNUM, 22) + "_" + _random("g2", _ALNUM, 59),
    "gitlab": lambda: "gl" + "pat-" + _random("gitlab", _ALNUM, 20),
    "google-api": lambda: "AI" + "za" + _random("google", _ALNUM + "_-", 34) + "k",
    "azure-storage": lambda: "Account" + "Key=" + _random("azure", _ALNUM + "+/", 86) + "==",
    "azure-client-secret": lambda: _random("ac", _ALNUM, 3) + "8" + "Q~" + _random("azure-client", _ALNUM, 34),
    "databricks": lambda: "da" + "pi" + _hex("databricks", 32),
    "wandb": lambda: _hex("wandb", 40),
    "kaggle": lambda: _hex("kaggle", 32),
    "slack": lambda: (
        "xo"
        + "xb-"
        + _random("s1", string.digits, 12)
        + "-"
        + _random("s2", string.digits, 12)
        + "-"
        + _random("s3", _ALNUM, 24)
    ),
    "stripe": lambda: "sk_" + "live_" + _random("stripe", _ALNUM, 24),
    "sendgrid": lambda: "S" + "G." + _random("sg1", _ALNUM, 22) + "." + _random("sg2", _ALNUM, 43),
    "npm": lambda: "np" + "m_" + _random("npm", _ALNUM, 36),
    "pypi": lambda: "py" + "pi-AgEIcHlwaS5vcmc" + _random("pypi", _ALNUM, 150),
    "replicate": lambda: "r" + "8_" + _random("replicate", _ALNUM, 37),
    "groq": lambda: "gs" + "k_" + _random("groq", _ALNUM, 52),
    "langsmith": lambda: "ls" + "v2_pt_" + _hex("ls1", 32) + "_" + _hex("ls2", 10),
    "pinecone": lambda: "pc" + "sk_" + _random("pc1", _ALNUM, 6) + "_" + _random("pc2", _ALNUM, 63),
    "nvidia": lambda: "nv" + "api-" + _random("nvidia", _ALNUM + "_-", 63) + "k",
    "pem": _pem,
    "jwt": _jwt,
    "password": lambda: "Tr4" + "vel-" + _random("password", _ALNUM, 8) + "!",
    "database-url": lambda: (
        "postgresql://svc_report:" + _random("database", _ALNUM, 14) + "@db-prod-1.internal.acme.io:5432/churn"
    ),
}
"""What `${secret:KIND}` in a rule example may name."""


def sample(kind: str) -> str:
    """A credential of one kind. Raises KeyError for a kind that is not in `KINDS`."""
    return KINDS[kind]()
