/* Steps on the bench's side of the network cable. */
#include <arpa/inet.h>
#include <stdio.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/step.h"
#include "src/core/tftp_service.h"

enum {
	BENCH_LOOK_MS = 500,
	PORT_LOOK_MS = 2000,		/* who has it is looked up every time */
	TFTP_OTHER_PORT = 6969,		/* no service of its own, and free for all */
};

unsigned step_tftp_port(const struct live_case *c)
{
	unsigned known = c->profile ? c->profile->network.tftp_port : 0;

	return c->tftp_port ? c->tftp_port : known ? known : c->app->options.tftp_port;
}

/* ---- bench-net: the address that the device will look for must be this machine's ---- */

static const struct bench_nic *nic_with(const struct bench_state *bench, const char *address)
{
	size_t length = strlen(address);

	for (unsigned i = 0; i < bench->nic_count; i++)
		for (unsigned k = 0; k < bench->nic[i].address_count; k++)
			if (strncmp(bench->nic[i].address[k], address, length) == 0 && (bench->nic[i].address[k][length] == '/' || !bench->nic[i].address[k][length]))
				return &bench->nic[i];
	return NULL;
}

/* The port that is meant when only one can be: wired, and preferably with a link. */
static const struct bench_nic *likely_nic(const struct bench_state *bench)
{
	const struct bench_nic *best = NULL;

	for (unsigned i = 0; i < bench->nic_count; i++)
		if (!bench->nic[i].is_wireless && (best == NULL || (bench->nic[i].has_carrier && !best->has_carrier)))
			best = &bench->nic[i];
	return best;
}

static void look_at_bench(struct live_case *c)
{
	const struct bench_state *bench = &c->app->bench;
	char address[48], estimate[64];
	const struct bench_nic *nic;

	serial_load_reconsider(c);
	if (c->loads_by_serial) {
		step_done(c, "%s", "no network is needed: the image goes over the serial line");
		return;
	}
	step_field(c, "address", address, sizeof(address));
	if (address[0] == '\0')
		step_lookup(c, "bench-ip", address, sizeof(address));
	nic = nic_with(bench, address);
	if (text_starts(address, "127.") || (nic && nic->has_carrier)) {
		step_done(c, "%s has the address %s that the device looks for", nic ? nic->name : "this machine", address);
		return;
	}
	if (nic == NULL)
		nic = likely_nic(bench);
	case_clear_page(c);
	if (nic && nic_with(bench, address))
		case_say(c, "%s has the address %s, but no link: plug the network cable in.", nic->name, address);
	else
		case_say(c, "No network port of this machine has the address %s.", address);
	if (nic && !nic_with(bench, address))
		case_say(c, "By hand: sudo ip addr add %s/24 dev %s", address, nic->name);
	case_say(c, "I look again every moment and go on by myself.");
	case_ask(c, QUESTION_CHOOSE, "The device expects this machine at %s.", address);
	if (nic && !nic_with(bench, address))
		case_choice(c, "add", 'a', "Give it the address now", "undone when this is over; needs root");
	if (serial_load_is_offered(c))
		case_choice(c, "serial", 's', "Over the serial line instead", serial_load_estimate(c, estimate, sizeof(estimate)));
	case_choice(c, "stop", 'x', "Stop here", "");
	step_set_deadline(c, BENCH_LOOK_MS);
}

static void time_bench_net(struct live_case *c)
{
	struct error error;

	if (c->app->options.is_unattended && loop_now_ms() - c->step.started_ms > 5000 && serial_load_is_offered(c)) {
		serial_load_choose(c, JOURNAL_PROGRAM);
		step_done(c, "%s", "");
		return;
	}
	if (c->app->options.is_unattended && loop_now_ms() - c->step.started_ms > 5000) {
		error_set(&error, STATUS_NOT_FOUND, "%s", c->view.say[0]);
		error_hint(&error, "%s", text_starts(c->view.say[1], "By hand") ? c->view.say[1] : "plug the cable in, and go on with the case");
		step_failed(c, &error);
		return;
	}
	bench_scan(&c->app->bench);
	if (c->view.question.type == QUESTION_CHOOSE) {
		unsigned id = c->view.question.id;

		look_at_bench(c);
		if (c->step.ops)	/* the same question, not a new one */
			c->view.question.id = id;
	}
}

