/* src/core/tftp_service.h
 *
 * The embedded TFTP server at work: UDP sockets around recovery/protocol/tftp_server machines. It serves exactly the files it was given, to
 * exactly the device's address; every other request is answered with an error and told. */
#ifndef UNBRICK_CORE_TFTP_SERVICE_H
#define UNBRICK_CORE_TFTP_SERVICE_H

#include "src/base/bytes.h"
#include "src/base/status.h"
#include "src/io/loop.h"

struct tftp_service;

enum { TFTP_SERVICE_TRANSFERS_MAX = 16 };

struct tftp_service_options {
	const char *bench_ip;		/* the address to serve on; it must be this machine's */
	const char *device_ip;		/* the only client that gets the file */
	unsigned port;			/* 0: 69 */
	const char *file_name;		/* as the device asks for it */
	struct bytes file;		/* borrowed until tftp_service_free */
	/* All may be NULL. text is printable. */
	void (*on_progress)(void *user, const char *name, uint64_t done, uint64_t total);
	void (*on_event)(void *user, bool is_error, const char *text);
	void *user;
};

/* STATUS_BUSY names who holds the port; STATUS_NO_PERMISSION says how to get it; STATUS_NOT_FOUND when the address is not on this machine. */
enum status tftp_service_new(struct loop *loop, const struct tftp_service_options *options, struct tftp_service **ret_service, struct error *reterr);
void tftp_service_free(struct tftp_service *service);

#endif
