"""What the tests of the intake share: the driver as a function, and its key."""
import json
import os
import subprocess
import sys
import unittest

DRIVER = sys.argv[1]
AGAIN, FOR_GOOD = "input/output error", "invalid"  # the names of RG_EIO and RG_EINVALID
KEY = "0123456789abcdef0123456789abcdef"

# Nothing of the environment may decide where payloads go.
ENVIRONMENT = dict(os.environ, http_proxy="http://127.0.0.1:1", https_proxy="http://127.0.0.1:1",
                   all_proxy="http://127.0.0.1:1", SSL_CERT_FILE="/nonexistent")


class Result:
    def __init__(self, process):
        self.code = process.returncode
        self.log = process.stderr
        self.out = json.loads(process.stdout) if process.stdout else {}


class IntakeTest(unittest.TestCase):
    def drive(self, mode, url, code=0, **options):
        words = [f"{name}={value}" for name, value in options.items()]
        process = subprocess.run([DRIVER, mode, "url=" + url, "key=" + KEY, *words], text=True,
                                 capture_output=True, timeout=100, env=ENVIRONMENT)
        result = Result(process)
        self.assertEqual(result.code, code, process.stderr)
        self.assertNotIn(KEY, process.stderr + process.stdout)
        return result

    def one(self, url, **options):
        """The one result of one emit."""
        return self.drive("direct", url, count=1, **options).out["results"][0]

    def assert_delivered(self, intake, numbers):
        """What the intake took, once each by id, in order; the same id has the same bytes."""
        by_id = {}
        for request in intake.taken():
            self.assertIsNotNone(request.id)
            known = by_id.setdefault(request.id, request.body)
            self.assertEqual(known, request.body, "one id for two payloads")
        bodies = [int(body.split()[1]) for body in by_id.values()]
        self.assertEqual(bodies, list(numbers))


def main():
    unittest.main(argv=[sys.argv[0]], verbosity=1)
