"""Checks that run a tool: headers alone, symbols of the built libraries, formatting."""

import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

from lint_layers import modules_of
from lint_tree import INCLUDE_ROOTS, Finding, Skip

WORKERS = 2
FORMATTER = "clang-format-14"

# What asks the world. Only the advice depends on this list: an import must be in the group libc.
ASKS = re.compile(r"^(?:__)?(?:" + "|".join([
    r"clock\w*", r"time", r"times", r"timer_\w+", r"gettimeofday", r"nanosleep", r"u?sleep",
    r"pthread_\w+", r"thrd_\w+", r"mtx_\w+", r"cnd_\w+", r"sem_\w+", r"sched_\w+",
    r"socket", r"connect", r"bind", r"listen", r"accept4?", r"send\w*", r"recv\w*", r"e?poll\w*",
    r"select", r"getaddrinfo",
    r"open\w*", r"creat", r"f(?:d|re)?open\w*", r"f?read\w*", r"f?write\w*", r"p?(?:read|write)v?\w*",
    r"close\w*", r"fclose", r"l?f?stat\w*", r"unlink\w*", r"rename\w*", r"mkdir\w*", r"access",
    r"mmap\w*", r"ioctl", r"fcntl\w*", r"system", r"popen", r"fork", r"exec\w+", r"kill", r"signal",
    r"(?:secure_)?getenv", r"setenv", r"putenv", r"environ",
    r"s?rand\w*", r"getrandom", r"getentropy", r"arc4random\w*",
    r"gethostname", r"uname", r"sysconf", r"get\w*(?:id|name|pw\w+|gr\w+)(?:_r)?", r"getpriority",
    r"localtime\w*", r"gmtime\w*", r"mktime", r"strftime\w*", r"tzset", r"setlocale", r"localeconv",
]) + r")$")
THIRD_PARTY = re.compile(r"^(?:XXH|pcre2_|yaml_|json_|ZSTD_|deflate|crc32|protobuf_c_)")
COMPILER = re.compile(
    r"^(?:_GLOBAL_OFFSET_TABLE_$|__stack_chk_fail|__(?:a|t|l|ub)san_|__sanitizer_|__sancov_|_Unwind_"
    r"|__gcov|__(?:u?div|u?mod|mul|float|fix)\w+[sdt]i\w*$)")


def run(command, **options):
    return subprocess.run(
        command, capture_output=True, text=True, errors="replace", check=False, **options)


def in_parallel(function, items):
    with ThreadPoolExecutor(WORKERS) as pool:
        for findings in pool.map(function, items):
            yield from findings


def check_headers(tree, layers, build=None, compiler="gcc"):
    """Each header compiles alone: whoever includes it first need not know what it needs."""
    if shutil.which(compiler) is None:
        raise Skip(f"{compiler} is not installed")
    generated = sorted({h.parent for h in build.glob("**/gen/*.h")}) if build else []
    python = run(["pkg-config", "--cflags", "python3"]) if shutil.which("pkg-config") else None
    python_flags = python.stdout.split() if python and python.returncode == 0 else []

    def check(header):
        layer = layers.of_file(header)
        folders = [header.rpartition("/")[0], *INCLUDE_ROOTS, "tests/support"]
        folders += layers.folders_used(layer) if layer else []
        command = [compiler, "-std=c17", "-D_GNU_SOURCE", "-fsyntax-only", "-x", "c"]
        command += [f"-I{tree.root / folder}" for folder in folders]
        command += [f"-isystem{folder}" for folder in generated]
        if header.startswith("rtloader/"):
            command += python_flags
        if header.startswith("tests/"):  # cmocka.h leaves these to its user
            command += [word for name in ("stdarg", "stddef", "stdint", "setjmp")
                for word in ("-include", f"{name}.h")]
        done = run(command + [str(tree.root / header)])
        if done.returncode == 0:
            return []
        errors = [line for line in done.stderr.splitlines() if "error:" in line]
        if not generated and any(re.search(r"\.(?:pb-c|desc)\.h: No such", e) for e in errors):
            return []
        match = re.match(r".*?:(\d+):\d+: (?:fatal )?error: (.*)", errors[0]) if errors else None
        line, text = (int(match.group(1)), match.group(2)) if match else (1, done.stderr.strip()[:200])
        return [Finding(header, line, f"does not compile alone: {text}; include what it needs")]

    yield from in_parallel(check, tree.c_files(".h"))


