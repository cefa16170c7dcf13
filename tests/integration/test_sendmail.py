"""whybounced on a real Sendmail: the bounces it writes itself are explained, once,
whoever reads them, and nothing is lost on the way round."""

import time
import unittest

from support import ANNA, EVE, TREE, SendmailLab, compose, parse, texts
from lab import OpenDKIM


class Lab(SendmailLab):
    def assert_once(self, bounce, *causes):
        """Explained, with one hop behind it, and 7-bit."""
        self.assert_explained(bounce, *causes)
        self.assertEqual(1, len(parse(bounce).get_all("X-Whybounce")))
        self.assertEqual(2, len(parse(bounce).get_all("Received")))
        bounce.decode("ascii")

    def assert_settled(self, bounces, hops):
        """All is quiet, with so many bounces that took so many hops."""
        self.wait(lambda: self.sendmail.queued() == 0, "an empty queue")
        self.assertEqual(bounces, len(self.arrived()))
        self.assertEqual(hops, self.hops())


class Kinds(Lab):
    """Each kind, to a reader here and to one elsewhere."""

    def setUp(self):
        super().setUp()
        self.start()

    def both_readers(self, recipients, *causes, message=None, **more):
        for sender in (ANNA, EVE):
            known = self.arrived()
            self.send(recipients, message, sender=sender, **more)
            new = [b for b in self.bounces(len(known) + 1) if b not in known]
            self.assertEqual(1, len(new))
            self.assert_once(new[0], *causes)
            yield parse(new[0])

    def test_hard_failure(self):
        for bounce in self.both_readers("nouser@example.net", "user_unknown"):
            self.assertIn("User unknown in virtual mailbox table", texts(bounce)[0].replace("\r\n", " "))
        self.assert_settled(2, 2)

    def test_several_recipients(self):
        for bounce in self.both_readers(["nouser@example.net", "full@example.net", "ok@example.net"],
                                        "user_unknown", "mailbox_full"):
            self.assertIn("full@example.net", texts(bounce)[0])
        self.assert_settled(2, 2)

    def test_reply_of_several_lines(self):
        self.peer.replies["nouser"] = "550-5.1.1 There is no such account.\n550 5.1.1 See https://example.net/help"
        for bounce in self.both_readers("nouser@example.net", "user_unknown"):
            self.assertIn("https://example.net/help", texts(bounce)[0])

    def test_success(self):
        for bounce in self.both_readers([("pm@example.org", "NOTIFY=SUCCESS")], "delivered"):
            self.assertIn("was delivered", texts(bounce)[0])

    def test_headers_only(self):
        for _ in self.both_readers("nouser@example.net", "user_unknown", mail_options=["RET=HDRS"]):
            pass

    def test_returned_whole(self):
        for bounce in self.both_readers("nouser@example.net", "user_unknown", mail_options=["RET=FULL"]):
            self.assertEqual("message/rfc822", bounce.get_payload(2).get_content_type())

    def test_refused_after_the_content(self):
        for _ in self.both_readers("content@example.net", "spam"):
            pass

    def test_local_mailbox_cannot_be_written(self):
        for bounce in self.both_readers("full@example.org", "mailer_error"):
            self.assertIn("full@example.org", texts(bounce)[0])

    def test_eight_bit_original_and_reply(self):
        """What the other side wrote in 8-bit is kept; what we add is 7-bit."""
        self.peer.replies["nouser"] = "550 5.1.1 {0}: refus\u00e9"
        self.send("nouser@example.net", compose(body="Gr\u00fc\u00dfe\n"), mail_options=["BODY=8BITMIME", "RET=FULL"])
        bounce = self.one_bounce()
        self.assert_explained(bounce, "user_unknown")
        bounce.split(b"message/delivery-status")[0].decode("ascii")
        self.assertIn("refus\u00e9", texts(parse(bounce))[0])
        self.assertIn("Gr\u00fc\u00dfe".encode(), bounce)

    def test_ordinary_mail_takes_no_hop(self):
        self.send(["ok@example.net", "pm@example.org"])
        self.wait(self.peer.ordinary, "the message")
        self.wait(lambda: self.sendmail.mailbox("pm"), "the local message")
        self.assert_settled(0, 0)
        self.assertEqual([], self.recorder.messages)

    def test_what_this_machine_submits_with_an_empty_sender(self):
        """The bounces of the submission queue come that way: one hop, one explanation."""
        self.send(ANNA, (TREE / "tests/bounces/sendmail/single550.eml").read_bytes(), sender="")
        self.assertIn("cause=", parse(self.one_bounce())["X-Whybounce"])
        self.assert_settled(1, 1)



