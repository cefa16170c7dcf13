"""A tap on the line between Postfix and a milter: passes everything on, keeps what
Postfix said, and calls somebody before a command of the milter protocol goes on."""

import contextlib
import os
import socket
import struct
import threading


class Tap:
    """path: where Postfix connects. target: the milter's own socket."""

    def __init__(self, path, target):
        self.path, self.target = str(path), str(target)
        self.packets = []               # (command, data), of all sessions
        self.before = {}                # command: what to call, once
        self.socket = socket.socket(socket.AF_UNIX)

    def __enter__(self):
        self.socket.bind(self.path)
        os.chmod(self.path, 0o666)
        self.socket.listen(128)
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.socket.close()
        os.unlink(self.path)

    def milter(self, action="tempfail"):
        return f"{{ unix:{self.path}, default_action={action} }}"

    def commands(self):
        return "".join(sorted({command for command, _ in self.packets}))

    def said(self):
        return b"".join(data for _, data in self.packets)

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.session, args=(connection,), daemon=True).start()

    def session(self, postfix):
        with postfix, socket.socket(socket.AF_UNIX) as milter, contextlib.suppress(OSError):
            milter.connect(self.target)
            threading.Thread(target=self.pass_back, args=(milter, postfix), daemon=True).start()
            self.pass_on(postfix, milter)

    def pass_on(self, postfix, milter):
        with postfix.makefile("rb") as stream:
            while len(head := stream.read(4)) == 4:
                packet = stream.read(struct.unpack(">I", head)[0])
                command = packet[:1].decode()
                self.packets.append((command, packet[1:]))
                self.before.pop(command, lambda: None)()
                milter.sendall(head + packet)
        milter.shutdown(socket.SHUT_WR)

    @staticmethod
    def pass_back(milter, postfix):
        with contextlib.suppress(OSError):
            while data := milter.recv(65536):
                postfix.sendall(data)
        with contextlib.suppress(OSError):
            postfix.shutdown(socket.SHUT_RDWR)
