/* recovery/protocol/tftp_server.c
 *
 * What is sent again, and when, is the whole art here:
 * - Only the timer resends (RFC 1123, 4.2.3.1: an ACK that answers DATA twice doubles all traffic from then on). The
 *   one exception is RFC 7440's gap: an ACK inside the window asks to go on from there. It is followed only while the
 *   block it names was sent once; a block sent twice explains a second ACK by itself, and following that one would
 *   keep the doubling alive in windows as well.
 * - The timer starts short, at four round trips, so that a lost datagram costs tens of milliseconds, and backs off
 *   after a few resends to the agreed timeout, so that a device that erases flash before it acknowledges is not
 *   flooded.
 * - It gives up by the clock, late: silence of a minute is normal for some devices. */
#include "recovery/protocol/tftp_server.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#include "src/base/text.h"

enum {
	BLKSIZE_DEFAULT = 512,
	BLKSIZE_MIN = 8,		/* RFC 2348 */
	WINDOWSIZE_MAX = 65535,		/* RFC 7440 */
	WINDOW_CAP_MAX = 1024,		/* bounds the walk through a window for one ACK */
	TIMEOUT_MAX_SECONDS = 255,	/* RFC 2349 */
	NUMBER_MAX = 65535,		/* block numbers on the wire */

	TIMEOUT_DEFAULT_MS = 1000,
	RTT_ASSUMED_MS = 20,		/* until the first answer */
	EARLY_MIN_MS = 40,
	EARLY_RESENDS_MAX = 6,
	OACK_RESEND_MS = 500,		/* some clients end over a second OACK, so it goes only where the first is lost */
	LATE_REQUEST_MS = 200,		/* no device comes back from a reset so soon after its last ACK */
	LATE_MAX_MS = 16000,
	GIVE_UP_MS = 60000,
	GIVE_UP_TIMEOUTS = 6,
};

/* Requests and errors */

static bool take_text(struct bytes *in, const char **ret_text)
{
	const uint8_t *end = in->size > 0 ? memchr(in->data, 0, in->size) : NULL;

	if (end == NULL)
		return false;
	*ret_text = (const char *)in->data;
	*in = bytes_from(*in, (size_t)(end - in->data) + 1);
	return true;
}

/* Saturates: the largest value stands for anything beyond. */
static bool parse_number(const char *text, unsigned most, unsigned *ret_number)
{
	uint64_t number = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		number = number * 10 + (uint64_t)(*text - '0');
		if (number > most)
			number = (uint64_t)most + 1;
	}
	*ret_number = number > most ? most + 1 : (unsigned)number;
	return true;
}

