/* load, over the console's line: where the step says so, where there is no network, or where the operator chooses it after TFTP has failed. */
#include <stdlib.h>

#include "src/base/text.h"
#include "src/core/serial_load.h"
#include "src/core/step.h"

enum { USUAL_RAISE = 921600, WORTH_RAISING_MS = 30000 };

/* ---- instead of the network ---- */

/* What its build can is learnt by identify, which stands in front of every load. */
static bool build_lacks_it(const struct loader_build *build)
{
	return build->is_known && !build->has_ymodem && !build->has_kermit && !build->has_xmodem;
}

void serial_load_reconsider(struct live_case *c)
{
	if (!c->loads_by_serial || !build_lacks_it(&c->build))
		return;
	c->loads_by_serial = false;
	case_set(c, JOURNAL_PROGRAM, "loads-by", "network");
	case_log(c, JOURNAL_OBSERVED, "loader", "this bootloader was built without a way to take a file over its console: it takes the network");
}

bool serial_load_is_offered(struct live_case *c)
{
	if (build_lacks_it(&c->build))
		return false;
	return c->profile && c->procedure && c->console && !c->loads_by_serial && plan_can_load_by_serial(c->procedure, c->profile);
}

char *serial_load_estimate(struct live_case *c, char *to, size_t size)
{
	unsigned baud = c->console ? line_baud(console_get_line(c->console)) : 115200;
	uint64_t offset, bytes = 0;
	struct error error;
	char text[24];

	if (c->image)
		bytes = image_file_bytes(c->image).size;
	else if (plan_image_range(c->profile, &offset, &bytes, &error) != STATUS_OK)
		return text_format(to, size, "slower than the network");
	return text_format(to, size, "%s %s at %u baud", c->image ? "about" : "at most", text_duration(text, sizeof(text), serial_load_duration_ms(bytes, baud)), baud);
}

void serial_load_choose(struct live_case *c, enum journal_by by)
{
	char text[80];

	c->loads_by_serial = true;
	case_set(c, by, "loads-by", "serial");
	case_log(c, by, "answer", "the image goes over the serial line: %s, less where the bootloader can talk faster", serial_load_estimate(c, text, sizeof(text)));
}

/* ---- the step ---- */

static const char *wanted_protocol(struct live_case *c)
{
	static const char *const names[] = { "ymodem", "xmodem", "kermit" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (step_is(c, "by", names[i]))
			return names[i];
	return NULL;
}

bool step_is_serial_load(struct live_case *c)
{
	return c->loads_by_serial || step_is(c, "by", "serial") || wanted_protocol(c) != NULL;
}

/* ---- what the job tells ---- */

static void on_say(void *user, const char *text)
{
	struct live_case *c = user;

	case_log(c, JOURNAL_PROGRAM, "serial-load", "%s", text);
	case_clear_page(c);
	case_say(c, "The image goes over the serial line; nothing is written to the flash.");
	case_say(c, "%s", text);
	c->step.started_ms = loop_now_ms();
}

static void on_progress(void *user, uint64_t done, uint64_t total)
{
	struct live_case *c = user;

	case_progress(c, "load", done, total, c->step.started_ms);
}

static void ask_about_cable(struct live_case *c, const struct error *error)
{
	case_problem(c, error);
	case_clear_page(c);
	case_say(c, "The cable was measured: %s.", error->text);
	case_ask(c, QUESTION_WORD, "Better wires first, then stop with x and begin again. To send all the same:");
	text_copy(c->view.question.word, sizeof(c->view.question.word), "anyway");
}

static void on_done(void *user, enum status status, const struct error *error, const char *proof)
{
	struct live_case *c = user;
	struct error why;

	if (status == STATUS_OK) {
		c->run.is_image_in_ram = true;
		step_done(c, "the device's memory holds the image: %s", proof);
		return;
	}
	why = *error;
	serial_load_free(c->serial_load);
	c->serial_load = NULL;
	if (status == STATUS_REFUSED && !c->step.has_answer)
		ask_about_cable(c, &why);
	else
		step_failed(c, &why);
}

/* ---- its way ---- */

/* The profile's own word goes first; 0 stays at the usual rate. */
static unsigned rate_to_raise(struct live_case *c, uint64_t size)
{
	unsigned usual = line_baud(console_get_line(c->console));
	char text[16];

	if (*step_field(c, "raise-baud", text, sizeof(text)))
		return (unsigned)strtoul(text, NULL, 0);
	return c->loader->baud_command != NULL && serial_load_duration_ms(size, usual) > WORTH_RAISING_MS ? USUAL_RAISE : 0;
}

static void start_serial_load(struct live_case *c)
{
	struct bytes image;
	const struct serial_load_observer observer = { .on_say = on_say, .on_progress = on_progress, .on_done = on_done, .user = c };
	struct serial_load_options options;
	struct error error;
	char text[24];

	c->run.is_image_in_ram = false;
	if (!step_begin_image_task(c))
		return;
	image = c->step.task.image;
	c->place.protocol = wanted_protocol(c);
	options = (struct serial_load_options){
		.line = console_get_line(c->console), .port = console_port(c->console), .book = c->app->book, .driver = c->loader, .prompt = c->prompt,
		.place = &c->place, .build = &c->build, .image = image, .path = c->view.image, .raise_baud = rate_to_raise(c, image.size),
		.skip_meter = c->step.has_answer,
	};
	if (serial_load_start(c->app->loop, &options, &observer, &c->serial_load, &error) != STATUS_OK) {
		step_failed(c, &error);
		return;
	}
	case_say(c, "The image goes over the serial line; at %u baud that takes %s.", line_baud(options.line),
		 text_duration(text, sizeof(text), serial_load_duration_ms(image.size, line_baud(options.line))));
}

static enum status answer_serial_load(struct live_case *c, const char *text, struct error *reterr)
{
	if (c->serial_load != NULL)
		return STATUS_OK;
	if (!text_equal(text, "anyway"))
		return error_set(reterr, STATUS_INVALID, "type the word 'anyway' in full, or stop with x");
	case_log(c, JOURNAL_OPERATOR, "override", "wrote 'anyway' over: %s", c->view.problem.text);
	case_problem(c, NULL);
	c->step.has_answer = true;
	case_clear_page(c);
	start_serial_load(c);
	return STATUS_OK;
}

static void bytes_serial_load(struct live_case *c, struct bytes in, uint64_t now_ms)
{
	if (c->serial_load)
		serial_load_input(c->serial_load, in, now_ms);
}

static void state_serial_load(struct live_case *c, enum line_state state)
{
	struct error why;

	error_set(&why, STATUS_GONE, "%s was unplugged", c->view.port);
	error_hint(&why, "plug the adapter in again and begin this step anew");
	if (c->serial_load)
		serial_load_line_state(c->serial_load, state, &why);
}

/* Without the adapter nobody can bring the device back: a second x ends it, and the next start does. */
static bool cancel_serial_load(struct live_case *c)
{
	if (c->serial_load == NULL || (c->view.is_stopping && !console_is_open(c->console)))
		return false;
	serial_load_cancel(c->serial_load);
	return true;
}

static void end_serial_load(struct live_case *c)
{
	serial_load_free(c->serial_load);
	c->serial_load = NULL;
}

const struct step_ops step_serial_load = {
	.start = start_serial_load, .on_bytes = bytes_serial_load, .on_answer = answer_serial_load, .on_state = state_serial_load,
	.on_cancel = cancel_serial_load, .end = end_serial_load, .types = true,
};
