librecovery_a_SOURCES += recovery/protocol/zmodem.c recovery/protocol/zmodem_send.c recovery/protocol/zmodem_receive.c recovery/protocol/zmodem_machine.h
librecovery_a_SOURCES += recovery/protocol/zmodem_frame.c recovery/protocol/zmodem_frame.h
check_PROGRAMS += tests/unit/test_zmodem
tests_unit_test_zmodem_SOURCES = tests/unit/test_zmodem.c $(CABLE_BENCH)
tests_unit_test_zmodem_LDADD = librecovery.a libbase.a $(CMOCKA_LIBS)
FUZZERS += tests/fuzz/fuzz_transfer.c
