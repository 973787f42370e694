/* recovery/image/bmap.c
 *
 * bmap: which blocks of a disk image have to be written, with a hash of each range and one of the file itself. It is no image; the image
 * is the file beside it.
 * Source: bmap-tools bmaptool/BmapCreate.py (format 2.0). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "recovery/image/format.h"
#include "src/base/text.h"

enum { SEARCHED = 4096, FILE_MAX = 96 * 1024, SHA256_SIZE = 32, DIGITS = 2 * SHA256_SIZE };

static bool matches(const struct image_input *in)
{
	struct bytes head = image_slice(in, 0, SEARCHED);

	return (image_starts_with(head, BYTES("<?xml")) || image_starts_with(head, BYTES("<bmap"))) &&
	       memmem(head.data, head.size, "<bmap version=", 14) != NULL;
}

/* The text of an element; an empty slice when there is none. */
static struct bytes element(struct bytes xml, const char *tag)
{
	const uint8_t *at = memmem(xml.data, xml.size, tag, strlen(tag)), *end;

	if (at == NULL)
		return (struct bytes){ NULL, 0 };
	at += strlen(tag);
	end = memchr(at, '<', (size_t)(xml.data + xml.size - at));
	while (end != NULL && at < end && *at == ' ')
		at++;
	while (end != NULL && at < end && end[-1] == ' ')
		end--;
	return end != NULL ? bytes_of(at, (size_t)(end - at)) : (struct bytes){ NULL, 0 };
}

/* Its own hash is computed with zeros in its place. */
static void check_hash(const struct image_input *in, struct image_facts *facts)
{
	struct bytes want = element(in->data, "<BmapFileChecksum>");
	uint8_t copy[FILE_MAX], digest[IMAGE_DIGEST_SIZE];
	char have[DIGITS + 1];

	if (want.size != DIGITS || in->data.size > sizeof(copy) || in->ops->digest == NULL)
		return;
	memcpy(copy, in->data.data, in->data.size);
	memset(copy + (want.data - in->data.data), '0', DIGITS);
	if (in->ops->digest(in->ops->user, "sha256", bytes_of(copy, in->data.size), digest) != SHA256_SIZE)
		return;
	for (unsigned i = 0; i < SHA256_SIZE; i++)
		snprintf(have + 2 * i, 3, "%02x", digest[i]);
	text_copy(facts->checked, sizeof(facts->checked), "its SHA-256");
	if (strncasecmp(have, (const char *)want.data, DIGITS) != 0)
		image_broken(facts, (uint64_t)(want.data - in->data.data), "it is damaged: its sha256 does not match");
	else if (facts->whole != IMAGE_NO)
		facts->whole = IMAGE_YES;
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	struct bytes size = element(in->data, "<ImageSize>");
	char text[32];

	text_copy(facts->checked, sizeof(facts->checked), "that it ends");
	image_warning(facts, "it is the map of a disk image, not the image: give the image file itself");
	if (size.size > 0) {
		image_text(text, sizeof(text), size);
		text_format(facts->name, sizeof(facts->name), "for an image of %s bytes", text);
	}
	if (in->data.size < in->size)
		return;
	if (memmem(in->data.data, in->data.size, "</bmap>", 7) == NULL)
		image_broken(facts, in->size, "it is cut off: its end is missing");
	else
		check_hash(in, facts);
}

const struct image_format image_format_bmap = {
	.word = "bmap", .title = "map of a disk image (bmap)", .matches = matches, .inspect = inspect,
};
