#!/usr/bin/env python3
"""`unbrick inspect` on images that the real tools make here, for formats of which no sample is kept.

   UNBRICK=path/to/unbrick tests/integration/inspect_made.py       (or the path as first argument)

The last line is "N passed, N failed, N skipped"; exits with 0 when none failed."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

UNBRICK = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("UNBRICK", "./unbrick"))
# What mkfs.erofs may be told, where it knows how.
EROFS = ["", "-zlz4hc", "-zlz4hc -C65536", "-zlz4 -Elegacy-compress", "-zlz4hc -Eztailpacking", "-zlzma", "-zdeflate", "-zzstd", "-Eforce-inode-extended"]

# What mkimage may be told: its arguments, the format, and whether the file says that it is whole. SPL: 30001 bytes that begin with an ARM jump.
IMX = "IMAGE_VERSION %d\nBOOT_FROM %s\nDATA 4 0x020c4068 0xffffffff\n%s"
KWB = "VERSION %d\nBOOT_FROM %s\n%s"
MKIMAGE = [
    ("-T rksd -n rk3399", "", "rockchip-idb", "unknown"), ("-T rkspi -n rk3399", "", "rockchip-idb", "unknown"),
    ("-T rksd -n rk3568", "", "rockchip-idb", "yes"), ("-T rkspi -n rk3568", "", "rockchip-idb", "yes"),
    ("-T imximage -e 0x77800000 -n CONFIG", IMX % (1, "spi", ""), "imx-ivt", "unknown"),
    ("-T imximage -e 0x17800000 -n CONFIG", IMX % (2, "sd", ""), "imx-ivt", "unknown"),
    ("-T imximage -e 0x17800000 -n CONFIG", IMX % (2, "sd", "CSF 0x2000\n"), "imx-ivt", "unknown"),
    ("-T imximage -e 0x17800000 -n CONFIG", "IMAGE_VERSION 2\nBOOT_FROM sd\nPLUGIN SPL 0x00907000\n", "imx-ivt", "unknown"),
    ("-T imx8mimage -n CONFIG", "BOOT_FROM sd\nLOADER SPL 0x7E1000\n", "imx-ivt", "unknown"),
    ("-T imx8image -n CONFIG", "BOOT_FROM sd\nSOC_TYPE IMX8QX\nCONTAINER\nIMAGE A35 SPL 0x80000000\n", "imx-container", "yes"),
    ("-T kwbimage -a 0x600000 -e 0x600000 -n CONFIG", KWB % (0, "sata", "DATA 0xffd01400 0x43000c30\nDATA 0x0 0x0\n"), "kwbimage", "yes"),
    ("-T kwbimage -a 0x800000 -e 0x800000 -n CONFIG", KWB % (1, "spi", "BINARY SPL 0000005b 00000068\n"), "kwbimage", "yes"),
    ("-T kwbimage -a 0x800000 -e 0x800000 -n CONFIG", KWB % (1, "sdio", "BINARY SPL 0000005b 00000068\n"), "kwbimage", "yes"),
    ("-T kwbimage -a 0x800000 -e 0x800000 -n CONFIG", KWB % (1, "sata", "BINARY SPL 0000005b 00000068\n"), "kwbimage", "yes"),
    ("-T omapimage -a 0x402F0400", "", "ti-gp", "unknown"), ("-T omapimage -n byteswap -a 0x402F0400", "", "ti-gp", "unknown"),
    ("-T gpimage -a 0x0C200000", "", "ti-gp", "unknown"),
    ("-T socfpgaimage", "", "socfpga", "yes"), ("-T socfpgaimage_v1", "", "socfpga", "yes"),
    ("-T stm32image -a 0x2ffc2500 -e 0x2ffc2500", "", "stm32mp", "yes"),
    ("-T sunxi_egon -A arm -n sun7i-a20-cubieboard2", "", "egon-spl", "yes"),
    ("-T zynqimage", "", "zynq-boot", "unknown"), ("-T zynqmpimage", "", "zynq-boot", "unknown"),
    ("-T mtk_image -a 0x201000 -e 0x201000 -n media=emmc", "", "mediatek", "yes"),
    ("-T mtk_image -a 0x201000 -e 0x201000 -n media=sdmmc;arm64=1", "", "mediatek", "yes"),
    ("-T mtk_image -a 0x201000 -e 0x201000 -n media=nand;nandinfo=2g:2k+64", "", "mediatek", "yes"),
    ("-T mtk_image -a 0x201000 -e 0x201000 -n media=snand;nandinfo=4k+256", "", "mediatek", "yes"),
    ("-T mtk_image -a 0x201000 -e 0x201000 -n media=snand;nandinfo=hsm:2k+64", "", "mediatek", "unknown"),
    ("-T mtk_image -a 0x201000 -e 0x201000 -n lk=1", "", "mediatek", "unknown"),
    ("-T mtk_image -a 0x201000 -e 0x201000 -n mt7621=1", "", "uimage", "yes"),
    ("-T atmelimage", "", "at91-boot", "unknown"),
    ("-T ublimage -n CONFIG", "MODE safe\nENTRY 0x20\nPAGES 6\nSTART_BLOCK 0\nSTART_PAGE 0\nLD_ADDR 0x20\n", "davinci-ubl", "unknown"),
    ("-T firmware_ivt -A arm -O u-boot -a 0x17800000 -e 0x17800000 -n ivt", "", "uimage", "yes"),
    ("-T firmware -A arm -O u-boot -a 0x1000 -e 0x1000 -n text", "", "uimage", "yes"),
    ("-T script -A arm -n text", "", "uimage", "yes"), ("-T multi -A arm -n text", "", "uimage", "yes"),
]


def inspect(path):
    done = subprocess.run([UNBRICK, "inspect", "--json", path], capture_output=True, text=True, timeout=60)
    return json.loads(done.stdout)


def make_tree(folder):
    """Programs of this machine, by which the processor is told; one of them far down."""
    os.makedirs(os.path.join(folder, "usr/local/bin"))
    shutil.copy(os.path.realpath("/bin/sh"), os.path.join(folder, "usr/local/bin/sh"))
    with open(os.path.join(folder, "readme"), "w", encoding="ascii") as file:
        file.write("text\n" * 3000)


def check_erofs(path, arch):
    answer = inspect(path)
    if answer["format"] != "erofs" or answer["whole"] != "unknown" or answer["problems"]:
        return f"is {answer['format']} {answer['whole']} {answer['problems']}"
    # LZMA without its header is not unpacked here
    if answer["arch"] != arch and answer["compression"] != "lzma":
        return f"is for {answer['arch']}, not {arch}"
    with open(path, "r+b") as file:
        file.truncate(os.path.getsize(path) - 4096)
    return "" if inspect(path)["whole"] == "no" else "is not told to be cut"


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)
    return path


def make_spl(path):
    """ARM's vectors, then bytes that are no format."""
    vectors = b"\xb8\0\0\xea" + b"\x14\xf0\x9f\xe5" * 7
    return write(path, vectors + bytes((i * 7 + i // 256) & 0xff for i in range(30000 - len(vectors))))


def check_mkimage(folder, row):
    """What is wrong; None: mkimage of this machine cannot make it."""
    arguments, config, form, whole = row
    spl, path = make_spl(os.path.join(folder, "spl")), os.path.join(folder, "image")
    config = write(os.path.join(folder, "config"), config.replace("SPL", spl).encode())
    words = [config if word == "CONFIG" else word for word in arguments.split()]
    if not shutil.which("mkimage") or subprocess.run(["mkimage", *words, "-d", spl, path], capture_output=True).returncode != 0:
        return None
    answer = inspect(path)
    if (answer["format"], answer["whole"]) != (form, whole) or answer["problems"]:
        return f"is {answer['format']} {answer['whole']} {answer['problems']}, not {form} {whole}"
    with open(path, "rb") as file:
        data = bytearray(file.read())
    if inspect(write(path, data[:len(data) // 2]))["whole"] == "yes":
        return "half of it is called whole"
    data[len(data) // 3] ^= 1
    return "with a changed bit it is called whole" if inspect(write(path, data))["whole"] == "yes" else ""


def main():
    passed = failed = skipped = 0
    arch = inspect(os.path.realpath("/bin/sh"))["arch"]
    with tempfile.TemporaryDirectory(prefix="unbrick-made-") as folder:
        tree = os.path.join(folder, "tree")
        make_tree(tree)
        for options in EROFS:
            path = os.path.join(folder, "image")
            made = shutil.which("mkfs.erofs") and subprocess.run(["mkfs.erofs", *options.split(), path, tree], capture_output=True).returncode == 0
            if not made:
                print(f"skipped: mkfs.erofs {options} is not here", file=sys.stderr)
                skipped += 1
                continue
            wrong = check_erofs(path, arch)
            print(f"{'failed' if wrong else 'ok'}: mkfs.erofs {options} {wrong}")
            passed, failed = passed + (not wrong), failed + bool(wrong)
            os.remove(path)
        for row in MKIMAGE:
            wrong = check_mkimage(folder, row)
            print(f"{'skipped' if wrong is None else 'failed' if wrong else 'ok'}: mkimage {row[0]} {wrong or ''}")
            passed, failed, skipped = passed + (wrong == ""), failed + bool(wrong), skipped + (wrong is None)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
