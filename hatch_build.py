"""Part of building the wheel: the rules in compiled form, beside the YAML files they are made of."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileRules(BuildHookInterface):  # type: ignore[type-arg]
    """Adds `prodcheck/_rules/compiled.json`. An editable install reads the YAML, which may change at any time."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        sys.path.insert(0, str(Path(self.root, "src")))
        from prodcheck.rules import compiled
        from prodcheck.rules.read import load_rules, load_signatures

        folder = Path(self.root, "rules")
        self.made = tempfile.TemporaryDirectory()
        file = Path(self.made.name, compiled.FILE_NAME)
        file.write_text(compiled.dump(load_rules(folder), load_signatures(folder)), encoding="utf-8")
        build_data["force_include"][str(file)] = f"prodcheck/_rules/{compiled.FILE_NAME}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            self.made.cleanup()
