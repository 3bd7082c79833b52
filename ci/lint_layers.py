"""The table of ci/layers.txt, and the checks that includes and link dependencies follow it."""

import fnmatch
import re
from collections import defaultdict
from typing import NamedTuple

from lint_tree import INCLUDE_ROOTS, Finding, line_of, strip_cmake

TABLE = "ci/layers.txt"
INCLUDE = re.compile(r"^\s*#\s*include\s*([<\"])([^>\"]+)[>\"]")


class Layer(NamedTuple):
    folder: str
    may_use: tuple
    headers: tuple
    rules: tuple


class Layers:
    """The parsed table. Malformed lines are findings of the check `layers`."""

    def __init__(self, tree):
        self.tree = tree
        self.rows = {}
        self.groups = defaultdict(list)
        self.allowed = defaultdict(set)  # (kind, file) -> symbols
        self.findings = []
        text = tree.text(TABLE) if TABLE in tree.files else ""
        if not text:
            self.findings.append(Finding(TABLE, 1, "the table of layers is missing"))
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip() and not line.startswith("#"):
                self._parse(number, line)
        for row in self.rows.values():
            for pattern in row.may_use:
                if not fnmatch.filter(self.rows, pattern):
                    self.findings.append(Finding(TABLE, 1, f"{row.folder} names the unknown {pattern}"))

    def _parse(self, number, line):
        word, _, rest = line.partition(" ")
        columns = [column.strip() for column in rest.split("|")]
        if word == "group" and "=" in rest:
            name, _, members = rest.partition("=")
            self.groups[name.strip()] += members.split()
        elif word == "layer" and len(columns) == 4:
            self.rows[columns[0]] = Layer(columns[0], *(tuple(c.split()) for c in columns[1:]))
        elif word == "allow" and ":" in rest and len(rest.partition(":")[0].split()) >= 3:
            kind, file, *symbols = rest.partition(":")[0].split()
            self.allowed[kind, file] |= set(symbols)
        else:
            self.findings.append(Finding(TABLE, number, "neither a layer, a group nor an allow line"))

    def of_file(self, file):
        """The row a file belongs to; None outside every layer."""
        folder = file.rpartition("/")[0]
        for root in INCLUDE_ROOTS:
            if folder.startswith(root + "/rg"):  # rg/live.h belongs to engine/live, as rg/live/x.h does
                inner = file[len(root) + len("/rg"):].rpartition(".")[0]
                folder = root.rpartition("/")[0] + inner
        while folder and folder not in self.rows:
            folder = folder.rpartition("/")[0]
        return self.rows.get(folder)

    def may_use(self, user, used):
        return user.folder == used.folder or any(
            fnmatch.fnmatchcase(used.folder, pattern) for pattern in user.may_use)

    def may_include(self, layer, header):
        patterns = []
        for word in layer.headers:
            patterns += self.groups.get(word, [word])
        return any(fnmatch.fnmatchcase(header, pattern) for pattern in patterns)

    def folders_used(self, layer):
        """Folders whose headers the layer may include, its own first."""
        return [layer.folder] + [row for row in self.rows
            if row != layer.folder and self.may_use(layer, self.rows[row])]


class Headers:
    """Resolves what a quoted #include means."""

    def __init__(self, tree):
        self.files = set(tree.files)
        self.by_name = defaultdict(list)
        for file in tree.files:
            self.by_name[file.rsplit("/", 1)[-1]].append(file)

    def resolve(self, user, name):
        """The file in the tree, the .proto behind a generated header, or None."""
        folder = user.rpartition("/")[0]
        for root in (folder,) + INCLUDE_ROOTS:
            if f"{root}/{name}" in self.files:
                return f"{root}/{name}"
        base = name.rsplit("/", 1)[-1]
        for suffix in (".pb-c.h", ".desc.h"):
            if base.endswith(suffix):
                base = base[:-len(suffix)] + ".proto"
        found = [file for file in self.by_name[base] if ("/" + file).endswith("/" + base)]
        return found[0] if len(found) == 1 else None


def check_layers(tree, layers):
    """A folder includes, and links with, only what its row allows."""
    yield from layers.findings
    headers = Headers(tree)
    for file in tree.c_files():
        layer = layers.of_file(file)
        if layer is None:
            yield Finding(file, 1, f"no row of {TABLE} covers this folder; add one")
            continue
        for number, line in tree.lines(file):
            match = INCLUDE.match(line)
            if match:
                text = judge_include(layers, headers, file, layer, *match.groups())
                if text:
                    yield Finding(file, number, text)
    yield from check_links(tree, layers)


def judge_include(layers, headers, file, layer, sign, name):
    if sign == "<" and not name.startswith("rg/"):
        if layers.may_include(layer, name):
            return None
        return f"{layer.folder} may not include <{name}>; move the code, or change {TABLE} with a reason"
    target = headers.resolve(file, name)
    if target is None:
        if layers.may_include(layer, name):
            return None
        return f"\"{name}\" is not a header of the tree (or not the only one); use the path below include"
    used = layers.of_file(target)
    if used is None or layers.may_use(layer, used):
        return None
    return f"{layer.folder} may not know {used.folder}; ask through a backend, or let core or cli pass it in"


CALL = re.compile(r"\b(rg_add_module|rg_add_proto|add_library|target_link_libraries)\s*\(([^()]*)\)")


def modules_of(tree):
    """(name, file, line, modules it links with) of each library that CMake makes."""
    for file in tree.cmake_files():
        if file.startswith("cmake/"):
            continue
        text = strip_cmake(tree.text(file))
        for match in CALL.finditer(text):
            words = match.group(2).split()
            if words:
                uses = [word for word in words[1:] if word.startswith("rg_")]
                yield words[0], file, line_of(text, match.start()), uses, match.group(1)


def check_links(tree, layers):
    calls = list(modules_of(tree))
    home = {name: file for name, file, _, _, call in calls if call != "target_link_libraries"}
    for name, file, line, uses, _ in calls:
        layer = layers.of_file(home.get(name, file))
        for used_name in uses:
            used = layers.of_file(home[used_name]) if used_name in home else None
            if layer and used and not layers.may_use(layer, used):
                yield Finding(file, line,
                    f"{name} may not link with {used_name}: {TABLE} does not let {layer.folder} know {used.folder}")
