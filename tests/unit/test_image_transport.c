/* Files that somebody took for text on their way, and files that only look so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/image/image.h"
#include "src/base/crc.h"
#include "src/base/text.h"

enum { SIZE = 16384 };

/* Bytes as programs and packed files have them. */
static size_t make_plain(uint8_t *to)
{
	uint32_t seed = 99;

	for (size_t i = 0; i < SIZE; i++) {
		seed = seed * 1664525 + 1013904223;
		to[i] = (uint8_t)(seed >> 24);
	}
	return SIZE;
}

static size_t in_text_mode(const uint8_t *from, size_t size, uint8_t *to)
{
	size_t made = 0;

	for (size_t i = 0; i < size; i++) {
		if (from[i] == '\n')
			to[made++] = '\r';
		to[made++] = from[i];
	}
	return made;
}

static struct image_facts inspect(const uint8_t *data, size_t size)
{
	struct image_facts facts;

	image_inspect(bytes_of(data, size), size, NULL, &facts);
	return facts;
}

static bool is_named(const struct image_facts *facts, const char *cause)
{
	return facts->whole == IMAGE_NO && facts->problem_count > 0 && strstr(facts->problems[0].what, cause) != NULL;
}

static void what_was_moved_in_text_mode_is_named(void **state)
{
	uint8_t plain[SIZE], moved[2 * SIZE];
	size_t size = make_plain(plain);
	struct image_facts facts = inspect(plain, size);

	(void)state;
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
	size = in_text_mode(plain, size, moved);
	facts = inspect(moved, size);
	assert_true(is_named(&facts, "in text mode"));
	assert_memory_equal(moved + facts.problems[0].offset, "\r\n", 2);
}

static void it_comes_before_the_damage_that_follows_from_it(void **state)
{
	uint8_t plain[SIZE], moved[2 * SIZE];
	size_t size = make_plain(plain);
	struct image_facts facts;

	(void)state;
	memcpy(plain, "\x27\x05\x19\x56", 4);
	size = in_text_mode(plain, size, moved);
	facts = inspect(moved, size);
	assert_string_equal(facts.format, "uimage");
	assert_true(is_named(&facts, "in text mode"));
	assert_true(facts.problem_count > 1 && facts.broken_count == facts.problem_count);
}

static void one_line_end_as_it_should_be_clears_it(void **state)
{
	uint8_t plain[SIZE], moved[2 * SIZE];
	size_t size = in_text_mode(plain, make_plain(plain), moved);
	struct image_facts facts;
	uint8_t *end = memmem(moved, size, "\r\n", 2);

	(void)state;
	assert_non_null(end);
	*end = 'x';
	facts = inspect(moved, size);
	assert_false(is_named(&facts, "in text mode"));
}

/* A package of scripts: hardly a byte of it is not text. */
static void a_file_that_is_longer_by_its_lines_was_moved_so(void **state)
{
	uint8_t plain[512] = { 0x27, 0x05, 0x19, 0x56 }, moved[1024];
	size_t size = 64;

	(void)state;
	for (unsigned line = 0; line < 20; line++, size += 9)
		memcpy(plain + size, "echo flash\n" + 2, 9);
	store_be32(plain + 12, (uint32_t)size - 64);
	store_be32(plain + 4, crc32_update(0, bytes_of(plain, 64)));
	assert_null(memchr(plain, '\n', 64));
	size = in_text_mode(plain, size, moved);
	for (unsigned more = 0; more < 2; more++) {
		struct image_facts facts = inspect(moved, size + more);

		assert_int_equal(is_named(&facts, "in text mode"), more == 0);
		moved[size] = 'x';
	}
}

/* As a boot ROM of a card has them, or a file system that holds texts from another system. */
static void messages_in_a_program_are_no_damage(void **state)
{
	uint8_t plain[SIZE];
	size_t at = 0;
	struct image_facts facts;

	(void)state;
	make_plain(plain);
	for (size_t i = 0; i < SIZE; i++)
		plain[i] = plain[i] == '\n' ? 'x' : plain[i];
	for (unsigned i = 0; i < 40; i++) {
		static const char message[] = "Press any key to boot\r\n\0PXE-E61: media test failure\r\n";

		memcpy(plain + 4096 + at, message, sizeof(message));
		at += sizeof(message);
	}
	facts = inspect(plain, SIZE);
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
	assert_int_equal(facts.problem_count, 0);
}

/* What is a character of its own in Latin-1 has two bytes in UTF-8; what is none becomes EF BF BD. */
static void what_was_written_as_utf8_is_named(void **state)
{
	uint8_t plain[SIZE], moved[3 * SIZE];
	size_t size = make_plain(plain);

	(void)state;
	for (unsigned way = 0; way < 2; way++) {
		size_t made = 0;
		struct image_facts facts;

		for (size_t i = 0; i < size; i++) {
			if (plain[i] < 0x80)
				moved[made++] = plain[i];
			else if (way == 0) {
				moved[made++] = 0xc0 | plain[i] >> 6;
				moved[made++] = 0x80 | (plain[i] & 0x3f);
			} else {
				memcpy(moved + made, "\xef\xbf\xbd", 3);
				made += 3;
			}
		}
		facts = inspect(moved, made);
		assert_true(is_named(&facts, "as UTF-8"));
		moved[made / 2] = 0xff;
		facts = inspect(moved, made);
		assert_false(is_named(&facts, "as UTF-8"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_moved_in_text_mode_is_named),
		cmocka_unit_test(it_comes_before_the_damage_that_follows_from_it),
		cmocka_unit_test(one_line_end_as_it_should_be_clears_it),
		cmocka_unit_test(a_file_that_is_longer_by_its_lines_was_moved_so),
		cmocka_unit_test(messages_in_a_program_are_no_damage),
		cmocka_unit_test(what_was_written_as_utf8_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
