#!/usr/bin/env python3
"""unbrick verify with lists, keys and signatures that this test makes: by OpenSSL in the published formats, and by the real tools (minisign,
signify, gpg) where they are.

   UNBRICK=path/to/unbrick tests/integration/verify.py       (or the path as first argument)

The last line is "N passed, N failed, N skipped"; exits with 0 when none failed."""
import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from cases import Skip, Wrong, case, run_cases

UNBRICK = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("UNBRICK", "./unbrick"))
WELL, USAGE, WRONG, NOTHING = 0, 2, 10, 12
DATA = bytes(i * 7 & 255 for i in range(200000))


def command(*arguments, **more):
    done = subprocess.run(arguments, capture_output=True, **more)
    if done.returncode:
        raise Wrong(f"{' '.join(arguments)}: {done.stderr[-400:]}")
    return done.stdout


def openssl(*arguments, **more):
    return command("openssl", *arguments, **more)


def write(name, data):
    with open(name, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())
    return name


def read(name):
    with open(name, "rb") as file:
        return file.read()


def verify(*arguments, **environment):
    return subprocess.run([UNBRICK, "verify", *arguments], capture_output=True, text=True, timeout=60, env={**os.environ, **environment})


def ends(done, code, *texts):
    shown = f"\n     code {done.returncode}\n     out: {done.stdout[-900:]}\n     err: {done.stderr[-400:]}"
    if done.returncode != code:
        raise Wrong(f"exit code {done.returncode} instead of {code}" + shown)
    for text in texts:
        if text not in done.stdout + done.stderr:
            raise Wrong(f"does not say '{text}'" + shown)
    if "Sanitizer" in done.stderr or "runtime error" in done.stderr:
        raise Wrong("a sanitizer speaks" + shown)


def changed():
    """The same file with one bit turned."""
    os.makedirs("other", exist_ok=True)
    return write("other/fw.bin", DATA[:-1] + bytes([DATA[-1] ^ 1]))


# ---- checksums ----

@case
def hashes_by_hand():
    ends(verify("fw.bin", "--sha256", hashlib.sha256(DATA).hexdigest()), WELL, "fw.bin: ok", "given by hand")
    ends(verify("fw.bin", "--sha512", hashlib.sha512(DATA).hexdigest().upper()), WELL)
    ends(verify("fw.bin", "--sha1", hashlib.sha1(DATA).hexdigest()), WELL, "SHA-1 protects against damage, not against forgery")
    ends(verify("fw.bin", "--md5", hashlib.md5(DATA).hexdigest()), WELL, "MD5 protects against damage, not against forgery")
    ends(verify("fw.bin", "--sha256", hashlib.sha256(b"").hexdigest()), WRONG, "fw.bin: wrong", hashlib.sha256(DATA).hexdigest())
    ends(verify("fw.bin", "--sha256", hashlib.sha256(DATA).hexdigest(), "--md5", hashlib.md5(b"").hexdigest()), WRONG)
    ends(verify("fw.bin", "--sha256", "12"), USAGE, "64 digits")


@case
def lists_in_every_style():
    digest = hashlib.sha256(DATA).hexdigest()
    for text in (f"{digest}  fw.bin\n", f"{digest} *fw.bin\r\n", f"SHA256 (dist/fw.bin) = {digest}\n", f"{digest}\n", f"# x\n\n{'0' * 64}  a\n{digest}  ./fw.bin"):
        ends(verify("fw.bin", "--sums", write("list", text)), WELL, "list")
    ends(verify("fw.bin", "--sums", write("list", f"{'0' * 64}  fw.bin\n")), WRONG, "expected 000000")
    ends(verify("fw.bin", "--sums", write("list", f"{digest}  other.bin\n")), NOTHING, "does not name")
    ends(verify("fw.bin", "--sums", write("list", "hello\n")), USAGE, "not one line")
    ends(verify("fw.bin", "--sums", "missing"), USAGE, "missing")
    ends(verify("fw.bin", "--sums", "."), USAGE, "a folder")
    ends(verify("fw.bin", "--sums", write("list", f"{hashlib.blake2b(DATA).hexdigest()}  fw.bin\n")), WELL, "blake2b512")
    ends(verify(changed(), "--sums", write("list", f"{hashlib.blake2b(DATA).hexdigest()}\n")), WRONG)
    ends(verify("fw.bin", "--sums", write("list", f"SHA256  {digest.upper()}  C:\\x\\fw.bin\r\n".encode("utf-16"))), WELL)   # PowerShell
    ends(verify("fw.bin", "--sha256", "sha256:" + digest), WELL)
    ends(verify(os.path.abspath("fw.bin"), "--sums", write("list", f"{'0' * 64}  old/fw.bin\n{digest}  {os.path.basename(os.getcwd())}/fw.bin\n")), WELL)


