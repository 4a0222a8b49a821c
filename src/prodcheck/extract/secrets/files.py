"""How a file is to be read for credentials, judged by its path alone."""

from __future__ import annotations

from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

_SKIPPED_ENDS = tuple(".csv .tsv .jsonl .ndjson .svg .map .min.js .min.css .css .lock .sum .po .pot .dvc .cast".split())
_SKIPPED_NAMES = frozenset(
    "package-lock.json npm-shrinkwrap.json pnpm-lock.yaml conda-lock.yml conda-lock.yaml .secrets.baseline "
    ".gitleaksignore gitleaks.toml .gitleaks.toml tokenizer.json tokenizer_config.json vocab.json vocab.txt "
    "merges.txt".split()
)
_SKIPPED_FOLDERS = frozenset("node_modules site-packages bower_components .ipynb_checkpoints".split())
"""Generated and data files: what looks like a secret in them is a hash, a vocabulary, or somebody else's."""
_TRANSLATIONS = frozenset("i18n locale locales lang langs languages translation translations".split())
_TRANSLATED_ENDS = (".resx", ".strings", ".xlf")
"""The word for "password" in forty languages."""
_CONFIGURATION_ENDS = tuple(
    ".ini .cfg .conf .config .cnf .properties .toml .yml .yaml .sh .bash .zsh .env .envrc .tfvars .rsp "
    ".dockerfile".split()
)
_CONFIGURATION_NAMES = frozenset(
    "env .env containerfile .netrc _netrc .npmrc .pypirc .databrickscfg .s3cfg credentials .credentials config".split()
)
_ENVIRONMENT = lazy_regex(r"\.?env\.[\w.-]+|dockerfile[\w.-]*")
_PROSE_ENDS = tuple(".md .mdx .markdown .rst .adoc .txt .text .bat .cmd .ps1 .fish".split())
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
    *folders, name = path.lower().split("/")
    if name.endswith(_SKIPPED_ENDS) or name in _SKIPPED_NAMES or not _SKIPPED_FOLDERS.isdisjoint(folders):
        return None
    translated = name.endswith(_TRANSLATED_ENDS) or not _TRANSLATIONS.isdisjoint(folders)
    return Reading(not translated, _style(name))


def _style(name: str) -> str:
    if name.endswith(_CONFIGURATION_ENDS) or name in _CONFIGURATION_NAMES:
        return "configuration"
    if name.startswith(("env.", ".env.", "dockerfile")) and _ENVIRONMENT.fullmatch(name):
        return "configuration"
    bare = name[1:] if name.startswith(".") else name
    return "prose" if name.endswith(_PROSE_ENDS) or "." not in bare else "code"


def holds_credentials(path: str) -> bool:
    """True for files whose purpose is to hold credentials."""
    return bool(_CREDENTIALS.search(path))


def is_encrypted(data: bytes) -> bool:
    """True for files that a tool has encrypted for being committed."""
    if data.startswith(_ENCRYPTED) or b"kind: SealedSecret" in data:
        return True
    return b"ENC[AES256_GCM," in data and b"sops" in data
