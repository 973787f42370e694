#!/usr/bin/env python3
"""unbrick console on real ptys: between standard input and output as scripts have it, and on the full screen with keys typed at it.

   UNBRICK=path/to/unbrick console.py [NAME...]

The last line is "N passed, N failed, N skipped"; exits with 0 when none failed."""
import os
import re
import signal
import subprocess
import sys
import tempfile
import termios
import threading
import time

sys.dont_write_bytecode = True
from cases import case, run_cases
from console_bench import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_NO_PORT, EXIT_WELL, LIMIT, UNBRICK, Line, Screen, check, open_screen, plain


# ---- between standard input and output ----

@case
def every_byte_goes_through_as_it_is(work):
    everything = bytes(range(256)) * 64
    line = Line(lambda data: data[::-1])
    result = plain(line, "--listen", "300", given=everything)
    check(result.returncode == EXIT_WELL and result.stderr == b"", "it fails", result)
    check(line.got == everything, "other bytes reached the device")
    check(sorted(result.stdout) == sorted(everything), "other bytes came back")
    line.pull()


@case
def files_can_stand_at_both_ends(work):
    line = Line(lambda data: data)
    with open(work + "/in", "wb") as file:
        file.write(b"printenv\r")
    with open(work + "/in", "rb") as given, open(work + "/out", "wb") as out:
        result = subprocess.run([UNBRICK, "console", line.name, "--listen", "200"], stdin=given, stdout=out, timeout=LIMIT)
    check(result.returncode == EXIT_WELL, "it fails", result)
    check(open(work + "/out", "rb").read() == b"printenv\r", "the answer is not in the file")
    line.pull()


