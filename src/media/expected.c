#include "src/media/expected.h"

#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/media/small_file.h"

enum { LIST_MAX = 4 * 1024 * 1024 };

static enum status add_text(struct expected *to, const char *algorithm, const char *text, struct error *reterr)
{
	if (text == NULL)
		return STATUS_OK;
	if (checksum_parse(bytes_of_text(text), algorithm, &to->checksum[to->count])) {
		to->count++;
		return STATUS_OK;
	}
	error_set(reterr, STATUS_INVALID, "'%.140s' is no %s checksum", text, algorithm);
	return error_hint(reterr, "It has %zu digits of 0-9 and a-f; this has %zu characters",
			  checksum_digits(algorithm), strlen(text));
}

/* PowerShell redirects output as UTF-16, little-endian with its mark. What is beyond ASCII becomes '?': such names do not match. */
static size_t narrow(char *text, size_t size)
{
	size_t used = 0;

	if (size < 2 || memcmp(text, "\xff\xfe", 2) != 0)
		return size;
	for (size_t i = 2; i + 1 < size; i += 2)
		text[used++] = text[i + 1] == 0 && text[i] > 0 ? text[i] : '?';
	return used;
}

enum status expected_add_list(struct expected *to, const char *path, const char *name, struct error *reterr)
{
	AUTO_FREE char *text = NULL;
	struct checksum found[CHECKSUM_MATCHES];
	unsigned count = 0;
	size_t size;
	enum status status = small_file_read(path, "list of checksums", LIST_MAX, &text, &size, reterr);

	if (status != STATUS_OK)
		return status;
	size = narrow(text, size);
	switch (checksum_list_find(bytes_of(text, size), name, found, &count)) {
	case CHECKSUM_FOUND:
		if (count > EXPECTED_MAX - 1 - to->count)
			return error_set(reterr, STATUS_INVALID, "there are too many checksums for '%s'", name);
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

enum status expected_read(const struct expected_texts *texts, const char *name, struct expected *ret_expected,
			  struct error *reterr)
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
		status = expected_add_list(&all, texts->sums, name, reterr);
	if (status == STATUS_OK)
		*ret_expected = all;
	return status;
}

void expected_hash_init(struct expected_hash *hash, const struct expected *expected)
{
	hash->count = 2 * expected->count;
	for (unsigned i = 0; i < expected->count; i++) {
		const char *other = expected->checksum[i].or_algorithm;

		hash->stream[i] = digest_stream_new(expected->checksum[i].algorithm);
		hash->stream[expected->count + i] = other ? digest_stream_new(other) : NULL;
	}
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

static struct checksum end_stream(struct digest_stream *stream, const char *algorithm)
{
	struct checksum sum = { .algorithm = algorithm };

	sum.size = stream ? digest_stream_end(stream, sum.value, CHECKSUM_SIZE) : 0;
	return sum;
}

void expected_hash_end(struct expected_hash *hash, const struct expected *expected,
		       struct checksum ret_got[EXPECTED_MAX])
{
	for (unsigned i = 0; i < expected->count; i++) {
		struct checksum other;

		ret_got[i] = end_stream(hash->stream[i], expected->checksum[i].algorithm);
		other = end_stream(hash->stream[expected->count + i], expected->checksum[i].or_algorithm);
		if (other.size > 0 && checksum_fits(&expected->checksum[i], &other))
			ret_got[i] = other;
	}
}

enum expected_answer expected_compare(const struct expected *expected, const struct checksum *got, unsigned *ret_at)
{
	enum expected_answer answer = EXPECTED_NOTHING;

	for (unsigned i = 0; i < expected->count; i++) {
		if (got[i].size == 0)
			continue;
		if (!checksum_fits(&expected->checksum[i], &got[i])) {
			*ret_at = i;
			return EXPECTED_WRONG;
		}
		if (answer == EXPECTED_NOTHING)
			*ret_at = i;
		answer = EXPECTED_RIGHT;
	}
	return answer;
}
