/* tests/unit/test_verdict.c
 *
 * The judgement from evidence and marks alone, without any text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "recovery/diagnosis/course_rules.h"
#include "recovery/diagnosis/verdict.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

static const struct sign at_loader = { .id = "loader", .stage = STAGE_LOADER, .effect = SIGN_FAULT };
static const struct sign missed = { .id = "missed", .stage = STAGE_LOADER, .effect = SIGN_FAULT,
				    .cause = CAUSE_BAD_ENV, .weight = 45 };
static const struct sign at_updater = { .id = "updater", .stage = STAGE_UPDATER, .effect = SIGN_FAULT };
static const struct sign at_application = { .id = "application", .stage = STAGE_APPLICATION, .effect = SIGN_FAULT };

struct bench {
	struct course course;
	struct evidence_book book;
	struct verdict verdict;
};

static int begin(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	if (b != NULL)
		course_init(&b->course);
	*state = b;
	return b == NULL;
}

static int end(void **state)
{
	free(*state);
	return 0;
}

static enum cause judge(struct bench *b)
{
	verdict_judge(&b->course, &b->book, &b->verdict);
	return b->verdict.cause;
}

static void witness(struct evidence_book *book, const struct sign *sign, enum cause cause, int weight, unsigned line)
{
	struct evidence evidence = {
		.source = EVIDENCE_LINE, .cause = cause, .weight = weight, .line = line, .start = 1, .sign = sign
	};

	evidence_book_add(book, &evidence);
}

static void confidences_never_exceed_one_together(void **state)
{
	struct bench *b = *state;
	double total = 0;

	for (unsigned cause = CAUSE_SPACE; cause < CAUSE_LOGIN; cause++)
		witness(&b->book, &at_loader, (enum cause)cause, 90, cause);
	judge(b);
	assert_int_equal(b->verdict.cause_count, DIAGNOSIS_CAUSES_MAX);
	for (size_t i = 0; i < b->verdict.cause_count; i++) {
		total += b->verdict.causes[i].confidence;
		if (i > 0)
			assert_true(b->verdict.causes[i].confidence <= b->verdict.causes[i - 1].confidence);
	}
	assert_true(total <= 1.0001);
}

static void a_verdict_is_a_pure_function(void **state)
{
	struct course course;
	struct evidence_book book = { .count = 0 };
	struct verdict one, two;

	(void)state;
	course_init(&course);
	witness(&book, &at_loader, CAUSE_CHECKSUM, 70, 3);
	witness(&book, &at_loader, CAUSE_POWER, 60, 3);
	verdict_judge(&course, &book, &one);
	verdict_judge(&course, &book, &two);
	assert_memory_equal(&one, &two, sizeof(one));
}

static void a_later_stage_refutes_an_earlier_fault_but_not_an_updater_s(void **state)
{
	struct bench *b = *state;

	b->course.has_begun = b->course.has_booted = true;
	b->course.reached[STAGE_KERNEL] = 10;
	b->course.came_up = 20;
	witness(&b->book, &at_loader, CAUSE_CHECKSUM, 90, 5);
	assert_int_equal(judge(b), CAUSE_HEALTHY);
	witness(&b->book, &at_updater, CAUSE_SIGNATURE, 60, 6);
	assert_int_equal(judge(b), CAUSE_SIGNATURE);
}

/* Services start and stop around an emergency shell: only a login shows that init went on. */
static void services_after_a_fault_of_init_do_not_refute_it(void **state)
{
	static const struct sign at_init = { .id = "emergency", .stage = STAGE_INIT, .effect = SIGN_FAULT };
	struct bench *b = *state;

	b->course.has_begun = b->course.has_booted = true;
	b->course.furthest = STAGE_APPLICATION;
	b->course.reached[STAGE_APPLICATION] = 30;
	b->course.line = 40;
	witness(&b->book, &at_init, CAUSE_NO_ROOTFS, 60, 20);
	assert_int_equal(judge(b), CAUSE_NO_ROOTFS);
	b->course.reached[STAGE_LOGIN] = 35;
	assert_int_not_equal(judge(b), CAUSE_NO_ROOTFS);
}

