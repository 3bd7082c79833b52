#!/usr/bin/python3
"""Results of shards, joined: the same bytes for any order, what one run would have said, and a clear
no to what does not belong together."""

import itertools
import json
import re
from pathlib import Path

from scenario_kit import need, read_results, reagent, scratch, write_scenario

SHARDS = 3
COUNT = 9
FILES = [f"{shard}.ndjson" for shard in range(1, SHARDS + 1)]


def untimed(text):
    return re.sub(r'("duration_ns":|time=")[0-9.]+', r"\1", text)


def run_shards():
    """One of the scenarios fails, so its shard ends with 1."""
    codes = [reagent("test", "all", "--shard", f"{shard}/{SHARDS}", "--json", path,
                 code=(0, 1)).returncode for shard, path in enumerate(FILES, 1)]
    need(sorted(codes) == [0, 0, 1], f"codes {codes}")


def check_orders():
    seen = set()
    for order in itertools.permutations(FILES):
        done = reagent("merge", *order, "--junit", "merged.xml", code=1)
        seen.add((done.stdout, done.stderr, Path("merged.xml").read_bytes()))
    need(len(seen) == 1, f"{len(seen)} different results")
    reagent("merge", "-o", "merged.ndjson", *FILES, code=1)
    need(Path("merged.ndjson").read_bytes() == next(iter(seen))[0], "-o differs from stdout")


def check_whole():
    """Joined shards are the run without shards, but for the times."""
    reagent("test", "all", "--json", "whole.ndjson", "--junit", "whole.xml", code=1)
    for ending in ("ndjson", "xml"):
        need(untimed(Path(f"whole.{ending}").read_text())
            == untimed(Path(f"merged.{ending}").read_text()), f"the {ending} files differ")
    reagent("merge", "merged.ndjson", "-o", "again.ndjson", code=1)
    need(Path("again.ndjson").read_bytes() == Path("merged.ndjson").read_bytes(), "merged twice")


def check_missing():
    done = reagent("merge", FILES[2], FILES[0], "-o", "part.ndjson", code=2)
    need(b"missing: shard 2 of 3" in done.stderr, f"not named: {done.stderr}")
    lines, summary = read_results("part.ndjson")
    need(summary["missing"] == [2] and summary["exit_code"] == 2, f"{summary}")
    wanted = [name for path in (FILES[0], FILES[2]) for name in shard_names(path)]
    need(sorted(line["name"] for line in lines) == sorted(wanted), "the rest is not there")
    done = reagent("merge", FILES[1], code=2)
    need(b"missing: shards 1, 3 of 3" in done.stderr, f"not named: {done.stderr}")
    refused("part.ndjson:%d: " % (len(lines) + 1), "part.ndjson", FILES[1])
    reagent("test", "all", "--shard", "1/9", "--durations", "part.ndjson", code=(0, 1))


def shard_names(path):
    return [line["name"] for line in read_results(path)[0]]


def refused(said, *files):
    done = reagent("merge", *files, "-o", "never.ndjson", code=3)
    need(said in done.stderr.decode(), f"'{said}' is not in {done.stderr}")
    need(not Path("never.ndjson").exists(), "written in spite of the error")


def edit(source, target, line_number, change):
    """A copy in which one line (from 1; negative from the end) is changed."""
    lines = Path(source).read_text().splitlines()
    index = line_number - 1 if line_number > 0 else line_number
    lines[index] = change(lines[index])
    Path(target).write_text("\n".join(lines) + "\n")


def change_json(**values):
    return lambda line: json.dumps(json.loads(line) | values)


def check_refusals():
    first, second, third = FILES
    end = len(Path(second).read_text().splitlines())
    Path("copy.ndjson").write_bytes(Path(first).read_bytes())
    refused("copy.ndjson:", first, second, "copy.ndjson")
    write_scenario("other/a.yaml", "of another selection")
    reagent("test", "other", "--shard", "2/3", "--json", "other.ndjson")
    refused("other.ndjson:", first, "other.ndjson", third)
    reagent("test", "all", "--shard", "2/4", "--json", "fourth.ndjson", code=(0, 1))
    refused("fourth.ndjson:", first, "fourth.ndjson")
    for change, place, said in (
            (lambda line: line[:-5], 1, "not one JSON object"),
            (lambda line: "[1]", 1, "not one JSON object"),
            (lambda line: line + " {}", 1, "not one JSON object"),
            (lambda line: "", 1, "not one JSON object"),
            (change_json(schema_version=2), 1, "schema_version"),
            (change_json(schema_version=None), end, "schema_version"),
            (change_json(name=7), 1, "name is not a text"),
            (change_json(details="x"), 1, "details"),
            (change_json(duration_ns=-1), 1, "duration_ns"),
            (change_json(outcome="fine"), 1, "outcome"),
            (change_json(outcome="failed", exit_code=0), 1, "contradict"),
            (change_json(shard=4), end, "shard is not"),
            (change_json(shards=10**9), end, "shards is not"),
            (change_json(selection="xyz"), end, "selection"),
            (change_json(ok=0), end, "counts")):
        edit(second, "edited.ndjson", place, change)
        refused(f"edited.ndjson:{place}: ", first, "edited.ndjson", third)
        refused(said, "edited.ndjson")
    whole = Path(second).read_text()
    for cut in (0, len(whole) // 2, whole.rindex("\n", 0, -1) + 1, len(whole) - 3):
        Path("cut.ndjson").write_text(whole[:cut])
        refused("cut.ndjson:", first, "cut.ndjson", third)
    Path("cut.ndjson").write_text(whole + whole.splitlines()[0] + "\n")
    refused(f"cut.ndjson:{end + 1}: ", first, "cut.ndjson", third)
    refused("no-such.ndjson", first, "no-such.ndjson")


def check_other_cut():
    """Shards that were cut by other durations do not add up."""
    lines, summary = read_results("whole.ndjson")
    skewed = [line | {"duration_ns": 10**9 * (number + 1)} for number, line in enumerate(lines)]
    Path("skewed.ndjson").write_text("".join(json.dumps(x) + "\n" for x in [*skewed, summary]))
    for shard in range(1, SHARDS + 1):
        reagent("test", "all", "--shard", f"{shard}/{SHARDS}", "--durations", "skewed.ndjson",
            "--json", f"skewed-{shard}.ndjson", code=(0, 1))
    reagent("merge", "skewed-2.ndjson", "skewed-3.ndjson", "skewed-1.ndjson", code=1)
    refused("--durations", "skewed-1.ndjson", FILES[1], FILES[2])


def main():
    with scratch():
        for number in range(COUNT):
            write_scenario(f"all/{number % 2}/{COUNT - number}.yaml", f"case {number}",
                expect="false" if number == 4 else "true")
        run_shards()
        check_orders()
        check_whole()
        check_missing()
        check_refusals()
        check_other_cut()


if __name__ == "__main__":
    main()
