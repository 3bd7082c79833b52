"""Reads files of outputs and the messages in them, with nothing but the wire format in mind."""

import json
import struct

from replay_kit import fail, need

TYPES = {12: "CollectorProc", 27: "CollectorRealTime"}
# Numbers of the fields that the tests look at; (name, nested names) for messages.
COMMAND = {1: "args", 3: "cwd", 6: "ppid", 8: "exe", 9: "comm"}
CPU = {2: "totalPct", 3: "userPct", 4: "systemPct"}
PROCESS = {2: "pid", 4: ("command", COMMAND), 8: ("cpu", CPU), 9: "createTime", 11: "openFdCount"}
STAT = {1: "pid", 2: "createTime", 4: ("cpu", CPU)}
FIELDS = {
    "CollectorProc": {2: "hostName", 3: ("items", PROCESS), 6: "groupId", 7: "groupSize"},
    "CollectorRealTime": {2: "hostName", 3: ("items", STAT), 6: "groupId", 7: "groupSize"},
}


def varint(data, at):
    value = shift = 0
    while True:
        need(at < len(data) and shift < 70, "a number runs over the end of its message")
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def signed(value):
    return value - (1 << 64) if value >> 63 else value


def fields(data):
    """Number and value of each field; fails unless the message is whole."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, at = varint(data, at)
            value = signed(value)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
            value, at = struct.unpack_from("<d" if kind == 1 else "<f", data, at)[0], at + size
        elif kind == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            fail(f"wire type {kind} in field {number}")
        need(at <= len(data), f"field {number} runs over the end of its message")
        yield number, value


def message(data, names):
    """A dict of the named fields; items and args are lists."""
    out = {"items": [], "args": []}
    for number, value in fields(data):
        name = names.get(number)
        if isinstance(name, tuple):
            value = message(value, name[1])
            name = name[0]
        elif isinstance(value, bytes) and name:
            value = value.decode()  # strings are UTF-8
        if name in ("items", "args"):
            out[name].append(value)
        elif name:
            out[name] = value
    return out


def payload(data):
    """Type and decoded message of one frame."""
    need(len(data) >= 16 and data[0] == 3 and data[1] == 0, f"frame header {data[:16].hex()}")
    need(data[2] in TYPES, f"message type {data[2]}")
    name = TYPES[data[2]]
    return name, message(data[16:], FIELDS[name])


def outputs(path):
    """Header and bytes of each record of an output file; fails when the file is not whole."""
    data = path.read_bytes()
    at = 0
    while at < len(data):
        end = data.index(b"\n", at)
        header = json.loads(data[at:end])
        at = end + 1 + header["bytes"] + 1
        need(at <= len(data) and data[at - 1:at] == b"\n", "the output file ends in a record")
        yield header, data[end + 1:at - 1]
