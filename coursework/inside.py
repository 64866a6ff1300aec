"""What runs inside of the sandbox, beside the code of one student: it runs the cells of a notebook, and calls functions.

It is a program of its own, so that nothing else of the coursework has to be in the sandbox: it reads jobs from its standard input, each in
JSON behind its length, and writes one line of JSON for each thing done. The first job names the modules to import while nobody else's code
has run; every later one is done in a child of its own, and what the child leaves behind is killed before the next. The cells of a notebook
come one by one, so that a hidden test is not here before its turn.

    {"paths": [folder, ...], "imports": [module, ...], "limits": {"AS": bytes, ...}, "user": number or None, "boxed": is this a sandbox?}
    {"follow": [["run", code] | ["call", function, arguments, asked, by], ...], "step": most seconds, "seconds": in all}
                                                                                                 a line for each call
    {"seconds": most for one cell, "seed": text, "output": most bytes}, then {"cell": code, "word": text} ... {"cell": null}
                                                                      a line for each cell, which repeats its word

Whoever reads the lines must not trust them: a student's code runs in the process that writes them.
"""

import base64
import contextlib
import gc
import importlib
import io
import json
import os
import re
import resource
import signal
import sys
import time

import numpy as np

JOBS = 9
"""The file descriptor from which jobs are read."""
KINDS = "biufcU"
"""Kinds of arrays that may come back: numbers and texts, never objects."""

MOST, EACH, KEYS = 1 << 20, 64, 1000
"""The bytes of one packed value, what each of its parts counts beside its data, and the keys of one dictionary or set."""


class Other:
    """Something that cannot be compared from outside: equal to nothing."""

    __slots__ = ()


def packed(value, room=None):
    """A value as JSON can hold it, to be read by :func:`unpacked`.

    A tensor becomes the array of its numbers, and whatever gives its items one by one a list. What is no number, text, array or collection
    of them becomes an :class:`Other`. An ``OverflowError`` for more than :data:`MOST` bytes.
    """
    room = [MOST] if room is None else room

    def take(size):
        room[0] -= EACH + size
        if room[0] < 0:
            raise OverflowError(f"more than {MOST >> 20} MB")

    def items(values):
        return [packed(each, room) for each in values]

    take(0)
    torch = sys.modules.get("torch")
    if torch and isinstance(value, torch.Tensor):
        take(value.nbytes)
        value = value.detach().cpu().numpy()
    if isinstance(value, np.ndarray | np.generic):
        value = np.asarray(value)
        if value.dtype.kind in KINDS:
            take(value.nbytes)
            data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
            return {"array": [value.dtype.str, list(value.shape), data]}
        return {"list": items(value)} if value.dtype.kind == "O" and value.ndim else {"other": None}
    if value is None or isinstance(value, bool | float):
        return {"value": value}
    if isinstance(value, int):
        return {"value": int(value)} if value.bit_length() <= 64 else {"other": None}
    if isinstance(value, str):
        take(len(value))
        return {"value": str(value)}
    if isinstance(value, dict):
        return {"dict": [items(pair) for pair in value.items()]}
    for kind, name in ((tuple, "tuple"), (set, "set"), (frozenset, "set")):
        if isinstance(value, kind):
            return {name: items(value)}
    try:
        return {"list": items(iter(value))}
    except TypeError:
        return {"other": None}


