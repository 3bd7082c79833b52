#!/usr/bin/python3
"""The timing example of the check scheduler, live: three checks of 15 s enter an empty queue and have
one worker, which the first of them keeps busy for ten seconds. Their order and their seconds are
read from the recording: 1, 11 instead of 8, 17 instead of 15, 18 instead of 16, 25 instead of 23."""

import json
import os
import sys
import threading
import time
from pathlib import Path

from replay_kit import check_equal, need, reagent, record, replay, scratch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))

import tiny_proc  # noqa: E402

BUSY_S = 10
# Check, and when it starts: seconds after the first run.
EXPECTED = [("load", 0), ("memory", 10), ("uptime", 16), ("load", 17), ("memory", 24)]
LOADAVG = "0.10 0.20 0.30 1/100 1000\n"
MEMINFO = "MemTotal: 2048 kB\nMemFree: 1024 kB\nBuffers: 0 kB\nCached: 0 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n"


def answer_late(fifo):
    """Who opens a pipe waits for the other side: the first reading waits ten seconds, later ones
    are answered at once."""
    pause = BUSY_S
    while True:
        with open(fifo, "w", encoding="ascii") as pipe:
            time.sleep(pause)
            pipe.write(LOADAVG)
        pause = 0
        time.sleep(0.2)  # or the same reader would see the next answer too


def make_host(folder):
    proc = folder / "proc"
    tiny_proc.make(proc)
    (proc / "meminfo").write_text(MEMINFO)
    (proc / "uptime").write_text("1000.00 2000.00\n")
    (proc / "loadavg").unlink(missing_ok=True)
    os.mkfifo(proc / "loadavg")
    for name in ("load", "memory", "uptime"):
        (folder / "conf.d" / f"{name}.d").mkdir(parents=True)
        (folder / "conf.d" / f"{name}.d" / "conf.yaml").write_text("instances: [{}]\n")
    (folder / "datadog.yaml").write_text("check_runners: 1\n")
    threading.Thread(target=answer_late, args=[proc / "loadavg"], daemon=True).start()
    return proc


def starts(path):
    """The first effect of each run: the mark with the name of its check."""
    for line in reagent("ls", "--json", "--kind", "mark", path).stdout.splitlines():
        effect = json.loads(line)
        if effect["name"] in ("load", "memory", "uptime"):
            yield effect["name"], effect["mono_ns"]


def main():
    with scratch() as folder:
        proc = make_host(folder)
        path = folder / "timing.mcap"
        summary = record(path, "28s", "--proc-root", proc, "--config", folder / "datadog.yaml",
            "--confd", folder / "conf.d", "--checks", "none")
        check_equal(summary, replay(path))
        runs = list(starts(path))[:len(EXPECTED)]
        names = [name for name, _ in runs]
        need(names == [name for name, _ in EXPECTED], f"the order is {names}")
        after = [(ns - runs[0][1]) / 1e9 for _, ns in runs]
        print("seconds after the first run:", " ".join(f"{s:.3f}" for s in after))
        # A slow machine may be late, but nothing may run before its tick.
        for (name, earliest), seconds in zip(EXPECTED, after):
            need(seconds >= earliest - 0.1, f"{name} ran after {seconds} s, not {earliest}")


if __name__ == "__main__":
    main()
