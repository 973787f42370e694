#!/usr/bin/env python3
"""unbrick fetch against servers of this test's own on the loopback address: what is kept, what is deleted, and what is said.

   UNBRICK=path/to/unbrick tests/integration/fetch.py       (or the path as first argument)

The last line is "N passed, N failed, N skipped"; exits with 0 when none failed."""
import gzip
import hashlib
import http.server
import json
import os
import random
import shutil
import signal
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
from cases import Skip, Wrong, case, run_cases

UNBRICK = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("UNBRICK", "./unbrick"))
GOOD = bytes(range(256)) * 4096                 # 1 MiB
HALF = gzip.compress(random.Random(1).randbytes(9000))[:5000]
PAGE = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>please</body></html>\n"
WELL, FAILED, USAGE, REFUSED, NETWORK, INTERRUPTED, WRONG = 0, 1, 2, 5, 6, 7, 10
seen = []                                       # paths that were asked for, in order
over = threading.Event()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def send(self, code, body, **headers):
        self.send_response(code)
        headers.setdefault("Content_Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass

    def cut(self, told, body):
        self.send(200, body, Content_Length=str(told))
        self.close_connection = True

    def do_GET(self):
        path = self.path.split("?")[0]
        seen.append((path, dict(self.headers)))
        again = sum(1 for p, _ in seen if p == path) > 1
        if path.endswith("/good.bin"):
            self.send(200, GOOD)
        elif path == "/evil-name.bin":
            self.send(200, GOOD, Content_Disposition='attachment; filename="../../evil"')
        elif path == "/page.bin":
            self.send(200, PAGE)
        elif path == "/empty.bin":
            self.send(200, b"")
        elif path == "/error.bin":
            self.send(200, b'{"error": "licence not accepted"}')
        elif path == "/untold.bin":
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(GOOD)
            self.close_connection = True
        elif path == "/half.bin":  # as a mirror has it whose own download was cut
            self.send(200, HALF)
        elif path == "/cut.bin":
            self.cut(len(GOOD) + 1000, GOOD)
        elif path == "/cut-once.bin":
            self.send(200, GOOD) if again else self.cut(len(GOOD), GOOD[:5000])
        elif path in ("/stall.bin", "/slow.bin"):
            self.send(200, GOOD[:1000], Content_Length=str(len(GOOD)))
            over.wait(60)
            self.close_connection = True
        elif path == "/huge.bin":
            self.send(200, b"x" * 1000, Content_Length=str(1 << 50))
            self.close_connection = True
        elif path == "/loop":
            self.send(302, b"round", Location="/loop")
        elif path == "/forbidden.bin":
            self.send(403, PAGE)
        elif path == "/busy.bin":
            self.send(503, b"busy" * 100000)
        elif path == "/to-good":
            self.send(302, PAGE * 10, Location="/deep/good.bin")
        elif path == "/to-http":
            self.send(301, b"", Location=plain_url("/good.bin"))
        elif path == "/to-https":
            self.send(301, b"", Location=secure_url("/to-http"))
        elif path == "/to-secure":
            self.send(301, b"", Location=secure_url("/good.bin"))
        elif path == "/cookie.bin" and "seen=1" not in self.headers.get("Cookie", ""):
            self.send(302, b"", Location="/cookie.bin", Set_Cookie="seen=1")
        elif path == "/cookie.bin":
            self.send(200, GOOD)
        elif path == "/to-file":
            self.send(302, b"", Location="file:///etc/passwd")
        else:
            self.send(404, PAGE * 3000)


class FtpHandler(socketserver.StreamRequestHandler):
    """As little of RFC 959 and RFC 2428 as a download takes."""

    def answer(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        data = None
        self.answer("220 ready")
        for line in self.rfile:
            verb, _, rest = line.decode().strip().partition(" ")
            if verb == "USER":
                self.answer("331 which password")
            elif verb == "EPSV":
                data = socket.create_server(("127.0.0.1", 0))
                self.answer(f"229 here (|||{data.getsockname()[1]}|)")
            elif verb == "SIZE" and rest.endswith(".bin"):
                self.answer(f"213 {len(GOOD)}" if "missing" not in rest else "550 no such file")
            elif verb == "RETR" and "missing" not in rest:
                self.answer("150 it comes")
                peer, _ = data.accept()
                peer.sendall(GOOD if "cut" not in rest else GOOD[:-5])
                peer.close()
                self.answer("226 that was all")
            elif verb == "RETR":
                self.answer("550 no such file")
            elif verb == "PWD":
                self.answer('257 "/"')
            elif verb == "QUIT":
                self.answer("221 bye")
                return
            else:
                self.answer("200 well")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, address):
        pass


def serve(certificate=None, key=None):
    server = Server(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def plain_url(path):
    return f"http://127.0.0.1:{plain.server_port}{path}"


def secure_url(path):
    return f"https://localhost:{secure.server_port}{path}"


def make_certificates():
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-keyout", "ca.key", "-out", "ca.pem",
            "-subj", "/CN=test authority")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    with open("san", "w") as extensions:
        extensions.write("subjectAltName=DNS:localhost\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "san",
            "-out", "server.pem")


def environment():
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower() and not name.startswith("SSL_CERT")}
    return {**kept, "HOME": work, "LC_ALL": "C.UTF-8", "SSL_CERT_FILE": os.path.join(work, "ca.pem")}


