#!/usr/bin/python3
"""JUnit reports are valid by the schema of Jenkins, whatever a scenario is called."""

import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from scenario_kit import fail, need, reagent, scratch, skip, write_scenario

SCHEMA = Path(__file__).resolve().with_name("junit_report.xsd")

# A name, and how it reads in the report.
NAMES = {
    "plain": "plain",
    "quotes \" and '": "quotes \" and '",
    '<a href="x">&amp;</a> & <': '<a href="x">&amp;</a> & <',
    "]]> <![CDATA[ x ]]>": "]]> <![CDATA[ x ]]>",
    "<!-- comment --><?pi?>&#0;&nope;": "<!-- comment --><?pi?>&#0;&nope;",
    "\x1b[31mred\x07 \x01\x08\x0b\x7f": "[31mred ",
    "tab\tand\rreturn": "taband" "return",
    "two\nlines": "two lines",
    "\x01\x02": "\\x01\\x02",
    "é" * 100: "é" * 100,
    "x" * 200: "x" * 200,
    "\U0001f600 \U0010ffff": "\U0001f600 \U0010ffff",
    "\u202eright\u200f to left\u2066": "\u202eright\u200f to left\u2066",
    "next\x85line\u2028\x9f": None,
    "\ufeffmark and \uffff": "\ufeffmark and \ufffd\ufffd\ufffd",
    "  spaces  ": "  spaces  ",
}

# What a broken report looks like.
BREAKS = (
    ("an attribute that is missing", ' failures="', ' fails="'),
    ("no name", "<testcase classname", "<testcase nick"),
    ("an unknown element", "failure>", "faliure>"),
    ("an element in the wrong place", "<testsuites>", "<testsuites><testcase name=\"x\"/>"),
    ("text between elements", "</testsuite>", "text</testsuite>"),
    ("a time that is none", 'time="0.', 'time="soon 0.'),
    ("a count that is none", 'tests="', 'tests="minus '),
    ("another root", "testsuites>", "tests>"),
    ("a control character", 'message="', 'message="\x01'),
    ("an open quote", "&quot;", '"'),
    ("an end that is missing", "</testsuites>", ""),
)


def valid(path):
    done = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", str(SCHEMA), str(path)],
        capture_output=True)
    if done.returncode not in (0, 1, 3, 4):
        fail(f"xmllint cannot judge: {done}")
    return done.returncode == 0, done.stderr.decode(errors="replace")


def write_all():
    """A third passes, a third fails, a third has no capture."""
    for number, name in enumerate(NAMES):
        kind = number % 3
        write_scenario(f"od'd <&> \"flow\"/{number:02}.yaml", name,
            expect='"<&>\\"]]>\x1b" == 1 and . != null' if kind == 1 else "true",
            world="{fixture: 'none <&>.mcap'}" if kind == 2 else
                "{simulate: {processes: [{name: a, args: ['<&>']}]}}")


def check_report(path):
    good, why = valid(path)
    need(good, f"{path} is not valid: {why}")
    suite = ElementTree.parse(path).getroot()[0]
    found = [case.get("name") for case in suite]
    for name, (wanted, shown) in zip(found, NAMES.items()):
        need(shown is None or name == shown, f"{wanted!r} became {name!r}, not {shown!r}")
    need(len(found) == len(set(found)) == len(NAMES) == int(suite.get("tests")), f"{found}")
    need(int(suite.get("failures")) == len(suite.findall("*/failure")) > 0, "failures")
    need(int(suite.get("errors")) == len(suite.findall("*/error")) > 0, "errors")
    need({case.get("classname") for case in suite} == {"od'd <&> \"flow\""}, "flow")
    need(all("]]>" in case.get("message") for case in suite.findall("*/failure")), "messages")


def check_breaks(path):
    """The schema refuses what is wrong, or it would prove nothing."""
    text = Path(path).read_text()
    for what, old, new in BREAKS:
        need(old in text, f"no place for {what}")
        Path("broken.xml").write_text(text.replace(old, new))
        need(not valid("broken.xml")[0], f"{what} is taken for valid")


def main():
    if not shutil.which("xmllint"):
        skip("no xmllint")
    with scratch():
        write_all()
        reagent("test", ".", "--junit", "test.xml", "--json", "test.ndjson", code=3)
        check_report("test.xml")
        reagent("merge", "test.ndjson", "-o", "merged.ndjson", "--junit", "merge.xml", code=3)
        need(Path("merge.xml").read_bytes() == Path("test.xml").read_bytes(), "merge differs")
        check_breaks("test.xml")


if __name__ == "__main__":
    main()
