/* Which member is the firmware? Facts in, one clear choice, several or none out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "src/base/text.h"
#include "src/media/archive_choose.h"

static const uint8_t data[8192] = { 0x80, 1, 2, 3 };

static void add(struct archive_choice *choice, const struct archive_wish *wish, const char *key, uint64_t size, const char *format, const char *arch)
{
	static const struct archive_wish nothing;
	struct archive_member member = { .size = size, .has_size = true, .head = { data, size < sizeof(data) ? size : sizeof(data) } };
	struct image_facts facts = { .file_size = size };
	const char *slash;

	text_copy(member.key, sizeof(member.key), key);
	slash = strrchr(member.key, '/');
	member.name = slash ? slash + 1 : member.key;
	text_copy(facts.format, sizeof(facts.format), format);
	text_copy(facts.arch, sizeof(facts.arch), arch);
	archive_choice_add(choice, &member, &facts, wish ? wish : &nothing);
}

static void an_image_among_papers_is_clear(void **state)
{
	struct archive_choice choice;

	(void)state;
	archive_choice_init(&choice);
	add(&choice, NULL, "Readme.txt", 3000, "unknown", "");
	add(&choice, NULL, "release-notes.pdf", 900000, "unknown", "");
	add(&choice, NULL, "fw/fw.bin", 8000000, "uimage", "mips");
	add(&choice, NULL, "fw/fw.bin.md5", 60, "unknown", "");
	archive_choice_finish(&choice);
	assert_true(choice.is_clear);
	assert_int_equal(choice.count, 1);
	assert_int_equal(choice.files, 4);
	assert_string_equal(choice.candidate[0].key, "fw/fw.bin");
}

static void a_file_of_no_known_format_alone_is_clear(void **state)
{
	struct archive_choice choice;

	(void)state;
	archive_choice_init(&choice);
	add(&choice, NULL, "digest.dav", 8000000, "unknown", "");
	add(&choice, NULL, "guide.pdf", 9000000, "unknown", "");
	archive_choice_finish(&choice);
	assert_true(choice.is_clear);
}

static void parts_of_one_device_are_asked_about(void **state)
{
	struct archive_choice choice;

	(void)state;
	archive_choice_init(&choice);
	add(&choice, NULL, "kernel.bin", 2000000, "uimage", "arm");
	add(&choice, NULL, "rootfs.bin", 9000000, "squashfs", "");
	archive_choice_finish(&choice);
	assert_false(choice.is_clear);
	assert_int_equal(choice.count, 2);
}

static void a_known_format_does_not_win_over_a_large_unknown_one(void **state)
{
	struct archive_choice choice;

	(void)state;
	archive_choice_init(&choice);
	add(&choice, NULL, "recovery.bin", 300000, "uimage", "");
	add(&choice, NULL, "update.bin", 9000000, "unknown", "");
	archive_choice_finish(&choice);
	assert_false(choice.is_clear);
}

static void the_name_that_the_profile_expects_decides(void **state)
{
	static const char *const files[] = { "k2p.bin" };
	const struct archive_wish wish = { .files = files, .file_count = 1 };
	struct archive_choice choice;

	(void)state;
	archive_choice_init(&choice);
	add(&choice, &wish, "other.bin", 8000000, "uimage", "");
	add(&choice, &wish, "K2P.BIN", 8000000, "unknown", "");
	archive_choice_finish(&choice);
	assert_true(choice.is_clear);
	assert_string_equal(choice.candidate[0].key, "K2P.BIN");
}

static void the_model_in_the_name_decides_between_equals(void **state)
{
	static const char *const models[] = { "Archer C7" };
	const struct archive_wish wish = { .models = models, .model_count = 1 };
	struct archive_choice choice;

	(void)state;
	archive_choice_init(&choice);
	add(&choice, &wish, "archer_c70.bin", 8000000, "uimage", "");
	add(&choice, &wish, "archer_c7_v5.bin", 8000000, "uimage", "");
	archive_choice_finish(&choice);
	assert_true(choice.is_clear);
	assert_string_equal(choice.candidate[0].key, "archer_c7_v5.bin");
}

static void two_of_the_same_model_are_asked_about(void **state)
{
	static const char *const models[] = { "cam32" };
	const struct archive_wish wish = { .models = models, .model_count = 1 };
	struct archive_choice choice;

	(void)state;
	archive_choice_init(&choice);
	add(&choice, &wish, "cam32-v1.bin", 8000000, "uimage", "");
	add(&choice, &wish, "cam32-v2.bin", 8000000, "uimage", "");
	archive_choice_finish(&choice);
	assert_false(choice.is_clear);
}

static void an_image_for_another_processor_is_never_the_choice(void **state)
{
	const struct archive_wish wish = { .arch = "mipsel" };
	struct archive_choice choice;

	(void)state;
	archive_choice_init(&choice);
	add(&choice, &wish, "fw.bin", 8000000, "uimage", "arm");
	archive_choice_finish(&choice);
	assert_false(choice.is_clear);
	assert_int_equal(choice.count, 1);
	assert_true(choice.candidate[0].is_misfit);
	add(&choice, &wish, "fw2.bin", 8000000, "fit", "mipsel");
	archive_choice_finish(&choice);
	assert_string_equal(choice.candidate[0].key, "fw2.bin");
	assert_true(choice.is_clear);
}

static void links_folders_and_encrypted_members_are_no_candidates(void **state)
{
	static const struct archive_wish nothing;
	struct archive_member member = { .key = "fw.bin", .kind = ARCHIVE_MEMBER_LINK, .head = { data, sizeof(data) } };
	struct image_facts facts = { .format = "uimage" };
	struct archive_choice choice;

	(void)state;
	member.name = member.key;
	archive_choice_init(&choice);
	archive_choice_add(&choice, &member, &facts, &nothing);
	member.kind = ARCHIVE_MEMBER_FOLDER;
	archive_choice_add(&choice, &member, &facts, &nothing);
	member.kind = ARCHIVE_MEMBER_FILE;
	member.is_encrypted = true;
	archive_choice_add(&choice, &member, &facts, &nothing);
	archive_choice_finish(&choice);
	assert_int_equal(choice.count, 0);
	assert_false(choice.is_clear);
	assert_int_equal(choice.encrypted, 1);
}

static void more_than_there_is_room_for_keeps_the_best(void **state)
{
	struct archive_choice choice;
	char name[32];

	(void)state;
	archive_choice_init(&choice);
	for (int i = 0; i < 30; i++)
		add(&choice, NULL, text_format(name, sizeof(name), "part%d.bin", i), 100000, "unknown", "");
	add(&choice, NULL, "fw.bin", 8000000, "fit", "");
	archive_choice_finish(&choice);
	assert_int_equal(choice.count, ARCHIVE_CANDIDATES_MAX);
	assert_int_equal(choice.dropped, 21);
	assert_string_equal(choice.candidate[0].key, "fw.bin");
	assert_string_equal(choice.candidate[1].key, "part0.bin");
}

static void a_name_finds_its_member(void **state)
{
	struct archive_choice choice;

	(void)state;
	archive_choice_init(&choice);
	add(&choice, NULL, "a/fw.bin", 8000000, "fit", "");
	add(&choice, NULL, "b/fw.bin", 8000000, "fit", "");
	add(&choice, NULL, "b/one.bin", 8000000, "fit", "");
	archive_choice_finish(&choice);
	assert_ptr_equal(archive_choice_find(&choice, "b/fw.bin"), &choice.candidate[1]);
	assert_ptr_equal(archive_choice_find(&choice, "one.bin"), &choice.candidate[2]);
	assert_null(archive_choice_find(&choice, "fw.bin"));
	assert_null(archive_choice_find(&choice, "other"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_image_among_papers_is_clear),
		cmocka_unit_test(a_file_of_no_known_format_alone_is_clear),
		cmocka_unit_test(parts_of_one_device_are_asked_about),
		cmocka_unit_test(a_known_format_does_not_win_over_a_large_unknown_one),
		cmocka_unit_test(the_name_that_the_profile_expects_decides),
		cmocka_unit_test(the_model_in_the_name_decides_between_equals),
		cmocka_unit_test(two_of_the_same_model_are_asked_about),
		cmocka_unit_test(an_image_for_another_processor_is_never_the_choice),
		cmocka_unit_test(links_folders_and_encrypted_members_are_no_candidates),
		cmocka_unit_test(more_than_there_is_room_for_keeps_the_best),
		cmocka_unit_test(a_name_finds_its_member),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
