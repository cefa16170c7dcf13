"""A private Sendmail, beside whatever mail server is installed: its programs are
those of Debian's packages, unpacked; configuration, queue, mailboxes and log are
its own. Mail to other domains goes to the peer."""

import os
import pathlib
import re
import shutil
import signal
import subprocess

from . import packages
from .tools import free_port, syslog_to, wait_for

HOST = "mail.example.org"

# Debian's packages have m4 and the cf sources; dnl: no host is asked, no time lost.
MC = """\
divert(-1)
include(`{cf}/m4/cf.m4')
divert(0)dnl
OSTYPE(`linux')dnl
undefine(`PROCMAIL_MAILER_PATH')dnl
define(`confDOMAIN_NAME', `{host}')dnl
define(`QUEUE_DIR', `{directory}/queue')dnl
define(`STATUS_FILE', `{directory}/statistics')dnl
define(`confPID_FILE', `{directory}/sendmail.pid')dnl
define(`ALIAS_FILE', `{directory}/aliases')dnl
define(`HELP_FILE', `{directory}/helpfile')dnl
define(`confSERVICE_SWITCH_FILE', `{directory}/service.switch')dnl
define(`confHOSTS_FILE', `{directory}/hosts')dnl
define(`confDONT_BLAME_SENDMAIL', `TrustStickyBit')dnl
define(`confDEF_USER_ID', `8:8')dnl
define(`confTRUSTED_USER', `root')dnl
define(`confDONT_PROBE_INTERFACES', `True')dnl
define(`confTO_IDENT', `0')dnl
define(`confREFUSE_LA', `1000')dnl
define(`confQUEUE_LA', `1000')dnl
define(`confLOG_LEVEL', `12')dnl
define(`confMIN_QUEUE_AGE', `0')dnl
define(`SMART_HOST', `peer:[127.0.0.1]')dnl
define(`LOCAL_MAILER_PATH', `{directory}/deliver')dnl
define(`LOCAL_MAILER_ARGS', `deliver $u')dnl
define(`LOCAL_MAILER_FLAGS', `PnSE9')dnl
MODIFY_MAILER_FLAGS(`LOCAL', `-w')dnl
{options}
FEATURE(`no_default_msa')dnl
DAEMON_OPTIONS(`Name=MTA, Addr=127.0.0.1, Port={port}')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`accept_unqualified_senders')dnl
FEATURE(`nocanonify')dnl
LOCAL_DOMAIN(`example.org localhost {host}')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
{last}
MAILER_DEFINITIONS
Mpeer,	P=[IPC], F=mDFMuXak8, S=EnvFromSMTP/HdrFromSMTP, R=MasqSMTP, E=\\r\\n, L=2040,
		T=DNS/RFC822/SMTP, A=TCP $h {peer}
"""

# The submission queue: what `sendmail` on the command line hands to the server.
SUBMIT = """\
divert(-1)
include(`{cf}/m4/cf.m4')
divert(0)dnl
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `{host}')dnl
define(`MSP_QUEUE_DIR', `{directory}/clientqueue')dnl
define(`STATUS_FILE', `{directory}/clientqueue/statistics')dnl
define(`confSERVICE_SWITCH_FILE', `{directory}/service.switch')dnl
define(`confHOSTS_FILE', `{directory}/hosts')dnl
define(`confRUN_AS_USER', `mail')dnl
define(`confDONT_BLAME_SENDMAIL', `TrustStickyBit')dnl
define(`RELAY_MAILER_ARGS', `TCP $h {port}')dnl
FEATURE(`msp', `[127.0.0.1]')dnl
"""

# One file per message; "full" has no room.
DELIVER = """\
#!/bin/sh
umask 022
case $1 in full) cat >/dev/null; exit 73 ;; esac
mkdir -p {directory}/mailboxes/"$1"
cat >{directory}/mailboxes/"$1"/.$$ && mv {directory}/mailboxes/"$1"/.$$ {directory}/mailboxes/"$1"/$$.eml
"""


def run_as_host(host, command):
    """A host with a full name, which Sendmail waits a minute for elsewhere."""
    return ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', host, *map(str, command)]


