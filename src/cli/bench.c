/* unbrick bench: what is plugged in, who holds it, and what to do where something stands in the way. Nothing is opened for writing. */
#include <stdio.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/cli/output.h"
#include "src/core/tftp_service.h"
#include "src/io/bench_scan.h"
#include "src/io/loop.h"
#include "src/store/device_library.h"

enum { JSON };
enum { TFTP_PORT = 69 }; /* RFC 1350, 4 */

static const struct cli_option options[] = {
	[JSON] = { "json", NULL, "one JSON document" },
	{ NULL, NULL, NULL },
};

DEFINE_AUTO(device_library);
DEFINE_AUTO(loop);

struct bench {
	struct bench_state state;
	const struct usb_recovery_id *ids; /* NULL: not known; the rest is worth showing all the same */
	size_t id_count;
	struct error tftp; /* STATUS_OK: the port can be served */
};

/* Tried for real, for a moment: rules for privileged ports differ by kernel setting, capability and container. On the loopback address:
 * no device can ask there, and who serves the port on all addresses is noticed all the same. */
static void try_tftp(struct bench *bench)
{
	AUTO(loop) loop = NULL;
	const struct tftp_service_options service_options = {
		.bench_ip = "127.0.0.1", .device_ip = "127.0.0.1", .port = TFTP_PORT, .file_name = ""
	};
	struct tftp_service *service = NULL;

	bench->tftp = (struct error){ .status = STATUS_OK };
	if (loop_new(&loop, &bench->tftp) == STATUS_OK &&
	    tftp_service_new(loop, &service_options, &service, &bench->tftp) == STATUS_OK)
		tftp_service_free(service);
}

static const struct usb_recovery_id *find_id(const struct bench *bench, const struct bench_usb *usb)
{
	for (size_t i = 0; i < bench->id_count; i++)
		if (bench->ids[i].vendor == usb->vendor &&
		    (bench->ids[i].product == UINT32_MAX || bench->ids[i].product == usb->product))
			return &bench->ids[i];
	return NULL;
}

static const char *power_name(enum bench_power power)
{
	return power == BENCH_POWER_MAINS ? "mains" : power == BENCH_POWER_BATTERY ? "battery" : "unknown";
}

/* ---- JSON ---- */

static json_t *json_ports(const struct bench_state *state)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < state->port_count; i++) {
		const struct bench_port *port = &state->port[i];

		json_array_append_new(
			list,
			json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o}", "path", output_json_text(port->path),
				  "adapter", output_json_text(port->adapter),
				  "by_id", output_json_text(port->by_id), "product", output_json_text(port->product),
				  "serial", output_json_text(port->serial), "usb_path",
				  output_json_text(port->usb_path), "holder", output_json_text(port->holder),
				  "may_open", port->may_open, "remedy", output_json_text(port->remedy)));
	}
	return list;
}

static json_t *json_usb(const struct bench *bench)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < bench->state.usb_count; i++) {
		const struct bench_usb *usb = &bench->state.usb[i];
		const struct usb_recovery_id *id = find_id(bench, usb);
		char vendor[8], product[8];

		text_format(vendor, sizeof(vendor), "%04x", usb->vendor);
		text_format(product, sizeof(product), "%04x", usb->product);
		json_array_append_new(list, json_pack("{s:o, s:s, s:s, s:o, s:o, s:o}", "path",
						      output_json_text(usb->path), "vendor", vendor, "product", product,
						      "name", output_json_text(usb->name), "recovery_mode",
						      output_json_text(id ? id->name : NULL), "meaning",
						      output_json_text(id ? id->meaning : NULL)));
	}
	return list;
}

static json_t *json_advice(const struct bench_state *state)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < state->advice_count; i++)
		json_array_append_new(list, json_pack("{s:o, s:o, s:o}", "about", output_json_text(state->advice[i].about), "text",
						      output_json_text(state->advice[i].text), "remedy",
						      output_json_text(state->advice[i].remedy)));
	return list;
}

static json_t *json_cards(const struct bench_state *state)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < state->card_count; i++) {
		const struct bench_card *card = &state->card[i];

		json_array_append_new(
			list, json_pack("{s:o, s:o, s:I, s:o, s:b, s:b}", "path", output_json_text(card->path), "name",
					output_json_text(card->name), "size_bytes", (json_int_t)card->size_bytes,
					"content", output_json_text(card->content), "mounted", card->is_mounted,
					"read_only", card->is_read_only));
	}
	return list;
}

static json_t *json_nics(const struct bench_state *state)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < state->nic_count; i++) {
		const struct bench_nic *nic = &state->nic[i];
		json_t *addresses = json_array();

		for (unsigned k = 0; k < nic->address_count; k++)
			json_array_append_new(addresses, output_json_text(nic->address[k]));
		json_array_append_new(list, json_pack("{s:o, s:b, s:b, s:b, s:o, s:o}", "name",
						      output_json_text(nic->name), "up", nic->is_up, "carrier",
						      nic->has_carrier, "wireless", nic->is_wireless, "mac",
						      output_json_text(nic->mac), "addresses", addresses));
	}
	return list;
}

