"""Ports, directories, logs, waiting."""

import os
import pathlib
import socket
import subprocess
import tempfile
import time

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("WHYBOUNCE_BUILD", TREE / "build"))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def new_directory():
    """A directory that other users may enter, as Postfix's processes must; in memory
    where there is some, because a queue syncs every file to its disk."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    directory = pathlib.Path(tempfile.mkdtemp(prefix="whybounce-lab-", dir=memory))
    directory.chmod(0o755)
    return directory


def syslog_to(path):
    """The environment in which a program's syslog(3) writes to this file."""
    shim = BUILD / "syslog_file.so"
    if not shim.exists():
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", shim, TREE / "tests/lab/syslog_file.c"], check=True)
    return {"LD_PRELOAD": str(shim), "SYSLOG_FILE": str(path)}


def wait_for(condition, what, seconds=20.0):
    """Return condition()'s first true value; fail after so many seconds, with what was
    waited for: a text, or a function that makes one then."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"{what() if callable(what) else what}: not within {seconds:g} s")
        time.sleep(0.02)
