"""Processes with every oddity a process can have, started for a test and then quiet."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from replay_kit import need

ROOT = os.geteuid() == 0
NOBODY = 65534
DEADLINE_S = 20

# What each puppet can use. A puppet says "ready" when it is what it should be. It ends when its
# stdin does, so that none outlives the test.
PRELUDE = """
import ctypes, os, resource, signal, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
SYS_EXIT = {'x86_64': 60}.get(os.uname().machine, 93)
def ready(*more):
    os.write(1, (' '.join(['ready', *map(str, more)]) + '\\n').encode())
def rest():
    while os.read(0, 1): pass
    os._exit(0)
def rename(name):
    libc.prctl(15, ctypes.c_char_p(name), 0, 0, 0)
"""

PUPPETS = {
    "plain": "ready(); rest()",
    "nice": "os.nice(5); ready(); rest()",
    "threads": """
hold = threading.Lock(); hold.acquire()
for _ in range(20): threading.Thread(target=hold.acquire, daemon=True).start()
ready(); rest()""",
    "memory": "keep = bytearray(b'x') * (64 << 20); ready(); rest()",
    "fds": "keep = [open('/dev/null') for _ in range(300)]; ready(); rest()",
    "cwd": "os.chdir('/usr'); ready(); rest()",
    "odd_cwd": "os.mkdir(b'odd\\n \\xff dir'); os.chdir(b'odd\\n \\xff dir'); ready(); rest()",
    "gone_cwd": "os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone'); ready(); rest()",
    "comm_parens": "rename(b') R (x) Z'); ready(); rest()",
    "comm_newline": "rename(b'a\\nState: Z'); ready(); rest()",
    "comm_spaces": "rename(b' \\t edge '); ready(); rest()",
    "comm_bytes": "rename(b'\\xff\\xe2\\x82x\\\\n'); ready(); rest()",
    "comm_empty": "rename(b''); ready(); rest()",
    "zombie": """
child = os.fork()
if child == 0: os._exit(0)
ready(child); rest()""",
    # The first thread has ended, the process lives in another.
    "headless": """
def live():
    while open(f'/proc/{os.getpid()}/stat').read().rpartition(')')[2].split()[0] != 'Z':
        time.sleep(0.01)
    ready()
    rest()
threading.Thread(target=live).start()
libc.syscall(SYS_EXIT, 0)""",
    # A parent in vfork waits without interruption until its child is gone.
    "uninterruptible": """
parent = os.getpid()
if libc.vfork() == 0:
    ready(parent, libc.getpid())
rest()""",
    "traced": """
child = os.fork()
if child == 0:
    libc.ptrace(0, 0, 0, 0)
    os.kill(os.getpid(), signal.SIGSTOP)
    rest()
os.waitpid(child, os.WUNTRACED)
ready(child); rest()""",
    "orphan": """
child = os.fork()
if child == 0:
    parent = os.getppid()
    os.setsid()
    if os.fork() == 0:
        while os.getppid() == os.getsid(0): time.sleep(0.01)
        ready(os.getpid())
        rest()
    os._exit(0)
os.waitpid(child, 0); rest()""",
    "user": f"os.setgroups([]); os.setresgid({NOBODY}, {NOBODY}, {NOBODY}); "
            f"os.setresuid({NOBODY}, {NOBODY}, {NOBODY}); ready(); rest()",
    "real_user": f"os.setresgid({NOBODY}, 0, 0); os.setresuid({NOBODY}, 0, 0); ready(); rest()",
    "nameless_user": "os.setresuid(2000000001, 0, 0); ready(); rest()",
    "burnt": """
while os.times().user < 1.2: pass
ready(); rest()""",
    "wrote": """
with open('written', 'wb') as f:
    for _ in range(50):
        f.write(b'y' * 4096); f.flush()
    os.fsync(f.fileno())