def unpacked(value):
    """The inverse of :func:`packed`; numbers of NumPy come back as arrays without axes. A ``ValueError`` for anything else.

    It may be given what somebody made up: it takes no more than :func:`packed` gives, and makes nothing but plain values.
    """
    room = [MOST // EACH]

    def opened(value):
        room[0] -= 1
        if room[0] < 0:
            raise ValueError("too many parts")
        ((kind, content),) = value.items()
        if kind == "array":
            code, shape, data = content
            if re.fullmatch(rf"[<>|][{KINDS}]\d{{1,6}}", code) and all(0 <= size <= MOST for size in shape):
                return np.frombuffer(base64.b64decode(data), code).reshape(shape).copy()
        if kind == "value" and (content is None or isinstance(content, bool | float | str)):
            return content
        if kind == "value" and isinstance(content, int) and content.bit_length() <= 64:
            return content
        if kind == "other":
            return Other()
        if kind in ("list", "tuple"):
            return (list if kind == "list" else tuple)(map(opened, content))
        if kind in ("set", "dict") and len(content) <= KEYS:
            return set(map(opened, content)) if kind == "set" else {opened(key): opened(each) for key, each in content}
        raise ValueError(f"{kind!r:.20} with such a content")

    try:
        return opened(value)
    except (ArithmeticError, AttributeError, TypeError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"not a packed value: {error}") from None


class Said(io.TextIOBase):
    """A stream that keeps what is written to it as outputs of a notebook, and no more than ``most`` characters in all."""

    def __init__(self, name, outputs, room):
        self.name, self.outputs, self.room = name, outputs, room

    def writable(self):
        """Yes: this is a stream to write to."""
        return True

    def write(self, text):
        """Keep what there is room for, and say that all was written."""
        kept = text[: max(0, self.room[0])]
        self.room[0] -= len(text)
        if kept:
            last = self.outputs[-1] if self.outputs else {}
            if last.get("name") == self.name:
                last["text"] += kept
            else:
                self.outputs.append({"output_type": "stream", "name": self.name, "text": kept})
        return len(text)


class TooLong(BaseException):
    """A cell has used up its time."""


def too_long(number, frame):
    """What a timer does to a cell."""
    raise TooLong("it took too much time")


@contextlib.contextmanager
def at_most(seconds):
    """Raise :class:`TooLong` in what takes longer."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def shown(data):
    """Of what a cell displays, the picture and the text: markup and scripts of a student are not carried to anybody's browser."""
    most = {"image/png": 2_000_000, "text/plain": 20_000}
    return {kind: data[kind] for kind in most if isinstance(data.get(kind), str) and len(data[kind]) <= most[kind]}


def notebook_shell():
    """IPython, as a notebook has it, whose results and figures are kept."""
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class Hook(DisplayHook):
        def __call__(self, result=None):
            if result is not None:
                data, _ = self.shell.display_formatter.format(result)
                kept = shown(data)
                self.shell.kept.append({"output_type": "execute_result", "execution_count": None, "metadata": {}, "data": kept})

    class Publisher(DisplayPublisher):
        def publish(self, data, metadata=None, **rest):
            self.shell.kept.append({"output_type": "display_data", "metadata": {}, "data": shown(data)})

    class Shell(InteractiveShell):
        def _showtraceback(self, kind, value, trace):
            error = {"output_type": "error", "ename": kind.__name__, "evalue": str(value)[:2000]}
            self.kept.append(error | {"traceback": [line[:2000] for line in trace[:60]]})

        def enable_gui(self, gui=None):
            pass

        def _tee(self, channel):
            return contextlib.nullcontext()  # IPython would keep a second copy of all that is printed, without a limit

    Shell.displayhook_class, Shell.display_pub_class = Hook, Publisher
    quiet = Config()
    quiet.HistoryManager.enabled = False
    shell = Shell.instance(config=quiet, colors="nocolor")
    shell.kept = []
    return shell


def run_cells(shell, job, say):
    """Run the cells of a notebook as they come and say the outputs of each."""
    signal.signal(signal.SIGALRM, too_long)
    os.environ["LSTMBOOK_COURSE_SEED"] = job["seed"]
    while (asked := read(JOBS))["cell"] is not None:
        shell.kept, room = [], [job["output"]]
        streams = Said("stdout", shell.kept, room), Said("stderr", shell.kept, room)
        with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
            try:
                with at_most(job["seconds"]):
                    shell.run_cell(asked["cell"], store_history=True)
            except TooLong as error:
                shell.kept.append({"output_type": "error", "ename": "TooLong", "evalue": str(error), "traceback": [str(error)]})
        if room[0] < 0:
            shell.kept.append({"output_type": "stream", "name": "stdout", "text": "\n... (the rest of the output was cut)\n"})
        say({"outputs": shell.kept, "word": asked["word"]})


def follow(shell, job, say):
    """Run pieces of code in one space, call functions in between, and say what they give.

    A call is answered by ``{"result": packed, "kept": packed}``, where the second lists the arguments that were asked for again, as the
    call left them, or by ``{"error": text}``. One that takes too long is an error, and so are all that come after the last second.
    """
    space, until = {"__name__": "__main__", "get_ipython": lambda: shell}, time.monotonic() + job["seconds"]
    signal.signal(signal.SIGALRM, too_long)
    for step in job["follow"]:
        answer, silence = {}, Said("stdout", [], [0])
        most = max(1e-6, min(job["step"], until - time.monotonic()))
        try:
            with at_most(most), contextlib.redirect_stdout(silence), contextlib.redirect_stderr(silence):
                if step[0] == "run":
                    exec(shell.transform_cell(step[1]), space)
                else:
                    answer = called(space, *step[1:])
        except BaseException as error:  # also one that ends a process
            answer = {"error": described(error)}
        if step[0] == "call":
            say(answer)


def called(space, function, arguments, asked, by):
    """Call a function of a space, or hand it to the one whose name and text are ``by``; pack the result and the ``asked`` arguments."""
    if function not in space:
        return {"error": f"there is no {function}"}
    call, arguments = space[function], unpacked(arguments)
    if by:
        name, text = by
        exec(text, own := dict(space))
        result = own[name](call, *arguments)
    else:
        result = call(*arguments)
    return json.loads(json.dumps({"result": packed(result), "kept": packed([arguments[place] for place in asked])}))


def described(error):
    """An error in words, whatever its own methods do."""
    try:
        return f"{type(error).__name__}: {error}"[:500]
    except BaseException:
        return "an error that cannot be shown"


def read(file):
    """The next job from a file descriptor, or None at its end. Nothing is read ahead: the rest is for another process."""
    length = part(file, 10)
    return json.loads(part(file, int(length))) if length else None


def part(file, size):
    """So many bytes of a file descriptor, fewer at its end."""
    found = b""
    while len(found) < size and (more := os.read(file, size - len(found))):
        found += more
    return found


def child(boxed, work, *arguments):
    """Do one thing in a child and, in a sandbox, kill whatever it leaves. Returns how the child ended: 0, or a number."""
    if (one := os.fork()) == 0:
        status = 1
        try:
            work(*arguments)
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(one, 0)
    if boxed and os.getpid() == 2:  # alone in a space of processes, after its first
        with contextlib.suppress(OSError):
            os.kill(-1, signal.SIGKILL)
    return os.waitstatus_to_exitcode(status)


def confine(limits, user):
    """Set the limits of this process, and become ``user`` for ever (unless it is None)."""
    for name, most in limits.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # if memory gets short for all, this goes first
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)


def main():
    """Read jobs and do them, until there are no more."""
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(0, JOBS)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    sys.stdin = os.fdopen(os.dup(null), encoding="utf-8")

    def say(what):
        lines.write("\n" + json.dumps(what) + "\n")  # first a new line, since somebody may have been killed in the middle of one
        lines.flush()

    start = read(JOBS)
    confine(start["limits"], start["user"])
    sys.path[:0] = start["paths"]
    shell = notebook_shell()
    for module in start["imports"]:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    if "matplotlib" in sys.modules:
        shell.enable_matplotlib("inline")
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    gc.freeze()  # what is imported is never looked at again, and so not copied in the children
    say({"ready": True})
    os.dup2(null, 2)  # until here, a traceback is of ours and is wanted
    while job := read(JOBS):
        work = follow if "follow" in job else run_cells
        say({"done": child(start["boxed"], work, shell, job, say)})


if __name__ == "__main__":
    main()
