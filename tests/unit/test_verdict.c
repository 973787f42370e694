/* tests/unit/test_verdict.c
 *
 * The judgement from evidence and marks alone, without any text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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

static void witness(struct evidence_book *book, const struct sign *sign, enum cause cause, int weight, unsigned line)
{
	struct evidence evidence = {
		.source = EVIDENCE_LINE, .cause = cause, .weight = weight, .line = line, .start = 1, .sign = sign
	};

	evidence_book_add(book, &evidence);
}

static void confidences_never_exceed_one_together(void **state)
{
	struct course course;
	struct evidence_book book = { .count = 0 };
	struct verdict verdict;
	double total = 0;

	(void)state;
	course_init(&course);
	for (unsigned cause = CAUSE_SPACE; cause < CAUSE_LOGIN; cause++)
		witness(&book, &at_loader, (enum cause)cause, 90, cause);
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause_count, DIAGNOSIS_CAUSES_MAX);
	for (size_t i = 0; i < verdict.cause_count; i++) {
		total += verdict.causes[i].confidence;
		if (i > 0)
			assert_true(verdict.causes[i].confidence <= verdict.causes[i - 1].confidence);
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
	struct course course;
	struct evidence_book book = { .count = 0 };
	struct verdict verdict;

	(void)state;
	course_init(&course);
	course.has_begun = course.has_booted = true;
	course.reached[STAGE_KERNEL] = 10;
	course.came_up = 20;
	witness(&book, &at_loader, CAUSE_CHECKSUM, 90, 5);
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause, CAUSE_HEALTHY);
	witness(&book, &at_updater, CAUSE_SIGNATURE, 60, 6);
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause, CAUSE_SIGNATURE);
}

/* Services start and stop around an emergency shell: only a login shows that init went on. */
static void services_after_a_fault_of_init_do_not_refute_it(void **state)
{
	static const struct sign at_init = { .id = "emergency", .stage = STAGE_INIT, .effect = SIGN_FAULT };
	struct course course;
	struct evidence_book book = { .count = 0 };
	struct verdict verdict;

	(void)state;
	course_init(&course);
	course.has_begun = course.has_booted = true;
	course.furthest = STAGE_APPLICATION;
	course.reached[STAGE_APPLICATION] = 30;
	course.line = 40;
	witness(&book, &at_init, CAUSE_NO_ROOTFS, 60, 20);
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause, CAUSE_NO_ROOTFS);
	course.reached[STAGE_LOGIN] = 35;
	verdict_judge(&course, &book, &verdict);
	assert_int_not_equal(verdict.cause, CAUSE_NO_ROOTFS);
}

static void a_system_that_says_much_after_it_lives_with_a_weak_complaint(void **state)
{
	static const struct sign at_root = { .id = "root", .stage = STAGE_ROOT_MOUNT, .effect = SIGN_FAULT };
	struct course course;
	struct evidence_book book = { .count = 0 };
	struct verdict verdict;

	(void)state;
	course_init(&course);
	course.has_begun = course.has_booted = true;
	course.furthest = STAGE_ROOT_MOUNT;
	course.line = 300;
	witness(&book, &at_root, CAUSE_FLASH_WEAR, 38, 200);
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause, CAUSE_FLASH_WEAR);
	course.line = 700;
	verdict_judge(&course, &book, &verdict);
	assert_int_not_equal(verdict.cause, CAUSE_FLASH_WEAR);
	/* what names its cause is not lived with, however much is said */
	witness(&book, &at_root, CAUSE_NO_ROOTFS, 80, 201);
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause, CAUSE_NO_ROOTFS);
}

static void a_full_file_system_outlives_a_login(void **state)
{
	struct course course;
	struct evidence_book book = { .count = 0 };
	struct verdict verdict;

	(void)state;
	course_init(&course);
	course.came_up = 50;
	witness(&book, &at_application, CAUSE_SPACE, 85, 30);
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause, CAUSE_SPACE);
}

static void what_a_loader_misses_before_its_countdown_it_does_without(void **state)
{
	struct course course;
	struct evidence_book book = { .count = 0 };
	struct verdict verdict;

	(void)state;
	course_init(&course);
	course.has_begun = true;
	course.start_line = 1;
	course.countdown = 20;
	course.reached[STAGE_LOADER] = 20;
	course.prompt = 25;
	witness(&book, &at_loader, CAUSE_BAD_ENV, 45, 10);
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause, CAUSE_LOGIN);
	witness(&book, &at_loader, CAUSE_BAD_ENV, 45, 22);	/* now the boot command misses it too */
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause, CAUSE_BAD_ENV);
}

