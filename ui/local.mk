libui_a_SOURCES += \
	ui/canvas.c ui/canvas.h \
	ui/console_halves.c ui/console_halves.h \
	ui/console_marks.c ui/console_marks.h \
	ui/console_pane.c ui/console_pane.h \
	ui/console_search.c ui/console_search.h \
	ui/console_tabs.c ui/console_tabs.h \
	ui/console_type.c \
	ui/home_rows.c ui/home_rows.h \
	ui/keys.c ui/keys.h \
	ui/screen.h ui/screens.c \
	ui/screen_case.c ui/screen_case.h ui/screen_case_coach.c ui/screen_case_diagnosis.c ui/screen_case_write.c \
	ui/screen_bytes.c \
	ui/screen_console.c ui/console_parts.h ui/screen_settings.c ui/screen_send.c ui/screen_macros.c \
	ui/screen_evidence.c \
	ui/screen_help.c \
	ui/screen_hex.c \
	ui/screen_home.c \
	ui/screen_image.c ui/image_rows.c ui/image_rows.h \
	ui/screen_log.c \
	ui/screen_marks.c \
	ui/screen_practice.c \
	ui/screen_replay.c ui/screen_line_check.c ui/console_hunt.c ui/console_hunt.h \
	ui/terminal_feed.c ui/terminal_internal.h ui/terminal_guard.c ui/terminal_guard.h ui/terminal_plain.c ui/terminal_plain.h \
	ui/terminal_cells.c ui/terminal_cells.h \
	ui/terminal_history.c ui/terminal_history.h \
	ui/terminal_marks.c ui/terminal_marks.h \
	ui/terminal_times.c ui/terminal_times.h \
	ui/terminal_view.c ui/terminal_view.h \
	ui/theme.c ui/theme.h \
	ui/ui.c ui/ui.h ui/ui_draw.c ui/ui_input.c ui/ui_internal.h ui/ui_prompt.c ui/ui_terminal.c \
	ui/widget_bar.c ui/widget_bar.h \
	ui/widget_digits.c ui/widget_digits.h \
	ui/widget_hex.c ui/widget_hex.h \
	ui/widget_input.c ui/widget_input.h \
	ui/widget_list.c ui/widget_list.h \
	ui/widget_map.c ui/widget_map.h \
	ui/widget_question.c ui/widget_question.h \
	ui/widget_scroll.c ui/widget_scroll.h

check_PROGRAMS += tests/unit/test_terminal_guard
check_PROGRAMS += tests/unit/test_terminal_plain
check_PROGRAMS += tests/unit/test_terminal_view
EXTRA_PROGRAMS += tests/screens/screen_demo tests/screens/screen_test
tests_screens_screen_demo_SOURCES = tests/screens/screen_demo.c tests/fakes/fake_app.c tests/fakes/fake_app.h tests/fakes/fake_scenes.c tests/fakes/fake_scenes.h tests/fakes/fake_image.c tests/fakes/fake_image.h
tests_screens_screen_demo_LDADD = libui.a librecovery.a libio.a libbase.a $(UV_LIBS) $(PCRE2_LIBS) $(VTERM_LIBS) $(NCURSES_LIBS)
tests_screens_screen_test_SOURCES = tests/screens/screen_test.c
tests_screens_screen_test_LDADD = $(VTERM_LIBS) $(NCURSES_LIBS) -lutil
tests_unit_test_terminal_guard_SOURCES = tests/unit/test_terminal_guard.c
tests_unit_test_terminal_guard_LDADD = libui.a libbase.a $(CMOCKA_LIBS)
tests_unit_test_terminal_plain_SOURCES = tests/unit/test_terminal_plain.c
tests_unit_test_terminal_plain_LDADD = libui.a libbase.a $(CMOCKA_LIBS)
tests_unit_test_terminal_view_SOURCES = tests/unit/test_terminal_view.c
tests_unit_test_terminal_view_LDADD = libui.a librecovery.a libio.a libbase.a $(UV_LIBS) $(PCRE2_LIBS) $(VTERM_LIBS) $(NCURSES_LIBS) $(CMOCKA_LIBS)

# The screens as scripts, typed at the demo by screen_test.
TESTS += tests/screens/run
EXTRA_DIST += tests/screens/run tests/screens/scripts tests/screens/expected

FUZZERS += tests/fuzz/fuzz_terminal_view.c
