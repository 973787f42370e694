libcli_a_SOURCES += \
	src/cli/cli.c src/cli/cli.h \
	src/cli/output.c src/cli/output.h src/cli/progress.c src/cli/progress.h \
	src/cli/version.c src/cli/version.h \
	src/cli/recover.c src/cli/recover.h src/cli/recover_answer.c src/cli/recover_say.c \
	src/cli/diagnose.c src/cli/diagnose.h src/cli/diagnose_print.c src/cli/diagnose_follow.c src/cli/golden_print.c \
	src/cli/log_check.c src/cli/log_check.h \
	src/cli/log_file.c src/cli/log_file.h src/cli/log_excerpt.c src/cli/log_excerpt.h \
	src/cli/case.c src/cli/case_report.c src/cli/case_report.h \
	src/cli/console.c src/cli/device.c src/cli/bench.c src/cli/practice.c src/cli/fetch.c src/cli/inspect.c src/cli/verify.c src/cli/sign.c src/cli/lint.c \
	src/cli/replay.c src/cli/replay_port.c src/cli/replay_port.h src/cli/baud.c \
	src/cli/send.c src/cli/send_loader.c src/cli/send_loader.h src/cli/meter.c src/cli/receive.c src/cli/port_argument.c src/cli/port_argument.h src/cli/transfer.c src/cli/transfer.h
EXTRA_DIST += tests/integration/cli.sh tests/integration/cases.py tests/integration/fetch.py tests/integration/verify.py tests/integration/transfer.py tests/integration/serial_bed.py tests/integration/serial_load.py tests/integration/serial_steps.py tests/integration/baud_bed.py tests/integration/console.py tests/integration/console_bench.py tests/integration/inspect_corpus.py tests/integration/inspect_made.py
EXTRA_DIST += tests/integration/console_hostile.py tests/integration/uboot_rate.py tests/integration/baud.py
check_PROGRAMS += tests/unit/test_progress
tests_unit_test_progress_SOURCES = tests/unit/test_progress.c
tests_unit_test_progress_LDADD = libcli.a libio.a libbase.a $(UV_LIBS) $(CMOCKA_LIBS)
