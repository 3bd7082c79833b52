#!/usr/bin/python3
"""Processes that come and go by the hundred while reagent runs: no error, and whole messages."""

import argparse
import os
import re
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager

from payload_decode import outputs, payload
from replay_kit import need, reagent, scratch

CONFIG = """process_config:
  process_collection: {enabled: true}
  intervals: {process: 1, process_realtime: 1}
  max_per_message: 20
run: {realtime: true}
"""
# Children live for no time, for a moment, or long enough to be met twice; some are left as zombies
# for a second, the others are nobody's business.
CHURN = """
import os, random, signal, sys, time
rate, parent, reap = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == 'late'
if not reap: signal.signal(signal.SIGCHLD, signal.SIG_IGN)
chance, start, made = random.Random(1), time.monotonic(), 0
while os.getppid() == parent:
    life = chance.choice([0, 0, 0.02, 0.02, 1.5])
    if os.fork() == 0:
        time.sleep(life)
        os._exit(0)
    made += 1
    while reap and made % int(rate) == 0:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0: break
        except ChildProcessError: break
    time.sleep(max(0, start + made / rate - time.monotonic()))
"""
LINE = re.compile(rb"^\S+Z (error|warn|info|debug) ")


@contextmanager
def churn(rate):
    children = [subprocess.Popen([sys.executable, "-S", "-c", CHURN, str(rate / 2), str(os.getpid()), how])
        for how in ("late", "never")]
    try:
        yield
        need(all(child.poll() is None for child in children), "the load ended too early")
    finally:
        for child in children:
            child.kill()
            child.wait()


def check_log(stderr):
    """Every line is a log line or the summary, and none is an error or a warning."""
    for line in stderr.splitlines():
        found = LINE.match(line)
        need(found or re.fullmatch(rb"\d+ runs, \d+ outputs written", line), f"odd line {line!r}")
        need(not found or found[1] in (b"info", b"debug"), f"logged: {line!r}")


def check_messages(path, cpus):
    """Decodes every payload; the messages by type."""
    counts, groups, sizes = Counter(), Counter(), {}
    seen, without_time = set(), 0
    for header, data in outputs(path):
        if header["kind"] != "payload":
            need(header["kind"] != "check_error", f"{header}: {data!r}")
            continue
        name, got = payload(data)
        counts[name] += 1
        key = (name, got.get("groupId", 0))
        groups[key] += 1
        need(sizes.setdefault(key, got["groupSize"]) == got["groupSize"], f"sizes of group {key} differ")
        pids = [item["pid"] for item in got["items"]]
        need(0 < len(pids) <= 20 and pids == sorted(set(pids)) and pids[0] > 0, f"pids {pids}")
        for item in got["items"]:
            cpu = item.get("cpu", {})
            need(all(0 <= cpu.get(part, 0) <= 100 * cpus for part in ("totalPct", "userPct", "systemPct")),
                f"CPU of {item}")
            without_time += item.get("createTime", 0) == 0
        seen.update(pids)
    for key, size in sizes.items():
        need(groups[key] == size, f"group {key} has {groups[key]} messages, should have {size}")
    return counts, seen, without_time


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=300, help="processes per second")
    parser.add_argument("--for", dest="duration", default="5s")
    args = parser.parse_args()
    cpus = open("/proc/cpuinfo").read().count("processor\t")
    with scratch() as folder:
        config = folder / "fast.yaml"
        config.write_text(CONFIG)
        out = folder / "outputs"
        with churn(args.rate):
            done = reagent("run", "--for", args.duration, "--out", out, "--config", config,
                "--checks", "process,rtprocess")
        need(done.returncode == 0, f"exit {done.returncode}: {done.stderr!r}")
        check_log(done.stderr)
        counts, seen, without_time = check_messages(out, cpus)
        need(len(seen) > args.rate // 10, f"only {len(seen)} processes were met twice")
        need(counts["CollectorProc"] >= 3 and counts["CollectorRealTime"] >= 3, f"only {counts}")
        print(f"{dict(counts)} with {len(seen)} pids; {without_time} entries of processes that "
              "ended while they were read")


if __name__ == "__main__":
    sys.exit(main())
