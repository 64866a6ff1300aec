"""Make the environment that the book needs, once.

    python tools/environment.py book [FOLDER]    what building the website needs
    python tools/environment.py all [FOLDER]     everything: chapters, tests, JupyterLab

Needs Python alone, and runs (to say so) on versions that are too old for the book. FOLDER is .venv unless another is named.
"""

import hashlib
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FILES = {"book": ["book/requirements.txt"], "all": ["book/requirements.txt", "requirements.txt", "code/pyproject.toml"]}
OLDEST = (3, 11)
VERSION = ".".join(map(str, sys.version_info[:2]))


def fingerprint(what):
    """Changes when what is to be installed changes."""
    digest = hashlib.sha256(sys.version.encode())
    for name in FILES[what]:
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def installed(folder, what):
    """Whether the environment in ``folder`` already holds what ``what`` needs."""
    for name in {what, "all"}:
        try:
            with open(os.path.join(folder, "installed-" + name)) as file:
                if file.read() == fingerprint(name):
                    return True
        except OSError:
            pass
    return False


def explain(log):
    """One sentence on why pip failed, from what it printed."""
    for sign in (
        "Temporary failure",
        "Name or service not known",
        "Failed to establish",
        "getaddrinfo failed",
        "Network is unreachable",
        "from versions: none",
    ):
        if sign in log:
            return "The packages could not be fetched because there is no network: connect this machine and try again."
    for line in log.splitlines():
        if "No space left" in line:
            return "The packages could not be installed because the disk is full."
        if "No matching distribution" in line:
            return f"A package does not exist for this Python ({VERSION}): {line.strip()}"
    last = [line for line in log.splitlines() if line.strip()][-1:]
    return "The packages could not be installed; pip said: " + (last[0] if last else "nothing")


def run(command, log):
    """Run a command, its output into a file. Returns its exit status."""
    with open(log, "ab") as file:
        return subprocess.call(command, stdout=file, stderr=subprocess.STDOUT, cwd=ROOT)


def main(arguments):
    what, folder = [*arguments, ".venv"][:2] if arguments else ("", "")
    if what not in FILES:
        return "Say what to set up: python tools/environment.py book, or all."
    if sys.version_info[:2] < OLDEST:
        return f"The book needs Python 3.11 or newer, and this is {VERSION}: install a newer one, or say make PYTHON=/path/to/it."
    folder = os.path.join(ROOT, folder)
    if installed(folder, what):
        return None
    log = os.path.join(folder, "setup.log")
    python = os.path.join(folder, "Scripts" if os.name == "nt" else "bin", "python")
    if not os.path.exists(python):
        print(f"Making an environment in {os.path.relpath(folder, ROOT)} ...", flush=True)
        if subprocess.call([sys.executable, "-m", "venv", folder], stdout=subprocess.DEVNULL):
            return f"Python could not make an environment in {folder}: on Debian or Ubuntu, install the package python3-venv."
    print(f"Installing what the {'site' if what == 'book' else 'book'} needs; this takes a minute or two the first time ...", flush=True)
    if os.path.exists(log):
        os.remove(log)
    requirements = "book/requirements.txt" if what == "book" else "requirements.txt"
    if run([python, "-m", "pip", "install", "--disable-pip-version-check", "-r", requirements], log):
        with open(log, encoding="utf-8", errors="replace") as file:
            return explain(file.read()) + f" (Everything that pip said is in {os.path.relpath(log, ROOT)}.)"
    with open(os.path.join(folder, "installed-" + what), "w") as file:
        file.write(fingerprint(what))
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
