#!/bin/sh
# The command line, as a script meets it: every verb with good input and with bad, its exit code, valid JSON, nothing of a device raw on
# the terminal, and what remains when it is killed.
#   UNBRICK=path/to/unbrick cli.sh        (default: ./unbrick)
# Prints "N passed, N failed, N skipped"; exits with 0 when none failed.

UNBRICK=${UNBRICK:-./unbrick}
case $UNBRICK in /*) ;; *) UNBRICK=$(pwd)/$UNBRICK ;; esac
if [ ! -x "$UNBRICK" ]; then
	echo "skipped: '$UNBRICK' is not built; set UNBRICK" >&2
	exit 77
fi
work=$(mktemp -d) || exit 1
children=
trap 'for child in $children; do kill "$child" 2>/dev/null; done; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
cd "$work" || exit 1
export XDG_STATE_HOME="$work/state" HOME="$work" LC_ALL=C.UTF-8 TZ=UTC
unset UNBRICK_POWER_COMMAND
passed=0 failed=0 skipped=0
escape=$(printf '\033')

pass() {
	passed=$((passed + 1))
}
fail() {
	failed=$((failed + 1))
	echo "FAIL $1"
	shift
	printf '     %s\n' "$@"
	sed 's/^/     err: /' err 2>/dev/null | head -n 8
}
skip() {
	skipped=$((skipped + 1))
	echo "skipped: $1"
}
# is NAME CODE COMMAND...: the exit code; an error has a reason on standard error, and no sanitizer has spoken
is() {
	name=$1 wanted=$2
	shift 2
	"$@" >out 2>err
	code=$?
	if [ $code -ne "$wanted" ]; then
		fail "$name" "exit code $code instead of $wanted"
	elif grep -q 'Sanitizer\|runtime error' err; then
		fail "$name" "a sanitizer spoke"
	elif [ "$wanted" -ge 1 ] && [ "$wanted" -le 7 ] && ! grep -q '^unbrick: ' err; then
		fail "$name" "it does not say why"
	else
		pass
	fi
}
# says NAME FILE TEXT: what the last command printed
says() {
	if grep -qF -- "$3" "$2"; then pass; else fail "$1" "'$3' is not in $2"; fi
}
says_not() {
	if grep -qF -- "$3" "$2"; then fail "$1" "'$3' is in $2"; else pass; fi
}
if command -v python3 >/dev/null; then
	valid() { python3 -m json.tool "$1" >/dev/null 2>&1; }
elif command -v jq >/dev/null; then
	valid() { jq . "$1" >/dev/null 2>&1; }
else
	valid() { return 2; }
fi
# json NAME: what the last command printed is one JSON document
json() {
	valid out
	case $? in
	0) pass ;;
	2) skip "$1: neither python3 nor jq is here" ;;
	*) fail "$1" "no valid JSON" ;;
	esac
}
# value NAME FILTER TEXT: jq's answer
value() {
	if ! command -v jq >/dev/null; then
		skip "$1: jq is not here"
	elif [ "$(jq -r "$2" out 2>/dev/null)" = "$3" ]; then
		pass
	else
		fail "$1" "$2 is '$(jq -r "$2" out 2>&1)' instead of '$3'"
	fi
}
# wait_for FILE TEXT: up to ten seconds
wait_for() {
	tries=0
	until grep -q -- "$2" "$1" 2>/dev/null; do
		tries=$((tries + 1))
		[ $tries -gt 100 ] && return 1
		sleep 0.1
	done
}

# ---- the program ----
# behind -- are words only; what is too much is refused, not left out
echo x >--x
is "a file whose name begins like an option" 12 "$UNBRICK" verify -- --x
rm ./--x
# shellcheck disable=SC2046
echo net=on >config.txt
cat "$UNBRICK" "$UNBRICK" >program
tar czf text.tar.gz config.txt
is "inspect, a text in an archive" 0 "$UNBRICK" inspect --json text.tar.gz
value "a text in an archive is no damage" '.parts[0].parts[0] | .name + " " + .whole' "config.txt unknown"
tar czf two.tar.gz program config.txt
"$UNBRICK" inspect --json two.tar.gz >out 2>err
value "an archive that is not unpacked whole says so" '.whole + " " + (.deep_tells_more | tostring)' "unknown true"
"$UNBRICK" inspect --deep --json two.tar.gz >out 2>err
value "a deep look sees all of its members" '[.warning, .parts[-1].name] | map(tostring) | join(" ")' "null config.txt"
# what is left to a deep look is said, and a download that broke off is told all the same
head -c 300000 program | xz >long.xz
is "inspect of a packed file says what it did not check" 12 "$UNBRICK" inspect --json long.xz
value "a deep look tells more of it" '.whole + " " + (.deep_tells_more | tostring)' "unknown true"
is "inspect --deep of it" 0 "$UNBRICK" inspect --deep --json long.xz
value "it is whole, and there is no more to tell" '.whole + " " + (.deep_tells_more | tostring)' "yes false"
head -c 50000 long.xz >short.xz
is "inspect of a packed file that was cut off" 10 "$UNBRICK" inspect --json short.xz
# an image whose own checksum covers what is packed in it
python3 -c '
import gzip, hashlib, os, struct
body = gzip.compress(os.urandom(300000))
head = bytearray(96)
struct.pack_into(">II", head, 4, 0x101, 0x5d)
head[12:17] = b"1.0.0"
struct.pack_into(">II", head, 28, 2, len(body))
head[40:56] = hashlib.md5(body).digest()
struct.pack_into(">I", head, 92, 0x12345678)
struct.pack_into(">I", head, 88, sum(head))
open("senao.bin", "wb").write(head + bytes(byte ^ (0x12345678 >> at % 8 & 255) for at, byte in enumerate(body)))'
is "inspect of an image that covers what is packed in it" 0 "$UNBRICK" inspect --json senao.bin
value "a deep look tells no more of it" '.format + " " + .whole + " " + (.deep_tells_more | tostring)' "senao yes false"
# more than is unpacked at a first look; the deep one compares every checksum
python3 -c '
import zipfile
with zipfile.ZipFile("zeros.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
    for i in range(20):
        made.writestr("m%d" % i, bytes(5 << 20))'
"$UNBRICK" inspect --json zeros.zip >out 2>err
value "a first look does not claim what it did not unpack" .whole unknown
is "inspect --deep of the same" 0 "$UNBRICK" inspect --deep --json zeros.zip
value "a deep look compares the checksum of every member" '.whole + " " + .checked' "yes the checksum of each member"
python3 -c '
made = bytearray(open("zeros.zip", "rb").read())
last = made.rfind(b"PK\1\2")
made[last + 16] ^= 1	# the checksum that the directory gives
made[made.rfind(b"PK\3\4") + 14] ^= 1
open("zeros.zip", "wb").write(made)'
is "inspect --deep finds the wrong checksum of the last member" 10 "$UNBRICK" inspect --deep --json zeros.zip
# more members than are listed, all in plain sight, and the archive that tells behind them
pages=
for i in $(seq 100 160); do
	echo "<html>$i</html>" >page$i
	pages="$pages page$i"
done
# shellcheck disable=SC2086
tar cf many.tar $pages two.tar.gz
"$UNBRICK" inspect --json program >out 2>err
value "a program tells its processor" '.arch == ""' false
arch=$(jq -r .arch out 2>/dev/null)
"$UNBRICK" inspect --json many.tar >out 2>err
value "an archive behind the last row is looked into" '.arch' "$arch"
value "the rows stay" '[.parts[0].name, (.parts | length > 40)] | map(tostring) | join(" ")' "page100 true"
# shellcheck disable=SC2086
rm $pages many.tar
rm config.txt program text.tar.gz two.tar.gz
dd if=/dev/urandom of=noise bs=1k count=500 2>/dev/null
{ printf 'hello, this is the first of the members of it\n'; cat noise; } >first
tar cf two.tar first && gzip -c two.tar >two.tar.gz && rm first noise two.tar
is "inspect of what was only begun to be unpacked" 12 "$UNBRICK" inspect two.tar.gz
says "its members lie in it, not in the file" out "  in it 0x200 "
printf 'this is no image, but a text of some words, as somebody might have saved it\n' >text.bin
is "inspect of a text" 10 "$UNBRICK" inspect text.bin
says "it is no damaged image" out "NO, IT IS NO IMAGE"
rm two.tar.gz text.bin
is "inspect, JSON of a file that is not there" 2 "$UNBRICK" inspect --json not-there
json "inspect, JSON of a file that is not there"
value "it is named, with the reason" '.file + " " + (.reason | type)' "not-there string"
is "inspect for a processor that is none" 2 "$UNBRICK" inspect --cpu nonsense "$UNBRICK"
says "the processors are listed" err "mips mipseb mipsel"
is "more files than fit" 2 "$UNBRICK" inspect $(yes x | head -n 4097)
says "more files than fit" err "too much at once"

is "help" 0 "$UNBRICK" --help
for verb in recover diagnose case device bench practice fetch inspect verify bootrom replay baud sign lint; do
	grep -q "^  $verb " out && pass || fail "help names $verb"
done
is "version" 0 "$UNBRICK" --version
says "version names a library" out "SQLite"
for verb in recover diagnose case device bench practice fetch inspect verify bootrom replay baud sign lint; do
	is "$verb --help" 0 "$UNBRICK" $verb --help
	says "$verb --help" out "usage: unbrick $verb"
	is "$verb: an option that is not there" 2 "$UNBRICK" $verb --no-such-option
done
is "a value is missing" 2 "$UNBRICK" diagnose --device
is "no verb of that name" 2 "$UNBRICK" frobnicate
: >frobnicate
is "no verb, but a file of that name" 2 "$UNBRICK" frobnicate
says "no verb, but a file of that name" err "unbrick inspect frobnicate"
rm frobnicate
is "-h" 0 "$UNBRICK" -h
is "-h of a verb" 0 "$UNBRICK" inspect -h
says "-h of a verb" out "usage: unbrick inspect"
is "a letter that is no option" 2 "$UNBRICK" inspect -j /dev/null
says "a letter that is no option" err "there is no option '-j'"
is "a slip in an option" 2 "$UNBRICK" verify --sha265=00 long.xz
says "a slip in an option" err "the nearest: --sha256"
is "a slip in a verb" 2 "$UNBRICK" inspct long.xz
says "a slip in a verb" err "the nearest: unbrick inspect"
is "an option that is like no other" 2 "$UNBRICK" verify --frobnicate
says_not "an option that is like no other" err "the nearest"
is "inspect takes a device as the other verbs do" 2 "$UNBRICK" inspect --device practice/pcam2 long.xz
says "inspect takes a device as the other verbs do" err "practice/pcam1"
is "a value for an option that takes none" 2 "$UNBRICK" inspect --deep=no /dev/null

# ---- diagnose ----
printf 'U-Boot 2015.01\r\nDRAM: 64 MiB\r\nwriting new image\r\nwrite error: No space left on device\r\nsysupgrade: cannot write: No space left on device\r\n' >space.log
printf 'U-Boot 2020.01\nStarting kernel ...\n[    0.0] Linux version 5.4\n[   3.0] VFS: Mounted root (squashfs filesystem) readonly on device 31:2.\n[   4.1] init: Console is alive\n\ncam32 login: ' >good.log
printf 'U-Boot 2020.01 (May 01 2020)\n\nDRAM:  64 MiB\n' >cut.log
is "a fault is told by the exit code" 10 "$UNBRICK" diagnose space.log
says "the cause comes first" out "SPACE: "
says "the decisive line is marked" out ">     4  write error: No space left on device   [SPACE"
says "its neighbour stands beside it" out "      3  writing new image"
is "a good start" 0 "$UNBRICK" diagnose good.log
says "a good start: the line that shows it" out "cam32 login:    [HEALTHY]"
is "a log without a fault that ends early" 0 "$UNBRICK" diagnose cut.log
says "a log that ends early is not called a good start" out "it ends before the device is seen to run"
says "what to do next" out "Next"
is "JSON of a fault" 10 "$UNBRICK" diagnose --json space.log
json "JSON of a fault"
value "verdict" .verdict SPACE
value "healthy" .healthy false
value "the first cause" '.causes[0].label' SPACE
value "the line of the proof" '.causes[0].for[0].line' 4
value "the text of the proof" '.causes[0].for[0].text' "write error: No space left on device"
value "the sign of the proof" '.causes[0].for[0].sign | type' string
value "against is a list" '.causes[0].against | type' array
value "a fact and its line" '.facts.loader.line' 1
value "next is a list" '.next | type' array
value "starts" '.starts | type' number
value "stage" .stage loader
cp out from-file
is "standard input, a file" 10 sh -c '"$1" diagnose --json - <space.log' sh "$UNBRICK"
cp out from-stdin
is "standard input, a pipe" 10 sh -c 'cat space.log | "$1" diagnose --json -' sh "$UNBRICK"
sed 's/"log": .*//' out >a; sed 's/"log": .*//' from-stdin >b; sed 's/"log": .*//' from-file >c
if cmp -s a b && cmp -s a c; then pass; else fail "a file, its redirection and a pipe say the same"; fi
is "standard input that was read before" 10 sh -c '{ dd bs=1 count=16 of=/dev/null 2>/dev/null; "$1" diagnose --json -; } <space.log' sh "$UNBRICK"
value "line numbers count from where it was" '.causes[0].for[0].line' 3
mkfifo pipe
cat space.log >pipe &
is "a named pipe" 10 "$UNBRICK" diagnose pipe
is "with a device" 10 "$UNBRICK" diagnose --device practice/pcam1 space.log
says "the ways back" out "unbrick recover --device practice/pcam1"
is "with a device, JSON" 10 "$UNBRICK" diagnose --json --device practice/pcam1 space.log
value "the way back that treats it" '.methods | map(.name) | index("make-room") != null' true
is "a device that is not there" 2 "$UNBRICK" diagnose --device practice/pcam2 space.log
says "the nearest device" err "practice/pcam1"

