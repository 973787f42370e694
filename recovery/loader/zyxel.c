/* ZyXEL's shell of AT commands in front of U-Boot or CFE ("ZHAL> ", "NBG6716> ", "CFE> "). It takes the vendor's own file only: ATUR starts
 * a TFTP server, or fetches, and burns by itself, checking what it knows how to check. So this driver learns, opens the locked commands
 * where the formula is public, and says what it cannot do. (ZyNOS' debug mode on older models has the same commands and no prompt.)
 * Sources: OpenWrt commit messages for NBG6616, NBG6617, NBG6716 (seed and password); help texts of zloader 1.4.4 and 2.02. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "recovery/loader/talk.h"
#include "recovery/loader/zyxel.h"
#include "src/base/text.h"

enum { SEED_DIGITS = 12 };

static bool is_at_shell(const char *help)
{
	return loader_help_names(help, "ATSE") || loader_help_names(help, "ATENx") || loader_help_names(help, "ATGO");
}

/* "Product Model          : NBG6716", "First MAC Address : ...": the value behind the colon. */
static void learn_value(const char *reply, const char *name, char *to, size_t size)
{
	const char *at = strstr(reply, name), *colon = at ? strchr(at, ':') : NULL;

	if (colon == NULL || colon > at + strcspn(at, "\n"))
		return;
	colon += 1 + strspn(colon + 1, " ");
	text_printable(to, size, bytes_of(colon, strcspn(colon, "\n")));
}

static enum loader_turn learn(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	struct loader_build *build = task->build;

	switch (task->step++) {
	case 0:
		*build = (struct loader_build){ 0 };
		return loader_type(say, SILENCE_SHORT_MS, "ATHE");
	case 1:
		if (is_at_shell(reply)) {
			task->step = 3;
			return loader_type(say, SILENCE_SHORT_MS, "ATSH");
		}
		return loader_type(say, SILENCE_SHORT_MS, "help");
	case 2:
		if (!is_at_shell(reply))
			return loader_is_another("shell of ZyXEL's AT commands", reterr);
		return loader_type(say, SILENCE_SHORT_MS, "ATSH");
	default:
		text_copy(build->version, sizeof(build->version), "ZyXEL loader");
		learn_value(reply, "Bootbase Version", build->version, sizeof(build->version));
		learn_value(reply, "Product Model", build->model, sizeof(build->model));
		build->is_known = true;
		return LOADER_DONE;
	}
}

/* The first three bytes of the seed, and how far the last one turns them. */
bool zyxel_password(const char *seed, uint32_t *ret_password)
{
	char first[7] = "";
	uint32_t a, b;
	unsigned turn;

	if (strspn(seed, "0123456789abcdefABCDEF") != SEED_DIGITS)
		return false;
	memcpy(first, seed, 6);
	a = (uint32_t)strtoul(first, NULL, 16);
	memcpy(first, seed + SEED_DIGITS - 2, 2);
	first[2] = '\0';
	turn = (unsigned)strtoul(first, NULL, 16) & 7;
	b = a + 0x10f0a563;
	*ret_password = (turn ? b >> turn | b << (32 - turn) : b) ^ a;
	return true;
}

/* The line that is nothing but digits. */
static const char *find_seed(const char *reply, size_t *ret_digits)
{
	for (const char *line = reply; line && *line;) {
		size_t digits = strspn(line, "0123456789abcdefABCDEF");

		if (digits >= SEED_DIGITS && (line[digits] == '\n' || line[digits] == '\0' || line[digits] == ' ')) {
			*ret_digits = digits;
			return line;
		}
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return NULL;
}

static enum loader_turn unlock(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	const char *board = task->place->board ? task->place->board : task->build->model, *seed;
	size_t digits = 0;
	uint32_t password;

	switch (task->step++) {
	case 0:
		if (*board != '\0' && !loader_is_word(board)) {
			error_set(reterr, STATUS_INVALID, "the loader cannot be told the name '%.60s'", board);
			return LOADER_FAILED;
		}
		return loader_type(say, SILENCE_SHORT_MS, "ATSE%s%s", *board ? " " : "", board);
	case 1:
		seed = find_seed(reply, &digits);
		if (seed == NULL) {
			loader_failed(say, reply, reterr);
			error_hint(reterr, "ATSE wants the name that the loader knows the device by, such as NBG6716");
			return LOADER_FAILED;
		}
		if (digits != SEED_DIGITS || !zyxel_password(seed, &password)) {
			error_set(reterr, STATUS_UNSUPPORTED, "this loader's seed has %zu digits: the formula for its password is not public", digits);
			error_hint(reterr, "choose a plan that does not need the locked commands: ATUR works without them");
			return LOADER_FAILED;
		}
		return loader_type(say, SILENCE_SHORT_MS, "ATEN 1,%08" PRIX32, password);
	default:
		if (strcasestr(reply, "ERROR") != NULL || strcasestr(reply, "wrong") != NULL || strcasestr(reply, "fail") != NULL)
			return loader_failed(say, reply, reterr);
		return LOADER_DONE;
	}
}

static const char by_itself[] = "ZyXEL's shell burns the vendor's own file by itself (ATUR), and neither writes nor reads anything else";

const struct loader_driver loader_zyxel = {
	.name = "zyxel", .reset_command = "ATGO", .learn = learn, .unlock = unlock,
	.why_no_load = by_itself, .why_no_write = by_itself, .why_no_compare = by_itself,
};
