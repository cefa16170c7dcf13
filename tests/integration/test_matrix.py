"""Every kind of notification, twice: as this Postfix generates it, and as it
comes in over SMTP from another server. Each is explained exactly once."""

import time
import unittest

from support import ANNA, Lab, body_of, compose, parse, send, texts, wait_for

THAI = "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35"


class Matrix(Lab):
    """The milter stands on both ways in. What the recorder saw of a generated
    bounce is what then comes in once more as if another server had written it."""

    options = {"local_domains": "[example.org]"}
    parameters = {"delay_warning_time": "1s", "smtputf8_enable": "yes"}

    def setUp(self):
        super().setUp()
        self.postfix.parameters["smtpd_milters"] = self.daemon.milter("accept")
        self.start()

    def bring_in(self, bounce, utf8=False, recipient=ANNA):
        """Hand it over as the server of the other side does; return what is delivered."""
        n = len(self.peer.bounces())
        send(self.postfix.port, "", [recipient], bounce, utf8=utf8,
             mail_options=["SMTPUTF8"] if utf8 else ["BODY=8BITMIME"])
        wait_for(lambda: len(self.peer.bounces()) > n, f"the bounce; log:\n{self.daemon.log()}")
        return self.peer.bounces()[n].bytes

    def assert_once(self, after):
        bounce = parse(after)
        self.assertEqual(1, len(bounce.get_all("X-Whybounce", [])))
        first = bounce.get_payload(0)
        self.assertEqual(["text/plain", "text/html"],
                         [p.get_content_type() for p in first.walk() if not p.is_multipart()])

    def assert_both_ways(self, *causes, utf8=False, language="en"):
        generated = self.one_bounce()
        self.assert_explained(generated, *causes, language=language)
        self.assert_once(generated)
        inbound = self.bring_in(self.before(generated), utf8=utf8)
        self.assert_explained(inbound, *causes, language=language)
        self.assert_once(inbound)
        again = self.bring_in(inbound, utf8=utf8)
        self.assertTrue(again.endswith(inbound), "an explained bounce was explained again")
        return generated

    def test_hard_failure(self):
        self.send("nouser@example.net")
        self.assert_both_ways("user_unknown")

    def test_delay(self):
        self.send("later@example.net")
        self.assert_both_ways("greylisted")

    def test_success(self):
        self.send([("ok@example.net", "NOTIFY=SUCCESS")])
        self.assert_both_ways("delivered.relayed")

    def test_several_recipients(self):
        self.send(["nouser@example.net", "full@example.net", "nouser.two@example.net"])
        self.assert_both_ways("user_unknown", "mailbox_full")

    def test_headers_only(self):
        self.send("nouser@example.net", mail_options=["RET=HDRS"])
        self.assert_both_ways("user_unknown")

    def test_smtputf8(self):
        self.send("nouser.m\u00fcller@example.net", compose("Gr\u00fc\u00dfe"),
                  mail_options=["SMTPUTF8"], utf8=True)
        self.assert_both_ways("user_unknown", utf8=True)

    def test_eight_bit(self):
        self.peer.replies["nouser"] = "550 5.1.1 {0}: refus\u00e9, " + THAI
        self.send("nouser@example.net", compose(body=THAI + "\n", headers="Accept-Language: de\n"),
                  mail_options=["BODY=8BITMIME"])
        after = self.assert_both_ways("user_unknown", language="de")
        self.assertIn(THAI, texts(parse(after))[0])

    def test_nested(self):
        """A bounce about a mail that holds an explained bounce."""
        self.send("nouser@example.net")
        inner = self.one_bounce()
        self.peer.messages.clear()
        self.send("full@example.net", inner)
        outer = self.assert_both_ways("mailbox_full")
        self.assertIn(body_of(inner), outer)


class Inbound(Matrix):
    """What is left alone on its way in."""

    test_hard_failure = test_delay = test_success = test_several_recipients = None
    test_headers_only = test_smtputf8 = test_eight_bit = test_nested = None

    def bounce(self, headers=b""):
        """One that this Postfix would write, with more header fields."""
        self.send("nouser@example.net")
        bounce = self.before(self.one_bounce())
        self.peer.messages.clear()
        return headers + bounce

    def reconfigure(self, **options):
        before = self.daemon.log().count("reloaded")
        self.daemon.options.update(options)
        self.daemon.write_configuration()
        self.daemon.reload()
        wait_for(lambda: self.daemon.log().count("reloaded") > before, "the reload")
        time.sleep(0.7)  # an old worker may still take what comes in its last half second

    def test_signed_ones_pass_unless_all_are_wanted(self):
        signed = self.bounce(b"DKIM-Signature: v=1; a=rsa-sha256; d=example.net; s=s; h=from;\r\n"
                             b"\tbh=MTIz; b=MTIz\r\n")
        self.assertTrue(self.bring_in(signed).endswith(signed))
        self.assertIn("inbound: unsigned", self.daemon.log())
        self.reconfigure(inbound="all")
        self.assert_explained(self.bring_in(signed), "user_unknown")

    def test_none(self):
        bounce = self.bounce()
        self.reconfigure(inbound="none")
        self.assertTrue(self.bring_in(bounce).endswith(bounce))
        self.assertIn("inbound: none", self.daemon.log())
        self.peer.messages.clear()
        self.send("nouser@example.net")
        self.assert_explained(self.one_bounce(), "user_unknown")

    def test_our_name_stands_only_under_what_is_ours(self):
        bounce = self.bounce()
        self.reconfigure(organization="Acme")
        self.assertIn("Acme", self.text(self.bring_in(bounce)))
        foreign = bounce.replace(b"From: Anna <anna@example.org>", b"From: Eve <eve@example.com>")
        self.assertNotEqual(bounce, foreign)
        self.assertNotIn("Acme", self.text(self.bring_in(foreign)))
        self.assertNotIn("Acme", self.text(self.bring_in(bounce, recipient="eve@example.com")))

    def text(self, content):
        bounce = parse(content)
        self.assertIsNotNone(bounce["X-Whybounce"])
        return bounce.get_payload(0).get_payload(0).get_content()

    def test_the_log_names_the_queue_id(self):
        self.bring_in(self.bounce())
        ids = [line.split()[1] for line in self.daemon.log().splitlines() if "outcome=" in line]
        self.assertEqual(2, len(ids))
        for queue_id in ids:
            self.assertRegex(queue_id, "^[0-9A-F]{6,}:$")
            self.assertIn(queue_id, self.postfix.log())

    def test_ordinary_mail_is_not_touched(self):
        for body in ("plain\n", THAI + "\n", "a\n" * 3000 + "long " * 150 + "\n.dot\n\n\n", ""):
            message = compose(body=body, headers="X-Odd:   two  spaces\t\n")
            self.peer.messages.clear()
            self.send("ok@example.net", message, mail_options=["BODY=8BITMIME"])
            wait_for(self.peer.ordinary, "the message")
            self.assertTrue(self.peer.ordinary()[0].bytes.endswith(message.replace(b"\n", b"\r\n")))

    def test_what_has_a_null_sender_and_is_no_bounce_is_not_touched(self):
        message = compose("Out of office", "I am away.\n", "Auto-Submitted: auto-replied\n")
        delivered = self.bring_in(message)
        self.assertTrue(delivered.endswith(message.replace(b"\n", b"\r\n")))


if __name__ == "__main__":
    unittest.main()
