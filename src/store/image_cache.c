#include "src/store/image_cache.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

enum { FILES_MAX = 1024, FOLDER_NAME = 32, FILE_NAME = 256, PATH_SIZE = 1024 };

static const char *const kinds[] = { "downloads", "images" };

struct entry {
	const char *kind;
	char folder[FOLDER_NAME], name[FILE_NAME];
	int64_t case_id;
	uint64_t size;
	struct timespec changed;
};

struct list {
	const char *state_folder;
	struct entry *entry;
	unsigned count;
};

/* "12", "12-2". 0: no folder of a case. */
static int64_t case_of(const char *folder)
{
	size_t digits = strspn(folder, "0123456789"), more;

	if (digits == 0 || digits > 18 || strlen(folder) >= FOLDER_NAME)
		return 0;
	if (folder[digits] == '-') {
		more = strspn(folder + digits + 1, "0123456789");
		if (more == 0 || folder[digits + 1 + more] != '\0')
			return 0;
	} else if (folder[digits] != '\0') {
		return 0;
	}
	return strtoll(folder, NULL, 10);
}

static int open_folder(const char *state_folder, const char *kind, const char *folder)
{
	char path[PATH_SIZE];
	AUTO_CLOSE int parent = open(text_format(path, sizeof(path), "%s/%s", state_folder, kind), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (parent < 0 || folder == NULL)
		return TAKE_FD(parent);
	return openat(parent, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static void read_folder(struct list *list, const char *kind, const char *folder, int64_t case_id)
{
	int fd = open_folder(list->state_folder, kind, folder);
	DIR *names = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *name;
	struct stat about;

	while (names != NULL && list->count < FILES_MAX && (name = readdir(names)) != NULL) {
		struct entry *entry = &list->entry[list->count];

		if (strlen(name->d_name) >= FILE_NAME || fstatat(fd, name->d_name, &about, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(about.st_mode))
			continue;
		*entry = (struct entry){ .kind = kind, .case_id = case_id, .size = (uint64_t)about.st_size, .changed = about.st_mtim };
		text_copy(entry->folder, sizeof(entry->folder), folder);
		text_copy(entry->name, sizeof(entry->name), name->d_name);
		list->count++;
	}
	if (names != NULL)
		closedir(names);
	else if (fd >= 0)
		close(fd);
}

static void read_all(struct list *list)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int fd = open_folder(list->state_folder, kinds[i], NULL);
		DIR *folders = fd >= 0 ? fdopendir(fd) : NULL;
		struct dirent *folder;

		while (folders != NULL && (folder = readdir(folders)) != NULL)
			if (case_of(folder->d_name) > 0)
				read_folder(list, kinds[i], folder->d_name, case_of(folder->d_name));
		if (folders != NULL)
			closedir(folders);
		else if (fd >= 0)
			close(fd);
	}
}

/* With its folder, where nothing else is in it. */
static bool delete(const struct list *list, const struct entry *entry)
{
	AUTO_CLOSE int kind = open_folder(list->state_folder, entry->kind, NULL);
	AUTO_CLOSE int folder = open_folder(list->state_folder, entry->kind, entry->folder);
	bool is_gone = folder >= 0 && unlinkat(folder, entry->name, 0) == 0;

	if (is_gone && kind >= 0)
		(void)unlinkat(kind, entry->folder, AT_REMOVEDIR);
	return is_gone;
}

static bool is_path_of(const struct list *list, const struct entry *entry, const char *path)
{
	char own[PATH_SIZE + FOLDER_NAME + FILE_NAME];

	return text_equal(text_format(own, sizeof(own), "%s/%s/%s/%s", list->state_folder, entry->kind, entry->folder, entry->name), path);
}

int64_t image_cache_case_of(const char *state_folder, const char *path)
{
	size_t length = strlen(state_folder);
	char folder[FOLDER_NAME];

	if (strncmp(path, state_folder, length) != 0 || path[length] != '/')
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const char *rest = path + length + 1, *at = rest + strlen(kinds[i]);

		if (!text_starts(rest, kinds[i]) || *at != '/' || strcspn(at + 1, "/") >= sizeof(folder))
			continue;
		text_format(folder, sizeof(folder), "%.*s", (int)strcspn(at + 1, "/"), at + 1);
		return case_of(folder);
	}
	return 0;
}

unsigned image_cache_drop(const char *state_folder, int64_t case_id, const char *but)
{
	AUTO_FREE struct entry *entries = calloc(FILES_MAX, sizeof(*entries));
	struct list list = { state_folder, entries, 0 };
	unsigned gone = 0;

	if (entries == NULL)
		return 0;
	read_all(&list);
	for (unsigned i = 0; i < list.count; i++)
		if (entries[i].case_id == case_id && (but == NULL || !is_path_of(&list, &entries[i], but)))
			gone += delete(&list, &entries[i]);
	return gone;
}

static int by_age(const void *a, const void *b)
{
	const struct entry *one = a, *other = b;

	if (one->changed.tv_sec != other->changed.tv_sec)
		return one->changed.tv_sec < other->changed.tv_sec ? -1 : 1;
	return one->changed.tv_nsec < other->changed.tv_nsec ? -1 : one->changed.tv_nsec > other->changed.tv_nsec;
}

unsigned image_cache_shrink(const char *state_folder, uint64_t max_bytes, unsigned max_files, bool (*may_go)(void *user, int64_t case_id),
			    void *user)
{
	AUTO_FREE struct entry *entries = calloc(FILES_MAX, sizeof(*entries));
	struct list list = { state_folder, entries, 0 };
	uint64_t bytes = 0;
	unsigned files = 0, gone = 0;

	if (entries == NULL)
		return 0;
	read_all(&list);
	qsort(entries, list.count, sizeof(*entries), by_age);
	for (unsigned i = 0; i < list.count; i++) {
		if (!may_go(user, entries[i].case_id))
			entries[i].case_id = 0;		/* not counted, and left alone */
		files += entries[i].case_id > 0;
		bytes += entries[i].case_id > 0 ? entries[i].size : 0;
	}
	for (unsigned i = 0; i < list.count && (bytes > max_bytes || files > max_files); i++) {
		if (entries[i].case_id == 0)
			continue;
		gone += delete(&list, &entries[i]);
		bytes -= entries[i].size;
		files--;
	}
	return gone;
}
