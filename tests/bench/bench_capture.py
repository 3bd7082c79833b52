#!/usr/bin/python3
"""What recording costs and what replay saves, on this machine.

Starts quiet processes, then prints: bytes each further scan adds to a capture, CPU of recording
against the same live run (interleaved, medians), and the speed of replaying an hour of a synthetic
host in virtual time. Exit 1 with --gate when a figure misses its bound.

  REAGENT=build/release/cli/reagent MAKE_CAPTURE=build/release/tests/bench/make_capture \
      tests/bench/bench_capture.py [--processes N] [--rounds N] [--gate]
"""

import argparse
import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile

BYTES_PER_SCAN_MAX = 25_000
RECORD_CPU_RATIO_MAX = 1.25
REPLAY_SPEEDUP_MIN = 500
SCAN_INTERVAL_S = 2


def start_quiet(count):
    """A process with `count` sleeping children; returns its handle."""
    code = (
        "import os,signal,sys\n"
        "for i in range(%d):\n"
        "    if os.fork() == 0:\n"
        "        signal.pause()\n"
        "print('ready', flush=True)\n"
        "signal.pause()\n" % count
    )
    child = subprocess.Popen(
        ["/usr/bin/python3", "-c", code], stdout=subprocess.PIPE, start_new_session=True
    )
    child.stdout.readline()
    return child


def run(command):
    """Runs a command; returns (CPU seconds, standard output)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{command} exited with {done.returncode}: {done.stderr.decode()[:500]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, done.stdout


def measure_live(reagent, folder, rounds, seconds):
    config = os.path.join(folder, "datadog.yaml")
    with open(config, "w", encoding="utf-8") as out:
        out.write(f"process_config:\n  intervals:\n    process: {SCAN_INTERVAL_S}\n")
    common = ["--config", config, "--checks", "process"]
    live, recorded = [], []
    for i in range(rounds):
        capture = os.path.join(folder, f"cost{i}.mcap")
        live.append(run([reagent, "run", *common, "--for", f"{seconds}s"])[0])
        recorded.append(
            run([reagent, "record", "-o", capture, *common, "--for", f"{seconds}s"])[0]
        )
    sizes = []
    for length in (seconds, seconds + 10 * SCAN_INTERVAL_S):
        capture = os.path.join(folder, f"size{length}.mcap")
        out = run([reagent, "record", "--json", "-o", capture, *common, "--for", f"{length}s"])[1]
        sizes.append(json.loads(out)["bytes"])
    return (
        statistics.median(live),
        statistics.median(recorded),
        (sizes[1] - sizes[0]) / 10,
    )


def measure_replay(reagent, maker, folder, checks):
    capture = os.path.join(folder, "hour.mcap")
    if os.path.exists(capture):
        os.unlink(capture)
    run([maker, capture, "1000", "20", "1h", checks])
    speeds = []
    for _ in range(3):
        out = json.loads(run(["taskset", "-c", "0", reagent, "replay", "--json", capture])[1])
        if not out["equal"]:
            sys.exit("replay of the synthetic hour is not equal")
        speeds.append(out["recorded_ns"] / out["elapsed_ns"])
    return statistics.median(speeds)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--processes", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=12)
    parser.add_argument("--gate", action="store_true")
    args = parser.parse_args()
    reagent = os.environ["REAGENT"]
    maker = os.environ["MAKE_CAPTURE"]
    failed = []

    with tempfile.TemporaryDirectory() as folder:
        quiet = start_quiet(args.processes)
        try:
            live, recorded, per_scan = measure_live(reagent, folder, args.rounds, args.seconds)
        finally:
            os.killpg(quiet.pid, signal.SIGKILL)
            quiet.wait()
        hour = measure_replay(reagent, maker, folder, "process")
        hour_rt = measure_replay(reagent, maker, folder, "process, rtprocess")

    ratio = recorded / live
    rows = [
        ("capture bytes per further scan", f"{per_scan:.0f}", f"<= {BYTES_PER_SCAN_MAX}",
         per_scan <= BYTES_PER_SCAN_MAX),
        ("CPU of a live run", f"{live * 1000:.0f} ms", "", True),
        ("CPU of the same run recorded", f"{recorded * 1000:.0f} ms", "", True),
        ("recorded / live", f"{ratio:.2f}", f"<= {RECORD_CPU_RATIO_MAX}",
         ratio <= RECORD_CPU_RATIO_MAX),
        ("replay of an hour, process", f"{hour:.0f}x", f">= {REPLAY_SPEEDUP_MIN}x",
         hour >= REPLAY_SPEEDUP_MIN),
        ("replay of an hour, with rtprocess", f"{hour_rt:.0f}x", "", True),
    ]
    for name, value, bound, good in rows:
        print(f"{name:40} {value:>12} {bound:>12} {'' if good else 'MISSED'}")
        if not good:
            failed.append(name)
    return 1 if failed and args.gate else 0


if __name__ == "__main__":
    sys.exit(main())
