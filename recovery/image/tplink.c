/* recovery/image/tplink.c
 *
 * TP-Link headers of 512 bytes, big-endian: version 1, which others call by the vendor's name in it, and version 2 and 3 with the
 * version text first. An MD5 covers the whole file, with a salt in the place of the digest.
 * Source: OpenWrt firmware-utils src/mktplinkfw.c, mktplinkfw2.c. */
#include <inttypes.h>

#include "recovery/image/check.h"
#include "src/base/text.h"

enum { HEADER_SIZE = 512 };

/* Where the two layouts have what they share. */
struct layout {
	unsigned hardware, md5, load, kernel, kernel_size, rootfs, rootfs_size, boot_size;
	uint8_t salt[IMAGE_MD5_SIZE], salt_with_loader[IMAGE_MD5_SIZE];
};

static const struct layout v1 = {
	0x40, 0x4c, 0x74, 0x80, 0x84, 0x88, 0x8c, 0x94,
	{ 0xdc, 0xd7, 0x3a, 0xa5, 0xc3, 0x95, 0x98, 0xfb, 0xdd, 0xf9, 0xe7, 0xf4, 0x0e, 0xae, 0x47, 0x38 },
	{ 0x8c, 0xef, 0x33, 0x5b, 0xd5, 0xc5, 0xce, 0xfa, 0xa7, 0x9c, 0x28, 0xda, 0xb2, 0xe9, 0x0f, 0x42 },
};

static const struct layout v2 = {
	0x34, 0x40, 0x68, 0x74, 0x78, 0x7c, 0x80, 0x88,
	{ 0xdc, 0xd7, 0x3a, 0xa5, 0xc3, 0x95, 0x98, 0xfb, 0xdc, 0xf9, 0xe7, 0xf4, 0x0e, 0xae, 0x47, 0x37 },
	{ 0x8c, 0xef, 0x33, 0x5f, 0xd5, 0xc5, 0xce, 0xfa, 0xac, 0x9c, 0x28, 0xda, 0xb2, 0xe9, 0x0f, 0x42 },
};

enum {
	V1_VENDOR = 4, V1_VENDOR_SIZE = 24,
	V1_VERSION = 0x1c, V1_VERSION_SIZE = 36,
	V1_NUMBERS = 0x98,
	V2_VERSION = 4, V2_VERSION_SIZE = 48,
	V2_MARK = 0x8c, V2_NUMBERS = 0x91,
	REVISION_BEHIND_HARDWARE = 4,
	FLASH_MAX = 0x10000000,
};

/* KSEG0: a kernel of a MIPS processor is linked to it, and no other processor has it in these devices. */
static bool is_kseg0(uint32_t address)
{
	return address >= 0x80000000 && address < 0xa0000000;
}

static bool has_plausible_kernel(const uint8_t *header, const struct layout *layout)
{
	uint32_t kernel = load_be32(header + layout->kernel), size = load_be32(header + layout->kernel_size);

	return kernel >= HEADER_SIZE && kernel < FLASH_MAX && size > 0 && size < FLASH_MAX && load_be32(header + layout->hardware) != 0;
}

static bool is_v2(const struct image_input *in)
{
	const uint8_t *header = in->data.data;
	uint32_t version;

	if (in->data.size < HEADER_SIZE)
		return false;
	version = load_be32(header);
	return (version == 0x02000000 || version == 0x03000000) && load_be16(header + V2_MARK) == 0x55aa &&
	       image_is_text(bytes_of(header + V2_VERSION, V2_VERSION_SIZE)) && has_plausible_kernel(header, &v2);
}

static bool is_v1(const struct image_input *in)
{
	const uint8_t *header = in->data.data;
	uint32_t version;

	if (in->data.size < HEADER_SIZE || is_v2(in))
		return false;
	version = load_be32(header);
	return (version == 0x01000000 || version == 0x02000000) && image_is_text(bytes_of(header + V1_VENDOR, V1_VENDOR_SIZE)) &&
	       image_is_text(bytes_of(header + V1_VERSION, V1_VERSION_SIZE)) && has_plausible_kernel(header, &v1);
}

static void set_arch(const uint8_t *header, const struct layout *layout, struct image_facts *facts)
{
	if (is_kseg0(load_be32(header + layout->load)))
		text_copy(facts->arch, sizeof(facts->arch), "mips");
	/* the tools swap this one word for little-endian kernels */
	else if (is_kseg0(load_le32(header + layout->load)))
		text_copy(facts->arch, sizeof(facts->arch), "mipsel");
}