def fetch(*arguments, folder="here", **more):
    env = {**environment(), **more}
    return subprocess.run([UNBRICK, "fetch", *arguments], cwd=folder, env=env, capture_output=True, text=True, timeout=60)


def fresh():
    shutil.rmtree("here", ignore_errors=True)
    os.mkdir("here")


def files():
    return sorted(os.listdir("here"))


def content(name):
    with open(os.path.join("here", name), "rb") as file:
        return file.read()


def expect(is_so, what, done=None):
    if not is_so:
        raise Wrong(what + (f"\n     code {done.returncode}\n     out: {done.stdout[-600:]}\n     err: {done.stderr[-600:]}" if done else ""))


def ends(done, code, *texts, left=()):
    expect(done.returncode == code, f"exit code {code}", done)
    for text in texts:
        expect(text in done.stdout + done.stderr, f"says '{text}'", done)
    expect("Sanitizer" not in done.stderr and "runtime error" not in done.stderr, "no sanitizer speaks", done)
    expect(files() == sorted(left), f"leaves {sorted(left)}, not {files()}", done)


# ---- the cases ----

@case
def a_good_file_gets_its_name_from_the_url():
    done = fetch(plain_url("/deep/good.bin?token=1"), "--sha256", sha256(GOOD))
    ends(done, WELL, "fetched", sha256(GOOD), left=["good.bin"])
    expect(content("good.bin") == GOOD, "the same bytes")


@case
def its_mode_is_the_operators_usual_one():
    before = os.umask(0o027)
    done = fetch(plain_url("/good.bin"), "--no-hash")
    os.umask(before)
    ends(done, WELL, left=["good.bin"])
    expect(os.stat("here/good.bin").st_mode & 0o777 == 0o640, "mode 0640")


@case
def all_hashes_are_compared():
    done = fetch(plain_url("/good.bin"), "-o", "a.bin", "--sha512", hashlib.sha512(GOOD).hexdigest().upper(), "--sha1", hashlib.sha1(GOOD).hexdigest(),
                 "--md5", hashlib.md5(GOOD).hexdigest())
    ends(done, WELL, "its sha512", left=["a.bin"])
    done = fetch(plain_url("/good.bin"), "-o", "b.bin", "--sha512", hashlib.sha512(GOOD).hexdigest(), "--md5", hashlib.md5(b"").hexdigest())
    ends(done, WRONG, "md5 expected", left=["a.bin"])


@case
def a_weak_hash_is_said_to_be_one():
    ends(fetch(plain_url("/good.bin"), "--md5", hashlib.md5(GOOD).hexdigest()), WELL, "not against forgery", left=["good.bin"])


@case
def a_wrong_hash_leaves_nothing_and_says_both():
    wrong = sha256(b"another")
    ends(fetch(plain_url("/good.bin"), "--sha256", wrong), WRONG, wrong, sha256(GOOD), "deleted")


@case
def a_list_names_the_file():
    with open("sums", "w") as sums:
        sums.write(f"# release\r\n{sha256(b'x')}  other.bin\r\n{sha256(GOOD)} *./deep/good.bin\r\n")
    ends(fetch(plain_url("/good.bin"), "--sums", "../sums"), WELL, left=["good.bin"])
    ends(fetch(plain_url("/good.bin"), "-o", "renamed.bin", "--sums", "../sums"), USAGE, "does not name", left=["good.bin"])
    ends(fetch(plain_url("/good.bin"), "-o", "x.bin", "--sums", "../missing"), USAGE, "missing", left=["good.bin"])


