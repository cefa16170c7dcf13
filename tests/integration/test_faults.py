"""Whatever happens to whybounced under a load of bounces: none is lost, none comes
twice, one that passes unexplained is the bytes that Postfix wrote, and the log says
why. With the settings we ship: Postfix keeps a bounce while nobody explains it."""

import collections
import os
import re
import resource
import signal
import subprocess
import sys
import time
import unittest

from support import ANNA, TREE, Daemon, HAProxy, Lab, compose, flood, free_port, parse, wait_for

LOAD = 200


def one_in(n, word):
    """Every n-th message asks its worker to fail so (a build with FAULTS=1)."""
    return lambda i: f"X-Whybounce-Fault: {word}\n" if i % n == 0 else ""


class Flood(Lab):
    """A flood of failing messages, each with a number of its own."""

    load = LOAD
    options = {"checks": "{spf: no, dkim: no, dmarc: no, mx: no, ptr: no}"}
    parameters = {"milter_connect_timeout": "5s", "milter_command_timeout": "3s", "milter_content_timeout": "5s",
                  "bounce_size_limit": "200000"}

    def flood(self, headers=lambda i: "", body="Hello.\n"):
        messages = [("nouser@example.net", compose(f"Number {i}.", body, headers(i))) for i in range(self.load)]
        self.began = time.monotonic()
        self.senders = flood(self.postfix.port, ANNA, messages)

    def wait_for_some(self, n=20):
        wait_for(lambda: len(self.peer.bounces()) >= n, f"the first bounces; the log:\n{self.daemon.log()}")

    def number(self, bounce):
        return int(re.search(rb"^Subject: Number (\d+)\.", bounce, re.M).group(1))

    def settle(self, seconds=120):
        """All have arrived, each once, explained or unchanged. Returns how many are explained."""
        for sender in self.senders:
            sender.join()
        bounces = self.bounces(self.load, seconds)
        wait_for(self.postfix.idle, "an empty queue", seconds)
        numbers = collections.Counter(self.number(m.bytes) for m in self.peer.bounces())
        self.assertEqual({i: 1 for i in range(self.load)}, dict(numbers))
        self.assertFalse([w for w in self.postfix.warnings() if "corrupt" in w])
        self.unexplained = []
        for bounce in bounces:
            if parse(bounce)["X-Whybounce"]:
                self.assertEqual(1, bounce.count(b"\r\nX-Whybounce: "))
                self.assert_explained(bounce, "user_unknown")
            else:
                self.assert_unchanged(bounce)
                self.unexplained.append(self.number(bounce))
        self.report(len(bounces))
        return len(bounces) - len(self.unexplained)

    def report(self, delivered):
        name = self.id().rsplit(".", 1)[1].removeprefix("test_").replace("_", " ")
        print(f"\n    {name}: sent {self.load}, delivered {delivered}, explained "
              f"{delivered - len(self.unexplained)}, unchanged {len(self.unexplained)}, "
              f"{time.monotonic() - self.began:.1f} s", file=sys.stderr)

    def assert_all_explained(self):
        self.assertEqual(self.load, self.settle(), f"unexplained {self.unexplained}; the log:\n{self.logs()}")

    def logs(self):
        return self.daemon.log()

    def assert_log_says(self, *words):
        for word in words:
            self.assertIn(word, self.daemon.log())


