"""Our token formats as a plugin of detect-secrets, for teams that run it as well.

    detect-secrets scan -p path/to/prodcheck/extract/secrets/detect_secrets_plugin.py

prodcheck itself matches the same formats where its prefilter points, and does not import this module.
"""

from __future__ import annotations

import re
from collections.abc import Generator

from detect_secrets.plugins.base import RegexBasedDetector

from prodcheck.extract.secrets import filters
from prodcheck.extract.secrets.formats import FORMATS


class MachineLearningTokenDetector(RegexBasedDetector):
    """Tokens of the services that machine-learning teams use and detect-secrets has no plugin for."""

    secret_type = "Machine-learning service token"
    denylist = tuple(re.compile(form.pattern) for form in FORMATS if not form.plugin)

    def analyze_string(self, string: str) -> Generator[str, None, None]:
        """Yields every token of our formats in a line, made-up ones left out."""
        for pattern in self.denylist:
            for match in pattern.finditer(string):
                value = match["v"] if "v" in pattern.groupindex else match[0]
                if not filters.is_fake_token(value) and filters.entropy(value) >= 3:
                    yield value
