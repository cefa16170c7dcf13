"""The other side: an SMTP server whose answer depends on the recipient.

The local part up to the first '+', '-' or '.' names a row of REPLIES; any other
recipient is accepted, and the message kept as it came over the wire."""

import re
import socketserver
import threading

REPLIES = {
    "nouser": "550 5.1.1 <{0}>: Recipient address rejected: User unknown in virtual mailbox table",
    "full": "552 5.2.2 <{0}>: Mailbox full",
    "gmail": "550-5.7.26 This mail has been blocked because the sender is unauthenticated.\n"
    "550-5.7.26 Gmail requires all senders to authenticate with either SPF or DKIM.\n"
    "550-5.7.26\n"
    "550-5.7.26  Authentication results:\n"
    "550-5.7.26  DKIM = did not pass\n"
    "550 5.7.26 https://support.google.com/mail/answer/81126#authentication - gsmtp",
    "blocked": "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org;"
    " https://www.spamhaus.org/query/ip/192.0.2.1",
    "bare": "554 Message refused ({0})",
    "later": "451 4.7.1 <{0}>: Recipient address rejected: Greylisted, try again later",
    "accents": "550 5.7.1 <{0}>: refus\u00e9 \u2014 bo\u00eete d\u00e9sactiv\u00e9e",
    "quota": "452-4.2.2 The recipient's inbox is out of storage space.\n452 4.2.2 {0} over quota",
}
# Refused only after the content was sent.
LATE = {"content": "550 5.7.1 Message rejected as spam by Content Filtering.",
        "big": "552 5.3.4 Message size exceeds fixed limit"}


class Message:
    def __init__(self, sender, recipients, content):
        self.sender = sender
        self.recipients = recipients
        self.bytes = content


class Session(socketserver.StreamRequestHandler):
    def say(self, text):
        lines = text.split("\n")
        self.wfile.write("".join(line + "\r\n" for line in lines).encode("utf-8"))

    def handle(self):
        self.say("220 mx.example.net ESMTP")
        self.reset()
        verbs = {"EHLO": self.ehlo, "HELO": self.ok, "MAIL": self.mail, "RCPT": self.rcpt,
                 "DATA": self.data, "RSET": self.rset, "NOOP": self.ok}
        for raw in self.rfile:
            line = raw.decode("utf-8", "surrogateescape").rstrip("\r\n")
            verb = line[:4].upper()
            if verb == "QUIT":
                self.say("221 2.0.0 bye")
                return
            verbs.get(verb, self.unknown)(line)

    def reset(self):
        self.sender, self.recipients, self.late = None, [], None

    def ok(self, _line):
        self.say("250 2.0.0 ok")

    def unknown(self, _line):
        self.say("500 5.5.1 unknown command")

    def rset(self, line):
        self.reset()
        self.ok(line)

    def ehlo(self, _line):
        self.say("250-mx.example.net\n250-8BITMIME\n250-ENHANCEDSTATUSCODES\n250-SIZE 50000000\n"
                 + ("250-DSN\n" if self.server.peer.dsn else "") + "250 SMTPUTF8")

    def mail(self, line):
        self.reset()
        self.sender = re.search(r"<(.*?)>", line).group(1)
        self.ok(line)

    def rcpt(self, line):
        address = re.search(r"<(.*)>", line).group(1)
        key = re.split(r"[-+.@]", address)[0]
        if key in self.server.peer.replies:
            self.say(self.server.peer.replies[key].format(address))
            return
        self.late = LATE.get(key, self.late)
        self.recipients.append(address)
        self.ok(line)

    def data(self, _line):
        if not self.recipients:
            self.say("554 5.5.1 no valid recipients")
            return
        self.say("354 go on")
        content = bytearray()
        for raw in self.rfile:
            if raw == b".\r\n":
                break
            content += raw[1:] if raw.startswith(b".") else raw
        if self.late:
            self.say(self.late)
        else:
            self.server.peer.keep(Message(self.sender, self.recipients, bytes(content)))
            self.say("250 2.0.0 kept")
        self.reset()


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256


class Peer:
    def __init__(self, dsn=True, replies=None):
        self.dsn = dsn
        self.replies = dict(REPLIES, **(replies or {}))
        self.messages = []
        self.lock = threading.Lock()
        self.server = Server(("127.0.0.1", 0), Session)
        self.server.peer = self
        self.port = self.server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def keep(self, message):
        with self.lock:
            self.messages.append(message)

    def bounces(self):
        with self.lock:
            return [m for m in self.messages if m.sender == ""]

    def ordinary(self):
        with self.lock:
            return [m for m in self.messages if m.sender != ""]
