"""A milter that keeps what Postfix hands over and changes nothing: the bounce
as it was before whybounce saw it. With dies=True it goes away in the middle of an
edit, as a milter that is killed there does."""

import os
import socket
import struct
import threading

CHANGE_BODY = 0x02
NO_CONNECT_NO_HELO = 0x01 | 0x02
HEADER_LEADING_SPACE = 0x100000


class Recorder:
    def __init__(self, path, dies=False):
        self.path = str(path)
        self.dies = dies
        self.messages = []
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

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.session, args=(connection,), daemon=True).start()

    def packets(self, stream):
        while True:
            head = stream.read(4)
            if len(head) < 4:
                return
            packet = stream.read(struct.unpack(">I", head)[0])
            yield packet[:1], packet[1:]

    def session(self, connection):
        headers, body = [], bytearray()
        with connection, connection.makefile("rb") as stream:
            for command, data in self.packets(stream):
                answer = b"c"
                if command == b"O":
                    answer = b"O" + struct.pack(">III", 6, CHANGE_BODY if self.dies else 0, NO_CONNECT_NO_HELO | HEADER_LEADING_SPACE)
                elif command == b"L":
                    name, value = data.rstrip(b"\0").split(b"\0", 1)
                    headers.append(name + b":" + value.replace(b"\n", b"\r\n") + b"\r\n")
                elif command == b"B":
                    body += data
                elif command == b"E":
                    body += data
                    self.messages.append(b"".join(headers) + b"\r\n" + bytes(body))
                    headers, body = [], bytearray()
                    if self.dies:
                        connection.sendall(struct.pack(">I", 8) + b"bhalf\r\n")
                        return
                elif command == b"D":
                    continue
                elif command == b"M":
                    headers, body = [], bytearray()
                elif command == b"A":
                    continue
                elif command in b"QK":
                    return
                connection.sendall(struct.pack(">I", len(answer)) + answer)
