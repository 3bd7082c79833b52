#!/usr/bin/python3
"""A capture replays to the same hash whatever surrounds the process, and asks the host nothing."""

import argparse
import os
import random
import re
import shutil
import subprocess

from replay_kit import REAGENT, check_equal, document, fail, need, record, replay, scratch

# The leak check of a sanitizer wants /proc and a process that nobody traces.
NO_LEAK_CHECK = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}

LOADER = re.compile(r"^/(lib|lib64|usr/lib|usr/lib64|usr/local/lib)/|^/etc/ld\.so|\.so(\.\d+)*$"
                    r"|^/usr/share/locale/|^/etc/locale")
# malloc of libc asks this before it returns memory of a thread's heap; no answer depends on it.
LIBC = {"/proc/sys/vm/overcommit_memory"}
FORBIDDEN = re.compile(r"^/(proc|sys|etc|dev|run)(/|$)")
# The runtime of a sanitizer reads its own maps; nothing of ours does.
SANITIZER = re.compile(r"^/proc/(self|\d+)/(maps|cmdline|environ|exe|stat|status|task)|^/proc/sys/|^/sys/")


def surroundings():
    """Name, environment and CPU set of each variation."""
    base = dict(os.environ)
    yield "plain", base, None
    for zone, locale in (("Pacific/Chatham", "tr_TR.UTF-8"), ("America/St_Johns", "de_DE.ISO-8859-1")):
        yield f"{zone} {locale}", base | {"TZ": zone, "LANG": locale, "LC_ALL": locale}, None
    keys = list(base) + [f"PADDING_{i}" for i in range(50)]
    random.Random(7).shuffle(keys)
    yield "shuffled environment", {key: base.get(key, "x" * 100) for key in keys}, None
    yield "empty environment", {}, None
    yield "other settings", base | {"DD_HOSTNAME": "other", "DD_LOG_LEVEL": "debug",
        "HOST_PROC": "/nowhere"}, None
    for cpu in sorted(os.sched_getaffinity(0))[:2]:
        yield f"CPU {cpu} only", base, {cpu}


def vary(path, summary):
    for name, env, cpus in surroundings():
        pin = (lambda: os.sched_setaffinity(0, cpus)) if cpus else None
        check_equal(summary, replay(path, env=env, preexec_fn=pin))
        print("equal:", name, flush=True)


def unshared(path, summary):
    """Without /proc and without a network; needs root."""
    probe = subprocess.run(["unshare", "-mn", "true"], capture_output=True) \
        if shutil.which("unshare") else None
    if probe is None or probe.returncode != 0:
        print("skipped: /proc hidden, no network (unshare is not allowed)")
        return
    hide = "mount -t tmpfs none /proc && ! test -e /proc/stat && exec \"$@\""
    what = "/proc hidden, no network"
    if os.environ.get("RG_SANITIZE"):  # sanitizers themselves need /proc
        hide, what = "exec \"$@\"", "no network"
    done = subprocess.run(["unshare", "-mn", "sh", "-c", hide, "sh", str(REAGENT), "replay", str(path),
        "--json"], capture_output=True, stdin=subprocess.DEVNULL, env=NO_LEAK_CHECK)
    check_equal(summary, document(done))
    print("equal:", what)


def traced_paths(trace, path):
    """Paths and network calls of the trace after the capture was opened."""
    opened = False
    for line in trace.splitlines():
        if f'"{path}"' in line and "open" in line:
            opened = True
        elif opened:
            if re.search(r"\b(socket|connect|bind|sendto|recvfrom)\(", line):
                yield line, None
            for name in re.findall(r'"((?:[^"\\]|\\.)*)"', line):
                yield line, name


def strace(path, folder):
    """No file of the host is opened once the capture is."""
    log = folder / "trace"
    command = ["strace", "-f", "-s", "4096", "-e", "trace=%file,%network", "-o", str(log)]
    probe = subprocess.run(command + ["true"], capture_output=True) if shutil.which("strace") else None
    if probe is None or probe.returncode != 0:
        print("skipped: system calls (strace is not there or not allowed)")
        return
    subprocess.run(command + [str(REAGENT), "replay", str(path)], check=True, capture_output=True,
        stdin=subprocess.DEVNULL, env=NO_LEAK_CHECK)
    text = log.read_text(errors="replace")
    need(f'"{path}"' in text, "the trace does not show that the capture was opened")
    for line, name in traced_paths(text, path):
        if name is None:
            fail(f"network call in a replay: {line}")
        if os.environ.get("RG_SANITIZE") and SANITIZER.match(name):
            continue
        if FORBIDDEN.match(name) and name not in LIBC and not LOADER.search(name):
            fail(f"a replay looked at the host: {line}")
    print("equal: no file below /proc, /sys, /etc and no network call after the capture was opened")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--for", dest="duration", default="5s")
    parser.add_argument("--other", help="another build of reagent that must agree")
    args = parser.parse_args()
    with scratch() as folder:
        path = folder / "one.mcap"
        summary = record(path, args.duration, "--checks", "process,rtprocess")
        vary(path, summary)
        unshared(path, summary)
        strace(path, folder)
        if args.other:
            check_equal(summary, document(subprocess.run([args.other, "replay", str(path), "--json"],
                capture_output=True, stdin=subprocess.DEVNULL)))
            print("equal:", args.other)


if __name__ == "__main__":
    main()
