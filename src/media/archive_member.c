/* What a member is called: the key that finds it again, made of names that somebody else chose. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/media/archive_level.h"

static enum archive_member_kind kind_of(const struct archive_library *library, struct archive_entry *entry)
{
	if (library->entry_hardlink(entry) || library->entry_filetype(entry) == AE_IFLNK)
		return ARCHIVE_MEMBER_LINK;
	switch (library->entry_filetype(entry)) {
	case AE_IFREG: case 0:	/* 0: the format tells no types */
		return ARCHIVE_MEMBER_FILE;
	case AE_IFDIR:
		return ARCHIVE_MEMBER_FOLDER;
	default:
		return ARCHIVE_MEMBER_SPECIAL;
	}
}

/* ".tgz" holds a ".tar"; anything else what is left without the suffix. */
static void name_content(const char *name, char *to, size_t size)
{
	static const struct { const char *suffix, *instead; } rows[] = {
		{ ".gz", "" }, { ".xz", "" }, { ".bz2", "" }, { ".zst", "" }, { ".tgz", ".tar" }, { ".txz", ".tar" }, { ".tbz2", ".tar" }, { ".tbz", ".tar" },
		{ ".tzst", ".tar" },
	};
	size_t length = strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t cut = strlen(rows[i].suffix);

		if (length > cut && strcasecmp(name + length - cut, rows[i].suffix) == 0) {
			text_format(to, size, "%.*s%s", (int)(length - cut), name, rows[i].instead);
			return;
		}
	}
	text_copy(to, size, name[0] ? name : "contents");
}

static uint64_t hash_of(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);	/* FNV-1a */

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
	return hash;
}

/* Names may come twice, also by what was made of them: then the member's number in its archive is added, which is the same in each walk. */
static void make_unique(struct archive_level *level, char *key, size_t size)
{
	struct walk *walk = level->walk;
	char end[16];
	size_t length;

	for (unsigned i = 0; i < walk->member_count; i++) {
		if (walk->seen[i] != hash_of(key))
			continue;
		text_format(end, sizeof(end), "#%u", level->member_count);
		length = strlen(key);
		if (length > size - 1 - strlen(end))
			key[size - 1 - strlen(end)] = '\0';
		text_append(key, size, "%s", end);
		break;
	}
	walk->seen[walk->member_count] = hash_of(key);
}

/* "..", "." and empty parts are dropped: the key is a label, and "/etc/x" is as good a name for it as "etc/x". Some packers on Windows write
 * their own separator. */
static void make_key(struct archive_level *level, const char *path)
{
	char shown[ARCHIVE_KEY_MAX], *key = level->member.key;
	const char *slash;

	text_printable(shown, sizeof(shown), bytes_of_text(path));
	text_copy(key, ARCHIVE_KEY_MAX, level->prefix);
	for (const char *part = shown; *part;) {
		size_t length = strcspn(part, "/\\");

		if (length > 0 && !(length <= 2 && strncmp(part, "..", length) == 0))
			text_append(key, ARCHIVE_KEY_MAX, "%s%.*s", strlen(key) > strlen(level->prefix) ? "/" : "", (int)length, part);
		part += length + (part[length] != '\0');
	}
	if (strlen(key) == strlen(level->prefix))
		text_append(key, ARCHIVE_KEY_MAX, "unnamed");
	make_unique(level, key, ARCHIVE_KEY_MAX);
	slash = strrchr(key, '/');
	level->member.name = slash ? slash + 1 : key;
}

void archive_level_describe(struct archive_level *level)
{
	struct archive_member *member = &level->member;
	const struct archive_library *library = level->library;
	struct archive_entry *entry = level->entry;
	char name[ARCHIVE_KEY_MAX];
	const char *path = NULL, *target;

	*member = (struct archive_member){ .kind = ARCHIVE_MEMBER_FILE, .depth = level->depth };
	level->head_size = level->head_at = 0;
	level->got = 0;
	level->is_at_end = level->is_bad = false;
	level->has_member = true;
	if (container_is_compression(level->container)) {
		name_content(level->name, name, sizeof(name));
		make_key(level, name);
		return;
	}
	member->kind = kind_of(library, entry);
	member->has_size = member->kind == ARCHIVE_MEMBER_FILE && library->entry_size_is_set(entry) && library->entry_size(entry) >= 0;
	member->size = member->has_size ? (uint64_t)library->entry_size(entry) : 0;
	member->is_encrypted = library->entry_is_encrypted(entry);
	path = library->entry_pathname_utf8(entry);
	if (path == NULL)
		path = library->entry_pathname(entry);
	make_key(level, path ? path : "");
	if (member->kind == ARCHIVE_MEMBER_LINK) {
		target = library->entry_hardlink(entry) ? library->entry_hardlink(entry) : library->entry_symlink(entry);
		text_printable(name, sizeof(name), bytes_of_text(target ? target : "?"));
		text_format(member->note, sizeof(member->note), "a link to %.80s, not followed", name);
	}
}
