/* unbrick inspect: what a firmware file is, whether it is whole, and whether it fits a device. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recovery/image/fits.h"
#include "recovery/image/map.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/cli/output.h"
#include "src/media/examine.h"
#include "src/store/device_library.h"

enum { FOR, DEVICE, CPU, BOARD, REVISION, DEEP, JSON };

static const struct cli_option options[] = {
	[FOR] = { "for", "PROFILE", "does it fit this device of the library?" },
	[DEVICE] = { "device", "PROFILE", "the same, as the other verbs call it" },
	[CPU] = { "cpu", "ARCH", "does it fit a device with this processor (arm, arm64, mips, mipsel...)?" },
	[BOARD] = { "board", "ID[,ID...]", "and with these board or hardware ids, most exact first; a comma in an id is kept (vendor,board)" },
	[REVISION] = { "revision", "R", "and of this hardware revision" },
	[DEEP] = { "deep", NULL, "unpack everything that is packed, to check it to its end; without it only as much as takes no longer than "
		"hashing, and a .gz or .lzma that seems to be cut off" },
	[JSON] = { "json", NULL, "one JSON object a line" },
	{ NULL, NULL, NULL },
};

enum { IDS_MAX = 24, ID_MAX = 96 };

struct target {
	struct image_device device;
	char id[IDS_MAX][ID_MAX];
	const char *ids[IDS_MAX];
	struct profile_image_device of_profile;
	bool is_given;
};

DEFINE_AUTO(device_library);

static void add_id(struct target *target, const char *text, size_t length)
{
	if (length == 0 || target->device.id_count == IDS_MAX)
		return;
	text_format(target->id[target->device.id_count], ID_MAX, "%.*s", (int)length, text);
	target->ids[target->device.id_count] = target->id[target->device.id_count];
	target->device.id_count++;
}

/* "vendor,board", as in a device tree: lower case on both sides of the comma. */
static bool is_compatible(const char *text, size_t length)
{
	const char *comma = memchr(text, ',', length);

	if (comma == NULL || comma == text || comma + 1 == text + length || !islower((unsigned char)text[0]))
		return false;
	for (size_t i = 0; i < length; i++)
		if (isupper((unsigned char)text[i]))
			return false;
	return true;
}

/* Ids between commas, where "vendor,board" is one of them. */
static void split_at_commas(struct target *target, const char *text, size_t length)
{
	while (length > 0) {
		const char *comma = memchr(text, ',', length);
		size_t first = comma ? (size_t)(comma - text) : length, both = first;

		if (comma != NULL) {
			const char *next = memchr(comma + 1, ',', length - first - 1);

			both = next ? (size_t)(next - text) : length;
		}
		if (!is_compatible(text, both))
			both = first;
		add_id(target, text, both);
		both += both < length;
		text += both;
		length -= both;
	}
}

/* Several compatible strings may stand with blanks between them, as in /proc/device-tree; other ids have blanks of their own ("hwid
 * 0x08410008"), and then a word of them with a digit in it may be all that the image names. */
static void split_ids(struct target *target, const char *text)
{
	size_t words = 0, compatible = 0, length;

	for (const char *at = text; *at; at += length + (at[length] != '\0')) {
		length = strcspn(at, " ");
		words += length > 0;
		compatible += is_compatible(at, length);
	}
	if (words > 1 && compatible < words)
		add_id(target, text, strlen(text));
	for (const char *at = text; *at; at += length + (at[length] != '\0')) {
		length = strcspn(at, " ");
		if (words == 1 || compatible == words)
			split_at_commas(target, at, length);
		else if (length > 2 && strcspn(at, "0123456789") < length)
			add_id(target, at, length);
	}
}

static enum status check_cpu(const char *word, struct error *reterr)
{
	char known[sizeof(reterr->hint)];

	if (image_arch_is_known(word))
		return STATUS_OK;
	error_set(reterr, STATUS_INVALID, "there is no processor '%.96s'", word);
	return error_hint(reterr, "Known are: %s", image_arch_list(known, sizeof(known)));
}

static enum status read_target(const struct cli_line *line, struct device_library **ret_library, struct target *target, struct error *reterr)
{
	const char *wanted = line->value[FOR] ? line->value[FOR] : line->value[DEVICE];
	const struct profile *profile;
	enum status status;

	target->device.ids = target->ids;
	target->is_given = wanted || line->value[CPU] || line->value[BOARD] || line->value[REVISION];
	if (line->value[CPU]) {
		status = check_cpu(line->value[CPU], reterr);
		if (status != STATUS_OK)
			return status;
	}
	if (wanted) {
		status = device_library_open(line->library_folders, ret_library, reterr);
		if (status == STATUS_OK)
			status = device_library_profile(*ret_library, wanted, &profile, reterr);
		if (status != STATUS_OK)
			return status;
		profile_image_device(profile, &target->of_profile);
		target->device = target->of_profile.device;
	}
	if (line->value[CPU])
		target->device.arch = line->value[CPU];
	if (line->value[BOARD]) {
		target->device.ids = target->ids;
		target->device.ids_are_names = false;
		target->device.id_count = 0;
		split_ids(target, line->value[BOARD]);
	}
	target->device.revision = line->value[REVISION];
	return STATUS_OK;
}

