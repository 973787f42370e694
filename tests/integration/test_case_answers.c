/* Answers to a case's questions: what is taken for an answer, what is asked again, and what the journal says of it. */
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/text.h"
#include "src/core/app.h"
#include "tests/fakes/temp_folder.h"

enum { PATIENCE_MS = 20000, LOOK_MS = 20 };

struct bench {
	struct loop *loop;
	struct app *app;
	struct loop_timer *timer;
	char folder[200], port[64];
	int device, line;
	int64_t id;
	uint64_t end_ms;
};

static const char damaged[] = "\r\n\r\nU-Boot 2016.03 (Jan 01 2017 - 00:00:00)\r\n\r\nHit any key to stop autoboot:  0\r\n"
			      "## Booting kernel from Legacy Image at 42000000 ...\r\n   Verifying Checksum ... Bad Data CRC\r\n"
			      "ERROR: can't get kernel image!\r\n=> ";

static int setup_with(void **state, const char *power_command, bool is_listed)
{
	static const char *const folders[] = { SOURCE_DB_DIR, NULL };
	struct bench *b = calloc(1, sizeof(*b));
	struct app_options options = { .library_folders = folders, .power_command = power_command };
	char states[240];
	struct termios raw;
	struct error error;

	if (b == NULL || !temp_folder_make(b->folder, sizeof(b->folder), "case-answers") || loop_new(&b->loop, NULL) != STATUS_OK ||
	    openpty(&b->device, &b->line, b->port, NULL, NULL) != 0 || tcgetattr(b->line, &raw) != 0)
		return -1;
	cfmakeraw(&raw);
	tcsetattr(b->line, TCSANOW, &raw);
	options.state_folder = text_format(states, sizeof(states), "%s/state", b->folder);
	if (is_listed)
		setenv("UNBRICK_PORTS", b->port, 1);
	else
		options.port = b->port;
	if (app_new(b->loop, &options, &b->app, &error) != STATUS_OK || app_case_new(b->app, &b->id, &error) != STATUS_OK) {
		fprintf(stderr, "%s\n", error.text);
		return -1;
	}
	*state = b;
	return 0;
}

static int setup(void **state)
{
	return setup_with(state, NULL, false);
}

static int setup_with_switch(void **state)
{
	return setup_with(state, "true", false);
}

/* Among the ports of the bench, as one that was plugged in, and not named for all cases. */
static int setup_listed(void **state)
{
	return setup_with(state, NULL, true);
}

static int teardown(void **state)
{
	struct bench *b = *state;

	app_free(b->app);
	loop_timer_free(b->timer);
	loop_free(b->loop);
	close(b->device);
	close(b->line);
	temp_folder_remove(b->folder);
	unsetenv("UNBRICK_PORTS");
	free(b);
	return 0;
}

static enum status answer(struct bench *b, const char *text)
{
	struct error error;

	return app_case_answer(b->app, b->id, app_case_view(b->app, b->id)->question.id, text, &error);
}

/* After a first try that failed: by itself. */
static const char mended[] = "\r\n\r\nU-Boot 2016.03 (Jan 01 2017 - 00:00:00)\r\n\r\nHit any key to stop autoboot:  0\r\n"
			     "## Booting kernel from Legacy Image at 42000000 ...\r\n   Verifying Checksum ... OK\r\n\r\nStarting kernel ...\r\n\r\n"
			     "[    0.000000] Linux version 4.9.84 (build@host) (gcc 8.3.0)\r\n[    1.200000] VFS: Mounted root (squashfs filesystem) readonly.\r\n"
			     "[    1.300000] Run /sbin/init as init process\r\n\r\ncamera login: ";

static void go_to_watch_of(struct bench *b, const char *device, const char *happened)
{
	assert_int_equal(answer(b, device), STATUS_OK);
	assert_int_equal(answer(b, happened), STATUS_OK);
	assert_int_equal(app_case_view(b->app, b->id)->phase, GUIDE_WATCH);
}

static void go_to_watch(struct bench *b)
{
	go_to_watch_of(b, "", "unknown");		/* neither the device nor what happened is known */
}

static void look(void *user)
{
	struct bench *b = user;

	const struct case_view *view = app_case_view(b->app, b->id);
	bool is_at_work = view->phase == GUIDE_STEPS && view->question.type == QUESTION_NONE;

	if ((view->phase != GUIDE_WATCH && !is_at_work) || loop_now_ms() > b->end_ms)
		loop_stop(b->loop);
	else
		loop_timer_set_after(b->timer, LOOK_MS);
}

