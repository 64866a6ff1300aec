"""Find the programs that the tests use beside Python, or get them: python tools/programs.py"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
ADVICE = {
    "chromium": "The tests, PDF and EPUB need Chromium: install it (Debian: apt-get install chromium), or set CHROMIUM=/path/to/it.",
    "bubblewrap": "The tests that mark a class need bubblewrap: install it (Debian and Ubuntu: apt-get install bubblewrap).",
    "epubcheck": "The tests of the EPUB need epubcheck: install it (apt-get install epubcheck, or brew install epubcheck).",
}


def find(name):
    """The path of a program, or None. A Chromium: $CHROMIUM, one on the PATH, or Playwright's own."""
    if name != "chromium":
        return shutil.which({"bubblewrap": "bwrap"}.get(name, name))
    named = os.environ.get("CHROMIUM")
    if named:
        return named if os.access(named, os.X_OK) else None
    for each in NAMES:
        if path := shutil.which(each):
            return path
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.path.exists(path) else None


def get(name):
    """Install a program: with apt-get as root where there is one, else Playwright's own Chromium. Returns its path, or None."""
    commands = [[sys.executable, "-m", "playwright", "install", "chromium"]] if name == "chromium" else []
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        commands[:0] = [["sh", "-c", f"apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq {name}"]]
    for command in commands:
        print(f"Getting {name} for the tests ...", flush=True)
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if done.returncode == 0 and (path := find(name)):
            return path
    return None


def main():
    if os.environ.get("CHROMIUM") and not find("chromium"):
        sys.exit(f"CHROMIUM names {os.environ['CHROMIUM']}, but no program is there.")
    for name, advice in ADVICE.items():
        if find(name) or get(name):
            continue
        if os.environ.get("CI"):
            sys.exit(advice)
        print(advice + " They are skipped.")


if __name__ == "__main__":
    main()
