#include "src/media/expected.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

static enum status add_text(struct expected *to, const char *algorithm, const char *text, struct error *reterr)
{
	if (text == NULL)
		return STATUS_OK;
	if (checksum_parse(bytes_of_text(text), algorithm, &to->checksum[to->count])) {
		to->count++;
		return STATUS_OK;
	}
	error_set(reterr, STATUS_INVALID, "'%.140s' is no %s checksum", text, algorithm);
	return error_hint(reterr, "It has %zu digits of 0-9 and a-f; this has %zu characters", checksum_digits(algorithm), strlen(text));
}

enum status expected_read_list(const char *path, char **ret_text, size_t *ret_size, struct error *reterr)
{
	AUTO_FREE char *text = NULL;
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t size = 0;
	struct stat about;

	if (fd < 0 || fstat(fd, &about) != 0)
		return error_set(reterr, errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND : STATUS_IO, "cannot open '%s': %s", path,
				 strerror(errno));
	if (!S_ISREG(about.st_mode) || about.st_size > EXPECTED_LIST_MAX)
		return error_set(reterr, STATUS_INVALID, "'%s' is no list of checksums: it is %s", path,
				 S_ISREG(about.st_mode) ? "larger than 4 MiB" : "no regular file");
	text = malloc((size_t)about.st_size + 1);
	if (text == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for '%s'", path);
	while (size < (size_t)about.st_size) {
		ssize_t count = read(fd, text + size, (size_t)about.st_size - size);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return error_set(reterr, STATUS_IO, "cannot read '%s': %s", path, strerror(errno));
		if (count == 0)
			break;
		size += (size_t)count;
	}
	text[size] = '\0';
	*ret_text = TAKE(text);
	*ret_size = size;
	return STATUS_OK;
}

static enum status add_list(struct expected *to, const char *path, const char *name, struct error *reterr)
{
	AUTO_FREE char *text = NULL;
	struct checksum found[CHECKSUM_MATCHES];
	unsigned count = 0;
	size_t size;
	enum status status = expected_read_list(path, &text, &size, reterr);

	if (status != STATUS_OK)
		return status;
	switch (checksum_list_find(bytes_of(text, size), name, found, &count)) {
	case CHECKSUM_FOUND:
		memcpy(&to->checksum[to->count], found, count * sizeof(found[0]));
		to->count += count;
		return STATUS_OK;
	case CHECKSUM_NO_LIST:
		error_set(reterr, STATUS_INVALID, "'%s' is no list of checksums: not one line is one", path);
		return error_hint(reterr, "A line looks like this: HASH  NAME, or: SHA256 (NAME) = HASH");
	case CHECKSUM_NOT_NAMED:
		error_set(reterr, STATUS_NOT_FOUND, "'%s' does not name '%s'", path, name);
		return error_hint(reterr, "Give the file the name that it has in the list, or the checksum by hand");
	case CHECKSUM_CONTRADICTION:
		break;
	}
	error_set(reterr, STATUS_INVALID, "'%s' names '%s' more than once, with different checksums", path, name);
	return error_hint(reterr, "Choose the right one and give it by hand");
}

enum status expected_read(const struct expected_texts *texts, const char *name, struct expected *ret_expected, struct error *reterr)
{
	struct expected all = { .count = 0 };
	enum status status = add_text(&all, "sha512", texts->sha512, reterr);

	if (status == STATUS_OK)
		status = add_text(&all, "sha256", texts->sha256, reterr);
	if (status == STATUS_OK)
		status = add_text(&all, "sha1", texts->sha1, reterr);
	if (status == STATUS_OK)
		status = add_text(&all, "md5", texts->md5, reterr);
	if (status == STATUS_OK && texts->sums != NULL)
		status = add_list(&all, texts->sums, name, reterr);
	if (status == STATUS_OK)
		*ret_expected = all;
	return status;
}

void expected_hash_init(struct expected_hash *hash, const struct expected *expected)
{
	hash->count = expected->count;
	for (unsigned i = 0; i < expected->count; i++)
		hash->stream[i] = digest_stream_new(expected->checksum[i].algorithm);
}

void expected_hash_done(struct expected_hash *hash)
{
	for (unsigned i = 0; i < hash->count; i++)
		digest_stream_free(hash->stream[i]);
	hash->count = 0;
}

void expected_hash_add(struct expected_hash *hash, struct bytes more)
{
	for (unsigned i = 0; i < hash->count; i++)
		if (hash->stream[i] != NULL)
			digest_stream_add(hash->stream[i], more);
}

void expected_hash_end(struct expected_hash *hash, const struct expected *expected, struct checksum ret_got[EXPECTED_MAX])
{
	for (unsigned i = 0; i < hash->count; i++) {
		ret_got[i].algorithm = expected->checksum[i].algorithm;
		ret_got[i].size = hash->stream[i] ? digest_stream_end(hash->stream[i], ret_got[i].value, CHECKSUM_SIZE) : 0;
	}
}

enum expected_answer expected_compare(const struct expected *expected, const struct checksum *got, unsigned *ret_at)
{
	enum expected_answer answer = EXPECTED_NOTHING;

	for (unsigned i = 0; i < expected->count; i++) {
		if (got[i].size == 0)
			continue;
		if (!checksum_equal(&got[i], &expected->checksum[i])) {
			*ret_at = i;
			return EXPECTED_WRONG;
		}
		if (answer == EXPECTED_NOTHING)
			*ret_at = i;
		answer = EXPECTED_RIGHT;
	}
	return answer;
}
