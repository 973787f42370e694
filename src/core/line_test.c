#include "src/core/line_test.h"

#include <stdlib.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/console.h"
#include "src/io/loop.h"

enum { PATTERN_MAX = 128, ANSWER_MS = 1000, BAD_TEXT = 40 };

struct line_test {
	struct console *console;
	struct loop_timer *limit;
	void (*changed)(void *user);
	void *user;
	struct line_check check;
	uint8_t sent[PATTERN_MAX];
	size_t sent_size, back, wrong;
};
DEFINE_AUTO(line_test);

static void end_loopback(void *user)
{
	struct line_test *test = user;
	char text[120];

	console_remark(test->console,
		       text_format(text, sizeof(text), "loopback test: %zu of %zu bytes came back, %zu of them wrong",
				   test->back, test->sent_size, test->wrong));
	line_check_loopback(&test->check, test->sent_size, test->back, test->wrong);
	console_forget(test->console); /* the adapter said that, not the device */
	test->changed(test->user);
}

enum status line_test_new(struct loop *loop, struct console *console, void (*changed)(void *user), void *user,
			  struct line_test **ret_test, struct error *reterr)
{
	AUTO(line_test) test = calloc(1, sizeof(*test));

	if (test == NULL || (test->limit = loop_timer_new(loop, end_loopback, test)) == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the line check");
	test->console = console;
	test->changed = changed;
	test->user = user;
	line_check_begin(&test->check);
	*ret_test = TAKE(test);
	return STATUS_OK;
}

void line_test_free(struct line_test *test)
{
	if (test == NULL)
		return;
	loop_timer_free(test->limit);
	free(test);
}

static enum status begin_loopback(struct line_test *test, struct error *reterr)
{
	unsigned baud = line_baud(console_get_line(test->console));

	test->sent_size = line_check_pattern(test->sent, sizeof(test->sent));
	test->back = test->wrong = 0;
	console_remark(test->console, "loopback test: the operator says that no device is connected");
	if (!console_is_open(test->console) ||
	    console_write(test->console, bytes_of(test->sent, test->sent_size)) != test->sent_size) {
		line_check_loopback(&test->check, 0, 0, 0);
		error_set(reterr, STATUS_GONE, "the port is lost, or takes nothing");
		return error_hint(reterr, "Plug the adapter in again");
	}
	loop_timer_set_after(test->limit, ANSWER_MS + test->sent_size * 10000 / (baud > 0 ? baud : 1));
	return STATUS_OK;
}

enum status line_test_answer(struct line_test *test, const char *id, struct error *reterr)
{
	if (!line_check_answer(&test->check, id))
		return error_set(reterr, STATUS_INVALID, "'%.40s' is no answer here", id);
	return test->check.state == LINE_CHECK_TESTING ? begin_loopback(test, reterr) : STATUS_OK;
}

void line_test_bytes(struct line_test *test, struct bytes in, int text_score)
{
	if (test->check.state == LINE_CHECK_TESTING) {
		for (size_t i = 0; i < in.size && test->back < test->sent_size; i++, test->back++)
			test->wrong += in.data[i] != test->sent[test->back];
		if (test->back == test->sent_size)
			loop_timer_set_after(test->limit, 0);
		return;
	}
	if (text_score < 0)
		return;
	line_check_heard(&test->check, text_score >= BAD_TEXT);
	test->changed(test->user);
}

const struct line_check *line_test_check(const struct line_test *test)
{
	return &test->check;
}
