#!/usr/bin/python3
"""Commands that have a process for each run: none of those outlives its command, whatever the caller
has done with signals, open files and standard streams."""

import os
import resource
import signal
import subprocess
from pathlib import Path

from scenario_kit import (REAGENT, TIMEOUT_S, children, ended, need, read_results, reagent, scratch,
    tell, wait_until, write_scenario)

# Virtual years: no machine is through with them before it is told to stop.
LONG = "{simulate: {processes: [{name: a, count: 100}]}}"
VERBS = {
    "test": ("test", "long.yaml"),
    "explore": ("explore", "long.yaml", "--seeds", "1..2"),
    "bench": ("bench", "long.yaml", "-n", "1"),
    "verify": ("verify", "long.yaml"),
}


def run(*args, **kwargs):
    return subprocess.run([str(REAGENT), *args], capture_output=True, stdin=subprocess.DEVNULL,
        timeout=TIMEOUT_S, **kwargs)


def check_killed(verb, number):
    """The command goes, and its process with it."""
    command = subprocess.Popen([str(REAGENT), *VERBS[verb]], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    pids = []
    try:
        wait_until(lambda: children(command.pid) or command.poll() is not None, f"a child of {verb}")
        need(command.poll() is None, f"{verb} ended at once: {command.returncode}")
        pids = children(command.pid)
        command.send_signal(number)
        need(command.wait(TIMEOUT_S) == -number, f"{verb} ended with {command.returncode}")
        for pid in pids:
            wait_until(lambda: ended(pid), f"the end of {pid} of {verb}")
    finally:
        command.kill()
        for pid in pids:
            if not ended(pid):
                os.kill(pid, signal.SIGKILL)


def check_ignored_children():
    """SIGCHLD that is ignored stays so across exec, and would hide how a process ended."""
    for args in (("test", "good.yaml"), ("explore", "good.yaml", "--seeds", "1..3"),
            ("bench", "good.yaml", "-n", "1"), ("verify", "good.yaml")):
        done = run(*args, preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        need(done.returncode == 0, f"with SIGCHLD ignored: {tell(done)}")


def check_few_files():
    """Scenarios that wait for their turn to be told hold no file open."""
    write_scenario("many/a.yaml", "slow", world="{live: true}", duration="3s")
    for number in range(40):
        write_scenario(f"many/b{number}.yaml", f"quick {number}")
    done = run("test", "many", "-j", "2", "--json", "many.ndjson",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32)))
    need(done.returncode == 0, f"with few files: {tell(done)}")
    need(read_results("many.ndjson")[1]["ok"] == 41, "not all of them")


def check_closed_streams():
    """A report does not become what was standard output."""
    for closed in ((1,), (2,), (0, 1, 2)):
        for report in ("closed.ndjson", "closed.xml"):
            Path(report).unlink(missing_ok=True)
        done = run("test", "good.yaml", "bad.yaml", "--json", "closed.ndjson", "--junit",
            "closed.xml", preexec_fn=lambda: [os.close(fd) for fd in closed])
        need(done.returncode == (74 if 1 in closed else 1), f"{closed} closed: {tell(done)}")
        lines, summary = read_results("closed.ndjson")
        need(len(lines) == 2 and summary["failed"] == 1, f"{closed} closed: {lines}")
        need(Path("closed.xml").read_text().startswith("<?xml"), f"{closed} closed: the JUnit report")


def main():
    with scratch():
        write_scenario("good.yaml", "good")
        write_scenario("bad.yaml", "bad", expect="false")
        write_scenario("long.yaml", "long", world=LONG, duration="1000000h")
        for verb in VERBS:
            for number in (signal.SIGTERM, signal.SIGKILL):
                check_killed(verb, number)
        check_ignored_children()
        check_few_files()
        check_closed_streams()
        reagent("test", "good.yaml", "--json", "/dev/full", code=74)


if __name__ == "__main__":
    main()
