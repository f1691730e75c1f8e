"""A server that answers /model/parse as it is told: well, wrongly, slowly, or never. Its thread ends with `close`."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "a token of sixteen letters"


def ranking(*pairs: tuple[str, Any]) -> bytes:
    """An answer as Rasa gives it."""
    entries = [{"name": name, "confidence": confidence} for name, confidence in pairs]
    return json.dumps({"intent": entries[0], "entities": [], "intent_ranking": entries}).encode()


class FakeRasa:
    """`answer(text)` gives status and body, or waits for `release`; `texts` are those that came with the token."""

    def __init__(self) -> None:
        self.answer: Callable[[str], tuple[int, bytes]] = lambda text: (200, ranking(("greet", 0.9), ("thank", 0.1)))
        self.release = threading.Event()
        self.texts: list[str] = []
        self.paths: list[str] = []
        self.url = ""

    def hang(self, text: str) -> tuple[int, bytes]:
        """Says nothing until it is released; the test's own end is the longest that it waits."""
        self.release.wait(60)
        return 503, b""


@contextmanager
def serving(fake: FakeRasa) -> Iterator[FakeRasa]:
    """The fake under `fake.url`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            address = urlsplit(self.path)
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            fake.paths.append(address.path)
            if parse_qs(address.query).get("token") != [TOKEN]:
                status, answer = 401, b"{}"
            else:
                fake.texts.append(body["text"])
                status, answer = fake.answer(body["text"])
            try:
                self.send_response(status)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
            except OSError:
                self.close_connection = True  # who asked has gone

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield fake
    finally:
        fake.release.set()
        server.shutdown()
        thread.join()
        server.server_close()
