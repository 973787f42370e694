#!/usr/bin/env python3
"""unbrick send --loader --raise-baud at the prompt of a real U-Boot: Debian's build for the QEMU PC, whose 16550 takes every rate.

   uboot_rate.py [PROGRAM]     else $UNBRICK

The rate is no rate in the emulator; what is tried is U-Boot's own conversation: "Switch baudrate ... and press ENTER", the prompt behind it, the
file by loady, loadx and loadb, its CRC in memory, and the way back. The last line counts the checks; 77: QEMU or U-Boot is not there."""
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
import tty

UNBRICK = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("UNBRICK", "./unbrick"))
ROM = "/usr/lib/u-boot/qemu-x86/u-boot.rom"
QEMU = "/usr/bin/qemu-system-x86_64"
USUAL, RAISED = 57600, 115200       # of the rates that this build knows, none is above 115200
LIMIT = 100
counts = {True: 0, False: 0}


def check(name, is_good, *detail):
    counts[bool(is_good)] += 1
    if not is_good:
        print("FAIL " + name, *detail, sep="\n     ", flush=True)


class Machine:
    """U-Boot at its prompt, at the usual rate."""

    def __init__(self):
        self.process = subprocess.Popen(["timeout", "-k", "5", "240", QEMU, "-m", "256", "-bios", ROM, "-serial", "pty", "-display", "none",
                                         "-net", "none", "-monitor", "none"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.port = re.search(rb"/dev/pts/\d+", self.process.stdout.readline()).group(0).decode()
        line = os.open(self.port, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(line)
        self.said = b""
        self.until(line, b" ", rb"=> $|<INTERRUPT>", 60)
        self.until(line, b"\x03", rb"=> $", 20)
        self.until(line, b"setenv baudrate %d\r" % USUAL, rb"ENTER", 20)
        self.until(line, b"\r", rb"=> $", 20)
        os.close(line)

    def until(self, line, keys, pattern, seconds):
        end, self.said = time.monotonic() + seconds, b""
        next_keys = 0
        while not re.search(pattern, self.said):
            if time.monotonic() > end:
                raise RuntimeError("U-Boot says %r" % self.said[-300:])
            if time.monotonic() > next_keys and (next_keys == 0 or keys == b" "):
                os.write(line, keys)
                next_keys = time.monotonic() + 0.5
            if select.select([line], [], [], 0.1)[0]:
                self.said += os.read(line, 4096)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def unbrick(*words, until=None):
    """until: INT when this was said."""
    p = subprocess.Popen([UNBRICK, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    out, end = b"", time.monotonic() + LIMIT
    while time.monotonic() < end:
        if not select.select([p.stdout], [], [], 0.2)[0]:
            continue
        piece = os.read(p.stdout.fileno(), 4096)
        if not piece:
            break
        out += piece
        if until and until in out:
            p.send_signal(signal.SIGINT)
            until = None
    if time.monotonic() >= end:
        p.kill()
    return p.wait(), out.decode("utf-8", "replace")


def main():
    if not os.path.exists(ROM) or not os.path.exists(QEMU):
        print("skipped: %s or %s is not here" % (QEMU, ROM), file=sys.stderr)
        print("0 passed, 0 failed, 1 skipped")
        return 77
    with tempfile.TemporaryDirectory(prefix="uboot-rate") as folder:
        image = folder + "/image.bin"
        with open(image, "wb") as file:
            file.write(os.urandom(150_001))
        send = ["send", "--state", folder + "/state", "--loader", "auto", "--address", "0x2000000", "--baud", str(USUAL), "--raise-baud", str(RAISED), image]
        machine = Machine()
        try:
            code, said = unbrick(*send, "--port", machine.port)
            check("raised, sent, right, and back", code == 0 and re.search(r"talk at %d(.|\n)*back at %d(.|\n)*size and CRC are right" % (RAISED, USUAL), said), code, said)
            code, said = unbrick(*send, "--port", machine.port, until=b"talk at")
            check("stopped in the middle, and back", code == 7 and "back at %d" % USUAL in said, code, said)
            code, said = unbrick(*send, "--port", machine.port)
            check("sent again", code == 0 and "size and CRC are right" in said, code, said)
            for protocol in "xmodem", "kermit":
                code, said = unbrick(*send[:-3], image, "--protocol", protocol, "--port", machine.port)
                check("by " + protocol, code == 0 and "size and CRC are right" in said, code, said)
            line = os.open(machine.port, os.O_RDWR | os.O_NOCTTY)
            machine.until(line, b"printenv baudrate\r", rb"baudrate=\d+\r\n=> $", 10)
            check("U-Boot says that it is at its own rate", b"baudrate=%d\r" % USUAL in machine.said, machine.said)
            os.close(line)
        finally:
            machine.stop()
    print("%d passed, %d failed, 0 skipped" % (counts[True], counts[False]))
    return 1 if counts[False] else 0


if __name__ == "__main__":
    sys.exit(main())
