#!/usr/bin/env python3
"""unbrick recover through procedures that need nothing but the serial line: boot ROMs that take a loader, and images that go over the console,
against the devices of the serial test bed and their faults.

   UNBRICK=path/to/unbrick tests/integration/serial_steps.py [FILTER]
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
import bootrom
from serial_bed import BED, UNBRICK, at_bed, main, run
from serial_load import DEVICE

LIMIT = 170

PROFILE = """vendor: Bed
model: %(model)s
kind: camera
soc: emulated
arch: armv7
console: { baud: 115200, loader: uboot, prompt: "%(prompt)s", stop-at: autoboot, stop-keys: '\\x03', login-prompt: "emulated login:", loader-passwords: [ubootpwd, HI2105CHIP] }
identity: { log: ['^U-Boot 2010\\.06'] }
storage: { kind: spi-nor, device: 0, erase-size: 64KiB }
partitions:
  - { name: loader, offset: 0x0, size: 256KiB, guard: never-write, holds: bootloader }
  - { name: kernel, offset: 256KiB, size: 1MiB, holds: kernel }
image-covers: [kernel]
network: { device-ip: 192.168.1.20, bench-ip: 192.168.1.10, load-address: 0x82000000 }
boot-seconds: 30
methods:
  - name: rom
    procedure: bed-rom
    treats: [BOOTLOADER-GONE]
    with: { protocol: %(protocol)s, loader-file: %(files)s }
    destroys: kernel
    tested: untested
  - name: line
    procedure: bed-line
    treats: [CHECKSUM]
    destroys: kernel
    tested: untested
  - name: net
    procedure: uboot-tftp-reflash
    treats: [CHECKSUM]
    destroys: kernel
    tested: untested
sources: { all: the test bed }
"""
ROM = """title: Through the boot ROM
summary: a loader into RAM, and from its prompt the image over the line
needs: serial image
steps:
  - do: power
    label: off
    with: { how: off }
  - do: uart-load
    text: Calling the boot ROM.
    on-fail: retry 2 off
    timeout-seconds: 20
    with: { protocol: "${protocol}", file: "${loader-file}" }
%s
source: the test bed
"""
LINE = """title: Over the line
summary: the image over the console
needs: serial image
steps:
%s
source: the test bed
"""
REST = """  - do: stop-boot
  - do: identify
  - do: check-image
  - do: load
    text: Loading the image.
    label: load
    with: { by: serial }
  - do: write
    text: Writing.
    destroys: true
    do-not-cut: true
    on-fail: retry 2 load
  - do: readback
  - do: boot
    with: { how: reset }
  - do: verify
"""
SYSTEM = """vendor: Bed
model: one
kind: camera
soc: emulated
arch: armv7
console: { baud: 115200, loader: uboot, login-prompt: "emulated login:"%s }
space: { mount: /overlay, clear: ["/overlay/upper/root/core.1234"] }
methods:
  - name: room
    procedure: bed-room
    treats: [SPACE]
    tested: untested
sources: { all: the test bed }
"""
ROOM = """title: Room
summary: signs in, looks, frees the space
needs: serial
steps:
  - do: login
    text: Signing in.
  - do: send
    text: Looking at the flash.
    with: { command: cat /proc/mtd, to: shell, expect: "dev:" }
  - do: free-space
    with: { mount: /overlay }
  - do: result
    with: { outcome: done }
