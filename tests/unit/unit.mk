# Tests of recovery/{protocol/dialog,loader,procedure} and src/base.
check_PROGRAMS += tests/unit/test_environment_check tests/unit/test_free_space tests/unit/test_dialog tests/unit/test_stop_boot tests/unit/test_uboot tests/unit/test_runner tests/unit/test_plan \
	tests/unit/test_pattern tests/unit/test_text tests/unit/test_console_state tests/unit/test_macro tests/unit/test_redboot tests/unit/test_barebox tests/unit/test_cfe tests/unit/test_realtek tests/unit/test_zyxel tests/unit/test_loaders
fake_loader = tests/fakes/fake_loader.c tests/fakes/fake_loader.h
unit_libs = librecovery.a libbase.a $(PCRE2_LIBS) $(CMOCKA_LIBS)
tests_unit_test_environment_check_SOURCES = tests/unit/test_environment_check.c
tests_unit_test_environment_check_LDADD = $(unit_libs)
tests_unit_test_free_space_SOURCES = tests/unit/test_free_space.c
tests_unit_test_free_space_LDADD = $(unit_libs)
tests_unit_test_dialog_SOURCES = tests/unit/test_dialog.c
tests_unit_test_dialog_LDADD = $(unit_libs)
tests_unit_test_stop_boot_SOURCES = tests/unit/test_stop_boot.c
tests_unit_test_stop_boot_LDADD = $(unit_libs)
UBOOT_BENCH = tests/unit/uboot_bench.c tests/unit/uboot_bench.h tests/fakes/fake_uboot.c tests/fakes/fake_uboot.h
tests_unit_test_uboot_SOURCES = tests/unit/test_uboot.c $(UBOOT_BENCH)
tests_unit_test_uboot_LDADD = $(unit_libs)
check_PROGRAMS += tests/unit/test_uboot_compare
tests_unit_test_uboot_compare_SOURCES = tests/unit/test_uboot_compare.c $(UBOOT_BENCH)
tests_unit_test_uboot_compare_LDADD = $(unit_libs)
tests_unit_test_macro_SOURCES = tests/unit/test_macro.c
tests_unit_test_macro_LDADD = $(unit_libs)
tests_unit_test_console_state_SOURCES = tests/unit/test_console_state.c
tests_unit_test_console_state_LDADD = $(unit_libs)
tests_unit_test_redboot_SOURCES = tests/unit/test_redboot.c $(fake_loader)
tests_unit_test_redboot_LDADD = $(unit_libs)
tests_unit_test_barebox_SOURCES = tests/unit/test_barebox.c $(fake_loader)
tests_unit_test_barebox_LDADD = $(unit_libs)
tests_unit_test_cfe_SOURCES = tests/unit/test_cfe.c $(fake_loader)
tests_unit_test_cfe_LDADD = $(unit_libs)
tests_unit_test_realtek_SOURCES = tests/unit/test_realtek.c $(fake_loader)
tests_unit_test_realtek_LDADD = $(unit_libs)
tests_unit_test_zyxel_SOURCES = tests/unit/test_zyxel.c $(fake_loader)
tests_unit_test_zyxel_LDADD = $(unit_libs)
tests_unit_test_loaders_SOURCES = tests/unit/test_loaders.c $(fake_loader)
tests_unit_test_loaders_LDADD = $(unit_libs)
tests_unit_test_runner_SOURCES = tests/unit/test_runner.c
tests_unit_test_runner_LDADD = $(unit_libs)
tests_unit_test_plan_SOURCES = tests/unit/test_plan.c
tests_unit_test_plan_LDADD = $(unit_libs)
tests_unit_test_pattern_SOURCES = tests/unit/test_pattern.c
tests_unit_test_pattern_LDADD = $(unit_libs)
tests_unit_test_text_SOURCES = tests/unit/test_text.c
tests_unit_test_text_LDADD = $(unit_libs)

# The drivers at emulated loaders, over a pty.
check_PROGRAMS += tests/integration/test_loader_bed
tests_integration_test_loader_bed_SOURCES = tests/integration/test_loader_bed.c tests/fakes/temp_folder.h
tests_integration_test_loader_bed_LDADD = $(unit_libs)

FUZZERS += tests/fuzz/fuzz_macro.c tests/fuzz/fuzz_dialog.c tests/fuzz/fuzz_stop_boot.c tests/fuzz/fuzz_loader_reply.c tests/fuzz/fuzz_console_state.c

check_PROGRAMS += tests/unit/test_baud_raise
tests_unit_test_baud_raise_SOURCES = tests/unit/test_baud_raise.c tests/fakes/rate_device.c tests/fakes/rate_device.h
tests_unit_test_baud_raise_LDADD = $(unit_libs)
FUZZERS += tests/fuzz/fuzz_baud_raise.c
check_PROGRAMS += tests/unit/test_load_serial
tests_unit_test_load_serial_SOURCES = tests/unit/test_load_serial.c
tests_unit_test_load_serial_LDADD = $(unit_libs)
