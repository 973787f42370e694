/* src/core/line_test.h
 *
 * The line check at work on a console: its questions (recovery/serial/line_check.h), what comes from the device
 * meanwhile, and the test of the adapter with its TX and RX joined. That test is the only thing that is sent, and only
 * after the operator has said that the device is not connected. */
#ifndef UNBRICK_CORE_LINE_TEST_H
#define UNBRICK_CORE_LINE_TEST_H

#include "recovery/serial/line_check.h"
#include "src/base/bytes.h"
#include "src/base/status.h"

struct line_test;
struct console;
struct loop;

/* changed comes from the loop when the picture differs. */
enum status line_test_new(struct loop *loop, struct console *console, void (*changed)(void *user), void *user,
			  struct line_test **ret_test, struct error *reterr);
void line_test_free(struct line_test *test);
/* INVALID: the question has no such answer. */
enum status line_test_answer(struct line_test *test, const char *id, struct error *reterr);
/* text_score: of what came lately, -1: too little to say. */
void line_test_bytes(struct line_test *test, struct bytes in, int text_score);
const struct line_check *line_test_check(const struct line_test *test);

#endif
