/* recovery/diagnosis/diagnosis.h
 *
 * From what a device prints to causes, as a machine: bytes and their time in; marked lines, stage, facts and a verdict out.
 * Works on a live stream and on a file alike; memory is constant (the last lines and the best evidence are kept).
 * No descriptor, no clock, no print. Signs are borrowed for the life of the machine. */
#ifndef UNBRICK_RECOVERY_DIAGNOSIS_H
#define UNBRICK_RECOVERY_DIAGNOSIS_H

#include <stdbool.h>

#include "recovery/diagnosis/sign.h"
#include "src/base/bytes.h"
#include "src/base/status.h"

enum {
	DIAGNOSIS_LINE_MAX = 512,	/* bytes of one printable line that are looked at; the rest is skipped */
	DIAGNOSIS_EVIDENCE_MAX = 128,
	DIAGNOSIS_FACTS_MAX = 32,
	DIAGNOSIS_CAUSES_MAX = 8,
	DIAGNOSIS_PROOFS_MAX = 6,	/* of one cause, for and against each */
};

enum evidence_source {
	EVIDENCE_LINE,		/* the device printed it; .line says where */
	EVIDENCE_COURSE,	/* follows from the course of events (rules over several lines) */
	EVIDENCE_PROBE,		/* asked of the device: printenv, df, a CRC of its flash */
	EVIDENCE_IMAGE,		/* read from the firmware file */
	EVIDENCE_OPERATOR,	/* somebody said so */
	EVIDENCE_PROFILE,	/* the device profile and the log disagree (architecture, board) */
};

struct evidence {
	enum evidence_source source;
	enum cause cause;
	int weight;			/* 1..100 for the cause, -1..-100 against it */
	unsigned line;			/* 1-based line of the stream, 0 when it is not a line */
	unsigned start;			/* which start of the device, 1-based */
	enum boot_stage seen;		/* what the device was at when it printed the line */
	const struct sign *sign;	/* NULL when no sign is behind it */
	char text[160];			/* the line, or the sentence */
};

struct diagnosis_fact {
	char name[24];
	char value[96];
	unsigned line;
};

struct cause_verdict {
	enum cause cause;
	double confidence;		/* 0..1; over all causes at most 1 */
	struct evidence proof[DIAGNOSIS_PROOFS_MAX];		/* strongest first */
	size_t proof_count;
	struct evidence contradiction[DIAGNOSIS_PROOFS_MAX];
	size_t contradiction_count;
};

struct verdict {
	enum cause cause;		/* the first of causes, or HEALTHY, LOGIN, NONE */
	bool is_decided;		/* false: causes lead together, or too little was seen: see next */
	struct cause_verdict causes[DIAGNOSIS_CAUSES_MAX];	/* most likely first; faults only */
	size_t cause_count;
	enum boot_stage furthest;	/* of the last start */
	unsigned starts;		/* how often the device was seen to start */
	bool is_looping;		/* it starts again and again by itself */
	uint64_t loop_ms;		/* how long a round takes, 0 when unknown */
	char next[3][160];		/* what would settle it, best first */
	size_t next_count;
};

/* One finished line, as handed to the observer; text is valid during the call. */
struct diagnosis_line {
	unsigned number;		/* 1-based */
	uint64_t time_ms;		/* when its first byte came */
	const char *text;		/* printable, without the line end */
	enum boot_stage stage;
	unsigned start;
	const struct sign *sign;	/* the most telling sign on it, or NULL */
};

struct diagnosis;

/* Compiles the signs; a pattern that does not compile is an error that names the sign. Allocates once, here.
 * on_line may be NULL. */
enum status diagnosis_new(const struct sign *signs, size_t sign_count,
			  void (*on_line)(void *user, const struct diagnosis_line *line), void *user,
			  struct diagnosis **ret_diagnosis, struct error *reterr);
void diagnosis_free(struct diagnosis *diagnosis);
/* Forgets everything seen, keeps the signs; line numbers go on. */
void diagnosis_reset(struct diagnosis *diagnosis);
void diagnosis_input(struct diagnosis *diagnosis, struct bytes in, uint64_t now_ms);
/* Off while somebody types commands at the prompt: lines are still counted and handed out, but what they say is an answer to the typing,
 * not the course of a start, so no sign is looked for. On at first and after diagnosis_reset. */
void diagnosis_heed(struct diagnosis *diagnosis, bool heeds);
/* An unfinished last line (a prompt) is looked at as well, without ending it: call when the line has been quiet. */
void diagnosis_quiet(struct diagnosis *diagnosis, uint64_t now_ms);
/* No more will come (end of file). */
void diagnosis_end(struct diagnosis *diagnosis, uint64_t now_ms);
/* What was learnt elsewhere; copied. */
void diagnosis_add(struct diagnosis *diagnosis, const struct evidence *evidence);
/* What the profile says the device is ("armv7", "aarch64", "mipsel"...), so that an image for another one shows. NULL: unknown. */
void diagnosis_expect_arch(struct diagnosis *diagnosis, const char *arch);

enum boot_stage diagnosis_stage(const struct diagnosis *diagnosis);	/* now */
unsigned diagnosis_starts(const struct diagnosis *diagnosis);
unsigned diagnosis_line_count(const struct diagnosis *diagnosis);
size_t diagnosis_facts(const struct diagnosis *diagnosis, const struct diagnosis_fact **ret_facts);
const char *diagnosis_fact_value(const struct diagnosis *diagnosis, const char *name);	/* NULL: not seen */
/* A pure function of what was seen so far; may be called at any time. */
void diagnosis_verdict(const struct diagnosis *diagnosis, struct verdict *ret_verdict);

/* How much of the bytes looks like text of a console: 0 (noise, as at a wrong baud rate) .. 100. */
int diagnosis_text_score(struct bytes in);

#endif
