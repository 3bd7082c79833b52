#!/usr/bin/python3
"""A capture becomes a scenario, and the scenario simulates what was captured: the same processes
with the same rates. For simulated hosts, whose captures are exact, and for this host."""

import collections
import json
import os
import sys
from pathlib import Path

from replay_kit import document, fail, need, reagent, record, scratch, tell

SCENARIOS = Path(os.environ["RG_SOURCE_DIR"], "scenarios", "process")
NAMES = ["chunks-hold-all", "clock-step-keeps-rates", "cpu-share-of-64-cpus", "empty-argv-is-shown",
    "exec-shows-new-args", "pages-of-64-kib", "realtime-follows-standard", "zombies-are-shown"]
CPU_POINTS = 2.0  # of a CPU
IO_SHARE = 0.02
IO_LEAST = 8192   # bytes per second: two blocks, as counters are read in blocks
FAST = """process_config:
  process_collection: {enabled: true}
  intervals: {process: 2, process_realtime: 2}
"""
# Changes, series, short lives, other users, odd names: what the scenarios of the repository lack.
RICH = """name: rich
world:
  simulate:
    host: {hostname: odd, cpus: 4, kernel: 4.9.0, kernel_form: "4", agent_uid: 0, memory: 3GiB}
    processes:
      - {name: init, args: [/sbin/init], pid: 1, start: -1h}
      - {name: "kworker/0:1", kernel_thread: true, count: 3, start: -1h}
      - {name: worker, args: [/usr/bin/worker, -c, "a b"], count: 40, cpu: "2", threads: 3, uid: 33,
         gid: 33, user: www-data, cwd: /srv, nice: 5, start: -30m, fds: "9"}
      - {name: ramp, args: [/usr/bin/ramp], pid: 300, cpu: "5+5x11", rss_kib: "1000+1000x11",
         write_bytes_s: "409600x3 819200", step: 10s, start: -10m}
      - {name: "a\\tb\\"c", args: ["t\\u00e4t", "x\\x01y", "null", "- z", "#"], pid: 301, start: -1m}
      - {name: late, args: [/usr/bin/late], pid: 400, cpu: "30", start: 25s}
      - {name: early, args: [/usr/bin/early], pid: 401, start: -5m, stop: 45s}
      - {name: sh, args: [/bin/sh], pid: 402, start: -5m, exec: {at: 5m30s, name: vi, exe: /bin/vi,
         args: [vi, file]}, setuid: {at: 5m50s, uid: 7, gid: 7, user: lp}}
      - {name: dying, args: [/usr/bin/dying], pid: 403, start: -5m, stop: 65s, zombie: 1h}
      - {name: stuck, args: [/usr/bin/stuck], pid: 404, state: D, start: -5m}
run: {for: 2m}
expect:
  - {eventually: '.report.failed_runs == 0'}
"""


def processes_of(messages):
    return [p for m in messages for p in m["message"].get("processes", [])]


def checked(path):
    """What the check says of the world of a capture."""
    return processes_of(document(reagent("check", "process", "--from", path, "--json"))["messages"])


def last_group(path):
    """The processes of the last run that was recorded."""
    groups = collections.defaultdict(list)
    for line in reagent("cat", "--json", "--kind", "output", path).stdout.splitlines():
        effect = json.loads(line)
        if effect.get("message_type") == "CollectorProc":
            groups[effect["message"]["groupId"]].append(effect)
    return processes_of(groups[max(groups)]) if groups else []


def key(p):
    command = p.get("command", {})
    return (command.get("comm", ""), tuple(command.get("args", [])), command.get("exe", ""),
        command.get("cwd", ""), p.get("user", {}).get("name", ""), p.get("state"))


def numbers(p):
    cpu, io = p.get("cpu", {}), p.get("ioStat", {})
    return {"cpu": cpu.get("totalPct", 0), "user": cpu.get("userPct", 0),
        "threads": cpu.get("numThreads", 0), "nice": cpu.get("nice", 0),
        "rss": p.get("memory", {}).get("rss", 0), "fds": p.get("openFdCount", 0),
        "read": io.get("readBytesRate", 0), "write": io.get("writeBytesRate", 0)}


def compare(what, before, after, page):
    """Both lists name the same processes, with rates that are equal within the tolerances."""
    old, new = collections.defaultdict(list), collections.defaultdict(list)
    for found, groups in ((before, old), (after, new)):
        for p in found:
            groups[key(p)].append(numbers(p))
    count = {k: len(v) for k, v in old.items()}
    need(count == {k: len(v) for k, v in new.items()},
        f"{what}: other processes\nbefore only: {sorted(set(old) - set(new))[:5]}\n"
        f"after only: {sorted(set(new) - set(old))[:5]}")
    for k, group in old.items():
        order = lambda n: (n["rss"], n["cpu"], n["write"])
        for a, b in zip(sorted(group, key=order), sorted(new[k], key=order)):
            near = all(abs(a[n] - b[n]) <= CPU_POINTS for n in ("cpu", "user"))
            near = near and abs(a["rss"] - b["rss"]) <= page
            near = near and all(a[n] == b[n] for n in ("threads", "nice", "fds"))
            near = near and all(abs(a[n] - b[n]) <= max(IO_LEAST, IO_SHARE * a[n])
                for n in ("read", "write"))
            need(near, f"{what}: {k}\nrecorded {a}\nsimulated {b}")
    return len(before)


