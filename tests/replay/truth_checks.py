#!/usr/bin/python3
"""What the native checks send equals what an independent reader finds in /proc and statvfs.

Values that move are read before and after: the check must lie between the two, give or take what
they moved (and a slack that is stated). A machine that moves too fast gets three tries."""

import os
import sys
import time
from pathlib import Path

from replay_kit import document, fail, need, reagent, scratch

TRIES = 3
MIB = 1 << 20
CHECKS = ("cpu", "disk", "file_handle", "io", "load", "memory", "network", "uptime")


class Wrong(Exception):
    """A value that is not what this host says."""


def lines(name):
    return Path("/proc", name).read_text().splitlines()


def run(confd, name, *more):
    """Metrics of one check by name: lists of (value, tags, device)."""
    found = {}
    for instance in document(reagent("check", name, "--confd", confd, "--json", *more)):
        need(instance["runner"]["LastError"] == "", f"{name}: {instance['runner']}")
        for m in instance["aggregator"].get("metrics", []):
            found.setdefault(m["metric"], []).append(
                (m["points"][-1][1], m["tags"], m.get("device", "")))
    return found


def only(metrics, name):
    """The value of a metric without tags; of two runs that of the last."""
    need(name in metrics, f"{name} is missing in {sorted(metrics)}")
    need({str(tags) for _, tags, _ in metrics[name]} == {"[]"}, f"{name} has tags: {metrics[name]}")
    return metrics[name][-1][0]


def between(what, value, before, after, slack=0.0):
    low, high = min(before, after), max(before, after)
    room = slack + (high - low)
    if not low - room <= value <= high + room:
        raise Wrong(f"{what} is {value}, this host says {before} and then {after}")


def equal(what, value, wanted):
    if abs(value - wanted) > 1e-6 * max(1.0, abs(wanted)):
        raise Wrong(f"{what} is {value}, this host says {wanted}")


def uptime(confd):
    before = float(lines("uptime")[0].split()[0])
    value = only(run(confd, "uptime"), "system.uptime")
    after = float(lines("uptime")[0].split()[0])
    if not int(before) <= value <= after:
        raise Wrong(f"uptime {value} is not within {before} and {after}")


def file_handle(confd):
    def read():
        return [int(word) for word in lines("sys/fs/file-nr")[0].split()]

    before, metrics, after = read(), run(confd, "file_handle"), read()
    name = "system.fs.file_handles."
    between("allocated", only(metrics, name + "allocated"), before[0], after[0], 512)
    equal("unused", only(metrics, name + "allocated_unused"), after[1])
    equal("max", only(metrics, name + "max"), after[2])
    used = only(metrics, name + "allocated") - only(metrics, name + "allocated_unused")
    equal("used", only(metrics, name + "used"), used)
    equal("in_use", only(metrics, name + "in_use"), used / after[2])


def load(confd):
    def read():
        return [float(word) for word in lines("loadavg")[0].split()[:3]]

    cpus = sum(line.startswith("cpu") and line[3].isdigit() for line in lines("stat"))
    before, metrics, after = read(), run(confd, "load"), read()
    for i, minutes in enumerate(("1", "5", "15")):
        value = only(metrics, "system.load." + minutes)
        between("load " + minutes, value, before[i], after[i])
        equal("norm " + minutes, only(metrics, "system.load.norm." + minutes), value / cpus)


def memory(confd):
    def read():
        pairs = (line.split(":") for line in lines("meminfo"))
        return {key: int(rest.split()[0]) / 1024 for key, rest in pairs}

    before, m, after = read(), run(confd, "memory"), read()
    for metric, key, slack in (("total", "MemTotal", 0), ("free", "MemFree", 64),
            ("usable", "MemAvailable", 64), ("buffered", "Buffers", 16), ("shared", "Shmem", 16),
            ("slab", "Slab", 16), ("slab_reclaimable", "SReclaimable", 16),
            ("page_tables", "PageTables", 8), ("commit_limit", "CommitLimit", 0),
            ("committed_as", "Committed_AS", 256)):
        if key in after:
            between(metric, only(m, "system.mem." + metric), before[key], after[key], slack)
    between("cached", only(m, "system.mem.cached"), before["Cached"] + before["SReclaimable"],
        after["Cached"] + after["SReclaimable"], 32)
    total = only(m, "system.mem.total")
    equal("total", total, after["MemTotal"])
    equal("used + free", only(m, "system.mem.used") + only(m, "system.mem.free"), total)
    equal("pct_usable", only(m, "system.mem.pct_usable"), only(m, "system.mem.usable") / total)
    between("swap.total", only(m, "system.swap.total"), before["SwapTotal"], after["SwapTotal"])
    between("swap.free", only(m, "system.swap.free"), before["SwapFree"], after["SwapFree"], 16)