class Submitted(Lab):
    def test_bounce_of_the_submission_queue(self):
        """The server refuses an address, so the submission queue writes the bounce."""
        self.start()
        for sender in (ANNA, EVE):
            self.sendmail.submit(sender, ["refused@example.org"], compose())
        for bounce in self.bounces(2):
            self.assert_explained(bounce, "policy")
        self.assert_settled(2, 2)

    def test_while_the_daemon_is_away(self):
        self.stack.enter_context(self.sendmail)
        self.sendmail.submit(ANNA, ["refused@example.org"], compose())
        self.wait(lambda: "Milter: initialization failed, temp failing" in self.sendmail.log(), "the deferral")
        self.stack.enter_context(self.daemon)
        self.sendmail.run_queue()
        self.assert_explained(self.one_bounce(), "policy")
        self.assert_settled(1, 1)


class Aliases(Lab):
    """An address that turns out to be none when its alias is looked up."""

    aliases = "gone: kim@nowhere.example\n"
    include = """\
LOCAL_RULE_0
R$* < @ nowhere.example . > $*		$#error $@ 5.1.2 $: "550 Host unknown (Name server: nowhere.example: host not found)"
"""

    def test_at_once(self):
        self.start()
        self.send("gone@example.org")
        self.assert_once(self.one_bounce(), "host_unknown")
        self.assert_settled(1, 1)

    def test_to_a_reader_elsewhere(self):
        self.start()
        self.send("gone@example.org", sender=EVE)
        self.assert_once(self.one_bounce(), "host_unknown")
        self.assert_settled(1, 1)


class Waiting:
    """All mail waits for a run of the queue."""

    sendmail_options = "define(`confDELIVERY_MODE', `queue')dnl"

    def bounces(self, n, seconds=40):
        def run():
            self.sendmail.run_queue()
            time.sleep(0.2)
            return len(self.arrived()) >= n
        self.wait(run, f"{n} bounces", seconds)
        return self.arrived()


class AliasesOfTheQueue(Waiting, Aliases):
    pass


class Delays(Lab):
    sendmail_options = "define(`confTO_QUEUEWARN', `1s')dnl"

    def late(self, sender):
        """The bounce of a message that waits for longer than it may."""
        self.start()
        self.send("later@example.net", sender=sender)
        self.wait(lambda: "stat=Deferred" in self.sendmail.log(), "the deferral")
        time.sleep(1.1)
        self.sendmail.run_queue()
        bounce = self.one_bounce()
        self.assert_once(bounce, "greylisted")
        self.assertEqual(1, self.hops())
        return parse(bounce).get_payload(1).as_string()

    def test_to_a_reader_here(self):
        self.assertIn("Action: delayed", self.late(ANNA))

    def test_to_a_reader_elsewhere(self):
        self.assertIn("Action: delayed", self.late(EVE))


class Expired(Delays):
    sendmail_options = "define(`confTO_QUEUERETURN', `1s')dnl"

    def test_to_a_reader_here(self):
        self.assertIn("Status: 4.4.7", self.late(ANNA))
        self.assert_settled(1, 1)

    def test_to_a_reader_elsewhere(self):
        self.assertIn("Status: 4.4.7", self.late(EVE))
        self.assert_settled(1, 1)


class Queued(Waiting, Lab):
    def test_failure(self):
        self.start()
        self.send("nouser@example.net")
        self.assert_once(self.one_bounce(), "user_unknown")
        self.assert_settled(1, 1)


