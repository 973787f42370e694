libpractice_a_SOURCES += \
	src/practice/bench.c src/practice/bench.h \
	src/practice/camera.c src/practice/camera.h \
	src/practice/camera_boot.c \
	src/practice/camera_console.c \
	src/practice/camera_data.c \
	src/practice/camera_env.c \
	src/practice/camera_env_commands.c \
	src/practice/camera_flash.c \
	src/practice/camera_line.c \
	src/practice/camera_linux.c \
	src/practice/camera_memory.c \
	src/practice/camera_shell.c src/practice/camera_shell.h \
	src/practice/camera_tftp.c \
	src/practice/practice_device.c src/practice/practice_device.h \
	src/practice/uimage.c
check_PROGRAMS += tests/integration/test_practice
tests_integration_test_practice_SOURCES = tests/integration/test_practice.c tests/integration/practice_bench.c tests/integration/practice_bench.h
tests_integration_test_practice_LDADD = libcore.a libpractice.a librecovery.a libbase.a $(CMOCKA_LIBS)
