/* recovery/diagnosis/golden.h
 *
 * A log held against good ones of the same device, as a machine: bytes in; what differs out. Good logs are learnt first,
 * then the log is taken, then it is compared. What varies from start to start is no difference: times in every style of
 * capture (line_reader.h), numbers, addresses, sizes, rates and names of hosts by their shape (golden_mask.h), and words
 * that several good logs differ in. Neither is the order of messages (drivers are probed side by side), nor how often
 * one comes. With one good log, numbers are compared in facts (signs, the map of the flash chip) only; with several,
 * also in messages that all of them print with the same numbers.
 *
 * Of a good log the start that came furthest is learnt (the last of such). Of the log the last start is compared; where
 * the capture ends inside it and it only repeats the beginning of the one before, which failed, that one.
 *
 * Memory is constant (some 5 MiB, allocated once): GOLDEN_LEARNT_MAX different messages of the good start and
 * GOLDEN_STRANGE_MAX that it does not have are kept, each of GOLDEN_TEXT_MAX bytes; what is beyond is counted.
 * No descriptor, no clock, no print. Signs are borrowed for the life of the machine. */
#ifndef UNBRICK_RECOVERY_GOLDEN_H
#define UNBRICK_RECOVERY_GOLDEN_H

#include <stdbool.h>

#include "recovery/diagnosis/sign.h"
#include "src/base/bytes.h"
#include "src/base/status.h"

enum {
	GOLDEN_DIFFERENCES_MAX = 200,	/* of one kind */
	GOLDEN_SHOWN_MAX = 32,		/* differing facts */
	GOLDEN_NEXT_MAX = 3,		/* lines shown of what did not come any more */
	GOLDEN_MESSAGE_MAX = 240,
};

struct golden_message {
	unsigned line;			/* 1-based, of the good log where it is missing, else of the log */
	unsigned good_line;		/* of a changed message */
	const struct sign *sign;	/* what it means, or NULL */
	char text[GOLDEN_MESSAGE_MAX];
	char good[GOLDEN_MESSAGE_MAX];	/* of a changed message */
};

struct golden_messages {
	struct golden_message item[GOLDEN_DIFFERENCES_MAX];
	size_t count;
	unsigned total;			/* with those beyond GOLDEN_DIFFERENCES_MAX */
};

struct golden_change {
	char name[64];			/* "ram", "loader", "partition boot", ... */
	char good[96], now[96];
	unsigned good_line, line;
};

struct golden_range {
	unsigned first_line, last_line;
	unsigned start;			/* 1-based */
	unsigned starts;		/* in the log */
	bool came_up;
};

/* A part of the good start at one end of it that the log does not have. */
struct golden_rest {
	unsigned messages;		/* 0: there is none */
	unsigned good_line;		/* of the last message before it, or of the first behind it, that both have */
	unsigned line;			/* the same in the log */
	struct golden_message next[GOLDEN_NEXT_MAX];	/* the first of what did not come */
	size_t next_count;
};

struct golden_result {
	unsigned good_logs;
	struct golden_range good;	/* of the first good log */
	struct golden_range now;
	unsigned same;			/* messages that both have */
	struct golden_change facts[GOLDEN_SHOWN_MAX];
	size_t fact_count;
	struct golden_messages changed;	/* the same message with other words */
	struct golden_messages missing;	/* in all good logs, and before the point where the log ends */
	struct golden_messages fresh;	/* in no good log */
	struct golden_rest begins;	/* the log begins later than the good one */
	struct golden_rest ends;	/* the log ends before the good one */
	unsigned before, beyond;	/* messages of the log before the good one begins and after it ends: not compared */
	unsigned not_kept;		/* different messages beyond the ceilings */
};

struct golden;

/* STATUS_INVALID names the sign whose pattern does not compile. */
enum status golden_new(const struct sign *signs, size_t count, struct golden **ret_golden, struct error *reterr);
void golden_free(struct golden *golden);
/* Bytes that come now are of a good log, until golden_end. STATUS_INVALID from golden_end: nothing in it can be compared. */
void golden_begin_good(struct golden *golden);
/* Bytes that come now are of the log; after the good ones. */
void golden_begin_log(struct golden *golden);
void golden_input(struct golden *golden, struct bytes in);
enum status golden_end(struct golden *golden, struct error *reterr);
/* What differs in the log so far; may be asked while it comes. Valid until the next call on golden. Needs a good log. */
const struct golden_result *golden_compare(struct golden *golden);

#endif
