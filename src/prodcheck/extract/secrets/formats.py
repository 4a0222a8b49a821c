"""Token formats as data: what the credentials of each provider look like.

A format is found by one of its literals (in lower case; case is ignored), which begins a long run of token characters
unless it is listed in `INSIDE`, and decided by its pattern, matched at the literal and never searched for elsewhere.
Formats of providers that detect-secrets knows name its plugin, which has to agree; all the others are ours, and
`detect_secrets_plugin.py` offers them to detect-secrets.

Adding a provider is one entry here, and one sample in `samples.py` for the tests.
"""

from __future__ import annotations

import re

from prodcheck.model import Confidence
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

_START = r"(?<![A-Za-z0-9_/+-])"
_END = r"(?![A-Za-z0-9_/+=-])"
_END_DASHED = r"(?![A-Za-z0-9_-])"


@dataclass(frozen=True)
class Format:
    """One token format. The value is group `v` of the pattern if there is one, else the whole match.

    `before` is how many bytes in front of the literal the token may begin. `entropy` is the least Shannon entropy, in
    bits a character, of what follows the fixed prefix.
    """

    kind: str
    literals: tuple[str, ...]
    pattern: str
    plugin: str = ""
    before: int = 0
    entropy: float = 3.0
    confidence: Confidence = Confidence.HIGH
    graded: str = ""
    """When set, the value is judged like a literal that is bound to this name."""

    def compiled(self) -> re.Pattern[bytes]:
        return lazy_regex(self.pattern.encode())


def _token(kind: str, literal: str, body: str, plugin: str = "", end: str = _END, entropy: float = 3.0) -> Format:
    """A fixed prefix followed by a body, with nothing token-like on either side."""
    return Format(kind, (literal.lower(),), _START + re.escape(literal) + body + end, plugin, entropy=entropy)


_MEDIUM = Confidence.MEDIUM

