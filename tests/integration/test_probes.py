"""What the DNS says about a bounce: a real Postfix, a real DNS server, a real
signer, and peers that answer as Gmail, Outlook, Yahoo and users of Spamhaus do."""

import json
import shutil
import socket
import subprocess
import time
import unittest

from support import ANNA, BUILD, Lab, compose, new_directory, parse, send, wait_for
from lab import DNS, OpenDKIM, packages, txt

OURS = "192.0.2.1"
REPLIES = {
    "outlook": "550 5.7.515 Access denied, sending domain EXAMPLE.ORG doesn't meet the required"
    " authentication level. The sender's domain in the 5322.From address doesn't meet the"
    " authentication requirements defined for the sender. To learn how to fix this see:"
    " https://go.microsoft.com/fwlink/p/?linkid=2319303 Spf= Fail , Dkim= Fail , DMARC= Fail",
    "yahoo": "554 5.7.9 Message not accepted for policy reasons. See"
    " https://senders.yahooinc.com/error-codes",
    "spf": "550 5.7.23 <{0}>: Recipient address rejected: SPF fail - not authorized",
    "dkim": "550 5.7.20 No passing DKIM signature found",
    "dmarc": "550 5.7.1 Unauthenticated email from example.org is not accepted due to domain's DMARC policy.",
    "nullmx": "556 5.1.10 <{0}>: Recipient address rejected: Domain does not accept mail (nullMX)",
    "nohost": "550 5.1.2 <{0}>: Bad destination system address: host not found",
    "ptr": "554 5.7.25 Client host rejected: cannot find your reverse hostname",
    "named": "550 5.7.23 SPF check failed: 203.0.113.9 may not send for example.org",
}


def zone(spf=f"v=spf1 ip4:{OURS} -all", dmarc="v=DMARC1; p=reject", more=()):
    return ["@ MX 10 mx", "mx A 192.0.2.25", *more,
            *([f"@ {txt(spf)}"] if spf else []), *([f"_dmarc {txt(dmarc)}"] if dmarc else [])]


class Probes(Lab):
    options = {"local_domains": "[example.org, news.example]", "outbound_addresses": f"[{OURS}]"}
    zones = {"example.org": zone()}

    def setUp(self):
        if packages.missing():
            self.skipTest(packages.missing())
        super().setUp()
        self.peer.replies.update(REPLIES)
        self.dns = DNS(self.directory / "dns", self.zones)
        self.options = dict(self.options, dns=f'{{servers: ["{self.dns.address}"], timeout: 2 s}}')
        self.daemon.options.update(self.options)
        self.daemon.write_configuration()

    def begin(self, **zones):
        self.dns.zones.update({name.replace("_", "."): rows for name, rows in zones.items()})
        self.stack.enter_context(self.dns)
        self.start()

    def words(self, bounce):
        """The plain text, without its line ends."""
        part = parse(bounce).get_body(("plain",))
        return " ".join(part.get_content().split("The original report")[0].split())

    def bounce_for(self, recipient, message=None, sender=ANNA):
        send(self.postfix.port, sender, [recipient], message or compose())
        return self.words(self.one_bounce())


class Spf(Probes):
    def test_no_record(self):
        self.begin(example_org=zone(spf=None))
        words = self.bounce_for("gmail@example.net")
        self.assertIn("example.org has no SPF record", words)
        self.assertIn(f"Publish this TXT record for example.org: v=spf1 ip4:{OURS} ~all", words)
        self.assertIn("Send this whole message to your mail administrator.", words)

    def test_address_is_missing(self):
        self.begin(example_org=zone(spf="v=spf1 ip4:198.51.100.7 mx -all"))
        words = self.bounce_for("spf@example.net")
        self.assertIn(f"the record of example.org does not allow {OURS}", words)
        self.assertIn(f"so that it reads: v=spf1 ip4:198.51.100.7 mx ip4:{OURS} -all", words)

    def test_in_order_now(self):
        self.begin()
        words = self.bounce_for("spf@example.net")
        self.assertIn("When this was checked just now, the fault was not there.", words)
        self.assertIn("1. Send your message again.", words)
        self.assertIn("The reply blames SPF, but the SPF record of example.org allows", words)
        self.assertNotIn("To repair it", words)

    def test_what_a_reply_names_is_never_proposed(self):
        self.begin()
        words = self.bounce_for("named@example.net")
        self.assertIn("The reply names the address 203.0.113.9.", words)
        self.assertNotIn("ip4:203.0.113.9", words.replace("203.0.113.9 may not", ""))


