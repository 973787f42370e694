/* src/io/bench_parse.c
 *
 * The text that the kernel and other programs leave for the bench scan, taken apart without a descriptor. */
#include "src/io/bench_internal.h"

#include <limits.h>

#include "src/base/text.h"

bool bench_next_line(struct bytes *text, struct bytes *ret_line)
{
	const uint8_t *end;

	if (text->size == 0)
		return false;
	end = memchr(text->data, '\n', text->size);
	ret_line->data = text->data;
	ret_line->size = end != NULL ? (size_t)(end - text->data) : text->size;
	*text = bytes_from(*text, ret_line->size + (end != NULL ? 1 : 0));
	return true;
}

/* The next word between blanks; false at the end of the line. */
static bool next_word(struct bytes *line, struct bytes *ret_word)
{
	size_t start = 0, end;

	while (start < line->size && (line->data[start] == ' ' || line->data[start] == '\t'))
		start++;
	for (end = start; end < line->size && line->data[end] != ' ' && line->data[end] != '\t'; end++)
		continue;
	*ret_word = (struct bytes){ line->data + start, end - start };
	*line = bytes_from(*line, end);
	return ret_word->size > 0;
}

static int digit_value(uint8_t digit)
{
	return digit >= '0' && digit <= '9' ? digit - '0' : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
	     : digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : 99;
}

/* A whole word as a number up to max; no sign, no prefix. */
static bool parse_number(struct bytes word, unsigned base, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (word.size == 0)
		return false;
	for (size_t i = 0; i < word.size; i++) {
		unsigned digit = (unsigned)digit_value(word.data[i]);

		if (digit >= base || value > (max - digit) / base)
			return false;
		value = value * base + digit;
	}
	*ret_value = value;
	return true;
}

/* The parts before and after the first mark. */
static bool split(struct bytes word, char mark, struct bytes *ret_before, struct bytes *ret_after)
{
	const uint8_t *at = word.size > 0 ? memchr(word.data, mark, word.size) : NULL;

	if (at == NULL)
		return false;
	*ret_before = (struct bytes){ word.data, (size_t)(at - word.data) };
	*ret_after = bytes_from(word, ret_before->size + 1);
	return true;
}

bool bench_parse_udp(struct bytes line, struct bench_udp_socket *ret_socket)
{
	enum { LOCAL_ADDRESS = 1, USER = 7, INODE = 9 };
	struct bytes word, address, port_text;
	uint64_t port = 0, user = 0, inode = 0;

	for (unsigned i = 0; i <= INODE; i++) {
		if (!next_word(&line, &word))
			return false;
		if (i == LOCAL_ADDRESS && (!split(word, ':', &address, &port_text) ||
					   !parse_number(port_text, 16, 65535, &port)))
			return false;
		if (i == USER && !parse_number(word, 10, UINT_MAX, &user))
			return false;
		if (i == INODE && !parse_number(word, 10, UINT64_MAX, &inode))
			return false;
	}
	*ret_socket = (struct bench_udp_socket){ .port = (unsigned)port, .user = (unsigned)user, .inode = inode };
	return true;
}

bool bench_parse_lock(struct bytes line, struct bench_lock *ret_lock)
{
	enum { KIND = 1, PID = 4, FILE_IDENTITY = 5 };	/* "1: FLOCK  ADVISORY  WRITE 812 08:01:131 0 EOF" */
	struct bytes word, major_text, rest, minor_text, inode_text;
	uint64_t pid = 0, device_major, device_minor, inode;

	for (unsigned i = 0; i <= FILE_IDENTITY; i++) {
		if (!next_word(&line, &word))
			return false;
		if (i == KIND && !bytes_equal(word, BYTES("FLOCK")) && !bytes_equal(word, BYTES("POSIX")) &&
		    !bytes_equal(word, BYTES("OFDLCK")))
			return false;
		/* An open file description lock has -1 here: no process to name. */
		if (i == PID && !parse_number(word, 10, INT_MAX, &pid))
			return false;
	}
	if (!split(word, ':', &major_text, &rest) || !split(rest, ':', &minor_text, &inode_text) ||
	    !parse_number(major_text, 16, UINT_MAX, &device_major) ||
	    !parse_number(minor_text, 16, UINT_MAX, &device_minor) || !parse_number(inode_text, 10, UINT64_MAX, &inode))
		return false;
	*ret_lock = (struct bench_lock){ .pid = (int)pid, .device_major = (unsigned)device_major,
					 .device_minor = (unsigned)device_minor, .inode = inode };
	return true;
}

