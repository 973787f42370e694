librecovery_a_SOURCES += \
	recovery/image/image.c recovery/image/image.h recovery/image/format.h \
	recovery/image/blank.c recovery/image/web_page.c recovery/image/uimage.c \
	recovery/image/fdt.c recovery/image/fdt.h recovery/image/fit.c \
	recovery/image/checksum.c recovery/image/checksum.h \
	recovery/image/linux.c recovery/image/squashfs.c recovery/image/packed.c recovery/image/elf.c
check_PROGRAMS += tests/unit/test_image tests/unit/test_checksum tests/integration/test_image_corpus
tests_unit_test_image_SOURCES = tests/unit/test_image.c
tests_unit_test_image_LDADD = librecovery.a libbase.a $(CMOCKA_LIBS)
tests_unit_test_checksum_SOURCES = tests/unit/test_checksum.c
tests_unit_test_checksum_LDADD = librecovery.a libbase.a $(CMOCKA_LIBS)
tests_integration_test_image_corpus_SOURCES = tests/integration/test_image_corpus.c
tests_integration_test_image_corpus_LDADD = libstore.a librecovery.a libbase.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)
FUZZERS += tests/fuzz/fuzz_image.c tests/fuzz/fuzz_checksum.c