class Signing(Probes):
    def signed(self, domain="example.org"):
        opendkim = OpenDKIM(self.directory / "opendkim", domain)
        name, _, key = (opendkim.directory / "keys").read_text().partition(" ")
        self.postfix.parameters["smtpd_milters"] = f"unix:{opendkim.socket}"
        self.stack.enter_context(opendkim)
        return f"lab._domainkey {txt(key.strip())}"


class Dkim(Signing):
    def test_signed(self):
        key = self.signed()
        self.begin(example_org=zone(spf=None, more=[key]))
        words = self.bounce_for("gmail@example.net")
        self.assertIn("DKIM passes: the signature of example.org is valid.", words)
        self.assertIn("DMARC passes for example.org.", words)

    def test_unsigned(self):
        self.begin(example_org=zone(spf=None, more=["lab._domainkey " + txt("v=DKIM1; p=")]))
        words = self.bounce_for("outlook@example.net")
        self.assertIn("The message has no DKIM signature, although example.org publishes DKIM keys.", words)
        self.assertIn("asks receivers to refuse such mail", words)

    def test_tampered(self):
        key = self.signed()
        self.begin(example_org=zone(more=[key]))
        send(self.postfix.port, ANNA, ["ok@example.net"], compose())
        wait_for(self.peer.ordinary, "the signed message")
        signed = self.peer.ordinary()[0].bytes
        self.postfix.set(smtpd_milters="")
        words = self.bounce_for("dkim@example.net", signed.replace(b"Hello.", b"Hello, you."))
        self.assertIn("the body was changed after signing", words)
        self.assertIn("Sign as the last step", words)

    def test_key_is_missing(self):
        self.signed()
        self.begin()
        words = self.bounce_for("yahoo@example.net")
        self.assertIn("there is no DKIM key at lab._domainkey.example.org", words)
        self.assertIn("as TXT record lab._domainkey.example.org.", words)


class FourMessagesFourPeers(Signing):
    """A signed, an unsigned, a tampered and a misaligned message, to peers that answer
    as Gmail, Outlook, Yahoo and a Postfix with Spamhaus do: each bounce has the repair
    of its message, and of nothing else."""

    options = dict(Probes.options, checks="{dnsbl: [zen.spamhaus.org]}")
    KINDS = ("signed", "unsigned", "tampered", "misaligned")
    SPF = f"so that it reads: v=spf1 mx ip4:{OURS} -all"
    SIGN = "Let all outgoing mail of example.org pass the DKIM signer"
    LAST = "Sign as the last step: nothing may change the body"
    ALIGN = "Sign with DKIM for example.org, or use an envelope sender of example.org"
    REMOVAL = "then ask for removal on the page https://check.spamhaus.org/."
    #        what is said, the repairs there are; of these all others are not there
    WANTED = {
        "signed": (["DKIM passes: the signature of example.org is valid.",
                    f"the record of example.org does not allow {OURS}"], {SPF}),
        "unsigned": (["The message has no DKIM signature, although example.org publishes DKIM keys."], {SPF, SIGN}),
        "tampered": (["the body was changed after signing"], {SPF, LAST}),
        "misaligned": (["SPF or DKIM passes for news.example, but the sender address says example.org"],
                       {SIGN, ALIGN}),
    }

    def messages(self):
        """Each with its envelope sender."""
        send(self.postfix.port, ANNA, ["ok@example.net"], compose())
        wait_for(self.peer.ordinary, "the signed message")
        signed = self.peer.ordinary()[0].bytes
        self.postfix.set(smtpd_milters="")
        return {"signed": (ANNA, signed), "unsigned": (ANNA, compose()),
                "tampered": (ANNA, signed.replace(b"Hello.", b"Hello, you.")),
                "misaligned": ("list@news.example", compose())}

    def collect(self):
        """The words of all bounces, by peer and kind of message."""
        n = 0
        for kind, (sender, message) in self.messages().items():
            for peer in ("gmail", "outlook", "yahoo", "blocked"):
                send(self.postfix.port, sender, [f"{peer}+{kind}@example.net"], message)
                n += 1
        found = {}
        for bounce in self.bounces(n, 120):
            words = self.words(bounce)
            peer, kind = words.split("+")[0].split()[-1].strip("<"), words.split("+")[1].split("@")[0]
            found[peer, kind] = words
        return found

    def test_each_repair(self):
        key = self.signed()
        self.begin(example_org=zone(spf="v=spf1 mx -all", more=[key]), news_example=zone(dmarc=None),
                   zen_spamhaus_org=["1.2.0.192 A 127.0.0.2"])
        found = self.collect()
        self.assertEqual(16, len(found))
        repairs = {self.SPF, self.SIGN, self.LAST, self.ALIGN, self.REMOVAL}
        for (peer, kind), words in found.items():
            said, wanted = self.WANTED[kind]
            if peer == "blocked":
                said, wanted = [f"{OURS} is on the blocklist Spamhaus SBL"], {self.REMOVAL}
            elif peer == "yahoo":  # for some policy: it may be the list too
                wanted = wanted | {self.REMOVAL}
            with self.subTest(peer=peer, kind=kind):
                for phrase in said:
                    self.assertIn(phrase, words)
                self.assertEqual(wanted, {repair for repair in repairs if repair in words})


