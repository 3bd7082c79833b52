"""`reagent run` and `record` with an intake: what leaves the host, and that the key stays here."""
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))

import tiny_proc  # noqa: E402
from intake_server import Intake, make_certificate

REAGENT = os.environ["REAGENT"]
KEY = "0123456789abcdef0123456789abcdef"


class Kit(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="reagent-intake-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.proc = os.path.join(self.folder, "proc")
        tiny_proc.make(Path(self.proc))

    def config(self, text):
        """An interval of a second: the first run has nothing to compare with."""
        Path(self.folder, "datadog.yaml").write_text(
            "process_config:\n  process_collection:\n    enabled: true\n"
            "  intervals: {process: 1}\n" + text, encoding="utf-8")

    def reagent(self, *words, code=0, until=None, env=None):
        """Runs to the end, or until the intake was asked; then SIGINT ends it. Returns stderr."""
        clean = {k: v for k, v in os.environ.items()
                 if not k.startswith(("DD_", "SSL_CERT")) and "proxy" not in k.lower()}
        with subprocess.Popen([REAGENT, *words], text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, cwd=self.folder,
                              env={**clean, **(env or {})}) as process:
            end = time.monotonic() + 60
            while until and not until.requests and process.poll() is None:
                self.assertLess(time.monotonic(), end)
                time.sleep(0.01)
            if until and process.poll() is None:
                process.send_signal(signal.SIGINT)
            out, log = process.communicate(timeout=60)
        self.assertEqual(process.returncode, code, log)
        self.assertNotIn(KEY, out + log)
        return log

    def run_live(self, *words, **options):
        return self.reagent("run", "--proc-root", self.proc, "--config", "datadog.yaml", *words,
                            **options)


class Send(Kit):
    def test_payloads_reach_the_intake_and_the_file_gets_what_it_took(self):
        certificate = make_certificate(self.folder, "IP:127.0.0.1")
        self.config("")
        with Intake([503], certificate=certificate) as intake:
            log = self.run_live("--intake", intake.url, "--intake-ca", certificate[0], "--out",
                                "out", until=intake, env={"DD_API_KEY": " " + KEY + "\n"})
            requests, taken = intake.requests, intake.taken()
        self.assertRegex(log, "[1-9][0-9]* payloads sent")
        self.assertEqual(requests[0].path, "/api/v1/collector")
        self.assertEqual(requests[0].headers["DD-API-KEY"], KEY)
        self.assertEqual(requests[0].headers["Content-Type"], "application/x-protobuf")
        self.assertTrue(requests[0].headers["X-DD-Request-ID"].isdigit())
        self.assertTrue(requests[0].headers["User-Agent"].startswith("reagent/"))
        self.assertEqual(requests[0].body, taken[0].body, "what failed comes again")
        written = Path(self.folder, "out").read_bytes()
        self.assertEqual(written.count(b'"kind":"payload"'), len(taken))
        for request in taken:
            self.assertEqual(written.count(request.body), 1)

    def test_wrong_settings_are_said_at_the_start(self):
        url = "http://127.0.0.1:1"
        self.config("")
        self.assertIn("needs an API key", self.run_live("--intake", url, code=3))
        self.assertIn("http", self.run_live("--intake", "ftp://a", code=3, env={"DD_API_KEY": KEY}))
        for setting in ("forwarder_timeout: 0", "serializer_compressor_kind: lzma",
                        "api_key: ENC[x]"):
            self.config(f"{setting}\n" if "api_key" in setting else f"api_key: {KEY}\n{setting}\n")
            log = self.run_live("--intake", url, code=3)
            self.assertIn(setting.split(":")[0], log)
        self.assertIn("--intake-ca needs", self.run_live("--intake-ca", "x", code=64))


class Stall(Kit):
    def test_a_stalled_intake_does_not_hold_the_end(self):
        with Intake(default="stall") as intake:
            self.config(f"  process_dd_url: {intake.url}\napi_key: {KEY}\nforwarder_timeout: 60\n")
            log = self.run_live("--send", until=intake, code=74)
        self.assertIn("is lost: POST http://127.0.0.1", log)
        self.assertIn("0 payloads sent", log)


class Quiet(Kit):
    def test_nothing_is_sent_unless_it_is_asked_for(self):
        with Intake() as intake:
            self.config(f"  process_dd_url: {intake.url}\napi_key: {KEY}\ndd_url: {intake.url}\n")
            self.run_live("--for", "1500ms")
            self.assertEqual(intake.requests, [])


class Checks(Kit):
    def test_what_checks_measured_reaches_the_intake(self):
        """Sent by the flush at the end, so the intake must not fail: there is no time to retry."""
        folder = Path(self.folder, "conf.d", "load.d")
        folder.mkdir(parents=True)
        Path(folder, "conf.yaml").write_text("instances: [{}]\n", encoding="utf-8")
        with Intake() as intake:
            log = self.reagent("run", "--confd", "conf.d", "--checks", "none", "--run-dir", "run",
                               "--for", "3s", "--intake", intake.url, env={"DD_API_KEY": KEY})
            taken = intake.taken()
        self.assertEqual([r.path for r in taken], ["/api/v2/series", "/api/v1/check_run"])
        self.assertEqual([r.headers["Content-Encoding"] for r in taken], ["deflate"] * 2)
        self.assertIn(b"system.load.1", zlib.decompress(taken[0].body))
        self.assertIn("2 payloads sent", log)


class Record(Kit):
    def test_a_capture_holds_no_key(self):
        with Intake(default="echo") as intake:
            self.config(f"api_key: {KEY}\n")
            self.reagent("record", "-o", "x.mcap", "--proc-root", self.proc, "--config",
                         "datadog.yaml", "--intake", intake.url, until=intake)
            self.assertTrue(intake.requests)
        self.reagent("replay", "x.mcap")
        listed = subprocess.run([REAGENT, "cat", "x.mcap"], capture_output=True, cwd=self.folder,
                                timeout=60, check=True)
        self.assertIn(b"datadog.yaml", listed.stdout)
        self.assertNotIn(KEY.encode(), listed.stdout + Path(self.folder, "x.mcap").read_bytes())


if __name__ == "__main__":
    unittest.main(verbosity=1)
