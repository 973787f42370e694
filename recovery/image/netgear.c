/* recovery/image/netgear.c
 *
 * Netgear: CHK ("*#$^", big-endian, sums of header, kernel and rootfs) and DNI (a header of text, one sum over all of it).
 * Source: OpenWrt firmware-utils src/mkchkimg.c, mkdniimg.c. */
#include <inttypes.h>

#include "recovery/image/check.h"
#include "src/base/text.h"

/* --- CHK --- */

enum {
	CHK_HEADER_SIZE = 4,
	CHK_REGION = 8,
	CHK_VERSION = 9,	/* seven bytes: A.B.C.D_E.F.G */
	CHK_KERNEL_SUM = 16,
	CHK_ROOTFS_SUM = 20,
	CHK_KERNEL = 24,
	CHK_ROOTFS = 28,
	CHK_IMAGE_SUM = 32,
	CHK_HEADER_SUM = 36,
	CHK_BOARD = 40,
	CHK_BOARD_MAX = 64,
};

static bool is_chk(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("*#$^"));
}

struct chk_sum {
	uint32_t c0, c1;
};

static void chk_add(struct chk_sum *sum, struct bytes more)
{
	for (size_t i = 0; i < more.size; i++) {
		sum->c0 += more.data[i];
		sum->c1 += sum->c0;
	}
}

static uint32_t chk_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum + (sum >> 16)) & 0xffff;
}

static uint32_t chk_result(const struct chk_sum *sum)
{
	return chk_fold(sum->c1) << 16 | chk_fold(sum->c0);
}

static uint32_t chk_sum_of(struct bytes over)
{
	struct chk_sum sum = { 0, 0 };

	chk_add(&sum, over);
	return chk_result(&sum);
}

static uint32_t chk_header_sum(struct bytes header)
{
	struct chk_sum sum = { 0, 0 };

	chk_add(&sum, bytes_of(header.data, CHK_HEADER_SUM));
	chk_add(&sum, BYTES("\0\0\0\0"));	/* its own field counts as zero */
	chk_add(&sum, bytes_from(header, CHK_BOARD));
	return chk_result(&sum);
}

static void read_chk_version(const uint8_t *header, struct image_facts *facts)
{
	const uint8_t *v = header + CHK_VERSION;
	uint8_t region = header[CHK_REGION];
	unsigned any = 0;

	for (unsigned i = 0; i < 7; i++)
		any |= v[i];
	if (any != 0)
		text_format(facts->version, sizeof(facts->version), "%u.%u.%u.%u_%u.%u.%u", v[0], v[1], v[2], v[3], v[4], v[5], v[6]);
	text_format(facts->title, sizeof(facts->title), "Netgear CHK image (region %s)",
		    region == 1 ? "WW" : region == 2 ? "NA" : "not told");
}

static void check_chk_contents(const struct image_input *in, struct image_facts *facts, uint32_t header, uint32_t kernel, uint32_t rootfs)
{
	const uint8_t *data = in->data.data;
	uint64_t size = (uint64_t)kernel + rootfs;

	if (!image_in_memory(in, header, size))
		return;
	if (chk_sum_of(image_slice(in, header, kernel)) != load_be32(data + CHK_KERNEL_SUM))
		image_broken(facts, header, "its kernel is damaged: the checksum does not match");
	if (rootfs > 0 && chk_sum_of(image_slice(in, header + (uint64_t)kernel, rootfs)) != load_be32(data + CHK_ROOTFS_SUM))
		image_broken(facts, header + (uint64_t)kernel, "its root file system is damaged: the checksum does not match");
	if (facts->whole != IMAGE_NO)
		image_compare(facts, header, "its data", chk_sum_of(image_slice(in, header, size)), load_be32(data + CHK_IMAGE_SUM));
	image_covered(facts, "sums of header, kernel and root file system");
}

