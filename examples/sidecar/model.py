"""A model's server as a team might have it: Python's standard library, and not a line about logging."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Model(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        flights = json.loads(self.rfile.read(length))["flights"]
        # Long flights are late.
        answer = json.dumps({"late": [flight["distance"] > 1000 for flight in flights]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8080"))), Model)
print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