@case
def a_value_without_a_word_of_its_algorithm():
    """Only its length tells: what fits is named, and wrong is only what fits none."""
    hashes = {"sha3-256": hashlib.sha3_256(DATA), "blake2s256": hashlib.blake2s(DATA),
              "sha3-384": hashlib.sha3_384(DATA), "sha3-512": hashlib.sha3_512(DATA),
              "blake2b512": hashlib.blake2b(DATA), "blake2b256": hashlib.blake2b(DATA, digest_size=32),
              "blake2b384": hashlib.blake2b(DATA, digest_size=48)}
    other = changed()
    for name, value in hashes.items():
        ends(verify("fw.bin", "--sums", write("list", f"{value.hexdigest()}  fw.bin\n")), WELL, f"ok           {name}, list")
        ends(verify(other, "--sums", "list"), WRONG, "nor is it its", name)
        ends(verify("fw.bin", "--sums", write("list", f"{name.upper()} (fw.bin) = {value.hexdigest()}\n")), WELL, f"ok           {name}, list")
        done = verify("fw.bin", "--sums", write("list", f"sha{value.digest_size * 8}:{value.hexdigest()}  fw.bin\n"))
        ends(done, WRONG, "expected")
        if "nor is it" in done.stdout:
            raise Wrong("another algorithm was tried than the one that was told")


