#!/usr/bin/env python3
"""unbrick send --loader and unbrick meter against the loaders of the serial test bed: files by every protocol, the rate raised and always brought
back, also behind faults of the line, Ctrl-C, an unplugged adapter and kill -9.

   UNBRICK=path/to/unbrick tests/integration/serial_load.py [FILTER]
   UARTBED=folder of the test bed (default: ../shared/testbed-uart beside the project's top)

The last line is "N passed, N failed, N skipped"; exits with 0 when none failed, with 77 when the bed is missing."""
import os
import random
import re
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from serial_bed import FAILED, INTERRUPTED, NO_ANSWER, REFUSED, TOP, UNBRICK, USAGE, WELL, at_bed, main, run

DEVICE = [sys.executable, os.path.join(TOP, "tests", "integration", "baud_bed.py")]
LIMIT = 120
USUAL = {"baud": "115200", "saved": "0"}
RIGHT = dict(USUAL, payload="right")
U = "hisiu pace=8 countdown=2 expect=img "
SLOW = "hisiu countdown=2 expect=img "
LOAD = "send --loader auto --address 0x82000000 img "
FAST = LOAD + "--raise-baud 921600 "
# name; the bed's device; words for unbrick; what is done to it meanwhile; exit code; what it prints (a regular expression); the device's state
CASES = [
    ("the best that it has", U, LOAD, "", WELL, "YMODEM(.|\n)*size and CRC are right", dict(RIGHT, baud_changes=None)),
    ("kermit", U, LOAD + "--protocol kermit", "", WELL, "size and CRC are right", RIGHT),
    ("xmodem", U, LOAD + "--protocol xmodem", "", WELL, "size and CRC are right", RIGHT),
    ("an adapter with latency", U + "latency=16", LOAD, "", WELL, "size and CRC are right", RIGHT),
    ("redboot", "redboot pace=8 countdown=2 expect=img", "send --loader auto --baud 9600 --address 0x80041000 img", "stop", WELL, "checksum .POSIX cksum. are right", {"payload": "right"}),
    ("barebox", "barebox pace=8 countdown=1 expect=img", "send --loader barebox img", "", WELL, "size and CRC are right", {"payload": "right"}),
    ("a loader that shows a part of itself", "hik pace=8 countdown=0", "send --loader hikvision --address 0x82000000 img", "", FAILED, "Unknown command .crc32", USUAL),
    ("raised, and back", U, FAST, "", WELL, "talk at 921600(.|\n)*back at 115200(.|\n)*are right", dict(RIGHT, baud_changes="2")),
    ("a rate that it does not know", U + "bauds=115200,230400", FAST, "", WELL, "talk at 230400(.|\n)*are right", dict(RIGHT, baud_changes="2")),
    ("no rate beside its own", U + "bauds=9600,115200", FAST, "", WELL, "stays at 115200 baud: the loader does not know(.|\n)*are right", dict(RIGHT, baud_changes=None)),
    ("a rate that the line does not carry", U + "worse=460800:0.002", FAST, "", WELL, "talk at 230400(.|\n)*are right", RIGHT),
    ("errors at the higher rate", U + "worse=921600:0.000002", FAST, "", WELL, "are right", RIGHT),
    ("deaf behind the change", U + "deaf=921600", FAST, "", FAILED, "switch the device off and on", {"payload": "none", "saved": "0"}),
    ("a bad cable", U + "ber=0.0005", LOAD + "--raise-baud 921600", "", REFUSED, "the line is bad: [0-9]+ errors? in", {"payload": "none"}),
    ("Ctrl-C in the middle", SLOW, FAST, "at 30% INT", INTERRUPTED, "back at 115200", dict(USUAL, stage="prompt")),
    ("unplugged in the middle", SLOW + "unplug_at=90000 replug=1.5", FAST, "", FAILED, "plug it in again(.|\n)*back at 115200", dict(USUAL, stage="prompt")),
    ("unplugged at the usual rate", U + "unplug_at=90000 replug=1.5", LOAD, "", FAILED, "has closed the line", USUAL),
    ("killed in the middle, begun again", SLOW, FAST, "at 30% KILL, again", WELL, "left this device at 921600 baud(.|\n)*back at 115200(.|\n)*are right", RIGHT),
    ("killed at the change, begun again", U, FAST, "at raising KILL, again", WELL, "are right", RIGHT),
    ("killed and restarted meanwhile", SLOW + "brick=none", FAST, "stop; at 30% KILL, power cycle, again", NO_ANSWER, "usual rate(.|\n)*nothing answers", {"booted": "yes", "baud": "115200"}),
    ("killed and switched off", SLOW, FAST, "at 30% KILL, power off, again", FAILED, "switch the device off and on", {"power": "off"}),
    ("the power goes in the middle", SLOW, FAST, "at 30% power off", FAILED, "switch the device off and on", {"power": "off"}),
    ("a login is no loader", "linux pace=off", "send --loader auto --address 0x82000000 img", "", REFUSED, "(at its login prompt|asking for a password): nothing is typed there", {}),
    ("silence", "torture what=silent", LOAD, "", NO_ANSWER, "nothing answers", {}),
    ("without an address", U, "send --loader uboot img", "", USAGE, "where in the device's memory", {}),
    ("a rate without a loader", U, "send --raise-baud 921600 img", "", USAGE, "need --loader", {}),
    ("a good line is measured", U, "meter", "", WELL, "the line is good: no error in [0-9]+ bytes", USUAL),
    ("a bad line is measured", U + "ber=0.0005", "meter", "", FAILED, "the line is bad: [0-9]+ errors? in", USUAL),
    ("the rate that holds is found", U + "worse=460800:0.002", "meter --raise-baud 1500000", "", WELL, "the line is good(.|\n)*both ends hold 230400 baud", dict(USUAL, stage="prompt")),
    ("no rate holds", U + "bauds=9600,115200", "meter --raise-baud 1500000", "", WELL, "no higher rate: the loader does not know", USUAL),
    ("measured as JSON", U, "meter --json", "", WELL, '"grade":"good","errors":0', USUAL),
]


