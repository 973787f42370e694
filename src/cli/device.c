/* unbrick device: what is known about a model. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/cli/output.h"
#include "src/store/device_library.h"

enum { JSON };
enum { FOUND_MAX = 500 };

static const struct cli_option options[] = {
	[JSON] = { "json", NULL, "one JSON document" },
	{ NULL, NULL, NULL },
};

DEFINE_AUTO(device_library);

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static json_t *json_list(const struct profile_text_list *from)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < from->count; i++)
		json_array_append_new(list, output_json_text(from->item[i]));
	return list;
}

static json_t *json_head(const struct profile *profile)
{
	json_t *methods = json_array();

	for (unsigned i = 0; i < profile->method_count; i++)
		json_array_append_new(methods, output_json_text(profile->methods[i].name));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id", output_json_text(profile->id), "vendor",
			 output_json_text(profile->vendor), "model", output_json_text(profile->model), "kind",
			 output_json_text(profile->kind), "soc", output_json_text(profile->soc), "arch",
			 output_json_text(profile->arch), "methods", methods);
}

/* ---- search ---- */

static void print_row(const struct profile *profile)
{
	output_text("%-32s %s %s  (%s%s%s)%s\n", profile->id, or_empty(profile->vendor), or_empty(profile->model),
		    profile->kind ? profile->kind : "device", profile->soc ? ", " : "", or_empty(profile->soc),
		    profile->method_count ? "" : "  no way back is known");
}

/* No words: all of them, sorted by id. */
static size_t find(struct device_library *library, const struct cli_line *line, const char **ret_ids, size_t max)
{
	char query[400] = "";
	size_t count = device_library_count(library);

	if (line->word_count > 1) {
		for (size_t i = 1; i < line->word_count; i++)
			text_append(query, sizeof(query), "%s%s", i > 1 ? " " : "", line->word[i]);
		return device_library_search(library, query, ret_ids, max);
	}
	for (size_t i = 0; i < count && i < max; i++)
		ret_ids[i] = device_library_id(library, i);
	return count < max ? count : max;
}

static int search(struct device_library *library, const struct cli_line *line)
{
	const char *ids[FOUND_MAX];
	size_t count = find(library, line, ids, FOUND_MAX);
	json_t *list = line->value[JSON] ? json_array() : NULL;

	for (size_t i = 0; i < count; i++) {
		const struct profile *profile;
		struct error error;

		if (device_library_profile(library, ids[i], &profile, &error) != STATUS_OK) {
			output_error(&error, EXIT_FAILED); /* the others are worth showing all the same */
			continue;
		}
		if (list)
			json_array_append_new(list, json_head(profile));
		else
			print_row(profile);
	}
	if (list)
		output_json(list);
	if (count == FOUND_MAX)
		fprintf(stderr, "unbrick: these are the first %d; more words find fewer\n", FOUND_MAX);
	if (count > 0)
		return output_end(EXIT_WELL);
	fprintf(stderr,
		"unbrick: no device has all of these words\n  try fewer: the vendor, or the SoC; an unknown device can be recovered, too\n");
	return output_end(EXIT_FAILED);
}

/* ---- show ---- */

static json_t *json_macros(const struct profile_console *console)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < console->macro_count; i++)
		json_array_append_new(list, json_pack("{s:o, s:o, s:s}", "name", output_json_text(console->macros[i].name), "text",
						      output_json_text(console->macros[i].text), "at",
						      console->macros[i].at == MACRO_AT_SHELL ? "shell" : "loader"));
	return list;
}

static json_t *json_console(const struct profile_console *console)
{
	return json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "baud",
			 console->baud ? (int)console->baud : 115200, "frame", output_json_text(console->frame),
			 "level", output_json_text(console->level), "pads", output_json_text(console->pads), "loader",
			 output_json_text(console->loader), "prompt", output_json_text(console->prompt), "stop_at",
			 output_json_text(console->stop_at), "stop_keys", output_json_text(console->stop_keys),
			 "login_prompt", output_json_text(console->login_prompt), "login_user",
			 output_json_text(console->login_user), "macros", json_macros(console));
}

