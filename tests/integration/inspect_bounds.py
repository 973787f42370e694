#!/usr/bin/env python3
"""`unbrick inspect` on files that were made to keep it busy for ever or to fill the memory: each ends with an answer, in less than 64 MiB.

   UNBRICK=path/to/unbrick tests/integration/inspect_bounds.py       (or the path as first argument)

The last line is "N passed, N failed, N skipped"; exits with 0 when none failed."""
import gzip
import io
import json
import lzma
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile

UNBRICK = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("UNBRICK", "./unbrick"))
MEMORY_MAX_KIB = 64 * 1024
PATIENCE_SECONDS = "60"  # before, the first of them took hours
ZEROS = bytes(1 << 20)


def zip_of(members):
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return into.getvalue()


def tar_of(members):
    into = io.BytesIO()
    with tarfile.open(fileobj=into, mode="w") as archive:
        for name, data in members:
            about = tarfile.TarInfo(name)
            about.size = len(data)
            archive.addfile(about, io.BytesIO(data))
    return into.getvalue()


def zips_in_zips(depth):
    data = zip_of([("0.bin", ZEROS * 64)])
    for _ in range(depth):
        data = zip_of([(f"{i}.zip", data) for i in range(16)])
    return data


def bombs():
    yield "zips of zips of zips", zips_in_zips(5)
    yield "a tar of zips of zips", tar_of([(f"{i}.zip", zips_in_zips(2)) for i in range(16)])
    yield "the same, packed", gzip.compress(tar_of([(f"{i}.zip", zips_in_zips(2)) for i in range(16)]))
    packed = lzma.compress(os.urandom(200_000))
    yield "a tar of many xz files", tar_of([(f"{i}.xz", packed) for i in range(200)])
    yield "two GiB of zeros, packed twice", gzip.compress(gzip.compress(ZEROS * 512) * 4)


# A child's peak counts from that of its parent, so the parent has to be a small one.
LAUNCHER = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.stdout.buffer.write(done.stdout)
"""


def check(path, *options):
    done = subprocess.run([sys.executable, "-S", "-c", LAUNCHER, "timeout", PATIENCE_SECONDS, UNBRICK, "inspect", "--json", *options, path],
                          capture_output=True, text=True, check=True)
    memory, _, answer = done.stdout.partition("\n")
    if not answer.strip():
        return "gives no answer"
    json.loads(answer)
    return f"takes {memory} KiB" if int(memory) > MEMORY_MAX_KIB else ""


def main():
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="unbrick-bounds-") as folder:
        path = os.path.join(folder, "file")

        def tell(name, *options):
            nonlocal passed, failed
            wrong = check(path, *options)
            print(f"{'failed' if wrong else 'ok'}: {name} {wrong}")
            passed, failed = passed + (not wrong), failed + bool(wrong)

        for name, data in bombs():
            with open(path, "wb") as file:
                file.write(data)
            tell(name)
        for name, head in (("a card image of 2 GiB that is empty", b""), ("a device tree's head and 2 GiB behind it", b"\xd0\x0d\xfe\xed" + ZEROS[:60])):
            with open(path, "wb") as file:
                file.write(head)
                file.truncate(2 << 30)
            tell(name)
        with gzip.open(path, "wb", compresslevel=0) as file:
            for _ in range(96):
                file.write(os.urandom(1 << 20))
        tell("a long packed file, looked at deeply", "--deep")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