static void a_system_that_says_much_after_it_lives_with_a_weak_complaint(void **state)
{
	static const struct sign at_root = { .id = "root", .stage = STAGE_ROOT_MOUNT, .effect = SIGN_FAULT };
	struct bench *b = *state;

	b->course.has_begun = b->course.has_booted = true;
	b->course.furthest = STAGE_ROOT_MOUNT;
	b->course.line = 300;
	witness(&b->book, &at_root, CAUSE_FLASH_WEAR, 38, 200);
	assert_int_equal(judge(b), CAUSE_FLASH_WEAR);
	b->course.line = 700;
	assert_int_not_equal(judge(b), CAUSE_FLASH_WEAR);
	/* what names its cause is not lived with, however much is said */
	witness(&b->book, &at_root, CAUSE_NO_ROOTFS, 80, 201);
	assert_int_equal(judge(b), CAUSE_NO_ROOTFS);
}

static void a_full_file_system_outlives_a_login(void **state)
{
	struct bench *b = *state;

	b->course.came_up = 50;
	witness(&b->book, &at_application, CAUSE_SPACE, 85, 30);
	assert_int_equal(judge(b), CAUSE_SPACE);
}

static void what_a_loader_misses_before_its_countdown_it_does_without(void **state)
{
	struct bench *b = *state;

	b->course.has_begun = true;
	b->course.start_line = 1;
	b->course.countdown = 20;
	b->course.reached[STAGE_LOADER] = 20;
	b->course.prompt = 25;
	witness(&b->book, &at_loader, CAUSE_BAD_ENV, 45, 10);
	assert_int_equal(judge(b), CAUSE_LOGIN);
	witness(&b->book, &at_loader, CAUSE_BAD_ENV, 45, 22);	/* now the boot command misses it too */
	assert_int_equal(judge(b), CAUSE_BAD_ENV);
}

static void what_a_loader_misses_before_it_finds_its_script_it_does_without(void **state)
{
	struct bench *b = *state;

	b->course.has_begun = true;
	b->course.start_line = 1;
	b->course.countdown = 20;
	b->course.script = 30;
	b->course.reached[STAGE_LOADER] = 20;
	b->course.prompt = 40;
	witness(&b->book, &missed, CAUSE_BAD_ENV, 45, 25);
	witness(&b->book, &missed, CAUSE_CHECKSUM, 25, 25);
	assert_int_equal(judge(b), CAUSE_LOGIN);
	witness(&b->book, &missed, CAUSE_BAD_ENV, 45, 35);	/* the script misses it too */
	assert_int_equal(judge(b), CAUSE_BAD_ENV);
}

static void a_damaged_image_before_the_next_script_still_counts(void **state)
{
	struct bench *b = *state;

	b->course.has_begun = true;
	b->course.start_line = 1;
	b->course.countdown = 20;
	b->course.script = 30;
	witness(&b->book, &at_loader, CAUSE_CHECKSUM, 45, 25);
	assert_int_equal(judge(b), CAUSE_CHECKSUM);
}

static void a_read_error_or_a_clear_word_before_the_countdown_still_counts(void **state)
{
	struct bench *b = *state;

	b->course.has_begun = true;
	b->course.start_line = 1;
	b->course.countdown = 20;
	witness(&b->book, &at_loader, CAUSE_FLASH_WEAR, 60, 10);
	assert_int_equal(judge(b), CAUSE_FLASH_WEAR);
	witness(&b->book, &at_loader, CAUSE_SIGNATURE, 90, 11);
	assert_int_equal(judge(b), CAUSE_SIGNATURE);
}

static void a_countdown_of_the_next_start_says_nothing_of_the_one_before(void **state)
{
	struct bench *b = *state;

	b->course.has_begun = true;
	b->course.start = 2;
	b->course.start_line = 15;
	b->course.countdown = 20;
	witness(&b->book, &at_loader, CAUSE_CHECKSUM, 70, 10);
	assert_int_equal(judge(b), CAUSE_CHECKSUM);
}

