/* src/store/casebook.c
 *
 * Two things guard a casebook. SQLite keeps the entries: WAL with synchronous FULL syncs the log at every commit, so an entry
 * that was appended survives a kill and a pulled plug. A second file says who works on which case (casebook_holds.h). */
#include "src/store/casebook.h"

#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/late_library.h"
#include "src/base/text.h"
#include "src/store/casebook_file.h"
#include "src/store/casebook_holds.h"
#include "src/store/casebook_schema.h"

enum {
	/* How long another process may keep the database locked: its commits take milliseconds. */
	BUSY_TIMEOUT_MS = 3000,
	/* Going to WAL does not call SQLite's busy handler; two first starts at once meet here. */
	WAL_ATTEMPTS = 50,
	WAL_PAUSE_MS = 20,
	/* The longest key, text or data of an entry. */
	ENTRY_CEILING = 16 * 1024 * 1024,
};

#define SQLITE_CALLS(call) \
	call(sqlite3_, open_v2) call(sqlite3_, close_v2) call(sqlite3_, busy_timeout) call(sqlite3_, extended_result_codes) call(sqlite3_, limit) \
	call(sqlite3_, sleep) call(sqlite3_, exec) call(sqlite3_, prepare_v2) call(sqlite3_, prepare_v3) call(sqlite3_, step) call(sqlite3_, reset) \
	call(sqlite3_, finalize) call(sqlite3_, clear_bindings) call(sqlite3_, bind_int) call(sqlite3_, bind_int64) call(sqlite3_, bind_text) \
	call(sqlite3_, bind_null) call(sqlite3_, column_int) call(sqlite3_, column_int64) call(sqlite3_, column_text) \
	call(sqlite3_, last_insert_rowid) call(sqlite3_, errcode) call(sqlite3_, extended_errcode) call(sqlite3_, errmsg) \
	call(sqlite3_, system_errno) call(sqlite3_, libversion)
LATE_LIBRARY(sqlite_library, SQLITE_CALLS, "libsqlite3.so.0")

struct casebook {
	struct sqlite_library sqlite;
	char *path;
	sqlite3 *db;
	sqlite3_stmt *append;
	sqlite3_stmt *last_value;
	struct casebook_holds holds;
};

static inline void casebook_free(struct casebook *book)
{
	casebook_close(book);
}
DEFINE_AUTO(casebook);

/* One that is finalized at the end of its scope. */
struct statement {
	const struct sqlite_library *sqlite;
	sqlite3_stmt *at;
};

static void finalize_statement(struct statement *statement)
{
	statement->sqlite->finalize(statement->at);
}
#define AUTO_STATEMENT __attribute__((cleanup(finalize_statement))) struct statement

/* --- errors --- */

/* To be called right after the call that failed: SQLite forgets the errno of some writes, so errno itself is asked too. */
static int io_errno(const struct casebook *book)
{
	int number = errno;

	if (status_of_errno(number) == STATUS_NO_SPACE)
		return number;
	number = book->sqlite.system_errno(book->db);
	return number != 0 ? number : EIO;
}

static enum status sqlite_error(const struct casebook *book, const char *doing, struct error *reterr)
{
	int number = io_errno(book), code = book->sqlite.errcode(book->db) & 0xff;

	switch (code) {
	case SQLITE_NOTADB:
		return casebook_file_foreign(book->path, reterr);
	case SQLITE_FULL:
		return casebook_file_error(book->path, doing, ENOSPC, reterr);
	case SQLITE_READONLY:
		return casebook_file_error(book->path, doing, EROFS, reterr);
	case SQLITE_IOERR: case SQLITE_CANTOPEN:
		return casebook_file_error(book->path, doing, number, reterr);
	case SQLITE_NOMEM:
		return error_set(reterr, STATUS_NO_MEMORY, "cannot %s casebook '%s': no memory", doing, book->path);
	case SQLITE_TOOBIG:
		return error_set(reterr, STATUS_INVALID, "cannot %s casebook '%s': an entry of more than 16 MiB", doing, book->path);
	case SQLITE_BUSY: case SQLITE_LOCKED:
		error_set(reterr, STATUS_BUSY, "cannot %s casebook '%s': another process keeps it locked", doing, book->path);
		error_hint(reterr, "Try again; if it stays so, look who uses it with: fuser %.150s", book->path);
		return STATUS_BUSY;
	case SQLITE_CORRUPT:
		error_set(reterr, STATUS_INVALID, "cannot %s casebook '%s': it is damaged (%s)", doing, book->path,
			  book->sqlite.errmsg(book->db));
		error_hint(reterr, "Keep a copy, then move the file away; 'sqlite3 FILE .recover' may save its entries");
		return STATUS_INVALID;
	}
	return error_set(reterr, STATUS_IO, "cannot %s casebook '%s': %s", doing, book->path, book->sqlite.errmsg(book->db));
}