class Dmarc(Probes):
    def test_misaligned(self):
        self.begin(news_example=zone(dmarc=None))
        words = self.bounce_for("dmarc@example.net", sender="list@news.example")
        self.assertIn("SPF or DKIM passes for news.example, but the sender address says example.org", words)
        self.assertIn("Sign with DKIM for example.org", words)


class Hosts(Probes):
    options = dict(Probes.options, checks="{dnsbl: [bl.example]}")

    def test_blocklist_and_reverse_dns(self):
        self.begin(bl_example=["1.2.0.192 A 127.0.0.2"])
        words = self.bounce_for("blocked@example.net")
        self.assertIn(f"{OURS} is on the blocklist bl.example.", words)
        self.assertIn(f"The address {OURS} has no name in the reverse DNS.", words)

    def test_null_mx_beside_others(self):
        self.begin(else_example=["@ MX 0 .", "@ MX 10 mx.example.org."])
        words = self.bounce_for("nullmx@else.example")
        self.assertIn("What you can do 1. The DNS says of else.example both that it receives mail and that it does not.",
                      words)
        self.assertIn("The MX records of else.example contradict one another", words)
        self.assertNotIn("Send your message again", words)
        self.assertNotIn("To repair it", words)  # it is not ours

    def test_misspelt_domain(self):
        self.begin()
        words = self.bounce_for("nohost@gmial.com")
        self.assertIn("What you can do 1. Look at the address again: perhaps it should end in gmail.com", words)


class Checks(unittest.TestCase):
    """whybounce check, of domains whose records are odd."""

    ZONES = {
        "good.example": ["@ MX 10 mx", "mx A 192.0.2.25"],
        "alias.example": ["@ MX 10 mx", "mx CNAME mx.good.example."],
        "void.example": ["@ MX 10 mx", "mx CNAME gone.good.example."],
        "both.example": ["@ MX 0 .", "@ MX 10 mx.good.example."],
        "ptr.example": ["@ MX 10 mx.good.example.", f"@ {txt('v=spf1 mx ptr -all')}"],
        "inner.example": ["@ MX 10 mx", "mx A 10.1.2.3"],
    }
    #            exit status, findings but for one that all is well, the repair
    WANTED = {
        "good.example": (0, set(), ""),
        "alias.example": (1, {"mx.alias"}, "name mx.good.example instead in the MX record of alias.example."),
        "void.example": (1, {"mx.alias_nowhere"}, "Correct the MX record of void.example"),
        "both.example": (1, {"mx.null_beside"}, "remove its null MX record"),
        "ptr.example": (1, {"spf.ptr"}, "Replace ptr in the SPF record of ptr.example"),
        "inner.example": (0, {"mx.private"}, ""),
    }

    def test_each(self):
        if packages.missing():
            self.skipTest(packages.missing())
        directory = new_directory()
        self.addCleanup(shutil.rmtree, directory, ignore_errors=True)
        settings = directory / "whybounce.yaml"
        settings.write_text("checks: {dkim: no, dmarc: no, ptr: no}\n")
        spf = [f"@ {txt('v=spf1 mx -all')}"]
        zones = {name: rows if any("spf1" in row for row in rows) else rows + spf for name, rows in self.ZONES.items()}
        with DNS(directory / "dns", zones) as dns:
            for domain, (status, found, repair) in self.WANTED.items():
                with self.subTest(domain=domain):
                    run = subprocess.run([str(BUILD / "whybounce"), "check", domain, "--dns", dns.address, "-f", "json",
                                          "-c", str(settings)], capture_output=True, text=True, timeout=60)
                    lines = [json.loads(line) for line in run.stdout.splitlines()]
                    self.assertEqual(found, {line["finding"] for line in lines} - {"spf.record", "mx.ok"}, lines)
                    repairs = " ".join(line["repair"] for line in lines)
                    self.assertIn(repair, repairs)
                    self.assertEqual(bool(repair), bool(repairs.strip()), repairs)
                    self.assertEqual(status, run.returncode)