static void wait_for_diagnosis(struct bench *b)
{
	b->end_ms = loop_now_ms() + PATIENCE_MS;
	b->timer = loop_timer_new(b->loop, look, b);
	loop_timer_set_after(b->timer, LOOK_MS);
	loop_run(b->loop);
	assert_int_equal(app_case_view(b->app, b->id)->phase, GUIDE_DIAGNOSIS);
}

static void go_to_diagnosis_of(struct bench *b, const char *device)
{
	go_to_watch_of(b, device, "unknown");
	assert_int_equal(write(b->device, damaged, sizeof(damaged) - 1), (ssize_t)sizeof(damaged) - 1);
	wait_for_diagnosis(b);
}

static void go_to_diagnosis(struct bench *b)
{
	go_to_diagnosis_of(b, "");
}

/* The id of the choice of that name; NULL: it is not offered. */
static const char *offered(struct bench *b, const char *name)
{
	const struct question *question = &app_case_view(b->app, b->id)->question;

	for (unsigned i = 0; i < question->choice_count; i++)
		if (strstr(question->choice[i].text, name) != NULL)
			return question->choice[i].id;
	return NULL;
}

static void a_case_left_before_its_first_answer_is_the_next_one(void **state)
{
	struct bench *b = *state;
	int64_t next;

	assert_int_equal(app_case_new(b->app, &next, NULL), STATUS_OK);
	assert_int_equal(next, b->id);
	assert_int_equal(answer(b, ""), STATUS_OK);
	assert_int_equal(app_case_new(b->app, &next, NULL), STATUS_OK);
	assert_int_not_equal(next, b->id);
}

static void that_nothing_appears_is_not_taken_at_once(void **state)
{
	struct bench *b = *state;

	go_to_watch(b);
	assert_int_equal(answer(b, "nothing"), STATUS_REFUSED);
	assert_int_equal(app_case_view(b->app, b->id)->phase, GUIDE_WATCH);
	assert_non_null(strstr(app_case_view(b->app, b->id)->question.problem, "only now. To do: give it"));
}

static void enter_pressed_once_too_often_begins_no_line_check(void **state)
{
	struct bench *b = *state;

	go_to_watch(b);
	assert_int_equal(answer(b, app_case_view(b->app, b->id)->question.choice[0].id), STATUS_REFUSED);
	assert_non_null(strstr(app_case_view(b->app, b->id)->question.text, "nothing comes"));
}

static bool saw_words(struct bench *b)
{
	return strstr(app_case_view(b->app, b->id)->question.text, "nothing more") != NULL;
}

static void look_for_words(void *user)
{
	struct bench *b = user;

	if (saw_words(b) || loop_now_ms() > b->end_ms)
		loop_stop(b->loop);
	else
		loop_timer_set_after(b->timer, LOOK_MS);
}

static void words_that_are_no_start_make_going_on_the_likely_answer(void **state)
{
	static const char words[] = "\r\nwaiting for its partner\r\n";
	struct bench *b = *state;

	go_to_watch(b);
	assert_int_equal(write(b->device, words, sizeof(words) - 1), (ssize_t)sizeof(words) - 1);
	b->end_ms = loop_now_ms() + PATIENCE_MS;
	b->timer = loop_timer_new(b->loop, look_for_words, b);
	loop_timer_set_after(b->timer, LOOK_MS);
	loop_run(b->loop);
	assert_true(saw_words(b));
	assert_string_equal(app_case_view(b->app, b->id)->question.choice[0].id, "nothing");
	assert_int_equal(app_case_view(b->app, b->id)->question.preferred, 0);
}

static void an_empty_answer_leads_back_and_is_asked_again(void **state)
{
	struct bench *b = *state;

	go_to_diagnosis(b);
	assert_non_null(offered(b, "inspect the file"));
	assert_int_equal(answer(b, offered(b, "inspect the file")), STATUS_OK);
	assert_int_equal(app_case_view(b->app, b->id)->question.type, QUESTION_FILE);
	assert_int_equal(answer(b, ""), STATUS_OK);
	assert_non_null(offered(b, "inspect the file"));
}

/* Only the boot ROM speaks: no way back that goes through a loader is any good. */
static void ways_that_are_not_meant_for_it_leave_room_for_the_proof(void **state)
{
	static const char rom[] = "PCAM1 boot ROM 1.0: SPI NOR: no valid boot image\r\n";
	struct bench *b = *state;

	go_to_watch_of(b, "practice/pcam1", "unknown");
	assert_int_equal(write(b->device, rom, sizeof(rom) - 1), (ssize_t)sizeof(rom) - 1);
	wait_for_diagnosis(b);
	assert_int_equal(app_case_view(b->app, b->id)->verdict.cause, CAUSE_BOOTLOADER_GONE);
	assert_null(offered(b, "Write the firmware again"));
	assert_non_null(offered(b, "other ways"));
	assert_int_equal(answer(b, "more"), STATUS_OK);
	assert_non_null(offered(b, "Write the firmware again"));
}

