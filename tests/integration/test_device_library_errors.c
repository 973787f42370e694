/* What the device library refuses, in small files with one fault each: it names file and line, and what to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "tests/integration/library_bench.h"

static void errors_in_a_profile_name_file_and_line(void **state)
{
	static const struct {
		const char *more;	/* after library_good_profile, which has 6 lines */
		unsigned line;
		const char *expected;
	} rows[] = {
		{ "colour: red\n", 7, "unknown key 'colour'" },
		{ "console:\n  baud: 9600\n  bawd: 1\n", 9, "unknown key 'bawd'" },
		{ "console: [1]\n", 7, "'console' must be a mapping, not a list" },
		{ "console: { baud: fast }\n", 7, "'fast' is not a number" },
		{ "soc:\n", 7, "'soc' has no value" },
		{ "soc: ~\n", 7, "'soc' has no value" },
		{ "boot-seconds: null\n", 7, "'boot-seconds' has no value" },
		{ "partitions:\n  - { name: a, offset: 0, size: 8 }\n  -\n", 9, "an entry of 'partitions' has no value" },
		{ "identity:\n  env: [a=b]\n  boards: [x, ~]\n", 9, "an entry of 'boards' has no value" },
		{ "~: x\n", 7, "a key must be a word" },
		{ "soc: ''\n", 7, "'soc' must not be empty" },
		{ "space:\n  mount: /\n  clear:\n    - /a\n    - ''\n", 11, "an entry of 'clear' must not be empty" },
		{ "banner: 'a*'\n", 7, "matches an empty line" },
		{ "banner: 'a\\C'\n", 7, "bad pattern" },
		{ "colour:\n  - red\n", 7, "unknown key 'colour'" },
		{ "vendor/x:\n  - red\n", 7, "unknown key 'vendor/x'" },
		{ "console:\n  baud: 9600\n  \"a\\nb\": 1\n", 9, "unknown key 'a b'" },
		{ "aliases:\n  - a\naliases:\n  - b\naliases:\n  - c\n", 9, "key 'aliases' is there twice" },
		{ "sources:\n  all: there\n", 7, "'sources' is there twice" },
		{ "console: { baud: 4294967296 }\n", 7, "'4294967296' is not a number from 0 to 4294967295" },
		{ "console: { baud: \"9\\n6\" }\n", 7, "'9 6' is not a number" },
		{ "console: { loader-passwords: [a, b, c, d] }\n", 7, "'loader-passwords' holds more than 3" },
		{ "identity:\n  env:\n    - a=b\n    - model\n", 10, "'model' is no name=value" },
		{ "image-covers:\n  - a\n  - c\npartitions:\n  - { name: a, offset: 0, size: 8 }\n", 9, "there is no partition 'c'" },
		{ "soc: a\naliases: [\"\x01\"]\n", 8, "control characters are not allowed" },
		{ "console: { baud: 9600 baud }\n", 7, "'9600 baud' is not a number" },
		{ "boot-seconds: -1\n", 7, "'-1' is not a number" },
		{ "aliases: Two\n", 7, "'aliases' must be a list, not a value" },
		{ "aliases:\n  - Two\n  - [x]\n", 9, "an entry of 'aliases' must be a value, not a list" },
		{ "partitions:\n  - a\n", 8, "an entry of 'partitions' must be a mapping, not a value" },
		{ "sources: { all: there }\n", 7, "'sources' is there twice" },
		{ "storage: {}\n", 7, "key 'kind' is missing" },
		{ "soc: [a]\n", 7, "'soc' must be a value, not a list" },
		{ "vendor: Acme\n", 7, "key 'vendor' is there twice" },
		{ "arch: arm9\n", 7, "'arm9' is not known here" },
		{ "banner: 'a(b'\n", 7, "bad pattern" },
		{ "identity:\n  log:\n    - fine\n    - '[x'\n", 10, "bad pattern" },
		{ "identity: { env: [model] }\n", 7, "'model' is no name=value" },
		{ "partitions:\n  - { name: a, offset: 0, size: much }\n", 8, "'much' is not a size" },
		{ "partitions:\n  - { name: a, offset: 0, size: 0 }\n", 8, "no possible size" },
		{ "partitions:\n  - { name: a, offset: 0xffffffffffffffff, size: 2 }\n", 8, "no possible size" },
		{ "partitions:\n  - { name: a, offset: 0 }\n", 8, "key 'size' is missing" },
		{ "partitions:\n  - { name: a, offset: 0, size: 64KiB }\n  - { name: b, offset: 0xffff, size: 1 }\n", 9,
		  "partition 'b' overlaps 'a'" },
		{ "partitions:\n  - { name: a, offset: 0, size: 8 }\n  - { name: a, offset: 8, size: 1 }\n", 9,
		  "a second partition 'a'" },
		{ "partitions:\n  - { name: a, offset: 0, size: 8, guard: none }\n", 8, "'none' is not known here" },
		{ "image-covers: [a]\npartitions:\n  - { name: b, offset: 0, size: 8 }\n", 7,
		  "there is no partition 'a'" },
		{ "image-covers: [a, b]\npartitions:\n  - { name: a, offset: 0, size: 8 }\n  - { name: b, offset: 9, "
		  "size: 8 }\n",
		  7, "'b' does not begin where 'a' ends" },
		{ "image-covers: [a]\npartitions:\n  - { name: a, offset: 0, size: 8, guard: never-write }\n", 7,
		  "must never be written" },
		{ "image-formats: [uimage]\n", 7, "without 'image-covers'" },
		{ "image-covers: [a]\nimage-formats: [uimage, uboot]\npartitions:\n  - { name: a, offset: 0, size: 8 }\n", 8, "'uboot' is no image format" },
		{ "network: { bench-ip: 192.168.1 }\n", 7, "no IPv4 address" },
		{ "no-method: hopeless\n", 7, "exclude each other" },
		{ "firmware:\n  - { version: 1, file: f, sha256: abc }\n", 8, "64 hexadecimal digits" },
		{ "console: { stop-keys: '\\x00' }\n", 7, "'\\x00' is not text" },
		{ "console: { frame: 9X1 }\n", 7, "'9X1' is no frame" },
		{ "console:\n  macros:\n    - { name: a, text: 'saveenv\\r', at: loader }\n", 9, "saveenv may write" },
		{ "console:\n  macros:\n    - { name: a, text: 'md 0; nand write 0 0 1\\r', at: loader }\n", 9, "nand write writes" },
		{ "console:\n  macros:\n    - { name: a, text: 'help\\x03', at: loader }\n", 9, "another key" },
		{ "console:\n  macros:\n    - { name: a, text: 'help\\r', at: kernel }\n", 9, "'kernel' is not known" },
		{ "console:\n  macros:\n    - { name: a, text: 'help\\r', at: loader, loader: grub }\n", 9, "no driver" },
		{ "console: { stop-keys: \"a\\0b\" }\n", 7, "NUL" },
		{ "console: { stop-keys: 'a\\nb\\q' }\n", 7, "'a\\nb\\q' is not text" },
		{ "aliases: &a [x]\n", 7, "anchors" },
		{ "aliases: *a\n", 7, "aliases" },
		{ "aliases: [[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]\n", 7, "nested too deeply" },
		{ "sources2: { a: { b: { c: { d: { e: { f: { g: { h: { i: { j: { k: { l: x } } } } } } } } } } } }\n", 7, "nested too deeply" },
		{ "[a, b]: c\n", 7, "a key must be a word" },
		{ "aliases: [a\n", 8, "" },
		{ "---\nvendor: x\n", 7, "a second document" },
	};
	struct library_bench *bench = *state;

	library_bench_put(bench->root, "procedures/p.yaml", library_good_procedure);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[1024], where[64];

		text_format(text, sizeof(text), "%s%s", library_good_profile, rows[i].more);
		library_bench_put(bench->root, "devices/acme/one.yaml", text);
		text_format(where, sizeof(where), "devices/acme/one.yaml:%u", rows[i].line);
		library_bench_assert_one_error(bench, where, rows[i].expected);
	}
}