/* ---- printed ---- */

static json_t *text_or_null(const char *text)
{
	return text[0] ? output_json_text(text) : json_null();
}

static json_t *boards_of(const struct image_facts *facts)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < facts->board_count; i++)
		json_array_append_new(list, output_json_text(facts->boards[i]));
	return list;
}

static json_t *problems_of(const struct image_facts *facts)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < facts->problem_count; i++)
		json_array_append_new(list, json_pack("{s:I,s:o,s:b}", "offset", (json_int_t)facts->problems[i].offset, "what",
						      output_json_text(facts->problems[i].what), "damage", i < facts->broken_count));
	return list;
}

/* Parts stand in the order of the tree; each goes into the last one that is one less deep. */
static json_t *parts_of(const struct image_facts *facts)
{
	json_t *list[IMAGE_DEPTH * 2 + 2] = { json_array() };
	unsigned depth = 0;

	for (unsigned i = 0; i < facts->part_count; i++) {
		const struct image_part *part = &facts->parts[i];
		unsigned at = part->depth > 0 ? part->depth - 1u : 0;
		json_t *inside = json_array();

		at = at > depth ? depth : at;
		json_array_append_new(list[at], json_pack("{s:I,s:I,s:s,s:o,s:o,s:s,s:b,s:o}", "offset", (json_int_t)part->offset, "size",
							  (json_int_t)part->size, "format", part->format, "name", output_json_text(part->name), "arch",
							  text_or_null(part->arch), "whole", image_answer_name(part->whole), "unpacked",
							  part->is_unpacked, "parts", inside));
		if (at + 1 < ARRAY_SIZE(list)) {
			list[at + 1] = inside;
			depth = at + 1;
		}
	}
	return list[0];
}

static void print_json(const char *path, const struct examination *about, const struct target *target, enum image_fit fit, const char *reason)
{
	const struct image_facts *facts = &about->facts;
	json_t *object = json_pack("{s:o,s:I,s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:s,s:s,s:I}", "file", output_json_text(path), "size",
				   (json_int_t)about->size, "sha256", about->sha256, "format", facts->format, "title", facts->title, "arch",
				   text_or_null(facts->arch), "boards", boards_of(facts), "vendor", text_or_null(facts->vendor), "version",
				   text_or_null(facts->version), "revision", text_or_null(facts->revision), "name", text_or_null(facts->name),
				   "compression", text_or_null(facts->compression), "whole", image_answer_name(facts->whole), "checked",
				   facts->checked, "declared_size", (json_int_t)facts->declared_size);

	json_object_set_new(object, "arch_guessed", json_boolean(facts->is_arch_guessed));
	json_object_set_new(object, "problems", problems_of(facts));
	json_object_set_new(object, "warning", text_or_null(facts->warning));
	json_object_set_new(object, "deep_tells_more", json_boolean(facts->needs_deep_look && about->look != IMAGE_LOOK_DEEP));
	json_object_set_new(object, "parts", parts_of(facts));
	if (target->is_given) {
		json_object_set_new(object, "fits", json_string(image_fit_word(fit)));
		json_object_set_new(object, "fits_reason", output_json_text(reason));
	}
	output_json_item(object);
	output_text("\n");
}

/* A line for each file, also for one that cannot be looked at: then it says why. */
static void print_unusable_json(const char *path, const struct error *error)
{
	output_json_item(json_pack("{s:o,s:o,s:o}", "file", output_json_text(path), "reason", output_json_text(error->text), "hint",
				   output_json_text(error->hint)));
	output_text("\n");
}

static void print_row(const char *label, const char *text)
{
	if (text[0])
		output_text("  %-10s %s\n", label, text);
}

static void print_parts(const struct image_facts *facts)
{
	char size[24], place[32];

	if (facts->part_count > 0)
		output_text("\n  %-12s %-10s %-16s %s\n", "offset", "size", "format", "part");
	for (unsigned i = 0; i < facts->part_count; i++) {
		const struct image_part *part = &facts->parts[i];

		text_format(place, sizeof(place), part->is_unpacked ? "unpacked" : image_part_holder(facts, i) == (int)i ? "0x%" PRIx64 : "in it 0x%" PRIx64,
			    part->offset);
		output_text("  %-12s %-10s %-16s %*s%s%s%s%s\n", place, part->size ? text_size(size, sizeof(size), part->size) : "?", part->format,
			    part->depth > 1 ? 2 * (part->depth - 1) : 0, "", part->name, part->name[0] && part->arch[0] ? ", " : "", part->arch,
			    image_part_whole(facts, i) == IMAGE_NO ? "  DAMAGED" : "");
	}
}

