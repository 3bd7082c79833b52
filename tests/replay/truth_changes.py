#!/usr/bin/python3
"""What changes between two looks is in the second: nothing that was read before is believed."""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from replay_kit import REAGENT, fail, need, scratch
from truth_proc import differences, process, stat_of
from truth_set import NOBODY, ROOT, Truth, switches

LOOK_S = 30

# Each waits for a byte, changes, says so, and is quiet again.
CHANGES = {
    "exec": "os.execv('/bin/sh', ['changed', '-c', 'echo changed; exec cat', 'new', 'arguments'])",
    "exec_same": "os.execv(sys.executable, [sys.executable, '-S', '-c', "
                 "'import os; os.write(1, b\"changed\\\\n\"); os.read(0, 1)', 'new argument'])",
    "rename": "rename(b'renamed'); changed()",
    "chdir": "os.chdir('/usr'); changed()",
    "open": "keep = [open('/dev/null') for _ in range(7)]; changed()",
    "grow": "keep = bytearray(b'x') * (32 << 20); changed()",
    "thread": "threading.Thread(target=hold.acquire, daemon=True).start(); changed()",
    "nice": "os.nice(3); changed()",
    "fork": """
child = os.fork()
if child == 0: rest()
changed()""",
    "child_dies": "os.kill(child, signal.SIGKILL)\nwhile state(child) != 'Z': time.sleep(0.01)\nchanged()",
}
# The same by another thread, while the first one sleeps on and gives no sign.
BY_THREAD = {
    "thread_chdir": "os.chdir('/usr')",
    "thread_opens": "keep = [open('/dev/null') for _ in range(9)]",
    "thread_renames": "open(f'/proc/{os.getpid()}/comm', 'w').write('by thread')",
    "thread_grows": "keep = bytearray(b'x') * (32 << 20)",
    "thread_execs": "os.execv('/bin/sh', ['by thread', '-c', 'echo changed; exec cat', 'more'])",
}
SETUP = """
hold = threading.Lock(); hold.acquire()
def changed(): os.write(1, b'changed\\n')
def state(pid): return open(f'/proc/{pid}/stat').read().rpartition(')')[2].split()[0]
"""
ITSELF = SETUP + """
if %r == 'child_dies':
    child = os.fork()
    if child == 0:
        libc.prctl(1, signal.SIGKILL, 0, 0, 0)
        signal.pause()
ready()
if not os.read(0, 1): os._exit(0)
%s
rest()
"""
THREAD = SETUP + """
def work():
    ready()
    if not os.read(0, 1): os._exit(0)
    %s
    changed()
    rest()
threading.Thread(target=work, daemon=True).start()
libc.pause()
"""


def start_set(truth):
    changes = dict(CHANGES)
    if ROOT:
        changes["setuid"] = f"os.setresgid({NOBODY}, {NOBODY}, {NOBODY}); " \
                            f"os.setresuid({NOBODY}, {NOBODY}, {NOBODY}); changed()"
    for name, code in changes.items():
        truth.puppet(name, ITSELF % (name, code))
    for name, code in BY_THREAD.items():
        truth.puppet(name, THREAD % code)
    for name in ("renice_me", "stop_me", "kill_me", "end_me", "calm"):
        truth.puppet(name, "ready(); rest()")
    truth.puppet("parent", "child = os.fork()\nif child == 0: rest()\nready(child); rest()")
    truth.settle()
    return list(changes) + list(BY_THREAD)


def start_check(interval):
    """Starts a check and waits until its first look is over."""
    done = subprocess.Popen([str(REAGENT), "check", "process", "--json", "--interval", interval],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    end = time.monotonic() + LOOK_S
    before, reads = None, 0
    while True:
        need(time.monotonic() < end and done.poll() is None, "the first look does not end")
        io = dict(line.split(": ") for line in Path(f"/proc/{done.pid}/io").read_text().splitlines())
        reads = int(io["syscr"])
        now = (reads, switches(done.pid))
        if now == before and reads > 100:
            return done
        before = now
        time.sleep(0.2)


def change(truth, names):
    """Lets everything change. Returns the pids that are gone and those that are new."""
    children = {child.pid: child for child in truth.children}
    for name in names:
        children[truth.pids[name]].stdin.write(b"!")
        children[truth.pids[name]].stdin.flush()
    for name in names:
        line = children[truth.pids[name]].stdout.readline()
        need(line == b"changed\n", f"{name} did not change: {line!r}")
    os.setpriority(os.PRIO_PROCESS, truth.pids["renice_me"], 9)
    os.kill(truth.pids["stop_me"], signal.SIGSTOP)
    truth.await_state("stop_me", "T")
    os.kill(truth.pids["kill_me"], signal.SIGKILL)  # we do not wait for it: a zombie
    truth.await_state("kill_me", "Z")
    os.kill(truth.pids["end_me"], signal.SIGKILL)
    children[truth.pids["end_me"]].wait()
    orphan = truth.pids["parent"]
    parent = int(stat_of(orphan)[4])
    os.kill(parent, signal.SIGKILL)
    children[parent].wait()
    need(int(stat_of(orphan)[4]) != parent, "the orphan kept its parent")
    truth.puppet("new", "ready(); rest()")
    gone, fresh = truth.pids.pop("end_me"), truth.pids.pop("new")
    return gone, fresh


RATES = tuple(f"cpu.{key}" for key in ("totalPct", "userPct", "systemPct")) + tuple(
    f"ioStat.{key}" for key in ("readRate", "writeRate", "readBytesRate", "writeBytesRate"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--interval", default="5s", help="time in which the changes are made")
    args = parser.parse_args()
    with scratch() as folder, Truth(folder, odd=False) as truth:
        names = start_set(truth)
        old = {name: process(pid) for name, pid in truth.pids.items()}
        check = start_check(args.interval)
        try:
            gone, fresh = change(truth, names)
            truth.settle()
            need(check.poll() is None, "the check was over before the changes: try a longer --interval")
            before = {name: process(pid) for name, pid in truth.pids.items()}
            out, errors = check.communicate(timeout=60)
            after = {name: process(pid) for name, pid in truth.pids.items()}
        finally:
            check.kill()
            check.wait()
        need(check.returncode == 0, f"check failed: {errors!r}")
        compare(truth, out, old, before, after, gone, fresh)


def compare(truth, out, old, before, after, gone, fresh):
    found = {p["pid"]: p for m in json.loads(out)["messages"] for p in m["message"]["processes"]}
    need(gone not in found, "a process that ended between the looks is in the message")
    need(fresh not in found, "a process that was seen only once is in the message")
    wrong = []
    for name, pid in truth.pids.items():
        if pid not in found:
            wrong.append(f"{name}: pid {pid} is missing")
            continue
        wrong += differences(name, found[pid], before[name], after[name], ignore=RATES)
        if name != "calm" and not list(differences(name, old[name], before[name], ignore=RATES)):
            wrong.append(f"{name}: nothing has changed, so nothing was tested")
    if wrong:
        fail("\n".join(wrong))
    print(f"{len(truth.pids)} processes changed in as many ways, and each is told as it is now")


if __name__ == "__main__":
    sys.exit(main())
