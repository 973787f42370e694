librecovery_a_SOURCES += recovery/protocol/rfc2217.c recovery/protocol/rfc2217.h
check_PROGRAMS += tests/unit/test_rfc2217
tests_unit_test_rfc2217_SOURCES = tests/unit/test_rfc2217.c
tests_unit_test_rfc2217_LDADD = librecovery.a libbase.a $(CMOCKA_LIBS)
FUZZERS += tests/fuzz/fuzz_rfc2217.c
