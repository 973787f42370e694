#include "recovery/image/checksum.h"

#include "src/base/cleanup.h"
#include "src/base/text.h"

struct algorithm {
	const char *name;		/* OpenSSL's */
	size_t size;
	const char *tags[2];		/* before "(name) = ", besides the name itself; case ignored */
	bool is_weak;
};

/* Strongest first, which is the order of the answers; of two with the same length the first is the usual one. */
static const struct algorithm algorithms[] = {
	{ "sha512", 64, { "SHA2-512", "SHA-512" }, false },
	{ "sha3-512", 64, { NULL }, false },
	{ "blake2b512", 64, { "BLAKE2b", "BLAKE2b-512" }, false },
	{ "sha384", 48, { "SHA2-384", "SHA-384" }, false },
	{ "sha3-384", 48, { NULL }, false },
	{ "blake2b384", 48, { "BLAKE2b-384" }, false },
	{ "sha256", 32, { "SHA2-256", "SHA-256" }, false },
	{ "sha3-256", 32, { NULL }, false },
	{ "blake2b256", 32, { "BLAKE2b-256" }, false },
	{ "blake2s256", 32, { "BLAKE2s", "BLAKE2s-256" }, false },
	{ "sha512-256", 32, { "SHA2-512/256", "SHA512t256" }, false },
	{ "sm3", 32, { NULL }, false },
	{ "sha224", 28, { "SHA2-224", "SHA-224" }, false },
	{ "sha3-224", 28, { NULL }, false },
	{ "sha1", 20, { "SHA-1" }, true },
	{ "md5", 16, { NULL }, true },
};

static size_t rank(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++)
		if (text_equal(algorithms[i].name, name))
			return i;
	return ARRAY_SIZE(algorithms);
}

size_t checksum_digits(const char *algorithm)
{
	size_t at = rank(algorithm);

	return at < ARRAY_SIZE(algorithms) ? 2 * algorithms[at].size : 0;
}

bool checksum_is_weak(const struct checksum *checksum)
{
	size_t at = rank(checksum->algorithm);

	return at < ARRAY_SIZE(algorithms) && algorithms[at].is_weak;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct bytes trim(struct bytes text)
{
	while (text.size > 0 && is_blank(text.data[0]))
		text = bytes_from(text, 1);
	while (text.size > 0 && is_blank(text.data[text.size - 1]))
		text.size--;
	return text;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t count_digits(struct bytes text)
{
	size_t count = 0;

	while (count < text.size && hex_digit(text.data[count]) >= 0)
		count++;
	return count;
}

static bool read_value(struct bytes digits, const struct algorithm *algorithm, struct checksum *ret)
{
	if (digits.size != 2 * algorithm->size || count_digits(digits) != digits.size)
		return false;
	*ret = (struct checksum){ .algorithm = algorithm->name, .size = algorithm->size };
	for (size_t i = 0; i < algorithm->size; i++)
		ret->value[i] = (uint8_t)(hex_digit(digits.data[2 * i]) << 4 | hex_digit(digits.data[2 * i + 1]));
	return true;
}

char *checksum_hex(const struct checksum *checksum, char to[CHECKSUM_HEX])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < checksum->size; i++) {
		to[2 * i] = digits[checksum->value[i] >> 4];
		to[2 * i + 1] = digits[checksum->value[i] & 15];
	}
	to[2 * checksum->size] = '\0';
	return to;
}

bool checksum_equal(const struct checksum *a, const struct checksum *b)
{
	return text_equal(a->algorithm, b->algorithm) &&
	       bytes_equal(bytes_of(a->value, a->size), bytes_of(b->value, b->size));
}

const char *checksum_other(const struct checksum *checksum, size_t number)
{
	for (size_t i = 0; i < ARRAY_SIZE(algorithms) && checksum->is_by_length; i++)
		if (algorithms[i].size == checksum->size && !text_equal(algorithms[i].name, checksum->algorithm) && number-- == 0)
			return algorithms[i].name;
	return NULL;
}

bool checksum_fits(const struct checksum *expected, const struct checksum *got)
{
	if (!expected->is_by_length && !text_equal(expected->algorithm, got->algorithm))
		return false;
	return bytes_equal(bytes_of(expected->value, expected->size), bytes_of(got->value, got->size));
}

/* ---- lines of a list ---- */

