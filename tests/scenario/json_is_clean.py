#!/usr/bin/python3
"""`test --json -` leaves nothing on standard output but JSON, whatever is logged."""

import json
import shutil
import subprocess

from scenario_kit import need, reagent, scratch, skip, write_scenario

LEVELS = ("error", "warn", "info", "debug")


def parse_lines(text):
    """One document per line, for jq and for us."""
    lines = text.decode().splitlines()
    documents = [json.loads(line) for line in lines]
    for line in lines:
        done = subprocess.run(["jq", "-e", "-c", "type"], input=line.encode(), capture_output=True)
        need(done.returncode == 0 and done.stdout == b'"object"\n', f"jq: {done} of {line!r}")
    return documents


def check_level(level):
    done = reagent("test", "all", "-j", "2", "--json", "-", "--log-level", level, code=3)
    documents = parse_lines(done.stdout)
    need(len(documents) == 5 and documents[-1].get("summary") is True, f"{level}: {documents}")
    need(sorted(document["outcome"] for document in documents[:-1])
        == ["failed", "invalid", "ok", "ok"], f"{level}: {documents}")
    need(f"--log-level {level}".encode() in done.stderr, "the command that repeats it")
    return sum(b" runner: " in line for line in done.stderr.splitlines())


def main():
    if not shutil.which("jq"):
        skip("no jq")
    with scratch():
        write_scenario("all/a.yaml", "fine")
        write_scenario("all/b.yaml", "loud", more="config: {log_level: debug}\n")
        write_scenario("all/c.yaml", 'odd "\x01\n{}', expect='"<\x1b>" == "\\u0000"')
        write_scenario("all/d.yaml", "no capture", world="{fixture: none.mcap}")
        logged = {level: check_level(level) for level in LEVELS}
        print("log lines on standard error:", logged)
        need(logged["error"] < logged["info"] <= logged["debug"], "the levels do nothing")
        done = reagent("test", "all", "--json", "-", code=3)
        need(b" runner: " not in done.stderr, "a log that nobody asked for")
        parse_lines(done.stdout)
        done = reagent("test", "all", "--json", "-", "--log-level", "louder", code=64)
        need(done.stdout == b"", "an error on standard output")


if __name__ == "__main__":
    main()
