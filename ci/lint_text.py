"""Checks that read text only: names, sources, lengths, words."""

import ast
import re
from collections import defaultdict

from lint_tree import Finding, is_ours, line_of, strip_c, strip_cmake

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
MEASURED = (".c", ".h", ".py", ".sh", ".mjs", ".cmake", "CMakeLists.txt")
SAME_NAME_OK = {"CMakeLists.txt", "README.md"}

# The words are joined from pieces so that this file does not hold what it looks for.
MARKERS = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK"]) + r")\b")
MACHINE_PATHS = re.compile(
    r"(?<![\w.])/(?:" + "|".join(["wo" + "rk/", "ro" + r"ot/", "ho" + r"me/\w+/", "tm" + r"p/b\b"]) + ")")
REGISTRIES = re.compile("|".join(re.escape(".".join(parts)) for parts in [
    ("py" + "pi", "org"), ("python" + "hosted", "org"), ("npm" + "js", "org"), ("npm" + "js", "com"),
    ("crates", "io"), ("ruby" + "gems", "org"), ("proxy", "golang", "org"), ("deb", "debian", "org"),
    ("security", "debian", "org"), ("archive", "ubuntu", "com"), ("repo", "maven"),
    ("repo1", "maven"), ("ana" + "conda", "org"), ("yarn" + "pkg", "com")]))
MODE_QUERY = re.compile(
    r"\b\w*(?:is|in|am)_(?:live|sim|simulated|simulation|replay|replaying|recording|record)\b")


def check_names(tree):
    """File names are unique, so that a name in a report or a search means one file."""
    where = defaultdict(list)
    for file in tree.files:
        name = file.rsplit("/", 1)[-1]
        if name not in SAME_NAME_OK and not file.startswith("fixtures/data/"):
            where[name].append(file)
    for name, files in sorted(where.items()):
        for file in files[1:]:
            yield Finding(file, 1, f"{files[0]} has the same name; begin the name with what differs")


def check_sources(tree, build=None):
    """Each .c file is listed in CMake by name."""
    listed = ""
    for file in tree.cmake_files():
        text = strip_cmake(tree.text(file))
        listed += text
        for match in re.finditer(r"\bfile\s*\(\s*GLOB\w*|aux_source_directory", text):
            yield Finding(file, line_of(text, match.start()), "sources are globbed; list them")
    if build is not None and (build / "build.ninja").is_file():
        listed += (build / "build.ninja").read_text(errors="replace")
    names = set(re.findall(r"[\w.+-]+\.c\b", listed))
    for file in tree.c_files(".c"):
        name = file.rsplit("/", 1)[-1]
        if name not in names and not file.startswith("fixtures/data/"):
            yield Finding(file, 1, "no CMakeLists.txt lists this source; add it or remove the file")


def check_length(tree):
    """A file is one idea."""
    for file in tree.files:
        count = len(tree.text(file).splitlines())
        if file.endswith(MEASURED) and is_ours(file) and count > FILE_LINES_MAX:
            yield Finding(file, FILE_LINES_MAX + 1, f"{count} lines, at most {FILE_LINES_MAX}: split it")


def blank_directives(text):
    """Blanks preprocessor lines and every branch after the first, so that braces pair up."""
    out = []
    skip_depth = []  # per open #if: whether its present branch is blanked
    continued = False
    for line in text.split("\n"):
        directive = re.match(r"\s*#\s*(\w+)", line)
        if continued or directive:
            if directive and not continued:
                word = directive.group(1)
                if word in ("if", "ifdef", "ifndef"):
                    skip_depth.append(False)
                elif word in ("else", "elif") and skip_depth:
                    skip_depth[-1] = True
                elif word == "endif" and skip_depth:
                    skip_depth.pop()
            continued = line.endswith("\\")
            out.append("")
        else:
            out.append("" if any(skip_depth) else line)
    return "\n".join(out)


def c_functions(text):
    """(name, first line, last line) of each function body in C."""
    text = blank_directives(strip_c(text))
    depth = 0
    begin = 0  # where the present declaration starts
    opened = None
    for match in re.finditer(r"[{};]", text):
        sign = match.group(0)
        if sign == "{":
            if depth == 0:
                head = text[begin:match.start()]
                name = re.search(r"(\w+)\s*\(", head)
                start = begin + len(head) - len(head.lstrip())
                is_function = name and "=" not in head and head.rstrip().endswith(")")
                opened = (name.group(1), line_of(text, start)) if is_function else None
            depth += 1
        elif sign == "}":
            depth = max(0, depth - 1)
            if depth == 0:
                if opened:
                    yield opened[0], opened[1], line_of(text, match.start())
                opened = None
                begin = match.end()
        elif depth == 0:
            begin = match.end()


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno


def check_functions(tree):
    """A function fits on a screen."""
    for file in tree.files:
        if file.endswith((".c", ".h")) and is_ours(file):
            found = c_functions(tree.text(file))
        elif file.endswith(".py"):
            try:
                found = list(python_functions(tree.text(file)))
            except SyntaxError as error:
                yield Finding(file, error.lineno or 1, f"not Python: {error.msg}")
                continue
        else:
            continue
        for name, first, last in found:
            count = last - first + 1
            if count > FUNCTION_LINES_MAX:
                yield Finding(file, first,
                    f"{name} has {count} lines, at most {FUNCTION_LINES_MAX}: split it")


def find_words(tree, pattern, advice):
    for file in tree.files:
        for number, line in tree.lines(file):
            match = pattern.search(line)
            if match:
                yield Finding(file, number, f"'{match.group(0)}': {advice}")


def check_markers(tree):
    """Work left undone belongs in the tracker, not in the tree."""
    yield from find_words(tree, MARKERS, "do it, or write down the limit as a fact")


def check_paths(tree):
    """No path of one person's machine."""
    yield from find_words(tree, MACHINE_PATHS, "a path of one machine; use a relative or made-up one")


def check_hosts(tree):
    """Package managers know their registries; the tree does not name them."""
    yield from find_words(tree, REGISTRIES, "names a package registry; leave that to its client")


def check_modes(tree):
    """The engine never asks whether it is live."""
    for file in tree.c_files():
        if file.startswith("engine/"):
            text = strip_c(tree.text(file))
            for match in MODE_QUERY.finditer(text):
                yield Finding(file, line_of(text, match.start()),
                    f"'{match.group(0)}' asks for the mode; make the difference a backend's answer")
