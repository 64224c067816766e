"""`bench leaderboard serve`: build the site, serve it on localhost and open it in a browser."""

from __future__ import annotations

import argparse

from benchmark.cli._command import Command
from benchmark.cli._leaderboard.build import configure_content


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench leaderboard serve`."""
    parser.add_argument("--port", type=int, default=0, metavar="N", help="port on localhost (default: any free one)")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    configure_content(parser)


def run(options: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    import functools
    import http.server
    import webbrowser

    from benchmark.cli.publishing.content import build
    from benchmark.core.paths import Home

    built = build(options, Home.find().leaderboard / "site")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Log nothing."""

    handler = functools.partial(Quiet, directory=str(built.folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", options.port), handler) as server:
        address = f"http://127.0.0.1:{server.server_address[1]}/"
        print(f"{built.cells} cells on {built.boards} boards: {address}  (Ctrl-C ends)", flush=True)
        if not options.no_browser:
            webbrowser.open(address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
    return 0


COMMAND = Command("serve", "build the site and show it in a browser", configure, run)
