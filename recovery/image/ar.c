/* recovery/image/ar.c
 *
 * ar archives, and Debian packages, which are ar archives of debian-binary, control.tar and data.tar (opkg's old ones too).
 * Source: ar(5); deb(5). */
#include <inttypes.h>

#include "recovery/image/format.h"
#include "src/base/text.h"

enum { MAGIC = 8, HEADER = 60, AT_SIZE = 48, SIZE_DIGITS = 10, NAME_SIZE = 16, MEMBERS = 10000 };

static bool is_ar(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("!<arch>\n"));
}

static bool is_deb(const struct image_input *in)
{
	return is_ar(in) && in->data.size > MAGIC + HEADER && memcmp(in->data.data + MAGIC, "debian-binary", 13) == 0;
}

static bool read_size(const uint8_t *header, uint64_t *ret_size)
{
	uint64_t size = 0;
	unsigned i = 0;

	for (; i < SIZE_DIGITS && header[AT_SIZE + i] >= '0' && header[AT_SIZE + i] <= '9'; i++)
		size = size * 10 + (uint64_t)(header[AT_SIZE + i] - '0');
	*ret_size = size;
	return i > 0 && header[58] == '`' && header[59] == '\n';
}

/* Adds the member at and returns where the next one is; UINT64_MAX: there is none, or it is broken. */
static uint64_t take_member(const struct image_input *in, struct image_facts *facts, uint64_t at)
{
	struct bytes header = image_slice(in, at, HEADER);
	char name[NAME_SIZE + 1];
	uint64_t size;

	if (header.size < HEADER) {
		if (in->size - at < HEADER)
			image_broken(facts, in->size, "it is cut off inside the header of a member");
		return UINT64_MAX;
	}
	if (!read_size(header.data, &size)) {
		image_broken(facts, at, "the header of its member at byte %" PRIu64 " is damaged", at);
		return UINT64_MAX;
	}
	at += HEADER;
	image_text(name, sizeof(name), bytes_of(header.data, NAME_SIZE));
	if (strlen(name) > 1 && name[strlen(name) - 1] == '/')
		name[strlen(name) - 1] = '\0';	/* the System V way to end a name */
	if (size > in->size - at) {
		image_broken(facts, in->size, "it is cut off inside its member '%s'", name);
		return UINT64_MAX;
	}
	image_add_part(in, facts, at, size, name);
	at += size + size % 2;
	return at > in->size ? in->size : at;
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	uint64_t at = MAGIC;

	text_copy(facts->checked, sizeof(facts->checked), "its headers; nothing covers the contents");
	for (unsigned i = 0; i < MEMBERS && at < in->size; i++)
		at = take_member(in, facts, at);
	if (at == in->size)
		facts->declared_size = at;
}

const struct image_format image_format_ar = {
	.word = "ar", .is_carrier = true, .title = "ar archive", .matches = is_ar, .inspect = inspect,
};

const struct image_format image_format_deb = {
	.word = "deb", .is_carrier = true, .title = "Debian package", .matches = is_deb, .inspect = inspect,
};
