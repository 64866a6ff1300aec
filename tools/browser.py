"""Find the browser that the tests use, or get one: python tools/browser.py"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
ADVICE = "The browser tests need Chromium: install it (Debian and Ubuntu: apt-get install chromium), or set CHROMIUM=/path/to/it."


def find():
    """The path of a Chromium, or None: $CHROMIUM, one on the PATH, or Playwright's own."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named if os.access(named, os.X_OK) else None
    for name in NAMES:
        if path := shutil.which(name):
            return path
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.path.exists(path) else None


def get():
    """Install a Chromium: with apt-get as root where there is one, else Playwright's own. Returns its path, or None."""
    commands = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        commands[:0] = [["sh", "-c", "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium"]]
    for command in commands:
        print("Getting a browser for the tests ...", flush=True)
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if done.returncode == 0 and (path := find()):
            return path
    return None


def main():
    if os.environ.get("CHROMIUM") and not find():
        sys.exit(f"CHROMIUM names {os.environ['CHROMIUM']}, but no program is there.")
    if find() or get():
        return
    if os.environ.get("CI"):
        sys.exit(ADVICE)
    print(ADVICE + " They are skipped.")


if __name__ == "__main__":
    main()
