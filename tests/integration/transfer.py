#!/usr/bin/env python3
"""unbrick send and receive against lrzsz and each other, over socket pairs and ptys: what arrives, what is kept, what is said.

   UNBRICK=path/to/unbrick tests/integration/transfer.py       (or the path as first argument)

The last line is "N passed, N failed, N skipped"; exits with 0 when none failed."""
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import threading
import time
import tty

UNBRICK = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("UNBRICK", "./unbrick"))
WELL, FAILED, USAGE, NO_PORT, NO_ANSWER, REFUSED, INTERRUPTED = 0, 1, 2, 3, 4, 5, 7
LIMIT = 60
SIZES = {"empty.bin": 0, "one.bin": 1, "block.bin": 1024, "some.bin": 70001}
counts = {"passed": 0, "failed": 0, "skipped": 0}


def check(what, good, detail=""):
    counts["passed" if good else "failed"] += 1
    if not good:
        print(f"FAIL {what}\n     {detail}")


def skip(what):
    counts["skipped"] += 1
    print(f"skipped: {what}")


def content(name):
    return random.Random(name).randbytes(SIZES[name])


class Work:
    """A folder with the files to send and an empty one for what comes."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="unbrick-transfer.")
        self.out = self.folder + "/out"
        os.mkdir(self.out)
        for name in SIZES:
            with open(f"{self.folder}/{name}", "wb") as file:
                file.write(content(name))
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def got(self):
        found = {}
        for name in os.listdir(self.out):
            with open(f"{self.out}/{name}", "rb") as file:
                found[name] = file.read()
        return found


def start(command, folder, line, stderr=subprocess.PIPE):
    return subprocess.Popen(command, cwd=folder, stdin=line, stdout=line, stderr=stderr, start_new_session=True)


def finish(process):
    try:
        _, said = process.communicate(timeout=LIMIT)
        return process.returncode, (said or b"").decode(errors="replace")
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return "still running", ""


def pair(work, sender, receiver):
    """Both ends on a socket pair; returns the sender's and the receiver's (code, said)."""
    one, other = socket.socketpair()
    receiving = start(receiver, work.out, other)
    sending = start(sender, work.folder, one)
    one.close()
    other.close()
    return finish(sending), finish(receiving)


class Cable:
    """Two ptys and a thread that carries bytes between them. They are raw from the start, as a serial port is for both sides."""

    def __init__(self):
        self.masters, self.slaves = zip(*(os.openpty() for _ in range(2)))
        for slave in self.slaves:
            tty.setraw(slave)
        self.names = [os.ttyname(slave) for slave in self.slaves]
        self.over = False
        self.threads = [threading.Thread(target=self.carry, args=way, daemon=True) for way in (self.masters, self.masters[::-1])]
        for thread in self.threads:
            thread.start()

    def carry(self, source, target):
        os.set_blocking(source, False)
        while not self.over:
            try:
                data = os.read(source, 4096)
            except BlockingIOError:
                time.sleep(0.001)
                continue
            except OSError:
                return
            while data:
                data = data[os.write(target, data):]

    def close(self):
        self.over = True
        for thread in self.threads:
            thread.join()
        for descriptor in self.masters + self.slaves:
            os.close(descriptor)


def same(got, name, padded=False):
    wanted = content(name)
    if not padded:
        return got == wanted
    return got is not None and got.startswith(wanted) and not got[len(wanted):].strip(b"\x1a\0") and len(got) - len(wanted) < 1024


def brief(*results):
    return "; ".join(f"{code}: {said.strip()[-300:]}" for code, said in results)


# --- each other ---------------------------------------------------------------------------------------------------------------


def test_each_other():
    for protocol in ("xmodem", "xmodem-crc", "xmodem-1k", "ymodem", "ymodem-g", "zmodem", "kermit"):
        padded = protocol.startswith("x")
        for name in SIZES:
            with Work() as work:
                sent, received = pair(work, [UNBRICK, "send", "--stdio", "--protocol", protocol, name],
                                      [UNBRICK, "receive", "--stdio", "--protocol", protocol] + (["-o", name] if padded else []))
                check(f"{protocol} carries {name}", sent[0] == WELL and received[0] == WELL and same(work.got().get(name), name, padded),
                      brief(sent, received))


def test_s_records():
    with Work() as work:
        one, other = socket.socketpair()
        sending = start([UNBRICK, "send", "--stdio", "--protocol", "srecord", "--address", "0x80000000", "one.bin"], work.folder, one)
        one.close()
        other.settimeout(LIMIT)
        said = b""
        while b"S7" not in said and (data := other.recv(1000)):
            said += data
        other.close()
        finish(sending)
        check("S-records have the address", b"S3068000000" in said.replace(b"\r", b""), said)
        sent, _ = pair(work, [UNBRICK, "send", "--stdio", "--protocol", "srecord", "one.bin"], ["cat"])
        check("without an address there are none", sent[0] == REFUSED, brief(sent))


def test_batch():
    with Work() as work:
        sent, received = pair(work, [UNBRICK, "send", "--stdio", *SIZES], [UNBRICK, "receive", "--stdio"])
        check("a batch arrives", sent[0] == WELL and received[0] == WELL and all(same(work.got().get(name), name) for name in SIZES),
              brief(sent, received))


# --- lrzsz --------------------------------------------------------------------------------------------------------------------


def test_lrzsz():
    if not shutil.which("sb") or not shutil.which("rb"):
        skip("lrzsz is not here")
        return
    rows = [  # protocol, its sender, its receiver
        ("ymodem", ["sb", "-q", "-k"], ["rb", "-q"]), ("ymodem", ["sb", "-q"], None),
        ("xmodem-1k", ["sx", "-q", "-k"], ["rx", "-q", "-c"]), ("xmodem-crc", ["sx", "-q"], ["rx", "-q", "-c"]),
        ("xmodem", ["sx", "-q"], ["rx", "-q"]), ("ymodem-g", ["sb", "-q"], None), ("zmodem", ["sz", "-q"], ["rz", "-q"]),
    ]
    for protocol, sender, receiver in rows:
        padded = protocol.startswith("x")
        for name in ("one.bin", "some.bin"):
            with Work() as work:
                ours = [UNBRICK, "receive", "--stdio", "--protocol", protocol] + (["-o", name] if padded else [])
                sent, received = pair(work, sender + [name], ours)
                check(f"{' '.join(sender)} to us by {protocol}: {name}",
                      sent[0] == 0 and received[0] == WELL and same(work.got().get(name), name, padded), brief(sent, received))
            if receiver is None:
                continue
            with Work() as work:
                ours = [UNBRICK, "send", "--stdio", "--protocol", protocol, name]
                sent, received = pair(work, ours, receiver + ([name] if padded else []))
                check(f"us to {' '.join(receiver)} by {protocol}: {name}",
                      sent[0] == WELL and received[0] == 0 and same(work.got().get(name), name, padded), brief(sent, received))


def test_lrzsz_on_ptys():
    if not shutil.which("sb"):
        return
    with Work() as work:
        cable = Cable()
        sending = start([UNBRICK, "send", "--port", cable.names[0], "some.bin", "one.bin"], work.folder, subprocess.DEVNULL)
        receiving = start(["rb", "-q"], work.out, cable.slaves[1])
        sent, received = finish(sending), finish(receiving)
        cable.close()
        check("us by --port to rb on a pty, which throws its last ACK away",
              sent[0] == WELL and received[0] == 0 and same(work.got().get("some.bin"), "some.bin") and
              same(work.got().get("one.bin"), "one.bin"), brief(sent, received))
    with Work() as work:
        cable = Cable()
        receiving = start([UNBRICK, "receive", "--port", cable.names[0]], work.out, subprocess.DEVNULL)
        sending = start(["sb", "-q", "-k", "some.bin"], work.folder, cable.slaves[1])
        sent, received = finish(sending), finish(receiving)
        cable.close()
        check("sb on a pty to us by --port", sent[0] == 0 and received[0] == WELL and same(work.got().get("some.bin"), "some.bin"),
              brief(sent, received))


def test_cancelled_by_the_other_side():
    with Work() as work:
        one, other = socket.socketpair()
        sending = start([UNBRICK, "send", "--stdio", "some.bin"], work.folder, one)
        one.close()
        other.sendall(b"C")
        other.recv(200)
        other.sendall(b"\x18" * 8)
        code, said = finish(sending)
        check("CAN CAN of the other side ends it", code == FAILED and "other side cancelled" in said, said)
        other.close()


# --- what is kept -------------------------------------------------------------------------------------------------------------


def crc(data):
    value = 0
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xffff
    return value


def frame(number, data, size=128):
    data = data.ljust(size, b"\0")
    return bytes([1 if size == 128 else 2, number & 255, 255 - (number & 255)]) + data + crc(data).to_bytes(2, "big")


class Peer:
    """A sender of single frames against `unbrick receive --stdio`."""

    def __init__(self, work, *arguments):
        self.line, other = socket.socketpair()
        self.process = start([UNBRICK, "receive", "--stdio", *arguments], work.out, other)
        other.close()
        self.line.settimeout(LIMIT)

    def read_until(self, wanted):
        got = b""
        while not got.endswith(wanted):
            data = self.line.recv(100)
            if not data:
                return got
            got += data
        return got

    def end(self):
        result = finish(self.process)
        self.line.close()
        return result


def test_hostile_names():
    with Work() as work:
        for told, name in ((b"../../evil", "evil"), (b"/etc/passwd", "passwd"), (b".profile", "_profile"), (b"a\x1b[2Jb", "ab")):
            peer = Peer(work)
            peer.read_until(b"C")
            peer.line.sendall(frame(0, told + b"\0" + b"3"))
            peer.read_until(b"C")
            peer.line.sendall(frame(1, b"abc"))
            peer.read_until(b"\x06")
            peer.line.sendall(b"\x04")
            peer.read_until(b"C")
            peer.line.sendall(frame(0, b""))
            code, said = peer.end()
            check(f"the name {told!r} stays in the folder", code == WELL and work.got().get(name) == b"abc", said)
            check("nothing of a name reaches the terminal raw", "\x1b" not in said, repr(said))
        check("nothing else was made", sorted(os.listdir(work.folder)) == sorted([*SIZES, "out"]), os.listdir(work.folder))


def test_existing_file():
    with Work() as work:
        with open(work.out + "/some.bin", "wb") as file:
            file.write(b"precious")
        sent, received = pair(work, [UNBRICK, "send", "--stdio", "some.bin"], [UNBRICK, "receive", "--stdio"])
        check("a file that is there is not replaced", received[0] == REFUSED and work.got() == {"some.bin": b"precious"}, brief(received))
        check("and the sender is told", sent[0] == FAILED and "cancelled" in sent[1], brief(sent))
        sent, received = pair(work, [UNBRICK, "send", "--stdio", "some.bin"], [UNBRICK, "receive", "--stdio", "--force"])
        check("--force replaces it", received[0] == WELL and same(work.got().get("some.bin"), "some.bin"), brief(sent, received))
        code = subprocess.run([UNBRICK, "receive", "--stdio", "--protocol", "xmodem", "-o", work.out + "/some.bin"], stdin=subprocess.PIPE,
                              capture_output=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False).returncode
        check("XMODEM refuses it before the first byte", code == REFUSED, code)


def test_cut():
    with Work() as work:
        peer = Peer(work)
        peer.read_until(b"C")
        peer.line.sendall(frame(0, b"cut.bin\0" + b"5000"))
        peer.read_until(b"C")
        peer.line.sendall(frame(1, b"x" * 1024, 1024))
        peer.read_until(b"\x06")
        peer.line.shutdown(socket.SHUT_RDWR)
        code, said = peer.end()
        check("a line that is cut leaves no file", code == FAILED and work.got() == {} and "closed the line" in said, f"{code} {said}")


def broken_pair(work, sender, receiver, most):
    """As pair(); the line is cut when so many bytes have gone to the receiver."""
    (one, near), (far, other) = socket.socketpair(), socket.socketpair()
    receiving, sending = start(receiver, work.out, other), start(sender, work.folder, one)
    one.close()
    other.close()

    def back():
        try:
            while data := far.recv(4096):
                near.sendall(data)
        except OSError:
            pass
    thread = threading.Thread(target=back, daemon=True)
    thread.start()
    while most > 0 and (data := near.recv(min(most, 4096))):
        far.sendall(data)
        most -= len(data)
    for end in (near, far):
        end.shutdown(socket.SHUT_RDWR)
    thread.join()
    received = finish(receiving)
    os.killpg(sending.pid, signal.SIGKILL)
    finish(sending)
    return received


def test_resume():
    receiver = [UNBRICK, "receive", "--stdio", "--protocol", "zmodem", "--resume", "--json"]
    senders = {"unbrick": [UNBRICK, "send", "--stdio", "--protocol", "zmodem", "some.bin"]}
    if shutil.which("sz"):
        senders["sz"] = ["sz", "-q", "some.bin"]
    else:
        skip("resuming from sz: lrzsz is not here")
    for name, sender in senders.items():
        with Work() as work:
            received = broken_pair(work, sender, receiver, 40000)
            got = work.got()
            kept = got.get("some.bin.part", b"")
            check(f"what came of a file of {name} that broke off is kept", received[0] == FAILED and list(got) == ["some.bin.part"] and
                  20000 < len(kept) < 40000 and content("some.bin").startswith(kept) and "some.bin.part" in received[1], brief(received))
            sent, received = pair(work, sender, receiver)
            check(f"and the file of {name} goes on there", received[0] == WELL and f'"start":{len(kept)}}}' in received[1] and
                  work.got() == {"some.bin": content("some.bin")}, brief(sent, received))
    with Work() as work:
        with open(work.out + "/some.bin.part", "wb") as file:
            file.write(b"the beginning of another file")
        sent, received = pair(work, senders["unbrick"], receiver)
        check("the beginning of another file does not stay", received[0] == WELL and '"start":0}' in received[1] and
              work.got() == {"some.bin": content("some.bin")}, brief(sent, received))
    with Work() as work:
        with open(work.folder + "/precious", "wb") as file:
            file.write(b"precious")
        os.symlink(work.folder + "/precious", work.out + "/some.bin.part")
        sent, received = pair(work, senders["unbrick"], receiver)
        with open(work.folder + "/precious", "rb") as file:
            check("a link in the part's place is not followed", received[0] == REFUSED and file.read() == b"precious", brief(sent, received))
    with Work() as work:
        done = subprocess.run([UNBRICK, "receive", "--stdio", "--resume"], cwd=work.out, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)
        check("YMODEM cannot go on, and says who can", done.returncode == USAGE and b"zmodem" in done.stderr, done)


def test_resume_at_rz():
    if not shutil.which("rz"):
        skip("resuming at rz: lrzsz is not here")
        return
    with Work() as work:
        with open(work.out + "/some.bin", "wb") as file:
            file.write(content("some.bin")[:50000])
        sent, received = pair(work, [UNBRICK, "send", "--stdio", "--protocol", "zmodem", "--resume", "some.bin"], ["rz", "-q"])
        check("rz goes on with what it has", sent[0] == WELL and work.got() == {"some.bin": content("some.bin")}, brief(sent, received))


def test_full_disk():
    with Work() as work:
        sent, received = pair(work, [UNBRICK, "send", "--stdio", "some.bin"], ["sh", "-c", f"ulimit -f 16; exec '{UNBRICK}' receive --stdio"])
        check("a disk that is full ends it, with the reason, and leaves no file",
              received[0] == FAILED and "cannot write" in received[1] and work.got() == {}, brief(received))
        check("and the sender is told that, too", sent[0] == FAILED and "cancelled" in sent[1], brief(sent))


def test_unplugged():
    with Work() as work:
        master, slave = os.openpty()
        tty.setraw(slave)
        name = os.ttyname(slave)
        process = start([UNBRICK, "receive", "--port", name, "--json"], work.out, subprocess.DEVNULL)
        os.read(master, 1)
        os.write(master, frame(0, b"cut.bin\0" + b"5000"))
        os.close(slave)
        os.close(master)
        code, said = finish(process)
        check("an adapter that is pulled out ends it", code == NO_PORT and work.got() == {} and "unbrick: " in said, f"{code} {said}")


def test_ctrl_c():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with Work() as work:
            peer = Peer(work)
            peer.read_until(b"C")
            peer.line.sendall(frame(0, b"cut.bin\0" + b"5000"))
            peer.read_until(b"C")
            peer.line.sendall(frame(1, b"x" * 1024, 1024))
            peer.read_until(b"\x06")
            peer.process.send_signal(number)
            told = peer.read_until(b"\b" * 8)
            code, said = peer.end()
            check(f"{number.name} is told to the other side, and leaves no file",
                  code == INTERRUPTED and told.count(b"\x18") == 8 and work.got() == {}, f"{code} {told} {said}")


def test_json():
    with Work() as work:
        sent, received = pair(work, [UNBRICK, "send", "--stdio", "--json", "some.bin"], [UNBRICK, "receive", "--stdio", "--json"])
        for code, said in (sent, received):
            events = [json.loads(line) for line in said.splitlines()]
            check("each line is an event, and the last is the result", code == WELL and events[-1]["event"] == "result" and
                  events[-1]["bytes"] == SIZES["some.bin"] and events[0]["event"] == "file" and events[0]["size"] == SIZES["some.bin"], said)


# --- the line -----------------------------------------------------------------------------------------------------------------


def test_text_behind_is_shown():
    with Work() as work:
        master, slave = os.openpty()
        tty.setraw(slave)
        process = subprocess.Popen([UNBRICK, "send", "--port", os.ttyname(slave), "--protocol", "xmodem", "--listen", "400",
                                    "one.bin"], cwd=work.folder,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(0.3)
        os.write(master, b"## Ready for binary download\r\nC")
        block = b""
        while len(block) < 133:
            block += os.read(master, 200)
        os.write(master, b"\x06")
        os.read(master, 10)
        os.write(master, b"\x06")
        time.sleep(0.25)        # as U-Boot does
        os.write(master, b"\r\n## Total Size = 0x00000080\x1b[31m = 128 Bytes\r\n=> ")
        out, err = process.communicate(timeout=LIMIT)
        os.close(master)
        os.close(slave)
        check("what the loader says before and behind is shown, harmless", process.returncode == WELL and
              b"## Ready for binary download" in out and b"## Total Size = 0x00000080 = 128 Bytes" in out and b"=> " in out and
              b"\x1b" not in out, (process.returncode, out, err))


def test_terminal_is_restored():
    """The test's own descriptor of the terminal keeps its settings to look at."""
    def interrupt(process, _):
        process.send_signal(signal.SIGINT)

    def type_cancel(_, master):
        time.sleep(1.1)     # what comes in the first second may be a rest of an earlier transfer
        os.write(master, b"\x18\x18\x18")
    for name, action, wanted in (("SIGINT", interrupt, INTERRUPTED), ("Ctrl-X Ctrl-X", type_cancel, FAILED)):
        with Work() as work:
            master, slave = os.openpty()
            before = termios.tcgetattr(slave)
            process = start([UNBRICK, "receive", "--stdio"], work.out, slave, stderr=slave)
            deadline = time.monotonic() + LIMIT
            while termios.tcgetattr(slave)[3] & termios.ICANON and time.monotonic() < deadline:
                time.sleep(0.01)
            check(f"the line is raw before {name}", not termios.tcgetattr(slave)[3] & (termios.ICANON | termios.ECHO))
            action(process, master)
            code, _ = finish(process)
            check(f"the terminal is as before after {name}", code == wanted and before == termios.tcgetattr(slave), code)
            check("nothing blocks differently", os.get_blocking(slave))
            os.close(master)
            os.close(slave)


