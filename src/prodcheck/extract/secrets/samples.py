"""Made-up credentials of every kind, assembled at run time so that no scanner trips over this repository.

They are deterministic, have the exact shape of the real thing, and open nothing.
"""

from __future__ import annotations

import base64
import hashlib
import string
from collections.abc import Callable, Mapping

from prodcheck.records import dataclass

_ALNUM = string.ascii_letters + string.digits
_URLSAFE = _ALNUM + "_-"
_BASE64 = _ALNUM + "+/"
_HEX = "0123456789abcdef"


def _roll(seed: str, alphabet: str, length: int) -> str:
    """`length` characters of `alphabet` that look rolled and are always the same for a seed."""
    out: list[str] = []
    block = seed.encode()
    while len(out) < length:
        block = hashlib.sha256(block).digest()
        out += [alphabet[byte % len(alphabet)] for byte in block]
    return "".join(out[:length])


@dataclass(frozen=True)
class Shape:
    """Pieces that make a credential: text as it is, or (alphabet, length) to be rolled; and its usual name."""

    pieces: tuple[str | tuple[str, int], ...]
    name: str = "API_TOKEN"

    def __call__(self, seed: str) -> str:
        return "".join(
            piece if isinstance(piece, str) else _roll(f"{seed}/{position}", *piece)
            for position, piece in enumerate(self.pieces)
        )


def _jwt(seed: str) -> str:
    def part(text: str) -> str:
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    subject = _roll(seed, string.digits, 6)
    return ".".join(
        (part('{"alg":"HS256","typ":"JWT"}'), part(f'{{"sub":"svc-{subject}"}}'), _roll(seed, _URLSAFE, 43))
    )


def _pem(seed: str) -> str:
    body = base64.b64encode(b"".join(hashlib.sha512(f"{seed}{i}".encode()).digest() for i in range(18))).decode()
    lines = [body[i : i + 64] for i in range(0, len(body), 64)]
    name = "RSA PRIVATE " + "KEY"
    return "\n".join((f"-----BEGIN {name}-----", *lines, f"-----END {name}-----"))


SHAPES: Mapping[str, Shape] = {
    "aws": Shape(("AK", "IA", (string.ascii_uppercase + "234567", 16)), "AWS_ACCESS_KEY_ID"),
    "aws-secret": Shape(((_BASE64, 40),), "AWS_SECRET_ACCESS_KEY"),
    "huggingface": Shape(("h", "f_", (string.ascii_letters, 34)), "HF_TOKEN"),
    "openai": Shape(("sk-", "proj-", (_URLSAFE, 73), "a", "T3Blbk", "FJ", (_URLSAFE, 73), "k"), "OPENAI_API_KEY"),
    "openai-legacy": Shape(("sk", "-", (_ALNUM, 20), "T3Blbk", "FJ", (_ALNUM, 20)), "OPENAI_API_KEY"),
    "anthropic": Shape(("sk-", "ant-", "api03-", (_URLSAFE, 93), "AA"), "ANTHROPIC_API_KEY"),
    "github": Shape(("gh", "p_", (_ALNUM, 36)), "GITHUB_TOKEN"),
    "github-fine-grained": Shape(("github", "_pat_", (_ALNUM, 22), "_", (_ALNUM, 59)), "GITHUB_TOKEN"),
    "gitlab": Shape(("gl", "pat-", (_ALNUM, 20)), "GITLAB_TOKEN"),
    "google-api": Shape(("AI", "za", (_URLSAFE, 34), "k"), "GOOGLE_API_KEY"),
    "google-oauth": Shape(("GOC", "SPX-", (_URLSAFE, 27), "k"), "GOOGLE_CLIENT_SECRET"),
    "azure-storage": Shape(("Account", "Key=", (_BASE64, 86), "=="), "AZURE_STORAGE_CONNECTION_STRING"),
    "azure-client-secret": Shape(((_ALNUM, 3), "8", "Q~", (_ALNUM, 34)), "AZURE_CLIENT_SECRET"),
    "databricks": Shape(("da", "pi", (_HEX, 32)), "DATABRICKS_TOKEN"),
    "wandb": Shape(((_HEX, 40),), "WANDB_API_KEY"),
    "kaggle": Shape(((_HEX, 32),), "KAGGLE_KEY"),
    "slack": Shape(("xo", "xb-", (string.digits, 12), "-", (string.digits, 12), "-", (_ALNUM, 24)), "SLACK_BOT_TOKEN"),
    "slack-app": Shape(
        ("xa", "pp-1-", (string.ascii_uppercase, 11), "-", (string.digits, 13), "-", (_HEX, 64)), "SLACK_APP_TOKEN"
    ),
    "stripe": Shape(("sk_", "live_", (_ALNUM, 24)), "STRIPE_SECRET_KEY"),
    "sendgrid": Shape(("S", "G.", (_URLSAFE, 22), ".", (_URLSAFE, 42), "k"), "SENDGRID_API_KEY"),
    "npm": Shape(("np", "m_", (_ALNUM, 36)), "NPM_TOKEN"),
    "pypi": Shape(("py", "pi-AgEIcHlwaS5vcmc", (_URLSAFE, 150), "k"), "TWINE_PASSWORD"),
    "replicate": Shape(("r", "8_", (_ALNUM, 37)), "REPLICATE_API_TOKEN"),
    "groq": Shape(("gs", "k_", (_ALNUM, 52)), "GROQ_API_KEY"),
    "langsmith": Shape(("ls", "v2_pt_", (_HEX, 32), "_", (_HEX, 10)), "LANGSMITH_API_KEY"),
    "pinecone": Shape(("pc", "sk_", (_ALNUM, 6), "_", (_ALNUM, 63)), "PINECONE_API_KEY"),
    "nvidia": Shape(("nv", "api-", (_URLSAFE, 63), "k"), "NVIDIA_API_KEY"),
    "perplexity": Shape(("pp", "lx-", (_ALNUM, 48)), "PERPLEXITY_API_KEY"),
    "digitalocean": Shape(("do", "p_v1_", (_HEX, 64)), "DIGITALOCEAN_TOKEN"),
    "grafana": Shape(("gl", "sa_", (_ALNUM, 32), "_", (_HEX, 8)), "GRAFANA_TOKEN"),
    "vault": Shape(("hv", "s.", (_URLSAFE, 89), "k"), "VAULT_TOKEN"),
    "neptune": Shape(("eyJhcGlf", "YWRkcmVzcyI6I", (_ALNUM, 140)), "NEPTUNE_API_TOKEN"),
    "comet": Shape(((_ALNUM, 25),), "COMET_API_KEY"),
    "password": Shape(("Tr4", "vel-", (_ALNUM, 8), "!"), "DB_PASSWORD"),
    "database-url": Shape(
        ("postgresql://", "svc_report:", (_ALNUM, 14), "@db-prod-1.internal.acme.io:5432/churn"), "DATABASE_URL"
    ),
}
"""Credentials on one line, most of them recognisable by themselves."""

KINDS: Mapping[str, Callable[[str], str]] = {**SHAPES, "pem": _pem, "jwt": _jwt}
"""What `${secret:KIND}` in a rule example may name."""


def sample(kind: str, seed: str = "") -> str:
    """A credential of one kind; other seeds give others. Raises KeyError for a kind that is not in `KINDS`."""
    return KINDS[kind](f"{kind}{seed}")
