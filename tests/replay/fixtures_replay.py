#!/usr/bin/python3
"""The captures of fixtures/data are what their table says: size, replay, masking, and no more files
than that.

    fixtures_replay.py [--heavy]    the small ones, or with --heavy the big one
"""

import re
import sys

import fixture_index
from fixture_loads import SECRET, SECRETS
from replay_kit import document, need, reagent, replay, tell

TOTAL_BYTES_MAX = 6_000_000
LEAST = {"live": 6, "simulated": 8}
VERIFIED = ("live-churn", "live-names", "sim-churn", "sim-short-reads")
# What would tell where the live ones were recorded.
PLACES = re.compile("|".join(["/wo" + "rk/", "/ro" + "ot/", "/ho" + r"me/\w", "/tm" + "p/"]).encode())


def check_table(entries):
    present = {p.name for p in fixture_index.DATA.glob("*.mcap")}
    need(present == {e["file"] for e in entries}, f"the index does not list what is there: {present}")
    total = sum(p.stat().st_size for p in fixture_index.DATA.iterdir())
    need(total < TOTAL_BYTES_MAX, f"{total} bytes are too much for the package")
    need(fixture_index.split_readme()[1] == fixture_index.table(entries),
        "README.md and index.jsonl differ: run make_fixtures.py")
    for kind, least in LEAST.items():
        count = sum(e["recorded"].startswith(kind) for e in entries)
        need(count >= least, f"{count} {kind} captures, and not {least}")


def check_info(entry, path):
    info = document(reagent("info", path, "--json"))
    for key in ("effects", "outputs", "bytes", "output_hash", "truncated"):
        need(info[key] == entry[key], f"{path}: {key} is {info[key]}, {entry[key]} in the index")
    notes = info["metadata"]
    need(notes["mask"] == entry["mask"] and info["format_version"] == 1, f"{path}: {notes}")
    if fixture_index.is_simulated(entry):
        need(notes["scenario"] == path.stem and entry["recorded"].endswith(f"seed {notes['seed']}"),
            f"{path}: {notes}")
    else:
        need("scenario" not in notes and notes["architecture"] == "x86_64", f"{path}: {notes}")
        need(("recovered" in notes) == ("recovered" in entry["recorded"]), f"{path}: {notes}")


def check_replay(entry, path):
    report = replay(path)
    for key in ("effects", "outputs", "output_hash", "truncated"):
        need(report[key] == entry[key], f"{path}: {key} is {report[key]} in a replay, {entry[key]} in the "
             "index; when the engine is meant to differ, run make_fixtures.py")


def contents(path):
    done = reagent("cat", path)
    need(done.returncode == 0, tell(done))
    return done.stdout + path.read_bytes()


def check_clean(path):
    text = contents(path)
    need(SECRET.encode() not in text, f"{path}: a secret")
    if path.name.startswith("live-"):
        found = PLACES.search(text)
        need(not found, f"{path}: tells {found and text[found.start() - 40:found.end() + 40]}")


def check_masks():
    """The secrets had been there: what stood around them is, and so is something of their length."""
    text = contents(fixture_index.DATA / "live-secrets.mcap")
    for shape in (rb"--password=([^\\ ]+)", rb"--token\\x00([^\\ ]+)", rb"Bearer ([^\\ ]+)",
            rb"postgres://app:([^@]+)@", rb"-Dsecret=([^\\ ]+)", rb"--passphrase-of-ours=([^\\ ]+)",
            rb"api_key: (\S+)"):
        found = re.search(shape, text)
        need(found and len(found[1]) in {len(s) for s in SECRETS}, f"{shape}: {found}")
    need(b"--visible" in text, "live-secrets hides too much")
    strict = contents(fixture_index.DATA / "live-secrets-strict.mcap")
    need(b"--visible" not in strict and b"--password" not in strict, "strict keeps arguments")


def main():
    entries = fixture_index.load()
    heavy = "--heavy" in sys.argv
    for entry in entries:
        path = fixture_index.DATA / entry["file"]
        if fixture_index.is_heavy(entry) != heavy:
            continue
        check_info(entry, path)
        check_replay(entry, path)
        if not heavy:
            check_clean(path)
    if not heavy:
        check_table(entries)
        check_masks()
        for name in VERIFIED:
            report = document(reagent("verify", fixture_index.DATA / f"{name}.mcap", "--json"))
            need(report["equal"] is True, f"{name}: {report}")
    print(f"{len(entries)} captures")


main()
