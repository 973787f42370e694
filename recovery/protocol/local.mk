librecovery_a_SOURCES += recovery/protocol/tftp_server.c recovery/protocol/tftp_server.h

check_PROGRAMS += tests/unit/test_tftp_server
check_PROGRAMS += tests/unit/test_tftp_trouble
tests_unit_test_tftp_trouble_SOURCES = tests/unit/test_tftp_trouble.c tests/fakes/tftp_bench.c tests/fakes/tftp_bench.h
tests_unit_test_tftp_trouble_LDADD = librecovery.a libbase.a $(CMOCKA_LIBS)
tests_unit_test_tftp_server_SOURCES = tests/unit/test_tftp_server.c tests/fakes/tftp_bench.c tests/fakes/tftp_bench.h
tests_unit_test_tftp_server_LDADD = librecovery.a libbase.a $(CMOCKA_LIBS)

FUZZERS += tests/fuzz/fuzz_tftp_server.c
