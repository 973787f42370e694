libstore_a_SOURCES += \
	src/media/digest.c src/media/digest.h \
	src/media/image_file.c src/media/image_file.h \
	src/media/unpack.c src/media/unpack.h
check_PROGRAMS += tests/integration/test_digest tests/integration/test_image_file tests/integration/test_unpack
tests_integration_test_digest_SOURCES = tests/integration/test_digest.c
tests_integration_test_digest_LDADD = libstore.a libbase.a $(CRYPTO_LIBS) $(UNPACK_LIBS) $(CMOCKA_LIBS)
tests_integration_test_image_file_SOURCES = tests/integration/test_image_file.c
tests_integration_test_image_file_LDADD = libstore.a librecovery.a libbase.a $(CRYPTO_LIBS) $(UNPACK_LIBS) $(CMOCKA_LIBS)
tests_integration_test_unpack_SOURCES = tests/integration/test_unpack.c
tests_integration_test_unpack_LDADD = libstore.a librecovery.a libbase.a $(CRYPTO_LIBS) $(UNPACK_LIBS) $(CMOCKA_LIBS)
