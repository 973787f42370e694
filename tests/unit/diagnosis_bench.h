/* tests/unit/diagnosis_bench.h
 *
 * The diagnosis with a handful of signs made for the tests; firmware-db's own are tested in tests/integration. */
#ifndef UNBRICK_TESTS_DIAGNOSIS_BENCH_H
#define UNBRICK_TESTS_DIAGNOSIS_BENCH_H

#include "recovery/diagnosis/diagnosis.h"

/* For diagnosis_free. */
struct diagnosis *diagnosis_bench_begin(void);
struct diagnosis *diagnosis_bench_observed(void (*on_line)(void *user, const struct diagnosis_line *line), void *user);
void diagnosis_bench_say(struct diagnosis *diagnosis, const char *text, uint64_t now_ms);
/* The verdict over a whole text. */
struct verdict diagnosis_bench_judge(const char *text);

#endif
