"""detect-secrets as a library: its plugins, loaded only once there is something to ask them.

Plugins are asked through `analyze_string`, which is pure. Its own scan functions are not used: they open files in the
locale's encoding, run every plugin on every line, keep their settings in process-wide caches, and drop whole lines
such as `client = OpenAI(api_key="...")`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any


@cache
def theirs() -> Mapping[str, Any]:
    """The plugins of detect-secrets by class name. Importing them costs a quarter of a second."""
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class

    classes: Mapping[str, Any] = get_mapping_from_secret_type_to_class()
    return {plugin.__name__: plugin() for plugin in classes.values()}


def values(plugin: str, text: str) -> Iterator[str]:
    """What one plugin of detect-secrets takes for a secret in a piece of text."""
    yield from theirs()[plugin].analyze_string(text)


def agrees(plugin: str, text: str, value: str) -> bool:
    """True when the plugin finds this value, or a part of it, in the text."""
    return any(found in value or value in found for found in values(plugin, text) if found)


KNOWS_BARE = (".go", ".m", ".cs", ".c", ".cpp", ".eyaml", ".cf")
"""Names end so of the sources in which the keyword plugin knows values without quotes. In all others asking is in vain:
it would have to load the plugins for every `token=...` of a program."""


@cache
def keyword_patterns(path: str) -> Any:
    from detect_secrets.plugins.keyword import QUOTES_REQUIRED_DENYLIST_REGEX_TO_GROUP, REGEX_BY_FILETYPE
    from detect_secrets.util.filetype import determine_file_type

    return REGEX_BY_FILETYPE.get(determine_file_type(path), QUOTES_REQUIRED_DENYLIST_REGEX_TO_GROUP)


def keyword_values(path: str, text: str) -> tuple[str, ...]:
    """What the keyword plugin takes for secrets on one line of a file of this name."""
    return tuple(theirs()["KeywordDetector"].analyze_string(text, keyword_patterns(path)))
