#!/usr/bin/python3
"""Records the captures of fixtures/data anew and writes its index and table.

    REAGENT=build/dev/cli/reagent tests/replay/make_fixtures.py [--live] [NAME...]

Simulated ones come out byte for byte alike as long as the engine does the same. Live ones, which
--live adds, are recorded on this host: that needs root, takes half a minute, and gives other files each
time. Each runs in namespaces of its own, in which nothing of this host can be seen but its hardware,
its kernel and its programs: there are no other processes, and its name and id are made up. NAME limits it to some."""

import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import fixture_index
from fixture_loads import LOADS, RECOVERED
from replay_kit import REAGENT, document, need, reagent, scratch, tell

BINARY = "/opt/reagent/reagent"
CAPTURE = "/opt/reagent/host.mcap"
NAMESPACES = ["--pid", "--fork", "--kill-child", "--mount-proc", "--mount", "--uts", "--ipc", "--cgroup"]
# The program is moved to where nothing tells whose it was.
ENTER = """
mount -t tmpfs tmpfs /opt && mkdir /opt/reagent && cp "$1" /opt/reagent/reagent && cp "$2" /opt/short.so || exit 1
echo 00112233445566778899aabbccddeeff >/opt/machine-id && mount --bind /opt/machine-id /etc/machine-id
hostname host-a
cd /
exec env -i PATH=/usr/bin:/bin sh -s
"""
# The release of the kernel without what its builder added, which may name a workplace.
SHORT_RELEASE = r"""
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

int uname(struct utsname *out)
{
    if (syscall(SYS_uname, out) != 0)
        return -1;
    out->release[strcspn(out->release, "-+")] = 0;
    return 0;
}
"""


def build_short_release(folder):
    library = folder / "short.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-x", "c", "-o", str(library), "-"],
        input=SHORT_RELEASE.encode(), check=True)
    return library


def record_live(name, path, library):
    _, policy, load = LOADS[name]
    command = f"env LD_PRELOAD=/opt/short.so $AS {BINARY} record -o {CAPTURE} --mask {policy} --log-level warn"
    lines = [f"{line.replace('RECORD', command)} </dev/null >&2" if line.startswith("RECORD") else line
             for line in load.splitlines()]
    script = "\n".join(lines) + f"\ncat {CAPTURE}\n"
    done = subprocess.run(["unshare", *NAMESPACES, "sh", "-c", ENTER, "sh", str(REAGENT), str(library)],
        input=script.encode(), capture_output=True, timeout=120)
    need(done.returncode == 0 and done.stdout, f"{name}: {tell(done)}")
    path.write_bytes(done.stdout)


def record_simulated(scenario, path):
    document(reagent("record", "-o", path, "--force", "--scenario", scenario, "--json"))


def entry_of(path, shows, recorded):
    info = document(reagent("info", path, "--json"))
    return {"file": path.name, "shows": shows, "recorded": recorded, "mask": info["metadata"]["mask"],
        "effects": info["effects"], "outputs": info["outputs"], "bytes": info["bytes"],
        "output_hash": info["output_hash"], "truncated": info["truncated"]}


def make_simulated(scenario):
    path = scenario.with_suffix(".mcap")
    record_simulated(scenario, path)
    path.chmod(0o644)
    info = document(reagent("info", path, "--json"))
    shows = next(line for line in scenario.read_text().splitlines() if line.startswith("why: "))
    return entry_of(path, shows.removeprefix("why: "), f"simulated, seed {info['metadata']['seed']}")


def make_live(name, library):
    path = fixture_index.DATA / f"{name}.mcap"
    record_live(name, path, library)
    return entry_of(path, LOADS[name][0], f"live, mask {LOADS[name][1]}")


def make_recovered(name):
    shows, parent = RECOVERED[name]
    path = fixture_index.DATA / f"{name}.mcap"
    path.unlink(missing_ok=True)
    done = reagent("recover", fixture_index.DATA / f"{parent}.mcap", "-o", path)
    need(done.returncode == 0, tell(done))
    path.chmod(0o644)
    return entry_of(path, shows, f"live, recovered from `{parent}.mcap`")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--live", action="store_true", help="the live ones as well")
    parser.add_argument("names", nargs="*", metavar="NAME")
    args = parser.parse_args()
    scenarios = {p.name.removesuffix(".yaml"): p for p in sorted(fixture_index.DATA.glob("*.yaml"))}
    names = args.names or [*scenarios, *(list(LOADS) + list(RECOVERED) if args.live else [])]
    wrong = [n for n in names if n not in scenarios and n not in LOADS and n not in RECOVERED]
    need(not wrong, f"no such fixtures: {wrong}")
    live = [n for n in names if n in LOADS]
    need(not live or (args.live and os.geteuid() == 0), "live ones need --live, and root")
    entries = {e["file"]: e for e in fixture_index.load()} if fixture_index.INDEX.exists() else {}
    made = [make_simulated(scenarios[n]) for n in names if n in scenarios]
    if live:
        with scratch() as folder, ThreadPoolExecutor(max_workers=4) as pool:
            library = build_short_release(folder)
            made += pool.map(lambda name: make_live(name, library), live)
    made += [make_recovered(n) for n in names if n in RECOVERED]
    entries |= {e["file"]: e for e in made}
    fixture_index.store(list(entries.values()))
    for entry in made:
        print(f"{entry['bytes']:9} {entry['file']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
