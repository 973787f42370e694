librecovery_a_SOURCES += recovery/serial/uart_model.c recovery/serial/uart_model.h \
	recovery/serial/baud_guess.c recovery/serial/baud_guess.h recovery/serial/recording.c recovery/serial/recording.h \
	recovery/serial/line_check.c recovery/serial/line_check.h
UART_BENCH = tests/fakes/uart_bench.c tests/fakes/uart_bench.h
check_PROGRAMS += tests/unit/test_baud_guess
tests_unit_test_baud_guess_SOURCES = tests/unit/test_baud_guess.c $(UART_BENCH)
tests_unit_test_baud_guess_LDADD = librecovery.a libbase.a $(CMOCKA_LIBS)
FUZZERS += tests/fuzz/fuzz_baud_guess.c
check_PROGRAMS += tests/unit/test_recording tests/unit/test_line_check
tests_unit_test_recording_SOURCES = tests/unit/test_recording.c
tests_unit_test_recording_LDADD = librecovery.a libbase.a $(CMOCKA_LIBS)
tests_unit_test_line_check_SOURCES = tests/unit/test_line_check.c
tests_unit_test_line_check_LDADD = librecovery.a libbase.a $(CMOCKA_LIBS)
FUZZERS += tests/fuzz/fuzz_recording.c
check_PROGRAMS += tests/integration/test_replay
tests_integration_test_replay_SOURCES = tests/integration/test_replay.c tests/fakes/temp_folder.h
tests_integration_test_replay_LDADD = libio.a librecovery.a libbase.a $(CMOCKA_LIBS)
