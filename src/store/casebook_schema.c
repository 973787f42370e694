#include "src/store/casebook_schema.h"

#define TEXT_OF(number) TEXT_OF_VALUE(number)
#define TEXT_OF_VALUE(number) #number

/* The triggers keep the journal append-only for every program that opens the file, not only for this one. INSERT OR REPLACE
 * would delete without firing a delete trigger (SQLite, "recursive_triggers"), hence the one that refuses a used id. */
const char *const casebook_schema =
	"CREATE TABLE cases ("
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	opened_ms INTEGER NOT NULL);"
	"CREATE TABLE journal ("
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	case_id INTEGER NOT NULL,"		/* 0: the bench, of no case */
	"	time_ms INTEGER NOT NULL,"
	"	by INTEGER NOT NULL CHECK (by IN (0, 1, 2)),"
	"	kind TEXT NOT NULL,"
	"	text TEXT NOT NULL,"
	"	data TEXT);"
	"CREATE INDEX journal_of_case ON journal (case_id, id);"
	"CREATE INDEX journal_of_key ON journal (case_id, text, id) WHERE kind = 'set';"
	"CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal"
	"	BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;"
	"CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal"
	"	BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;"
	"CREATE TRIGGER journal_no_replace BEFORE INSERT ON journal"
	"	WHEN EXISTS (SELECT 1 FROM journal WHERE id = NEW.id)"
	"	BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;"
	"CREATE TRIGGER journal_of_known_case BEFORE INSERT ON journal"
	"	WHEN NEW.case_id <> 0 AND NOT EXISTS (SELECT 1 FROM cases WHERE id = NEW.case_id)"
	"	BEGIN SELECT RAISE(ABORT, 'no such case'); END;"
	"CREATE TRIGGER cases_no_update BEFORE UPDATE ON cases"
	"	BEGIN SELECT RAISE(ABORT, 'cases are append-only'); END;"
	"CREATE TRIGGER cases_no_delete BEFORE DELETE ON cases"
	"	BEGIN SELECT RAISE(ABORT, 'cases are append-only'); END;"
	"CREATE TRIGGER cases_no_replace BEFORE INSERT ON cases"
	"	WHEN EXISTS (SELECT 1 FROM cases WHERE id = NEW.id)"
	"	BEGIN SELECT RAISE(ABORT, 'cases are append-only'); END;"
	"PRAGMA application_id = " TEXT_OF(CASEBOOK_APPLICATION_ID) ";"
	"PRAGMA user_version = " TEXT_OF(CASEBOOK_VERSION) ";";

#define LAST(key) \
	"(SELECT data FROM journal WHERE case_id = c.id AND kind = 'set' AND text = '" key "' ORDER BY id DESC LIMIT 1)"

const char *const casebook_summary_columns =
	"c.id, c.opened_ms,"
	" COALESCE((SELECT time_ms FROM journal WHERE case_id = c.id ORDER BY id DESC LIMIT 1), c.opened_ms),"
	LAST("device") "," LAST("title") "," LAST("cause") "," LAST("phase") " AS phase," LAST("note") ","
	LAST("written") "," LAST("verified") "," LAST("booted");
