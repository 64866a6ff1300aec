"""A closed box for the code of one student: no network, no course, no other student, and limits to whatever it takes.

The box is made by bubblewrap (Linux). In it stands :mod:`coursework.inside`, with Python, its packages and the book's own package to read,
small folders to write that vanish with it, and nothing else. What the box does not promise: that a mark was not forged, since a test runs
in the process that it tests; for that there is :mod:`coursework.crosscheck`.
"""

import contextlib
import dataclasses
import glob
import json
import os
import secrets
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

INSIDE = Path(__file__).with_name("inside.py")
ADVICE = "Grading needs bubblewrap, which closes students' code in: install it (Debian and Ubuntu: apt-get install bubblewrap)."
FIRST_USER = 1_900_000_000
"""From here on, each box of the administrator has a user of its own, so that the limit to processes counts its own alone."""


@dataclasses.dataclass(frozen=True)
class Limits:
    """What one submission may take.

    Attributes:
        cell: seconds for one cell.
        whole: seconds for everything.
        memory: bytes, of all its processes together and of the address space of each.
        processes: how many at a time.
        file: bytes of one file; a folder holds twice that in all.
        output: characters that a notebook may print.
    """

    cell: float = 30
    whole: float = 180
    memory: int = 4 << 30
    processes: int = 64
    file: int = 32 << 20
    output: int = 200_000


class NoSandbox(Exception):
    """There is no bubblewrap here, or it does not work."""


def check():
    """Raise :class:`NoSandbox`, with a sentence that says what to do, unless a box can be made here."""
    if not shutil.which("bwrap"):
        raise NoSandbox(ADVICE)
    tried = subprocess.run([*walls(), sys.executable, "-c", "pass"], capture_output=True, text=True)
    if tried.returncode:
        said = (tried.stderr.strip().splitlines() or ["nothing"])[-1]
        raise NoSandbox(f"bubblewrap cannot close students' code in on this machine; it says: {said}")


def walls():
    """The command that makes a box; what follows it runs inside."""
    root, size = os.geteuid() == 0, str(2 * Limits.file)
    command = ["bwrap", "--die-with-parent", "--new-session", "--clearenv", "--hostname", "box", "--cap-drop", "ALL"]
    command += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    command += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"] if root else ["--unshare-user", "--uid", "65534", "--gid", "65534"]
    command += ["--proc", "/proc", "--dev", "/dev"]
    for folder in ("/dev/shm", "/tmp", "/box"):
        command += ["--perms", "1777", "--size", size, "--tmpfs", folder]
    for name in ("/bin", "/sbin", "/lib", "/lib32", "/lib64"):
        if os.path.islink(name):
            command += ["--symlink", os.readlink(name), name]
        elif os.path.isdir(name):
            command += ["--ro-bind", name, name]
    readable = ["/usr", "/etc/alternatives", "/etc/ld.so.cache", "/etc/fonts", "/etc/localtime", sys.base_prefix, sys.prefix, package()]
    for path in dict.fromkeys(path for each in readable for path in (each, os.path.realpath(each))):
        if os.path.exists(path) and (path == "/usr" or not path.startswith("/usr/")):
            for folder in reversed(Path(path).parents[:-1]):
                command += ["--perms", "0755", "--dir", str(folder)]
            command += ["--ro-bind", path, path]
    command += ["--perms", "1777", "--dir", "/box/matplotlib", "--ro-bind", str(INSIDE), "/inside.py"]
    for path in font_lists():
        command += ["--ro-bind", path, f"/box/matplotlib/{os.path.basename(path)}"]
    for name, value in environment("/box").items():
        command += ["--setenv", name, value]
    return [*command, "--chdir", "/box", "--"]


def package():
    """The folder in which Python finds the book's package here, however it was installed."""
    import lstmbook

    return os.path.dirname(os.path.dirname(os.path.realpath(lstmbook.__file__)))


def environment(home):
    """The variables of a box: nothing of the grader's own."""
    return {
        "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
        "HOME": home,
        "IPYTHONDIR": f"{home}/ipython",
        "MPLCONFIGDIR": f"{home}/matplotlib",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "NBGRADER_EXECUTION": "autograde",
        "TQDM_DISABLE": "1",
    }


def font_lists():
    """matplotlib's lists of fonts, made once outside: to make one takes seconds."""
    import matplotlib.font_manager

    return glob.glob(os.path.join(matplotlib.get_cachedir(), "fontlist-*.json"))


class Stopped(Exception):
    """The box was closed before it had done what was asked; the sentence says why."""


