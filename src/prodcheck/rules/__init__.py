"""Rule files and tool signatures: the data of prodcheck, loaded and checked."""

from prodcheck.rules.load import Ruleset, load_ruleset, rules_folder

__all__ = ["RULESET", "Ruleset", "load_ruleset", "rules_folder"]

RULESET = "2026.11"
"""Version of the bundled rules. It changes with every release that can change anyone's score."""
