"""The forwarder in front of an intake that fails: nothing twice as new, nothing lost below the
limit of the queue, what is dropped above it counted and logged, order kept."""
import socket
import sys
import zlib

import intake_kit
from intake_server import Intake


class Queue(intake_kit.IntakeTest):
    def forward(self, intake, count, **options):
        options.setdefault("timeout_ms", 10000)
        return self.drive("forward", intake.url, count=count, **options)

    def deliver_all(self, script, count=6, **options):
        with Intake(script) as intake:
            result = self.forward(intake, count, **options)
            self.assert_delivered(intake, range(count))
        out = result.out
        self.assertEqual((out["sent"], out["refused"], out["dropped"], out["abandoned"],
                          out["lost_items"], out["queued"]), (count, 0, 0, 0, 0, 0))
        # curl itself sends once more on a connection that had died, so there may be fewer
        self.assertGreaterEqual(out["retries"], 1)
        return intake, result

    def test_errors_then_success(self):
        _, result = self.deliver_all([500, 503, 429, 404, 500])
        self.assertIn("not delivered, trying again", result.log)
        self.assertIn("delivered again", result.log)

    def test_errors_between_payloads(self):
        self.deliver_all(["ok", 500, "ok", "ok", 502, 502])

    def test_connections_that_close_early(self):
        self.deliver_all(["close_half", "ok", "close_half", "close_half"], bytes=100000)

    def test_answers_that_make_no_sense(self):
        self.deliver_all(["garbage", "huge_headers", "half_answer"])

    def test_stalls(self):
        self.deliver_all(["ok", "stall", "trickle"], timeout_ms=400)

    def test_a_lost_answer_brings_the_same_id_again(self):
        intake, _ = self.deliver_all(["ok", "lost", "lost", "ok", "lost"])
        ids = [request.id for request in intake.taken()]
        self.assertGreater(len(ids), len(set(ids)))
        self.assertEqual(len(set(ids)), 6)
        again = [a for a, b in zip(ids, ids[1:]) if a == b]
        self.assertEqual(len(again), len(ids) - 6, "a repetition follows its original")

    def test_refusals_are_counted_and_the_rest_goes_on(self):
        with Intake(["ok", 413, "ok", 400, 403]) as intake:
            result = self.forward(intake, 7)
            self.assert_delivered(intake, [0, 2, 5, 6])
        self.assertEqual((result.out["sent"], result.out["refused"], result.out["lost_items"]),
                         (4, 3, 3))
        self.assertEqual(result.log.count("is lost"), 3)

    def test_nobody_listens(self):
        with socket.socket() as probe:  # a port that is taken, but does not listen
            probe.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{probe.getsockname()[1]}"
            result = self.drive("forward", url, count=5, retries=1, timeout_ms=2000)
        out = result.out
        self.assertEqual((out["sent"], out["dropped"], out["abandoned"]), (0, 0, 5))
        self.assertGreaterEqual(out["retries"], 1)
        self.assertEqual(result.log.count("is lost"), 5)

    def test_a_full_queue_drops_the_oldest_and_says_so(self):
        with Intake(default=500) as intake:
            result = self.forward(intake, 20, items=8, for_ms=300, backoff_ms=20)
        out = result.out
        self.assertEqual(out["sent"], 0)
        self.assertEqual(out["dropped"] + out["abandoned"], 20)
        self.assertLessEqual(out["abandoned"], 8)
        self.assertEqual(out["lost_items"], 20)
        self.assertIn("the queue is full", result.log)

    def test_below_the_limit_an_outage_loses_nothing(self):
        with Intake(["stall"] + [500] * 5) as intake:
            result = self.forward(intake, 40, items=41, timeout_ms=300)
            self.assert_delivered(intake, range(40))
        self.assertEqual((result.out["sent"], result.out["dropped"]), (40, 0))

    def test_the_limit_in_bytes_holds(self):
        with Intake(default=500) as intake:
            result = self.forward(intake, 20, bytes=1000, queue_bytes=5000, for_ms=200)
        self.assertLessEqual(result.out["abandoned"], 6)
        self.assertEqual(result.out["dropped"] + result.out["abandoned"], 20)

    def test_a_stop_during_a_stall_ends_in_time(self):
        """One timeout for the request under way and one for the last try; what waits behind an
        address that does not answer is given up at once, counted and logged."""
        with Intake(default="stall") as intake:
            result = self.forward(intake, 200, for_ms=200, timeout_ms=500, pause_ms=60000)
        out = result.out
        self.assertEqual((out["sent"], out["dropped"], out["abandoned"]), (0, 0, 200))
        self.assertLess(out["stop_ms"], 20 * 500)
        self.assertEqual(result.log.count("is lost"), 200)

    def test_a_request_under_way_is_given_up_at_the_end(self):
        for entry in ("stall", "trickle"):
            with self.subTest(entry), Intake(default=entry) as intake:
                result = self.forward(intake, 30, for_ms=200, timeout_ms=60000, end_ms=100)
                self.assertEqual(result.out["abandoned"], 30)
                self.assertLess(result.out["stop_ms"], 30000)
                self.assertIn("the run is ending", result.log)

    def test_an_end_leaves_time_for_what_is_left(self):
        with Intake([500]) as intake:
            self.assertEqual(self.forward(intake, 10, retries=1, backoff_ms=60000,
                                          end_ms=30000).out["sent"], 10)

    def test_a_stop_sends_what_is_left(self):
        with Intake([500]) as intake:
            result = self.forward(intake, 10, retries=1, backoff_ms=60000)
            self.assert_delivered(intake, range(10))
        self.assertEqual(result.out["sent"], 10)

    def test_large_payloads_survive(self):
        self.deliver_all([500, "close_half"], count=3, bytes=3 << 20, coding="deflate")

    def assert_delivered(self, intake, numbers):
        for request in intake.requests:
            if request.headers.get("Content-Encoding") == "deflate" and request.taken:
                request.body = zlib.decompress(request.body)
                del request.headers["Content-Encoding"]
        super().assert_delivered(intake, numbers)


if __name__ == "__main__":
    sys.exit(intake_kit.main())