static void print_json(const struct bench *bench)
{
	const struct bench_state *state = &bench->state;
	bool is_free = bench->tftp.status == STATUS_OK;

	output_json(json_pack("{s:o, s:o, s:o, s:o, s:o, s:{s:s, s:o}, s:{s:i, s:b, s:o, s:o}}", "serial", json_ports(state),
			      "trouble", json_advice(state), "usb", json_usb(bench), "cards", json_cards(state), "network", json_nics(state), "power",
			      "source", power_name(state->power), "battery_percent",
			      state->battery_percent >= 0 ? json_integer(state->battery_percent) : json_null(), "tftp",
			      "port", TFTP_PORT, "may_serve", is_free, "problem",
			      output_json_text(is_free ? NULL : bench->tftp.text), "remedy",
			      output_json_text(is_free ? NULL : bench->tftp.hint)));
}

/* ---- text ---- */

static void print_ports(const struct bench_state *state)
{
	for (unsigned i = 0; i < state->port_count; i++) {
		const struct bench_port *port = &state->port[i];

		output_text("serial   %-16s %s%s%s%s%s%s%s\n", port->path, port->product[0] ? port->product : "serial port",
			    port->serial[0] ? " " : "", port->serial, port->usb_path[0] ? ", usb:" : "", port->usb_path, port->holder[0] ? "; in use by " : "; ",
			    port->holder[0]  ? port->holder
			    : port->may_open ? "free"
					     : "no permission");
		if (!port->may_open && port->remedy[0])
			output_text("                          %s\n", port->remedy);
	}
	if (state->port_count == 0)
		output_text("serial   none; plug in the adapter (3.3 V for most devices)\n");
}

static void print_advice(const struct bench_state *state)
{
	for (unsigned i = 0; i < state->advice_count; i++)
		output_text("trouble  %-16s %s\n                          %s\n", state->advice[i].about, state->advice[i].text,
			    state->advice[i].remedy);
}

static void print_usb(const struct bench *bench)
{
	for (unsigned i = 0; i < bench->state.usb_count; i++) {
		const struct bench_usb *usb = &bench->state.usb[i];
		const struct usb_recovery_id *id = find_id(bench, usb);

		output_text("usb      %-16s %04x:%04x %s\n", usb->path, usb->vendor, usb->product, usb->name);
		if (id)
			output_text("                          %s: %s\n", id->name, id->meaning);
	}
}

static void print_cards(const struct bench_state *state)
{
	for (unsigned i = 0; i < state->card_count; i++) {
		const struct bench_card *card = &state->card[i];
		char size[32];

		output_text("card     %-16s %s, %s%s%s%s%s\n", card->path, card->name,
			    card->size_bytes ? text_size(size, sizeof(size), card->size_bytes) : "no card in it",
			    card->content[0] ? ", " : "", card->content,
			    card->is_mounted ? "; MOUNTED: unmount it before it is written" : "",
			    card->is_read_only ? "; read-only: look for the lock slider" : "");
	}
}

static void print_nics(const struct bench_state *state)
{
	for (unsigned i = 0; i < state->nic_count; i++) {
		const struct bench_nic *nic = &state->nic[i];

		output_text("network  %-16s %s%s", nic->name,
			    nic->has_carrier ? "link"
			    : nic->is_up     ? "no link: is the cable in, and the device on?"
					     : "down",
			    nic->is_wireless ? ", wireless" : "");
		for (unsigned k = 0; k < nic->address_count; k++)
			output_text("%s%s", k ? ", " : "; ", nic->address[k]);
		output_text("\n");
	}
}

static void print_bench(const struct bench *bench)
{
	print_ports(&bench->state);
	print_advice(&bench->state);
	print_usb(bench);
	print_cards(&bench->state);
	print_nics(&bench->state);
	if (bench->state.battery_percent >= 0)
		output_text("power    %-16s %d %%\n", power_name(bench->state.power), bench->state.battery_percent);
	else
		output_text("power    %s\n", power_name(bench->state.power));
	if (bench->tftp.status == STATUS_OK)
		output_text("tftp     port %-11d can be served\n", TFTP_PORT);
	else
		output_text("tftp     port %-11d %s\n                          %s\n", TFTP_PORT, bench->tftp.text,
			    bench->tftp.hint);
}

static int run(const struct cli_line *line)
{
	AUTO(device_library) library = NULL;
	struct bench bench = { 0 };
	struct error error;

	if (line->word_count > 0)
		return output_usage("bench", "bench takes no '%s'", line->word[0]);
	bench_scan(&bench.state);
	if (device_library_open(line->library_folders, &library, &error) != STATUS_OK ||
	    device_library_usb_ids(library, &bench.ids, &bench.id_count, &error) != STATUS_OK)
		output_error(&error, EXIT_FAILED);
	try_tftp(&bench);
	if (line->value[JSON])
		print_json(&bench);
	else
		print_bench(&bench);
	return output_end(EXIT_WELL);
}

const struct cli_verb verb_bench = {
	.name = "bench",
	.words = "",
	.summary = "what is plugged in, who holds it, and what stands in the way",
	.options = options,
	.run = run,
};