def mounts():
    """Mount points that can be asked; of several on one path the last is seen."""
    found = set()
    for line in lines("self/mounts"):
        path = line.split()[1].encode().decode("unicode_escape")
        try:
            os.statvfs(path)
        except OSError:
            continue
        found.add(path)
    return found


def disk(confd):
    metrics = run(confd, "disk")
    seen = {device for _, _, device in metrics.get("system.disk.total", [])}
    need(seen <= mounts(), f"no mounts: {seen - mounts()}")
    if "/" in mounts():
        need("/" in seen, f"the root is missing in {seen}")
    for path in seen:
        s = os.statvfs(path)

        def value(name):
            return next(v for v, _, device in metrics[name] if device == path)

        total, free = s.f_blocks * s.f_frsize / 1024, s.f_bavail * s.f_frsize / 1024
        equal(path + " total", value("system.disk.total"), total)
        between(path + " free", value("system.disk.free"), free, free, 65536 + total / 50)
        between(path + " used", value("system.disk.used"), total - s.f_bfree * s.f_frsize / 1024,
            total - s.f_bfree * s.f_frsize / 1024, 65536 + total / 50)
        if s.f_files:
            between(path + " inodes", value("system.fs.inodes.total"), s.f_files, s.f_files,
                s.f_files / 50)


def network(confd):
    def read():
        found = {}
        for line in lines("net/dev")[2:]:
            name, _, rest = line.partition(":")
            words = rest.split()
            found[name.strip()] = (int(words[0]), int(words[8]))
        return found

    before, metrics, after = read(), run(confd, "network", "--check-rate"), read()
    need("system.net.bytes_rcvd" in metrics or not any(map(sum, after.values())),
        f"no rates in {sorted(metrics)}")
    for i, metric in enumerate(("system.net.bytes_rcvd", "system.net.bytes_sent")):
        for rate, tags, device in metrics.get(metric, []):
            device = device or next(t[7:] for t in tags if t.startswith("device:"))
            need(device in after, f"there is no interface {device}")
            # The two runs are a second apart or more, and within our two looks.
            moved = after[device][i] - before.get(device, (0, 0))[i]
            if not 0 <= rate <= moved + 1e-6:
                raise Wrong(f"{metric} of {device} is {rate}/s, it moved by {moved}")


def cpu(confd):
    start = time.monotonic()
    metrics = run(confd, "cpu", "--check-rate")
    need(time.monotonic() - start >= 1, "--check-rate did not wait")
    shares = [only(metrics, "system.cpu." + n) for n in ("user", "system", "iowait", "idle", "stolen")]
    between("the sum of all shares", sum(shares), 100, 100, 0.5)
    need(all(0 <= share <= 100.01 for share in shares), f"shares {shares}")
    cores = sum(line.startswith("cpu") and line[3].isdigit() for line in lines("stat"))
    equal("num_cores", only(metrics, "system.cpu.num_cores"), cores)


def io(confd):
    names = {line.split()[2] for line in lines("diskstats")}
    for rate, tags, device in run(confd, "io", "--check-rate").get("system.io.util", []):
        device = device or next(t[7:] for t in tags if t.startswith("device:"))
        need(device in names and rate >= 0, f"util of {device} is {rate}")


def main():
    with scratch() as folder:
        for name in CHECKS:
            (folder / f"{name}.yaml").write_text(
                "instances: [{use_mount: true}]\n" if name == "disk" else "instances: [{}]\n")
        for name in CHECKS:
            for left in reversed(range(TRIES)):
                try:
                    globals()[name](folder)
                    break
                except Wrong as wrong:
                    print(f"{name}: {wrong}")
                    if left == 0:
                        fail(f"{name}: wrong {TRIES} times")
            print(f"{name}: as this host says")


if __name__ == "__main__":
    sys.exit(main())
