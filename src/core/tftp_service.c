#include "src/core/tftp_service.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "recovery/protocol/tftp_server.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/io/udp.h"

struct transfer {
	struct tftp_service *service;
	struct udp_socket *socket;	/* its own port: the transfer's TID (RFC 1350, 4) */
	struct udp_address client;
	struct tftp_server machine;
	struct loop_timer *timer;
	bool is_used;
};

struct tftp_service {
	struct loop *loop;
	struct tftp_service_options options;
	char bench_ip[48], file_name[128];
	uint32_t device;
	struct udp_socket *socket;
	struct transfer transfer[TFTP_SERVICE_TRANSFERS_MAX];
	unsigned chokes;	/* requests repeated before a block was taken */
	uint8_t out[TFTP_DATAGRAM_MAX];
};

static void tell(struct tftp_service *service, bool is_error, const char *text)
{
	if (service->options.on_event)
		service->options.on_event(service->options.user, is_error, text);
}

static void end_transfer(struct transfer *transfer)
{
	if (!transfer->is_used)
		return;
	transfer->is_used = false;
	udp_close(transfer->socket);
	loop_timer_free(transfer->timer);
	transfer->socket = NULL;
	transfer->timer = NULL;
}

static void send_all(struct transfer *transfer)
{
	struct tftp_service *service = transfer->service;
	uint64_t now = loop_now_ms();
	size_t size;

	while ((size = tftp_server_output(&transfer->machine, service->out, now)) > 0)
		udp_send(transfer->socket, &transfer->client, NULL, bytes_of(service->out, size), NULL);
	loop_timer_set_deadline(transfer->timer, tftp_server_deadline(&transfer->machine));
}

static void on_event(struct transfer *transfer, const struct tftp_event *event)
{
	struct tftp_service *service = transfer->service;
	char text[200];

	switch (event->type) {
	case TFTP_NOTHING:
		return;
	case TFTP_PROGRESS:
		service->chokes = 0;
		if (service->options.on_progress)
			service->options.on_progress(service->options.user, service->file_name, event->bytes_acked, service->options.file.size);
		return;
	case TFTP_DONE:
		if (service->options.on_progress)
			service->options.on_progress(service->options.user, service->file_name, service->options.file.size, service->options.file.size);
		tell(service, false, text_format(text, sizeof(text), "%s: all %" PRIu64 " bytes acknowledged by the device", service->file_name, event->bytes_acked));
		break;
	case TFTP_FAILED:
		tell(service, true, text_format(text, sizeof(text), "%s: the transfer ended after %" PRIu64 " bytes: %s", service->file_name, event->bytes_acked,
						event->text));
		break;
	}
	end_transfer(transfer);
}

static void on_transfer_datagram(void *user, struct bytes datagram, const struct udp_address *from, const struct udp_local *to)
{
	struct transfer *transfer = user;
	struct tftp_event event;

	if (!udp_address_equal(from, &transfer->client)) {
		/* A stranger on this port: it is told, the transfer goes on undisturbed (RFC 1350, 4). */
		size_t size = tftp_error_write(transfer->service->out, sizeof(transfer->service->out), TFTP_ERROR_UNKNOWN_TID, "not your transfer");

		udp_send(transfer->socket, from, to, bytes_of(transfer->service->out, size), NULL);
		return;
	}
	event = tftp_server_input(&transfer->machine, datagram, loop_now_ms());
	send_all(transfer);
	on_event(transfer, &event);
}

static void on_transfer_time(void *user)
{
	struct transfer *transfer = user;
	struct tftp_event event = tftp_server_tick(&transfer->machine, loop_now_ms());

	send_all(transfer);
	on_event(transfer, &event);
}

static void refuse(struct tftp_service *service, const struct udp_address *to, const struct udp_local *from, enum tftp_error code, const char *text)
{
	size_t size = tftp_error_write(service->out, sizeof(service->out), code, text);

	udp_send(service->socket, to, from, bytes_of(service->out, size), NULL);
}

static struct transfer *find_transfer(struct tftp_service *service, const struct udp_address *client)
{
	struct transfer *unused = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(service->transfer); i++) {
		struct transfer *transfer = &service->transfer[i];

		if (transfer->is_used && udp_address_equal(&transfer->client, client))
			return transfer;
		if (!transfer->is_used && unused == NULL)
			unused = transfer;
	}
	return unused;
}

/* What a client is offered that keeps asking anew: first the same again (our answer was lost), then less and less (some cannot bear options). */
static struct tftp_limits limits_after(unsigned chokes)
{
	return (struct tftp_limits){ .blksize_cap = chokes >= 2 ? 512 : 0, .drop_options = chokes >= 3 };
}