static void errors_in_methods_name_file_and_line(void **state)
{
	static const struct {
		const char *methods;	/* after four lines */
		unsigned line;
		const char *expected;
	} rows[] = {
		{ "methods:\n  - name: m\n    tested: untested\n    procedure: q\n", 8, "there is no procedure 'q'" },
		{ "methods:\n  - name: m\n    tested: untested\n    procedure: p\n", 6, "needs a value for ${hold}" },
		{ "methods:\n  - name: m\n    tested: untested\n    procedure: p\n    with:\n      hold: 7s\n      "
		  "hodl: 7s\n",
		  11, "has no use for 'hodl'" },
		{ "methods:\n  - name: m\n    tested: untested\n    procedure: p\n    with:\n      hold: 7s\n      "
		  "hold: 8s\n",
		  11, "'hold' is there twice" },
		{ "methods:\n  - name: m\n    tested: often\n    procedure: p\n    with: { hold: 1 }\n", 7,
		  "'often' does not say" },
		{ "methods:\n  - name: m\n    tested: ok 2026-1-1\n    procedure: p\n    with: { hold: 1 }\n", 7,
		  "does not say" },
		{ "methods:\n  - name: m\n    tested: ok 2026-01-01\n    treats:\n      - POWER\n      - POWRE\n    "
		  "procedure: p\n"
		  "    with: { hold: 1 }\n",
		  10, "'POWRE' is not the label of a fault" },
		{ "methods:\n  - name: m\n    tested: untested\n    treats: [HEALTHY]\n    procedure: p\n    with: { "
		  "hold: 1 }\n",
		  8, "'HEALTHY' is not the label of a fault" },
		{ "methods:\n  - { name: m, tested: untested, procedure: p, with: { hold: 1 } }\n"
		  "  - { name: m, tested: untested, procedure: p, with: { hold: 1 } }\n",
		  7, "a second method 'm'" },
		{ "methods:\n  - name: m\n    tested: untested\n    procedure: p\n    with: [hold]\n", 9,
		  "'with' must be a mapping" },
		{ "methods:\n  - name: m\n    tested: untested\n    procedure: p\n    with: { hold: [1] }\n", 9,
		  "'hold' must be a value" },
		{ "methods:\n  - name: m\n    tested: untested\n    procedure: p\n    with: { hold: 1 }\n    with: { hold: 2 }\n", 10,
		  "'with' is there twice" },
		{ "methods:\n  - name: m\n    tested: untested\n    minutes: soon\n    procedure: p\n    with: { hold: 1 }\n", 8,
		  "'minutes': 'soon' is not a number" },
		{ "methods: []\n", 1, "neither 'methods' nor 'no-method'" },
	};
	struct library_bench *bench = *state;

	library_bench_put(bench->root, "procedures/p.yaml", library_good_procedure);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[1024], where[64];

		text_format(text, sizeof(text), "vendor: Acme\nmodel: One\nkind: router\nsources: { all: nowhere }\n%s",
			    rows[i].methods);
		library_bench_put(bench->root, "devices/acme/one.yaml", text);
		text_format(where, sizeof(where), "devices/acme/one.yaml:%u", rows[i].line);
		library_bench_assert_one_error(bench, where, rows[i].expected);
	}
}