def test_usage():
    with Work() as work:
        rows = [
            ("no line is named", ["send", "one.bin"], USAGE), ("two lines are named", ["send", "--stdio", "--port", "/dev/x", "one.bin"], USAGE),
            ("no file is named", ["send", "--stdio"], USAGE), ("a file is not there", ["send", "--stdio", "none.bin"], USAGE),
            ("the protocol is unknown", ["send", "--stdio", "--protocol", "zzz", "one.bin"], USAGE),
            ("two files by XMODEM", ["send", "--stdio", "--protocol", "xmodem", "one.bin", "some.bin"], USAGE),
            ("XMODEM needs a name", ["receive", "--stdio", "--protocol", "xmodem"], USAGE),
            ("the port is not there", ["send", "--port", "/dev/ttyNONE7", "one.bin"], NO_PORT),
            ("the folder is not there", ["receive", "--stdio", "-o", "none/x"], USAGE),
            ("nobody answers", ["send", "--stdio", "--patience", "1", "one.bin"], NO_ANSWER),
            ("nobody sends", ["receive", "--stdio", "--patience", "1"], NO_ANSWER),
        ]
        for what, words, wanted in rows:
            one, other = socket.socketpair()
            code, said = finish(start([UNBRICK, *words], work.folder, one))
            check(f"{what}: its exit code and a reason", code == wanted and "unbrick: " in said, f"{code}: {said}")
            one.close()
            other.close()
        done = subprocess.run([UNBRICK, "send", "--stdio", "one.bin"], cwd=work.folder, stdin=open(work.folder + "/one.bin", "rb"),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        check("a file is no line", done.returncode == USAGE and b"not a line" in done.stderr, done)


def main():
    if not os.access(UNBRICK, os.X_OK):
        print(f"skipped: '{UNBRICK}' is not built; set UNBRICK", file=sys.stderr)
        sys.exit(77)
    for name, test in sorted(globals().items()):
        if name.startswith("test_"):
            try:
                test()
            except (OSError, subprocess.SubprocessError, ValueError) as error:
                check(name, False, repr(error))
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    sys.exit(1 if counts["failed"] else 0)


main()
