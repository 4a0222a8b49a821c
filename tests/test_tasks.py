"""Task runners and scripts: targets, what they run, and what they need."""

from __future__ import annotations

import textwrap
import time

import pytest

from prodcheck.extract.tasks import TaskFile, extract, wants


def read(path: str, text: str) -> TaskFile:
    assert wants(path)
    found = extract(path, textwrap.dedent(text).encode())
    assert found is not None
    (file,) = found
    return file


def commands(file: TaskFile, name: str) -> list[str]:
    target = file.target(name)
    assert target is not None, [t.name for t in file.targets]
    return [text for _, text in target.commands]


def test_makefile_variables_prerequisites_and_prefixes() -> None:
    file = read(
        "Makefile",
        """\
        PYTHON ?= python3
        TEST := $(PYTHON) -m pytest
        export X = 1
        .PHONY: check
        ## check everything
        check: lint | build  # all
        \t@$(TEST) $(ARGS) tests \\
        \t  -x
        \t-mypy src
        ifdef CI
        lint: ; ruff check .
        endif
        train: export SEED ?= 1
        sub/%.txt: ; touch $@
        deep:
        \t$(MAKE) -C sub test $$HOME
        """,
    )
    assert file.default == ("check",)
    check = file.target("check")
    assert check is not None
    assert check.needs == ("lint", "build")
    assert check.commands[0] == (7, "python3 -m pytest ${ARGS} tests \\\n\t  -x")
    assert commands(file, "check")[1] == "mypy src || true"
    assert commands(file, "lint") == ["ruff check ."]
    assert commands(file, "deep") == ["make -C sub test $HOME"]
    assert file.target("train") is None


def test_makefile_variables_that_refer_to_themselves_end() -> None:
    assert commands(read("Makefile", "A = $(B)\nB = $(A)\nx:\n\t$(A)\n"), "x")


def test_justfile() -> None:
    file = read(
        "justfile",
        """\
        py := "python3"
        alias t := test
        # comment
        default: lint test

        test *ARGS: (build "x")
            {{py}} -m pytest {{ARGS}}
            -mypy

        @lint:
            ruff check \\
              .
        script:
            #!/usr/bin/env bash
            tox
        """,
    )
    assert file.default == ("default",)
    assert file.target("default").needs == ("lint", "test")  # type: ignore[union-attr]
    assert file.target("test").needs == ("build",)  # type: ignore[union-attr]
    assert commands(file, "test") == ["python3 -m pytest {{ARGS}}", "mypy || true"]
    assert commands(file, "script") == ["#!/usr/bin/env bash\ntox"]
    assert file.target("t").needs == ("test",)  # type: ignore[union-attr]


def test_tox_ini() -> None:
    file = read(
        "tox.ini",
        """\
        [tox]
        envlist = py{38,39}-{a,b}, lint

        [base]
        commands = coverage erase

        [testenv]
        changedir = sub
        commands =
            {[base]commands}
            py38: nose2
            {envpython} -m pytest {posargs:tests} \\
                -x
            - codecov

        [testenv:lint]
        commands = flake8

        [testenv:docs]
        ignore_outcome = true
        """,
    )
    assert file.default == ("py38-a", "py38-b", "py39-a", "py39-b", "lint")
    base = file.target("testenv")
    assert base is not None
    assert [text for _, text in base.commands] == [
        "coverage erase",
        "nose2",
        "python -m pytest tests  -x",
        "codecov || true",
    ]
    assert base.factors == ("", "py38", "", "")
    assert base.directory == "sub"
    assert base.commands[2][0] == 12
    assert commands(file, "lint") == ["flake8"]
    assert commands(file, "docs")[2] == "python -m pytest tests  -x || true"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("tox.toml", 'env_list = ["py"]\n[env_run_base]\ncommands = [["pytest", "tests"]]\n'),
        ("pyproject.toml", '[tool.tox]\nlegacy_tox_ini = """\n[tox]\n[testenv]\ncommands = pytest tests\n"""\n'),
        ("setup.cfg", "[tox:tox]\nenvlist = py\n[testenv]\ncommands = pytest tests\n"),
    ],
)
def test_tox_elsewhere(path: str, text: str) -> None:
    file = read(path, text)
    assert (file.runner, file.default, commands(file, "testenv")) == ("tox", ("py",), ["pytest tests"])


