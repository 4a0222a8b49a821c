"""What many checks share is asked once, and what grows with the repository is gone through a fixed number of times."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodcheck import engine
from prodcheck.checks import environment, locking
from prodcheck.config import Config
from prodcheck.extract.run import extract_all
from prodcheck.facts import Facts, dependencies, once
from prodcheck.repository.memory import MemoryRepository
from prodcheck.rules import load_ruleset
from prodcheck.suppress import Suppressions


def facts_of(files: dict[str, str]) -> Facts:
    repository = MemoryRepository(files)
    return Facts(repository, extract_all(repository), Config(), ())


CALLING = {
    "a.py": "import torch\ntorch.load('m.pt')\nlen('x')\n",
    "b/c.py": "import torch\nx.load('m.pt')\n",
    "d.py": "load('other')\n",
    "e.py": "y = 1\n",
}


def test_files_are_found_by_what_they_call() -> None:
    calls = facts_of(CALLING).calls
    assert calls.files(re.compile(r"torch\.\w+")) == ("a.py",)
    assert calls.files_of(frozenset(["load"])) == ("a.py", "b/c.py", "d.py")
    assert calls.named(["len", "nothing"]) == ("a.py",)
    assert sorted(calls.names("load")) == ["load", "torch.load", "x.load"]
    assert calls.saying(lambda text: text == "m.pt") == ("a.py", "b/c.py")


def test_a_name_is_matched_once_however_often_it_is_called() -> None:
    calls = facts_of({f"m{n}.py": "import torch\n" + "torch.load('m.pt')\n" * 20 for n in range(20)}).calls
    seen: list[str] = []
    assert len(calls.where(lambda name: not seen.append(name))) == 20
    assert seen == ["torch.load"]


def test_a_question_is_answered_once_for_each_repository() -> None:
    asked = []

    @once
    def question(facts: Facts) -> int:
        asked.append(facts)
        return len(facts.files)

    one, other = facts_of({"a.py": ""}), facts_of({"a.py": "", "b.py": ""})
    assert [question(one), question(other), question(one)] == [1, 2, 1]
    assert asked == [one, other]


def test_manifests_are_judged_once_for_all_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of many imports used to go through all requirements of all manifests again."""
    named = []
    group_of = dependencies.group_of
    monkeypatch.setattr(dependencies, "group_of", lambda path: named.append(path) or group_of(path))
    files = {f"p{n}/requirements.txt": "numpy\npandas\n" for n in range(20)}
    files |= {f"p{n}/a.py": "import numpy, pandas, torch\nprint(numpy, pandas, torch)\n" for n in range(20)}
    facts = facts_of(files)
    for path in files:
        assert facts.dependencies.provided("numpy", path)
        assert not facts.dependencies.provided("torch", path)
        assert len(locking.main_manifests(facts)) == 20
    assert sorted(named) == sorted(path for path in files if path.endswith(".txt"))


def test_a_manifest_covers_its_own_folder_only() -> None:
    facts = facts_of(
        {
            "one/requirements.txt": "numpy\n",
            "one/a.py": "import numpy\n",
            "one/deep/b.py": "import numpy\n",
            "one-more/c.py": "import numpy\n",
            "script.py": '# /// script\n# dependencies = ["numpy"]\n# ///\nimport numpy\n',
        }
    )
    covered = facts.dependencies.covered(facts.dependencies.manifests)
    told = {path: covered(path) for path in facts.files if path.endswith(".py")}
    assert told == {"one/a.py": True, "one/deep/b.py": True, "one-more/c.py": False, "script.py": True}
    each = {p: any(facts.dependencies.covers(m, p) for m in facts.dependencies.manifests) for p in told}
    assert told == each


WORDS = st.sampled_from(
    "python3 -m venv|virtualenv|mkvirtualenv|pyenv|uv|sync|conda|micromamba|create|env|docker|build|make|x|_|\n| |"
    "nix-shell|poetry|install".split("|")
)


@given(st.lists(st.tuples(WORDS, st.sampled_from([" ", "", "\n", "."])), max_size=30))
def test_looking_where_tools_are_named_finds_what_looking_everywhere_does(parts: list[tuple[str, str]]) -> None:
    text = "".join(word + gap for word, gap in parts)
    found = [match.span() for match in environment.isolating(text)]
    assert found == [match.span() for match in environment.ISOLATED.finditer(text)]


class Counting(MemoryRepository):
    """Counts how often each file is read."""

    def __init__(self, files: dict[str, str]) -> None:
        super().__init__(files)
        self.reads: Counter[str] = Counter()

    def read(self, path: str) -> bytes:
        self.reads[path] += 1
        return super().read(path)


def test_rules_read_no_file_of_configuration_twice() -> None:
    """Half a dozen rules look at the text of settings, build files and READMEs."""
    files = {
        "train.py": "import torch\nmodel = torch.nn.Linear(1, 1)\ntorch.save(model, 'model.pt')\n",
        "tests/test_train.py": "import train\n\ndef test_it():\n    assert train\n",
        "conf/model.yaml": "image: ml/base:py310\npath: /home/me/data\nlr: 0.1\n",
        "Dockerfile": "FROM python:3.11\nCMD python train.py\n",
        "README.md": "# It\n\n    pip install torch\n    python train.py\n",
        ".gitignore": "data/\n__pycache__/\n",
        "requirements.txt": "torch==2.0\n",
    }
    repository = Counting(files)
    extraction = extract_all(repository)
    repository.reads.clear()
    rules = load_ruleset([])
    facts = Facts(repository, extraction, Config(), rules.signatures)
    engine.run(rules.rules, facts, Suppressions(Config(), facts.files))
    assert repository.reads["README.md"] == repository.reads["conf/model.yaml"] == 1
    assert not {path: count for path, count in repository.reads.items() if count > 1 and not path.endswith(".py")}


def test_text_is_read_again_once_there_is_no_room_to_keep_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prodcheck.facts.facts.MOST_TEXT", 10)
    repository = Counting({"small.txt": "123456", "other.txt": "123456"})
    facts = Facts(repository, extract_all(repository), Config(), ())
    repository.reads.clear()
    assert [facts.text(path) for path in (*facts.files, *facts.files)] == ["123456"] * 4
    assert sorted(repository.reads.values()) == [1, 2]