@case
def blake2b_as_b2sum_writes_it():
    for bits in (256, 384, 512):
        for data in (b"", DATA[:127], DATA[:128], DATA[:129], DATA):
            value = hashlib.blake2b(data, digest_size=bits // 8).hexdigest()
            ends(verify(write("b2.bin", data), "--sums", write("list", f"BLAKE2b-{bits} (b2.bin) = {value}\n")), WELL, f"ok           blake2b{bits}, list")
        ends(verify("b2.bin", "--sums", write("list", f"BLAKE2b-{bits} (b2.bin) = {'0' * (bits // 4)}\n")), WRONG, "expected 0000")


@case
def a_renamed_file_is_known_by_its_checksum():
    """A remark and no more: it is what the list calls so, which may not be what was meant."""
    remark = "the file is what it calls 'dist/fw-1.2.bin'"
    for algorithm in ("sha256", "sha512", "sha1", "md5"):
        digest = hashlib.new(algorithm, DATA).hexdigest()
        write("list", f"{'0' * len(digest)}  old.bin\n{digest}  dist/fw-1.2.bin\n")
        ends(verify("fw.bin", "--sums", "list"), NOTHING, "does not name 'fw.bin'", remark)
    if "it calls" in verify(changed(), "--sums", "list").stdout:
        raise Wrong("a changed file is called by a name of the list")
    finding = json.loads(verify("fw.bin", "--sums", "list", "--json").stdout)[0]["findings"][0]
    if finding["outcome"] != "cannot tell" or remark not in finding["warning"]:
        raise Wrong(str(finding))
    os.makedirs("renamed", exist_ok=True)
    shutil.copy("fw.bin", "renamed/download.bin")
    write("renamed/SHA256SUMS", f"{hashlib.sha256(DATA).hexdigest()}  fw\x1b[2J.bin\n")
    ends(verify("renamed/download.bin"), NOTHING, "does not name", "it calls 'fw.bin'")


@case
def several_files_and_one_list():
    write("b.bin", b"b")
    write("list", f"{hashlib.sha256(DATA).hexdigest()}  fw.bin\n{hashlib.sha256(b'b').hexdigest()}  b.bin\n{'0' * 64}  c.bin\n")
    ends(verify("fw.bin", "b.bin", "--sums", "list"), WELL)
    ends(verify("fw.bin", "missing.bin", "--sums", "list"), USAGE, "fw.bin: ok", "missing.bin")
    write("c.bin", b"c")
    ends(verify("fw.bin", "b.bin", "c.bin", "--sums", "list"), WRONG, "c.bin: wrong")
    ends(verify("fw.bin", "b.bin", "--sha256", "0" * 64), USAGE, "one file")
    ends(verify(), USAGE, "needs a file")
    os.makedirs("dist/sub", exist_ok=True)
    shutil.copy("fw.bin", "dist/fw.bin")
    shutil.copy("b.bin", "dist/sub/b.bin")
    lines = f"{hashlib.sha256(DATA).hexdigest()}  fw.bin\nMD5 (fw.bin) = {hashlib.md5(DATA).hexdigest()}\n{hashlib.sha256(b'b').hexdigest()} *sub/b.bin\n{'0' * 64}  gone.bin\n"
    write("dist/SUMS", lines)
    done = verify("--sums", "dist/SUMS")
    ends(done, WELL, "dist/fw.bin: ok", "dist/sub/b.bin: ok", "1 file that the list names beside these is not here")
    if done.stdout.count("fw.bin: ok") != 1:
        raise Wrong("a file that the list names twice is verified twice")
    if len(json.loads(verify("--sums", "dist/SUMS", "--json").stdout)) != 2:
        raise Wrong("JSON of a list")
    shutil.copy("c.bin", "dist/gone.bin")
    ends(verify("--sums", "dist/SUMS"), WRONG, "dist/gone.bin: wrong")
    ends(verify("--sums", write("sub-list", f"{'0' * 64}  nowhere.bin\n")), USAGE, "none of the files")
    ends(verify("--sums", write("sub-list", f"{'0' * 64}\n")), USAGE, "names no file")
    ends(verify("--sums", write("sub-list", "".join(f"{'0' * 64}  {i}\n" for i in range(8193)))), USAGE, "more than 8192 lines")
    ends(verify("--sums", "dist/SUMS", "--sha256", "0" * 64), USAGE, "one file")
    ends(verify("."), USAGE, "folder")


@case
def what_lies_beside_is_found():
    folder = "beside"
    os.makedirs(folder)
    path = folder + "/fw.bin"
    shutil.copy("fw.bin", path)
    ends(verify(path), NOTHING, "nothing to compare with", "next: give what the vendor says", hashlib.sha256(DATA).hexdigest())
    write(path + ".sha256", hashlib.sha256(DATA).hexdigest() + "\n")
    ends(verify(path), WELL, "came along with the file")
    write(folder + "/SHA512SUMS", hashlib.sha512(b"").hexdigest() + "  fw.bin\n")
    ends(verify(path), WRONG, "SHA512SUMS")
    os.remove(folder + "/SHA512SUMS")
    write(folder + "/SHA256SUMS", "0" * 64 + "  else.bin\n")
    ends(verify(path), WELL)
    shutil.copy("mini.sig", path + ".minisig")
    ends(verify(path), WELL, "--key names the vendor")      # the list is right; the signature cannot be told without a key
    ends(verify(path, "--key", "mini.pub"), WELL, "minisign", "0807060504030201")
    os.remove(path + ".minisig")
    ends(verify(path, "--key", "mini.pub"), NOTHING, "no signature")


@case
def the_catalogue_knows_firmware():
    os.makedirs("db/devices/acme")
    write("db/devices/acme/a1.yaml", f"vendor: Acme\nmodel: A1\nkind: camera\nno-method: none is known\nfirmware:\n  - {{ version: 1.2.3, file: fw.bin, "
          f"size: {len(DATA)}, sha256: {hashlib.sha256(DATA).hexdigest()} }}\nsources:\n  all: made up\n")
    ends(verify("fw.bin", "--db", "db"), WELL, "the catalogue: acme/a1", "1.2.3", "Acme A1")
    ends(verify(changed(), "--db", "db"), NOTHING, "nothing to compare with")


@case
def json_says_the_same():
    done = verify("fw.bin", "--json", "--md5", hashlib.md5(DATA).hexdigest())
    ends(done, WELL)
    document = json.loads(done.stdout)
    finding = document[0]["findings"][0]
    if (document[0]["outcome"], finding["outcome"], finding["algorithm"], document[0]["bytes"]) != ("ok", "ok", "md5", len(DATA)) or not finding["warning"]:
        raise Wrong(done.stdout)
    done = verify("fw.bin", "missing", "--json")
    ends(done, USAGE)
    if [entry["outcome"] for entry in json.loads(done.stdout)] != ["cannot tell", "unusable"]:
        raise Wrong(done.stdout)


# ---- minisign and signify, in their published formats ----

KEY_ID = bytes(range(1, 9))


def ed25519_sign(message, key="ed.key"):
    write("message", message)
    return openssl("pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", "message")


def public_file(key="ed.key", key_id=KEY_ID):
    raw = openssl("pkey", "-in", key, "-pubout", "-outform", "DER")[-32:]
    return b"untrusted comment: test\n" + base64.b64encode(b"Ed" + key_id + raw) + b"\n"


def minisign_file(message=DATA, comment=b"timestamp:1\tfile:fw.bin\thashed", algorithm=b"ED", key_id=KEY_ID):
    value = ed25519_sign(hashlib.blake2b(message).digest() if algorithm == b"ED" else message)
    return (b"untrusted comment: x\n" + base64.b64encode(algorithm + key_id + value) + b"\ntrusted comment: " + comment + b"\n" +
            base64.b64encode(ed25519_sign(value + comment)) + b"\n")


def make_keys():
    openssl("genpkey", "-algorithm", "ed25519", "-out", "ed.key")
    openssl("genpkey", "-algorithm", "ed25519", "-out", "other.key")
    openssl("pkey", "-in", "ed.key", "-pubout", "-out", "ed.pub")
    write("mini.pub", public_file())
    write("mini.sig", minisign_file())
    write("signify.sig", b"untrusted comment: x\n" + base64.b64encode(b"Ed" + KEY_ID + ed25519_sign(DATA)) + b"\n")


@case
def minisign_prehashed_and_legacy():
    ends(verify("fw.bin", "--signature", "mini.sig", "--key", "mini.pub"), WELL, "signed by", "0807060504030201", "file:fw.bin")
    write("key-line", read("mini.pub").split(b"\n")[1])
    ends(verify("fw.bin", "--signature", "mini.sig", "--key", "key-line"), WELL)
    ends(verify("fw.bin", "--signature", "mini.sig", "--key", read("key-line").decode()), WELL, "0807060504030201")
    ends(verify("fw.bin", "--signature", "mini.sig", "--key", read("key-line").decode()[:-1]), USAGE, "all 56 characters")
    ends(verify("fw.bin", "--signature", write("legacy.sig", minisign_file(algorithm=b"Ed")), "--key", "mini.pub"), WELL, "minisign")
    ends(verify(changed(), "--signature", "mini.sig", "--key", "mini.pub"), WRONG, "not of this file")
    ends(verify(changed(), "--signature", "legacy.sig", "--key", "mini.pub"), WRONG, "not of this file")
    write("crlf.sig", read("mini.sig").replace(b"\n", b"\r\n"))
    ends(verify("fw.bin", "--signature", "crlf.sig", "--key", "mini.pub"), WELL)


@case
def a_changed_trusted_comment_is_wrong():
    write("changed.sig", read("mini.sig").replace(b"timestamp:1", b"timestamp:2"))
    ends(verify("fw.bin", "--signature", "changed.sig", "--key", "mini.pub"), WRONG, "trusted comment was changed")


@case
def a_signature_for_another_name_is_noted():
    write("named.sig", minisign_file(comment=b"timestamp:1\tfile:fw 2.0.bin"))
    ends(verify("fw.bin", "--signature", "named.sig", "--key", "mini.pub"), WELL, "made for a file called 'fw 2.0.bin'")


@case
def another_key_tells_nothing():
    write("other.pub", public_file("other.key", b"\x09" * 8))
    ends(verify("fw.bin", "--signature", "mini.sig", "--key", "other.pub"), NOTHING, "0909090909090909")
    write("lying.pub", public_file("other.key"))        # the right id, another key
    ends(verify("fw.bin", "--signature", "mini.sig", "--key", "lying.pub"), WRONG)
    ends(verify("fw.bin", "--signature", "mini.sig"), NOTHING, "--key names")


@case
def signify():
    ends(verify("fw.bin", "--signature", "signify.sig", "--key", "mini.pub"), WELL, "signify", "0102030405060708")
    ends(verify(changed(), "--signature", "signify.sig", "--key", "mini.pub"), WRONG)


@case
def damaged_signatures_and_keys_are_unusable():
    whole = read("mini.sig")
    for cut in (30, 60, len(whole) - 60, len(whole) - 2):
        ends(verify("fw.bin", "--signature", write("cut.sig", whole[:cut]), "--key", "mini.pub"), USAGE, "cannot be read")
    ends(verify("fw.bin", "--signature", "mini.sig", "--key", "fw.bin"), USAGE, "no public key")
    ends(verify("fw.bin", "--signature", "missing", "--key", "mini.pub"), USAGE, "missing")
    ends(verify("fw.bin", "--signature", write("empty", b""), "--key", "mini.pub"), USAGE, "empty")


# ---- plain signatures ----

@case
def rsa_with_both_paddings():
    openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "rsa.key")
    openssl("pkey", "-in", "rsa.key", "-pubout", "-out", "rsa.pub")
    openssl("pkey", "-in", "rsa.key", "-pubout", "-outform", "DER", "-out", "rsa.der")
    openssl("req", "-x509", "-new", "-key", "rsa.key", "-subj", "/CN=Vendor Firmware", "-days", "2", "-out", "rsa.crt")
    openssl("dgst", "-sha256", "-sign", "rsa.key", "-out", "rsa.sig", "fw.bin")
    for key in ("rsa.pub", "rsa.der", "rsa.crt"):
        ends(verify("fw.bin", "--signature", "rsa.sig", "--key", key), WELL, "rsa", "sha256", "key sha256:")
    ends(verify("fw.bin", "--signature", "rsa.sig", "--key", "rsa.crt"), WELL, "CN=Vendor Firmware")
    ends(verify(changed(), "--signature", "rsa.sig", "--key", "rsa.pub"), WRONG, "does not fit")
    openssl("dgst", "-sha512", "-sigopt", "rsa_padding_mode:pss", "-sign", "rsa.key", "-out", "pss.sig", "fw.bin")
    ends(verify("fw.bin", "--signature", "pss.sig", "--key", "rsa.pub"), WELL, "sha512")
    openssl("dgst", "-sha1", "-sign", "rsa.key", "-out", "sha1.sig", "fw.bin")
    ends(verify("fw.bin", "--signature", "sha1.sig", "--key", "rsa.pub"), WELL, "SHA-1 protects")
    ends(verify("fw.bin", "--signature", "rsa.sig"), NOTHING, "--key names")
    ends(verify("fw.bin", "--signature", write("text.sig", "this is no signature"), "--key", "rsa.pub"), NOTHING, "form of a signature")
    ends(verify("fw.bin", "--signature", "rsa.sig", "--key", "ed.pub"), NOTHING, "form of a signature")
    ends(verify("fw.bin", "--signature", "rsa.sig", "--key", "mini.pub"), NOTHING, "minisign or signify")
    ends(verify("fw.bin", "--signature", "rsa.sig", "--key", "fw.bin"), USAGE, "none that is known")
    ends(verify("fw.bin", "--signature", "rsa.sig", "--key", "rsa.key"), USAGE, "a private one", "-pubout")
    openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024", "-out", "short.key")
    openssl("dgst", "-sha256", "-sign", "short.key", "-out", "short.sig", "fw.bin")
    openssl("pkey", "-in", "short.key", "-pubout", "-out", "short.pub")
    ends(verify("fw.bin", "--signature", "short.sig", "--key", "short.pub"), WELL, "1024 bits")


