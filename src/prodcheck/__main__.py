"""`python -m prodcheck` is the command `prodcheck`."""

import os
import sys

# Python puts the current folder first on its path for `-m`, and a person usually stands in the repository to audit:
# a `yaml.py` there would be imported in place of the library. Nothing of the repository may run.
if sys.path and sys.path[0] in ("", os.getcwd()):  # noqa: PTH109 - pathlib might be theirs
    del sys.path[0]

from prodcheck.cli import main

if __name__ == "__main__":
    main()