FORMATS: tuple[Format, ...] = (
    Format(
        "AWS access key",
        ("akia", "asia", "abia", "acca"),
        # A signed link names the key that signed it, which opens nothing without its secret.
        _START + r"(?<!Credential=)(?<!AccessKeyId=)(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}" + _END,
        "AWSKeyDetector",
    ),
    Format(
        "GitHub token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
        _START + r"gh[pousr]_[A-Za-z0-9]{36}" + _END,
        "GitHubTokenDetector",
    ),
    _token("GitHub token", "github_pat_", r"[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    Format(
        "GitLab token",
        ("glpat-", "gldt-", "glrt-", "glsoat-"),
        _START + r"gl(?:pat|dt|rt|soat)-[A-Za-z0-9_-]{20,50}" + _END_DASHED,
        "GitLabTokenDetector",
    ),
    _token("GitLab token", "GR1348941", r"[A-Za-z0-9_-]{20,50}", "GitLabTokenDetector"),
    _token("Hugging Face token", "hf_", r"[A-Za-z]{34}"),
    _token("Hugging Face token", "api_org_", r"[A-Za-z]{34}"),
    Format(
        "OpenAI API key",
        ("sk-",),
        _START + r"sk-(?:[a-z]{2,12}-)?[A-Za-z0-9_-]{20,100}T3BlbkFJ[A-Za-z0-9_-]{20,100}" + _END_DASHED,
    ),
    Format(
        "OpenRouter API key",
        ("sk-or-v1-",),
        _START + r"sk-or-v1-[0-9a-f]{64}" + _END,
    ),
    _token("Anthropic API key", "sk-ant-", r"(?:api|admin|oat)\d\d-[A-Za-z0-9_-]{80,110}", end=_END_DASHED),
    _token("Google API key", "AIza", r"[A-Za-z0-9_-]{35}", end=_END_DASHED),
    _token("Google OAuth client secret", "GOCSPX-", r"[A-Za-z0-9_-]{28}", end=_END_DASHED),
    Format(
        "Google OAuth token",
        ("ya29.",),
        r"(?<![A-Za-z0-9_-])ya29\.[A-Za-z0-9_-]{60,300}" + _END_DASHED,
        confidence=_MEDIUM,
    ),
    Format(
        "Azure storage account key",
        ("key",),
        r"(?<=Account)Key=(?P<v>[A-Za-z0-9+/]{86}==)",
        "AzureStorageKeyDetector",
    ),
    Format(
        "Azure shared access key",
        ("key",),
        r"(?<=SharedAccess)Key=(?P<v>[A-Za-z0-9+/]{42,43}=)",
    ),
    Format(
        "Azure shared access signature",
        ("sig=",),
        r"sig=(?P<v>[A-Za-z0-9%/+]{43,70}(?:%3D|=))" + r"(?![A-Za-z0-9])",
        confidence=_MEDIUM,
    ),
    Format(
        "Azure AD client secret",
        ("q~",),
        r"(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~-])",
        before=4,
    ),
    Format(
        "Databricks token",
        ("dapi",),
        _START + r"dapi[0-9a-f]{32}(?:-\d)?" + _END,
    ),
    _token("Replicate API token", "r8_", r"[A-Za-z0-9]{37}"),
    _token("Groq API key", "gsk_", r"[A-Za-z0-9]{52}"),
    _token("xAI API key", "xai-", r"[A-Za-z0-9]{80}"),
    _token("Perplexity API key", "pplx-", r"[A-Za-z0-9]{48}"),
    _token("Fireworks API key", "fw_", r"[A-Za-z0-9]{24}"),
    _token("Tavily API key", "tvly-", r"(?:dev-|prod-)?[A-Za-z0-9]{32}"),
    Format(
        "LangSmith API key",
        ("lsv2_",),
        _START + r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}" + _END,
    ),
    Format("LangSmith API key", ("ls__",), _START + r"ls__[0-9a-f]{32}" + _END),
    _token("NVIDIA API key", "nvapi-", r"[A-Za-z0-9_-]{64}", end=_END_DASHED),
    _token("Pinecone API key", "pcsk_", r"[A-Za-z0-9]{5,8}_[A-Za-z0-9]{60,66}"),
    _token("Voyage AI API key", "pa-", r"[A-Za-z0-9_-]{43}", end=_END_DASHED, entropy=4.0),
    _token("Prefect API key", "pnu_", r"[A-Za-z0-9]{36}"),
    _token("Kaggle API token", "KGAT_", r"[0-9a-f]{32}"),
    _token("Weights & Biases API key", "wandb_v1_", r"[A-Za-z0-9_]{60,90}"),
    Format(
        "Slack token",
        ("xoxb-", "xoxp-", "xoxa-", "xoxo-", "xoxs-", "xoxr-"),
        r"(?<![A-Za-z0-9])xox[abposr]-(?:\d{6,14}-){1,3}[A-Za-z0-9]{16,40}" + r"(?![A-Za-z0-9])",
        "SlackDetector",
    ),
    Format(
        "Slack token",
        ("xapp-",),
        r"(?<![A-Za-z0-9])xapp-\d-[A-Z0-9]{9,13}-\d{9,14}-[0-9a-f]{64}" + r"(?![A-Za-z0-9])",
    ),
    Format(
        "Slack webhook",
        ("hooks.slack.com/services/",),
        r"hooks\.slack\.com/services/(?P<v>T[A-Z0-9]{8,12}/B[A-Z0-9]{8,12}/[A-Za-z0-9]{24})" + r"(?![A-Za-z0-9])",
    ),
    Format(
        "Discord webhook",
        ("/api/webhooks/",),
        r"/api/webhooks/\d{17,20}/(?P<v>[A-Za-z0-9_-]{60,72})",
    ),
    Format(
        "Stripe secret key",
        ("sk_live_", "rk_live_"),
        _START + r"[sr]k_live_[0-9A-Za-z]{24,99}" + _END,
        "StripeDetector",
    ),
    Format(
        "SendGrid API key",
        ("sg.",),
        r"(?<![A-Za-z0-9_-])SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}" + _END_DASHED,
        "SendGridDetector",
    ),
    _token("npm token", "npm_", r"[A-Za-z0-9]{36}"),
    Format(
        "PyPI token",
        ("pypi-ageichlwas5vcmc", "pypi-agendgvzdc5wexbplm9yzw"),
        _START + r"pypi-Ag(?:EIcHlwaS5vcmc|ENdGVzdC5weXBpLm9yZw)[A-Za-z0-9_-]{70,300}" + _END_DASHED,
        "PypiTokenDetector",
    ),
    Format(
        "Docker Swarm token",
        ("swmtkn-1-",),
        _START + r"SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}" + _END,
    ),
    Format("Square OAuth secret", ("sq0csp-",), r"sq0csp-[0-9A-Za-z_-]{43}", "SquareOAuthDetector"),
    Format(
        "Mailchimp API key",
        ("-us",),
        r"(?<![0-9A-Za-z-])[0-9a-f]{32}-us[0-9]{1,2}(?![0-9A-Za-z-])",
        "MailchimpDetector",
        before=32,
    ),
    Format(
        "Telegram bot token",
        ("aa",),
        r"(?<=\d{8}:)AA[A-Za-z0-9_-]{33}" + _END_DASHED,
        "TelegramBotTokenDetector",
    ),
    Format(
        "HashiCorp Vault token",
        ("hvs.", "hvb."),
        r"(?<![A-Za-z0-9_.-])hv[sb]\.[A-Za-z0-9_-]{24,300}" + _END_DASHED,
        entropy=3.5,
    ),
    _token("Pulumi token", "pul-", r"[0-9a-f]{40}"),
    Format(
        "Doppler token",
        ("dp.pt.", "dp.st.", "dp.ct.", "dp.sa."),
        r"(?<![A-Za-z0-9_.-])dp\.(?:pt|ct|sa|st(?:\.[a-z0-9_-]{2,35})?)\.[A-Za-z0-9]{40,44}" + _END_DASHED,
    ),
    Format(
        "DigitalOcean token",
        ("dop_v1_", "doo_v1_", "dor_v1_"),
        _START + r"do[opr]_v1_[0-9a-f]{64}" + _END,
    ),
    _token("Grafana token", "glsa_", r"[A-Za-z0-9]{32}_[0-9A-Fa-f]{8}"),
    _token("New Relic API key", "NRAK-", r"[A-Z0-9]{27}"),
    Format("age secret key", ("age-secret-key-1",), _START + r"AGE-SECRET-KEY-1[0-9A-Z]{58}" + _END),
    _token("Linear API key", "lin_api_", r"[A-Za-z0-9]{40}"),
    _token("Notion token", "ntn_", r"[A-Za-z0-9]{46}"),
    _token("Postman API key", "PMAK-", r"[0-9a-f]{24}-[0-9a-f]{34}"),
    _token("Docker Hub token", "dckr_pat_", r"[A-Za-z0-9_-]{27}", end=_END_DASHED),
    _token("Shopify token", "shpat_", r"[0-9a-fA-F]{32}"),
    Format(
        "Facebook access token",
        ("eaa",),
        _START + r"EAA[A-Za-z0-9]{110,300}" + _END,
    ),
    Format(
        "Mapbox secret token",
        ("sk.eyj",),
        r"(?<![A-Za-z0-9_.-])sk\.eyJ[A-Za-z0-9_-]{20,200}\.[A-Za-z0-9_-]{22}" + _END_DASHED,
    ),
    Format(
        "Neptune API token",
        ("eyjhcglfywrkcmvzcyi6i",),
        r"(?<![A-Za-z0-9_.-])eyJhcGlfYWRkcmVzcyI6I[A-Za-z0-9+/_-]{60,300}={0,2}",
    ),
)
"""Tokens that prove themselves: a fixed prefix or check characters, and an exact length."""

INSIDE = frozenset(("key", "sig=", "q~", "-us", "hooks.slack.com/services/", "/api/webhooks/"))
"""Literals that stand inside or in front of a token, not at the beginning of a run of token characters."""
