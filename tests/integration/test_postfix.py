"""whybounced on a real Postfix: what arrives is explained, whole, and never lost."""

import subprocess
import threading
import time
import unittest

from support import BUILD, Lab, Tap, compose, parse, texts, wait_for


class Delivered(Lab):
    """One notification of each kind."""

    parameters = {"delay_warning_time": "1s", "smtputf8_enable": "yes"}

    def setUp(self):
        super().setUp()
        self.start()

    def test_hard_failure(self):
        self.send("nouser@example.net")
        bounce = self.assert_explained(self.one_bounce(), "user_unknown")
        for text in texts(bounce):
            self.assertIn("nouser", text)
            self.assertIn("User unknown in virtual mailbox table", text.replace("\n", " "))

    def test_several_recipients(self):
        self.send(["nouser@example.net", "full@example.net", "nouser.two@example.net"])
        bounce = self.assert_explained(self.one_bounce(), "user_unknown", "mailbox_full")
        for name in ("nouser", "full", "nouser.two"):
            self.assertIn(name, texts(bounce)[0])

    def test_delay_warning(self):
        self.send("later@example.net")
        bounce = self.assert_explained(self.one_bounce(), "greylisted")
        report = bounce.get_payload(1).as_string()
        self.assertIn("Action: delayed", report)
        self.assertNotIn("could not be delivered", str(bounce["subject"]))

    def test_success_notice(self):
        self.send([("ok@example.net", "NOTIFY=SUCCESS")])
        bounce = self.assert_explained(self.one_bounce(), "delivered.relayed")
        self.assertIn("Action: relayed", bounce.get_payload(1).as_string())

    def test_headers_only(self):
        self.send("nouser@example.net", mail_options=["RET=HDRS"])
        bounce = self.assert_explained(self.one_bounce(), "user_unknown")
        self.assertEqual("text/rfc822-headers", bounce.get_payload(2).get_content_type())

    def test_smtputf8(self):
        self.send("nouser.m\u00fcller@example.net", compose("Gr\u00fc\u00dfe"),
                  mail_options=["SMTPUTF8"], utf8=True)
        bounce = self.assert_explained(self.one_bounce(), "user_unknown")
        self.assertEqual("message/global-delivery-status", bounce.get_payload(1).get_content_type())
        self.assertIn("m\u00fcller", texts(bounce)[0])

    def test_eight_bit_original(self):
        self.send("nouser@example.net", compose(body="Gr\u00fc\u00dfe \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35\n"),
                  mail_options=["BODY=8BITMIME"])
        self.assert_explained(self.one_bounce(), "user_unknown")

    def test_eight_bit_reply(self):
        self.send("accents@example.net")
        bounce = self.assert_explained(self.one_bounce(), "mailbox_disabled")
        self.assertIn("d\u00e9sactiv\u00e9e", texts(bounce)[0])

    def test_large_original(self):
        self.send("nouser@example.net", compose(body="0123456789 whybounce\n" * 2000))
        self.assert_explained(self.one_bounce(), "user_unknown")

    def test_refused_after_the_content(self):
        self.send("content@example.net")
        self.assert_explained(self.one_bounce(), "spam")

    def test_language_of_the_sender(self):
        self.send("full@example.net", compose(headers="Accept-Language: th\n"))
        bounce = self.assert_explained(self.one_bounce(), "mailbox_full", language="th")
        for text in (*texts(bounce), str(bounce["subject"])):
            self.assertRegex(text, "[\u0e01-\u0e5b]{8}")

    def test_ordinary_mail_is_not_looked_at(self):
        message = compose(body="not a bounce\n" * 10)
        self.send("ok@example.net", message)
        wait_for(self.peer.ordinary, "the message")
        delivered = self.peer.ordinary()[0].bytes
        self.assertTrue(delivered.endswith(message.replace(b"\n", b"\r\n")))
        self.assertEqual([], self.recorder.messages)


