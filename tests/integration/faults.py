"""What may happen to whybounced under a load of bounces, for whichever mail server it
works: none is lost, none comes twice, one that passes unexplained is the bytes that
the mail server wrote, and the log says why. With the settings we ship: the mail
server keeps a bounce while nobody explains it.

A test is a scenario of this file over one of the two floods at its end."""

import collections
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time

from support import ANNA, EVE, TREE, Lab, SendmailLab, compose, flood, free_port, parse, texts

ROWS = []
HEADING = ("row", "mail server", "sent", "delivered", "explained", "unchanged", "seconds", "reasons of unchanged ones")


def print_table():
    """What the tests of one module have measured."""
    widths = [max(len(str(row[i])) for row in (HEADING, *ROWS)) for i in range(len(HEADING))]
    for row in (HEADING, *ROWS):
        line = "  ".join(f"{value:>{w}}" if isinstance(value, int | float) else f"{value:<{w}}"
                         for value, w in zip(row, widths))
        print(line.rstrip(), file=sys.stderr)
    ROWS.clear()


def one_in(n, word):
    """Every n-th message asks its worker to fail so (a build with FAULTS=1)."""
    return lambda i: f"X-Whybounce-Fault: {word}\n" if i % n == 0 else ""


class Flood:
    """A flood of failing messages, each with a number of its own, over a laboratory."""

    senders = (ANNA,)

    def flood(self, headers=lambda i: "", body="Hello.\n", recipient=lambda i: "nouser@example.net"):
        self.began = time.monotonic()
        self.threads = []
        for which, sender in enumerate(self.senders):
            numbers = range(which, self.load, len(self.senders))
            messages = [(recipient(i), compose(f"Number {i}.", body, headers(i))) for i in numbers]
            self.threads += flood(self.mta.port, sender, messages, 4 // len(self.senders))

    def wait_for_some(self, percent=10):
        self.wait(lambda: len(self.arrived()) * 100 >= self.load * percent, f"{percent} % of the bounces")

    def number(self, bounce):
        return int(re.search(rb"^Subject: Number (\d+)\.", bounce, re.M).group(1))

    def cause(self, number):
        return "user_unknown"

    def reasons(self):
        """Why the log says that bounces passed unchanged: {queue id: reason}."""
        return dict(re.findall(r"(\w+): to=<\S*> outcome=failed(?:: passed unchanged| .*? us=\d+): (.*)", self.logs()))

    def settle(self, seconds=120):
        """All have arrived, each once, explained or unchanged. Returns how many are explained."""
        for thread in self.threads:
            thread.join()
        self.bounces(self.load, seconds)
        self.wait(self.mta.idle, "an empty queue", seconds)
        bounces = {self.number(bounce): bounce for bounce in self.arrived()}
        numbers = collections.Counter(self.number(bounce) for bounce in self.arrived())
        self.assertEqual({i: 1 for i in range(self.load)}, dict(numbers))
        self.assertEqual([], self.mta.warnings())
        self.unexplained = {}
        for number, bounce in bounces.items():
            self.look_at(number, bounce)
        self.report(len(bounces))
        return len(bounces) - len(self.unexplained)

    def look_at(self, number, bounce):
        self.assertEqual(self.received, len(parse(bounce).get_all("Received")), "it went round")
        if parse(bounce)["X-Whybounce"]:
            self.assertEqual(1, bounce.count(b"\r\nX-Whybounce: "))
            self.assert_explained(bounce, self.cause(number))
            return
        self.assert_unchanged(bounce)
        queue_id = re.search(rb"^Received: .*?\bid (\w+)", bounce, re.M | re.S).group(1).decode()
        self.assertIn(queue_id, self.reasons(), f"the log does not say why number {number} is unexplained")
        self.unexplained[number] = self.reasons()[queue_id]

    def report(self, delivered):
        name = self.id().rsplit(".", 1)[1].removeprefix("test_").replace("_", " ")
        reasons = collections.Counter(self.unexplained.values())
        ROWS.append((name, self.server, self.load, delivered, delivered - len(self.unexplained), len(self.unexplained),
                     round(time.monotonic() - self.began, 1), ", ".join(f"{why} ({n})" for why, n in reasons.items())))

    def assert_all_explained(self):
        self.assertEqual(self.load, self.settle(), f"unexplained {self.unexplained}; the log:\n{self.logs()}")

    def assert_only(self, *reasons):
        """Those that passed unchanged did so for one of these."""
        self.settle()
        self.assertLessEqual(set(self.unexplained.values()), set(reasons))

    def assert_log_says(self, *words):
        for word in words:
            self.assertIn(word, self.logs())


STOPPING = "whybounced is stopping"
BUSY = "no worker is free in time (limits.time)"
LATE = "no answer from a worker in time (limits.time)"
DIED = "the worker died"


class Daemons:
    """What happens to all of its processes, or to one of them."""

    def begin(self):
        self.start()
        self.flood()
        self.wait_for_some()

    def test_no_fault(self):
        self.start()
        self.flood()
        self.assert_all_explained()

    def test_absent(self):
        self.stack.enter_context(self.mta)
        self.flood()
        self.wait(lambda: self.away in self.mta.log(), "the mail server's complaint")
        self.assertEqual([], self.arrived())
        self.stack.enter_context(self.daemon)
        self.assert_all_explained()

    def test_killed(self):
        self.begin()
        self.daemon.kill()
        time.sleep(0.5)
        self.daemon.start()
        self.assert_all_explained()

    def test_front_killed(self):
        self.begin()
        for percent in (10, 30, 50):
            self.wait_for_some(percent)
            for pid in self.daemon.children("front"):
                os.kill(pid, signal.SIGKILL)
        self.assert_all_explained()
        self.assert_log_says("a front was ended by signal 9")

    def test_parent_killed(self):
        self.begin()
        self.daemon.process.kill()
        self.daemon.process.wait()
        time.sleep(0.5)
        self.daemon.start()
        self.assert_only(STOPPING)

    def test_frozen(self):
        """For longer than the mail server waits."""
        self.begin()
        self.daemon.freeze()
        time.sleep(7)
        self.daemon.thaw()
        self.assert_all_explained()

    def test_socket_removed(self):
        self.begin()
        self.daemon.socket.unlink()
        self.assert_all_explained()
        self.assert_log_says("somebody has removed the socket")

    def test_restarted(self):
        self.begin()
        self.assertEqual(0, self.daemon.stop(signal.SIGTERM))
        self.daemon.start()
        self.assert_only(STOPPING)

    def test_reloaded(self):
        self.begin()
        for percent in (10, 25, 45):
            self.wait_for_some(percent)
            self.daemon.reload()
        self.assert_all_explained()
        self.assert_log_says("reloaded")

    def test_reloaded_with_a_broken_file(self):
        self.begin()
        self.daemon.config.write_text("mode: explian\n")
        self.daemon.reload()
        self.assert_all_explained()
        self.assert_log_says("whybounce.yaml:1: mode", "what was in force stays in force")


class DeadDNS:
    """Half of the bounces ask for a look at the DNS, which is dead."""

    options = {"local_domains": "[example.org, example.com]", "outbound_addresses": "[192.0.2.1]"}

    def recipient(self, i):
        return f"{'gmail' if i % 2 else 'full'}@example.net"

    def cause(self, number):
        return "auth_failure" if number % 2 else "mailbox_full"

    def run_with(self, server):
        self.daemon.options["dns"] = f'{{servers: ["{server}"], timeout: 2 s}}'
        self.daemon.write_configuration()
        self.start()
        self.flood(recipient=self.recipient)
        self.assert_all_explained()
        for bounce in self.arrived():
            words = texts(parse(bounce))[0].split("The original report")[0]
            if self.number(bounce) % 2:
                self.assertIn("could not be checked", words)
            else:
                self.assertNotIn("What we checked", words)

    def test_dns_says_nothing(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hole:
            hole.bind(("127.0.0.1", 0))
            self.run_with(f"127.0.0.1@{hole.getsockname()[1]}")

    def test_dns_is_not_there(self):
        self.run_with(f"127.0.0.1@{free_port()}")


class Shortages:
    """Workers that stand still for a while let bounces pile up in the front, until it
    has not enough for all of them. It keeps that limit to the end."""

    def setUp(self):
        super().setUp()
        self.daemon.options["metrics"] = f"inet:{free_port()}@127.0.0.1"
        self.daemon.write_configuration()

    def logs(self):
        """Where there is no room for a log, the counters say why."""
        counters = [line for line in self.daemon.ask("/metrics")[1].splitlines() if not line.endswith(" 0")]
        return "\n".join([super().logs(), *counters])

    def signal_workers(self, which):
        for pid in self.daemon.children("worker"):
            os.kill(pid, which)

    def run_short(self, which, limits, complaint, spare=0, body="Hello.\n"):
        self.daemon.log_to_syslog()
        self.daemon.start_short(which, limits, spare)
        self.stack.push(self.daemon)
        self.stack.enter_context(self.mta)
        self.signal_workers(signal.SIGSTOP)
        self.flood(body=body)
        self.wait(lambda: re.search(complaint, self.daemon.log()), "a shortage")
        self.signal_workers(signal.SIGCONT)
        self.settle()
        others = [why for why in self.unexplained.values() if "memory" not in why]
        self.assertLessEqual(set(others), {BUSY, LATE})

    def test_out_of_memory(self):
        """Messages too long for a channel of a worker. Or the threads of libmilter have
        too little before: then it closes the connection, and the mail server tries again."""
        self.run_short(resource.RLIMIT_AS, range(48 << 20, 256 << 20, 2 << 20),
                       "passed unchanged: out of memory|LAUNCH_WORKER error",
                       12 << 20, ("whybounce " * 80 + "\n") * 350)

    def test_out_of_descriptors(self):
        self.daemon.options["limits"] = "{workers: 1, probes: 1}"
        self.daemon.write_configuration()
        self.run_short(resource.RLIMIT_NOFILE, range(10, 256, 2), "no descriptor is left")

    def test_disk_full(self):
        """Nowhere to log: the work goes on."""
        full = self.directory / "full"
        full.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k,mode=0777", "tmpfs", str(full)],
                                 capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("no file system may be mounted here")
        self.stack.callback(subprocess.run, ["umount", "--lazy", str(full)], check=True)
        self.daemon.log_file = full / "log"
        self.start()
        self.flood()
        self.assert_all_explained()
        self.assertLessEqual(self.daemon.log_file.stat().st_size, 16 * 1024)


class Workers:
    """Workers that fail when a bounce asks for it."""

    options = {"limits": "{time: 1 s}"}

    def setUp(self):
        super().setUp()
        self.daemon.options["metrics"] = f"inet:{free_port()}@127.0.0.1"
        self.daemon.write_configuration()
        self.daemon.program = str(TREE / "build" / "faults" / "whybounced")

    def assert_only_asked_for(self, n, others=0):
        """Those that asked pass unchanged, and at most so many others that were in the same
        worker, or none was free for them on a busy machine."""
        asked = set(range(0, self.load, n))
        self.settle()
        self.assertLessEqual(asked, set(self.unexplained))
        mates = [i for i, why in self.unexplained.items() if i not in asked and why != BUSY]
        self.assertLessEqual(len(mates), others, self.logs())

    def test_crash_in_every_tenth(self):
        self.daemon.options["limits"] = "{time: 20 s}"
        self.daemon.write_configuration()
        self.start()
        self.flood(one_in(10, "crash"))
        # two are computed at once in one worker
        self.assert_only_asked_for(10, self.load / 10 * 1.5)
        self.assert_log_says("a worker was ended by signal")
        self.assertLessEqual(set(self.unexplained.values()), {DIED, BUSY})
        died = self.logs().count("a worker was ended by signal")
        self.assertEqual(died, self.daemon.metric('worker_ends_total{how="signal"}'))
        # one for which the mail server did not wait counts as well, and comes again
        self.assertEqual(self.logs().count("passed unchanged: " + DIED),
                         self.daemon.metric('unexplained_total{reason="worker_died"}'))

    def test_hang(self):
        self.start()
        self.flood(one_in(50, "hang"))
        self.assert_only_asked_for(50, 4)
        self.assert_log_says(LATE)
        self.wait(lambda: "this worker gives up" in self.logs(), "the worker's last words")
        self.wait(lambda: self.daemon.metric('worker_ends_total{how="stuck"}') > 0, "the end of the worker")


# ---- the two mail servers ----

class PostfixFlood(Flood, Lab):
    load = 200
    server = "Postfix"
    away = "connect to Milter service"
    received = 1            # fields of an explained bounce
    parameters = {"milter_connect_timeout": "5s", "milter_command_timeout": "3s", "milter_content_timeout": "5s",
                  "bounce_size_limit": "1000000"}


class SendmailFlood(Flood, SendmailLab):
    """Half of the senders are here, half elsewhere."""

    load = 100
    server = "Sendmail"
    away = "Milter (whybounce): to error state"
    received = 2            # one where it was written, one of the hop
    senders = (ANNA, EVE)
    include = "define(`WHYBOUNCE_TIMES', `T=C:5s;S:3s;R:3s;E:5s')dnl"

    def setUp(self):
        super().setUp()
        self.sendmail.interval = "1s"

    def settle(self, seconds=120):
        explained = super().settle(seconds)
        self.assertEqual([], self.sendmail.mailbox("pm"), "a bounce came to the postmaster")
        return explained
