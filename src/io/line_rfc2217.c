/* src/io/line_rfc2217.c
 *
 * A serial port on another machine: the machine of recovery/protocol/rfc2217.h on a TCP connection. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "recovery/protocol/rfc2217.h"
#include "src/base/cleanup.h"
#include "src/io/line_driver.h"

_Static_assert((int)RFC2217_OUTPUT_MAX <= (int)LINE_CONTROL_MAX, "the machine's output fits into the queue whole");

struct rfc2217_channel {
	struct line_channel base;
	struct rfc2217 client;
	unsigned baud;		/* as the server says */
	enum rfc2217_control wanted_dtr, wanted_rts;	/* asked for before the server's answer; 0: not */
};

static struct rfc2217_settings settings_for_peer(const struct line_settings *settings)
{
	return (struct rfc2217_settings){
		.baud = settings->baud,
		.data_bits = settings->data_bits,
		.parity = settings->parity,
		.stop_bits = settings->stop_bits,
		.flow = settings->flow == LINE_FLOW_RTSCTS ? RFC2217_FLOW_RTSCTS :
			settings->flow == LINE_FLOW_XONXOFF ? RFC2217_FLOW_XONXOFF : RFC2217_FLOW_NONE,
	};
}

static enum status rfc2217_open(const struct line_request *request, struct line_channel **ret_channel,
				struct error *reterr)
{
	AUTO_FREE struct rfc2217_channel *channel = calloc(1, sizeof(*channel));
	const struct rfc2217_settings settings = settings_for_peer(request->settings);
	enum status status;

	if (channel == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a connection");
	channel->base.driver = &line_driver_rfc2217;
	rfc2217_init(&channel->client, &settings, loop_now_ms());
	status = line_tcp_connect(request, &channel->base.descriptor, &channel->base.is_connecting, reterr);
	if (status == STATUS_OK)
		*ret_channel = &TAKE(channel)->base;
	return status;
}

static void rfc2217_close(struct line_channel *channel)
{
	close(channel->descriptor);
	free(channel);
}

static enum status peer_status(enum status status, struct error *reterr)
{
	switch (status) {
	case STATUS_OK:
		return STATUS_OK;
	case STATUS_UNSUPPORTED:
		error_set(reterr, status, "the server has no COM port option (RFC 2217)");
		return error_hint(reterr, "Let the server offer it: in ser2net, telnet(rfc2217) as accepter");
	default:
		return error_set(reterr, status, "the server does not take commands at the moment");
	}
}

static enum status rfc2217_apply(struct line_channel *channel, const struct line_settings *settings,
				 struct error *reterr)
{
	struct rfc2217_channel *self = (struct rfc2217_channel *)channel;
	const struct rfc2217_settings wanted = settings_for_peer(settings);

	self->baud = 0;
	return peer_status(rfc2217_set(&self->client, &wanted), reterr);
}

static enum status control(struct line_channel *channel, enum rfc2217_control which, struct error *reterr)
{
	return peer_status(rfc2217_control(&((struct rfc2217_channel *)channel)->client, which), reterr);
}

static enum status rfc2217_set_break(struct line_channel *channel, bool on, struct error *reterr)
{
	return control(channel, on ? RFC2217_BREAK_ON : RFC2217_BREAK_OFF, reterr);
}

/* Right after connecting (and after a loss) the server has not answered yet: kept until it has. */
static enum status set_modem_line(struct line_channel *channel, enum rfc2217_control which,
				  enum rfc2217_control *wanted,
				  struct error *reterr)
{
	enum status status = rfc2217_control(&((struct rfc2217_channel *)channel)->client, which);

	if (status != STATUS_BUSY)
		return peer_status(status, reterr);
	*wanted = which;
	return STATUS_OK;
}

static enum status rfc2217_set_dtr(struct line_channel *channel, bool on, struct error *reterr)
{
	return set_modem_line(channel, on ? RFC2217_DTR_ON : RFC2217_DTR_OFF,
			      &((struct rfc2217_channel *)channel)->wanted_dtr, reterr);
}

static enum status rfc2217_set_rts(struct line_channel *channel, bool on, struct error *reterr)
{
	return set_modem_line(channel, on ? RFC2217_RTS_ON : RFC2217_RTS_OFF,
			      &((struct rfc2217_channel *)channel)->wanted_rts, reterr);
}

static void on_machine_event(struct rfc2217_channel *self, const struct rfc2217_event *event)
{
	switch (event->type) {
	case RFC2217_ACCEPTED:
		if (self->wanted_dtr != 0)
			rfc2217_control(&self->client, self->wanted_dtr);
		if (self->wanted_rts != 0)
			rfc2217_control(&self->client, self->wanted_rts);
		break;
	case RFC2217_BAUD:
		self->baud = event->baud;
		break;
	case RFC2217_OVERFLOW:
		/* No sane server does that: hang up, and the loss is handled as every other. */
		shutdown(self->base.descriptor, SHUT_RDWR);
		break;
	case RFC2217_DATA:
	case RFC2217_REFUSED:
	case RFC2217_NOTHING:
		break;
	}
}

static size_t rfc2217_decode(struct line_channel *channel, uint8_t *data, size_t size)
{
	struct rfc2217_channel *self = (struct rfc2217_channel *)channel;
	struct bytes in = { data, size };
	size_t kept = 0;

	while (in.size > 0) {
		struct rfc2217_event event = rfc2217_input(&self->client, &in);

		if (event.type == RFC2217_DATA) {
			memmove(data + kept, event.data.data, event.data.size);
			kept += event.data.size;
		} else {
			on_machine_event(self, &event);
		}
	}
	return kept;
}

static size_t rfc2217_encode_line(struct line_channel *channel, struct bytes *in, uint8_t *to, size_t room)
{
	return rfc2217_encode(&((struct rfc2217_channel *)channel)->client, in, to, room, loop_now_ms());
}

static size_t rfc2217_take_control(struct line_channel *channel, uint8_t *to, size_t room)
{
	struct rfc2217 *client = &((struct rfc2217_channel *)channel)->client;
	struct bytes output = rfc2217_output(client);

	if (output.size > room)
		return 0;	/* whole or not at all: line bytes between its halves would be taken for a part of it */
	memcpy(to, output.data, output.size);
	rfc2217_output_sent(client);
	return output.size;
}

static unsigned rfc2217_baud(const struct line_channel *channel)
{
	return ((const struct rfc2217_channel *)channel)->baud;
}

const struct line_driver line_driver_rfc2217 = {
	.name = "RFC 2217",
	.open = rfc2217_open,
	.close = rfc2217_close,
	.connected = line_tcp_connected,
	.apply = rfc2217_apply,
	.set_break = rfc2217_set_break,
	.set_dtr = rfc2217_set_dtr,
	.set_rts = rfc2217_set_rts,
	.decode = rfc2217_decode,
	.encode = rfc2217_encode_line,
	.take_control = rfc2217_take_control,
	.baud = rfc2217_baud,
};
