"""whybounced, in the foreground, with a configuration of its own."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess

from .tools import BUILD, wait_for


class Daemon:
    """options: lines of whybounce.yaml as a dictionary of strings."""

    def __init__(self, directory, options=None, name="whybounce", program=None):
        self.directory = pathlib.Path(directory)
        folder = self.directory / name
        folder.mkdir(exist_ok=True)
        self.config = folder / "whybounce.yaml"
        self.log_file = folder / "log"
        self.program = str(program or BUILD / "whybounced")
        self.options = {"user": "nobody", "log": "stderr"}
        self.process = None
        self.place_socket(folder, 0o2755)
        self.options.update(options or {})
        self.write_configuration()

    def place_socket(self, folder, mode=0o2750):
        """Sockets in this folder belong to Postfix's group, as the package sets it up."""
        if os.geteuid() == 0:
            shutil.chown(folder, group="postfix")
            folder.chmod(mode)
        self.socket = folder / "whybounce.sock"
        self.options["socket"] = f"local:{self.socket}"
        self.write_configuration()

    def write_configuration(self):
        self.config.write_text("".join(f"{key}: {value}\n" for key, value in self.options.items()))

    def milter(self, action="tempfail"):
        """What main.cf calls this milter."""
        address = self.options["socket"].replace("local:", "unix:")
        return f"{{ {address}, default_action={action} }}"

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.stop()

    def start(self):
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen([self.program, "-c", str(self.config), "-f"],
                                            stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        wait_for(self.answers, f"whybounced's socket; its log:\n{self.log()}")

    def answers(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"whybounced ended with {self.process.returncode}:\n{self.log()}")
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(str(self.socket))
            return True
        except OSError:
            return False

    def stop(self, how=signal.SIGTERM, seconds=30):
        self.process.send_signal(how)
        return self.process.wait(seconds)

    def kill(self):
        """All of its processes at once, as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""
