"""An HTTP(S) intake that misbehaves on request: each request takes the next entry of a script, and
when the script is over, everything is taken. What came is kept."""
import http.server
import os
import ssl
import socketserver
import subprocess
import threading
import time

HALF = 2


class Request:
    """One request as it came. taken: the server took the payload, whatever it answered."""

    def __init__(self, handler, entry, body, taken):
        self.path = handler.path
        self.headers = handler.headers
        self.connection = handler.client_address[1]
        self.entry = entry
        self.body = body
        self.taken = taken
        self.id = handler.headers.get("X-Reagent-Payload-Id")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def keep(self, entry, body, taken):
        self.server.intake.keep(Request(self, entry, body, taken))

    def raw(self, data):
        try:
            self.connection.sendall(data)
        except OSError:
            pass

    def hang_up(self):
        self.close_connection = True
        # the socket is closed for good, so that nobody waits for an answer
        try:
            self.connection.shutdown(2)
        except OSError:
            pass

    def answer(self, code, body=b"{}", **headers):
        try:
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def do_CONNECT(self):
        self.keep("connect", b"", False)
        self.answer(502)
        self.close_connection = True

    def do_POST(self):
        entry = self.server.intake.next_entry()
        length = int(self.headers.get("Content-Length", 0))
        if entry == "early413":
            self.keep(entry, b"", False)
            self.answer(413)
            self.close_connection = True
            return
        if entry == "close_half":
            body = self.rfile.read(length // HALF)
            self.keep(entry, body, False)
            self.hang_up()
            return
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return
        taken = entry in ("ok", "lost", "half_answer", "huge", "trickle") or (
            isinstance(entry, int) and entry < 300)
        self.keep(entry, body, taken)
        self.play(entry)

    def play(self, entry):
        intake = self.server.intake
        if isinstance(entry, int):
            self.answer(entry)
        elif entry == "ok":
            self.answer(202, b'{"status":"ok"}')
        elif entry == "stall":
            intake.closing.wait(30)
            self.hang_up()
        elif entry == "lost":
            self.hang_up()
        elif entry == "half_answer":
            self.raw(b"HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\n0123456789")
            self.hang_up()
        elif entry == "trickle":
            self.raw(b"HTTP/1.1 202 Accepted\r\nContent-Length: 100000\r\n\r\n")
            while not intake.closing.wait(0.02):
                try:
                    self.connection.sendall(b"x")
                except OSError:
                    break
            self.close_connection = True
        elif entry == "garbage":
            self.raw(b"220 mail.invalid ESMTP \x1b[31m\r\n\r\n")
            self.hang_up()
        elif entry == "huge":
            self.answer(200, b"h" * (4 << 20))
        elif entry == "huge_headers":
            self.raw(b"HTTP/1.1 202 Accepted\r\n" + b"X-Filler: yyyyyyyyyyyyyyyyyyyyyyyy\r\n" * 8000)
            self.answer(202)
        elif entry == "long_line":
            self.raw(b"HTTP/1.1 202 Accepted\r\nX-Long: " + b"y" * (1 << 20))
            self.hang_up()
        elif entry == "continues":
            self.raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 40000)
            self.hang_up()
        elif entry == "redirect":
            self.answer(307, Location=intake.elsewhere)
        elif entry == "echo":
            self.answer(202, ("key " + self.headers.get("DD-API-KEY", "")).encode())
        else:
            raise AssertionError(entry)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass  # clients go away: that is what is tested


class Intake:
    """with Intake([503, "stall"]) as intake: ... intake.url ..."""

    def __init__(self, script=(), certificate=None, default="ok", elsewhere="http://127.0.0.1:1/"):
        self.script = list(script)
        self.default = default
        self.elsewhere = elsewhere
        self.lock = threading.Lock()
        self.closing = threading.Event()
        self.requests = []
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.intake = self
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False)
            self.url = f"https://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def next_entry(self):
        with self.lock:
            return self.script.pop(0) if self.script else self.default

    def keep(self, request):
        with self.lock:
            self.requests.append(request)

    def came(self, count):
        """How many requests came: a client that gave up may be ahead of us, so wait for them."""
        end = time.monotonic() + 60
        while len(self.requests) < count and time.monotonic() < end:
            time.sleep(0.01)
        return len(self.requests)

    def taken(self):
        with self.lock:
            return [r for r in self.requests if r.taken]


def make_certificate(folder, name):
    """A throw-away certificate for a subject alternative name such as "IP:127.0.0.1"."""
    stem = os.path.join(folder, name.replace(":", "_"))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", stem + ".key", "-out", stem + ".pem", "-days", "2", "-subj",
         "/CN=reagent test", "-addext", "subjectAltName=" + name],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return stem + ".pem", stem + ".key"
