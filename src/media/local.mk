libstore_a_SOURCES += \
	src/media/archive.c src/media/archive.h src/media/archive_choose.c src/media/archive_choose.h src/media/archive_extract.c src/media/archive_level.c src/media/archive_level.h \
	src/media/archive_member.c \
	src/media/digest.c src/media/digest.h \
	src/media/image_file.c src/media/image_file.h
check_PROGRAMS += tests/integration/test_digest tests/integration/test_image_file tests/integration/test_archive tests/unit/test_archive_choose
tests_integration_test_digest_SOURCES = tests/integration/test_digest.c
tests_integration_test_digest_LDADD = libstore.a libbase.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)
tests_integration_test_image_file_SOURCES = tests/integration/test_image_file.c
tests_integration_test_image_file_LDADD = libstore.a librecovery.a libbase.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)
tests_integration_test_archive_SOURCES = tests/integration/test_archive.c
tests_integration_test_archive_LDADD = libstore.a librecovery.a libbase.a $(CRYPTO_LIBS) $(ARCHIVE_LIBS) $(ZLIB_LIBS) $(CMOCKA_LIBS)
tests_unit_test_archive_choose_SOURCES = tests/unit/test_archive_choose.c
tests_unit_test_archive_choose_LDADD = libstore.a librecovery.a libbase.a $(CRYPTO_LIBS) $(ARCHIVE_LIBS) $(ZLIB_LIBS) $(CMOCKA_LIBS)

FUZZERS += tests/fuzz/fuzz_archive.c