static void errors_in_a_procedure_name_file_and_line(void **state)
{
	static const struct {
		const char *steps;	/* after four lines */
		unsigned line;
		const char *expected;
	} rows[] = {
		{ "steps:\n  - do: dance\n", 6, "'dance' is not known; one of: note" },
		{ "steps:\n  - do: note\n    text: a\n    with:\n      severity: info\n    with:\n      severity: info\n", 10,
		  "'with' is there twice" },
		{ "steps:\n  - text: x\n", 6, "key 'do' is missing" },
		{ "steps:\n  - do: note\n    text: a\n  - do: note\n    text: a\n    on-fail: goto nowhere\n", 8,
		  "no step has that label" },
		{ "steps:\n  - do: note\n    label: a\n    text: a\n  - do: note\n    label: a\n    text: b\n", 9,
		  "a second label 'a'" },
		{ "steps:\n  - do: note\n    text: a\n    only-if: cause=POWRE\n", 6, "there is no cause 'POWRE'" },
		{ "steps:\n  - do: power\n    with: { how: cycle, when: now }\n", 6, "'power' has no field 'when'" },
		{ "steps:\n  - do: note\n    text: a\n    destroys: yes\n", 8, "'yes' is not true or false" },
		{ "steps:\n  - do: power\n    with: { how: cycle, \"a\\nb\": now }\n", 6, "'power' has no field 'a b'" },
		{ "steps: []\n", 3, "no steps" },
		{ "steps: note\n", 5, "'steps' must be a list" },
	};
	struct library_bench *bench = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[1024], where[64];

		text_format(text, sizeof(text), "title: t\nsummary: s\nneeds: serial\nsource: x\n%s", rows[i].steps);
		library_bench_put(bench->root, "procedures/p.yaml", text);
		text_format(where, sizeof(where), "procedures/p.yaml:%u", rows[i].line);
		library_bench_assert_one_error(bench, where, rows[i].expected);
	}
}