static json_t *json_partitions(const struct profile *profile)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < profile->partition_count; i++) {
		const struct profile_partition *part = &profile->partitions[i];

		json_array_append_new(list, json_pack("{s:o, s:I, s:I, s:o, s:o}", "name", output_json_text(part->name),
						      "offset", (json_int_t)part->offset, "size",
						      (json_int_t)part->size, "guard", output_json_text(part->guard),
						      "holds", output_json_text(part->holds)));
	}
	return list;
}

static json_t *json_methods(const struct profile *profile)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < profile->method_count; i++) {
		const struct profile_method *method = &profile->methods[i];
		json_t *item = json_pack(
			"{s:o, s:o, s:o, s:o, s:o, s:i, s:o, s:o, s:o}", "name", output_json_text(method->name),
			"procedure", output_json_text(method->procedure), "treats", json_list(&method->treats), "keeps",
			output_json_text(method->keeps), "destroys", output_json_text(method->destroys), "minutes",
			(int)method->minutes, "tested", output_json_text(method->tested), "image",
			output_json_text(method->image), "warning", output_json_text(method->warning));

		json_array_append_new(list, item);
	}
	return list;
}

static void print_json(const struct profile *profile)
{
	json_t *object = json_head(profile), *firmware = json_array(), *sources = json_array();

	for (unsigned i = 0; i < profile->firmware_count; i++) {
		const struct profile_firmware *from = &profile->firmware[i];

		json_array_append_new(firmware,
				      json_pack("{s:o, s:o, s:I, s:o, s:o}", "version", output_json_text(from->version),
						"file", output_json_text(from->file), "size", (json_int_t)from->size,
						"sha256", output_json_text(from->sha256), "revision",
						output_json_text(from->revision)));
	}
	for (unsigned i = 0; i < profile->source_count; i++)
		json_array_append_new(sources,
				      json_pack("{s:o, s:o}", "about", output_json_text(profile->sources[i].about),
						"where", output_json_text(profile->sources[i].where)));
	json_object_set_new(object, "revisions", json_list(&profile->revisions));
	json_object_set_new(object, "aliases", json_list(&profile->aliases));
	json_object_set_new(object, "sticker", output_json_text(profile->identity.sticker));
	json_object_set_new(object, "console", json_console(&profile->console));
	json_object_set_new(object, "partitions", json_partitions(profile));
	json_object_set_new(object, "methods", json_methods(profile));
	json_object_set_new(object, "no_method", output_json_text(profile->no_method));
	json_object_set_new(object, "firmware", firmware);
	json_object_set_new(object, "warnings", json_list(&profile->warnings));
	json_object_set_new(object, "sources", sources);
	output_json(object);
}

static void print_field(const char *name, const char *value)
{
	if (value && value[0])
		output_text("  %-12s %s\n", name, value);
}

static void print_text_list(const char *name, const struct profile_text_list *list)
{
	for (unsigned i = 0; i < list->count; i++)
		print_field(i == 0 ? name : "", list->item[i]);
}

static void print_head(const struct profile *profile)
{
	output_text("%s %s  (%s)\n", or_empty(profile->vendor), or_empty(profile->model), profile->id);
	print_field("kind", profile->kind);
	print_field("SoC", profile->soc);
	print_field("CPU", profile->arch);
	print_text_list("revisions", &profile->revisions);
	print_text_list("also called", &profile->aliases);
	print_field("sticker", profile->identity.sticker);
	for (unsigned i = 0; i < profile->warnings.count; i++)
		output_text("  WARNING      %s\n", profile->warnings.item[i]);
	output_text("\nConsole\n  %-12s %u %s\n", "speed", profile->console.baud ? profile->console.baud : 115200,
		    profile->console.frame ? profile->console.frame : "8N1");
	print_field("level", profile->console.level);
	print_field("pads", profile->console.pads);
	print_field("loader", profile->console.loader);
	print_field("prompt", profile->console.prompt);
	print_field("stop at", profile->console.stop_at);
	print_field("login", profile->console.login_prompt);
	for (unsigned i = 0; i < profile->console.macro_count; i++)
		output_text("  %-12s %s: %.*s\n", i == 0 ? "macros" : "", profile->console.macros[i].name,
			    (int)strcspn(profile->console.macros[i].text, "\r\n"), profile->console.macros[i].text);
}

