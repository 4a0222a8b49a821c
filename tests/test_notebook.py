"""Reading notebooks: every malformed file, magics, raw lines, names that nothing defines."""

from __future__ import annotations

import json
from typing import Any

import pytest

from prodcheck.extract.cells import code_lines, leading_magic, to_python
from prodcheck.extract.notebook import NotebookFacts, extract
from prodcheck.model import Location


def book(*cells: Any, **top: Any) -> dict[str, Any]:
    """A notebook as a dictionary; a string is a code cell."""
    made = [
        {"cell_type": "code", "metadata": {}, "execution_count": n, "outputs": [], "source": cell.splitlines(True)}
        if isinstance(cell, str)
        else cell
        for n, cell in enumerate(cells, start=1)
    ]
    return {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **top}


def read(content: Any) -> NotebookFacts:
    if not isinstance(content, bytes):
        content = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass")
    facts = extract("a.ipynb", content)
    assert facts is not None
    return facts


GOOD = json.dumps(book("import a\na.b()")).encode()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n", "lfs-pointer"),
        (b"\n\n<!DOCTYPE html>\n<html><body>GitHub</body></html>", "html"),
        (b'{"cells": [\n<<<<<<< HEAD\n{},\n=======\n{}\n>>>>>>> other\n]}', "merge-conflict"),
        (b'{"cells": [{"source": "\xe9"', "encoding"),
        (b"[" * 200_000, "too-deep"),
        (b'{"a":' * 200_000, "too-deep"),
        (GOOD[:-20], "invalid-json"),
        (b'{"cells": [],}', "invalid-json"),
        (b'{"cells": ' + b"9" * 5000, "invalid-json"),
        (b"[]", "not-a-notebook"),
        (b"null", "not-a-notebook"),
        (b'{"name": "package.json"}', "not-a-notebook"),
        (b'{"cells": {}}', "not-a-notebook"),
    ],
)
def test_why_a_notebook_cannot_be_read(data: bytes, kind: str) -> None:
    facts = read(data)
    assert facts.problem_kind == kind
    assert facts.problem
    assert facts.size == len(data)


@pytest.mark.parametrize(
    "data",
    [
        GOOD,
        GOOD.decode().encode("utf-8-sig"),
        GOOD.decode().encode("utf-16"),
        GOOD.replace(b"import a", b'import a\\n# \\ud83d"'.replace(b'"', b"")),
        GOOD.replace(b'"outputs": []', b'"outputs": [{"output_type": "stream", "text": NaN}]'),
        GOOD.replace(b"a.b()", b"a.b('\xe9')"),
    ],
    ids=["plain", "byte order mark", "utf-16", "lone surrogate", "NaN", "latin-1"],
)
def test_what_other_readers_give_up_on(data: bytes) -> None:
    facts = read(data)
    assert facts.problem == ""
    assert [call.name for call in facts.python.calls] == ["a.b"]
    repr(facts).encode()


@pytest.mark.parametrize(
    "cell",
    [
        None,
        3,
        "text",
        [],
        {},
        {"cell_type": 1},
        {"cell_type": "code"},
        {"cell_type": "code", "source": None},
        {"cell_type": "code", "source": 7},
        {"cell_type": "code", "source": ["x = 1\n", None, 3]},
        {"cell_type": "code", "source": "x = 1", "outputs": {}},
        {"cell_type": "code", "source": "x = 1", "outputs": [None, 1, {"text": {}}, {"data": []}, {"data": {"a": 1}}]},
        {"cell_type": "code", "source": "x = 1", "metadata": [], "execution_count": "1"},
        {"cell_type": "code", "source": "x = 1", "metadata": {"tags": {"a": 1}}, "execution_count": True},
        {"cell_type": "code", "source": "x = 1", "outputs": [{"output_type": "error", "ename": None}]},
    ],
)
def test_no_shape_is_trusted(cell: Any) -> None:
    raw = book("a = 1", "b = 2")
    raw["cells"].insert(1, cell)
    facts = read(raw)
    assert facts.problem == ""
    assert {"a", "b"} <= facts.python.constants.keys()
    assert all(c.execution_count is None or type(c.execution_count) is int for c in facts.cells)


