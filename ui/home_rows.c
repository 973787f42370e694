#include "ui/home_rows.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/text.h"
#include "ui/screen.h"

enum {
	SUMMARY_WITH_BAUD_MAX = 23,	/* what 80 columns leave for it */
};

bool home_is_own_console(const struct bench_port *port)
{
	return strstr(port->product, "(console of this") != NULL;
}

/* "ready", "new, last: 57600, case 12" */
static void ready_text(const struct port_view *known, char *to, size_t size)
{
	text_copy(to, size, known->is_new ? "new" : "ready");
	if (known->last_baud > 0)
		text_append(to, size, ", last: %u", known->last_baud);
	if (known->last_case > 0)
		text_append(to, size, "%s case %lld", known->last_baud > 0 ? "," : ", last:", (long long)known->last_case);
}

static void state_of_console(const struct console_view *console, struct row_text *to)
{
	char summary[160];

	ui_console_summary(console, summary, sizeof(summary));
	if (strlen(summary) <= SUMMARY_WITH_BAUD_MAX)
		text_format(to->state, sizeof(to->state), "%6u  %s", console->baud, summary);
	else
		text_copy(to->state, sizeof(to->state), summary);
	to->role = console->is_open ? ROLE_NORMAL : ROLE_ATTENTION;
}

static void port_text(const struct snapshot *now, unsigned index, struct row_text *to)
{
	const struct bench_port *port = &now->bench->port[index];
	const struct console_view *console = ui_find_console(now, 0, port->path);

	text_copy(to->label, sizeof(to->label), "serial");
	text_copy(to->name, sizeof(to->name), ui_short_path(port->path));
	/* what stands in brackets is said by the state */
	text_format(to->text, sizeof(to->text), "%.*s%s%s", (int)(home_is_own_console(port) ? strcspn(port->product, "(") : sizeof(port->product)),
		    port->product, port->product[0] ? " " : "", port->serial);
	if (console != NULL) {
		state_of_console(console, to);
	} else if (!port->may_open) {
		text_copy(to->state, sizeof(to->state), "may not be opened yet");
		to->role = ROLE_ATTENTION;
	} else if (port->holder[0] != '\0') {
		text_format(to->state, sizeof(to->state), "used by %s", port->holder);
		to->role = ROLE_ATTENTION;
	} else if (home_is_own_console(port)) {
		text_copy(to->state, sizeof(to->state), "console of this computer");
		to->role = ROLE_DIM;
	} else {
		ready_text(&now->port[index], to->state, sizeof(to->state));
		to->role = ROLE_NORMAL;
	}
}

bool home_is_console_beside_bench(const struct snapshot *now, const struct console_view *console)
{
	for (unsigned i = 0; now->bench != NULL && i < now->bench->port_count; i++)
		if (ui_find_console(now, 0, now->bench->port[i].path) == console)
			return false;
	return true;
}

static void console_text(const struct console_view *console, struct row_text *to)
{
	text_copy(to->label, sizeof(to->label), "serial");
	text_copy(to->name, sizeof(to->name), ui_short_path(console->port));
	if (console->case_id != 0)
		text_format(to->text, sizeof(to->text), "case #%lld", (long long)console->case_id);
	else
		text_copy(to->text, sizeof(to->text), "opened by name");
	state_of_console(console, to);
}

static void usb_text(const struct usb_view *usb, struct row_text *to)
{
	text_copy(to->label, sizeof(to->label), "usb");
	text_copy(to->name, sizeof(to->name), usb->path);
	text_copy(to->text, sizeof(to->text), usb->name);
	text_copy(to->state, sizeof(to->state), usb->meaning);
	to->role = ROLE_ATTENTION;
}

static void card_text(const struct bench_card *card, struct row_text *to)
{
	char size[32];

	text_copy(to->label, sizeof(to->label), "card");
	text_copy(to->name, sizeof(to->name), ui_short_path(card->path));
	text_format(to->text, sizeof(to->text), "%s %s", card->name,
		    card->size_bytes ? text_size(size, sizeof(size), card->size_bytes) : "");
	text_format(to->state, sizeof(to->state), "%s%s%s",
		    card->size_bytes == 0 ? "reader without a card" : card->content,
		    card->is_mounted ? ", mounted: in use" : "", card->is_read_only ? ", locked" : "");
}

static void nic_text(const struct bench_nic *nic, struct row_text *to)
{
	text_copy(to->label, sizeof(to->label), "network");
	text_copy(to->name, sizeof(to->name), nic->name);
	text_format(to->text, sizeof(to->text), "%s%s", nic->is_wireless ? "wireless, " : "",
		    !nic->is_up ? "switched off" : nic->has_carrier ? "cable connected" : "no cable");
	for (unsigned i = 0; i < nic->address_count && i < 2; i++)
		text_append(to->state, sizeof(to->state), "%s%s", i > 0 ? " " : "", nic->address[i]);
	if (nic->address_count == 0)
		text_copy(to->state, sizeof(to->state), "no address");
}

static void rights_text(const struct bench_port *port, struct row_text *to)
{
	text_copy(to->label, sizeof(to->label), "rights");
	text_format(to->text, sizeof(to->text), "may not open %s: %s", ui_short_path(port->path), port->remedy);
	to->role = ROLE_ATTENTION;
}

