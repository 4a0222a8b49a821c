"""Run prodcheck as `python -m prodcheck` does, and write down everything it starts, opens or loads.

    python tests/watched.py LOG [ARGUMENT ...]

Python itself reports these events to an audit hook, which code that runs later cannot take away. One line of JSON each:
the event's name and its arguments as text. What Python itself imports to find a module for `-m` is loaded before: there
nothing of ours could help, see `docs/security.md`.
"""

from __future__ import annotations

import json
import os
import runpy
import sys

EVENTS = (
    "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile", "pty.spawn",
    "socket.", "urllib.Request", "http.client.", "ftplib.", "smtplib.", "ctypes.dlopen", "pickle.find_class",
    "marshal.load", "import", "exec", "compile", "open", "webbrowser.open", "code.__new__",
)  # fmt: skip


def watch(log: int) -> None:
    """From now on, write what happens to the file descriptor `log`."""

    def seen(event: str, arguments: tuple[object, ...]) -> None:
        if not event.startswith(EVENTS):
            return
        if event == "exec":
            arguments = (getattr(arguments[0], "co_filename", None),)
        elif event == "compile":
            arguments = (arguments[1],)
        elif event.startswith("marshal."):
            arguments = ()
        shown = [[str(a) for a in x] if isinstance(x, list | tuple) else str(x) for x in arguments if x is not None]
        os.write(log, (json.dumps([event, *shown]) + "\n").encode())

    sys.addaudithook(seen)


if __name__ == "__main__":
    log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    sys.argv = ["prodcheck", *sys.argv[2:]]
    del sys.path[0]  # this folder; `-m` puts the current one there
    sys.path.insert(0, os.getcwd())  # noqa: PTH109
    watch(log)
    runpy.run_module("prodcheck", run_name="__main__", alter_sys=True)
