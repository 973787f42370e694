#!/usr/bin/env python3
"""unbrick baud at a device on a pty that is sampled bit by bit at whatever rate the program sets: what is found, what is kept, what is put back.

   UNBRICK=path/to/unbrick tests/integration/baud.py       (or the path as first argument)

The last line is "N passed, N failed, N skipped"; exits with 0 when none failed."""
import fcntl
import json
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import tty

UNBRICK = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("UNBRICK", "./unbrick"))
WELL, NO_PORT, NO_ANSWER, INTERRUPTED, UNDECIDED, USAGE = 0, 3, 4, 7, 11, 2
LIMIT = 60
counts = {"passed": 0, "failed": 0, "skipped": 0}
TCGETS2 = 0x802C542A	# asm-generic/ioctls.h; the rates are the last two words of struct termios2
BOOT = (b"\r\nU-Boot 2018.03 (May 02 2021 - 11:22:33 +0000) Demo Board\r\n\r\nCPU:   Quad core at 716 MHz\r\nDRAM:  256 MiB\r\nNAND:  128 MiB\r\n"
        b"*** Warning - bad CRC, using default environment\r\n\r\nIn:    serial\r\nOut:   serial\r\nNet:   eth0\r\nHit any key to stop autoboot:  0\r\n"
        b"Creating 1 MTD partitions on \"nand0\":\r\nubi0: attached mtd1 (name \"ubi\", size 120 MiB)\r\nLoading kernel volume\r\n"
        b"## Loading kernel from FIT Image at 84000000 ...\r\n   Verifying Hash Integrity ... crc32+ sha1+ OK\r\nStarting kernel ...\r\n\r\n"
        b"[    0.000000] Booting Linux on physical CPU 0x0\r\n[    0.000000] Linux version 5.4.188 (build@host)\r\n") * 3


def check(what, good, detail=""):
    counts["passed" if good else "failed"] += 1
    if not good:
        print(f"FAIL {what}\n     {detail}")


class Device(threading.Thread):
    """Sends text at its own rate, again and again with a pause, in real time; what the other end reads depends on the rate that is set there."""

    def __init__(self, rate, text, pause=0.5, latency=0.004):
        super().__init__(daemon=True)
        self.rate, self.text, self.pause, self.latency = rate, text, pause, latency
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.path = os.ttyname(self.slave)
        self.set_rates, self.received, self.is_over = [], b"", False
        self.bits, self.at = [], 0.0

    def preset(self, rate):
        """What waits in the pty before the program opens it was read at the rate that it sets first."""
        settings = termios.tcgetattr(self.slave)
        settings[4] = settings[5] = getattr(termios, f"B{rate}")
        termios.tcsetattr(self.slave, termios.TCSANOW, settings)
        return self

    def reader_rate(self):
        rate = struct.unpack_from("I", fcntl.ioctl(self.slave, TCGETS2, bytes(44)), 40)[0]
        if not self.set_rates or self.set_rates[-1] != rate:
            self.set_rates.append(rate)
        return rate

    def sample(self, piece, rate):
        """The bits so far, read as a UART at the other rate reads them: start edge, middles, stop; behind a stop bit that is low it waits."""
        for byte in piece:
            self.bits += [0] + [byte >> i & 1 for i in range(8)] + [1]
        bits, step = self.bits, self.rate / rate
        out = bytearray()
        while True:
            while self.at < len(bits) and bits[int(self.at)]:
                self.at = int(self.at) + 1.0
            end = self.at + step * 9.5
            if end + 1 >= len(bits):
                break
            if bits[int(self.at + step / 2)]:
                self.at += step / 2
                continue
            out.append(sum(bits[int(self.at + step * (1.5 + i))] << i for i in range(8)))
            self.at = end
            while self.at < len(bits) and not bits[int(self.at)]:
                self.at = int(self.at) + 1.0
        drop = int(self.at)
        self.bits, self.at = bits[drop:], self.at - drop
        return bytes(out)

    def run(self):
        size = max(1, int(self.rate / 10 * self.latency))
        try:
            while not self.is_over:
                for begin in range(0, len(self.text), size):
                    piece = self.text[begin:begin + size]
                    time.sleep(len(piece) * 10 / self.rate)
                    os.write(self.master, self.sample(piece, self.reader_rate()))
                    if self.is_over:
                        return
                time.sleep(self.pause)
        except OSError:
            pass

    def stop(self):
        self.is_over = True
        self.join(5)
        rate = self.reader_rate()
        os.set_blocking(self.master, False)
        try:
            self.received = os.read(self.master, 65536)
        except OSError:
            pass
        os.close(self.master)
        os.close(self.slave)
        return rate