static void what_a_loader_misses_before_it_finds_its_script_it_does_without(void **state)
{
	struct course course;
	struct evidence_book book = { .count = 0 };
	struct verdict verdict;

	(void)state;
	course_init(&course);
	course.has_begun = true;
	course.start_line = 1;
	course.countdown = 20;
	course.script = 30;
	course.reached[STAGE_LOADER] = 20;
	course.prompt = 40;
	witness(&book, &missed, CAUSE_BAD_ENV, 45, 25);
	witness(&book, &missed, CAUSE_CHECKSUM, 25, 25);
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause, CAUSE_LOGIN);
	witness(&book, &missed, CAUSE_BAD_ENV, 45, 35);	/* the script misses it too */
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause, CAUSE_BAD_ENV);
}

static void a_damaged_image_before_the_next_script_still_counts(void **state)
{
	struct course course;
	struct evidence_book book = { .count = 0 };
	struct verdict verdict;

	(void)state;
	course_init(&course);
	course.has_begun = true;
	course.start_line = 1;
	course.countdown = 20;
	course.script = 30;
	witness(&book, &at_loader, CAUSE_CHECKSUM, 45, 25);
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause, CAUSE_CHECKSUM);
}

static void a_read_error_or_a_clear_word_before_the_countdown_still_counts(void **state)
{
	struct course course;
	struct evidence_book book = { .count = 0 };
	struct verdict verdict;

	(void)state;
	course_init(&course);
	course.has_begun = true;
	course.start_line = 1;
	course.countdown = 20;
	witness(&book, &at_loader, CAUSE_FLASH_WEAR, 60, 10);
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause, CAUSE_FLASH_WEAR);
	witness(&book, &at_loader, CAUSE_SIGNATURE, 90, 11);
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause, CAUSE_SIGNATURE);
}

static void a_countdown_of_the_next_start_says_nothing_of_the_one_before(void **state)
{
	struct course course;
	struct evidence_book book = { .count = 0 };
	struct verdict verdict;

	(void)state;
	course_init(&course);
	course.has_begun = true;
	course.start = 2;
	course.start_line = 15;
	course.countdown = 20;
	witness(&book, &at_loader, CAUSE_CHECKSUM, 70, 10);
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause, CAUSE_CHECKSUM);
}

static void what_each_medium_lacks_does_not_rival_that_no_loader_was_found(void **state)
{
	struct course course;
	struct evidence_book book = { .count = 0 };
	struct verdict verdict;

	(void)state;
	course_init(&course);
	course.has_begun = true;
	witness(&book, &at_loader, CAUSE_FLASH_WEAR, 60, 4);
	witness(&book, &at_loader, CAUSE_WRONG_HARDWARE, 50, 5);
	witness(&book, &at_loader, CAUSE_BOOTLOADER_GONE, 90, 6);
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause, CAUSE_BOOTLOADER_GONE);
	assert_true(verdict.is_decided);
	witness(&book, &at_updater, CAUSE_FLASH_WEAR, 90, 7);	/* a read error that names itself is another matter */
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause, CAUSE_FLASH_WEAR);
}

static void nothing_to_start_follows_from_an_image_that_does_not_fit(void **state)
{
	struct course course;
	struct evidence_book book = { .count = 0 };
	struct verdict verdict;

	(void)state;
	course_init(&course);
	course.has_begun = true;
	witness(&book, &at_loader, CAUSE_SPACE, 88, 4);
	witness(&book, &at_loader, CAUSE_BOOTLOADER_GONE, 80, 6);
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause, CAUSE_SPACE);
	assert_true(verdict.is_decided);
}

static void weak_evidence_alone_decides_nothing(void **state)
{
	struct course course;
	struct evidence_book book = { .count = 0 };
	struct verdict verdict;

	(void)state;
	course_init(&course);
	course.has_begun = true;
	witness(&book, &at_loader, CAUSE_NETWORK, 30, 2);
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause, CAUSE_NETWORK);
	assert_false(verdict.is_decided);
	assert_true(verdict.next_count > 0);
}

static void two_messages_may_be_closer_than_two_causes_of_one_message(void **state)
{
	struct course course;
	struct evidence_book book = { .count = 0 }, one = { .count = 0 };
	struct verdict verdict;

	(void)state;
	course_init(&course);
	course.has_begun = true;
	witness(&book, &at_loader, CAUSE_CHECKSUM, 72, 2);
	witness(&book, &at_updater, CAUSE_BAD_ENV, 58, 3);
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause, CAUSE_CHECKSUM);
	assert_true(verdict.is_decided);
	witness(&one, &at_loader, CAUSE_CHECKSUM, 72, 2);
	witness(&one, &at_loader, CAUSE_BAD_ENV, 58, 2);
	verdict_judge(&course, &one, &verdict);
	assert_int_equal(verdict.cause, CAUSE_CHECKSUM);
	assert_false(verdict.is_decided);
}

