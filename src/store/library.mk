libstore_a_SOURCES += \
	src/store/device_library.c src/store/device_library.h \
	src/store/library_index.c src/store/library_index.h \
	src/store/library_schema.h \
	src/store/method_check.c src/store/method_check.h src/store/profile_match.c src/store/profile_match.h \
	src/store/macro_schema.c src/store/macro_schema.h src/store/procedure_schema.c src/store/profile_schema.c \
	src/store/profile_check.c src/store/profile_check.h src/store/schema_fields.h src/store/sign_schema.c src/store/usb_schema.c \
	src/store/yaml_file.c src/store/yaml_file.h src/store/yaml_load.c src/store/yaml_memory.c src/store/yaml_memory.h \
	src/store/yaml_nodes.c src/store/yaml_nodes.h src/store/yaml_value.c src/store/yaml_value.h

library_bench_files = tests/integration/library_bench.c tests/integration/library_bench.h
check_PROGRAMS += tests/integration/test_device_library tests/integration/test_device_library_errors
tests_integration_test_device_library_SOURCES = tests/integration/test_device_library.c $(library_bench_files)
tests_integration_test_device_library_LDADD = libstore.a librecovery.a libbase.a $(YAML_LIBS) $(PCRE2_LIBS) $(FDT_LIBS) $(CMOCKA_LIBS)
tests_integration_test_device_library_errors_SOURCES = tests/integration/test_device_library_errors.c $(library_bench_files)
tests_integration_test_device_library_errors_LDADD = $(tests_integration_test_device_library_LDADD)

check_PROGRAMS += tests/integration/test_library_memory
tests_integration_test_library_memory_SOURCES = tests/integration/test_library_memory.c
tests_integration_test_library_memory_LDADD = libstore.a librecovery.a libbase.a $(YAML_LIBS) $(PCRE2_LIBS) $(FDT_LIBS) $(CMOCKA_LIBS)

FUZZERS += tests/fuzz/fuzz_yaml_profile.c
