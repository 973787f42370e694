/* src/store/casebook.h
 *
 * The casebook: SQLite (WAL, synchronous FULL), an append-only journal of everything seen, done and answered. An entry is on
 * the disk when casebook_append returns, so kill -9 or a pulled plug at any moment loses nothing. The state of a case is never
 * updated in place: it is the last value of each key in its journal (entries of kind "set").
 * Triggers in the schema refuse UPDATE and DELETE on the journal. Times are milliseconds since 1970. */
#ifndef UNBRICK_STORE_CASEBOOK_H
#define UNBRICK_STORE_CASEBOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/status.h"

struct casebook;

enum journal_by {
	JOURNAL_OBSERVED,	/* the program saw it on a line, in a file, on the bench */
	JOURNAL_PROGRAM,	/* the program did or decided it */
	JOURNAL_OPERATOR,	/* somebody did, said or confirmed it by hand */
};

struct journal_entry {
	int64_t id;		/* rising; 0 when not yet appended */
	int64_t case_id;
	int64_t time_ms;
	enum journal_by by;
	const char *kind;	/* "set", "event", "sent", "answer", "evidence", "step", "transfer", "written", "verified", "booted", "error" */
	const char *text;	/* for the reader; of "set": the key */
	const char *data;	/* for the program; of "set": the value; else JSON or NULL */
};

struct case_summary {
	int64_t id;
	int64_t opened_ms, changed_ms;
	bool is_open;
	char device[96];	/* profile id, or "unknown device" */
	char title[96];		/* vendor and model */
	char cause[24];		/* label of the leading cause, "" while unknown */
	char phase[24];
	char note[96];		/* where it stands: "step 4 of 9, write" */
	char written[16], verified[16], booted[16];	/* "yes", "no", "unknown", "not needed", "" */
};

/* path NULL: $XDG_STATE_HOME/unbrick/casebook.db (made with its folders, mode 0700). A database of a newer version, a file that is
 * no database, a full disk: a clear error. Tolerates other processes on the same file (busy timeout). */
enum status casebook_open(const char *path, struct casebook **ret_book, struct error *reterr);
void casebook_close(struct casebook *book);

enum status casebook_case_new(struct casebook *book, int64_t now_ms, int64_t *ret_case_id, struct error *reterr);
/* Durable on return. Text and data are borrowed. */
enum status casebook_append(struct casebook *book, const struct journal_entry *entry, struct error *reterr);
/* A "set" entry. */
enum status casebook_set(struct casebook *book, int64_t case_id, int64_t now_ms, enum journal_by by, const char *key, const char *value,
			 struct error *reterr);
/* The last value of key; STATUS_NOT_FOUND when it was never set. Copies at most size - 1 bytes. */
enum status casebook_get(struct casebook *book, int64_t case_id, const char *key, char *ret_value, size_t size, struct error *reterr);
/* Newest first. Summary fields come from the keys device, title, cause, phase, note, written, verified, booted; open unless phase is "closed". */
enum status casebook_list(struct casebook *book, bool only_open, struct case_summary *ret_cases, size_t max, size_t *ret_count,
			  struct error *reterr);
enum status casebook_summary(struct casebook *book, int64_t case_id, struct case_summary *ret_case, struct error *reterr);
/* In order, from after_id on (0: all); stops when on_entry returns false. Pointers in the entry are valid during the call. */
enum status casebook_read(struct casebook *book, int64_t case_id, int64_t after_id, bool (*on_entry)(void *user, const struct journal_entry *),
			  void *user, struct error *reterr);
/* A process that works on a case holds it; STATUS_BUSY names the other (pid). Released by casebook_close or the end of the process. */
enum status casebook_hold(struct casebook *book, int64_t case_id, struct error *reterr);

/* SQLite's; "": it is not on this machine. */
char *casebook_library_version(char *to, size_t size);

#endif