static unsigned least_of(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* RFC 2347: an option may be sent once; what comes later is not looked at. Unknown ones are no error. */
static void take_option(struct tftp_request *request, const char *name, const char *value)
{
	unsigned number;

	if (!parse_number(value, NUMBER_MAX, &number))
		return;
	if (strcasecmp(name, "blksize") == 0 && request->blksize == 0 && number >= BLKSIZE_MIN)
		request->blksize = least_of(number, TFTP_BLKSIZE_MAX);
	else if (strcasecmp(name, "windowsize") == 0 && request->windowsize == 0)
		request->windowsize = least_of(number, WINDOWSIZE_MAX);
	else if (strcasecmp(name, "timeout") == 0 && request->timeout_seconds == 0 && number <= TIMEOUT_MAX_SECONDS)
		request->timeout_seconds = number;
	else if (strcasecmp(name, "tsize") == 0)
		request->tsize_asked = true;
}

enum status tftp_request_parse(struct bytes datagram, struct tftp_request *ret_request)
{
	struct tftp_request request = { 0 };
	const char *name, *mode, *option, *value;
	unsigned opcode;

	if (datagram.size < 2)
		return STATUS_PROTOCOL;
	opcode = load_be16(datagram.data);
	if (opcode != TFTP_RRQ && opcode != TFTP_WRQ)
		return STATUS_PROTOCOL;
	datagram = bytes_from(datagram, 2);
	if (!take_text(&datagram, &name) || !take_text(&datagram, &mode) || strlen(name) > TFTP_NAME_MAX)
		return STATUS_PROTOCOL;
	request.is_write = opcode == TFTP_WRQ;
	text_printable(request.name, sizeof(request.name), bytes_of_text(name));
	if (strcasecmp(mode, "netascii") == 0)
		request.is_netascii = true;
	else if (strcasecmp(mode, "octet") != 0)
		return STATUS_UNSUPPORTED;
	/* A cut-off option or padding at the end is overlooked: boot ROMs send requests of a fixed size. */
	while (take_text(&datagram, &option) && take_text(&datagram, &value))
		take_option(&request, option, value);
	*ret_request = request;
	return STATUS_OK;
}

size_t tftp_error_write(uint8_t *to, size_t size, enum tftp_error code, const char *text)
{
	size_t length = strlen(text);

	if (size < 5)
		return 0;
	if (length > size - 5)
		length = size - 5;
	store_be16(to, TFTP_ERROR);
	store_be16(to + 2, (uint16_t)code);
	memcpy(to + 4, text, length);
	to[4 + length] = 0;
	return 4 + length + 1;
}

static char plain(char c)
{
	if (c == '\\')
		return '/';
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_slash(char c)
{
	return plain(c) == '/';
}

/* Past any run of slashes and "./" steps. */
static const char *skip_slashes(const char *name)
{
	for (;;) {
		if (is_slash(name[0]))
			name++;
		else if (name[0] == '.' && is_slash(name[1]))
			name += 2;
		else
			return name;
	}
}

static const char *skip_root(const char *name)
{
	if (plain(name[0]) >= 'a' && plain(name[0]) <= 'z' && name[1] == ':')
		name += 2;
	return skip_slashes(name);
}

bool tftp_name_matches(const char *asked, const char *file_name)
{
	asked = skip_root(asked);
	file_name = skip_root(file_name);
	while (*asked != '\0' && plain(*asked) == plain(*file_name)) {
		bool was_slash = is_slash(*asked);

		asked++;
		file_name++;
		if (was_slash) {
			asked = skip_slashes(asked);
			file_name = skip_slashes(file_name);
		}
	}
	return *asked == '\0' && *file_name == '\0';
}

/* Options */

static void add_option(struct tftp_server *transfer, const char *name, uint64_t value)
{
	char *to = transfer->oack + transfer->oack_size;
	size_t left = sizeof(transfer->oack) - transfer->oack_size;

	/* The four options with their longest values take 70 bytes. */
	transfer->oack_size += (size_t)snprintf(to, left, "%s%c%llu", name, 0, (unsigned long long)value) + 1;
}

static unsigned blksize_granted(const struct tftp_request *request, const struct tftp_limits *limits)
{
	unsigned cap = limits->blksize_cap == 0 ? TFTP_BLKSIZE_CAP : least_of(limits->blksize_cap, TFTP_BLKSIZE_MAX);

	return least_of(request->blksize, cap < BLKSIZE_MIN ? BLKSIZE_MIN : cap);
}

/* An OACK holds only what the client asked for, never more than it asked for; a timeout is echoed as it is or left
 * out (RFC 2347, 2348, 2349, 7440). U-Boot ends the load over any of these. */
static void agree(struct tftp_server *transfer, const struct tftp_request *request, const struct tftp_limits *limits)
{
	if (limits->drop_options)
		return;
	if (request->blksize != 0) {
		transfer->blksize = blksize_granted(request, limits);
		if (transfer->blksize != BLKSIZE_DEFAULT || request->blksize == BLKSIZE_DEFAULT)
			add_option(transfer, "blksize", transfer->blksize);
	}
	if (request->windowsize != 0) {
		unsigned cap = limits->windowsize_cap == 0 ? TFTP_WINDOW_CAP : limits->windowsize_cap;

		transfer->windowsize = least_of(request->windowsize, least_of(cap, WINDOW_CAP_MAX));
		add_option(transfer, "windowsize", transfer->windowsize);
	}
	if (request->timeout_seconds != 0) {
		transfer->timeout_ms = (uint64_t)request->timeout_seconds * 1000;
		add_option(transfer, "timeout", request->timeout_seconds);
	}
	/* How long netascii becomes is known only at its end. */
	if (request->tsize_asked && !request->is_netascii)
		add_option(transfer, "tsize", transfer->file.size);
}

/* Time */

static uint64_t give_up_ms(const struct tftp_server *transfer)
{
	uint64_t timeouts = transfer->timeout_ms * GIVE_UP_TIMEOUTS;

	return timeouts > GIVE_UP_MS ? timeouts : GIVE_UP_MS;
}

static bool awaits_oack_ack(const struct tftp_server *transfer)
{
	return transfer->oack_size > 0 && !transfer->oack_acked;
}

static uint64_t resend_interval(const struct tftp_server *transfer)
{
	uint64_t early = transfer->rtt_ms * 4 > EARLY_MIN_MS ? transfer->rtt_ms * 4 : EARLY_MIN_MS;
	uint64_t late = transfer->timeout_ms;

	if (awaits_oack_ack(transfer) && early < OACK_RESEND_MS)
		early = OACK_RESEND_MS;
	if (transfer->tries < EARLY_RESENDS_MAX) {
		early <<= transfer->tries;
		return early < transfer->timeout_ms ? early : transfer->timeout_ms;
	}
	for (unsigned i = EARLY_RESENDS_MAX; i < transfer->tries && late * 2 <= LATE_MAX_MS; i++)
		late *= 2;
	return late;
}

static void arm(struct tftp_server *transfer, uint64_t now_ms)
{
	uint64_t resend_at = now_ms + resend_interval(transfer);
	uint64_t give_up_at = transfer->heard_ms + give_up_ms(transfer);

	transfer->deadline_ms = resend_at < give_up_at ? resend_at : give_up_at;
}

static void heard(struct tftp_server *transfer, uint64_t now_ms)
{
	transfer->heard_ms = now_ms;
	transfer->tries = 0;
	transfer->duplicates = 0;
	arm(transfer, now_ms);
}

/* Quick to rise, slow to fall: a resend that was not needed costs the device more than a late one costs us. */
static void measure(struct tftp_server *transfer, uint64_t now_ms)
{
	uint64_t sample = now_ms > transfer->sent_ms ? now_ms - transfer->sent_ms : 0;

	if (sample > transfer->rtt_ms)
		transfer->rtt_ms = (transfer->rtt_ms + sample) / 2;
	else
		transfer->rtt_ms = (transfer->rtt_ms * 7 + sample) / 8;
}

/* Events */

static struct tftp_event event_of(const struct tftp_server *transfer, enum tftp_event_type type)
{
	return (struct tftp_event){ .type = type, .status = STATUS_OK, .bytes_acked = transfer->acked_at.offset };
}

static struct tftp_event fail(struct tftp_server *transfer, enum status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static struct tftp_event fail(struct tftp_server *transfer, enum status status, const char *format, ...)
{
	struct tftp_event event = event_of(transfer, TFTP_FAILED);
	va_list arguments;

	transfer->is_final = true;
	transfer->error_due = status == STATUS_PROTOCOL;
	event.status = status;
	va_start(arguments, format);
	vsnprintf(event.text, sizeof(event.text), format, arguments);
	va_end(arguments);
	return event;
}

static struct tftp_event fail_silent(struct tftp_server *transfer)
{
	char silence[32], done[32], all[32];

	text_duration(silence, sizeof(silence), give_up_ms(transfer));
	text_size(done, sizeof(done), transfer->acked_at.offset);
	text_size(all, sizeof(all), transfer->file.size);
	if (awaits_oack_ack(transfer))
		return fail(transfer, STATUS_TIMEOUT, "no answer to the OACK for %s; the client may not know options",
			    silence);
	if (transfer->acked == 0 && transfer->last != 1)
		return fail(transfer, STATUS_TIMEOUT, "no answer to the first block for %s", silence);
	if (transfer->sent_to == transfer->last)
		return fail(transfer, STATUS_TIMEOUT,
			    "all %s sent, the end not acknowledged for %s; it may have arrived", all, silence);
	return fail(transfer, STATUS_TIMEOUT, "silence for %s after block %llu (%s of %s)", silence,
		    (unsigned long long)transfer->acked, done, all);
}

/* Blocks */

/* RFC 764: LF travels as CR LF, a bare CR as CR NUL; the pair may be cut by the end of a block. */
static size_t netascii_block(const struct tftp_server *transfer, struct tftp_position *at, uint8_t *to)
{
	size_t size = 0;

	while (size < transfer->blksize && at->offset < transfer->file.size) {
		uint8_t c = transfer->file.data[at->offset];

		if ((c == '\n' || c == '\r') && !at->is_half) {
			c = '\r';
			at->is_half = true;
		} else {
			c = at->is_half && c == '\r' ? 0 : c;
			at->is_half = false;
			at->offset++;
		}
		if (to != NULL)
			to[size] = c;
		size++;
	}
	return size;
}

/* Moves *at to the next block; with to NULL for that alone. Returns the size of the block that begins there. */
static size_t read_block(const struct tftp_server *transfer, struct tftp_position *at, uint8_t *to)
{
	size_t size = transfer->file.size - at->offset;

	if (transfer->is_netascii)
		return netascii_block(transfer, at, to);
	if (size > transfer->blksize)
		size = transfer->blksize;
	if (to != NULL && size > 0)
		memcpy(to, transfer->file.data + at->offset, size);
	at->offset += size;
	return size;
}

static unsigned number_of(const struct tftp_server *transfer, uint64_t block)
{
	if (block <= NUMBER_MAX)
		return (unsigned)block;
	return (unsigned)((block - NUMBER_MAX - 1) % (NUMBER_MAX + 1 - transfer->rollover)) + transfer->rollover;
}

/* What comes after 65535 is in no RFC. 0 is the rule, 1 the exception; without a window the client can show which. */
static bool is_at_first_wrap(const struct tftp_server *transfer)
{
	return transfer->windowsize == 1 && transfer->acked == NUMBER_MAX && transfer->sent_to == NUMBER_MAX + 1;
}

static bool find_block(struct tftp_server *transfer, unsigned number, uint64_t *ret_block)
{
	if (number == 1 && is_at_first_wrap(transfer))
		transfer->rollover = 1;
	for (uint64_t block = transfer->acked; block <= transfer->sent_to; block++) {
		if (number_of(transfer, block) == number) {
			*ret_block = block;
			return true;
		}
	}
	return false;
}

static uint64_t window_end(const struct tftp_server *transfer)
{
	uint64_t end = transfer->acked + transfer->windowsize;

	return end < transfer->last ? end : transfer->last;
}

static void go_back(struct tftp_server *transfer)
{
	transfer->next = transfer->acked + 1;
	transfer->next_at = transfer->acked_at;
}

/* Input */

static struct tftp_event advance(struct tftp_server *transfer, uint64_t block, uint64_t now_ms)
{
	bool is_whole = block + 1 == transfer->next;

	/* The answer to a block that was sent twice says nothing about time (Karn). */
	if (is_whole && block > transfer->resent_to)
		measure(transfer, now_ms);
	for (; transfer->acked < block; transfer->acked++)
		read_block(transfer, &transfer->acked_at, NULL);
	if (block == transfer->last) {
		transfer->is_final = true;
		return event_of(transfer, TFTP_DONE);
	}
	/* RFC 7440, 4: the window starts anew behind an ACK inside it. */
	if (transfer->next <= block || block > transfer->resent_to)
		go_back(transfer);
	heard(transfer, now_ms);
	return event_of(transfer, TFTP_PROGRESS);
}

static void on_duplicate(struct tftp_server *transfer)
{
	uint64_t longest = transfer->timeout_ms / 4;

	if (transfer->duplicates < NUMBER_MAX)
		transfer->duplicates++;
	if (transfer->windowsize > 1 && transfer->acked > transfer->resent_to) {
		go_back(transfer);	/* RFC 7440: the first block of the window was lost */
	} else if (transfer->acked > 0 && transfer->acked == transfer->resent_to) {
		/* Answered twice because it was sent twice without need: the timer is too short for this device.
		 * Without this it would stay so, for no block would be sent just once and measured. */
		transfer->rtt_ms = transfer->rtt_ms * 2 > RTT_ASSUMED_MS ? transfer->rtt_ms * 2 : RTT_ASSUMED_MS;
		if (transfer->rtt_ms > longest)
			transfer->rtt_ms = longest;
	}
}

static struct tftp_event on_ack(struct tftp_server *transfer, unsigned number, uint64_t now_ms)
{
	uint64_t block;

	if (number == 0 && awaits_oack_ack(transfer)) {
		if (transfer->tries == 0)
			measure(transfer, now_ms);
		transfer->oack_acked = true;
		transfer->oack_due = false;
		heard(transfer, now_ms);
		return event_of(transfer, TFTP_NOTHING);
	}
	if (!find_block(transfer, number, &block))
		return event_of(transfer, TFTP_NOTHING);
	if (block > transfer->acked)
		return advance(transfer, block, now_ms);
	on_duplicate(transfer);
	return event_of(transfer, TFTP_NOTHING);
}

bool tftp_server_is_under_way(const struct tftp_server *transfer, uint64_t now_ms)
{
	return !transfer->is_final && (transfer->acked > 0 || transfer->oack_acked) && now_ms - transfer->heard_ms < LATE_REQUEST_MS;
}

static struct tftp_event on_request_again(struct tftp_server *transfer, uint64_t now_ms)
{
	if (tftp_server_is_under_way(transfer, now_ms))
		return event_of(transfer, TFTP_NOTHING);
	if (transfer->acked > 0 || transfer->oack_acked)
		return fail(transfer, STATUS_CANCELLED, "the client asked for the file anew; it was probably reset");
	transfer->oack_due = transfer->oack_size > 0;
	go_back(transfer);
	heard(transfer, now_ms);
	return event_of(transfer, TFTP_NOTHING);
}

static struct tftp_event on_error(struct tftp_server *transfer, struct bytes datagram)
{
	struct bytes message = bytes_from(datagram, 4);
	const uint8_t *end = message.size > 0 ? memchr(message.data, 0, message.size) : NULL;
	unsigned code = load_be16(datagram.data + 2);
	char text[56];

	if (end != NULL)
		message.size = (size_t)(end - message.data);
	text_printable(text, sizeof(text), message);
	if (text[0] == '\0')
		return fail(transfer, STATUS_CANCELLED, "the client stopped with error %u", code);
	return fail(transfer, STATUS_CANCELLED, "the client stopped with error %u: %s", code, text);
}

struct tftp_event tftp_server_input(struct tftp_server *transfer, struct bytes datagram, uint64_t now_ms)
{
	unsigned opcode;

	if (transfer->is_final || datagram.size < 4)
		return event_of(transfer, TFTP_NOTHING);
	opcode = load_be16(datagram.data);
	switch (opcode) {
	case TFTP_ACK:
		return on_ack(transfer, load_be16(datagram.data + 2), now_ms);
	case TFTP_RRQ:
		return on_request_again(transfer, now_ms);
	case TFTP_ERROR:
		return on_error(transfer, datagram);
	case TFTP_WRQ:
	case TFTP_DATA:
	case TFTP_OACK:
		return fail(transfer, STATUS_PROTOCOL, "the client sent %s while it was being sent a file",
			    opcode == TFTP_WRQ ? "WRQ" : opcode == TFTP_DATA ? "DATA" : "OACK");
	default:
		return event_of(transfer, TFTP_NOTHING);	/* not TFTP */
	}
}

/* Life */

void tftp_server_init(struct tftp_server *transfer, const struct tftp_request *request,
		      const struct tftp_limits *limits, struct bytes file, uint64_t now_ms)
{
	static const struct tftp_limits no_limits;

	*transfer = (struct tftp_server){
		.file = file,
		.blksize = BLKSIZE_DEFAULT,
		.windowsize = 1,
		.timeout_ms = TIMEOUT_DEFAULT_MS,
		.next = 1,
		.last = UINT64_MAX,
		.rtt_ms = RTT_ASSUMED_MS,
		.sent_ms = now_ms,
		.is_netascii = request->is_netascii,
	};
	agree(transfer, request, limits != NULL ? limits : &no_limits);
	transfer->oack_due = transfer->oack_size > 0;
	heard(transfer, now_ms);
}

struct tftp_event tftp_server_tick(struct tftp_server *transfer, uint64_t now_ms)
{
	if (transfer->is_final || now_ms < transfer->deadline_ms)
		return event_of(transfer, TFTP_NOTHING);
	if (now_ms - transfer->heard_ms >= give_up_ms(transfer))
		return fail_silent(transfer);
	transfer->tries++;
	/* It answers, but with 65535 all over: it waits for the other number. */
	if (is_at_first_wrap(transfer) && transfer->tries >= 2 && transfer->duplicates >= 2) {
		transfer->rollover = !transfer->rollover;
		transfer->duplicates = 0;
	}
	if (awaits_oack_ack(transfer))
		transfer->oack_due = true;
	else
		go_back(transfer);
	arm(transfer, now_ms);
	return event_of(transfer, TFTP_NOTHING);
}

static size_t output_oack(struct tftp_server *transfer, uint8_t *to)
{
	transfer->oack_due = false;
	store_be16(to, TFTP_OACK);
	memcpy(to + 2, transfer->oack, transfer->oack_size);
	return 2 + transfer->oack_size;
}

static size_t output_block(struct tftp_server *transfer, uint8_t *to)
{
	uint64_t block = transfer->next++;
	size_t size = read_block(transfer, &transfer->next_at, to + 4);

	store_be16(to, TFTP_DATA);
	store_be16(to + 2, (uint16_t)number_of(transfer, block));
	if (size < transfer->blksize)
		transfer->last = block;
	if (block > transfer->sent_to)
		transfer->sent_to = block;
	else if (block > transfer->resent_to)
		transfer->resent_to = block;
	return 4 + size;
}

size_t tftp_server_output(struct tftp_server *transfer, uint8_t *to, uint64_t now_ms)
{
	size_t size;

	if (transfer->error_due) {
		transfer->error_due = false;
		return tftp_error_write(to, TFTP_DATAGRAM_MAX, TFTP_ERROR_ILLEGAL, "not expected while reading");
	}
	if (transfer->is_final)
		return 0;
	if (transfer->oack_due)
		size = output_oack(transfer, to);
	else if (!awaits_oack_ack(transfer) && transfer->next <= window_end(transfer))
		size = output_block(transfer, to);
	else
		return 0;
	transfer->sent_ms = now_ms;
	arm(transfer, now_ms);
	return size;
}

uint64_t tftp_server_deadline(const struct tftp_server *transfer)
{
	return transfer->is_final ? UINT64_MAX : transfer->deadline_ms;
}

bool tftp_server_wraps(const struct tftp_server *transfer)
{
	return transfer->file.size / transfer->blksize >= NUMBER_MAX;
}
