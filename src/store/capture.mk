libstore_a_SOURCES += src/store/capture.c src/store/capture.h src/store/capture_times.c src/store/capture_times.h \
	src/store/capture_files.c src/store/capture_files.h src/store/capture_syncer.c src/store/capture_syncer.h src/store/folders.c src/store/folders.h
check_PROGRAMS += tests/integration/test_capture
tests_integration_test_capture_SOURCES = tests/integration/test_capture.c
tests_integration_test_capture_LDADD = libstore.a librecovery.a libbase.a $(CMOCKA_LIBS)
libstore_a_SOURCES += src/store/image_cache.c src/store/image_cache.h
check_PROGRAMS += tests/integration/test_image_cache
tests_integration_test_image_cache_SOURCES = tests/integration/test_image_cache.c
tests_integration_test_image_cache_LDADD = libstore.a libbase.a $(CMOCKA_LIBS)
