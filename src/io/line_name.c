/* src/io/line_name.c
 *
 * From the name of a line to its driver. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/io/line_driver.h"

static const struct {
	const char *prefix;
	const struct line_driver *driver;
} prefixes[] = {
	{ "serial:",  &line_driver_serial },
	{ "pty:",     &line_driver_pty },
	{ "tcp:",     &line_driver_tcp },
	{ "rfc2217:", &line_driver_rfc2217 },
	{ "unix:",    &line_driver_unix },
	{ "replay:",  &line_driver_replay },
};

enum status line_choose_driver(const char *name, const struct line_driver **ret_driver, const char **ret_address,
			       struct error *reterr)
{
	char path[LINE_NAME_MAX];
	enum status status;

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		if (!text_starts(name, prefixes[i].prefix))
			continue;
		*ret_driver = prefixes[i].driver;
		*ret_address = name + strlen(prefixes[i].prefix);
		return STATUS_OK;
	}
	if (name[0] != '/') {
		error_set(reterr, STATUS_INVALID, "'%.200s' is not the name of a line", name);
		return error_hint(reterr, "Names are /dev/..., tcp:HOST:PORT, rfc2217:HOST:PORT, unix:PATH");
	}
	status = line_node_resolve(name, path, reterr);
	if (status != STATUS_OK)
		return status;
	*ret_driver = line_node_is_pts(path) ? &line_driver_pty : &line_driver_serial;
	*ret_address = name;
	return STATUS_OK;
}

void line_rename(char **name, const char *path)
{
	const char *prefix = text_starts(*name, prefixes[0].prefix) ? prefixes[0].prefix : "";
	char now[LINE_NAME_MAX];
	char *copy;

	if (readlink(*name + strlen(prefix), now, sizeof(now)) >= 0)
		return;
	copy = strdup(text_format(now, sizeof(now), "%s%s", prefix, path));
	if (copy == NULL)
		return;
	free(*name);
	*name = copy;
}
