#!/usr/bin/python3
"""A second implementation of the identity of check configurations, run against the first.

    config_identity.py DRIVER [COUNT [SEED]]

Makes up COUNT configurations, writes each in a free form of YAML, and works out digest, fast digest
and check ids from the values alone: canonical YAML (canonical_yaml.py), MurmurHash3 and FNV-1 are
written here from their definitions. DRIVER (config_identity_driver.c) gets the bytes and has to agree.
"""

import random
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from canonical_yaml import canonical, consistent, number_text, printed  # noqa: E402

MASK = (1 << 64) - 1


# ---- hashes ----

def rotate(value, bits):
    return (value << bits | value >> (64 - bits)) & MASK


def murmur3(data):
    c1, c2, h1, h2 = 0x87C37B91114253D5, 0x4CF5AD432745937F, 0, 0
    padded = data + bytes(-len(data) % 16)
    for start in range(0, len(padded), 16):
        k1 = int.from_bytes(padded[start:start + 8], "little")
        k2 = int.from_bytes(padded[start + 8:start + 16], "little")
        h1 ^= rotate(k1 * c1 & MASK, 31) * c2 & MASK
        if start + 16 <= len(data):
            h1 = ((rotate(h1, 27) + h2) * 5 + 0x52DCE729) & MASK
        h2 ^= rotate(k2 * c2 & MASK, 33) * c1 & MASK
        if start + 16 <= len(data):
            h2 = ((rotate(h2, 31) + h1) * 5 + 0x38495AB5) & MASK
    h1, h2 = h1 ^ len(data), h2 ^ len(data)
    h1 = (h1 + h2) & MASK
    h2 = (h2 + h1) & MASK
    total = 0
    for h in (h1, h2):
        h = (h ^ h >> 33) * 0xFF51AFD7ED558CCD & MASK
        h = (h ^ h >> 33) * 0xC4CEB9FE1A85EC53 & MASK
        total += h ^ h >> 33
    return total & MASK


