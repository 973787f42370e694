#!/usr/bin/env python3
"""`unbrick inspect` against firmware images with known truth: how often it is right, whole images and damaged ones.

    inspect_corpus.py PROGRAM [--misses]     ../shared/corpus/images, or $UNBRICK_SHARED/corpus/images

How an answer counts is written in the corpus's README. The goals are checked; --misses prints every answer that was not right.
The last line is "N passed, N failed, N skipped"; the exit status is 1 when a goal was missed, 77 when the corpus is not there."""
import json
import os
import subprocess
import sys
import tempfile

TOP = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
SHARED = os.environ.get("UNBRICK_SHARED") or os.path.join(TOP, "..", "shared")
CORPUS = os.path.join(SHARED, "corpus", "images")
AT_ONCE = 200           # files on one command line
# What is right at least, of 100; False: never.
GOALS = {"format": 98, "arch": 98, "board": 95, "told damage": 98, "fits": 95, "false alarm": 0, "false assurance": 0}


def read_meta(path):
    meta = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            key, _, value = line.rstrip("\n").partition(": ")
            meta[key] = "" if value == "-" else value
    return meta


class Score:
    def __init__(self, misses):
        self.right, self.seen, self.misses = {}, {}, misses

    def add(self, what, is_right, text):
        self.seen[what] = self.seen.get(what, 0) + 1
        self.right[what] = self.right.get(what, 0) + is_right
        if not is_right and (self.misses or GOALS.get(what) == 0):
            print("%s: %s" % (what, text))

    def alarm(self, what, is_alarm, text):
        self.seen[what] = self.seen.get(what, 0) + 1
        self.right[what] = self.right.get(what, 0) + is_alarm
        if is_alarm:
            print("%s: %s" % (what, text))

    def finish(self):
        passed = failed = 0
        for what, goal in GOALS.items():
            seen, right = self.seen.get(what, 0), self.right.get(what, 0)
            share = 100.0 * right / seen if seen else 0
            well = seen > 0 and (right == 0 if goal == 0 else share >= goal)
            print("%-16s %4d of %4d  %5.1f %%  (goal: %s)%s" % (what, right, seen, share, "none" if goal == 0 else "%d %%" % goal, "" if well else "  MISSED"))
            passed, failed = passed + well, failed + (not well)
        print("%d passed, %d failed, 0 skipped" % (passed, failed))
        return 1 if failed else 0


def inspect(program, paths, *options):
    answers = {}
    for at in range(0, len(paths), AT_ONCE):
        done = subprocess.run([program, "inspect", "--json", *options, *paths[at:at + AT_ONCE]], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        for line in done.stdout.decode("utf-8", "replace").splitlines():
            answer = json.loads(line)
            answers[answer["file"]] = answer
    return answers


def words(text):
    return [word.strip() for word in text.replace(";", ",").split(",") if word.strip()]


def arch_is_right(answer, truth):
    return answer == truth or (truth == "mipsel" and answer == "mips") or {answer, truth} == {"s390", "s390x"}


def board_is_right(boards, truth):
    wanted = [word.lower() for word in words(truth)] + [truth.lower()]
    return any(board.lower() in wanted or any(board.lower() in word or word in board.lower() for word in wanted) for board in boards)


def check_whole(score, path, meta, answer):
    name = os.path.basename(path)
    wanted = "unknown" if meta["format"] == "raw" else meta["format"]
    score.add("format", answer["format"] == wanted, "%s is %s, not %s" % (name, wanted, answer["format"]))
    if meta.get("arch") and not meta.get("arch-evidence", "").startswith(("board", "none")):
        score.add("arch", bool(answer["arch"]) and arch_is_right(answer["arch"], meta["arch"]),
                  "%s is for %s (%s), not %s" % (name, meta["arch"], meta.get("arch-evidence"), answer["arch"]))
    if meta.get("board/compatible"):
        score.add("board", board_is_right(answer["boards"], meta["board/compatible"]), "%s is for %s, not %s" % (name, meta["board/compatible"], answer["boards"]))
    score.alarm("false alarm", answer["whole"] == "no", "%s: %s" % (name, answer["problems"]))


def check_damaged(score, row, answer):
    text = "%s (%s): %s, answer %s %s" % (row["variant"], row["format"], row["damage"], answer["format"], answer["whole"])
    if row["told"] == "yes":
        score.add("told damage", answer["whole"] == "no", text)
    score.alarm("false assurance", answer["whole"] == "yes", text)


def read_table(name):
    with open(os.path.join(CORPUS, name), encoding="utf-8") as file:
        head = file.readline().rstrip("\n").split("\t")
        return [dict(zip(head, line.rstrip("\n").split("\t"))) for line in file]


def main():
    program = os.path.abspath(sys.argv[1])
    score = Score("--misses" in sys.argv)
    if not os.path.isdir(CORPUS):
        print("skipped: no folder %s; set UNBRICK_SHARED to one that has corpus/images" % CORPUS, file=sys.stderr)
        return 77
    bases = sorted(name[:-len(".meta")] for name in os.listdir(CORPUS) if name.endswith(".meta"))
    answers = inspect(program, [os.path.join(CORPUS, base) for base in bases])
    for base in bases:
        path = os.path.join(CORPUS, base)
        check_whole(score, path, read_meta(path + ".meta"), answers[path])
    with tempfile.TemporaryDirectory(prefix="unbrick-inspect-") as folder:
        subprocess.run([sys.executable, os.path.join(CORPUS, "make_damaged.py"), "--out", folder], check=True, stdout=subprocess.DEVNULL)
        rows = [row for row in read_table("damaged.tsv") if row["whole"] == "no"]
        answers = inspect(program, [os.path.join(folder, row["variant"]) for row in rows])
        for row in rows:
            check_damaged(score, row, answers[os.path.join(folder, row["variant"])])
    for row in read_table("fits.tsv"):
        path = os.path.join(CORPUS, row["image"])
        options = ["--cpu", row["device-cpu"], "--board", row["device-ids"]]
        if row["device-revision"] != "-":
            options += ["--revision", row["device-revision"]]
        answer = inspect(program, [path], *options)[path]
        score.add("fits", answer["fits"] == row["verdict"], "%s on %s %s: %s, not %s (%s)" % (row["image"], row["device-ids"], row["device-revision"],
                                                                                               row["verdict"], answer["fits"], answer["fits_reason"]))
    return score.finish()


if __name__ == "__main__":
    sys.exit(main())