static void what_each_medium_lacks_does_not_rival_that_no_loader_was_found(void **state)
{
	struct bench *b = *state;

	b->course.has_begun = true;
	witness(&b->book, &at_loader, CAUSE_FLASH_WEAR, 60, 4);
	witness(&b->book, &at_loader, CAUSE_WRONG_HARDWARE, 50, 5);
	witness(&b->book, &at_loader, CAUSE_BOOTLOADER_GONE, 90, 6);
	assert_int_equal(judge(b), CAUSE_BOOTLOADER_GONE);
	assert_true(b->verdict.is_decided);
	witness(&b->book, &at_updater, CAUSE_FLASH_WEAR, 90, 7);	/* a read error that names itself is another matter */
	assert_int_equal(judge(b), CAUSE_FLASH_WEAR);
}

static void nothing_to_start_follows_from_an_image_that_does_not_fit(void **state)
{
	struct bench *b = *state;

	b->course.has_begun = true;
	witness(&b->book, &at_loader, CAUSE_SPACE, 88, 4);
	witness(&b->book, &at_loader, CAUSE_BOOTLOADER_GONE, 80, 6);
	assert_int_equal(judge(b), CAUSE_SPACE);
	assert_true(b->verdict.is_decided);
}

static void note_gave_up(struct bench *b, unsigned line)
{
	struct diagnosis_fact *note = &b->course.notes[b->course.note_count++];

	text_copy(note->name, sizeof(note->name), "gave-up");
	text_copy(note->value, sizeof(note->value), "yes");
	note->line = line;
}

static void a_first_stage_that_stops_for_good_had_no_loader_to_start(void **state)
{
	struct bench *b = *state;

	b->course.has_begun = true;
	b->course.start_line = 1;
	b->course.stage = b->course.furthest = STAGE_FIRST_LOADER;
	witness(&b->book, &at_loader, CAUSE_CHECKSUM, 88, 5);
	assert_int_equal(judge(b), CAUSE_CHECKSUM);
	note_gave_up(b, 6);
	assert_int_equal(judge(b), CAUSE_BOOTLOADER_GONE);
	/* a loader that gives up is there */
	b->course.furthest = STAGE_LOADER;
	assert_int_equal(judge(b), CAUSE_CHECKSUM);
}

static void a_first_stage_that_refused_a_signature_stopped_for_that(void **state)
{
	struct bench *b = *state;

	b->course.has_begun = true;
	b->course.start_line = 1;
	b->course.stage = b->course.furthest = STAGE_FIRST_LOADER;
	witness(&b->book, &at_loader, CAUSE_SIGNATURE, 85, 5);
	note_gave_up(b, 6);
	assert_int_equal(judge(b), CAUSE_SIGNATURE);
}

static void weak_evidence_alone_decides_nothing(void **state)
{
	struct bench *b = *state;

	b->course.has_begun = true;
	witness(&b->book, &at_loader, CAUSE_NETWORK, 30, 2);
	assert_int_equal(judge(b), CAUSE_NETWORK);
	assert_false(b->verdict.is_decided);
	assert_true(b->verdict.next_count > 0);
}

static void two_messages_may_be_closer_than_two_causes_of_one_message(void **state)
{
	struct bench *b = *state;
	struct evidence_book one = { .count = 0 };

	b->course.has_begun = true;
	witness(&b->book, &at_loader, CAUSE_CHECKSUM, 72, 2);
	witness(&b->book, &at_updater, CAUSE_BAD_ENV, 58, 3);
	assert_int_equal(judge(b), CAUSE_CHECKSUM);
	assert_true(b->verdict.is_decided);
	witness(&one, &at_loader, CAUSE_CHECKSUM, 72, 2);
	witness(&one, &at_loader, CAUSE_BAD_ENV, 58, 2);
	verdict_judge(&b->course, &one, &b->verdict);
	assert_int_equal(b->verdict.cause, CAUSE_CHECKSUM);
	assert_false(b->verdict.is_decided);
}

static void a_clear_lead_decides_on_less(void **state)
{
	struct bench *b = *state;

	b->course.has_begun = true;
	witness(&b->book, &at_loader, CAUSE_CHECKSUM, 45, 2);
	judge(b);
	assert_true(b->verdict.is_decided);
	witness(&b->book, &at_updater, CAUSE_BAD_ENV, 30, 3);
	judge(b);
	assert_false(b->verdict.is_decided);
}