static bool is_tag(struct bytes text, const char *tag)
{
	size_t length = strlen(tag);

	if (text.size != length)
		return false;
	for (size_t i = 0; i < length; i++)
		if ((text.data[i] | 0x20) != (tag[i] | 0x20))
			return false;
	return true;
}

static const struct algorithm *find_tag(struct bytes text)
{
	for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++) {
		if (is_tag(text, algorithms[i].name))
			return &algorithms[i];
		for (size_t k = 0; k < ARRAY_SIZE(algorithms[i].tags) && algorithms[i].tags[k]; k++)
			if (is_tag(text, algorithms[i].tags[k]))
				return &algorithms[i];
	}
	return NULL;
}

/* "sha256:" in front of a hash, or "SHA256" and blanks; NULL where there is nothing of that kind, and text is as it was. */
static const struct algorithm *take_tag(struct bytes *text)
{
	size_t length = 0;
	struct bytes rest;
	const struct algorithm *algorithm;

	while (length < text->size && text->data[length] != ':' && !is_blank(text->data[length]))
		length++;
	rest = bytes_from(*text, length);
	algorithm = rest.size > 0 ? find_tag(bytes_of(text->data, length)) : NULL;
	if (algorithm == NULL)
		return NULL;
	*text = trim(bytes_from(rest, rest.data[0] == ':'));
	return algorithm;
}

static bool parse_digits(struct bytes digits, const char *algorithm, struct checksum *ret_checksum)
{
	for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++)
		if ((algorithm == NULL || text_equal(algorithm, algorithms[i].name)) && read_value(digits, &algorithms[i], ret_checksum)) {
			ret_checksum->is_by_length = algorithm == NULL;
			return true;
		}
	return false;
}

bool checksum_parse(struct bytes text, const char *algorithm, struct checksum *ret_checksum)
{
	const struct algorithm *tag;

	text = trim(text);
	tag = take_tag(&text);
	if (tag != NULL && algorithm != NULL && !text_equal(tag->name, algorithm))
		return false;
	return parse_digits(text, tag != NULL ? tag->name : algorithm, ret_checksum);
}

/* False: longer than a name may be, or with a NUL, so that it cannot be compared. is_escaped: coreutils, "cksum
 * output modes". */
static bool read_name(struct bytes from, bool is_escaped, char to[CHECKSUM_NAME])
{
	size_t length = 0;

	for (size_t i = 0; i < from.size; i++) {
		uint8_t c = from.data[i];

		if (is_escaped && c == '\\' && i + 1 < from.size) {
			c = from.data[++i];
			c = c == 'n' ? '\n' : c == 'r' ? '\r' : c;
		}
		if (c == '\0' || length + 1 >= CHECKSUM_NAME)
			return false;
		to[length++] = (char)c;
	}
	to[length] = '\0';
	return true;
}

/* "SHA256 (name) = hash"; OpenSSL writes no blanks before the parenthesis and the equals sign. */
static bool read_tagged(struct bytes line, bool is_escaped, struct checksum_entry *entry)
{
	const uint8_t *opening = memchr(line.data, '(', line.size), *closing = memrchr(line.data, ')', line.size);
	const struct algorithm *algorithm;
	struct bytes value;

	if (opening == NULL || closing == NULL || closing <= opening)
		return false;
	algorithm = find_tag(trim(bytes_of(line.data, (size_t)(opening - line.data))));
	value = trim(bytes_from(line, (size_t)(closing + 1 - line.data)));
	if (algorithm == NULL || value.size == 0 || value.data[0] != '=')
		return false;
	return read_value(trim(bytes_from(value, 1)), algorithm, &entry->checksum) &&
	       read_name(bytes_of(opening + 1, (size_t)(closing - opening - 1)), is_escaped, entry->name);
}

/* "hash  name", "hash *name", "hash", each perhaps with its algorithm in front. */
static bool read_plain(struct bytes line, bool is_escaped, struct checksum_entry *entry)
{
	const struct algorithm *tag = take_tag(&line);
	size_t digits = count_digits(line);
	struct bytes name = bytes_from(line, digits);

	if (!parse_digits(bytes_of(line.data, digits), tag != NULL ? tag->name : NULL, &entry->checksum))
		return false;
	if (name.size > 0 && name.data[0] != ' ' && name.data[0] != '\t')
		return false;
	while (name.size > 0 && (name.data[0] == ' ' || name.data[0] == '\t'))
		name = bytes_from(name, 1);
	if (name.size > 1 && name.data[0] == '*')
		name = bytes_from(name, 1);
	return read_name(name, is_escaped, entry->name);
}

