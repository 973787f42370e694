#!/usr/bin/env python3
"""unbrick console and a device that means harm: what it sends must not reach the operator's terminal, nothing may be typed back to it, the
log has every byte, and the program stays as quick as with plain text.

   UNBRICK=path/to/unbrick console_hostile.py [KIND...]

The last line is "N passed, N failed, N skipped"; exits with 0 when none failed."""
import fcntl
import os
import random
import re
import struct
import sys
import tempfile
import termios
import threading
import time

sys.dont_write_bytecode = True
from cases import Wrong
from console_bench import UNBRICK, EXIT_WELL, Line, Screen, check

SIZE = 1_000_000
LONG_LINE = 10_000_000
SECONDS = 120
# What curses says to an xterm, and nothing else: letters with the parameters that are not free.
FINALS = b"@ABCDGHJKLMPSTXZbdfhlmr"
MODES = {b"1", b"4", b"7", b"12", b"25", b"1000", b"1002", b"1006", b"1034", b"1049", b"2004"}
OTHERS = (b"\x1b(B", b"\x1b)0", b"\x1b(0", b"\x1b=", b"\x1b>", b"\x1b7", b"\x1b8", b"\x1bM", b"\x1b[22;0;0t", b"\x1b[23;0;0t")
SEQUENCE = re.compile(rb"\x1b(\[[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]|[\x20-\x2f]*[\x30-\x7e])")


def many(size, *parts):
    """The parts in turn, with lines between, until there is enough."""
    out, number = bytearray(), 0
    while len(out) < size:
        out += parts[number % len(parts)] + b"line %d\r\n" % number
        number += 1
    return bytes(out)


def noise(size, seed):
    return random.Random(seed).randbytes(size)


