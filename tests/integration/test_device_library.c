/* The device library against real files: the project's own firmware-db, and small ones with one fault each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "recovery/image/fits.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/store/device_library.h"

struct bench {
	char root[64];		/* a firmware-db of our own */
	char second[80];	/* another, of lower rank */
	struct device_library *library;
};

static const char good_procedure[] =
	"title: t\nsummary: s\nneeds: serial\nsource: x\nsteps:\n  - do: note\n    text: hold ${hold}\n";
static const char good_profile[] =
	"vendor: Acme\nmodel: One\nkind: router\nsources: { all: nowhere }\n"
	"methods:\n  - { name: m, procedure: p, tested: untested, with: { hold: 7s } }\n";

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *walk)
{
	(void)about;
	(void)type;
	(void)walk;
	return remove(path);
}

static int set_up(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	assert_non_null(bench);
	strcpy(bench->root, "/tmp/unbrick-library-XXXXXX");
	assert_non_null(mkdtemp(bench->root));
	text_format(bench->second, sizeof(bench->second), "%s/second", bench->root);
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	device_library_free(bench->library);
	nftw(bench->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(bench);
	return 0;
}

/* Writes root/path with its folders. */
static void put(const char *root, const char *path, const char *text)
{
	char full[256];
	FILE *file;

	text_format(full, sizeof(full), "%s/%s", root, path);
	for (char *slash = strchr(full + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		assert_true(mkdir(full, 0700) == 0 || errno == EEXIST);
		*slash = '/';
	}
	file = fopen(full, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

static void open_library(struct bench *bench)
{
	const char *const roots[] = { bench->root, bench->second, NULL };
	struct error error;

	if (device_library_open(roots, &bench->library, &error) != STATUS_OK)
		fail_msg("%s", error.text);
}

struct collected {
	size_t count;
	struct error last;
	char all[2048];
};

static void collect(void *user, const struct error *error)
{
	struct collected *collected = user;

	collected->count++;
	collected->last = *error;
	text_append(collected->all, sizeof(collected->all), "%s\n", error->text);
}

/* One bad file in an otherwise good library: one error, with this file and line, that says this. */
static void assert_one_error(struct bench *bench, const char *file_and_line, const char *expected)
{
	struct collected errors = { 0 };
	char start[160];

	device_library_free(bench->library);
	bench->library = NULL;
	open_library(bench);
	device_library_lint(bench->library, collect, &errors);
	if (errors.count != 1)
		fail_msg("%zu errors instead of one for '%s':\n%s", errors.count, expected, errors.all);
	text_format(start, sizeof(start), "%s/%s: ", bench->root, file_and_line);
	if (!text_starts(errors.last.text, start) || !text_contains(errors.last.text, expected))
		fail_msg("'%s' is not '%s...%s'", errors.last.text, start, expected);
}

static void the_projects_own_files_are_all_good(void **state)
{
	const char *source = getenv("srcdir");
	char root[512];
	const char *const roots[] = { root, NULL };
	struct bench *bench = *state;
	struct collected errors = { 0 };
	const struct usb_recovery_id *ids;
	const struct sign *signs;
	struct error error;
	size_t count;

	text_format(root, sizeof(root), "%s/firmware-db", source ? source : ".");
	if (device_library_open(roots, &bench->library, &error) != STATUS_OK)
		fail_msg("%s", error.text);
	assert_true(device_library_count(bench->library) >= 15);
	device_library_lint(bench->library, collect, &errors);
	if (errors.count > 0)
		fail_msg("%zu bad files:\n%s", errors.count, errors.all);
	assert_int_equal(device_library_signs(bench->library, &signs, &count, &error), STATUS_OK);
	assert_int_equal(device_library_usb_ids(bench->library, &ids, &count, &error), STATUS_OK);
}

/* An image that names the first board of one profile fits that one, and no other profile that names boards. */
static void an_image_for_one_profile_fits_no_other(void **state)
{
	const char *source = getenv("srcdir");
	char root[512], reason[200];
	const char *const roots[] = { root, NULL };
	struct bench *bench = *state;
	struct image_facts facts = { .board_count = 1 };
	const struct profile *one, *other;
	struct profile_image_device device;
	unsigned compared = 0;
	struct error error;

	text_format(root, sizeof(root), "%s/firmware-db", source ? source : ".");
	assert_int_equal(device_library_open(roots, &bench->library, &error), STATUS_OK);
	for (size_t i = 0; i < device_library_count(bench->library); i++) {
		assert_int_equal(device_library_profile(bench->library, device_library_id(bench->library, i), &one, &error), STATUS_OK);
		if (one->identity.boards.count == 0)
			continue;
		text_copy(facts.boards[0], sizeof(facts.boards[0]), one->identity.boards.item[0]);
		for (size_t k = 0; k < device_library_count(bench->library); k++) {
			assert_int_equal(device_library_profile(bench->library, device_library_id(bench->library, k), &other, &error), STATUS_OK);
			if (other->identity.boards.count == 0)
				continue;
			profile_image_device(other, &device);
			compared++;
			if (image_fits(&facts, &device.device, reason, sizeof(reason)) != (i == k ? IMAGE_FITS : IMAGE_WRONG_BOARD))
				fail_msg("%s for %s: %s", facts.boards[0], other->id, reason);
		}
	}
	assert_true(compared >= 100);
}

static void the_emulated_camera_is_described_as_it_is(void **state)
{
	const char *source = getenv("srcdir");
	char root[512];
	const char *const roots[] = { root, NULL };
	struct bench *bench = *state;
	const struct profile *profile;
	struct error error;

	text_format(root, sizeof(root), "%s/firmware-db", source ? source : ".");
	assert_int_equal(device_library_open(roots, &bench->library, &error), STATUS_OK);
	assert_int_equal(device_library_profile(bench->library, "testbed/cam32", &profile, &error), STATUS_OK);
	assert_string_equal(profile->id, "testbed/cam32");
	assert_string_equal(profile->arch, "armv7");
	assert_string_equal(profile->console.prompt, "=> ");
	assert_int_equal(profile->network.load_address, 0x44000000);
	assert_int_equal(profile->image_covers.count, 2);
	assert_string_equal(profile->image_formats.item[1], "fit");
	assert_int_equal(profile_partition_holding(profile, "rootfs")->offset, 9 << 20);
	assert_int_equal(profile_partition_holding(profile, "rootfs")->size, 4 << 20);
	assert_string_equal(profile->firmware[0].version, "2.4.1");
	assert_null(profile->firmware[0].sha256);
}

static void escapes_in_keys_to_send_are_undone(void **state)
{
	struct bench *bench = *state;
	const struct profile *profile;
	struct error error;
	char text[512];

	put(bench->root, "procedures/p.yaml", good_procedure);
	text_format(text, sizeof(text), "%sconsole: { stop-keys: '\\x15a\\r\\n\\t\\\\\\xff' }\n", good_profile);
	put(bench->root, "devices/acme/one.yaml", text);
	open_library(bench);
	assert_int_equal(device_library_profile(bench->library, "acme/one", &profile, &error), STATUS_OK);
	assert_string_equal(profile->console.stop_keys, "\x15" "a\r\n\t\\\xff");
}

static void methods_and_sources_keep_their_free_names(void **state)
{
	struct bench *bench = *state;
	const struct profile *profile;
	const struct procedure *procedure;
	struct error error;

	put(bench->root, "procedures/p.yaml", good_procedure);
	put(bench->root, "devices/acme/one.yaml", good_profile);
	open_library(bench);
	assert_int_equal(device_library_profile(bench->library, "acme/one", &profile, &error), STATUS_OK);
	assert_int_equal(profile->methods[0].with_count, 1);
	assert_string_equal(profile->methods[0].with[0].name, "hold");
	assert_string_equal(profile->methods[0].with[0].value, "7s");
	assert_string_equal(profile->sources[0].about, "all");
	assert_int_equal(device_library_procedure(bench->library, "p", &procedure, &error), STATUS_OK);
	assert_string_equal(procedure->name, "p");
	assert_int_equal(procedure->steps[0].kind, STEP_NOTE);
}

static void errors_in_a_profile_name_file_and_line(void **state)
{
	static const struct {
		const char *more;	/* after good_profile, which has 6 lines */
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
	struct bench *bench = *state;

	put(bench->root, "procedures/p.yaml", good_procedure);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[1024], where[64];

		text_format(text, sizeof(text), "%s%s", good_profile, rows[i].more);
		put(bench->root, "devices/acme/one.yaml", text);
		text_format(where, sizeof(where), "devices/acme/one.yaml:%u", rows[i].line);
		assert_one_error(bench, where, rows[i].expected);
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
	struct bench *bench = *state;

	put(bench->root, "procedures/p.yaml", good_procedure);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[1024], where[64];

		text_format(text, sizeof(text), "vendor: Acme\nmodel: One\nkind: router\nsources: { all: nowhere }\n%s",
			    rows[i].methods);
		put(bench->root, "devices/acme/one.yaml", text);
		text_format(where, sizeof(where), "devices/acme/one.yaml:%u", rows[i].line);
		assert_one_error(bench, where, rows[i].expected);
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
	struct bench *bench = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[1024], where[64];

		text_format(text, sizeof(text), "title: t\nsummary: s\nneeds: serial\nsource: x\n%s", rows[i].steps);
		put(bench->root, "procedures/p.yaml", text);
		text_format(where, sizeof(where), "procedures/p.yaml:%u", rows[i].line);
		assert_one_error(bench, where, rows[i].expected);
	}
}

#define SIGN(id, rest) "  - { id: " id ", match: x, meaning: m, source: s, " rest " }\n"

static void errors_in_signs_name_file_and_line(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *expected;
	} rows[] = {
		{ "signs:\n" SIGN("a", "effect: fault, cause: POWRE, weight: 5"), 2, "'POWRE' is not known" },
		{ "signs:\n" SIGN("a", "effect: fault, cause: HEALTHY, weight: 5"), 2, "label of a fault" },
		{ "signs:\n" SIGN("a", "effect: fault, cause: POWER"), 2, "a fault needs a weight" },
		{ "signs:\n" SIGN("a", "effect: fault, cause: POWER, weight: 101"), 2, "a fault needs a weight" },
		{ "signs:\n" SIGN("a", "effect: fault, cause: POWER, weight: 5, also: SPACE"), 2, "come together" },
		{ "signs:\n" SIGN("a", "effect: milestone, cause: POWER"), 2, "a cause is for" },
		{ "signs:\n" SIGN("a", "effect: fact"), 2, "needs the name of the fact" },
		{ "signs:\n" SIGN("a", "effect: milestone, stage: moon"), 2, "'moon' is not known" },
		{ "signs:\n" SIGN("a", "effect: milestone") SIGN("a", "effect: milestone"), 3, "a second sign 'a'" },
		{ "signs:\n  - id: a\n    match: 'a('\n    effect: milestone\n    meaning: m\n    source: s\n", 3,
		  "bad pattern" },
		{ "signs:\n  - id: a\n    match: a\n    effect: milestone\n    source: s\n", 2,
		  "key 'meaning' is missing" },
	};
	struct bench *bench = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char where[64];

		put(bench->root, "signs/s.yaml", rows[i].text);
		text_format(where, sizeof(where), "signs/s.yaml:%u", rows[i].line);
		assert_one_error(bench, where, rows[i].expected);
	}
}

static void signs_of_all_files_come_as_one_list_and_the_first_root_wins(void **state)
{
	struct bench *bench = *state;
	const struct sign *signs, *again;
	struct error error;
	size_t count, count_again;

	put(bench->root, "signs/b.yaml",
	    "signs:\n" SIGN("one", "effect: fault, cause: POWER, weight: 60, also: SPACE, also-weight: 20"));
	put(bench->second, "signs/a.yaml",
	    "signs:\n" SIGN("one", "effect: milestone") SIGN("two", "effect: milestone, stage: first-loader"));
	open_library(bench);
	assert_int_equal(device_library_signs(bench->library, &signs, &count, &error), STATUS_OK);
	assert_int_equal(count, 2);
	assert_string_equal(signs[0].id, "one");
	assert_int_equal(signs[0].effect, SIGN_FAULT);
	assert_int_equal(signs[0].cause, CAUSE_POWER);
	assert_int_equal(signs[0].weight, 60);
	assert_int_equal(signs[0].also, CAUSE_SPACE);
	assert_int_equal(signs[0].also_weight, 20);
	assert_int_equal(signs[1].stage, STAGE_FIRST_LOADER);
	assert_int_equal(device_library_signs(bench->library, &again, &count_again, &error), STATUS_OK);
	assert_ptr_equal(again, signs);
}

static void macros_of_the_library_ask_and_name_their_source(void **state)
{
	struct bench *bench = *state;
	const struct macro *macros[8];

	put(bench->root, "macros.yaml",
	    "macros:\n  - { name: a, text: 'help\\r', at: loader, loader: uboot, source: s }\n"
	    "  - { name: a, text: 'help\\r', at: shell, source: s }\n");
	open_library(bench);
	assert_int_equal(device_library_macros(bench->library, macros, 8), 2);
	assert_string_equal(macros[0]->text, "help\r");
	assert_int_equal(macros[1]->at, MACRO_AT_SHELL);
	put(bench->root, "macros.yaml", "macros:\n  - { name: a, text: 'help\\r', at: shell }\n");
	assert_one_error(bench, "macros.yaml:2", "names no source");
	put(bench->root, "macros.yaml", "macros:\n  - { name: a, text: 'dd if=a of=b\\r', at: shell, source: s }\n");
	assert_one_error(bench, "macros.yaml:2", "dd may write");
}

static void usb_ids_are_hexadecimal_and_any_is_a_product(void **state)
{
	struct bench *bench = *state;
	const struct usb_recovery_id *ids;
	struct error error;
	size_t count;

	put(bench->root, "usb-ids.yaml",
	    "ids:\n  - { vendor: 1f3a, product: 0xefe8, name: n, meaning: m, protocol: fel, source: s }\n"
	    "  - { vendor: 2207, product: any, name: n, meaning: m, protocol: maskrom, source: s }\n");
	open_library(bench);
	assert_int_equal(device_library_usb_ids(bench->library, &ids, &count, &error), STATUS_OK);
	assert_int_equal(count, 2);
	assert_int_equal(ids[0].vendor, 0x1f3a);
	assert_int_equal(ids[0].product, 0xefe8);
	assert_int_equal(ids[1].vendor, 0x2207);
	assert_int_equal(ids[1].product, 0xffffffff);
	put(bench->root, "usb-ids.yaml",
	    "ids:\n  - { vendor: 12345, product: 1, name: n, meaning: m, protocol: p, source: s }\n");
	assert_one_error(bench, "usb-ids.yaml:2", "'12345' is not 1 to 4 hexadecimal digits");
	put(bench->root, "usb-ids.yaml",
	    "ids:\n  - { vendor: 1, product: 2, name: n, meaning: m, protocol: p, source: s }\n"
	    "  - { vendor: 0x1, product: 0x2, name: n, meaning: m, protocol: p, source: s }\n");
	assert_one_error(bench, "usb-ids.yaml:3", "the same vendor and product");
}

static void put_profile(const char *root, const char *id, const char *vendor, const char *model, const char *more)
{
	char path[96], text[512];

	text_format(path, sizeof(path), "devices/%s.yaml", id);
	text_format(text, sizeof(text), "vendor: %s\nmodel: %s\nkind: router\nno-method: x\nsources: { all: x }\n%s",
		    vendor, model, more);
	put(root, path, text);
}

static void a_search_wants_every_word_and_puts_the_best_first(void **state)
{
	struct bench *bench = *state;
	const char *ids[8];

	put_profile(bench->root, "acme/c50-v4", "Acme", "Archer C50", "aliases: [Falcon]\nsoc: MT7628\n");
	put_profile(bench->root, "acme/c50-pro", "Acme", "Archer C50 Pro", "");
	put_profile(bench->root, "best/falcon", "Best", "Falcon 9", "");
	put(bench->root, "devices/best/broken.yaml", "vendor: [\n");
	open_library(bench);
	assert_int_equal(device_library_count(bench->library), 4);
	assert_string_equal(device_library_id(bench->library, 0), "acme/c50-pro");
	assert_null(device_library_id(bench->library, 4));
	assert_int_equal(device_library_search(bench->library, "ACME c50", ids, 8), 2);
	assert_int_equal(device_library_search(bench->library, "acme falcon", ids, 8), 1);
	assert_string_equal(ids[0], "acme/c50-v4");
	assert_int_equal(device_library_search(bench->library, "falcon", ids, 8), 2);
	assert_string_equal(ids[0], "acme/c50-v4");	/* the whole alias, against the beginning of a model */
	assert_int_equal(device_library_search(bench->library, "mt7628 router", ids, 8), 1);
	assert_int_equal(device_library_search(bench->library, "  ", ids, 8), 3);
	assert_int_equal(device_library_search(bench->library, "router", ids, 2), 2);
	assert_int_equal(device_library_search(bench->library, "acme best", ids, 8), 0);
}

static void an_unknown_id_hints_the_nearest(void **state)
{
	struct bench *bench = *state;
	const struct procedure *procedure;
	const struct profile *profile;
	struct error error;

	put_profile(bench->root, "acme/cam32", "Acme", "cam32", "");
	put_profile(bench->root, "other/thing", "Other", "Thing", "");
	put(bench->root, "procedures/p.yaml", good_procedure);
	open_library(bench);
	assert_int_equal(device_library_profile(bench->library, "cam23", &profile, &error), STATUS_NOT_FOUND);
	assert_non_null(strstr(error.text, "'cam23'"));
	assert_true(text_starts(error.hint, "the nearest: acme/cam32"));
	put_profile(bench->root, "long-name/long-model-32", "Long", "Model", "");
	device_library_free(bench->library);
	open_library(bench);
	assert_int_equal(device_library_profile(bench->library, "Long-Name", &profile, &error), STATUS_NOT_FOUND);
	assert_true(text_starts(error.hint, "the nearest: long-name/long-model-32"));
	assert_int_equal(device_library_profile(bench->library, "../../../etc/passwd", &profile, &error),
			 STATUS_NOT_FOUND);
	assert_int_equal(device_library_procedure(bench->library, "q", &procedure, &error), STATUS_NOT_FOUND);
	assert_string_equal(error.hint, "the nearest: p");
}

static void an_unknown_key_hints_the_nearest(void **state)
{
	struct bench *bench = *state;
	const struct profile *profile;
	struct error error;

	put_profile(bench->root, "acme/one", "Acme", "One", "alaises: [x]\n");
	open_library(bench);
	assert_int_equal(device_library_profile(bench->library, "acme/one", &profile, &error), STATUS_INVALID);
	assert_string_equal(error.hint, "did you mean 'aliases'?");
}

static void a_list_of_one_is_still_a_list_and_the_error_says_how_it_is_written(void **state)
{
	struct bench *bench = *state;
	struct collected errors = { 0 };
	char text[512];

	text_format(text, sizeof(text), "%srevisions: v1\n", good_profile);
	put(bench->root, "procedures/p.yaml", good_procedure);
	put(bench->root, "devices/acme/one.yaml", text);
	open_library(bench);
	assert_int_equal(device_library_lint(bench->library, collect, &errors), 1);
	assert_string_equal(errors.last.hint, "a list of one is written [so]");
}

static void a_password_may_be_empty(void **state)
{
	struct bench *bench = *state;
	const struct profile *profile;
	struct error error;

	put_profile(bench->root, "acme/one", "Acme", "One", "console: { login-password: '', loader-passwords: [''] }\n");
	open_library(bench);
	assert_int_equal(device_library_profile(bench->library, "acme/one", &profile, &error), STATUS_OK);
	assert_string_equal(profile->console.login_password, "");
	assert_string_equal(profile->console.loader_passwords.item[0], "");
}

static void a_byte_order_mark_and_other_line_ends_change_nothing(void **state)
{
	static const char *const forms[] = {
		"\xef\xbb\xbf" "vendor: Acme\nmodel: One\nkind: router\nno-method: x\nsources: { all: x }\n",
		"vendor: Acme\r\nmodel: One\r\nkind: router\r\nno-method: x\r\nsources: { all: x }\r\n",
		"vendor: Acme\rmodel: One\rkind: router\rno-method: x\rsources: { all: x }\r",
	};
	struct bench *bench = *state;
	const struct profile *profile;
	struct error error;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		put(bench->root, "devices/acme/one.yaml", forms[i]);
		device_library_free(bench->library);
		bench->library = NULL;
		open_library(bench);
		if (device_library_profile(bench->library, "acme/one", &profile, &error) != STATUS_OK)
			fail_msg("%zu: %s", i, error.text);
		assert_string_equal(profile->model, "One");
	}
}

static void a_step_of_no_kind_is_told_all_kinds(void **state)
{
	struct bench *bench = *state;

	put(bench->root, "procedures/p.yaml", "title: t\nsummary: s\nsource: x\nsteps:\n  - do: dance\n");
	for (enum step_kind kind = 0; kind < STEP_KIND_COUNT; kind++) {
		char word[32];

		text_format(word, sizeof(word), " %s", step_kind_name(kind));
		assert_one_error(bench, "procedures/p.yaml:5", word);
	}
}

static void a_list_that_is_too_long_names_its_limit(void **state)
{
	struct bench *bench = *state;
	char text[1024];

	text_format(text, sizeof(text), "%saliases:\n", good_profile);
	for (unsigned i = 0; i < 65; i++)
		text_append(text, sizeof(text), "  - a\n");
	put(bench->root, "procedures/p.yaml", good_procedure);
	put(bench->root, "devices/acme/one.yaml", text);
	assert_one_error(bench, "devices/acme/one.yaml:8", "'aliases' holds more than 64");
}

static void the_first_root_wins_and_a_missing_one_is_no_error(void **state)
{
	struct bench *bench = *state;
	const char *const absent[] = { "/nonexistent/firmware-db", NULL };
	const struct profile *profile;
	struct device_library *none;
	struct error error;

	assert_int_equal(device_library_open(absent, &none, &error), STATUS_NOT_FOUND);
	put_profile(bench->root, "acme/one", "Acme", "Mine", "");
	open_library(bench);	/* the second is not there yet */
	assert_int_equal(device_library_count(bench->library), 1);
	device_library_free(bench->library);
	put_profile(bench->second, "acme/one", "Acme", "Shipped", "");
	put_profile(bench->second, "acme/two", "Acme", "Two", "");
	open_library(bench);
	assert_int_equal(device_library_count(bench->library), 2);
	assert_int_equal(device_library_profile(bench->library, "acme/one", &profile, &error), STATUS_OK);
	assert_string_equal(profile->model, "Mine");
}

static void a_file_with_a_strange_name_is_left_out_and_reported(void **state)
{
	struct bench *bench = *state;

	put_profile(bench->root, "acme/one", "Acme", "One", "");
	put_profile(bench->root, "acme/Tw\x1b[2Jo", "Acme", "Two", "");
	put(bench->root, "devices/README.md", "not a vendor\n");
	put(bench->root, "devices/acme/.hidden.yaml", "x\n");
	put(bench->root, "devices/acme/one.yaml~", "x\n");
	assert_one_error(bench, "devices/acme/Two.yaml:1", "the file's name is not made of");
	assert_int_equal(device_library_count(bench->library), 1);
}

static void a_file_that_is_too_large_is_refused(void **state)
{
	struct bench *bench = *state;
	char path[256];
	FILE *file;

	put(bench->root, "devices/acme/one.yaml", "");
	assert_one_error(bench, "devices/acme/one.yaml:1", "the file is empty");
	text_format(path, sizeof(path), "%s/devices/acme/one.yaml", bench->root);
	file = fopen(path, "w");
	assert_non_null(file);
	for (unsigned i = 0; i < 600 * 1024; i++)
		fputc('#', file);
	fclose(file);
	assert_one_error(bench, "devices/acme/one.yaml:1", "larger than 512 KiB");
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("vendor: Acme\naliases: [", file);
	for (unsigned i = 0; i < 40 * 1024; i++)
		fputs("a,", file);
	fputs("]\n", file);
	fclose(file);
	assert_one_error(bench, "devices/acme/one.yaml:2", "the file holds too much");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_projects_own_files_are_all_good),
		TEST(an_image_for_one_profile_fits_no_other),
		TEST(the_emulated_camera_is_described_as_it_is),
		TEST(escapes_in_keys_to_send_are_undone),
		TEST(methods_and_sources_keep_their_free_names),
		TEST(errors_in_a_profile_name_file_and_line),
		TEST(errors_in_methods_name_file_and_line),
		TEST(errors_in_a_procedure_name_file_and_line),
		TEST(errors_in_signs_name_file_and_line),
		TEST(signs_of_all_files_come_as_one_list_and_the_first_root_wins),
		TEST(macros_of_the_library_ask_and_name_their_source),
		TEST(usb_ids_are_hexadecimal_and_any_is_a_product),
		TEST(a_search_wants_every_word_and_puts_the_best_first),
		TEST(an_unknown_id_hints_the_nearest),
		TEST(an_unknown_key_hints_the_nearest),
		TEST(a_list_of_one_is_still_a_list_and_the_error_says_how_it_is_written),
		TEST(a_password_may_be_empty),
		TEST(a_byte_order_mark_and_other_line_ends_change_nothing),
		TEST(a_step_of_no_kind_is_told_all_kinds),
		TEST(a_list_that_is_too_long_names_its_limit),
		TEST(the_first_root_wins_and_a_missing_one_is_no_error),
		TEST(a_file_with_a_strange_name_is_left_out_and_reported),
		TEST(a_file_that_is_too_large_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
