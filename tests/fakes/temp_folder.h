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

/* *state of a test that needs no more than a folder, and the path of a file in it (or below it) that is not there yet. */
struct temp_bench {
	char folder[200];
	char path[300];
};

static inline int temp_bench_begin(void **state, const char *name, const char *file)
{
	struct temp_bench *bench = calloc(1, sizeof(*bench));

	if (bench == NULL || !temp_folder_make(bench->folder, sizeof(bench->folder), name))
		return -1;
	snprintf(bench->path, sizeof(bench->path), "%s/%s", bench->folder, file);
	*state = bench;
	return 0;
}

static inline int temp_bench_end(void **state)
{
	struct temp_bench *bench = *state;

	temp_folder_remove(bench->folder);
	free(bench);
	return 0;
}

#endif
