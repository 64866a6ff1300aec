"""What every test run needs, whichever folder it starts in: quiet progress bars and one thread, also in the notebooks' kernels."""

import os

collect_ignore_glob = ["*/wrong.py", "*/check.py"]  # many of one name, and no modules

os.environ.update(TQDM_DISABLE="1", OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", JUPYTER_PLATFORM_DIRS="1")


def pytest_terminal_summary(terminalreporter):
    """Below what nbval shows of a notebook, what to do about it."""
    failed = {report.nodeid.split("::")[0] for report in terminalreporter.stats.get("failed", [])}
    for name in sorted(name for name in failed if name.endswith(".ipynb")):
        terminalreporter.write_line(
            f"{name}: a cell fails, or prints what is not stored: if it is right now, python tools/notebooks.py {name}"
        )
