#!/usr/bin/python3
"""An MCAP library that is not ours lists, seeks and decodes a capture that reagent wrote.

Exit: 0 passed, 1 failed, 77 skipped because node, its packages or the right to record are missing
(ci/deps --interop installs the first two).
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOPICS = {"/task", "/clock", "/proc", "/host", "/kubelet", "/events", "/storage", "/pycheck", "/blob",
    "/out", "/hash"}
MUST_HAVE = ("/task", "/clock", "/proc", "/blob", "/hash")
PACKAGES = ("@mcap/core", "fzstd", "protobufjs")
SKIPPED, LIVE_UNAVAILABLE = 77, 69


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def require(condition, text):
    if not condition:
        sys.exit(f"failed: {text}")


def record(reagent, capture):
    command = [reagent, "record", "-o", str(capture), "--for", "1s", "--checks", "process", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode in (SKIPPED, LIVE_UNAVAILABLE):
        skip(f"reagent record cannot run here: {done.stderr.strip()}")
    require(done.returncode == 0, f"{' '.join(command)}: exit {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def read(node, modules, capture):
    done = subprocess.run([node, str(HERE / "read_capture.mjs"), str(capture)], capture_output=True,
        text=True, timeout=120, check=False, env={**os.environ, "RG_INTEROP_NODE_MODULES": str(modules)})
    return done.returncode, done.stdout, done.stderr


def check_report(report):
    require(report["profile"] == "reagent", f"profile is {report['profile']}")
    require(report["library"].startswith("reagent"), f"library is {report['library']}")
    counts = {channel["topic"]: channel["decoded"] for channel in report["channels"]}
    require(set(counts) <= TOPICS, f"unknown topics {sorted(set(counts) - TOPICS)}")
    for topic in MUST_HAVE:
        require(counts.get(topic, 0) > 0, f"no message on {topic}")
    require(report["chunks"] > 0, "no chunk")
    require(sum(counts.values()) == report["records"]["Message"], "the index and the file disagree")
    require(0 < report["seek"]["messages"] <= report["messages"], "nothing found from the middle on")


def check_damage_is_seen(node, modules, capture, chunk, folder):
    """A reader that verifies nothing would prove nothing: one flipped bit must stop it."""
    data = bytearray(capture.read_bytes())
    data[chunk["offset"] + chunk["bytes"] // 2] ^= 4
    damaged = folder / "damaged.mcap"
    damaged.write_bytes(data)
    require(read(node, modules, damaged)[0] == 1, "a damaged capture was read without complaint")


def main():
    reagent = os.environ.get("REAGENT", "")
    if not reagent or not Path(reagent).is_file():
        skip("no reagent program (environment variable REAGENT)")
    node = shutil.which("node")
    if node is None:
        skip("node is not installed")
    modules = Path(os.environ.get("RG_INTEROP_NODE_MODULES", HERE / "node_modules")).resolve()
    for package in PACKAGES:
        if not (modules / package / "package.json").is_file():
            skip(f"the package {package} is not in {modules}")
    with tempfile.TemporaryDirectory(prefix="rg-interop-") as name:
        folder = Path(name)
        capture = folder / "host.mcap"
        record(reagent, capture)
        code, out, err = read(node, modules, capture)
        require(code == 0, err.strip())
        report = json.loads(out)
        check_report(report)
        check_damage_is_seen(node, modules, capture, report["largest_chunk"], folder)
    print(out)


if __name__ == "__main__":
    main()
