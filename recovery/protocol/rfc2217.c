/* recovery/protocol/rfc2217.c
 *
 * What we want of each Telnet option stands in a table. An option is answered only when that changes its state (RFC
 * 854 and 1143), so two machines can never answer each other for ever. */
#include "recovery/protocol/rfc2217.h"

enum {	/* RFC 854 */
	SE = 240, SB = 250, WILL = 251, WONT = 252, DO = 253, DONT = 254, IAC = 255,
	CR = 13,
};

enum {	/* RFC 2217, 2; the server's answers have 100 more */
	SET_BAUDRATE = 1, SET_DATASIZE = 2, SET_PARITY = 3, SET_STOPSIZE = 4, SET_CONTROL = 5,
	SET_LINESTATE_MASK = 10, SET_MODEMSTATE_MASK = 11,
	ANSWER_BAUDRATE = 101, SUSPEND = 108, RESUME = 109,
};

/* Bytes of all settings: a rate of doubled bytes, and four commands of one byte that is never 255. */
enum { SETTINGS_MAX = 14 + 4 * 7 };

enum { OPTION_BINARY = 0, OPTION_ECHO = 1, OPTION_GO_AHEAD = 3, OPTION_COM_PORT = 44 };

enum row { BINARY, ECHO, GO_AHEAD, COM_PORT, ROWS };

static const struct {
	unsigned char option;
	bool we_will, they_may;	/* agreed to when asked */
	bool we_ask, ask_them;	/* asked for at the start */
} options[ROWS] = {
	[BINARY]   = { OPTION_BINARY,   true,  true,  true,  true },	/* RFC 856 */
	[ECHO]     = { OPTION_ECHO,     false, true,  false, false },	/* RFC 857: we never echo */
	[GO_AHEAD] = { OPTION_GO_AHEAD, true,  true,  true,  true },	/* RFC 858 */
	[COM_PORT] = { OPTION_COM_PORT, true,  true,  true,  false },	/* RFC 2217, 2: client WILL, server DO */
};

enum state { IN_DATA, AFTER_IAC, AFTER_VERB, SUB_OPTION, IN_SUB, SUB_IAC };

static enum row find_row(unsigned char option)
{
	enum row row = BINARY;

	while (row < ROWS && options[row].option != option)
		row++;
	return row;
}

static bool append(struct rfc2217 *client, const uint8_t *from, size_t size)
{
	if (size > sizeof(client->output) - client->output_size) {
		client->has_overflowed = true;
		return false;
	}
	memcpy(client->output + client->output_size, from, size);
	client->output_size += size;
	return true;
}

static bool say(struct rfc2217 *client, unsigned char verb, unsigned char option)
{
	const uint8_t words[] = { IAC, verb, option };

	return append(client, words, sizeof(words));
}

/* RFC 2217, 2: a parameter byte 255 is doubled, as in all Telnet. */
static bool command(struct rfc2217 *client, unsigned char number, struct bytes value)
{
	uint8_t words[4 + 2 * 4 + 2] = { IAC, SB, OPTION_COM_PORT, number };
	size_t size = 4;

	for (size_t i = 0; i < value.size && i < 4; i++) {
		words[size++] = value.data[i];
		if (value.data[i] == IAC)
			words[size++] = IAC;
	}
	words[size++] = IAC;
	words[size++] = SE;
	return append(client, words, size);
}

static bool command_byte(struct rfc2217 *client, unsigned char number, uint8_t value)
{
	return command(client, number, bytes_of(&value, 1));
}

static bool send_settings(struct rfc2217 *client)
{
	const struct rfc2217_settings *settings = &client->settings;
	uint8_t baud[4];

	store_be32(baud, settings->baud);
	return command(client, SET_BAUDRATE, bytes_of(baud, sizeof(baud))) &&
	       command_byte(client, SET_DATASIZE, (uint8_t)settings->data_bits) &&
	       command_byte(client, SET_PARITY, settings->parity == 'E' ? 3 : settings->parity == 'O' ? 2 : 1) &&
	       command_byte(client, SET_STOPSIZE, settings->stop_bits == 2 ? 2 : 1) &&
	       command_byte(client, SET_CONTROL, settings->flow == RFC2217_FLOW_XONXOFF ? 2 :
			    settings->flow == RFC2217_FLOW_RTSCTS ? 3 : 1);
}