@case
def a_slow_reader_loses_nothing(work):
    text = b"".join(b"%07d\n" % i for i in range(100000))
    line = Line()
    process = subprocess.Popen([UNBRICK, "console", line.name, "--listen", "1000"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    threading.Thread(target=line.say, args=(text,), daemon=True).start()
    time.sleep(0.5)
    got = b""
    while True:
        part = os.read(process.stdout.fileno(), 4000)
        if not part:
            break
        got += part
    check(process.wait(LIMIT) == EXIT_WELL, "it fails")
    check(got == text, "%d of %d bytes came" % (len(got), len(text)))
    line.pull()


@case
def it_listens_while_the_input_is_open(work):
    line = Line()
    process = subprocess.Popen([UNBRICK, "console", line.name, "--listen", "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    time.sleep(0.3)
    line.say(b"late")
    time.sleep(0.3)
    check(process.poll() is None, "it ended while its input was open")
    out, _ = process.communicate(timeout=LIMIT)
    check(process.returncode == EXIT_WELL and out == b"late", "it lost what came", out)
    line.pull()


@case
def a_line_that_is_gone_ends_it(work):
    line = Line()
    process = subprocess.Popen([UNBRICK, "console", line.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(0.3)
    line.say(b"last words")
    time.sleep(0.1)
    line.pull()
    out, said = process.communicate(timeout=LIMIT)
    check(process.returncode == EXIT_NO_PORT, "another exit code", process.returncode, said)
    check(out == b"last words", "what came before is lost", out)
    check(b"unbrick: " in said, "it does not say why", said)


@case
def a_signal_stops_it(work):
    line = Line()
    process = subprocess.Popen([UNBRICK, "console", line.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=LIMIT)
    check(process.returncode == EXIT_INTERRUPTED, "another exit code", process.returncode)
    line.pull()


@case
def nobody_reads_any_more(work):
    line = Line()
    process = subprocess.Popen([UNBRICK, "console", line.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    time.sleep(0.3)
    line.say(b"x")
    check(process.wait(LIMIT) == EXIT_FAILED, "another exit code", process.returncode)
    check(b"standard output" in process.stderr.read(), "it does not say why")
    line.pull()


@case
def settings_reach_the_line(work):
    line = Line()
    process = subprocess.Popen([UNBRICK, "console", line.name, "--frame", "8o2", "--flow", "xonxoff", "--baud", "9600"],
                               stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    time.sleep(0.3)
    iflag, _, cflag, _, _, speed, _ = line.modes()
    check(cflag & termios.PARODD, "the parity is another one", cflag)     # Linux keeps a pty at 8 bits without the parity bit itself
    check(cflag & termios.CSTOPB and iflag & termios.IXON and speed == termios.B9600, "stop bits, flow control or rate", cflag, iflag, speed)
    process.communicate(timeout=LIMIT)
    line.pull()


@case
def a_log_grows_and_is_never_replaced(work):
    log = work + "/boot.log"
    with open(log, "wb") as file:
        file.write(b"before\n")
    line = Line(lambda data: data.upper())
    for text in (b"one\n", b"two\n"):
        check(plain(line, "--log", log, "--listen", "200", given=text).returncode == EXIT_WELL, "it fails")
    check(open(log, "rb").read() == b"before\nONE\nTWO\n", "the log is another one", open(log, "rb").read())
    offsets = [row.split()[1:] for row in open(log + ".times") if not row.startswith("#")]
    check(offsets[0][0] == "7" and offsets[-1][0] == "11", "the index does not tell where", offsets)
    holder = subprocess.Popen([UNBRICK, "console", line.name, "--log", log], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    time.sleep(0.3)
    other = Line()
    result = plain(other, "--log", log)
    check(result.returncode == EXIT_FAILED and b"another program" in result.stderr, "two programs write one log", result)
    holder.communicate(timeout=LIMIT)
    line.pull()
    other.pull()


# ---- on the full screen ----

@case
def keys_go_out_and_the_log_has_what_came(work):
    line = Line(lambda data: data.replace(b"\r", b"\r\n=> "))
    screen = open_screen(work, line, "--log", work + "/log")
    screen.type("version\r")
    line.wait_for(b"version\r")
    screen.wait_for("=>")
    check(screen.end() == EXIT_WELL, "another exit code")
    check(open(work + "/log", "rb").read() == b"version\r\n=> ", "the log has other bytes")
    check(not os.listdir(work + "/state/captures"), "a second, empty capture lies about", os.listdir(work + "/state/captures"))
    screen.close()
    line.pull()


@case
def f10_ends_the_console_and_its_terminal_is_as_before(work):
    line = Line()
    screen = open_screen(work, line)
    check(screen.end(b"\x1b[21~") == EXIT_WELL, "F10 does not end it")
    check(screen.painted.count("\x1b") == 0, "an escape sequence of another kind", re.findall("\x1b.{8}", screen.painted))
    screen.close()
    line.pull()


@case
def a_port_that_is_not_there_is_told_before_the_screen_comes(work):
    screen = Screen(work, "console", work + "/none")
    check(screen.end(b"") == EXIT_NO_PORT, "another exit code")
    screen.wait_for("unbrick: ")
    screen.close()


@case
def what_enter_and_backspace_send_can_be_set(work):
    line = Line()
    screen = open_screen(work, line)
    screen.type("a\r\x7f")
    line.wait_for(b"a\r\x7f")
    screen.type("\x01c")
    screen.wait_for("Enter sends")
    screen.type("eb")
    screen.wait_for("Backspace sends: BS")
    screen.type("\x1b")
    time.sleep(0.2)
    screen.type("b\r\x7f")
    line.wait_for(b"b\n\b")
    screen.type("\x01:enter crlf\r")
    screen.wait_for("Enter sends: CRLF")
    screen.type("c\r")
    line.wait_for(b"c\r\n")
    screen.type("\x01:frame 8O1\r")
    screen.wait_for("frame: 8O1")
    check(line.modes()[2] & termios.PARODD, "the frame did not reach the line")
    check(screen.end() == EXIT_WELL, "another exit code")
    screen.close()
    line.pull()


class Loader:
    """Reads its UART only at the prompt, through 16 bytes; what comes meanwhile is lost."""

    def __init__(self):
        self.lines, self.text, self.busy_until = [], b"", 0

    def __call__(self, data):
        answer = b""
        if time.monotonic() < self.busy_until:
            data = data[:16]
            time.sleep(self.busy_until - time.monotonic())
        for byte in data[:64]:
            if byte != 13:
                self.text += bytes([byte])
                answer += bytes([byte])
                continue
            self.lines.append(self.text)
            self.text = b""
            answer += b"\r\n"
            self.busy_until = time.monotonic() + 0.3
            threading.Timer(0.3, lambda: self.line.over or self.line.say(b"=> ")).start()
        return answer


def paste_to_loader(work, begin, end):
    loader = Loader()
    line = Line(loader)
    loader.line = line
    screen = open_screen(work, line)
    line.say(b"=> ")
    screen.wait_for("=>")
    script = [b"setenv bootargs console=ttyS0,115200 root=/dev/mtdblock%d rootfstype=squashfs" % i for i in range(6)]
    screen.type(begin + b"\n".join(script) + b"\n" + end)
    deadline = time.monotonic() + LIMIT
    while len(loader.lines) < len(script) and time.monotonic() < deadline:
        time.sleep(0.05)
    check(loader.lines == script, "a line was lost or cut", loader.lines)
    check(screen.end() == EXIT_WELL, "another exit code")
    screen.close()
    line.pull()


@case
def pasted_lines_wait_for_a_loader_that_is_busy(work):
    paste_to_loader(work, b"\x1b[200~", b"\x1b[201~")


@case
def a_terminal_that_marks_no_paste_loses_nothing_either(work):
    paste_to_loader(work, b"", b"")


@case
def esc_stops_a_paste(work):
    line = Line()           # echoes nothing: it goes slowly
    screen = open_screen(work, line)
    screen.type(b"\x1b[200~" + b"0123456789abcdef\n" * 2000 + b"\x1b[201~")
    line.wait_for(b"\r0123")
    screen.wait_for("Esc stops it")
    screen.type("\x1b")
    screen.wait_for("of it were not sent")
    size = len(line.got)
    time.sleep(0.5)
    check(len(line.got) == size < 30000, "it went on", size, len(line.got))
    check(screen.end() == EXIT_WELL, "another exit code")
    screen.close()
    line.pull()


class Cable:
    """Two ptys whose far ends are joined."""

    def __init__(self):
        self.ends = [Line(), Line()]
        for end, other in (self.ends, self.ends[::-1]):
            end.answer = lambda data, other=other: other.say(data) or b""

    def close(self):
        for end in self.ends:
            end.over = True
        for end in self.ends:
            end.thread.join()
            end.pull()


def transfer(work, protocol, is_sender):
    cable = Cable()
    content = os.urandom(50000)
    with open(work + "/image.bin", "wb") as file:
        file.write(content)
    os.mkdir(work + "/there")
    screen = open_screen(work, cable.ends[0], "--log", work + "/log")
    port = cable.ends[1].name
    if is_sender:
        peer = [UNBRICK, "receive", "--port", port, "--protocol", protocol, "-o", work + "/there"]
        keys, path = "\x01:send %s %s\r" % (protocol, work + "/image.bin"), work + "/there/image.bin"
        done = "sent"
    else:
        peer = [UNBRICK, "send", "--port", port, "--protocol", protocol, work + "/image.bin"]
        keys, path = "\x01:receive %s %s\r" % (protocol, work + "/there"), work + "/there/image.bin"
        done = "received"
    process = subprocess.Popen(peer, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(0.3)
    screen.type(keys)
    out = process.communicate(timeout=LIMIT)
    check(process.returncode == EXIT_WELL, "the other side fails", process.returncode, out)
    screen.wait_for("48.8 KiB in")
    check(open(path, "rb").read() == content, "the file is another one")
    remarks = open(work + "/log.times").read()
    check(("sends " if is_sender else "receives into ") in remarks and done + " " in remarks, "the capture does not tell", remarks)
    screen.type("typed behind it\r")
    cable.ends[0].wait_for(b"typed behind it\r")
    check(screen.end() == EXIT_WELL, "another exit code")
    screen.close()
    cable.close()


@case
def a_file_is_sent_by_ymodem(work):
    transfer(work, "ymodem", True)


@case
def a_file_is_received_by_zmodem(work):
    transfer(work, "zmodem", False)


@case
def esc_stops_a_transfer_and_tells_the_other_side(work):
    cable = Cable()
    with open(work + "/image.bin", "wb") as file:
        file.write(os.urandom(4 << 20))
    os.mkdir(work + "/there")
    screen = open_screen(work, cable.ends[0])
    process = subprocess.Popen([UNBRICK, "receive", "--port", cable.ends[1].name, "-o", work + "/there"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    time.sleep(0.3)
    screen.type("\x01:send ymodem %s/image.bin\r" % work)
    cable.ends[1].wait_for(b"CC")          # it asks for the first block of the content
    time.sleep(0.1)
    screen.type("\x1b")
    out = process.communicate(timeout=LIMIT)
    check(process.returncode == EXIT_FAILED, "the other side was not told", process.returncode, out)
    screen.wait_for("not sent")
    check(not os.listdir(work + "/there"), "half of a file lies there")
    check(screen.end() == EXIT_WELL, "another exit code")
    screen.close()
    cable.close()


@case
def keys_do_not_fall_into_a_transfer(work):
    line = Line()
    screen = open_screen(work, line)
    with open(work + "/image.bin", "wb") as file:
        file.write(b"x" * 5000)
    screen.type("\x01:send xmodem %s/image.bin\r" % work)
    screen.wait_for("waiting for the device")
    screen.type("reset\r")
    time.sleep(0.3)
    check(b"reset" not in line.got, "keys were typed into the transfer", line.got)
    screen.type("\x1b")
    screen.wait_for("not sent")
    screen.end()
    screen.close()
    line.pull()


@case
def a_file_is_never_replaced(work):
    line = Line()
    screen = open_screen(work, line)
    with open(work + "/there.bin", "wb") as file:
        file.write(b"mine")
    screen.type("\x01:receive xmodem %s/there.bin\r" % work)
    screen.wait_for("there already")
    screen.end()
    check(open(work + "/there.bin", "rb").read() == b"mine", "it was replaced")
    screen.close()
    line.pull()


@case
def a_line_that_is_lost_ends_the_transfer_and_nothing_more(work):
    line = Line()
    screen = open_screen(work, line)
    with open(work + "/image.bin", "wb") as file:
        file.write(b"x" * 5000)
    screen.type("\x01:send xmodem %s/image.bin\r" % work)
    screen.wait_for("waiting for the device")
    line.pull()
    screen.wait_for("is lost")
    check(screen.end() == EXIT_WELL, "another exit code")
    screen.close()


@case
def a_macro_goes_where_the_device_waits_for_it_and_is_shown_first_elsewhere(work):
    line = Line()
    screen = open_screen(work, line)
    line.say(b"U-Boot 2020.01 (Jan 01 2020 - 00:00:00)\r\n\r\nHit any key to stop autoboot:  0 \r\n=> ")
    screen.wait_for("=>")
    time.sleep(0.5)
    screen.type("\x011")
    line.wait_for(b"printenv\r")
    line.say(b"printenv\r\nbootdelay=2\r\n=> ")
    time.sleep(0.3)
    line.say(b"boot\r\n[    0.000000] Linux version 5.4.0\r\n[    1.000000] something runs\r\n")
    time.sleep(0.5)
    size = len(line.got)
    screen.type("\x011")
    screen.wait_for("send it")
    time.sleep(0.3)
    check(len(line.got) == size, "it was typed into the unknown", line.got[size:])
    screen.type("n")
    time.sleep(0.3)
    check(len(line.got) == size, "it was typed after a no", line.got[size:])
    screen.type("\x01o")
    screen.wait_for("None of these is for that place")
    screen.type("1")
    time.sleep(0.3)
    check(len(line.got) == size, "it was typed without an answer", line.got[size:])
    screen.type("y")
    line.wait_for(b"\r", 5)
    time.sleep(0.5)
    check(len(line.got) > size, "it was not typed after a yes")
    check(screen.end() == EXIT_WELL, "another exit code")
    remarks = "".join(open(os.path.join(work, "state", "captures", name)).read() for name in os.listdir(work + "/state/captures")
                      if name.endswith(".times"))
    check("macro: printenv <Enter>" in remarks, "the capture does not tell", remarks)
    screen.close()
    line.pull()


def in_a_folder(function):
    with tempfile.TemporaryDirectory() as work:
        function(work)


if __name__ == "__main__":
    if not os.access(UNBRICK, os.X_OK):
        print("skipped: '%s' is not built; set UNBRICK" % UNBRICK, file=sys.stderr)
        sys.exit(77)
    sys.exit(run_cases(in_a_folder, sys.argv[1:]))
