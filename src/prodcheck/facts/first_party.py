"""Which imports are the project's own modules.

Names alone do not tell: `utils`, `datasets` or `models` are a project's folder in one repository and a distribution in
the next, and a folder `tensorflow/` may hold scripts that import the real thing. So a module is looked for where Python
would look - beside the importing file, in the folders above it, in `src` - and a match that could also be a well-known
distribution must hold what is imported from it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from prodcheck.extract.python import Import
from prodcheck.extract.run import FileFacts
from prodcheck.facts import import_names

_SUFFIXES = (".py", ".pyw", ".pyx", ".pyi", ".so", ".pyd")


class Modules:
    """Every module and package of the tree, by the folder it lies in."""

    def __init__(self, files: Mapping[str, FileFacts], names: Iterable[str]) -> None:
        """`names` are the project's own names and its submodules: local whatever the tree shows."""
        self.files = files
        self.modules: dict[str, set[str]] = defaultdict(set)
        """Folder to the names of the modules in it."""
        self.packages: dict[str, set[str]] = defaultdict(set)
        """Folder to its subfolders that hold Python code somewhere below."""
        self.regular: set[str] = set()
        """Folders with an `__init__.py`."""
        self.places: dict[str, list[str]] = defaultdict(list)
        """Name to the folders that hold a module or package of that name."""
        self.names = frozenset(names)
        self._known: dict[str, frozenset[str]] = {}
        for path in files:
            if path.endswith(_SUFFIXES):
                self._add(path)

    def _add(self, path: str) -> None:
        folder, _, name = path.rpartition("/")
        stem = name.partition(".")[0]
        if stem == "__init__":
            self.regular.add(folder)
        elif stem not in self.modules[folder]:
            self.modules[folder].add(stem)
            self.places[stem].append(folder)
        while folder:
            parent, _, last = folder.rpartition("/")
            if last in self.packages[parent]:
                break
            self.packages[parent].add(last)
            self.places[last].append(parent)
            folder = parent

    @property
    def top_level(self) -> frozenset[str]:
        """Names a script at the root or in `src` can import."""
        return frozenset().union(*(self.modules[f] | self.packages[f] for f in ("", "src"))) | self.names

    def is_own(self, item: Import, path: str) -> bool:
        """True when an absolute import in a file means a module of this tree."""
        top = item.module.partition(".")[0]
        if top in self.names:
            return True
        if top not in self.places:
            return False
        known = import_names.is_known(top)
        for folder in _search_path(path):
            if top in self.modules[folder] or top in self.packages[folder]:
                if not known or self._holds(folder, top, item):
                    return True
                package = f"{folder}/{top}" if folder else top
                importable = top in self.modules[folder] or package in self.regular
                if importable and folder not in self.regular and not self._lacks(folder, top, item):
                    return True
        if not known:
            return True
        return any(self._holds(folder, top, item) for folder in self.places[top])

    def _holds(self, folder: str, top: str, item: Import) -> bool:
        """True when what is imported is really there."""
        return self._found(folder, top, item) is True

    def _lacks(self, folder: str, top: str, item: Import) -> bool:
        return self._found(folder, top, item) is False

    def _found(self, folder: str, top: str, item: Import) -> bool | None:
        """Whether the local module has what is imported from it; None for a bare `import top`."""
        place = f"{folder}/{top}" if folder else top
        parts = item.module.split(".")[1:]
        if top in self.packages[folder]:
            for part in parts:
                if part in self.modules[place]:
                    return True
                if part not in self.packages[place]:
                    return part in self._defined(f"{place}/__init__.py")
                place = f"{place}/{part}"
            if not item.names:
                return True if parts else None
            inside = self.modules[place] | self.packages[place] | self._defined(f"{place}/__init__.py")
            return bool(inside & set(item.names)) if "*" not in item.names else (True if parts else None)
        if parts:
            return False
        if not item.names or "*" in item.names:
            return None
        return bool(self._defined(f"{place}.py") & set(item.names))

    def _defined(self, path: str) -> frozenset[str]:
        """Names that a module defines or imports at its top level."""
        if path not in self._known:
            self._known[path] = self._read(path)
        return self._known[path]

    def _read(self, path: str) -> frozenset[str]:
        facts = self.files.get(path)
        if facts is None or facts.python is None:
            return frozenset()
        module = facts.python
        names = {d.name for d in module.definitions} | set(module.constants)
        for item in module.imports:
            names.update(item.names or (item.module.partition(".")[0],))
        return frozenset(names)


def _search_path(path: str) -> Iterable[str]:
    """Folders Python may search for an import in a file: its own, those above it, and their `src`, `lib`, `python`."""
    folder = path.rpartition("/")[0]
    while True:
        yield folder
        for source in ("src", "lib", "python"):
            yield f"{folder}/{source}" if folder else source
        if not folder:
            return
        folder = folder.rpartition("/")[0]
