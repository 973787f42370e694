"""Measures unbrick on ptys: time to the first screen, idle CPU, memory, time to answer a key, speed and accuracy of diagnosis.

measure.py UNBRICK [start] [idle] [memory] [keys] [diagnose] [golden] [accuracy] [inspect] [transfer] [console]

transfer, console: with the scripts of ../shared/bench, which compare with lrzsz, picocom, tio and minicom in the same run; 8 minutes together.
"""
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tarfile
import tempfile
import termios
import threading
import time
import tty
import zipfile

ROUNDS = 9
IDLE_SECONDS = 10
LINE_RATE = 100_000  # bytes a second of 1 Mbaud, 8N1
LOG_BYTES = 100_000_000
ANSWER_SECONDS = 10  # longer than any sound program takes for anything here
ESCAPES = re.compile(rb"\x1b(\[[0-9;?>=!]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[()][0-9A-B]|[=>78cDEHMNOZ])")


class Failed(Exception):
    pass


class Screen:
    """A program on a pty of its own; what it prints is collected by a thread, so that it never waits for us."""

    def __init__(self, command, environment):
        self.began = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
            try:
                os.execvpe(command[0], command, environment)
            finally:
                os._exit(127)
        self.output = bytearray()
        self.changed = threading.Condition()
        threading.Thread(target=self.collect, daemon=True).start()

    def collect(self):
        while True:
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                data = b""
            with self.changed:
                self.output += data
                self.changed.notify_all()
            if not data:
                return

    def mark(self):
        with self.changed:
            return len(self.output)

    def wait(self, *texts, start=0):
        """Returns when all texts have been printed behind start: the monotonic time then."""
        deadline = time.monotonic() + ANSWER_SECONDS
        with self.changed:
            while True:
                plain = ESCAPES.sub(b"", bytes(self.output[start:]))
                if all(text in plain for text in texts):
                    return time.monotonic()
                if not self.changed.wait(deadline - time.monotonic()):
                    raise Failed(f"{texts} did not come within {ANSWER_SECONDS} s; the last was {plain[-200:]!r}")

    def type(self, keys):
        os.write(self.fd, keys)

    def end(self):
        try:
            os.kill(self.pid, signal.SIGTERM)
            for _ in range(200):
                if os.waitpid(self.pid, os.WNOHANG)[0]:
                    break
                time.sleep(0.01)
            else:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        os.close(self.fd)

    def cpu_seconds(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mib(self, what="VmRSS"):
        with open(f"/proc/{self.pid}/status", encoding="ascii", errors="replace") as file:
            return int(re.search(what + r":\s*(\d+)", file.read()).group(1)) / 1024


class Line:
    """A serial line's far end: a pty whose device name a program can open."""

    def __init__(self):
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.name = os.ttyname(self.slave)

    def close(self):
        os.close(self.master)
        os.close(self.slave)


class Bench:
    def __init__(self, unbrick):
        self.unbrick = os.path.abspath(unbrick)
        self.folder = tempfile.mkdtemp(prefix="unbrick-bench.")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("UNBRICK_")}
        self.environment.update(TERM="xterm-256color", LC_ALL="C.UTF-8", HOME=self.folder, XDG_STATE_HOME=self.folder + "/state")
        self.missed = 0

    def say(self, what, value, unit, target=None, remark="", least=None):
        judged = ""
        if target is not None or least is not None:
            is_met = value < target if target is not None else value >= least
            self.missed += not is_met
            bound = f"< {target:g}" if target is not None else f">= {least:g}"
            judged = f"(target {bound} {unit}: {'met' if is_met else 'MISSED'})"
        print(f"{what:<46} {value:>9.2f} {unit:<5} {judged} {remark}".rstrip(), flush=True)

    def start_unbrick(self, ports=()):
        screen = Screen([self.unbrick], dict(self.environment, UNBRICK_PORTS=" ".join(ports)))
        return screen, screen.wait(b"Plugged in", b"Cases", b"help") - screen.began

    def peers(self, line):
        """Name, command, what it prints when it is ready."""
        wanted = [
            ("picocom", ["picocom", "--nolock", line], b"Terminal ready"),
            ("tio", ["tio", line], b"Connected"),
            ("minicom", ["minicom", "-o", "-D", line], b"Press CTRL-A Z"),
        ]
        return [peer for peer in wanted if shutil.which(peer[0])]

    def measure_start(self):
        line = Line()
        times = {"unbrick": []}
        memory = {}
        broken = set()
        for _ in range(ROUNDS):
            screen, taken = self.start_unbrick()
            times["unbrick"].append(taken * 1000)
            screen.end()
            for name, command, ready in self.peers(line.name):
                if name in broken:
                    continue
                screen = Screen(command, self.environment)
                try:
                    times.setdefault(name, []).append((screen.wait(ready) - screen.began) * 1000)
                    memory[name] = screen.memory_mib()
                except (Failed, OSError) as error:
                    broken.add(name)
                    print(f"{name} is left out: {error}")
                screen.end()
        line.close()
        ours = statistics.median(times["unbrick"])
        self.say("first screen, median", ours, "ms", 100, f"slowest of {ROUNDS}: {max(times['unbrick']):.0f}")
        for name, taken in times.items():
            if name != "unbrick" and name not in broken:
                theirs = statistics.median(taken)
                self.say(f"  {name} until it is ready, median", theirs, "ms", None,
                         f"unbrick/{name} {ours / theirs:.2f}; {name}'s memory {memory[name]:.1f} MiB")

    def measure_idle(self):
        screen, _ = self.start_unbrick()
        time.sleep(1)
        before = screen.cpu_seconds()
        time.sleep(IDLE_SECONDS)
        self.say(f"idle CPU over {IDLE_SECONDS} s", (screen.cpu_seconds() - before) / IDLE_SECONDS * 100, "%", 1)
        screen.end()

    def measure_memory(self):
        screen, _ = self.start_unbrick()
        time.sleep(0.5)
        self.say("resident memory, first screen", screen.memory_mib(), "MiB", 32, f"most {screen.memory_mib('VmHWM'):.1f}")
        screen.end()

    def measure_keys(self):
        line = Line()
        screen, _ = self.start_unbrick([line.name])
        screen.type(b"c")
        time.sleep(1)
        over = threading.Event()
        sent = [0]
        feeder = threading.Thread(target=self.feed, args=(line, over, sent), daemon=True)
        feeder.start()
        time.sleep(1)
        try:
            device = self.keys_to_device(line, screen)
            shown = self.keys_to_screen(screen)
        finally:
            cpu = screen.cpu_seconds()
            began = time.monotonic()
            time.sleep(2)
            cpu = (screen.cpu_seconds() - cpu) / (time.monotonic() - began) * 100
            over.set()
            feeder.join()
        time.sleep(1)
        kept = sum(os.path.getsize(os.path.join(root, name)) for root, _, names in os.walk(self.folder) for name in names if name.endswith(".raw"))
        self.say("key to the device at 1 Mbaud of text, slowest", max(device), "ms", 50, f"median {statistics.median(device):.2f} of {len(device)}")
        self.say("key to the screen at 1 Mbaud of text, slowest", max(shown), "ms", 50, f"median {statistics.median(shown):.2f} of {len(shown)}")
        self.say("CPU at 1 Mbaud of text", cpu, "%")
        self.say("bytes of it that the capture does not have", sent[0] - kept, "", 1, f"of {sent[0]}")
        self.say("resident memory after it", screen.memory_mib(), "MiB", 32)
        screen.end()
        line.close()

    @staticmethod
    def feed(line, over, sent):
        """Text at the line's rate, until over is set."""
        began = time.monotonic()
        number = 0
        while not over.is_set():
            due = int((time.monotonic() - began) * LINE_RATE)
            if sent[0] >= due:
                time.sleep(0.001)
                continue
            number += 1
            sent[0] += os.write(line.master, b"[%12.6f] usb 1-1: reset high-speed device number %d\r\n" % (number / 1000, number % 128))

    @staticmethod
    def keys_to_device(line, screen):
        taken = []
        for _ in range(30):
            began = time.monotonic()
            screen.type(b"k")
            if not select.select([line.master], [], [], ANSWER_SECONDS)[0]:
                raise Failed("a key did not arrive at the device")
            os.read(line.master, 100)
            taken.append((time.monotonic() - began) * 1000)
            time.sleep(0.1)
        return taken

    @staticmethod
    def keys_to_screen(screen):
        """The console's help page comes and goes: Ctrl-A ?, Esc."""
        taken = []
        for _ in range(10):
            mark = screen.mark()
            began = time.monotonic()
            screen.type(b"\x01?")
            taken.append((screen.wait(b"The device's own console", start=mark) - began) * 1000)
            screen.type(b"\x1b")
            time.sleep(0.4)
        return taken

    @staticmethod
    def long_log(path):
        """A device that starts again and again; returns the size."""
        start = b"".join(b"[%12.6f] driver%d 4000%d000.dev: probe of unit %d ok, irq %d\r\n" % (i / 50, i % 37, i % 10, i, i % 200) for i in range(1500))
        one = b"\r\nU-Boot 2016.11 (May 01 2020 - 10:00:00)\r\nDRAM:  64 MiB\r\nHit any key to stop autoboot:  0 \r\n" \
            b"## Booting kernel from Legacy Image at 82000000 ...\r\n   Verifying Checksum ... OK\r\nStarting kernel ...\r\n" + start + \
            b"VFS: Cannot open root device \"mtdblock3\" or unknown-block(31,3): error -19\r\n" \
            b"Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(31,3)\r\n"
        with open(path, "wb") as file:
            size = 0
            while size < LOG_BYTES:
                size += file.write(one)
        return size

    def time_diagnosis(self, what, words):
        log = os.path.join(self.folder, "boot.log")
        size = self.long_log(log)
        began = time.monotonic()
        with subprocess.Popen([self.unbrick, "diagnose"] + words + [log], env=self.environment, stdout=subprocess.DEVNULL) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        taken = time.monotonic() - began
        os.remove(log)
        if process.returncode not in (10, 11):
            raise Failed(f"diagnose of a log with a fault ended with status {process.returncode}")
        self.say(f"{what} a log of {size / 1e6:.0f} MB", taken, "s", None, f"{size / 1e6 / taken:.0f} MB/s")
        self.say("  its resident memory, most", usage.ru_maxrss / 1024, "MiB", 32)

    def measure_diagnose(self):
        self.time_diagnosis("diagnosis of", [])

    def measure_golden(self):
        good = os.path.join(self.folder, "good.log")
        with open(good, "wb") as file:
            file.write(b"U-Boot 2016.11 (May 01 2020 - 10:00:00)\r\nDRAM:  64 MiB\r\nStarting kernel ...\r\n")
            file.write(b"".join(b"[%12.6f] driver%d 40001000.dev: probe of unit %d ok\r\n" % (i / 50, i % 37, i) for i in range(1500)))
            file.write(b"cam login: \r\n")
        self.time_diagnosis("comparison with a good log of", ["--golden", good])

    def measure_accuracy(self):
        """The labelled logs, by the test that judges them; it lies beside the program."""
        test = os.path.join(os.path.dirname(self.unbrick), "tests/integration/test_corpus")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
        environment = dict(os.environ, srcdir=os.environ.get("srcdir", source))
        answer = subprocess.run([test], env=environment, capture_output=True, text=True, errors="replace", check=False)
        if answer.returncode == 77:
            print(f"accuracy: {answer.stderr.strip()}")
            return
        for name, least in (("in sample", 95), ("each family left out", 80)):
            found = re.search(rf"^{name}: (\d+) of (\d+)", answer.stdout, re.MULTILINE)
            if found is None:
                raise Failed(f"'{test}' says nothing of '{name}'")
            right, total = int(found.group(1)), int(found.group(2))
            self.say(f"first cause right, {name}", 100 * right / total, "%", None, f"{right} of {total} logs", least)

    def best_of(self, command, times=5):
        """Seconds of the quickest run: what else the machine does only makes it slower; and the most memory in MiB."""
        best, most = None, 0
        for _ in range(times):
            began = time.monotonic()
            with subprocess.Popen(command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
                _, status, usage = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
            taken = time.monotonic() - began
            best, most = taken if best is None else min(best, taken), max(most, usage.ru_maxrss / 1024)
        return best, most

    def seconds_of(self, command):
        """As little of Python's own time in it as can be."""
        with open(os.devnull, "r+b") as nowhere:
            quiet = [(os.POSIX_SPAWN_DUP2, nowhere.fileno(), 1), (os.POSIX_SPAWN_DUP2, nowhere.fileno(), 2)]
            began = time.monotonic()
            os.waitpid(os.posix_spawnp(command[0], command, self.environment, file_actions=quiet), 0)
            return time.monotonic() - began

    def in_turns(self, commands, rounds):
        """Median seconds of each command, which take turns: what else the machine does meets all of them; and the most memory of each in MiB."""
        taken, most = [[] for _ in commands], [0.0] * len(commands)
        for _ in range(rounds):
            for at, command in enumerate(commands):
                seconds, memory = self.best_of(command, 1)
                taken[at].append(seconds)
                most[at] = max(most[at], memory)
        return [statistics.median(one) for one in taken], most

    def archives_of(self, images):
        """The sample and a quarter of it, packed in the usual ways."""
        made = []
        for name, some in (("quarter", images[::4]), ("all", images)):
            path = os.path.join(self.folder, name + ".zip")
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                for image in some:
                    archive.write(image, os.path.basename(image))
            made.append(path)
            for form in ("", ":gz", ":xz", ":bz2"):
                path = os.path.join(self.folder, name + ".tar" + form.replace(":", "."))
                with tarfile.open(path, "w" + form) as archive:
                    for image in some:
                        archive.add(image, os.path.basename(image))
                made.append(path)
        return made

    def measure_each(self, what, paths):
        """One by one beside openssl; the best of nine, for a file takes milliseconds."""
        ratios = []
        for path in paths:
            best = [None, None]
            for _ in range(9):
                for at, command in enumerate(([self.unbrick, "inspect", "--json", path], ["openssl", "dgst", "-sha256", path])):
                    seconds = self.seconds_of(command)
                    best[at] = seconds if best[at] is None else min(best[at], seconds)
            ratios.append((best[0] / best[1], os.path.basename(path)))
        ratios.sort()
        worst, name = ratios[-1]
        self.say(f"{what}, the slowest of {len(ratios)}, times openssl", worst, "x", 1.3, name)
        self.say("  and the median", statistics.median(ratio for ratio, _ in ratios), "x")

    def measure_inspect(self):
        """Beside openssl on files of several sizes, and beside file and binwalk on the images with known truth."""
        path = os.path.join(self.folder, "image.bin")
        for mib, rounds in ((1, 101), (16, 31), (512, 5)):
            with open(path, "wb") as file:
                for _ in range(mib):
                    file.write(os.urandom(1 << 20))
            (ours, hashed), memory = self.in_turns([[self.unbrick, "inspect", "--json", path], ["openssl", "dgst", "-sha256", path]], rounds)
            self.say(f"inspect of {mib} MiB, times openssl dgst -sha256", ours / hashed, "x", 1.3, f"{ours * 1000:.0f} ms")
        self.say("  its resident memory, most", memory[0], "MiB", 64)
        os.remove(path)
        shared = os.environ.get("UNBRICK_SHARED", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../shared"))
        folder = os.path.join(shared, "corpus/images")
        if not os.path.isdir(folder):
            print(f"inspect: no {folder}")
            return
        images = [os.path.join(folder, name[:-5]) for name in sorted(os.listdir(folder)) if name.endswith(".meta")]
        self.measure_each("the sample's files", images)
        self.measure_each("the sample in archives", self.archives_of(images))
        ours, _ = self.best_of([self.unbrick, "inspect", "--json", *images], 3)
        self.say(f"inspect of {len(images)} images", ours, "s")
        for peer in ("file", "binwalk"):
            if shutil.which(peer) is None:
                print(f"{peer}: not here")
                continue
            theirs, _ = self.best_of([peer, *images], 1)
            self.say(f"  {peer}, times as long", theirs / ours, "x", None, f"{theirs:.1f} s", 50 if peer == "binwalk" else None)

    def shared_bench(self, name):
        """A script that compares a program with its peers; None when it is not here."""
        here = os.path.dirname(os.path.abspath(__file__))
        path = os.path.join(os.environ.get("UNBRICK_SHARED", os.path.join(here, "../../../shared")), "bench", name)
        if os.path.exists(path):
            return path
        print(f"LEFT OUT: there is no {path} (UNBRICK_SHARED names the folder above bench)")
        return None

    @staticmethod
    def run_script(script, *words):
        answer = subprocess.run([sys.executable, "-B", script, *words], capture_output=True, text=True, errors="replace", check=False)
        if answer.returncode != 0:
            raise Failed(f"'{script}' failed: {answer.stderr[-500:]}")
        return answer.stdout

    def transfer_contestants(self):
        """(name, mode, sender||receiver) for --add: on pipes and on ports, and with lrzsz at the other end."""
        rows = []
        for mode, protocol, place, peer in (("x1k", "xmodem-1k", " -o {out}", "sx -q -k {file}"), ("y1k", "ymodem", "", "sb -q -k {file}"),
                                            ("z", "zmodem", "", "sz -q {file}")):
            send, receive = (f"{self.unbrick} {verb} --protocol {protocol}" for verb in ("send", "receive"))
            rows.append(("pipes", mode, f"{send} --stdio {{file}}||{receive} --stdio{place}"))
            rows.append(("ports", mode, f"{send} --port {{dev}} {{file}}||{receive} --port {{dev}}{place}"))
            rows.append(("from-lrzsz", mode, f"{peer}||{receive} --port {{dev}}{place}"))
            if mode == "z":     # rx and rb wait whole seconds of their own
                rows.append(("to-lrzsz", mode, f"{send} --port {{dev}} {{file}}||rz -q"))
        return rows

    def run_transfers(self, script, name, rounds):
        """(contestant, mode) -> (share of the line or MB/s, ratio to lrzsz in time)."""
        added = [word for who, mode, command in self.transfer_contestants() for word in ("--add", f"{who}={mode}={command}")]
        said = self.run_script(script, "--set", name, "--rounds", str(rounds), "--modes", "x1k,y1k,z", *added)
        rates = {}
        for line in said.splitlines():
            found = re.match(rf"{name} +(\S+) +(\S+) +([0-9.]+)(?:% of line| MB/s) .*ratio-to-best-peer +([0-9.]+) .*failed=(\d+)", line)
            if found is None:
                raise Failed(line)
            if found.group(5) != "0" and "lrzsz" not in found.group(2).split("-")[0]:
                raise Failed(f"a file came wrong or not at all: {line}")
            rates[found.group(2), found.group(1)] = float(found.group(3)), float(found.group(4))
        return rates

    def measure_transfer(self):
        """Each rate as a share of what the frames of the protocol allow, start and end included; beside lrzsz of the same run."""
        script = self.shared_bench("serial_xfer.py")
        if script is None or not shutil.which("sb"):
            print("LEFT OUT: transfers, which need lrzsz and that script")
            return
        # 1024 bytes in a frame of 1029 and an ACK; ZMODEM: 7 of 256 bytes escaped, an end of 2 and a check of 4.
        escaped = 1 + 7 / 256
        frames = {"x1k": 102400 / 1030, "y1k": 102400 / 1030, "z": 102400 / (1024 * escaped + 2 + 4 * escaped)}
        titles = {"x1k": "XMODEM-1K", "y1k": "YMODEM", "z": "ZMODEM"}
        clean = {}
        for name, rounds, what in (("921600", 2, "at 921,600 Bd"), ("115200", 1, "at 115,200 Bd"), ("noise", 1, "with errors of 1e-5")):
            rates = self.run_transfers(script, name, rounds)
            if name == "921600":
                clean = rates
            for (who, mode), (rate, ratio) in rates.items():
                if who.startswith("lrzsz"):
                    continue
                if name == "noise":
                    self.say(f"{titles[mode]} {what}, {who}", 100 * rate / clean[who, mode][0], "%", None, f"of the clean rate; time/lrzsz's {ratio:.2f}", 90)
                else:
                    self.say(f"{titles[mode]} {what}, {who}", 100 * rate / frames[mode], "%", None, f"of the frames; time/lrzsz's {ratio:.2f}", 97)
        for (who, mode), (rate, ratio) in self.run_transfers(script, "fast", 3).items():
            if not who.startswith("lrzsz"):
                self.say(f"{titles[mode]} without a limit, {who}: time/lrzsz's", ratio, "x", 1.1 if who == "pipes" else None, f"{rate:.1f} MB/s")

    def measure_console(self):
        script = self.shared_bench("console_flood.py")
        if script is not None:
            ours = ["--add", f"unbrick={self.unbrick} console {{dev}} --log {{log}}"]
            self.flood(script, "50 MB", ["--mb", "50", "--rounds", "3", "--set", "all", "--only", "picocom,unbrick"] + ours)
            self.flood(script, "4 MB", ["--mb", "4", "--rounds", "1", "--set", "pty", "--only", "picocom,tio,minicom,unbrick"] + ours)
        for what, rate, target in (("at 3 MBd", 300_000, 2), ("in a flood", None, 2)):
            self.console_keys(what, rate, target)

    def flood(self, script, size, words):
        said = self.run_script(script, *words)
        rows = re.findall(r"^(\S+) +(\S+) +wall +([0-9.]+) s .*cpu +([0-9.]+) s +terminal-cpu.*lost bytes (\d+)  log identical (\d+)/(\d+)", said,
                          re.MULTILINE)
        walls = {(where, name): float(wall) for where, name, wall, *_ in rows}
        for where, name, wall, cpu, lost, same, rounds in rows:
            if name != "unbrick":
                continue
            if lost != "0" or same != rounds:
                raise Failed(f"the log of the flood is not what was sent: {said}")
            for (other_where, other), taken in walls.items():
                if other_where == where and other != name:
                    self.say(f"{size} of text, {where}: time/{other}'s", float(wall) / taken, "x", 1, f"{wall} s, {cpu} s of CPU, no byte lost")

    def console_keys(self, what, rate, target):
        """Keys while text scrolls, capture on; and whether text at that rate, which nothing holds back, is taken in time."""
        line, log = Line(), os.path.join(self.folder, "console.log")
        os.set_blocking(line.master, False)
        screen = Screen([self.unbrick, "console", line.name, "--log", log], self.environment)
        over, state = threading.Event(), {"sent": 0, "behind": 0}

        def feed():
            began, number, rest = time.monotonic(), 0, b""
            while not over.is_set():
                due = int((time.monotonic() - began) * rate) if rate else state["sent"] + 65536
                if rate and os.path.exists(log):    # before the next are written: what is not in the log yet waits in the driver
                    state["behind"] = max(state["behind"], state["sent"] - os.path.getsize(log))
                while state["sent"] < due and not over.is_set():
                    if not rest:
                        rest = b"".join(b"[%12.6f] usb 1-1: reset high-speed device number %d\r\n" % (i / 1000, i % 128) for i in range(number, number + 20))
                        number += 20
                    try:
                        count = os.write(line.master, rest)
                    except BlockingIOError:
                        select.select([], [line.master], [], 0.01)
                        break
                    rest = rest[count:]
                    state["sent"] += count
                if rate:
                    time.sleep(0.0005)
        feeder = threading.Thread(target=feed, daemon=True)
        try:
            time.sleep(1)
            feeder.start()
            time.sleep(0.5)
            device, shown = self.keys_to_device(line, screen), self.keys_to_screen(screen)
        finally:
            over.set()
            feeder.join()
        end = time.monotonic() + ANSWER_SECONDS
        while os.path.getsize(log) < state["sent"] and time.monotonic() < end:
            time.sleep(0.05)
        self.say(f"key to the wire {what}, median", statistics.median(device), "ms", target, f"slowest of {len(device)}: {max(device):.2f}")
        self.say(f"key to the screen {what}, median", statistics.median(shown), "ms", 50, f"slowest of {len(shown)}: {max(shown):.2f}")
        self.say(f"bytes that the log {what} does not have", state["sent"] - os.path.getsize(log), "", 1, f"of {state['sent']}")
        if rate:
            self.say(f"bytes that waited {what}, most", state["behind"], "", 65536, "a tty keeps so many")
        os.remove(log)
        screen.end()
        line.close()


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    bench = Bench(sys.argv[1])
    failed = 0
    try:
        for name in sys.argv[2:] or ["start", "idle", "memory", "keys", "diagnose", "golden", "accuracy", "inspect", "transfer", "console"]:
            try:
                getattr(bench, "measure_" + name)()
            except (Failed, OSError) as error:
                failed += 1
                print(f"{name}: could not be measured: {error}")
    finally:
        shutil.rmtree(bench.folder, ignore_errors=True)
    print(f"{bench.missed} targets missed, {failed} measures failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
