#!/usr/bin/python3
"""explore_broken.py BROKEN: reagent explore finds a missing lock, and nothing where none is missing.

BROKEN is reagent with one lock left out (RG_BREAK_LOCK). Its mistake needs the tasks in a particular
order: in the stable order the scenario passes. Each scheduler has to find it within 200 seeds, the
command it prints has to find it again, and the capture it keeps has to replay."""

import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

SCENARIO = Path(__file__).resolve().parent / "stop_while_sending.yaml"
HEALTHY = os.environ["REAGENT"]
TIMEOUT_S = 100


def run(command, code, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S)
    if done.returncode != code:
        sys.exit(f"{shlex.join(map(str, command))}: exit code {done.returncode}, not {code}\n"
                 f"{done.stdout}{done.stderr}")
    return done.stdout


def explore(program, scheduler, code, folder, seeds="1..200", jobs="2"):
    out = run([program, "explore", SCENARIO, "--seeds", seeds, "--scheduler", scheduler, "--json",
               "-j", jobs], code, folder)
    return json.loads(out)


def check(what, holds):
    if not holds:
        sys.exit(f"{what}: not so")


def check_scheduler(broken, scheduler, folder):
    found = explore(broken, scheduler, 1, folder)
    check("200 seeds were run", found["seeds"]["run"] == 200)
    check("a failure is told", found["failed"] >= 1 and len(found["failures"]) == found["failed"])
    first = found["failures"][0]
    check("it is the lost wake-up",
          first["invariant"] == "deadlock" and "queue-process" in first["details"][0])

    command = shlex.split(first["repeat"])
    check("the command is one of ours", command[:2] == ["reagent", "explore"])
    again = json.loads(run([broken, *command[1:], "--json"], 1, folder))
    check("the command repeats one seed", again["seeds"]["run"] == 1)
    for key in ("seed", "invariant", "details", "order_hash"):
        check(f"the command repeats {key}", again["failures"][0][key] == first[key])

    check("the capture shows the same order", "note" not in first)
    run([broken, "replay", first["capture"]], 0, folder)
    print(f"{scheduler}: {found['failed']} of 200 seeds, the first one is {first['seed']}")


def check_healthy(scheduler, folder):
    # a sanitizer needs ten times as long for a seed, and the seeds of a fault are few
    seeds = "100..160" if os.environ.get("RG_SANITIZE") else "1..200"
    all_seeds = explore(HEALTHY, scheduler, 0, folder, seeds)
    check("nothing is found", all_seeds["failed"] == 0 and all_seeds["failures"] == [])
    check("many orders were tried", all_seeds["orders"] >= 50)
    one = explore(HEALTHY, scheduler, 0, folder, "5..34", "1")
    two = explore(HEALTHY, scheduler, 0, folder, "5..34", "3")
    check("a seed has one order", one["orders_hash"] == two["orders_hash"])


def main():
    broken = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        run([broken, "test", SCENARIO], 0, folder)
        for scheduler in ("random", "pct"):
            check_healthy(scheduler, folder)
        check("a run without failures makes no folder", os.listdir(folder) == [])
        for scheduler in ("random", "pct"):
            check_scheduler(broken, scheduler, folder)


main()
