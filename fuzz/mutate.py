"""Changes to an input that keep its shape: whole lines, words of the format, indentation, nodes of a JSON tree.

Flipping bytes alone hardly ever makes a second job or a nested list; most readers are about those.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence

ODD = (
    b"\xef\xbb\xbf", b"\xff\xfe", b"\x0c", b"\x0b", b"\x1c", b"\xc2\x85", b"\xe2\x80\xa8", b"\r", b"\r\n", b"\0",
    b"\t", b"\x1b[31m", b"{{ x }}", b"{% if %}", b"${{ a }}", b"$(a)", b"${A:-b}", b"%(x)s", b"&a", b"*a", b"<<: *a",
    b"!!int", b"!ref", b"? ", b"- ", b"[[[[", b"{{{{", b"((((", b'"""', b"'''", b"\\", b"\\\n", b"<<EOF\n", b"EOF\n",
    b"# ", b"---\n", b"...\n", b"|-\n", b">\n", b"null", b"~", b"true", b"1e999", b"NaN", b"-0", b"0o17",
    b"99999999999999999999", b"\\ud800", b"\xed\xa0\x80", "é".encode(), "🦊".encode(),
    "\N{RIGHT-TO-LEFT OVERRIDE}".encode(), "ſ".encode(), "İ".encode(), "²".encode(), "٣".encode(),
)  # fmt: skip
"""What readers stumble over, in any format."""
_VALUES: tuple[object, ...] = (
    None,
    True,
    0,
    -1,
    2**70,
    1.5,
    "",
    "x",
    [],
    {},
    [[]],
    {"": {}},
    "\ud800",
    "a\nb",
    float("nan"),
)


class Mutator:
    """`words` are tokens of the format, `texts` whole files to take lines from, `plain` libFuzzer's own mutation."""

    def __init__(self, words: Sequence[bytes], texts: Sequence[bytes], plain: Callable[[bytes, int], bytes]) -> None:
        self.words = [*words, *ODD]
        self.texts = texts
        self.lines = sorted({line for text in texts for line in text.split(b"\n")[:400] if len(line) < 200})[:20_000]
        self.plain = plain

    def __call__(self, data: bytes, longest: int, seed: int) -> bytes:
        random_ = random.Random(seed)
        dice = random_.random()
        if dice < 0.3 or len(data) < 2:
            return self.plain(data, longest)
        head, body = data[:1], data[1:]
        if dice < 0.34:
            return bytes([random_.randrange(256)]) + body
        if body.lstrip()[:1] in (b"{", b"[") and dice < 0.8:
            changed = self._tree(body, random_)
            if changed is not None:
                return (head + changed)[:longest]
        for _ in range(random_.choice((1, 1, 2, 4))):
            body = self._text(body, random_)
        return (head + body)[:longest]

    def _text(self, body: bytes, random_: random.Random) -> bytes:
        lines = body.split(b"\n")
        at = random_.randrange(len(lines))
        line = lines[at]
        what = random_.randrange(10)
        if what == 0 and len(lines) > 1:
            del lines[at]
        elif what == 1:
            lines.insert(at, line)
        elif what == 2 and self.lines:
            lines.insert(at, random_.choice(self.lines))
        elif what == 3 and self.lines:
            lines[at] = random_.choice(self.lines)
        elif what == 4:
            lines[at] = b" " * random_.choice((0, 1, 2, 4, 6, 8)) + line.lstrip()
        elif what == 5:
            spot = random_.randrange(len(line) + 1)
            lines[at] = line[:spot] + random_.choice(self.words) + line[spot:]
        elif what == 6:
            words = line.split(b" ")
            words[random_.randrange(len(words))] = random_.choice(self.words)
            lines[at] = b" ".join(words)
        elif what == 7 and len(lines) > 1:
            other = random_.randrange(len(lines))
            lines[at], lines[other] = lines[other], line
        elif what == 8:
            end = at + random_.randrange(1, 6)
            lines[at:at] = [random_.choice((b"", b"  ", b"    ", b"\t")) + one for one in lines[at:end]]
        elif self.texts:
            other_lines = random_.choice(self.texts).split(b"\n")
            start = random_.randrange(len(other_lines))
            lines[at:at] = other_lines[start : start + random_.randrange(1, 12)]
        return b"\n".join(lines)

    def _tree(self, body: bytes, random_: random.Random) -> bytes | None:
        try:
            root = json.loads(body)
        except (ValueError, RecursionError):
            return None
        places: list[tuple[object, object]] = []
        todo = [root]
        while todo and len(places) < 2_000:
            node = todo.pop()
            keys = node.keys() if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
            for key in keys:
                places.append((node, key))
                todo.append(node[key])
        for _ in range(random_.choice((1, 1, 2))):
            if places:
                self._change(*random_.choice(places), random_)
        try:
            return json.dumps(
                root, indent=random_.choice((None, None, 0, 1)), ensure_ascii=random_.random() < 0.7
            ).encode("utf-8", "surrogatepass")
        except (ValueError, RecursionError):
            return None

    def _change(self, node: object, key: object, random_: random.Random) -> None:
        if (
            not isinstance(node, dict | list)
            or (isinstance(node, list) and not key < len(node))
            or (isinstance(node, dict) and key not in node)
        ):
            return
        what = random_.randrange(7)
        value = node[key]
        word = random_.choice(self.words).decode("utf-8", "replace")
        if what == 0:
            del node[key]
        elif what == 1:
            node[key] = random_.choice(_VALUES)
        elif what == 2:
            node[key] = random_.choice(([value], {word: value}, [value, value]))
        elif what == 3 and isinstance(node, dict):
            node[word] = json.loads(json.dumps(value))
        elif what == 4 and isinstance(node, list):
            node.insert(key, json.loads(json.dumps(value)))
        elif isinstance(value, str):
            node[key] = self._text(value.encode("utf-8", "surrogatepass"), random_).decode("utf-8", "replace")
        else:
            node[key] = random_.choice((word, random_.choice(self.lines or [b""]).decode("utf-8", "replace")))
