import functools
import os
import subprocess
import sys
import threading
from pathlib import Path

import programs
import pytest
import serve
from filelock import FileLock

from coursework import sandbox

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The website, built from the stored notebooks with warnings as errors, once for all processes of this test run."""
    ours = tmp_path_factory.getbasetemp()
    folder = (ours.parent if "PYTEST_XDIST_WORKER" in os.environ else ours) / "site"
    command = [Path(sys.executable).with_name("jupyter-book"), "build", ROOT, "-W", "--keep-going", "-q", "--path-output", folder]
    with FileLock(folder.with_suffix(".lock")):
        if not (folder / "built").exists():
            done = subprocess.run(command, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr
            (folder / "built").touch()
    return folder / "_build" / "html"


@pytest.fixture(scope="session")
def address(site):
    """The site's address while it is served on this machine."""
    server = serve.Server(("127.0.0.1", 0), functools.partial(serve.Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="session")
def chromium():
    """A real browser, cut off from every host but this machine."""
    from playwright.sync_api import sync_playwright

    path = programs.find("chromium")
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(programs.ADVICE["chromium"])
    with sync_playwright() as playwright:
        flags = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--disable-background-networking"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            flags.append("--no-sandbox")
        running = playwright.chromium.launch(executable_path=path, args=flags)
        yield running
        running.close()


@pytest.fixture(scope="session")
def sandboxed():
    """What needs bubblewrap is skipped where there is none, and fails in CI."""
    try:
        sandbox.check()
    except sandbox.NoSandbox as error:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(error))


@pytest.fixture(scope="session")
def javascript(chromium):
    """Evaluate an expression in the browser, with the exports of a widget's module in scope as ``m`` and an argument as ``a``."""
    page = chromium.new_page()
    page.goto("about:blank")

    def evaluate(stem, expression, argument=None):
        source = (ROOT / "code" / "lstmbook" / "widgets" / f"{stem}.js").read_text("utf-8")
        return page.evaluate(
            """async ([source, expression, argument]) => {
                const m = await import(URL.createObjectURL(new Blob([source], {type: "text/javascript"})));
                return new Function("m", "a", `return ${expression}`)(m, argument);
            }""",
            [source, expression, argument],
        )

    yield evaluate
    page.close()
