"""What the black-box tests of record and replay share: running reagent, load, scratch folders."""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

REAGENT = Path(os.environ.get("REAGENT", "reagent")).resolve()
SKIPPED = 77
TIMEOUT_S = 300


def reagent(*args, binary=REAGENT, env=None, **kwargs):
    """Runs reagent and returns what subprocess.run returns, outputs as bytes."""
    kwargs.setdefault("timeout", TIMEOUT_S)
    return subprocess.run([str(binary), *map(str, args)], capture_output=True,
        stdin=subprocess.DEVNULL, env=env, **kwargs)


def fail(text):
    print("FAILED:", text)
    sys.exit(1)


def need(condition, text):
    if not condition:
        fail(text)


def tell(done):
    """A finished command in words, for a failure."""
    return (f"{' '.join(map(str, done.args))}\nended with {done.returncode}\n"
            f"{done.stdout.decode(errors='replace')[-2000:]}{done.stderr.decode(errors='replace')[-4000:]}")


def document(done):
    """The JSON that a command printed; fails when it failed."""
    need(done.returncode == 0, tell(done))
    try:
        return json.loads(done.stdout)
    except ValueError:
        fail("no JSON: " + tell(done))


def record(path, duration, *more):
    """Records this host; the summary."""
    return document(reagent("record", "-o", path, "--for", duration, "--json", *more))


def replay(path, **kwargs):
    """Replays a capture, which must be equal; the report."""
    report = document(reagent("replay", path, "--json", **kwargs))
    need(report["equal"] is True, f"{path}: not equal: {report}")
    return report


def check_equal(summary, report):
    """A finished recording and its replay say the same."""
    need(report["truncated"] is False, f"truncated: {report}")
    for key in ("output_hash", "effects", "outputs"):
        need(summary[key] == report[key], f"{key}: recorded {summary[key]}, replayed {report[key]}")
    need(report["recorded_output_hash"] == summary["output_hash"], f"stored hash differs: {report}")
    need(summary["effects"] > 100 and summary["outputs"] > 0, f"hardly anything recorded: {summary}")


@contextmanager
def scratch():
    """A folder that goes away, with room for captures."""
    folder = tempfile.mkdtemp(prefix="reagent-test-")
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


CHURN = """
import os, sys, time
rate = float(sys.argv[1])
start, made = time.monotonic(), 0
while os.getppid() == int(sys.argv[2]):
    pid = os.fork()
    if pid == 0:
        time.sleep(made % 50 / 100)  # some fifty live at any moment
        os._exit(0)
    made += 1
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                break
        except ChildProcessError:
            break
    time.sleep(max(0, start + made / rate - time.monotonic()))
"""

HOG = """
import os, sys
os.nice(5)
while os.getppid() == int(sys.argv[1]):
    for i in range(1000000):
        pass
"""


@contextmanager
def load(processes_per_s=200, hogs=8):
    """Short-lived processes and busy ones, for as long as the block lasts. Orphans end themselves."""
    me = str(os.getpid())
    children = [subprocess.Popen([sys.executable, "-S", "-c", CHURN, str(processes_per_s), me])]
    children += [subprocess.Popen([sys.executable, "-S", "-c", HOG, me]) for _ in range(hogs)]
    try:
        yield
        need(all(child.poll() is None for child in children), "the load ended too early")
    finally:
        for child in children:
            child.kill()
        for child in children:
            child.wait()


def seeded(text):
    """A random number generator and its seed, which a failure must name."""
    seed = int(text) if text else 1
    print(f"seed {seed}")
    return random.Random(seed)
