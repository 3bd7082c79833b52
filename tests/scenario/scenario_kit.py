"""What the black-box tests of scenarios share: small scenario files, running reagent, results."""

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

REAGENT = Path(os.environ.get("REAGENT", "reagent")).resolve()
SKIPPED = 77
TIMEOUT_S = 100


def fail(text):
    print("FAILED:", text)
    sys.exit(1)


def need(condition, text):
    if not condition:
        fail(text)


def skip(text):
    print("skipped:", text)
    sys.exit(SKIPPED)


def tell(done):
    """A finished command in words, for a failure."""
    return (f"{' '.join(map(str, done.args))}\nended with {done.returncode}\n"
            f"{done.stdout.decode(errors='replace')[-3000:]}"
            f"{done.stderr.decode(errors='replace')[-3000:]}")


def reagent(*args, code=0, **kwargs):
    """Runs reagent, which must end with code, or one of them."""
    kwargs.setdefault("stdout", subprocess.PIPE)
    env = {name: value for name, value in os.environ.items() if name != "CI"} | kwargs.pop("env", {})
    done = subprocess.run([str(REAGENT), *map(str, args)], stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL, timeout=TIMEOUT_S, env=env, **kwargs)
    if done.stdout is None:
        done.stdout = b""
    codes = code if isinstance(code, tuple) else (code,)
    need(done.returncode in codes, f"not {code}: {tell(done)}")
    return done


@contextmanager
def scratch():
    """A folder that goes away, and is the current one meanwhile."""
    with tempfile.TemporaryDirectory(prefix="reagent-test-") as folder:
        before = os.getcwd()
        os.chdir(folder)
        try:
            yield Path(folder)
        finally:
            os.chdir(before)


def quoted(text):
    """A YAML text in ASCII. (JSON would not do: YAML knows no surrogates.)"""
    def character(c):
        if c in '"\\':
            return "\\" + c
        code = ord(c)
        return c if 32 <= code < 127 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return '"' + "".join(map(character, text)) + '"'


def write_scenario(path, name, expect="true", world="{simulate: {processes: [{name: a}]}}",
        duration="1s", more=""):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"name: {quoted(name)}\nworld: {world}\nrun: {{for: {duration}}}\n{more}"
                    f"expect: [{{eventually: {quoted(expect)}}}]\n")


def read_results(path):
    """The lines of scenarios, and the summary."""
    lines = [json.loads(line) for line in Path(path).read_text().splitlines()]
    need(lines and lines[-1].get("summary") is True, f"{path} has no summary")
    return lines[:-1], lines[-1]


def children(pid):
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if stat.read_text().rpartition(")")[2].split()[1] == str(pid):
                found.append(int(stat.parent.name))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return sorted(found)


def ended(pid):
    """Gone, or a zombie that nobody waits for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_until(condition, text):
    deadline = time.monotonic() + TIMEOUT_S / 4
    while not condition():
        need(time.monotonic() < deadline, f"never: {text}")
        time.sleep(0.01)
