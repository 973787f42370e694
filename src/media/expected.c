#include "src/media/expected.h"

#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/media/small_file.h"

enum {
	LIST_MAX = 4 * 1024 * 1024,
	LIST_LINES_MAX = 8192,		/* where all of them are meant: each is looked for in those before it */
	OTHERS_MAX = 16,		/* more than checksum.h has */
};

static enum status add_text(struct expected *to, const char *algorithm, const char *text, struct error *reterr)
{
	if (text == NULL)
		return STATUS_OK;
	if (checksum_parse(bytes_of_text(text), algorithm, &to->checksum[to->count])) {
		to->count++;
		return STATUS_OK;
	}
	error_set(reterr, STATUS_INVALID, "'%.140s' is no %s%schecksum", text, algorithm ? algorithm : "", algorithm ? " " : "");
	if (algorithm == NULL)
		return error_hint(reterr, "It has 32, 40, 64, 96 or 128 digits of 0-9 and a-f; this has %zu characters", strlen(text));
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

static enum status read_list(const char *path, char **ret_text, size_t *ret_size, struct error *reterr)
{
	enum status status = small_file_read(path, "list of checksums", LIST_MAX, ret_text, ret_size, reterr);

	if (status == STATUS_OK)
		*ret_size = narrow(*ret_text, *ret_size);
	return status;
}

enum status expected_add_list(struct expected *to, const char *path, const char *name, struct error *reterr)
{
	AUTO_FREE char *text = NULL;
	struct checksum found[CHECKSUM_MATCHES];
	unsigned count = 0;
	size_t size;
	enum status status = read_list(path, &text, &size, reterr);

	if (status != STATUS_OK)
		return status;
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

/* Lists with several algorithms name each file several times. */
static bool is_named_before(struct bytes list, unsigned line, const char *name)
{
	struct checksum_entry entry;
	unsigned at = 0;

	while (checksum_list_next(&list, &at, &entry) && at < line)
		if (text_equal(entry.name, name))
			return true;
	return false;
}

enum status expected_list_names(const char *path, bool (*each)(void *user, const char *name), void *user, struct error *reterr)
{
	AUTO_FREE char *text = NULL;
	struct checksum_entry entry;
	unsigned line = 0, names = 0;
	struct bytes rest;
	size_t size;
	enum status status = read_list(path, &text, &size, reterr);