@case
def ecdsa_and_ed25519():
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "ec.key")
    openssl("pkey", "-in", "ec.key", "-pubout", "-out", "ec.pub")
    openssl("dgst", "-sha384", "-sign", "ec.key", "-out", "ec.sig", "fw.bin")
    ends(verify("fw.bin", "--signature", "ec.sig", "--key", "ec.pub"), WELL, "ecdsa", "sha384")
    ends(verify(changed(), "--signature", "ec.sig", "--key", "ec.pub"), WRONG)
    write("ed.sig", ed25519_sign(DATA))
    ends(verify("fw.bin", "--signature", "ed.sig", "--key", "ed.pub"), WELL, "ed25519")
    ends(verify(changed(), "--signature", "ed.sig", "--key", "ed.pub"), WRONG)


# ---- CMS ----

def make_signer(name, signed_by=None, days="2"):
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", name + ".key", "-subj", f"/CN={name}")
    if signed_by is None:
        openssl("req", "-x509", *new, "-days", days, "-out", name + ".crt")
        return
    openssl("req", *new, "-out", name + ".csr")
    openssl("x509", "-req", "-in", name + ".csr", "-CA", signed_by + ".crt", "-CAkey", signed_by + ".key", "-CAcreateserial", "-days", days,
            "-out", name + ".crt")


