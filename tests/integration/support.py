"""What the integration tests share: a laboratory with everything in it, and
what must hold of every bounce that went through whybounce."""

import contextlib
import email
import email.policy
import pathlib
import shutil
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import (Daemon, HAProxy, Peer, Postfix, Recorder, Tap, flood, free_port, new_directory, send,  # noqa: E402
                 wait_for)
from lab.tools import BUILD, TREE  # noqa: E402

__all__ = ["ANNA", "BUILD", "TREE", "Bounces", "Daemon", "HAProxy", "Lab", "Peer", "Postfix", "Recorder", "Tap",
           "body_of", "compose", "email", "flood", "free_port", "new_directory", "parse", "send", "texts", "wait_for"]

ANNA = "anna@example.org"


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


class Bounces(unittest.TestCase):
    """What can be said of a bounce that passed self.recorder, then whybounced."""

    def before(self, after):
        """What the recorder saw of this delivered bounce: told by its boundary."""
        boundary = parse(after).get_boundary().encode()
        for message in self.recorder.messages:
            if b'boundary="' + boundary in message:
                return message
        raise AssertionError(f"Postfix never handed this over:\n{after.decode(errors='replace')}")

    def assert_explained(self, after, *causes, language="en"):
        """Marked, explained, and every byte of the other parts as it was."""
        bounce = parse(after)
        self.assertIn("lang=" + language, bounce["X-Whybounce"] or "unmarked")
        found = bounce["X-Whybounce"].split("cause=")[1].split(";")[0].split(",")
        self.assertEqual(sorted(causes), sorted(found))
        self.assert_only_first_part_differs(self.before(after), after)
        return bounce

    def assert_only_first_part_differs(self, before, after):
        boundary = parse(after).get_boundary().encode()
        old = body_of(before).split(b"\r\n--" + boundary)
        new = body_of(after).split(b"\r\n--" + boundary)
        self.assertEqual(len(old), len(new))
        self.assertEqual(old[0], new[0])
        self.assertNotEqual(old[1], new[1])
        self.assertEqual(old[2:], new[2:])

    def assert_unchanged(self, after):
        self.assertTrue(after.endswith(self.before(after)),
                        "the bounce is not what Postfix handed over")


class Lab(Bounces):
    """A Postfix whose bounces pass the recorder, then whybounced, then are
    delivered to the peer. Tests change options before calling start()."""

    options = {}
    parameters = {}
    dsn = False
    action = "tempfail"

    def setUp(self):
        reason = Postfix.missing()
        if reason:
            self.skipTest(reason)
        self.directory = new_directory()
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.peer = self.stack.enter_context(Peer(dsn=self.dsn))
        self.recorder = self.stack.enter_context(Recorder(self.directory / "recorder.sock"))
        self.daemon = Daemon(self.directory, self.options)
        self.postfix = Postfix(self.directory, self.peer.port, {
            "internal_mail_filter_classes": "bounce",
            "non_smtpd_milters": f"unix:{self.recorder.path}, {self.daemon.milter(self.action)}",
            **self.parameters})

    def start(self):
        self.stack.enter_context(self.daemon)
        self.stack.enter_context(self.postfix)
        return self

    def send(self, recipients, message=None, **more):
        if isinstance(recipients, str):
            recipients = [recipients]
        send(self.postfix.port, ANNA, recipients, message or compose(), **more)

    def one_bounce(self):
        return self.bounces(1)[0]

    def bounces(self, n, seconds=30):
        wait_for(lambda: len(self.peer.bounces()) >= n, f"{n} bounces; whybounced's log:\n{self.daemon.log()}", seconds)
        return [m.bytes for m in self.peer.bounces()]
