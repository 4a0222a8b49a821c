"""Go the walk of the README, command by command, from nothing but Python and git.

The address of this repository is the local clone, by a setting of git; so are the tags that the walk names. Everything
else is as for a new user: an empty home, an environment without a variable of ours.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tools import ROOT, Missing, clone, commit, environment, main_of, node_module, program, proved

ADDRESS = "https://github.com/prodcheck/prodcheck"
SETUP_PYTHON = "actions/setup-python@e797f83bcb11b83ae66e0230d6156d7c80228e7c"
BLOCK = re.compile(r"^```bash\n(.*?)^```$", re.DOTALL | re.MULTILINE)


class Walker:
    """A new user with one shell, which remembers where it is and what it has activated."""

    def __init__(self, folder: Path, source: Path) -> None:
        self.home, self.state = folder / "home", folder / "state.sh"
        self.home.mkdir()
        (folder / "python").mkdir()
        (folder / "python" / "python3").symlink_to(Path(sys.executable).resolve())
        (self.home / ".gitconfig").write_text(
            f'[url "{source}"]\n\tinsteadOf = {ADDRESS}\n[user]\n\tname = A\n\temail = a@example.org\n'
        )
        path = f"{folder / 'python'}{os.pathsep}/usr/local/bin:/usr/bin:/bin"
        self.environment = {"HOME": str(self.home), "PATH": path, "LANG": "C.UTF-8", "TERM": "dumb"}
        self.environment |= {name: environment()[name] for name in ("PIP_CACHE_DIR", "PIP_NO_COMPILE")}  # saves time
        self.state.write_text(f"cd {self.home}\n")

    def run(self, commands: str) -> str:
        """Run a block as it stands; gives what it said. Ends the proof when it fails."""
        keep = f"set +eu\n{{ export -p; echo cd \"'$PWD'\"; }} > {self.state}"
        script = f". {self.state}\nset -euo pipefail\n{commands}\n{keep}"
        done = subprocess.run(["bash", "--noprofile", "--norc", "-c", script], env=self.environment, text=True,
                              encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
        if done.returncode:
            sys.exit(f"FAILED: exit code {done.returncode} of\n{commands}\n{done.stdout[-4000:]}")
        return done.stdout


def expect(what: str, fact: object, said: str) -> None:
    if not fact:
        sys.exit(f"FAILED: {what}\n{said[-4000:]}")
    proved(what)


def blocks() -> list[str]:
    """The commands of the walk in the README."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return BLOCK.findall(text.partition("<!-- begin walk -->")[2].partition("<!-- end walk -->")[0])


def main() -> None:
    install, audit, fix, hook, leak, action, page = blocks()
    with tempfile.TemporaryDirectory(prefix="prodcheck-walk-") as name:
        folder = Path(name)
        source = clone(folder / "source", "v0.1.0", "v1")
        walker = Walker(folder, source)
        walker.run(install)
        said = walker.run(audit)
        listed = re.search(r"\d+ / 100  F\b.*Fix first[^\n]*\n +1 +no-dependency-manifest", said, re.DOTALL)
        expect("install and first audit: an F, and what to fix first", listed, said)
        said = walker.run(fix)
        rise = re.search(r"→.* \+(\d+)\.\d points", said)
        expect("one thing fixed: the score rises", rise and int(rise[1]) >= 5 and "FIXED" in said, said)
        said = walker.run(hook)
        expect("the hook lets a clean commit pass", re.search(r"prodcheck \(changed files\)\.+Passed", said), said)
        said = walker.run(leak)
        log = walker.run("git log --oneline && ls")
        stopped = "hardcoded-secret" in said and "Leak" not in log and "settings.py" not in log
        expect("the hook stops a token", stopped, said)
        walker.run(action)
        workflow(folder, walker, source)
        walker.run(page)
        browser(folder, walker)


def workflow(folder: Path, walker: Walker, source: Path) -> None:
    """What GitHub would do with the last commit."""
    stub = folder / "setup-python"
    stub.mkdir()
    (stub / "action.yml").write_text("name: x\ndescription: x\nruns: {using: composite, steps: []}\n")
    commit(stub)
    local = [f"prodcheck/prodcheck@v1={source}", f"{SETUP_PYTHON}={stub}"]
    try:
        act = [program("act"), "push", "-P", "ubuntu-latest=-self-hosted", "--no-cache-server"]
    except Missing as missing:
        print(f"skipped  the Action: {missing}", flush=True)
        return
    (folder / "act").mkdir()
    settings = {**environment(), "HOME": str(folder / "act"), "XDG_CACHE_HOME": str(folder / "act" / "cache")}
    for limit, code in (("20", 0), ("60", 1)):
        project = walker.home / "churn"
        file = project / ".github" / "workflows" / "prodcheck.yml"
        file.write_text(re.sub(r'fail-under: "\d+"', f'fail-under: "{limit}"', file.read_text()))
        options = [word for name in local for word in ("--local-repository", name)]
        done = subprocess.run([*act, *options], cwd=project, env=settings, capture_output=True, text=True)
        verb = "passes" if code == 0 else "fails"
        expect(f"the Action {verb} with fail-under: {limit}", done.returncode == code, done.stdout + done.stderr)
        walker.run("git checkout -q .")


def browser(folder: Path, walker: Walker) -> None:
    """The page opens, and nothing is wrong with it."""
    report = walker.home / "churn" / "report.html"
    text = report.read_text(encoding="utf-8")
    expect("the HTML report is there", "<h1>churn</h1>" in text and "no-lockfile" in text, text[:2000])
    try:
        settings = {"NODE_PATH": str(node_module("axe-core").parent), "CHROMIUM": str(program("chromium"))}
        command = [program("node"), ROOT / "scripts" / "proofs" / "page.js", folder, report]
    except Missing as missing:
        print(f"skipped  the HTML report in a browser: {missing}", flush=True)
        return
    done = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True)
    expect("the HTML report opens in a browser, and axe-core has no complaint", done.returncode == 0, done.stdout)


if __name__ == "__main__":
    main_of(main)