static void a_running_system_s_diary_may_complain_of_the_network(void **state)
{
	struct bench *b = *state;

	b->course.line = 1000;
	b->course.text_lines = 1000;
	witness(&b->book, &at_updater, CAUSE_NETWORK, 75, 500);
	assert_int_equal(judge(b), CAUSE_NONE);
	b->course.began = 490;	/* an update was under way */
	assert_int_equal(judge(b), CAUSE_NETWORK);
	b->course.began = 0;
	b->course.text_lines = b->course.line = 20;	/* too short to be a diary */
	assert_int_equal(judge(b), CAUSE_NETWORK);
}

static void what_a_logging_service_wrote_shows_a_system_that_runs(void **state)
{
	struct bench *b = *state;

	b->course.text_lines = 10;
	b->course.is_ended = true;
	assert_int_equal(judge(b), CAUSE_NONE);
	b->course.journal_lines = 8;
	assert_int_equal(judge(b), CAUSE_HEALTHY);
	assert_false(b->verdict.is_decided);
	witness(&b->book, &at_updater, CAUSE_SIGNATURE, 80, 4);
	assert_int_equal(judge(b), CAUSE_SIGNATURE);
}

static void prose_says_nothing_of_a_device_but_what_it_quotes_of_a_loader_does(void **state)
{
	static const struct sign words = { .id = "words", .effect = SIGN_FAULT, .is_general = true };
	struct bench *b = *state;

	b->course.text_lines = 100;
	b->course.prose_lines = 60;
	witness(&b->book, &words, CAUSE_CHECKSUM, 52, 3);
	witness(&b->book, &at_updater, CAUSE_SPACE, 88, 4);
	assert_int_equal(judge(b), CAUSE_NONE);
	witness(&b->book, &at_loader, CAUSE_CHECKSUM, 80, 50);
	assert_int_equal(judge(b), CAUSE_CHECKSUM);
}

static void program_source_is_no_log(void **state)
{
	struct bench *b = *state;

	b->course.text_lines = 100;
	b->course.code_lines = 70;
	witness(&b->book, &at_loader, CAUSE_CHECKSUM, 90, 3);
	assert_int_equal(judge(b), CAUSE_NONE);
	assert_false(b->verdict.is_decided);
	assert_int_equal(b->verdict.next_count, 1);
}

static void the_strongest_evidence_survives_a_full_book(void **state)
{
	struct evidence_book book = { .count = 0 };
	struct evidence evidence = { .source = EVIDENCE_OPERATOR, .cause = CAUSE_POWER, .weight = 10 };

	(void)state;
	for (unsigned i = 0; i < DIAGNOSIS_EVIDENCE_MAX + 20; i++) {
		text_format(evidence.text, sizeof(evidence.text), "note %u", i);
		evidence_book_add(&book, &evidence);
	}
	assert_int_equal(book.count, DIAGNOSIS_EVIDENCE_MAX);
	witness(&book, &at_loader, CAUSE_SIGNATURE, 95, 1);
	assert_int_equal(book.count, DIAGNOSIS_EVIDENCE_MAX);
	for (size_t i = 0; i < book.count; i++)
		if (book.entry[i].evidence.cause == CAUSE_SIGNATURE)
			return;
	fail_msg("the strong evidence was not kept");
}

static void every_rule_has_a_sentence_a_question_and_an_own_name(void **state)
{
	size_t count;
	const struct course_rule *rules = course_rules(&count);

	(void)state;
	assert_true(count > 0 && count <= 32); /* the judgement has room for 32 */
	for (size_t i = 0; i < count; i++) {
		assert_non_null(rules[i].holds);
		assert_true(strlen(rules[i].sentence) > 20 && strlen(rules[i].sentence) < 160);
		assert_true((rules[i].cause == CAUSE_NONE) == (rules[i].weight == 0));
		assert_true(rules[i].cause != CAUSE_NONE || rules[i].explains != 0);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(rules[i].id, rules[k].id);
	}
}

