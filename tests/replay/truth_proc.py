"""What /proc and ps say about a process, read without reagent, in the words of its messages."""

import datetime
import os
import pwd
import subprocess
from pathlib import Path

from replay_kit import fail, need

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
PF_KTHREAD = 0x00200000
ARGS_BYTES_MAX = 128 << 10  # a longer command line is cut
NEVER_FILLED = {"key": 0, "containerId": "", "containerKey": 0, "byteKey": "",
    "containerByteKey": "", "processContext": []}
BLANKS = b" \t\n\v\f\r\0"


def text_of(raw):
    """UTF-8, with U+FFFD for each byte that is none."""
    return "".join("\ufffd" if "\udc80" <= c <= "\udcff" else c
        for c in raw.decode("utf-8", "surrogateescape"))


def slurp(path):
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""


def link(path):
    try:
        return text_of(os.readlink(os.fsencode(path)))
    except OSError:
        return ""


def fd_count(pid):
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return -1


def boot_time():
    for line in slurp("/proc/stat").splitlines():
        if line.startswith(b"btime "):
            return int(line.split()[1])
    fail("no btime in /proc/stat")


def stat_of(pid):
    """The fields behind the name, by the numbers of proc(5); empty when the process is gone."""
    after = slurp(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return {number: value for number, value in enumerate(after, 3)}


def status_of(pid):
    pairs = (line.partition(b":") for line in slurp(f"/proc/{pid}/status").split(b"\n"))
    return {key.decode(): value.strip() for key, _, value in pairs if key}


def io_of(pid):
    """Reads, writes, bytes read, bytes written; None when nobody may look."""
    found = dict(line.split(b": ") for line in slurp(f"/proc/{pid}/io").splitlines())
    if not found:
        return None
    return [int(found[key]) for key in (b"syscr", b"syscw", b"read_bytes", b"write_bytes")]


def user_name(uid):
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return ""


def args_of(pid):
    raw = slurp(f"/proc/{pid}/cmdline")[:ARGS_BYTES_MAX]
    return [text_of(arg) for arg in raw.split(b"\0") if arg]


def memory_of(pid, status):
    pages = [int(word) * PAGE for word in slurp(f"/proc/{pid}/statm").split()] or [0] * 7
    kib = {key: int(status.get(key, b"0 kB").split()[0]) * 1024
        for key in ("VmRSS", "VmSize", "VmSwap")}
    return {"rss": kib["VmRSS"], "vms": kib["VmSize"], "swap": kib["VmSwap"], "shared": pages[2],
        "text": pages[3], "lib": pages[4], "data": pages[5], "dirty": pages[6]}


def process(pid):
    """The message of a process that does nothing. Raises LookupError when there is none."""
    stat, status = stat_of(pid), status_of(pid)
    if not stat or not status:
        raise LookupError(pid)
    uid, gid = int(status["Uid"].split()[0]), int(status["Gid"].split()[0])
    rate = 0 if io_of(pid) else -1
    state = stat[3].decode()
    return {
        "pid": pid,
        "nsPid": int(status["NSpid"].split()[-1]),
        "command": {"args": args_of(pid), "cwd": link(f"/proc/{pid}/cwd"),
            "exe": link(f"/proc/{pid}/exe"), "comm": text_of(slurp(f"/proc/{pid}/comm").strip(BLANKS)),
            "ppid": int(stat[4]), "root": "", "onDisk": False, "pgroup": 0},
        "user": {"name": user_name(uid), "uid": uid, "gid": gid, "euid": 0, "egid": 0, "suid": 0,
            "sgid": 0},
        "memory": memory_of(pid, status),
        "cpu": {"lastCpu": "cpu", "totalPct": 0, "userPct": 0, "systemPct": 0,
            "numThreads": int(status["Threads"]), "cpus": [], "nice": int(stat[19]),
            "userTime": int(stat[14]) // TICKS, "systemTime": int(stat[15]) // TICKS},
        "createTime": (int(stat[22]) // TICKS + boot_time()) * 1000,
        "openFdCount": fd_count(pid),
        "state": state if state in "RSDTWXZ" else "U",
        "ioStat": {key: rate for key in ("readRate", "writeRate", "readBytesRate", "writeBytesRate")},
        "voluntaryCtxSwitches": int(status["voluntary_ctxt_switches"]),
        "involuntaryCtxSwitches": int(status["nonvoluntary_ctxt_switches"]),
        **NEVER_FILLED,
    }


def flat(message, prefix=""):
    """Every field under a name with dots."""
    for key, value in message.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def differences(name, got, *truths, ignore=()):
    """Lines about fields that none of the truths (read before and after) agrees with."""
    got = dict(flat(got))
    truths = [dict(flat(truth)) for truth in truths]
    for key in sorted(set(got) | set(truths[0])):
        if key in ignore:
            continue
        if key not in got or key not in truths[0]:
            yield f"{name}: field {key} is only on one side"
        elif all(got[key] != truth[key] for truth in truths):
            yield f"{name}: {key} is {shorten(got[key])}, should be {shorten(truths[-1][key])}"


def shorten(value):
    text = repr(value)
    return text if len(text) < 300 else f"{text[:200]}... ({len(text)} characters)"


def is_kernel_thread(pid):
    stat = stat_of(pid)
    return bool(stat) and bool(int(stat[9]) & PF_KTHREAD)


def all_pids():
    return {int(name) for name in os.listdir("/proc") if name.isdigit()}


def ps(pid, *columns):
    done = subprocess.run(["ps", "-ww", "-p", str(pid), "-o", ",".join(f"{c}=" for c in columns)],
        capture_output=True, env=os.environ | {"LC_ALL": "C", "TZ": "UTC"})
    need(done.returncode == 0, f"ps of {pid}: {done.stderr!r}")
    return done.stdout.decode(errors="replace").rstrip("\n")


def compare_with_ps(name, got):
    """What ps prints about the same process; lines about differences."""
    pid = got["pid"]
    words = ps(pid, "ppid", "ruid", "rgid", "nlwp", "ni", "rss", "vsz", "stat", "etimes", "lstart").split()
    numbers = [int(word) for word in words[:7]]
    rss, vsz, letter = numbers[5] * 1024, numbers[6] * 1024, words[7][0]
    pairs = {
        "ppid": (got["command"]["ppid"], numbers[0]),
        "uid": (got["user"]["uid"], numbers[1]),
        "gid": (got["user"]["gid"], numbers[2]),
        "threads": (got["cpu"]["numThreads"], numbers[3]),
        "nice": (got["cpu"]["nice"], numbers[4]),
        "vsz": (got["memory"]["vms"], vsz),
        "state": (got["state"], letter if letter in "RSDTWXZ" else "U"),
        "user": (got["user"]["name"] or str(got["user"]["uid"]), ps(pid, "ruser:64").strip()),
    }
    for column, (ours, theirs) in pairs.items():
        if ours != theirs:
            yield f"{name}: {column} is {ours!r}, ps says {theirs!r}"
    # ps may take the resident size from a counter that the kernel sums up lazily.
    if abs(got["memory"]["rss"] - rss) > 4 << 20:
        yield f"{name}: rss is {got['memory']['rss']}, ps says {rss}"
    started = datetime.datetime.strptime(" ".join(words[9:14]), "%a %b %d %H:%M:%S %Y")
    started_ms = started.replace(tzinfo=datetime.timezone.utc).timestamp() * 1000
    if abs(got["createTime"] - started_ms) > 2000:
        yield f"{name}: started at {got['createTime']}, ps says {started_ms}"
    yield from compare_texts_with_ps(name, got)


def compare_texts_with_ps(name, got):
    """comm and args, when they are of the plain kind that ps does not change."""
    comm, args = got["command"]["comm"], " ".join(got["command"]["args"])
    whole = slurp(f"/proc/{got['pid']}/comm") == comm.encode() + b"\n"
    if whole and comm.isascii() and comm.isprintable() and comm.strip() and got["state"] != "Z":
        if ps(got["pid"], "comm") != comm:
            yield f"{name}: comm is {comm!r}, ps says {ps(got['pid'], 'comm')!r}"
    if args and args.isascii() and args.isprintable() and "  " not in args and args.strip() == args:
        if ps(got["pid"], "args") != args:
            yield f"{name}: args are {shorten(args)}, ps says {shorten(ps(got['pid'], 'args'))}"
