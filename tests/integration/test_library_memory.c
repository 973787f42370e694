/* Every allocation that the loading of a file of firmware-db makes, our own and those of libyaml, libcyaml and PCRE2, fails once: the load says so,
 * loses nothing, and goes well the next time. This program's own malloc() counts and refuses; under a sanitizer, which needs its
 * own, it is skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/store/library_schema.h"

#ifdef __SANITIZE_ADDRESS__

int main(void)
{
	fprintf(stderr, "skipped: AddressSanitizer has a malloc() of its own\n");
	return 77;
}

#else

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *old);

/* calls: until one fails, once; 0: none does. live: pieces that are not given back. was_growth: what failed was to make one larger. */
static struct { unsigned long calls; long live; bool was_growth; } heap;

static bool is_refused(void)
{
	if (heap.calls == 0 || --heap.calls > 0)
		return false;
	heap.was_growth = false;
	errno = ENOMEM;
	return true;
}

static void *counted(void *piece)
{
	heap.live += piece != NULL;
	return piece;
}

void *malloc(size_t size)
{
	return is_refused() ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
	return is_refused() ? NULL : counted(__libc_calloc(count, size));
}

void *realloc(void *old, size_t size)
{
	if (is_refused()) {
		heap.was_growth = old != NULL;
		return NULL;
	}
	return old == NULL ? counted(__libc_realloc(NULL, size)) : __libc_realloc(old, size);
}

void free(void *old)
{
	heap.live -= old != NULL;
	__libc_free(old);
}

#define PROFILE \
	"vendor: Acme\nmodel: One\nkind: router\naliases: [a, b]\nsources: { all: x, more: y }\n" \
	"console: { baud: 9600, stop-keys: '\\x15', macros: [{ name: a, text: 'help\\r', at: loader }] }\n" \
	"identity: { log: [abc, def], boards: [x] }\nbanner: 'v(.*)'\n" \
	"partitions: [{ name: a, offset: 0, size: 64KiB }, { name: b, offset: 64KiB, size: 1MiB }]\n" \
	"methods:\n  - { name: m, procedure: p, tested: untested, treats: [SPACE], with: { hold: 7s, file: f } }\n"
#define PROCEDURE "title: t\nsummary: s\nsource: x\nsteps:\n  - { do: note, text: a, with: { severity: info } }\n"
#define SIGNS "signs:\n  - { id: a, match: x, effect: milestone, meaning: m, source: s }\n"
#define IDS "ids:\n  - { vendor: 1, product: any, name: n, meaning: m, protocol: p, source: s }\n"
#define MACROS "macros:\n  - { name: a, text: 'help\\r', at: shell, source: s }\n"

enum file_kind { PROFILES, PROCEDURES, SIGN_FILES, USB_FILES, MACRO_FILES };

/* One of each kind that is good, and one for each way to be bad. */
static const struct { enum file_kind kind; const char *text; enum status status; } files[] = {
	{ PROFILES, PROFILE, STATUS_OK },
	{ PROFILES, PROFILE "colour: red\n", STATUS_INVALID },
	{ PROFILES, PROFILE "vendor: Acme\n", STATUS_INVALID },
	{ PROFILES, PROFILE "revisions: v1\n", STATUS_INVALID },
	{ PROFILES, PROFILE "soc: ''\n", STATUS_INVALID },
	{ PROFILES, PROFILE "sources: { a: b }\n", STATUS_INVALID },
	{ PROFILES, PROFILE "storage: { device: 1 }\n", STATUS_INVALID },
	{ PROFILES, PROFILE "boot-seconds: soon\n", STATUS_INVALID },
	{ PROFILES, PROFILE "image-covers: [a, c]\n", STATUS_INVALID },
	{ PROFILES, PROFILE "soc: [\n", STATUS_INVALID },
	{ PROCEDURES, PROCEDURE, STATUS_OK },
	{ PROCEDURES, PROCEDURE "  - { do: dance }\n", STATUS_INVALID },
	{ PROCEDURES, PROCEDURE "  - { do: note }\n", STATUS_INVALID },
	{ SIGN_FILES, SIGNS, STATUS_OK },
	{ SIGN_FILES, SIGNS "  - { id: b, match: 'x(', effect: milestone, meaning: m, source: s }\n", STATUS_INVALID },
	{ USB_FILES, IDS, STATUS_OK },
	{ USB_FILES, IDS "  - { vendor: 1, product: any, name: n, meaning: m, protocol: p, source: s }\n", STATUS_INVALID },
	{ MACRO_FILES, MACROS, STATUS_OK },
	{ MACRO_FILES, MACROS "  - { name: b, text: 'rm x\\r', at: shell, source: s }\n", STATUS_INVALID },
};