# a capture knows its times
for round in 1 2 3 4 5 6; do printf 'U-Boot 2015.01\r\nDRAM: 64 MiB\r\nWrong Image Format for bootm command\r\nresetting ...\r\n'; done >loop.raw
size=$(($(wc -c <loop.raw) / 6))
for round in 0 1 2 3 4 5; do echo "$((1700000000000 + round * 8000)) $((round * size)) $size"; done >loop.times
is "a capture with its times" 10 "$UNBRICK" diagnose --json loop.raw
value "the length of a round" .loop_ms 8000
is "a capture with its times, text" 10 "$UNBRICK" diagnose loop.raw
says "the length of a round, text" out "starts again and again, every 8 s"
cp loop.raw loop.log
is "the same without times" 10 "$UNBRICK" diagnose --json loop.log
value "an unknown length of a round" .loop_ms 0

# while it comes
mkfifo live
"$UNBRICK" diagnose --follow --json - <live >follow.out 2>follow.err &
child=$!
exec 9>live
printf 'U-Boot 2015.01\r\nDRAM: 64 MiB\r\n' >&9
wait_for follow.out '"stage": *"loader"' && pass || fail "follow: the stage comes at once" "$(cat follow.out)"
printf 'write error: No space left on device\r\n' >&9
wait_for follow.out '"verdict": *"SPACE"' && pass || fail "follow: the verdict comes at once" "$(cat follow.out)"
kill -0 $child 2>/dev/null && pass || fail "follow: it waits for more"
exec 9>&-
wait $child
[ $? -eq 10 ] && pass || fail "follow: the exit code at the end" "$(cat follow.err)"
tail -n 1 follow.out >out
json "follow: the last line is the document"
value "follow: the last event" .event end
value "follow: the verdict at the end" .verdict SPACE
"$UNBRICK" diagnose --follow - <live >follow.out 2>follow.err &
child=$!
exec 9>live
cat space.log >&9
wait_for follow.out SPACE || fail "follow: the verdict comes at once, text" "$(cat follow.out)"
kill -INT $child
wait $child
[ $? -eq 10 ] && grep -q "Decisive lines" follow.out && pass || fail "follow: INT ends the watching and sums up" "$(cat follow.out follow.err)"
exec 9>&-
is "follow, text" 10 sh -c 'cat space.log | "$1" diagnose --follow -' sh "$UNBRICK"
says "follow, text: the line that showed it" out "line     4  SPACE"
says "follow, text: the page at the end" out "Decisive lines"
is "follow, a file" 0 "$UNBRICK" diagnose --follow good.log