@case
def cms_with_a_chain():
    make_signer("root")
    make_signer("stranger")
    make_signer("signer", "root")
    openssl("cms", "-sign", "-binary", "-in", "fw.bin", "-signer", "signer.crt", "-inkey", "signer.key", "-outform", "DER", "-out", "fw.p7s")
    openssl("cms", "-sign", "-binary", "-in", "fw.bin", "-signer", "signer.crt", "-inkey", "signer.key", "-outform", "PEM", "-out", "fw.p7s.pem")
    openssl("smime", "-sign", "-binary", "-in", "fw.bin", "-signer", "signer.crt", "-inkey", "signer.key", "-outform", "PEM", "-out", "fw.p7.pem")
    for signature in ("fw.p7s", "fw.p7s.pem", "fw.p7.pem"):
        ends(verify("fw.bin", "--signature", signature, "--ca", "root.crt"), WELL, "cms", "CN=signer")
        ends(verify(changed(), "--signature", signature, "--ca", "root.crt"), WRONG, "not of this file")
    openssl("cms", "-sign", "-binary", "-noattr", "-in", "fw.bin", "-signer", "signer.crt", "-inkey", "signer.key", "-outform", "DER", "-out", "bare.p7s")
    ends(verify("fw.bin", "--signature", "bare.p7s", "--ca", "root.crt"), WELL)
    ends(verify(changed(), "--signature", "bare.p7s", "--ca", "root.crt"), WRONG, "not of this file")
    ends(verify("fw.bin", "--signature", "fw.p7s"), NOTHING, "anybody could have made it")
    ends(verify("fw.bin", "--signature", "fw.p7s", "--ca", "stranger.crt"), NOTHING, "does not vouch")
    ends(verify("fw.bin", "--signature", "fw.p7s", "--ca", "signer.crt"), WELL)         # the signer's own certificate is trust enough
    ends(verify("fw.bin", "--signature", "fw.p7s", "--key", "signer.crt"), WELL, "--key is the key")
    ends(verify("fw.bin", "--signature", "fw.p7s", "--key", "stranger.crt"), NOTHING, "another key")
    ends(verify("fw.bin", "--signature", "fw.p7s", "--ca", "fw.bin"), USAGE, "no certificate")
    ends(verify("fw.bin", "--signature", write("cut.p7s", read("fw.p7s")[:100])), USAGE, "damaged")


@case
def cms_signed_as_text():
    openssl("cms", "-sign", "-in", "fw.bin", "-signer", "signer.crt", "-inkey", "signer.key", "-outform", "DER", "-out", "text.p7s")
    ends(verify("fw.bin", "--signature", "text.p7s", "--ca", "root.crt"), NOTHING, "as if it were text")
    ends(verify(write("other.bin", b"x" + read("fw.bin")), "--signature", "text.p7s", "--ca", "root.crt"), WRONG, "not of this file")
    ends(verify("fw.bin", "--signature", write("cut.p7s", read("text.p7s")[:5]), "--ca", "root.crt"), NOTHING, "not the form", "--ca")


