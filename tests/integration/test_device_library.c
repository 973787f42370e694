/* The device library against real files: the project's own firmware-db, and small ones of the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/image/fits.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "tests/integration/library_bench.h"

static void the_projects_own_files_are_all_good(void **state)
{
	const char *source = getenv("srcdir");
	char root[512];
	const char *const roots[] = { root, NULL };
	struct library_bench *bench = *state;
	struct collected_errors errors = { 0 };
	const struct usb_recovery_id *ids;
	const struct sign *signs;
	struct error error;
	size_t count;

	text_format(root, sizeof(root), "%s/firmware-db", source ? source : ".");
	if (device_library_open(roots, &bench->library, &error) != STATUS_OK)
		fail_msg("%s", error.text);
	assert_true(device_library_count(bench->library) >= 15);
	device_library_lint(bench->library, library_bench_collect, &errors);
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
	struct library_bench *bench = *state;
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
	struct library_bench *bench = *state;
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
	struct library_bench *bench = *state;
	const struct profile *profile;
	struct error error;
	char text[512];

	library_bench_put(bench->root, "procedures/p.yaml", library_good_procedure);
	text_format(text, sizeof(text), "%sconsole: { stop-keys: '\\x15a\\r\\n\\t\\\\\\xff' }\n", library_good_profile);
	library_bench_put(bench->root, "devices/acme/one.yaml", text);
	library_bench_open(bench);
	assert_int_equal(device_library_profile(bench->library, "acme/one", &profile, &error), STATUS_OK);
	assert_string_equal(profile->console.stop_keys, "\x15" "a\r\n\t\\\xff");
}

static void methods_and_sources_keep_their_free_names(void **state)
{
	struct library_bench *bench = *state;
	const struct profile *profile;
	const struct procedure *procedure;
	struct error error;

	library_bench_put(bench->root, "procedures/p.yaml", library_good_procedure);
	library_bench_put(bench->root, "devices/acme/one.yaml", library_good_profile);
	library_bench_open(bench);
	assert_int_equal(device_library_profile(bench->library, "acme/one", &profile, &error), STATUS_OK);
	assert_int_equal(profile->methods[0].with_count, 1);
	assert_string_equal(profile->methods[0].with[0].name, "hold");
	assert_string_equal(profile->methods[0].with[0].value, "7s");
	assert_string_equal(profile->sources[0].about, "all");
	assert_int_equal(device_library_procedure(bench->library, "p", &procedure, &error), STATUS_OK);
	assert_string_equal(procedure->name, "p");
	assert_int_equal(procedure->steps[0].kind, STEP_NOTE);
}

static void signs_of_all_files_come_as_one_list_and_the_first_root_wins(void **state)
{
	struct library_bench *bench = *state;
	const struct sign *signs, *again;
	struct error error;
	size_t count, count_again;

	library_bench_put(bench->root, "signs/b.yaml",
	    "signs:\n" LIBRARY_SIGN("one", "effect: fault, cause: POWER, weight: 60, also: SPACE, also-weight: 20"));
	library_bench_put(bench->second, "signs/a.yaml",
	    "signs:\n" LIBRARY_SIGN("one", "effect: milestone") LIBRARY_SIGN("two", "effect: milestone, stage: first-loader"));
	library_bench_open(bench);
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
	struct library_bench *bench = *state;
	const struct macro *macros[8];

	library_bench_put(bench->root, "macros.yaml",
	    "macros:\n  - { name: a, text: 'help\\r', at: loader, loader: uboot, source: s }\n"
	    "  - { name: a, text: 'help\\r', at: shell, source: s }\n");
	library_bench_open(bench);
	assert_int_equal(device_library_macros(bench->library, macros, 8), 2);
	assert_string_equal(macros[0]->text, "help\r");
	assert_int_equal(macros[1]->at, MACRO_AT_SHELL);
	library_bench_put(bench->root, "macros.yaml", "macros:\n  - { name: a, text: 'help\\r', at: shell }\n");
	library_bench_assert_one_error(bench, "macros.yaml:2", "names no source");
	library_bench_put(bench->root, "macros.yaml", "macros:\n  - { name: a, text: 'dd if=a of=b\\r', at: shell, source: s }\n");
	library_bench_assert_one_error(bench, "macros.yaml:2", "dd may write");
}

static void usb_ids_are_hexadecimal_and_any_is_a_product(void **state)
{
	struct library_bench *bench = *state;
	const struct usb_recovery_id *ids;
	struct error error;
	size_t count;

	library_bench_put(bench->root, "usb-ids.yaml",
	    "ids:\n  - { vendor: 1f3a, product: 0xefe8, name: n, meaning: m, protocol: fel, source: s }\n"
	    "  - { vendor: 2207, product: any, name: n, meaning: m, protocol: maskrom, source: s }\n");
	library_bench_open(bench);
	assert_int_equal(device_library_usb_ids(bench->library, &ids, &count, &error), STATUS_OK);
	assert_int_equal(count, 2);
	assert_int_equal(ids[0].vendor, 0x1f3a);
	assert_int_equal(ids[0].product, 0xefe8);
	assert_int_equal(ids[1].vendor, 0x2207);
	assert_int_equal(ids[1].product, 0xffffffff);
	library_bench_put(bench->root, "usb-ids.yaml",
	    "ids:\n  - { vendor: 12345, product: 1, name: n, meaning: m, protocol: p, source: s }\n");
	library_bench_assert_one_error(bench, "usb-ids.yaml:2", "'12345' is not 1 to 4 hexadecimal digits");
	library_bench_put(bench->root, "usb-ids.yaml",
	    "ids:\n  - { vendor: 1, product: 2, name: n, meaning: m, protocol: p, source: s }\n"
	    "  - { vendor: 0x1, product: 0x2, name: n, meaning: m, protocol: p, source: s }\n");
	library_bench_assert_one_error(bench, "usb-ids.yaml:3", "the same vendor and product");
}

static void a_search_wants_every_word_and_puts_the_best_first(void **state)
{
	struct library_bench *bench = *state;
	const char *ids[8];

	library_bench_put_profile(bench->root, "acme/c50-v4", "Acme", "Archer C50", "aliases: [Falcon]\nsoc: MT7628\n");
	library_bench_put_profile(bench->root, "acme/c50-pro", "Acme", "Archer C50 Pro", "");
	library_bench_put_profile(bench->root, "best/falcon", "Best", "Falcon 9", "");
	library_bench_put(bench->root, "devices/best/broken.yaml", "vendor: [\n");
	library_bench_open(bench);
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
	struct library_bench *bench = *state;
	const struct procedure *procedure;
	const struct profile *profile;
	struct error error;

	library_bench_put_profile(bench->root, "acme/cam32", "Acme", "cam32", "");
	library_bench_put_profile(bench->root, "other/thing", "Other", "Thing", "");
	library_bench_put(bench->root, "procedures/p.yaml", library_good_procedure);
	library_bench_open(bench);
	assert_int_equal(device_library_profile(bench->library, "cam23", &profile, &error), STATUS_NOT_FOUND);
	assert_non_null(strstr(error.text, "'cam23'"));
	assert_true(text_starts(error.hint, "the nearest: acme/cam32"));
	library_bench_put_profile(bench->root, "long-name/long-model-32", "Long", "Model", "");
	device_library_free(bench->library);
	library_bench_open(bench);
	assert_int_equal(device_library_profile(bench->library, "Long-Name", &profile, &error), STATUS_NOT_FOUND);
	assert_true(text_starts(error.hint, "the nearest: long-name/long-model-32"));
	assert_int_equal(device_library_profile(bench->library, "../../../etc/passwd", &profile, &error),
			 STATUS_NOT_FOUND);
	assert_int_equal(device_library_procedure(bench->library, "q", &procedure, &error), STATUS_NOT_FOUND);
	assert_string_equal(error.hint, "the nearest: p");
}

static void a_password_may_be_empty(void **state)
{
	struct library_bench *bench = *state;
	const struct profile *profile;
	struct error error;

	library_bench_put_profile(bench->root, "acme/one", "Acme", "One", "console: { login-password: '', loader-passwords: [''] }\n");
	library_bench_open(bench);
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
	struct library_bench *bench = *state;
	const struct profile *profile;
	struct error error;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		library_bench_put(bench->root, "devices/acme/one.yaml", forms[i]);
		device_library_free(bench->library);
		bench->library = NULL;
		library_bench_open(bench);
		if (device_library_profile(bench->library, "acme/one", &profile, &error) != STATUS_OK)
			fail_msg("%zu: %s", i, error.text);
		assert_string_equal(profile->model, "One");
	}
}

static void the_first_root_wins_and_a_missing_one_is_no_error(void **state)
{
	struct library_bench *bench = *state;
	const char *const absent[] = { "/nonexistent/firmware-db", NULL };
	const struct profile *profile;
	struct device_library *none;
	struct error error;

	assert_int_equal(device_library_open(absent, &none, &error), STATUS_NOT_FOUND);
	library_bench_put_profile(bench->root, "acme/one", "Acme", "Mine", "");
	library_bench_open(bench);	/* the second is not there yet */
	assert_int_equal(device_library_count(bench->library), 1);
	device_library_free(bench->library);
	library_bench_put_profile(bench->second, "acme/one", "Acme", "Shipped", "");
	library_bench_put_profile(bench->second, "acme/two", "Acme", "Two", "");
	library_bench_open(bench);
	assert_int_equal(device_library_count(bench->library), 2);
	assert_int_equal(device_library_profile(bench->library, "acme/one", &profile, &error), STATUS_OK);
	assert_string_equal(profile->model, "Mine");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, library_bench_begin, library_bench_end)
	const struct CMUnitTest tests[] = {
		TEST(the_projects_own_files_are_all_good),
		TEST(an_image_for_one_profile_fits_no_other),
		TEST(the_emulated_camera_is_described_as_it_is),
		TEST(escapes_in_keys_to_send_are_undone),
		TEST(methods_and_sources_keep_their_free_names),
		TEST(signs_of_all_files_come_as_one_list_and_the_first_root_wins),
		TEST(macros_of_the_library_ask_and_name_their_source),
		TEST(usb_ids_are_hexadecimal_and_any_is_a_product),
		TEST(a_search_wants_every_word_and_puts_the_best_first),
		TEST(an_unknown_id_hints_the_nearest),
		TEST(a_password_may_be_empty),
		TEST(a_byte_order_mark_and_other_line_ends_change_nothing),
		TEST(the_first_root_wins_and_a_missing_one_is_no_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
