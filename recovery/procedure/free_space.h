/* recovery/procedure/free_space.h
 *
 * The free space of a device's file systems, from what `df -k` prints (POSIX df, BusyBox coreutils/df.c: a long device name stands on a line
 * of its own) and, where it follows, from /proc/mounts (Linux Documentation/filesystems/proc.rst), which tells what can be written. */
#ifndef UNBRICK_RECOVERY_FREE_SPACE_H
#define UNBRICK_RECOVERY_FREE_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FREE_SPACE_MAX = 24 };

struct free_space {
	char mount[96];
	uint64_t total_kib, free_kib;
	bool is_read_only;	/* only with /proc/mounts; a packed root is always full, and that is well */
};

size_t free_space_parse(const char *reply, struct free_space *ret_list, size_t max);
/* The one that is mounted there; NULL: none. */
const struct free_space *free_space_at(const struct free_space *list, size_t count, const char *mount);
/* The one that can be written and has the least part free; NULL: none. */
const struct free_space *free_space_fullest(const struct free_space *list, size_t count);
/* Less than one part in fifty is free. */
bool free_space_is_full(const struct free_space *space);

#endif
