"""Tests as functions: @case marks one, which raises Wrong or Skip. run_cases() runs those whose names have one of the words, or all when there
are none, and returns the exit status; the last line is "N passed, N failed, N skipped". TIMES in the environment: how long each took."""
import os
import subprocess
import sys
import time

cases = []


class Wrong(Exception):
    pass


class Skip(Exception):
    pass


def case(function):
    cases.append(function)
    return function


def run_cases(call=lambda function: function(), words=tuple(sys.argv[2:])):
    passed = failed = skipped = 0
    for function in cases:
        name = function.__name__
        if words and not any(word.replace(" ", "_") in name for word in words):
            continue
        began = time.monotonic()
        try:
            call(function)
            passed += 1
        except Skip as why:
            skipped += 1
            print(f"SKIP {name}: {why}")
        except (Wrong, subprocess.TimeoutExpired, OSError) as why:
            failed += 1
            print(f"FAIL {name}: {why}", flush=True)
        if os.environ.get("TIMES"):
            print(f"{time.monotonic() - began:5.1f} s {name}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0
