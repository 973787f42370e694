/* recovery/image/android.c
 *
 * Android boot images: header versions 0 to 4 of boot.img, vendor_boot, and the table of device tree overlays (dtbo). Versions 0 to 2 of boot.img
 * have a digest of their parts, version 4 may have a signature.
 * Source: AOSP system/tools/mkbootimg (include/bootimg/bootimg.h, mkbootimg.py), system/libufdt/utils/src/dt_table.h; U-Boot
 * include/android_image.h. */
#include <inttypes.h>

#include "recovery/image/avb.h"
#include "recovery/image/check.h"
#include "src/base/text.h"

enum {
	AT_KERNEL_SIZE = 8,
	AT_RAMDISK_SIZE = 16,
	AT_SECOND_SIZE = 24,
	AT_TAGS = 32,
	AT_PAGE_SIZE = 36,
	AT_VERSION = 40,	/* before there were versions: the size of a device tree table */
	AT_OS = 44,
	AT_NAME = 48,
	NAME_SIZE = 16,
	AT_ID = 576,
	ID_SIZE = 32,
	AT_DTBO_SIZE = 1632,
	AT_DTBO_PLACE = 1636,
	AT_DTB_SIZE = 1648,
	HEADER_V0 = 1632,
	HEADER_V2 = 1660,
	V3_RAMDISK_SIZE = 12,
	V3_OS = 16,
	V3_PAGE = 4096,
	V4_SIGNATURE_SIZE = 1580,
	HEADER_V4 = 1584,
	CERTIFICATE = 16 * 1024,
	VERSION_MAX = 4,
	PAGE_MAX = 128 * 1024,
	PARTS = 8,
};

static const char device_trees[] = "device trees";

struct boot_part {
	const char *name;
	uint64_t offset;
	uint32_t size;
	bool is_counted;	/* in the id: its bytes, and its size even when it has none */
};

struct boot {
	struct boot_part part[PARTS];
	unsigned count;
	uint64_t page, end;
};

static void add_to(struct boot *boot, const char *name, uint32_t size, bool is_counted)
{
	boot->part[boot->count++] = (struct boot_part){ name, boot->end, size, is_counted };
	boot->end += (size + boot->page - 1) / boot->page * boot->page;
}

static uint32_t version_of(const struct image_input *in)
{
	return load_le32(in->data.data + AT_VERSION);
}

/* mkbootimg.py: 7 bits each of the version, then year from 2000 and month of the patch level. */
static void tell_os(struct image_facts *facts, uint32_t os)
{
	if (os == 0)
		return;
	text_format(facts->version, sizeof(facts->version), "os %u.%u.%u, patch %u-%02u", os >> 25 & 0x7f, os >> 18 & 0x7f, os >> 11 & 0x7f,
		    (os >> 4 & 0x7f) + 2000, os & 0xf);
}

static bool is_page(uint32_t page)
{
	return page >= 512 && page <= PAGE_MAX && (page & (page - 1)) == 0;
}

/* --- the id: a digest over each part and its size --- */

/* Forks of mkbootimg count more: LineageOS a table of device trees that is not there, as one of no bytes; Rockchip the header, from the tags' address
 * to the end of the command line. */
enum id_kind { ID_PLAIN, ID_LINEAGE, ID_ROCKCHIP, ID_KINDS };

struct id_walk {
	const struct image_input *in;
	const struct boot *boot;
	unsigned at;		/* piece */
	enum id_kind kind;
	uint8_t size[4];
};

static void store_size(uint8_t to[4], uint32_t size)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(size >> 8 * i);
}

static struct bytes next_piece(void *of)
{
	struct id_walk *walk = of;

	while (walk->at / 2 < walk->boot->count) {
		const struct boot_part *part = &walk->boot->part[walk->at / 2];
		bool is_size = walk->at++ % 2;

		if (!part->is_counted && !(walk->kind == ID_LINEAGE && text_equal(part->name, device_trees)))
			continue;
		store_size(walk->size, part->size);
		if (is_size)
			return bytes_of(walk->size, 4);
		if (part->size > 0)
			return image_slice(walk->in, part->offset, part->size);
	}
	if (walk->kind == ID_ROCKCHIP && walk->at++ == walk->boot->count * 2)
		return image_slice(walk->in, AT_TAGS, AT_ID - AT_TAGS);
	return (struct bytes){ walk->size, 0 };
}

