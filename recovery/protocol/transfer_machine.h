/* recovery/protocol/transfer_machine.h
 *
 * What the machines behind transfer.h have in common: for the source files of the protocols only. A machine is a struct of its own whose
 * first member is a struct transfer_base; it brings the memory for its output. */
#ifndef UNBRICK_RECOVERY_TRANSFER_MACHINE_H
#define UNBRICK_RECOVERY_TRANSFER_MACHINE_H

#include "recovery/protocol/transfer.h"

/* ASCII, as the protocols of Christensen and Forsberg use it. */
enum {
	TRANSFER_SOH = 0x01, TRANSFER_STX = 0x02, TRANSFER_EOT = 0x04, TRANSFER_ACK = 0x06, TRANSFER_BS = 0x08, TRANSFER_NAK = 0x15,
	TRANSFER_CAN = 0x18, TRANSFER_SUB = 0x1a,
};

struct transfer_base {
	struct transfer_options options;
	struct transfer_progress progress;
	uint64_t deadline_ms;		/* UINT64_MAX: nothing is waited for */
	bool is_over;			/* DONE or FAILED was told */
	uint8_t *out;			/* the machine's own memory */
	size_t out_capacity;
	size_t out_from, out_to;	/* the part that is not on its way yet */
};

/* An event-less event. */
#define TRANSFER_NO_EVENT ((struct transfer_event){ .type = TRANSFER_NOTHING })

static inline struct transfer_base *transfer_base(struct transfer *transfer)
{
	return (struct transfer_base *)transfer;
}

void transfer_base_init(struct transfer_base *base, const struct transfer_options *options, uint8_t *out, size_t out_capacity);

/* For the rows of struct transfer_protocol. sent() is for a machine that has nothing to do when bytes leave. */
struct bytes transfer_base_output(const struct transfer *transfer);
void transfer_base_sent(struct transfer *transfer, size_t count, uint64_t now_ms);
uint64_t transfer_base_deadline(const struct transfer *transfer);
void transfer_base_progress(const struct transfer *transfer, struct transfer_progress *ret_progress);
void transfer_base_free(struct transfer *transfer);	/* a machine that is one allocation */

size_t transfer_room(const struct transfer_base *base);
/* All of it or, when there is no room, nothing. */
bool transfer_put(struct transfer_base *base, struct bytes more);
bool transfer_put_byte(struct transfer_base *base, uint8_t byte);
void transfer_drop_output(struct transfer_base *base);
/* How long so many bytes are on their way, at 10 bits a byte and rounded up; 0 when the rate is not known. */
uint64_t transfer_wire_ms(const struct transfer_base *base, uint64_t bytes);

/* Counts the retry. */
struct transfer_event transfer_retry(struct transfer_base *base, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Both are final: nothing is waited for any more. hint may be NULL; it is not copied. */
struct transfer_event transfer_done(struct transfer_base *base);
struct transfer_event transfer_failed(struct transfer_base *base, enum status status, const char *hint, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* A name as the other side gave it becomes one that can be shown and be a file's here: only what stands behind the last slash or backslash,
 * printable, never "", ".", ".." nor hidden, and no option of a command. */
void transfer_set_name(char to[TRANSFER_NAME_MAX], struct bytes from);

#endif
