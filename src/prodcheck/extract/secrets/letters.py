"""Whether letters look like a word or like dice: a table of letter pairs.

A literal bound to `password` is a credential when somebody's password manager rolled it, and nearly always a
placeholder, a label or a message when it reads like language. Pairs of letters tell the two apart where entropy
cannot: of random strings of eight letters nine in ten are odd by this measure, of words one in two hundred.
"""

from __future__ import annotations

import re

_ALPHABET = "abcdefghijklmnopqrstuvwxyz$"
_ROWS = """
^443444554774445373345657889
a943487594963439492325666595
b365637783492663594463879483
c395737835934672784534789694
d476526792895874795455898791
e474355697984537572348664792
f496633892994762683444989693
g587728544995645794465789981
h288628993985662894645999692
i554445499983413594339596956
j395729994957992696562999692
k476516583994855687366859791
l376527892983873698445799493
m247518993976573398465999793
n384335284966764698325689792
o654476596954325492444547994
p286627864973773492545879593
q697678977895957995490979993
r375526593966553695346779592
s585727743966775487424879691
t375626942985674693455879582
u544645594993326493339999996
v286917992998674796689989994
w276536942975743683468768993
x564635963985576296527785582
y766646785995545396349768970
z398706993996773697758999684
"""
"""Row: a letter (`^` the start of a word). Column: the one after it (`$` the end). Digit: minus the binary logarithm of
how often it follows, over the 10,600 words of Python's standard library; 0 is always, 9 practically never."""
_TABLE = {row[0]: {b: int(n) for b, n in zip(_ALPHABET, row[1:], strict=True)} for row in _ROWS.split()}


def oddness(text: str) -> float:
    """Mean surprise, in bits a letter pair, of the letters of a text; about 3 for words, 5 and more for random letters.

    Case is ignored, anything but letters ends a word. 0 without letters.
    """
    total, pairs = 0, 0
    for word in re.findall(r"[a-z]+", text.lower()):
        if len(word) == 1:
            continue
        total += sum(_TABLE[a][b] for a, b in zip("^" + word, word + "$", strict=True))
        pairs += len(word) + 1
    return total / pairs if pairs else 0.0