/* Does a digest of this kind stand in the header? UNKNOWN: nobody here can compute it. */
static enum image_answer compare_id(const struct image_input *in, const struct boot *boot, const char *algorithm, enum id_kind kind)
{
	struct id_walk walk = { .in = in, .boot = boot, .kind = kind };
	uint8_t digest[IMAGE_DIGEST_SIZE];
	size_t size;

	if (in->ops->digest_pieces == NULL)
		return IMAGE_UNKNOWN;
	size = in->ops->digest_pieces(in->ops->user, algorithm, next_piece, &walk, digest);
	if (size == 0 || size > ID_SIZE)
		return IMAGE_UNKNOWN;
	return memcmp(in->data.data + AT_ID, digest, size) == 0 ? IMAGE_YES : IMAGE_NO;
}

static void check_id(const struct image_input *in, struct image_facts *facts, const struct boot *boot)
{
	struct bytes id = image_slice(in, AT_ID, ID_SIZE);
	bool is_sha1 = image_padding(id) >= 12;		/* 20 of 32 bytes are used */
	enum image_answer answer = IMAGE_NO;

	if (image_padding(id) == ID_SIZE || !image_in_memory(in, 0, boot->end < in->size ? boot->end : in->size))
		return;
	for (enum id_kind kind = ID_PLAIN; kind < ID_KINDS && answer == IMAGE_NO; kind++)
		answer = compare_id(in, boot, is_sha1 ? "sha1" : "sha256", kind);
	if (answer == IMAGE_UNKNOWN)
		return;
	text_copy(facts->checked, sizeof(facts->checked), "the digest over its parts");
	if (answer == IMAGE_YES && facts->whole != IMAGE_NO)
		facts->whole = IMAGE_YES;
	else if (answer == IMAGE_NO && is_sha1)
		image_broken(facts, AT_ID, "it is damaged: its parts have another digest than its header says");
	else if (answer == IMAGE_NO)	/* vendors put other things there */
		image_problem(facts, AT_ID, "its id is not the digest of its parts: damaged, or of a kind that is not known");
}

/* Of version 4: it covers all that is before it. */
static void check_signature(const struct image_input *in, struct image_facts *facts, const struct boot *boot)
{
	const struct boot_part *last = &boot->part[boot->count - 1];

	if (text_equal(last->name, "signature") && last->size > 0 &&
	    avb_check_boot_signature(in, facts, last->offset, last->size) == IMAGE_YES)
		image_covered(facts, "its signature, by the key in it; whose key that is was not checked");
}

static void add_parts(const struct image_input *in, struct image_facts *facts, const struct boot *boot)
{
	for (unsigned i = 0; i < boot->count; i++)
		if (boot->part[i].size > 0)
			image_add_part(in, facts, boot->part[i].offset, boot->part[i].size, boot->part[i].name);
}

/* The last page may be left unpadded: what counts is that the last part is there. */
static void declare(const struct image_input *in, struct image_facts *facts, const struct boot *boot)
{
	uint64_t end = boot->page;

	for (unsigned i = 0; i < boot->count; i++)
		if (boot->part[i].size > 0)
			end = boot->part[i].offset + boot->part[i].size;
	if (image_declare(in, facts, end) && boot->end <= in->size)
		facts->declared_size = boot->end;
}

/* --- boot.img --- */

static bool matches_boot(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("ANDROID!"));
}

static void read_v3(const struct image_input *in, struct boot *boot)
{
	const uint8_t *header = in->data.data;

	boot->page = boot->end = V3_PAGE;
	add_to(boot, "kernel", load_le32(header + AT_KERNEL_SIZE), false);
	add_to(boot, "ramdisk", load_le32(header + V3_RAMDISK_SIZE), false);
	if (version_of(in) >= 4 && image_in_memory(in, 0, HEADER_V4))
		add_to(boot, "signature", load_le32(header + V4_SIGNATURE_SIZE), false);
	/* later signatures are not in the header any more (gki/certify_bootimg.py) */
	if (in->size > boot->end && in->size - boot->end == CERTIFICATE && image_starts_with(image_slice(in, boot->end, 4), BYTES("AVB0")))
		add_to(boot, "signature", CERTIFICATE, false);
}

