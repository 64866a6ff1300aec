"""Serve a built site on this machine alone: python tools/serve.py _build/html [--port 8000]. A busy port: the next one."""

import argparse
import errno
import functools
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing of it."""

    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".js": "text/javascript", ".ipynb": "application/x-ipynb+json"}  # noqa: RUF012

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    """A server that may take a port again at once."""

    allow_reuse_address = sys.platform != "win32"  # there it would share a busy port


def listen(folder, port):
    """A server of ``folder`` on 127.0.0.1, on ``port`` or the first free one of the hundred after it."""
    handler = functools.partial(Quiet, directory=str(folder))
    for number in range(port, port + 100):
        try:
            return Server(("127.0.0.1", number), handler)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            print(f"Port {number} is busy, trying {number + 1}.", flush=True)
    sys.exit(f"All ports from {port} to {port + 99} are busy: name another with --port.")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    if not (options.folder / "index.html").is_file():
        sys.exit(f"There is no site in {options.folder}: build it first with make site.")
    server = listen(options.folder, options.port)
    print(f"The book is at http://127.0.0.1:{server.server_port}/ (stop with Ctrl+C)", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
