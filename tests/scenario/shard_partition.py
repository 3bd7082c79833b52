#!/usr/bin/python3
"""The shards of a selection hold each scenario once, wherever it was found, and with durations they
take about equally long."""

import hashlib
import json
import shutil
from pathlib import Path

from scenario_kit import need, read_results, reagent, scratch, write_scenario

COUNT = 13
SHARDS = 4
UNKNOWN = ("s-03", "s-09")
DURATIONS = "durations.ndjson"


def names():
    return [f"s-{number:02}" for number in range(COUNT)]


def write_durations():
    """Skewed: one long scenario, some middling, many short ones. Two have none."""
    durations = {name: (number * 37 % 11 + 1) * 10**7 for number, name in enumerate(names())}
    durations["s-05"] = 10**9
    for name in UNKNOWN:
        del durations[name]
    lines = [{"schema_version": 1, "name": name, "file": f"old/{name}.yaml", "flow": "old",
                 "outcome": "ok", "exit_code": 0, "duration_ns": ns, "seed": 0, "outputs": 0,
                 "expectation": None, "details": []} for name, ns in durations.items()]
    lines.append({"schema_version": 1, "summary": True, "shard": 1, "shards": 1, "missing": [],
        "selected": len(durations), "selection": "0" * 16, "scenarios": len(durations),
        "ok": len(durations), "failed": 0, "invalid": 0, "error": 0, "duration_ns": 0,
        "exit_code": 0})
    Path(DURATIONS).write_text("".join(json.dumps(line) + "\n" for line in lines))
    known = sorted(durations.values(), reverse=True)
    return durations | {name: known[(len(known) - 1) // 2] for name in UNKNOWN}


def partition(folder, *more):
    """The names in each shard; exact, or the test fails."""
    parts, seen = [], []
    for shard in range(1, SHARDS + 1):
        path = f"{shard}.ndjson"
        reagent("test", folder, "-j", "2", "--shard", f"{shard}/{SHARDS}", "--json", path, *more)
        lines, summary = read_results(path)
        found = [line["name"] for line in lines]
        need(found == sorted(found), f"not in order of path: {found}")
        need((summary["shard"], summary["shards"], summary["selected"], summary["scenarios"])
            == (shard, SHARDS, COUNT, len(found)), f"wrong summary: {summary}")
        parts.append(found)
        seen += found
    need(sorted(seen) == names(), f"not each scenario once: {parts}")
    return parts


def longest_first(durations):
    """The rule of the documentation, once more."""
    loads, parts = [0] * SHARDS, [[] for _ in range(SHARDS)]
    for name, ns in sorted(durations.items(), key=lambda item: (-item[1], item[0])):
        least = loads.index(min(loads))
        loads[least] += ns
        parts[least].append(name)
    return [sorted(part) for part in parts]


def spread(parts, durations):
    loads = [sum(durations[name] for name in part) for part in parts]
    print("loads in ms:", [load // 10**6 for load in loads])
    return max(loads)


def check_moved(before):
    """Other folders, other file names, another order on the command line: the same parts."""
    for path in sorted(Path("here").iterdir()):
        digest = hashlib.md5(path.name.encode()).hexdigest()
        target = Path("there", digest[0], f"{path.stem}.yaml")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, target)
    selections = set()
    for shard in range(1, SHARDS + 1):
        folders = sorted(Path("there").iterdir(), reverse=True)
        for wanted, more in zip(before, ([], ["--durations", DURATIONS])):
            reagent("test", *folders, "-j", "2", "--shard", f"{shard}/{SHARDS}", "--json",
                "moved.ndjson", *more)
            lines, summary = read_results("moved.ndjson")
            selections.add(summary["selection"])
            need(sorted(line["name"] for line in lines) == wanted[shard - 1],
                f"shard {shard} changed with the folder: {wanted[shard - 1]}, now {lines}")
    need(selections == {read_results("1.ndjson")[1]["selection"]}, f"selections {selections}")


def check_empty():
    """More shards than scenarios: the empty ones succeed and say so. An empty selection does not."""
    write_scenario("few/a.yaml", "only")
    ran = 0
    for shard in range(1, 4):
        done = reagent("test", "few", "--shard", f"{shard}/3", "--json", "few.ndjson", "--junit",
            "few.xml")
        lines, summary = read_results("few.ndjson")
        ran += len(lines)
        said = f"shard {shard}/3 has none of the 1 scenarios" in done.stderr.decode()
        need(said == (not lines), f"shard {shard}: {done.stderr}")
        need(summary["selected"] == 1 and summary["exit_code"] == 0, f"{summary}")
        need(f'tests="{len(lines)}"' in Path("few.xml").read_text(), "JUnit of an empty shard")
    need(ran == 1, f"{ran} scenarios ran")
    Path("nothing").mkdir()
    reagent("test", "nothing", "--shard", "1/3", code=2)


def check_bad_durations():
    good = Path(DURATIONS).read_text().splitlines()
    for text, place in (("\n".join(good[:3]) + "\n", ":3: "), ("{\n" + "\n".join(good), ":1: "),
            ("", ":1: "), ("\n".join([good[0]] + good[:1] + good[2:]), ":2: ")):
        Path("bad.ndjson").write_text(text)
        done = reagent("test", "there", "--shard", "1/2", "--durations", "bad.ndjson", code=3)
        need(f"bad.ndjson{place}" in done.stderr.decode(), f"no place {place}: {done.stderr}")
        need(done.stdout == b"", "something ran")
    reagent("test", "there", "--durations", "none.ndjson", code=3)


def main():
    with scratch():
        for name in names():
            write_scenario(f"here/{name}.yaml", name)
        durations = write_durations()
        by_hash = partition("here")
        by_time = partition("here", "--durations", DURATIONS)
        need(by_time == longest_first(durations), f"not longest first: {by_time}")
        worst, best = spread(by_hash, durations), spread(by_time, durations)
        rest = sum(durations.values()) - max(durations.values())
        need(best == max(durations.values()) and best < worst, "not balanced")
        others = [sum(durations[n] for n in part) for part in by_time if "s-05" not in part]
        need(max(others) - rest / (SHARDS - 1) < 5 * 10**7, f"the short ones: {others}")
        check_moved([by_hash, by_time])
        check_empty()
        check_bad_durations()


if __name__ == "__main__":
    main()
