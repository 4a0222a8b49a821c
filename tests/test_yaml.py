"""The YAML reader keeps what workflows mean, knows lines, and survives hostile files."""

from __future__ import annotations

import textwrap
import time

import pytest

from prodcheck.extract.yaml import load_all


def tree(text: str) -> object:
    stream = load_all(textwrap.dedent(text))
    assert stream.problem == ""
    return stream.root


def test_scalars_follow_yaml_1_2_core() -> None:
    assert tree("on: push\nno: NO\nyes: yes\ntime: 1:30\nday: 2024-01-01\nmode: 010\n") == {
        "on": "push",
        "no": "NO",
        "yes": "yes",
        "time": "1:30",
        "day": "2024-01-01",
        "mode": "010",
    }
    assert tree("[true, False, ~, null, 3, -4, 0x1F, 0o17, 1.5]") == [True, False, None, None, 3, -4, 31, 15, 1.5]


def test_versions_keep_their_text() -> None:
    assert tree("python: [3.9, 3.10, 3.11]") == {"python": [3.9, "3.10", 3.11]}
    assert tree("v: '3.9'") == {"v": "3.9"}
    assert tree("n: " + "9" * 5000) == {"n": "9" * 5000}


def test_lines_of_keys_items_and_block_text() -> None:
    text = "jobs:\n  test:\n    steps:\n      - run: |\n          pip install .\n          pytest\n      - run: tox\n"
    stream = load_all(text)
    assert stream.lines["jobs.test"] == 2
    assert stream.lines["jobs.test.steps.0"] == 4
    assert stream.lines["jobs.test.steps.0.run"] == 4
    assert stream.text_line("jobs.test.steps.0.run") == 5
    assert stream.text_line("jobs.test.steps.1.run") == 7


def test_value_that_starts_on_the_next_line() -> None:
    stream = load_all("run:\n  pytest\n")
    assert (stream.line("run"), stream.text_line("run")) == (1, 2)


def test_merge_keys_and_aliases_lead_to_where_things_are_written() -> None:
    stream = load_all("base: &b\n  script: |\n    pytest\n  stage: x\ntest:\n  <<: *b\n  stage: test\nother: *b\n")
    assert stream.root["test"] == {"script": "pytest\n", "stage": "test"}  # type: ignore[index]
    assert stream.text_line("test.script") == 3
    assert stream.line("test.stage") == 7
    assert stream.text_line("other.script") == 3


def test_merging_a_list_of_maps_the_first_one_wins() -> None:
    assert tree("a: &a {x: 1}\nb: &b {x: 2, y: 3}\nc:\n  <<: [*a, *b]\n") == {
        "a": {"x": 1},
        "b": {"x": 2, "y": 3},
        "c": {"x": 1, "y": 3},
    }


def test_custom_tags_keep_value_and_tag() -> None:
    stream = load_all("a: !Ref bucket\nb: !reference [.setup, script]\nc: !!str 5\n")
    assert stream.root == {"a": "bucket", "b": [".setup", "script"], "c": "5"}
    assert stream.tag("b") == "!reference"
    assert stream.tag("c") == ""


def test_several_documents_have_indexed_paths() -> None:
    stream = load_all("kind: A\n---\nkind: B\nx: 1\n")
    assert stream.documents == ({"kind": "A"}, {"kind": "B", "x": 1})
    assert stream.lines["1.x"] == 4


def test_duplicate_keys_are_noted_and_the_last_counts() -> None:
    stream = load_all("a: 1\nb: 2\na: 3\n")
    assert stream.root == {"a": 3, "b": 2}
    assert stream.duplicates == (("a", 3),)


@pytest.mark.parametrize("data", ["", "# only a comment\n", b"", b"\xef\xbb\xbf"])
def test_empty_streams(data: str | bytes) -> None:
    stream = load_all(data)
    assert (stream.documents, stream.root, stream.problem) == ((), None, "")


def test_utf_16_with_a_byte_order_mark() -> None:
    assert load_all("on: push".encode("utf-16")).root == {"on": "push"}


@pytest.mark.parametrize(
    "text",
    ["name: {{ cookiecutter.name }}\n", "{% if x %}\na: b\n{% endif %}\n", "{{ a }}: {{ b }}\n"],
)
def test_templates_are_called_templates(text: str) -> None:
    assert load_all(text).problem == "template"


def test_github_expressions_are_not_templates() -> None:
    assert tree("if: ${{ github.ref }}\nn: '{{ x }}'\n") == {"if": "${{ github.ref }}", "n": "{{ x }}"}


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_deep_nesting_ends_in_a_problem_quickly(opening: str) -> None:
    started = time.process_time()
    stream = load_all(opening * 50_000)
    assert "nest" in stream.problem
    assert time.process_time() - started < 2


def test_alias_bombs_end_in_a_problem() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    assert "aliases repeat" in load_all("\n".join(rows)).problem


def test_an_alias_inside_its_own_anchor_is_refused() -> None:
    assert "no anchor" in load_all("a: &a [1, *a]\n").problem


@pytest.mark.parametrize(
    "data",
    [
        "a: [1, 2\n",
        "a:\n\t- b\n",
        "a: b: c\n",
        "\x00",
        "a: \ud800\n",
        b"\xff\xfe\x00",
        "? [a]\n: b\n",
        "%YAML 9\n---\na",
    ],
)
def test_broken_files_never_raise(data: str | bytes) -> None:
    assert load_all(data).problem != ""


def test_what_was_complete_before_an_error_is_kept() -> None:
    stream = load_all("a: 1\n---\nb: [\n")
    assert stream.documents == ({"a": 1},)
    assert "line" in stream.problem
