/* tests/unit/cable_bench.h
 *
 * A cable (tests/fakes/cable_model.h) with one protocol at both ends, for tests on the heap. */
#ifndef UNBRICK_TESTS_CABLE_BENCH_H
#define UNBRICK_TESTS_CABLE_BENCH_H

#include "tests/fakes/cable_model.h"

enum { CABLE_BENCH_HOUR_MS = 3600000 };

/* baud 0: as fast as the machines are. */
struct cable *cable_bench_new(const struct transfer_protocol *protocol, unsigned baud);
void cable_bench_free(struct cable *line);
/* A file to send, of every byte value, long runs of FFh as flash has them, and every pair of neighbours sooner or later. */
void cable_bench_add(struct cable *line, const char *name, size_t size);
/* Fails the test unless both ends are done and the files are the same. */
void cable_bench_copied(const struct cable *line);

#endif
