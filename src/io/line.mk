libio_a_SOURCES += src/io/loop.c src/io/loop.h src/io/line.c src/io/line.h src/io/line_settings.c src/io/line_driver.h src/io/line_node.c src/io/line_name.c src/io/line_adapter.c src/io/line_trouble.c \
	src/io/line_queue.c src/io/line_queue.h src/io/line_wait.c src/io/line_wait.h \
	src/io/line_uucp.c src/io/line_termios.c src/io/line_serial.c src/io/line_pty.c src/io/line_tcp.c src/io/line_rfc2217.c \
	src/io/line_unix.c src/io/line_replay.c src/io/replay.c src/io/replay.h src/io/replay_source.c src/io/replay_source.h src/io/raw_terminal.c src/io/raw_terminal.h
check_PROGRAMS += tests/integration/test_loop tests/integration/test_line
tests_integration_test_loop_SOURCES = tests/integration/test_loop.c
tests_integration_test_loop_LDADD = libio.a libbase.a $(UV_LIBS) $(CMOCKA_LIBS)
tests_integration_test_line_SOURCES = tests/integration/test_line.c
tests_integration_test_line_LDADD = libio.a librecovery.a libbase.a $(UV_LIBS) $(SERIALPORT_LIBS) $(CMOCKA_LIBS) -lutil
check_PROGRAMS += tests/integration/test_port
tests_integration_test_port_SOURCES = tests/integration/test_port.c tests/fakes/fake_machine.c tests/fakes/fake_machine.h
tests_integration_test_port_LDADD = libcore.a libio.a libbase.a $(UV_LIBS) $(SERIALPORT_LIBS) $(CMOCKA_LIBS)
