librecovery_a_SOURCES += recovery/image/image.c recovery/image/image.h
librecovery_a_SOURCES += recovery/image/format.c recovery/image/format.h
librecovery_a_SOURCES += recovery/image/registry.c
librecovery_a_SOURCES += recovery/image/arch.c
librecovery_a_SOURCES += recovery/image/checksum.c recovery/image/checksum.h
# formats
librecovery_a_SOURCES += recovery/image/blank.c
librecovery_a_SOURCES += recovery/image/web_page.c
librecovery_a_SOURCES += recovery/image/uimage.c
librecovery_a_SOURCES += recovery/image/fdt.c recovery/image/fdt.h
librecovery_a_SOURCES += recovery/image/fit.c
librecovery_a_SOURCES += recovery/image/linux.c
librecovery_a_SOURCES += recovery/image/squashfs.c
librecovery_a_SOURCES += recovery/image/packed.c
librecovery_a_SOURCES += recovery/image/elf.c

check_PROGRAMS += tests/unit/test_image
tests_unit_test_image_SOURCES = tests/unit/test_image.c
tests_unit_test_image_LDADD = librecovery.a libbase.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_checksum
tests_unit_test_checksum_SOURCES = tests/unit/test_checksum.c
tests_unit_test_checksum_LDADD = librecovery.a libbase.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/integration/test_image_corpus
tests_integration_test_image_corpus_SOURCES = tests/integration/test_image_corpus.c
tests_integration_test_image_corpus_LDADD = libstore.a librecovery.a libbase.a $(CRYPTO_LIBS) $(UNPACK_LIBS) $(CMOCKA_LIBS)
FUZZERS += tests/fuzz/fuzz_image.c tests/fuzz/fuzz_checksum.c
