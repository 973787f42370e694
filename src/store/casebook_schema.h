/* src/store/casebook_schema.h
 *
 * What the casebook's database looks like, and how one is told from any other SQLite file. For casebook.c only. */
#ifndef UNBRICK_STORE_CASEBOOK_SCHEMA_H
#define UNBRICK_STORE_CASEBOOK_SCHEMA_H

/* PRAGMA application_id: "UBCB". */
#define CASEBOOK_APPLICATION_ID 0x55424342
/* PRAGMA user_version. A reader refuses higher ones; a change that older programs could still read needs no new number. */
#define CASEBOOK_VERSION 1

/* Statements that make an empty database a casebook, to be run in one transaction. */
extern const char *const casebook_schema;

/* Case, its times, and the last value of each summary key: the columns that casebook.c's read_summary expects. */
extern const char *const casebook_summary_columns;

#endif