static void read_v0(const struct image_input *in, struct boot *boot)
{
	const uint8_t *header = in->data.data;
	uint32_t version = version_of(in);

	boot->page = boot->end = load_le32(header + AT_PAGE_SIZE);
	add_to(boot, "kernel", load_le32(header + AT_KERNEL_SIZE), true);
	add_to(boot, "ramdisk", load_le32(header + AT_RAMDISK_SIZE), true);
	add_to(boot, "second", load_le32(header + AT_SECOND_SIZE), true);
	add_to(boot, device_trees, version > VERSION_MAX ? version : 0, version > VERSION_MAX);
	if (version >= 1 && version <= VERSION_MAX)
		add_to(boot, "recovery dtbo", load_le32(header + AT_DTBO_SIZE), true);
	if (version >= 2 && version <= VERSION_MAX)
		add_to(boot, "device tree", load_le32(header + AT_DTB_SIZE), true);
}

/* The id covers the parts, but not this one's place, where a loader looks for it. */
static void check_dtbo_place(const struct image_input *in, struct image_facts *facts, const struct boot *boot)
{
	uint64_t told = load_le64(in->data.data + AT_DTBO_PLACE);

	for (unsigned i = 0; i < boot->count; i++)
		if (text_equal(boot->part[i].name, "recovery dtbo") && boot->part[i].size > 0 && boot->part[i].offset != told)
			image_broken(facts, AT_DTBO_PLACE, "its header is damaged: its recovery dtbo is at byte %" PRIu64 ", it says %" PRIu64,
				     boot->part[i].offset, told);
}

static void inspect_boot(const struct image_input *in, struct image_facts *facts)
{
	struct boot boot = { 0 };
	uint32_t version;
	bool is_v3;

	text_copy(facts->checked, sizeof(facts->checked), "size; nothing covers the contents");
	if (in->data.size < HEADER_V2) {
		if (in->size < HEADER_V2)
			image_broken(facts, in->size, "it is cut off inside its header");
		return;
	}
	version = version_of(in);
	is_v3 = version == 3 || version == 4;
	text_format(facts->title, sizeof(facts->title), "Android boot image (header version %u)", version <= VERSION_MAX ? version : 0);
	if (!is_v3 && !is_page(load_le32(in->data.data + AT_PAGE_SIZE))) {
		image_broken(facts, AT_PAGE_SIZE, "its header is damaged: a page of %" PRIu32 " bytes", load_le32(in->data.data + AT_PAGE_SIZE));
		return;
	}
	if (is_v3)
		read_v3(in, &boot);
	else {
		read_v0(in, &boot);
		image_set_name(facts, image_slice(in, AT_NAME, NAME_SIZE));
		facts->version[0] = '\0';
	}
	tell_os(facts, load_le32(in->data.data + (is_v3 ? V3_OS : AT_OS)));
	declare(in, facts, &boot);
	check_dtbo_place(in, facts, &boot);
	if (!is_v3)
		check_id(in, facts, &boot);
	else
		check_signature(in, facts, &boot);
	add_parts(in, facts, &boot);
}

static bool is_sound_boot(const struct image_input *in)
{
	return in->data.size >= HEADER_V2 && matches_boot(in) &&
	       (version_of(in) == 3 || version_of(in) == 4 || is_page(load_le32(in->data.data + AT_PAGE_SIZE)));
}

const struct image_format image_format_android_boot = {
	.role = IMAGE_ROLE_PLAIN, .word = "android-boot", .title = "Android boot image",
	.matches = matches_boot, .inspect = inspect_boot, .is_sound = is_sound_boot,
};

/* --- vendor_boot --- */

enum {
	VENDOR_VERSION = 8,
	VENDOR_PAGE_SIZE = 12,
	VENDOR_RAMDISK_SIZE = 24,
	VENDOR_NAME = 2080,
	VENDOR_HEADER_SIZE = 2096,
	VENDOR_DTB_SIZE = 2100,
	VENDOR_TABLE_SIZE = 2112,
	VENDOR_BOOTCONFIG_SIZE = 2124,
	VENDOR_HEADER_V4 = 2128,
};

