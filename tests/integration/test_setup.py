"""The set-ups of conf/postfix, as they are shipped: each file is read from there
and handed to Postfix; only the ports are free ones. The daemon's socket is
where the files say, below the queue directory, and the services that Debian
runs chrooted run chrooted."""

import subprocess
import unittest

from support import ANNA, TREE, Lab, Recorder, compose, parse, send, wait_for
from lab import free_port

SHORT = ("main.cf.generated", "main.cf.inbound")
ROBUST = ("master.cf.generated", "master.cf.inbound")


def shipped(name):
    return (TREE / "conf" / "postfix" / name).read_text()


class Setup(Lab):
    files = SHORT
    parameters = {"smtputf8_enable": "yes"}

    def setUp(self):
        super().setUp()
        del self.postfix.parameters["internal_mail_filter_classes"]
        del self.postfix.parameters["non_smtpd_milters"]
        self.prepare_socket()
        self.postfix.main = "".join(shipped(f) for f in self.files if f.startswith("main"))
        self.postfix.master = self.with_free_ports(
            "".join(shipped(f) for f in self.files if f.startswith("master")))

    def prepare_socket(self):
        """As the README has it: a folder of Postfix's group below the queue."""
        folder = self.postfix.queue / "whybounce"
        folder.mkdir(parents=True)
        self.daemon.place_socket(folder)

    def with_free_ports(self, master):
        """127.0.0.1:PORT in the place of smtp, and another one for the second port."""
        master = master.replace("smtp      inet", f"127.0.0.1:{self.postfix.port} inet")
        return master.replace(":10588", f":{free_port()}")

    def bring_in(self, bounce):
        n = len(self.peer.bounces())
        send(self.postfix.port, "", [ANNA], bounce)
        wait_for(lambda: len(self.peer.bounces()) > n, f"the bounce; log:\n{self.postfix.log()}")
        return self.peer.bounces()[n].bytes

    def foreign_bounce(self):
        return (TREE / "tests/bounces/sendmail/single550.eml").read_bytes()

    def assert_explains(self, content):
        self.assertEqual(1, len(parse(content).get_all("X-Whybounce", [])), self.postfix.log() + self.daemon.log())

    def assert_no_complaint(self):
        self.assertNotIn("warning", self.postfix.log() + self.daemon.log())


class Both:
    """What holds of the short and of the robust set-up."""

    def test_postfix_knows_every_parameter(self):
        self.postfix.write_configuration()
        for options in (["-n"], ["-P"], ["-M"]):
            command = ["/usr/sbin/postconf", "-c", str(self.postfix.etc), *options]
            run = subprocess.run(command, capture_output=True, text=True, check=True)
            self.assertEqual("", run.stderr)

    def test_generated(self):
        self.start()
        self.send("nouser@example.net")
        self.assert_explains(self.one_bounce())
        self.assert_no_complaint()

    def test_generated_waits_for_the_daemon(self):
        self.stack.enter_context(self.postfix)
        self.send("nouser@example.net")
        wait_for(lambda: "connect to Milter service" in self.postfix.log(), "Postfix's complaint")
        self.assertEqual([], self.peer.bounces())
        self.stack.enter_context(self.daemon)
        self.postfix.flush()
        self.assert_explains(self.one_bounce())

    def test_generated_survives_a_milter_that_dies_in_the_middle_of_an_edit(self):
        with Recorder(self.daemon.socket, dies=True) as dying:
            self.stack.enter_context(self.postfix)
            self.send("nouser@example.net")
            wait_for(lambda: dying.messages, "the bounce at the milter")
        self.stack.enter_context(self.daemon)
        self.postfix.flush()
        self.assert_explains(self.one_bounce())
        self.assertNotIn("corrupt", self.postfix.log())

    def test_inbound(self):
        self.start()
        bounce = self.foreign_bounce()
        self.assert_explains(self.bring_in(bounce))
        self.assert_no_complaint()

    def test_explained_once_on_the_way_through(self):
        self.start()
        self.send("nouser@example.net")
        explained = self.one_bounce()
        self.assertTrue(self.bring_in(explained).endswith(explained))

    def test_ordinary_mail(self):
        self.start()
        message = compose(body="0123456789 \u00e9\n" * 300)
        self.send("ok@example.net", message, mail_options=["BODY=8BITMIME"])
        wait_for(self.peer.ordinary, "the message")
        delivered = self.peer.ordinary()[0].bytes
        self.assertTrue(delivered.endswith(message.replace(b"\n", b"\r\n")))
        self.assertEqual(1, delivered.count(b"Received:"))

    def test_ordinary_mail_while_the_daemon_is_away(self):
        self.stack.enter_context(self.postfix)
        self.send("ok@example.net")
        wait_for(self.peer.ordinary, "the message")


class Short(Both, Setup):
    def test_inbound_without_a_daemon(self):
        """It comes in unexplained rather than not at all."""
        self.stack.enter_context(self.postfix)
        self.assertIsNone(parse(self.bring_in(self.foreign_bounce()))["X-Whybounce"])


class Robust(Both, Setup):
    files = ROBUST

    def test_checks_of_main_cf_do_not_meet_generated_bounces(self):
        """A rule that would discard every bounce."""
        for name in ("header", "body", "nested_header", "mime_header"):
            self.postfix.parameters[f"{name}_checks"] = "regexp:{ {/User unknown|^Subject: Und/ DISCARD} }"
        self.start()
        self.send("nouser@example.net")
        self.assert_explains(self.one_bounce())

    def test_an_empty_sender_alone_makes_no_bounce(self):
        """sendmail -f '<>' does not come through the service of bounces."""
        self.start()
        self.postfix.submit("<>", [ANNA], self.foreign_bounce())
        self.assertIsNone(parse(self.one_bounce())["X-Whybounce"])

    def test_inbound_survives_a_milter_that_dies_in_the_middle_of_an_edit(self):
        with Recorder(self.daemon.socket, dies=True) as dying:
            self.stack.enter_context(self.postfix)
            send(self.postfix.port, "", [ANNA], self.foreign_bounce())
            wait_for(lambda: dying.messages, "the bounce at the milter")
        self.stack.enter_context(self.daemon)
        self.postfix.flush()
        self.assert_explains(self.one_bounce())
        self.assertNotIn("corrupt", self.postfix.log())

    def test_inbound_waits_for_the_daemon(self):
        self.stack.enter_context(self.postfix)
        send(self.postfix.port, "", [ANNA], self.foreign_bounce())
        wait_for(lambda: "status=deferred" in self.postfix.log(), "the deferral")
        self.assertEqual([], self.peer.bounces())
        self.stack.enter_context(self.daemon)
        self.postfix.flush()
        self.assert_explains(self.one_bounce())


if __name__ == "__main__":
    unittest.main()
