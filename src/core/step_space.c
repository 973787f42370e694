/* free-space: what fills the device, what may go, and is it gone? At the device's shell. */
#include <stdio.h>
#include <stdlib.h>

#include "recovery/procedure/free_space.h"
#include "src/base/text.h"
#include "src/core/step.h"

enum { SPACE_DF, SPACE_LIST, SPACE_ASK, SPACE_CLEAR, SPACE_SYNC, SPACE_DF_AGAIN };
enum { SILENCE_MS = 30000 };

static void patterns(const struct live_case *c, char *to, size_t size)
{
	to[0] = '\0';
	for (unsigned i = 0; c->profile && i < c->profile->space.clear.count; i++)
		text_append(to, size, " %s", c->profile->space.clear.item[i]);
}

static void type(struct live_case *c, unsigned phase, const char *command)
{
	c->step.phase = phase;
	step_type(c, c->shell_prompt, command, SILENCE_MS, NULL, false);
}

static void type_df(struct live_case *c, unsigned phase)
{
	char mount[96], command[160];

	step_field(c, "mount", mount, sizeof(mount));
	if (mount[0] == '\0')
		step_lookup(c, "mount", mount, sizeof(mount));
	type(c, phase, text_format(command, sizeof(command), "df -k %s", mount));
}

static void start_free_space(struct live_case *c)
{
	char list[DIALOG_COMMAND_MAX];
	struct error error;

	patterns(c, list, sizeof(list));
	case_say(c, "Looking at what fills the device");
	if (c->shell_prompt[0] && list[0]) {
		type_df(c, SPACE_DF);
		return;
	}
	error_set(&error, STATUS_INVALID, list[0] ? "nobody is signed in on the device" : "the profile does not say what may be cleared on this model");
	step_failed(c, &error);
}

static const char *mount_point(const struct live_case *c)
{
	return c->profile && c->profile->space.mount ? c->profile->space.mount : "/";
}

/* Its file system as df shows it; else the first, for some shells name the device's mount otherwise than asked. */
static bool find_room(struct live_case *c, const char *reply, struct free_space *ret_room)
{
	struct free_space list[FREE_SPACE_MAX];
	size_t count = free_space_parse(reply, list, FREE_SPACE_MAX);
	const struct free_space *at = free_space_at(list, count, mount_point(c));

	if (count == 0)
		return false;
	*ret_room = at ? *at : list[0];
	return true;
}

/* Adds up `ls -l`: regular files only. */
static unsigned parse_list(const char *reply, unsigned long long *ret_bytes)
{
	unsigned count = 0;

	*ret_bytes = 0;
	for (const char *line = reply; line && *line; line = strchr(line, '\n'), line += line != NULL) {
		unsigned long long size;

		if (line[0] == '-' && sscanf(line, "%*s %*u %*s %*s %llu", &size) == 1) {
			count++;
			*ret_bytes += size;
		}
	}
	return count;
}

static void ask_to_clear(struct live_case *c, const char *reply)
{
	unsigned long long bytes;
	unsigned count = parse_list(reply, &bytes);
	char size[32], list[200];
	struct error error;

	if (count == 0) {
		error_set(&error, STATUS_NOT_FOUND, "nothing of what may be cleared is on the device");
		error_hint(&error, "look with 'du' on the console (c), or choose another plan");
		step_failed(c, &error);
		return;
	}
	patterns(c, list, sizeof(list));
	case_say(c, "%u files, %s, can go:%s", count, text_size(size, sizeof(size), bytes), list);
	case_ask(c, QUESTION_WORD, "Enter leaves them. Only these files go, and they cannot be brought back.");
	text_copy(c->view.question.word, sizeof(c->view.question.word), "yes");
	c->step.phase = SPACE_ASK;
}

static void show_df(struct live_case *c, const char *reply)
{
	struct free_space room;
	char text[32], of[32];

	if (!find_room(c, reply, &room))
		return;
	text_size(text, sizeof(text), room.free_kib * UINT64_C(1024));
	text_size(of, sizeof(of), room.total_kib * UINT64_C(1024));
	case_say(c, "%s: %s of %s are free", mount_point(c), text, of);
	case_log(c, JOURNAL_OBSERVED, "space", "%s of %s free", text, of);
}

static void finish(struct live_case *c, const char *reply)
{
	struct free_space room;
	struct error error;

	show_df(c, reply);
	if (find_room(c, reply, &room) && room.free_kib * 20 >= room.total_kib) {
		step_done(c, "the device has room again");
		return;
	}
	error_set(&error, STATUS_NO_SPACE, "the device is still full");
	error_hint(&error, "look what else fills it on the console (c)");
	step_failed(c, &error);
}

static void dialog_free_space(struct live_case *c, struct dialog_event event)
{
	const char *reply = dialog_reply(&c->step.dialog);
	char list[DIALOG_COMMAND_MAX - 16], command[DIALOG_COMMAND_MAX];
	struct error error;

	if (event.type == DIALOG_FAILED) {
		error_set(&error, event.status, "the device's shell did not answer '%.60s'", c->step.command);
		step_failed(c, &error);
		return;
	}
	patterns(c, list, sizeof(list));
	switch (c->step.phase) {
	case SPACE_DF:
		show_df(c, reply);
		type(c, SPACE_LIST, text_format(command, sizeof(command), "ls -l%s", list));
		break;
	case SPACE_LIST:
		ask_to_clear(c, reply);
		break;
	case SPACE_CLEAR:
		type(c, SPACE_SYNC, "sync");
		break;
	case SPACE_SYNC:
		type_df(c, SPACE_DF_AGAIN);
		break;
	default:
		finish(c, reply);
	}
}

static enum status answer_free_space(struct live_case *c, const char *text, struct error *reterr)
{
	char list[DIALOG_COMMAND_MAX - 16], command[DIALOG_COMMAND_MAX];
	struct error error;

	(void)reterr;
	if (c->step.phase != SPACE_ASK)
		return STATUS_OK;
	case_ask_nothing(c);
	if (!text_equal(text, "yes")) {
		error_set(&error, STATUS_CANCELLED, "nothing was deleted");
		step_failed(c, &error);
		return STATUS_OK;
	}
	patterns(c, list, sizeof(list));
	case_log(c, JOURNAL_OPERATOR, "answer", "allowed to delete:%s", list);
	type(c, SPACE_CLEAR, text_format(command, sizeof(command), "rm -f%s", list));
	return STATUS_OK;
}

const struct step_ops step_free_space = { .start = start_free_space, .on_dialog = dialog_free_space, .on_answer = answer_free_space, .types = true };
