# Python reads this when it starts. A machine of plain processes has no network of
# its own: a server gets a free port of 127.0.0.1 instead of the one that it binds,
# and says here which one.
import importlib.machinery
import importlib.util
import os
import pathlib
import socket
import sys

ROOT = pathlib.Path(os.environ["LOCALAWS_ROOT"])
bind = socket.socket.bind


def bind_elsewhere(self, address):
    if self.family not in (socket.AF_INET, socket.AF_INET6) or self.type != socket.SOCK_STREAM:
        return bind(self, address)
    host = "::1" if self.family == socket.AF_INET6 else "127.0.0.1"
    bind(self, (host, 0))
    if address[1]:
        port = ROOT / "ports" / str(address[1])
        new = port.with_name(f"{port.name}.{os.getpid()}")
        new.write_text(f"[{host}]:{self.getsockname()[1]}\n")
        new.replace(port)  # never seen half-written


socket.socket.bind = bind_elsewhere
socket.gethostname = lambda: os.environ["HOSTNAME"]

# The image's own, if it has one, which this one hides.
here = pathlib.Path(__file__).parent
spec = importlib.machinery.PathFinder.find_spec("sitecustomize", [p for p in sys.path if pathlib.Path(p) != here])
if spec:
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