	if (status != STATUS_OK)
		return status;
	rest = bytes_of(text, size);
	while (checksum_list_next(&rest, &line, &entry)) {
		if (line > LIST_LINES_MAX) {
			error_set(reterr, STATUS_INVALID, "'%s' has more than %d lines: the rest was not looked at", path, LIST_LINES_MAX);
			return error_hint(reterr, "Say which files to compare: unbrick verify --sums LIST FILE...");
		}
		if (entry.name[0] == '\0' || is_named_before(bytes_of(text, size), line, entry.name))
			continue;
		names++;
		if (!each(user, entry.name))
			return STATUS_OK;
	}
	if (names > 0)
		return STATUS_OK;
	error_set(reterr, STATUS_INVALID, "'%s' names no file", path);
	return error_hint(reterr, "Say which file it is of: unbrick verify --sums LIST FILE");
}

static bool has_algorithm(const struct expected *all, const char *algorithm)
{
	for (unsigned i = 0; i < all->count; i++)
		if (text_equal(all->checksum[i].algorithm, algorithm))
			return true;
	return false;
}

void expected_add_algorithms(struct expected *to, const char *path)
{
	AUTO_FREE char *text = NULL;
	struct checksum_entry entry;
	unsigned line = 0;
	struct bytes rest;
	size_t size;

	if (read_list(path, &text, &size, NULL) != STATUS_OK)
		return;
	rest = bytes_of(text, size);
	while (to->count < EXPECTED_MAX && checksum_list_next(&rest, &line, &entry))
		if (!has_algorithm(to, entry.checksum.algorithm))
			to->checksum[to->count++] = (struct checksum){ .algorithm = entry.checksum.algorithm };
}

bool expected_other_name(const char *path, const struct checksum *got, unsigned count, char ret_name[CHECKSUM_NAME])
{
	AUTO_FREE char *text = NULL;
	struct checksum_entry entry;
	unsigned line = 0;
	struct bytes rest;
	size_t size;

	if (read_list(path, &text, &size, NULL) != STATUS_OK)
		return false;
	rest = bytes_of(text, size);
	while (checksum_list_next(&rest, &line, &entry))
		for (unsigned i = 0; i < count && entry.name[0] != '\0'; i++)
			if (got[i].size > 0 && checksum_fits(&entry.checksum, &got[i])) {
				text_copy(ret_name, CHECKSUM_NAME, entry.name);
				return true;
			}
	return false;
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
	if (status == STATUS_OK)
		status = add_text(&all, NULL, texts->any, reterr);
	if (status == STATUS_OK && texts->sums != NULL)
		status = expected_add_list(&all, texts->sums, name, reterr);
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

static struct checksum end_stream(struct digest_stream *stream, const char *algorithm)
{
	struct checksum sum = { .algorithm = algorithm };

	sum.size = stream ? digest_stream_end(stream, sum.value, CHECKSUM_SIZE) : 0;
	return sum;
}

void expected_hash_end(struct expected_hash *hash, const struct expected *expected,
		       struct checksum ret_got[EXPECTED_MAX])
{
	for (unsigned i = 0; i < expected->count; i++)
		ret_got[i] = end_stream(hash->stream[i], expected->checksum[i].algorithm);
}

struct others {				/* each algorithm once */
	const char *algorithm[OTHERS_MAX];
	struct digest_stream *stream[OTHERS_MAX];
	size_t count;
};

static void add_other(struct others *others, const char *algorithm)
{
	for (size_t i = 0; i < others->count; i++)
		if (text_equal(others->algorithm[i], algorithm))
			return;
	if (others->count == OTHERS_MAX)
		return;
	others->algorithm[others->count] = algorithm;
	others->stream[others->count++] = digest_stream_new(algorithm);
}

static void take_other(const struct expected *expected, const struct checksum *sum, struct checksum *got)
{
	for (unsigned i = 0; i < expected->count && sum->size > 0; i++)
		if (!checksum_fits(&expected->checksum[i], &got[i]) && checksum_fits(&expected->checksum[i], sum))
			got[i] = *sum;
}

enum status expected_try_others(const char *path, const struct expected *expected, struct checksum got[EXPECTED_MAX],
				_Atomic uint64_t *progress, const atomic_bool *cancel, struct error *reterr)
{
	struct others others = { .count = 0 };
	enum status status = STATUS_OK;
	const char *other;

	for (unsigned i = 0; i < expected->count; i++)
		for (size_t k = 0; !checksum_fits(&expected->checksum[i], &got[i]) && (other = checksum_other(&expected->checksum[i], k)) != NULL; k++)
			add_other(&others, other);
	if (others.count > 0)
		status = digest_stream_file(path, others.stream, others.count, progress, cancel, reterr);
	for (size_t i = 0; i < others.count; i++) {
		struct checksum sum = end_stream(others.stream[i], others.algorithm[i]);

		if (status == STATUS_OK)
			take_other(expected, &sum, got);
		digest_stream_free(others.stream[i]);
	}
	return status;
}

enum status expected_hash_file(const char *path, const struct expected *expected, struct checksum ret_got[EXPECTED_MAX],
			       _Atomic uint64_t *progress, const atomic_bool *cancel, struct error *reterr)
{
	struct expected_hash hash;
	enum status status;

	expected_hash_init(&hash, expected);
	status = digest_stream_file(path, hash.stream, hash.count, progress, cancel, reterr);
	if (status == STATUS_OK)
		expected_hash_end(&hash, expected, ret_got);
	expected_hash_done(&hash);
	return status == STATUS_OK ? expected_try_others(path, expected, ret_got, progress, cancel, reterr) : status;
}

/* Only those that this system computes were tried. */
char *expected_tried(const struct checksum *expected, char *to, size_t size)
{
	const char *other;

	text_copy(to, size, "");
	for (size_t i = 0; (other = checksum_other(expected, i)) != NULL; i++) {
		struct digest_stream *stream = digest_stream_new(other);

		if (stream != NULL)
			text_append(to, size, "%s%s", to[0] ? ", " : "; nor is it its ", other);
		digest_stream_free(stream);
	}
	return to;
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
