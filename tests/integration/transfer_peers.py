#!/usr/bin/env python3
"""The serial transfers against programs of others: lrzsz (sz, rz) over pipes, C-Kermit on a pty, in both directions.

   TRANSFER_PEER=path/to/transfer_peer tests/integration/transfer_peers.py       (or the path as first argument)

The last line is "N passed, N failed, N skipped"; exits with 0 when none failed."""
import fcntl
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import tty

sys.dont_write_bytecode = True
from cases import Skip, Wrong, case, run_cases

PEER = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("TRANSFER_PEER", "tests/integration/transfer_peer"))
TIMEOUT = 60
F_SETPIPE_SZ = 1031

# Empty, one byte, around the blocks' sizes, all byte values, all pairs of them, what escapes and prefixes are made of, erased flash.
FILES = {
    "empty": b"",
    "one": b"x",
    "f1023": bytes(i * 7 & 255 for i in range(1023)),
    "f1024": bytes(i * 11 & 255 for i in range(1024)),
    "f1025": bytes(i * 13 & 255 for i in range(1025)),
    "values": bytes(range(256)) * 9,
    "pairs": b"".join(bytes((a, b)) for a in range(256) for b in (0, 13, 17, 19, 24, 35, 64, 126, 127, 141, 145, 147, 152, 255)),
    "prefixes": b"#&~##&&~~@\r@\r@\x8d\x18\x18\x18\x18\x18\x18**\x18B00" * 50,
    "erased": b"\xff" * 20000 + b"\0" * 20000,
    "random": random.Random(1).randbytes(150001),
}


def needs(program, package):
    if not shutil.which(program):
        raise Skip(f"{program} is not installed (Debian package {package})")


def write_files(folder, names):
    os.makedirs(folder, exist_ok=True)
    for name in names:
        with open(f"{folder}/{name}", "wb") as file:
            file.write(FILES[name])


def check_files(folder, names):
    for name in names:
        try:
            with open(f"{folder}/{name}", "rb") as file:
                got = file.read()
        except OSError as error:
            raise Wrong(str(error))
        if got != FILES[name]:
            raise Wrong(f"{name}: {len(got)} bytes that differ from the {len(FILES[name])} sent")


def spoil(source, sink, every, seed):
    """Carries bytes from source to sink; one of `every` of them is damaged or lost."""
    chance = random.Random(seed)
    left = chance.randrange(1, 2 * every)
    while True:
        data = bytearray(os.read(source, 512))
        if not data:
            break
        left -= len(data)
        if left < 0:
            at = chance.randrange(len(data))
            if chance.random() < 0.5:
                data[at] ^= 1 << chance.randrange(8)
            else:
                del data[at]
            left = chance.randrange(1, 2 * every)
        try:
            os.write(sink, data)
        except OSError:
            break
    os.close(source)
    os.close(sink)


def over_pipes(sender, receiver, sender_folder, receiver_folder, every=0, **environment):
    """Both ends joined by pipes; returns the texts of both standard errors."""
    environment = {**os.environ, **environment}
    a_in, b_out = os.pipe()
    b_in, a_out = os.pipe()
    threads = []
    if every:
        for number in (1, 2):
            read, write = os.pipe()
            fcntl.fcntl(write, F_SETPIPE_SZ, 4096)
            if number == 1:
                threads.append(threading.Thread(target=spoil, args=(b_in, write, every, number)))
                b_in = read
            else:
                threads.append(threading.Thread(target=spoil, args=(a_in, write, every, number)))
                a_in = read
    first = subprocess.Popen(receiver, stdin=b_in, stdout=b_out, stderr=subprocess.PIPE, cwd=receiver_folder, env=environment)
    second = subprocess.Popen(sender, stdin=a_in, stdout=a_out, stderr=subprocess.PIPE, cwd=sender_folder, env=environment)
    for descriptor in (a_in, a_out, b_in, b_out):
        os.close(descriptor)
    for thread in threads:
        thread.start()
    try:
        said = [process.communicate(timeout=TIMEOUT)[1].decode(errors="replace") for process in (second, first)]
    except subprocess.TimeoutExpired:
        raise Wrong("it takes too long")
    finally:
        for process in (first, second):
            if process.poll() is None:
                process.kill()
                process.wait()
        for thread in threads:
            thread.join()
    for process, text in ((second, said[0]), (first, said[1])):
        if process.returncode:
            raise Wrong(f"{process.args[0]} ends with {process.returncode}: {text[-400:]}")
    return said