static void on_added(void *user, int exit_status, const char *output)
{
	struct live_case *c = user;
	struct error error;

	if (exit_status == 0) {
		case_log(c, JOURNAL_PROGRAM, "host", "gave the bench the address %s", c->added_address);
		return;
	}
	c->added_address[0] = '\0';
	error_set(&error, STATUS_NO_PERMISSION, "the address could not be set: %.160s", output);
	error_hint(&error, "run the command by hand with sudo, or start unbrick as root");
	case_problem(c, &error);
}

static enum status answer_bench_net(struct live_case *c, const char *text, struct error *reterr)
{
	const struct bench_nic *nic = likely_nic(&c->app->bench);
	char address[48], command[200];

	if (text_equal(text, "stop"))
		return steps_cancel(c, reterr);
	if (text_equal(text, "serial") && serial_load_is_offered(c)) {
		serial_load_choose(c, JOURNAL_OPERATOR);
		step_done(c, "%s", "");
		return STATUS_OK;
	}
	if (nic == NULL || !text_equal(text, "add"))
		return STATUS_OK;
	step_field(c, "address", address, sizeof(address));
	if (address[0] == '\0')
		step_lookup(c, "bench-ip", address, sizeof(address));
	text_format(c->added_address, sizeof(c->added_address), "%s/24 dev %s", address, nic->name);
	/* Journalled before it is done, so that a crash in between is undone at the next start. */
	case_set(c, JOURNAL_PROGRAM, "added-address", c->added_address);
	text_format(command, sizeof(command), "ip addr add %s && ip link set %s up", c->added_address, nic->name);
	return loop_run_command(c->app->loop, command, on_added, c, reterr);
}

const struct step_ops step_bench_net = { .start = look_at_bench, .on_time = time_bench_net, .on_answer = answer_bench_net };

/* ---- serve ---- */

static void on_served(void *user, const char *name, uint64_t done, uint64_t total)
{
	struct live_case *c = user;

	(void)name;
	case_progress(c, "load", done, total, c->step.started_ms);
}

static void on_tftp_event(void *user, bool is_error, const char *text)
{
	case_log(user, JOURNAL_OBSERVED, is_error ? "error" : "transfer", "%s", text);
}

/* The devices of a bench ask for the same address and port, and often have the same address themselves: one after the other. */
static const struct live_case *case_served_before(const struct live_case *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(c->app->live); i++)
		if (c->app->live[i] != NULL && c->app->live[i] != c && c->app->live[i]->tftp != NULL)
			return c->app->live[i];
	return NULL;
}

static void wait_for_service(struct live_case *c)
{
	case_clear_page(c);
	case_say(c, "Case #%lld is served by TFTP now, and there is one TFTP port.", (long long)case_served_before(c)->id);
	case_say(c, "I go on by myself when it is through.");
	case_ask_nothing(c);
	step_set_deadline(c, BENCH_LOOK_MS);
}

/* A name that the loader's command line could not hold is served as "firmware.bin". */
static enum status open_service(struct live_case *c, char *to, size_t size, struct error *reterr)
{
	char bench[48] = "", device[48] = "", file[128];
	struct tftp_service_options options = { .on_progress = on_served, .on_event = on_tftp_event, .user = c, .port = step_tftp_port(c) };
	bool is_safe_name = true;
	enum status status;

