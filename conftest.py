"""What every test run needs, whichever folder it starts in: quiet progress bars and one thread, also in the notebooks' kernels."""

import contextlib
import os
import sys
import threading
import types
from pathlib import Path

import pytest

collect_ignore_glob = ["*/wrong.py", "*/check.py"]  # many of one name, and no modules

os.environ.update(TQDM_DISABLE="1", OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", JUPYTER_PLATFORM_DIRS="1")


@contextlib.contextmanager
def locked(name, shared=False):
    """Hold a lock that all processes of this test run know by its name."""
    import fcntl

    folder = Path(__file__).parent / "_build"
    folder.mkdir(exist_ok=True)
    with (folder / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """A test marked ``alone`` begins when the other processes have ended theirs, and they begin no other before its end."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return (yield)
    with contextlib.ExitStack() as turn:
        with locked("door"):  # whoever waits for the room stands in the door, so that nobody slips in before
            turn.enter_context(locked("room", shared=item.get_closest_marker("alone") is None))
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Which lines of the package ran is counted where Python calls them: counting makes every test slower, and some three times."""
    tracer, of_threads = sys.gettrace(), threading.gettrace()
    counted = calls_the_package(item) and "chromium" not in getattr(item, "fixturenames", ())
    if counted or not owner(type(tracer)).startswith("coverage"):  # a debugger's stays
        return (yield)
    sys.settrace(None)
    threading.settrace(None)
    try:
        return (yield)
    finally:  # pytest-cov's own way, its marker no_cover, does nothing in the processes of pytest-xdist
        sys.settrace(tracer)
        threading.settrace(of_threads)


def calls_the_package(item):
    """Whether it is an example in the package, or stands in a module that imports from it."""
    names = vars(item.module).values() if getattr(item, "module", None) else ()
    return isinstance(item, pytest.DoctestItem) or any(owner(each).startswith("lstmbook") for each in names)


def owner(thing):
    """The name of a module, or of the one that a function or class comes from."""
    return thing.__name__ if isinstance(thing, types.ModuleType) else str(getattr(thing, "__module__", ""))


def pytest_terminal_summary(terminalreporter):
    """Below what nbval shows of a notebook, what to do about it."""
    failed = {report.nodeid.split("::")[0] for report in terminalreporter.stats.get("failed", [])}
    for name in sorted(name for name in failed if name.endswith(".ipynb")):
        terminalreporter.write_line(
            f"{name}: a cell fails, or prints what is not stored: if it is right now, python tools/notebooks.py {name}"
        )