# held against good logs
cat >good1.log <<END
U-Boot 2020.01
DRAM:  64 MiB
Starting kernel ...
[    0.000000] Linux version 5.4
[    0.500100] 0x000000000000-0x000000050000 : "boot"
[    1.100000] random: seeded with 1234
[    1.200000] mdio: PHY 3 found
[    3.000000] VFS: Mounted root (squashfs filesystem) readonly on device 31:2.
[    4.1] init: Console is alive
lease of alpha obtained

cam32 login: 
END
sed 's/alpha/beta/; s/1234/99/; s/\[ *\(.\)\./[    \1.7/' good1.log >good2.log
sed 's/alpha/gamma/; s/64 MiB/32 MiB/; s/mdio: PHY 3 found/gmac: no PHY found/; /init:/,$d' good1.log >worse.log
is "a log beside a good one" 0 "$UNBRICK" diagnose --golden good1.log worse.log
says "golden: the good value" out "-       2  ram: 64 MiB"
says "golden: the value now" out "+       2  ram: 32 MiB"
says "golden: what is missing" out "-       7  mdio: PHY 3 found"
says "golden: what is new" out "+       7  gmac: no PHY found"
says "golden: what it means" out "= The network chip (PHY) does not answer"
says "golden: where it ends" out "Ends here: after line 8 (good: 8)"
sed -n '/^Compared/,/^Facts$/p' out >page
if [ "$(awk 'length > 80' page | wc -l)" -eq 0 ]; then pass; else fail "golden: the page fits 80 columns" "$(awk 'length > 80' page)"; fi
is "golden, JSON" 0 "$UNBRICK" diagnose --json --golden good1.log,good2.log worse.log
json "golden, JSON"
value "golden: how many good logs" .golden.good_logs 2
value "golden: a fact" '.golden.facts[0] | [.name, .good, .now, .good_line, .line] | map(tostring) | join(" ")' "ram 64 MiB 32 MiB 2 2"
value "golden: a missing line" '.golden.missing[0] | [.line, .text] | map(tostring) | join(" ")' "7 mdio: PHY 3 found"
value "golden: a new line and its meaning" '.golden.new[0].sign' hw-phy-none
value "golden: where it ends" .golden.ends_after.good_line 8
is "golden: no difference" 0 "$UNBRICK" diagnose --golden good1.log,good2.log good2.log
says "golden: no difference" out "No difference from the good start"
printf 'BootROM v1\nwaiting for a card to come\n' >other.log
is "golden: another device" 11 "$UNBRICK" diagnose --golden good1.log other.log
says "golden: nothing is alike" out "Nothing of the good start is in this log"
is "golden: the same from standard input" 0 sh -c '"$1" diagnose --golden good1.log - <good2.log' sh "$UNBRICK"
is "golden: a missing file" 2 "$UNBRICK" diagnose --golden good1.log,missing.log worse.log
says "golden: which file" err "missing.log"
is "golden: no name" 2 "$UNBRICK" diagnose --golden good1.log,,good2.log worse.log
is "golden: an empty name" 2 "$UNBRICK" diagnose --golden "" worse.log
: >nothing.log
is "golden: an empty good log" 2 "$UNBRICK" diagnose --golden nothing.log worse.log
head -c 100000 /dev/zero >blank.bin
is "golden: a good log that is none" 2 "$UNBRICK" diagnose --golden blank.bin worse.log