def test_setup_cfg_without_tox_is_nothing() -> None:
    assert extract("setup.cfg", b"[flake8]\nmax-line-length = 100\n") is None


def test_noxfile() -> None:
    file = read(
        "noxfile.py",
        """\
        import nox
        from nox import session as nox_session

        nox.options.sessions = ["tests"]

        def install(session):
            session.install("x")
            session.run("mypy")

        @nox.session(python=["3.10"], name="tests")
        def run(session: nox.Session) -> None:
            install(session)
            session.run("pytest", "-k", "a b", *session.posargs)
            session.run("codecov", success_codes=[0, 1])
            session.notify("docs")

        @nox.session(default=False)
        def docs(session):
            session.run("sphinx-build", "docs")
        """,
    )
    assert file.default == ("tests",)
    assert commands(file, "tests") == ["mypy", "pytest -k 'a b' $X", "codecov || true"]
    assert file.target("tests").needs == ("docs",)  # type: ignore[union-attr]


def test_pyproject_holds_several_runners() -> None:
    found = extract(
        "pyproject.toml",
        textwrap.dedent(
            """\
            [project.scripts]
            mytool = "pkg.cli:main"
            [tool.hatch.envs.test.scripts]
            cov = ["run", "- coverage report"]
            run = "pytest"
            [tool.pdm.scripts]
            test = "pytest"
            all = {composite = ["test", "lint"]}
            lint = {cmd = ["ruff", "check"]}
            [tool.poe.tasks]
            test = {cmd = "pytest", deps = ["build"]}
            check = ["test", {cmd = "mypy"}]
            [tool.pixi.tasks]
            t = {cmd = "pytest", depends-on = ["b"]}
            [tool.taskipy.tasks]
            test = "pytest"
            post_test = "coverage xml"
            """
        ).encode(),
    )
    assert found is not None
    by_runner = {file.runner: file for file in found}
    assert commands(by_runner["entry-point"], "mytool") == ["python -m pkg.cli"]
    assert commands(by_runner["hatch"], "test:cov") == ["run", "coverage report || true"]
    assert commands(by_runner["pdm"], "all") == ["test", "lint"]
    assert commands(by_runner["pdm"], "lint") == ["ruff check"]
    assert by_runner["poe"].target("test").needs == ("build",)  # type: ignore[union-attr]
    assert commands(by_runner["poe"], "check") == ["test", "mypy"]
    assert by_runner["pixi"].target("t").needs == ("b",)  # type: ignore[union-attr]
    assert by_runner["taskipy"].target("test").needs == ("post_test",)  # type: ignore[union-attr]


def test_package_json_with_hooks() -> None:
    file = read("package.json", '{\n  "scripts": {\n    "pretest": "lint",\n    "test": "jest"\n  }\n}\n')
    target = file.target("test")
    assert target is not None
    assert (target.needs, target.commands) == (("pretest",), ((4, "jest"),))


def test_taskfile() -> None:
    file = read(
        "Taskfile.yml", "version: 3\ntasks:\n  test:\n    deps: [a]\n    cmds:\n      - pytest\n      - task: lint\n"
    )
    assert commands(file, "test") == ["pytest", "task lint"]
    assert file.target("test").needs == ("a",)  # type: ignore[union-attr]


def test_compose_and_dockerfile() -> None:
    file = read(
        "docker-compose.yml",
        "services:\n  test:\n    build: {context: ., target: dev}\n    command: [bash, -c, 'pytest -q']\n",
    )
    target = file.target("test")
    assert target is not None
    assert target.needs == ("image:./Dockerfile#dev",)
    assert [text for _, text in target.commands] == ["pytest -q"]
    image = read(
        "Dockerfile",
        """\
        FROM python:3.12 AS base
        # a comment
        RUN pip install x \\
            && pip install y
        FROM base AS dev
        RUN --mount=type=cache,target=/c ["pytest", "-q"]
        FROM scratch
        COPY --from=dev /a /b
        CMD ["python", "-m", "app"]
        """,
    )
    assert image.default == ("2",)
    assert commands(image, "dev") == ["pytest -q"]
    assert image.target("dev").needs == ("base",)  # type: ignore[union-attr]
    assert image.target("2").needs == ("dev",)  # type: ignore[union-attr]
    assert commands(image, "cmd") == ["python -m app"]