class Daemons(Flood):
    """What happens to all of its processes, or to one of them."""

    def test_absent(self):
        self.stack.enter_context(self.postfix)
        self.flood()
        wait_for(lambda: "connect to Milter service" in self.postfix.log(), "Postfix's complaint")
        self.assertEqual([], self.peer.bounces())
        self.stack.enter_context(self.daemon)
        self.postfix.flush()
        self.assert_all_explained()

    def test_killed(self):
        self.start()
        self.flood()
        self.wait_for_some()
        self.daemon.kill()
        time.sleep(0.5)
        self.daemon.start()
        self.assert_all_explained()

    def test_front_killed(self):
        self.start()
        self.flood()
        for n in (20, 60, 100):
            self.wait_for_some(n)
            for pid in self.daemon.children("front"):
                os.kill(pid, signal.SIGKILL)
        self.assert_all_explained()
        self.assert_log_says("a front was ended by signal 9")

    def test_parent_killed(self):
        self.start()
        self.flood()
        self.wait_for_some()
        self.daemon.process.kill()
        self.daemon.process.wait()
        time.sleep(0.5)
        self.daemon.start()
        self.settle()
        self.assertLessEqual(len(self.unexplained), self.daemon.log().count("whybounced is stopping"))

    def test_frozen(self):
        self.start()
        self.flood()
        self.wait_for_some()
        self.daemon.signal_all(signal.SIGSTOP)
        time.sleep(7)
        self.daemon.signal_all(signal.SIGCONT)
        self.assert_all_explained()

    def test_socket_removed(self):
        self.start()
        self.flood()
        self.wait_for_some()
        self.daemon.socket.unlink()
        self.assert_all_explained()
        self.assert_log_says("somebody has removed the socket")

    def test_restarted(self):
        self.start()
        self.flood()
        self.wait_for_some()
        self.assertEqual(0, self.daemon.stop(signal.SIGTERM))
        self.daemon.start()
        self.settle()
        self.assertLessEqual(len(self.unexplained), self.daemon.log().count("whybounced is stopping"))

    def test_reloaded(self):
        self.start()
        self.flood()
        for n in (10, 50, 90):
            self.wait_for_some(n)
            self.daemon.reload()
        self.assert_all_explained()
        self.assert_log_says("reloaded")

    def test_reloaded_with_a_broken_file(self):
        self.start()
        self.flood()
        self.wait_for_some()
        self.daemon.config.write_text("mode: explian\n")
        self.daemon.reload()
        self.assert_all_explained()
        self.assert_log_says("whybounce.yaml:1: mode", "what was in force stays in force")

    def test_new_configuration_counts(self):
        self.load = 1
        self.start()
        self.daemon.options["default_language"] = "de"
        self.daemon.write_configuration()
        self.daemon.reload()
        wait_for(lambda: "reloaded" in self.daemon.log(), "the log line")
        self.send("nouser@example.net")
        self.assert_explained(self.one_bounce(), "user_unknown", language="de")


class ScaledOut(Flood):
    """Two daemons behind HAProxy, as conf/haproxy sets it up."""

    def setUp(self):
        super().setUp()
        if HAProxy.missing():
            self.skipTest(HAProxy.missing())
        self.daemons = [Daemon(self.directory, {
            **self.options, "socket": f"inet:{free_port()}@127.0.0.1", "metrics": f"inet:{free_port()}@127.0.0.1",
        }, f"whybounce-{i}") for i in range(2)]
        for daemon in self.daemons:
            self.stack.enter_context(daemon)
        self.proxy = self.stack.enter_context(HAProxy(self.directory, self.daemons))
        self.postfix.parameters["non_smtpd_milters"] = f"unix:{self.recorder.path}, {self.proxy.milter()}"
        self.stack.enter_context(self.postfix)

    def logs(self):
        return "\n".join(daemon.log() for daemon in self.daemons)

    def explained_by(self, daemon):
        return daemon.metric('bounces_total{outcome="explained"}')

    def test_both_work(self):
        self.flood()
        self.assert_all_explained()
        for daemon in self.daemons:
            self.assertGreater(self.explained_by(daemon), self.load / 10)
        self.assertEqual(self.load, sum(self.explained_by(d) for d in self.daemons))

    def test_one_killed(self):
        self.flood()
        self.wait_for_some()
        self.daemons[0].kill()
        self.assert_all_explained()
        self.assertGreater(self.explained_by(self.daemons[1]), self.load / 2)

    def test_one_stopped_and_started(self):
        self.flood()
        self.wait_for_some()
        self.daemons[0].stop()
        self.daemons[0].start()
        self.settle()
        self.assertLessEqual(len(self.unexplained), self.daemons[0].log().count("whybounced is stopping"))