void rfc2217_init(struct rfc2217 *client, const struct rfc2217_settings *settings, uint64_t now_ms)
{
	memset(client, 0, sizeof(*client));
	client->settings = *settings;
	client->patience_ends_ms = now_ms + RFC2217_PATIENCE_MS;
	for (enum row row = BINARY; row < ROWS; row++) {
		if (options[row].we_ask && say(client, WILL, options[row].option))
			client->asked_ours |= 1u << row;
		if (options[row].ask_them && say(client, DO, options[row].option))
			client->asked_theirs |= 1u << row;
	}
}

/* Both sides of an option work alike: yes and no are WILL and WONT, or DO and DONT. */
static void settle(struct rfc2217 *client, bool is_on, bool may_be, uint32_t *in_force, uint32_t *asked, enum row row,
		   unsigned char yes, unsigned char no)
{
	uint32_t bit = 1u << row;
	bool was_asked = *asked & bit;

	*asked &= ~bit;
	if (is_on && !may_be) {
		say(client, no, options[row].option);
	} else if (is_on != ((*in_force & bit) != 0)) {
		*in_force ^= bit;
		if (!was_asked)
			say(client, is_on ? yes : no, options[row].option);
	}
}

static struct rfc2217_event com_port_answered(struct rfc2217 *client, bool was_answered, bool was_on)
{
	bool is_on = client->ours & 1u << COM_PORT;

	client->is_com_port_answered = true;
	if (is_on && !was_on) {
		/* What the server would tell of its own accord is of no use here. */
		if (send_settings(client) && command_byte(client, SET_LINESTATE_MASK, 0))
			command_byte(client, SET_MODEMSTATE_MASK, 0);
		return (struct rfc2217_event){ .type = RFC2217_ACCEPTED };
	}
	if (!is_on && (was_on || !was_answered)) {
		client->is_suspended = false;	/* nobody would say RESUME any more */
		return (struct rfc2217_event){ .type = RFC2217_REFUSED };
	}
	return (struct rfc2217_event){ .type = RFC2217_NOTHING };
}

static struct rfc2217_event negotiate(struct rfc2217 *client, unsigned char option)
{
	enum row row = find_row(option);
	bool is_about_us = client->verb == DO || client->verb == DONT;
	bool is_on = client->verb == DO || client->verb == WILL;
	bool had_com_port = client->ours & 1u << COM_PORT;

	if (row == ROWS) {
		if (is_on)
			say(client, is_about_us ? WONT : DONT, option);
		return (struct rfc2217_event){ .type = RFC2217_NOTHING };
	}
	if (is_about_us)
		settle(client, is_on, options[row].we_will, &client->ours, &client->asked_ours, row, WILL, WONT);
	else
		settle(client, is_on, options[row].they_may, &client->theirs, &client->asked_theirs, row, DO, DONT);
	if (row == BINARY && is_about_us)
		client->is_binary_answered = true;
	if (row == COM_PORT && is_about_us)
		return com_port_answered(client, client->is_com_port_answered, had_com_port);
	return (struct rfc2217_event){ .type = RFC2217_NOTHING };
}

static struct rfc2217_event end_of_command(struct rfc2217 *client)
{
	struct rfc2217_event event = { .type = RFC2217_NOTHING };

	if (client->option != OPTION_COM_PORT || client->parameter_size == 0)
		return event;
	switch (client->parameter[0]) {
	case ANSWER_BAUDRATE:
		if (client->parameter_size == 5) {
			event.type = RFC2217_BAUD;
			event.baud = load_be32(client->parameter + 1);
		}
		break;
	case SUSPEND:
		client->is_suspended = true;
		break;
	case RESUME:
		client->is_suspended = false;
		break;
	default:
		break;	/* answers to the other settings, states we did not ask for */
	}
	return event;
}

static void add_parameter(struct rfc2217 *client, uint8_t byte)
{
	if (client->parameter_size < sizeof(client->parameter))
		client->parameter[client->parameter_size++] = byte;
}

static enum state state_after_iac(struct rfc2217 *client, uint8_t byte)
{
	client->verb = byte;
	return byte >= WILL && byte <= DONT ? AFTER_VERB : byte == SB ? SUB_OPTION : IN_DATA;
}

static struct rfc2217_event take_command_byte(struct rfc2217 *client, uint8_t byte)
{
	struct rfc2217_event event = { .type = RFC2217_NOTHING };

