/* Which model is it? What the device printed, against the identity of every profile. */
#include "recovery/procedure/pattern.h"
#include "src/base/buffer.h"
#include "src/core/live_case.h"

static enum status gather_lines(struct live_case *c, struct buffer *text)
{
	unsigned last = diagnosis_line_count(console_diagnosis(c->console));
	enum status status = STATUS_OK;

	for (unsigned n = last > CONSOLE_LINES_KEPT ? last - CONSOLE_LINES_KEPT + 1 : 1; n <= last && status == STATUS_OK; n++) {
		const struct console_line *line = console_find_line(c->console, n);

		if (line == NULL)
			continue;
		status = buffer_append_text(text, line->text);
		if (status == STATUS_OK)
			status = buffer_append_text(text, "\n");
	}
	return status == STATUS_OK ? buffer_append(text, bytes_of("", 1)) : status;
}

size_t guide_identify(struct live_case *c, const struct profile **ret_profiles, size_t max)
{
	struct device_library *library = c->app->library;
	struct buffer text;
	size_t count = 0;

	buffer_init(&text, CONSOLE_LINES_KEPT * (CONSOLE_LINE_MAX + 1) + 1);
	if (c->console == NULL || gather_lines(c, &text) != STATUS_OK) {
		buffer_done(&text);
		return 0;
	}
	for (size_t i = 0; i < device_library_count(library) && count < max; i++) {
		const struct profile *profile;
		struct error error;

		if (device_library_profile(library, device_library_id(library, i), &profile, &error) != STATUS_OK)
			continue;
		for (unsigned k = 0; k < profile->identity.log.count; k++)
			if (pattern_matches(profile->identity.log.item[k], (const char *)text.data, NULL, 0)) {
				ret_profiles[count++] = profile;
				break;
			}
	}
	buffer_done(&text);
	return count;
}
