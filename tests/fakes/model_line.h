/* tests/fakes/model_line.h
 *
 * Two transfer machines at the two ends of a serial line that exists only as a calculation: a rate, a latency, damaged, lost and doubled
 * bytes, and a clock that jumps from one thing that happens to the next. Nothing here takes real time. */
#ifndef UNBRICK_TESTS_MODEL_LINE_H
#define UNBRICK_TESTS_MODEL_LINE_H

#include "recovery/protocol/transfer.h"

enum { MODEL_QUEUE = 1 << 17, MODEL_FILES = 4, MODEL_TEXT = 4096, MODEL_WAITING = 4096 };

/* One direction. */
struct model_wire {
	unsigned baud;			/* 0: bytes take no time */
	unsigned latency_ms;		/* an adapter's */
	double flip, drop, twice;	/* per byte */
	/* What a test does to a byte itself: false loses it. number counts from 0. */
	bool (*spoil)(void *user, uint64_t number, uint8_t *byte);
	void *user;
	uint8_t byte[MODEL_QUEUE];
	uint64_t arrives_us[MODEL_QUEUE];
	size_t first, count;
	uint64_t free_us;		/* when the wire is free for the next byte */
	uint64_t number;
};

struct model_file {
	char name[TRANSFER_NAME_MAX];
	uint8_t *data;
	size_t size, capacity;
	bool has_size, is_whole;
	uint64_t told_size;
	int64_t modified;
};

/* One end: a machine, its files, and what it told. */
struct model_end {
	const struct transfer_protocol *protocol;
	struct transfer *transfer;
	struct model_file file[MODEL_FILES];
	size_t files, at;		/* at: the source's next one */
	bool is_over, is_done;
	enum status status;
	char reason[TRANSFER_REASON_MAX];
	unsigned retries;
	char text[MODEL_TEXT];		/* TRANSFER_TEXT, and what was left when it was over */
	size_t text_size;
	bool is_started;
	uint64_t starts_ms;		/* nothing of this end happens before; what arrives waits */
};

struct model {
	struct model_end sender, receiver;
	struct model_wire to_receiver, to_sender;
	uint64_t now_us;
	uint64_t random;
};

struct model *model_new(uint64_t seed);
void model_free(struct model *model);
/* A file of the sender; its bytes are copied. */
void model_add_file(struct model *model, const char *name, const void *data, size_t size);
/* Made-up bytes of that size. */
void model_add_made_up(struct model *model, const char *name, size_t size);
/* Runs until both ends are over, or limit_ms have passed. options may be NULL; rate and direction are set here. */
void model_run(struct model *model, const char *sender, const char *receiver, const struct transfer_options *options, uint64_t limit_ms);

#endif