@case
def a_list_that_names_no_algorithm_may_be_of_any():
    with open("sums", "w") as sums:
        sums.write(f"{hashlib.sha3_256(GOOD).hexdigest()}  good.bin\n{'0' * 64}  bad.bin\n")
    ends(fetch(plain_url("/good.bin"), "-o", "bad.bin", "--sums", "../sums"), WRONG, "nor is it its sha3-256")
    ends(fetch(plain_url("/good.bin"), "--sums", "../sums"), WELL, "sha3-256", left=["good.bin"])
    ends(fetch(plain_url("/good.bin"), "--sums", "../sums"), WELL, "already there and right", left=["good.bin"])


@case
def without_a_hash_the_operator_has_to_say_so():
    ends(fetch(plain_url("/good.bin")), USAGE, "--no-hash")
    ends(fetch(plain_url("/good.bin"), "--no-hash"), WELL, "nothing was compared", "without encryption", left=["good.bin"])
    ends(fetch(plain_url("/good.bin"), "--no-hash", "--sha256", sha256(GOOD)), USAGE, left=["good.bin"])


@case
def a_size_that_was_not_told_is_said():
    ends(fetch(plain_url("/untold.bin"), "--no-hash"), WELL, "did not say how large", left=["untold.bin"])


@case
def damage_that_the_file_shows_is_told_where_nothing_was_compared():
    ends(fetch(plain_url("/half.bin"), "--no-hash"), WRONG, "IT IS DAMAGED", "do not flash it", left=["half.bin"])
    ends(fetch(plain_url("/half.bin"), "--no-hash", "--json"), WRONG, '"damaged":true', left=["half.bin"])


@case
def a_hash_that_is_none_is_refused_beforehand():
    seen.clear()
    ends(fetch(plain_url("/good.bin"), "--sha256", "abc"), USAGE, "64 digits")
    expect(not seen, "the server is not asked")


@case
def a_cut_file_says_how_much_is_missing():
    ends(fetch(plain_url("/cut.bin"), "--no-hash", "--tries", "1"), NETWORK, "1000 are missing")


@case
def a_cut_file_is_begun_again_from_the_start():
    seen.clear()
    done = fetch(plain_url("/cut-once.bin"), "--sha256", sha256(GOOD))
    ends(done, WELL, "cut", "try 2 begins from the start", left=["cut-once.bin"])
    expect(len(seen) == 2 and not any("Range" in headers for _, headers in seen), "two whole requests", done)
    expect(content("cut-once.bin") == GOOD, "the same bytes")


@case
def a_stalled_transfer_ends():
    begun = time.monotonic()
    ends(fetch(plain_url("/stall.bin"), "--no-hash", "--tries", "1", "--timeout", "2"), NETWORK, "no byte came for 2 s")
    expect(time.monotonic() - begun < 15, "in time")


@case
def http_errors_are_named():
    ends(fetch(plain_url("/missing.bin"), "--no-hash"), NETWORK, "no such file (404)")
    ends(fetch(plain_url("/forbidden.bin"), "--no-hash"), NETWORK, "403")
    ends(fetch(plain_url("/busy.bin"), "--no-hash"), NETWORK, "503", "later")


@case
def a_web_page_is_not_taken_for_firmware():
    ends(fetch(plain_url("/page.bin"), "--no-hash"), WRONG, "web page", "Sign in")
    ends(fetch(plain_url("/page.bin"), "--sha256", sha256(GOOD)), WRONG, "web page")
    ends(fetch(plain_url("/error.bin"), "--no-hash"), WRONG, "licence not accepted")
    ends(fetch(plain_url("/empty.bin"), "--no-hash"), WRONG, "empty")


@case
def redirects_are_followed_and_end():
    ends(fetch(plain_url("/to-good"), "-o", "r.bin", "--sha256", sha256(GOOD)), WELL, left=["r.bin"])
    ends(fetch(plain_url("/cookie.bin"), "-o", "c.bin", "--sha256", sha256(GOOD)), WELL, left=["c.bin", "r.bin"])
    os.remove("here/c.bin")
    ends(fetch(plain_url("/loop"), "--no-hash"), NETWORK, "more than 8 times", left=["r.bin"])
    ends(fetch(plain_url("/to-file"), "--no-hash"), NETWORK, "no URL of the web", left=["r.bin"])


