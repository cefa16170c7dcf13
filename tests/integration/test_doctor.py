"""whybounce doctor on a private Postfix and a private Sendmail: right set-ups, and
each mistake planted, one at a time."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import unittest

from support import ANNA, BUILD, TREE, Daemon, Peer, Postfix, compose, new_directory, parse, send, wait_for
from lab import DNS, Sendmail, free_port


def shipped(name):
    return (TREE / "conf" / "postfix" / name).read_text()


class Doctor(unittest.TestCase):
    options = {"local_domains": "[example.org]", "outbound_addresses": "[192.0.2.1]"}

    @classmethod
    def setUpClass(cls):
        reason = Postfix.missing() or Sendmail.missing()
        if reason:
            raise unittest.SkipTest(reason)
        folder = new_directory()
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        cls.dns = DNS(folder, {"example.org": ["@ MX 10 mail"]})
        cls.enterClassContext(cls.dns)

    def setUp(self):
        self.directory = new_directory()
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.peer = self.stack.enter_context(Peer())
        self.daemon = Daemon(self.directory, {"dns": f"{{servers: [{self.dns.address}]}}", **self.options})

    def run_doctor(self, *arguments):
        return subprocess.run([str(BUILD / "whybounce"), "doctor", "-c", str(self.daemon.config), *map(str, arguments)],
                              capture_output=True, text=True, timeout=60)

    def examine(self, *arguments):
        """(exit status, {check: level}, all lines)"""
        run = self.run_doctor("-f", "json", *self.which(), *arguments)
        self.assertEqual("", run.stderr)
        lines = [json.loads(line) for line in run.stdout.splitlines()]
        return run.returncode, {line["check"]: line["level"] for line in lines}, lines

    def assert_found(self, check, level, status, *words):
        """The planted mistake is found, named with its repair, and alone of its weight."""
        code, found, lines = self.examine()
        self.assertIn(check, found, lines)
        self.assertEqual(level, found[check])
        others = {c for c, l in found.items() if l in ("wrong", "risk")} - {check}
        self.assertEqual(set(), others - self.consequences, lines)
        self.assertEqual(status, code, lines)
        text = " ".join(line["text"] + line["repair"] for line in lines if line["check"] == check)
        for word in words:
            self.assertIn(word, text)

    def assert_wrong(self, check, *words):
        self.assert_found(check, "wrong", 1, *words)

    def assert_risk(self, check, *words):
        self.assert_found(check, "risk", 0, *words)

    def assert_healthy(self, *checks):
        code, found, lines = self.examine()
        self.assertEqual({"ok"}, set(found.values()), lines)
        self.assertEqual(0, code)
        for check in checks:
            self.assertIn(check, found)


class OnPostfix(Doctor):
    files = ("main.cf.generated", "main.cf.inbound")
    consequences = set()

    def setUp(self):
        super().setUp()
        self.postfix = Postfix(self.directory, self.peer.port)
        (self.postfix.queue / "whybounce").mkdir(parents=True)
        self.daemon.place_socket(self.postfix.queue / "whybounce")
        self.use(*self.files)
        self.stack.enter_context(self.daemon)

    def use(self, *files):
        self.postfix.main = "".join(shipped(f) for f in files if f.startswith("main"))
        self.postfix.master = "".join(shipped(f) for f in files if f.startswith("master")).replace(
            "smtp      inet", f"127.0.0.1:{self.postfix.port} inet").replace(":10588", f":{free_port()}")

    def which(self):
        self.postfix.write_configuration()
        return ["--postfix", self.postfix.etc]

    def change(self, old, new, where="main"):
        text = getattr(self.postfix, where)
        self.assertIn(old, text)
        setattr(self.postfix, where, text.replace(old, new))


class RightPostfix(OnPostfix):
    def test_short_set_up(self):
        self.assert_healthy("postfix_generated", "inbound_fine", "daemon_fine", "resolver_fine")

    def test_robust_set_up(self):
        self.use("master.cf.generated", "master.cf.inbound")
        self.assert_healthy("postfix_generated", "inbound_fine")

    def test_checks_do_not_meet_bounces_of_the_robust_set_up(self):
        self.use("master.cf.generated", "master.cf.inbound")
        self.postfix.parameters["body_checks"] = "regexp:{ {/x/ DISCARD} }"
        self.assert_healthy("postfix_generated")

    def test_what_it_says_holds(self):
        with self.postfix:
            self.assertEqual(0, self.run_doctor(*self.which()).returncode)
            send(self.postfix.port, ANNA, ["nouser@example.net"], compose())
            wait_for(self.peer.bounces, "the bounce")
        self.assertIsNotNone(parse(self.peer.bounces()[0].bytes)["X-Whybounce"])

    def test_for_people(self):
        run = self.run_doctor(*self.which())
        self.assertIn("ok     The daemon answers", run.stdout)
        self.assertTrue(run.stdout.endswith("\nA bounce generated now would be explained.\n"))
        self.postfix.main = ""
        run = self.run_doctor(*self.which())
        self.assertIn("\nwrong  ", run.stdout)
        self.assertIn("\n       > internal_mail_filter_classes = bounce\n", run.stdout)
        self.assertTrue(run.stdout.endswith("\nA bounce generated now would not be explained.\n"))


class WrongPostfix(OnPostfix):
    """A bounce that is generated now would not be explained."""

    def test_class_missing(self):
        self.change("internal_mail_filter_classes = bounce", "")
        self.assert_wrong("postfix_no_class", "internal_mail_filter_classes = bounce", "bounce, defer, trace")

    def test_class_missing_where_it_counts(self):
        self.use("master.cf.generated", "main.cf.inbound")
        self.change("  -o internal_mail_filter_classes=bounce\n", "", "master")
        self.assert_wrong("postfix_no_class_service", "-o internal_mail_filter_classes=bounce")

    def test_one_service_goes_another_way(self):
        self.use("master.cf.generated", "main.cf.inbound")
        head, tail = self.postfix.master.split("\ntrace ", 1)
        self.postfix.master = head + "\ntrace " + tail.replace(
            "  -o cleanup_service_name=cleanup-bounce\n  -o internal_mail_filter_classes=bounce\n", "", 1)
        self.consequences = {"postfix_no_milter"}
        self.assert_wrong("postfix_no_class", "services trace.")

    def test_no_milter(self):
        self.change("non_smtpd_milters =", "#")
        self.assert_wrong("postfix_no_milter", "non_smtpd_milters = {")

    def test_another_milter_alone(self):
        self.change("{ unix:whybounce/whybounce.sock, default_action=tempfail }", "unix:opendkim/opendkim.sock")
        self.assert_wrong("postfix_no_milter", "unix:opendkim/opendkim.sock")

    def test_another_socket(self):
        self.change("{ unix:whybounce/whybounce.sock, default_action=tempfail }", "unix:/run/whybounce/other.sock")
        self.assert_wrong("postfix_other_socket", "/run/whybounce/other.sock", str(self.daemon.socket))

    def test_cleanup_service_missing(self):
        self.use("master.cf.generated", "main.cf.inbound")
        self.change("\ncleanup-bounce unix", "\nother unix", "master")
        self.assert_wrong("postfix_no_cleanup", "cleanup-bounce")

    def test_path_outside_of_the_chroot(self):
        self.postfix.master = "cleanup unix n - y - 0 cleanup\n"
        self.change("{ unix:whybounce/whybounce.sock, default_action=tempfail }",
                    f"{{ unix:{self.daemon.socket}, default_action=tempfail }}")
        self.assert_wrong("postfix_absent", "chrooted", str(self.postfix.queue))

    def test_folder_is_closed(self):
        self.daemon.socket.parent.chmod(0o700)
        self.assert_wrong("postfix_forbidden", "0700", "-g postfix -m 2750")

    def test_socket_is_closed(self):
        self.daemon.socket.chmod(0o700)
        self.assert_wrong("postfix_forbidden", "0700")

    def test_daemon_stopped(self):
        self.daemon.stop()
        self.consequences = {"daemon_no_socket", "daemon_refused"}
        code, found, lines = self.examine()
        self.assertEqual(1, code)
        self.assertTrue({"daemon_no_socket", "daemon_refused"} & set(found), lines)

    def test_daemon_killed(self):
        self.daemon.kill()
        self.consequences = {"postfix_unreached"}
        self.assert_wrong("daemon_refused", "systemctl start whybounced")

    def test_another_program_at_the_socket(self):
        self.daemon.stop()
        self.daemon.socket.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.bind(str(self.daemon.socket))
            self.daemon.socket.chmod(0o777)
            stranger.listen(8)
            pid = os.fork()
            if pid == 0:
                clients = []    # kept open: who greets does not hang up
                while True:
                    clients.append(stranger.accept()[0])
                    with contextlib.suppress(OSError):
                        clients[-1].sendall(b"220 mail.example.org ESMTP\r\n")
            try:
                self.assert_wrong("daemon_odd", "does not speak the milter protocol")
            finally:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)

    def test_observing(self):
        self.daemon.options["mode"] = "observe"
        self.daemon.write_configuration()
        self.assert_wrong("observing", "mode: explain")

    def test_configuration_broken(self):
        self.daemon.config.write_text("modus: explain\n")
        self.assert_wrong("config_broken", "whybounce.yaml:1", "modus")

    def test_content_broken(self):
        folder = self.daemon.config.parent / "knowledge.d"
        folder.mkdir()
        (folder / "mine.yaml").write_text("causes:\n  - nonsense: 1\n")
        self.assert_wrong("content_broken", "mine.yaml")

    def test_postfix_broken(self):
        self.postfix.write_configuration()
        (self.postfix.etc / "main.cf").unlink()
        run = self.run_doctor("--postfix", self.postfix.etc)
        self.assertEqual(1, run.returncode)
        self.assertIn("cannot be read: postconf: fatal", run.stdout)

    def test_what_it_says_holds(self):
        """Where the doctor says that a bounce would not be explained, none is."""
        self.use("master.cf.generated", "main.cf.inbound")
        self.change("  -o internal_mail_filter_classes=bounce\n", "", "master")
        with self.postfix:
            self.assertEqual(1, self.run_doctor(*self.which()).returncode)
            send(self.postfix.port, ANNA, ["nouser@example.net"], compose())
            wait_for(self.peer.bounces, "the bounce")
        self.assertIsNone(parse(self.peer.bounces()[0].bytes)["X-Whybounce"])


class RiskyPostfix(OnPostfix):
    """It would be explained today."""

    def test_action_that_loses(self):
        for action in ("accept", "reject", "quarantine"):
            self.use(*self.files)
            self.change("default_action=tempfail", f"default_action={action}")
            self.assert_risk("postfix_action", f'"{action}"', "default_action=tempfail")

    def test_action_of_main_cf(self):
        self.change(", default_action=tempfail }", " }")
        self.assert_healthy()
        self.postfix.parameters["milter_default_action"] = "accept"
        self.assert_risk("postfix_action", '"accept"')

    def test_signer_before_us(self):
        self.change("non_smtpd_milters = {", "non_smtpd_milters = unix:opendkim/opendkim.sock, {")
        self.assert_risk("postfix_signer", "unix:opendkim/opendkim.sock")

    def test_signer_behind_us(self):
        self.change("default_action=tempfail }", "default_action=tempfail }, unix:opendkim/opendkim.sock")
        self.assert_healthy()

    def test_patterns_that_see_bounces(self):
        self.postfix.parameters["body_checks"] = "regexp:{ {/viagra/ DISCARD} }"
        self.assert_risk("postfix_checks", "body_checks", "master.cf.generated")

    def test_header_patterns(self):
        self.postfix.parameters["header_checks"] = "regexp:{ {/viagra/ DISCARD} }"
        self.assert_risk("postfix_checks", "header_checks, mime_header_checks, nested_header_checks")

    def test_too_little_time(self):
        self.change("default_action=tempfail", "default_action=tempfail, content_timeout=5s")
        self.assert_risk("postfix_timeout", "5s", "8000 ms")

    def test_inbound_defers_all_mail(self):
        self.change("default_action=accept", "default_action=tempfail")
        self.assert_risk("inbound_defers", "master.cf.inbound")

    def test_verifier_behind_us(self):
        self.change("content_timeout=30s }", "content_timeout=30s }, inet:127.0.0.1:8893")
        self.assert_risk("inbound_order", "inet:127.0.0.1:8893")

    def test_dns_away(self):
        self.daemon.options["dns"] = f"{{servers: [127.0.0.1@{free_port()}], timeout: 1 s}}"
        self.daemon.write_configuration()
        self.assert_risk("resolver_away", "example.org")

    def test_socket_in_the_open(self):
        self.daemon.options["socket"] = f"inet:{free_port()}@0.0.0.0"
        self.daemon.write_configuration()
        code, found, lines = self.examine()
        self.assertEqual("risk", found["socket_open"], lines)


class Hints(OnPostfix):
    options = {}

    def test_values_of_postfix_are_proposed(self):
        self.postfix.parameters.update({
            "mydestination": "$myhostname, localhost.$mydomain, localhost",
            "virtual_mailbox_domains": "example.com, hash:/etc/postfix/domains",
            "relay_domains": "example.net example.com", "smtp_bind_address": "192.0.2.7"})
        code, found, lines = self.examine()
        self.assertEqual(0, code)
        said = {line["check"]: line["text"] + "\n" + line["repair"] for line in lines}
        self.assertIn("\nlocal_domains: [mail.example.org, example.com, example.net]", said["local_domains_unset"])
        self.assertIn("hash:/etc/postfix/domains", said["local_domains_tables"])
        self.assertIn("\noutbound_addresses: [192.0.2.7]", said["outbound_unset"])

    def test_inbound_is_not_there(self):
        self.use("main.cf.generated")
        self.assertEqual("hint", self.examine()[1]["inbound_none_here"])
        self.daemon.options["inbound"] = "none"
        self.daemon.write_configuration()
        self.assertNotIn("inbound_none_here", self.examine()[1])


class Trial(OnPostfix):
    def test_a_bounce_through_the_daemon(self):
        run = self.run_doctor("--test", ANNA)
        self.assertEqual(0, run.returncode, run.stderr)
        self.assertIn("X-Whybounce: ", run.stdout)
        self.assertIn("could not be delivered", run.stdout)
        self.assertIn("whybounce-doctor: to=<anna@example.org> outcome=explained", self.daemon.log())

    def test_of_what_is_left_alone(self):
        self.daemon.options["mode"] = "observe"
        self.daemon.write_configuration()
        self.daemon.stop()
        self.daemon.start()
        run = self.run_doctor("--test", ANNA)
        self.assertEqual((1, ""), (run.returncode, run.stdout))
        self.assertIn("left the bounce as it was", run.stderr)

    def test_of_a_daemon_that_is_away(self):
        self.daemon.stop()
        run = self.run_doctor("--test", ANNA)
        self.assertEqual(1, run.returncode)
        self.assertIn("whybounce.sock: ", run.stderr)

    def test_of_what_is_no_address(self):
        for address in ("anna", "@example.org", "anna@example.org>\r\nX: y", "<anna@example.org>"):
            run = self.run_doctor("--test", address)
            self.assertEqual(1, run.returncode)
            self.assertIn("is no address", run.stderr)


class OnSendmail(Doctor):
    consequences = set()

    def setUp(self):
        super().setUp()
        self.stack.enter_context(self.daemon)
        self.hop = free_port()

    def sendmail(self, include="", lines=None, milters="", started=True):
        if lines is None:
            lines = f"define(`WHYBOUNCE_SOCKET', `{self.daemon.options['socket']}')dnl\n" \
                    f"define(`WHYBOUNCE_PORT', `{self.hop}')dnl\n"
        include = include or f"include(`{TREE}/conf/sendmail/whybounce.m4')\n"
        self.server = Sendmail(self.directory / "sendmail", self.peer.port,
                               last=milters + lines + "define(`WHYBOUNCE_INBOUND', `yes')dnl\n" + include)
        if started:
            self.stack.enter_context(self.server)
        else:
            self.server.write_configuration()
        self.cf = self.directory / "sendmail" / "sendmail.cf"

    def which(self):
        return ["--sendmail", self.cf]

    def change(self, old, new):
        text = self.cf.read_text()
        self.assertIn(old, text)
        self.cf.write_text(text.replace(old, new))

    def test_right(self):
        self.sendmail()
        self.assert_healthy("sendmail_fine", "sendmail_inbound")

    def test_no_include(self):
        self.sendmail(include="dnl\n", lines="dnl\n", started=False)
        self.assert_wrong("sendmail_no_hop", "whybounce.m4")

    def test_rules_lost(self):
        self.sendmail()
        self.change("$#whybounce $@", "$#local $@")
        self.assert_wrong("sendmail_no_hop", "the rules")

    def test_another_socket(self):
        self.sendmail(lines=f"define(`WHYBOUNCE_PORT', `{self.hop}')dnl\n")
        self.assert_wrong("sendmail_other_socket", "/run/whybounce/whybounce.sock", str(self.daemon.socket))

    def test_not_restarted(self):
        self.sendmail(started=False)
        self.assert_wrong("sendmail_port", str(self.hop), "Restart")

    OPENDKIM = "MAIL_FILTER(`opendkim', `S=local:/nonexistent/opendkim.sock')dnl\n"

    def test_not_among_the_milters(self):
        self.sendmail(milters=self.OPENDKIM + "define(`WHYBOUNCE_MILTERS', `opendkim')dnl\n")
        self.assert_wrong("sendmail_not_asked", "opendkim")

    def test_signer_before_us(self):
        self.sendmail(milters=self.OPENDKIM + "define(`WHYBOUNCE_MILTERS', `opendkim;whybounce')dnl\n")
        self.assert_risk("sendmail_signer", "opendkim")

    def test_action_that_loses(self):
        self.sendmail()
        self.change("F=T, T=C", "F=R, T=C")
        self.assert_risk("sendmail_action", "F=R")

    def test_verifier_behind_us(self):
        self.sendmail()
        self.change("O InputMailFilters=whybounce-inbound", "O InputMailFilters=whybounce-inbound, opendmarc")
        self.assert_risk("sendmail_inbound_order", "opendmarc")

    def test_too_little_time(self):
        self.sendmail()
        self.change("R:30s", "R:5s")
        self.assert_risk("sendmail_timeout", "5 s")

    def test_no_file(self):
        self.cf = pathlib.Path("/nonexistent/sendmail.cf")
        self.assert_wrong("sendmail_unreadable", "/nonexistent/sendmail.cf")


if __name__ == "__main__":
    unittest.main()
