#!/usr/bin/python3
"""A recorded host tells the same about its processes as the live one, and its numbers follow from
the recorded bytes."""

import json
import struct
import sys

from replay_kit import check_equal, document, fail, need, reagent, record, replay, scratch
from truth_proc import TICKS, differences, process
from truth_set import Truth

CONFIG = """process_config:
  process_collection: {enabled: true}
  intervals: {process: 2, process_realtime: 2}
"""
BURNER = "home = os.getppid()\nready()\nwhile os.getppid() == home: pass"
WRITER = """
home = os.getppid()
with open('rows', 'wb', buffering=0) as f:
    f.write(b'x' * 4096)
    ready()
    while os.getppid() == home:
        f.write(b'x' * 4096)
        time.sleep(0.005)"""


def processes_of(messages):
    return {p["pid"]: p for m in messages for p in m["message"]["processes"]}


def check_from(truth, path, before, after):
    """The check asked of the capture gives what /proc said while it was recorded."""
    found = processes_of(document(reagent("check", "process", "--from", path, "--json"))["messages"])
    wrong = []
    for name, pid in truth.pids.items():
        if name in ("burner", "writer"):
            need(pid in found, f"{name} is missing")
        elif pid not in found:
            wrong.append(f"{name}: pid {pid} is missing")
        else:
            wrong += differences(name, found[pid], before[name], after[name])
    if wrong:
        fail("\n".join(wrong))


def payloads(path):
    """Messages of the recorded runs, each with the number of its effect."""
    for line in reagent("cat", "--json", "--kind", "output", path).stdout.splitlines():
        effect = json.loads(line)
        if effect.get("message_type") == "CollectorProc":
            yield effect["effect"], effect["message"]


def contents(path, kind):
    """Effects of a kind with their bytes."""
    for line in reagent("cat", "--json", "--kind", kind, path).stdout.splitlines():
        effect = json.loads(line)
        raw = bytes.fromhex(effect["content_hex"]) if "content_hex" in effect \
            else effect.get("content", "").encode()
        yield effect, raw


def host_ticks(raw):
    return sum(int(word) for word in raw.split(b"\n")[0].split()[1:])


def runs_of(path, pid):
    """For each run: the host's ticks, the ticks of the process, its io, and when they were read."""
    runs = []
    hosts = [(e, host_ticks(raw)) for e, raw in contents(path, "host_read")
        if e["name"] == "stat" and raw.startswith(b"cpu ")]
    reads = [(e, e["name"], raw) for e, raw in contents(path, "read")
        if e["pid"] == pid and e["status"] == "ok"]
    for i, (start, ticks) in enumerate(hosts):
        first = start["effect"]
        last = hosts[i + 1][0]["effect"] if i + 1 < len(hosts) else sys.maxsize
        run = {"at": first, "host": ticks, "start_ns": start["wall_ns"]}
        for effect, name, raw in reads:
            number = effect["effect"]
            if first < number < last:
                run["end_ns"] = effect["wall_ns"]
            if first < number < last and name == "stat":
                words = raw.rpartition(b")")[2].split()
                run["user"], run["system"] = int(words[11]), int(words[12])
            if first < number < last and name == "io":
                run["io"] = dict(line.split(b": ") for line in raw.splitlines())
        if "user" in run:
            runs.append(run)
    return runs


def single(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def percent(ticks, host, cpus):
    return single(min(100.0, max(0, ticks) / host * 100) * cpus) if host else 0


def check_rates(truth, path):
    """CPU and IO rates of each published run, computed again from the recorded files."""
    messages = list(payloads(path))
    cpus = len(messages[0][1]["info"]["cpus"])
    checked = {"burner": 0, "writer": 0, "plain": 0}
    for name in checked:
        pid = truth.pids[name]
        runs = runs_of(path, pid)
        for before, now in zip(runs, runs[1:]):
            sent = [p for number, m in messages for p in m["processes"]
                if p["pid"] == pid and number > now["at"]][:1]
            if not sent:
                continue
            checked[name] += check_run(name, sent[0], before, now, cpus)
    need(all(checked.values()), f"runs that could be checked: {checked}")
    print(f"{sum(checked.values())} runs: CPU and IO rates follow from the recorded files")


def check_run(name, sent, before, now, cpus):
    host = now["host"] - before["host"]
    user, system = now["user"] - before["user"], now["system"] - before["system"]
    expected = [percent(user + system, host, cpus), percent(user, host, cpus), percent(system, host, cpus)]
    cpu = [sent["cpu"][key] for key in ("totalPct", "userPct", "systemPct")]
    # Sums of hundredths of seconds are off by as little as floating point is.
    need(all(abs(a - b) <= 1e-3 for a, b in zip(cpu, expected)),
        f"{name}: CPU {cpu}, the files say {expected}")
    need(all(0 <= value <= 100 * cpus for value in cpu), f"{name}: CPU {cpu} on {cpus} CPUs")
    need(sent["cpu"]["userTime"] == now["user"] // TICKS, f"{name}: user time {sent['cpu']}")
    if name == "plain":
        need(cpu == [0, 0, 0] and set(sent["ioStat"].values()) == {0}, f"a sleeper has rates: {sent}")
    if name == "burner":
        need(cpu[0] > 0, "a busy process has no CPU share")
    if name == "writer":
        written = [int(now["io"][key]) - int(before["io"][key]) for key in (b"syscw", b"write_bytes")]
        got = [sent["ioStat"]["writeRate"], sent["ioStat"]["writeBytesRate"]]
        if got == [0, 0]:
            # A slow machine may start a run in the second in which the one before ended.
            gap = now["start_ns"] - before["end_ns"]
            need(written == [0, 0] or gap < 10**9, f"a writer has no rate: {written} in {gap} ns")
            return False
        # The time between two runs is a whole number of seconds, the same for both.
        seconds = round(written[0] / got[0])
        need(1 <= seconds <= 60 and abs(got[0] - written[0] / seconds) <= 1e-3 * got[0] and
            abs(got[1] - written[1] / seconds) <= 1e-3 * max(1, got[1]),
            f"writer: rates {got}, the files say {written} in {seconds} s")
    return True


def main():
    with scratch() as folder, Truth(folder) as truth:
        truth.puppet("burner", BURNER)
        truth.puppet("writer", WRITER)
        path = folder / "host.mcap"
        config = folder / "fast.yaml"
        config.write_text(CONFIG)
        quiet = {name: pid for name, pid in truth.pids.items() if name not in ("burner", "writer")}
        before = {name: process(pid) for name, pid in quiet.items()}
        summary = record(path, "7s", "--config", config)
        after = {name: process(pid) for name, pid in quiet.items()}
        check_equal(summary, replay(path))
        check_from(truth, path, before, after)
        print(f"{len(quiet)} processes: the capture gives what /proc and the live check give")
        check_rates(truth, path)


if __name__ == "__main__":
    main()