@case
def cms_without_its_certificate():
    openssl("cms", "-sign", "-binary", "-nocerts", "-in", "fw.bin", "-signer", "signer.crt", "-inkey", "signer.key", "-outform", "DER", "-out", "bare.p7s")
    ends(verify("fw.bin", "--signature", "bare.p7s", "--ca", "root.crt"), NOTHING, "--key names it")
    ends(verify("fw.bin", "--signature", "bare.p7s", "--ca", "root.crt", "--key", "signer.crt"), WELL)
    ends(verify(changed(), "--signature", "bare.p7s", "--ca", "root.crt", "--key", "signer.crt"), WRONG)


@case
def cms_of_an_expired_signer():
    make_signer("old", "root", "-1")
    openssl("cms", "-sign", "-binary", "-in", "fw.bin", "-signer", "old.crt", "-inkey", "old.key", "-outform", "DER", "-out", "old.p7s")
    ends(verify("fw.bin", "--signature", "old.p7s", "--ca", "root.crt"), NOTHING, "expired")


# ---- the real tools ----

@case
def signatures_of_minisign_itself():
    if not shutil.which("minisign"):
        raise Skip("minisign is not here")
    command("minisign", "-G", "-W", "-p", "real.pub", "-s", "real.sec")
    for how in ((), ("-l",)):
        command("minisign", "-S", *how, "-s", "real.sec", "-m", "fw.bin", "-x", "real.sig", "-t", "firmware 1.2")
        ends(verify("fw.bin", "--signature", "real.sig", "--key", "real.pub"), WELL, "firmware 1.2", read("real.pub").split(b"key ")[1][:16].decode())
        ends(verify(changed(), "--signature", "real.sig", "--key", "real.pub"), WRONG)


@case
def minisign_accepts_what_this_test_makes():
    if not shutil.which("minisign"):
        raise Skip("minisign is not here")
    command("minisign", "-V", "-p", "mini.pub", "-x", "mini.sig", "-m", "fw.bin")


@case
def signatures_of_signify_itself():
    tool = shutil.which("signify-openbsd")
    if not tool:
        raise Skip("signify-openbsd is not here")
    command(tool, "-G", "-n", "-p", "sfy.pub", "-s", "sfy.sec")
    command(tool, "-S", "-s", "sfy.sec", "-m", "fw.bin", "-x", "sfy.sig")
    ends(verify("fw.bin", "--signature", "sfy.sig", "--key", "sfy.pub"), WELL)
    ends(verify(changed(), "--signature", "sfy.sig", "--key", "sfy.pub"), WRONG)


@case
def openpgp():
    if not shutil.which("gpg") or not shutil.which("gpgv") or not shutil.which("gpg-agent"):
        raise Skip("gpg, gpg-agent or gpgv is not here")
    home = os.path.join(work, "gnupg")
    os.mkdir(home, 0o700)
    gpg = ("gpg", "--homedir", home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "")
    try:
        command(*gpg, "--quick-generate-key", "Vendor <fw@vendor.example>", "ed25519", "sign", "never")
        command(*gpg, "--quick-generate-key", "Other <x@vendor.example>", "ed25519", "sign", "never")
        write("vendor.gpg", command(*gpg, "--export", "fw@vendor.example"))
        write("vendor.asc", command(*gpg, "--armor", "--export", "fw@vendor.example"))
        for user, name in (("fw@vendor.example", "pgp"), ("x@vendor.example", "stranger")):
            command(*gpg, "--local-user", user, "--detach-sign", "--output", name + ".sig", "fw.bin")
        command(*gpg, "--armor", "--local-user", "fw@vendor.example", "--detach-sign", "--output", "pgp.asc", "fw.bin")
        command(*gpg, "--digest-algo", "SHA1", "--quick-generate-key", "Old <old@vendor.example>", "rsa2048", "sign", "never")
        command(*gpg, "--digest-algo", "SHA1", "--local-user", "old@vendor.example", "--detach-sign", "--output", "weak.sig", "fw.bin")
        then = ("--faked-system-time", "20200101T000000")
        command(*gpg, *then, "--quick-generate-key", "Gone <gone@vendor.example>", "ed25519", "sign", "10d")
        command(*gpg, *then, "--local-user", "gone@vendor.example", "--detach-sign", "--output", "expired.sig", "fw.bin")
        command(*gpg, "--local-user", "old@vendor.example", "--detach-sign", "--output", "revoked.sig", "fw.bin")
        write("old.gpg", command(*gpg, "--export", "old@vendor.example", "gone@vendor.example"))
        for name in os.listdir(os.path.join(home, "openpgp-revocs.d")):
            write("revocation", read(os.path.join(home, "openpgp-revocs.d", name)).replace(b":-----BEGIN", b"-----BEGIN"))
            command(*gpg, "--import", "revocation")
        write("revoked.gpg", command(*gpg, "--export", "old@vendor.example"))
    finally:
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], capture_output=True)
    for signature in ("pgp.sig", "pgp.asc"):
        ends(verify("fw.bin", "--signature", signature, "--keyring", "vendor.gpg"), WELL, "openpgp", "Vendor <fw@vendor.example>")
        ends(verify(changed(), "--signature", signature, "--keyring", "vendor.gpg"), WRONG, "not of this file")
    ends(verify("fw.bin", "--signature", "stranger.sig", "--keyring", "vendor.gpg"), NOTHING, "not in the keyring")
    ends(verify("fw.bin", "--signature", "weak.sig", "--keyring", "old.gpg"), WELL, "SHA-1 protects against damage")
    ends(verify("fw.bin", "--signature", "expired.sig", "--keyring", "old.gpg"), NOTHING, "its key has expired")
    ends(verify("fw.bin", "--signature", "revoked.sig", "--keyring", "old.gpg"), WELL, "Old")
    ends(verify("fw.bin", "--signature", "revoked.sig", "--keyring", "revoked.gpg"), NOTHING, "its key was revoked")
    write("both.sig", read("stranger.sig") + read("pgp.sig"))
    ends(verify("fw.bin", "--signature", "both.sig", "--keyring", "vendor.gpg"), WELL, "Vendor")
    ends(verify(changed(), "--signature", "both.sig", "--keyring", "vendor.gpg"), WRONG)
    ends(verify("fw.bin", "--signature", "pgp.sig"), NOTHING, "--keyring names")
    ends(verify("fw.bin", "--signature", "pgp.sig", "--keyring", "vendor.asc"), USAGE, "--dearmor")
    ends(verify("fw.bin", "--signature", "pgp.sig", "--keyring", "missing"), USAGE, "missing")
    ends(verify("fw.bin", "--signature", "pgp.sig", "--keyring", "vendor.gpg", PATH=work), NOTHING, "gpgv is not installed")