class Lost(Lab):
    """What must not be lost, and what must not go round."""

    def double_bounce(self):
        """The bounce itself cannot be delivered."""
        self.start()
        self.send("nouser@example.net", sender="nouser.too@example.net")
        self.wait(lambda: self.sendmail.mailbox("pm"), "the postmaster's copy")

    def test_double_bounce_reaches_the_postmaster(self):
        self.double_bounce()
        copies = self.sendmail.mailbox("pm")
        self.assertEqual(1, len(copies))
        self.assertIn(b"nouser.too@example.net", copies[0])
        self.assert_settled(0, 1)

    def test_bounce_from_elsewhere_that_fails_reaches_the_postmaster(self):
        self.start()
        self.send("nouser@example.net", (TREE / "tests/bounces/sendmail/single550.eml").read_bytes(), sender="")
        self.wait(lambda: self.sendmail.mailbox("pm"), "the postmaster's copy")
        self.assert_settled(0, 1)

    def test_daemon_away(self):
        self.stack.enter_context(self.sendmail)
        self.send("nouser@example.net")
        self.wait(lambda: "stat=Deferred" in self.sendmail.log(), "the deferral")
        self.assertEqual([], self.arrived())
        self.stack.enter_context(self.daemon)
        self.sendmail.run_queue()
        self.assert_once(self.one_bounce(), "user_unknown")

    def test_milter_dies_in_the_middle_of_an_edit(self):
        self.recorder.dies = True
        self.start()
        self.send("nouser@example.net")
        self.wait(lambda: self.recorder.messages and "stat=Deferred" in self.sendmail.log(), "the deferral")
        self.recorder.dies = False
        self.sendmail.run_queue()
        self.assert_once(self.one_bounce(), "user_unknown")


class Inbound(Lab):
    """Bounces of other servers: off unless wanted."""

    options = {"inbound": "unsigned", "local_domains": "[example.org]"}
    include = "define(`WHYBOUNCE_INBOUND', `yes')dnl"
    address = "127.0.0.2"   # of the other server: not the one of this machine

    def bring_in(self, bounce):
        self.send(ANNA, bounce, sender="", source=self.address)
        self.wait(lambda: self.sendmail.mailbox("anna"), "the bounce")
        return self.sendmail.mailbox("anna")[0]

    def test_explained_without_a_hop(self):
        self.start()
        bounce = self.bring_in((TREE / "tests/bounces/sendmail/single550.eml").read_bytes())
        self.assertEqual(1, len(parse(bounce).get_all("X-Whybounce")))
        self.assertEqual(0, self.hops())

    def test_explained_once_where_both_apply(self):
        self.start()
        self.send("nouser@example.net")
        self.assert_once(self.one_bounce(), "user_unknown")

    def test_comes_in_while_the_daemon_is_away(self):
        self.stack.enter_context(self.sendmail)
        bounce = self.bring_in((TREE / "tests/bounces/sendmail/single550.eml").read_bytes())
        self.assertIsNone(parse(bounce)["X-Whybounce"])


class NoInbound(Inbound):
    include = ""

    test_explained_once_where_both_apply = test_comes_in_while_the_daemon_is_away = None

    def test_explained_without_a_hop(self):
        self.start()
        bounce = self.bring_in((TREE / "tests/bounces/sendmail/single550.eml").read_bytes())
        self.assertIsNone(parse(bounce)["X-Whybounce"])
        self.assertEqual(0, self.hops())


class Signed(Lab):
    recorded = False

    def setUp(self):
        super().setUp()
        self.opendkim = OpenDKIM(self.directory / "opendkim", "mail.example.org")
        self.sendmail.last = (f"MAIL_FILTER(`opendkim', `S=local:{self.opendkim.socket}')dnl\n"
                              "define(`WHYBOUNCE_MILTERS', `whybounce;opendkim')dnl\n" + self.sendmail.last)

    def test_the_signature_over_an_explained_bounce_verifies(self):
        self.stack.enter_context(self.opendkim)
        self.start()
        self.send("nouser@example.net")
        bounce = self.one_bounce()
        self.assertIsNotNone(parse(bounce)["X-Whybounce"])
        self.assertIn("succeeded", self.opendkim.verify(bounce))


if __name__ == "__main__":
    unittest.main()