is "no log" 2 "$UNBRICK" diagnose
is "two logs" 2 "$UNBRICK" diagnose space.log good.log
is "a missing file" 2 "$UNBRICK" diagnose missing.log
is "a folder" 2 "$UNBRICK" diagnose "$work"
says "a folder: said so" err "folder"
is "standard input is a folder" 2 sh -c '"$1" diagnose - <"$2"' sh "$UNBRICK" "$work"
: >empty.log
is "an empty file" 2 "$UNBRICK" diagnose empty.log
says "an empty file: said so" err "empty"
is "an empty pipe" 2 sh -c ': | "$1" diagnose -' sh "$UNBRICK"
is "standard input is closed" 2 sh -c '"$1" diagnose - <&-' sh "$UNBRICK"
is "a device node" 2 "$UNBRICK" diagnose /dev/null
head -c 100000 /dev/urandom >noise.bin
is "noise" 2 "$UNBRICK" diagnose noise.bin
says "noise: said so" err "does not look like the text of a console"
head -c 100000 /dev/zero >zeros.bin
is "zeros" 2 "$UNBRICK" diagnose zeros.bin
gzip -c space.log >space.log.gz
is "a compressed log" 2 "$UNBRICK" diagnose space.log.gz
says "a compressed log: the remedy" err "zcat"
if [ "$(id -u)" -ne 0 ]; then
	cp space.log secret.log; chmod 000 secret.log
	is "no permission" 2 "$UNBRICK" diagnose secret.log
else
	skip "a file without permission: root may read all"
fi
for state in "" --json; do
	printf 'evil \033]0;title\007\033[2J\033[31mred\302\233 \201\377 write error: No space left on device\n\033P1$r\033\\x\n' >evil.log
	"$UNBRICK" diagnose $state evil.log >out 2>err
	says_not "escape sequences of a device stay away ($state)" out "$escape"
	if LC_ALL=C grep -q "$(printf '\302\233')\|$(printf '\007')" out; then fail "control characters stay away ($state)"; else pass; fi
done
"$UNBRICK" diagnose --json evil.log >out 2>err
json "JSON of hostile text"
"$UNBRICK" diagnose --follow evil.log >out 2>err
says_not "follow: escape sequences stay away" out "$escape"
"$UNBRICK" diagnose --golden good1.log evil.log >out 2>err
says_not "golden: escape sequences stay away" out "$escape"
head -c 3000000 /dev/zero | tr '\0' 'x' >long.log
printf '\nwrite error: No space left on device\n' >>long.log
is "a line of three million characters" 10 "$UNBRICK" diagnose --json long.log
json "JSON of a very long line"
is "a full disk behind the help" 1 sh -c 'exec "$1" --help >/dev/full' sh "$UNBRICK"
is "a full disk behind the versions" 1 sh -c 'exec "$1" --version >/dev/full' sh "$UNBRICK"
is "help of the practice device" 0 "$UNBRICK" practice-device --help
says "help of the practice device names the kinds" out "kinds: none checksum"
is "a full disk behind standard output" 1 sh -c 'exec "$1" diagnose --json space.log >/dev/full' sh "$UNBRICK"
mkfifo never
"$UNBRICK" diagnose never 2>err &
child=$!
sleep 60 >never &
writer=$!
children="$children $writer"
sleep 0.3
kill -TERM $child
wait $child 2>/dev/null
[ $? -eq 143 ] && pass || fail "TERM ends a diagnosis that waits for its pipe"
kill $writer 2>/dev/null

# ---- device ----
is "search" 0 "$UNBRICK" device search practice camera
says "search finds" out "practice/pcam1"
is "search, JSON" 0 "$UNBRICK" device search --json practice
json "search, JSON"
value "search: id" '.[0].id' practice/pcam1
is "search for all" 0 "$UNBRICK" device search
is "search for nothing known" 1 "$UNBRICK" device search no-such-vendor-anywhere
is "search for nothing known, JSON" 1 "$UNBRICK" device search --json no-such-vendor-anywhere
value "an empty list" length 0
is "show" 0 "$UNBRICK" device show practice/pcam1
for part in Console Partitions "Ways back" Sources; do
	says "show: $part" out "$part"
