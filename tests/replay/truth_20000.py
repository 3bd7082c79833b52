#!/usr/bin/python3
"""A host with twenty thousand processes: all of them are told, in bounded memory, and replayed."""

import argparse
import json
import os
import resource
import subprocess
import sys
import time

from replay_kit import REAGENT, SKIPPED, check_equal, need, scratch, tell

MEMORY_MAX_MIB = 600
PER_PROCESS_KIB = 300  # of the kernel, for one sleeping child; generous
CONFIG = """process_config:
  process_collection: {enabled: true}
  intervals: {process: 2, process_realtime: 2}
"""


def lacks(count):
    """Why this host cannot hold so many processes, or None."""
    with open("/proc/meminfo") as f:
        free_kib = dict(line.split(":") for line in f)["MemAvailable"]
    with open("/proc/sys/kernel/pid_max") as f:
        pid_max = int(f.read())
    present = sum(name.isdigit() for name in os.listdir("/proc"))
    limit = resource.getrlimit(resource.RLIMIT_NPROC)[0]
    if int(free_kib.split()[0]) < count * PER_PROCESS_KIB + (MEMORY_MAX_MIB << 10):
        return f"only {free_kib.strip()} of memory are free"
    if pid_max < count + present + 2000:
        return f"pid_max is {pid_max}"
    if limit != resource.RLIM_INFINITY and limit < count + 500:
        return f"the limit of processes is {limit}"
    return None


def measured(*args):
    """Runs reagent; output, peak memory in MiB and CPU seconds of that process alone."""
    start = time.monotonic()
    child = subprocess.Popen([str(REAGENT), *map(str, args)], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    out = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    child.stdout.close()
    need(child.returncode == 0, tell(subprocess.CompletedProcess(args, child.returncode, out, b"")))
    peak = usage.ru_maxrss / 1024
    cpu = usage.ru_utime + usage.ru_stime
    print(f"{args[0]:6} {time.monotonic() - start:6.2f} s, {cpu:6.2f} s of CPU, peak {peak:6.1f} MiB",
        flush=True)
    need(peak < MEMORY_MAX_MIB, f"{args[0]} needed {peak:.0f} MiB, allowed are {MEMORY_MAX_MIB}")
    return json.loads(out), cpu


def children_of(parent):
    with open(f"/proc/{parent}/task/{parent}/children") as f:
        return {int(pid) for pid in f.read().split()}


def check_live(children):
    message, cpu = measured("check", "process", "--json")
    found = {p["pid"]: p for m in message["messages"] for p in m["message"]["processes"]}
    need(children <= set(found), f"{len(children - set(found))} processes are missing")
    for pid in children:
        p = found[pid]
        need(p["command"]["comm"] == f"many-{pid}" and p["state"] == "S" and p["nsPid"] == pid,
            f"wrong: {p}")
        need(p["cpu"]["totalPct"] == 0 and p["openFdCount"] == found[min(children)]["openFdCount"],
            f"wrong: {p}")
    return cpu


def check_recorded(folder, children):
    path, config = folder / "many.mcap", folder / "two.yaml"
    config.write_text(CONFIG)
    summary, cpu = measured("record", "-o", path, "--for", "6s", "--config", config, "--json")
    need(summary["processes"] >= len(children), f"only {summary['processes']} were seen")
    report, _ = measured("replay", path, "--json")
    need(report["equal"] is True, f"not equal: {report}")
    check_equal(summary, report)
    listing = subprocess.run([str(REAGENT), "ls", "--kind", "list", str(path)], capture_output=True)
    scans = listing.stdout.count(b"\n")
    need(listing.returncode == 0 and scans >= 2, f"{scans} scans were recorded")
    print(f"{scans} scans, capture {summary['bytes'] / 2 ** 20:.1f} MiB, {summary['effects']} effects, "
          f"{summary['bytes'] / len(children):.0f} bytes per process")
    return cpu / scans


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("forker", help="the program many_processes")
    parser.add_argument("--count", type=int, default=20000)
    args = parser.parse_args()
    reason = lacks(args.count)
    if reason:
        print("skipped:", reason)
        return SKIPPED
    with scratch() as folder:
        forker = subprocess.Popen([args.forker, str(args.count)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            if forker.stdout.readline() != b"ready\n":
                need(forker.wait() == SKIPPED, f"the forker ended with {forker.returncode}")
                print("skipped:", forker.stderr.read().decode().strip())
                return SKIPPED
            children = children_of(forker.pid)
            need(len(children) == args.count, f"{len(children)} children")
            live = check_live(children)
            recorded = check_recorded(folder, children)
            print(f"{args.count} processes: {live / 2 * 1000:.0f} ms of CPU per scan live (with its "
                  f"share of the JSON), {recorded * 1000:.0f} ms recorded")
        finally:
            forker.stdin.close()
            forker.wait()
            forker.stdout.close()
            forker.stderr.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
