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

UNBRICK = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("UNBRICK", "./unbrick"))
WELL, USAGE, WRONG, NOTHING = 0, 2, 10, 12
DATA = bytes(i * 7 & 255 for i in range(200000))
counts = {"passed": 0, "failed": 0, "skipped": 0}
cases = []


class Wrong(Exception):
    pass


class Skip(Exception):
    pass


def case(function):
    cases.append(function)
    return function


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
    ends(verify("."), USAGE, "folder")


@case
def what_lies_beside_is_found():
    folder = "beside"
    os.makedirs(folder)
    path = folder + "/fw.bin"
    shutil.copy("fw.bin", path)
    ends(verify(path), NOTHING, "nothing to compare with", hashlib.sha256(DATA).hexdigest())
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
    finally:
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], capture_output=True)
    for signature in ("pgp.sig", "pgp.asc"):
        ends(verify("fw.bin", "--signature", signature, "--keyring", "vendor.gpg"), WELL, "openpgp", "Vendor <fw@vendor.example>")
        ends(verify(changed(), "--signature", signature, "--keyring", "vendor.gpg"), WRONG, "not of this file")
    ends(verify("fw.bin", "--signature", "stranger.sig", "--keyring", "vendor.gpg"), NOTHING, "not in the keyring")
    write("both.sig", read("stranger.sig") + read("pgp.sig"))
    ends(verify("fw.bin", "--signature", "both.sig", "--keyring", "vendor.gpg"), WELL, "Vendor")
    ends(verify(changed(), "--signature", "both.sig", "--keyring", "vendor.gpg"), WRONG)
    ends(verify("fw.bin", "--signature", "pgp.sig"), NOTHING, "--keyring names")
    ends(verify("fw.bin", "--signature", "pgp.sig", "--keyring", "vendor.asc"), USAGE, "--dearmor")
    ends(verify("fw.bin", "--signature", "pgp.sig", "--keyring", "missing"), USAGE, "missing")
    ends(verify("fw.bin", "--signature", "pgp.sig", "--keyring", "vendor.gpg", PATH=work), NOTHING, "gpgv is not installed")


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
        for function in cases:
            if sys.argv[2:] and function.__name__ not in sys.argv[2:]:
                continue
            try:
                function()
                counts["passed"] += 1
            except Skip as why:
                counts["skipped"] += 1
                print(f"SKIP {function.__name__}: {why}")
            except (Wrong, subprocess.TimeoutExpired, OSError) as why:
                counts["failed"] += 1
                print(f"FAIL {function.__name__}: {why}")
    finally:
        os.chdir("/")
        shutil.rmtree(work, ignore_errors=True)
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