done
is "show, JSON" 0 "$UNBRICK" device show practice/pcam1 --json
json "show, JSON"
value "show: speed" .console.baud 115200
value "show: a guard" '.partitions[0].guard' never-write
is "show: not there" 2 "$UNBRICK" device show practice/pcam9
says "show: the nearest" err "practice/pcam1"
is "show: out of the folder" 2 "$UNBRICK" device show ../../../etc/passwd
is "show without an id" 2 "$UNBRICK" device show
is "device without a word" 2 "$UNBRICK" device
is "device with a wrong word" 2 "$UNBRICK" device frobnicate
is "a data folder that is a file" 0 "$UNBRICK" device show practice/pcam1 --db "$work/missing"

# ---- bench, practice, lint ----
is "bench" 0 "$UNBRICK" bench
says "bench: the TFTP port" out "tftp     port 69"
is "bench, JSON" 0 "$UNBRICK" bench --json
json "bench, JSON"
value "bench: lists" '[.serial, .usb, .cards, .network] | map(type) | unique | join(" ")' array
is "bench with a word" 2 "$UNBRICK" bench all
is "practice --list" 0 "$UNBRICK" practice --list
says "practice: a kind" out "checksum"
is "practice --list, JSON" 0 "$UNBRICK" practice --list --json
json "practice --list, JSON"
value "practice: label" '.[] | select(.kind == "checksum") | .label' CHECKSUM
is "practice of no kind" 2 "$UNBRICK" practice --kind frobnicate
is "practice without a terminal" 2 sh -c '"$1" practice </dev/null' sh "$UNBRICK"
is "lint" 0 "$UNBRICK" lint
mkdir -p bad/devices/acme
printf 'vendor: Acme\nmodel: A1\nfrobnicate: yes\n' >bad/devices/acme/a1.yaml
is "lint finds a bad file" 2 "$UNBRICK" lint bad
grep -q 'a1\.yaml:[0-9]*:' out && pass || fail "lint names file and line" "$(cat out)"
is "lint of a missing folder" 2 "$UNBRICK" lint missing
is "lint of a file" 2 "$UNBRICK" lint bad/devices/acme/a1.yaml
is "lint of an own folder beside the installed one" 2 "$UNBRICK" lint --db bad

# ---- bootrom: its command line; bootrom.py has the devices ----
is "bootrom: the boot ROMs that are known" 0 "$UNBRICK" bootrom --list
says "bootrom: one of them" out "hisilicon"
is "bootrom: the same as JSON" 0 "$UNBRICK" bootrom --list --json
json "bootrom: the same as JSON"
is "bootrom without a protocol" 2 "$UNBRICK" bootrom --port /dev/null x.bin
is "bootrom: no such ROM" 2 "$UNBRICK" bootrom --protocol nothing --port /dev/null
is "bootrom: a ROM that has no UART" 2 "$UNBRICK" bootrom --protocol rockchip --port /dev/null
says "bootrom: a ROM that has no UART: what there is" err "USB only"
printf 'program' >boot.bin
is "bootrom without a port" 2 "$UNBRICK" bootrom --protocol ti boot.bin
is "bootrom without a file" 2 "$UNBRICK" bootrom --protocol ti --port ./no-port
is "bootrom: --identify with a file" 2 "$UNBRICK" bootrom --protocol ti --port ./no-port --identify boot.bin
is "bootrom: no address" 2 "$UNBRICK" bootrom --protocol esp --port ./no-port --yes boot.bin
says "bootrom: no address: how to give it" err "FILE@ADDRESS"
is "bootrom: an address that is none" 2 "$UNBRICK" bootrom --protocol esp --port ./no-port --yes boot.bin@here
is "bootrom: flash is not written unasked" 5 "$UNBRICK" bootrom --protocol esp --port ./no-port boot.bin@0x1000
is "bootrom: no such port" 3 "$UNBRICK" bootrom --protocol ti --port /dev/no-such-port boot.bin
is "bootrom: an image that is none" 2 "$UNBRICK" bootrom --protocol marvell --port ./no-port boot.bin

# ---- fetch: its command line; fetch.py has the servers ----
is "fetch without a URL" 2 "$UNBRICK" fetch
is "fetch of two URLs" 2 "$UNBRICK" fetch http://a/b http://a/c
is "fetch: a timeout that is no number" 2 "$UNBRICK" fetch http://127.0.0.1:1/b --no-hash --timeout soon
is "fetch: a size that is none" 2 "$UNBRICK" fetch http://127.0.0.1:1/b --no-hash --max-size big
is "-o without a file" 2 "$UNBRICK" fetch http://127.0.0.1:1/b -o
is "-o of a verb that writes no file" 2 "$UNBRICK" diagnose -o x space.log
if "$UNBRICK" --version | grep -q '^  libcurl  *no '; then
	is "fetch without libcurl" 1 "$UNBRICK" fetch http://127.0.0.1:1/b --no-hash
	says "fetch without libcurl: what to install" err "libcurl4-openssl-dev"
else
	is "fetch without anything to compare with" 2 "$UNBRICK" fetch http://127.0.0.1:1/b
	says "fetch without anything to compare with: what allows it" err "--no-hash"
	is "fetch from where nobody serves" 6 "$UNBRICK" fetch http://127.0.0.1:1/b --no-hash
