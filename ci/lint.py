#!/usr/bin/python3
"""Checks the rules of the tree that a compiler does not know.

    ci/lint.py [--root DIR] [--build DIR] [--only CHECK,...] [--list]

Prints file:line: what is wrong and what to do. Exit: 0 nothing found, 1 findings, 64 usage, 77 when
every check asked for was skipped because this host (or the call) lacks what it needs.
"""

import argparse
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import lint_build  # noqa: E402
import lint_layers  # noqa: E402
import lint_text  # noqa: E402
from lint_tree import Skip, Tree  # noqa: E402

CHECKS = {
    "layers": lambda c: lint_layers.check_layers(c.tree, c.layers),
    "names": lambda c: lint_text.check_names(c.tree),
    "sources": lambda c: lint_text.check_sources(c.tree, c.build),
    "length": lambda c: lint_text.check_length(c.tree),
    "functions": lambda c: lint_text.check_functions(c.tree),
    "markers": lambda c: lint_text.check_markers(c.tree),
    "paths": lambda c: lint_text.check_paths(c.tree),
    "hosts": lambda c: lint_text.check_hosts(c.tree),
    "modes": lambda c: lint_text.check_modes(c.tree),
    "headers": lambda c: lint_build.check_headers(c.tree, c.layers, c.build, c.compiler),
    "globals": lambda c: lint_build.check_globals(c.tree, c.layers, c.build),
    "imports": lambda c: lint_build.check_imports(c.tree, c.layers, c.build),
    "format": lambda c: lint_build.check_format(c.tree),
}


class Context:
    def __init__(self, root, build=None, compiler="gcc"):
        self.tree = Tree(root)
        self.layers = lint_layers.Layers(self.tree)
        self.build = Path(build).resolve() if build else None
        self.compiler = compiler


def run_checks(context, names, report=print):
    """Runs the named checks. Returns the number of findings and of skipped checks."""
    found = skipped = 0
    for name in names:
        try:
            for finding in CHECKS[name](context):
                report(f"{finding} [{name}]")
                found += 1
        except Skip as reason:
            report(f"lint: skipped {name}: {reason}")
            skipped += 1
    return found, skipped


def main(argv):
    parser = argparse.ArgumentParser(
        description="Checks the rules of the tree that a compiler does not know.")
    parser.add_argument("--root", default=Path(__file__).resolve().parent.parent, metavar="DIR")
    parser.add_argument("--build", metavar="DIR", help="a built tree; without it symbols are not checked")
    parser.add_argument("--only", metavar="CHECK,...", help="run these checks")
    parser.add_argument("--cc", default="gcc", help="compiler for headers (gcc)")
    parser.add_argument("--list", action="store_true", help="name the checks")
    try:
        options = parser.parse_args(argv)
    except SystemExit as stop:
        return 64 if stop.code else 0
    if options.list:
        for name in CHECKS:
            print(name)
        return 0
    names = options.only.split(",") if options.only else list(CHECKS)
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        print(f"lint: no check is called {unknown[0]}; see --list", file=sys.stderr)
        return 64
    found, skipped = run_checks(Context(options.root, options.build, options.cc), names)
    print(f"lint: {found} findings, {len(names) - skipped} checks run, {skipped} skipped")
    if found:
        return 1
    return 77 if skipped == len(names) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
