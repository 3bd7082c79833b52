"""One request, one answer: what each kind of answer comes to, and what is sent."""
import socket
import sys
import zlib

import intake_kit
from intake_kit import AGAIN, FOR_GOOD, KEY
from intake_server import Intake


class Answers(intake_kit.IntakeTest):
    def status_of(self, entry, **options):
        with Intake([entry]) as intake:
            result = self.one(intake.url, **options)
            self.assertEqual(intake.came(1), 1)
            return result

    def test_two_hundreds_are_taken(self):
        for code in (200, 202, 204):
            self.assertEqual(self.status_of(code)["status"], "ok")

    def test_the_answer_is_handed_on(self):
        self.assertEqual(self.status_of("ok")["response"], '{"status":"ok"}')

    def test_refusals_are_for_good(self):
        for code in (400, 403, 413):
            result = self.status_of(code)
            self.assertEqual(result["status"], FOR_GOOD)
            self.assertIn(f"answered {code}", result["text"])
            self.assertEqual(result["response_bytes"], 0)

    def test_other_answers_may_be_tried_again(self):
        for code in (301, 401, 404, 408, 429, 500, 502, 503, 504):
            result = self.status_of(code)
            self.assertEqual(result["status"], AGAIN)
            self.assertIn(f"answered {code}", result["text"])

    def test_broken_answers_may_be_tried_again(self):
        for entry in ("lost", "close_half", "half_answer", "garbage", "huge_headers", "long_line",
                      "continues"):
            with self.subTest(entry):
                result = self.status_of(entry, bytes=100000)
                self.assertEqual(result["status"], AGAIN)
                self.assertEqual(result["response_bytes"], 0)
                self.assertIn("POST http://127.0.0.1:", result["text"])
                self.assertNotIn("\x1b", result["text"])

    def test_no_answer_ends_in_time(self):
        for entry in ("stall", "trickle"):
            with self.subTest(entry):
                result = self.status_of(entry, timeout_ms=1000)
                self.assertEqual(result["status"], AGAIN)
                self.assertIn("timed out", result["text"])

    def test_an_early_refusal_of_a_long_body_counts(self):
        """The receiver closes while we still send: a reset may hide the answer, then it is tried
        again, but it never counts as taken."""
        result = self.status_of("early413", bytes=8 << 20)
        self.assertIn(result["status"], (FOR_GOOD, AGAIN))
        self.assertEqual(self.status_of("early413", bytes=100)["status"], FOR_GOOD)

    def test_a_huge_answer_is_dropped_but_counts(self):
        result = self.status_of("huge")
        self.assertEqual((result["status"], result["response_bytes"]), ("ok", 0))

    def test_nobody_listens(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            result = self.one(f"http://127.0.0.1:{probe.getsockname()[1]}")
        self.assertEqual(result["status"], AGAIN)

    def test_redirects_are_not_followed(self):
        with Intake() as other, Intake(["redirect"], elsewhere="") as intake:
            intake.elsewhere = other.url + "/api/v2/series"
            self.assertEqual(self.one(intake.url)["status"], AGAIN)
            self.assertEqual(other.requests, [])

    def test_an_answer_that_repeats_the_key_is_masked(self):
        result = self.status_of("echo")
        self.assertEqual(result["response"], "key " + "*" * len(KEY))

    def test_payloads_go_where_upstream_sends_them(self):
        json, protobuf = "application/json", "application/x-protobuf"
        routes = [("series", protobuf, "/api/v2/series", 0), ("series", json, "/api/v1/series", 0),
                  ("sketches", protobuf, "/api/beta/sketches", 0),
                  ("service_checks", json, "/api/v1/check_run", 0), ("events", json, "/intake/", 0),
                  ("process", protobuf, "/api/v1/collector", 1),
                  ("rtprocess", protobuf, "/api/v1/collector", 1),
                  ("container", protobuf, "/api/v1/container", 1)]
        with Intake() as metrics, Intake() as process:
            for source, kind, path, target in routes:
                self.one(metrics.url + "/", process=process.url, source=source, type=kind)
                last = (metrics, process)[target].requests[-1]
                self.assertEqual((last.path, last.headers["Content-Type"]), (path, kind))
            self.assertEqual(len(metrics.requests) + len(process.requests), len(routes))

    def test_headers_are_those_of_the_output_and_the_key(self):
        with Intake() as intake:
            self.one(intake.url, agent="reagent/9")
            headers = intake.requests[0].headers
        self.assertEqual(headers["DD-API-KEY"], KEY)
        self.assertEqual(headers["User-Agent"], "reagent/9")
        self.assertEqual(headers["X-Dd-Hostname"], "")
        self.assertNotIn("Expect", headers)

    def test_what_no_endpoint_takes_is_refused(self):
        with Intake() as intake:
            result = self.one(intake.url, source="unknown")
            self.assertEqual(result["status"], FOR_GOOD)
            self.assertEqual(self.one(intake.url, source="series", type="text/plain")["status"],
                             FOR_GOOD)
            self.assertEqual(intake.requests, [])

    def test_logs_and_status_are_not_sent(self):
        with Intake() as intake:
            for kind in ("log", "gauge", "status"):
                self.assertEqual(self.one(intake.url, kind=kind)["status"], "ok")
            self.assertEqual(intake.requests, [])

    def test_bodies_are_compressed_but_not_those_of_processes(self):
        with Intake() as intake:
            self.one(intake.url, coding="deflate", bytes=5000)
            self.one(intake.url, coding="zstd", bytes=5000)
            self.one(intake.url, coding="deflate", bytes=5000, source="process")
            deflated, zstd, plain = intake.requests
        self.assertEqual(deflated.headers["Content-Encoding"], "deflate")
        self.assertEqual(len(zlib.decompress(deflated.body)), 5000)
        self.assertEqual(zstd.headers["Content-Encoding"], "zstd")
        self.assertEqual(zstd.body[:4], b"\x28\xb5\x2f\xfd")
        self.assertNotIn("Content-Encoding", plain.headers)
        self.assertEqual(len(plain.body), 5000)

    def test_connections_are_used_again(self):
        with Intake() as intake:
            self.drive("direct", intake.url, count=10)
            self.assertEqual(len({r.connection for r in intake.requests}), 1)

    def test_tasks_send_at_once(self):
        with Intake() as intake:
            results = self.drive("direct", intake.url, count=10, tasks=8).out["results"]
            self.assertEqual([r["status"] for r in results], ["ok"] * 80)
            self.assertEqual(len({r.body for r in intake.requests}), 80)
            self.assertLessEqual(len({r.connection for r in intake.requests}), 80)

    def test_a_proxy_is_asked_only_when_configured(self):
        with Intake() as proxy, Intake() as intake:
            self.one(intake.url)
            self.assertEqual((len(intake.requests), len(proxy.requests)), (1, 0))
            self.one(intake.url, proxy=proxy.url, no_proxy="localhost,127.0.0.1")
            self.assertEqual((len(intake.requests), len(proxy.requests)), (2, 0))
            self.one("http://intake.invalid", proxy=proxy.url)
            self.assertEqual(proxy.requests[0].path, "http://intake.invalid/api/v2/series")

    def test_a_tunnel_does_not_learn_the_key(self):
        with Intake() as proxy:
            result = self.one("https://intake.invalid", proxy=proxy.url)
            self.assertEqual(result["status"], AGAIN)
            self.assertEqual(proxy.requests[0].entry, "connect")
            self.assertNotIn("DD-API-KEY", proxy.requests[0].headers)

    def test_an_address_that_does_not_answer_is_left_alone_for_a_while(self):
        with Intake(default="stall") as intake:
            results = self.drive("direct", intake.url, count=3, timeout_ms=1000,
                                 pause_ms=60000).out["results"]
            self.assertEqual(intake.came(1), 1)
        self.assertIn("not tried again so soon", results[2]["text"])

    def test_an_answer_that_failed_quickly_is_no_reason_to_wait(self):
        with Intake([500, 500]) as intake:
            results = self.drive("direct", intake.url, count=3, pause_ms=60000).out["results"]
            self.assertEqual([r["status"] for r in results], [AGAIN, AGAIN, "ok"])


if __name__ == "__main__":
    sys.exit(intake_kit.main())
