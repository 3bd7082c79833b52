"""Canonical YAML of check configurations, written from its rules for config_identity.py.

canonical(value) gives the bytes for None, bool, int, float, str, list and dict; printed(value) is
what a tag becomes; consistent(keys) says whether keys have a canonical order at all.
"""

import functools
import re
import unicodedata
from datetime import date
from decimal import Decimal

MASK = (1 << 64) - 1
WIDTH = 80
BREAKS = "\n\r\x85\u2028\u2029"
WORDS = set("y Y yes Yes YES true True TRUE on On ON n N no No NO false False FALSE off Off OFF"
            " ~ null Null NULL .nan .NaN .NAN".split()) | {""}
WORDS |= {sign + word for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")}
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
BASE60 = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?\Z")
TIME = (r"(\d\d?):(\d\d?):(\d\d?)([.,]\d+)?")
TIMESTAMP = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)([Tt]" + TIME + r"(Z|[-+]\d\d:\d\d)| +" + TIME +
                       r")?\Z", re.ASCII)
ESCAPES = {0: "0", 7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 27: "e", 34: '"',
           92: "\\", 0x85: "N", 0xA0: "_", 0x2028: "L", 0x2029: "P"}


# ---- scalars ----

def is_timestamp(text):
    match = TIMESTAMP.match(text)
    if not match:
        return False
    try:
        date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return match[1] == "0000"
    for first in (5, 10):
        if match[first] and (int(match[first]) > 23 or int(match[first + 1]) > 59 or
                             int(match[first + 2]) > 59):
            return False
    zone = match[9]
    return not zone or zone == "Z" or (int(zone[1:3]) <= 24 and int(zone[4:]) <= 60)


def is_number(text):
    plain = text.replace("_", "")
    if text[:1] == ".":
        if re.search(r"(?<!\d)_|_(?!\d)", text):
            return False
        return bool(FLOAT.match(plain)) and float(plain) < float("inf")
    if text[:1] not in tuple("+-0123456789"):
        return False
    match = re.match(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[oO]?([0-7]+)|0[bB]([01]+))\Z", plain)
    if match:
        sign, base16, base8, base2 = match.groups()
        value = int(base16, 16) if base16 else int(base8, 8) if base8 else int(base2, 2)
        limit = {"": 1 << 64, "+": 1 << 63, "-": (1 << 63) + 1}[sign]
        if value < limit:
            return True
    if re.match(r"0b[-+][01]{1,60}\Z", plain):
        return True
    return bool(FLOAT.match(plain)) and abs(float(plain)) < float("inf")


def reads_as_text(text):
    return text not in WORDS and not is_timestamp(text) and not is_number(text)


def number_text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, int):
        return str(value)
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    text = "".join(map(str, digits)).rstrip("0") or "0"
    power = len(digits) + exponent - 1 if text != "0" else 0
    if power < -4 or power >= 6:
        body = text[0] + ("." + text[1:] if len(text) > 1 else "")
        body += "e%s%02d" % ("-" if power < 0 else "+", abs(power))
    elif power < 0:
        body = "0." + "0" * (-power - 1) + text
    else:
        text = text.ljust(power + 1, "0")
        body = text[:power + 1] + ("." + text[power + 1:] if text[power + 1:] else "")
    return ("-" if sign else "") + body


def printed(value):
    """What a tag that is no text becomes."""
    if isinstance(value, str):
        return value
    if value is None:
        return "<nil>"
    if isinstance(value, list):
        return "[" + " ".join(map(printed, value)) + "]"
    return number_text(value)


# ---- order of keys ----

def is_letter(char):
    return unicodedata.category(char)[0] == "L"


def digits_at(text, start):
    end = start
    while end < len(text) and "0" <= text[end] <= "9":
        end += 1
    return text[start:end]


def wrapped(digits):
    """The value of a run of digits, in 64 bits with a sign."""
    value = int(digits or "0") & MASK
    return value - (value >> 63 << 64)


def text_less(a, b):
    for at, (x, y) in enumerate(zip(a, b)):
        if x == y:
            continue
        if is_letter(x) or is_letter(y):
            return x < y if is_letter(x) and is_letter(y) else is_letter(y)
        lead = ""
        if "0" in (x, y) and re.search(r"[1-9][0-9]*\Z", a[:at]):
            lead = "1"
        run_x, run_y = digits_at(a, at), digits_at(b, at)
        value_x, value_y = wrapped(lead + run_x), wrapped(lead + run_y)
        if value_x != value_y:
            return value_x < value_y
        if len(run_x) != len(run_y):
            return len(run_x) < len(run_y)
        return x < y
    return len(a) < len(b)


RANK = {bool: 1, int: 2, float: 4, type(None): 5, str: 6}


def key_less(a, b):
    if isinstance(a, str) and isinstance(b, str):
        return text_less(a, b)
    if isinstance(a, (bool, int, float)) and isinstance(b, (bool, int, float)) and a != b:
        return a < b
    return RANK[type(a)] < RANK[type(b)]


def ordered(keys):
    return sorted(keys, key=functools.cmp_to_key(lambda a, b: -1 if key_less(a, b) else 1))


def consistent(keys):
    """The natural order is not transitive for all sets of keys; those have no canonical form."""
    keys = ordered(keys)
    return all(key_less(keys[i], keys[k]) for i in range(len(keys)) for k in range(i + 1, len(keys)))


# ---- canonical YAML ----

def printable(char):
    code = ord(char)
    return char == "\n" or 0x20 <= code <= 0x7E or 0xA0 <= code <= 0xD7FF or (
        0xE000 <= code <= 0xFFFD and code != 0xFEFF)


