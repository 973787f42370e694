/* src/cli/recover.h
 *
 * Inside src/cli/recover*: a case that is led by options. recover.c runs it, recover_answer.c says what the operator would, recover_say.c why
 * it cannot go on, and how it ended. */
#ifndef UNBRICK_CLI_RECOVER_H
#define UNBRICK_CLI_RECOVER_H

#include "src/cli/cli.h"
#include "src/cli/progress.h"
#include "src/core/app.h"

enum recover_option { DEVICE, PORT, IMAGE, SHA256, MEMBER, METHOD, HAPPENED, CASE, POWER, TFTP_PORT, TIMEOUT, YES, OVERRIDE, JSON };

enum { PLANS_MAX = 8 };

/* The screen's own word, see step_check.c and step_serial_load.c. */
#define RECOVER_ANYWAY "anyway"

struct recover {
	const struct cli_line *line;
	const char *port;		/* NULL: that of the case */
	struct loop *loop;
	struct app *app;
	int64_t case_id;
	unsigned answered;		/* question id */
	bool is_image_given;		/* it was answered once: what came of it is the problem that is shown */
	bool is_silence_said, is_stopping;
	unsigned refused;		/* the same question refused our answer */
	bool json;
	struct progress_line bar;	/* on a terminal: how far the step is */
	char tried[PLANS_MAX][48];	/* ways back, in the order they were taken */
	unsigned tried_count;
	bool is_not_taken;		/* --method's way: the device runs */
	bool is_written_over;		/* one of them overwrote something: a second would write again */
	bool is_baud_tried;
	char notice[200];		/* the last one that was said */
	char overridden[512];		/* what --override was used up on; what else is refused stays so */
	int exit_code;
	bool is_over;
	struct loop_timer *limit;
};

static inline const char *recover_given(const struct recover *r, enum recover_option option)
{
	return r->line->value[option];
}

/* An app_observer's: one line, or one JSON event. user is a struct recover. */
void recover_tell(void *user, const struct app_event *event);
/* The first exit code counts. */
void recover_finish(struct recover *r, int exit_code);

/* NULL: there is no answer, the job ends. "": wait. */
const char *recover_find_answer(struct recover *r, const struct case_view *view, char *to, size_t size);
/* The best way that treats the cause and could not be taken: what it needs is the next thing to see to. NULL: none was barred. */
const struct plan_view *recover_barred_plan(const struct case_view *view);

/* Why there is no answer, and the exit code for it. */
void recover_say_why(struct recover *r, const struct case_view *view);
int recover_class_of_silence(const struct case_view *view);
/* The outcome; ends the job. */
void recover_end_case(struct recover *r, const struct case_view *view);

#endif
