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
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
