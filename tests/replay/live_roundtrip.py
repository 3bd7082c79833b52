#!/usr/bin/python3
"""A live run under load, recorded and replayed: the same outputs, byte for byte, every time."""

import argparse

from replay_kit import check_equal, load, record, replay, scratch


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--for", dest="duration", default="6s")
    args = parser.parse_args()
    print(f"{'run':>3} {'effects':>9} {'outputs':>7} {'bytes':>10} {'processes':>9} "
          f"{'speedup':>8} hash")
    with scratch() as folder, load():
        for run in range(1, args.runs + 1):
            path = folder / f"{run}.mcap"
            summary = record(path, args.duration, "--checks", "process,rtprocess")
            report = replay(path)
            check_equal(summary, report)
            print(f"{run:3} {summary['effects']:9} {summary['outputs']:7} {summary['bytes']:10} "
                  f"{summary['processes']:9} {report['speedup']:8.1f} {report['output_hash']}",
                flush=True)
            path.unlink()
    print(f"{args.runs} of {args.runs} recordings replayed to equal outputs")


if __name__ == "__main__":
    main()
