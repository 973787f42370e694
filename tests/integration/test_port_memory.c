/* tests/integration/test_port_memory.c: what is kept of serial adapters, in a folder of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/store/port_memory.h"
#include "tests/fakes/temp_folder.h"

struct place {
	char folder[200], path[300];
	struct error warning;
};

static int set_up(void **state)
{
	static struct place place;

	assert_true(temp_folder_make(place.folder, sizeof(place.folder), "port-memory"));
	text_format(place.path, sizeof(place.path), "%s/ports.json", place.folder);
	*state = &place;
	return 0;
}

static int tear_down(void **state)
{
	temp_folder_remove(((struct place *)*state)->folder);
	return 0;
}

static struct port_memory *opened(struct place *place)
{
	struct port_memory *memory = NULL;
	struct error error;

	assert_int_equal(port_memory_open(place->path, &memory, &place->warning, &error), STATUS_OK);
	return memory;
}

static void write_file(const struct place *place, const char *text)
{
	int fd = open(place->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void set(struct port_memory *memory, const char *adapter, const char *key, const char *value, uint64_t now_ms)
{
	struct error error;

	assert_int_equal(port_memory_set(memory, adapter, key, value, now_ms, &error), STATUS_OK);
}

static const char *get(const struct port_memory *memory, const char *adapter, const char *key)
{
	static char value[PORT_MEMORY_TEXT_MAX];

	return port_memory_get(memory, adapter, key, value, sizeof(value)) ? value : NULL;
}

static void what_was_set_is_known_the_next_time(void **state)
{
	struct port_memory *memory = opened(*state);

	assert_null(get(memory, "0403:6001:A1", "baud"));
	set(memory, "0403:6001:A1", "baud", "57600", 1);
	set(memory, "0403:6001:A1", "case", "12", 2);
	set(memory, "/dev/ttyS0", "baud", "9600", 3);
	set(memory, "0403:6001:A1", "baud", "115200", 4);
	port_memory_free(memory);
	memory = opened(*state);
	assert_int_equal(((struct place *)*state)->warning.status, STATUS_OK);
	assert_string_equal(get(memory, "0403:6001:A1", "baud"), "115200");
	assert_string_equal(get(memory, "0403:6001:A1", "case"), "12");
	assert_string_equal(get(memory, "/dev/ttyS0", "baud"), "9600");
	assert_null(get(memory, "/dev/ttyS0", "case"));
	port_memory_free(memory);
}

static void damaged_file_is_put_aside_with_a_warning(void **state)
{
	static const char *const damaged[] = {
		"", "{", "[]", "12", "{\"a\": 1}", "{\"a\": {\"baud\": 9600}}", "{\"a\": {\"baud\": [\"x\"]}}", "\xff\xfe",
		"{\"a\": {}, \"a\": {}}",
	};
	struct place *place = *state;
	char aside[320];

	text_format(aside, sizeof(aside), "%s.bad", place->path);
	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
		struct port_memory *memory;

		write_file(place, damaged[i]);
		memory = opened(place);
		if (place->warning.status == STATUS_OK)
			fail_msg("taken: %s", damaged[i]);
		assert_true(text_contains(place->warning.hint, "ports.json.bad"));
		assert_int_equal(access(aside, F_OK), 0);
		set(memory, "a", "baud", "9600", 1);
		port_memory_free(memory);
		memory = opened(place);
		assert_int_equal(place->warning.status, STATUS_OK);
		assert_string_equal(get(memory, "a", "baud"), "9600");
		port_memory_free(memory);
	}
}

static void those_used_longest_ago_are_forgotten(void **state)
{
	struct port_memory *memory = opened(*state);
	char adapter[32];

	for (unsigned i = 0; i < PORT_MEMORY_ADAPTERS_MAX; i++)
		set(memory, text_format(adapter, sizeof(adapter), "adapter %u", i), "baud", "9600", 100 + i);
	set(memory, "adapter 0", "baud", "19200", 1000);
	set(memory, "one more", "baud", "9600", 1001);
	assert_string_equal(get(memory, "adapter 0", "baud"), "19200");
	assert_null(get(memory, "adapter 1", "baud"));
	assert_string_equal(get(memory, "adapter 2", "baud"), "9600");
	assert_string_equal(get(memory, "one more", "baud"), "9600");
	port_memory_free(memory);
}

static void another_program_is_not_undone(void **state)
{
	struct port_memory *one = opened(*state), *other = opened(*state);

	set(one, "a", "baud", "9600", 1);
	set(other, "b", "baud", "19200", 2);
	port_memory_free(one);
	port_memory_free(other);
	one = opened(*state);
	assert_string_equal(get(one, "a", "baud"), "9600");
	assert_string_equal(get(one, "b", "baud"), "19200");
	port_memory_free(one);
}

static void what_is_too_long_is_refused_and_a_key_too_many_as_well(void **state)
{
	struct port_memory *memory = opened(*state);
	char too_long[PORT_MEMORY_TEXT_MAX + 1], key[16];
	struct error error;

	memset(too_long, 'x', sizeof(too_long) - 1);
	too_long[sizeof(too_long) - 1] = '\0';
	assert_int_equal(port_memory_set(memory, too_long, "baud", "1", 1, &error), STATUS_INVALID);
	assert_int_equal(port_memory_set(memory, "a", "baud", too_long, 1, &error), STATUS_INVALID);
	assert_int_equal(port_memory_set(memory, "", "baud", "1", 1, &error), STATUS_INVALID);
	for (unsigned i = 0; i + 1 < PORT_MEMORY_KEYS_MAX; i++)
		set(memory, "a", text_format(key, sizeof(key), "key %u", i), "1", 1);
	assert_int_equal(port_memory_set(memory, "a", "one more", "1", 1, &error), STATUS_INVALID);
	port_memory_free(memory);
	memory = opened(*state);
	assert_int_equal(((struct place *)*state)->warning.status, STATUS_OK);
	port_memory_free(memory);
}

static void folder_that_is_gone_is_reported(void **state)
{
	struct port_memory *memory = opened(*state);
	struct error error;

	temp_folder_remove(((struct place *)*state)->folder);
	assert_int_not_equal(port_memory_set(memory, "a", "baud", "9600", 1, &error), STATUS_OK);
	assert_string_equal(get(memory, "a", "baud"), "9600");	/* for this session */
	port_memory_free(memory);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_FOLDER(what_was_set_is_known_the_next_time),
		IN_A_FOLDER(damaged_file_is_put_aside_with_a_warning),
		IN_A_FOLDER(those_used_longest_ago_are_forgotten),
		IN_A_FOLDER(another_program_is_not_undone),
		IN_A_FOLDER(what_is_too_long_is_refused_and_a_key_too_many_as_well),
		IN_A_FOLDER(folder_that_is_gone_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
