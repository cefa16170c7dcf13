"""HAProxy with the configuration that we ship, but for its addresses."""

import os
import pathlib
import re
import shutil
import socket
import subprocess

from .tools import TREE, free_port, wait_for


class HAProxy:
    """daemons: those it divides bounces among; each listens on inet, and has metrics."""

    def __init__(self, directory, daemons):
        self.directory = pathlib.Path(directory)
        self.daemons = daemons
        self.port = free_port()
        self.process = None

    @staticmethod
    def missing():
        """Why it cannot be started here, or None."""
        found = shutil.which("haproxy", path=os.environ["PATH"] + ":/usr/sbin")
        return None if found else "haproxy is not installed"

    def configuration(self):
        text = (TREE / "conf" / "haproxy" / "haproxy.cfg").read_text()
        text = text.replace("bind 127.0.0.1:8890", f"bind 127.0.0.1:{self.port}")
        text, n = re.subn(r"^    server .*\n", "", text, flags=re.M)
        assert n == 2, "the shipped file has two servers"
        for i, daemon in enumerate(self.daemons):
            milter, metrics = (re.search(r":(\d+)@", daemon.options[key]).group(1) for key in ("socket", "metrics"))
            text += f"    server s{i} 127.0.0.1:{milter} port {metrics}\n"
        return text

    def __enter__(self):
        path = self.directory / "haproxy.cfg"
        path.write_text(self.configuration())
        with open(self.directory / "haproxy.log", "ab") as log:
            self.process = subprocess.Popen(["haproxy", "-f", str(path), "-db"], stderr=log, stdout=log,
                                            env=dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin"))
        wait_for(self.answers, "HAProxy's port")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 5).close()
            return True
        except OSError:
            return False

    def milter(self, action="tempfail"):
        """What main.cf calls it."""
        return f"{{ inet:127.0.0.1:{self.port}, default_action={action} }}"

    def log(self):
        return (self.directory / "haproxy.log").read_text(errors="replace")