static void what_was_answered_is_not_asked_again(void **state)
{
	struct bench *b = *state;

	go_to_diagnosis(b);
	assert_non_null(offered(b, "whether power was lost"));
	assert_int_equal(answer(b, offered(b, "whether power was lost")), STATUS_OK);
	assert_int_equal(answer(b, "unknown"), STATUS_OK);
	assert_null(offered(b, "whether power was lost"));
}

static bool count_sentence(void *user, const struct journal_entry *entry)
{
	*(unsigned *)user += text_equal(entry->text, "What happened? I do not know");
	return true;
}

static void the_journal_says_an_answer_as_a_sentence(void **state)
{
	struct bench *b = *state;
	unsigned found = 0;

	go_to_watch(b);
	assert_int_equal(casebook_read(app_casebook(b->app), b->id, 0, count_sentence, &found, NULL), STATUS_OK);
	assert_int_equal(found, 1);
}

static bool is_to_settle(struct bench *b, const char *text)
{
	const struct verdict *verdict = &app_case_view(b->app, b->id)->verdict;

	for (size_t i = 0; i < verdict->next_count; i++)
		if (strstr(verdict->next[i], text) != NULL)
			return true;
	return false;
}

static void what_would_settle_it_is_what_can_be_chosen(void **state)
{
	struct bench *b = *state;

	go_to_diagnosis(b);	/* without a model it is not known where in the flash to look */
	assert_false(is_to_settle(b, "flash and compare"));
	assert_null(offered(b, "compare the flash"));
	assert_true(is_to_settle(b, "inspect the file that was flashed"));
	assert_non_null(offered(b, "inspect the file that was flashed"));
	assert_true(is_to_settle(b, "power was lost"));
	assert_int_equal(answer(b, offered(b, "whether power was lost")), STATUS_OK);
	assert_int_equal(answer(b, "unknown"), STATUS_OK);
	assert_false(is_to_settle(b, "power was lost"));
}

static void a_case_that_goes_to_rma_says_so_when_it_is_closed(void **state)
{
	struct bench *b = *state;
	char note[32];
	struct error error;

	go_to_diagnosis(b);
	assert_int_equal(answer(b, "rma"), STATUS_OK);
	assert_non_null(strstr(app_case_view(b->app, b->id)->report, "unbrick case report 1 --state "));
	assert_int_equal(answer(b, "close"), STATUS_OK);
	assert_int_equal(casebook_get(app_casebook(b->app), b->id, "note", note, sizeof(note), &error), STATUS_OK);
	assert_string_equal(note, "to RMA");
}

static void what_happened_is_no_cause_of_a_device_that_came_up(void **state)
{
	struct bench *b = *state;

	go_to_watch_of(b, "", "power");
	assert_int_equal(write(b->device, damaged, sizeof(damaged) - 1), (ssize_t)sizeof(damaged) - 1);
	assert_int_equal(write(b->device, mended, sizeof(mended) - 1), (ssize_t)sizeof(mended) - 1);
	wait_for_diagnosis(b);
	assert_false(cause_is_fault(app_case_view(b->app, b->id)->verdict.cause));
	assert_non_null(strstr(app_case_view(b->app, b->id)->say[0], "login prompt was seen"));
	assert_non_null(offered(b, "It runs"));		/* and not that nothing was wrong */
}

/* Full, and somebody signed in by hand after the start. */
static const char signed_in[] = "\r\n\r\nU-Boot 2016.03 (Jan 01 2017 - 00:00:00)\r\n\r\nStarting kernel ...\r\n\r\n"
				"[    0.000000] Linux version 4.9.84 (build@host) (gcc 8.3.0)\r\n"
				"[    1.200000] VFS: Mounted root (squashfs filesystem) readonly.\r\n"
				"[    1.300000] Run /sbin/init as init process\r\nsyslogd: write error: No space left on device\r\n"
				"pcam1 login: root\r\nPassword: \r\n# ";

static bool has_logged(struct bench *b, const char *text)
{
	const struct case_view *view = app_case_view(b->app, b->id);

	for (unsigned i = 0; i < view->log_count && i < CASE_LOG_MAX; i++)
		if (strstr(view->log[i].text, text) != NULL)
			return true;
	return false;
}

