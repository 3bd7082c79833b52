#!/usr/bin/python3
"""The simulated captures of fixtures/data come out of their scenarios byte for byte, and what the
scenarios expect is true.

    fixtures_anew.py [--heavy]    the small ones, or with --heavy the big one
"""

import filecmp
import sys

import fixture_index
from make_fixtures import record_simulated
from replay_kit import need, reagent, scratch, tell


def main():
    heavy = "--heavy" in sys.argv
    entries = [e for e in fixture_index.load()
        if fixture_index.is_simulated(e) and fixture_index.is_heavy(e) == heavy]
    need(entries, "nothing to record")
    scenarios = [fixture_index.scenario_of(e) for e in entries]
    with scratch() as folder:
        for entry, scenario in zip(entries, scenarios):
            anew = folder / entry["file"]
            record_simulated(scenario, anew)
            need(filecmp.cmp(fixture_index.DATA / entry["file"], anew, shallow=False),
                f"{scenario} gives another capture than {entry['file']}; when the engine or the simulated "
                "host is meant to differ, run make_fixtures.py (another libzstd packs differently, too)")
            anew.unlink()
    done = reagent("test", *scenarios)
    need(done.returncode == 0, tell(done))
    print(f"{len(entries)} captures")


main()
