"""Hand a message to an SMTP server, byte for byte."""

import smtplib
import threading


class Client(smtplib.SMTP):
    """smtplib, without its ideas about line ends and 8-bit text."""

    def send_bytes(self, sender, mail_options, recipients, message):
        code, reply = self.docmd("MAIL", f"FROM:<{sender}> {' '.join(mail_options)}".rstrip())
        for recipient, options in recipients:
            if code >= 400:
                break
            code, reply = self.docmd("RCPT", f"TO:<{recipient}> {options}".rstrip())
        if code < 400:
            code, reply = self.data(message)
        if code >= 400:
            raise smtplib.SMTPResponseException(code, reply)


def send(port, sender, recipients, message, mail_options=(), utf8=False, source="127.0.0.1"):
    """recipients: addresses, or (address, "NOTIFY=…") pairs. source: our own address."""
    pairs = [(r, "") if isinstance(r, str) else r for r in recipients]
    message = message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    with Client("127.0.0.1", port, local_hostname="client.example.org", timeout=30,
                source_address=(source, 0)) as client:
        client.ehlo()
        if utf8:
            client.command_encoding = "utf-8"
        client.send_bytes(sender, mail_options, pairs, message)


def flood(port, sender, messages, connections=4):
    """Hand in many messages, [(recipient, content)…], over a few connections at once.
    Returns the threads; join them."""
    def some(mine):
        with Client("127.0.0.1", port, local_hostname="client.example.org", timeout=60) as client:
            client.ehlo()
            for recipient, message in mine:
                client.send_bytes(sender, (), [(recipient, "")], message.replace(b"\n", b"\r\n"))
    threads = [threading.Thread(target=some, args=(messages[i::connections],)) for i in range(connections)]
    for thread in threads:
        thread.start()
    return threads