fi
# ---- sign ----
is "sign without a word" 2 "$UNBRICK" sign
is "sign with a wrong word" 2 "$UNBRICK" sign frobnicate
is "sign list" 0 "$UNBRICK" sign list
says "sign list: a sign" out "uboot-banner"
is "sign list by a word" 0 "$UNBRICK" sign list squashfs
says_not "sign list by a word: no other" out "uboot-banner"
is "sign list, JSON" 0 "$UNBRICK" sign list --json hw-phy-none
json "sign list, JSON"
value "sign list: effect" '.[0].effect' hardware
is "sign list: nothing known" 1 "$UNBRICK" sign list no-such-word-anywhere
is "sign list: nothing known, JSON" 1 "$UNBRICK" sign list --json no-such-word-anywhere
value "sign list: an empty list" length 0
is "sign list: two words" 2 "$UNBRICK" sign list a b
is "sign test" 0 "$UNBRICK" sign test "[    1.0] write error: No space left on device" "DRAM:  64 MiB" "nothing special"
says "sign test: the line without its stamp" out "1: write error: No space left on device"
says "sign test: the cause" out "fault SPACE"
says "sign test: the fact" out "ram = 64 MiB"
says "sign test: a line without a sign" out "no sign matches this line"
is "sign test, JSON" 0 "$UNBRICK" sign test --json "U-Boot 2016.11 (May 01 2020)" "nothing special"
json "sign test, JSON"
value "sign test: the value of group 1" '.[0].signs[0].value' 'U-Boot 2016.11'
value "sign test: no sign" '.[1].signs | length' 0
is "sign test of what is harmless" 0 "$UNBRICK" sign test "rtc-pcf8563 0-0051: low voltage detected, date/time is not reliable."
says "sign test: what a harmless sign stands against" out "has no force here"
is "sign test: none matches" 1 "$UNBRICK" sign test "nothing special"
is "sign test: none matches, JSON" 1 "$UNBRICK" sign test --json "nothing special"
json "sign test: none matches, JSON"
is "sign test of standard input" 0 sh -c '"$1" sign test - <space.log' sh "$UNBRICK"
says "sign test: its line number" out "4: write error"
is "sign test of an empty input" 1 sh -c '"$1" sign test --json - </dev/null' sh "$UNBRICK"
json "sign test of an empty input"
is "sign test without a line" 2 "$UNBRICK" sign test
printf 'evil \033]0;title\007\033[2J write error: No space left on device\n' | "$UNBRICK" sign test - >out 2>err
says_not "sign test: escape sequences stay away" out "$escape"
is "sign lint" 0 "$UNBRICK" sign lint
mkdir signs
printf 'signs:\n  - id: a\n    match: "^boot ("\n    effect: fact\n    fact: x\n    meaning: m\n    source: s\n' >signs/bad.yaml
printf 'signs:\n  - id: a\n    match: "^boot"\n    effect: fact\n    fact: x\n    meaning: m\n    source: s\n' >signs/good.yaml
is "sign lint of a file" 0 "$UNBRICK" sign lint signs/good.yaml
is "sign lint of a bad file" 2 "$UNBRICK" sign lint signs/good.yaml signs/bad.yaml
grep -q 'bad\.yaml:[0-9]*:' out && pass || fail "sign lint names file and line" "$(cat out)"
cp signs/good.yaml signs/same.yaml
is "sign lint of two files with one id" 2 "$UNBRICK" sign lint signs/good.yaml signs/same.yaml
is "sign lint of a missing file" 2 "$UNBRICK" sign lint signs/missing.yaml
is "sign lint of what is no YAML" 2 "$UNBRICK" sign lint space.log

# ---- verify: its command line; verify.py has the keys and signatures ----
printf 'firmware\n' >fw.bin
is "verify without a file" 2 "$UNBRICK" verify
is "verify of a missing file" 2 "$UNBRICK" verify missing.bin
is "verify of a folder" 2 "$UNBRICK" verify .
is "verify: a checksum for two files" 2 "$UNBRICK" verify fw.bin space.log --md5 00000000000000000000000000000000
is "verify: nothing to compare with" 12 "$UNBRICK" verify fw.bin
says "verify: nothing to compare with is said" out "nothing to compare with"
is "verify: the wrong file" 10 "$UNBRICK" verify fw.bin --md5 00000000000000000000000000000000
sha256sum fw.bin >SHA256SUMS 2>/dev/null || skip "sha256sum is not here"
is "verify: a list beside it" 0 "$UNBRICK" verify --json fw.bin
json "verify, JSON"
value "verify: the outcome" '.[0].outcome' ok
value "verify: what it rests on" '.[0].findings[0].algorithm' sha256
rm SHA256SUMS

# ---- case ----
is "no casebook: an empty list" 0 "$UNBRICK" case list
is "no casebook: an empty list, JSON" 0 "$UNBRICK" case list --json
value "no casebook: nothing in it" length 0
if [ -e "$XDG_STATE_HOME" ]; then fail "looking makes no casebook"; else pass; fi
is "no casebook: show" 2 "$UNBRICK" case show 1
is "case without a word" 2 "$UNBRICK" case
is "case with a wrong word" 2 "$UNBRICK" case frobnicate
mkdir wrong
echo "this is no database, and long enough to be none" >wrong/casebook.db
is "a file that is no casebook" 2 "$UNBRICK" case list --state wrong
grep -q 'no database' wrong/casebook.db && pass || fail "a file that is no casebook stays as it is"

