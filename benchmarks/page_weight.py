"""Weigh a chapter page of this book against the same chapter on a stock Jupyter Book 1.x page.

Measured in headless Chromium, medians of --runs loads with an empty cache, the pages alternating:
bytes over the wire, requests and hosts of a page scrolled to its end, and the seconds from
navigation start until the slider answers: until a real arrow key changes its value and its readout.
The phone profile is 1.6 Mbit/s down, 750 kbit/s up, 150 ms latency and a CPU four times slower.

The stock page is built here from the chapter's notebook: outputs with `data-widget=` become one
executed ipywidgets FloatSlider with its saved state; settings are Jupyter Book's own, but for
sphinx_exercise, the bibliography and this book's `parse` options (the text must mean the same).
What it asks of CDNs is served on loopback from the npm packages behind them, as
http://cdn.jsdelivr.net.localhost:PORT/, so that hosts stay countable; nothing leaves the machine.

Deviations from the open web:
* no TLS and no DNS, which spares each host some round trips: favours the stock page;
* gzip, where CDNs may send Brotli (0.3 to 0.5 MB less for the stock page): favours this book;
* HTTP/1.1, where real hosts speak HTTP/2: favours the page with fewer requests;
* empty 404 answers (embed-amd.js looks for its fonts beside the page, in vain): favours stock;
* require.min.js is made with the r.js of its package, so its integrity attribute is dropped;
* the stock slider only moves, while this book's widget also computes: favours stock.
"""

import argparse
import collections
import gzip
import http.server
import json
import mimetypes
import re
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = next((p for p in Path(__file__).resolve().parents if (p / "chapters").is_dir()), Path.cwd())
CDN = re.compile(r"https://(cdn\.jsdelivr\.net|cdnjs\.cloudflare\.com|unpkg\.com)(?=[/\"'`])")
PHONE = dict(offline=False, latency=150, downloadThroughput=200_000, uploadThroughput=93_750)
TARGET = {"bytes": 1 / 3, "seconds": 1 / 2, "phone": 1 / 2}
PROBE = """(() => {
  const before = new WeakMap(), probe = window.__probe = {ready: false, answered: null};
  const state = el => ({value: el.value ?? el.getAttribute('aria-valuenow'),
    text: (el.type === 'range' ? el.getAttribute('aria-valuetext') : '') +
      el.closest('.widget-slider, [data-widget]').textContent});
  let tick = 0;
  function look(event) {
    const el = document.querySelector('.noUi-handle, [data-widget] input[type=range]');
    const was = before.get(el), now = el && state(el);
    if (was && was.value !== now.value && was.text !== now.text)
      probe.answered ??= performance.now();
    else if (el && event?.target === el) before.set(el, now);
    else if (el && el !== document.activeElement) el.focus();
    else if (!el && tick++ % 25 === 0) document.querySelector('[data-widget]')?.scrollIntoView();
    probe.ready = !!el && el === document.activeElement;
  }
  addEventListener('keydown', look, true);
  setInterval(look, 10);
})()"""
SCROLL = """async () => { for (let y = 0; y < document.body.scrollHeight; y += innerHeight / 2) {
  scrollTo(0, y); await new Promise(done => setTimeout(done, 30)); } }"""


def run(*command, log=None, **options):
    """Run a command; end with one sentence if it fails."""
    done = subprocess.run(command, text=True, capture_output=True, **options)
    if log:
        log.write_text(done.stdout + done.stderr)
    if done.returncode:
        why = f"see {log}" if log else (done.stderr.strip().splitlines() or ["no message"])[-1]
        sys.exit(f"`{' '.join(map(str, command[:3]))} ...` failed: {why}")


