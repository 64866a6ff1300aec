"""Lighthouse's four scores for the door and the five heaviest pages of the built site: python benchmarks/lighthouse.py

Lighthouse's own mobile setting (a simulated phone: CPU four times slower, 1.6 Mbit/s, 150 ms), the site served compressed on this machine.
Four times slower is meant for a fast desktop computer, which Lighthouse's benchmark index puts at 1500 or more. Its guide to throttling
(docs/throttling.md) gives 2 (from 1 to 5) for one at 1000 to 1500, to come to the same middling phone: --slowdown 2.
Medians of --runs loads; below the table, what failed. Needs npm, which fetches Lighthouse once into _build/lighthouse, and Chromium.
"""

import argparse
import collections
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import threading
from pathlib import Path

from page_weight import Server

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
VERSION = "12.8.2"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
FAST = 1500
"""From this benchmark index on, Lighthouse's own slowdown makes a middling phone of this machine; below it, a slower one."""

sys.path.append(str(ROOT / "tools"))
import programs


def weight(page):
    """The bytes of a page and of the pictures on it, in one theme."""
    text = page.read_text("utf-8")
    pictures = set(re.findall(r'<img (?!class="only-dark")[^>]* src="([^":]+)"', text))
    return len(text) + sum((page.parent / src).stat().st_size for src in pictures)


def heaviest(count):
    """The pages, but for the door, that weigh most."""
    pages = [page for folder in ("book", "chapters") for page in (SITE / folder).glob("*.html") if page.stem != "index"]
    return sorted(pages, key=weight, reverse=True)[:count]


def installed():
    """The program ``lighthouse``, fetched if it is not there yet."""
    folder = ROOT / "_build" / "lighthouse"
    program = folder / "node_modules" / ".bin" / "lighthouse"
    if not program.exists():
        if not shutil.which("npm"):
            sys.exit("npm was not found, which fetches Lighthouse: install Node.js and run this again.")
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--no-save", "--prefix", folder, f"lighthouse@{VERSION}"], check=True)
    return program


def load(program, url, slowdown):
    """Lighthouse's report on one load, with a CPU that is ``slowdown`` times slower than this one."""
    flags = "--headless=new --host-resolver-rules='MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'"
    flags += " --no-sandbox" if hasattr(os, "geteuid") and os.geteuid() == 0 else ""
    command = [program, url, "--quiet", "--output=json", f"--only-categories={','.join(CATEGORIES)}", f"--chrome-flags={flags}"]
    command.append(f"--throttling.cpuSlowdownMultiplier={slowdown:g}")
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "CHROME_PATH": programs.find("chromium")})
    if done.returncode:
        sys.exit(f"Lighthouse could not load {url}: {done.stderr.strip()[-500:]}")
    return json.loads(done.stdout)


def failed(report):
    """The audits that cost points, and what they measured."""
    for category in report["categories"].values():
        for ref in category["auditRefs"]:
            audit = report["audits"][ref["id"]]
            if ref["weight"] and audit["score"] is not None and audit["score"] < 0.9:
                yield f"{audit['title']} {audit.get('displayValue', '')}".strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="loads of each page")
    parser.add_argument("--slowdown", type=float, default=4, help="how much slower than this machine the phone is (default: 4)")
    options = parser.parse_args()
    if options.runs < 1 or options.slowdown < 1:
        parser.error("--runs and --slowdown are 1 or more")
    if not SITE.is_dir():
        sys.exit("There is no site to measure: build it first with make site.")
    if not programs.find("chromium"):
        sys.exit(programs.ADVICE["chromium"])
    program = installed()
    server = Server({"127.0.0.1": SITE}, None)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    missed, speeds = {}, []
    print("| page | " + " | ".join(CATEGORIES) + " |\n|---" + "|---" * len(CATEGORIES) + "|", flush=True)
    for page in [SITE / "book" / "index.html", *heaviest(5)]:
        name = page.relative_to(SITE).with_suffix("")
        reports = [load(program, f"http://127.0.0.1:{server.server_port}/{name}.html", options.slowdown) for _ in range(options.runs)]
        scores = {category: round(100 * statistics.median(r["categories"][category]["score"] for r in reports)) for category in CATEGORIES}
        print(f"| {name} | " + " | ".join(map(str, scores.values())) + " |", flush=True)
        speeds += [report["environment"]["benchmarkIndex"] for report in reports]
        missed[name] = collections.Counter(line for report in reports for line in failed(report))
    index = statistics.median(speeds)
    print(f"Benchmark index of this machine: {index:.0f} ({min(speeds):.0f} to {max(speeds):.0f}); slowdown: {options.slowdown:g}.")
    if index < FAST and options.slowdown >= 4:
        print(f"Below {FAST} this is a slower phone than Lighthouse means, and the performance above is too low: see --help.")
    for name, lines in missed.items():
        for line, times in lines.items():
            print(f"{name}: {line} (in {times} of {options.runs})")


if __name__ == "__main__":
    main()
