"""What a README of a machine-learning project says where: words of headings, commands, links, in several languages."""

from __future__ import annotations

import re

from prodcheck.patterns import lazy_regex


def _words(*alternatives: str) -> re.Pattern[str]:
    """Any of these, whatever the case. The last ones are for other languages: a README is for its readers."""
    return lazy_regex("|".join(alternatives), re.IGNORECASE | re.MULTILINE)


def _commands(*alternatives: str) -> re.Pattern[str]:
    """Any of these at the beginning of a line of code, behind a prompt or not."""
    start = r"^[ \t]*(?:[$>%!#][ \t]?|\(\w+\) ?\$ ?)?(?:sudo |time )?(?:[A-Z_]+=\S+ )*"
    return lazy_regex(f"{start}(?:{'|'.join(alternatives)})", re.MULTILINE)


NAME = lazy_regex(
    r"(?:^|/)read[-_ ]?me"
    r"(?:(?:[._-][a-z]{2}(?:[-_][a-z]{2,4})?)?\.(?:md|markdown|rst|txt|org|adoc|asciidoc|ipynb|html))?$",
    re.IGNORECASE,
)
"""With a language code before the suffix or without."""
SETUP = _words(
    "install", "set[- ]?up", "get(?:ting)? started", "quick ?start", "requirements", "dependenc", "environment",
    "prerequisit", "how to (?:start|build)", "安装|环境|依赖|快速开始", "インストール|セットアップ|環境", "설치",
    "instal", "einricht", "voraussetzung", "prérequis", "dépendances", "requisitos", "зависимост|установк",
)  # fmt: skip
INSTALL = lazy_regex(
    r"\b(?:pip3?|pipx|uv|conda|mamba|micromamba|poetry|pdm|pipenv|pixi|hatch|rye|npm|brew|apt(?:-get)?|git|make|dvc|"
    r"docker(?:[ -]compose)?|setup\.py)\b[^\n`]{0,40}?\b"
    r"(?:install|sync|create|add|build|up|pull|clone|setup|env|develop)\b"
    r"|python3? -m venv|docker run|\bmake (?:venv|init|env|deps|requirements)"
)
USAGE = _words(
    "usage", "how to (?:run|use|train)", r"\brun(?:ning)?\b", "train", "predict", "inference", "evaluat", "example",
    "tutorial", "quick ?start", "demo", "getting started", "使用|用法|训练|运行|测试|示例", "使い方|実行", "사용",
    "benutz|anwend|nutzung|verwendung", "utilisation", r"\buso\b|ejecu", "использ",
)  # fmt: skip
RUNS = _commands(
    r"python3? (?:-\w+ )*(?:-[mc] ?\S|[\w./{}$-]+\.py\b)",
    r"(?:uv|poetry|pdm|hatch|pixi|streamlit|kedro|mlflow) run\b", r"(?:make|just|task) (?!sure)\w",
    r"(?:bash|sh|source) \S+", r"\./\S+", "uvicorn", "gunicorn", r"flask\b", "fastapi", "gradio", "papermill",
    r"jupyter(?:[ -](?:lab|notebook|nbconvert))", "dvc (?:repro|exp)", "mlflow models", "zenml", "prefect", "airflow",
    "dagster", "docker(?:[ -]compose)? (?:run|up)", "torchrun", "accelerate launch", "deepspeed", "Rscript", "julia",
    "snakemake", "nextflow", "kubectl apply", "helm", "terraform apply", "az ml", "sagemaker", "spark-submit",
    "kedro new", "kaggle", "curl", "cookiecutter", "copier", "ccds",
)  # fmt: skip
PYTHON_CODE = lazy_regex(
    r"^\s*(?:>>> ?)?(?:(?:from|import) \w+|[\w., ]+ = [\w.]+\(|[\w.]+\([^)\n]*\)\s*$)", re.MULTILINE
)
NOTEBOOK_LINK = lazy_regex(
    r"colab\.research\.google\.com|mybinder\.org|nbviewer|kaggle\.com/(?:code|kernels|notebooks)|\]\([^)]+\.ipynb[)#]|"
    r"studiolab\.sagemaker|huggingface\.co/spaces|\.streamlit\.app|deepnote\.com"
)
_GUIDE = r"(?:example|tutorial|quick ?-?start|getting[- _]?started|user[- ]?guide|usage|readthedocs|\bdocumentation)"
_GUIDE_SIGNS = ("example", "tutorial", "quick", "getting", "user", "usage", "readthedocs", "documentation")
GUIDE_LINK = lazy_regex(
    rf"(?<!!)\[[^\]]*{_GUIDE}[^\]]*\]\(|(?<!!)\[[^\]]*\]\([^)]*{_GUIDE}|`[^`<]*{_GUIDE}[^`<]*<[^`>]+>`_|"
    rf"{_GUIDE}[^.\n]{{0,40}}\s(?:can be found|is available|are available|is hosted|lives?|see)\b",
    re.IGNORECASE,
)
"""A link to examples, a tutorial or a guide: Markdown (not an image) or reStructuredText."""


def links_guide(text: str) -> bool:
    """Whether there is such a link. Most pages without one have none of the words either, which is quicker to see."""
    lower = text.lower()
    return any(sign in lower for sign in _GUIDE_SIGNS) and GUIDE_LINK.search(text) is not None