static void check_md5(const struct image_input *in, const struct layout *layout, struct image_facts *facts)
{
	static const uint8_t none[IMAGE_MD5_SIZE];
	const uint8_t *header = in->data.data;
	bool has_loader = load_be32(header + layout->boot_size) != 0;
	struct bytes want = bytes_of(header + layout->md5, IMAGE_MD5_SIZE);
	struct bytes pieces[] = {
		bytes_of(header, layout->md5), bytes_of(has_loader ? layout->salt_with_loader : layout->salt, IMAGE_MD5_SIZE),
		bytes_from(in->data, layout->md5 + IMAGE_MD5_SIZE),
	};

	if (memcmp(want.data, none, IMAGE_MD5_SIZE) == 0) {
		text_copy(facts->checked, sizeof(facts->checked), "sizes; it has no digest, nothing covers the contents");
		return;
	}
	if (in->data.size < in->size)
		return;
	if (image_compare_digest(in, facts, "md5", pieces, 3, layout->md5, "it", want) != IMAGE_UNKNOWN)
		image_covered(facts, "the MD5 over the whole file");
}

static void add_kernel_and_rootfs(const struct image_input *in, const struct layout *layout, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	static const uint8_t none[IMAGE_MD5_SIZE];
	uint64_t kernel = load_be32(header + layout->kernel), kernel_size = load_be32(header + layout->kernel_size);
	uint64_t rootfs = load_be32(header + layout->rootfs), rootfs_size = load_be32(header + layout->rootfs_size);
	/* a combined image: mktplinkfw2 leaves the fields as erased flash has them */
	bool has_rootfs = rootfs_size > 0 && !(rootfs == UINT32_MAX && rootfs_size == UINT32_MAX);
	uint64_t end = kernel + kernel_size;

	if (has_rootfs && rootfs + rootfs_size > end)
		end = rootfs + rootfs_size;
	/* with a boot loader in the file the offsets count from different places */
	if (load_be32(header + layout->boot_size) != 0)
		return;
	/* only a header without a digest is followed by something of its own; else the file's length is what the digest covers */
	if (end > in->size || memcmp(header + layout->md5, none, IMAGE_MD5_SIZE) == 0)
		image_declare(in, facts, end);
	image_add_part(in, facts, kernel, kernel_size, "kernel");
	if (has_rootfs)
		image_add_part(in, facts, rootfs, rootfs_size, "rootfs");
}

static void inspect_common(const struct image_input *in, const struct layout *layout, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;

	text_copy(facts->checked, sizeof(facts->checked), "sizes");
	image_add_id(facts, load_be32(header + layout->hardware));
	text_format(facts->revision, sizeof(facts->revision), "%" PRIu32, load_be32(header + layout->hardware + REVISION_BEHIND_HARDWARE));
	set_arch(header, layout, facts);
	check_md5(in, layout, facts);
	add_kernel_and_rootfs(in, layout, facts);
}

static void inspect_v1(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data, *numbers = header + V1_NUMBERS;

	image_text(facts->vendor, sizeof(facts->vendor), bytes_of(header + V1_VENDOR, V1_VENDOR_SIZE));
	image_text(facts->version, sizeof(facts->version), bytes_of(header + V1_VERSION, V1_VERSION_SIZE));
	if (load_be16(numbers) != 0 || load_be16(numbers + 2) != 0 || load_be16(numbers + 4) != 0)
		text_append(facts->version, sizeof(facts->version), ", %u.%u.%u", load_be16(numbers), load_be16(numbers + 2),
			    load_be16(numbers + 4));
	inspect_common(in, &v1, facts);
}

const struct image_format image_format_tplink_v1 = {
	.word = "tplink-v1", .title = "TP-Link image", .matches = is_v1, .inspect = inspect_v1,
};

static void inspect_v2(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data, *numbers = header + V2_NUMBERS;

	image_set_vendor(facts, "TP-LINK");
	text_format(facts->title, sizeof(facts->title), "TP-Link image, header version %u", header[0]);
	image_text(facts->version, sizeof(facts->version), bytes_of(header + V2_VERSION, V2_VERSION_SIZE));
	if (numbers[0] != 0 || numbers[1] != 0 || numbers[2] != 0)
		text_append(facts->version, sizeof(facts->version), ", %u.%u.%u", numbers[0], numbers[1], numbers[2]);
	inspect_common(in, &v2, facts);
}

const struct image_format image_format_tplink_v2 = {
	.word = "tplink-v2", .title = "TP-Link image", .matches = is_v2, .inspect = inspect_v2,
};