def build_stock(notebook, work):
    """Build the chapter as a stock Jupyter Book page with an ipywidgets slider; return the page."""
    import nbformat
    import yaml
    from nbclient import NotebookClient

    code = "import ipywidgets\nipywidgets.FloatSlider(value=0.5, min=0, max=1, step=0.05)"
    tiny = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(tiny, timeout=120, kernel_name="python3").execute(stderr=subprocess.DEVNULL)
    chapter, found = nbformat.read(notebook, as_version=4), False
    for outputs in (cell.get("outputs", []) for cell in chapter.cells):
        for i, output in enumerate(outputs):
            if "data-widget=" in json.dumps(output.get("data", {})):
                outputs[i], found = tiny.cells[0].outputs[-1], True
    if not found:
        sys.exit(f"{notebook} has no output with `data-widget=`, so there is nothing to compare.")
    chapter.metadata["widgets"] = tiny.metadata["widgets"]

    book, html = work / "stock", work / "stock" / "_build" / "html"
    shutil.rmtree(book, ignore_errors=True)
    (book / "chapters").mkdir(parents=True)
    nbformat.write(chapter, book / "chapters" / notebook.name)
    words = " ".join(cell.source for cell in chapter.cells if cell.cell_type == "markdown")
    for name in set(re.findall(r"[\w./-]+\.(?:png|svg|jpe?g|gif|webp|md)\b", words)):
        source, target = notebook.parent / name, (book / "chapters" / name).resolve()
        if source.is_file() and target.is_relative_to(book):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    config = {"title": "Stock", "execute": {"execute_notebooks": "off"}}
    config["sphinx"] = {"extra_extensions": ["sphinx_exercise"]}
    settings = ROOT / "_config.yml"
    ours = yaml.safe_load(settings.read_text()) if settings.is_file() else {}
    config["parse"] = ours.get("parse", {})
    if bibs := ours.get("bibtex_bibfiles"):
        config["bibtex_bibfiles"] = [Path(shutil.copy(ROOT / bib, book)).name for bib in bibs]
    toc = {
        "format": "jb-book",
        "root": "index",
        "chapters": [{"file": f"chapters/{notebook.stem}"}],
    }
    (book / "_config.yml").write_text(yaml.safe_dump(config))
    (book / "_toc.yml").write_text(yaml.safe_dump(toc))
    (book / "index.md").write_text("# Stock\n")
    start = "from jupyter_book.cli.main import main; main()"
    run(sys.executable, "-c", start, "build", str(book), log=work / "stock.log")
    return html / "chapters" / f"{notebook.stem}.html"


def npm_file(package, version, path, cache):
    """Return one file of an npm package, or None; packages are fetched once and kept in cache."""
    kept = cache / (re.sub(r"[^\w.-]+", "-", f"{package}@{version}").strip("-") + ".tgz")
    if not kept.is_file():
        if not shutil.which("npm"):
            sys.exit("npm was not found: the CDN files of the stock page come from npm packages.")
        with tempfile.TemporaryDirectory(dir=cache) as tmp:
            run("npm", "pack", f"{package}@{version}", "--silent", "--pack-destination", tmp)
            next(Path(tmp).glob("*.tgz")).rename(kept)
    with tarfile.open(kept) as tar:
        names = {member.name.partition("/")[2]: member for member in tar if member.isfile()}
        return tar.extractfile(names[path]).read() if path in names else None


def cdn_file(host, path, cache):
    """Return what a CDN answers for a path, from the npm package behind it, or None."""
    if found := re.fullmatch(r"/ajax/libs/require\.js/([\d.]+)/require\.min\.js", path):
        with tempfile.TemporaryDirectory() as tmp:
            for name, source in (("r.js", "bin/r.js"), ("full.js", "require.js")):
                Path(tmp, name).write_bytes(npm_file("requirejs", found[1], source, cache))
            options = "baseUrl=. name=full out=min.js optimize=uglify skipModuleInsertion=true"
            run("node", "r.js", "-o", *options.split(), cwd=tmp)
            return Path(tmp, "min.js").read_bytes()
    path = path.removeprefix("/npm") if host == "cdn.jsdelivr.net" else path
    found = re.fullmatch(r"/((?:@[^/]+/)?[^/@]+)@([^/]+)/(.+)", path)
    return npm_file(*found.groups(), cache) if found else None


