"""Check of `no-secret-guardrail`: what keeps credentials out of the repository, and where they come from instead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from prodcheck.extract.text import split_lines
from prodcheck.facts import Facts
from prodcheck.facts.paths import Role
from prodcheck.model import Evidence, Location, Outcome, Strength
from prodcheck.patterns import lazy_regex

_SCANNER = lazy_regex(
    r"gitleaks|betterleaks|detect-secrets|trufflehog|ggshield|gitguardian|talisman|ripsecrets|whispers|kingfisher|"
    r"secret[-_]detection|git-secrets|detect-aws-credentials",
    re.IGNORECASE,
)
_KEYS_ONLY = lazy_regex(r"detect-private-key")
_OTHER_HOOKS = lazy_regex(r"(?:^|/)lefthook\.ya?ml$|(?:^|/)\.husky/[\w-]+$")
_SETTINGS = (
    ".gitleaks.toml",
    "gitleaks.toml",
    ".secrets.baseline",
    ".gitguardian.yaml",
    ".gitguardian.yml",
    ".talismanrc",
)
_MANAGED_IMPORTS = lazy_regex(
    r"^(?:google\.cloud\.secretmanager|azure\.keyvault\.secrets|hvac|kaggle_secrets|google\.colab\.userdata|"
    r"prefect\.blocks\.system|dotenv|pydantic_settings|environs|decouple|dynaconf|keyring|onepasswordconnectsdk|"
    r"infisical\w*)(?:\.|$)"
)
_MANAGED_TOPS = (
    *("google.", "azure.", "hvac", "kaggle_secrets", "prefect.", "dotenv", "pydantic_settings", "environs", "decouple"),
    *("dynaconf", "keyring", "onepasswordconnectsdk", "infisical"),
)
"""How all these begin: nearly every import is dismissed by it."""
_MANAGED_CALLS = lazy_regex(
    r"^(?:os\.getenv|os\.environ\.get|getpass\.getpass|dbutils\.secrets\.get|modal\.Secret\.\w+|"
    r"google\.colab\.userdata\.get|"
    r"airflow\.(?:models|hooks)\.\S*(?:get_connection|Variable\.get))$"
)
_IGNORED_ENV = lazy_regex(r"^/?(?:\*\*/)?(?:\.env(?:\.\*|\*)?|\*\.env|\.env\*|\.\*)/?$")


def no_secret_guardrail(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """1 for a scanner that runs before or after every push; 0.4 for `.env` in `.gitignore`; 0.2 for a managed source.

    On GitHub a scanner may be switched on where the tree does not show it, so its absence is not a fact.
    """
    running = tuple(_scanners(facts))
    ignored, managed = _env_ignored(facts), _managed(facts)
    others = (*ignored, *managed)
    if running:
        return Outcome(1.0, (*running, *others), reason="a scanner looks for credentials")
    configured = tuple(
        Evidence(f"{path} configures a scanner that nothing here runs", Location(path), Strength.CONFIGURED)
        for path in _SETTINGS
        if path in facts.files
    )
    keys = tuple(_hooks(facts, _KEYS_ONLY))
    evidence = (*configured, *keys, *others)
    if any("github.com" in url for _, url in facts.git.remotes):
        return Outcome.unknown("no scanner in the tree, but GitHub may scan pushes unseen", evidence)
    score = min(0.6, 0.4 * bool(ignored) + 0.2 * bool(managed) + 0.3 * bool(configured or keys))
    further = "" if ignored else " and `.env` is not ignored"
    return Outcome(score, evidence, reason=f"nothing looks for credentials{further}")


def _scanners(facts: Facts) -> Iterator[Evidence]:
    """Scanners that a hook or CI runs."""
    yield from _hooks(facts, _SCANNER)
    for command in facts.ci.having("secret-scan"):
        if _SCANNER.search(command.text) and command.chain:
            yield Evidence(
                f"CI runs `{command.argv[0] if command.argv else command.text}`",
                command.chain[-1].location,
                Strength.ENFORCED,
            )
    for path, file in facts.files.items():
        for job in file.pipeline.jobs if file.pipeline else ():
            for step in job.steps:
                if _SCANNER.search(step.uses) and not step.disabled:
                    yield Evidence(f"CI uses {step.uses.split('@')[0]}", Location(path, step.line), Strength.ENFORCED)
        for line, what in file.pipeline.remote if file.pipeline else ():
            if re.search(r"Secret-Detection", what):
                yield Evidence("CI includes secret detection", Location(path, line), Strength.ENFORCED)


def _hooks(facts: Facts, pattern: re.Pattern[str]) -> Iterator[Evidence]:
    """The hooks of git that run a scanner, by the pattern of its name."""
    for path, file in facts.files.items():
        for tasks in file.tasks:
            for target in tasks.targets if tasks.runner == "pre-commit" else ():
                found = pattern.search(" ".join((target.name, *(text for _, text in target.commands))))
                if found:
                    yield Evidence(f"a hook runs {found[0]}", Location(path, target.line), Strength.ENFORCED)
        if _OTHER_HOOKS.search(path):
            for number, line in enumerate(split_lines(facts.text(path)), start=1):
                found = pattern.search(line.split("#", 1)[0])
                if found:
                    yield Evidence(f"a hook runs {found[0]}", Location(path, number), Strength.ENFORCED)


def _env_ignored(facts: Facts) -> tuple[Evidence, ...]:
    if ".gitignore" in facts.files:
        for number, line in enumerate(split_lines(facts.text(".gitignore")), start=1):
            if _IGNORED_ENV.match(line.strip()):
                return (Evidence(f"`{line.strip()}` is ignored", Location(".gitignore", number), Strength.CONFIGURED),)
    return ()


def _managed(facts: Facts) -> tuple[Evidence, ...]:
    """The first place where code asks a secret manager, or the environment, for a credential."""
    asking = frozenset(facts.calls.where(_MANAGED_CALLS.match))
    for path, file in facts.files.items():
        python = file.source
        if python is None or facts.role(path) in (Role.VENDORED, Role.TEST):
            continue
        for found in python.imports:
            if found.module.startswith(_MANAGED_TOPS) and _MANAGED_IMPORTS.match(found.module):
                return (Evidence(f"credentials come through {found.module}", Location(path, found.line)),)
        for call in python.calls.named(_MANAGED_CALLS.match) if path in asking else ():
            if _is_secret_name(call.text or ""):
                return (Evidence(f"`{call.text}` comes through {call.name}", Location(path, call.line)),)
    return ()


def _is_secret_name(name: str) -> bool:
    return bool(re.search(r"(?i)key|token|secret|passw|pwd|credential", name))
