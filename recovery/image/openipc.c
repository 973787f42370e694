/* recovery/image/openipc.c
 *
 * OpenIPC's release archive, a tar whose members have the chip at the end of their names: rootfs.squashfs.hi3516ev300, uImage.hi3516ev300 and
 * their .md5sum. It is published as tgz, so that what is looked at here is what unpacking shows of it.
 * Source: OpenIPC/firmware general/overlay/usr/sbin/sysupgrade; POSIX.1-2017 pax, "ustar Interchange Format". */
#include "recovery/image/format.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum { TAR_BLOCK = 512, TAR_MAGIC = 257, NAME_SIZE = 100, AT_SIZE = 124, SIZE_DIGITS = 11, MEMBERS = 16 };

static const char *const prefixes[] = { "rootfs.squashfs.", "rootfs.ubi.", "rootfs.ubifs.", "uImage.", "fitImage." };

/* The chip's name in a member's name; "": it is another member. */
static void read_chip(const struct image_input *in, uint64_t at, char *to, size_t size)
{
	static const char digest[] = ".md5sum";
	char name[NAME_SIZE + 1];
	const char *from = name;

	to[0] = '\0';
	image_text(name, sizeof(name), image_slice(in, at, NAME_SIZE));
	if (text_starts(from, "./"))
		from += 2;
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (text_starts(from, prefixes[i]))
			text_copy(to, size, from + strlen(prefixes[i]));
	if (strlen(to) > strlen(digest) && text_equal(to + strlen(to) - strlen(digest), digest))
		to[strlen(to) - strlen(digest)] = '\0';
}

static bool matches(const struct image_input *in)
{
	char chip[40];

	if (in->data.size < TAR_BLOCK || !bytes_equal(image_slice(in, TAR_MAGIC, 5), BYTES("ustar")))
		return false;
	read_chip(in, 0, chip, sizeof(chip));
	return chip[0] != '\0';
}

static uint64_t member_size(const struct image_input *in, uint64_t at)
{
	struct bytes digits = image_slice(in, at + AT_SIZE, SIZE_DIGITS);
	uint64_t size = 0;

	for (size_t i = 0; i < digits.size && digits.data[i] >= '0' && digits.data[i] <= '7'; i++)
		size = size * 8 + (unsigned)(digits.data[i] - '0');
	return size;
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	char chip[40], name[NAME_SIZE + 1];
	uint64_t at = 0;

	image_set_vendor(facts, "OpenIPC");
	text_copy(facts->checked, sizeof(facts->checked), "nothing: its sums are files of their own");
	for (unsigned i = 0; i < MEMBERS && image_in_memory(in, at, TAR_BLOCK) && in->data.data[at] != 0; i++) {
		uint64_t size = member_size(in, at);

		read_chip(in, at, chip, sizeof(chip));
		image_add_board(facts, bytes_of_text(chip));
		image_text(name, sizeof(name), image_slice(in, at, NAME_SIZE));
		image_add_part(in, facts, at + TAR_BLOCK, size, name);
		at += TAR_BLOCK + (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
		if (in->size != IMAGE_SIZE_UNKNOWN && at > in->size) {
			image_broken(facts, in->size, "it is cut off inside its member '%.40s'", name);
			return;
		}
	}
}

const struct image_format image_format_openipc = {
	.is_archive = true, .word = "openipc-tar", .title = "OpenIPC release", .matches = matches, .inspect = inspect,
};