static void look_for_shell(void *user)
{
	struct bench *b = user;

	if (has_logged(b, "signed in already") || loop_now_ms() > b->end_ms)
		loop_stop(b->loop);
	else
		loop_timer_set_after(b->timer, LOOK_MS);
}

static void a_shell_that_is_open_needs_nobody_to_sign_in(void **state)
{
	struct bench *b = *state;

	go_to_watch_of(b, "practice/pcam1", "unknown");
	assert_int_equal(write(b->device, signed_in, sizeof(signed_in) - 1), (ssize_t)sizeof(signed_in) - 1);
	wait_for_diagnosis(b);
	assert_int_equal(answer(b, "method:make-room"), STATUS_OK);
	loop_timer_free(b->timer);
	b->end_ms = loop_now_ms() + PATIENCE_MS;
	b->timer = loop_timer_new(b->loop, look_for_shell, b);
	loop_timer_set_after(b->timer, LOOK_MS);
	loop_run(b->loop);
	assert_true(has_logged(b, "somebody is signed in already"));
}

static void look_for_waiting(void *user)
{
	struct bench *b = user;
	const struct case_view *view = app_case_view(b->app, b->id);

	if ((view->say_count > 0 && strstr(view->say[0], "It restarts by itself") != NULL) || loop_now_ms() > b->end_ms)
		loop_stop(b->loop);
	else
		loop_timer_set_after(b->timer, LOOK_MS);
}

static void what_comes_up_while_its_next_start_is_awaited_is_left_alone(void **state)
{
	static const char round[] = "\r\n\r\nU-Boot 2016.03 (Jan 01 2017 - 00:00:00)\r\n\r\n## Booting kernel from Legacy Image at 42000000 ...\r\n"
				    "   Verifying Checksum ... Bad Data CRC\r\nERROR: can't get kernel image!\r\nresetting ...\r\n";
	struct bench *b = *state;
	const char *own = strstr(mended, "Starting kernel");

	go_to_watch_of(b, "practice/pcam1", "unknown");
	for (int i = 0; i < 4; i++)
		assert_int_equal(write(b->device, round, sizeof(round) - 1), (ssize_t)sizeof(round) - 1);
	wait_for_diagnosis(b);
	assert_true(app_case_view(b->app, b->id)->verdict.is_looping);
	assert_int_equal(answer(b, "method:reflash"), STATUS_OK);
	loop_timer_free(b->timer);
	b->end_ms = loop_now_ms() + PATIENCE_MS;
	b->timer = loop_timer_new(b->loop, look_for_waiting, b);
	loop_timer_set_after(b->timer, LOOK_MS);
	loop_run(b->loop);
	assert_int_equal(write(b->device, own, strlen(own)), (ssize_t)strlen(own));
	loop_timer_free(b->timer);
	wait_for_diagnosis(b);
	assert_int_equal(app_case_view(b->app, b->id)->problem.status, STATUS_CANCELLED);
	assert_non_null(strstr(app_case_view(b->app, b->id)->problem.text, "came up by itself"));
}

static void the_power_command_is_for_the_device_of_one_case(void **state)
{
	struct bench *b = *state;
	struct error error;

	assert_true(app_can_switch(b->app, "/dev/ttyOTHER"));	/* nobody's yet */
	go_to_watch(b);
	assert_non_null(strstr(app_case_view(b->app, b->id)->say[0], "was switched off and on"));
	assert_true(app_can_switch(b->app, b->port));
	assert_false(app_can_switch(b->app, "/dev/ttyOTHER"));
	assert_int_equal(app_power(b->app, "/dev/ttyOTHER", "cycle", &error), STATUS_BUSY);
	assert_non_null(strstr(error.text, b->port));
}

static void a_line_of_another_case_is_shown_as_that(void **state)
{
	struct bench *b = *state;
	const struct question *question;
	unsigned found = 0;

	assert_int_equal(answer(b, ""), STATUS_OK);
	assert_int_equal(answer(b, "unknown"), STATUS_OK);
	if (app_case_view(b->app, b->id)->phase == GUIDE_CONNECT)	/* a machine with more ports */
		assert_int_equal(answer(b, b->port), STATUS_OK);
	assert_int_equal(app_case_view(b->app, b->id)->phase, GUIDE_WATCH);
	assert_int_equal(app_case_new(b->app, &b->id, NULL), STATUS_OK);
	assert_int_equal(answer(b, ""), STATUS_OK);
	assert_int_equal(answer(b, "unknown"), STATUS_OK);
	assert_int_equal(app_case_view(b->app, b->id)->phase, GUIDE_CONNECT);
	question = &app_case_view(b->app, b->id)->question;
	for (unsigned i = 0; i < question->choice_count; i++)
		if (strstr(question->choice[i].text, b->port) != NULL) {
			found++;
			assert_string_equal(question->choice[i].detail, "the line of case #1");
			assert_true(question->choice_count == 1 || question->preferred != i);
		}
	assert_int_equal(found, 1);
}