class Box:
    """A box in which one student's code runs, to be used in a ``with``.

    Args:
        imports: modules to import while nobody's code has run.
        limits: :class:`Limits`.
        trust: run the code without a box, under this user's own rights.
        folder: with ``trust``, the folder to run in.
    """

    def __init__(self, imports=(), limits=None, trust=False, folder=None):
        self.limits, self.trust, self.folder = limits or Limits(), trust, folder
        self.imports, self.read, self.bytes, self.spent = list(imports), b"", 0, False

    def __enter__(self):
        self.until = time.monotonic() + self.limits.whole
        python = (
            [sys.executable, "-P", "-s", "-B", str(INSIDE)] if self.trust else [*walls(), sys.executable, "-P", "-s", "-B", "/inside.py"]
        )
        folder = str(self.folder) if self.trust else None
        self.process = subprocess.Popen(
            python,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=environment(folder) if self.trust else None,
            start_new_session=True,
        )
        limits = {"AS": self.limits.memory, "CPU": int(self.limits.whole) + 1, "FSIZE": self.limits.file, "NOFILE": 512, "CORE": 0}
        if not self.trust:
            limits["NPROC"] = self.limits.processes
        user = FIRST_USER + self.process.pid if os.geteuid() == 0 and not self.trust else None
        try:
            self._ask({"paths": [package()], "imports": self.imports, "limits": limits, "user": user, "boxed": not self.trust})
            self._line(self.until)
        except BaseException as error:
            self.process.kill()
            said = self.process.stderr.read().decode(errors="replace").strip().splitlines()
            self.__exit__()
            if isinstance(error, Stopped):
                raise NoSandbox(f"Python does not start in the sandbox; it says: {(said or ['nothing'])[-1]}") from None
            raise
        return self

    def __exit__(self, *error):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(OSError):
                pipe.close()

    def run(self, cells, seed):
        """Run the cells of a notebook. Returns the outputs of each, shorter than ``cells`` if it did not come to the end, and why.

        Each cell comes with a word that nobody can know before, so that what is written ahead of time is not taken for its outputs.
        """
        outputs, forged = [], "it wrote results of its own"
        try:
            self._ask({"seconds": self.limits.cell, "seed": str(seed), "output": self.limits.output})
            for code in cells:
                word = secrets.token_hex(8)
                self._ask({"cell": code, "word": word})
                line = self._line(min(self.until, time.monotonic() + self.limits.cell + 5))
                if not isinstance(line.get("outputs"), list):
                    return outputs, self._ended(line.get("done"))
                if line.get("word") != word:
                    return outputs, forged
                outputs.append(line["outputs"])
            self._ask({"cell": None})
            last = self._line(min(self.until, time.monotonic() + 5))
            return outputs, None if "done" in last else forged
        except Stopped as error:
            return outputs, str(error)

    def follow(self, jobs, step=5, seconds=20):
        """Run pieces of code and call functions: each job, a list of steps, in a process of its own that knows nothing of the others.

        Args:
            jobs: as :func:`coursework.crosscheck.steps` makes them.
            step: seconds for one step.
            seconds: for one job; all together have half of the time of the box. When a job does not stop even then, the later ones are not
                begun, and the box is ``spent``.

        Returns:
            For each call of each job ``{"result": packed, "kept": packed}`` or ``{"error": text}``, as :func:`coursework.inside.follow`
            says them; but a student's code runs where they are said, so they may be anything that JSON can hold.
        """
        answers = []
        for job in jobs:
            found, calls = [], sum(kind == "call" for kind, *_ in job)
            try:
                if not self.spent:
                    self._ask({"follow": job, "step": min(step, self.limits.cell), "seconds": seconds})
                    until = min(self.until - self.limits.whole / 2, time.monotonic() + seconds + step)
                    while "done" not in (line := self._line(until, 4 << 20)):
                        found += [line] * (len(found) < calls)
            except Stopped:
                self.spent = True
            answers += found + [{"error": "it never came back"}] * (calls - len(found))
        return answers

    def _more(self):
        part = os.read(self.process.stdout.fileno(), 1 << 16)
        self.read, self.bytes = self.read + part, self.bytes + len(part)
        if not part:
            raise Stopped("it ended its own process")

    def _ended(self, status):
        return "it took too much time or memory" if status in (-signal.SIGXCPU, -signal.SIGKILL) else f"it ended its own process ({status})"

    def _ask(self, job):
        text = json.dumps(job).encode()
        rest, pipe = memoryview(b"%10d%b" % (len(text), text)), self.process.stdin.fileno()
        while rest:
            if not select.select([], [pipe], [], max(0, self.until - time.monotonic()))[1]:
                raise Stopped(f"it took longer than {self.limits.whole:g} seconds, and did not stop when told to")
            try:
                rest = rest[os.write(pipe, rest[: select.PIPE_BUF]) :]  # as much as fits: nobody may read any more
            except OSError:
                raise Stopped("it ended its own process") from None

    def _line(self, until, longest=32 << 20):
        """The next line, an object of JSON; a :class:`Stopped` when there is none in time, or too much is taken."""
        while True:
            line, found, rest = self.read.partition(b"\n")
            if found:
                self.read = rest
                with contextlib.suppress(ValueError, RecursionError):
                    if len(line) <= longest and isinstance(value := json.loads(line), dict):
                        return value
                continue
            ready, _, _ = select.select([self.process.stdout], [], [], 0.25)
            if ready:
                self._more()
            if time.monotonic() > until:
                whole = time.monotonic() > self.until
                raise Stopped(
                    f"it took longer than {self.limits.whole if whole else self.limits.cell:g} seconds, and did not stop when told to"
                )
            if self.bytes > 32 << 20:
                raise Stopped("it sent more than can be read")
            if (taken := self._memory()) > self.limits.memory:
                raise Stopped(f"it took {taken >> 20} MB of memory")

    def _memory(self):
        """Bytes that all processes of the box hold; shared ones are only counted once where the sum comes near the limit."""
        try:
            held = [self.process.pid, *psutil.Process(self.process.pid).children(recursive=True)]
        except psutil.Error:
            return 0
        total = 0
        for process in held[1:]:
            with contextlib.suppress(psutil.Error):
                total += process.memory_info().rss
        if total <= self.limits.memory:
            return total
        total = 0
        for process in held[1:]:
            with contextlib.suppress(psutil.Error, AttributeError):
                total += process.memory_full_info().pss
        return total
