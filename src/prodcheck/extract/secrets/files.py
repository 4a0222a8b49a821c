"""How a file is to be read for credentials, judged by its path, and files that exist to hold credentials."""

from __future__ import annotations

import re
from dataclasses import dataclass

from prodcheck.extract.secrets.base import Match

_SKIPPED = re.compile(
    r"(?i)\.(?:csv|tsv|jsonl|ndjson|svg|map|min\.js|min\.css|css|ipynb_checkpoints|lock|sum|po|pot|dvc|cassette)$|"
    r"(?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|poetry\.lock|pnpm-lock\.yaml|yarn\.lock|pipfile\.lock|uv\.lock|conda-lock\.ya?ml|"
    r"\.secrets\.baseline|\.gitleaksignore|\.gitleaks\.toml|gitleaks\.toml|go\.sum|tokenizer\.json|vocab\.json|merges\.txt|vocab\.txt)$|"
    r"(?:^|/)(?:node_modules|site-packages|bower_components|\.ipynb_checkpoints)/"
)
_TRANSLATIONS = re.compile(r"(?i)(?:^|/)(?:i18n|locales?|lang|langs|languages|translations?)/|\.(?:resx|strings|xlf)$")
_BARE_VALUES = re.compile(
    r"(?i)(?:^|/)(?:\.?env(?:\.[\w.-]+)?|[\w.-]*\.env|dockerfile[\w.-]*|\.netrc|_netrc|\.pgpass|\.npmrc|\.pypirc|\.databrickscfg|credentials|config)$|"
    r"\.(?:ini|cfg|conf|config|cnf|properties|toml|ya?ml|sh|bash|zsh|env|envrc|tfvars)$"
)
_CREDENTIAL_FILES = re.compile(
    r"(?i)(?:^|/)(?:\.env(?:\.(?!example|sample|template|dist|defaults?|tpl|tmpl)[\w-]+)*|\.netrc|_netrc|\.pgpass|\.htpasswd|\.git-credentials|"
    r"\.aws/credentials|kaggle\.json|\.databrickscfg|\.pypirc|\.npmrc|id_(?:rsa|dsa|ecdsa|ed25519)|\.streamlit/secrets\.toml|"
    r"conf/local/credentials\.ya?ml|\.dvc/config\.local|client_secret[\w.-]*\.json|[\w.-]*service[-_]?account[\w.-]*\.json|credentials\.json|token\.json|"
    r"terraform\.tfstate(?:\.backup)?|[\w.-]*\.tfvars|kubeconfig|[\w.-]*\.(?:pem|key|p12|pfx|jks|ppk|tfstate|publishsettings))$"
)


@dataclass(frozen=True)
class Reading:
    """`names` tells whether names and their values are looked at, `quotes_optional` whether values may stand bare."""

    names: bool
    quotes_optional: bool


def reading(path: str) -> Reading | None:
    """How to read a file; None for generated and data files, where what looks like a secret is not one."""
    if _SKIPPED.search(path):
        return None
    return Reading(names=not _TRANSLATIONS.search(path), quotes_optional=bool(_BARE_VALUES.search(path)))


def is_credential_file(path: str) -> bool:
    """True for files whose purpose is to hold credentials."""
    return bool(_CREDENTIAL_FILES.search(path))


def credentials(path: str, data: bytes, known: list[Match]) -> list[Match]:
    """Credentials that only the format of the whole file gives away."""
    return []
