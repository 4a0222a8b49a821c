"""How a file is to be read for credentials, judged by its path alone."""

from __future__ import annotations

from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

_SKIPPED = lazy_regex(
    r"(?i)\.(?:csv|tsv|jsonl|ndjson|svg|map|min\.js|min\.css|css|lock|sum|po|pot|dvc|cast)$|"
    r"(?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|conda-lock\.ya?ml|\.secrets\.baseline|"
    r"\.gitleaksignore|\.?gitleaks\.toml|tokenizer(?:_config)?\.json|vocab\.(?:json|txt)|merges\.txt)$|"
    r"(?:^|/)(?:node_modules|site-packages|bower_components|\.ipynb_checkpoints)/"
)
"""Generated and data files: what looks like a secret in them is a hash, a vocabulary, or somebody else's."""
_TRANSLATIONS = lazy_regex(r"(?i)(?:^|/)(?:i18n|locales?|lang|langs|languages|translations?)/|\.(?:resx|strings|xlf)$")
"""The word for "password" in forty languages."""
_CONFIGURATION = lazy_regex(
    r"(?i)(?:^|/)(?:\.?env(?:\.[\w.-]+)?|dockerfile[\w.-]*|containerfile|[._]netrc|"
    r"\.(?:npmrc|pypirc|databrickscfg|s3cfg)|\.?credentials|config)$|"
    r"\.(?:ini|cfg|conf|config|cnf|properties|toml|ya?ml|sh|bash|zsh|env|envrc|tfvars|rsp|dockerfile)$"
)
_PROSE = lazy_regex(r"(?i)\.(?:md|mdx|markdown|rst|adoc|txt|text|bat|cmd|ps1|fish)$|(?:^|/)[^./]+$|(?:^|/)\.[^./]+$")
_CREDENTIALS = lazy_regex(
    r"(?i)(?:^|/)(?:\.env(?:\.(?!example|sample|template|dist|defaults?|tpl|tmpl)[\w-]+)*|"
    r"\.?netrc|_netrc|\.pgpass|\.htpasswd|\.git-credentials|\.pypirc|\.npmrc|\.s3cfg|\.dockercfg|\.dockerconfigjson|"
    r"\.docker/config\.json|\.aws/credentials|\.?credentials|kaggle\.json|\.databrickscfg|id_(?:rsa|dsa|ecdsa|ed25519)|"
    r"\.streamlit/secrets\.toml|conf/local/credentials\.ya?ml|\.dvc/config\.local|client_secret[\w.-]*\.json|"
    r"[\w.-]*service[-_]?account[\w.-]*\.json|credentials\.json|token\.json|kubeconfig|\.kube/config|"
    r"[\w.-]*\.tfstate(?:\.backup)?|[\w.-]*\.tfvars|[\w.-]*\.(?:pem|key|ppk|publishsettings)|master\.key|"
    r"\.?ftpconfig|sftp(?:-config)?\.json|\.remote-sync\.json|wp-config\.php|logins\.json)$"
)
_ENCRYPTED = (
    b"\0GITCRYPT",
    b"$ANSIBLE_VAULT",
    b"age-encryption.org",
    b"-----BEGIN AGE ENCRYPTED",
    b"-----BEGIN PGP MESSAGE",
)


@dataclass(frozen=True)
class Reading:
    """`names` tells whether names and their values are looked at; `style` is that of `keywords.binding`."""

    names: bool
    style: str


def reading(path: str) -> Reading | None:
    """How to read a file; None for one that is not worth reading."""
    if _SKIPPED.search(path):
        return None
    style = "configuration" if _CONFIGURATION.search(path) else "prose" if _PROSE.search(path) else "code"
    return Reading(not _TRANSLATIONS.search(path), style)


def holds_credentials(path: str) -> bool:
    """True for files whose purpose is to hold credentials."""
    return bool(_CREDENTIALS.search(path))


def is_encrypted(data: bytes) -> bool:
    """True for files that a tool has encrypted for being committed."""
    if data.startswith(_ENCRYPTED) or b"kind: SealedSecret" in data:
        return True
    return b"ENC[AES256_GCM," in data and b"sops" in data
