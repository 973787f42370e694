/* tests/unit/test_zyxel.c: ZyXEL's shell of AT commands, with the help texts of zloader 1.4.4, 2.02 and of a CFE with AT commands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/loader/zyxel.h"
#include "src/base/text.h"
#include "tests/fakes/fake_loader.h"

struct options {
	const char *help;	/* the command that prints it */
	const char *seed;
};

static void run(struct fake_loader *fake, char **word, unsigned count)
{
	const struct options *is = fake->user;

	if (text_equal(word[0], is->help)) {
		fake_loader_say(fake, "ATEN    x[,y]         set BootExtension Debug Flag (y=password)\nATSE    x             show the seed of password generator\n"
				"ATSH                  dump manufacturer related data in ROM\nATGO                  boot up whole system\nATUR    x             upgrade RAS image (filename)\n");
	} else if (text_equal(word[0], "ATSH")) {
		fake_loader_say(fake, "Bootbase Version        : V1.44 | 01/04/2021\nVendor Name             : ZyXEL Communications Corp.\nProduct Model           : NBG6716\n"
				"First MAC Address       : 0028D6DF1C03\n");
	} else if (text_equal(word[0], "ATSE")) {
		fake_loader_say(fake, count > 1 && text_equal(word[1], "NBG6716") ? "%s\n" : "ERROR\n", is->seed);
	} else if (text_equal(word[0], "ATEN")) {
		fake_loader_say(fake, text_equal(word[1], "1,221E3111") ? "OK\n" : "ERROR\n");
	} else {
		fake_loader_say(fake, "Unknown command '%s' - try 'help'\n", word[0]);
	}
}

static void set_up(struct loader_bench *b, struct options *is)
{
	*is = (struct options){ .help = "help", .seed = "0028D6DF1C03" };
	loader_bench_init(b, "ZHAL> ", run, 4096);
	b->fake.user = is;
}

static void the_password_is_that_of_the_published_example(void **state)
{
	uint32_t password = 0;

	(void)state;
	assert_true(zyxel_password("0028D6DF1C03", &password));
	assert_int_equal(password, 0x221e3111);
	assert_true(zyxel_password("00044320D52F", &password));
	assert_false(zyxel_password("0028D6DF1C0", &password));
	assert_false(zyxel_password("0028D6DF1C031", &password));
	assert_false(zyxel_password("0028D6DF1C0x", &password));
	assert_false(zyxel_password("", &password));
	assert_true(zyxel_password("0028D6DF1C08", &password));	/* nothing to turn */
	assert_int_equal(password, (0x0028d6 + 0x10f0a563) ^ 0x0028d6);
}

static void both_shells_are_learnt(void **state)
{
	static const char *const helps[] = { "help", "ATHE" };
	struct loader_bench b;
	struct options is;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		set_up(&b, &is);
		is.help = helps[i];
		assert_int_equal(loader_bench_do(&b, loader_zyxel.learn), LOADER_DONE);
		assert_string_equal(b.build.model, "NBG6716");
		assert_string_equal(b.build.version, "V1.44 | 01/04/2021");
		loader_bench_done(&b);
	}
}

static void the_handshake_opens_it(void **state)
{
	struct loader_bench b;
	struct options is;

	(void)state;
	set_up(&b, &is);
	assert_int_equal(loader_bench_do(&b, loader_zyxel.learn), LOADER_DONE);
	assert_int_equal(loader_bench_do(&b, loader_zyxel.unlock), LOADER_DONE);
	assert_true(loader_bench_typed(&b, "ATEN 1,221E3111\n"));
	loader_bench_done(&b);
}

static void a_formula_that_is_not_public_is_not_guessed(void **state)
{
	struct loader_bench b;
	struct options is;

	(void)state;
	set_up(&b, &is);
	is.seed = "0028D6DF1C030028D6DF1C030028D6DF1C03";
	b.place.board = "NBG6716";
	assert_int_equal(loader_bench_do(&b, loader_zyxel.unlock), LOADER_FAILED);
	assert_int_equal(b.error.status, STATUS_UNSUPPORTED);
	assert_false(loader_bench_typed(&b, "ATEN"));
	b.place.board = "WRONG";
	assert_int_equal(loader_bench_do(&b, loader_zyxel.unlock), LOADER_FAILED);
	b.place.board = "a;b";
	assert_int_equal(loader_bench_do(&b, loader_zyxel.unlock), LOADER_FAILED);
	loader_bench_done(&b);
}

static void one_password_is_tried_once(void **state)
{
	struct loader_bench b;
	struct options is;

	(void)state;
	set_up(&b, &is);
	is.seed = "0028D6DF1C04";
	b.place.board = "NBG6716";
	assert_int_equal(loader_bench_do(&b, loader_zyxel.unlock), LOADER_FAILED);
	assert_null(strstr(strstr(b.fake.typed, "ATEN") + 1, "ATEN"));
	loader_bench_done(&b);
}

static void what_it_cannot_do_is_said(void **state)
{
	(void)state;
	assert_null(loader_zyxel.write);
	assert_non_null(loader_zyxel.why_no_load);
	assert_non_null(loader_zyxel.why_no_write);
	assert_non_null(loader_zyxel.why_no_compare);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_password_is_that_of_the_published_example),
		cmocka_unit_test(both_shells_are_learnt),
		cmocka_unit_test(the_handshake_opens_it),
		cmocka_unit_test(a_formula_that_is_not_public_is_not_guessed),
		cmocka_unit_test(one_password_is_tried_once),
		cmocka_unit_test(what_it_cannot_do_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