static void print_text(const char *path, const struct examination *about, const struct target *target, enum image_fit fit, const char *reason)
{
	static const char *const whole[] = { [IMAGE_UNKNOWN] = "not known", [IMAGE_NO] = "NO, IT IS DAMAGED", [IMAGE_YES] = "yes" };
	static const char *const fits[] = { [IMAGE_FIT_UNKNOWN] = "not known", [IMAGE_FITS] = "yes", [IMAGE_WRONG_CPU] = "NO, WRONG PROCESSOR",
					    [IMAGE_WRONG_BOARD] = "NO, WRONG BOARD", [IMAGE_WRONG_REVISION] = "NO, WRONG REVISION" };
	const struct image_facts *facts = &about->facts;
	char text[400], size[24];

	output_name(path, "");
	text_format(text, sizeof(text), "%s%s", facts->title, facts->is_flash_image ? "; several parts behind each other" : "");
	print_row("what", text);
	text_format(text, sizeof(text), "%" PRIu64 " bytes", about->size);
	if (about->size >= 1024)
		text_append(text, sizeof(text), " (%s)", text_size(size, sizeof(size), about->size));
	print_row("size", text);
	print_row("SHA-256", about->sha256);
	text_format(text, sizeof(text), "%s%s", facts->arch[0] ? facts->arch : "not told", facts->is_arch_guessed ? " (guessed from the code)" : "");
	print_row("processor", text);
	print_row("vendor", facts->vendor);
	print_row("name", facts->name);
	print_row("version", facts->version);
	print_row("revision", facts->revision);
	for (unsigned i = 0; i < facts->board_count; i++)
		print_row(i == 0 ? "for" : "", facts->boards[i]);
	text_format(text, sizeof(text), "%s%s%s", facts->is_no_image ? "NO, IT IS NO IMAGE" : whole[facts->whole],
		    facts->checked[0] ? "; looked at: " : "", facts->checked);
	print_row("whole", text);
	for (unsigned i = 0; i < facts->problem_count; i++) {
		text_format(text, sizeof(text), "0x%" PRIx64 ": %s", facts->problems[i].offset, facts->problems[i].what);
		print_row(i < facts->broken_count ? "damage" : "note", text);
	}
	print_row("warning", facts->warning);
	if (facts->whole != IMAGE_NO && (facts->needs_deep_look || image_has_begun_part(facts)) && about->look != IMAGE_LOOK_DEEP)
		print_row("more", facts->needs_deep_look ? "with --deep all that is packed in it is unpacked and checked"
							  : "with --deep what was only begun to be unpacked (?) is unpacked to its end");
	if (target->is_given) {
		text_format(text, sizeof(text), "%s: %s", fits[fit], reason);
		print_row("fits", text);
	}
	print_parts(facts);
}

/* ---- */

static int class_of(const struct image_facts *facts, bool asks_fit, enum image_fit fit)
{
	if (facts->whole == IMAGE_NO)
		return EXIT_FAULT_FOUND;
	if (asks_fit && fit > IMAGE_FITS)
		return EXIT_UNFIT;
	return facts->whole == IMAGE_YES && (!asks_fit || fit == IMAGE_FITS) ? EXIT_WELL : EXIT_UNKNOWN;
}

/* Of several files the exit code is that of the worst. */
static int worse(int one, int other)
{
	static const int order[] = { EXIT_USAGE, EXIT_FAULT_FOUND, EXIT_UNFIT, EXIT_UNKNOWN, EXIT_WELL };

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (order[i] == one || order[i] == other)
			return order[i];
	return EXIT_FAILED;
}

struct telling {
	const struct cli_line *line;
	const struct target *target;
	size_t count;
	int code;
};

static void tell(void *user, const char *path, enum status status, const struct examination *about, const struct error *error)
{
	struct telling *telling = user;
	const struct target *target = telling->target;
	bool is_json = telling->line->value[JSON] != NULL;
	enum image_fit fit = IMAGE_FIT_UNKNOWN;
	char reason[200] = "";

	if (status != STATUS_OK) {
		if (is_json)
			print_unusable_json(path, error);
		telling->code = worse(telling->code, output_error(error, EXIT_USAGE));
		return;
	}
	if (telling->count++ > 0 && !is_json)
		output_text("\n");
	if (target->is_given)
		fit = image_fits(&about->facts, &target->device, reason, sizeof(reason));
	(is_json ? print_json : print_text)(path, about, target, fit, reason);
	telling->code = worse(telling->code, class_of(&about->facts, target->is_given, fit));
}

static int run(const struct cli_line *line)
{
	AUTO(device_library) library = NULL;
	const struct examine_options how = { .is_short_run = true, .look = line->value[DEEP] ? IMAGE_LOOK_DEEP : IMAGE_LOOK_QUICK };
	struct target target = { .is_given = false };
	struct telling telling = { .line = line, .target = &target, .code = EXIT_WELL };
	struct error error;

	if (line->word_count == 0)
		return output_usage("inspect", "which file?");
	if (read_target(line, &library, &target, &error) != STATUS_OK)
		return output_error(&error, EXIT_USAGE);
	examine_files(line->word, line->word_count, &how, tell, &telling);
	return output_end(telling.code);
}

const struct cli_verb verb_inspect = {
	.name = "inspect", .words = "FILE...", .summary = "what a firmware file is, whether it is whole, and whether it fits", .options = options, .run = run,
};
