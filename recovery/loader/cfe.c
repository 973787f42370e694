/* Broadcom's CFE of the bcm47xx/53xx family. Its flash command takes the image from RAM or fetches it, and writes a named device; there
 * is no command that computes a checksum, so the copy in RAM is known by its size alone and the flash cannot be read back: both is said.
 * The bcm63xx family answers at the same prompt with other commands (w, f); it is recognised and left to its web page.
 *
 * Traps: without a destination flash overwrites the loader itself, and one vendor's build takes whatever has up to 0x40000 bytes for a
 * loader or for data of the unit. Sources: CFE main/{ui_command,ui_flash,ui_load,ui_net}.c; OpenWrt, Techref/bootloader/CFE. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "recovery/loader/talk.h"
#include "src/base/text.h"

enum { LOADER_SIZE_MAX = 0x40000 };

/* Each command ends with "*** command status = N"; 0 is success, and builds without it leave the words. */
static bool is_well(const char *reply)
{
	const char *at = strstr(reply, "*** command status = ");

	return at != NULL && strtol(at + strlen("*** command status = "), NULL, 10) == 0;
}

static enum loader_turn failed(const struct loader_say *say, const char *reply, struct error *reterr)
{
	static const char *const words[] = {
		"Failed", "failed", "Invalid", "not a flash", "Could not", "rror", "Timeout", "bogus", "incorrect", "not appropriate", "PANIC", "time out", "command status = -",
	};
	const char *line = loader_line_with(reply, words, sizeof(words) / sizeof(words[0]));

	return loader_failed(say, line ? line : reply, reterr);
}

/* ---- learn ---- */