def check_format(tree):
    """The formatter is the last word on layout."""
    if shutil.which(FORMATTER) is None:
        raise Skip(f"{FORMATTER} is not installed")

    def check(file):
        done = run([FORMATTER, "--dry-run", "-Werror", "--style=file", file], cwd=tree.root)
        match = re.search(r":(\d+):\d+: error:", done.stderr)
        if done.returncode == 0:
            return []
        return [Finding(file, int(match.group(1)) if match else 1, f"run {FORMATTER} -i on this file")]

    yield from in_parallel(check, tree.c_files())


def archives(tree, layers, build):
    """(layer, archive) of each module of a built tree."""
    homes = {name: file for name, file, _, _, call in modules_of(tree) if call == "rg_add_module"}
    for archive in sorted(build.glob("**/lib*.a")):
        file = homes.get(archive.stem[len("lib"):])
        layer = layers.of_file(file) if file else None
        if layer:
            yield layer, archive


def objects(archive):
    """(object, symbol, class, section) of each symbol in an archive. System V format names the
    section, which tells constants that hold addresses from variables."""
    done = run(["nm", "-f", "sysv", str(archive)])
    name = archive.name
    for line in done.stdout.splitlines():
        head = re.match(r"^(?:Undefined symbols|Symbols) from (.*):$", line)
        if head:
            member = re.search(r"\[(.*)\]", head.group(1))
            name = member.group(1) if member else head.group(1)
        fields = [field.strip() for field in line.split("|")]
        if len(fields) == 7:
            yield name, fields[0], fields[2], fields[6]


def locate(tree, member, symbol):
    """Source file and line where an object's symbol is named first."""
    source = re.sub(r"\.o$", "", member)
    for file in tree.files:
        if file.rsplit("/", 1)[-1] == source:
            for number, line in tree.lines(file):
                if re.search(rf"\b{re.escape(symbol)}\b", line):
                    return file, number
            return file, 1
    return member, 1


def need_archives(tree, layers, build):
    if build is None:
        raise Skip("no --build folder given")
    if shutil.which("nm") is None:
        raise Skip("nm is not installed")
    found = list(archives(tree, layers, build))
    if not found:
        raise Skip(f"no library of the project below {build}")
    return found


def cache_value(build, key):
    cache = build / "CMakeCache.txt"
    match = re.search(rf"^{key}:\w+=(.*)$", cache.read_text(), re.M) if cache.is_file() else None
    return match.group(1) if match else ""


def check_globals(tree, layers, build=None):
    """State hangs off an object somebody created: no variable of static storage."""
    found = need_archives(tree, layers, build)
    if cache_value(build, "RG_SANITIZE") or cache_value(build, "RG_FUZZ") == "ON":
        raise Skip("sanitizers add variables of their own; use a plain build")
    for layer, archive in found:
        for member, symbol, kind, section in objects(archive):
            name = re.sub(r"(?:\.\d+)+$", "", symbol)
            allowed = layers.allowed.get(("data", re.sub(r"\.o$", "", member)), ())
            writable = kind in "bBdDCsSgG" and not section.startswith((".data.rel.ro", ".rodata"))
            if "const" in layer.rules and writable and name not in allowed:
                yield Finding(*locate(tree, member, name),
                    f"'{name}' can be written ({section}): make it const or part of an object")


def check_imports(tree, layers, build=None):
    """Pure layers import nothing that asks the world: every answer comes through a backend."""
    found = need_archives(tree, layers, build)
    owners = {symbol: None for archive in build.glob("**/lib*.a")
        for _, symbol, kind, _ in objects(archive) if kind not in "Uw"}
    owners.update((symbol, layer) for layer, archive in found
        for _, symbol, kind, _ in objects(archive) if kind not in "Uw")
    harmless = set(layers.groups["libc"])
    for layer, archive in found:
        if "pure" not in layer.rules:
            continue
        for member, symbol, kind, _ in objects(archive):
            name = re.sub(r"^__(\w+)_chk$", r"\1", symbol)  # the checked form of a libc function
            allowed = harmless | layers.allowed.get(("imports", re.sub(r"\.o$", "", member)), set())
            owner = owners.get(symbol)
            if kind in "Uw" and owner and not layers.may_use(layer, owner):
                yield Finding(*locate(tree, member, name),
                    f"{layer.folder} calls {symbol} of {owner.folder}, which it may not know")
            if kind not in "Uw" or symbol in owners or not allowed.isdisjoint((symbol, name)):
                continue
            if THIRD_PARTY.match(symbol) or COMPILER.match(symbol):
                continue
            advice = ("asks the world: use a method of a backend" if ASKS.match(name) else
                "is not in the group libc of ci/layers.txt: add it there if it asks nothing of the world")
            yield Finding(*locate(tree, member, name), f"{layer.folder} imports '{symbol}', which {advice}")
