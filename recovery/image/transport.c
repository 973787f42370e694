/* recovery/image/transport.c
 *
 * Sources: RFC 959, 3.1.1.1 (FTP's ASCII type: lines end in CR LF on the wire); RFC 3629 (UTF-8). */
#include "recovery/image/transport.h"

#include "src/base/text.h"

enum {
	LINES_LOOKED_AT = 4 * 1024 * 1024,
	LINES_MAX = 4096,		/* a text has many */
	LINES_LEAST = 8,
	NEAR = 8,			/* bytes on each side of an end of a line */
	NEAR_BINARY = 5,		/* of them, as no text has them */
	CHARACTERS_LOOKED_AT = 64 * 1024,
	CHARACTERS_LEAST = 64,
	BINARY_PART = 64,		/* of the bytes, one at least is a control character, which text has none of */
};

static bool is_control(uint8_t byte)
{
	return byte > 0 && byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r' && byte != '\f' && byte != 0x1b;
}

/* Messages in programs and texts in file systems have lines that end in CR LF; only those in between other bytes tell. */
static bool is_in_binary(struct bytes data, size_t at)
{
	size_t from = at > NEAR ? at - NEAR : 0;
	unsigned count = 0;

	for (size_t i = from; i < at + 2 + NEAR && i < data.size; i++)
		count += is_control(data.data[i]) || data.data[i] > 0x7e;
	return count >= NEAR_BINARY;
}

/* Of arbitrary bytes one LF in 256 stands behind a CR. Where all do, each LF was made CR LF; so it was, too, where the file is longer by as many
 * bytes as it has lines, however much of it is text. Returns where the first is; UINT64_MAX: not so. */
static uint64_t find_text_mode(const struct image_input *in, uint64_t declared)
{
	struct bytes data = image_slice(in, 0, LINES_LOOKED_AT), left = data;
	unsigned lines = 0, binary = 0;
	uint64_t first = UINT64_MAX;
	const uint8_t *end = NULL;

	while (lines < LINES_MAX && left.size > 0 && (end = memchr(left.data, '\n', left.size)) != NULL) {
		size_t at = (size_t)(end - data.data);

		if (at == 0 || end[-1] != '\r')
			return UINT64_MAX;
		lines++;
		binary += is_in_binary(data, at - 1);
		first = first == UINT64_MAX ? at - 1 : first;
		left = bytes_from(data, at + 1);
	}
	if (lines >= LINES_LEAST && lines < LINES_MAX && data.size == in->size && declared > 0 && declared + lines == in->size)
		return first;
	return binary >= LINES_LEAST ? first : UINT64_MAX;
}

/* How many bytes the character at the start has, 0: it is none (RFC 3629, 4). */
static size_t character(struct bytes from)
{
	uint8_t lead = from.data[0];
	size_t size = lead < 0x80 ? 1 : lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xf0 && lead < 0xf5 ? 4 : 0;

	if (size > from.size)
		return 0;
	for (size_t i = 1; i < size; i++)
		if ((from.data[i] & 0xc0) != 0x80)
			return 0;
	return size;
}

/* Bytes of programs above 0x7f are no UTF-8. Where all are, somebody wrote each as a character, or the sign for one that is none (U+FFFD). */
static uint64_t find_utf8(const struct image_input *in)
{
	struct bytes data = image_slice(in, 0, CHARACTERS_LOOKED_AT);
	unsigned characters = 0, controls = 0;
	uint64_t first = UINT64_MAX;
	size_t at = 0;

	while (at < data.size) {
		size_t size = character(bytes_from(data, at));

		if (size == 0 && at + 4 > data.size)
			break;	/* it goes on behind what is looked at */
		if (size == 0)
			return UINT64_MAX;
		if (size > 1) {
			characters++;
			first = first == UINT64_MAX ? at : first;
		}
		controls += is_control(data.data[at]);
		at += size;
	}
	return characters >= CHARACTERS_LEAST && controls > data.size / BINARY_PART ? first : UINT64_MAX;
}

/* Formats that nothing covers, and none, have nothing to say of it. */
static void note(struct image_facts *facts, uint64_t offset, const char *cause)
{
	if (text_starts(facts->checked, "nothing"))
		text_copy(facts->checked, sizeof(facts->checked), "the order of its bytes");
	image_broken_by(facts, offset, cause);
}

void image_note_transport(const struct image_input *in, struct image_facts *facts)
{
	uint64_t at;

	if (facts->is_no_image)
		return;
	if ((at = find_text_mode(in, facts->declared_size)) != UINT64_MAX)
		note(facts, at, "it was transferred in text mode, which put a CR before each LF: transfer it again in binary mode");
	else if ((at = find_utf8(in)) != UINT64_MAX)
		note(facts, at, "a program took it for text and wrote each byte above 0x7f as UTF-8: get it again as a binary file");
}
