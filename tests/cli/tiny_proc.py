"""A process file system of three processes as ordinary files: what it holds never changes, so what
the command line prints about it does not either."""

import os
from pathlib import Path

CPU_LINE = "cpu  1000 0 500 90000 100 0 10 0 0 0"

PROCESSES = [
    # pid, ppid, comm, state, command line
    (1, 0, "init", "S", ["/sbin/init", "splash"]),
    (42, 1, "web", "R", ["web", "--port", "80", "--password=hunter2"]),
    (77, 42, "odd\x1bname", "Z", []),
]


def stat_line(pid, ppid, comm, state):
    return (f"{pid} ({comm}) {state} {ppid} {pid} {pid} 0 -1 4194560 100 0 0 0 "
            f"{pid * 2} {pid} 0 0 20 0 3 0 {pid * 100} 10485760 256 18446744073709551615 "
            + "0 " * 26).strip() + "\n"


def status_text(pid, ppid, comm, state):
    escaped = comm.replace("\x1b", "\\033")
    return (f"Name:\t{escaped}\nState:\t{state} (x)\nTgid:\t{pid}\nPid:\t{pid}\nPPid:\t{ppid}\n"
            "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n"
            f"NSpid:\t{pid}\nVmSize:\t10240 kB\nVmRSS:\t1024 kB\nVmSwap:\t0 kB\nThreads:\t3\n"
            "voluntary_ctxt_switches:\t5\nnonvoluntary_ctxt_switches:\t1\n")


def write(path, text):
    path.write_bytes(text.encode("latin-1"))


def make(root):
    root = Path(root)
    root.mkdir()
    write(root / "stat", CPU_LINE + "\ncpu0 1000 0 500 90000 100 0 10 0 0 0\nbtime 1700000000\n")
    write(root / "cpuinfo", "processor\t: 0\nmodel name\t: made up\n\n")
    write(root / "meminfo", "MemTotal:        2048 kB\n")
    write(root / "uptime", "1000.00 900.00\n")
    for pid, ppid, comm, state, args in PROCESSES:
        folder = root / str(pid)
        (folder / "fd").mkdir(parents=True)
        write(folder / "stat", stat_line(pid, ppid, comm, state))
        write(folder / "status", status_text(pid, ppid, comm, state))
        write(folder / "statm", "2560 256 128 16 0 64 0\n")
        write(folder / "cmdline", "".join(arg + "\0" for arg in args))
        write(folder / "comm", comm + "\n")
        write(folder / "io", "rchar: 0\nwchar: 0\nsyscr: 1\nsyscw: 2\nread_bytes: 3\nwrite_bytes: 4\n")
        write(folder / "schedstat", f"{pid} 0 1\n")
        os.symlink("/usr/bin/" + comm.replace("\x1b", ""), folder / "exe")
        os.symlink("/", folder / "cwd")
