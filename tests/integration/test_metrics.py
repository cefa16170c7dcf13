"""What Prometheus and a load balancer are told."""

import http.client
import json
import os
import re
import signal
import unittest

from support import TREE, Lab, compose, free_port, wait_for


class Metrics(Lab):
    options = {"checks": "{spf: no, dkim: no, dmarc: no, mx: no, ptr: no}"}

    def setUp(self):
        super().setUp()
        self.daemon.options["metrics"] = f"inet:{free_port()}@127.0.0.1"
        self.daemon.write_configuration()

    def some_bounces(self):
        self.send(["nouser@example.net", "full@example.net"], compose(headers="Accept-Language: de\n"))
        self.bounces(1)
        self.send("gmail@example.net")
        self.bounces(2)

    def assert_counted(self):
        for series, value in (('bounces_total{outcome="explained"}', 2),
                              ('recipients_total{family="user_unknown",action="failed"}', 1),
                              ('recipients_total{family="mailbox_full",action="failed"}', 1),
                              ('provider_recipients_total{provider="Gmail",family="auth_failure"}', 1),
                              ('languages_total{language="de"}', 1),
                              ('duration_seconds_count', 2),
                              ('under_way', 0),
                              ('front_ends_total', 0)):
            self.assertEqual(value, self.daemon.metric(series), series)

    def test_bounces_are_counted(self):
        self.start()
        self.some_bounces()
        wait_for(lambda: self.daemon.metric("under_way") == 0, "the end of both sessions")
        self.assert_counted()
        self.assertEqual(self.daemon.metric("workers_wanted"), self.daemon.metric("workers_ready"))
        self.assertGreater(self.daemon.metric("start_time_seconds"), 1.5e9)

    def test_counters_outlive_a_reload_and_the_front(self):
        self.start()
        self.some_bounces()
        self.daemon.reload()
        wait_for(lambda: self.daemon.metric('reloads_total{result="taken"}') == 1, "the reload")
        self.daemon.config.write_text("mode: explian\n")
        self.daemon.reload()
        wait_for(lambda: self.daemon.metric('reloads_total{result="refused"}') == 1, "the refusal")
        self.daemon.write_configuration()
        wait_for(lambda: self.daemon.metric("under_way") == 0, "the end of both sessions")
        self.assert_counted()
        os.kill(self.daemon.children("front")[0], signal.SIGKILL)
        wait_for(lambda: "a front was ended by signal 9" in self.daemon.log(), "the front's end")
        wait_for(lambda: self.daemon.ask("/readyz")[0] == 200, "a new front")
        self.assertEqual(2, self.daemon.metric('bounces_total{outcome="explained"}'))
        self.assertEqual(1, self.daemon.metric("front_ends_total"))

    def test_health(self):
        self.stack.enter_context(self.daemon)
        self.assertEqual((200, "alive\n"), self.daemon.ask("/healthz"))
        self.assertEqual((200, "ready\n"), self.daemon.ask("/readyz"))
        self.assertEqual(404, self.daemon.ask("/etc/passwd")[0])
        port = int(re.search(r":(\d+)@", self.daemon.options["metrics"]).group(1))
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("POST", "/metrics", body="x" * 1000)
        self.assertEqual(405, connection.getresponse().status)
        connection.close()

    def test_not_ready_without_workers(self):
        """Workers that cannot start again: the front lives, and says that it is not ready."""
        self.daemon.options["limits"] = "{workers: 1}"
        self.daemon.write_configuration()
        self.stack.enter_context(self.daemon)
        self.daemon.config.write_text("mode: explian\n")
        os.kill(self.daemon.children("worker")[0], signal.SIGKILL)
        wait_for(lambda: self.daemon.ask("/readyz") == (503, "no worker is ready\n"), "not ready")
        self.assertEqual(200, self.daemon.ask("/healthz")[0])
        self.daemon.write_configuration()
        wait_for(lambda: self.daemon.ask("/readyz")[0] == 200, "ready again")

    def test_without_workers_by_choice(self):
        self.daemon.options["limits"] = "{workers: none}"
        self.daemon.write_configuration()
        self.start()
        self.assertEqual([], self.daemon.children("worker"))
        self.assertEqual((200, "ready\n"), self.daemon.ask("/readyz"))
        self.some_bounces()
        for bounce in self.bounces(2):
            self.assertIn(b"\r\nX-Whybounce: ", bounce)
        self.daemon.options["default_language"] = "de"
        self.daemon.options["limits"] = "{workers: 1}"
        self.daemon.write_configuration()
        self.daemon.reload()
        wait_for(lambda: "reloaded" in self.daemon.log(), "the reload")
        self.assertEqual(1, len(self.daemon.children("worker")))
        self.send("nouser@example.net")
        self.assert_explained(self.bounces(3)[2], "user_unknown", language="de")

    def test_an_address_that_is_taken(self):
        self.stack.enter_context(self.daemon)
        other = type(self.daemon)(self.directory, {**self.options, "metrics": self.daemon.options["metrics"]}, "other")
        with self.assertRaisesRegex(RuntimeError, "metrics: cannot listen on"):
            other.start()


class Dashboard(unittest.TestCase):
    def test_it_asks_for_series_that_there_are(self):
        dashboard = (TREE / "conf" / "grafana" / "whybounce.json").read_text()
        source = (TREE / "milter" / "core" / "metrics.c").read_text()
        self.assertEqual("whybounce", json.loads(dashboard)["title"])
        names = set(re.findall(r"whybounce_([a-z_]+)", dashboard)) - {"bucket"}
        self.assertGreater(len(names), 8)
        for name in names:
            plain = re.sub(r"_(bucket|sum|count)$", "", name)
            self.assertIn(f'"{plain}"', source)


if __name__ == "__main__":
    unittest.main()
