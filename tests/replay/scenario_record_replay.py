#!/usr/bin/python3
"""Every scenario below scenarios/: a recorded run replays to the same hash, without its faults; the
same seed gives the same file; verify agrees."""

import filecmp
import os
from pathlib import Path

from replay_kit import document, fail, need, reagent, replay, scratch, tell

SCENARIOS = Path(os.environ["RG_SOURCE_DIR"]) / "scenarios"
TWICE = 4  # scenarios that are recorded again and verified
LIVE = "live: true"
SANITIZER = os.environ.get("RG_SANITIZE")
HEAVY = {"ten-thousand-instances-on-4-workers", "ten-thousand-instances-on-64-workers"}
if SANITIZER:
    HEAVY |= {"twenty-thousand-processes", "busy-host-with-all-faults"}
EVERY = 5 if SANITIZER == "thread" else 1


def record(scenario, path, *more):
    done = reagent("record", "-o", path, "--scenario", scenario, "--json", *more)
    need(done.returncode == 0, tell(done))
    return document(done)


def check_equal(summary, report):
    """Short runs are fine here."""
    for key in ("output_hash", "effects", "outputs"):
        need(summary[key] == report[key], f"{key}: recorded {summary}, replayed {report}")
    need(report["truncated"] is False, f"truncated: {report}")


def verify(path):
    report = document(reagent("verify", path, "--json"))
    need(report["equal"] is True, f"{path}: {report}")


def main():
    scenarios = sorted(p for p in SCENARIOS.rglob("*.yaml")
        if LIVE not in p.read_text() and p.stem not in HEAVY)[::EVERY]
    need(len(scenarios) >= TWICE, f"{SCENARIOS}: hardly any scenarios")
    with scratch() as folder:
        hashes = {}
        for number, scenario in enumerate(scenarios):
            capture = folder / f"{scenario.stem}.mcap"
            summary = record(scenario, capture)
            check_equal(summary, replay(capture))
            hashes[scenario] = summary["output_hash"]
            if number % (len(scenarios) // TWICE) == 0:
                again = folder / "again.mcap"
                need(record(scenario, again, "--force") == {**summary, "file": str(again)},
                    f"{scenario}: the second recording is another one")
                need(filecmp.cmp(capture, again, shallow=False), f"{scenario}: the files differ")
                verify(capture)
                verify(scenario)
            capture.unlink()
        other = record(scenarios[0], folder / "other.mcap", "--seed", "4711")
        if other["output_hash"] == hashes[scenarios[0]]:
            fail("another seed gives the same outputs")
    print(f"{len(scenarios)} scenarios")


main()
