"""whybounced, in the foreground, with a configuration of its own."""

import contextlib
import http.client
import grp
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess

from .tools import BUILD, syslog_to, wait_for


def command_line(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def is_stopped(pid):
    """No thread of it runs; also where it has ended."""
    def state(thread):
        try:
            return (thread / "stat").read_text().rpartition(") ")[2][0]
        except OSError:
            return "X"
    return all(state(thread) in "TZX" for thread in pathlib.Path(f"/proc/{pid}/task").glob("*"))


NO_CHECKS = "{spf: no, dkim: no, dmarc: no, mx: no, ptr: no}"


class Daemon:
    """options: lines of whybounce.yaml as a dictionary of strings. limits: of
    setrlimit(2), as {resource.RLIMIT_AS: bytes}. Asks no DNS but one that the
    options name: that of the machine knows other things everywhere."""

    def __init__(self, directory, options=None, name="whybounce", program=None, limits=None):
        self.directory = pathlib.Path(directory)
        folder = self.directory / name
        folder.mkdir(exist_ok=True)
        self.config = folder / "whybounce.yaml"
        self.log_file = folder / "log"
        self.program = str(program or BUILD / "whybounced")
        self.limits = limits or {}
        self.environment = {}
        self.options = {"user": "nobody", "log": "stderr"}
        self.process = None
        self.place_socket(folder, 0o2755)
        self.options.update(options or {})
        self.write_configuration()

    def place_socket(self, folder, mode=0o2750):
        """Sockets in this folder belong to Postfix's group, as the package sets it up."""
        if os.geteuid() == 0 and any(g.gr_name == "postfix" for g in grp.getgrall()):
            shutil.chown(folder, group="postfix")
            folder.chmod(mode)
        self.socket = folder / "whybounce.sock"
        self.options["socket"] = f"local:{self.socket}"
        self.write_configuration()

    def write_configuration(self):
        options = self.options if "dns" in self.options else {"checks": NO_CHECKS, **self.options}
        self.config.write_text("".join(f"{key}: {value}\n" for key, value in options.items()))

    def milter(self, action="tempfail"):
        """What main.cf calls this milter."""
        address = self.options["socket"].replace("local:", "unix:")
        return f"{{ {address}, default_action={action} }}"

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process is not None and self.process.poll() is None:
            self.thaw()
            self.stop()

    def set_limits(self):
        for which, most in self.limits.items():
            resource.setrlimit(which, (most, most))

    def start(self):
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen([self.program, "-c", str(self.config), "-f"],
                                            env={**os.environ, **self.environment}, stderr=log,
                                            stdin=subprocess.DEVNULL, start_new_session=True,
                                            preexec_fn=self.set_limits if self.limits else None)
        wait_for(self.answers, f"whybounced's socket; its log:\n{self.log()}")

    def start_short(self, which, limits, spare=0):
        """With so much more than the first of these limits under which it starts at all."""
        for most in limits:
            self.limits = {which: most}
            try:
                self.start()
                break
            except RuntimeError as error:
                reason = error
                self.log_file.write_text("")
        else:
            raise RuntimeError(f"whybounced starts under none of these limits: {reason}")
        if spare != 0:
            self.stop()
            self.limits = {which: most + spare}
            self.start()

    def answers(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"whybounced ended with {self.process.returncode}:\n{self.log()}")
        address = self.options["socket"]
        try:
            if address.startswith("inet:"):
                port = address.removeprefix("inet:").split("@")[0]
                socket.create_connection(("127.0.0.1", int(port)), 5).close()
            else:
                with socket.socket(socket.AF_UNIX) as s:
                    s.connect(str(self.socket))
            return True
        except OSError:
            return False

    def stop(self, how=signal.SIGTERM, seconds=30):
        self.process.send_signal(how)
        return self.process.wait(seconds)

    def children(self, role):
        """Process ids of those that run as --front or --worker."""
        task = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        pids = [int(pid) for pid in task.read_text().split()] if task.exists() else []
        return [pid for pid in pids if f"--{role}".encode() in command_line(pid)]

    def processes(self):
        """The parent first."""
        return [self.process.pid, *self.children("front"), *self.children("worker")]

    def signal_all(self, which, pids):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, which)

    def freeze(self):
        """Stop all of its processes: when this returns, no thread of them runs. On a busy
        machine some do for a while after the signal."""
        for which in (lambda: [self.process.pid], lambda: self.children("front") + self.children("worker")):
            pids = which()
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
            wait_for(lambda: all(map(is_stopped, pids)), "the processes to stop")

    def thaw(self):
        self.signal_all(signal.SIGCONT, self.processes())

    def kill(self):
        """All of its processes at once, as a power cut would."""
        self.freeze()       # so that none of them sees another one go
        # The parent last: without it the kernel lets its stopped children go on.
        self.signal_all(signal.SIGKILL, reversed(self.processes()))
        self.process.wait()

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def ask(self, path):
        """Status and text of a page at the address of the option metrics."""
        port = self.options["metrics"].removeprefix("inet:").split("@")[0]
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)
        with contextlib.closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def metric(self, series):
        """The value of one series, as 'bounces_total{outcome="explained"}'; 0 where it is not there."""
        for line in self.ask("/metrics")[1].splitlines():
            name, _, value = line.rpartition(" ")
            if name == "whybounce_" + series:
                return float(value)
        return 0

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def log_to_syslog(self):
        """As it does where nothing else is set: then libmilter's lines are in the log too."""
        self.options["log"] = "syslog"
        self.write_configuration()
        self.log_file.touch()
        self.log_file.chmod(0o666)
        self.environment = syslog_to(self.log_file)
