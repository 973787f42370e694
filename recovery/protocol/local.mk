librecovery_a_SOURCES += recovery/protocol/tftp_server.c recovery/protocol/tftp_server.h

check_PROGRAMS += tests/unit/test_tftp_server
tests_unit_test_tftp_server_SOURCES = tests/unit/test_tftp_server.c
tests_unit_test_tftp_server_LDADD = librecovery.a libbase.a $(CMOCKA_LIBS)

FUZZERS += tests/fuzz/fuzz_tftp_server.c