static enum status no_case(const struct casebook *book, int64_t case_id, struct error *reterr)
{
	error_set(reterr, STATUS_NOT_FOUND, "casebook '%s' has no case %" PRId64, book->path, case_id);
	return error_hint(reterr, "unbrick case list shows which there are");
}

/* --- opening --- */

static int run_sql(struct casebook *book, const char *sql)
{
	return book->sqlite.exec(book->db, sql, NULL, NULL, NULL);
}

static int read_number(struct casebook *book, const char *sql, int64_t *ret_number)
{
	AUTO_STATEMENT statement = { &book->sqlite, NULL };
	int code = book->sqlite.prepare_v2(book->db, sql, -1, &statement.at, NULL);

	if (code == SQLITE_OK && (code = book->sqlite.step(statement.at)) == SQLITE_ROW) {
		*ret_number = book->sqlite.column_int64(statement.at, 0);
		return SQLITE_OK;
	}
	return code == SQLITE_DONE ? SQLITE_ERROR : code;
}

enum book_state { BOOK_EMPTY, BOOK_READY, BOOK_NEWER, BOOK_FOREIGN };

/* Within a transaction: another first start may commit between two of the questions. */
static int read_state_locked(struct casebook *book, enum book_state *ret_state)
{
	int64_t application = 0, version = 0, objects = 0;
	int code = read_number(book, "PRAGMA application_id", &application);

	if (code == SQLITE_OK)
		code = read_number(book, "PRAGMA user_version", &version);
	if (code == SQLITE_OK)
		code = read_number(book, "SELECT COUNT(*) FROM sqlite_master", &objects);
	if (code != SQLITE_OK)
		return code;
	if (application == 0 && version == 0 && objects == 0)
		*ret_state = BOOK_EMPTY;
	else if (application != CASEBOOK_APPLICATION_ID)
		*ret_state = BOOK_FOREIGN;
	else
		*ret_state = version > CASEBOOK_VERSION ? BOOK_NEWER : BOOK_READY;
	return SQLITE_OK;
}

static int read_state(struct casebook *book, enum book_state *ret_state)
{
	int code = run_sql(book, "BEGIN");

	if (code == SQLITE_OK && (code = read_state_locked(book, ret_state)) == SQLITE_OK)
		return run_sql(book, "COMMIT");
	/* no ROLLBACK: it would hide the error, and the connection is closed on any */
	return code;
}

static enum status make_schema(struct casebook *book, struct error *reterr)
{
	enum book_state state;

	if (run_sql(book, "BEGIN IMMEDIATE") != SQLITE_OK)
		return sqlite_error(book, "make", reterr);
	/* again under the lock: another first start may have been quicker */
	if (read_state_locked(book, &state) == SQLITE_OK && (state != BOOK_EMPTY || run_sql(book, casebook_schema) == SQLITE_OK) &&
	    run_sql(book, "COMMIT") == SQLITE_OK)
		return STATUS_OK;
	return sqlite_error(book, "make", reterr);	/* closing the connection rolls back */
}

static enum status use_wal(struct casebook *book, struct error *reterr)
{
	for (int attempt = 0; attempt < WAL_ATTEMPTS; attempt++) {
		int code = run_sql(book, "PRAGMA journal_mode = WAL");

		if (code == SQLITE_OK)
			return run_sql(book, "PRAGMA synchronous = FULL") == SQLITE_OK ? STATUS_OK
										       : sqlite_error(book, "open", reterr);
		if ((code & 0xff) != SQLITE_BUSY)
			break;
		book->sqlite.sleep(WAL_PAUSE_MS);
	}
	return sqlite_error(book, "open", reterr);
}

