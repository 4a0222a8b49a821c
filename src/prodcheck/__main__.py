"""`python -m prodcheck` is the command `prodcheck`."""

from prodcheck.cli import main

if __name__ == "__main__":
    main()