static void errors_in_signs_name_file_and_line(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *expected;
	} rows[] = {
		{ "signs:\n" LIBRARY_SIGN("a", "effect: fault, cause: POWRE, weight: 5"), 2, "'POWRE' is not known" },
		{ "signs:\n" LIBRARY_SIGN("a", "effect: fault, cause: HEALTHY, weight: 5"), 2, "label of a fault" },
		{ "signs:\n" LIBRARY_SIGN("a", "effect: fault, cause: POWER"), 2, "a fault needs a weight" },
		{ "signs:\n" LIBRARY_SIGN("a", "effect: fault, cause: POWER, weight: 101"), 2, "a fault needs a weight" },
		{ "signs:\n" LIBRARY_SIGN("a", "effect: fault, cause: POWER, weight: 5, also: SPACE"), 2, "come together" },
		{ "signs:\n" LIBRARY_SIGN("a", "effect: milestone, cause: POWER"), 2, "a cause is for" },
		{ "signs:\n" LIBRARY_SIGN("a", "effect: fact"), 2, "needs the name of the fact" },
		{ "signs:\n" LIBRARY_SIGN("a", "effect: milestone, stage: moon"), 2, "'moon' is not known" },
		{ "signs:\n" LIBRARY_SIGN("a", "effect: milestone") LIBRARY_SIGN("a", "effect: milestone"), 3, "a second sign 'a'" },
		{ "signs:\n  - id: a\n    match: 'a('\n    effect: milestone\n    meaning: m\n    source: s\n", 3,
		  "bad pattern" },
		{ "signs:\n  - id: a\n    match: a\n    effect: milestone\n    source: s\n", 2,
		  "key 'meaning' is missing" },
	};
	struct library_bench *bench = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char where[64];

		library_bench_put(bench->root, "signs/s.yaml", rows[i].text);
		text_format(where, sizeof(where), "signs/s.yaml:%u", rows[i].line);
		library_bench_assert_one_error(bench, where, rows[i].expected);
	}
}

static void an_unknown_key_hints_the_nearest(void **state)
{
	struct library_bench *bench = *state;
	const struct profile *profile;
	struct error error;

	library_bench_put_profile(bench->root, "acme/one", "Acme", "One", "alaises: [x]\n");
	library_bench_open(bench);
	assert_int_equal(device_library_profile(bench->library, "acme/one", &profile, &error), STATUS_INVALID);
	assert_string_equal(error.hint, "did you mean 'aliases'?");
}