# ---- replay ----
printf 'U-Boot 2020.01\r\nDRAM:  64 MiB\r\n' >boot.raw
printf '1700000000000 0 16\n1700000000050 16 16\n# 1700000000060 goes on in boot-2.raw\n' >boot.times
printf 'Starting kernel ...\r\n' >boot-2.raw
printf '1700000000070 0 21\n' >boot-2.times
cat boot.raw boot-2.raw >boot.all
is "replay at its own speed, with its next part" 0 "$UNBRICK" replay boot
cmp -s out boot.all && pass || fail "replay: what was kept comes, all of it"
is "replay of a rotated capture, at once" 0 "$UNBRICK" replay --speed max boot.raw
cmp -s out boot.all && pass || fail "replay --speed max: the same"
is "replay by its times" 0 "$UNBRICK" replay --speed 20 boot.times
cmp -s out boot.all && pass || fail "replay of .times: the same"
printf 'no\ntimes\n' >bad.times
printf 'hello\n' >bad.raw
is "replay with times that are none" 0 "$UNBRICK" replay bad.raw
says "replay: it says so" err "evenly"
says "replay: and comes all the same" out "hello"
printf '[10:00:00.000] one\n[10:00:00.010] two\n[10:00:00.020] three\n' >stamped.log
is "replay of a log with times" 0 "$UNBRICK" replay stamped.log
says_not "replay: without them" out "10:00"
is "replay of a device" 2 "$UNBRICK" replay /dev/null
is "replay of a folder" 2 "$UNBRICK" replay .
is "replay of nothing" 2 "$UNBRICK" replay
is "replay of what is not there" 2 "$UNBRICK" replay no-such.raw
is "replay at no speed" 2 "$UNBRICK" replay --speed 0 boot
is "replay at a speed of words" 2 "$UNBRICK" replay --speed fast boot
is "replay onto a full disk" 1 sh -c 'exec "$1" replay --speed max boot >/dev/full' sh "$UNBRICK"
"$UNBRICK" replay --port --speed max boot.raw >replay.port 2>err &
child=$!
if wait_for replay.port /dev/; then
	timeout 10 cat "$(cat replay.port)" >out 2>/dev/null
	wait $child && pass || fail "replay --port: the exit code"
	cmp -s out boot.all && pass || fail "replay --port: what another program reads there"
else
	fail "replay --port names no port"
	kill $child
fi

# A practice camera gives a real case: it is watched, then the program is interrupted, and later killed.
mkdir camera
mkfifo hold
sleep 90 >hold &
children="$children $!"
"$UNBRICK" practice-device --kind checksum --folder camera --fast --ttl 90 <hold >camera/out 2>camera/err &
children="$children $!"
if wait_for camera/out ready=true; then
	"$UNBRICK" recover --json --device practice/pcam1 --port "$work/camera/tty" --power-command true --timeout 30 >events 2>recover.err &
	child=$!
	wait_for events '"text":"watch' && pass || fail "recover begins a case" "$(cat events)"	# its capture is open
	is "the case is listed while it is worked on" 0 "$UNBRICK" case list --open
	says "its device" out "Practice PCAM-1"
	kill -INT $child
	wait $child
	[ $? -eq 7 ] && pass || fail "INT: stopped, the case goes on" "$(cat recover.err)"
	"$UNBRICK" recover --json --case 1 --port "$work/camera/tty" --power-command true --timeout 30 >events-again 2>recover.err &
	child=$!
	wait_for events-again '"text":"watch' || fail "recover --case goes on" "$(cat events-again)"	# by then its capture is open
	kill -KILL $child
	wait $child 2>/dev/null
	is "list, JSON" 0 "$UNBRICK" case list --json
	json "list, JSON"
	value "after KILL the case is there" '.[0].device' practice/pcam1
	value "after KILL the case is open" '.[0].open' true
	is "show" 0 "$UNBRICK" case show 1
	says "show: what was set" out "device = practice/pcam1"
	is "show #1" 0 "$UNBRICK" case show '#1'
	is "show, JSON" 0 "$UNBRICK" case show 1 --json
	json "show, JSON"
	value "the journal is in order" '[.journal[].id] | . == sort' true
	is "report" 0 "$UNBRICK" case report 1
	for part in Device Outcome "What was done" "Captures of the serial line"; do
		says "report: $part" out "$part"
	done
	is "report --text" 0 "$UNBRICK" case report 1 --text
	is "report, JSON" 0 "$UNBRICK" case report 1 --json
	json "report, JSON"
	value "report: outcome in three parts" '.outcome | keys | join(" ")' "booted verified written"
	value "report: each run's capture" '[.captures[] | select(.size_bytes != null)] | length' 2
	is "report: text and JSON" 2 "$UNBRICK" case report 1 --json --text
	is "a case that is not there" 2 "$UNBRICK" case show 99
	is "no number" 2 "$UNBRICK" case show one
	is "a negative number" 2 "$UNBRICK" case show -1
	is "a number that is too large" 2 "$UNBRICK" case show 99999999999999999999
	is "show without a number" 2 "$UNBRICK" case show
	is "show with --open" 2 "$UNBRICK" case show 1 --open
	is "a full disk behind the journal" 1 sh -c 'exec "$1" case show 1 --json >/dev/full' sh "$UNBRICK"
else
	skip "cases: the practice camera did not start: $(cat camera/err)"
fi

# ---- recover: what is refused, and the word over it ----
cat >switch.py <<'END'
import socket, sys
control = socket.socket(socket.AF_UNIX)
control.connect(sys.argv[1])
control.send(f"power {sys.argv[2]}\n".encode())
control.recv(100)
END
mkdir well broken
"$UNBRICK" practice-device --kind none --folder well --fast --ttl 120 <hold >well/out 2>well/err &
children="$children $!"
"$UNBRICK" practice-device --kind checksum --folder broken --fast --ttl 120 <hold >broken/out 2>broken/err &
children="$children $!"
# led FOLDER IMAGE OPTION...
led() {
	folder=$1 image=$2
	shift 2
	"$UNBRICK" recover --json --state led --device practice/pcam1 --port "$work/$folder/tty" --image "$image" --yes \
		--power-command "python3 switch.py $folder/control {}" --tftp-port 6971 --timeout 60 "$@"
}
if ! command -v python3 >/dev/null; then
	skip "recover over a refusal: python3, which switches the practice camera, is not here"
