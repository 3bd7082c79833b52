"""The table of fixtures/data: index.jsonl has a line for each capture, README.md shows the same."""

import json
import os
from pathlib import Path

DATA = Path(os.environ.get("RG_SOURCE_DIR", Path(__file__).resolve().parents[2])) / "fixtures" / "data"
INDEX = DATA / "index.jsonl"
README = DATA / "README.md"
HEAVY_EFFECTS = 100_000
BEGIN, END = "<!-- table begins -->\n", "<!-- table ends -->\n"
HEAD = ("| file | shows | recorded | effects | outputs | bytes | output hash |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n")


def load():
    """The entries: file, shows, recorded, mask, effects, outputs, bytes, output_hash, truncated."""
    return [json.loads(line) for line in INDEX.read_text().splitlines()]


def is_simulated(entry):
    return entry["recorded"].startswith("simulated")


def is_heavy(entry):
    """Takes too long under sanitizers."""
    return entry["effects"] > HEAVY_EFFECTS


def scenario_of(entry):
    return DATA / (entry["file"].removesuffix(".mcap") + ".yaml")


def table(entries):
    lines = [f"| `{e['file']}` | {e['shows']} | {e['recorded']} | {e['effects']} | {e['outputs']} | "
             f"{e['bytes']} | `{e['output_hash']}` |\n" for e in entries]
    return HEAD + "".join(lines)


def split_readme():
    """What stands before the table, the table, and what stands after it."""
    before, rest = README.read_text().split(BEGIN)
    present, after = rest.split(END)
    return before + BEGIN, present, END + after


def store(entries):
    entries = sorted(entries, key=lambda e: e["file"])
    INDEX.write_text("".join(json.dumps(e, ensure_ascii=False) + "\n" for e in entries))
    before, _, after = split_readme()
    README.write_text(before + table(entries) + after)