static bool matches_vendor(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("VNDRBOOT"));
}

static void inspect_vendor(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	struct boot boot = { 0 };

	text_copy(facts->checked, sizeof(facts->checked), "size; nothing covers the contents");
	if (in->data.size < VENDOR_HEADER_V4) {
		if (in->size < VENDOR_HEADER_V4)
			image_broken(facts, in->size, "it is cut off inside its header");
		return;
	}
	if (!is_page(load_le32(header + VENDOR_PAGE_SIZE)) || load_le32(header + VENDOR_HEADER_SIZE) > PAGE_MAX) {
		image_broken(facts, VENDOR_PAGE_SIZE, "its header is damaged: a page of %" PRIu32 " bytes", load_le32(header + VENDOR_PAGE_SIZE));
		return;
	}
	boot.page = load_le32(header + VENDOR_PAGE_SIZE);
	boot.end = (load_le32(header + VENDOR_HEADER_SIZE) + boot.page - 1) / boot.page * boot.page;
	image_set_name(facts, image_slice(in, VENDOR_NAME, NAME_SIZE));
	add_to(&boot, "vendor ramdisk", load_le32(header + VENDOR_RAMDISK_SIZE), false);
	add_to(&boot, "device tree", load_le32(header + VENDOR_DTB_SIZE), false);
	if (load_le32(header + VENDOR_VERSION) >= 4) {
		add_to(&boot, "ramdisk table", load_le32(header + VENDOR_TABLE_SIZE), false);
		add_to(&boot, "bootconfig", load_le32(header + VENDOR_BOOTCONFIG_SIZE), false);
	}
	declare(in, facts, &boot);
	add_parts(in, facts, &boot);
}

const struct image_format image_format_android_vendor_boot = {
	.word = "android-vendor-boot", .title = "Android vendor boot image", .matches = matches_vendor, .inspect = inspect_vendor,
};

/* --- dtbo --- */

enum { DTBO_HEADER = 32, DTBO_TOTAL = 4, DTBO_HEADER_SIZE = 8, DTBO_ENTRY_SIZE = 12, DTBO_COUNT = 16, DTBO_ENTRIES = 20, DTBO_MAX = 256 };

static bool matches_dtbo(const struct image_input *in)
{
	return in->data.size >= DTBO_HEADER &&
	       (image_starts_with(in->data, BYTES("\xd7\xb7\xab\x1e")) || image_starts_with(in->data, BYTES("ACPI"))) &&
	       load_be32(in->data.data + DTBO_HEADER_SIZE) >= DTBO_HEADER && load_be32(in->data.data + DTBO_HEADER_SIZE) < PAGE_MAX;
}

static void inspect_dtbo(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	uint32_t entry_size = load_be32(header + DTBO_ENTRY_SIZE), count = load_be32(header + DTBO_COUNT), total = load_be32(header + DTBO_TOTAL);
	char name[24];

	if (header[0] == 'A')
		text_copy(facts->title, sizeof(facts->title), "Android ACPI table");
	text_copy(facts->checked, sizeof(facts->checked), "size and table; nothing covers the contents");
	image_declare(in, facts, total);
	if (entry_size < 8 || entry_size > 256 || count > DTBO_MAX) {
		image_broken(facts, DTBO_ENTRY_SIZE, "its header is damaged: %" PRIu32 " entries of %" PRIu32 " bytes", count, entry_size);
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint64_t at = load_be32(header + DTBO_ENTRIES) + (uint64_t)i * entry_size, size, offset;

		if (!image_in_memory(in, at, 8))
			break;
		size = load_be32(header + at);
		offset = load_be32(header + at + 4);
		if (size > total || offset > total - size) {
			image_broken(facts, at, "its table is damaged: entry %" PRIu32 " lies outside of it", i);
			return;
		}
		text_format(name, sizeof(name), "overlay %" PRIu32, i);
		image_add_part(in, facts, offset, size, name);
	}
}

const struct image_format image_format_android_dtbo = {
	.word = "android-dtbo", .title = "Android device tree table", .matches = matches_dtbo, .inspect = inspect_dtbo,
};