@pytest.mark.parametrize("top", [{"metadata": None}, {"metadata": []}, {"nbformat": "4"}, {"cells": []}])
def test_no_top_level_is_trusted(top: dict[str, Any]) -> None:
    assert read(book("x = 1", **top)).problem == ""


def test_versions_two_and_three_of_the_format() -> None:
    cell = {"cell_type": "code", "input": ["import a\n", "a.b()"], "language": "python", "prompt_number": 3}
    for version in (2, 3):
        facts = read({"worksheets": [{"cells": [cell]}], "metadata": {"name": ""}, "nbformat": version})
        assert facts.nbformat == version
        assert facts.cells[0].execution_count == 3
        assert next(iter(facts.python.calls)).name == "a.b"


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({"kernelspec": {"language": "R", "name": "ir"}}, "r"),
        ({"kernelspec": {"name": "ir"}}, "r"),
        ({"language_info": {"name": "julia"}}, "julia"),
        ({"kernelspec": {"name": "my-env", "display_name": "x"}}, "python"),
        ({"language_info": {"name": "ipython"}}, "python"),
        ({}, "python"),
    ],
)
def test_language_of_the_kernel(metadata: dict[str, Any], language: str) -> None:
    facts = read(book("library(x)\nx <- 1", metadata=metadata))
    assert facts.language == language
    assert (facts.code_lines > 0) == (language == "python")


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("!pip install a \\\n  b\nx = 1", "pass\n\nx = 1"),
        ("if a:\n    %time f(x)\n    !ls\ny = 1", "if a:\n    f(x)\n    pass\ny = 1"),
        ("%%time\nx = f()", "\nx = f()"),
        ("files = !ls\nkernel = %env X", "files = None\nkernel = None"),
        ("df.head?\n?print\ndf.info??", "pass\npass\npass"),
        (">>> x = 1", "x = 1"),
        ('s = """\n%not a magic\n!nor this\n"""', 's = """\n%not a magic\n!nor this\n"""'),
        ("x = (1\n  % 2)", "x = (1\n  % 2)"),
        ("a = b % c\nd = a != b", "a = b % c\nd = a != b"),
        ("pip install pandas", "pass"),
        ("x = 'it''s'  # don't\n%who", "x = 'it''s'  # don't\npass"),
    ],
)
def test_magics_are_replaced_line_for_line(cell: str, python: str) -> None:
    assert to_python(cell) == python
    assert to_python(cell).count("\n") == cell.count("\n")


@pytest.mark.parametrize(
    ("cell", "magic"),
    [
        ("%%bash\nls", "bash"),
        ("\n# why\n%%sql\nselect 1", "sql"),
        ("%%time\nx", ""),
        ("%%capture out\nx", ""),
        ("%%writefile a.py\nimport x", "writefile"),
        ("x = 1\n%%bash", ""),
    ],
)
def test_cells_in_other_languages(cell: str, magic: str) -> None:
    assert leading_magic(cell) == magic


def test_other_languages_leave_the_python_alone() -> None:
    facts = read(book("import a", "%%bash\nfor x in *; do echo; done", "%%R\nx <- 1", "a.b()"))
    assert facts.python.problem == ""
    assert [call.name for call in facts.python.calls] == ["a.b"]
    assert facts.code_lines == 2
    assert [cell.magic for cell in facts.cells] == ["", "bash", "R", ""]


