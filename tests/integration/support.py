"""What the integration tests share: a laboratory with everything in it, and
what must hold of every bounce that went through whybounce."""

import contextlib
import email
import email.policy
import pathlib
import re
import shutil
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import (Daemon, HAProxy, Peer, Postfix, Recorder, Sendmail, Tap, flood, free_port,  # noqa: E402
                 new_directory, send, wait_for)
from lab.tools import BUILD, TREE  # noqa: E402

__all__ = ["ANNA", "BUILD", "EVE", "TREE", "Bounces", "Daemon", "HAProxy", "Lab", "Peer", "Postfix", "Recorder",
           "SendmailLab", "Tap", "body_of", "compose", "email", "flood", "free_port", "new_directory", "parse", "send",
           "texts", "wait_for"]

ANNA = "anna@example.org"
EVE = "eve@example.com"     # her mail goes to the peer, from Sendmail too

# What a mail server puts on top of a message that it hands on.
TRACE = re.compile(rb"(Return-Path: [^\r\n]*\r\n)?Received: [^\r\n]*\r\n([ \t][^\r\n]*\r\n)*")


def compose(subject="Lunch", body="Hello.\n", headers=""):
    return (f"From: Anna <{ANNA}>\nTo: Kim <kim@example.net>\nSubject: {subject}\n"
            f"Date: Mon, 23 Nov 2026 10:00:00 +0000\nMessage-ID: <1@example.org>\n{headers}\n{body}").encode()


def parse(content):
    return email.message_from_bytes(content, policy=email.policy.default)


def texts(bounce):
    """Our text/plain and text/html, decoded."""
    def first(kind):
        for part in bounce.walk():
            if part.get_content_type() == kind:
                return part.get_content()
        return ""
    return first("text/plain"), first("text/html")


def body_of(content):
    return content.split(b"\r\n\r\n", 1)[1]


def boundary_of(content):
    return re.search(rb'boundary="([^"]+)"', content).group(1)


class Bounces(unittest.TestCase):
    """What can be said of a bounce that passed self.recorder, then whybounced."""

    def before(self, after):
        """What the recorder saw of this delivered bounce: told by its boundary."""
        boundary = boundary_of(after)
        for message in self.recorder.messages:
            if boundary_of(message) == boundary:
                return message
        raise AssertionError(f"the mail server never handed this over:\n{after.decode(errors='replace')}")

    def assert_explained(self, after, *causes, language="en"):
        """Marked, explained, and every byte of the other parts as it was."""
        bounce = parse(after)
        self.assertIn("lang=" + language, bounce["X-Whybounce"] or "unmarked")
        found = bounce["X-Whybounce"].split("cause=")[1].split(";")[0].split(",")
        self.assertEqual(sorted(causes), sorted(found))
        self.assert_only_first_part_differs(self.before(after), after)
        return bounce

    def assert_only_first_part_differs(self, before, after):
        boundary = boundary_of(after)
        old = body_of(before).split(b"\r\n--" + boundary)
        new = body_of(after).split(b"\r\n--" + boundary)
        self.assertEqual(len(old), len(new))
        self.assertEqual(old[0], new[0])
        self.assertNotEqual(old[1], new[1])
        self.assertEqual(old[2:], new[2:])

    def assert_unchanged(self, after):
        """To the byte: below the lines that a delivery puts on top there is what the mail
        server handed to its milters, from the first header field to the end."""
        before = self.before(after)
        self.assertTrue(after.endswith(before), "the bounce is not what the mail server handed over")
        self.assertRegex(after.removesuffix(before), re.compile(rb"\A" + TRACE.pattern + rb"\Z"))


class Laboratory(Bounces):
    """A mail server whose bounces pass the recorder, then whybounced, then are
    delivered. Tests change options before calling start()."""

    options = {}            # of whybounce.yaml
    dsn = False             # does the peer know notifications?

    def setUp(self):
        reason = self.missing()
        if reason:
            self.skipTest(reason)
        self.directory = new_directory()
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.peer = self.stack.enter_context(Peer(dsn=self.dsn))
        self.recorder = self.stack.enter_context(Recorder(self.directory / "recorder.sock"))
        self.daemon = Daemon(self.directory, self.options)
        self.mta = self.make_mta()

    def start(self):
        self.stack.enter_context(self.daemon)
        self.stack.enter_context(self.mta)
        return self

    def send(self, recipients, message=None, sender=ANNA, **more):
        if isinstance(recipients, str):
            recipients = [recipients]
        send(self.mta.port, sender, recipients, message or compose(), **more)

    def arrived(self):
        """All bounces, whoever got them, with CRLF."""
        return [m.bytes for m in self.peer.bounces()]

    def one_bounce(self):
        return self.bounces(1)[0]

    def bounces(self, n, seconds=40):
        self.wait(lambda: len(self.arrived()) >= n, f"{n} bounces", seconds)
        return self.arrived()

    def logs(self):
        return self.daemon.log()

    def wait(self, condition, what, seconds=40):
        wait_for(condition, lambda: f"{what}; the mail server's log:\n{self.mta.log()}\nwhybounced's:\n{self.logs()}",
                 seconds)


class Lab(Laboratory):
    """With Postfix."""

    parameters = {}         # of main.cf
    action = "tempfail"
    missing = staticmethod(Postfix.missing)

    def make_mta(self):
        self.postfix = Postfix(self.directory, self.peer.port, {
            "internal_mail_filter_classes": "bounce",
            "non_smtpd_milters": f"unix:{self.recorder.path}, {self.daemon.milter(self.action)}",
            **self.parameters})
        return self.postfix


# What the tests of Sendmail need besides: an address that the server refuses.
REFUSE = """\
LOCAL_RULESETS
SLocal_check_rcpt
R$* refused @ $*		$#error $@ 5.7.1 $: "550 We do not take this"
R$* refused < @ $* >		$#error $@ 5.7.1 $: "550 We do not take this"
"""


class SendmailLab(Laboratory):
    """With Sendmail, which includes conf/sendmail/whybounce.m4 as it is shipped; socket
    and port are set with the macros that it documents."""

    sendmail_options = ""   # of sendmail.mc
    include = ""            # before the include
    aliases = ""
    recorded = True
    missing = staticmethod(Sendmail.missing)

    def make_mta(self):
        self.daemon.options.setdefault("inbound", "none")
        self.daemon.write_configuration()
        self.hop = free_port()
        self.sendmail = Sendmail(self.directory / "sendmail", self.peer.port, self.sendmail_options,
                                 REFUSE + self.lines(), self.aliases)
        return self.sendmail

    def lines(self):
        lines = [f"define(`WHYBOUNCE_SOCKET', `{self.daemon.options['socket']}')dnl",
                 f"define(`WHYBOUNCE_PORT', `{self.hop}')dnl", self.include]
        if self.recorded:
            lines += [f"MAIL_FILTER(`recorder', `S=local:{self.recorder.path}, F=T')dnl",
                      "define(`WHYBOUNCE_MILTERS', `recorder;whybounce')dnl"]
        return "\n".join([*lines, f"include(`{TREE}/conf/sendmail/whybounce.m4')", ""])

    def arrived(self):
        here = [m.replace(b"\n", b"\r\n") for m in self.sendmail.mailbox("anna")]
        return here + super().arrived()

    def hops(self):
        return self.sendmail.log().count("daemon=whybounce")