static void a_clear_lead_decides_on_less(void **state)
{
	struct course course;
	struct evidence_book book = { .count = 0 };
	struct verdict verdict;

	(void)state;
	course_init(&course);
	course.has_begun = true;
	witness(&book, &at_loader, CAUSE_CHECKSUM, 45, 2);
	verdict_judge(&course, &book, &verdict);
	assert_true(verdict.is_decided);
	witness(&book, &at_updater, CAUSE_BAD_ENV, 30, 3);
	verdict_judge(&course, &book, &verdict);
	assert_false(verdict.is_decided);
}

static void a_running_system_s_diary_may_complain_of_the_network(void **state)
{
	struct course course;
	struct evidence_book book = { .count = 0 };
	struct verdict verdict;

	(void)state;
	course_init(&course);
	course.line = 1000;
	course.text_lines = 1000;
	witness(&book, &at_updater, CAUSE_NETWORK, 75, 500);
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause, CAUSE_NONE);
	course.began = 490;	/* an update was under way */
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause, CAUSE_NETWORK);
	course.began = 0;
	course.text_lines = course.line = 20;	/* too short to be a diary */
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause, CAUSE_NETWORK);
}

static void what_a_logging_service_wrote_shows_a_system_that_runs(void **state)
{
	struct course course;
	struct evidence_book book = { .count = 0 };
	struct verdict verdict;

	(void)state;
	course_init(&course);
	course.text_lines = 10;
	course.is_ended = true;
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause, CAUSE_NONE);
	course.journal_lines = 8;
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause, CAUSE_HEALTHY);
	assert_false(verdict.is_decided);
	witness(&book, &at_updater, CAUSE_SIGNATURE, 80, 4);
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause, CAUSE_SIGNATURE);
}

static void prose_says_nothing_of_a_device_but_what_it_quotes_of_a_loader_does(void **state)
{
	static const struct sign words = { .id = "words", .effect = SIGN_FAULT, .is_general = true };
	struct course course;
	struct evidence_book book = { .count = 0 };
	struct verdict verdict;

	(void)state;
	course_init(&course);
	course.text_lines = 100;
	course.prose_lines = 60;
	witness(&book, &words, CAUSE_CHECKSUM, 52, 3);
	witness(&book, &at_updater, CAUSE_SPACE, 88, 4);
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause, CAUSE_NONE);
	witness(&book, &at_loader, CAUSE_CHECKSUM, 80, 50);
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause, CAUSE_CHECKSUM);
}

static void program_source_is_no_log(void **state)
{
	struct course course;
	struct evidence_book book = { .count = 0 };
	struct verdict verdict;

	(void)state;
	course_init(&course);
	course.text_lines = 100;
	course.code_lines = 70;
	witness(&book, &at_loader, CAUSE_CHECKSUM, 90, 3);
	verdict_judge(&course, &book, &verdict);
	assert_int_equal(verdict.cause, CAUSE_NONE);
	assert_false(verdict.is_decided);
	assert_int_equal(verdict.next_count, 1);
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
		cmocka_unit_test(confidences_never_exceed_one_together),
		cmocka_unit_test(a_verdict_is_a_pure_function),
		cmocka_unit_test(a_later_stage_refutes_an_earlier_fault_but_not_an_updater_s),
		cmocka_unit_test(a_system_that_says_much_after_it_lives_with_a_weak_complaint),
		cmocka_unit_test(services_after_a_fault_of_init_do_not_refute_it),
		cmocka_unit_test(a_full_file_system_outlives_a_login),
		cmocka_unit_test(what_a_loader_misses_before_its_countdown_it_does_without),
		cmocka_unit_test(what_a_loader_misses_before_it_finds_its_script_it_does_without),
		cmocka_unit_test(a_damaged_image_before_the_next_script_still_counts),
		cmocka_unit_test(a_read_error_or_a_clear_word_before_the_countdown_still_counts),
		cmocka_unit_test(a_countdown_of_the_next_start_says_nothing_of_the_one_before),
		cmocka_unit_test(what_each_medium_lacks_does_not_rival_that_no_loader_was_found),
		cmocka_unit_test(nothing_to_start_follows_from_an_image_that_does_not_fit),
		cmocka_unit_test(weak_evidence_alone_decides_nothing),
		cmocka_unit_test(two_messages_may_be_closer_than_two_causes_of_one_message),
		cmocka_unit_test(a_clear_lead_decides_on_less),
		cmocka_unit_test(a_running_system_s_diary_may_complain_of_the_network),
		cmocka_unit_test(what_a_logging_service_wrote_shows_a_system_that_runs),
		cmocka_unit_test(prose_says_nothing_of_a_device_but_what_it_quotes_of_a_loader_does),
		cmocka_unit_test(program_source_is_no_log),
		cmocka_unit_test(the_strongest_evidence_survives_a_full_book),
		cmocka_unit_test(every_rule_has_a_sentence_a_question_and_an_own_name),
		cmocka_unit_test(labels_and_stages_can_be_read_back),
		cmocka_unit_test(words_for_one_cpu_are_one_family),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