# ---- signatures in a FIT, made by U-Boot's mkimage ----

FIT = """/dts-v1/;
/ {
	description = "test";
	#address-cells = <1>;
	images {
		kernel-1 { data = /incbin/("kernel"); type = "kernel"; arch = "arm64"; os = "linux"; compression = "none"; load = <0>; entry = <0>; %(part)s };
		fdt-1 { data = /incbin/("tree"); type = "flat_dt"; arch = "arm64"; compression = "none"; %(part)s };
		fdt-2 { data = /incbin/("tree"); type = "flat_dt"; arch = "arm64"; compression = "none"; %(part)s };
	};
	configurations {
		default = "conf-1";
		conf-1 { kernel = "kernel-1"; fdt = "fdt-1"; %(conf)s };
		conf-2 { kernel = "kernel-1"; fdt = "fdt-2"; };
	};
};
"""


def make_fit(name, algorithm, key, *options, padding="pkcs-1.5", signs="conf", hash_="sha256"):
    """A FIT signed with key; keys lie as mkimage wants them."""
    if not shutil.which("mkimage") or not shutil.which("dtc"):
        raise Skip("mkimage and dtc are not here")
    os.makedirs("fitkeys", exist_ok=True)
    if not os.path.exists(f"fitkeys/{key}.key"):
        kind = ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"] if key.startswith("ec") else ["RSA", "-pkeyopt", f"rsa_keygen_bits:{key[-4:]}"]
        openssl("genpkey", "-algorithm", *kind, "-out", f"fitkeys/{key}.key")
        shutil.copy(f"fitkeys/{key}.key", f"fitkeys/{key}.pem")     # for ECDSA
        openssl("pkey", "-in", f"fitkeys/{key}.key", "-pubout", "-out", f"{key}.pub")
        openssl("req", "-batch", "-new", "-x509", "-key", f"fitkeys/{key}.key", "-out", f"fitkeys/{key}.crt")
    node = f'signature-1 {{ algo = "{algorithm}"; key-name-hint = "{key}"; padding = "{padding}"; sign-images = "kernel", "fdt"; }};'
    parts = f'hash-1 {{ algo = "{hash_}"; }};'
    write("kernel", DATA[:5000])
    write("tree", DATA[5000:6000])
    write("fit.its", FIT % {"part": node if signs == "part" else parts, "conf": node if signs == "conf" else ""})
    done = subprocess.run(["mkimage", "-f", "fit.its", "-k", "fitkeys", *options, name], capture_output=True)
    if done.returncode:
        raise Skip(f"this mkimage does not sign {algorithm}: {done.stderr[-200:]}")
    return name


def tampered(name, old, new):
    data = read(name)
    if old not in data or len(old) != len(new):
        raise Wrong(f"{name} has no {old[:20]!r}")
    return write("tampered.itb", data.replace(old, new))