int bench_parse_uucp(struct bytes content)
{
	struct bytes line, word;
	uint64_t pid;

	if (content.size == 4 && (content.data[0] < ' ' || content.data[1] < ' ' || content.data[2] < ' ')) {
		int32_t binary;		/* old uucp wrote an int of the machine */

		memcpy(&binary, content.data, sizeof(binary));
		return binary > 0 ? binary : 0;
	}
	if (!bench_next_line(&content, &line) || !next_word(&line, &word) || !parse_number(word, 10, INT_MAX, &pid))
		return 0;
	return (int)pid;
}

/* mountinfo writes blank, tab, newline and backslash as \040 and the like. */
static void copy_unescaped(struct bytes from, char *to, size_t size)
{
	size_t length = 0;

	for (size_t i = 0; i < from.size && length + 1 < size; i++) {
		uint8_t byte = from.data[i];

		if (byte == '\\' && from.size - i > 3) {
			int high = digit_value(from.data[i + 1]), middle = digit_value(from.data[i + 2]),
			    low = digit_value(from.data[i + 3]);

			if (high < 4 && middle < 8 && low < 8) {
				byte = (uint8_t)(high << 6 | middle << 3 | low);
				i += 3;
			}
		}
		if (byte == '\0')
			break;
		to[length++] = (char)byte;
	}
	to[length] = '\0';
}

bool bench_parse_mount(struct bytes line, struct bench_mount *ret_mount)
{
	enum { DEVICE = 2, FIRST_OPTIONAL = 6 };	/* "36 35 98:0 /mnt1 /mnt2 rw shared:1 - ext3 /dev/root rw" */
	struct bytes word, major_text, minor_text, source;
	uint64_t device_major = 0, device_minor = 0;

	for (unsigned i = 0; i < FIRST_OPTIONAL; i++) {
		if (!next_word(&line, &word))
			return false;
		if (i == DEVICE && (!split(word, ':', &major_text, &minor_text) ||
				    !parse_number(major_text, 10, UINT_MAX, &device_major) ||
				    !parse_number(minor_text, 10, UINT_MAX, &device_minor)))
			return false;
	}
	do {
		if (!next_word(&line, &word))
			return false;
	} while (!bytes_equal(word, BYTES("-")));
	if (!next_word(&line, &word) || !next_word(&line, &source))
		return false;
	ret_mount->device_major = (unsigned)device_major;
	ret_mount->device_minor = (unsigned)device_minor;
	copy_unescaped(source, ret_mount->source, sizeof(ret_mount->source));
	return true;
}

bool bench_parse_uevent(struct bytes text, const char *key, char *to, size_t size)
{
	size_t key_length = strlen(key);

	to[0] = '\0';
	while (text.size > 0) {
		size_t end = 0;

		while (end < text.size && text.data[end] != '\n' && text.data[end] != '\0')
			end++;
		if (end > key_length && text.data[key_length] == '=' && memcmp(text.data, key, key_length) == 0) {
			text_printable(to, size, bytes_of(text.data + key_length + 1, end - key_length - 1));
			return true;
		}
		text = bytes_from(text, end + 1);
	}
	return false;
}

bool bench_parse_name(struct bytes *list, char *to, size_t size)
{
	while (list->size > 0) {
		struct bytes name;

		if (!split(*list, ',', &name, list)) {
			name = *list;
			*list = bytes_from(*list, list->size);
		}
		while (name.size > 0 && name.data[0] == ' ')
			name = bytes_from(name, 1);
		while (name.size > 0 && name.data[name.size - 1] == ' ')
			name.size--;
		/* A name that does not fit is left out: cut short it would be another one. */
		if (name.size == 0 || name.size >= size)
			continue;
		if (text_printable(to, size, name) == name.size && memcmp(to, name.data, name.size) == 0)
			return true;
	}
	to[0] = '\0';
	return false;
}
