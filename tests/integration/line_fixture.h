/* tests/integration/line_fixture.h
 *
 * A loop, a pty and a line on it, and what the line told. */
#ifndef UNBRICK_TESTS_LINE_FIXTURE_H
#define UNBRICK_TESTS_LINE_FIXTURE_H

#include "src/io/line.h"

enum { GIVE_UP_MS = 5000, GOT_MAX = 1 << 20 };

struct line_fixture {
	struct loop *loop;
	struct loop_timer *give_up, *pause;
	struct line *line;
	int master, slave;		/* slave: kept open only where a test says so */
	char pts[64];
	char folder[64], path[128];
	uint8_t got[GOT_MAX];
	size_t got_size, wanted_size, total;
	unsigned lost, open, rooms, calls, descriptors;
	struct error why;
	bool gave_up, stop_at_state, close_in_callback;
};

/* For cmocka: a loop and a pty; at the end no descriptor may be left open. */
int fixture_begin(void **state);
int fixture_end(void **state);
void fixture_new_pty(struct line_fixture *fixture);
void fixture_close_pty(struct line_fixture *fixture);
enum status fixture_try(struct line_fixture *fixture, const char *name, const struct line_settings *settings,
			    struct error *error);
void fixture_open(struct line_fixture *fixture, const char *name, const struct line_settings *settings);
/* Until something stops the loop; the test fails after five seconds. */
void fixture_run(struct line_fixture *fixture);
void fixture_run_for(struct line_fixture *fixture, uint64_t milliseconds);
void fixture_run_until_got(struct line_fixture *fixture, size_t size);
/* Until the line is lost or open again. */
void fixture_run_until_state(struct line_fixture *fixture);
void fixture_say(int descriptor, struct bytes what);
/* Turns the loop until these bytes have come out of descriptor. */
void fixture_expect_out(struct line_fixture *fixture, int descriptor, struct bytes wanted);
/* No byte is changed, echoed or taken for a signal. */
void fixture_assert_raw(int descriptor);
/* Bytes go both ways between the line and its other end. */
void fixture_exchange(struct line_fixture *fixture, int peer);

#endif
