#include "recovery/procedure/free_space.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "src/base/text.h"

enum { LINE_SIZE = 256, FULL_PART = 50 };

static bool parse_sizes(const char *line, struct free_space *to)
{
	uint64_t used;
	char share[8];

	if (sscanf(line, " %" SCNu64 " %" SCNu64 " %" SCNu64 " %7s %95s", &to->total_kib, &used, &to->free_kib, share, to->mount) != 5)
		return false;
	return share[strlen(share) - 1] == '%' && to->mount[0] == '/';
}

/* "DEVICE total used available use% /mount", or the same without the device, which stood on the line before. */
static bool parse_df_line(const char *line, struct free_space *to)
{
	const char *sizes = line + strcspn(line, " \t");

	*to = (struct free_space){ .mount = "" };
	return parse_sizes(line, to) || (*sizes != '\0' && parse_sizes(sizes, to));
}

/* "DEVICE /mount TYPE rw,... 0 0" */
static void parse_mount_line(const char *line, struct free_space *list, size_t count)
{
	char mount[96], options[8];

	if (sscanf(line, "%*s %95s %*s %7s", mount, options) != 2)
		return;
	for (size_t i = 0; i < count; i++)
		if (text_equal(list[i].mount, mount))
			list[i].is_read_only = strncmp(options, "ro", 2) == 0 && (options[2] == ',' || options[2] == '\0');
}

size_t free_space_parse(const char *reply, struct free_space *ret_list, size_t max)
{
	char line[LINE_SIZE];
	size_t count = 0;

	for (const char *at = reply; *at;) {
		size_t size = strcspn(at, "\n");
		struct free_space one;

		text_format(line, sizeof(line), "%.*s", (int)(size < LINE_SIZE ? size : LINE_SIZE - 1), at);
		if (!parse_df_line(line, &one))
			parse_mount_line(line, ret_list, count);
		else if (count < max)
			ret_list[count++] = one;
		at += size + (at[size] == '\n');
	}
	return count;
}

const struct free_space *free_space_at(const struct free_space *list, size_t count, const char *mount)
{
	for (size_t i = 0; i < count; i++)
		if (text_equal(list[i].mount, mount))
			return &list[i];
	return NULL;
}

const struct free_space *free_space_fullest(const struct free_space *list, size_t count)
{
	const struct free_space *fullest = NULL;

	for (size_t i = 0; i < count; i++) {
		if (list[i].is_read_only || list[i].total_kib == 0)
			continue;
		if (fullest == NULL || (double)list[i].free_kib / (double)list[i].total_kib < (double)fullest->free_kib / (double)fullest->total_kib)
			fullest = &list[i];
	}
	return fullest;
}

bool free_space_is_full(const struct free_space *space)
{
	return space->free_kib < space->total_kib / FULL_PART || space->free_kib == 0;
}
