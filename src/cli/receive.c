/* unbrick receive: files from a device over its serial line. */
#include "src/cli/output.h"
#include "src/cli/port_argument.h"
#include "src/cli/transfer.h"

enum { PROTOCOL, PORT, STDIO, BAUD, OUTPUT, FORCE, RESUME, PADDING, PATIENCE, ESCAPE, LISTEN, JSON };

static const struct cli_option options[] = {
	[PROTOCOL] = { "protocol", "NAME",
		       "xmodem, xmodem-crc, xmodem-1k, ymodem (the usual), ymodem-g, zmodem, kermit, raw" },
	[PORT] = { "port", "PORT", PORT_ARGUMENT_HELP },
	[STDIO] = { "stdio", NULL, "standard input and output are the line" },
	[BAUD] = { "baud", "RATE", "of the port (115200)" },
	[OUTPUT] = { "output", "PLACE",
		     "a folder, or the file to make (also -o); without it: here, by the names that come" },
	[FORCE] = { "force", NULL, "replace files that are there already" },
	[RESUME] = { "resume", NULL,
		     "zmodem: keep what came of a file that breaks off (FILE.part), and go on with it the next time" },
	[PADDING] = { "padding", "BYTE", "cut this byte from the end of what XMODEM brought (nothing is cut)" },
	[PATIENCE] = { "patience", "SECONDS", "how long the other side may take to begin (60)" },
	[ESCAPE] = { "escape", NULL, "zmodem: ask for all control characters escaped, for a line that swallows some" },
	[LISTEN] = { "listen", "MS",
		     "silence that ends it: the device may say more behind the end (400; 25 without a terminal)" },
	[JSON] = { "json", NULL, "one JSON object a line; with --stdio on standard error" },
	{ NULL, NULL, NULL },
};

static int run(const struct cli_line *line)
{
	if (line->word_count > 0)
		return output_usage("receive", "receive takes no words; the place is given with --output");
	return transfer_run(&(struct transfer_words){
		.verb = "receive",
		.protocol = line->value[PROTOCOL],
		.port = line->value[PORT],
		.baud = line->value[BAUD],
		.padding = line->value[PADDING],
		.patience = line->value[PATIENCE],
		.is_escaping = line->value[ESCAPE] != NULL,
		.listen = line->value[LISTEN],
		.is_stdio = line->value[STDIO] != NULL,
		.is_json = line->value[JSON] != NULL,
		.output = line->value[OUTPUT],
		.may_replace = line->value[FORCE] != NULL,
		.may_resume = line->value[RESUME] != NULL,
	});
}

const struct cli_verb verb_receive = {
	.name = "receive",
	.words = "",
	.summary = "receive files over a serial line",
	.options = options,
	.run = run,
};
