#!/usr/bin/python3
"""A recording that is killed at any moment leaves a file that replays up to its cut."""

import argparse
import signal
import subprocess
import time

from replay_kit import REAGENT, document, load, need, reagent, scratch, seeded, tell

MAGIC_BYTES = 8
# A file without one whole chunk holds no effect yet: metadata alone is below this.
FIRST_CHUNK_BYTES = 16384
STOP_RECORDING_S = 60


def kill_after(path, delay_s):
    """Kills a recording after delay_s."""
    child = subprocess.Popen([str(REAGENT), "record", "-o", str(path), "--for",
        f"{STOP_RECORDING_S}s", "--checks", "process,rtprocess", "--log-level", "error"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(delay_s)
    child.kill()
    need(child.wait() == -signal.SIGKILL, f"record ended by itself with {child.returncode}")


def check_recovered(partial, folder, effects):
    """The finished copy holds the same effects and replays too."""
    finished = folder / "recovered.mcap"
    found = document(reagent("recover", partial, "-o", finished, "--json"))
    need(found["effects"] >= effects, f"{effects} effects replayed, {found['effects']} recovered")
    again = reagent("replay", finished, "--json")
    need(again.returncode == 0, "recovered file: " + tell(again))
    report = document(again)
    need(report["equal"] and report["effects"] == effects, f"recovered file: {report}")
    finished.unlink()


def check_moment(folder, delay_s):
    """Kills one recording and says what was left of it."""
    path = folder / "killed.mcap"
    partial = folder / "killed.mcap.partial"
    kill_after(path, delay_s)
    need(not path.exists(), f"killed after {delay_s:.3f} s, and yet {path} exists")
    if not partial.exists():
        return "no file yet", 0
    size = partial.stat().st_size
    done = reagent("replay", partial, "--json")
    if done.returncode == 3:
        need(size < FIRST_CHUNK_BYTES, f"{size} bytes refused: " + tell(done))
        need(size < MAGIC_BYTES, f"a file with a header is no damage: {size} bytes: " + tell(done))
        partial.unlink()
        return "no header yet", 0
    report = document(done)
    need(report["equal"] and report["truncated"], f"{size} bytes: {report}")
    if report["effects"] > 0:
        check_recovered(partial, folder, report["effects"])
    partial.unlink()
    return f"{size} bytes", report["effects"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=10)
    parser.add_argument("--seed")
    args = parser.parse_args()
    chance = seeded(args.seed)
    with_effects = 0
    with scratch() as folder, load(processes_per_s=50, hogs=1):
        for moment in range(1, args.moments + 1):
            # Half of them within the first moments, where the file is being born.
            delay_s = chance.uniform(0, 0.2) if moment % 2 else chance.uniform(1, 5)
            left, effects = check_moment(folder, delay_s)
            with_effects += effects > 0
            print(f"{moment:3} killed after {delay_s:6.3f} s: {left}, {effects} effects", flush=True)
    need(with_effects > 0, "no killed recording held an effect: nothing was tested")
    print(f"{args.moments} killed recordings, {with_effects} with effects, all replayed to their cut")


if __name__ == "__main__":
    main()