static void print_partitions(const struct profile *profile)
{
	if (profile->partition_count > 0)
		output_text("\nPartitions\n");
	for (unsigned i = 0; i < profile->partition_count; i++) {
		const struct profile_partition *part = &profile->partitions[i];
		char size[32];

		output_text("  %-12s 0x%08" PRIx64 "  %10s  %s%s%s\n", part->name, part->offset,
			    text_size(size, sizeof(size), part->size), or_empty(part->holds),
			    part->guard && part->holds ? ", " : "", or_empty(part->guard));
	}
}

static void print_methods(const struct profile *profile)
{
	output_text("\nWays back\n");
	if (profile->no_method || profile->method_count == 0)
		output_text("  none: %s\n",
			    profile->no_method ? profile->no_method : "nobody has written one down yet");
	for (unsigned i = 0; i < profile->method_count; i++) {
		const struct profile_method *method = &profile->methods[i];

		output_text("  %s\n", method->name);
		print_text_list("  treats", &method->treats);
		print_field("  keeps", method->keeps);
		print_field("  WIPES", method->destroys);
		print_field("  needs", method->image);
		if (method->minutes)
			output_text("  %-12s about %u min\n", "  takes", method->minutes);
		print_field("  tested", method->tested ? method->tested : "untested");
		print_field("  WARNING", method->warning);
	}
}

static void print_profile(const struct profile *profile)
{
	print_head(profile);
	print_partitions(profile);
	print_methods(profile);
	if (profile->firmware_count > 0)
		output_text("\nFirmware that the vendor published\n");
	for (unsigned i = 0; i < profile->firmware_count; i++)
		output_text("  %-12s %s  %s\n", or_empty(profile->firmware[i].version),
			    or_empty(profile->firmware[i].file), or_empty(profile->firmware[i].sha256));
	if (profile->source_count > 0)
		output_text("\nSources\n");
	for (unsigned i = 0; i < profile->source_count; i++)
		output_text("  %-12s %s\n", or_empty(profile->sources[i].about), or_empty(profile->sources[i].where));
}

static int show(struct device_library *library, const struct cli_line *line)
{
	const struct profile *profile;
	struct error error;

	if (line->word_count != 2)
		return output_usage("device", "'device show' needs the id of one device");
	if (device_library_profile(library, line->word[1], &profile, &error) != STATUS_OK)
		return output_error(&error, EXIT_USAGE);
	if (line->value[JSON])
		print_json(profile);
	else
		print_profile(profile);
	return output_end(EXIT_WELL);
}

static int run(const struct cli_line *line)
{
	const char *what = line->word_count ? line->word[0] : NULL;
	bool is_search = text_equal(what, "search");
	AUTO(device_library) library = NULL;
	struct error error;

	if (!is_search && !text_equal(what, "show"))
		return what ? output_usage("device", "there is no 'device %s'", what)
			    : output_usage("device", "device needs one of: search WORDS, show ID");
	if (device_library_open(line->library_folders, &library, &error) != STATUS_OK)
		return output_error(&error, EXIT_USAGE);
	return is_search ? search(library, line) : show(library, line);
}

const struct cli_verb verb_device = {
	.name = "device",
	.words = "search WORDS... | show ID",
	.summary = "what is known about a model: console, partitions, ways back",
	.options = options,
	.run = run,
};
