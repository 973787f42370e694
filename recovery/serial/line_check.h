/* recovery/serial/line_check.h
 *
 * "Nothing appears": which questions a technician goes through, in which order, and what each answer proves. A table
 * and a walk over it; pure. Sources: EIA/TIA-232-F (levels), the data sheets' "injection through protection diodes" for
 * phantom power, U-Boot doc/README.silent for silent consoles. */
#ifndef UNBRICK_RECOVERY_LINE_CHECK_H
#define UNBRICK_RECOVERY_LINE_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINE_CHECKS = 8, LINE_CHECK_ANSWERS_MAX = 6 };

enum line_check_effect {
	LINE_CHECK_PASS, /* this is not it */
	LINE_CHECK_SKIP, /* not known */
	LINE_CHECK_FOUND, /* this is it: text and remedy say what and what to do */
	LINE_CHECK_LOOPBACK, /* the program tests it now; see line_check_loopback */
};

struct line_check_answer {
	int key; /* 0: behind the last */
	const char *id, *text;
	enum line_check_effect effect;
	const char *proves, *remedy;
};

struct line_check_row {
	const char *name; /* "level" */
	const char *question, *how;
	struct line_check_answer answer[LINE_CHECK_ANSWERS_MAX];
};

enum line_check_state { LINE_CHECK_IDLE, LINE_CHECK_ASKING, LINE_CHECK_TESTING, LINE_CHECK_OVER };

struct line_check { /* fields are for reading */
	enum line_check_state state;
	unsigned at; /* the row that is asked */
	const struct line_check_answer *given[LINE_CHECKS]; /* NULL: not asked yet */
	bool is_heard; /* the device was heard: that is what was found */
	bool has_found; /* something was found, and it is: */
	const char *found, *remedy; /* also what the walk comes to when nothing was found */
	bool is_proven; /* nothing was found, and adapter, level and beginning were all tested */
};

const struct line_check_row *line_check_rows(void); /* LINE_CHECKS of them */
void line_check_begin(struct line_check *check);
/* The row that is asked; NULL when none is. */
const struct line_check_row *line_check_asked(const struct line_check *check);
/* False: no answer of this question has that id. LINE_CHECK_LOOPBACK: the state is TESTING then. */
bool line_check_answer(struct line_check *check, const char *id);
/* What came back of the bytes that were sent while TX and RX were joined. */
void line_check_loopback(struct line_check *check, size_t sent, size_t came_back, size_t wrong);
/* Something came from the device while it was asked: text, or no text. */
void line_check_heard(struct line_check *check, bool is_text);
/* What is sent in the loopback test: every character that a console uses, and both levels for long. Nothing that could
 * be a command. */
size_t line_check_pattern(uint8_t *to, size_t size);

#endif