def run(device, *options, limit=LIMIT, state=None):
    device.start()
    done = subprocess.run([UNBRICK, "baud", device.path, "--json", "--state", state, *options], capture_output=True, timeout=limit)
    rate = device.stop()
    return done, json.loads(done.stdout or b"{}"), rate


def remarks(state):
    folder = os.path.join(state, "captures")
    text = ""
    for name in sorted(os.listdir(folder)):
        if name.endswith(".times"):
            text += open(os.path.join(folder, name)).read()
    return [line for line in text.splitlines() if line.startswith("#")], folder


def found_rates(work):
    for number, (rate, start) in enumerate([(57600, 115200), (9600, 115200), (115200, 9600), (921600, 115200), (38400, 1500000), (115200, 115200)]):
        state = os.path.join(work, f"found{number}")
        device = Device(rate, BOOT).preset(start)
        done, said, _ = run(device, "--from", str(start), state=state)
        what = f"{rate} from {start}"
        check(f"{what}: found", done.returncode == WELL and said.get("baud") == rate, f"{done.returncode} {said} {done.stderr[-300:]}")
        # two when nothing else runs; a computer that is busy reads late what the pty has kept from the rate before
        check(f"{what}: within five rates", said.get("rates", 99) <= 5, said)
        check(f"{what}: nothing was sent", device.received == b"", device.received)
        notes, folder = remarks(state)
        told = sum("listening at" in note for note in notes)
        check(f"{what}: the capture tells the changes", (told > 0 or rate == start) and told < said.get("rates", 0), f"{said} {notes}")
        kept = sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder) if name.endswith(".raw"))
        check(f"{what}: what was read is kept", kept >= said.get("bytes", 1), f"{kept} {said}")


def nothing_found(work):
    state = os.path.join(work, "silent")
    done, said, _ = run(Device(115200, b"", pause=0.1), "--timeout", "2", state=state)
    check("silence is said", done.returncode == NO_ANSWER and said.get("baud", 0) is None and b"nothing came" in done.stderr, f"{done.returncode} {said} {done.stderr}")
    state = os.path.join(work, "noise")
    noise = random.Random(1).randbytes(20000)
    device = Device(115200, noise, pause=0)
    device.sample = lambda piece, rate: piece
    done, said, rate = run(device, "--from", "57600", "--timeout", "40", state=state)
    check("noise is no rate", done.returncode == UNDECIDED and said.get("baud", 0) is None, f"{done.returncode} {said}")
    check("the rate is put back", rate == 57600, rate)


def interrupted(work):
    state = os.path.join(work, "interrupted")
    device = Device(115200, random.Random(2).randbytes(50000), pause=0)
    device.sample = lambda piece, rate: piece
    device.start()
    child = subprocess.Popen([UNBRICK, "baud", device.path, "--from", "57600", "--state", state], stderr=subprocess.PIPE)
    limit = time.monotonic() + 20
    while len(device.set_rates) < 2 and time.monotonic() < limit:
        time.sleep(0.05)
    while len(device.set_rates) < 3 and time.monotonic() < limit:
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=20)
    rate = device.stop()
    check("interrupted: the exit code", child.returncode == INTERRUPTED, child.returncode)
    check("interrupted: the rate is put back", rate == 57600, f"{rate} {device.set_rates}")


def wrong_words(work):
    for what, words, code in [("no port", [], USAGE), ("two ports", ["a", "b"], USAGE), ("a rate of words", ["/dev/null", "--from", "fast"], USAGE),
                              ("a port that is not there", [os.path.join(work, "none")], NO_PORT)]:
        done = subprocess.run([UNBRICK, "baud", "--state", os.path.join(work, "words"), *words], capture_output=True, timeout=LIMIT)
        check(what, done.returncode == code and done.stderr.startswith(b"unbrick: "), f"{done.returncode} {done.stderr}")


def main():
    if not os.access(UNBRICK, os.X_OK):
        print(f"skipped: '{UNBRICK}' is not built; set UNBRICK", file=sys.stderr)
        return 77
    with tempfile.TemporaryDirectory() as work:
        for part in (wrong_words, found_rates, nothing_found, interrupted):
            part(work)
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] else 0


sys.exit(main())