def fnv1(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = value * 0x100000001B3 & MASK ^ byte
    return value


# ---- the free form: flow style, keys in any order, texts quoted ----

def quoted(text):
    out = []
    for char in text:
        code = ord(char)
        if char in '"\\':
            out.append("\\" + char)
        elif 0x20 <= code <= 0x7E or 0xA0 <= code <= 0xD7FF and code not in (0x2028, 0x2029) or \
                0xE000 <= code <= 0xFFFD and code != 0xFEFF or code > 0xFFFF:
            out.append(char)
        else:
            out.append("\\x%02x" % code if code <= 0xFF else "\\u%04x" % code)
    return '"' + "".join(out) + '"'


def free(value, rng):
    if isinstance(value, dict):
        items = list(value.items())
        rng.shuffle(items)
        return "{" + ", ".join(free(k, rng) + ": " + free(v, rng) for k, v in items) + "}"
    if isinstance(value, list):
        return "[" + rng.choice((",", ", ")).join(free(v, rng) for v in value) + "]"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return rng.choice(("yes", "on", "True", "true") if value else ("no", "Off", "FALSE", "n"))
    if value is None:
        return rng.choice(("~", "null", "Null"))
    return number_text(value)


# ---- made-up values ----

TEXTS = ("a", "foo", "host name", "true", "no", "off", "y", "~", "null", "", "0", "007", "0x1F",
         "0o17", "0b101", "0b-1", "1_000", "1:30", "1:30:59.5", "1e3", "1.5", "-.5", ".inf", ".nan",
         ".1_1", "._1", "1e400", "18446744073709551616", "0x1ffffffffffffffff", "2024-01-02",
         "2024-02-30", "2024-01-02T03:04:05Z", "2024-01-02 3:4:5.5", "<<", "=", "-", "- a", "-a",
         "a: b", "a:b", "a:", "a #b", "a#b", "#a", "?", "? a", "?a", ":", "'q'", '"d"', "it's",
         "%x", "%%env_A%%", "@a", "`a", "|", "> a", "&a", "*a", "!a", "{a}", "[a]", "a,b", "---",
         "...", "a\nb", "a\nb\n", "a\n\n", "\n", "\na", " a\nb", "a \nb", "a\n b", "a\n ", "a\tb",
         "a ", "  a", " ", "\u00e9t\u00e9", "\u65e5\u672c", "10 \u20ac", "\U0001F600", "a\u00a0b",
         "a\u0085b", "a\u2028b", "\ufeffa", "\x01", "\x7f", "x" * 90, "word " * 30 + "end",
         "it's " * 40 + "end", "a: " * 40 + "b", "two  blanks " * 12 + "end", "key " * 40 + "end",
         "http://x:80/y?z=1", "a\\b", 'a"b', "\u00e9\u00e9\u00e9 " * 30 + "z", "\x07bell " * 20 + "z")
ALPHABET = "abcXYZ 0123456789.:-_'\"#\n%\u00e9,[]{}"
KEYS = ("a", "b", "url", "host", "port", "K1", "k10", "k9", "timeout", "a_b", "a-b", "a.b", "true",
        "12", "\u00e9", "user name", "x: y", "", "tags2", "list", "options", "q\nr", "l" * 130)


def make_scalar(rng):
    kind = rng.random()
    if kind < 0.55:
        return rng.choice(TEXTS)
    if kind < 0.7:
        return "".join(rng.choice(ALPHABET) for _ in range(rng.randint(0, 150)))
    return rng.choice((None, True, False, rng.randint(-50, 5000), rng.randint(-1 << 63, (1 << 63) - 1),
                       rng.randint(1, 999) / 8 + 0.0625, rng.random() * 10 ** rng.randint(-30, 30),
                       2.0 ** rng.randint(-1000, 1000) + 0.0))


def make_value(rng, depth):
    kind = rng.random()
    if depth == 0 or kind < 0.6:
        return make_scalar(rng)
    if kind < 0.8:
        return [make_value(rng, depth - 1) for _ in range(rng.randint(0, 4))]
    return make_map(rng, depth - 1)


def make_key(rng):
    return rng.choice((rng.choice(KEYS), rng.choice(KEYS), rng.choice(TEXTS), rng.randint(-5, 99),
                       True, None, 1.5))


def make_map(rng, depth):
    out = {}
    for _ in range(rng.randint(0, 6)):
        key = make_key(rng)
        if key == "<<" or any(key == old for old in out):
            continue  # a merge when written plain; and Python takes True for 1
        if consistent(list(out) + [key]):
            out[key] = make_value(rng, depth)
    return out


def make_instance(rng):
    out = make_map(rng, 3)
    for name in ("name", "namespace"):
        if rng.random() < 0.4 and consistent(list(out) + [name]):
            out[name] = rng.choice(("a", "b:c", "x y", 7, True, None, "", "\u00e9"))
    if rng.random() < 0.6 and consistent(list(out) + ["tags"]):
        tags = [rng.choice(("env:prod", "role:db", "a", "b:c", 5, True, 1.5, None, "12", "x: y"))
                for _ in range(rng.randint(0, 5))]
        if rng.random() < 0.1:
            tags.append(["nested", 1])
        out["tags"] = rng.choice((tags, tags, tags, tags, "text", None, {"a": "b"}))
    return out


# ---- identity ----

def digested(instance):
    """The bytes that the digest sees of an instance, None if it sees none."""
    if "tags" not in instance:
        return canonical(instance)
    if not isinstance(instance["tags"], list):
        return None
    tags = sorted(map(printed, instance["tags"]), key=lambda tag: tag.encode())
    return canonical(dict(instance, tags=tags))


def source_text(value):
    """A scalar read as text is its source, which is how free() writes it."""
    if value is None:
        return ""
    return value if isinstance(value, str) else number_text(value)


def instance_name(instance):
    tags = instance.get("tags")
    if tags is not None and (not isinstance(tags, list) or any(isinstance(t, list) for t in tags)):
        return ""
    for key in ("name", "namespace"):
        text = source_text(instance.get(key))
        if text:
            return text
    return ""


def identity(config, blobs, init):
    rest = init + "".join(config["ad"]).encode() + config["node"].encode() + config["logs"] + \
        config["service"].encode() + (b"true" if config["ignore"] else b"false")
    name = config["name"].encode()
    seen = b"".join(filter(None, map(digested, config["instances"])))
    fast = murmur3(name + b"".join(blobs) + rest)
    out = ["%x" % murmur3(name + seen + rest), "%x" % fast]
    for instance, blob in zip(config["instances"], blobs):
        label = instance_name(instance)
        hashed = "%x" % fnv1(fast.to_bytes(8, "big") + blob + init)
        out.append(":".join(filter(None, (config["name"], label, hashed))).encode().hex())
    return " ".join(out)


def field(key, data=b""):
    return b"%s %d\n%s\n" % (key.encode(), len(data), data)


def make_config(rng):
    return {
        "name": rng.choice(("disk", "cpu", "http_check", "x")),
        "instances": [make_instance(rng) for _ in range(rng.randint(0, 3))],
        "ad": [rng.choice(("redis", "nginx", "5")) for _ in range(rng.choice((0, 0, 1, 2)))],
        "node": rng.choice(("", "", "node-1")),
        "logs": rng.choice((b"", b"", b'[{"type":"file"}]')),
        "service": rng.choice(("", "", "docker://0123456789abcdef")),
        "ignore": rng.random() < 0.2,
    }


def as_fields(config, rng):
    """The configuration as fields: instances in the free form, which the fast digest sees."""
    blobs = []
    for instance in config["instances"]:
        for key in ("name", "namespace"):
            if isinstance(instance.get(key), bool):
                instance[key] = 7  # its source would matter
        blobs.append(free(instance, rng).encode())
    init = rng.choice((b"", b"{}\n", b"a: 1\n"))
    data = field("name", config["name"].encode())
    data += b"".join(field("instance", blob) for blob in blobs) + field("init", init)
    data += b"".join(field("ad", text.encode()) for text in config["ad"])
    data += field("node", config["node"].encode()) + field("service", config["service"].encode())
    if config["logs"]:
        data += field("logs", config["logs"])
    if config["ignore"]:
        data += field("ignore")
    return data + field("end"), identity(config, blobs, init)


def as_file(config, rng):
    """The configuration as a file: its reader writes everything anew."""
    init, logs = make_value(rng, 2), make_value(rng, 2)
    if not config["instances"]:
        config["instances"].append(make_instance(rng))
    config.update(name="file", node="", service="")
    config["logs"] = b"" if logs is None else canonical({"logs": logs})
    content = {"instances": config["instances"], "init_config": init, "logs": logs,
               "ad_identifiers": config["ad"], "ignore_autodiscovery_tags": config["ignore"]}
    blobs = [canonical(instance) for instance in config["instances"]]
    return field("file", free(content, rng).encode()) + field("end"), identity(
        config, blobs, b"" if init is None else canonical(init))


def main(argv):
    count = int(argv[2]) if len(argv) > 2 else 1000
    seed = int(argv[3]) if len(argv) > 3 else 1
    rng = random.Random(seed)
    records = [rng.choice((as_fields, as_file))(make_config(rng), rng) for _ in range(count)]
    done = subprocess.run([argv[1]], input=b"".join(data for data, _ in records),
                          stdout=subprocess.PIPE, check=False)
    answers = done.stdout.decode().splitlines()
    wrong = [i for i, (_, wanted) in enumerate(records)
             if i >= len(answers) or answers[i] != wanted]
    for i in wrong[:3]:
        print("configuration %d of seed %d differs:" % (i, seed))
        print("  here:   %s" % records[i][1])
        print("  driver: %s" % (answers[i] if i < len(answers) else "no answer"))
        print("  bytes:  %r" % records[i][0])
    if wrong or done.returncode != 0 or len(answers) != count:
        print("%d of %d differ, driver answered %d and ended with %d" % (
            len(wrong), count, len(answers), done.returncode))
        return 1
    print("%d configurations have the same identity" % count)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
