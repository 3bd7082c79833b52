"""What every check of the lint starts from: the files of a tree, findings, and C without comments."""

import os
import re
from pathlib import Path
from typing import NamedTuple

SKIP_DIRS = {".git", ".cache", "build", "node_modules", "__pycache__"}
SKIP_PREFIXES = ("build-",)
INCLUDE_ROOTS = ("engine/include", "fixtures/include", "sim/include", "rtloader/include")


class Finding(NamedTuple):
    file: str
    line: int
    text: str

    def __str__(self):
        return f"{self.file}:{self.line}: {self.text}"


class Skip(Exception):
    """This host lacks what the check needs."""


class Tree:
    """The files below root in a stable order; build trees and caches are not part of it."""

    def __init__(self, root):
        self.root = Path(root).resolve()
        self.files = sorted(self._walk())
        self._text = {}

    def _walk(self):
        for folder, dirs, names in os.walk(self.root):
            dirs[:] = [d for d in dirs if d not in SKIP_DIRS and not d.startswith(SKIP_PREFIXES)]
            for name in names:
                if not name.endswith((".partial", ".pyc")):
                    yield Path(folder, name).relative_to(self.root).as_posix()

    def text(self, file):
        """The text of a file; empty for a binary one."""
        if file not in self._text:
            data = (self.root / file).read_bytes()
            try:
                self._text[file] = "" if b"\0" in data else data.decode("utf-8")
            except UnicodeDecodeError:
                self._text[file] = ""
        return self._text[file]

    def lines(self, file):
        """(number, text) of each line, counted from 1."""
        return enumerate(self.text(file).split("\n"), 1)

    def c_files(self, *suffixes):
        return [f for f in self.files if f.endswith(suffixes or (".c", ".h")) and is_ours(f)]

    def cmake_files(self):
        return [f for f in self.files if f.endswith(("CMakeLists.txt", ".cmake"))]


def is_ours(file):
    """False for C that follows other rules: programs for BPF and what the kernel generates."""
    return not file.endswith((".bpf.c", ".bpf.h", "vmlinux.h"))


TOKEN = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)


def strip_c(text):
    """C with comments and literals blanked; every line stays where it was."""
    def blank(match):
        body = match.group(0)
        if body[0] in "\"'":
            return body[0] + body[0]
        return " " + "\n" * body.count("\n")
    return TOKEN.sub(blank, text)


def strip_cmake(text):
    return re.sub(r"#[^\n]*", "", text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1
