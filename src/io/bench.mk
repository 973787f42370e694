libio_a_SOURCES += src/io/bench_scan.c src/io/bench_scan.h src/io/bench_internal.h src/io/bench_parse.c src/io/bench_sysfs.c \
	src/io/bench_ports.c src/io/bench_adapter.c src/io/bench_advice.c src/io/bench_usb.c src/io/bench_cards.c src/io/bench_content.c src/io/bench_content.h \
	src/io/bench_nics.c src/io/bench_power.c src/io/bench_holders.c src/io/bench_watch.c
check_PROGRAMS += tests/unit/test_bench_parse tests/integration/test_bench_scan
tests_unit_test_bench_parse_SOURCES = tests/unit/test_bench_parse.c
tests_unit_test_bench_parse_LDADD = libio.a libbase.a $(CMOCKA_LIBS)
BENCH_TEST_FAKES = tests/fakes/fake_machine.c tests/fakes/fake_machine.h tests/fakes/file_holder.c tests/fakes/file_holder.h
tests_integration_test_bench_scan_SOURCES = tests/integration/test_bench_scan.c $(BENCH_TEST_FAKES)
tests_integration_test_bench_scan_LDADD = libio.a libbase.a $(UV_LIBS) $(CMOCKA_LIBS) -lutil
check_PROGRAMS += tests/integration/test_bench_watch
tests_integration_test_bench_watch_SOURCES = tests/integration/test_bench_watch.c $(BENCH_TEST_FAKES)
tests_integration_test_bench_watch_LDADD = libio.a libbase.a $(UV_LIBS) $(CMOCKA_LIBS) -lutil
FUZZERS += tests/fuzz/fuzz_bench_parse.c