def derive(path, to):
    done = reagent("scenario", path, "-o", to)
    need(done.returncode == 0, tell(done))
    tested = reagent("test", to)
    need(tested.returncode == 0, tell(tested) + to.read_text()[:3000])
    return done.stderr.decode()


def record_scenario(scenario, path):
    done = reagent("record", "--scenario", scenario, "-o", path)
    need(done.returncode == 0, tell(done))


def round_trip(folder, scenario):
    name = scenario.stem
    first, again = folder / f"{name}.1.mcap", folder / f"{name}.2.mcap"
    derived = folder / f"{name}.derived.yaml"
    record_scenario(scenario, first)
    derive(first, derived)
    record_scenario(derived, again)
    page = 65536 if "64-kib" in name else 4096
    count = compare(f"{name}, first scans", checked(first), checked(again), page)
    last = compare(f"{name}, last scan", last_group(first), last_group(again), page)
    need(count > 0 and last > 0, f"{name}: nothing was compared")
    print(f"{name}: {count} processes at the start, {last} at the end are the recorded ones")
    return derived.read_text()


def check_rich(folder):
    scenario = folder / "rich.yaml"
    scenario.write_text(RICH)
    text = round_trip(folder, scenario)
    items = text.count("\n      - ")
    need(items < 15, f"40 equal workers became {items} items")
    for part in ("count: 40", "user: www-data", "exec: {at: ", "setuid: {at: ", "zombie: ",
            "state: D", 'kernel_form: "4"', "hostname: odd", "cpus: 4"):
        need(part in text, f"{part!r} is missing in\n{text}")


def check_churn(folder):
    """A crowd is one item, as large as the recorded one and as short-lived."""
    first, again = folder / "churn.1.mcap", folder / "churn.2.mcap"
    derived = folder / "churn.derived.yaml"
    record_scenario(SCENARIOS / "churn-loses-nothing.yaml", first)
    derive(first, derived)
    record_scenario(derived, again)
    names = [collections.Counter(p["command"]["comm"] for p in checked(path)) for path in (first, again)]
    # Faults made some of the 120 unreadable; none of them makes a process of its own.
    need(100 <= names[0]["base"] <= names[1]["base"] == 120, f"base: {names}")
    text = derived.read_text()
    need(text.count("name: short") == 1 and "lifetime: " in text, f"not one crowd: {text[-2000:]}")
    seen = [sum(1 for p in processes_seen(path) if p == "short") for path in (first, again)]
    need(0.7 * seen[0] <= seen[1] <= 1.4 * seen[0], f"processes of the crowd in all scans: {seen}")
    print(f"churn: {seen[0]} short lives were published, {seen[1]} of the simulated crowd")


def processes_seen(path):
    for line in reagent("cat", "--json", "--kind", "output", path).stdout.splitlines():
        effect = json.loads(line)
        if effect.get("message_type") == "CollectorProc":
            yield from (p["command"]["comm"] for p in effect["message"].get("processes", []))


def check_cut(folder):
    whole, cut = folder / "rich.1.mcap", folder / "cut.mcap"
    data = whole.read_bytes()
    cut.write_bytes(data[:len(data) * 2 // 3])
    told = derive(cut, folder / "cut.yaml")
    need("cut off" in told, f"a cut is not told: {told}")


def check_live(folder):
    """This host: the names of all processes that were there all the time."""
    path, derived, again = folder / "live.mcap", folder / "live.yaml", folder / "live2.mcap"
    config = folder / "fast.yaml"
    config.write_text(FAST)
    for duration in ("5s", "40s"):
        record(path, duration, "--config", config)
        if last_group(path): # a slow machine may need longer for a first message
            break
        path.unlink()
    need(path.exists(), "the live recording has no processes")
    derive(path, derived)
    record_scenario(derived, again)
    names = [collections.Counter(p["command"]["comm"] for p in last_group(p)) for p in (path, again)]
    missing = names[0] - names[1]
    # What came and went while we looked may have become a crowd; the rest is there.
    need(sum(missing.values()) <= sum(names[0].values()) // 10,
        f"missing in the simulation: {missing}")
    print(f"live: {sum(names[0].values())} processes, {sum(missing.values())} of them not at the end")


def main():
    with scratch() as folder:
        if sys.argv[1:] == ["--live"]:
            check_live(folder)
            return
        for name in NAMES:
            round_trip(folder, SCENARIOS / f"{name}.yaml")
        check_rich(folder)
        check_cut(folder)
        check_churn(folder)


if __name__ == "__main__":
    main()
