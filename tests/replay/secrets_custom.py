#!/usr/bin/python3
"""Words that the operator adds to the list of secrets hide values in payloads and captures alike."""

import os
import string
import subprocess
import sys

from replay_kit import check_equal, fail, need, reagent, record, replay, scratch, seeded

ALPHABET = string.ascii_lowercase + string.digits
SLEEPER = "import time; time.sleep(600)"
CONFIG = """process_config:
  process_collection: {enabled: true}
  custom_sensitive_words: [magicword, '*tunnel_phrase*', 'deploy*']
"""
# Values of words that only the configuration names.
FORMS = [
    lambda s: [f"--magicword={s}"],
    lambda s: ["--magicword", s],
    lambda s: [f"--the_tunnel_phrase_of_today={s}"],
    lambda s: ["--MagicWord", s, "--verbose"],
    lambda s: ["start", f"--deploy_to:{s}"],
]


def start(secrets):
    return [subprocess.Popen([sys.executable, "-S", "-c", SLEEPER, *form(secret)],
        stdin=subprocess.DEVNULL) for form, secret in zip(FORMS, secrets)]


def shown(path, folder):
    """Everything that a capture gives away, as one text."""
    out = folder / "outputs"
    parts = [path.read_bytes()]
    for verb in (["ls"], ["cat"], ["cat", "--json"], ["info", "--json"]):
        done = reagent(*verb, path)
        need(done.returncode == 0, f"{verb} failed: {done.stderr[-500:]!r}")
        parts.append(done.stdout + done.stderr)
    done = reagent("replay", path, "--out", out)
    need(done.returncode == 0, f"replay failed: {done.stderr[-500:]!r}")
    parts.append(out.read_bytes())
    out.unlink()
    return b"\n".join(parts)


def found(secrets, data):
    return [i for i, secret in enumerate(secrets) if secret.encode() in data]


def check_masked(how, secrets, children, folder, *options, env=None):
    path = folder / "masked.mcap"
    done = reagent("record", "-o", path, "--for", "3s", "--force", "--log-level", "debug", *options,
        env=env)
    need(done.returncode == 0, f"record failed: {done.stderr[-500:]!r}")
    data = shown(path, folder)
    listing = reagent("ls", "--kind", "read", path).stdout.decode(errors="replace")
    for child in children:
        need(f" pid {child.pid} cmdline -> ok" in listing, f"pid {child.pid} was not recorded")
    need(not found(secrets, data), f"{how}: secrets {found(secrets, data)} are in the capture")
    need(not found(secrets, done.stdout + done.stderr), f"{how}: a secret is in the log")
    replay(path)
    print(f"{how}: no secret found, replay equal")


def check_live(secrets, config):
    """The payload of a check hides them too."""
    data = reagent("check", "process", "--json", "--config", config)
    need(data.returncode == 0, f"check failed: {data.stderr[-500:]!r}")
    need(not found(secrets, data.stdout), "a secret is in the payload")
    plain = reagent("check", "process", "--json").stdout
    need(len(found(secrets, plain)) == len(secrets),
        "without the words the values are expected in the payload: nothing was tested")
    print("check: the words of the configuration hide the values")


def check_control(secrets, folder):
    """Without the words, and with words for another thing, the values are in the capture."""
    path = folder / "plain.mcap"
    check_equal(record(path, "3s"), replay(path))
    missing = [i for i in range(len(secrets)) if i not in found(secrets, shown(path, folder))]
    need(not missing, f"secrets {missing} are hidden without the words: nothing was tested")


def check_refused(folder, text, says):
    """A configuration that is not acceptable is exit 3 and leaves no file."""
    config = folder / "wrong.yaml"
    path = folder / "wrong.mcap"
    config.write_text(text)
    done = reagent("record", "-o", path, "--for", "1s", "--config", config)
    need(done.returncode == 3, f"{text!r}: exit {done.returncode}: {done.stderr!r}")
    need(says in done.stderr, f"{text!r}: {done.stderr!r} does not say {says!r}")
    left = [name for name in os.listdir(folder) if name.startswith("wrong.mcap")]
    need(not left, f"{text!r} left {left}")


def main():
    chance = seeded(sys.argv[1] if len(sys.argv) > 1 else None)
    secrets = ["".join(chance.choice(ALPHABET) for _ in range(24)) for _ in FORMS]
    if len(set(secrets)) != len(secrets):
        fail("the secrets are not distinct")
    children = start(secrets)
    try:
        with scratch() as folder:
            config = folder / "words.yaml"
            config.write_text(CONFIG)
            check_control(secrets, folder)
            check_masked("--config", secrets, children, folder, "--config", config)
            words = os.environ | {"DD_CUSTOM_SENSITIVE_WORDS": "magicword,*tunnel_phrase*,deploy*"}
            check_masked("environment", secrets, children, folder, env=words)
            check_live(secrets, config)
            check_refused(folder, "process_config:\n  custom_sensitive_words: {a: b}\n",
                b"custom_sensitive_words")
            check_refused(folder, "process_config: [1\n", b"datadog.yaml")
    finally:
        for child in children:
            child.kill()
        for child in children:
            child.wait()


if __name__ == "__main__":
    main()