LOCAL_LINK = lazy_regex(r"\]\((?!https?:|#|mailto:)[^)\s]+\)")
README_LINK = lazy_regex(r"\]\((?!https?:)[^)\s]*readme\.\w+\)", re.IGNORECASE)
DATA = _words(
    r"\bdata ?sets?\b", r"\bcorpus\b", r"kaggle\.com", r"huggingface\.co/datasets", r"archive\.ics\.uci|\bUCI\b",
    r"\bdata (?:source|set|is|are|was|were|from|comes|collected|provided|used|can be|file|dictionary)\b",
    r"zenodo\.org", "(?:s3|gs)://", "imagenet|cifar|mnist|load_dataset", "数据", "データ", "데이터",
    "daten(?:satz|quelle)", "donn[ée]es", r"\bdatos\b", "данн",
)  # fmt: skip
API = _words(
    r"\bAPI\b", "endpoint", "documentation", r"\bdocs?\b", "reference", "curl", "文档", "文書", "dokumentation"
)
RESULTS = _words(
    "result", "accurac", r"\b(?:F1|AUC|RMSE|MAE|mAP|BLEU|WER)\b", "precision|recall", "benchmark", "performance",
    "metric", "architect", "overview", "pipeline", "workflow", "diagram", "(?:project|directory) structure",
    r"features?\b", "model zoo|leaderboard", "结果|结构|性能", "結果|構成", "ergebnis", "résultat", "resultado",
    "результат",
)  # fmt: skip
CONTACT = _words(
    "contact", "maintain", "author", "contribut", "e-?mail", r"\w@\w[\w-]*\.\w", r"team\b", "acknowledg|credits",
    r"citation|cite\b|bibtex", "slack|discord|gitter|discussions|/issues", r"(?:linkedin|twitter)\.com",
    "联系|作者|贡献", "連絡", "kontakt", "aut[oe]u?r", "mitwirk", r"@[\w-]+\s*$",
)  # fmt: skip

FENCE = lazy_regex(r"^[ \t]*(?:```|~~~)[^\n]*\n(.*?)^[ \t]*(?:```|~~~)", re.MULTILINE | re.DOTALL)
INDENTED = lazy_regex(r"(?:^(?: {4}|\t| {2,3}\$ ?)[^\n]*\n?)+", re.MULTILINE)
DIRECTIVE = lazy_regex(r"^\.\. code(?:-block)?:: ?(?!bibtex)[^\n]*\n((?:[ \t]+[^\n]*\n|\n)+)", re.MULTILINE)
SPAN = lazy_regex(r"`([^`\n]+)`")
TREE = lazy_regex(r"^.*[├└│].*$", re.MULTILINE)
HEADINGS = (
    lazy_regex(r"^#{1,6}[ \t]*(.+)$", re.MULTILINE),
    lazy_regex(r"^([^\n]+)\n[=~^-]{3,}[ \t]*$", re.MULTILINE),
    lazy_regex(r"<h\d[^>]*>(.*?)</h\d>", re.DOTALL),
    lazy_regex(r"^(?:\*\*|__)([^*\n]+)(?:\*\*|__):?[ \t]*$", re.MULTILINE),
    lazy_regex(r"^(?:=+|\*+) (.+)$", re.MULTILINE),
)
"""Markdown; underlined; HTML; a line in bold; AsciiDoc and Org."""

COOKIECUTTER = lazy_regex(r"cookiecutter[- ]?data[- ]?science|Project based on the|<small>", re.IGNORECASE)
_IDEOGRAPH = lazy_regex(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
SCRIPT = lazy_regex(r"(?:^|[\s;&|(])python3? (?:-[uOBW]+ )*(?P<path>[\w][\w./-]*\.py)\b")
PLACEHOLDER = lazy_regex(
    r"your|my_|path|xxx|example|_name\b|<|>|\{|\*|\.\.\.|(?-i:[A-Z]{3})|(?:script|file|program|module)\.py$"
    r"|^(?:foo|bar|test)\.py$",
    re.IGNORECASE,
)
ELSEWHERE = lazy_regex(
    r"git clone\b|\bwget\b|\bcurl\b[^\n]*\.py|cookiecutter|copier|degit|(?:^|[\s;&])cd \.\.", re.MULTILINE
)


def code_of(text: str) -> str:
    """What stands in code blocks and code spans."""
    return "\n".join(block for pattern in (FENCE, DIRECTIVE, INDENTED, SPAN) for block in pattern.findall(text))


def headings_of(text: str) -> str:
    """The headings, one a line."""
    return "\n".join(heading for pattern in HEADINGS for heading in pattern.findall(text))


def count_words(text: str) -> int:
    """Words of prose; eight ideographs count as five words, as translations show."""
    prose = TREE.sub("", FENCE.sub("", text))
    prose = re.sub(r"\]\([^)]*\)|<[^>]*>|https?://\S+|[|=*#_-]{2,}", " ", prose)
    ideographs = 0
    if not prose.isascii():
        prose, ideographs = _IDEOGRAPH.subn("", prose)
    return len(re.findall(r"[^\W\d_]{2,}", prose)) + ideographs * 5 // 8