class Server(http.server.ThreadingHTTPServer):
    """Both sites and the CDNs on one loopback port, told apart by host, from memory."""

    daemon_threads = True

    def __init__(self, sites, cache):
        super().__init__(("127.0.0.1", 0), Handler)
        self.sites, self.cache, self.made, self.lock = sites, cache, {}, threading.Lock()
        self.missing, self.asked, self.error = set(), 0, None

    def handle_error(self, request, client_address):
        """A browser that hangs up is no news."""

    def answer(self, host, path):
        """The whole response to a request, made once and then kept."""
        with self.lock:
            self.asked += 1
            if (host, path) not in self.made:
                try:
                    body = self.find(host, path)
                except SystemExit as problem:  # in a server thread: for the main thread to raise
                    body, self.error = None, problem
                self.made[host, path] = self.response(host, path, body)
            return self.made[host, path]

    def find(self, host, path):
        """The bytes of a file of one of the sites or of a CDN's package, or None."""
        if host not in self.sites:
            return cdn_file(host, path, self.cache)
        file = (self.sites[host] / path.lstrip("/")).resolve()
        inside = file.is_file() and file.is_relative_to(self.sites[host])
        return file.read_bytes() if inside else None

    def response(self, host, path, body):
        """The bytes of an HTTP response, compressed where that helps."""
        if body is None:
            self.missing.add(f"{host}{path}")
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        kind, extra = mimetypes.guess_type(path)[0] or "application/octet-stream", ""
        if re.search(r"^text/|javascript|json|xml", kind):
            text = CDN.sub(rf"http://\1.localhost:{self.server_port}", body.decode())
            text = re.sub(r' integrity="[^"]*"', "", text) if kind == "text/html" else text
            body, extra = gzip.compress(text.encode(), 6), "Content-Encoding: gzip\r\n"
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{extra}Content-Length: {len(body)}\r\n"
        head += "Cache-Control: public, max-age=600\r\nAccess-Control-Allow-Origin: *\r\n\r\n"
        return head.encode() + body


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers every host of the measurement from this machine."""

    protocol_version, disable_nagle_algorithm = "HTTP/1.1", True

    def do_GET(self):
        """Send what the server has for the host and the path."""
        host = self.headers["Host"].rsplit(":", 1)[0].removesuffix(".localhost")
        self.wfile.write(self.server.answer(host, unquote(urlsplit(self.path).path)))

    def log_message(self, *_):
        """Stay quiet."""


def load(browser, url, server, phone=False):
    """Load a page with an empty cache; return its seconds to an answer and its bytes by URL."""
    context, asked = browser.new_context(viewport={"width": 1280, "height": 800}), server.asked
    page, urls, sizes, last = context.new_page(), {}, collections.Counter(), time.monotonic()
    finishes = 0

    def sent(event):
        nonlocal last
        last = time.monotonic()
        if event["request"]["url"].startswith("http"):
            urls[event["requestId"]] = event["request"]["url"]

    def finished(event):
        nonlocal last, finishes
        last = time.monotonic()
        if ".localhost:" in (url := urls.get(event["requestId"], "")):
            finishes += 1
            sizes[url] += event.get("encodedDataLength", 0)  # a failed load tells none

    cdp = context.new_cdp_session(page)
    cdp.on("Network.requestWillBeSent", sent)
    cdp.on("Network.loadingFinished", finished)
    cdp.on("Network.loadingFailed", finished)
    cdp.on("Network.requestServedFromCache", lambda event: urls.pop(event["requestId"], None))
    cdp.send("Network.enable")
    if phone:
        cdp.send("Network.emulateNetworkConditions", PHONE)
        cdp.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.add_init_script(PROBE)
    page.goto(url, wait_until="commit", timeout=60_000)
    deadline, presses = time.monotonic() + 90, 0
    while (probe := page.evaluate("window.__probe"))["answered"] is None:
        if server.error or time.monotonic() > deadline:
            sys.exit(server.error or f"The slider of {url} did not answer within 90 seconds.")
        if probe["ready"]:  # right, then left: a slider at its end must not look deaf
            page.keyboard.press(("ArrowRight", "ArrowLeft")[presses % 2])
            presses += 1
        page.wait_for_timeout(10)
    if phone:
        end = page.evaluate("performance.getEntriesByType('navigation')[0].responseEnd")
        if end < PHONE["latency"]:
            sys.exit("The browser did not apply the phone profile, so its times mean nothing.")
    else:
        page.wait_for_load_state("load")
        page.evaluate(SCROLL)
        while time.monotonic() < last + 1:
            page.wait_for_timeout(50)
    unseen = server.asked - asked - finishes
    context.close()
    return probe["answered"] / 1000, sizes, list(urls.values()), unseen


def measure(server, urls, runs):
    """Load both pages in turn; return the medians of each page, and what its last load asked."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        sys.exit("Playwright is missing: run `pip install playwright`.")
    flags = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE *.localhost, EXCLUDE 127.0.0.1"]
    loads, result = {(name, phone): [] for name in urls for phone in (False, True)}, {}
    with sync_playwright() as play:
        try:
            browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        except Error:
            sys.exit("No browser: install Chromium, or run `playwright install chromium`.")
        for url in urls.values():
            load(browser, url, server)  # not counted: fetches and compresses what is asked
        for turn in range(2 * runs):
            for name, url in list(urls.items())[:: -1 if turn % 2 else 1]:
                loads[name, turn >= runs].append(load(browser, url, server, turn >= runs))
        browser.close()
    for name in urls:
        seconds, sizes, asked, unseen = zip(*loads[name, False], strict=True)
        hosts = {urlsplit(url).hostname for url in asked[-1]}
        result[name] = {
            "bytes": statistics.median(size.total() for size in sizes),
            "requests": statistics.median(map(len, asked)),
            "hosts": len(hosts),
            "seconds": statistics.median(seconds),
            "phone": statistics.median(x[0] for x in loads[name, True]),
            "heaviest": sizes[-1].most_common(5),
            "unanswered": sorted(host for host in hosts if not host.endswith(".localhost")),
            "unseen": max(unseen),
        }
    return result


