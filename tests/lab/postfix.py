"""A private Postfix: its own configuration, queue, log and port."""

import os
import pathlib
import re
import shutil
import subprocess

from .tools import free_port, wait_for

MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

MAIN = {
    "compatibility_level": "3.6",
    "multi_instance_name": "postfix-whybounce-lab",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "myhostname": "mail.example.org",
    "mydomain": "example.org",
    "mydestination": "",
    "local_recipient_maps": "",
    "mynetworks": "127.0.0.0/8",
    "alias_maps": "",
    "alias_database": "",
    "disable_dns_lookups": "yes",
    "smtp_host_lookup": "native",
    "smtp_dns_support_level": "disabled",
    "smtp_tls_security_level": "none",
    "queue_run_delay": "1s",
    "minimal_backoff_time": "1s",
    "maximal_backoff_time": "2s",
}


def services(text):
    """The entries of a master.cf by name and type, comments left out."""
    entries = {}
    for line in text.splitlines():
        if line.startswith((" ", "\t")):
            entries[last] += "\n" + line
        elif line.strip() and not line.startswith("#"):
            last = tuple(line.split()[:2])
            entries[last] = line
    return entries


class Postfix:
    """parameters: lines of main.cf, on top of MAIN. main: more of them, as text.
    master: entries of master.cf, which take the place of those of the same name."""

    def __init__(self, directory, peer_port, parameters=None, main="", master=""):
        self.directory = pathlib.Path(directory)
        self.etc = self.directory / "etc"
        self.queue = self.directory / "queue"
        self.log_file = self.directory / "maillog"
        self.port = free_port()
        self.parameters = dict(MAIN, relayhost=f"[127.0.0.1]:{peer_port}",
                               queue_directory=self.queue, data_directory=self.directory / "data",
                               maillog_file=self.log_file, maillog_file_prefixes=self.directory,
                               **(parameters or {}))
        self.main = main
        self.master = master

    @staticmethod
    def missing():
        """Why no private Postfix can be started here, or None."""
        if os.geteuid() != 0:
            return "only root can start a Postfix"
        if shutil.which("postfix", path=os.environ["PATH"] + ":/usr/sbin") is None:
            return "postfix is not installed"
        return None

    def write_configuration(self):
        for directory in (self.etc, self.queue, self.directory / "data"):
            directory.mkdir(exist_ok=True)
        shutil.chown(self.directory / "data", "postfix")
        (self.etc / "main.cf").write_text(
            "".join(f"{k} = {v}\n" for k, v in self.parameters.items()) + self.main)
        entries = {**services(MASTER.format(port=self.port)), **services(self.master)}
        (self.etc / "master.cf").write_text("".join(e + "\n" for e in entries.values()))

    def run(self, *command):
        path = os.environ["PATH"] + ":/usr/sbin:/sbin"
        return subprocess.run([command[0], "-c", str(self.etc), *command[1:]], check=True,
                              capture_output=True, text=True, env=dict(os.environ, PATH=path))

    def __enter__(self):
        self.write_configuration()
        self.run("postfix", "start")
        wait_for(self.answers, "Postfix's greeting")
        return self

    def __exit__(self, *_):
        self.run("postfix", "stop")

    def answers(self):
        import socket
        try:
            with socket.create_connection(("127.0.0.1", self.port), 5) as s:
                return s.recv(3) == b"220"
        except OSError:
            return False

    def set(self, **parameters):
        self.parameters.update(parameters)
        self.write_configuration()
        self.run("postfix", "reload")

    def submit(self, sender, recipients, message):
        """What a program on this machine does with sendmail(1)."""
        subprocess.run(["/usr/sbin/sendmail", "-C", str(self.etc), "-i", "-f", sender, "--", *recipients],
                       check=True, input=message, capture_output=True)

    def flush(self):
        self.run("postqueue", "-f")

    def queued(self):
        """How many messages are in the queue, those set aside as damaged too."""
        folders = ("maildrop", "incoming", "active", "deferred", "hold", "corrupt")
        return sum(len(files) for f in folders for _, _, files in os.walk(self.queue / f))

    def idle(self):
        return self.queued() == 0

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def warnings(self):
        return [line for line in self.log().splitlines() if re.search(r"fatal|panic|error:|corrupt", line)]
