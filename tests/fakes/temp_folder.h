/* tests/fakes/temp_folder.h
 *
 * A folder of a test's own, below $TMPDIR, and its end with all that is in it. Never crosses into another file system. */
#ifndef UNBRICK_TESTS_TEMP_FOLDER_H
#define UNBRICK_TESTS_TEMP_FOLDER_H

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static inline int temp_folder_remove_one(const char *path, const struct stat *about, int type, struct FTW *walk)
{
	(void)about, (void)type, (void)walk;
	return remove(path);
}

static inline bool temp_folder_make(char *to, size_t size, const char *name)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(to, size, "%s/%s-XXXXXX", tmp ? tmp : "/tmp", name);
	return mkdtemp(to) != NULL;
}

static inline void temp_folder_remove(const char *folder)
{
	nftw(folder, temp_folder_remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

#endif