static void advice_text(const struct bench_advice *advice, struct row_text *to)
{
	text_copy(to->label, sizeof(to->label), "trouble");
	text_format(to->text, sizeof(to->text), "%s: %s", advice->about, advice->text);
	to->role = ROLE_ATTENTION;
}

static char outcome_sign(const char *outcome)
{
	return strcmp(outcome, "yes") == 0 ? '+' : strcmp(outcome, "no") == 0 ? '-' : '?';
}

static void outcome_append(char *to, size_t size, const char *name, const char *outcome)
{
	if (outcome[0] != '\0' && strcmp(outcome, "not needed") != 0)
		text_append(to, size, "%s%s%c", to[0] ? " " : "", name, outcome_sign(outcome));
}

const struct case_view *home_live_case(const struct snapshot *now, int64_t id)
{
	for (unsigned i = 0; i < now->live_count; i++)
		if (now->live[i]->id == id)
			return now->live[i];
	return NULL;
}

static const char *doing(const char *label)
{
	static const char *const words[][2] = {
		{ "write", "writing" }, { "erase", "erasing" }, { "load", "loading" }, { "verify", "verifying" }, { "compare", "comparing" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(label, words[i][0]) == 0)
			return words[i][1];
	return label;
}

/* "asks: which device?"; "step 9 of 12, writing 63 %" */
static bool live_text(const struct case_view *live, char *to, size_t size)
{
	static const char *const wants[GUIDE_PHASE_COUNT] = {
		[GUIDE_DEVICE] = "which device?",      [GUIDE_HAPPENED] = "what happened?",
		[GUIDE_CONNECT] = "which serial line?", [GUIDE_DIAGNOSIS] = "choose a way",
		[GUIDE_OUTCOME] = "close the case?",
	};
	bool is_waiting = live->question.type != QUESTION_NONE;

	if (live->phase == GUIDE_WATCH)
		text_copy(to, size, "watching it start");
	else if (live->phase == GUIDE_STEPS && live->step > 0) {
		text_format(to, size, "%sstep %u of %u", is_waiting ? "waits for you: " : "", live->step, live->step_count);
		for (unsigned i = 0; !is_waiting && i < live->progress_count && i < CASE_PROGRESS_MAX; i++) {
			const struct progress *bar = &live->progress[i];

			if (!bar->is_finished && bar->total > 0 && bar->done > 0)
				text_append(to, size, ", %s %d %%", doing(bar->label), (int)((double)bar->done * 100 / (double)bar->total));
		}
	} else if (is_waiting && live->phase < GUIDE_PHASE_COUNT && wants[live->phase] != NULL)
		text_format(to, size, "asks: %s", wants[live->phase]);
	return to[0] != '\0';
}

static void case_text(const struct snapshot *now, const struct case_summary *summary, struct row_text *to)
{
	const struct case_view *live = home_live_case(now, summary->id);
	bool has_outcome = summary->written[0] && (!summary->is_open || strcmp(summary->written, "unknown") != 0);

	text_format(to->label, sizeof(to->label), "#%lld", (long long)summary->id);
	text_copy(to->name, sizeof(to->name),
		  summary->title[0]    ? summary->title
		  : summary->device[0] ? summary->device
				       : "unknown device");
	text_copy(to->text, sizeof(to->text), summary->cause);
	if (live != NULL && live->phase != GUIDE_CLOSED && live_text(live, to->state, sizeof(to->state)))
		has_outcome = false;
	if (has_outcome && (!summary->is_open || summary->note[0] == '\0')) {
		outcome_append(to->state, sizeof(to->state), "written", summary->written);
		outcome_append(to->state, sizeof(to->state), "verified", summary->verified);
		outcome_append(to->state, sizeof(to->state), "booted", summary->booted);
	}
	if (to->state[0] == '\0' && summary->note[0] == '\0' && summary->is_open && summary->phase[0])
		text_format(to->state, sizeof(to->state), "open, at: %s", summary->phase);
	if (to->state[0] == '\0')
		text_copy(to->state, sizeof(to->state),
			  summary->note[0]   ? summary->note
			  : summary->is_open ? "open"
					     : "closed");
	to->role = live && live->is_dangerous                     ? ROLE_DANGER
		   : live && live->question.type != QUESTION_NONE ? ROLE_ATTENTION
		   : summary->is_open                             ? ROLE_NORMAL
								  : ROLE_DIM;
}

void home_row_text(const struct snapshot *now, const struct row *row, struct row_text *to)
{
	memset(to, 0, sizeof(*to));
	switch (row->type) {
	case ROW_PORT: port_text(now, row->index, to); break;
	case ROW_CONSOLE: console_text(&now->console[row->index], to); break;
	case ROW_USB: usb_text(&now->usb[row->index], to); break;
	case ROW_CARD: card_text(&now->bench->card[row->index], to); break;
	case ROW_NIC: nic_text(&now->bench->nic[row->index], to); break;
	case ROW_RIGHTS: rights_text(&now->bench->port[row->index], to); break;
	case ROW_ADVICE: advice_text(&now->bench->advice[row->index], to); break;
	case ROW_CASE: case_text(now, &now->cases[row->index], to); break;
	default: break;
	}
}
