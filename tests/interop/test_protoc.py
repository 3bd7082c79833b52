"""protoc, which knows nothing of reagent, decodes the payloads that a capture holds.

Needs protoc (ci/deps installs it). Exit 77: skipped.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(os.environ["RG_SOURCE_DIR"])
REAGENT = os.environ["REAGENT"]
HEADER_BYTES = 16
MESSAGES = {12: "CollectorProc", 27: "CollectorRealTime"}


def run(*command, **kwargs):
    done = subprocess.run(command, capture_output=True, timeout=120, check=False, **kwargs)
    if done.returncode != 0:
        sys.exit(f"FAILED: {' '.join(command)}: exit {done.returncode}\n{done.stderr.decode()}")
    return done.stdout


def main():
    if not shutil.which("protoc"):
        print("skipped: no protoc on this host")
        return 77
    seen = {}
    with tempfile.TemporaryDirectory() as folder:
        capture = os.path.join(folder, "c.mcap")
        run(REAGENT, "record", "-o", capture, "--for", "5s", "--checks", "process,rtprocess",
            "--json")
        listing = run(REAGENT, "ls", capture, "--kind", "output", "--json").decode()
        for line in listing.splitlines():
            effect = json.loads(line)
            if effect["name"] != "payload":
                continue
            raw = run(REAGENT, "cat", capture, "--effect", str(effect["effect"]), "--raw")
            message = MESSAGES[raw[2]]
            text = run("protoc", f"--proto_path={SOURCE / 'engine/proto'}",
                f"--decode=datadog.process_agent.{message}", "process_agent.proto",
                input=raw[HEADER_BYTES:]).decode()
            # An unknown field prints as a bare number: our schema would not fit our bytes.
            for row in text.splitlines():
                if row.strip()[:1].isdigit():
                    sys.exit(f"FAILED: {message} has a field that its schema lacks: {row}")
            if f"pid: {os.getpid()}\n" in text:
                seen[message] = seen.get(message, 0) + 1
    if set(seen) != set(MESSAGES.values()):
        sys.exit(f"FAILED: protoc found this process only in {seen}")
    print(f"protoc decoded this process in {seen}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
