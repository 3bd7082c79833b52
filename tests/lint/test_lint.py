#!/usr/bin/python3
"""Tests of ci/lint.py: each builds a small tree with one violation and expects its finding."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
SOURCE = Path(os.environ.get("RG_SOURCE_DIR", Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(SOURCE / "ci"))

import lint  # noqa: E402

LAYERS = """\
# a table for tests
group c = stdio.h stdint.h stdlib.h time.h
group libc = malloc free
layer engine/base | | c xxhash.h | pure const
layer engine/flow/process | engine/base | c | pure const
layer engine/flow/sched | engine/base | c | pure const
layer cli | * | c argp.h |
layer tests | * | c cmocka.h |
allow imports known.c abort : an assertion ends the process
allow data known.c table : never written
"""

CLEAN = {
    "ci/layers.txt": LAYERS,
    "engine/base/CMakeLists.txt": "rg_add_module(rg_base SOURCES buf.c)\n",
    "engine/base/buf.c": '#include "rg/base/buf.h"\n\nint rg_buf_size(void)\n{\n    return 1;\n}\n',
    "engine/include/rg/base/buf.h": "#include <stdint.h>\n\nint rg_buf_size(void);\n",
    "engine/flow/process/CMakeLists.txt":
        "rg_add_module(rg_flow_process SOURCES proc.c DEPENDS rg_base)\n",
    "engine/flow/process/proc.c":
        '#include "proc.h"\n\n#include "rg/base/buf.h"\n\nint rg_proc(void)\n{\n'
        "    return rg_buf_size();\n}\n",
    "engine/flow/process/proc.h": "int rg_proc(void);\n",
    "engine/flow/sched/CMakeLists.txt": "rg_add_module(rg_flow_sched SOURCES sched.c)\n",
    "engine/flow/sched/sched.c": '#include "sched.h"\n\nint rg_sched(void)\n{\n    return 2;\n}\n',
    "engine/flow/sched/sched.h": "int rg_sched(void);\n",
    "README.md": "read me\n",
    "engine/README.md": "a second one is fine\n",
}


class LintCase(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="rg-lint-")
        self.addCleanup(self.folder.cleanup)
        self.root = Path(self.folder.name, "tree")
        for name, text in CLEAN.items():
            self.write(name, text)
        shutil.copy(SOURCE / ".clang-format", self.root)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def add(self, name, text):
        self.write(name, self.root.joinpath(name).read_text() + text)

    def lint(self, *checks, build=None):
        lines = []
        found, skipped = lint.run_checks(
            lint.Context(self.root, build), checks or list(lint.CHECKS), lines.append)
        self.assertEqual(found + skipped, len(lines))
        return [line for line in lines if not line.startswith("lint: skipped")]

    def assert_one(self, lines, *pieces):
        self.assertEqual(len(lines), 1, lines)
        for piece in pieces:
            self.assertIn(piece, lines[0])


class TextTests(LintCase):
    def test_clean_tree_has_no_findings(self):
        self.assertEqual(self.lint(), [])

    def test_two_files_of_one_name_are_found(self):
        self.write("docs/buf.h", "\n")
        self.assert_one(self.lint("names"), "engine/include/rg/base/buf.h:1:", "docs/buf.h")

    def test_unlisted_source_is_found(self):
        self.write("engine/base/lost.c", "\n")
        self.assert_one(self.lint("sources"), "engine/base/lost.c:1:", "lists")

    def test_name_in_a_cmake_comment_is_no_listing(self):
        self.write("engine/base/lost.c", "\n")
        self.add("engine/base/CMakeLists.txt", "# lost.c\n")
        self.assert_one(self.lint("sources"), "engine/base/lost.c:1:")

    def test_glob_is_found(self):
        self.add("engine/base/CMakeLists.txt", "file(GLOB all *.c)\n")
        self.assert_one(self.lint("sources"), "engine/base/CMakeLists.txt:2:", "glob")

    def test_long_file_is_found_and_limit_is_inclusive(self):
        self.write("engine/base/buf.c", "\n" * 600)
        self.assertEqual(self.lint("length"), [])
        self.write("engine/base/buf.c", "\n" * 601)
        self.assert_one(self.lint("length"), "engine/base/buf.c:601:", "601 lines")

    def test_long_function_is_found_and_limit_is_inclusive(self):
        body = "    rg_buf_size();\n"
        self.add("engine/base/buf.c", "\nint\nlong_one(void)\n{\n" + body * 66 + "}\n")
        self.assertEqual(self.lint("functions"), [])
        self.write("engine/base/buf.c", "\nint long_one(void)\n{\n" + body * 68 + "}\n")
        self.assert_one(self.lint("functions"), "engine/base/buf.c:2:", "long_one has 71 lines")

    def test_function_is_measured_past_braces_in_literals_and_directives(self):
        body = '    puts("}");\n    putchar(\'{\');\n#ifdef A\n    if (a) {\n#else\n    if (b) {\n#endif\n    }\n'
        self.write("engine/base/buf.c", "/* } */\nint odd(void)\n{\n" + body * 9 + "}\nint two(void)\n{\n}\n")
        self.assert_one(self.lint("functions"), "engine/base/buf.c:2:", "odd has 75 lines")

    def test_long_table_is_no_function(self):
        self.write("engine/base/buf.c", "static const int t[] = {\n" + "    1,\n" * 90 + "};\n")
        self.assertEqual(self.lint("functions"), [])

    def test_long_python_function_is_found(self):
        self.write("ci/tool.py", "def f():\n" + "    pass\n" * 70)
        self.assert_one(self.lint("functions"), "ci/tool.py:1:", "f has 71 lines")

    def test_marker_word_is_found(self):
        self.add("README.md", "TO" "DO: more\n")
        self.assert_one(self.lint("markers"), "README.md:2:")

    def test_machine_path_is_found(self):
        for path in ("/wo" "rk/x", "/ro" "ot/x", "/ho" "me/jo/x"):
            self.write("README.md", f"see {path}\n")
            self.assert_one(self.lint("paths"), "README.md:1:")
        self.write("README.md", "https://example.com/wo" "rk/ and net/wo" "rk/ are fine\n")
        self.assertEqual(self.lint("paths"), [])

    def test_registry_is_found(self):
        self.write("README.md", "from https://py" "pi.org/simple\n")
        self.assert_one(self.lint("hosts"), "README.md:1:")

    def test_mode_query_in_the_engine_is_found(self):
        self.add("engine/base/buf.c", "int a = rg_runtime_is_live();\n/* is_replay in a comment */\n")
        self.assert_one(self.lint("modes"), "engine/base/buf.c:7:", "rg_runtime_is_live")

    def test_binary_files_are_not_read(self):
        (self.root / "blob").write_bytes(b"\0 TO" b"DO\n")
        self.assertEqual(self.lint("markers"), [])


class LayerTests(LintCase):
    def test_flow_including_another_flow_is_found(self):
        self.add("engine/flow/process/proc.c", '#include "sched.h"\n')
        self.assert_one(self.lint("layers"), "proc.c:9:", "may not know engine/flow/sched")

    def test_base_including_upwards_is_found(self):
        self.add("engine/base/buf.c", '#include "../flow/process/proc.h"\n')
        self.assert_one(self.lint("layers"), "buf.c:7:", "engine/flow/process")

    def test_tests_may_include_everything_of_ours(self):
        self.write("tests/unit/test_x.c", '#include <cmocka.h>\n#include "sched.h"\n#include "proc.h"\n')
        self.assertEqual(self.lint("layers"), [])

    def test_foreign_header_outside_its_folder_is_found(self):
        self.add("engine/flow/process/proc.c", "#include <xxhash.h>\n")
        self.assert_one(self.lint("layers"), "proc.c:9:", "<xxhash.h>")

    def test_unknown_quoted_header_is_found(self):
        self.add("engine/flow/process/proc.c", '#include "nowhere.h"\n')
        self.assert_one(self.lint("layers"), "proc.c:9:", "nowhere.h")

    def test_generated_header_belongs_to_the_folder_of_its_proto(self):
        self.write("engine/flow/sched/wire.proto", "\n")
        self.add("engine/flow/sched/sched.c", '#include "wire.pb-c.h"\n')
        self.assertEqual(self.lint("layers"), [])
        self.add("engine/flow/process/proc.c", '#include "wire.pb-c.h"\n')
        self.assert_one(self.lint("layers"), "proc.c:9:", "engine/flow/sched")

    def test_header_named_after_a_folder_belongs_to_it(self):
        self.write("engine/include/rg/base.h", "\n")
        self.write("engine/flow/process/proc.c", '#include "rg/base.h"\n')
        self.assertEqual(self.lint("layers"), [])
        self.write("engine/include/rg/base.h", '#include "proc.h"\n')
        self.assert_one(self.lint("layers"), "engine/include/rg/base.h:1:", "engine/flow/process")

    def test_folder_without_a_row_is_found(self):
        self.write("extra/thing.c", "\n")
        self.assert_one(self.lint("layers"), "extra/thing.c:1:", "no row")

    def test_forbidden_link_is_found(self):
        self.write("engine/flow/process/CMakeLists.txt",
            "rg_add_module(rg_flow_process\n    SOURCES proc.c\n    DEPENDS rg_base rg_flow_sched)\n")
        self.assert_one(self.lint("layers"), "process/CMakeLists.txt:1:", "rg_flow_sched")

    def test_broken_table_is_found(self):
        self.add("ci/layers.txt", "layer engine/extra | engine/base\n")
        self.assert_one(self.lint("layers"), "ci/layers.txt:")

    def test_missing_table_is_found(self):
        (self.root / "ci/layers.txt").unlink()
        self.assertIn("missing", self.lint("layers")[0])


class BuildTests(LintCase):
    def build_module(self, text, source="buf.c", folder="engine/base", module="rg_base"):
        """Compiles text as the library of a module and returns the build folder."""
        if not shutil.which("gcc") or not shutil.which("ar"):
            self.skipTest("gcc or ar is not installed")
        self.write(f"{folder}/{source}", text)
        build = Path(self.folder.name, "out")
        build.mkdir(exist_ok=True)
        done = build / f"{source}.o"
        subprocess.run(["gcc", "-O0", "-fPIC", "-w", "-c", str(self.root / folder / source), "-o",
            str(done)], check=True)
        archive = build / f"lib{module}.a"
        archive.unlink(missing_ok=True)
        subprocess.run(["ar", "qc", str(archive), str(done)], check=True)
        return build

    def test_header_that_needs_another_is_found(self):
        self.write("engine/include/rg/base/buf.h", "\nuint32_t rg_x(void);\n")
        self.assert_one(self.lint("headers"), "rg/base/buf.h:2:", "uint32_t")

    def test_header_may_not_lean_on_a_forbidden_folder(self):
        self.write("engine/flow/sched/plan.h", "\n")
        self.write("engine/flow/process/proc.h", '#include "plan.h"\n')
        self.assert_one(self.lint("headers"), "proc.h:1:", "plan.h")

    def test_variable_is_found(self):
        for text in ("int counter;\n", "static int counter = 3;\nint *f(void)\n{\n return &counter;\n}\n",
                "int *f(void)\n{\n static int counter;\n return &counter;\n}\n"):
            lines = self.lint("globals", build=self.build_module(text))
            self.assert_one(lines, "engine/base/buf.c:", "'counter' can be written")

    def test_constants_with_addresses_are_fine(self):
        text = ("static int f(void)\n{\n return 1;\n}\n"
            "static int (*const table[])(void) = {f};\nint (*const *g(void))(void)\n{\n return table;\n}\n")
        self.assertEqual(self.lint("globals", build=self.build_module(text)), [])

    def test_allowed_variable_is_fine(self):
        text = "int *f(void)\n{\n static int table = 1;\n return &table;\n}\n"
        self.assertEqual(self.lint("globals", build=self.build_module(text, "known.c")), [])

    def test_import_of_a_clock_is_found(self):
        build = self.build_module("#include <time.h>\nlong f(void)\n{\n    return time(0);\n}\n")
        self.assert_one(self.lint("imports", build=build), "buf.c:", "'time'", "method of a backend")

    def test_import_of_environment_thread_and_file_is_found(self):
        for call in ("getenv", "pthread_mutex_lock", "fopen", "rand", "open", "usleep"):
            build = self.build_module(f"long {call}();\nlong f(void)\n{{\n    return {call}();\n}}\n")
            self.assert_one(self.lint("imports", build=build), f"'{call}'", "method of a backend")

    def test_call_of_a_layer_that_may_not_be_known_is_found(self):
        self.build_module("int rg_sched(void)\n{\n    return 2;\n}\n",
            "sched.c", "engine/flow/sched", "rg_flow_sched")
        build = self.build_module("int rg_sched(void);\nint f(void)\n{\n    return rg_sched();\n}\n")
        self.assert_one(self.lint("imports", build=build), "buf.c:1:", "rg_sched of engine/flow/sched")

    def test_unknown_import_asks_for_a_decision(self):
        build = self.build_module("long wcsnlen();\nlong f(void)\n{\n    return wcsnlen();\n}\n")
        self.assert_one(self.lint("imports", build=build), "'wcsnlen'", "group libc")

    def test_harmless_and_allowed_imports_are_fine(self):
        build = self.build_module(
            "void *malloc(unsigned long);\nvoid abort(void);\nvoid *f(void)\n{\n if (0)\n  return 0;\n"
            " void *p = malloc(1);\n if (!p)\n  abort();\n return p;\n}\n", "known.c")
        self.assertEqual(self.lint("imports", build=build), [])

    def test_badly_formatted_file_is_found(self):
        if not shutil.which("clang-format-14"):
            self.skipTest("clang-format-14 is not installed")
        self.add("engine/base/buf.c", "int   x (void) ;\n")
        self.assert_one(self.lint("format"), "engine/base/buf.c:7:", "clang-format-14 -i")


class CommandTests(LintCase):
    def call(self, *arguments):
        return subprocess.run([sys.executable, str(SOURCE / "ci/lint.py"), f"--root={self.root}",
            *arguments], capture_output=True, text=True, check=False)

    def test_exit_codes(self):
        self.assertEqual(self.call().returncode, 0)
        self.assertEqual(self.call("--only=imports").returncode, 77)
        self.assertEqual(self.call("--only=nonsense").returncode, 64)
        self.add("README.md", "FIX" "ME\n")
        done = self.call("--only=markers,names")
        self.assertEqual(done.returncode, 1)
        self.assertIn("README.md:2:", done.stdout)
        self.assertIn("1 findings", done.stdout)


if __name__ == "__main__":
    unittest.main()
