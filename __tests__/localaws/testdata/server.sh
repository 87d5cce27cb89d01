#!/bin/bash
# A web server that does as it is told: /status/500, /slow/1.5, /close.
set -euo pipefail
install -d /opt/server
cat > /opt/server/server.py <<'SERVER'
import http.server, socket, time


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        kind, _, value = self.path.strip("/").partition("/")
        if kind == "close":
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        if kind == "slow":
            time.sleep(float(value))
        body = (socket.gethostname() + " " + str(dict(self.headers))).encode()
        self.send_response(int(value) if kind == "status" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
SERVER
cat > /etc/systemd/system/server.service <<'UNIT'
[Service]
ExecStart=/usr/bin/python3 /opt/server/server.py
Restart=always
DynamicUser=yes
UNIT
systemctl enable --now server