static void inspect_chk(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *data = in->data.data;
	uint32_t header, kernel, rootfs;

	if (!image_has_header(in, facts, CHK_BOARD))
		return;
	image_set_vendor(facts, "NETGEAR");
	facts->ends_exactly = true;
	header = load_be32(data + CHK_HEADER_SIZE);
	if (header < CHK_BOARD || header > CHK_BOARD + CHK_BOARD_MAX) {
		image_broken(facts, CHK_HEADER_SIZE, "its header is damaged: it says that it has %" PRIu32 " bytes", header);
		return;
	}
	if (!image_has_header(in, facts, header))
		return;
	text_copy(facts->checked, sizeof(facts->checked), "header sum and size");
	if (!image_compare(facts, CHK_HEADER_SUM, "its header", chk_header_sum(image_slice(in, 0, header)), load_be32(data + CHK_HEADER_SUM)))
		return;
	read_chk_version(data, facts);
	image_add_board_field(facts, bytes_of(data + CHK_BOARD, header - CHK_BOARD));
	kernel = load_be32(data + CHK_KERNEL);
	rootfs = load_be32(data + CHK_ROOTFS);
	if (image_declare(in, facts, (uint64_t)header + kernel + rootfs))
		check_chk_contents(in, facts, header, kernel, rootfs);
	image_add_part(in, facts, header, kernel, "kernel");
	if (rootfs > 0)
		image_add_part(in, facts, (uint64_t)header + kernel, rootfs, "rootfs");
}

const struct image_format image_format_netgear_chk = {
	.word = "netgear-chk", .title = "Netgear CHK image", .matches = is_chk, .inspect = inspect_chk,
};

/* --- DNI --- */

enum { DNI_HEADER = 128 };

static bool is_dni(const struct image_input *in)
{
	struct bytes header = image_slice(in, 0, DNI_HEADER);

	return image_starts_with(header, BYTES("device:")) && memmem(header.data, header.size, "\nversion:", 9) != NULL;
}

/* The rest of the line that begins with key; empty when there is none. */
static struct bytes dni_value(struct bytes header, const char *key)
{
	size_t length = strlen(key);

	while (header.size > length) {
		const uint8_t *end = memchr(header.data, '\n', header.size);
		size_t line = end != NULL ? (size_t)(end - header.data) : header.size;

		if (line > length && memcmp(header.data, key, length) == 0)
			return bytes_of(header.data + length, line - length);
		header = bytes_from(header, line + 1);
	}
	return (struct bytes){ header.data, 0 };
}

static void inspect_dni(const struct image_input *in, struct image_facts *facts)
{
	struct bytes header = image_slice(in, 0, DNI_HEADER), id;
	uint8_t sum;

	if (!image_has_header(in, facts, DNI_HEADER + 1))
		return;
	header.size = strnlen((const char *)header.data, header.size);
	image_set_vendor(facts, "NETGEAR");
	image_add_board(facts, dni_value(header, "device:"));
	image_text(facts->version, sizeof(facts->version), dni_value(header, "version:"));
	id = dni_value(header, "hd_id:");
	if (id.size > 0) {
		image_add_board(facts, id);
		image_text(facts->revision, sizeof(facts->revision), id);
	}
	text_copy(facts->checked, sizeof(facts->checked), "nothing: its sum covers the whole file");
	if (in->data.size == in->size) {
		sum = (uint8_t)image_byte_sum(in->data);
		if (sum != 0xff)
			image_broken(facts, in->size - 1, "it is damaged, cut off, or something follows: the sum of its bytes is %02x instead of ff",
				     sum);
	}
	image_add_part(in, facts, DNI_HEADER, in->size - DNI_HEADER - 1, "firmware");
	if (in->data.size == in->size)
		image_covered_weakly(facts);
}

const struct image_format image_format_netgear_dni = {
	.word = "netgear-dni", .title = "Netgear DNI image", .matches = is_dni, .inspect = inspect_dni,
};
