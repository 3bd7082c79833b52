#!/usr/bin/python3
"""Without the rights of root: what may not be read is empty or -1, and nothing else changes."""

import os
import shutil
import sys

from replay_kit import REAGENT, SKIPPED, check_equal, document, fail, need, reagent, scratch
from truth_proc import differences, process
from truth_set import NOBODY, ROOT, Truth, become_nobody

HIDDEN_IO = {"readRate": -1, "writeRate": -1, "readBytesRate": -1, "writeBytesRate": -1}


def hide(message):
    """The message of a process of somebody else."""
    command = message["command"] | {"exe": "", "cwd": ""}
    return message | {"command": command, "openFdCount": -1, "ioStat": HIDDEN_IO}


def compare(truth, own, found, before, after):
    wrong = []
    for name, pid in truth.pids.items():
        if pid not in found:
            wrong.append(f"{name}: pid {pid} is missing")
            continue
        truths = [before[name], after[name]]
        if pid != own:
            truths = [hide(message) for message in truths]
        wrong += differences(name, found[pid], *truths)
    if wrong:
        fail("\n".join(wrong))


def main():
    if not ROOT:
        print("skipped: needs root, to have processes of two users")
        return SKIPPED
    with scratch() as folder, Truth(folder) as truth:
        os.chmod(folder, 0o777)
        binary = folder / "reagent"  # the folder of the build may be closed to others
        shutil.copy(REAGENT, binary)
        os.chmod(binary, 0o755)
        # A process of that user which may be looked at: changing the user by itself forbids it.
        own = truth.launch("own", ["/bin/cat"], preexec_fn=become_nobody).pid
        truth.await_comm("own", b"cat")
        truth.settle()

        def run(*args):
            return reagent(*args, binary=binary, preexec_fn=become_nobody, cwd=folder)

        before = {name: process(pid) for name, pid in truth.pids.items()}
        need(before["own"]["user"]["uid"] == NOBODY and before["own"]["openFdCount"] >= 3,
            "the process of the other user is not as it should be")
        messages = document(run("check", "process", "--json"))["messages"]
        found = {p["pid"]: p for m in messages for p in m["message"]["processes"]}
        after = {name: process(pid) for name, pid in truth.pids.items()}
        compare(truth, own, found, before, after)
        path = folder / "nobody.mcap"
        summary = document(run("record", "-o", path, "--for", "4s", "--json", "--checks",
            "process,rtprocess"))
        report = document(run("replay", path, "--json"))
        need(report["equal"] is True, f"not equal: {report}")
        check_equal(summary, report)
        found = {p["pid"]: p for m in document(run("check", "process", "--from", path, "--json"))
            ["messages"] for p in m["message"]["processes"]}
        compare(truth, own, found, before, after)
        print(f"{len(truth.pids)} processes seen by another user, live and recorded")
    return 0


if __name__ == "__main__":
    sys.exit(main())