source: the test bed
"""
BROUGHT_BACK = {"flash_image": "good", "saved": "0", "baud": "115200", "loader_intact": "yes"}
HISI, MARVELL = "hisi pace=8 power=off after=hisiu countdown=2 ", "marvell pace=8 power=off after=hisiu countdown=2 "
U = "hisiu pace=8 countdown=2 "
# name; the bed's device; profile (model, protocol, files); method; what happens meanwhile; exit code; what it prints; the device's state
CASES = [
    ("hisilicon ROM to a running system", HISI, "hisilicon", "chip.json ub", "rom", "", 0, "boot ROM(.|\n)*waits at its prompt(.|\n)*talk at 921600(.|\n)*written yes, verified yes, booted yes", BROUGHT_BACK),
    ("marvell ROM to a running system", MARVELL, "kwboot", "v1.kwb", "rom", "", 0, "written yes, verified yes, booted yes", BROUGHT_BACK),
    ("a frame unanswered, one refused", HISI + "silent_at=50 nak_at=60 ", "hisilicon", "chip.json ub", "rom", "", 0, "booted yes", BROUGHT_BACK),
    ("the ROM does not answer", "hisi power=off deaf_at=1 ", "hisilicon", "chip.json ub", "rom", "", 4, "stopped answering(.|\n)*given up", {"booted": "no"}),
    ("cut in the middle, then begun again", HISI + "cut_at=30000 ", "hisilicon", "chip.json ub", "rom", "", 0, "booted yes", BROUGHT_BACK),
    ("a ROM that wants another image", "marvell pace=8 power=off secure=on ", "kwboot", "v1.kwb", "rom", "", 1, "refused the image", {"booted": "no"}),
    ("the wrong file for that ROM", MARVELL, "kwboot", "bad.kwb", "rom", "", 1, "damaged", {"booted": "no"}),
    ("Ctrl-C while the ROM takes the loader", "hisi power=off after=hisiu ", "hisilicon", "chip.json ub", "rom", "INT at the bootloader, 100000", 7, "stopped", {"after": None}),
    ("over the console", U, "hisilicon", "ub", "line", "", 0, "talk at 921600(.|\n)*back at 115200(.|\n)*written yes, verified yes, booted yes", BROUGHT_BACK),
    ("over the console, a rate that does not hold", U + "worse=460800:0.002 ", "hisilicon", "ub", "line", "", 0, "talk at 230400(.|\n)*booted yes", BROUGHT_BACK),
    ("no network: TFTP's way goes over the line", U, "hisilicon", "ub", "net", "", 0, "over the serial line(.|\n)*booted yes", BROUGHT_BACK),
    ("a password that the profile knows", "hisipw pace=8 countdown=2 ", "hisilicon-locked", "ub", "line", "", 0, "password 1 of bed/one(.|\n)*password 2 of bed/one(.|\n)*booted yes", BROUGHT_BACK),
    ("a password that nobody knows", "hisipw pace=8 countdown=2 password=secret ", "hisilicon-locked", "ub", "line", "", 1, "locked by a password", {"flash_image": "bad: Bad Data CRC"}),
    ("signing in, the flash, the space", "linux pace=8 password=secret ", "login", ", login-user: root, login-password: secret", "room", "", None, "signed in(.|\n)*cat /proc/mtd. answered(.|\n)*0 B of 1.7 MiB free", {}),
    ("a wrong password is tried once", "linux pace=8 password=secret ", "login", ", login-user: root, login-password: wrong", "room", "", 1, "refused the user and password of its profile", {"space": "full"}),
    ("nobody is known who could sign in", "linux pace=8 password=secret ", "login", "", "room", "", 1, "nobody is known who could sign in", {"space": "full"}),
    ("killed while it loads at the higher rate", "hisiu pace=1 countdown=2 ", "hisilicon", "ub", "line", "KILL at sending", 0, "left this device at 921600 baud(.|\n)*back at 115200(.|\n)*booted yes", BROUGHT_BACK),
    ("Ctrl-C while it loads at the higher rate", "hisiu pace=1 countdown=2 ", "hisilicon", "ub", "line", "INT at sending", 7, "back at 115200", {"baud": "115200", "saved": "0", "stage": "prompt"}),
]


def make_db(w, folder, model, protocol, files):
    for name in ("devices/bed", "procedures"):
        os.makedirs(os.path.join(folder, name))
    if protocol == "login":
        for name, text in (("devices/bed/one.yaml", SYSTEM % files), ("procedures/bed-room.yaml", ROOM)):
            with open(os.path.join(folder, name), "w") as f:
                f.write(text)
        return
    paths = " ".join(os.path.join(w, f) for f in files.split())
    for name, text in (("devices/bed/%s.yaml" % model, PROFILE % {"model": model, "protocol": protocol, "files": paths, "prompt": "xmtech # " if "locked" in protocol else "hisilicon # "}),
                       ("procedures/bed-rom.yaml", ROM % REST.rstrip()), ("procedures/bed-line.yaml", LINE % REST.rstrip())):
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)


def watch(bed, command, accident):
    how, _, where = accident.partition(" at ")
    p = subprocess.Popen(command, env=bed.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    said, end = "", time.monotonic() + LIMIT
    for line in iter(p.stdout.readline, b""):
        said += line.decode("utf-8", "replace")
        if where and where in said:
            time.sleep(0.5)
            p.send_signal(getattr(signal, "SIG" + how))
            where = ""
        if time.monotonic() > end:
            p.kill()
    p.wait(LIMIT)
    if how == "KILL":
        number = re.search(r"case #?(\d+)", said)
        code, more = run(command[:6] + ["--case", number.group(1) if number else "1"] + command[command.index("--yes"):], bed.env, LIMIT)
        return code, said + more
    return p.returncode, said


def do(bed, w, protocol, files, method, accident):
    folder = bed.env["UARTDEV_DIR"]
    db = os.path.join(folder, "db")
    make_db(w, db, "one", protocol, files)
    power = " ".join(DEVICE) + " power d {} >/dev/null"
    command = [UNBRICK, "recover", "--state", os.path.join(folder, "state"), "--db", db, "--device", "bed/one", "--port", bed.port, "--method", method,
               "--image", os.path.join(w, "good"), "--yes", "--timeout", "150", "--power-command", power]
    return watch(bed, command, accident)


def case(w, name, spec, protocol, files, method, accident, code, said, state):
    return at_bed(DEVICE, spec, w, lambda bed: do(bed, w, protocol, files, method, accident), code, said, state)


def prepare(w):
    """A legacy uImage that the bed's consoles boot, large enough for the higher rate to be worth it."""
    bootrom.make_files(w)
    sys.path.insert(0, os.path.abspath(BED))
    from uartbed import consoles
    with open(os.path.join(w, "good"), "wb") as f:
        f.write(consoles.uimage(random.Random(5).randbytes(600000)))


if __name__ == "__main__":
    main("serial_steps", CASES, case, prepare)
