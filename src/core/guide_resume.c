/* Going on with a case after the program was stopped: what the journal says of it, and the place to begin again. */
#include <stdlib.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/live_case.h"
#include "src/core/port_name.h"

static enum guide_phase phase_parse(const char *name)
{
	for (unsigned i = 0; i < GUIDE_PHASE_COUNT; i++)
		if (text_equal(guide_phase_name(i), name))
			return (enum guide_phase)i;
	return GUIDE_DEVICE;
}

static enum outcome outcome_parse(const char *name)
{
	for (unsigned i = OUTCOME_YES; i <= OUTCOME_NOT_NEEDED; i++)
		if (text_equal(outcome_name(i), name))
			return (enum outcome)i;
	return OUTCOME_UNKNOWN;
}

static void resume_outcomes(struct live_case *c)
{
	const struct { const char *key; enum outcome *to; } table[] = {
		{ "written", &c->view.written }, { "verified", &c->view.verified }, { "booted", &c->view.booted },
	};
	char value[32];

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (case_get(c, table[i].key, value, sizeof(value)))
			*table[i].to = outcome_parse(value);
}

/* NULL: the reading that settles a cause belongs to none; it changed nothing, so the way to it is gone again from the start. */
static const struct profile_method *method_cut_off(struct live_case *c)
{
	char method[64];

	case_get(c, "method", method, sizeof(method));
	for (unsigned i = 0; c->profile != NULL && i < c->profile->method_count; i++)
		if (text_equal(c->profile->methods[i].name, method))
			return &c->profile->methods[i];
	return NULL;
}

/* A procedure that was cut off is begun again where it gets hold of the device; the old session's proofs count no more. */
void guide_go_on(struct live_case *c)
{
	char step[96], loads_by[16];
	char *slash = case_get(c, "step", step, sizeof(step)) ? strchr(step, '/') : NULL;
	const struct profile_method *method = method_cut_off(c);
	struct error error;

	if (slash == NULL || method == NULL) {
		if (slash != NULL)
			case_set(c, JOURNAL_PROGRAM, "step", "");
		guide_enter(c, GUIDE_WATCH);
		return;
	}
	*slash = '\0';
	c->method = method;
	if (device_library_procedure(c->app->library, step, &c->procedure, &error) != STATUS_OK) {
		case_problem(c, &error);
		guide_enter(c, GUIDE_WATCH);
		return;
	}
	c->loads_by_serial = case_get(c, "loads-by", loads_by, sizeof(loads_by)) && text_equal(loads_by, "serial");
	guide_enter(c, GUIDE_STEPS);
	c->phase_after = GUIDE_OUTCOME;
	steps_resume(c, (unsigned)strtoul(slash + 1, NULL, 10));
}

/* By its adapter: the number may be another one's by now, and what hangs there another device. */
static enum status connect_again(struct live_case *c, const char *port, struct error *reterr)
{
	char adapter[128];
	const struct bench_port *now;

	if (!case_get(c, "adapter", adapter, sizeof(adapter)) || adapter[0] == '\0')
		return guide_connect(c, port, reterr);
	now = port_name_of_adapter(&c->app->bench, adapter, port);
	c->awaits_adapter = now == NULL;
	if (now == NULL)
		return error_set(reterr, STATUS_NOT_FOUND, "the serial adapter of this case (%s, it was %s) is not plugged in", adapter, port);
	return guide_connect(c, now->path, reterr);
}

void guide_resume(struct live_case *c)
{
	char value[512];
	enum guide_phase phase = GUIDE_DEVICE;
	struct error error;

	if (case_get(c, "phase", value, sizeof(value)))
		phase = phase_parse(value);
	if (case_get(c, "device", value, sizeof(value)) && case_take_device(c, text_equal(value, "unknown device") ? "" : value, &error) != STATUS_OK) {
		case_problem(c, &error);
		phase = GUIDE_DEVICE;
	}
	if (case_get(c, "happened", value, sizeof(value))) {
		c->happened = happened_parse(value);
		text_copy(c->happened_text, sizeof(c->happened_text), value);
	}
	if (case_get(c, "image", value, sizeof(value)) && case_take_image(c, value, &error) != STATUS_OK)
		case_problem(c, &error);
	resume_outcomes(c);
	if (case_get(c, "port", value, sizeof(value)))
		text_copy(c->view.port, sizeof(c->view.port), value);
	if (phase > GUIDE_CONNECT && phase < GUIDE_CLOSED && case_get(c, "port", value, sizeof(value)) && connect_again(c, value, &error) != STATUS_OK) {
		error_hint(&error, "plug its adapter in again, or choose another line");
		case_problem(c, &error);
		phase = GUIDE_CONNECT;
	}
	case_log(c, JOURNAL_PROGRAM, "resume", "the case goes on: %s", guide_phase_name(phase));
	if (phase == GUIDE_STEPS && c->console)
		guide_go_on(c);
	else
		guide_enter(c, phase == GUIDE_DIAGNOSIS ? GUIDE_WATCH : phase == GUIDE_STEPS ? GUIDE_CONNECT : phase);
}
