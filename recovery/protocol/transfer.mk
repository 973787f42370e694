librecovery_a_SOURCES += recovery/protocol/transfer.h
librecovery_a_SOURCES += recovery/protocol/transfer_machine.c recovery/protocol/transfer_machine.h
librecovery_a_SOURCES += recovery/protocol/transfer_check.c recovery/protocol/transfer_check.h
librecovery_a_SOURCES += recovery/protocol/transfer.c
librecovery_a_SOURCES += recovery/protocol/xymodem.h recovery/protocol/xmodem.c recovery/protocol/ymodem.c
librecovery_a_SOURCES += recovery/protocol/xymodem_send.c recovery/protocol/xymodem_receive.c \
	recovery/protocol/xymodem_frame.c recovery/protocol/xymodem_sender.h
check_PROGRAMS += tests/unit/test_xymodem
tests_unit_test_xymodem_SOURCES = tests/unit/test_xymodem.c tests/fakes/model_line.c tests/fakes/model_line.h
tests_unit_test_xymodem_LDADD = librecovery.a libbase.a $(CMOCKA_LIBS)
FUZZERS += tests/fuzz/fuzz_xymodem.c
CABLE_BENCH = tests/unit/cable_bench.c tests/unit/cable_bench.h tests/fakes/cable_model.c tests/fakes/cable_model.h
check_PROGRAMS += tests/unit/test_transfer_cable
tests_unit_test_transfer_cable_SOURCES = tests/unit/test_transfer_cable.c $(CABLE_BENCH)
tests_unit_test_transfer_cable_LDADD = librecovery.a libbase.a $(CMOCKA_LIBS)
