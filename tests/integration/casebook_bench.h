/* tests/integration/casebook_bench.h
 *
 * A casebook in a folder of its own. */
#ifndef UNBRICK_TESTS_CASEBOOK_BENCH_H
#define UNBRICK_TESTS_CASEBOOK_BENCH_H

#include "src/store/casebook.h"

struct casebook_bench {
	char path[240];		/* of the casebook, below the folder */
	char folder[200];
};

struct casebook_reading {
	size_t count, stop_after;
	int64_t last_id;
	char last_text[64];
	bool is_numbered;	/* the texts are 0, 1, 2... */
};

/* For cmocka. */
int casebook_bench_begin(void **state);
int casebook_bench_end(void **state);

struct casebook *casebook_bench_open(const char *path);
int64_t casebook_bench_case(struct casebook *book, int64_t now_ms);
enum status casebook_bench_append(struct casebook *book, int64_t case_id, const char *text, struct error *reterr);
/* For casebook_read; user is a casebook_reading. */
bool casebook_bench_read(void *user, const struct journal_entry *entry);

#endif