@case
def fit_signed_configurations():
    for algorithm, key in (("sha256,rsa2048", "dev2048"), ("sha256,rsa4096", "dev4096"), ("sha384,rsa3072", "dev3072"), ("sha512,rsa2048", "dev2048")):
        for padding in ("pkcs-1.5", "pss"):
            path = make_fit("fit.itb", algorithm, key, padding=padding)
            ends(verify(path, "--key", f"{key}.pub"), WELL, "/configurations/conf-1", "fit all parts", "1 other configuration in it is not signed")
    ends(verify(path, "--key", f"fitkeys/{key}.crt"), WELL, "Internet Widgits")
    ends(verify(path), NOTHING, "by whom is not known")


@case
def fit_signed_by_ecdsa():
    path = make_fit("fit-ec.itb", "sha256,ecdsa256", "ec256")
    ends(verify(path, "--key", "ec256.pub"), WELL, "fit all parts")
    ends(verify(tampered(path, b"test\0", b"tesT\0"), "--key", "ec256.pub"), WRONG, "does not fit this key")


@case
def fit_with_its_data_behind_the_tree():
    path = make_fit("fit-e.itb", "sha256,rsa2048", "dev2048", "-E")
    ends(verify(path, "--key", "dev2048.pub"), WELL, "fit all parts")
    path = make_fit("fit-f.itb", "sha256,rsa2048", "dev2048")
    command("mkimage", "-F", "-k", "fitkeys", path)     # signs it once more
    ends(verify(path, "--key", "dev2048.pub"), WELL, "fit all parts")


@case
def fit_that_was_changed():
    path = make_fit("fit.itb", "sha256,rsa2048", "dev2048")
    ends(verify(tampered(path, DATA[:4000], DATA[:3999] + b"x"), "--key", "dev2048.pub"), WRONG, "'kernel-1' is not what was signed")
    ends(verify(tampered(path, b"fdt-1\0\0\0\0\0\0\3", b"fdt-2\0\0\0\0\0\0\3"), "--key", "dev2048.pub"), WRONG)
    ends(verify(tampered(path, b"/configurations/conf-1\0", b"/configurations/conf-2\0"), "--key", "dev2048.pub"), WRONG)
    ends(verify(tampered(path, b"/images/fdt-1/hash-1\0", b"/images/fdt-2/hash-1\0"), "--key", "dev2048.pub"), WRONG)
    for at in range(0, len(read(path)), 211):
        data = bytearray(read(path))
        data[at] ^= 1
        done = verify(write("tampered.itb", bytes(data)), "--key", "dev2048.pub")
        if done.returncode == WELL and at > 40 and b"fdt-2" not in data[at - 60:at + 60] and not is_free(path, at):
            raise Wrong(f"byte {at} of {len(data)} was turned, and nobody saw it")


def is_free(path, at):
    """Bytes that nobody signs: of the part that is in no signed configuration, the signature's own node and its names, added later."""
    data = read(path)
    second = data.rfind(DATA[5000:6000])
    node = data.find(b"signature-1\0")
    names = min(at for at in (data.rfind(b"signer-name\0"), data.rfind(b"hashed-nodes\0"), data.rfind(b"timestamp\0"), len(data)) if at > 0)
    return second - 40 <= at < second + 1200 or node <= at < node + 900 or at >= names


@case
def fit_and_another_key():
    path = make_fit("fit.itb", "sha256,rsa2048", "dev2048")
    make_fit("unused.itb", "sha256,rsa2048", "alt2048")
    make_fit("unused.itb", "sha256,rsa4096", "dev4096")
    ends(verify(path, "--key", "alt2048.pub"), WRONG, "another one made it")
    ends(verify(path, "--key", "dev4096.pub"), NOTHING, "of another kind or size")
    ends(verify(path, "--key", write("nokey", "hello")), USAGE, "none that is known")
    ends(verify(path, "--key", "missing"), USAGE, "missing")


@case
def fit_whose_parts_are_signed():
    path = make_fit("fit-p.itb", "sha256,rsa2048", "dev2048", signs="part")
    ends(verify(path, "--key", "dev2048.pub"), WELL, "/images/kernel-1", "/images/fdt-2", "nobody signed")
    ends(verify(tampered(path, DATA[:4000], DATA[:3999] + b"x"), "--key", "dev2048.pub"), WRONG, "/images/kernel-1")


@case
def fit_with_mere_checksums_or_nothing():
    path = make_fit("fit-c.itb", "sha256,rsa2048", "dev2048", hash_="crc32")
    ends(verify(path, "--key", "dev2048.pub"), WRONG, "has no hash that is")
    path = make_fit("fit-n.itb", "sha256,rsa2048", "dev2048", signs="")
    ends(verify(path, "--key", "dev2048.pub"), NOTHING, "there is a key, but no signature")


def main():
    global work
    if not os.access(UNBRICK, os.X_OK):
        print(f"skipped: '{UNBRICK}' is not built; set UNBRICK")
        return 77
    if not shutil.which("openssl"):
        print("skipped: openssl is not here")
        return 77
    work = tempfile.mkdtemp(prefix="verify-")
    os.chdir(work)
    try:
        write("fw.bin", DATA)
        make_keys()
        return run_cases()
    finally:
        os.chdir("/")
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
