"""whybounce beside OpenDKIM: what is signed is what is delivered, and what came
in is verified before it is changed. Signatures are simple/simple: not a byte of
body or signed header may differ."""

import unittest

from support import ANNA, Lab, compose, parse, send, wait_for
from lab import OpenDKIM, packages

DOMAIN = "mail.example.org"


class Signatures(Lab):
    parameters = {"smtputf8_enable": "yes", "delay_warning_time": "1s"}

    def setUp(self):
        if packages.missing():
            self.skipTest(packages.missing())
        super().setUp()
        self.opendkim = OpenDKIM(self.directory / "opendkim", DOMAIN)
        self.signer = f"unix:{self.opendkim.socket}"

    def begin(self, **milters):
        self.postfix.parameters.update(milters)
        self.stack.enter_context(self.opendkim)
        self.start()

    def assert_verifies(self, message):
        self.assertEqual(1, len(parse(message).get_all("DKIM-Signature", [])))
        self.assertIn("succeeded", self.opendkim.verify(message))

    def assert_explained_and_signed(self, message):
        self.assertIsNotNone(parse(message)["X-Whybounce"])
        self.assert_verifies(message)


class Generated(Signatures):
    def begin(self, order):
        super().begin(non_smtpd_milters=", ".join(order))

    def right(self):
        return [self.daemon.milter(), self.signer]

    def test_every_kind_of_bounce_verifies(self):
        self.begin(self.right())
        self.send("nouser@example.net")
        self.send(["nouser@example.net", "full@example.net"], compose("Gr\u00fc\u00dfe"),
                  mail_options=["BODY=8BITMIME"])
        self.send([("ok@example.net", "NOTIFY=SUCCESS")])
        self.send("later@example.net")
        self.send("nouser.m\u00fcller@example.net", mail_options=["SMTPUTF8"], utf8=True)
        for bounce in self.bounces(5):
            self.assert_explained_and_signed(bounce)

    def test_the_other_order_breaks_the_signature(self):
        """Which is why the order is documented, and why these tests can fail."""
        self.begin(self.right()[::-1])
        self.send("nouser@example.net")
        bounce = self.one_bounce()
        self.assertIsNotNone(parse(bounce)["X-Whybounce"])
        self.assertIn("failed", self.opendkim.verify(bounce))


class Inbound(Signatures):
    def signed_bounce(self):
        """One of another server's: signed there, not explained."""
        self.begin(non_smtpd_milters=self.signer, smtpd_milters=f"{self.signer}, {self.daemon.milter('accept')}")
        self.send("nouser@example.net")
        bounce = self.one_bounce()
        self.assert_verifies(bounce)
        self.peer.messages.clear()
        # from now on 127.0.0.1 is no host of ours, so what it sends is verified
        self.opendkim.restart(internal="192.0.2.1")
        return bounce

    def bring_in(self, bounce):
        send(self.postfix.port, "", [ANNA], bounce)
        wait_for(self.peer.bounces, f"the bounce; log: {self.postfix.log()}")
        return self.peer.bounces()[0].bytes

    def test_a_signed_bounce_stays_as_it_is(self):
        delivered = self.bring_in(self.signed_bounce())
        self.assertIsNone(parse(delivered)["X-Whybounce"])
        self.assertIn("dkim=pass", parse(delivered)["Authentication-Results"])
        self.assert_verifies(delivered)


class InboundAll(Inbound):
    options = {"inbound": "all"}

    test_a_signed_bounce_stays_as_it_is = None

    def test_it_is_verified_before_it_is_changed(self):
        delivered = self.bring_in(self.signed_bounce())
        self.assertIsNotNone(parse(delivered)["X-Whybounce"])
        self.assertIn("dkim=pass", parse(delivered)["Authentication-Results"])
        self.assertIn("failed", self.opendkim.verify(delivered))


if __name__ == "__main__":
    unittest.main()
