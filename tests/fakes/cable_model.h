/* tests/fakes/cable_model.h
 *
 * Two transfer machines and a serial line between them, in memory and in time that the model makes itself: a rate, a
 * buffer in front of the line that nothing can be taken back from, a delay, and errors by a seed. */
#ifndef UNBRICK_TESTS_CABLE_MODEL_H
#define UNBRICK_TESTS_CABLE_MODEL_H

#include "recovery/protocol/transfer.h"

enum { CABLE_FILES = 8, CABLE_WAY_MAX = 65536 };

struct cable_file {
	char name[TRANSFER_NAME_MAX];
	uint8_t *data;
	size_t size;
	uint64_t announced;
	bool has_ended;
};

struct cable_end {
	const struct transfer_protocol *protocol;
	struct transfer_options options;	/* .source is the model's */
	struct transfer *transfer;
	enum transfer_event_type last;		/* DONE or FAILED, or NOTHING: it still runs */
	enum status status;
	char reason[TRANSFER_REASON_MAX];
	unsigned retries;
	uint64_t cancel_at_ms;			/* 0: never */
	struct cable_file file[CABLE_FILES];	/* to send, or received */
	size_t files;				/* to send, or begun */
	size_t next;				/* of a sender */
	bool hides_sizes;
};

struct cable_way {			/* of one direction; all but the options belong to the model */
	unsigned baud;			/* 0: at once */
	unsigned delay_ms;
	size_t depth;			/* of the buffer in front of the line; 0: 4096 */
	unsigned flips, drops, twice;	/* of a million bytes */
	uint64_t drop_from, drop_to;	/* bytes of this direction that are lost */
	bool is_dead;
	uint64_t bytes;
	size_t queued, flying;
	double credit;
	uint8_t queue[CABLE_WAY_MAX];
	struct { uint8_t byte; uint64_t at_ms; } fly[CABLE_WAY_MAX];
	size_t fly_first;
};

struct cable {
	struct cable_end sender, receiver;
	struct cable_way there, back;
	uint64_t now_ms;
	uint64_t random;
	size_t piece;			/* bytes given to a machine in one call; 0: all */
};

void cable_init(struct cable *line, const struct transfer_protocol *sender, const struct transfer_protocol *receiver);
void cable_add_file(struct cable *line, const char *name, struct bytes data);
/* Until both have ended, or for so long. */
void cable_run(struct cable *line, uint64_t most_ms);
bool cable_is_copied(const struct cable *line);
void cable_done(struct cable *line);

#endif
