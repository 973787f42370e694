#include "tests/integration/casebook_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/text.h"
#include "tests/fakes/temp_folder.h"

int casebook_bench_begin(void **state)
{
	struct casebook_bench *bench = calloc(1, sizeof(*bench));

	if (bench == NULL)
		return -1;
	if (!temp_folder_make(bench->folder, sizeof(bench->folder), "casebook"))
		return -1;
	text_format(bench->path, sizeof(bench->path), "%s/state/casebook.db", bench->folder);
	*state = bench;
	return 0;
}

int casebook_bench_end(void **state)
{
	struct casebook_bench *bench = *state;

	temp_folder_remove(bench->folder);
	free(bench);
	return 0;
}

struct casebook *casebook_bench_open(const char *path)
{
	struct casebook *book = NULL;
	struct error error = { .text = "" };

	if (casebook_open(path, &book, &error) != STATUS_OK)
		fail_msg("%s (%s)", error.text, error.hint);
	return book;
}

int64_t casebook_bench_case(struct casebook *book, int64_t now_ms)
{
	int64_t id = 0;

	assert_int_equal(casebook_case_new(book, now_ms, &id, NULL), STATUS_OK);
	assert_true(id > 0);
	return id;
}

enum status casebook_bench_append(struct casebook *book, int64_t case_id, const char *text, struct error *reterr)
{
	struct journal_entry entry = { .case_id = case_id, .time_ms = 5, .by = JOURNAL_OBSERVED, .kind = "event", .text = text };

	return casebook_append(book, &entry, reterr);
}

bool casebook_bench_read(void *user, const struct journal_entry *entry)
{
	struct casebook_reading *reading = user;

	assert_true(entry->id > reading->last_id);
	if (reading->is_numbered && atol(entry->text) != (long)reading->count)
		fail_msg("entry %zu is '%s'", reading->count, entry->text);
	reading->last_id = entry->id;
	text_copy(reading->last_text, sizeof(reading->last_text), entry->text);
	return ++reading->count != reading->stop_after;
}