@case
def https_with_a_trusted_certificate():
    ends(fetch(secure_url("/good.bin"), "--sha256", sha256(GOOD)), WELL, left=["good.bin"])
    done = fetch(secure_url("/good.bin"), "--no-hash", "-o", "b.bin")
    ends(done, WELL, left=["b.bin", "good.bin"])
    expect("without encryption" not in done.stdout, "it was encrypted", done)
    ends(fetch(plain_url("/to-secure"), "--no-hash", "-o", "c.bin"), WELL, "without encryption", left=["b.bin", "c.bin", "good.bin"])


@case
def https_never_goes_down_to_http():
    ends(fetch(secure_url("/to-http"), "--no-hash"), REFUSED, "from https to http")
    ends(fetch(plain_url("/to-https"), "--no-hash"), REFUSED, "from https to http")


@case
def ftp_is_fetched_too():
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), FtpHandler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"ftp://127.0.0.1:{server.server_address[1]}/pub/"
    try:
        ends(fetch(url + "good.bin", "--sha256", sha256(GOOD)), WELL, left=["good.bin"])
        ends(fetch(url + "missing.bin", "--no-hash"), NETWORK, "no such file", left=["good.bin"])
        ends(fetch(url + "cut.bin", "--no-hash", "--tries", "1"), NETWORK, "5 are missing", left=["good.bin"])
    finally:
        server.shutdown()


@case
def an_untrusted_certificate_is_refused():
    ends(fetch(secure_url("/good.bin"), "--no-hash", SSL_CERT_FILE="/etc/ssl/certs/ca-certificates.crt"), REFUSED, "not certain who this server is")
    other = f"https://127.0.0.1:{secure.server_port}/good.bin"      # the certificate is for localhost
    ends(fetch(other, "--no-hash"), REFUSED, "not certain who this server is")


@case
def a_stop_leaves_nothing():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        child = subprocess.Popen([UNBRICK, "fetch", plain_url("/slow.bin"), "--no-hash"], cwd="here", env=environment(), stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True)
        limit = time.monotonic() + 10
        while not files() and time.monotonic() < limit:
            time.sleep(0.05)
        expect(len(files()) == 1, "a temporary file")
        time.sleep(0.2)
        child.send_signal(number)
        out, err = child.communicate(timeout=20)
        expect(child.returncode == INTERRUPTED and "stopped" in err, f"code 7 for {number}: {child.returncode} {err}")
        expect(files() == [], f"nothing stays: {files()}")


@case
def a_stop_in_a_pause_leaves_nothing():
    child = subprocess.Popen([UNBRICK, "fetch", plain_url("/cut.bin"), "--no-hash", "--json"], cwd="here", env=environment(), stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
    for line in child.stdout:
        if json.loads(line)["event"] == "again":
            break
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=20)
    expect(child.returncode == INTERRUPTED and files() == [], f"code 7: {child.returncode} {files()}")


@case
def another_file_is_not_overwritten():
    for how in (["--sha256", sha256(GOOD)], ["--no-hash"]):
        with open("here/good.bin", "wb") as file:
            file.write(b"mine")
        ends(fetch(plain_url("/good.bin"), *how), REFUSED, "there already", "--force", left=["good.bin"])
        expect(content("good.bin") == b"mine", "left as it is")
        ends(fetch(plain_url("/good.bin"), "--force", *how), WELL, left=["good.bin"])
        expect(content("good.bin") == GOOD, "replaced")


@case
def the_same_file_is_already_there_and_right():
    fetch(plain_url("/good.bin"), "--no-hash")
    seen.clear()
    ends(fetch(plain_url("/good.bin"), "--sha256", sha256(GOOD)), WELL, "already there and right", left=["good.bin"])
    expect(not seen, "the server is not asked")
    ends(fetch(plain_url("/good.bin"), "--no-hash"), WELL, "the same as what the server has", left=["good.bin"])


@case
def a_link_in_the_way_is_not_followed():
    with open("victim", "wb") as file:
        file.write(b"mine")
    os.symlink("../victim", "here/good.bin")
    ends(fetch(plain_url("/good.bin"), "--no-hash"), REFUSED, left=["good.bin"])
    ends(fetch(plain_url("/good.bin"), "--no-hash", "--force"), WELL, left=["good.bin"])
    with open("victim", "rb") as file:
        expect(file.read() == b"mine" and not os.path.islink("here/good.bin"), "the link is replaced, not what it points to")
    os.symlink("nowhere", "here/a.bin")
    ends(fetch(plain_url("/good.bin"), "-o", "a.bin", "--no-hash"), REFUSED, left=["a.bin", "good.bin"])