static void begin(struct tftp_service *service, const struct tftp_request *request, const struct udp_address *client, const struct udp_local *to)
{
	struct transfer *transfer = find_transfer(service, client);
	struct udp_settings settings = { .address = service->bench_ip };
	struct tftp_limits limits;
	struct error error;

	if (transfer == NULL) {
		refuse(service, client, to, TFTP_ERROR_UNDEFINED, "too many transfers at once");
		return;
	}
	end_transfer(transfer);
	limits = limits_after(service->chokes);
	*transfer = (struct transfer){ .service = service, .client = *client };
	transfer->timer = loop_timer_new(service->loop, on_transfer_time, transfer);
	if (transfer->timer == NULL ||
	    udp_open(service->loop, &settings, &(struct udp_observer){ .on_datagram = on_transfer_datagram, .user = transfer }, &transfer->socket, &error) != STATUS_OK) {
		loop_timer_free(transfer->timer);
		refuse(service, client, to, TFTP_ERROR_UNDEFINED, "the server has no port left");
		return;
	}
	transfer->is_used = true;
	tftp_server_init(&transfer->machine, request, &limits, service->options.file, loop_now_ms());
	if (tftp_server_wraps(&transfer->machine))
		tell(service, false, "the file has more than 65535 blocks of the size agreed on, and not every loader can count so far: if it stops there, take another way");
	send_all(transfer);
}

/* The same request from the same port again. True when the running transfer answered it. */
static bool answer_again(struct tftp_service *service, struct bytes datagram, const struct udp_address *client)
{
	struct transfer *transfer = find_transfer(service, client);
	struct tftp_event event;

	if (transfer == NULL || !transfer->is_used)
		return false;
	if (tftp_server_is_under_way(&transfer->machine, loop_now_ms()))
		return true;
	if (++service->chokes >= 2)
		return false;
	event = tftp_server_input(&transfer->machine, datagram, loop_now_ms());
	send_all(transfer);
	if (event.type == TFTP_FAILED)
		return false;
	on_event(transfer, &event);
	return true;
}

static void on_request(void *user, struct bytes datagram, const struct udp_address *from, const struct udp_local *to)
{
	struct tftp_service *service = user;
	struct tftp_request request;
	char client[UDP_ADDRESS_TEXT], text[400];
	enum status status = tftp_request_parse(datagram, &request);

	/* An ERROR is never answered (RFC 1350, 7), nor is what is no request: two servers would answer each other for ever. */
	if (status == STATUS_PROTOCOL)
		return;
	udp_address_format(client, sizeof(client), from);
	if (status != STATUS_OK) {
		refuse(service, from, to, TFTP_ERROR_ILLEGAL, "octet or netascii only");
		return;
	}
	if (from->ipv4 != service->device) {
		tell(service, true, text_format(text, sizeof(text), "%s asked for '%.100s' and was refused: it is not the device of this case", client, request.name));
		refuse(service, from, to, TFTP_ERROR_ACCESS, "this server is for another device");
	} else if (request.is_write) {
		tell(service, true, text_format(text, sizeof(text), "the device wants to send '%.100s': refused, nothing is taken here", request.name));
		refuse(service, from, to, TFTP_ERROR_ACCESS, "nothing is taken here");
	} else if (!tftp_name_matches(request.name, service->file_name)) {
		tell(service, true, text_format(text, sizeof(text), "the device asks for '%.100s', which is not the file of this case", request.name));
		refuse(service, from, to, TFTP_ERROR_NOT_FOUND, "no such file");
	} else {
		tell(service, false, text_format(text, sizeof(text), "the device asks for '%.100s'", request.name));
		if (!answer_again(service, datagram, from))
			begin(service, &request, from, to);
	}
}

enum status tftp_service_new(struct loop *loop, const struct tftp_service_options *options, struct tftp_service **ret_service, struct error *reterr)
{
	struct tftp_service *service = calloc(1, sizeof(*service));
	struct udp_settings settings = { .port = options->port ? (uint16_t)options->port : TFTP_PORT };
	struct udp_address device;
	enum status status;

	if (service == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a TFTP server");
	service->loop = loop;
	service->options = *options;
	text_copy(service->bench_ip, sizeof(service->bench_ip), options->bench_ip);
	text_copy(service->file_name, sizeof(service->file_name), options->file_name);
	settings.address = service->bench_ip;
	if (!udp_address_parse(options->device_ip, 0, &device)) {
		free(service);
		return error_set(reterr, STATUS_INVALID, "'%s' is not the address of a device", options->device_ip);
	}
	service->device = device.ipv4;
	status = udp_open(loop, &settings, &(struct udp_observer){ .on_datagram = on_request, .user = service }, &service->socket, reterr);
	if (status != STATUS_OK) {
		free(service);
		return status;
	}
	*ret_service = service;
	return STATUS_OK;
}

void tftp_service_free(struct tftp_service *service)
{
	if (service == NULL)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(service->transfer); i++)
		end_transfer(&service->transfer[i]);
	udp_close(service->socket);
	free(service);
}
