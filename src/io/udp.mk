libio_a_SOURCES += src/io/udp.c src/io/udp.h

check_PROGRAMS += tests/integration/test_udp
tests_integration_test_udp_SOURCES = tests/integration/test_udp.c
tests_integration_test_udp_LDADD = libio.a libbase.a $(UV_LIBS) $(SERIALPORT_LIBS) $(CMOCKA_LIBS)
