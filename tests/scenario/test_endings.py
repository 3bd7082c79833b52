#!/usr/bin/python3
"""How `reagent test` ends: exit codes for git bisect, a scenario that lasts too long, signals. No
process of a scenario outlives the command."""

import json
import os
import signal
import subprocess
from pathlib import Path

from scenario_kit import (REAGENT, TIMEOUT_S, children, ended, need, read_results, reagent, scratch,
    wait_until, write_scenario)


def endless(path, name="endless"):
    """A live world takes the time that it says."""
    write_scenario(path, name, world="{live: true}", duration="10m")


def check_bisect():
    """What says nothing of a commit skips it."""
    write_scenario("good.yaml", "good")
    write_scenario("bad.yaml", "bad", expect="false")
    Path("invalid.yaml").write_text("name: x\nwhy: [\n")
    endless("endless.yaml")
    Path("nothing").mkdir()
    for arguments, plain, bisect in (
            (["good.yaml"], 0, 0), (["bad.yaml"], 1, 1), (["good.yaml", "bad.yaml"], 1, 1),
            (["nothing"], 2, 125), (["invalid.yaml"], 3, 125), (["none.yaml"], 3, 125),
            (["endless.yaml", "--timeout", "100ms"], 5, 125), (["--no-such", "good.yaml"], 64, 125),
            (["good.yaml", "--shard", "2/1"], 64, 125), ([], 64, 125),
            (["good.yaml", "--json", "nothing"], 74, 125),
            (["good.yaml", "--junit", "nothing/x/y"], 74, 125)):
        reagent("test", *arguments, code=plain)
        reagent("test", *arguments, "--bisect", code=bisect)
    reagent("test", "good.yaml", "--update", env={"CI": "true"}, code=64)
    reagent("test", "good.yaml", "--update", "--bisect", env={"CI": "true"}, code=125)
    with open("/dev/full", "wb") as full:
        reagent("test", "good.yaml", stdout=full, code=74)
        reagent("test", "good.yaml", "--bisect", stdout=full, code=125)
    reagent("test", "endless.yaml", "bad.yaml", "--timeout", "100ms", "--json", "codes.ndjson",
        "--bisect", code=125)
    need(read_results("codes.ndjson")[1]["exit_code"] == 5, "the file knows the code before bisect")


def check_timeout():
    """Killed, told as an error that names the limit, and the next one runs."""
    endless("late/a.yaml", "late")
    write_scenario("late/b.yaml", "after")
    done = reagent("test", "late/a.yaml", "--timeout", "1s", "--json", "late.ndjson", code=5)
    (line,), summary = read_results("late.ndjson")
    need((line["outcome"], line["exit_code"], line["expectation"])
        == ("error", 5, "did not end within 1s"), f"{line}")
    need(10**9 <= line["duration_ns"] < 300 * 10**9, f"took {line['duration_ns']}")
    need(summary["error"] == 1 and summary["exit_code"] == 5, f"{summary}")
    need(b"repeat: reagent test late/a.yaml" in done.stdout, f"{done.stdout}")
    reagent("test", "late", "--timeout", "500ms", "--json", "late.ndjson", code=5)
    lines, _ = read_results("late.ndjson")
    need([line["name"] for line in lines] == ["late", "after"], f"{lines}")
    reagent("test", "late", "--timeout", "0s", code=64)
    reagent("test", "late", "--timeout", "10", code=64)


def start(*more):
    """A test of two endless scenarios, when both run: the command, and their processes."""
    runner = subprocess.Popen([str(REAGENT), "test", "two", "-j", "2", *more],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    wait_until(lambda: len(children(runner.pid)) == 2 or runner.poll() is not None, "two processes")
    need(runner.poll() is None, "ended at once")
    return runner, children(runner.pid)


def finish(runner, pids):
    try:
        for pid in pids:
            wait_until(lambda: ended(pid), f"end of {pid}")
    finally:
        for pid in pids:
            if not ended(pid):
                os.kill(pid, signal.SIGKILL)
    out, err = runner.communicate(timeout=TIMEOUT_S)
    return out.decode(), err.decode()


def check_signals():
    endless("two/a.yaml", "a")
    endless("two/b.yaml", "b")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        runner, pids = start("--json", "cut.ndjson")
        os.kill(runner.pid, number)
        out, err = finish(runner, pids)
        need(runner.returncode == -number, f"ended with {runner.returncode} by {number}")
        need("2 not run" in out and "interrupted" in err, f"not told: {out}{err}")
        lines, summary = read_results("cut.ndjson")
        need(lines == [] and summary["scenarios"] == 2 and summary["exit_code"] == 2, f"{summary}")
        done = reagent("merge", "cut.ndjson", code=2)
        need(b"2 of 2 scenarios were not run" in done.stderr, f"{done.stderr}")
    runner, pids = start()
    os.kill(runner.pid, signal.SIGKILL)
    finish(runner, pids)


def check_crash():
    """A process that dies is an error of its scenario only."""
    runner, pids = start("--json", "crash.ndjson")
    os.kill(pids[0], signal.SIGKILL)
    wait_until(lambda: children(runner.pid) == pids[1:], "one process left")
    os.kill(pids[1], signal.SIGSEGV)
    finish(runner, pids)
    need(runner.returncode == 70, f"ended with {runner.returncode}")
    lines, _ = read_results("crash.ndjson")
    said = json.dumps([line["expectation"] for line in lines])
    need(all(line["outcome"] == "error" for line in lines) and "signal 9" in said, said)


def main():
    with scratch():
        check_bisect()
        check_timeout()
        check_signals()
        check_crash()


if __name__ == "__main__":
    main()