/* "        flash1.trx  New CFI flash at 1C000000 offset 00040000 size 3776KB": the name is the first word. */
static void learn_devices(struct loader_build *build, const char *list)
{
	build->region_count = 0;
	for (const char *line = list; line && *line && build->region_count < LOADER_REGIONS_MAX;) {
		size_t blanks = strspn(line, " "), length = strcspn(line + blanks, " \n");
		struct loader_region *region = &build->region[build->region_count];
		const char *size = memmem(line, strcspn(line, "\n"), " size ", 6);

		if (length > 0 && length < sizeof(region->name) && strncmp(line + blanks, "flash", 5) == 0) {
			memcpy(region->name, line + blanks, length);
			region->name[length] = '\0';
			region->size = size ? strtoull(size + 6, NULL, 10) * 1024 : 0;
			build->region_count++;
		}
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
}

static enum loader_turn learn(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	struct loader_build *build = task->build;

	switch (task->step++) {
	case 0:
		*build = (struct loader_build){ 0 };
		return loader_type(say, SILENCE_SHORT_MS, "help");
	case 1:
		if (strstr(reply, "Available commands") == NULL && !(loader_help_names(reply, "flash") && loader_help_names(reply, "nvram")))
			return loader_is_another("CFE", reterr);
		if (strstr(reply, "Write the whole image") != NULL || strstr(reply, "Write image to the flash") != NULL) {
			error_set(reterr, STATUS_UNSUPPORTED, "this is the CFE of the bcm63xx family, which this driver does not speak");
			error_hint(reterr, "give it the image on its web page (http://192.168.1.1), or choose another plan");
			return LOADER_FAILED;
		}
		text_copy(build->version, sizeof(build->version), "CFE");
		build->has_tftp = loader_help_names(reply, "load");
		build->has_cp = loader_help_names(reply, "flash");
		build->has_reset = loader_help_names(reply, "reboot");
		build->is_known = true;
		return loader_type(say, SILENCE_SHORT_MS, "show devices");
	default:
		learn_devices(build, reply);
		return LOADER_DONE;
	}
}

/* ---- load ---- */

static enum loader_turn fetch(struct loader_task *task, unsigned step, const char *reply, struct loader_say *say, struct error *reterr)
{
	const struct loader_place *place = task->place;
	const char *at;
	unsigned long long size;

	switch (step) {
	case 0:
		if (loader_check_network(task, reterr) != STATUS_OK)
			return LOADER_FAILED;
		if (place->tftp_port != 0 && place->tftp_port != 69) {
			error_set(reterr, STATUS_UNSUPPORTED, "CFE asks TFTP servers at port 69 only, not at %u", place->tftp_port);
			return LOADER_FAILED;
		}
		return loader_type(say, SILENCE_NET_MS, "ifconfig eth0 -addr=%s -mask=%s", place->device_ip, place->netmask ? place->netmask : "255.255.255.0");
	case 1:
		if (!is_well(reply))
			return failed(say, reply, reterr);
		return loader_type(say, SILENCE_FLASH_MS, "load -raw -addr=0x%" PRIx64 " -max=0x%zx %s:%s", place->load_address, task->image.size, place->bench_ip, place->file_name);
	default:
		/* "Loading: ....... 3776512 bytes read" */
		at = strstr(reply, " bytes read");
		if (!is_well(reply) || at == NULL)
			return failed(say, reply, reterr);
		while (at > reply && at[-1] >= '0' && at[-1] <= '9')
			at--;
		size = strtoull(at, NULL, 10);
		if (size == task->image.size)
			return LOADER_DONE;
		error_set(reterr, STATUS_PROTOCOL, "the bootloader received %llu bytes, the image has %zu", size, task->image.size);
		error_hint(reterr, "some CFE take no more than 4 MiB by TFTP");
		return LOADER_FAILED;
	}
}

static enum loader_turn load_tftp(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	enum loader_turn turn = fetch(task, task->step++, reply, say, reterr);

	if (turn == LOADER_DONE) {
		task->done = task->total;
		task->proof = "its size is right; CFE has no command that could check more";
	}
	return turn;
}

/* ---- write ---- */

static enum status check_place(const struct loader_task *task, struct error *reterr)
{
	const char *node = task->place->node;
	static const char *const never[] = { "boot", "nvram", "cfe", "macadr", "rsv" };

	if (task->image.size <= LOADER_SIZE_MAX) {
		error_set(reterr, STATUS_REFUSED, "an image of %zu bytes is not given to CFE: some builds take so small a one for a bootloader", task->image.size);
		return STATUS_REFUSED;
	}
	if (!loader_is_word(node) || strncmp(node, "flash", 5) != 0 || strchr(node, '.') == NULL) {
		error_set(reterr, STATUS_REFUSED, "the profile does not name the flash device that the image goes to (storage: node)");
		return error_hint(reterr, "without one, CFE would overwrite itself");
	}
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (text_contains(node, never[i]))
			return error_set(reterr, STATUS_REFUSED, "%s holds the bootloader or the unit's own data", node);
	for (unsigned i = 0; i < task->build->region_count; i++) {
		const struct loader_region *region = &task->build->region[i];

		if (!text_equal(region->name, node))
			continue;
		if (region->size != 0 && task->image.size > region->size)
			return error_set(reterr, STATUS_NO_SPACE, "%s has %" PRIu64 " bytes, the image %zu: CFE would cut it off", node, region->size, task->image.size);
		return STATUS_OK;
	}
	error_set(reterr, STATUS_REFUSED, "this device has no flash device '%s'", node);
	return error_hint(reterr, "it may be another revision: compare its label with the profile");
}

/* Nothing can prove that the RAM still holds the image (a restart would have spoilt it), so it is fetched anew right before. */
static enum loader_turn write_flash(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	enum { DEVICES, FETCH, FETCHED = FETCH + 2 };
	enum loader_turn turn;
	const char *at;

	if (task->step == DEVICES) {
		if (reply == NULL)
			return loader_type(say, SILENCE_SHORT_MS, "show devices");
		learn_devices(task->build, reply);
		if (check_place(task, reterr) != STATUS_OK)
			return LOADER_FAILED;
		task->step = FETCH;
	}
	if (task->step <= FETCHED) {
		turn = fetch(task, task->step - FETCH, reply, say, reterr);
		task->step++;
		if (turn != LOADER_DONE)
			return turn;
		/* -size is read as a decimal number. */
		loader_type(say, 2 * SILENCE_FLASH_MS, "flash -noheader -mem -size=%zu 0x%" PRIx64 " %s", task->image.size, task->place->load_address, task->place->node);
		say->writes = true;
		return LOADER_TYPE;
	}
	/* "Programming...done. 3776512 bytes written" */
	at = strstr(reply, " bytes written");
	if (!is_well(reply) || at == NULL)
		return failed(say, reply, reterr);
	while (at > reply && at[-1] >= '0' && at[-1] <= '9')
		at--;
	if (strtoull(at, NULL, 10) != task->image.size)
		return loader_failed(say, at, reterr);
	task->at = task->done = task->image.size;
	return LOADER_DONE;
}

const struct loader_driver loader_cfe = {
	.starts_formats = "trx",	/* what a "flash1.trx" holds; OpenWrt, Techref/header */
	.name = "cfe", .reset_command = "reboot", .learn = learn, .load_tftp = load_tftp, .write = write_flash,
	.why_no_compare = "CFE computes no checksum of its flash; only a good start shows that the image is whole",
};
