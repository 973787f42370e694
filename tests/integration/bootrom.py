#!/usr/bin/env python3
"""unbrick bootrom against the emulated boot ROMs of the serial test bed, with the bed's faults.

   UNBRICK=path/to/unbrick tests/integration/bootrom.py [FILTER]
   UARTBED=folder of the test bed (default: ../shared/testbed-uart beside the project's top)

The bed's ROMs were validated with the public host tools. The last line is "N passed, N failed, N skipped"; exits with 0 when none failed, with
77 when the bed is missing."""
import os
import random
import re
import struct
import sys

sys.dont_write_bytecode = True
from serial_bed import DEVICE, FAILED, NO_ANSWER, REFUSED, UNBRICK, USAGE, WELL, at_bed, main, run

LIMIT = 100
RIGHT = {"booted": "yes", "payload": "right"}


def u32(*values):
    return struct.pack("<%dI" % len(values), *values)


def kwb(version, data, block=0x5a):
    """An image as mkimage -T kwbimage makes it: header, data, the sum of its words."""
    size = 0x200
    head = bytearray(size)
    data = data + b"\0" * (-len(data) % 4)
    data += u32(sum(struct.unpack("<%dI" % (len(data) // 4), data)) & 0xffffffff)
    head[0], head[8] = block, version
    head[4:8], head[12:24] = u32(len(data)), u32(size, 0x800000, 0x800000)
    if version == 1:
        head[9:12] = bytes([size >> 16, size & 255, size >> 8 & 255])
    head[31] = sum(head if version == 1 else head[:32]) & 255
    return bytes(head) + data


def imx(data):
    """IVT version 4.0 at 0x3f401000, boot data, no DCD."""
    at = 0x3f401000
    return b"\xd1\x00\x20\x40" + u32(at + 64, 0, 0, at + 32, at, 0, 0) + u32(at, len(data) + 64, 0) + bytes(20) + data


def make_files(w):
    data = random.Random(7).randbytes
    v500 = bytearray(data(60000))
    v500[1024:1028] = u32(4000)
    gsl, params, boot = bytearray(data(5072)), bytearray(3072), bytearray(data(31024))
    gsl[2048:2052], gsl[2084:2088] = u32(0x4bb4d22d), u32(2000)
    params[1024:1028], params[1056:1068] = u32(0x4b87a52d), u32(0, 500, 2)
    boot[0:4], boot[36:40] = u32(0x4bf01e2d), u32(30000)
    v1 = kwb(1, data(60000))
    files = {
        "pay": data(60000), "small": data(6000), "spl": data(90000), "ub": data(100000), "step": data(64), "v500": bytes(v500),
        "ffx": data(30000) + b"\xff" * 64 + data(30000), "cv6": bytes(gsl + params + boot), "cv6u": bytes(boot),
        "v0.kwb": kwb(0, data(60000)), "v1.kwb": v1, "bad.kwb": v1[:30000] + bytes([v1[30000] ^ 1]) + v1[30001:], "nand.kwb": kwb(1, data(9000), 0x8b),
        "esp": b"\xe9\x01\x02\x20\x00\x00\x10\x40\xee" + bytes(15) + data(40000), "stm": u32(0x20005000, 0x08000101) + data(20000),
        "u.imx": imx(data(30000)), "odd": data(12345),
        "chip.json": ('{"name": "chip", "DDRSTEP0": [%s], "ADDRESS": ["0x04013000", "0x04010500", "0x41000000"], '
                      '"FILELEN": ["0x0040", "0x6000"], "STEPLEN": ["0x0040"]}' % ", ".join(str(b) for b in data(64))).encode(),
    }
    for name, content in files.items():
        with open(os.path.join(w, name), "wb") as f:
            f.write(content)


POWER = ["--power", DEVICE + " power d cycle >/dev/null"]
HISI = "-p hisilicon chip.json ub"
# name; the bed's device; words for unbrick ("-p NAME" is --protocol NAME); exit code; what it prints (a regular expression); the device's state
CASES = [
    ("hisilicon by a chip profile, at real speed", "hisi power=off expect=ub", HISI, WELL, "U-Boot 2016", RIGHT),
    ("hisilicon by addresses", "hisi pace=8 power=off expect=ub", "-p hisilicon step@0x04013000 ub.spl@0x04010500 ub@0x41000000", WELL, "Done", RIGHT),
    ("hisilicon frame 50 unanswered once", "hisi pace=8 power=off silent_at=50 expect=ub", HISI, WELL, "no answer", dict(RIGHT, fault_silent="1")),
    ("hisilicon frame refused", "hisi pace=8 power=off nak_at=40 expect=ub", HISI, WELL, "damaged", dict(RIGHT, fault_nak="1")),
    ("hisilicon without marks, TAIL unanswered", "hisi pace=8 power=off mark=0 tail_ack=off expect=ub", HISI, WELL, "usual", RIGHT),
    ("hisilicon marks again behind the first stage", "hisi pace=8 power=off remark=on expect=ub", HISI, WELL, "Done", RIGHT),
    ("hisilicon text behind the first stage", "hisi pace=8 power=off banner=on expect=ub", HISI, WELL, "System startup", RIGHT),
    ("hisilicon adapter with latency", "hisi pace=4 power=off latency=16 expect=ub", HISI, WELL, "Done", RIGHT),
    ("hisilicon bit errors", "hisi pace=8 power=off ber_in=0.00001 expect=ub", HISI, WELL, "Done", RIGHT),
    ("hisilicon short window", "hisi pace=1 power=off window=0.1 expect=ub", HISI, WELL, "Done", RIGHT),
    ("hisilicon deaf", "hisi pace=8 power=off deaf_at=20", HISI, NO_ANSWER, "stopped answering", {"booted": "no"}),
    ("hisilicon hangs on FFh", "hisi pace=8 power=off ff_bug=on", "-p hisilicon chip.json ffx", NO_ANSWER, "12 bytes FFh", {"booted": "no"}),
    ("hisilicon no power", "hisi power=off", HISI + " --wait 3 --power true", NO_ANSWER, "did not answer", {"booted": "no"}),
    ("hisilicon identify changes nothing", "hisi power=off", "-p hisilicon --identify", WELL, "marks the line", {"stage": "handshake"}),
    ("hisilicon v500", "hisi2 pace=8 power=off expect=v500", "-p hisilicon-v500 v500", WELL, "0x7205d500", RIGHT),
    ("hisilicon v500 frame refused", "hisi2 pace=8 power=off nak_at=20 expect=v500", "-p hisilicon-v500 v500", WELL, "damaged", dict(RIGHT, fault_nak="1")),
    ("hisilicon v500 identify", "hisi2 power=off", "-p hisilicon-v500 --identify", WELL, "chip: 0x7205d500", {"booted": "no"}),
    ("hisilicon cv6xx", "hisi3 pace=8 power=off expect=cv6u", "-p hisilicon-cv6xx cv6", WELL, "board: 0", RIGHT),
    ("hisilicon cv6xx with another file", "hisi3 power=off", "-p hisilicon-cv6xx ub", USAGE, "no CV6xx", {"booted": "no"}),
    ("hisilicon an emulated Linux echoes", "torture what=echo", HISI + " --wait 3", NO_ANSWER, "echoes", {}),

    ("marvell v0 image", "marvell pace=8 power=off expect=v0.kwb", "-p marvell v0.kwb", WELL, "DDR3 training done", RIGHT),
    ("marvell v1 image at real speed", "marvell power=off expect=v1.kwb", "-p marvell v1.kwb", WELL, "U-Boot 2019", RIGHT),
    ("marvell image for NAND", "marvell pace=8 power=off expect=nand.kwb", "-p marvell nand.kwb", WELL, "Done", RIGHT),
    ("marvell quiet header, slow memory", "marvell pace=8 power=off chatty=off slow=3 expect=v1.kwb", "-p marvell v1.kwb", WELL, "Done", RIGHT),
    ("marvell block 20 refused", "marvell pace=8 power=off nak_at=20 expect=v1.kwb", "-p marvell v1.kwb", WELL, "", dict(RIGHT, fault_nak="1")),
    ("marvell ACK lost", "marvell pace=8 power=off lose_ack=30 expect=v1.kwb", "-p marvell v1.kwb", WELL, "", dict(RIGHT, duplicates="1")),
    ("marvell signed images only", "marvell pace=8 power=off secure=on", "-p marvell v1.kwb", FAILED, "refused the image", {"booted": "no"}),
    ("marvell damaged image is not sent", "marvell power=off", "-p marvell bad.kwb", USAGE, "damaged", {"power": "off"}),
    ("marvell adapter unplugged", "marvell pace=8 power=off unplug_at=30000 replug=0.5", "-p marvell v1.kwb", FAILED, "lost in the middle", {"booted": "no"}),
    ("marvell identify", "marvell power=off", "-p marvell --identify", WELL, "asks for an image", {"booted": "no"}),

    ("ti two stages", "am335x pace=8 power=off interval=1 expect=ub", "-p ti spl ub", WELL, "emulated payload", RIGHT),
    ("ti slow C, at real speed", "am335x pace=1 power=off expect=ub", "-p ti spl ub", WELL, "Done", RIGHT),
    ("ti file too large", "am335x pace=8 power=off interval=1 limit=40k", "-p ti spl ub", FAILED, "refused spl", {"booted": "no"}),
    ("ti text between the blocks", "am335x pace=8 power=off interval=1 text=on spl=off", "-p ti spl", WELL, "Done", {"booted": "yes"}),
    ("k3", "k3 pace=8 power=off expect=spl", "-p ti spl", WELL, "Done", RIGHT),
    ("xmodem ROM", "rombootx pace=8 power=off expect=small", "-p xmodem small", WELL, "Done", RIGHT),
    ("ti identify", "am335x power=off interval=1", "-p ti --identify", WELL, "asks for a program", {"booted": "no"}),
    ("esp32 write, verify, start", "esp32 pace=8 expect=esp", "-p esp --yes --start esp@0x1000", WELL, "holds the same .MD5.(.|\n)*application runs", RIGHT),
    ("esp32 at 460800, real speed", "esp32 expect=esp", "-p esp --yes --load-baud 460800 --start esp@0x1000", WELL, "460800", RIGHT),
    ("esp32 identify", "esp32 size=16m", "-p esp --identify", WELL, "chip: ESP32(.|\n)*mac: 24:(.|\n)*16384 KiB", {"payload_len": "0"}),
    ("esp32 without --yes", "esp32", "-p esp esp@0x1000", REFUSED, "erase and write", {"commands": None}),
    ("esp32 a block refused", "esp32 pace=8 fail_data=3 expect=esp", "-p esp --yes esp@0x1000", WELL, "written again", {"fault_data": "1"}),
    ("esp32 digest wrong", "esp32 pace=8 bad_md5=on", "-p esp --yes esp@0x1000", FAILED, "holds something else", {"booted": "no"}),
    ("esp32 a reply lost", "esp32 pace=8 drop_reply=40 expect=esp", "-p esp --yes --start esp@0x1000", WELL, "no answer(.|\\n)*holds the same", {"booted": "yes"}),
    ("esp32 deaf", "esp32 pace=8 deaf_at=30", "-p esp --yes esp@0x1000", NO_ANSWER, "half written(.|\\n)*stopped answering", {"booted": "no"}),
    ("esp32 unknown chip", "esp32 pace=8 wrong_chip=on", "-p esp --yes esp@0x1000", FAILED, "not known here", {"payload": "none"}),
    ("esp32 runs its flash", "esp32 pace=8 strap=run", "-p esp --identify --wait 6 --power true", NO_ANSWER, "did not answer", {}),
    ("esp32 beyond the flash", "esp32 pace=8 size=1m", "-p esp --yes esp@0xff000", USAGE, "does not fit", {"payload": "none"}),
    ("esp32 registers kept secret", "esp32 pace=8 secure=on", "-p esp --yes esp@0x1000", FAILED, "secure download", {"payload": "none"}),
    ("esp8266 write", "esp8266 pace=8 expect=esp", "-p esp --yes esp@0", WELL, "cannot read it back", {"payload": "right"}),
    ("esp8266 noise between the frames", "esp8266 pace=8 noise=on expect=esp", "-p esp --yes esp@0", WELL, "Done", {"payload": "right"}),
    ("esp8266 runs its flash, at 74880", "esp8266 strap=run power=off", "-p esp --identify --wait 12 --power SLOW", NO_ANSWER, "GPIO0", {}),

    ("stm32 identify", "stm32 pace=4", "-p stm32 --identify", WELL, "0x410(.|\n)*read protection: off", {}),
    ("stm32 write, compare, start", "stm32 pace=8 expect=stm", "-p stm32 --yes --start stm@0x08000000", WELL, "read back: it is the same", RIGHT),
    ("stm32 extended erase, real speed", "stm32 ext=on id=0x448 page=2k expect=stm", "-p stm32 --yes --start stm@0x08000000", WELL, "read back", RIGHT),
    ("stm32 protected", "stm32 pace=8 protected=on", "-p stm32 --yes stm@0x08000000", REFUSED, "protected", {"erases": None}),
    ("stm32 protected, identify", "stm32 pace=8 protected=on", "-p stm32 --identify", WELL, "read protection: on", {"erases": None}),
    ("stm32 a command refused", "stm32 pace=8 nack_at=9 expect=stm", "-p stm32 --yes --start stm@0x08000000", WELL, "refused", RIGHT),
    ("stm32 a write that writes nothing", "stm32 pace=8 write_fail=5", "-p stm32 --yes stm@0x08000000", FAILED, "holds something else", {"booted": "no"}),
    ("stm32 deaf", "stm32 pace=8 deaf_at=20", "-p stm32 --yes stm@0x08000000", NO_ANSWER, "stopped answering", {"booted": "no"}),
    ("stm32 unknown part", "stm32 pace=8 id=0x999", "-p stm32 --yes stm@0x08000000", FAILED, "page size", {"erases": None}),
    ("stm32 without --yes", "stm32", "-p stm32 stm@0x08000000", REFUSED, "erase and write", {}),

    ("sam-ba load, compare, start", "at91 pace=8 sink=sram expect=small", "-p sam-ba small@0x300000", WELL, "read back: it is the same(.|\n)*AT91Bootstrap", RIGHT),
    ("sam-ba identify", "at91", "-p sam-ba --identify", WELL, "0x270b0940, AT91SAM7S", {"booted": "no"}),
    ("sam-ba without RomBOOT", "at91 ready=off", "-p sam-ba --identify", WELL, "v1.4", {"booted": "no"}),
    ("sam-ba a reply lost", "at91 lose_reply=3", "-p sam-ba --identify", WELL, "sent again", {"booted": "no"}),
    ("sam-ba no memory there", "at91 pace=8 sink=sram", "-p sam-ba small@0x600000", FAILED, "holds something else", {"booted": "no"}),

    ("imx image", "imx pace=8 expect=u.imx", "-p imx u.imx", WELL, "emulated payload", {"booted": "yes"}),
    ("imx by address, real speed", "imx expect=small", "-p imx small@0x3f401000", WELL, "secure boot: off", RIGHT),
    ("imx closed", "imx closed=on", "-p imx --identify", WELL, "secure boot: on", {"booted": "no"}),
    ("imx refuses", "imx pace=8 refuse=on", "-p imx u.imx", FAILED, "refused u.imx", {"booted": "no"}),
    ("imx deaf", "imx pace=8 deaf_at=2", "-p imx u.imx", NO_ANSWER, "stopped answering", {"booted": "no"}),

    ("mediatek BL2 and FIP", "mtk pace=8 power=off expect=pay", "-p mediatek odd pay", WELL, "BL31", RIGHT),
    ("mediatek changing the rate, real speed", "mtk power=off expect=pay", "-p mediatek --load-baud 460800 odd pay", WELL, "460800", RIGHT),
    ("mediatek one program", "mtk pace=8 power=off fip=off expect=odd", "-p mediatek odd", WELL, "payload runs", RIGHT),
    ("mediatek a packet damaged", "mtk pace=8 power=off bad_packet=3 expect=pay", "-p mediatek odd pay", WELL, "packet 3 is sent again", dict(RIGHT, fault_packet="1")),
    ("mediatek secure boot", "mtk power=off secure=on", "-p mediatek odd", FAILED, "maker signed", {"booted": "no"}),
    ("mediatek wrong sum", "mtk pace=8 power=off bad_sum=on", "-p mediatek small", FAILED, "damaged again", {"booted": "no"}),
    ("mediatek identify", "mtk power=off", "-p mediatek --identify", WELL, "0x7986", {"booted": "no"}),
    ("mediatek deaf", "mtk power=off deaf_at=4", "-p mediatek small", NO_ANSWER, "stopped answering", {"booted": "no"}),
    ("ti silent", "torture what=silent", "-p ti spl --wait 3", NO_ANSWER, "did not answer", {}),
]


def words(text, w, port, name):
    out = ["bootrom", "--port", port]
    for word in text.split():
        path = os.path.join(w, re.sub("@.*", "", word))
        if word == "-p":
            out.append("--protocol")
        elif word.startswith("--") or out[-1] == "--protocol" or not os.path.exists(path):
            out.append(word)
        else:
            out.append(os.path.join(w, word))
    out = [DEVICE + " power d on >/dev/null; sleep 4; " + DEVICE + " power d cycle >/dev/null" if o == "SLOW" else o for o in out]
    if "--power" not in out and "power=off" in name and "torture" not in name:
        out += POWER
    return out


def case(w, name, spec, text, code, said, state):
    return at_bed([DEVICE], spec, w, lambda bed: run([UNBRICK] + words(text, w, bed.port, spec), bed.env, LIMIT), code, said, state)


def prepare(w):
    make_files(w)
    with open(os.path.join(w, "ub"), "rb") as f, open(os.path.join(w, "ub.spl"), "wb") as to:
        to.write(f.read(0x6000))


if __name__ == "__main__":
    main("bootrom", CASES, case, prepare)