class Sendmail:
    """options: lines of m4 before the mailers; last: after them, where
    conf/sendmail/whybounce.m4 is included. Its queue is run only when told to, or
    every so often (interval, as "1s")."""

    def __init__(self, directory, peer_port, options="", last="", aliases=""):
        self.root = packages.unpack(packages.SENDMAIL)
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(exist_ok=True)
        self.peer_port = peer_port
        self.port = free_port()
        self.options = options
        self.last = last
        self.aliases = aliases
        self.interval = "1h"
        self.log_file = self.directory / "maillog"
        self.queue = self.directory / "queue"

    @staticmethod
    def missing():
        """Why no private Sendmail can be started here, or None."""
        if os.geteuid() != 0:
            return "only root can start a Sendmail"
        return packages.missing()

    # ---- how it is set up ----

    def write(self, name, text, mode=0o644):
        path = self.directory / name
        path.write_text(text)
        path.chmod(mode)

    def write_configuration(self):
        self.queue.mkdir(mode=0o700, exist_ok=True)
        mailboxes = self.directory / "mailboxes"
        mailboxes.mkdir(exist_ok=True)
        mailboxes.chmod(0o1777)
        self.write("hosts", f"127.0.0.1 localhost {HOST}\n")
        self.write("service.switch", "hosts files\naliases files\npasswd files\n")
        self.write("aliases", f"postmaster: pm\nroot: pm\nmailer-daemon: postmaster\n{self.aliases}")
        self.write("deliver", DELIVER.format(directory=self.directory), 0o755)
        client = self.directory / "clientqueue"
        client.mkdir(exist_ok=True)
        client.chmod(0o770)
        shutil.chown(client, "mail", "mail")
        self.make_cf("sendmail", MC)
        self.make_cf("submit", SUBMIT)

    def make_cf(self, name, template):
        self.write(f"{name}.mc", template.format(
            cf=self.root / "usr/share/sendmail/cf", host=HOST, directory=self.directory, port=self.port,
            peer=self.peer_port, options=self.options, last=self.last))
        m4 = subprocess.run([self.root / "usr/bin/m4", self.directory / f"{name}.mc"],
                            capture_output=True, text=True, env=packages.environment(self.root))
        if m4.returncode != 0:
            raise RuntimeError(m4.stderr)
        self.write(f"{name}.cf", m4.stdout)

    # ---- how it runs ----

    def program(self):
        """Without its set-group-ID bit, or the loader would not look for libraries here."""
        program = self.root / "usr/libexec/sendmail/sendmail"
        program.chmod(0o755)
        return program

    def environment(self):
        return {**packages.environment(self.root), **syslog_to(self.log_file)}

    def run(self, *arguments, message=None, check=True, cf="sendmail"):
        command = [self.program(), "-C", self.directory / f"{cf}.cf", *arguments]
        result = subprocess.run(run_as_host(HOST, command), input=message, capture_output=True,
                                env=self.environment(), timeout=120)
        if check and result.returncode != 0:
            raise RuntimeError(f"sendmail {arguments}: {result.stderr.decode()}\n{self.log()}")
        return result

    def __enter__(self):
        self.write_configuration()
        self.run("-bi")
        self.run("-bd", "-q" + self.interval)
        wait_for(self.answers, f"Sendmail's greeting; log:\n{self.log()}")
        return self

    def __exit__(self, *_):
        process = pathlib.Path(f"/proc/{self.pid()}")
        os.kill(self.pid(), signal.SIGTERM)
        wait_for(lambda: not process.exists(), "Sendmail's end")

    def pid(self):
        return int((self.directory / "sendmail.pid").read_text().split("\n")[0])

    def answers(self):
        import socket
        try:
            with socket.create_connection(("127.0.0.1", self.port), 5) as s:
                return s.recv(3) == b"220"
        except OSError:
            return False

    def submit(self, sender, recipients, message):
        """As a program on this machine does, through the submission queue. Its exit
        status says only whether the server took all at once."""
        self.run("-i", "-f", sender, *recipients, message=message, check=False, cf="submit")

    def run_queue(self):
        self.run("-q")

    def warnings(self):
        return [line for line in self.log().splitlines() if re.search(r"SYSERR|[Ll]ost|[Cc]orrupt", line)]

    def mailbox(self, user):
        folder = self.directory / "mailboxes" / user
        return [p.read_bytes() for p in sorted(folder.glob("*.eml"))]

    def queued(self):
        return len(list(self.queue.glob("qf*")))

    def idle(self):
        """Nothing of any message is left, of one set aside neither."""
        return next(self.queue.iterdir(), None) is None

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""
