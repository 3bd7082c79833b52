#!/usr/bin/python3
"""One changed byte anywhere in a capture is found and its offset named: exit code 3."""

import argparse
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from replay_kit import REAGENT, document, need, reagent, replay, scratch, seeded

WORKERS = 2
EDGE_BYTES = 64  # of the header and of the footer: all of them
SAMPLE = 500


def small_capture(folder):
    """A capture of this process alone, so that all of its bytes can be tried."""
    proc = folder / "proc"
    (proc / "1" / "fd").mkdir(parents=True)
    (proc / "stat").write_text("cpu  1 0 1 900 0 0 0 0 0 0\ncpu0 1 0 1 900 0 0 0 0 0 0\nbtime 1700000000\n")
    (proc / "1" / "stat").write_text("1 (init) S 0 1 1 0 -1 0 0 0 0 0 2 1 0 0 20 0 1 0 5 4096 1 "
                                     + "0 " * 28 + "\n")
    (proc / "1" / "cmdline").write_bytes(b"/sbin/init\0")
    path = folder / "small.mcap"
    document(reagent("record", "-o", path, "--proc-root", proc, "--for", "2500ms", "--json",
        "--log-level", "error"))
    replay(path)
    return path


def try_offset(path, whole, offset, bit):
    """Replays a copy with one bit changed; None, or what was wrong."""
    copy = path.with_name(f"flip-{offset}.mcap")
    copy.write_bytes(whole[:offset] + bytes([whole[offset] ^ bit]) + whole[offset + 1:])
    done = subprocess.run([str(REAGENT), "replay", str(copy)], capture_output=True,
        stdin=subprocess.DEVNULL, timeout=60)
    copy.unlink()
    errors = done.stderr.decode(errors="replace")
    if done.returncode != 3:
        return f"offset {offset} bit {bit:#x}: exit code {done.returncode}: {errors[-500:]}"
    if "offset" not in errors:
        return f"offset {offset} bit {bit:#x}: no offset named: {errors[-500:]}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="every byte, not a sample")
    parser.add_argument("--seed")
    parser.add_argument("--capture", type=Path, help="instead of a small one that is recorded")
    args = parser.parse_args()
    chance = seeded(args.seed)
    with scratch() as folder:
        path = small_capture(folder)
        whole = (args.capture or path).read_bytes()
        offsets = set(range(len(whole)))
        if not args.all:
            sample = chance.sample(range(len(whole)), min(SAMPLE, len(whole)))
            offsets = set(sample) | set(range(EDGE_BYTES)) \
                | set(range(len(whole) - EDGE_BYTES, len(whole)))
        plan = [(offset, 1 << chance.randrange(8)) for offset in sorted(offsets)]
        with ThreadPoolExecutor(WORKERS) as pool:
            results = pool.map(lambda item: try_offset(path, whole, *item), plan)
            problems = [text for text in results if text]
    for text in problems[:20]:
        print(text)
    need(not problems, f"{len(problems)} of {len(plan)} changed bytes were not reported as damage")
    print(f"{len(plan)} changed bytes of {len(whole)}: each one found")


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C")
    main()
