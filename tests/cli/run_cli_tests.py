#!/usr/bin/python3
"""Runs the command lines in cases/*.case and compares what they print.

A case is a text file:

    # why it is there
    $ reagent ls nothing.mcap          one command for sh; more lines follow with "> "
    needs root                         optional: root, or a program; missing ones skip the case
    hide [0-9]+ effects                optional: a regular expression whose matches become <...>
    parse json                         optional: stdout is JSON of schema 1 and is not compared
    code 3
    stdout                             everything up to the next heading, each line behind "| "
    stderr
    | reagent: nothing.mcap: No such file or directory

Commands run in a folder of their own that holds proc/ (tiny_proc.py), a.mcap (recorded from it),
cut.mcap (its first half), empty.mcap and bad.mcap (one byte flipped). --update rewrites what the
cases expect; it refuses when CI is set, and such a run never counts as passed."""

import argparse
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import tiny_proc

HERE = Path(__file__).resolve().parent
REAGENT = Path(os.environ.get("REAGENT", "reagent")).resolve()
SETUP_TIMEOUT_S = 60
CASE_TIMEOUT_S = 60


class Case:
    """One case file, parsed."""

    def __init__(self, path):
        self.path = path
        self.why, self.command, self.needs, self.hide = [], [], [], []
        self.json = False
        self.code = None
        self.text = {"stdout": "", "stderr": ""}
        heading = None
        for number, line in enumerate(path.read_text().splitlines(), 1):
            heading = self.take(line, heading, number)
        if not self.command:
            raise ValueError(f"{path.name}: no command")

    def take(self, line, heading, number):
        word, _, rest = line.partition(" ")
        if line.startswith("#"):
            self.why.append(line)
        elif word in ("$", ">"):
            self.command.append(rest)
        elif word == "needs":
            self.needs.append(rest)
        elif word == "hide":
            self.hide.append(rest)
        elif word == "parse":
            self.json = True
        elif word == "code":
            self.code = int(rest)
        elif line in self.text:
            return line
        elif word == "|" and heading:
            self.text[heading] += rest + "\n"
        elif line:
            raise ValueError(f"{self.path.name}:{number}: not understood: {line}")
        return heading

    def dump(self):
        lines = list(self.why)
        lines += [("> " if i else "$ ") + part for i, part in enumerate(self.command)]
        lines += ["needs " + need for need in self.needs]
        lines += ["hide " + pattern for pattern in self.hide]
        lines += ["parse json"] * self.json
        lines.append(f"code {self.code}")
        for heading in ("stdout", "stderr"):
            lines.append(heading)
            lines += [("| " + line).rstrip(" ") if line else "|"
                      for line in self.text[heading].splitlines()]
        return "\n".join(lines) + "\n"

    def missing(self):
        for need in self.needs:
            if need == "root" and os.geteuid() != 0:
                return "root"
            if need != "root" and not shutil.which(need):
                return need
            # In a chroot there is unshare, but no mount namespace to be had.
            if need == "unshare" and subprocess.run(
                    ["unshare", "-m", "true"], capture_output=True, check=False).returncode != 0:
                return "a mount namespace"
        return None


def normal(text, case):
    """What may differ between runs, hidden; blanks at line ends do not count."""
    for pattern in case.hide:
        text = re.sub(pattern, "<...>", text, flags=re.M)
    return "".join(line.rstrip() + "\n" for line in text.splitlines())


def environment(folder):
    return {"PATH": f"{folder}/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": str(folder), "TERM": "dumb",
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")}


def run(case, folder):
    done = subprocess.run(["sh", "-c", "\n".join(case.command)], cwd=folder,
        env=environment(folder), stdin=subprocess.DEVNULL, capture_output=True,
        timeout=CASE_TIMEOUT_S)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def json_problem(text):
    """Each line, or the whole, is a document with schema_version 1, or a list of such."""
    try:
        documents = [json.loads(line) for line in text.splitlines()]
    except ValueError as error:
        return f"stdout is not JSON: {error}"
    if len(documents) == 1 and isinstance(documents[0], list):
        documents = documents[0]
    if not documents or any(d.get("schema_version") != 1 for d in documents):
        return "stdout has no schema_version 1"
    return None


def check(case, folder):
    """Differences between what came and what is expected, as lines."""
    code, out, err = run(case, folder)
    found = {"stdout": normal(out, case), "stderr": normal(err, case)}
    problems = []
    if code != case.code:
        problems.append(f"exit code {code}, expected {case.code}")
    if case.json:
        problem = json_problem(out)
        problems += [problem] if problem else []
        found["stdout"] = ""
    for heading, text in found.items():
        problems += list(difflib.unified_diff(case.text[heading].splitlines(), text.splitlines(),
            f"{heading} expected", f"{heading} found", lineterm=""))
    return problems, code, found


def prepare(folder):
    (folder / "bin").mkdir()
    (folder / "bin" / "reagent").symlink_to(REAGENT)
    tiny_proc.make(folder / "proc")
    subprocess.run(["reagent", "record", "-o", "a.mcap", "--proc-root", "proc", "--for", "2500ms"],
        cwd=folder, env=environment(folder), check=True, capture_output=True,
        timeout=SETUP_TIMEOUT_S)
    whole = (folder / "a.mcap").read_bytes()
    (folder / "cut.mcap").write_bytes(whole[:len(whole) // 2])
    (folder / "empty.mcap").write_bytes(b"")
    middle = len(whole) // 3
    (folder / "bad.mcap").write_bytes(
        whole[:middle] + bytes([whole[middle] ^ 0x55]) + whole[middle + 1:])


def run_case(path, template, update):
    case = Case(path)
    missing = case.missing()
    if missing:
        print(f"skip {path.stem}: needs {missing}")
        return True
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "case")
        shutil.copytree(template, folder, symlinks=True)
        try:
            problems, code, found = check(case, folder)
        except subprocess.TimeoutExpired:
            problems, code, found = [f"did not end within {CASE_TIMEOUT_S} s"], None, None
            update = False
    if problems and update:
        case.code, case.text = code, found
        path.write_text(case.dump())
        print(f"updated {path.stem}")
    elif problems:
        print(f"FAILED {path.stem}: {' '.join(case.command)}")
        print("\n".join("  " + line for line in problems))
        print(f"  repeat: REAGENT={REAGENT} {sys.executable} {Path(__file__)} {path.stem}")
    return not problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--update", action="store_true", help="rewrite what the cases expect")
    parser.add_argument("names", nargs="*", help="only these cases")
    args = parser.parse_args()
    if args.update and os.environ.get("CI"):
        sys.exit("--update is refused because CI is set")
    paths = sorted((HERE / "cases").glob("*.case"))
    if args.names:
        paths = [path for path in paths if path.stem in args.names]
    if not paths:
        sys.exit("no such case")
    with tempfile.TemporaryDirectory() as scratch:
        template = Path(scratch, "template")
        template.mkdir()
        prepare(template)
        failed = sum(not run_case(path, template, args.update) for path in paths)
    print(f"{len(paths)} cases, {failed} {'updated' if args.update else 'failed'}")
    return 1 if failed or args.update else 0


if __name__ == "__main__":
    sys.exit(main())
