"""unbrick console at a pty: the device at its other end, the program between standard input and output, and the program in a terminal."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
import tty

from cases import Wrong

UNBRICK = os.path.abspath(os.environ.get("UNBRICK", "unbrick"))
LIMIT = 30
EXIT_WELL, EXIT_FAILED, EXIT_USAGE, EXIT_NO_PORT, _, _, _, EXIT_INTERRUPTED = range(8)


def check(is_so, text, *more):
    if not is_so:
        raise Wrong(text + "".join("\n     " + repr(part)[:600] for part in more))


class Line:
    """A pty; its far end is a device: a function that gets what comes and returns what it answers."""

    def __init__(self, answer=None):
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.name = os.ttyname(self.slave)
        self.got = b""
        self.answer = answer
        self.over = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.over:
            try:
                if not select.select([self.master], [], [], 0.02)[0]:
                    continue
                data = os.read(self.master, 65536)
            except OSError:
                return
            self.got += data
            if self.answer:
                self.say(self.answer(data))

    def say(self, data):
        while data and not self.over:
            try:
                data = data[os.write(self.master, data):]
            except OSError:
                return

    def modes(self):
        return termios.tcgetattr(self.slave)

    def wait_for(self, wanted, seconds=LIMIT):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if wanted in self.got:
                return
            time.sleep(0.01)
        raise Wrong("%r did not reach the device" % wanted[:80] + ", but %r" % self.got[-200:])

    def pull(self):
        self.over = True
        self.thread.join()
        for name in ("master", "slave"):
            descriptor = getattr(self, name)
            if descriptor >= 0:
                os.close(descriptor)
            setattr(self, name, -1)


def plain(line, *options, given=b"", **more):
    return subprocess.run([UNBRICK, "console", line.name if isinstance(line, Line) else line, *options], input=given, capture_output=True,
                          timeout=LIMIT, **more)


class Screen:
    """unbrick in a terminal of its own. What it paints is kept as text without escape sequences."""

    def __init__(self, work, *arguments):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8")
            os.execv(UNBRICK, [UNBRICK, *arguments, "--state", work + "/state"])
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.painted = ""
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                data = os.read(self.terminal, 65536)
            except OSError:
                return
            if not data:
                return
            self.painted += re.sub(r"\x1b(\[[0-9;?]*[a-zA-Z]|[()][A-Z0-9]|[=>])", "\0", data.decode(errors="replace"))

    def type(self, keys):
        os.write(self.terminal, keys if isinstance(keys, bytes) else keys.encode())

    def wait_for(self, text, since=0, seconds=LIMIT):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if text in self.painted[since:]:
                return
            time.sleep(0.01)
        raise Wrong("'%s' is not shown" % text, self.painted[-1500:])

    def end(self, keys=b"\x01q"):
        """The exit code after these keys."""
        self.type(keys)
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.01)
        raise Wrong("it does not end")

    def close(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.terminal)


def open_screen(work, line, *options):
    screen = Screen(work, "console", line.name, *options)
    try:
        screen.wait_for("back")
    except Wrong:
        screen.close()
        raise
    return screen
