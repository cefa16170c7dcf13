"""OpenDKIM: a milter that signs and verifies, and a judge of finished messages.
The public key is in a file, so nobody is asked for it."""

import pathlib
import subprocess

from . import packages
from .tools import wait_for

CONFIGURATION = """\
Socket local:{socket}
UMask 0
Mode {mode}
TestPublicKeys {directory}/keys
AuthservID {domain}
InternalHosts {directory}/internal
RequireSafeKeys no
Background no
Syslog no
"""
SIGNING = """\
Domain {domain}
Selector lab
KeyFile {directory}/lab.private
Canonicalization {canonicalization}
"""


class OpenDKIM:
    """internal: whose mail it signs; that of all others it verifies."""

    def __init__(self, directory, domain, internal="127.0.0.1", canonicalization="simple/simple"):
        self.root = packages.unpack(packages.OPENDKIM)
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(exist_ok=True)
        self.socket = self.directory / "opendkim.sock"
        self.domain = domain
        self.make_key()
        self.set_internal(internal)
        signing = SIGNING.format(directory=self.directory, domain=domain, canonicalization=canonicalization)
        for mode, more in (("sv", signing), ("v", "")):
            (self.directory / mode).write_text(more + CONFIGURATION.format(
                mode=mode, socket=self.socket, domain=domain, directory=self.directory))

    def make_key(self):
        private = self.directory / "lab.private"
        subprocess.run(["openssl", "genrsa", "-out", private, "2048"], check=True, capture_output=True)
        public = subprocess.run(["openssl", "rsa", "-in", private, "-pubout"], check=True,
                                capture_output=True, text=True).stdout
        key = "".join(line for line in public.splitlines() if not line.startswith("-"))
        (self.directory / "keys").write_text(f"lab._domainkey.{self.domain} v=DKIM1; k=rsa; p={key}\n")

    def set_internal(self, hosts):
        (self.directory / "internal").write_text(hosts + "\n")

    def command(self, mode, *arguments):
        return [self.root / "usr/sbin/opendkim", "-x", self.directory / mode, *arguments]

    def __enter__(self):
        self.process = subprocess.Popen(self.command("sv", "-f"), env=packages.environment(self.root),
                                        stderr=subprocess.DEVNULL)
        wait_for(self.socket.exists, "OpenDKIM's socket")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self.socket.unlink(missing_ok=True)

    def restart(self, internal):
        self.__exit__()
        self.set_internal(internal)
        self.__enter__()

    def verify(self, message):
        """What it says about a message: "verification (s=lab, …) succeeded"."""
        path = self.directory / "message"
        path.write_bytes(message)
        run = subprocess.run(self.command("v", "-t", path, "-v"), env=packages.environment(self.root),
                             capture_output=True, text=True)
        return run.stdout + run.stderr
