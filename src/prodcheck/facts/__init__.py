"""What the whole repository says, without opinion: typed, immutable, computed on first use."""

from prodcheck.facts.facts import Facts, once

__all__ = ["Facts", "once"]