static enum status load(enum file_kind kind, const char *text, struct error *reterr)
{
	struct yaml_memory memory = { 0 };
	struct yaml_file *file = NULL;
	enum status status = yaml_file_parse("x.yaml", bytes_of((const uint8_t *)text, strlen(text)), &file, reterr);

	if (status == STATUS_OK)
		switch (kind) {
		case PROFILES:
			status = profile_schema_read(file, "a/b", &memory, &(struct profile){ 0 }, reterr);
			break;
		case PROCEDURES:
			status = procedure_schema_read(file, "p", &memory, &(struct procedure){ 0 }, reterr);
			break;
		case SIGN_FILES:
			status = sign_schema_read(file, &memory, &(struct sign_list){ 0 }, reterr);
			break;
		case USB_FILES:
			status = usb_schema_read(file, &memory, &(struct usb_id_list){ 0 }, reterr);
			break;
		case MACRO_FILES:
			status = macro_schema_read(file, &memory, &(struct macro_list){ 0 }, reterr);
			break;
		}
	yaml_file_free(file);
	yaml_memory_done(&memory);
	assert_int_equal(memory.used, 0);
	return status;
}

static void every_allocation_that_fails_is_told_and_loses_nothing(void **state)
{
	struct error error;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		bool was_refused = true;

		assert_int_equal(load(files[i].kind, files[i].text, &error), files[i].status);	/* what is loaded once is loaded now */
		for (unsigned long number = 1; was_refused; number++) {
			long live = heap.live, lost;
			enum status status;

			heap.calls = number;
			status = load(files[i].kind, files[i].text, &error);
			was_refused = heap.calls == 0;
			heap.calls = 0;
			lost = heap.live - live;
			/* libyaml 0.2.5 loses the pairs of a mapping whose node finds no room (loader.c, yaml_parser_load_mapping) */
			if (lost != 0 && !(was_refused && heap.was_growth && lost == 1))
				fail_msg("file %zu, allocation %lu: %ld pieces lost", i, number, lost);
			if (status != (was_refused ? STATUS_NO_MEMORY : files[i].status))
				fail_msg("file %zu, allocation %lu: %s, '%s'", i, number, status_name(status), error.text);
		}
	}
}

static void memory_has_a_ceiling_and_a_piece_that_cannot_grow_stays(void **state)
{
	struct yaml_memory memory = { 0 };
	char *piece = yaml_memory_get(&memory, 100), *other = yaml_memory_text(&memory, "other");
	char *larger;

	(void)state;
	assert_non_null(piece);
	strcpy(piece, "kept");
	assert_null(yaml_memory_change(&memory, piece, YAML_MEMORY_MAX));	/* with the other one it would be more */
	assert_null(yaml_memory_get(&memory, SIZE_MAX));
	heap.calls = 1;
	assert_null(yaml_memory_change(&memory, piece, 1000));
	assert_string_equal(piece, "kept");
	assert_int_equal(memory.used, 106);
	larger = yaml_memory_change(&memory, piece, YAML_MEMORY_MAX - 6);
	assert_non_null(larger);
	assert_string_equal(larger, "kept");
	assert_null(yaml_memory_get(&memory, 1));
	assert_null(yaml_memory_change(&memory, larger, 0));
	assert_int_equal(memory.used, 6);
	assert_string_equal(other, "other");
	yaml_memory_done(&memory);
	assert_int_equal(memory.used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_that_fails_is_told_and_loses_nothing),
		cmocka_unit_test(memory_has_a_ceiling_and_a_piece_that_cannot_grow_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