@case
def names_are_made_safe():
    ends(fetch(plain_url("/evil-name.bin"), "--no-hash"), WELL, left=["evil-name.bin"])
    expect(not os.path.exists("evil"), "Content-Disposition is not heeded")
    ends(fetch(plain_url("/x/..%2f..%2Fgood.bin?"), "--no-hash"), NETWORK, left=["evil-name.bin"])
    ends(fetch(plain_url("/"), "--no-hash"), USAGE, "no name", left=["evil-name.bin"])


@case
def the_target_has_to_be_a_place_for_a_file():
    os.mkdir("here/folder")
    ends(fetch(plain_url("/good.bin"), "--no-hash", "-o", "folder"), USAGE, "folder", left=["folder"])
    ends(fetch(plain_url("/good.bin"), "--no-hash", "-o", "folder/"), USAGE, "folder", left=["folder"])
    ends(fetch(plain_url("/good.bin"), "--no-hash", "-o", "nowhere/a.bin"), USAGE, "nowhere", left=["folder"])
    ends(fetch(plain_url("/good.bin"), "--no-hash", "-o"), USAGE, left=["folder"])


@case
def too_large_a_file_is_refused_at_once():
    ends(fetch(plain_url("/huge.bin"), "--no-hash"), FAILED, "larger than 4.0 GiB")
    ends(fetch(plain_url("/untold.bin"), "--no-hash", "--max-size", "100KiB"), FAILED, "larger than 100")


@case
def other_protocols_and_servers_that_are_not_there():
    ends(fetch("file:///etc/passwd", "--no-hash"), USAGE, "none of https")
    ends(fetch("good.bin", "--no-hash"), USAGE, "no URL")
    ends(fetch(), USAGE, "needs a URL")
    ends(fetch("http://127.0.0.1:1/good.bin", "--no-hash"), NETWORK, "cannot connect")
    ends(fetch("http://no-such-host.invalid/good.bin", "--no-hash"), NETWORK, "not known")


@case
def a_password_in_the_url_is_not_shown():
    done = fetch(plain_url("/missing.bin").replace("127.", "me:secret@127."), "--no-hash")
    ends(done, NETWORK, "404")
    expect("secret" not in done.stdout + done.stderr, "no password", done)


@case
def json_is_one_event_a_line():
    done = fetch(plain_url("/good.bin"), "--sha256", sha256(GOOD), "--json")
    ends(done, WELL, left=["good.bin"])
    events = [json.loads(line) for line in done.stdout.splitlines()]
    expect(events[-1]["event"] == "result" and events[-1]["status"] == "ok" and events[-1]["sha256"] == sha256(GOOD), "the result", done)
    expect(events[-1]["compared"] is True and events[0]["event"] == "progress" and events[0]["bytes"] == len(GOOD), "progress", done)
    done = fetch(plain_url("/good.bin"), "-o", "x", "--sha256", sha256(b""), "--json")
    ends(done, WRONG, left=["good.bin"])
    expect(json.loads(done.stdout.splitlines()[-1])["status"] == "invalid", "a failure is an event, too", done)


@case
def a_full_disk_is_told_beforehand():
    if os.geteuid() != 0:
        raise Skip("mounting a small file system needs root")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", "here"], capture_output=True).returncode:
        raise Skip("mount is not allowed here")
    try:
        ends(fetch(plain_url("/good.bin"), "--no-hash"), FAILED, "it needs 1.0 MiB", "Free 7")
        ends(fetch(plain_url("/untold.bin"), "--no-hash"), FAILED, "No space left")
    finally:
        subprocess.run(["umount", "here"])


def main():
    global work, plain, secure
    if not os.access(UNBRICK, os.X_OK):
        print(f"skipped: '{UNBRICK}' is not built; set UNBRICK")
        return 77
    version = subprocess.run([UNBRICK, "--version"], capture_output=True, text=True).stdout
    if "libcurl        no" in version:
        print("skipped: this build has no libcurl")
        return 77
    if not shutil.which("openssl"):
        print("skipped: openssl is not here")
        return 77
    work = tempfile.mkdtemp(prefix="fetch-")
    os.chdir(work)
    try:
        make_certificates()
        plain, secure = serve(), serve("server.pem", "server.key")
        status = run_cases(lambda function: (fresh(), function()))
        over.set()
        plain.shutdown()
        secure.shutdown()
        return status
    finally:
        os.chdir("/")
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
