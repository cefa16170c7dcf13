"""A mail system of its own on loopback: a private Postfix, the peer that it
relays to, a milter that records what Postfix hands over, and whybounced.

Nothing outside the laboratory's directory is touched: no installed Postfix, no
port below 1024. Leaving the `with` block stops whatever was started."""

from . import packages
from .browser import Browser
from .daemon import Daemon
from .dns import DNS, txt
from .haproxy import HAProxy
from .opendkim import OpenDKIM
from .peer import Peer
from .postfix import Postfix
from .recorder import Recorder
from .sendmail import Sendmail
from .smtp import flood, send
from .tap import Tap
from .tools import free_port, new_directory, wait_for

__all__ = ["Browser", "DNS", "Daemon", "HAProxy", "OpenDKIM", "Peer", "Postfix", "Recorder", "Sendmail", "Tap",
           "flood", "free_port", "new_directory", "packages", "send", "txt", "wait_for"]
