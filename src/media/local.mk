libstore_a_SOURCES += \
	src/media/digest.c src/media/digest.h \
	src/media/expected.c src/media/expected.h \
	src/media/fetch.h src/media/url.c src/media/url.h \
	src/media/image_file.c src/media/image_file.h \
	src/media/new_file.c src/media/new_file.h
if HAVE_LIBCURL
libstore_a_SOURCES += src/media/fetch.c
else
libstore_a_SOURCES += src/media/fetch_none.c
endif
check_PROGRAMS += tests/unit/test_url tests/integration/test_digest tests/integration/test_image_file
tests_unit_test_url_SOURCES = tests/unit/test_url.c
tests_unit_test_url_LDADD = libstore.a libbase.a $(CMOCKA_LIBS)
tests_integration_test_digest_SOURCES = tests/integration/test_digest.c
tests_integration_test_digest_LDADD = libstore.a libbase.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)
tests_integration_test_image_file_SOURCES = tests/integration/test_image_file.c
tests_integration_test_image_file_LDADD = libstore.a librecovery.a libbase.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)