class Shortages(Flood):
    def test_out_of_memory(self):
        """So little that large bounces do not fit; then a restart without the limit."""
        self.daemon.limits = {resource.RLIMIT_AS: 110 << 20}
        self.start()
        self.flood(body="0123456789 whybounce\n" * 3000)
        time.sleep(3)
        self.daemon.stop()
        self.daemon.limits = {}
        self.daemon.start()
        self.settle()

    def test_out_of_descriptors(self):
        self.daemon.limits = {resource.RLIMIT_NOFILE: 56}
        self.start()
        self.flood()
        self.settle()

    def test_disk_full(self):
        """Nowhere to log: the work goes on."""
        full = self.directory / "full"
        full.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k,mode=0777", "tmpfs", str(full)],
                                 capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("no file system may be mounted here")
        self.addCleanup(subprocess.run, ["umount", str(full)])
        self.daemon.log_file = full / "log"
        self.start()
        self.flood()
        self.assert_all_explained()
        self.assertLessEqual(self.daemon.log_file.stat().st_size, 16 * 1024)


class Workers(Flood):
    """Workers that fail when a bounce asks for it."""

    options = {**Flood.options, "limits": "{time: 1 s}"}

    def setUp(self):
        super().setUp()
        self.daemon.options["metrics"] = f"inet:{free_port()}@127.0.0.1"
        self.daemon.write_configuration()
        self.daemon.program = str(TREE / "build" / "faults" / "whybounced")

    def assert_only_asked_for(self, n, others=0):
        """Those that asked pass unchanged, and at most so many others that were in the same worker."""
        asked = set(range(0, self.load, n))
        self.settle()
        self.assertEqual(asked, asked & set(self.unexplained))
        self.assertLessEqual(len(set(self.unexplained) - asked), others, self.daemon.log())

    def test_crash_in_every_tenth(self):
        self.daemon.options["limits"] = "{time: 20 s}"
        self.daemon.write_configuration()
        self.start()
        self.flood(one_in(10, "crash"))
        # two are computed at once in one worker
        self.assert_only_asked_for(10, self.load / 10 * 1.5)
        self.assert_log_says("a worker was ended by signal", "passed unchanged: the worker died")
        died = self.daemon.log().count("a worker was ended by signal")
        self.assertEqual(died, self.daemon.metric('worker_ends_total{how="signal"}'))
        self.assertEqual(len(self.unexplained), self.daemon.metric('unexplained_total{reason="worker_died"}'))

    def test_hang(self):
        self.start()
        self.flood(one_in(50, "hang"))
        self.assert_only_asked_for(50, 4)
        self.assert_log_says("passed unchanged: no answer from a worker in time", "this worker gives up")
        wait_for(lambda: self.daemon.metric('worker_ends_total{how="stuck"}') > 0, "the end of the worker")

    def test_loop(self):
        self.load = 40
        self.start()
        self.flood(one_in(20, "loop"))
        self.assert_only_asked_for(20, 10)

    def test_memory_without_end(self):
        self.load = 40
        self.start()
        self.flood(one_in(20, "grow"))
        self.assert_only_asked_for(20, 10)
        self.assert_log_says("a worker was ended by signal 6")

    def test_edits_that_lie(self):
        self.load = 40
        self.start()
        self.flood(lambda i: one_in(20, "lie")(i) or one_in(10, "nonsense")(i))
        self.assert_only_asked_for(10)
        self.assert_log_says("a worker's answer was refused")
        self.assertEqual(4, self.daemon.metric('unexplained_total{reason="refused"}'))

    def test_opening_a_file(self):
        self.load = 40
        self.start()
        self.flood(one_in(20, "open"))
        self.assert_only_asked_for(20, 10)
        self.assert_log_says("a worker was ended by signal 31")


if __name__ == "__main__":
    unittest.main()