	step_lookup(c, "bench-ip", bench, sizeof(bench));
	step_lookup(c, "device-ip", device, sizeof(device));
	step_field(c, "file", file, sizeof(file));
	if (file[0] == '\0')
		text_copy(file, sizeof(file), text_file_name(c->view.image));
	for (const char *at = file; *at; at++)
		is_safe_name = is_safe_name && *at > ' ' && *at <= '~' && !strchr(";&|$\"'\\#", *at) && at - file <= 60;
	options.bench_ip = bench;
	options.device_ip = device;
	options.file_name = is_safe_name ? file : "firmware.bin";
	options.file = image_file_bytes(c->image);
	tftp_service_free(c->tftp);
	c->tftp = NULL;
	status = tftp_service_new(c->app->loop, &options, &c->tftp, reterr);
	if (status == STATUS_OK)
		text_format(to, size, "serving %s by TFTP on %s to %s only", options.file_name, bench, device);
	return status;
}

static unsigned other_port(const struct live_case *c)
{
	return c->tftp_port ? c->tftp_port + 1 : TFTP_OTHER_PORT;
}

/* Another program has the port, or only root may have it: the bench can mend that, and some loaders can be told another one. */
static void ask_about_port(struct live_case *c, const struct error *error)
{
	char text[64], estimate[64];

	case_problem(c, error);
	case_clear_page(c);
	case_say(c, "The image cannot be offered to the device yet.");
	case_say(c, "I try again every moment and go on by myself.");
	case_ask(c, QUESTION_CHOOSE, "The TFTP port is not to be had.");
	if (c->loader && c->loader->takes_tftp_port)
		case_choice(c, "port", 'p', text_format(text, sizeof(text), "Serve on port %u instead", other_port(c)),
			    "for this bootloader only where it was built to be told so; else the load fails, and nothing is changed");
	if (serial_load_is_offered(c))
		case_choice(c, "serial", 's', "Over the serial line instead", serial_load_estimate(c, estimate, sizeof(estimate)));
	case_choice(c, "stop", 'x', "Stop here", "");
	step_set_deadline(c, PORT_LOOK_MS);
}

static void start_serve(struct live_case *c)
{
	char text[240];
	struct error error;

	if (c->loads_by_serial) {
		step_done(c, "%s", "");
		return;
	}
	if (case_served_before(c) != NULL) {
		wait_for_service(c);
		return;
	}
	if (c->image == NULL) {
		error_set(&error, STATUS_INVALID, "no image was chosen");
		step_failed(c, &error);
		return;
	}
	if (open_service(c, text, sizeof(text), &error) == STATUS_OK) {
		case_problem(c, NULL);
		step_done(c, "%s", text);
	} else if (!c->app->options.is_unattended && (error.status == STATUS_BUSY || error.status == STATUS_NO_PERMISSION)) {
		ask_about_port(c, &error);
	} else {
		step_failed(c, &error);
	}
}

static void time_serve(struct live_case *c)
{
	char text[240];
	struct error error;

	if (case_served_before(c) != NULL) {
		step_set_deadline(c, BENCH_LOOK_MS);
		return;
	}
	if (c->view.question.type == QUESTION_CHOOSE && open_service(c, text, sizeof(text), &error) != STATUS_OK) {
		step_set_deadline(c, PORT_LOOK_MS);	/* the question stands, with what was said of it */
		return;
	}
	case_clear_page(c);
	case_ask_nothing(c);
	start_serve(c);
}

static enum status answer_serve(struct live_case *c, const char *text, struct error *reterr)
{
	if (text_equal(text, "stop"))
		return steps_cancel(c, reterr);
	if (text_equal(text, "serial") && serial_load_is_offered(c)) {
		case_problem(c, NULL);
		serial_load_choose(c, JOURNAL_OPERATOR);
		step_done(c, "%s", "");
	} else if (text_equal(text, "port") && c->loader && c->loader->takes_tftp_port) {
		c->tftp_port = other_port(c);
		case_log(c, JOURNAL_OPERATOR, "answer", "the image is offered on port %u", c->tftp_port);
		case_ask_nothing(c);
		start_serve(c);
	}
	return STATUS_OK;
}

const struct step_ops step_serve = { .start = start_serve, .on_time = time_serve, .on_answer = answer_serve };
