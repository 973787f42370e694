/* tests/integration/library_bench.h
 *
 * A firmware-db of a test's own, written file by file. */
#ifndef UNBRICK_TESTS_LIBRARY_BENCH_H
#define UNBRICK_TESTS_LIBRARY_BENCH_H

#include "src/store/device_library.h"

struct library_bench {
	char root[64];		/* a firmware-db of our own */
	char second[80];	/* another, of lower rank */
	struct device_library *library;
};

struct collected_errors {
	size_t count;
	struct error last;
	char all[2048];
};

/* A sign, for a list of them. */
#define LIBRARY_SIGN(id, rest) "  - { id: " id ", match: x, meaning: m, source: s, " rest " }\n"
extern const char library_good_procedure[], library_good_profile[];

/* For cmocka. */
int library_bench_begin(void **state);
int library_bench_end(void **state);

/* Writes root/path with its folders. */
void library_bench_put(const char *root, const char *path, const char *text);
void library_bench_put_profile(const char *root, const char *id, const char *vendor, const char *model, const char *more);
void library_bench_open(struct library_bench *bench);
/* For device_library_lint; user is a collected_errors. */
void library_bench_collect(void *user, const struct error *error);
/* One bad file in an otherwise good library: one error, with this file and line, that says this. */
void library_bench_assert_one_error(struct library_bench *bench, const char *file_and_line, const char *expected);

#endif