def report(stock, ours, missing):
    """Print the table, the heaviest files, and what a reader must know to trust them."""
    print(f"{'':34}{'stock':>12}{'this book':>12}{'ratio':>8}")
    for label, key, form in (
        ("bytes (gzip)", "bytes", ",.0f"),
        ("requests", "requests", ".0f"),
        ("hosts", "hosts", ".0f"),
        ("seconds until the slider answers", "seconds", ".2f"),
        ("same, phone profile", "phone", ".2f"),
    ):
        ratio = f"{ours[key] / stock[key]:>8.2f}"
        print(f"{label:34}{stock[key]:>12{form}}{ours[key]:>12{form}}{ratio}")
    for title, page in (("stock", stock), ("this book", ours)):
        print(f"\nHeaviest files, {title}:")
        for url, size in page["heaviest"]:
            print(f"{size:>12,}  {re.sub('^http://|[.]localhost:[0-9]+', '', url)}")
        if page["unanswered"]:
            print(f"Asked of hosts that got no answer: {', '.join(page['unanswered'])}")
        if page["unseen"] > 0:
            print(f"Requests of unknown size, not in the bytes (workers): {page['unseen']}")
    if missing:
        print("\nNot found (404):", *sorted(missing), sep="\n  ")


def main():
    """Measure both pages and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    page = ROOT / "_build" / "html" / "chapters" / "01_why_remember.html"
    parser.add_argument("--ours", type=Path, default=page, help="a built page of this book")
    notebook = ROOT / "chapters" / "01_why_remember.ipynb"
    parser.add_argument("--notebook", type=Path, default=notebook, help="the page's notebook")
    parser.add_argument("--runs", type=int, default=5, help="loads per page and profile")
    parser.add_argument("--check", action="store_true", help="fail above 1/3 of bytes, 1/2 of times")
    args = parser.parse_args()
    if not args.ours.is_file():
        sys.exit(f"There is no {args.ours}: run `make site` first.")
    if "data-widget=" not in args.ours.read_text():
        sys.exit(f"{args.ours} has no widget: run `make site` again, or name another page.")
    if not args.notebook.is_file():
        sys.exit(f"There is no notebook {args.notebook}.")

    work, ours = (ROOT / "_build" / "benchmarks").resolve(), args.ours.resolve()
    (work / "npm").mkdir(parents=True, exist_ok=True)
    site = next((p for p in ours.parents if (p / "_static").is_dir()), ours.parent)
    stock = build_stock(args.notebook.resolve(), work)
    server = Server({"stock": stock.parent.parent, "ours": site}, work / "npm")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    urls = {
        name: f"http://{name}.localhost:{server.server_port}/{page.relative_to(server.sites[name])}"
        for name, page in (("stock", stock), ("ours", ours))
    }
    result = measure(server, urls, args.runs)
    report(result["stock"], result["ours"], server.missing)
    if args.check:
        shares = {key: result["ours"][key] / result["stock"][key] for key in TARGET}
        missed = [f"{k} {shares[k]:.2f} > {TARGET[k]:.2f}" for k in TARGET if shares[k] > TARGET[k]]
        if missed:
            sys.exit(f"\nTarget missed, as shares of the stock page: {', '.join(missed)}.")
        print("\nTarget met: at most 1/3 of the stock page's bytes and 1/2 of its times.")


if __name__ == "__main__":
    main()