elif wait_for well/out ready=true && wait_for broken/out ready=true; then
	is "recover with another word" 2 led well well/firmware.bin --override yes
	is "a way for a device that comes up well" 0 led well well/firmware.bin --method reflash
	says "it is said that it was not taken" out "nothing was done: the device came up well, so the way 'reflash' was not taken"
	says_not "nothing was written" out '"sf write'
	head -n 1 out >first && says "its first words are the number of the case" first '"event":"case","text":"#1 begins"'
	says "and that the device starts" out '"event":"start"'
	says "the result has it as well" out '"not_taken":"reflash"'
	is "it is in the case" 0 "$UNBRICK" case report 1 --state led --text
	says "the case says why" out "the way 'reflash' was not taken"
	is "that way, by the word" 0 led well well/firmware.bin --method reflash --override anyway
	says "the word is in the journal" out "wrote 'anyway' over: the device came up well"
	says "it was written then" out '"written":"yes"'
	head -c 3000000 broken/firmware.bin >cut.bin
	is "a damaged image" 5 led broken cut.bin --method reflash
	says "how to go on is said, with the folder" err "unbrick recover --case 3 --state led"
	says "what would take it is said" err "--override anyway goes on all the same, at your own risk"
	cp broken/firmware.bin odd.bin
	printf X | dd of=odd.bin bs=1 seek=200000 conv=notrunc 2>/dev/null
	is "a damaged image, by the word" 1 led broken odd.bin --method reflash --override anyway
	says "the refusal is in the journal" out "wrote 'anyway' over: the image is damaged"
	says "it was written by the word" out '"event":"written","text":"yes'
	is "the flash holds that image now" 1 led broken odd.bin --method compare --override anyway
	says "it is compared all the same" out "but that file is damaged, so it proves nothing"
	says_not "a damaged file does not speak for the settings" out "its settings are wrong"
	is "one word for two refusals" 5 led well cut.bin --method reflash --override anyway
	says "what it was for" err "was for another refusal: the device came up well"
	# A clock that is set on the way: no time-out comes early or never, and the journal stays in the order of what happened.
	clock=$(find /usr/lib -name 'libfaketime.so.1' 2>/dev/null | head -n 1)
	if [ -z "$clock" ]; then
		skip "a clock that is set on the way: libfaketime is not here"
	else
		echo +0 >shift
		: >out
		(
			for step in 'watch -1d' 'phase.*steps +1d' 'sf_write -2d' 'sf_read +3d'; do
				wait_for out "$(echo "${step% *}" | tr _ ' ')"
				echo "${step#* }" >shift
			done
		) &
		children="$children $!"
		is "a clock that is set on the way" 0 env FAKETIME_TIMESTAMP_FILE="$work/shift" FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 \
			LD_PRELOAD="$clock" "$UNBRICK" recover --json --state clock --device practice/pcam1 --port "$work/broken/tty" \
			--image broken/firmware.bin --yes --power-command "python3 switch.py broken/control {}" --tftp-port 6971 --timeout 60
		says "it comes up all the same" out '"booted":"yes"'
		is "its journal" 0 "$UNBRICK" case show 1 --json --state clock
		value "in the order of what happened" '[.journal[].id] | . == sort' true
		value "the clock did jump, forwards and backwards" '[.journal[].time_ms / 43200000 | floor] as $t | [range(1; $t | length) | $t[.] - $t[. - 1]] | (max >= 2) and (min <= -2)' true
		value "the last entry is the end" '.journal[-1].text' closed
		is "it is listed as closed" 0 "$UNBRICK" case list --json --state clock
		value "by its last entry" '.[0].open' false
	fi
else
	skip "recover over a refusal: the practice camera did not start: $(cat well/err broken/err)"
fi

# ---- console, as far as the command line goes; console.py has the line ----
is "console with two ports" 2 "$UNBRICK" console one two
is "console: no rate" 2 "$UNBRICK" console tcp:127.0.0.1:1 --baud fast
is "console: rate 0" 2 "$UNBRICK" console tcp:127.0.0.1:1 --baud 0
is "console: no frame" 2 "$UNBRICK" console tcp:127.0.0.1:1 --frame 9X1
is "console: no flow control" 2 "$UNBRICK" console tcp:127.0.0.1:1 --flow hard
says "which there are" err "rtscts"
is "console: no time" 2 "$UNBRICK" console tcp:127.0.0.1:1 --listen 1s
is "console on a port that is not there" 3 "$UNBRICK" console "$work/no-such-port"
is "console on no name of a line" 3 "$UNBRICK" console nonsense
is "console with a log that is a folder" 2 "$UNBRICK" console tcp:127.0.0.1:1 --log "$work"
is "console without a name, where there are two" 2 env UNBRICK_PORTS=/dev/pts/98,/dev/pts/99 "$UNBRICK" console
says "they are listed" err "unbrick console /dev/pts/98"

# ---- recover, as far as the command line goes ----
printf 'hello\n' >one-line
is "one line that says nothing" 11 "$UNBRICK" diagnose one-line
says "it is counted, and no stage is claimed" out "1 line, came as far as: not known"
is "recover without a device" 2 "$UNBRICK" recover
is "recover with a time that is none" 2 "$UNBRICK" recover --device practice/pcam1 --port "$work/no-such-port" --timeout soon --state other
is "recover with an image that is not there" 2 "$UNBRICK" recover --device practice/pcam1 --port "$work/no-such-port" --image no-such-image --state other
says "it was not begun" err "the device was not touched"
# What a name of a file holds never reaches the terminal as it is, and makes no second line.
red=$(printf 'a\033[31mred') two=$(printf 'two\nwhole yes')
is "recover with an image named for a terminal" 2 "$UNBRICK" recover --device practice/pcam1 --port "$work/no-such-port" --image "$red" --state other
says "its name, printable" err "'ared'"
is "a verb named for a terminal" 2 "$UNBRICK" "$red"
says "the verb, printable" err "'ared'"
: >"$two"
is "inspect a file with a line feed in its name" 10 "$UNBRICK" inspect "$two"
says "its name is one line" out "two.whole yes"
is "recover of a device that nobody knows" 2 "$UNBRICK" recover --device practice/pcam --port "$work/no-such-port" --state unmade
says "the nearest device" err "practice/pcam1"
is "recover by a way that the device does not have" 2 "$UNBRICK" recover --device practice/pcam1 --port "$work/no-such-port" --method frobnicate --state unmade
says "those that it has" err "reflash"
is "no case was made of either" 0 "$UNBRICK" case list --state unmade
says "none" out "no cases"
is "recover of a case that is not there" 1 "$UNBRICK" recover --case 99 --state other
is "recover on a port that is not there" 3 "$UNBRICK" recover --device practice/pcam1 --port "$work/no-such-port" --timeout 5 --state other

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
