libstore_a_SOURCES += src/media/archive.c src/media/archive.h
libstore_a_SOURCES += src/media/archive_choose.c src/media/archive_choose.h
libstore_a_SOURCES += src/media/archive_extract.c
libstore_a_SOURCES += src/media/archive_level.c src/media/archive_level.h
libstore_a_SOURCES += src/media/archive_library.c src/media/archive_library.h
libstore_a_SOURCES += src/media/archive_member.c
libstore_a_SOURCES += src/media/archive_rar.c
libstore_a_SOURCES += src/media/decrypt.c src/media/decrypt.h
libstore_a_SOURCES += src/media/digest.c src/media/digest.h
libstore_a_SOURCES += src/media/examine.c src/media/examine.h
libstore_a_SOURCES += src/media/examine_files.c
libstore_a_SOURCES += src/media/expected.c src/media/expected.h
libstore_a_SOURCES += src/media/fit_check.c src/media/fit_check.h
libstore_a_SOURCES += src/media/gpgv.c src/media/gpgv.h
libstore_a_SOURCES += src/media/image_file.c src/media/image_file.h
libstore_a_SOURCES += src/media/new_file.c src/media/new_file.h
libstore_a_SOURCES += src/media/signature_check.c src/media/signature_check.h
libstore_a_SOURCES += src/media/small_file.c src/media/small_file.h
libstore_a_SOURCES += src/media/unpack.c src/media/unpack.h
libstore_a_SOURCES += src/media/verify.c src/media/verify.h
libstore_a_SOURCES += src/media/fetch.h src/media/url.c src/media/url.h
if HAVE_LIBCURL
libstore_a_SOURCES += src/media/fetch.c
libstore_a_SOURCES += src/media/curl_library.c src/media/curl_library.h
else
libstore_a_SOURCES += src/media/fetch_none.c
endif

MEDIA_TEST_LIBS = libstore.a librecovery.a libbase.a $(CRYPTO_LIBS) $(ZLIB_LIBS) $(FDT_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_url
tests_unit_test_url_SOURCES = tests/unit/test_url.c
tests_unit_test_url_LDADD = $(MEDIA_TEST_LIBS)
check_PROGRAMS += tests/integration/test_digest
tests_integration_test_digest_SOURCES = tests/integration/test_digest.c
tests_integration_test_digest_LDADD = $(MEDIA_TEST_LIBS)
check_PROGRAMS += tests/integration/test_image_file
tests_integration_test_image_file_SOURCES = tests/integration/test_image_file.c
tests_integration_test_image_file_LDADD = $(MEDIA_TEST_LIBS)
check_PROGRAMS += tests/integration/test_unpack
tests_integration_test_unpack_SOURCES = tests/integration/test_unpack.c
tests_integration_test_unpack_LDADD = $(MEDIA_TEST_LIBS)
check_PROGRAMS += tests/integration/test_archive
tests_integration_test_archive_SOURCES = tests/integration/test_archive.c
tests_integration_test_archive_LDADD = $(MEDIA_TEST_LIBS) $(ARCHIVE_LIBS)
check_PROGRAMS += tests/unit/test_archive_choose
tests_unit_test_archive_choose_SOURCES = tests/unit/test_archive_choose.c
tests_unit_test_archive_choose_LDADD = $(MEDIA_TEST_LIBS)
FUZZERS += tests/fuzz/fuzz_archive.c