	switch ((enum state)client->state) {
	case AFTER_IAC:
		client->state = state_after_iac(client, byte);
		break;
	case AFTER_VERB:
		client->state = IN_DATA;
		event = negotiate(client, byte);
		break;
	case SUB_OPTION:
		client->option = byte;
		client->parameter_size = 0;
		client->state = IN_SUB;
		break;
	case IN_SUB:
		if (byte == IAC)
			client->state = SUB_IAC;
		else
			add_parameter(client, byte);
		break;
	case SUB_IAC:
		client->state = byte == IAC ? IN_SUB : IN_DATA;
		if (byte == IAC)
			add_parameter(client, byte);
		else if (byte == SE)
			event = end_of_command(client);
		else
			client->state = state_after_iac(client, byte);	/* no SE: the command is dropped */
		break;
	case IN_DATA:
		break;
	}
	return event;
}

/* The run of line bytes at the start of in. NUL after CR is Telnet's own unless the server sends binary (RFC 854,
 * page 11). */
static size_t data_run(struct rfc2217 *client, struct bytes in)
{
	bool is_binary = client->theirs & 1u << BINARY;
	size_t size = 0;

	while (size < in.size && in.data[size] != IAC) {
		if (!is_binary && client->is_after_cr && in.data[size] == 0)
			break;
		client->is_after_cr = in.data[size] == CR;
		size++;
	}
	return size;
}

struct rfc2217_event rfc2217_input(struct rfc2217 *client, struct bytes *in)
{
	struct rfc2217_event event = { .type = RFC2217_NOTHING };

	while (in->size > 0 && event.type == RFC2217_NOTHING && !client->has_overflowed) {
		if (client->state == IN_DATA) {
			size_t size = data_run(client, *in);

			if (size > 0) {
				event = (struct rfc2217_event){ .type = RFC2217_DATA, .data = { in->data, size } };
				*in = bytes_from(*in, size);
				break;
			}
			client->state = in->data[0] == IAC ? AFTER_IAC : IN_DATA;
			if (in->data[0] != IAC)
				client->is_after_cr = false;	/* the NUL after a CR */
		} else if (client->state == AFTER_IAC && in->data[0] == IAC) {
			event = (struct rfc2217_event){ .type = RFC2217_DATA, .data = { in->data, 1 } };
			client->state = IN_DATA;
			client->is_after_cr = false;
		} else {
			event = take_command_byte(client, in->data[0]);
		}
		*in = bytes_from(*in, 1);
	}
	if (client->has_overflowed) {
		*in = bytes_from(*in, in->size);
		event = (struct rfc2217_event){ .type = RFC2217_OVERFLOW };
	}
	return event;
}

static bool may_send(const struct rfc2217 *client, uint64_t now_ms)
{
	if (client->is_suspended)
		return false;
	return (client->is_binary_answered && client->is_com_port_answered) || now_ms >= client->patience_ends_ms;
}

size_t rfc2217_encode(struct rfc2217 *client, struct bytes *in, uint8_t *to, size_t room, uint64_t now_ms)
{
	bool is_binary = client->ours & 1u << BINARY;
	size_t used = 0, size = 0;

	if (!may_send(client, now_ms))
		return 0;
	while (used < in->size) {
		uint8_t byte = in->data[used];
		bool is_double = byte == IAC || (byte == CR && !is_binary);

		if (room - size < (is_double ? 2u : 1u))
			break;
		to[size++] = byte;
		if (is_double)
			to[size++] = byte == IAC ? IAC : 0;
		used++;
	}
	*in = bytes_from(*in, used);
	return size;
}

struct bytes rfc2217_output(const struct rfc2217 *client)
{
	return bytes_of(client->output, client->output_size);
}

void rfc2217_output_sent(struct rfc2217 *client)
{
	client->output_size = 0;
}

/* Asked first: what does not fit is refused whole, and only a peer's doing counts as an overflow. */
static bool has_room(const struct rfc2217 *client)
{
	return sizeof(client->output) - client->output_size >= SETTINGS_MAX;
}

enum status rfc2217_set(struct rfc2217 *client, const struct rfc2217_settings *settings)
{
	bool is_on = client->ours & 1u << COM_PORT;

	if (client->is_com_port_answered && !is_on)
		return STATUS_UNSUPPORTED;
	if (is_on && !has_room(client))
		return STATUS_NO_SPACE;
	client->settings = *settings;
	if (is_on)
		send_settings(client);
	return STATUS_OK;
}

enum status rfc2217_control(struct rfc2217 *client, enum rfc2217_control control)
{
	if (!client->is_com_port_answered)
		return STATUS_BUSY;
	if (!(client->ours & 1u << COM_PORT))
		return STATUS_UNSUPPORTED;
	if (!has_room(client))
		return STATUS_NO_SPACE;
	command_byte(client, SET_CONTROL, (uint8_t)control);
	return STATUS_OK;
}
