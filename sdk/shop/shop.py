"""The example shop that the connectors in JavaScript and Python read: seven orders behind a bearer token.

It prints one line of JSON once it serves, and ends when its standard input closes.
"""

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

TOKEN = "a-token-of-the-example-shop"
LINES = [{"title": "Bolt M6", "qty": 2, "sku": "B-6"}, {"title": "Washer", "qty": 10}]
ORDERS = [{"id": n, "currency": "EUR", "changed": 1767225600 + n, "lines": LINES, "note": "Žluť"} for n in range(1, 8)]
STATUSES = [{"id": 1, "name": "New"}, {"id": 2, "name": "Sent"}]


class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.answer(401, {"error": "who are you?"})
        asked = urlparse(self.path)
        query = parse_qs(asked.query)
        kind, _, key = asked.path.strip("/").partition("/")
        if kind == "statuses":
            return self.answer(200, STATUSES)
        if kind == "orders" and not key:
            after, limit = int(query["after"][0]), int(query["limit"][0])
            return self.answer(200, [order for order in ORDERS if order["id"] > after][:limit])
        found = [order for order in ORDERS if kind == "orders" and str(order["id"]) == key]
        return self.answer(200, found[0]) if found else self.answer(404, {"error": "there is no such order"})

    def answer(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, *_):
        """Says nothing of callers who go before they are answered, as the laws have it."""


server = Server(("127.0.0.1", 0), Shop)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"url": f"http://127.0.0.1:{server.server_port}", "token": TOKEN}), flush=True)
sys.stdin.read()
os._exit(0)
