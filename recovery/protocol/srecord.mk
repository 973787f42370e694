librecovery_a_SOURCES += recovery/protocol/srecord.c recovery/protocol/srecord_line.c recovery/protocol/srecord_line.h recovery/protocol/raw.c
check_PROGRAMS += tests/unit/test_srecord
tests_unit_test_srecord_SOURCES = tests/unit/test_srecord.c
tests_unit_test_srecord_LDADD = librecovery.a libbase.a $(CMOCKA_LIBS)
FUZZERS += tests/fuzz/fuzz_srecord_line.c
