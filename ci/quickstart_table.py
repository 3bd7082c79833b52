#!/usr/bin/python3
"""Prints what ci/quickstart recorded and replayed. Exit: 0 when live and replay are equal."""

import json
import sys


def load(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        sys.exit(f"{path}: {error}")


def size(count):
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024 or unit == "GiB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return None


def seconds(nanoseconds):
    return f"{nanoseconds / 1e9:.3f} s"


def rows_of(record, replay, equal):
    return [
        ("processes seen", f"{record['processes']}"),
        ("recorded", f"{seconds(record['duration_ns'])}, {record['effects']} effects, "
            f"{record['outputs']} outputs"),
        ("masked values, lost events", f"{record['masked']}, {record['lost_events']}"),
        ("capture", f"{record['file']}, {size(record['bytes'])}"),
        ("replayed", f"{replay['effects']} effects, {replay['outputs']} outputs"),
        ("replay time", f"{seconds(replay['elapsed_ns'])}, {replay['speedup']:.0f} times as fast"),
        ("output hash live", record["output_hash"]),
        ("output hash replay", replay["output_hash"]),
        ("equal", "yes" if equal else "NO"),
    ]


def main(argv):
    if len(argv) != 2:
        print("usage: quickstart_table.py RECORD.json REPLAY.json", file=sys.stderr)
        return 64
    record, replay = (load(path) for path in argv)
    try:
        equal = (replay["equal"] is True and not replay["truncated"]
            and record["output_hash"] == replay["output_hash"] == replay["recorded_output_hash"])
        rows = rows_of(record, replay, equal)
    except KeyError as key:
        print(f"quickstart_table.py: no {key} in the reports", file=sys.stderr)
        return 70
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"  {name:<{width}}  {value}")
    return 0 if equal else 4


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
