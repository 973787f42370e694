/* unbrick send: files to a device over its serial line. */
#include "src/cli/output.h"
#include "src/cli/port_argument.h"
#include "src/cli/send_loader.h"
#include "src/cli/transfer.h"

enum { PROTOCOL, PORT, STDIO, BAUD, PADDING, PATIENCE, ADDRESS, ESCAPE, RESUME, LISTEN, LOADER, RAISE_BAUD, ANY_CABLE, JSON };

static const struct cli_option options[] = {
	[PROTOCOL] = { "protocol", "NAME",
		       "xmodem, xmodem-crc, xmodem-1k, ymodem (the usual), ymodem-g, zmodem, kermit, srecord, raw" },
	[PORT] = { "port", "PORT", PORT_ARGUMENT_HELP },
	[STDIO] = { "stdio", NULL, "standard input and output are the line" },
	[BAUD] = { "baud", "RATE", "of the port (115200)" },
	[PADDING] = { "padding", "BYTE", "what fills XMODEM's last block: 0x1a, 0x00, 0xff (0x1a)" },
	[PATIENCE] = { "patience", "SECONDS", "how long the other side may take to begin (60)" },
	[ADDRESS] = { "address", "ADDRESS", "where the file belongs in the device's memory: with --loader, and of a file that is no text by srecord" },
	[ESCAPE] = { "escape", NULL, "zmodem: escape all control characters, for a line that swallows some" },
	[RESUME] = { "resume", NULL, "zmodem: the receiver may go on with what it has of the file" },
	[LISTEN] = { "listen", "MS",
		     "silence that ends it: U-Boot speaks 250 ms behind the end (400; 25 without a terminal)" },
	[LOADER] = { "loader", "NAME",
		     "the device waits at this bootloader's prompt (auto: the prompt tells): type its command, check the file in its memory" },
	[RAISE_BAUD] = { "raise-baud", "RATE", "with --loader: send at this rate, or the next lower one that holds; the device always gets its own back" },
	[ANY_CABLE] = { "any-cable", NULL, "with --loader: a long file also over a line that was measured to be bad" },
	[JSON] = { "json", NULL, "one JSON object a line; with --stdio on standard error" },
	{ NULL, NULL, NULL },
};

static int to_loader(const struct cli_line *line)
{
	if (line->word_count != 1 || line->value[STDIO] != NULL)
		return output_usage("send", "to a loader's prompt goes one file, over a port");
	return send_loader_run(line, &(struct send_loader_words){
		.verb = "send",
		.loader = line->value[LOADER],
		.port = line->value[PORT],
		.baud = line->value[BAUD],
		.raise_baud = line->value[RAISE_BAUD],
		.address = line->value[ADDRESS],
		.protocol = line->value[PROTOCOL],
		.path = line->word[0],
		.any_cable = line->value[ANY_CABLE] != NULL,
		.is_json = line->value[JSON] != NULL,
	});
}

static int run(const struct cli_line *line)
{
	if (line->word_count == 0)
		return output_usage("send", "send needs a file");
	if (line->value[LOADER] != NULL)
		return to_loader(line);
	if (line->value[RAISE_BAUD] != NULL || line->value[ANY_CABLE] != NULL)
		return output_usage("send", "--raise-baud and --any-cable need --loader: the program must know to whom it talks");
	return transfer_run(&(struct transfer_words){
		.verb = "send",
		.is_sender = true,
		.protocol = line->value[PROTOCOL],
		.port = line->value[PORT],
		.baud = line->value[BAUD],
		.padding = line->value[PADDING],
		.patience = line->value[PATIENCE], .address = line->value[ADDRESS],
		.is_escaping = line->value[ESCAPE] != NULL,
		.may_resume = line->value[RESUME] != NULL,
		.listen = line->value[LISTEN],
		.is_stdio = line->value[STDIO] != NULL,
		.is_json = line->value[JSON] != NULL,
		.paths = line->word,
		.path_count = line->word_count,
	});
}

const struct cli_verb verb_send = {
	.name = "send",
	.words = "FILE...",
	.summary = "send files over a serial line, to a loader or a program that waits for them",
	.options = options,
	.run = run,
};