def plain_fits(text):
    if not text or text[0] in "#,[]{}&*!|>'\"%@`" or text[:3] in ("---", "..."):
        return not text
    if re.match(r"[?:-]([ \t]|\Z)", text) or re.search(r":([ \t]|\Z)|[ \t]#", text):
        return False
    return text[0] != " " and text[-1] != " " and not any(c in BREAKS for c in text)


def style_of(text, key):
    special = not all(map(printable, text)) or re.search(" [" + BREAKS + "]", text)
    if key and any(c in BREAKS for c in text):
        return "double"
    if "\n" in text:
        return "double" if special or text[-1] == " " or key else "literal"
    if not reads_as_text(text) or BASE60.match(text) or special:
        return "double"
    if plain_fits(text) and not (key and not text):
        return "plain"
    return "double" if re.search("[" + BREAKS + "] ", text) else "single"


class Writer:
    """Text with a column; indent is that of what continues a scalar."""

    def __init__(self):
        self.parts = []
        self.column = 0

    def add(self, text, columns=None):
        self.parts.append(text)
        self.column += len(text) if columns is None else columns

    def line(self, indent):
        self.parts.append("\n" + " " * indent)
        self.column = indent

    def flowing(self, text, indent, fold, quoted):
        broken = False
        for at, char in enumerate(text):
            if char == " ":
                alone = 0 < at < len(text) - 1 and text[at - 1] != " " and text[at + 1] != " "
                if fold and alone and self.column > WIDTH:
                    self.line(indent)
                else:
                    self.add(" ")
            elif char in BREAKS:
                self.add(char)
                self.column = 0
                broken = True
                continue
            else:
                if broken:
                    self.add(" " * indent)
                self.add("''" if quoted and char == "'" else char)
            broken = False

    def double(self, text, indent, fold):
        everything = text[:1] == "\ufeff"
        self.add('"')
        for at, char in enumerate(text):
            code = ord(char)
            if everything or not printable(char) or char in BREAKS or char in '"\\':
                if code in ESCAPES:
                    self.add("\\" + ESCAPES[code])
                elif code <= 0xFF:
                    self.add("\\x%02X" % code)
                elif code <= 0xFFFF:
                    self.add("\\u%04X" % code)
                else:
                    self.add("\\U%08X" % code)
            elif char == " " and fold and self.column > WIDTH and 0 < at < len(text) - 1 and \
                    text[at - 1] != " ":
                self.line(indent)
                if text[at + 1] == " ":
                    self.add("\\")
            else:
                self.add(char)
        self.add('"')

    def literal(self, text, indent):
        head = "|"
        if text[0] == " " or text[0] in BREAKS:
            head += "2"
        if text[-1] not in BREAKS:
            head += "-"
        elif len(text) == 1 or text[-2] in BREAKS:
            head += "+"
        self.add(head + "\n")
        at_start = True
        for char in text:
            if char in BREAKS:
                self.add(char)
                at_start = True
                continue
            if at_start:
                self.add(" " * indent)
            self.add(char)
            at_start = False
        self.column = 0 if at_start else 1

    def scalar(self, value, indent, key=False):
        if not isinstance(value, str):
            self.add(number_text(value))
            return
        style = style_of(value, key)
        if style == "literal":
            self.literal(value, indent)
        elif style == "double":
            self.double(value, indent, not key)
        elif style == "single":
            self.add("'")
            self.flowing(value, indent, not key, True)
            self.add("'")
        else:
            self.flowing(value, indent, not key, False)

    def fresh(self, indent):
        """Goes to a new line unless this one is new."""
        if self.column and self.parts:
            self.parts.append("\n")
        self.parts.append(" " * indent)
        self.column = indent

    def value(self, value, indent):
        """Behind a ':' or '-'; indent is that of the mapping or list around it."""
        if isinstance(value, (dict, list)) and value:
            self.block(value, indent)
        else:
            self.add(" ")
            if isinstance(value, (dict, list)):
                self.add("{}" if isinstance(value, dict) else "[]")
            else:
                self.scalar(value, indent + 2)

    def block(self, value, indent, inline=False):
        """Items of value at indent; inline: the first one goes on in the present line."""
        first = inline
        if isinstance(value, list):
            for item in value:
                if not first:
                    self.fresh(indent)
                first = False
                self.add("-")
                self.nested(item, indent)
            return
        for key in ordered(value):
            if not first:
                self.fresh(indent)
            first = False
            self.entry(key, value[key], indent)

    def nested(self, item, indent):
        """Behind '-': collections go on in the same line, two columns deeper."""
        if isinstance(item, (dict, list)) and item:
            self.add(" ")
            self.block(item, indent + 2, inline=True)
        else:
            self.value(item, indent)

    def entry(self, key, value, indent):
        simple = not isinstance(key, str) or (
            len(key.encode()) <= 128 and not any(c in BREAKS for c in key))
        if simple:
            self.scalar(key, indent + 2, key=True)
            self.add(":")
            if isinstance(value, dict) and value:
                self.block(value, indent + 2)
            else:
                self.value(value, indent)
            return
        self.add("? ")
        self.scalar(key, indent + 2)
        self.fresh(indent)
        self.add(":")
        if isinstance(value, (dict, list)) and value:
            self.nested(value, indent)
        else:
            self.value(value, indent)


def canonical(value):
    writer = Writer()
    if isinstance(value, (dict, list)) and value:
        writer.block(value, 0)
    elif isinstance(value, (dict, list)):
        writer.add("{}" if isinstance(value, dict) else "[]")
    else:
        writer.scalar(value, 2)
    text = "".join(writer.parts)
    return (text if text.endswith("\n") and writer.column == 0 else text + "\n").encode()
