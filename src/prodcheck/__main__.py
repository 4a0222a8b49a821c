"""The command `prodcheck`, also as `python -m prodcheck`: what has to happen before anything else is imported."""

import os
import sys

# Python puts the current folder first on its path for `-m`, and a person usually stands in the repository to audit:
# a `yaml.py` there would be imported in place of the library. Nothing of the repository may run.
if sys.path and sys.path[0] in ("", os.getcwd()):  # noqa: PTH109 - pathlib might be theirs
    del sys.path[0]


def main() -> None:
    """Entry point of the command."""
    if sys.argv[1:] == ["--version"]:  # asked by other tools again and again: not worth importing a command line
        from prodcheck import __version__

        sys.stdout.write(f"prodcheck {__version__}\n")
        return
    import gc

    # The default looks for cycles of garbage after every 700 new objects; an audit makes a million that all stay.
    gc.set_threshold(100_000, 50, 100)
    from prodcheck.cli import main as run

    try:
        run()
    finally:
        # Before it ends, Python looks for cycles once more, several times over and in everything that is still there:
        # a tenth of a small audit, for memory that the system takes back anyway.
        gc.freeze()


if __name__ == "__main__":
    main()