class Readers(Probes):
    options = dict(Probes.options, authserv_id="mail.example.org")
    REPORTED = "Authentication-Results: mail.example.org; spf=fail smtp.mailfrom=eve@else.example\n"

    def test_outside_sees_no_internals(self):
        self.begin()
        words = self.bounce_for("spf@example.net", compose(headers=self.REPORTED), sender="eve@else.example")
        self.assertIn("When the message arrived here, the result of SPF was fail for else.example.", words)
        self.assertNotIn(OURS, words)
        self.assertNotIn("To repair it", words)


class Unicode(Probes):
    """A domain in letters beyond ASCII, as Postfix hands it on with SMTPUTF8."""

    options = dict(Probes.options, local_domains="[xn--bcher-kva.example]")
    parameters = {"smtputf8_enable": "yes"}

    def test_record_of_its_a_label(self):
        self.dns.zones["xn--bcher-kva.example"] = zone(spf="v=spf1 mx -all")
        self.begin()
        sender = "anna@b\u00fccher.example"
        message = compose().replace(ANNA.encode(), sender.encode())
        send(self.postfix.port, sender, ["gmail@example.net"], message, mail_options=["SMTPUTF8"], utf8=True)
        words = self.words(self.one_bounce())
        self.assertIn(f"the record of xn--bcher-kva.example does not allow {OURS}", words)
        self.assertIn(f"so that it reads: v=spf1 mx ip4:{OURS} -all", words)
        self.assertIn("DMARC fails: neither SPF nor DKIM passes, and xn--bcher-kva.example asks", words)


class Asked(Probes):
    """How often, and how long, the DNS is asked."""

    def count(self, recipient):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hole:
            hole.bind(("127.0.0.1", 0))
            hole.settimeout(0.1)
            self.daemon.options["dns"] = f'{{servers: ["127.0.0.1@{hole.getsockname()[1]}"], timeout: 1 s}}'
            self.daemon.write_configuration()
            self.start()
            started = time.monotonic()
            words = self.bounce_for(recipient)
            seconds = time.monotonic() - started
            questions = 0
            try:
                while hole.recv(4096):
                    questions += 1
            except TimeoutError:
                return words, questions, seconds

    def test_not_at_all_without_need(self):
        words, questions, _ = self.count("full@example.net")
        self.assertEqual(0, questions)
        self.assertNotIn("What we checked", words)

    def test_no_longer_than_the_deadline(self):
        words, questions, seconds = self.count("gmail@example.net")
        self.assertLess(0, questions)
        self.assertLess(seconds, 6)  # one second of it for the DNS, the rest for a busy machine
        self.assertIn("SPF of example.org could not be checked: the DNS did not answer in time.", words)
        self.assertIn("DMARC of example.org could not be checked: the DNS did not answer in time.", words)
        self.assertNotIn("record", words.split("What we checked")[1].split("For mail administrators")[0])


class Dead(Probes):
    def test_nobody_is_there(self):
        self.start()
        words = self.bounce_for("gmail@example.net")
        self.assertIn("could not be checked:", words)


class Forged(Probes):
    options = dict(Probes.options, signs_all="yes", inbound="all")

    def setUp(self):
        super().setUp()
        self.postfix.parameters["smtpd_milters"] = self.daemon.milter("accept")

    def test_somebody_used_our_address(self):
        self.begin()
        self.postfix.set(non_smtpd_milters="")
        spam = compose(headers="Received: from evil ([203.0.113.9]) by mx.example.net; Mon, 23 Nov 2026 10:00:00 +0000\n")
        report = (b"From: MAILER-DAEMON@mx.example.net\nTo: anna@example.org\nSubject: Undelivered Mail\n"
                  b"MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
                  b"--b\n\nIt could not be delivered.\n--b\nContent-Type: message/delivery-status\n\n"
                  b"Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; kim@example.net\n"
                  b"Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\n\n"
                  b"--b\nContent-Type: message/rfc822\n\n" + spam + b"\n--b--\n")
        send(self.postfix.port, "", [ANNA], report)
        wait_for(self.peer.bounces, "the bounce")
        bounce = self.peer.bounces()[0].bytes
        self.assertIn("; forged=yes", parse(bounce)["X-Whybounce"])
        self.assertIn("Somebody else probably sent this message with your address", self.words(bounce))


if __name__ == "__main__":
    unittest.main()