KINDS = {
    "plain text": lambda: many(SIZE, b"[    1.234567] mtd: partition of flash "),
    "titles": lambda: many(SIZE, b"\x1b]0;EVIL\x07", b"\x1b]2;EVIL\x1b\\", b"\x1b]1;EVIL\x9c\x07", b"\x1b]l;EVIL\x07"),
    "clipboard": lambda: many(SIZE, b"\x1b]52;c;RVZJTA==EVIL\x07", b"\x1b]52;p;EVIL\x1b\\", b"\x1b]52;c;?\x07", b"\x1b]8;;http://EVIL\x07"),
    "a title without an end": lambda: b"\x1b]0;" + b"EVIL" * (SIZE // 4),
    "answer-back": lambda: many(SIZE, b"\x05", b"\x1b[c", b"\x1b[>c", b"\x1b[=c", b"\x1b[5n", b"\x1b[6n", b"\x1b[?6n", b"\x1b[x", b"\x1bZ", b"\x1b[14t",
                                b"\x1b[18t", b"\x1b[21t", b"\x1b]10;?\x07", b"\x1b]4;1;?\x1b\\", b"\x1bP$qm\x1b\\", b"\x1bP$q\"p\x1b\\", b"\x1bP+q544e\x1b\\"),
    "device control strings": lambda: many(SIZE, b"\x1bPq#0;2;0;0;0EVIL\x1b\\", b"\x1bP1$rEVIL\x1b\\", b"\x1b_EVIL\x1b\\", b"\x1b^EVIL\x07", b"\x1bXEVIL\x1b\\",
                                          b"\x1bPtmux;\x1b\x1b]0;EVIL\x07\x1b\\"),
    "a line of 10 MB": lambda: b"0123456789" * (LONG_LINE // 10),
    "a coloured line of 10 MB": lambda: b"\x1b[31m01234\x1b[0m" * (LONG_LINE // 14),
    "noise": lambda: noise(SIZE, 1),
    "noise of high bytes": lambda: bytes(byte | 0x80 for byte in noise(SIZE, 2)),
    "noise of controls": lambda: bytes(byte & 0x9f for byte in noise(SIZE, 3)),
    "NULs": lambda: bytes(SIZE),
    "C1 controls": lambda: many(SIZE, bytes(range(0x80, 0xa0)), b"\x9d0;title\x9c", b"\x90dcs\x9c", b"\x9b5n", b"\xc2\x9b5n", b"\xc2\x9d0;x\xc2\x9c"),
    "huge parameters": lambda: many(SIZE, b"\x1b[" + b";" * 4000 + b"m", b"\x1b[" + b"9" * 4000 + b"A", b"\x1b[2147483647B", b"\x1b[9999999999999;1H",
                                    b"\x1b[1:2:3" + b":4" * 100 + b"m", b"\x1b[?" + b"1;" * 200 + b"h"),
    "repeats": lambda: many(SIZE // 10, b"\x1b[2147483647b", b"\x1b[500L", b"\x1b[500S", b"\x1b[500@", b"\x1b#8"),
    "modes": lambda: many(SIZE, b"\x1b[?1003h", b"\x1b[?1015h", b"\x1b[?2004h", b"\x1b[?1049h", b"\x1b[?69h\x1b[2;5s", b"\x1b[2;5r", b"\x1b[?5h", b"\x1b[4h",
                          b"\x1b[8;1;1t", b"\x1b[5i", b"\x1b[?1049l", b"\x1bc", b"\x0e", b"\x1b(0", b"\x1b[?2026h", b"\x1b[>4;2m", b"\x1b[=5u"),
    "combining characters": lambda: b"e" + "\u0301\u0302".encode() * (SIZE // 4),
    "bells": lambda: b"\x07" * SIZE,
}


class RawScreen(Screen):
    """All that is painted, as it came."""

    raw = b""

    def run(self):
        while True:
            try:
                data = os.read(self.terminal, 65536)
            except OSError:
                return
            if not data:
                return
            self.raw += data
            self.painted = re.sub(r"\x1b(\[[0-9;?]*[a-zA-Z]|[()][A-Z0-9]|[=>])", "\0", self.raw[-100000:].decode(errors="replace"))

    def resize(self, rows, cols):
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))


def check_terminal(raw):
    """Only what curses says."""
    check(b"EVIL" not in raw, "a string of the device reached the terminal", raw[max(0, raw.find(b"EVIL") - 100):][:200])
    rest = bytearray()
    at = 0
    for found in SEQUENCE.finditer(raw):
        whole = found.group(0)
        rest += raw[at:found.start()]
        at = found.end()
        if whole in OTHERS:
            continue
        check(whole.startswith(b"\x1b[") and whole[-1] in FINALS, "this reached the terminal", whole, raw[max(0, found.start() - 60):found.end() + 20])
        if whole[-1:] in (b"h", b"l"):
            modes = whole[2:-1].lstrip(b"?").split(b";")
            check(all(mode in MODES for mode in modes), "a mode of the device reached the terminal", whole)
    rest += raw[at:]
    try:
        text = rest.decode()
    except UnicodeDecodeError as error:
        raise Wrong("the terminal got what is no UTF-8: %s" % error) from None
    for character in text:
        check(ord(character) >= 0x20 and not 0x7f <= ord(character) < 0xa0 or character in "\r\n\b\t", "a control character reached the terminal",
              character)


def wait_log(path, size):
    end = time.monotonic() + SECONDS
    while not os.path.exists(path) or os.path.getsize(path) < size:
        check(time.monotonic() < end, "the log has only %d of %d bytes after %d s" % (os.path.getsize(path), size, SECONDS))
        time.sleep(0.002)


def attack(work, data):
    """Returns the seconds until the log had everything and a key was answered."""
    log = work + "/log"
    line = Line()
    screen = RawScreen(work, "console", line.name, "--log", log)
    try:
        screen.wait_for("back")
        began = time.monotonic()
        feeder = threading.Thread(target=line.say, args=(data,), daemon=True)
        feeder.start()
        wait_log(log, len(data))
        check(line.got == b"", "this was typed to the device", line.got)
        screen.type(b"k")
        line.wait_for(b"k")
        taken = time.monotonic() - began
        # A smaller window and a larger one, with whatever it has left behind.
        for number, (rows, cols) in enumerate(((10, 60), (40, 140))):
            screen.resize(rows, cols)
            time.sleep(0.1)
            line.say(b"after %d\r\n\x1b[1;1H\x1b[31mx" % number)
        line.say(b"\x18\x1bc\r\nstill here\r\n")
        screen.wait_for("still here")
        check(line.got == b"k", "this was typed to the device", line.got)
        check(screen.end() == EXIT_WELL, "another exit code")
        check_terminal(screen.raw)
        with open(log, "rb") as file:
            check(file.read(len(data)) == data, "the log has other bytes")
        return taken
    finally:
        screen.close()
        line.pull()


def main():
    if not os.access(UNBRICK, os.X_OK):
        print("skipped: '%s' is not built; set UNBRICK" % UNBRICK, file=sys.stderr)
        return 77
    passed = failed = 0
    usual = None
    for name, make in KINDS.items():
        if len(sys.argv) > 1 and name != "plain text" and not any(word in name for word in sys.argv[1:]):
            continue
        with tempfile.TemporaryDirectory() as work:
            data = make()
            try:
                taken = attack(work, data)
                passed += 1
                pace = len(data) / taken
                usual = usual or pace
                if os.environ.get("VERBOSE"):
                    print("ok   %-28s %5.1f MB in %6.2f s, %5.2f times plain text's time a byte" % (name, len(data) / 1e6, taken, usual / pace), flush=True)
            except (Wrong, OSError) as failure:
                failed += 1
                print("FAIL %s\n     %s" % (name, failure), flush=True)
    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
