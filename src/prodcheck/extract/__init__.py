"""One file in, its facts out: pure functions of `(path, bytes)`, so that they can be cached and run in parallel.

Each module has `wants(path) -> bool`, a cheap look at the path, and `extract(path, data) -> facts | None`.
Broken input never raises: it ends in the `problem` of the facts.
"""