def on_pty(commands, peer, peer_folder, folder):
    """C-Kermit on a pty, and transfer_peer at the other end of it."""
    master, slave = os.openpty()
    tty.setraw(slave)
    setting = ("set quiet on, set carrier-watch off, set line %s, set speed 115200, set flow none, set file type binary, "
               "set file names literal, %s, exit \\v(status)" % (os.ttyname(slave), commands))
    kermit = subprocess.Popen(["kermit", "-Y", "-H", "-C", setting], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
    own = subprocess.Popen(peer, stdin=master, stdout=master, stderr=subprocess.PIPE, cwd=peer_folder)
    try:
        said = own.communicate(timeout=TIMEOUT)[1].decode(errors="replace")
        text = kermit.communicate(timeout=TIMEOUT)[0].decode(errors="replace")
    except subprocess.TimeoutExpired:
        raise Wrong("it takes too long")
    finally:
        for process in (kermit, own):
            if process.poll() is None:
                process.kill()
                process.wait()
        os.close(master)
        os.close(slave)
    if own.returncode:
        raise Wrong(f"transfer_peer ends with {own.returncode}: {said[-400:]} {text[-200:]}")
    return said


def folders():
    for folder in ("from", "to"):
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)


def zmodem_case(sends, every=0, names=tuple(FILES), sz_options=(), rz_options=(), **environment):
    needs("sz", "lrzsz")
    folders()
    write_files("from", names)
    own = [PEER, "zmodem", "send" if sends else "receive"]
    if sends:
        said = over_pipes(own + list(names), ["rz", "-q", *rz_options], "from", "to", every, **environment)
    else:
        said = over_pipes(["sz", "-q", *sz_options, *names], own + ["."], "from", "to", every, **environment)
    check_files("to", names)
    return said[0 if sends else 1]


@case
def zmodem_to_rz():
    zmodem_case(True)


@case
def zmodem_to_rz_with_all_controls_escaped():
    zmodem_case(True, ESCAPE="1")
    zmodem_case(True, rz_options=["-e"])


@case
def zmodem_from_sz():
    zmodem_case(False)


@case
def zmodem_from_sz_with_all_controls_escaped():
    zmodem_case(False, ESCAPE="1")
    zmodem_case(False, sz_options=["-e"])


@case
def zmodem_from_sz_with_other_blocks_and_checks():
    zmodem_case(False, sz_options=["-o"])
    zmodem_case(False, sz_options=["-L", "64"])
    zmodem_case(False, sz_options=["-w", "2048"])
    zmodem_case(False, sz_options=["-8"])


@case
def zmodem_to_rz_over_a_bad_line():
    said = zmodem_case(True, every=20000, names=("one", "random", "pairs"))
    if "RETRY" not in said:
        raise Wrong("the line damaged nothing")


@case
def zmodem_from_sz_over_a_bad_line():
    zmodem_case(False, every=20000, names=("one", "random", "pairs"))


@case
def zmodem_from_sz_goes_on():
    needs("sz", "lrzsz")
    folders()
    write_files("from", ["random"])
    with open("to/random", "wb") as file:
        file.write(FILES["random"][:70000])
    said = over_pipes(["sz", "-q", "random"], [PEER, "zmodem", "receive", "."], "from", "to", RESUME="70000")[1]
    check_files("to", ["random"])
    if "bytes 80001 " not in said:
        raise Wrong(f"all of it came again: {said}")


@case
def zmodem_to_rz_goes_on():
    needs("rz", "lrzsz")
    folders()
    write_files("from", ["random"])
    with open("to/random", "wb") as file:
        file.write(FILES["random"][:70000])
    said = over_pipes([PEER, "zmodem", "send", "random"], ["rz", "-q"], "from", "to", RESUME="1")[0]
    check_files("to", ["random"])
    line = int(said.split(" line ")[1].split()[0])
    if line > 100000:
        raise Wrong(f"all of it went again: {said}")


@case
def a_file_that_rz_has_already_is_no_success():
    needs("rz", "lrzsz")
    folders()
    write_files("from", ["one"])
    write_files("to", ["one"])
    try:
        over_pipes([PEER, "zmodem", "send", "one"], ["rz", "-q", "-p"], "from", "to")
    except Wrong as wrong:
        if "did not take one" in str(wrong):
            return
        raise
    raise Wrong("rz skipped it, and it counts as sent")


def kermit_receives(setting):
    needs("kermit", "ckermit")
    folders()
    write_files("from", FILES)
    on_pty(setting + "receive", [PEER, "kermit", "send", *FILES], "from", "to")
    check_files("to", FILES)


def kermit_sends(setting):
    needs("kermit", "ckermit")
    folders()
    write_files("from", FILES)
    on_pty(setting + "msend " + " ".join(FILES), [PEER, "kermit", "receive", "."], "to", "from")
    check_files("to", FILES)


@case
def kermit_to_c_kermit():
    kermit_receives("")
    kermit_receives("set receive packet-length 9000, ")
    kermit_receives("set receive packet-length 60, set block-check 2, ")


@case
def kermit_from_c_kermit():
    kermit_sends("")
    kermit_sends("set send packet-length 9000, set block-check 3, ")
    kermit_sends("set send packet-length 90, set block-check 2, set repeat counts off, ")
    kermit_sends("set control prefixed all, set parity none, set attributes off, ")


def main():
    if not os.access(PEER, os.X_OK):
        print(f"there is no {PEER}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        status = run_cases()
        os.chdir("/")
    return status


sys.exit(main())
