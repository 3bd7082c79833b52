#!/usr/bin/python3
"""What `reagent bench` proves, prints and compares. No verdict here hangs on how fast a run is: the
numbers of a baseline are changed by factors that no machine explains."""

import copy
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

REAGENT = Path(os.environ.get("REAGENT", "reagent")).resolve()
TIMEOUT_S = 120
FACTOR = 100

SMALL = """name: {name}
world:
  simulate:
    host: {{pid_max: 300}}
    processes:
      - {{name: base, args: [/usr/bin/base, '{{copy}}', '--password=hunter2'], count: 25, cpu: "3", spread: 0.5, start: -1h}}
      - {{name: short, args: [/usr/bin/short, '{{copy}}'], count: 15, cpu: "20", lifetime: 7s, respawn: true, reuse_pids: true, zombie: 1s, user: someone, uid: 1000}}
seed: 11
run: {{for: {length}}}
expect:
  - {{eventually: '.report.failed_runs == 0'}}
"""


def need(condition, text):
    if not condition:
        print("FAILED:", text)
        sys.exit(1)


def reagent(code, *args):
    done = subprocess.run([str(REAGENT), *map(str, args)], capture_output=True, text=True,
        stdin=subprocess.DEVNULL, timeout=TIMEOUT_S)
    need(done.returncode == code, f"{' '.join(map(str, args))}: code {done.returncode}, not {code}\n"
                                  f"{done.stdout}{done.stderr}")
    return done


def bench(folder, *args):
    """The document of a measurement that went well."""
    path = folder / "out.json"
    reagent(0, "bench", *args, "-n", 2, "--json", path)
    document = json.loads(path.read_text())
    need(document["schema_version"] == 1 and document["command"] == "bench", document)
    need({"cpu", "kernel", "build"} <= document["machine"].keys(), document["machine"])
    return document


def check_result(result, kind, parts):
    need(result["kind"] == kind and result["repetitions"] == 2, result)
    need(len(result["cpu"]["values_ns"]) == 2 and len(result["wall"]["values_ns"]) == 2, result)
    need(min(result["cpu"]["values_ns"]) <= result["cpu"]["median_ns"]
         <= max(result["cpu"]["values_ns"]), result["cpu"])
    need(result["outputs"] > 0 and int(result["output_hash"], 16) != 0, result)
    need(result["memory"]["peak_rss_bytes"] > 100000, result["memory"])
    need(parts <= result["shares"].keys(), result["shares"])
    need(abs(sum(result["shares"].values()) - 1) < 1e-6, result["shares"])


def doctored(folder, document, change):
    document = copy.deepcopy(document)
    for result in document["results"]:
        change(result)
    path = folder / "baseline.json"
    path.write_text(json.dumps(document))
    return path


def scale(factor):
    def change(result):
        for clock in ("cpu", "wall"):
            result[clock]["median_ns"] = max(1, int(result[clock]["median_ns"] * factor))
            result[clock]["mad_ns"] = 0
    return change


def check_scenario(folder):
    world = folder / "small.yaml"
    world.write_text(SMALL.format(name="small", length="2m"))
    document = bench(folder, world)
    result = document["results"][0]
    check_result(result, "scenario", {"engine", "model", "rendering", "outputs"})
    need(result["name"] == "small" and result["seed"] == 11, result)
    need(120e9 <= result["virtual_ns"] < 121e9, result)

    again = bench(folder, world)["results"][0]
    need(again["output_hash"] == result["output_hash"], "two measurements, two hashes")
    other = bench(folder, world, "--seed", 12, "--for", "1m")["results"][0]
    need(other["output_hash"] != result["output_hash"], "--seed and --for change nothing")
    need(other["seed"] == 12 and 60e9 <= other["virtual_ns"] < 61e9, other)

    def against(code, path, *more):
        return reagent(code, "bench", world, "-n", 1, "--baseline", path, *more)

    slower = against(1, doctored(folder, document, scale(1 / FACTOR)))
    need(": slower" in slower.stdout, slower.stdout)
    faster = against(0, doctored(folder, document, scale(FACTOR)))
    need(": faster" in faster.stdout, faster.stdout)
    # As noisy as can be: whatever this machine does, it is no finding.
    noisy = doctored(folder, document, lambda r: r["cpu"].update(mad_ns=r["cpu"]["median_ns"] * 99))
    need(": no change" in against(0, noisy).stdout, "noise is no change")

    same = doctored(folder, document, lambda result: None)
    for more, words in ((["--seed", 12], "another seed"), (["--for", "1m"], "another time")):
        need(words in against(2, same, *more).stderr, f"{more}: compared")
    hashes = doctored(folder, document, lambda r: r.update(output_hash="0123456789abcdef"))
    need("other outputs" in against(2, hashes).stderr, "another hash: compared")
    absent = doctored(folder, document, lambda r: r.update(name="large"))
    need("not in it" in against(2, absent).stderr, "an absent entry: compared")
    check_bad_baselines(folder, document, against)


