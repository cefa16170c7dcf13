"""A DNS server on loopback: NSD with zones of the test's own."""

import pathlib
import socket
import subprocess

from . import packages
from .tools import free_port, wait_for

CONFIGURATION = """\
server:
  ip-address: 127.0.0.1
  port: {port}
  username: ""
  database: ""
  zonesdir: "{directory}"
  pidfile: "{directory}/nsd.pid"
  xfrdfile: "{directory}/xfrd.state"
  zonelistfile: "{directory}/zone.list"
  server-count: 1
  hide-version: yes
  rrl-ratelimit: 0
remote-control:
  control-enable: no
"""
ZONE = """\
$ORIGIN {name}.
$TTL 60
@ SOA ns.{name}. root.{name}. 1 3600 600 86400 60
@ NS ns.{name}.
"""


def txt(text):
    """A TXT record's strings, as a zone file has them: 255 octets each at the most."""
    pieces = [text[i:i + 255] for i in range(0, len(text), 255)]
    return "TXT " + " ".join('"' + p.replace("\\", "\\\\").replace('"', '\\"') + '"' for p in pieces)


class DNS:
    """zones: {"example.org": ["@ " + txt("v=spf1 -all"), "mx A 192.0.2.1"]}. Names
    outside of them, all public ones too, do not exist: the root is a zone as well."""

    def __init__(self, directory, zones):
        self.root = packages.unpack(packages.NSD)
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(exist_ok=True)
        self.port = free_port()
        self.address = f"127.0.0.1@{self.port}"
        self.zones = {name: list(rows) for name, rows in zones.items()}
        self.process = None

    def write_configuration(self):
        text = CONFIGURATION.format(port=self.port, directory=self.directory)
        for name, rows in {**self.zones, ".": []}.items():
            path = self.directory / f"{name.strip('.') or 'root'}.zone"
            if name == ".":
                start = "$ORIGIN .\n$TTL 60\n@ SOA ns. root. 1 3600 600 86400 60\n@ NS ns.\n"
            else:
                start = ZONE.format(name=name)
            path.write_text(start + "\n".join(rows) + "\n")
            text += f'zone:\n  name: "{name}"\n  zonefile: "{path}"\n'
        (self.directory / "nsd.conf").write_text(text)

    def __enter__(self):
        self.write_configuration()
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(
                [self.root / "usr/sbin/nsd", "-d", "-c", self.directory / "nsd.conf"],
                env=packages.environment(self.root), stderr=log, stdout=log)
        wait_for(self.answers, f"NSD; its log: {self.directory / 'log'}")
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(10)

    def set(self, **zones):
        """Other records from now on. Underscores of the keyword stand for dots."""
        self.__exit__()
        self.zones.update({name.replace("_", "."): rows for name, rows in zones.items()})
        self.__enter__()

    def answers(self):
        """A question for the root's SOA, and any answer to it."""
        if self.process.poll() is not None:
            raise RuntimeError((self.directory / "log").read_text())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.2)
            s.sendto(b"\x12\x34\0\0\0\1\0\0\0\0\0\0\0\0\6\0\1", ("127.0.0.1", self.port))
            try:
                return s.recv(512)[:2] == b"\x12\x34"
            except OSError:
                return False