static void a_list_of_one_is_still_a_list_and_the_error_says_how_it_is_written(void **state)
{
	struct library_bench *bench = *state;
	struct collected_errors errors = { 0 };
	char text[512];

	text_format(text, sizeof(text), "%srevisions: v1\n", library_good_profile);
	library_bench_put(bench->root, "procedures/p.yaml", library_good_procedure);
	library_bench_put(bench->root, "devices/acme/one.yaml", text);
	library_bench_open(bench);
	assert_int_equal(device_library_lint(bench->library, library_bench_collect, &errors), 1);
	assert_string_equal(errors.last.hint, "a list of one is written [so]");
}

static void a_step_of_no_kind_is_told_all_kinds(void **state)
{
	struct library_bench *bench = *state;

	library_bench_put(bench->root, "procedures/p.yaml", "title: t\nsummary: s\nsource: x\nsteps:\n  - do: dance\n");
	for (enum step_kind kind = 0; kind < STEP_KIND_COUNT; kind++) {
		char word[32];

		text_format(word, sizeof(word), " %s", step_kind_name(kind));
		library_bench_assert_one_error(bench, "procedures/p.yaml:5", word);
	}
}

static void a_list_that_is_too_long_names_its_limit(void **state)
{
	struct library_bench *bench = *state;
	char text[1024];

	text_format(text, sizeof(text), "%saliases:\n", library_good_profile);
	for (unsigned i = 0; i < 65; i++)
		text_append(text, sizeof(text), "  - a\n");
	library_bench_put(bench->root, "procedures/p.yaml", library_good_procedure);
	library_bench_put(bench->root, "devices/acme/one.yaml", text);
	library_bench_assert_one_error(bench, "devices/acme/one.yaml:8", "'aliases' holds more than 64");
}

static void a_file_with_a_strange_name_is_left_out_and_reported(void **state)
{
	struct library_bench *bench = *state;

	library_bench_put_profile(bench->root, "acme/one", "Acme", "One", "");
	library_bench_put_profile(bench->root, "acme/Tw\x1b[2Jo", "Acme", "Two", "");
	library_bench_put(bench->root, "devices/README.md", "not a vendor\n");
	library_bench_put(bench->root, "devices/acme/.hidden.yaml", "x\n");
	library_bench_put(bench->root, "devices/acme/one.yaml~", "x\n");
	library_bench_assert_one_error(bench, "devices/acme/Two.yaml:1", "the file's name is not made of");
	assert_int_equal(device_library_count(bench->library), 1);
}

static void a_file_that_is_too_large_is_refused(void **state)
{
	struct library_bench *bench = *state;
	char path[256];
	FILE *file;

	library_bench_put(bench->root, "devices/acme/one.yaml", "");
	library_bench_assert_one_error(bench, "devices/acme/one.yaml:1", "the file is empty");
	text_format(path, sizeof(path), "%s/devices/acme/one.yaml", bench->root);
	file = fopen(path, "w");
	assert_non_null(file);
	for (unsigned i = 0; i < 600 * 1024; i++)
		fputc('#', file);
	fclose(file);
	library_bench_assert_one_error(bench, "devices/acme/one.yaml:1", "larger than 512 KiB");
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("vendor: Acme\naliases: [", file);
	for (unsigned i = 0; i < 40 * 1024; i++)
		fputs("a,", file);
	fputs("]\n", file);
	fclose(file);
	library_bench_assert_one_error(bench, "devices/acme/one.yaml:2", "the file holds too much");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, library_bench_begin, library_bench_end)
	const struct CMUnitTest tests[] = {
		TEST(errors_in_a_profile_name_file_and_line),
		TEST(errors_in_methods_name_file_and_line),
		TEST(errors_in_a_procedure_name_file_and_line),
		TEST(errors_in_signs_name_file_and_line),
		TEST(an_unknown_key_hints_the_nearest),
		TEST(a_list_of_one_is_still_a_list_and_the_error_says_how_it_is_written),
		TEST(a_step_of_no_kind_is_told_all_kinds),
		TEST(a_list_that_is_too_long_names_its_limit),
		TEST(a_file_with_a_strange_name_is_left_out_and_reported),
		TEST(a_file_that_is_too_large_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
