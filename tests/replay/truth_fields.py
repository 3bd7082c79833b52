#!/usr/bin/python3
"""Every field of every process of a large odd set is what /proc and ps say."""

import os
import socket
import sys

from replay_kit import document, fail, need, reagent, scratch
from truth_proc import (all_pids, compare_with_ps, differences, is_kernel_thread, process, slurp,
    stat_of)
from truth_set import Truth


def check_host(message):
    """What the message says beside the processes."""
    memory = int(slurp("/proc/meminfo").split(b"MemTotal:")[1].split()[0]) * 1024
    cpus = slurp("/proc/cpuinfo").count(b"\nprocessor") + slurp("/proc/cpuinfo").startswith(b"processor")
    info = message["info"]
    need(message["hostName"] == socket.gethostname(), f"host name {message['hostName']}")
    need(info["totalMemory"] == memory, f"memory {info['totalMemory']}, should be {memory}")
    need(len(info["cpus"]) == cpus, f"{len(info['cpus'])} CPUs, should be {cpus}")
    need(info["os"]["kernelVersion"] == os.uname().release, f"kernel {info['os']}")
    need(message["groupSize"] == 1, f"{message['groupSize']} messages in a one-shot check")


def check_listing(listed, before, after):
    """Ascending pids; nobody is missing who was there all the time, no kernel thread is in."""
    need(listed == sorted(set(listed)), "pids are not in ascending order")
    stayed = {pid for pid in before if after.get(pid) == before[pid]}
    missing = [pid for pid in sorted(stayed - set(listed)) if not is_kernel_thread(pid)]
    need(not missing, f"processes {missing} are missing")
    wrong = [pid for pid in listed if pid in stayed and is_kernel_thread(pid)]
    need(not wrong, f"kernel threads {wrong} are listed")


def starts():
    return {pid: stat[22] for pid in all_pids() if (stat := stat_of(pid))}


def compare(truth, found, before, after):
    wrong = []
    for name, pid in truth.pids.items():
        if pid not in found:
            wrong.append(f"{name}: pid {pid} is missing")
            continue
        wrong += differences(name, found[pid], before[name], after[name])
        wrong += compare_with_ps(name, found[pid])
    if wrong:
        fail("\n".join(wrong))


def check_oddities(truth, found):
    """The set is as odd as it is meant to be: otherwise nothing was tested."""
    at = {name: found[pid] for name, pid in truth.pids.items()}
    expected = [
        ("stopped", at["stopped"]["state"], "T"),
        ("zombie", at["zombie"]["state"], "Z"),
        ("uninterruptible", at["uninterruptible"]["state"], "D"),
        ("traced", at["traced"]["state"], "U"),
        ("headless", (at["headless"]["state"], at["headless"]["cpu"]["numThreads"]), ("Z", 2)),
        ("threads", at["threads"]["cpu"]["numThreads"], 21),
        ("nice", at["nice"]["cpu"]["nice"] - at["plain"]["cpu"]["nice"], 5),
        ("fds", at["fds"]["openFdCount"] - at["plain"]["openFdCount"], 300),
        ("no_args", at["no_args"]["command"]["args"], []),
        ("comm_parens", at["comm_parens"]["command"]["comm"], ") R (x) Z"),
        ("comm_newline", at["comm_newline"]["command"]["comm"], "a\nState: Z"),
        ("comm_empty", at["comm_empty"]["command"]["comm"], ""),
        ("gone_exe", at["gone_exe"]["command"]["exe"].endswith("gone program (deleted)"), True),
        ("long_arg", len(at["long_arg"]["command"]["args"][-1]), 65536),
        ("many_args", at["many_args"]["command"]["args"][-1], f"{4095:015}"),
        ("execed", at["execed"]["command"]["args"], ["renamed by exec", "-"]),
        ("burnt", at["burnt"]["cpu"]["userTime"] >= 1, True),
        ("memory", at["memory"]["memory"]["rss"] >= 64 << 20, True),
    ]
    if "namespaced" in at:
        expected.append(("namespaced", at["namespaced"]["nsPid"], 1))
    if "user" in at:
        expected.append(("user", (at["user"]["user"]["uid"], at["user"]["user"]["gid"]), (65534, 65534)))
        expected.append(("real_user", at["real_user"]["user"]["uid"], 65534))
        expected.append(("nameless_user", at["nameless_user"]["user"]["name"], ""))
    for name, got, should in expected:
        need(got == should, f"{name}: {got!r}, should be {should!r}")


def check_realtime(truth, found):
    """The real-time message tells the same about the same processes."""
    messages = document(reagent("check", "rtprocess", "--json"))["messages"]
    stats = {s["pid"]: s for m in messages for s in m["message"]["stats"]}
    for name, pid in truth.pids.items():
        need(pid in stats, f"{name}: pid {pid} is not in the real-time message")
        full, got = found[pid], stats[pid]
        for key in ("createTime", "memory", "cpu", "openFdCount", "ioStat", "voluntaryCtxSwitches",
            "involuntaryCtxSwitches"):
            need(got[key] == full[key], f"{name}: real-time {key} is {got[key]}, should be {full[key]}")
        need(got["processState"] == full["state"], f"{name}: real-time state {got['processState']}")
        need((got["threads"], got["nice"]) == (full["cpu"]["numThreads"], full["cpu"]["nice"]),
            f"{name}: real-time threads or nice differ: {got}")


def main():
    with scratch() as folder, Truth(folder) as truth:
        pids_before = starts()
        before = {name: process(pid) for name, pid in truth.pids.items()}
        messages = document(reagent("check", "process", "--json"))["messages"]
        after = {name: process(pid) for name, pid in truth.pids.items()}
        pids_after = starts()
        need(messages and all(m["message_type"] == "CollectorProc" for m in messages),
            "messages of the process check expected")
        message = messages[0]["message"]  # a crowded host needs several: bytes are bounded
        for more in messages[1:]:
            message["processes"] += more["message"]["processes"]
        found = {p["pid"]: p for p in message["processes"]}
        check_host(message)
        check_listing([p["pid"] for p in message["processes"]], pids_before, pids_after)
        check_oddities(truth, found)
        compare(truth, found, before, after)
        check_realtime(truth, found)
        fields = sum(1 for _ in differences("", {}, before["plain"]))
        print(f"{len(truth.pids)} processes, {fields} fields each, agree with /proc and ps")


if __name__ == "__main__":
    sys.exit(main())