def test_a_cell_that_does_not_parse_costs_only_itself() -> None:
    facts = read(book("import a\na.one()", "print 'old'\nx = ", "    a.two()", "a.three()"))
    assert [call.name for call in facts.python.calls] == ["a.one", "a.two", "a.three"]
    assert [cell.parses for cell in facts.cells] == [True, False, True, True]
    assert facts.python.problem_kind == "python2"
    assert "cell 2" in facts.python.problem
    places = [facts.locate("a.ipynb", call.line) for call in facts.python.calls]
    assert [(p.cell, p.cell_line) for p in places] == [(1, 2), (3, 1), (4, 1)]


def test_names_are_followed_across_cells() -> None:
    facts = read(book("from sklearn.svm import SVC", "m = SVC()", "m.fit(x, y)"))
    assert list(facts.python.calls)[-1].name == "sklearn.svm.SVC().fit"


def test_lines_of_code() -> None:
    assert code_lines("# comment\n\n%magic\n!shell\nx = 1\n  y = 2") == 2


def locations(facts: NotebookFacts, raw: str) -> list[tuple[str, str]]:
    """Each source line with the raw line it is said to be on."""
    lines = raw.split("\n")
    return [
        (text, lines[number - 1])
        for cell in facts.cells
        for text, number in zip(cell.source.split("\n"), cell.lines, strict=True)
    ]


@pytest.mark.parametrize("sort", [True, False])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_raw_lines_of_sources(sort: bool, ascii_only: bool) -> None:
    raw = book(
        {"cell_type": "markdown", "metadata": {}, "source": ["# x = 1\n", "text é"]},
        'x = 1\ny = "é\\n"\n\nx = 1',
        {
            "cell_type": "code",
            "execution_count": 2,
            "metadata": {},
            "source": ["print(x)\n", "print(x)"],
            "outputs": [{"output_type": "stream", "name": "stdout", "text": ["print(x)\n", "1\n"]}],
        },
        "x = 1",
    )
    text = json.dumps(raw, indent=1, sort_keys=sort, ensure_ascii=ascii_only)
    facts = read(text.encode())
    found = locations(facts, text)
    assert len(found) == 9
    for source, line in found:
        assert json.dumps(source)[1:-1] in line or json.dumps(source, ensure_ascii=False)[1:-1] in line
    numbers = [number for cell in facts.cells for number in cell.lines]
    assert len(set(numbers)) == len(numbers)


def test_raw_lines_of_sources_in_one_string() -> None:
    raw = book({"cell_type": "code", "metadata": {}, "source": "a = 1\nb = 2", "outputs": []}, "c = 3")
    text = json.dumps(raw, indent=1)
    facts = read(text.encode())
    assert facts.cells[0].lines[0] == facts.cells[0].lines[1]
    assert "c = 3" in text.split("\n")[facts.cells[1].lines[0] - 1]
    whole = read(json.dumps(raw).encode())
    assert {line for cell in whole.cells for line in cell.lines} == {1}


def test_locate_gives_raw_line_cell_and_cell_line() -> None:
    raw = json.dumps(book("x = 1", "y = 2\nf(y)"), indent=1)
    facts = read(raw.encode())
    place = facts.locate("a.ipynb", next(iter(facts.python.calls)).line)
    assert str(place) == "a.ipynb cell 2:2"
    assert place.line is not None
    assert "f(y)" in raw.split("\n")[place.line - 1]
    assert facts.locate("a.ipynb", 999) == Location("a.ipynb")


def output(**parts: Any) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "execution_count": 1, "source": "f()", "outputs": [parts]}


