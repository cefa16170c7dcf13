"""Programs that cannot be installed beside Postfix (Sendmail), or would start a
service of their own (OpenDKIM, NSD): Debian's packages, unpacked below build/ and run
from there. An installed one is not looked at: tests meet the same everywhere.

As a program it fetches all of them: python3 tests/lab/packages.py"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
ROOT = TREE / "build" / "packages"
SENDMAIL = ("sendmail-bin", "sendmail-cf", "m4")
OPENDKIM = ("opendkim", "opendkim-tools")
NSD = ("nsd",)


def missing():
    """Why no package can be unpacked here, or None."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        return "this system has no Debian packages"
    return None


def output(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout


def installed(name):
    run = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status}", name], capture_output=True, text=True)
    return run.stdout == "installed"


def with_libraries(names):
    """These packages and the libraries that they need and this system has not."""
    tree = output("apt-cache", "depends", "--recurse", "--important", *names)
    libraries = sorted(set(re.findall(r"^(lib\S+)$", tree, re.MULTILINE)))
    return [*names, *(n for n in libraries if not installed(n))]


def download(names, directory):
    def attempt():
        output("apt-get", "-q", "download", *with_libraries(names), cwd=directory)
    try:
        attempt()
    except subprocess.CalledProcessError:
        output("apt-get", "-q", "update")  # never asked yet, or too long ago
        attempt()


def unpack(names):
    """The folder in which the programs of these packages lie, as below /."""
    root = ROOT / names[0]
    if root.exists():
        return root
    new = ROOT / f"{names[0]}.{os.getpid()}"
    (new / "root").mkdir(parents=True)
    try:
        download(names, new)
        for package in new.glob("*.deb"):
            output("dpkg-deb", "-x", package, new / "root")
        (new / "root").rename(root)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return root


def environment(root):
    """In which its programs find its libraries."""
    folders = [root / "usr" / "lib", *root.glob("usr/lib/*-linux-gnu*")]
    return dict(os.environ, LD_LIBRARY_PATH=":".join(str(f) for f in folders))


if __name__ == "__main__":
    if missing() is None:
        for wanted in (SENDMAIL, OPENDKIM, NSD):
            unpack(wanted)
    else:
        print(f"{missing()}: tests of Sendmail, OpenDKIM and the DNS are skipped", file=sys.stderr)