ready(); rest()""",
}
NEED_ROOT = {"user", "real_user", "nameless_user"}
NEED_EXEC = "import os, sys; os.write(1, b'ready\\n'); "

ODD_ARGS = [b"", b"two words", b"tab\tnewline\n", b"\xff\xfe\x80 latin \xe9", b"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xa7",
    b"\xed\xa0\x80 \xc0\xaf \xf5\x80 \xe2\x82", b"", b"", b"\"quote' \\ \x1b[31m", b"--", b""]


class Truth:
    """The set: pids by name. others are further processes that must be ended. Without odd it starts
    empty."""

    def __init__(self, folder, odd=True):
        self.folder, self.odd = Path(folder), odd
        self.pids, self.children, self.others = {}, [], []

    def launch(self, name, argv, **kwargs):
        child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            cwd=kwargs.pop("cwd", self.folder), **kwargs)
        self.children.append(child)
        self.pids[name] = child.pid
        return child

    def await_ready(self, name, child):
        """Reads the line of a puppet; the pids behind "ready" are the ones that count."""
        words = child.stdout.readline().split()
        need(words[:1] == [b"ready"], f"puppet {name} did not start: {words}")
        more = [int(word) for word in words[1:]]
        self.others += [pid for pid in more if pid != child.pid]
        if more:
            self.pids[name] = more[0]

    def puppet(self, name, code, *args):
        self.await_ready(name, self.launch(name,
            [sys.executable, "-S", "-c", PRELUDE + code, *args]))

    def puppets(self):
        for name, code in PUPPETS.items():
            if ROOT or name not in NEED_ROOT:
                self.puppet(name, code)
        self.pids["zombie_parent"] = self.children[list(PUPPETS).index("zombie")].pid
        self.puppet("stopped", "ready(); rest()")
        os.kill(self.pids["stopped"], signal.SIGSTOP)
        self.await_state("stopped", "T")

    def await_state(self, name, letter):
        end = time.monotonic() + DEADLINE_S
        while state_of(self.pids[name]) != letter:
            need(time.monotonic() < end, f"{name} does not reach state {letter}")
            time.sleep(0.01)

    def programs(self):
        """Processes made by exec: other programs, arguments of every kind."""
        python = [sys.executable, "-S", "-c", PRELUDE + "ready(); rest()"]
        for name, args in {
            "odd_args": ODD_ARGS,
            "long_arg": [b"x" * 65536],
            "many_args": [b"%015d" % i for i in range(4096)],
            "json_arg": [b'{"key": "a \\u0041"}', b"a=b", b"c:d"],
        }.items():
            self.await_ready(name, self.launch(name, python + args))
        self.await_ready("spaces_only", self.launch("spaces_only", [b"   "] + python[1:],
            executable=sys.executable))
        copy = self.folder / "gone program"
        shutil.copy("/bin/cat", copy)
        self.launch("gone_exe", [str(copy), "-u"])
        self.launch("execed", [sys.executable, "-S", "-c",
            "import os; os.execv('/bin/cat', ['renamed by exec', '-'])"])
        self.await_comm("execed", b"cat")
        self.await_comm("gone_exe", b"gone program")
        copy.unlink()
        self.launch("no_args", [sys.executable, "-S", "-c", PRELUDE +
            "none = (ctypes.c_char_p * 1)(None); libc.execve(b'/bin/cat', none, none)"])
        self.await_comm("no_args", b"cat")
        if shutil.which("perl"):
            self.launch("retitled", ["perl", "-e", "$0 = 'new title  of it'; $| = 1; "
                "print \"ready\\n\"; <STDIN>", "and", "arguments"])
            self.await_ready("retitled", self.children[-1])

    def await_comm(self, name, comm):
        end = time.monotonic() + DEADLINE_S
        while Path(f"/proc/{self.pids[name]}/comm").read_bytes() != comm + b"\n":
            need(time.monotonic() < end, f"{name} does not become {comm}")
            time.sleep(0.01)

    def namespaced(self):
        """A process that is pid 1 in a namespace of its own."""
        if not ROOT or not shutil.which("unshare"):
            return
        if subprocess.run(["unshare", "-p", "-f", "true"], capture_output=True).returncode != 0:
            return
        child = self.launch("unshare", ["unshare", "-p", "-f", sys.executable, "-S", "-c",
            PRELUDE + "ready(); rest()"])
        self.await_ready("unshare", child)
        kids = Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()
        need(len(kids) == 1, f"unshare has children {kids}")
        self.pids["namespaced"] = int(kids[0])
        self.others.append(int(kids[0]))

    def __enter__(self):
        try:
            if self.odd:
                self.puppets()
                self.programs()
                self.namespaced()
            self.settle()
        except BaseException:
            self.__exit__()
            raise
        return self

    def settle(self):
        """Waits until none of them has run for a while."""
        end = time.monotonic() + DEADLINE_S
        before = None
        while True:
            now = [switches(pid) for pid in self.pids.values()]
            if now == before:
                return
            need(time.monotonic() < end, "the processes do not come to rest")
            before = now
            time.sleep(0.3)

    def __exit__(self, *_):
        # Both sides of a vfork share their memory: they go together.
        for pid in [child.pid for child in self.children] + self.others:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        for child in self.children:
            child.stdin.close()
            child.stdout.close()
            child.wait()


def state_of(pid):
    return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0].decode()


def switches(pid):
    """What moves when a process runs, in all its threads."""
    text = b""
    for task in sorted(Path(f"/proc/{pid}/task").iterdir()):
        lines = (task / "status").read_bytes().split(b"\n")
        text += b" ".join(line for line in lines if b"ctxt_switches" in line)
    return text


def become_nobody():
    """For preexec_fn: gives up every right of root, for good."""
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