static bool read_line(struct bytes line, struct checksum_entry *entry)
{
	bool is_escaped;

	if (line.size >= 3 && memcmp(line.data, "\xef\xbb\xbf", 3) == 0)
		line = bytes_from(line, 3);
	line = trim(line);
	is_escaped = line.size > 0 && line.data[0] == '\\';
	if (is_escaped)
		line = bytes_from(line, 1);
	if (line.size == 0)
		return false;
	return read_plain(line, is_escaped, entry) || read_tagged(line, is_escaped, entry);
}

bool checksum_list_next(struct bytes *rest, unsigned *line, struct checksum_entry *ret_entry)
{
	while (rest->size > 0) {
		const uint8_t *end = memchr(rest->data, '\n', rest->size);
		struct bytes text = { rest->data, end ? (size_t)(end - rest->data) : rest->size };

		*rest = bytes_from(*rest, text.size + (end != NULL));
		++*line;
		if (read_line(text, ret_entry)) {
			ret_entry->line = *line;
			return true;
		}
	}
	return false;
}

/* ---- what a list says about a file ---- */

static bool is_separator(char c)
{
	return c == '/' || c == '\\';	/* a list that was made on Windows has backslashes */
}

static const char *without_dot(const char *path)
{
	while (path[0] == '.' && path[1] == '/')
		path += 2;
	return path;
}

enum { SAME_PATH = CHECKSUM_NAME + 1 };

/* How many parts of the paths are the same, counted from the end. */
static unsigned match_of(const char *entry, const char *name)
{
	size_t a, b;
	unsigned parts = 0;

	entry = without_dot(entry);
	name = without_dot(name);
	a = strlen(entry);
	b = strlen(name);
	if (text_equal(entry, name))
		return SAME_PATH;
	while (a > 0 && b > 0) {
		size_t length = 0;

		while (length < a && length < b && entry[a - 1 - length] == name[b - 1 - length] && !is_separator(entry[a - 1 - length]))
			length++;
		a -= length;
		b -= length;
		if (length == 0 || (a > 0 && !is_separator(entry[a - 1])) || (b > 0 && !is_separator(name[b - 1])))
			break;
		parts++;
		a -= a > 0;
		b -= b > 0;
	}
	return parts;
}

struct findings {
	struct checksum *checksums;
	unsigned count;
	bool is_contradiction;
};

static void add(struct findings *to, const struct checksum *checksum)
{
	unsigned at = 0;

	for (unsigned i = 0; i < to->count; i++)
		if (text_equal(to->checksums[i].algorithm, checksum->algorithm)) {
			to->is_contradiction = to->is_contradiction || !checksum_equal(&to->checksums[i], checksum);
			return;
		}
	if (to->count == CHECKSUM_MATCHES)
		return;
	while (at < to->count && rank(to->checksums[at].algorithm) < rank(checksum->algorithm))
		at++;
	memmove(&to->checksums[at + 1], &to->checksums[at], (to->count - at) * sizeof(to->checksums[0]));
	to->checksums[at] = *checksum;
	to->count++;
}

enum checksum_found checksum_list_find(struct bytes list, const char *name,
				       struct checksum ret_checksums[CHECKSUM_MATCHES], unsigned *ret_count)
{
	struct findings found = { .checksums = ret_checksums };
	unsigned best = 0;
	struct checksum nameless[CHECKSUM_MATCHES];
	struct findings alone = { .checksums = nameless };
	struct checksum_entry entry;
	unsigned line = 0, entries = 0, names = 0;

	while (checksum_list_next(&list, &line, &entry)) {
		unsigned match = match_of(entry.name, name);

		entries++;
		names += entry.name[0] != '\0';
		if (entry.name[0] == '\0')
			add(&alone, &entry.checksum);
		if (match > best) {
			found = (struct findings){ .checksums = ret_checksums };
			best = match;
		}
		if (match > 0 && match == best)
			add(&found, &entry.checksum);
	}
	for (unsigned i = 0; i < alone.count && names == 0 && !alone.is_contradiction; i++)
		add(&found, &nameless[i]);
	if (found.is_contradiction)
		return CHECKSUM_CONTRADICTION;
	*ret_count = found.count;
	return found.count > 0 ? CHECKSUM_FOUND : entries > 0 ? CHECKSUM_NOT_NAMED : CHECKSUM_NO_LIST;
}
