"""Faults under a load of bounces on a real Postfix (faults.py says which)."""

import unittest

import faults
from support import Daemon, HAProxy, free_port


def tearDownModule():
    faults.print_table()


class Daemons(faults.Daemons, faults.PostfixFlood):
    def test_new_configuration_counts(self):
        self.start()
        self.daemon.options["default_language"] = "de"
        self.daemon.write_configuration()
        self.daemon.reload()
        self.wait(lambda: "reloaded" in self.daemon.log(), "the log line")
        self.send("nouser@example.net")
        self.assert_explained(self.one_bounce(), "user_unknown", language="de")


class DeadDNS(faults.DeadDNS, faults.PostfixFlood):
    pass


class Shortages(faults.Shortages, faults.PostfixFlood):
    pass


class Workers(faults.Workers, faults.PostfixFlood):
    """More that they may do wrong: for this it does not matter who sends the bounces."""

    def few(self, headers):
        self.load = 40
        self.start()
        self.flood(headers)

    def test_loop(self):
        self.few(faults.one_in(20, "loop"))
        self.assert_only_asked_for(20, 10)

    def test_memory_without_end(self):
        self.few(faults.one_in(20, "grow"))
        self.assert_only_asked_for(20, 10)
        self.assert_log_says("a worker was ended by signal 6")

    def test_edits_that_lie(self):
        self.few(lambda i: faults.one_in(20, "lie")(i) or faults.one_in(10, "nonsense")(i))
        self.assert_only_asked_for(10)
        self.assert_log_says("a worker's answer was refused")
        self.assertEqual(4, self.daemon.metric('unexplained_total{reason="refused"}'))

    def test_opening_a_file(self):
        self.few(faults.one_in(20, "open"))
        self.assert_only_asked_for(20, 10)
        self.assert_log_says("a worker was ended by signal 31")


class ScaledOut(faults.PostfixFlood):
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

    def begin(self):
        """Until a daemon has work behind it, and most before it: on a busy machine all
        may be explained when the first arrive."""
        self.flood()
        self.wait(lambda: self.explained_by(self.daemons[0]) >= self.load / 20, "the first bounces")

    def test_both_work(self):
        self.flood()
        self.assert_all_explained()
        for daemon in self.daemons:
            self.assertGreater(self.explained_by(daemon), self.load / 10)
        self.assertEqual(self.load, sum(self.explained_by(d) for d in self.daemons))

    def test_one_killed(self):
        self.begin()
        self.daemons[0].kill()
        self.assert_all_explained()
        self.assertGreater(self.explained_by(self.daemons[1]), self.load / 2)

    def test_one_stopped_and_started(self):
        self.begin()
        self.daemons[0].stop()
        self.daemons[0].start()
        self.assert_only(faults.STOPPING)


if __name__ == "__main__":
    unittest.main()