def settle(bed):
    """The loader has its prompt, or whatever it gets to."""
    end = time.monotonic() + 12
    while time.monotonic() < end and bed.state().get("stage") not in ("prompt", "booted", "booting", "dead", "halted"):
        time.sleep(0.2)


def begin(bed, w, words):
    verb, rest = words.split()[0], [os.path.join(w, o) if o == "img" else o for o in words.split()[1:]]
    return [UNBRICK, verb, "--port", bed.port, "--state", os.path.join(bed.env["UARTDEV_DIR"], "state")] + rest


def run_with_accidents(bed, command, accidents):
    """What happens to it while it runs; "again": it is begun once more, and that run counts."""
    p = subprocess.Popen(command + ["--json"] if "30%" in accidents else command, env=bed.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    said, steps = "", [a.strip() for a in accidents.split(",")]
    where = re.match(r"at (\S+) (.*)", steps[0])
    for line in iter(p.stdout.readline, b""):
        said += line.decode("utf-8", "replace")
        at = re.search(r'"event":"progress","bytes":(\d+),"total":(\d+)', said.splitlines()[-1])
        if where and (where.group(1) == "raising" and "raising" in said or at and int(at.group(1)) * 100 >= int(at.group(2)) * 30):
            if where.group(1) == "raising":
                time.sleep(random.random())
            act(bed, p, where.group(2))
            where = None
    p.wait(LIMIT)
    code = p.returncode
    for step in steps[1:]:
        if step == "again":
            code, more = run(command, bed.env, LIMIT)
            said += more
        else:
            act(bed, p, step)
            time.sleep(0.5)
            settle(bed) if "off" not in step else None
    return code, said


def act(bed, p, what):
    if what in ("INT", "KILL"):
        p.send_signal(getattr(signal, "SIG" + what))
    else:
        bed.tell(*what.split())


def do(bed, w, words, accidents):
    if accidents.startswith("stop"):	# in the window, before anybody listens
        subprocess.run(["sh", "-c", "for i in 1 2 3 4 5 6 7 8; do printf '\\003'; sleep 0.3; done >" + bed.port], env=bed.env)
        accidents = accidents[len("stop; "):]
    settle(bed)
    command = begin(bed, w, words)
    return run_with_accidents(bed, command, accidents) if accidents.startswith("at ") else run(command, bed.env, LIMIT)


def case(w, name, spec, words, accidents, code, said, state):
    return at_bed(DEVICE, spec, w, lambda bed: do(bed, w, words, accidents), code, said, state)


def prepare(w):
    with open(os.path.join(w, "img"), "wb") as f:
        f.write(random.Random(11).randbytes(180001))


if __name__ == "__main__":
    main("serial_load", CASES, case, prepare)
