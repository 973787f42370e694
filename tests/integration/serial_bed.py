"""What the tests at the serial test bed share: a device of the bed, what is asked of a case, and running all of them.

   UARTBED=folder of the test bed (default: ../shared/testbed-uart beside the project's top)"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BED = os.environ.get("UARTBED", os.path.join(TOP, "..", "shared", "testbed-uart"))
DEVICE = os.path.join(BED, "uartdev")
UNBRICK = os.path.abspath(os.environ.get("UNBRICK", "./unbrick"))
WELL, FAILED, USAGE, NO_PORT, NO_ANSWER, REFUSED, INTERRUPTED = 0, 1, 2, 3, 4, 5, 7


def run(command, env, limit):
    p = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=limit)
    return p.returncode, p.stdout.decode("utf-8", "replace")


class Bed:
    """A device of the bed in a folder of its own. device: the command that answers for it; a file of expect= lies in w."""
    LIMIT = 100

    def __init__(self, device, spec, w, folder):
        self.device = device
        self.env = dict(os.environ, UARTBED=os.path.abspath(BED), UARTDEV_DIR=folder, PYTHONDONTWRITEBYTECODE="1")
        words = ["expect=" + os.path.join(w, o[7:]) if o.startswith("expect=") else o for o in spec.split()]
        code, out = run(self.device + ["start", "d"] + words, self.env, self.LIMIT)
        if code != 0:
            raise RuntimeError(out)
        # The link stays when the adapter comes back under another number.
        self.port = (re.search("^link=(.*)$", out, re.M) or re.search("^pty=(.*)$", out, re.M)).group(1)

    def tell(self, *words):
        return run(self.device + [words[0], "d"] + list(words[1:]), self.env, self.LIMIT)[1]

    def state(self):
        return dict(l.split("=", 1) for l in self.tell("state").splitlines() if "=" in l)


def judge(bed, got, out, code, said, state):
    """What is wrong with the end of a case, and what to show. code None: any."""
    end, now = time.monotonic() + 4, bed.state()
    while any(now.get(k) != v for k, v in state.items()) and time.monotonic() < end:
        time.sleep(0.2)
        now = bed.state()
    wrong = ["%s=%s, not %s" % (k, now.get(k), v) for k, v in state.items() if now.get(k) != v]
    if code is not None and got != code:
        wrong.append("exit code %d, not %d" % (got, code))
    if not re.search(said, out):
        wrong.append("it does not say '%s'" % said)
    if re.search("Sanitizer|runtime error", out):
        wrong.append("a sanitizer spoke")
    return wrong, out + "".join("      %s=%s\n" % i for i in now.items())


def at_bed(device, spec, w, do, code, said, state):
    """Makes the device, does do(bed), which returns the exit code and what was printed, and judges."""
    bed = Bed(device, spec, w, tempfile.mkdtemp(dir=w, prefix="bed"))
    try:
        got, out = do(bed)
        return judge(bed, got, out, code, said, state)
    except subprocess.TimeoutExpired as late:
        return ["no end within %d s" % late.timeout], ""
    finally:
        bed.tell("stop")


def run_all(name, cases, case, prepare):
    """case(folder, *row) for the rows whose name fits the first argument; prepare(folder) before. name_VERBOSE shows the good ones, too."""
    if not os.path.exists(DEVICE):
        print("skipped: the serial test bed is not at %s (UARTBED)" % BED, file=sys.stderr)
        print("0 passed, 0 failed, %d skipped" % len(cases))
        return 77
    w = tempfile.mkdtemp(prefix=name)
    counts = {True: 0, False: 0}
    try:
        prepare(w)
        chosen = [one for one in cases if len(sys.argv) < 2 or re.search(sys.argv[1], one[0])]
        # They mostly wait, as lines and chips do; more at a time would disturb each other's clocks.
        with ThreadPoolExecutor(3) as pool:
            for one, (wrong, out) in zip(chosen, pool.map(lambda one: case(w, *one), chosen)):
                counts[not wrong] += 1
                if os.environ.get(name.upper() + "_VERBOSE") or wrong:
                    print("%s %s: %s\n%s" % ("FAIL" if wrong else "ok  ", one[0], "; ".join(wrong), out))
                sys.stdout.flush()
    finally:
        shutil.rmtree(w, ignore_errors=True)
    print("%d passed, %d failed, 0 skipped" % (counts[True], counts[False]))
    return 1 if counts[False] else 0


def main(name, cases, case, prepare):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(run_all(name, cases, case, prepare))
