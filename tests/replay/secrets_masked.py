#!/usr/bin/python3
"""Secrets in the command lines of live processes are in no capture, log line or output."""

import argparse
import string
import subprocess
import sys

from replay_kit import check_equal, need, reagent, record, replay, scratch, seeded

ALPHABET = string.ascii_letters + string.digits
SLEEPER = "import sys, time; time.sleep(600)"

# Each form takes a secret and gives the arguments of a process.
FORMS = [
    lambda s: [f"--password={s}"],
    lambda s: ["--password", s],
    lambda s: [f"--api_key={s}"],
    lambda s: ["--api-key", s],
    lambda s: [f"--apikey={s}"],
    lambda s: [f"-Dsecret={s}"],
    lambda s: [f"--auth_token={s}"],
    lambda s: [f"--auth-token:{s}"],
    lambda s: [f"access_token={s}"],
    lambda s: [f"DB_PASSWORD={s}"],
    lambda s: [f"--credentials={s}"],
    lambda s: ["-H", f"Authorization: Bearer {s}"],
    lambda s: [f"https://admin:{s}@db.example.org/main"],
    lambda s: [f"postgres://app:{s}@10.0.0.1:5432/app"],
    lambda s: [f"--stripetoken={s}"],
    lambda s: [f"-----BEGIN RSA PRIVATE KEY-----\n{s}\n-----END RSA PRIVATE KEY-----"],
    lambda s: [f"--mysql_pwd={s}"],
    lambda s: [f"my_password={s}", "more"],
    lambda s: ["run", "--passwd", s],
    lambda s: ["sh", f"API_KEY={s} exec true"],
]


def make_secrets(chance, count):
    return ["".join(chance.choice(ALPHABET) for _ in range(32)) for _ in range(count)]


def start(secrets):
    return [subprocess.Popen([sys.executable, "-S", "-c", SLEEPER, *FORMS[i % len(FORMS)](secret)],
        stdin=subprocess.DEVNULL) for i, secret in enumerate(secrets)]


def find(secrets, where, data):
    """The first secret in data, with the form it came in."""
    for i, secret in enumerate(secrets):
        at = data.find(secret.encode())
        need(at < 0, f"secret {i} (form {i % len(FORMS)}) is in {where} at byte {at}: "
             f"{data[max(0, at - 60):at + 40]!r}")


def everything(path, folder):
    """Name and bytes of all that can be got out of a capture."""
    out = folder / "outputs"
    yield "the file", path.read_bytes()
    for verb in (["ls", "--json"], ["ls"], ["cat", "--json"], ["cat"], ["info", "--json"]):
        done = reagent(*verb, path)
        need(done.returncode == 0, f"{verb} failed: {done.stderr[-500:]!r}")
        yield "reagent " + " ".join(verb), done.stdout + done.stderr
    done = reagent("replay", path, "--out", out)
    need(done.returncode == 0, f"replay failed: {done.stderr[-500:]!r}")
    yield "the outputs of a replay", out.read_bytes() + done.stdout + done.stderr


def check_reach(children, path):
    """The processes with the secrets are in the capture: otherwise nothing was tested."""
    listing = reagent("ls", "--kind", "read", path).stdout.decode(errors="replace")
    for child in children:
        need(f" pid {child.pid} cmdline -> ok" in listing, f"pid {child.pid} was not recorded")


def check_policy(policy, secrets, children, folder):
    path = folder / f"{policy}.mcap"
    # Debug lines would be the first to tell a secret.
    done = reagent("record", "-o", path, "--for", "4s", "--mask", policy, "--log-level", "debug",
        "--checks", "process,rtprocess")
    need(done.returncode == 0, f"record failed: {done.stderr[-500:]!r}")
    find(secrets, "the log", done.stdout + done.stderr)
    check_reach(children, path)
    for where, data in everything(path, folder):
        find(secrets, f"{where} (--mask {policy})", data)
    replay(path)
    print(f"--mask {policy}: no secret found, replay equal")


def check_control(secrets, folder):
    """The search works: without masking it finds every secret."""
    path = folder / "off.mcap"
    check_equal(record(path, "4s", "--mask", "off"), replay(path))
    text = reagent("cat", "--json", path).stdout
    missing = [i for i, secret in enumerate(secrets) if secret.encode() not in text]
    need(not missing, f"secrets {missing} are not even in an unmasked capture")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed")
    args = parser.parse_args()
    secrets = make_secrets(seeded(args.seed), args.count)
    children = start(secrets)
    try:
        with scratch() as folder:
            check_control(secrets, folder)
            for policy in ("standard", "strict"):
                check_policy(policy, secrets, children, folder)
    finally:
        for child in children:
            child.kill()
        for child in children:
            child.wait()


if __name__ == "__main__":
    main()