static bool count_titles(void *user, const struct journal_entry *entry)
{
	*(unsigned *)user += text_equal(entry->kind, "step") && entry->data != NULL && text_starts(entry->data, "{\"title\":\"") &&
			     text_starts(entry->text, "step 1 of ");
	return true;
}

static void a_step_that_asks_is_counted_once(void **state)
{
	struct bench *b = *state;
	const struct snapshot *now;
	unsigned titles = 0;

	go_to_diagnosis_of(b, "practice/pcam1");
	assert_int_equal(app_snapshot(b->app)->running, 0);
	assert_int_equal(answer(b, "method:fetch"), STATUS_OK);
	loop_timer_set_after(b->timer, LOOK_MS);
	loop_run(b->loop);
	now = app_snapshot(b->app);
	assert_true(app_case_view(b->app, b->id)->is_running);
	assert_int_equal(now->running, 1);
	assert_int_equal(now->asking, 1);
	assert_int_equal(casebook_read(app_casebook(b->app), b->id, 0, count_titles, &titles, NULL), STATUS_OK);
	assert_int_equal(titles, 1);	/* the journal says what it is, and not only its kind */
}

/* The computer lost its power, and the adapter comes back as another port. Returns the old one, which cannot be opened any more: it is not closed, or
 * its number could be that of somebody else's line. */
static int begin_again_on_another_port(struct bench *b)
{
	static const char *const folders[] = { SOURCE_DB_DIR, NULL };
	struct app_options options = { .library_folders = folders, .port = b->port };
	char states[240];
	int old = b->device, locked = 1;
	struct termios raw;

	app_free(b->app);
	close(b->line);
	assert_int_equal(ioctl(old, TIOCSPTLCK, &locked), 0);
	assert_int_equal(openpty(&b->device, &b->line, b->port, NULL, NULL), 0);
	assert_int_equal(tcgetattr(b->line, &raw), 0);
	cfmakeraw(&raw);
	tcsetattr(b->line, TCSANOW, &raw);
	options.state_folder = text_format(states, sizeof(states), "%s/state", b->folder);
	assert_int_equal(app_new(b->loop, &options, &b->app, NULL), STATUS_OK);
	return old;
}

static void a_way_that_was_cut_off_goes_on_when_its_line_is_back(void **state)
{
	struct bench *b = *state;
	int old;

	go_to_diagnosis_of(b, "practice/pcam1");
	assert_int_equal(answer(b, "method:fetch"), STATUS_OK);
	loop_timer_set_after(b->timer, LOOK_MS);
	loop_run(b->loop);
	assert_int_equal(app_case_view(b->app, b->id)->phase, GUIDE_STEPS);
	old = begin_again_on_another_port(b);
	assert_int_equal(app_case_open(b->app, b->id, NULL), STATUS_OK);
	assert_int_equal(app_case_view(b->app, b->id)->phase, GUIDE_STEPS);
	assert_int_equal(app_case_view(b->app, b->id)->problem.status, STATUS_OK);
	assert_string_equal(app_case_view(b->app, b->id)->port, b->port);
	close(old);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_case_left_before_its_first_answer_is_the_next_one),
		TEST(that_nothing_appears_is_not_taken_at_once),
		TEST(enter_pressed_once_too_often_begins_no_line_check),
		TEST(words_that_are_no_start_make_going_on_the_likely_answer),
		TEST(an_empty_answer_leads_back_and_is_asked_again),
		TEST(ways_that_are_not_meant_for_it_leave_room_for_the_proof),
		TEST(what_was_answered_is_not_asked_again),
		TEST(the_journal_says_an_answer_as_a_sentence),
		TEST(what_would_settle_it_is_what_can_be_chosen),
		TEST(a_case_that_goes_to_rma_says_so_when_it_is_closed),
		TEST(what_happened_is_no_cause_of_a_device_that_came_up),
		TEST(a_shell_that_is_open_needs_nobody_to_sign_in),
		TEST(what_comes_up_while_its_next_start_is_awaited_is_left_alone),
		cmocka_unit_test_setup_teardown(the_power_command_is_for_the_device_of_one_case, setup_with_switch, teardown),
		cmocka_unit_test_setup_teardown(a_line_of_another_case_is_shown_as_that, setup_listed, teardown),
		TEST(a_step_that_asks_is_counted_once),
		TEST(a_way_that_was_cut_off_goes_on_when_its_line_is_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