def test_a_command_that_is_built_from_itself_ends() -> None:
    file = read(
        "run.py",
        """\
        import subprocess
        def run(quick):
            cmd = ["pytest"]
            cmd = [*cmd, "-x"]
            subprocess.check_call(cmd)
        """,
    )
    assert commands(file, "run")[0].endswith("-x")


def test_python_scripts_that_run_commands() -> None:
    file = read(
        "run.py",
        """\
        import subprocess, sys, os, pytest

        def test():
            subprocess.check_call([sys.executable, "-m", "pytest", "a b"])

        def lint():
            subprocess.run("ruff check .", shell=True)
            os.system("mypy")

        def main():
            test()

        if __name__ == "__main__":
            sys.exit(pytest.main(["-x"]))
            main()
        """,
    )
    assert commands(file, "test") == ["python -m pytest 'a b'"]
    assert commands(file, "lint") == ["ruff check . || true", "mypy || true"]
    assert commands(file, "") == ["pytest -x"]
    assert file.target("").needs == ("main",)  # type: ignore[union-attr]
    assert file.target("main").needs == ("test",)  # type: ignore[union-attr]


def test_invoke_tasks() -> None:
    file = read("tasks.py", "from invoke import task\n\n@task(pre=[lint])\ndef test(c):\n    c.run('pytest')\n")
    assert (file.runner, commands(file, "test")) == ("invoke", ["pytest"])
    assert file.target("test").needs == ("lint",)  # type: ignore[union-attr]


def test_pre_commit_hooks_and_their_stages() -> None:
    file = read(
        ".pre-commit-config.yaml",
        """\
        repos:
          - repo: local
            hooks:
              - {id: tests, name: t, entry: pytest, args: [-x], language: system, stages: [push]}
          - repo: https://github.com/psf/black
            rev: 24.1.0
            hooks: [{id: black}]
          - repo: meta
            hooks: [{id: check-hooks-apply}]
        """,
    )
    assert [(t.name, t.labels) for t in file.targets] == [("tests", ("pre-push",)), ("black", ())]
    assert commands(file, "tests") == ["pytest -x"]


def test_scripts_are_known_by_suffix_or_interpreter_line() -> None:
    assert read("ci/run", "#!/usr/bin/env bash\npytest\n").runner == "script"
    assert read("x.bat", "pytest\r\n").targets[0].shell == "cmd"
    assert extract("LICENSE", b"MIT") is None
    assert extract("tool", b"#!/usr/bin/env python\nprint(1)\n") is None


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("pyproject.toml", b"[tool"),
        (
            "pyproject.toml",
            b"[tool]\nhatch = 3\npdm = {scripts = 1}\npixi = []\ntox = {env = 1, env_run_base = {commands = 3}}\n",
        ),
        ("package.json", b"[1"),
        ("package.json", b'{"scripts": [1]}'),
        ("tox.ini", b"\xff\xfe[tox"),
        ("Taskfile.yml", b"tasks: [1, {a: b}]"),
        ("compose.yml", b"services: {a: 1, b: {command: {x: y}, build: [1]}}"),
        (".pre-commit-config.yaml", b"repos: {a: [1]}"),
        ("noxfile.py", b"import nox\ndef broken(:\n"),
        ("Dockerfile", b"RUN x\nFROM\nCMD [1, 2\n"),
        ("Makefile", b":\n\tx\n=\n$(\n"),
        ("mise.toml", b"tasks = {a = 3, b = {run = 1, depends = 2}}\n"),
    ],
)
def test_broken_files_never_raise(path: str, data: bytes) -> None:
    extract(path, data)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Makefile", "\n".join(f"V{i} = " + f"$(V{i + 1})" * 1_000 for i in range(9)) + "\nx:\n\t$(V0)\n"),
        ("Makefile", "a" + " " * 500_000 + "b\n"),
        ("tox.ini", "[tox]\nenvlist = " + "{a,b,c,d,e,f,g,h}" * 40 + "\n[testenv]\ncommands = x\n"),
        ("tox.ini", "[tox]\na" + " " * 500_000 + "b\n"),
        (
            "tox.ini",
            "".join(f"[s{i}]\nc =\n" + f"  {{[s{i + 1}]c}}\n" * 300 for i in range(8))
            + "[testenv]\ncommands =\n"
            + "  {[s0]c}\n" * 300,
        ),
    ],
)
def test_references_that_multiply_each_other_end_soon(path: str, text: str) -> None:
    started = time.process_time()
    extract(path, text.encode())
    assert time.process_time() - started < 10