static enum status prepare(struct casebook *book, struct error *reterr)
{
	if (book->sqlite.prepare_v3(book->db, "INSERT INTO journal (case_id, time_ms, by, kind, text, data) VALUES (?, ?, ?, ?, ?, ?)",
			       -1, SQLITE_PREPARE_PERSISTENT, &book->append, NULL) != SQLITE_OK ||
	    book->sqlite.prepare_v3(book->db, "SELECT data FROM journal WHERE case_id = ? AND kind = 'set' AND text = ?"
			       " ORDER BY id DESC LIMIT 1",
			       -1, SQLITE_PREPARE_PERSISTENT, &book->last_value, NULL) != SQLITE_OK)
		return sqlite_error(book, "open", reterr);
	return STATUS_OK;
}

static enum status open_database(struct casebook *book, struct error *reterr)
{
	enum book_state state;
	enum status status;

	if (book->sqlite.open_v2(book->path, &book->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return sqlite_error(book, "open", reterr);
	book->sqlite.extended_result_codes(book->db, 1);
	book->sqlite.busy_timeout(book->db, BUSY_TIMEOUT_MS);
	book->sqlite.limit(book->db, SQLITE_LIMIT_LENGTH, ENTRY_CEILING);
	if (read_state(book, &state) != SQLITE_OK)
		return sqlite_error(book, "open", reterr);
	if (state == BOOK_EMPTY) {
		status = make_schema(book, reterr);
		if (status != STATUS_OK)
			return status;
		if (read_state(book, &state) != SQLITE_OK)
			return sqlite_error(book, "open", reterr);
	}
	if (state == BOOK_FOREIGN)
		return casebook_file_foreign(book->path, reterr);
	if (state == BOOK_NEWER) {
		error_set(reterr, STATUS_UNSUPPORTED, "cannot open casebook '%s': a newer version of the program made it", book->path);
		error_hint(reterr, "Use that newer version, or set XDG_STATE_HOME to another folder to start a new casebook");
		return STATUS_UNSUPPORTED;
	}
	status = use_wal(book, reterr);
	return status == STATUS_OK ? prepare(book, reterr) : status;
}

enum status casebook_open(const char *path, struct casebook **ret_book, struct error *reterr)
{
	AUTO(casebook) book = calloc(1, sizeof(*book));
	char found[CASEBOOK_PATH_SIZE];
	enum status status = STATUS_OK;

	if (book == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the casebook");
	book->holds.fd = -1;
	if (!sqlite_library_open(&book->sqlite)) {
		error_set(reterr, STATUS_UNSUPPORTED, "cannot open the casebook: SQLite is not on this machine");
		return error_hint(reterr, "Install libsqlite3-0 (elsewhere: sqlite-libs, libsqlite3)");
	}
	if (path != NULL && strlen(path) >= sizeof(found) - 16)
		return error_set(reterr, STATUS_INVALID, "the casebook's path is longer than %d bytes", CASEBOOK_PATH_SIZE - 16);
	if (path == NULL)
		status = casebook_file_default(found, sizeof(found), reterr);
	else
		text_copy(found, sizeof(found), path);
	if (status != STATUS_OK)
		return status;
	book->path = strdup(found);
	if (book->path == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the casebook");
	book->holds.path = book->path;
	status = casebook_file_make(book->path, reterr);
	if (status == STATUS_OK)
		status = open_database(book, reterr);
	if (status == STATUS_OK)
		*ret_book = TAKE(book);
	return status;
}

void casebook_close(struct casebook *book)
{
	if (book == NULL)
		return;
	casebook_holds_done(&book->holds);
	if (book->db != NULL) {
		book->sqlite.finalize(book->append);
		book->sqlite.finalize(book->last_value);
		book->sqlite.close_v2(book->db);
	}
	free(book->path);
	free(book);
}

/* --- entries --- */

enum status casebook_case_new(struct casebook *book, int64_t now_ms, int64_t *ret_case_id, struct error *reterr)
{
	AUTO_STATEMENT statement = { &book->sqlite, NULL };

	if (book->sqlite.prepare_v2(book->db, "INSERT INTO cases (opened_ms) VALUES (?)", -1, &statement.at, NULL) != SQLITE_OK ||
	    book->sqlite.bind_int64(statement.at, 1, now_ms) != SQLITE_OK || book->sqlite.step(statement.at) != SQLITE_DONE)
		return sqlite_error(book, "open a case in", reterr);
	*ret_case_id = book->sqlite.last_insert_rowid(book->db);
	return STATUS_OK;
}

static int bind_text(const struct sqlite_library *sqlite, sqlite3_stmt *statement, int index, const char *text)
{
	return text != NULL ? sqlite->bind_text(statement, index, text, -1, SQLITE_STATIC) : sqlite->bind_null(statement, index);
}

enum status casebook_append(struct casebook *book, const struct journal_entry *entry, struct error *reterr)
{
	sqlite3_stmt *to = book->append;
	enum status status = STATUS_OK;

	if (book->sqlite.bind_int64(to, 1, entry->case_id) != SQLITE_OK || book->sqlite.bind_int64(to, 2, entry->time_ms) != SQLITE_OK ||
	    book->sqlite.bind_int(to, 3, (int)entry->by) != SQLITE_OK || bind_text(&book->sqlite, to, 4, entry->kind) != SQLITE_OK ||
	    bind_text(&book->sqlite, to, 5, entry->text ? entry->text : "") != SQLITE_OK || bind_text(&book->sqlite, to, 6, entry->data) != SQLITE_OK ||
	    book->sqlite.step(to) != SQLITE_DONE) {
		if (book->sqlite.extended_errcode(book->db) == SQLITE_CONSTRAINT_TRIGGER)
			status = error_set(reterr, STATUS_NOT_FOUND, "cannot write to casebook '%s': no case %" PRId64, book->path,
					   entry->case_id);
		else if ((book->sqlite.errcode(book->db) & 0xff) == SQLITE_CONSTRAINT)
			status = error_set(reterr, STATUS_INVALID, "cannot write to casebook '%s': an entry without kind or maker",
					   book->path);
		else
			status = sqlite_error(book, "write to", reterr);
	}
	book->sqlite.reset(to);
	book->sqlite.clear_bindings(to);
	return status;
}

enum status casebook_set(struct casebook *book, int64_t case_id, int64_t now_ms, enum journal_by by, const char *key, const char *value,
			 struct error *reterr)
{
	struct journal_entry entry = {
		.case_id = case_id, .time_ms = now_ms, .by = by, .kind = "set", .text = key, .data = value,
	};

	return casebook_append(book, &entry, reterr);
}

static const char *column_text(const struct casebook *book, sqlite3_stmt *statement, int column)
{
	return (const char *)book->sqlite.column_text(statement, column);
}

enum status casebook_get(struct casebook *book, int64_t case_id, const char *key, char *ret_value, size_t size, struct error *reterr)
{
	sqlite3_stmt *from = book->last_value;
	enum status status = STATUS_OK;
	int code = SQLITE_ERROR;

	if (book->sqlite.bind_int64(from, 1, case_id) == SQLITE_OK && bind_text(&book->sqlite, from, 2, key) == SQLITE_OK)
		code = book->sqlite.step(from);
	if (code == SQLITE_ROW)
		text_copy(ret_value, size, column_text(book, from, 0));
	else if (code == SQLITE_DONE)
		status = error_set(reterr, STATUS_NOT_FOUND, "case %" PRId64 " has no '%s'", case_id, key);
	else
		status = sqlite_error(book, "read", reterr);
	book->sqlite.reset(from);
	book->sqlite.clear_bindings(from);
	return status;
}

/* The columns are those of casebook_summary_columns. */
static void read_summary(const struct casebook *book, sqlite3_stmt *from, struct case_summary *to)
{
	const char *device = column_text(book, from, 3);

	*to = (struct case_summary){
		.id = book->sqlite.column_int64(from, 0),
		.opened_ms = book->sqlite.column_int64(from, 1),
		.changed_ms = book->sqlite.column_int64(from, 2),
	};
	text_copy(to->device, sizeof(to->device), device != NULL && device[0] != '\0' ? device : "unknown device");
	text_copy(to->title, sizeof(to->title), column_text(book, from, 4));
	text_copy(to->cause, sizeof(to->cause), column_text(book, from, 5));
	text_copy(to->phase, sizeof(to->phase), column_text(book, from, 6));
	text_copy(to->note, sizeof(to->note), column_text(book, from, 7));
	text_copy(to->written, sizeof(to->written), column_text(book, from, 8));
	text_copy(to->verified, sizeof(to->verified), column_text(book, from, 9));
	text_copy(to->booted, sizeof(to->booted), column_text(book, from, 10));
	to->is_open = !text_equal(to->phase, "closed");
}

enum status casebook_list(struct casebook *book, bool only_open, struct case_summary *ret_cases, size_t max, size_t *ret_count,
			  struct error *reterr)
{
	AUTO_STATEMENT statement = { &book->sqlite, NULL };
	char sql[2400];
	size_t count = 0;
	int code;

	text_format(sql, sizeof(sql), "SELECT %s FROM cases c WHERE %s ORDER BY c.id DESC", casebook_summary_columns,
		    only_open ? "phase IS NOT 'closed'" : "1");
	code = book->sqlite.prepare_v2(book->db, sql, -1, &statement.at, NULL);
	if (code != SQLITE_OK)
		return sqlite_error(book, "read", reterr);
	while (count < max && (code = book->sqlite.step(statement.at)) == SQLITE_ROW)
		read_summary(book, statement.at, &ret_cases[count++]);
	if (count < max && code != SQLITE_DONE)
		return sqlite_error(book, "read", reterr);
	*ret_count = count;
	return STATUS_OK;
}

enum status casebook_summary(struct casebook *book, int64_t case_id, struct case_summary *ret_case, struct error *reterr)
{
	AUTO_STATEMENT statement = { &book->sqlite, NULL };
	char sql[2400];
	int code;

	text_format(sql, sizeof(sql), "SELECT %s FROM cases c WHERE c.id = ?", casebook_summary_columns);
	if (book->sqlite.prepare_v2(book->db, sql, -1, &statement.at, NULL) != SQLITE_OK ||
	    book->sqlite.bind_int64(statement.at, 1, case_id) != SQLITE_OK)
		return sqlite_error(book, "read", reterr);
	code = book->sqlite.step(statement.at);
	if (code == SQLITE_DONE)
		return no_case(book, case_id, reterr);
	if (code != SQLITE_ROW)
		return sqlite_error(book, "read", reterr);
	read_summary(book, statement.at, ret_case);
	return STATUS_OK;
}

enum status casebook_read(struct casebook *book, int64_t case_id, int64_t after_id, bool (*on_entry)(void *user, const struct journal_entry *),
			  void *user, struct error *reterr)
{
	AUTO_STATEMENT statement = { &book->sqlite, NULL };
	int code;

	/* up to what there is now: on_entry may append */
	if (book->sqlite.prepare_v2(book->db, "SELECT id, case_id, time_ms, by, kind, text, data FROM journal"
			       " WHERE case_id = ?1 AND id > ?2 AND id <= (SELECT MAX(id) FROM journal) ORDER BY id",
			       -1, &statement.at, NULL) != SQLITE_OK ||
	    book->sqlite.bind_int64(statement.at, 1, case_id) != SQLITE_OK || book->sqlite.bind_int64(statement.at, 2, after_id) != SQLITE_OK)
		return sqlite_error(book, "read", reterr);
	while ((code = book->sqlite.step(statement.at)) == SQLITE_ROW) {
		struct journal_entry entry = {
			.id = book->sqlite.column_int64(statement.at, 0),
			.case_id = book->sqlite.column_int64(statement.at, 1),
			.time_ms = book->sqlite.column_int64(statement.at, 2),
			.by = (enum journal_by)book->sqlite.column_int(statement.at, 3),
			.kind = column_text(book, statement.at, 4),
			.text = column_text(book, statement.at, 5),
			.data = column_text(book, statement.at, 6),
		};

		if (!on_entry(user, &entry))
			return STATUS_OK;
	}
	return code == SQLITE_DONE ? STATUS_OK : sqlite_error(book, "read", reterr);
}

enum status casebook_hold(struct casebook *book, int64_t case_id, struct error *reterr)
{
	return casebook_holds_take(&book->holds, case_id, reterr);
}

char *casebook_library_version(char *to, size_t size)
{
	struct sqlite_library sqlite;

	return text_copy(to, size, sqlite_library_open(&sqlite) ? sqlite.libversion() : "");
}