class Tapped(Lab):
    """What passes between Postfix and the daemon, and what becomes of a bounce when
    the daemon dies at a certain point of it."""

    def setUp(self):
        super().setUp()
        self.tap = self.stack.enter_context(Tap(self.directory / "tap.sock", self.daemon.socket))
        self.postfix.parameters["non_smtpd_milters"] = f"unix:{self.recorder.path}, {self.tap.milter()}"

    def test_ordinary_mail_ends_at_its_sender(self):
        """Asked about everything that comes in, the daemon hears of ordinary mail its
        sender alone; of a bounce it hears all."""
        self.postfix.parameters["smtpd_milters"] = self.tap.milter()
        self.start()
        self.send("ok@example.net", compose("Secret subject", "Secret body.\n" * 20, "X-Secret: field\n"))
        wait_for(self.peer.ordinary, "the message")
        self.assertIn(b"anna@example.org", self.tap.said())
        self.assertNotRegex(self.tap.said(), b"(?i)secret|ok@example.net")
        self.assertFalse(set(self.tap.commands()) & set("RTLNBE"), self.tap.commands())
        self.send("nouser@example.net", compose("Secret subject"))
        self.one_bounce()
        self.assertLessEqual(set("LBE"), set(self.tap.commands()))
        self.assertIn(b"Secret subject", self.tap.said())

    def killed_before(self, command):
        killed = threading.Event()

        def kill():
            self.daemon.kill()
            killed.set()
        self.start()
        self.tap.before[command] = kill
        self.send("nouser@example.net")
        self.assertTrue(killed.wait(30))
        wait_for(lambda: "milter" in self.postfix.log(), "Postfix's complaint")
        self.assertEqual([], self.peer.bounces())
        self.daemon.start()
        self.postfix.flush()
        self.assert_explained(self.one_bounce(), "user_unknown")
        wait_for(self.postfix.idle, "an empty queue")
        self.assertEqual(1, len(self.peer.bounces()))

    def test_killed_within_the_header(self):
        self.killed_before("L")

    def test_killed_within_the_body(self):
        self.killed_before("B")

    def test_killed_at_the_end(self):
        self.killed_before("E")


class Limits(Lab):
    options = {"limits": "{message_size: 64 KiB}"}
    parameters = {"bounce_size_limit": "1000000"}

    def test_too_large_passes_unchanged(self):
        self.start()
        self.send("nouser@example.net", compose(body="0123456789 whybounce\n" * 8000))
        self.assert_unchanged(self.one_bounce())
        self.assertIn("large", self.daemon.log())


class Long(Lab):
    """Bounces that come, and go out, in several chunks of 65535 bytes."""

    parameters = {"bounce_size_limit": "1000000"}

    def test_every_byte_of_long_originals(self):
        self.start()
        lines = (1500, 2400, 3000, 6000, 20000)
        for n in lines:
            self.send("nouser@example.net", compose(body="".join(f"{i:05} of {n:05} lines\n" for i in range(n))))
        for bounce in self.bounces(len(lines)):
            self.assert_explained(bounce, "user_unknown")


class Observed(Lab):
    options = {"mode": "observe"}

    def test_observe_changes_nothing(self):
        self.start()
        self.send("nouser@example.net")
        self.assert_unchanged(self.one_bounce())
        self.assertIn("user_unknown", self.daemon.log())


class Excluded(Lab):
    options = {"exclude": "[\"anna@*\"]"}

    def test_programs_get_their_bounces_as_they_are(self):
        self.start()
        self.send("nouser@example.net")
        self.assert_unchanged(self.one_bounce())


class Configuration(Lab):
    options = {"dns": "{servers: 127.0.0.1@9}"}     # the resolver is there, and takes its memory

    def test_a_broken_one_is_refused(self):
        for text, where in (("modus: explain\n", "whybounce.yaml:1: unknown key"),
                            ("default_language: xx\n", 'language "xx" is not installed'),
                            ("socket: \"local:\n", "whybounce.yaml:")):
            self.daemon.config.write_text(text)
            for flags in (["-n"], ["-f"]):
                run = subprocess.run([str(BUILD / "whybounced"), "-c", str(self.daemon.config), *flags],
                                     capture_output=True, text=True, timeout=20)
                self.assertEqual(1, run.returncode, run.stderr)
                self.assertIn(where, run.stderr)

    def test_idle_memory(self):
        """All processes together, six languages loaded, below 40 MB."""
        self.stack.enter_context(self.daemon)
        time.sleep(0.5)
        parent = str(self.daemon.process.pid)
        children = subprocess.run(["pgrep", "-P", parent], capture_output=True, text=True).stdout.split()
        self.assertGreater(len(children), 1)
        total = 0
        for pid in [parent, *children]:
            with open(f"/proc/{pid}/smaps_rollup") as rollup:
                total += next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
        self.assertGreater(total, 0)
        self.assertLess(total, 40 * 1024)


if __name__ == "__main__":
    unittest.main()
