"""TLS: who is trusted, and that the key does not go to anybody else."""
import shutil
import sys
import tempfile

import intake_kit
from intake_kit import AGAIN
from intake_server import Intake, make_certificate


class Tls(intake_kit.IntakeTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="reagent-tls-")
        cls.right = make_certificate(cls.folder, "IP:127.0.0.1")
        cls.wrong = make_certificate(cls.folder, "DNS:other.invalid")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def test_a_trusted_certificate(self):
        with Intake(certificate=self.right) as intake:
            results = self.drive("direct", intake.url, count=3, ca=self.right[0]).out["results"]
            self.assertEqual([r["status"] for r in results], ["ok"] * 3)
            self.assertEqual(len({r.connection for r in intake.requests}), 1)

    def assert_refused(self, certificate, ca=None):
        with Intake(certificate=certificate) as intake:
            result = self.one(intake.url, **({"ca": ca} if ca else {}))
            self.assertEqual(result["status"], AGAIN)
            self.assertEqual(intake.requests, [], "nothing is sent before trust is established")
            return result["text"]

    def test_an_unknown_certificate(self):
        self.assertIn("certificate", self.assert_refused(self.right))

    def test_a_certificate_of_another_host(self):
        text = self.assert_refused(self.wrong, self.wrong[0])
        self.assertIn("127.0.0.1", text)

    def test_a_certificate_of_another_authority(self):
        self.assert_refused(self.right, self.wrong[0])

    def test_verification_is_off_only_on_request(self):
        with Intake(certificate=self.wrong) as intake:
            self.assertEqual(self.one(intake.url, insecure=1)["status"], "ok")

    def test_an_intake_that_speaks_no_tls(self):
        with Intake() as intake:
            result = self.one(intake.url.replace("http:", "https:"), timeout_ms=3000)
            self.assertEqual(result["status"], AGAIN)
            self.assertEqual(intake.requests, [])

    def test_failures_behind_tls_are_tried_again(self):
        with Intake([500, "lost", "close_half", "stall"], certificate=self.right) as intake:
            result = self.drive("forward", intake.url, count=4, ca=self.right[0], timeout_ms=700)
            self.assert_delivered(intake, range(4))
        self.assertEqual(result.out["sent"], 4)

    def test_a_missing_file_of_certificates_is_said_at_the_start(self):
        result = self.drive("direct", "https://127.0.0.1:1", code=1, ca="/nonexistent/ca.pem")
        self.assertIn("/nonexistent/ca.pem", result.log)


if __name__ == "__main__":
    sys.exit(intake_kit.main())
