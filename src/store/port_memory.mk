libstore_a_SOURCES += src/store/port_memory.c src/store/port_memory.h
check_PROGRAMS += tests/integration/test_port_memory
tests_integration_test_port_memory_SOURCES = tests/integration/test_port_memory.c
tests_integration_test_port_memory_LDADD = libstore.a libbase.a $(JANSSON_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)
