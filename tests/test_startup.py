"""What a user notices as the cost of starting: nothing is loaded or compiled that the command at hand does not need."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap

from prodcheck.patterns import lazy_regex


def python(code: str, *arguments: str) -> str:
    command = [sys.executable, "-c", textwrap.dedent(code), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_prodcheck_compiles_no_regular_expression_of_its_own() -> None:
    compiled = python(
        """
        import importlib, pkgutil, re, sys
        import prodcheck

        real = re.compile

        def noting(pattern, flags=0):
            caller = sys._getframe(1)
            name = caller.f_globals["__name__"]
            if name.startswith("prodcheck."):
                print(f"{name}:{caller.f_lineno}: use lazy_regex")
            return real(pattern, flags)

        re.compile = noting
        for module in pkgutil.walk_packages(prodcheck.__path__, "prodcheck."):
            if not module.name.endswith(("__main__", "detect_secrets_plugin")):
                importlib.import_module(module.name)
        """
    )
    assert compiled == ""


def test_a_lazy_pattern_does_what_the_compiled_one_does() -> None:
    lazy, compiled = lazy_regex(r"(?P<word>[a-z]+)\d", re.IGNORECASE), re.compile(r"(?P<word>[a-z]+)\d", re.IGNORECASE)
    text = "Abc1 x2 3"
    assert lazy.findall(text) == compiled.findall(text) == ["Abc", "x"]
    assert [m["word"] for m in lazy.finditer(text)] == ["Abc", "x"]
    assert lazy.sub(r"<\g<word>>", text) == compiled.sub(r"<\g<word>>", text)
    assert (lazy.pattern, lazy.flags, lazy.groups) == (compiled.pattern, compiled.flags, compiled.groups)
    assert lazy_regex(rb"\d+").search(b"a 12").group() == b"12"  # type: ignore[union-attr]