def check_bad_baselines(folder, document, against):
    path = folder / "bad.json"
    newer = dict(document, schema_version=99)
    lacking = copy.deepcopy(document)
    del lacking["results"][0]["cpu"]["mad_ns"]
    for text in ("", "{", "[]", "{}", '{"schema_version":1,"command":"test","results":[]}',
                 json.dumps(newer), json.dumps(lacking)):
        path.write_text(text)
        need("bad.json" in against(3, path).stderr, f"{text[:40]}: not named")
    path.unlink()
    against(3, path)
    moved = dict(document, machine=dict(document["machine"], kernel="0.1"))
    path.write_text(json.dumps(dict(moved, results=[])))
    need("kernel differs: 0.1 there" in against(2, path).stderr, "another machine is not said")


def check_memory(folder):
    """Processes come and go; what is remembered of them does not pile up."""
    world = folder / "hours.yaml"
    world.write_text(SMALL.format(name="hours", length="1h"))
    memory = bench(folder, world)["results"][0]["memory"]
    if not memory["heap_early_bytes"]:
        print("malloc tells nothing here")
        return
    need(memory["heap_late_bytes"] < memory["heap_early_bytes"] * 1.2 + 65536, memory)


def check_day(folder):
    """The first minute of the day that is measured by hand."""
    world = Path(os.environ["RG_SOURCE_DIR"]) / "tests/bench/worlds/day-of-1000-processes.yaml"
    path = folder / "day.json"
    reagent(0, "bench", world, "--for", "1m", "-n", 1, "--json", path)
    result = json.loads(path.read_text())["results"][0]
    need(result["virtual_ns"] >= 60e9 and result["outputs"] > 50, result)


def check_capture(folder):
    world = folder / "proc"
    sys.path.insert(0, str(Path(os.environ["RG_SOURCE_DIR"]) / "tests" / "cli"))
    import tiny_proc
    tiny_proc.make(world)
    capture = folder / "tiny.mcap"
    reagent(0, "record", "-o", capture, "--for", "500ms", "--proc-root", world)
    result = bench(folder, capture)["results"][0]
    check_result(result, "capture", {"engine", "decoding", "outputs"})
    replayed = json.loads(reagent(0, "replay", capture, "--json").stdout)
    need(result["output_hash"] == replayed["output_hash"], "replay gives another hash")
    need(result["outputs"] == replayed["outputs"], "replay gives other outputs")
    need(result["virtual_ns"] == replayed["recorded_ns"], "replay tells another length")

    both = bench(folder, capture, folder / "small.yaml")
    need([r["kind"] for r in both["results"]] == ["scenario", "capture"], "not both measured")
    reagent(64, "bench", capture, "--seed", 1)
    reagent(64, "bench", capture, "--for", "1s")
    spoiled = bytearray(capture.read_bytes())
    spoiled[len(spoiled) // 2] ^= 1
    (folder / "bad.mcap").write_bytes(spoiled)
    done = reagent(3, "bench", folder / "bad.mcap", "-n", 1)
    need("times real time" not in done.stdout, "numbers of a damaged capture")


def main():
    with tempfile.TemporaryDirectory(prefix="reagent-bench-") as name:
        folder = Path(name)
        check_scenario(folder)
        check_memory(folder)
        check_day(folder)
        check_capture(folder)


main()
