#!/bin/bash
# Serves one page and a health path. Needs nothing from the network: Python 3
# and systemd are part of Amazon Linux 2023.
set -euo pipefail

install -d -m 755 /opt/webserver
cat > /opt/webserver/index.html <<'PAGE'
<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>@NAME@</title></head>
<body>
<h1>@SERVER_TEXT@</h1>
<p>Cluster: @NAME@</p>
<p>Database: @DATABASE@</p>
</body>
</html>
PAGE

cat > /opt/webserver/server.py <<'SERVER'
import http.server
import pathlib

PAGE = pathlib.Path(__file__).with_name("index.html").read_bytes()
HEALTH = @HEALTH_PATH@


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Longer than any load balancer keeps an idle connection, so that the
    # server is never the first to close one.
    timeout = @KEEP_ALIVE@

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path == "/":
            self.answer(200, "text/html; charset=utf-8", PAGE)
        elif HEALTH in (path, self.path):
            self.answer(200, "text/plain", b"ok\n")
        else:
            self.answer(404, "text/plain", b"not found\n")

    do_HEAD = do_GET

    def answer(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 1024


Server(("", @PORT@), Handler).serve_forever()
SERVER

cat > /etc/systemd/system/webserver.service <<'UNIT'
[Unit]
Description=Web server
After=network.target

[Service]
ExecStart=/usr/bin/python3 /opt/webserver/server.py
Restart=always
DynamicUser=yes

[Install]
WantedBy=multi-user.target
UNIT

systemctl daemon-reload
systemctl enable --now webserver.service
