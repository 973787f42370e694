/* unbrick meter: how good the line to a loader's prompt is. */
#include "src/cli/output.h"
#include "src/cli/port_argument.h"
#include "src/cli/send_loader.h"

enum { PORT, BAUD, LOADER, RAISE_BAUD, JSON };

static const struct cli_option options[] = {
	[PORT] = { "port", "PORT", PORT_ARGUMENT_HELP },
	[BAUD] = { "baud", "RATE", "of the port (115200)" },
	[LOADER] = { "loader", "NAME", "the bootloader, where its prompt does not tell: uboot, barebox, redboot, cfe ..." },
	[RAISE_BAUD] = { "raise-baud", "RATE", "also which rate up to this one holds; the device gets its own back" },
	[JSON] = { "json", NULL, "one JSON object a line" },
	{ NULL, NULL, NULL },
};

static int run(const struct cli_line *line)
{
	if (line->word_count > 1 || (line->word_count == 1 && line->value[PORT] != NULL))
		return output_usage("meter", "meter takes one port");
	return send_loader_run(line, &(struct send_loader_words){
		.verb = "meter",
		.port = line->word_count == 1 ? line->word[0] : line->value[PORT],
		.baud = line->value[BAUD],
		.loader = line->value[LOADER],
		.raise_baud = line->value[RAISE_BAUD],
		.is_json = line->value[JSON] != NULL,
	});
}

const struct cli_verb verb_meter = {
	.name = "meter",
	.words = "[PORT]",
	.summary = "measure errors and echo delay of the line to a loader's prompt",
	.options = options,
	.run = run,
};