static void labels_and_stages_can_be_read_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CAUSE_COUNT; i++) {
		enum cause cause = CAUSE_COUNT;

		assert_true(cause_parse(cause_label((enum cause)i), &cause));
		assert_int_equal(cause, i);
		assert_true(strlen(cause_meaning(cause)) > 0);
	}
	for (unsigned i = 0; i < STAGE_COUNT; i++) {
		enum boot_stage stage = STAGE_COUNT;

		assert_true(boot_stage_parse(boot_stage_name((enum boot_stage)i), &stage));
		assert_int_equal(stage, i);
	}
	assert_false(cause_parse("NO SUCH", &(enum cause){ CAUSE_NONE }));
	assert_false(cause_is_fault(CAUSE_HEALTHY));
	assert_true(cause_is_fault(CAUSE_KERNEL_PANIC_OTHER));
}

static void words_for_one_cpu_are_one_family(void **state)
{
	(void)state;
	assert_string_equal(course_arch_family("AArch64"), course_arch_family("arm64"));
	assert_string_equal(course_arch_family("ARM"), course_arch_family("armv7l"));
	assert_string_not_equal(course_arch_family("ARM"), course_arch_family("AArch64"));
	assert_string_equal(course_arch_family("mipsel"), course_arch_family("MIPS"));
	assert_string_equal(course_arch_family("Intel x86"), course_arch_family("x86_64"));
	assert_null(course_arch_family("Z80"));
	assert_null(course_arch_family(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(confidences_never_exceed_one_together, begin, end),
		cmocka_unit_test(a_verdict_is_a_pure_function),
		cmocka_unit_test_setup_teardown(a_later_stage_refutes_an_earlier_fault_but_not_an_updater_s, begin, end),
		cmocka_unit_test_setup_teardown(a_system_that_says_much_after_it_lives_with_a_weak_complaint, begin, end),
		cmocka_unit_test_setup_teardown(services_after_a_fault_of_init_do_not_refute_it, begin, end),
		cmocka_unit_test_setup_teardown(a_full_file_system_outlives_a_login, begin, end),
		cmocka_unit_test_setup_teardown(what_a_loader_misses_before_its_countdown_it_does_without, begin, end),
		cmocka_unit_test_setup_teardown(what_a_loader_misses_before_it_finds_its_script_it_does_without, begin, end),
		cmocka_unit_test_setup_teardown(a_damaged_image_before_the_next_script_still_counts, begin, end),
		cmocka_unit_test_setup_teardown(a_read_error_or_a_clear_word_before_the_countdown_still_counts, begin, end),
		cmocka_unit_test_setup_teardown(a_countdown_of_the_next_start_says_nothing_of_the_one_before, begin, end),
		cmocka_unit_test_setup_teardown(what_each_medium_lacks_does_not_rival_that_no_loader_was_found, begin, end),
		cmocka_unit_test_setup_teardown(nothing_to_start_follows_from_an_image_that_does_not_fit, begin, end),
		cmocka_unit_test_setup_teardown(a_first_stage_that_stops_for_good_had_no_loader_to_start, begin, end),
		cmocka_unit_test_setup_teardown(a_first_stage_that_refused_a_signature_stopped_for_that, begin, end),
		cmocka_unit_test_setup_teardown(weak_evidence_alone_decides_nothing, begin, end),
		cmocka_unit_test_setup_teardown(two_messages_may_be_closer_than_two_causes_of_one_message, begin, end),
		cmocka_unit_test_setup_teardown(a_clear_lead_decides_on_less, begin, end),
		cmocka_unit_test_setup_teardown(a_running_system_s_diary_may_complain_of_the_network, begin, end),
		cmocka_unit_test_setup_teardown(what_a_logging_service_wrote_shows_a_system_that_runs, begin, end),
		cmocka_unit_test_setup_teardown(prose_says_nothing_of_a_device_but_what_it_quotes_of_a_loader_does, begin, end),
		cmocka_unit_test_setup_teardown(program_source_is_no_log, begin, end),
		cmocka_unit_test(the_strongest_evidence_survives_a_full_book),
		cmocka_unit_test(every_rule_has_a_sentence_a_question_and_an_own_name),
		cmocka_unit_test(labels_and_stages_can_be_read_back),
		cmocka_unit_test(words_for_one_cpu_are_one_family),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