def test_outputs_keep_text_and_never_images() -> None:
    image = "iVBORw0KGgo" * 100
    raw = book(
        output(output_type="stream", name="stdout", text=["one\n", "two\n"]),
        output(output_type="display_data", data={"image/png": image, "text/plain": ["<Figure>"]}, metadata={}),
        output(output_type="execute_result", data={"text/html": ['<img src="data:image/png;base64,', image, '">']}),
        output(output_type="error", ename="NameError", evalue="no x", traceback=["\x1b[0;31mNameError", "line 2"]),
        output(output_type="pyout", text=["old"]),
    )
    text = json.dumps(raw, indent=1)
    found = [cell.outputs[0] for cell in read(text.encode()).cells]
    assert [o.kind for o in found] == ["stream", "display", "result", "error", "result"]
    assert [o.text for o in found[:2]] == ["one\ntwo\n", "<Figure>"]
    assert all(image not in o.text for o in found)
    assert found[1].bytes > len(image)
    assert (found[3].error, found[3].text.split("\n")[0]) == ("NameError", "no x")
    lines = text.split("\n")
    for o in found:
        assert len(o.lines) == o.text.count("\n") + 1
    assert "one" in lines[found[0].lines[0] - 1]
    assert "two" in lines[found[0].lines[1] - 1]
    assert "line 2" in lines[found[3].lines[2] - 1]


def test_a_very_large_output_is_measured_and_not_kept() -> None:
    data = json.dumps(book(output(output_type="display_data", data={"image/png": "A" * 60_000_000}), "x = f(1)"))
    facts = read(data.encode())
    assert facts.cells[0].outputs[0].bytes >= 60_000_000
    assert facts.cells[0].outputs[0].text == ""
    assert list(facts.python.calls)[-1].name == "f"


def test_tags_widgets_and_size() -> None:
    cell = {"cell_type": "code", "metadata": {"tags": ["parameters", 3]}, "source": "a = 1", "outputs": []}
    facts = read(book(cell, metadata={"widgets": {"application/x": {"state": {"k": "v" * 500}}}}))
    assert facts.cells[0].tags == ("parameters",)
    assert facts.widget_bytes > 500
    assert facts.raw_lines > 10


@pytest.mark.parametrize(
    ("cells", "names"),
    [
        (["x = 1", "print(x)"], []),
        (["print(x)", "x = 1"], ["x"]),
        (["def f():\n    return later", "later = 1"], []),
        (["def f():\n    return nowhere"], ["nowhere"]),
        (["class A:\n    b = 1\n    c = b + d"], ["d"]),
        (["[i for i in range(3)]\n{k: v for k, v in {}.items()}\nlambda q: q"], []),
        (["[i for i in rows]"], ["rows"]),
        (["import a.b, c as d\na.x\nd.y\nc"], ["c"]),
        (["with open('f') as g:\n    g\nfor i, (j, k) in z: i, j, k"], ["z"]),
        (["try:\n    cached\nexcept NameError:\n    cached = 1\ncached"], []),
        (["def f():\n    global made\n    made = 1", "made"], []),
        (["def f(a, *b, c=1, **d):\n    return a, b, c, d"], []),
        (["@wrap\ndef f(x=default):\n    pass"], ["wrap", "default"]),
        (["if (n := 3) > 2: n\n[m := 1 for _ in [1]]\nm"], []),
        (["match x1:\n    case {'a': b, **rest}: b, rest\n    case [c, *d]: c, d"], ["x1"]),
        (["display(1)\nget_ipython()\n_\n__\nprint(len)"], []),
        (["from x import *", "unknown"], []),
        (["%run setup.py", "unknown"], []),
        (["exec('y = 1')", "y"], []),
        (["%%sql\nselect", "unknown"], []),
        (["%%bash\nls", "unknown"], ["unknown"]),
        (["x = ", "unknown"], []),
    ],
)
def test_names_that_nothing_defines(cells: list[str], names: list[str]) -> None:
    assert sorted(name for name, _ in read(book(*cells)).unbound) == sorted(names)


def test_names_are_not_asked_for_when_nothing_was_run() -> None:
    raw = book("unknown")
    raw["cells"][0]["execution_count"] = None
    assert read(raw).unbound == ()


def test_same_bytes_give_the_same_facts() -> None:
    assert extract("a.ipynb", GOOD) == extract("a.ipynb", GOOD)
