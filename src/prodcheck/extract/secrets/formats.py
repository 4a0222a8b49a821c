"""Token formats as data: what a credential of each provider looks like.

A format is found by one of its literals (lower case; the prefilter ignores case) and decided by its pattern, matched
at the literal and never searched for elsewhere. Formats of providers that detect-secrets knows name its plugin, which has to
agree; all the others are ours and are offered to detect-secrets as plugins too (`plugins.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from prodcheck.model import Confidence

_START = r"(?<![A-Za-z0-9_/+=-])"
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
    """When set, the value is judged like a literal bound to this name, and the confidence is at most what that gives."""

    def compiled(self) -> re.Pattern[bytes]:
        return re.compile(self.pattern.encode())


def _token(kind: str, literal: str, body: str, plugin: str = "", end: str = _END, **more: float) -> Format:
    """A fixed prefix followed by a body, with nothing token-like on either side."""
    return Format(kind, (literal.lower(),), _START + re.escape(literal) + body + end, plugin, **more)  # type: ignore[arg-type]


_MEDIUM = Confidence.MEDIUM

FORMATS: tuple[Format, ...] = (
    Format(
        "AWS access key",
        ("akia", "asia", "abia", "acca"),
        _START + r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}" + _END,
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
        ("t3blbkfj",),
        r"(?<![A-Za-z0-9_-])sk-(?:[a-z]{2,12}-)?[A-Za-z0-9_-]{20,100}T3BlbkFJ[A-Za-z0-9_-]{20,100}" + _END_DASHED,
        before=130,
    ),
    Format(
        "OpenRouter API key",
        ("sk-or-v1-",),
        _START + r"sk-or-v1-[0-9a-f]{64}" + _END,
    ),
    _token(
        "anthropic-key", "Anthropic API key", "sk-ant-", r"(?:api|admin|oat)\d\d-[A-Za-z0-9_-]{80,110}", end=_END_DASHED
    ),
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
        ("accountkey=",),
        r"AccountKey=(?P<v>[A-Za-z0-9+/]{86}==)",
        "AzureStorageKeyDetector",
    ),
    Format(
        "Azure shared access key",
        ("sharedaccesskey=",),
        r"SharedAccessKey=(?P<v>[A-Za-z0-9+/]{42,43}=)",
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
    _token("Modal token secret", "as-", r"[A-Za-z0-9]{22}", entropy=3.6, confidence=_MEDIUM),  # type: ignore[arg-type]
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
        ("discord.com/api/webhooks/", "discordapp.com/api/webhooks/"),
        r"discord(?:app)?\.com/api/webhooks/\d{17,20}/(?P<v>[A-Za-z0-9_-]{60,72})",
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
        ("-us1", "-us2", "-us3", "-us4", "-us5", "-us6", "-us7", "-us8", "-us9"),
        r"(?<![0-9A-Za-z-])[0-9a-f]{32}-us[0-9]{1,2}(?![0-9A-Za-z-])",
        "MailchimpDetector",
        before=32,
    ),
    Format(
        "Telegram bot token",
        (":aa",),
        r"(?<![0-9A-Za-z:/_-])\d{8,10}:AA[A-Za-z0-9_-]{33}" + _END_DASHED,
        "TelegramBotTokenDetector",
        before=10,
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

PRIVATE_KEY = Format(
    "Private key",
    ("-----begin",),
    r"-----BEGIN (?:(?:RSA|EC|DSA|OPENSSH|PGP) )?PRIVATE KEY(?: BLOCK)?-----"
    # What may stand between the header and the body: line ends (escaped too), string quotes, PEM and PGP headers.
    r"(?P<gap>(?:\\+[nr]|[\s\"'+,|>*#/]|(?:Proc-Type|DEK-Info|Version|Comment|Charset):[^\n\\]{0,120}){1,60})"
    r"(?P<v>[A-Za-z0-9+/=](?:[A-Za-z0-9+/=]|\\+[nr]|[\s\"'+,|>*#]){59,800})(?P<after>.{0,5})",
)
"""A header alone is no key: documentation, and code that parses keys, are full of them."""

JWT = Format(
    "JSON web token",
    ("eyj",),
    r"(?<![A-Za-z0-9_.+/=-])eyJ[A-Za-z0-9_-]{14,300}\.eyJ[A-Za-z0-9_-]{10,800}\.[A-Za-z0-9_-]{20,100}(?![A-Za-z0-9_-])",
    "JwtTokenDetector",
    confidence=_MEDIUM,
)

URL_CREDENTIALS = Format(
    "Password in a URL",
    ("://",),
    r"://(?P<user>[^\s/:@'\"`<>,()\[\]\\?#=]{0,64}):(?P<v>[^\s/@'\"`<>()\[\]\\?#]{3,128})@(?P<host>[^\s/:'\"`<>\\?#]{1,128})",
    "BasicAuthDetector",
    confidence=_MEDIUM,
    graded="password",
)

BASIC_HEADER = Format(
    "HTTP Basic credentials",
    ("basic ",),
    r"(?<![A-Za-z])[Bb]asic (?P<v>[A-Za-z0-9+/]{8,200}={0,2})(?![A-Za-z0-9+/=])",
    confidence=_MEDIUM,
)

CONTEXTUAL: tuple[Format, ...] = (
    URL_CREDENTIALS,
    BASIC_HEADER,
    Format(
        "Bearer token",
        ("bearer ",),
        r"(?<![A-Za-z])[Bb]earer (?P<v>[A-Za-z0-9._~+/-]{16,600}={0,2})(?![A-Za-z0-9._~+/=-])",
        confidence=_MEDIUM,
        graded="token",
    ),
    Format(
        "Password in SQL",
        ("identified by", "with password", "password for"),
        r"(?i:identified by|with password)\s{1,4}(?P<q>['\"]?)(?P<v>[^\s'\";,]{4,64})(?P=q)",
        confidence=_MEDIUM,
        graded="password",
    ),
    Format(
        "Password on a command line",
        ("passin pass:", "passout pass:", "sshpass -p"),
        r"(?:pass(?:in|out) pass:|sshpass -p ?)(?P<q>['\"]?)(?P<v>[^\s'\"]{4,64})(?P=q)",
        confidence=_MEDIUM,
        graded="password",
    ),
    Format(
        "Password on a command line",
        ("curl ", "wget ", "docker login"),
        r"(?:curl|wget|docker login)\s(?:[^\n]{0,200}?\s)??(?:(?:-u|--user)[ =]?['\"]?[\w.@-]{1,64}:|-p |--http-password[ =])"
        r"['\"]?(?P<v>[^\s'\"@:]{4,64})['\"]?(?=\s|$)",
        confidence=_MEDIUM,
        graded="password",
    ),
    Format(
        "Secret on a command line",
        ("--password ", "--passwd ", "--token ", "--secret ", "--api-key ", "--api_key ", "--apikey "),
        r"--(?:password|passwd|token|secret|api[-_]?key) (?P<q>['\"]?)(?P<v>[^\s'\"\\]{4,128})(?P=q)(?=[\s'\"\\]|$)",
        confidence=_MEDIUM,
        graded="password",
    ),
    Format(
        "Weights & Biases API key",
        ("wandb login", "wandb.login("),
        r"wandb[ .]login\b[^\n]{0,80}?(?<![0-9A-Za-z])(?P<v>[0-9a-f]{40})(?![0-9A-Za-z])",
    ),
)
"""What only the words in front of it give away."""


@dataclass(frozen=True)
class Bound:
    """A value that means something only under a certain name, such as 40 hexadecimal digits after `WANDB_API_KEY`."""

    kind: str
    name: str
    value: str


BOUND: tuple[Bound, ...] = (
    Bound("AWS secret access key", r"(?i)aws.*secret|secret_?access_?key|aws_?secret", r"[A-Za-z0-9/+]{40}"),
    Bound("Weights & Biases API key", r"(?i)wandb|w_and_b|weights_?and_?biases", r"[0-9a-f]{40}"),
    Bound("Kaggle API key", r"(?i)kaggle", r"[0-9a-f]{32}"),
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
